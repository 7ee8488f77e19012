"""Cancelling a run: it ends at once, and what it did is undone, last thing first.

An action that was under way when nobody waited for it any more may still have had its effect; it is undone too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.action import Action, ActionFailed, rendered
from wayline.core.decision import Deciding
from wayline.core.effects import RunJob
from wayline.core.events import EventName
from wayline.core.recovery import require_allowed, taken_reports
from wayline.core.retry import Retry, delay_before
from wayline.core.run import Activation, Compensation, Undoable, activation_id

DEFAULT_RETRY = Retry()
DEFAULT_JOB_TIMEOUT_S = 30.0


def cancel(deciding: Deciding, command: commands.CancelRun) -> None:
    """The run ends at once; then what it did is undone, what ended while it was paused with the rest."""
    run = deciding.run
    require_allowed(run, "cancel", code="not_active")
    deciding.leave_off()
    run.status = "cancelled"
    run.paused_at = None
    run.completed_at = deciding.at
    said = f"Cancelled by {command.actor.name}" + (f": {command.reason}" if command.reason else "")
    deciding.note("run_cancelled", said, data={"reason": command.reason})
    if run.compensable:
        _compensate(deciding, run.compensable[::-1])
        run.compensable = []
    left_behind(deciding, taken_reports(run))
    run.held = []


def left_behind(deciding: Deciding, reports: Iterable[commands.ReportAction]) -> None:
    """Deal with what was reported to a paused run that will not go on from where it was."""
    for report in reports:
        if not takes_report(deciding, report):
            _note_too_late(deciding, report)


def _note_too_late(deciding: Deciding, report: commands.ReportAction) -> None:
    name: EventName = "action_succeeded" if report.error is None else "action_failed"
    said = f"An action that is no longer wanted: {report.error or 'done'}"
    deciding.note(name, said, data={"job_id": report.job_id})


def takes_report(deciding: Deciding, report: commands.ReportAction) -> bool:
    """Whether the report is of an undoing, or of an action nobody waits for any more; if so it has been dealt with."""
    run = deciding.run
    if run.compensation is not None and run.compensation.job == report.job_id:
        _report_undoing(deciding, run.compensation, report)
        return True
    if report.job_id in run.in_flight:
        _report_in_flight(deciding, report)
        return True
    return False


def _compensate(deciding: Deciding, undoables: list[Undoable]) -> None:
    """Begin undoing these, or go on to them when others have been undone before."""
    before = deciding.run.compensation or Compensation(todo=[], total=0)
    deciding.run.compensation = msgspec.structs.replace(
        before, todo=list(undoables), total=before.total + len(undoables)
    )
    deciding.note("compensation_started", f"Undoing {len(undoables)} steps")
    _undo(deciding)


def _undo(deciding: Deciding) -> None:
    """Undo as far as it goes without waiting: desk actions at once, outside ones a job at a time."""
    compensation = deciding.run.compensation
    assert compensation is not None
    while compensation.todo:
        undoable = compensation.todo[0]
        deciding.recall(undoable)
        action = _undoing(deciding, undoable)
        try:
            if action.queue is None:
                action.perform(deciding, _activation_of(deciding, undoable))
                _undone(deciding)
                continue
            job = rendered(action, deciding.scope, step=undoable.step_id)
        except ActionFailed as error:
            _undone(deciding, error=str(error))
            continue
        compensation.job, compensation.attempt = deciding.effect_id(), 1
        _run_undoing(deciding, compensation, action.queue, job, due_at=deciding.at)
        return
    deciding.note(
        "compensation_completed",
        f"Undid {compensation.done} of {compensation.total} steps",
        data={"state": compensation.state},
    )


def _undoing(deciding: Deciding, undoable: Undoable) -> Action:
    action = deciding.graph.nodes[undoable.step_id].compensate
    assert action is not None
    return action


def _activation_of(deciding: Deciding, undoable: Undoable) -> Activation:
    """What a desk action is told it belongs to; undoing is no visit, so it has a place no visit has."""
    step = deciding.graph.nodes[undoable.step_id].step
    return Activation(
        id=activation_id(deciding.run.id, -1), position=-1, step_id=step.id, type=step.type, started_at=deciding.at
    )


def _run_undoing(
    deciding: Deciding, compensation: Compensation, queue: str, job: dict[str, Any], *, due_at: datetime
) -> None:
    assert compensation.job is not None
    deciding.effects.append(
        RunJob(
            id=compensation.job,
            queue=queue,
            action=job,
            due_at=due_at,
            attempt=compensation.attempt,
            timeout_s=job.get("timeout_s", DEFAULT_JOB_TIMEOUT_S),
        )
    )


def _undone(deciding: Deciding, *, error: str | None = None) -> None:
    """The first of what was to be undone is undone, or could not be."""
    compensation = deciding.run.compensation
    assert compensation is not None
    undoable = compensation.todo.pop(0)
    step_id, compensation.job = undoable.step_id, None
    title = deciding.graph.nodes[step_id].step.title
    if error is None:
        compensation.done += 1
        if not undoable.late:
            compensation.undone.append(step_id)
        deciding.note("action_succeeded", f"{title}: undone", step_id=step_id)
        return
    compensation.failed += 1
    deciding.note("action_failed", f"{title}: could not be undone: {error}", step_id=step_id)
    deciding.incident("compensation_failed", f"Step {step_id} could not be undone: {error}")


def _report_undoing(deciding: Deciding, compensation: Compensation, report: commands.ReportAction) -> None:
    if report.error is None:
        _undone(deciding)
    elif report.permanent or compensation.attempt >= DEFAULT_RETRY.max_attempts:
        _undone(deciding, error=report.error)
    else:
        _undo_again(deciding, compensation, report)
        return
    _undo(deciding)


def _undo_again(deciding: Deciding, compensation: Compensation, report: commands.ReportAction) -> None:
    undoable = compensation.todo[0]
    delay_s = delay_before(DEFAULT_RETRY, compensation.attempt, report.job_id, report.retry_after_s)
    compensation.attempt += 1
    deciding.recall(undoable)
    action = _undoing(deciding, undoable)
    assert action.queue is not None
    try:
        job = rendered(action, deciding.scope, step=undoable.step_id)
    except ActionFailed as error:
        _undone(deciding, error=str(error))
        _undo(deciding)
        return
    _run_undoing(deciding, compensation, action.queue, job, due_at=deciding.at + timedelta(seconds=delay_s))
    deciding.note(
        "action_retried",
        f"Undoing failed: {report.error}; attempt {compensation.attempt} in {delay_s:.0f} s",
        step_id=undoable.step_id,
        data={"attempt": compensation.attempt, "delay_s": round(delay_s, 3)},
    )


def _report_in_flight(deciding: Deciding, report: commands.ReportAction) -> None:
    """An action nobody waited for any more has ended; had it effect after all, that is undone: before the rest when the
    run has been cancelled, else should it ever be."""
    run = deciding.run
    step_id = run.in_flight.pop(report.job_id)
    node = deciding.graph.nodes.get(step_id)
    title = node.step.title if node is not None else step_id
    too_late = "after the cancel" if run.status == "cancelled" else "when it was no longer wanted"
    if report.error is not None:
        deciding.note("action_failed", f"{title}: {report.error}, {too_late}", step_id=step_id)
        return
    deciding.note("action_succeeded", f"{title}: done, {too_late}", step_id=step_id)
    undoable = Undoable(step_id, report.output, late=True)
    if run.status != "cancelled":
        run.compensable.append(undoable)
    elif run.compensation is None or run.compensation.job is None:
        _compensate(deciding, [undoable])
    else:
        run.compensation.todo.insert(1, undoable)
        run.compensation.total += 1
