"""A run is a value: everything a decision needs to know of it, and nothing that grows with its history.

`open` holds the live activations; ended ones leave as RecordVisit effects, and only the latest visit to each step
and what it gave stay. The whole value is stored as one msgpack blob with `format` as its version number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from wayline.core.cause import Cause
from wayline.core.inbox.state import Inbox
from wayline.core.named_ids import id_named

RunStatus = Literal["pending", "running", "paused", "completed", "failed", "cancelled"]
ENDED: frozenset[str] = frozenset({"completed", "failed", "cancelled"})
# What a running run is called while people's decisions are all it waits for (DESIGN §2: no state of its own).
WAITING_APPROVAL = "waiting_approval"
DEFAULT_TASK_QUEUE = "itsm-workflows"
FORMAT = 1


class Failure(msgspec.Struct, frozen=True):
    """Why a run failed: a coded reason, the step it failed at, and a sentence."""

    reason: str
    step_id: str | None
    message: str


class Vote(msgspec.Struct, frozen=True):
    """One voter's decision. `by` pressed the button; `on_behalf_of` is the voter when a substitute did."""

    by: str
    voter: str
    decision: Literal["approved", "rejected"]
    comment: str | None
    at: datetime

    @property
    def on_behalf_of(self) -> str | None:
        """The voter whose vote this was, when somebody else cast it."""
        return self.voter if self.voter != self.by else None


class Timer(msgspec.Struct, frozen=True, array_like=True):
    """A timer of a live visit: what it brings back and when.

    `calendar` is in whose business time its span was counted, None meaning all hours. `fixed` is an instant of its own,
    which no pause moves.
    """

    kind: str
    due_at: datetime
    calendar: str | None = None
    fixed: bool = False


class StoppedTimer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A timer that stands still: how many seconds of its calendar's time were left, or when it is due all the same.

    `sets_due_at` says that the visit's own due instant follows it.
    """

    kind: str
    left_s: float = 0.0
    calendar: str | None = None
    fixed_at: datetime | None = None
    sets_due_at: bool = False


class Activation(msgspec.Struct, omit_defaults=True):
    """One live visit of the run to a step.

    `candidates` are people frozen at activation (approvers); `assigned_to` and `group_id` are whom the step was
    handed to; `claimed_by` is the member of the group who took it; `on_behalf_of` is for whom a substitute answered.
    `timers` run, by id; those that are `stopped` wait for the run to go on. `data` belongs to the step type.
    """

    id: str
    position: int
    step_id: str
    type: str
    started_at: datetime
    status: Literal["active", "timed_out"] = "active"
    assigned_to: str | None = None
    group_id: str | None = None
    claimed_by: str | None = None
    candidates: list[str] = []
    due_at: datetime | None = None
    late_s: float | None = None
    escalations: int = 0
    timers: dict[str, Timer] = {}
    stopped: list[StoppedTimer] = []
    job: str | None = None
    attempt: int = 0
    votes: list[Vote] = []
    data: dict[str, Any] = {}
    on_behalf_of: str | None = None

    def copy(self) -> Activation:
        """A visit that may be changed without the original noticing."""
        return msgspec.structs.replace(
            self,
            candidates=list(self.candidates),
            timers=dict(self.timers),
            stopped=list(self.stopped),
            votes=list(self.votes),
            data=dict(self.data),
        )


class EndedVisit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A visit to a step that is over. `detail` is what the activation held (people, votes, deadline); what the step
    gave is in the run's outputs."""

    id: str
    position: int
    step_id: str
    type: str
    status: str
    outcome: str | None
    started_at: datetime
    completed_at: datetime
    completed_by: str | None = None
    detail: dict[str, Any] = {}


class BufferedSignal(msgspec.Struct, frozen=True):
    """A signal nobody waited for yet."""

    name: str
    payload: Any
    at: datetime


class HeldCommand(msgspec.Struct, frozen=True):
    """A command that came while the run was paused, by its name and as plain data."""

    name: str
    body: dict[str, Any]


