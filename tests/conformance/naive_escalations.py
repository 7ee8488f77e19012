"""What a desk's escalations should do, worked out a minute at a time: slow, and sharing nothing with the engine.

A story is what happens at which minute; `walk` lives through it. Minutes are counted from the story's beginning, and a
minute counts as open when the clock on the wall says so as it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

ENDED = ("resolved", "closed", "cancelled")
HELD = ("pending", "on_hold")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Happening:
    """Something at a minute. `what`: open, reply, answer, note, set (one ticket); hours, add, change, drop (desk)."""

    minute: int
    what: str
    ticket: int | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """An escalation of a ticket that came due at a minute, for the `times`th time in a wait."""

    minute: int
    ticket: int
    escalation: int
    times: int
    to: tuple[str, ...]


class Hours:
    """How many open minutes there have been by each minute of a story."""

    def __init__(self, definition: Mapping[str, Any], begin: datetime, minutes: int) -> None:
        zone, closed = ZoneInfo(definition["timezone"]), set(definition["holidays"]["dates"])

        def is_open(minute: int) -> bool:
            if definition["mode"] == "always":
                return True
            wall = (begin + timedelta(minutes=minute)).astimezone(zone)
            of_day = wall.hour * 60 + wall.minute
            spans = definition["days"].get(DAYS[wall.weekday()], ())
            return wall.date().isoformat() not in closed and any(start <= of_day < end for start, end in spans)

        self._passed = [0, *accumulate(int(is_open(minute)) for minute in range(minutes))]

    def between(self, first: int, last: int) -> int:
        return self._passed[last] - self._passed[first]


@dataclass
class _Ticket:
    fields: dict[str, Any]
    waits: bool = False
    counting_from: int | None = None
    banked: int = 0
    fired: dict[int, int] = field(default_factory=dict)

    def begin_waiting(self, minute: int) -> None:
        self.stop_waiting()
        if self.fields["status"] not in ENDED:
            self.waits = True
            self.counting_from = None if self.fields["status"] in HELD else minute

    def stop_waiting(self) -> None:
        self.waits, self.counting_from, self.banked, self.fired = False, None, 0, {}


class NaiveDesk:
    """The desk as it stands at a minute."""

    def __init__(self, *, begin: datetime, minutes: int, managers: Mapping[str, tuple[str, ...]], admin: str) -> None:
        self.begin, self.minutes, self.managers, self.admin = begin, minutes, managers, admin
        self.hours = Hours({"mode": "always", "timezone": "UTC", "holidays": {"dates": []}}, begin, minutes)
        self.escalations: dict[int, dict[str, Any]] = {}
        self.tickets: dict[int, _Ticket] = {}

    def walk(self, story: Iterable[Happening]) -> list[Told]:
        """What is told until the story's last minute."""
        at: dict[int, list[Happening]] = {}
        for happening in story:
            at.setdefault(happening.minute, []).append(happening)
        told: list[Told] = []
        for minute in range(self.minutes):
            told += self._due(minute)
            for happening in at.get(minute, ()):
                self._happen(happening)
                told += self._due(minute)
        return told

    def _due(self, minute: int) -> list[Told]:
        return [told for number, ticket in self.tickets.items() for told in self._due_of(number, ticket, minute)]

    def _due_of(self, number: int, ticket: _Ticket, minute: int) -> Iterator[Told]:
        if not ticket.waits or ticket.counting_from is None:
            return
        waited = ticket.banked + self.hours.between(ticket.counting_from, minute)
        for escalation_id, escalation in self.escalations.items():
            over = waited - escalation["minutes"]
            if over < 0 or not self._is_for(escalation, ticket.fields):
                continue
            every = escalation["repeat_minutes"]
            times = 1 + over // every if every is not None else 1
            if times > ticket.fired.get(escalation_id, 0):
                ticket.fired[escalation_id] = times
                yield Told(minute, number, escalation_id, times, self._to(escalation, ticket.fields))

    def _is_for(self, escalation: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
        return all(escalation[name] in (None, fields[name]) for name in ("queue", "priority", "group"))

    def _to(self, escalation: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[str, ...]:
        if escalation["recipient"] == "address":
            return (escalation["email"],)
        if fields["assignee"] is not None:
            return (fields["assignee"],)
        return self.managers.get(fields["queue"], ()) or (self.admin,)

    def _happen(self, happening: Happening) -> None:
        given = dict(happening.given)
        match happening.what:
            case "hours":
                self.hours = Hours(given, self.begin, self.minutes)
            case "add" | "change":
                self.escalations[given.pop("id")] = given
            case "drop":
                del self.escalations[given["id"]]
            case "open":
                assert happening.ticket is not None
                self.tickets[happening.ticket] = ticket = _Ticket({"status": "open", **given})
                ticket.begin_waiting(happening.minute)
            case _:
                assert happening.ticket is not None
                self._happen_to(self.tickets[happening.ticket], happening.what, given, happening.minute)

    def _happen_to(self, ticket: _Ticket, what: str, given: dict[str, Any], minute: int) -> None:
        if what == "reply":
            if ticket.fields["status"] == "pending":  # it waited for them
                ticket.fields["status"] = "open"
            ticket.begin_waiting(minute)
        elif what == "answer":
            ticket.stop_waiting()
        elif what == "set":
            before = ticket.fields["status"]
            ticket.fields |= given
            self._status_changed(ticket, before, ticket.fields["status"], minute)

    def _status_changed(self, ticket: _Ticket, before: str, after: str, minute: int) -> None:
        if after in ENDED:
            ticket.stop_waiting()
        elif before in ENDED:
            ticket.begin_waiting(minute)
        elif ticket.waits and after in HELD and ticket.counting_from is not None:
            ticket.banked += self.hours.between(ticket.counting_from, minute)
            ticket.counting_from = None
        elif ticket.waits and after not in HELD and ticket.counting_from is None:
            ticket.counting_from = minute
