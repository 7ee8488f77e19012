"""Snapshots: what a run was when a step had been completed, so that it can be taken back there.

A snapshot is told by the visits that led to it. Each ended visit is kept with what it gave; a delta beside it holds the
little that this does not tell: where the run went, what else was open, the variables if a step changed them. A snapshot
is named by its visit (its place among the run's visits, counted from 1), and 0 is the start. Every WHOLE_EVERY deltas
one holds all there is, so that no more of them than that are ever read for one snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from wayline.core.run import Activation, EndedVisit, Run

WHOLE_EVERY = 32


class Whole(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of what the run's completed visits had come to."""

    variables: dict[str, Any] = {}
    outputs: dict[str, dict[str, Any]] = {}
    latest: dict[str, EndedVisit] = {}
    completed: list[str] = []


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the end of a visit made of a run beyond what the visit tells.

    `parent` is the snapshot it builds on, None meaning the visit's predecessor; `variables` are None where they are the
    parent's; `open` are the other visits that were open, and `arrivals` the steps it was about to come to.
    """

    arrivals: list[str] = []
    open: list[Activation] = []
    variables: dict[str, Any] | None = None
    parent: int | None = None
    whole: Whole | None = None


class Link(msgspec.Struct, frozen=True):
    """One link of the chain a snapshot is read from: a visit, what it gave, and its delta."""

    visit: EndedVisit
    output: dict[str, Any]
    delta: Delta

    @property
    def number(self) -> int:
        """The snapshot's number."""
        return number_of(self.visit)

    @property
    def parent(self) -> int:
        """The number of the snapshot it builds on; 0 is the start."""
        return self.visit.position if self.delta.parent is None else self.delta.parent


class Snapshot(msgspec.Struct, frozen=True):
    """A run as it was at an instant: what had been done by then, the visits that were open and the steps it was about
    to come to. `depth`: how many snapshots lie between it and the whole one it was read from."""

    number: int
    at: datetime
    variables: dict[str, Any]
    outputs: dict[str, dict[str, Any]]
    latest: dict[str, EndedVisit]
    completed: list[str]
    open: list[Activation]
    arrivals: list[str]
    depth: int


def number_of(visit: EndedVisit) -> int:
    """The number of the snapshot that this visit's end made."""
    return visit.position + 1


def delta_of(run: Run, visit: EndedVisit, *, arrivals: Sequence[str], variables_changed: bool) -> Delta:
    """What to keep of the run beside the visit that has just ended. It holds copies: the run goes on changing."""
    whole = None
    if run.chained + 1 >= WHOLE_EVERY:
        whole = Whole(dict(run.variables), dict(run.outputs), dict(run.latest), list(run.completed))
    return Delta(
        arrivals=list(arrivals),
        open=[activation.copy() for activation in run.open],
        variables=dict(run.variables) if variables_changed and whole is None else None,
        parent=run.snapshot if run.snapshot != visit.position else None,
        whole=whole,
    )


def start_of(run: Run, first_step: str) -> Snapshot:
    """Snapshot 0: the run as it began; one without steps has no first."""
    return Snapshot(
        number=0,
        at=run.started_at or run.created_at,
        variables=dict(run.input),
        outputs={},
        latest={},
        completed=[],
        open=[],
        arrivals=[first_step] if first_step else [],
        depth=0,
    )


def snapshot_from(chain: Sequence[Link], start: Snapshot) -> Snapshot:
    """The snapshot that the last link of a chain made. The chain begins with a whole one or with the first after the
    start, and each builds on the one before it."""
    variables, outputs = dict(start.variables), dict(start.outputs)
    latest, completed = dict(start.latest), list(start.completed)
    for link in chain:
        visit, delta = link.visit, link.delta
        if delta.whole is not None:
            variables, outputs = dict(delta.whole.variables), dict(delta.whole.outputs)
            latest, completed = dict(delta.whole.latest), list(delta.whole.completed)
            continue
        if delta.variables is not None:
            variables = dict(delta.variables)
        outputs[visit.step_id] = {**link.output, "outcome": visit.outcome}
        latest[visit.step_id] = visit
        completed = [step_id for step_id in completed if step_id != visit.step_id] + [visit.step_id]
    last = chain[-1]
    return Snapshot(
        number=last.number,
        at=last.visit.completed_at,
        variables=variables,
        outputs=outputs,
        latest=latest,
        completed=completed,
        open=[activation.copy() for activation in last.delta.open],
        arrivals=list(last.delta.arrivals),
        depth=len(chain) - (chain[0].delta.whole is not None),
    )
