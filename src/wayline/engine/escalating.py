"""A ticket whose customer has waited too long: whoever is to know is told, and the ticket says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wayline.core import commands, effects
from wayline.core.escalation import Due, EscalationTimer, due_now, id_of, recipients_of
from wayline.core.events import Event
from wayline.core.facts import Directory
from wayline.engine.answers import TicketAnswer
from wayline.engine.applying import About, Telling, notify
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import HeldTicket, WorkingSet


def escalate_ticket(work: WorkingSet, tenant: TenantFacts, command: commands.EscalateTicket) -> TicketAnswer:
    """Fire what has come due by now, and have the ticket timed anew. Done again it does nothing: what has fired is kept
    with the ticket."""
    held = work.ticket(tenant, command.ticket_id)
    stored = held.stored
    work.to_time.add(command.ticket_id)
    timer = work.escalation_timers.get(command.ticket_id) or EscalationTimer(stored.wait.number)
    fired = timer.fired_in(stored.wait)
    found = due_now(tenant.escalations, stored.ticket, stored.wait, fired, at=work.at, calendar=tenant.hours)
    for due in found:
        _fire(work, tenant, held, command, due)
    if found:
        fired = {**fired, **{str(due.escalation.id): due.times for due in found}}
        work.escalation_timers[command.ticket_id] = EscalationTimer(stored.wait.number, fired)
    return TicketAnswer(ticket=stored.ticket, directory=tenant.directory)


def _fire(work: WorkingSet, tenant: TenantFacts, held: HeldTicket, command: commands.EscalateTicket, due: Due) -> None:
    stored, escalation = held.stored, due.escalation
    told = recipients_of(escalation, stored.ticket, tenant.directory)
    waited = _duration(stored.wait.waited_s(work.at, tenant.hours))
    said = effects.Notify(
        user_ids=told.user_ids,
        addresses=told.addresses,
        kind="escalation",
        title=f"{stored.ticket['number']} has waited {waited} for an answer: {stored.ticket['title']}",
        body=_body(stored.ticket, tenant.directory),
        channel="email" if escalation.action == "email" else "in_app",
    )
    about = About(run_id=None, ticket_id=command.ticket_id, name="Escalation")
    notify(work, Telling(tenant=tenant, about=about, at=work.at), said)
    people = tenant.directory.people
    names = [people[user_id].name for user_id in told.user_ids if user_id in people]
    event = Event(
        "ticket_escalated",
        f"Waited {waited} for an answer: told {', '.join([*names, *told.addresses]) or 'nobody'}",
        data={
            "id": id_of(command.ticket_id, stored.wait, due),
            "escalation_id": escalation.id,
            "times": due.times,
            "wait": stored.wait.number,
        },
    )
    held.dirty = True
    work.note_ticket(stored, [event], command, work.at)


def _body(ticket: Mapping[str, Any], directory: Directory) -> str:
    def name(user_id: str | None) -> str:
        person = directory.people.get(user_id or "")
        return person.name if person is not None else "nobody"

    return (
        f"{name(ticket['requester'])} waits for an answer. It is in {ticket['queue']}, {ticket['priority']}, "
        f"assigned to {name(ticket['assignee'])}."
    )


def _duration(seconds: float) -> str:
    """`45 minutes`, `3 h 20 min`."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
