"""What a run of an inbox template holds: everybody it has reached, in as little as may be.

A run may reach ten thousand people, and its value is written with every choice. So a person's *entry* is four small
values; what it shows is the same for everybody whom one activation of a step has set, and is kept once with that visit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from wayline.core.named_ids import id_named

TaskState = Literal["open", "accepted", "declined", "in_progress", "done", "failed", "cancelled"]
TASK_STATES: tuple[TaskState, ...] = get_args(TaskState)
MAX_SHOWN_PEOPLE = 100
UNREACHED = -1
"""The visit of an entry that was never shown: somebody the message was sent to, and no step has been set for."""


class Entry(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """One person's place: the visit it shows (its position among the run's), whether it is in their inbox, the state of
    their task, what locked it (a step, or somebody by hand; "" when it is free), and on whose account."""

    visit: int
    active: bool = True
    task: str = "open"
    lock: Literal["", "step", "hand"] = ""
    locked_by: str | None = None


class Dispatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message was sent with. `to` is a user query, or ids and e-mail addresses; it is done with when the run has
    begun. Its data are the run's variables. `by_script`: a script sent it, which shows in how it looks."""

    to: str | list[str] = ""
    attributes: dict[str, Any] = {}
    title: str | None = None
    due_at: datetime | None = None
    by_script: bool = False


def as_shown(to: str | list[str]) -> str | list[str]:
    """To whom it was sent, as it is shown: of very many people the first. Everybody is among the entries."""
    return to if isinstance(to, str) else to[:MAX_SHOWN_PEOPLE]


class Outside(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job that a step has set going and that has not ended: what it does, for which step, and how often it has been
    tried."""

    queue: str
    action: dict[str, Any]
    step_id: str
    attempt: int = 1


class Inbox(msgspec.Struct, omit_defaults=True):
    """An inbox run beside what every run has. `source` is who started it, `title` what its entries are called;
    `entries` go by person, `jobs` by the id of their effect; `choice` is the latest one: {path, step, by, data}."""

    source: str | None = None
    title: str = ""
    dispatch: Dispatch | None = None
    entries: dict[str, Entry] = {}
    jobs: dict[str, Outside] = {}
    choice: dict[str, Any] = {}

    def copy(self) -> Inbox:
        """One that may be changed without the original noticing."""
        return msgspec.structs.replace(self, entries=dict(self.entries), jobs=dict(self.jobs))

    @property
    def reached(self) -> list[str]:
        """Ids of everybody who has had an entry, in the order they were reached."""
        return [user_id for user_id, entry in self.entries.items() if entry.visit != UNREACHED]


def entry_id(run_id: str, user_id: str) -> str:
    """The id of a person's entry of a run: the same however often it is asked for."""
    return id_named(run_id, b"entry:" + user_id.encode())
