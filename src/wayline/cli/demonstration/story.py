"""How a story is told: a ticket (or a run without one), and what people then do, each at an instant of its own.

People are named by first name. Where a template picks the person by itself, `ASKED` is whoever a step now waits for,
and `ASSIGNEE` whoever has the ticket.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

ASKED = "whoever is asked"
ASSIGNEE = "whoever has the ticket"


class Act(msgspec.Struct, frozen=True):
    """Something somebody does. `template` says in which run of the ticket, where there are several."""

    at: datetime
    who: str


class Fills(Act, frozen=True):
    """Submits a form. Values may be a Person, a Number, or Files, which are uploaded first."""

    step: str
    form: dict[str, Any]
    template: str | None = None


class Votes(Act, frozen=True):
    """Approves or rejects."""

    step: str
    decision: str
    comment: str | None = None
    template: str | None = None


class Chooses(Act, frozen=True):
    """Picks one of a routing's options."""

    step: str
    option: str
    template: str | None = None


class Takes(Act, frozen=True):
    """Takes a group's work for oneself."""

    step: str
    template: str | None = None


class Signals(Act, frozen=True):
    """Tells the run something from outside."""

    name: str
    payload: dict[str, Any]


class Cancels(Act, frozen=True):
    """Ends the run."""

    reason: str


class Says(Act, frozen=True):
    """Comments on the ticket."""

    text: str
    internal: bool = False


class Sets(Act, frozen=True):
    """Changes fields of the ticket; people by first name, groups by slug."""

    fields: dict[str, Any]


class Attaches(Act, frozen=True):
    """Adds a file to the ticket."""

    file: File


class Links(Act, frozen=True):
    """Ties the ticket to that of another story."""

    kind: str
    other: str


class Leaves(Act, frozen=True):
    """Leaves the company: the account is closed."""


class File(msgspec.Struct, frozen=True):
    """A small text file."""

    name: str
    text: str


class Person(msgspec.Struct, frozen=True):
    """A colleague as the value of a form's field."""

    key: str


class Number(msgspec.Struct, frozen=True):
    """The number of another story's ticket as the value of a form's field."""

    of: str


class Answered(msgspec.Struct, frozen=True):
    """Another system has done what it was asked: what the step gives, after so long."""

    body: dict[str, Any] = {}
    status: int = 200
    after_s: float = 2.0


class Broke(msgspec.Struct, frozen=True):
    """Another system has not, or has refused."""

    error: str
    permanent: bool = True
    after_s: float = 2.0


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket and what becomes of it. `systems` says how other systems answer, by the step that asks them.

    With `run_of` it is a run of that template without a ticket, started with these `fields` as its variables.
    """

    key: str
    at: datetime
    by: str
    fields: dict[str, Any]
    then: tuple[Act, ...] = ()
    systems: dict[str, Answered | Broke] = {}
    run_of: str | None = None


def request(subtype: str | None, title: str, description: str, **fields: Any) -> dict[str, Any]:
    """The fields of a service request."""
    return {"type": "service_request", "subtype": subtype, "title": title, "description": description, **fields}


def incident(title: str, description: str, *, subtype: str | None = None, **fields: Any) -> dict[str, Any]:
    """The fields of an incident."""
    return {"type": "incident", "subtype": subtype, "title": title, "description": description, **fields}


def change(title: str, description: str, *, subtype: str | None = None, **fields: Any) -> dict[str, Any]:
    """The fields of a change."""
    return {"type": "change", "subtype": subtype, "title": title, "description": description, **fields}


def problem(title: str, description: str, **fields: Any) -> dict[str, Any]:
    """The fields of a problem."""
    return {"type": "problem", "title": title, "description": description, **fields}


def task(title: str, description: str, **fields: Any) -> dict[str, Any]:
    """The fields of a task."""
    return {"type": "task", "title": title, "description": description, **fields}
