"""Rules react: to what a command has made happen, in its own transaction, and to what that makes happen in turn.

The core says what rules want (`core.rules`); here it becomes rows. Runs that a rule starts begin after everything that
the rules of one event did to the ticket, so that what those saw and wrote does not depend on what a run does at once.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from wayline.core import commands, effects
from wayline.core import ticket as desk
from wayline.core.cause import Cause
from wayline.core.commands import Command
from wayline.core.events import Event
from wayline.core.facts import Actor, Facts
from wayline.core.refusals import Refusal, not_found
from wayline.core.rules import (
    CUT_SAID,
    Broken,
    Changes,
    CompiledRule,
    Done,
    Happening,
    Reacted,
    Reaction,
    Wanted,
    react,
)
from wayline.core.starting import id_sent_for
from wayline.engine import happenings
from wayline.engine.answers import ReactionAnswer
from wayline.engine.applying import About, Telling, count_up, notify, send
from wayline.engine.run_commands import know_live_templates, start_run
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import WorkingSet, commented
from wayline.store.database import new_id
from wayline.store.rule_events import event_row
from wayline.store.tables import rule_events, rule_spells

log = structlog.get_logger(__name__)
TRIGGER_TYPES = {"scheduled": "schedule", "webhook": "webhook"}
"""What a run is said to have been started by; `rule` for all other triggers."""


class _Context(msgspec.Struct, frozen=True):
    """What is being reacted to, and as which of several actions."""

    tenant: TenantFacts
    happening: Happening
    wanted: Wanted
    asked: Command
    changes: Changes

    @property
    def actor(self) -> Actor:
        return _actor(self.wanted.rule)

    @property
    def command(self) -> Command:
        return _in_the_name_of(self.wanted.rule, self.asked)


def let_rules_react(work: WorkingSet, tenant: TenantFacts, asked: Command) -> tuple[str, ...]:
    """Have rules see everything that waits for them, and what they cause, until there is no more; answers the ids of
    the runs that were started.

    `half_applied` stands meanwhile: the command has been decided, and a bug in here would take it back.
    """
    work.half_applied = True
    started: list[str] = []
    while work.cascade:
        happening, cut_by = work.cascade.next()
        if work.cascade.before[happening.cause.root]:
            work.spread(tenant.id, happening.cause.root)
        facts = _facts_of(work, tenant)
        reacted = react(tenant.rules, happening, facts=facts, cut_by=cut_by)
        problems = _apply(work, tenant, happening, reacted, asked, started)
        for broken in reacted.broken:
            _flag(work, tenant, happening, broken)
        for rule_id in reacted.reaction.cut:
            _flag_cut(work, tenant, happening, reacted.reaction, rule_id)
        reaction = _with_problems(reacted.reaction, problems)
        place = len(work.changes.new[rule_events])
        row = event_row(
            tenant_id=tenant.id,
            happening=happening,
            reaction=reaction,
            rules_version=tenant.rules.version,
            place=place,
            kept_at=work.at,
        )
        work.changes.insert(rule_events, row)
    work.cause = None
    work.half_applied = False
    return tuple(started)


def _facts_of(work: WorkingSet, tenant: TenantFacts) -> Callable[[frozenset[str]], Facts]:
    return lambda strategies: Facts(
        directory=tenant.directory,
        calendars=tenant.calendars,
        counters=work.rotations(tenant.id) if strategies else {},
        open_work=work.workload(tenant) if "least_loaded" in strategies else {},
    )


# -- what rules want becomes rows ------------------------------------------------------------------

Problems = dict[tuple[str, int], str]


def _apply(
    work: WorkingSet,
    tenant: TenantFacts,
    happening: Happening,
    reacted: Reacted,
    asked: Command,
    started: list[str],
) -> Problems:
    """The effects of one event, runs last; answers which actions could not be done after all, and why."""
    problems: Problems = {}
    runs: list[_Context] = []
    changes = Changes()
    waiting = deque(reacted.wanted)
    for firing in reacted.reaction.firings:
        rule = tenant.rules.rules[firing.rule_id]
        work.cause = happening.cause.then(happening.id, [(rule.id, rule.name)])
        _tell_ticket(work, happening, rule, firing.done, asked)
        while waiting and waiting[0].rule is rule:
            context = _Context(
                tenant=tenant, happening=happening, wanted=waiting.popleft(), asked=asked, changes=changes
            )
            if _starts_run(context.wanted.effect):
                runs.append(context)
            else:
                _APPLIERS[type(context.wanted.effect)](work, context, context.wanted.effect)
    if changes:
        _show_changes(work, tenant, happening, changes)
    for context in runs:
        rule = context.wanted.rule
        work.cause = happening.cause.then(happening.id, [(rule.id, rule.name)])
        problem = _start_run(work, context, started)
        if problem is not None:
            problems[(rule.id, context.wanted.action)] = problem
    return problems


def _starts_run(effect: effects.Effect) -> bool:
    return isinstance(effect, effects.Send) and effect.command == "start_run"


def _tell_ticket(
    work: WorkingSet, happening: Happening, rule: CompiledRule, done: tuple[Done, ...], asked: Command
) -> None:
    """The ticket's timeline says that the rule acted, whether or not the ticket changes by it."""
    if happening.ticket is None:
        return
    held = work.tickets[happening.ticket["id"]]
    said = ", ".join(f"{one.action}" if one.error is None else f"{one.action} failed" for one in done)
    event = Event("rule_fired", f"Rule “{rule.name}”: {said}", data={"rule_id": rule.id, "event_id": happening.id})
    held.dirty = True
    work.note_ticket(held.stored, [event], _in_the_name_of(rule, asked), happening.at)


