"""What an operator may do about a run as a whole: holding it, having it go on, trying it again.

Pausing stops a run's clocks and holds its jobs; what comes for it meanwhile is kept, and applied in order when it goes
on. A retry goes on where the run ended. Cancelling is in `compensation`, taking a run back in `roll_back`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from wayline.core import commands
from wayline.core.clocks import start_clocks, stop_clocks
from wayline.core.decision import Deciding
from wayline.core.effects import CancelTimer, FreeJob, HoldJob, StartTimer
from wayline.core.graph import Graph
from wayline.core.inbox.jobs import free_jobs, hold_jobs
from wayline.core.refusals import Refusal
from wayline.core.run import HeldCommand, Run
from wayline.core.signalling import APPROVAL_RECEIVED, is_awaited, require_payload
from wayline.core.snapshot import WHOLE_EVERY
from wayline.core.starting import BEGIN

ALLOWED: dict[str, tuple[str, ...]] = {
    "pending": ("pause", "cancel"),
    "running": ("pause", "cancel", "rollback"),
    "paused": ("resume", "cancel", "rollback"),
    "completed": ("rollback",),
    "failed": ("retry", "rollback"),
    "cancelled": ("retry",),
}
"""What an operator may ask of a run, by its status."""
NOT_FOR_INBOXES = ("retry", "rollback")
"""What a message cannot be asked: people have read it (record 29)."""
PARTICIPLES = {
    "pause": "paused",
    "resume": "resumed",
    "cancel": "cancelled",
    "retry": "retried",
    "rollback": "rolled back",
}
MAX_HELD = 1000
MAX_HELD_BYTES = 1024 * 1024
HELD_COMMANDS: dict[str, type[commands.RunCommand]] = {
    kind.__name__: kind for kind in (commands.SendSignal, commands.CompleteCallback, commands.ReportAction)
}
"""What is kept for a paused run rather than refused."""
_encode = msgspec.msgpack.Encoder().encode


def allowed(run: Run) -> tuple[str, ...]:
    """The words of what may be asked of the run as a whole now: pause, resume, cancel, retry, rollback."""
    if run.compensation is not None and run.compensation.state == "running":
        return ()
    words = ALLOWED[run.status]
    if run.inbox is not None:
        words = tuple(word for word in words if word not in NOT_FOR_INBOXES)
    return words if run.started_at is not None else tuple(word for word in words if word != "rollback")


def require_allowed(run: Run, word: str, *, code: str = "invalid_state") -> None:
    """Refuse what the run's state does not allow; the refusal names the state and what is allowed."""
    words = allowed(run)
    if word in words:
        return
    is_undoing = run.compensation is not None and run.compensation.state == "running"
    state = f"{run.status} and is being undone" if is_undoing else run.status
    raise Refusal(
        "conflict",
        f"The run is {state} and cannot be {PARTICIPLES[word]}; {_what_it_can_be(words)}.",
        code="compensating" if is_undoing else code,
        details={"state": run.status, "allowed": list(words)},
    )


def _what_it_can_be(words: tuple[str, ...]) -> str:
    if not words:
        return "wait until that is done"
    *first, last = [PARTICIPLES[word] for word in words]
    return f"it can be {', '.join(first)} or {last}" if first else f"it can be {last}"


class Runner(msgspec.Struct, frozen=True):
    """What drives a run: `active`, or `hibernating` when nothing does; and when it last decided something."""

    state: str
    heartbeat_at: datetime


def runner_of(run: Run) -> Runner:
    """The run's runner. A run that is paused, has not begun or has ended hibernates."""
    state = "active" if run.status == "running" else "hibernating"
    return Runner(state, run.decided_at or run.started_at or run.created_at)


# -- pause and resume ------------------------------------------------------------------------------


def pause(deciding: Deciding, command: commands.PauseRun) -> None:
    """Everything stands still: clocks keep what is left of them, jobs that nobody has taken stay where they are."""
    run = deciding.run
    require_allowed(run, "pause")
    run.status = "paused"
    run.paused_at = deciding.at
    said = f"Paused by {command.actor.name}" + (f": {command.reason}" if command.reason else "")
    deciding.note("run_paused", said, data={"reason": command.reason})
    if run.begin_timer is not None:
        deciding.effects.append(CancelTimer(run.begin_timer))
        run.begin_timer = None
    for activation in run.open:
        due_at = activation.due_at
        stop_clocks(deciding, activation)
        if activation.due_at != due_at:
            deciding.move_work(activation)
        if activation.job is not None:
            deciding.effects.append(HoldJob(activation.job))
    hold_jobs(deciding)


def is_held(graph: Graph, run: Run, command: commands.Command) -> bool:
    """Whether a command that comes for a paused run is kept until it goes on. Votes are not: they are refused."""
    if isinstance(command, commands.ReportAction):
        is_awaited_here = any(a.job == command.job_id for a in run.open) or (
            run.inbox is not None and command.job_id in run.inbox.jobs
        )
        return is_awaited_here and command.job_id not in _reported(run)
    if isinstance(command, commands.CompleteCallback):
        return any(activation.id == command.activation_id for activation in run.open)
    if isinstance(command, commands.SendSignal):
        return command.name != APPROVAL_RECEIVED or (
            not any(graph.nodes[a.step_id].kind.decided_by_votes for a in run.open) and is_awaited(graph, run, command)
        )
    return False


