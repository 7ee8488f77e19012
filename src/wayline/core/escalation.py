"""Escalations: which of a desk's apply to a ticket, when each comes due while its customer waits, and who is told.

Pure: a ticket, its wait, the desk's hours and what has fired go in. Each escalation fires once a wait, and then every
`repeat_minutes`; times that nobody was there to keep (the server was down) are made up for by one, not by all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from wayline.core.business_time import ALWAYS, Calendar, CalendarNeverOpens, InstantOutOfRange, add
from wayline.core.facts import Directory
from wayline.core.waiting import Wait

MAX_MINUTES = 60 * 24 * 366
MAX_ESCALATIONS = 100
_ROUNDING_S = 1e-3

Fired = Mapping[str, int]
"""How often each escalation, by its id as text, has come due in this wait, those made up for among them."""


class Escalation(msgspec.Struct, frozen=True):
    """After `minutes` of business time, tell somebody; `queue`, `priority` and `group` None: of any."""

    id: int
    minutes: int
    action: Literal["notify", "email"]
    recipient: Literal["assignee", "address"]
    email: str | None = None
    repeat_minutes: int | None = None
    queue: str | None = None
    priority: str | None = None
    group: str | None = None

    def applies_to(self, ticket: Mapping[str, Any]) -> bool:
        """Whether the ticket is one of those it is for."""
        wanted = (("queue", self.queue), ("priority", self.priority), ("group", self.group))
        return all(value is None or ticket[name] == value for name, value in wanted)

    def needs_s(self, fired: int) -> float | None:
        """How long a customer has to have waited for it to come due once more; None when it never does again."""
        if fired == 0:
            return self.minutes * 60.0
        if self.repeat_minutes is None:
            return None
        return (self.minutes + fired * self.repeat_minutes) * 60.0


class EscalationTimer(msgspec.Struct, frozen=True):
    """How often each escalation has come due in one wait of a ticket, and when the next one does."""

    wait_number: int
    fired: dict[str, int] = {}
    due_at: datetime | None = None

    def fired_in(self, wait: Wait) -> dict[str, int]:
        """What has fired in this wait: nothing when the timer is of an earlier one."""
        return self.fired if self.wait_number == wait.number else {}


class Due(msgspec.Struct, frozen=True):
    """An escalation that has come due, and how often it will have by then."""

    escalation: Escalation
    times: int


class Recipients(msgspec.Struct, frozen=True):
    """Who is told: people by id, or an address of nobody at the desk."""

    user_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def due_now(
    escalations: Iterable[Escalation],
    ticket: Mapping[str, Any],
    wait: Wait,
    fired: Fired,
    *,
    at: datetime,
    calendar: Calendar = ALWAYS,
) -> list[Due]:
    """What has come due by an instant, in the order of the escalations."""
    if wait.since is None or wait.counting_since is None:
        return []
    waited_s = wait.waited_s(at, calendar) + _ROUNDING_S
    found = []
    for escalation in escalations:
        times = fired.get(str(escalation.id), 0)
        needs_s = escalation.needs_s(times)
        if needs_s is not None and needs_s <= waited_s and escalation.applies_to(ticket):
            found.append(Due(escalation, _times_by(escalation, waited_s)))
    return found


def _times_by(escalation: Escalation, waited_s: float) -> int:
    if escalation.repeat_minutes is None:
        return 1
    return 1 + int((waited_s - escalation.minutes * 60) // (escalation.repeat_minutes * 60))


def next_due(
    escalations: Iterable[Escalation],
    ticket: Mapping[str, Any],
    wait: Wait,
    fired: Fired,
    *,
    calendar: Calendar = ALWAYS,
) -> datetime | None:
    """When the next one comes due, be that past or to come; None when none does as things stand."""
    if wait.since is None or wait.counting_since is None:
        return None
    waits_s = [e.needs_s(fired.get(str(e.id), 0)) for e in escalations if e.applies_to(ticket)]
    needs_s = min((needed for needed in waits_s if needed is not None), default=None)
    if needs_s is None:
        return None
    left_s = max(0.0, needs_s - wait.waited_us / 1_000_000)
    try:
        return add(calendar, wait.counting_since, left_s)
    except (CalendarNeverOpens, InstantOutOfRange):
        return None


def timed(
    timer: EscalationTimer | None,
    escalations: Iterable[Escalation],
    ticket: Mapping[str, Any],
    wait: Wait,
    *,
    calendar: Calendar = ALWAYS,
) -> EscalationTimer | None:
    """A ticket's timer as it is to be now; None when it needs none."""
    if wait.since is None:
        return None
    fired = timer.fired_in(wait) if timer is not None else {}
    due_at = next_due(escalations, ticket, wait, fired, calendar=calendar)
    return None if due_at is None and not fired else EscalationTimer(wait.number, fired, due_at)


def recipients_of(escalation: Escalation, ticket: Mapping[str, Any], directory: Directory) -> Recipients:
    """The assignee, the managers of its queue while nobody is assigned, the admins where it has none; or the address,
    which is somebody of the desk if it is theirs."""
    if escalation.recipient == "address":
        person = directory.person(escalation.email)
        return Recipients((person.id,)) if person is not None else Recipients((), (escalation.email or "",))
    assignee = directory.person(ticket["assignee"])
    if assignee is not None:
        return Recipients((assignee.id,))
    queue = directory.queue(ticket["queue"])
    managers = tuple(m for m in (queue.managers if queue is not None else ()) if directory.person(m) is not None)
    return Recipients(managers or tuple(directory.admins()))


def id_of(ticket_id: str, wait: Wait, due: Due) -> str:
    """What tells one firing from every other: the ticket, its wait, the escalation and how often it has come due."""
    return str(uuid.uuid5(uuid.UUID(ticket_id), f"escalation:{due.escalation.id}:{wait.number}:{due.times}"))
