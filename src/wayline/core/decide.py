"""The one public function of the core: what a command comes to.

`decide` is pure. It raises Refusal for an anticipated no, in which case nothing has happened; any other exception
is a bug in it or in the template, and the engine makes an incident of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from wayline.core import commands, compensation, recovery, signalling, starting
from wayline.core.decision import Deciding, Decision
from wayline.core.facts import Actor, Facts
from wayline.core.graph import Graph, Node, outcomes_of
from wayline.core.inbox import choosing
from wayline.core.inbox import jobs as inbox_jobs
from wayline.core.inbox.state import Inbox
from wayline.core.recovery import hold, is_held
from wayline.core.refusals import Issue, Refusal, not_found
from wayline.core.roll_back import roll_back
from wayline.core.run import Activation, EndedVisit, Run, activation_id
from wayline.core.steps.step_type import OnTimeout
from wayline.core.template import VariablesInvalid, validated_variables
from wayline.core.who import Audience, Who


def decide(graph: Graph, run: Run, command: commands.Command, facts: Facts, at: datetime) -> Decision:
    """What the command does to the run.

    `at` is aware UTC; for StartRun, `run` is the value `new_run` made. Raises Refusal.
    """
    deciding = Deciding(graph, run, facts, at)
    if run.status == "paused" and is_held(graph, run, command):
        hold(deciding, command)
    else:
        _HANDLERS[type(command)](deciding, command)
    deciding.settle()
    return deciding.result()


def new_run(graph: Graph, command: commands.StartRun, *, version: int, at: datetime, owner_id: str | None) -> Run:
    """The run before its first step; raises Refusal naming every variable that does not fit."""
    try:
        variables = validated_variables(graph.template, command.variables, strict=command.declared_only)
    except VariablesInvalid as error:
        raise Refusal("invalid", str(error), issues=error.issues) from error
    return Run(
        id=command.run_id,
        tenant_id=command.tenant_id,
        template_id=command.template_id,
        template_version=version,
        template_name=command.name or graph.template.name if command.unlisted else graph.template.name,
        created_at=at,
        ticket_id=command.ticket_id,
        owner_id=owner_id,
        trigger_type=command.trigger_type,
        cause=command.cause,
        name=command.name,
        task_queue=command.task_queue or graph.template.head.task_queue,
        unlisted=command.unlisted,
        schedule=command.schedule,
        variables=variables,
        inbox=_inbox(command, owner_id) if graph.template.is_inbox else None,
    )


def _inbox(command: commands.StartRun, owner_id: str | None) -> Inbox:
    return Inbox(source=command.source_id or owner_id or command.actor.user_id, dispatch=command.dispatch)


# -- people's work ---------------------------------------------------------------------------------


def _complete(deciding: Deciding, command: commands.CompleteStep) -> None:
    activation, node = _open_step(deciding, command.step)
    actor = command.actor
    if not node.kind.waits_for_people:
        raise Refusal("conflict", f"“{node.step.title}” is not for people to complete.", code="not_completable")
    behalf = node.kind.require_entitled(deciding, activation, node.step, actor)
    activation.on_behalf_of = behalf if behalf != actor.user_id else None
    _mark_late(deciding, activation)
    node.kind.complete(deciding, activation, node.step, command.answer, actor)


def _vote(deciding: Deciding, command: commands.CastVote) -> None:
    activation, node = _open_step(deciding, command.approval)
    _mark_late(deciding, activation)
    answer = {"decision": command.decision, "comment": command.comment, "on_behalf_of": command.on_behalf_of}
    node.kind.vote(deciding, activation, node.step, answer, command.actor)


def _mark_late(deciding: Deciding, activation: Activation) -> None:
    if activation.status == "timed_out" and activation.due_at is not None:
        activation.late_s = round((deciding.at - activation.due_at).total_seconds(), 3)


def _override(deciding: Deciding, command: commands.OverrideStep) -> None:
    activation, node = _open_step(deciding, command.step)
    _require_supervisor(deciding, activation, command.actor)
    _mark_late(deciding, activation)
    node.kind.override(deciding, activation, node.step, command.decision, command.reason, command.actor)


def _skip(deciding: Deciding, command: commands.SkipStep) -> None:
    activation, node = _open_step(deciding, command.step)
    _require_supervisor(deciding, activation, command.actor)
    node.kind.require_free_to_decide(deciding, activation, node.step, command.actor)
    outcomes = outcomes_of(node.step)
    if command.outcome not in outcomes:
        known = ", ".join(outcomes)
        raise Refusal(
            "invalid",
            f"outcome is one of {known}.",
            issues=[Issue("outcome", f"outcome is one of {known}.", "not_an_outcome")],
        )
    said = f"{node.step.title}: skipped by {command.actor.name} as {command.outcome}"
    deciding.note(
        "step_skipped",
        said + (f", {command.reason}" if command.reason else ""),
        activation=activation,
        data={"outcome": command.outcome, "reason": command.reason},
    )
    deciding.finish(activation, command.outcome, by=command.actor, status="skipped", detail=said)


def _reassign(deciding: Deciding, command: commands.ReassignStep) -> None:
    activation, node = _open_step(deciding, command.step)
    if not node.kind.waits_for_people:
        raise Refusal("conflict", f"“{node.step.title}” is not done by people.", code="not_completable")
    _require_supervisor(deciding, activation, command.actor)
    try:
        found = deciding.find(Who.model_validate(command.to))
    except ValueError as error:
        raise Refusal("invalid", "to is a who-expression.", issues=[Issue("to", str(error), "not_a_who")]) from error
    deciding.note(
        "step_reassigned",
        f"{node.step.title}: handed over by {command.actor.name}",
        activation=activation,
        data={"to": list(found.keys)},
    )
    node.kind.hand_to(deciding, activation, node.step, found)


def _look_again(deciding: Deciding, command: commands.LookAgain) -> None:
    moved = False
    for activation in deciding.run.open if deciding.run.status == "running" else ():
        node = deciding.graph.nodes[activation.step_id]
        if node.kind.look_again(deciding, activation, node.step):
            deciding.note("step_reassigned", f"{node.step.title}: goes with the ticket", activation=activation)
            moved = True
    if not moved:
        raise Refusal("conflict", "Its work is with the same people as before.", code="nothing_changed")


def _claim(deciding: Deciding, command: commands.ClaimStep) -> None:
    activation, node = _open_step(deciding, command.step)
    actor = command.actor
    if activation.claimed_by is not None:
        raise Refusal(
            "conflict",
            "Somebody has already taken it.",
            code="already_claimed",
            details={"claimed_by": activation.claimed_by},
        )
    if node.kind.decided_by_votes or not node.kind.waits_for_people or activation.assigned_to:
        raise Refusal("conflict", "There is nothing to claim: it is already addressed to people.", code="not_claimable")
    if actor.user_id is None or deciding.may_act(activation, actor) is None:
        raise Refusal("forbidden", "It is not offered to you.", code="not_yours")
    activation.claimed_by = actor.user_id
    deciding.offer_again(activation, node.step.type)
    deciding.note("step_claimed", f"{node.step.title}: taken by {actor.name}", activation=activation)


def _release(deciding: Deciding, command: commands.ReleaseStep) -> None:
    activation, node = _open_step(deciding, command.step)
    actor = command.actor
    if activation.claimed_by is None:
        raise Refusal("conflict", "Nobody has taken it.", code="not_claimed")
    if activation.claimed_by != actor.user_id and not actor.is_admin:
        raise Refusal("forbidden", "Somebody else has taken it.", code="not_yours")
    activation.claimed_by = None
    deciding.offer_again(activation, node.step.type)
    deciding.note("step_released", f"{node.step.title}: given back by {actor.name}", activation=activation)


def _open_step(deciding: Deciding, name: str) -> tuple[Activation, Node]:
    """The live activation a command means, or the refusal that says why there is none."""
    run = deciding.run
    activation = run.activation(name)
    if activation is not None and run.status == "running":
        return activation, deciding.graph.nodes[activation.step_id]
    is_step = name in deciding.graph.nodes
    if not is_step and not _was_visited(run, name):
        raise not_found("Step")
    if run.status == "paused":
        raise Refusal(
            "conflict",
            "The run is paused; it goes on when it is resumed.",
            code="run_paused",
            details={"state": run.status, "allowed": list(recovery.allowed(run))},
        )
    if is_step and sum(a.step_id == name for a in run.open) > 1:
        raise Refusal("conflict", "That step is open more than once; name the step instance.", code="ambiguous_step")
    ended = next((v for v in run.latest.values() if name in (v.id, v.step_id)), None)
    if run.ended and (ended is None or ended.outcome is None):
        raise Refusal("conflict", f"The run is {run.status}.", code="not_running")
    if ended is None and is_step:
        raise Refusal("conflict", f"Step {name} has not been reached.", code="step_not_active")
    if ended is not None and ended.outcome is None:
        raise Refusal("conflict", "That step was withdrawn; it waits for nobody now.", code="step_withdrawn")
    raise _already_completed(deciding, ended)


def _already_completed(deciding: Deciding, visit: EndedVisit | None) -> Refusal:
    """The refusal that says who has completed it and when; a visit that later ones have superseded says neither."""
    if visit is None:
        return Refusal("conflict", "That step has already been completed.", code="already_completed")
    person = deciding.facts.directory.people.get(visit.completed_by or "")
    return Refusal(
        "conflict",
        "That step has already been completed" + (f" by {person.name}." if person else "."),
        code="already_completed",
        details={
            "completed_by": visit.completed_by,
            "completed_at": visit.completed_at.isoformat(),
            "outcome": visit.outcome,
        },
    )


def _was_visited(run: Run, activation: str) -> bool:
    return any(activation_id(run.id, position) == activation for position in range(run.visits))


def _require_supervisor(deciding: Deciding, activation: Activation, actor: Actor) -> None:
    """Admins may free any step; leads those of their group or of its members."""
    if actor.is_admin:
        return
    people = {activation.assigned_to, activation.claimed_by, *activation.candidates}
    for group in deciding.facts.directory.groups.values():
        if actor.user_id in group.leads and (group.id == activation.group_id or not people.isdisjoint(group.members)):
            return
    raise Refusal("forbidden", "Only an admin or a lead of the group may do that.", code="not_a_lead")


# -- signals, timers, reports ----------------------------------------------------------------------


def _signal(deciding: Deciding, command: commands.SendSignal) -> None:
    vote = signalling.signal(deciding, command)
    if vote is not None:
        _vote(deciding, vote)


def _fire(deciding: Deciding, command: commands.FireTimer) -> None:
    if command.kind == starting.BEGIN:
        starting.come_due(deciding, command)
        return
    run = deciding.run
    activation = next((a for a in run.open if a.id == command.activation_id), None)
    if activation is None or command.timer_id not in activation.timers or run.status != "running":
        raise Refusal("conflict", "That timer is no longer wanted.", code="stale_timer")
    del activation.timers[command.timer_id]
    node = deciding.graph.nodes[activation.step_id]
    deciding.note("timer_fired", f"{node.step.title}: {command.kind}", activation=activation)
    if command.kind == "deadline":
        _time_out(deciding, activation, node)
    elif command.kind == "escalation":
        _escalate(deciding, activation, node)
    else:
        node.kind.fire(deciding, activation, node.step, command.kind)


def _time_out(deciding: Deciding, activation: Activation, node: Node) -> None:
    activation.status = "timed_out"
    deciding.note("step_timed_out", f"{node.step.title}: time is up", activation=activation)
    _escalate(deciding, activation, node)
    then = node.step.on_timeout.then if node.step.on_timeout else "wait"
    if then == "proceed":
        deciding.finish(activation, "timed_out", status="timed_out")
    elif then == "fail":
        deciding.fail(activation, "timed_out", f"“{node.step.title}” was not done in time")


def _escalate(deciding: Deciding, activation: Activation, node: Node) -> None:
    rule = node.step.on_timeout or OnTimeout()
    activation.escalations += 1
    heir = deciding.find(rule.escalate_to) if rule.escalate_to is not None else Audience()
    told = dict.fromkeys([*heir.user_ids, *(u for who in rule.notify for u in deciding.find(who).user_ids)])
    told = told or dict.fromkeys(_leads_of(deciding, activation))
    deciding.notify(tuple(told), "step_overdue", node.step.title, activation=activation)
    deciding.note(
        "step_escalated",
        f"{node.step.title}: told {len(told)} people that it is overdue",
        activation=activation,
        data={"told": list(told), "times": activation.escalations},
    )
    if rule.repeat_hours and rule.then == "wait" and activation.escalations <= (rule.max_repeats or MAX_ESCALATIONS):
        due_at = deciding.after(rule.repeat_hours, node.step.calendar)
        deciding.start_timer(activation, "escalation", due_at, calendar=node.step.calendar)
    if rule.reassign and rule.then == "wait" and activation.escalations == 1:
        _hand_on(deciding, activation, node, heir)


def _hand_on(deciding: Deciding, activation: Activation, node: Node, heir: Audience) -> None:
    """Give overdue work to whom it escalates to; when they may not have it, it stays where it is, and is flagged."""
    if not node.kind.waits_for_people:
        return
    try:
        node.kind.hand_to(deciding, activation, node.step, heir)
    except Refusal as refusal:
        deciding.incident("nobody_to_escalate_to", f"“{node.step.title}”: {refusal.message}", activation)
        return
    deciding.note("step_reassigned", f"{node.step.title}: handed on as overdue", activation=activation)


MAX_ESCALATIONS = 1000


def _leads_of(deciding: Deciding, activation: Activation) -> list[str]:
    directory = deciding.facts.directory
    group = directory.groups.get(activation.group_id or "")
    return (directory.active_leads(group) if group else []) or directory.admins()


def _report(deciding: Deciding, command: commands.ReportAction) -> None:
    run = deciding.run
    if compensation.takes_report(deciding, command) or inbox_jobs.takes_report(deciding, command):
        return
    activation = next((a for a in run.open if a.job == command.job_id), None)
    if activation is None or run.status != "running":
        raise Refusal("conflict", "Nobody waits for that action any more.", code="stale_report")
    node = deciding.graph.nodes[activation.step_id]
    node.kind.report(deciding, activation, node.step, command)


# -- the run as a whole ----------------------------------------------------------------------------


def _resume(deciding: Deciding, command: commands.ResumeRun) -> None:
    """What came while the run was paused is decided one after the other, as if it came now."""
    recovery.resume(deciding, command)
    deciding.settle()
    for held in recovery.taken(deciding.run):
        refusal = deciding.attempt(lambda held=held: _HANDLERS[type(held)](deciding, held))  # type: ignore[misc]
        if refusal is not None:
            deciding.note("held_until_resume", f"What came during the pause was not taken: {refusal.message}")
        deciding.settle()


_HANDLERS: dict[type[commands.Command], Callable[[Deciding, Any], None]] = {
    commands.StartRun: starting.start,
    commands.CancelRun: compensation.cancel,
    commands.PauseRun: recovery.pause,
    commands.ResumeRun: _resume,
    commands.RetryRun: recovery.retry,
    commands.RollBackRun: roll_back,
    commands.CompleteStep: _complete,
    commands.CastVote: _vote,
    commands.OverrideStep: _override,
    commands.SkipStep: _skip,
    commands.ReassignStep: _reassign,
    commands.LookAgain: _look_again,
    commands.ClaimStep: _claim,
    commands.ReleaseStep: _release,
    commands.ChooseEntry: choosing.choose,
    commands.LockEntry: choosing.lock,
    commands.UnlockEntry: choosing.unlock,
    commands.WithdrawEntry: choosing.withdraw,
    commands.SendSignal: _signal,
    commands.CompleteCallback: signalling.complete_callback,
    commands.FireTimer: _fire,
    commands.ReportAction: _report,
}
