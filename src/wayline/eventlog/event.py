"""What an event log is made of, whichever file format it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MAX_EVENTS_PER_CASE: Final = 100_000
"""A case is handed over whole, so one endless case is the only thing that could fill the memory."""

MAX_NAME_CHARS: Final = 1_000
"""Longest activity, person or case id; anything longer is prose in the wrong column."""

ROLES: Final = ("case", "activity", "at", "who")
"""What a log must tell of an event, in the order in which errors list it. `who` may be missing."""


class EventLogError(Exception):
    """A log cannot be read or used as it is.

    `code` is stable (`missing_time`, `cut_short`, …), `message` a sentence for people, `place` where it went wrong:
    `"helpdesk.xes.gz, event 3 of case 'Case 17' (byte 18231 unpacked)"` or `"desk.csv, line 4812"`.
    """

    def __init__(self, code: str, message: str, place: str) -> None:
        super().__init__(code, message, place)
        self.code = code
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that somebody did.

    `at` is aware and in UTC. `who` is None when the log names nobody. `attributes` holds everything else the log says
    of the event as plain JSON values (dates as ISO 8601 in UTC); what became a field here is not repeated there.
    """

    case: str
    activity: str
    at: datetime
    who: str | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket's life: its events in the order in which they happened.

    `position` counts the cases of the log from 1 and is what tells them apart: nothing stops a log from using an id
    twice. `bytes_read` says how far the file (as it lies on disk, of `measure(path)` bytes) has been worked through
    when this case is handed over.
    """

    id: str
    attributes: Mapping[str, Any]
    events: tuple[Event, ...]
    position: int
    bytes_read: int