def _in_the_name_of(rule: CompiledRule, asked: Command) -> Command:
    """In whose name rows are written: nobody's, which is how a timeline shows the system. What is told of the past
    stays so."""
    return commands.DoNothing(tenant_id=asked.tenant_id, actor=_actor(rule), at=asked.at)


def _actor(rule: CompiledRule) -> Actor:
    return Actor(user_id=None, name=f"Rule “{rule.name}”")


def _change_ticket(work: WorkingSet, context: _Context, effect: effects.ChangeTicket) -> None:
    held = work.tickets[_ticket_id(context)]
    # The rule saw the ticket as the event left it; it may have changed since.
    changes = desk.changes_to(held.stored.ticket, effect.changes, directory=context.tenant.directory)
    if not changes:
        return
    context.changes.note(context.wanted.rule, held.stored.ticket, changes, seq=held.stored.seq)
    event = desk.updated(held.stored.ticket, changes, context.actor)
    work.change_ticket(held, changes, context.happening.at)
    work.note_ticket(held.stored, [event], context.command, context.happening.at, shown=False)
    work.count_work(context.tenant.id, changes.get("assignee"))


def _show_changes(work: WorkingSet, tenant: TenantFacts, happening: Happening, changes: Changes) -> None:
    """What the rules of this event have made of the ticket is an event in turn."""
    if "on_ticket_updated" not in tenant.rules.triggers:
        return
    assert happening.ticket is not None
    stored = work.tickets[happening.ticket["id"]].stored
    cause = happening.cause.then(happening.id, changes.rules.items())
    work.cascade.add(happenings.of_rules(changes, stored, cause=cause, at=happening.at))


def _comment_ticket(work: WorkingSet, context: _Context, effect: effects.CommentTicket) -> None:
    held = work.tickets[_ticket_id(context)]
    at = context.happening.at
    comment = work.comment(held, new_id(), effect.text, effect.visibility, None, at)
    work.change_ticket(held, {}, at)
    work.note_ticket(held.stored, [commented(context.actor.name, comment)], context.command, at)


def _ticket_id(context: _Context) -> str:
    assert context.happening.ticket is not None
    return str(context.happening.ticket["id"])


def _notify(work: WorkingSet, context: _Context, effect: effects.Notify) -> None:
    ticket = context.happening.ticket
    ticket_id = ticket["id"] if ticket is not None else None
    about = About(run_id=None, ticket_id=ticket_id, name=context.wanted.rule.name, kind="rule")
    notify(work, Telling(tenant=context.tenant, about=about, at=context.happening.at), effect)


def _run_job(work: WorkingSet, context: _Context, effect: effects.RunJob) -> None:
    action = effect.action
    if action["type"] == "run_script":
        action = {**action, "origin": _origin_of(work, context)}
    work.add_job(
        context.tenant.id,
        effect.id,
        queue=effect.queue,
        action=action,
        due_at=work.at,
        timeout_s=effect.timeout_s,
    )