def hold(deciding: Deciding, command: commands.Command) -> None:
    """Keep the command. Refuses a second body for one callback, and more than may be kept; a job ends once, and there
    is always room for that."""
    run = deciding.run
    name = type(command).__name__
    body = msgspec.to_builtins(command, builtin_types=(datetime,))
    if not isinstance(command, commands.ReportAction):
        _require_room(run, command)
    run.held = [*run.held, HeldCommand(name, body)]
    said = f"{_called(command)}; it takes effect when the run goes on"
    deciding.note("held_until_resume", said, data={"command": name})


def _called(command: commands.Command) -> str:
    if isinstance(command, commands.SendSignal):
        return f"Signal {command.name}"
    return "A callback" if isinstance(command, commands.CompleteCallback) else "An action has ended"


def _require_room(run: Run, command: commands.Command) -> None:
    if isinstance(command, commands.SendSignal):
        require_payload(command)
    elif isinstance(command, commands.CompleteCallback) and any(
        h.name == "CompleteCallback" and h.body["activation_id"] == command.activation_id for h in run.held
    ):
        raise Refusal("conflict", "That callback has been received.", code="already_received")
    size_bytes = sum(len(_encode(held.body)) for held in run.held)
    if len(run.held) >= MAX_HELD or size_bytes > MAX_HELD_BYTES:
        raise Refusal("conflict", "Too much waits for the run to go on already.", code="too_many_held")


def resume(deciding: Deciding, command: commands.ResumeRun) -> None:
    """Clocks run on with what was left of them, held jobs may be taken; what was kept is decided after it (`taken`)."""
    run = deciding.run
    require_allowed(run, "resume")
    run.status = "running" if run.started_at is not None else "pending"
    run.paused_at = None
    deciding.note("run_resumed", f"Resumed by {command.actor.name}")
    if run.started_at is None:
        _await_the_beginning(deciding)
    reported = _reported(run)
    for activation in run.open:
        due_at = activation.due_at
        start_clocks(deciding, activation)
        if activation.due_at != due_at:
            deciding.move_work(activation)
        if activation.job is not None and activation.job not in reported:
            wanted_at = activation.data.get("next_retry_at", deciding.at)
            deciding.effects.append(FreeJob(activation.job, max(deciding.at, wanted_at)))
    free_jobs(deciding, reported)


def _reported(run: Run) -> set[str]:
    """The jobs whose outcome is kept."""
    return {held.body["job_id"] for held in run.held if held.name == "ReportAction"}


def _await_the_beginning(deciding: Deciding) -> None:
    """The instant a run is to begin at is not moved; one that has passed brings the run on at once."""
    run = deciding.run
    run.begin_timer = deciding.effect_id()
    due_at = run.begin_at or deciding.at
    deciding.effects.append(StartTimer(id=run.begin_timer, due_at=due_at, kind=BEGIN, activation_id=run.id))


def taken(run: Run) -> list[commands.RunCommand]:
    """What was kept for the run, in the order it came; it is kept no longer."""
    held, run.held = run.held, []
    return [msgspec.convert(one.body, HELD_COMMANDS[one.name]) for one in held]


def taken_reports(run: Run) -> list[commands.ReportAction]:
    """The reports among what is kept for the run; they are kept no longer."""
    reports = [msgspec.convert(h.body, commands.ReportAction) for h in run.held if h.name == "ReportAction"]
    run.held = [held for held in run.held if held.name != "ReportAction"]
    return reports


# -- retry -----------------------------------------------------------------------------------------


def retry(deciding: Deciding, command: commands.RetryRun) -> None:
    """The run goes on where it ended: see decision record 18."""
    run = deciding.run
    require_allowed(run, "retry")
    if run.status == "cancelled":
        _go_back_before_the_cancel(run)
    elif not (run.redo or run.closed or run.arrivals):
        run.arrivals = _where_it_ended(run)
    again = [*run.redo, *(activation.step_id for activation in run.closed), *run.arrivals]
    run.status, run.completed_at = "running" if run.started_at is not None else "pending", None
    run.failure, run.compensation, run.result = None, None, None
    # What is done again is told by no chain of snapshots: the next one holds everything.
    run.chained = WHOLE_EVERY
    titles = ", ".join(deciding.graph.nodes[step_id].step.title for step_id in dict.fromkeys(again))
    said = f"Retried by {command.actor.name}" + (f" from {titles}" if titles else "")
    deciding.note("run_retried", said, data={"from": again})
    if run.started_at is None:
        _await_the_beginning(deciding)


def _go_back_before_the_cancel(run: Run) -> None:
    undone = run.compensation.undone if run.compensation is not None else []
    run.redo = [*reversed(undone), *run.redo]
    failed_at = next((v for v in map(run.latest.get, run.completed[-1:]) if v and v.status == "failed"), None)
    if failed_at is not None:
        began_later = {a.step_id for a in run.closed if a.started_at >= failed_at.completed_at}
        run.closed = [a for a in run.closed if a.step_id not in began_later]
        run.arrivals = [failed_at.step_id]


def _where_it_ended(run: Run) -> list[str]:
    """For runs that ended before it was kept where they were."""
    if run.failure is not None:
        return [run.failure.step_id] if run.failure.step_id is not None else []
    return [v.step_id for v in run.latest.values() if v.outcome is None and v.completed_at == run.completed_at]