class Undoable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A completed step that says how it is undone, with what that visit gave (a loop may have made several).

    `late`: its action had effect when nobody waited for it any more, so that no visit was completed by it.
    """

    step_id: str
    output: dict[str, Any]
    late: bool = False


class Compensation(msgspec.Struct):
    """The undoing of a cancelled run: what is still to be undone, last first, and which completed visits have been."""

    todo: list[Undoable]
    total: int
    done: int = 0
    failed: int = 0
    job: str | None = None
    attempt: int = 0
    undone: list[str] = []

    @property
    def state(self) -> str:
        """`running`, `completed`, or `failed` when some action could not be undone."""
        if self.done + self.failed < self.total:
            return "running"
        return "failed" if self.failed else "completed"

    def copy(self) -> Compensation:
        """One that may be changed without the original noticing."""
        return msgspec.structs.replace(self, todo=list(self.todo), undone=list(self.undone))


class Run(msgspec.Struct, omit_defaults=True):
    """One execution of a template version. Times are aware UTC; ids are UUID text.

    `completed` has each step once, the one completed latest last. `in_flight` maps jobs that nobody waits for any more
    to their steps: should one still succeed, it is undone with the rest. `given` are the variables as they were at the
    start, kept from the first time a step changes one.

    Where a run that stands still goes on: it does the steps of `redo` again, one after the other; then `closed` visits
    are open again, and it comes to the steps of `arrivals`. `held` came while it was paused. `snapshot` is the one it
    builds on, `chained` how many lie between it and the last whole one. `decided_at`: its last decision.

    `name` is its own where that is not its template's; an `unlisted` run's template is its own too. `begin_timer`
    brings a pending run on at `begin_at`; with a `schedule` it is one of a series, and `successor` the next of it.
    `result` is what the signal that completed a run without steps brought. `inbox` is what a run of an inbox template
    holds besides; its `open` visits are the steps somebody's active entry is at.
    """

    id: str
    tenant_id: str
    template_id: str
    template_version: int
    template_name: str
    created_at: datetime
    format: int = FORMAT
    ticket_id: str | None = None
    owner_id: str | None = None
    trigger_type: str = "api"
    cause: Cause | None = None
    name: str | None = None
    task_queue: str = DEFAULT_TASK_QUEUE
    unlisted: bool = False
    begin_at: datetime | None = None
    begin_timer: str | None = None
    schedule: dict[str, Any] | None = None
    successor: str | None = None
    status: RunStatus = "pending"
    epoch: int = 0
    seq: int = 0
    visits: int = 0
    variables: dict[str, Any] = {}
    given: dict[str, Any] | None = None
    outputs: dict[str, dict[str, Any]] = {}
    latest: dict[str, EndedVisit] = {}
    completed: list[str] = []
    open: list[Activation] = []
    signals: list[BufferedSignal] = []
    failure: Failure | None = None
    compensation: Compensation | None = None
    compensable: list[Undoable] = []
    in_flight: dict[str, str] = {}
    redo: list[str] = []
    closed: list[Activation] = []
    arrivals: list[str] = []
    held: list[HeldCommand] = []
    snapshot: int = 0
    chained: int = 0
    paused_at: datetime | None = None
    decided_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    result: Any = None
    inbox: Inbox | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to the run any more."""
        return self.status in ENDED

    @property
    def standing(self) -> str:
        """The status, but `waiting_approval` while the run rests at approvals alone: what is stored for lists to find,
        and what surface 002 shows."""
        if self.status != "running" or not self.open:
            return self.status
        return WAITING_APPROVAL if all(a.type == "approval" for a in self.open) else self.status

    @property
    def current_steps(self) -> list[str]:
        """The steps the run is at: those that are open, and while it is paused those it will go on from."""
        coming = [*(a.step_id for a in self.closed), *self.arrivals] if self.status == "paused" else []
        return [*(a.step_id for a in self.open), *coming]

    @property
    def input(self) -> dict[str, Any]:
        """The variables the run was begun with, whatever its steps have made of them."""
        return self.variables if self.given is None else self.given

    def activation(self, name: str) -> Activation | None:
        """The live activation with this id, or the only one open on the step with this id; else None."""
        on_step = [a for a in self.open if a.id == name or a.step_id == name]
        return on_step[0] if len(on_step) == 1 else None

    def copy(self) -> Run:
        """A run that may be changed without the original noticing. Values inside containers are never mutated, nor are
        the lists of a run that stands still, which are replaced as a whole."""
        return msgspec.structs.replace(
            self,
            variables=dict(self.variables),
            outputs=dict(self.outputs),
            latest=dict(self.latest),
            completed=list(self.completed),
            open=[a.copy() for a in self.open],
            signals=list(self.signals),
            compensable=list(self.compensable),
            in_flight=dict(self.in_flight),
            compensation=self.compensation.copy() if self.compensation else None,
            inbox=self.inbox.copy() if self.inbox else None,
        )


def activation_id(run_id: str, position: int) -> str:
    """The id of a run's nth activation: the same for the same run and position, for ever."""
    return id_named(run_id, b"activation:%d" % position)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Run)


def encode(run: Run) -> bytes:
    """The run as stored."""
    return _encoder.encode(run)


def decode(state: bytes) -> Run:
    """The run as it was stored; raises msgspec.ValidationError on bytes no version of this code wrote."""
    return _decoder.decode(state)