def _origin_of(work: WorkingSet, context: _Context) -> dict[str, Any]:
    """Whose script it is and what it is about; what it asks for goes on with the cause."""
    rule, happening = context.wanted.rule, context.happening
    if work.cause is not None:
        work.spread(context.tenant.id, work.cause.root)
    return {
        "rule": {"id": rule.id, "name": rule.name},
        "by": rule.author_id,
        "ticket_id": happening.ticket["id"] if happening.ticket is not None else None,
        "event_id": happening.id,
        "cause": work.cause,
    }


def _send(work: WorkingSet, context: _Context, effect: effects.Send) -> None:
    rule = {"id": context.wanted.rule.id, "name": context.wanted.rule.name}
    marked = msgspec.structs.replace(effect, body={**effect.body, "rule": rule})
    send(work, context.tenant.id, marked, work.at)


def _count_up(work: WorkingSet, context: _Context, effect: effects.CountUp) -> None:
    count_up(work, context.tenant.id, effect)


_APPLIERS: dict[type[Any], Callable[[WorkingSet, _Context, Any], None]] = {
    effects.ChangeTicket: _change_ticket,
    effects.CommentTicket: _comment_ticket,
    effects.Notify: _notify,
    effects.RunJob: _run_job,
    effects.Send: _send,
    effects.CountUp: _count_up,
}


# -- starting runs ---------------------------------------------------------------------------------


def _start_run(work: WorkingSet, context: _Context, started: list[str]) -> str | None:
    """Begin the run that a rule wants, now; answers why not, if not. That the ticket has one already is no trouble."""
    effect = context.wanted.effect
    assert isinstance(effect, effects.Send)
    assert work.cause is not None
    head = context.tenant.template_named(effect.body["template_name"])
    if head is None:
        problem = f"no published template is called “{effect.body['template_name']}”"
        _flag(work, context.tenant, context.happening, Broken(context.wanted.rule, problem), code="unknown_workflow")
        return problem
    command = _start_command(work, context, effect, head.id)
    if command.ticket_id is not None:
        know_live_templates(work, command.ticket_id)
    work.half_applied = False
    try:
        started.append(start_run(work, context.tenant, command).run.id)
    except Exception as error:
        if work.half_applied:
            raise
        problem = f"“{head.name}” could not be started: {error}"
        if not (isinstance(error, Refusal) and error.code == "already_active"):
            bug = None if isinstance(error, Refusal) else error
            _flag(work, context.tenant, context.happening, Broken(context.wanted.rule, problem, bug))
        return problem
    finally:
        work.half_applied = True
    work.spread(context.tenant.id, work.cause.root)
    return None


def _start_command(work: WorkingSet, context: _Context, effect: effects.Send, template_id: str) -> commands.StartRun:
    happening, rule = context.happening, context.wanted.rule
    ticket = happening.ticket
    of_ticket = f" for ticket {ticket['number']}" if ticket is not None else ""
    return commands.StartRun(
        tenant_id=context.tenant.id,
        at=context.asked.at,
        run_id=id_sent_for(effect.id),
        template_id=template_id,
        ticket_id=effect.body["ticket_id"],
        owner_id=effect.body["owner_id"],
        source_id=rule.author_id,
        variables=effect.body["variables"],
        task_queue=effect.body["task_queue"],
        trigger_type=TRIGGER_TYPES.get(happening.trigger, "rule"),
        trigger_detail=f"Started by rule “{rule.name}”{of_ticket}",
        cause=work.cause,
    )


# -- what went wrong -------------------------------------------------------------------------------


def _flag(
    work: WorkingSet, tenant: TenantFacts, happening: Happening, broken: Broken, code: str = "rule_failed"
) -> None:
    if broken.bug is not None:
        log.error("rule_broke", rule_id=broken.rule.id, event_id=happening.id, exc_info=broken.bug)
        code = "rule_broken"
    message = f"“{broken.rule.name}”{_about(happening)}: {broken.message}"
    work.raise_incident(tenant.id, "rule", broken.rule.id, code=code, message=message[:2000])


def _flag_cut(work: WorkingSet, tenant: TenantFacts, happening: Happening, reaction: Reaction, rule_id: str) -> None:
    rule = tenant.rules.rules[rule_id]
    why = CUT_SAID[reaction.cut_by or "depth"]
    message = f"{happening.cause.said()} was ended before “{rule.name}”{_about(happening)}: {why}"
    if (happening.cause.root, rule_id) not in work.cut:
        work.cut.add((happening.cause.root, rule_id))
        work.raise_incident(tenant.id, "rule", rule_id, code="chain_cut", message=message[:2000])


