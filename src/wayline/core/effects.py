"""What must now happen outside the run: data, with deterministic ids, saved with the state that caused it.

An effect's id (`run:epoch.sequence:index`) is the idempotency key handed downstream. Desk effects are applied
in the decision's own transaction; timers and jobs are saved there and performed later, at least once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from wayline.core.inbox.state import Entry
from wayline.core.run import EndedVisit
from wayline.core.snapshot import Delta


class StartTimer(msgspec.Struct, frozen=True, tag=True):
    """Bring `kind` back as a FireTimer command for this activation at `due_at`."""

    id: str
    due_at: datetime
    kind: str
    activation_id: str


class CancelTimer(msgspec.Struct, frozen=True, tag=True):
    """Forget a timer that is no longer wanted; harmless when it has gone."""

    id: str


class RunJob(msgspec.Struct, frozen=True, tag=True):
    """Have a worker of `queue` perform `action`, not before `due_at`; the outcome returns as ReportAction.

    `attempt` counts from 1; a retry keeps the id, so that the other side sees one idempotency key.
    """

    id: str
    queue: str
    action: dict[str, Any]
    due_at: datetime
    attempt: int = 1
    activation_id: str | None = None
    timeout_s: float = 30.0


class CancelJob(msgspec.Struct, frozen=True, tag=True):
    """Drop a job that has not been done; one in flight is allowed to finish and its outcome is recorded."""

    id: str


class HoldJob(msgspec.Struct, frozen=True, tag=True):
    """Let nobody take this job until it is freed; one in flight goes on, and its outcome is recorded."""

    id: str


class FreeJob(msgspec.Struct, frozen=True, tag=True):
    """Let a held job be taken again, not before `due_at`."""

    id: str
    due_at: datetime


class MoveWork(msgspec.Struct, frozen=True, tag=True):
    """A work item has another deadline, or for the time being none; it stays with the people it is offered to."""

    activation_id: str
    due_at: datetime | None
    audience: tuple[str, ...] = ()


class OfferWork(msgspec.Struct, frozen=True, tag=True):
    """Put a work item into inboxes: `audience` holds ids of people and groups."""

    activation_id: str
    step_id: str
    kind: str
    title: str
    opened_at: datetime
    audience: tuple[str, ...]
    assigned_to: str | None = None
    group_id: str | None = None
    claimed_by: str | None = None
    due_at: datetime | None = None


class WithdrawWork(msgspec.Struct, frozen=True, tag=True):
    """Take a work item out of every inbox; `audience` is who may have had it there."""

    activation_id: str
    audience: tuple[str, ...] = ()


class Notify(msgspec.Struct, frozen=True, tag=True):
    """Tell people something, by the ways that `channel` names.

    `all`: in the app, by e-mail when SMTP is set up, and on the devices that people have asked to be told on; `in_app`
    and `email`: that alone; `push`: in the app and on those devices.

    With a `group_id` it is the group that is told, once, and `user_ids` are its members at this moment.
    """

    user_ids: tuple[str, ...]
    kind: str
    title: str
    body: str = ""
    channel: str = "all"
    addresses: tuple[str, ...] = ()
    activation_id: str | None = None
    group_id: str | None = None

    @property
    def audience(self) -> tuple[str, ...]:
        """Whom a notice is addressed to: the group, or each person."""
        return (self.group_id,) if self.group_id else self.user_ids


class ChangeTicket(msgspec.Struct, frozen=True, tag=True):
    """Write these fields of the run's ticket in the same transaction."""

    changes: dict[str, Any]


class CommentTicket(msgspec.Struct, frozen=True, tag=True):
    """Add a comment to the run's ticket in the same transaction."""

    text: str
    visibility: str = "internal"


class Send(msgspec.Struct, frozen=True, tag=True):
    """Hand a command for another root to the outbox: `command` is its name, `body` its arguments."""

    id: str
    command: str
    body: dict[str, Any]


class CountUp(msgspec.Struct, frozen=True, tag=True):
    """Move a named counter of the tenant on, from `seen` to `value` (round robin)."""

    name: str
    seen: int
    value: int


class RecordVisit(msgspec.Struct, frozen=True, tag=True):
    """Keep an ended activation: written once, never changed. `delta`: what its end makes a snapshot of, if it does."""

    visit: EndedVisit
    output: dict[str, Any]
    delta: Delta | None = None


class ShowFace(msgspec.Struct, frozen=True, tag=True):
    """Keep what a visit to a step of an inbox run shows, once for everybody whose entry it sets.

    `paths` are {label, step, icon}; `by` is whoever activated it.
    """

    activation_id: str
    step_id: str
    title: str
    label: str
    style: str
    subtitle: str | None
    icon: str | None
    summary_title: str | None
    summary: str | None
    paths: tuple[dict[str, Any], ...]
    by: str | None


class EntryChange(msgspec.Struct, frozen=True, gc=False):
    """What a decision made of one person's entry. `before` None: they had none."""

    user_id: str
    before: Entry | None
    after: Entry


class ChangeEntries(msgspec.Struct, frozen=True, tag=True):
    """Put entries into inboxes, take them out, and write what has become of them: each person once."""

    changes: tuple[EntryChange, ...]


class RecordDispatch(msgspec.Struct, frozen=True, tag=True):
    """Keep that a message was sent: by whom, to whom as written, and with what."""

    title: str
    to: str | list[str]
    attributes: dict[str, Any]
    due_at: datetime | None
    by_script: bool
    sender: str | None


class RaiseIncident(msgspec.Struct, frozen=True, tag=True):
    """Flag this run for a person's eye: a cause, never a status."""

    code: str
    message: str
    step_id: str | None = None


Effect = (
    StartTimer
    | CancelTimer
    | RunJob
    | CancelJob
    | HoldJob
    | FreeJob
    | MoveWork
    | OfferWork
    | WithdrawWork
    | Notify
    | ChangeTicket
    | CommentTicket
    | Send
    | CountUp
    | RecordVisit
    | ShowFace
    | ChangeEntries
    | RecordDispatch
    | RaiseIncident
)