def _about(happening: Happening) -> str:
    return f" about {happening.ticket['number']}" if happening.ticket is not None else ""


def _with_problems(reaction: Reaction, problems: Problems) -> Reaction:
    """The reaction with what only showed when it was carried out."""
    if not problems:
        return reaction
    firings = [
        msgspec.structs.replace(
            firing,
            done=tuple(
                msgspec.structs.replace(one, error=problems.get((firing.rule_id, place), one.error))
                for place, one in enumerate(firing.done)
            ),
        )
        for firing in reaction.firings
    ]
    return msgspec.structs.replace(reaction, firings=tuple(firings))


# -- events that rules are asked about by name -----------------------------------------------------


def sweep_ticket(work: WorkingSet, tenant: TenantFacts, command: commands.SweepTicket) -> ReactionAnswer:
    """A scheduled rule comes by: it acts unless it has in this spell. A spell is over when a person has acted on the
    ticket since it began; when the conditions do not hold, it is ended here."""
    rule = _rule(tenant, command.rule_id, "scheduled")
    held = work.ticket(tenant, command.ticket_id)
    at = command.at or work.at
    pair = (rule.id, command.ticket_id)
    began_at, person_at = work.spells.get(pair), held.stored.last_person_at
    if not rule.matches_at_sweep(held.stored.ticket, person_at, at):
        if began_at is not None:
            work.end_spell(*pair)
        return ReactionAnswer(event_id=None)
    if began_at is not None and (person_at is None or person_at <= began_at):
        return ReactionAnswer(event_id=None)
    if began_at is not None:
        work.end_spell(*pair)
    row = {"rule_id": pair[0], "ticket_id": pair[1], "tenant_id": tenant.id, "began_at": at}
    work.changes.insert(rule_spells, row)
    work.spells[pair] = at
    event_id = str(uuid.uuid5(uuid.UUID(rule.id), f"{command.ticket_id}:{at.isoformat()}"))
    work.cascade.add(
        Happening(
            id=event_id,
            trigger="scheduled",
            at=at,
            cause=Cause(event_id),
            ticket=held.stored.ticket,
            last_person_at=person_at,
            rule_id=rule.id,
        )
    )
    return ReactionAnswer(event_id=event_id)


def receive_hook(work: WorkingSet, tenant: TenantFacts, command: commands.ReceiveHook) -> ReactionAnswer:
    """What was posted to a rule's address is shown to that rule."""
    rule = _rule(tenant, command.rule_id, "webhook")
    stored = work.ticket(tenant, command.ticket_id).stored if command.ticket_id is not None else None
    work.cascade.add(
        Happening(
            id=command.event_id,
            trigger="webhook",
            at=command.at or work.at,
            cause=Cause(command.event_id),
            ticket=stored.ticket if stored is not None else None,
            payload=command.payload,
            last_person_at=stored.last_person_at if stored is not None else None,
            rule_id=rule.id,
        )
    )
    return ReactionAnswer(event_id=command.event_id)


def fire_rule(work: WorkingSet, tenant: TenantFacts, command: commands.FireRule) -> ReactionAnswer:
    """A step of an inbox run shows its choice to a rule, whatever triggers that otherwise: its conditions are asked,
    and it acts. The chain goes on with what caused the run."""
    rule = next((r for r in tenant.rules.rules.values() if r.enabled and r.name == command.rule), None)
    if rule is None:
        raise Refusal("not_found", f"No rule that is enabled is called “{command.rule}”.", code="unknown_rule")
    stored = work.ticket(tenant, command.ticket_id).stored if command.ticket_id is not None else None
    work.cascade.add(
        Happening(
            id=command.event_id,
            trigger=rule.trigger,
            at=command.at or work.at,
            cause=command.cause or Cause(command.event_id),
            ticket=stored.ticket if stored is not None else None,
            payload=command.payload,
            last_person_at=stored.last_person_at if stored is not None else None,
            rule_id=rule.id,
        )
    )
    return ReactionAnswer(event_id=command.event_id)


def _rule(tenant: TenantFacts, rule_id: str, trigger: str) -> CompiledRule:
    rule = tenant.rules.rules.get(rule_id)
    if rule is None or rule.trigger != trigger or not rule.enabled:
        raise not_found("Rule")
    return rule
