"""Snapshots of runs, read from the visits that made them: see `core.snapshot`.

Each is found by its visit's key, and so is the one it builds on, so that reading one costs the same however long a run
has been going round.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.run import Run
from wayline.core.snapshot import Delta, Link, Snapshot, snapshot_from, start_of
from wayline.store.runs import StoredVisit, visit_of
from wayline.store.tables import activations

MAX_LATER = 1000
_decoder = msgspec.msgpack.Decoder(Delta)
_by_position = sa.select(activations).where(
    activations.c.run_id == sa.bindparam("run_id"),
    activations.c.position == sa.bindparam("position"),
    activations.c.tenant_id == sa.bindparam("tenant_id"),
    activations.c.snapshot.is_not(None),
)


class SnapshotHead(msgspec.Struct, frozen=True):
    """A snapshot as lists show it: its number, the step whose end made it, and when that was."""

    number: int
    step_id: str
    outcome: str | None
    at: datetime
    by: str | None


def read_snapshot(connection: sa.Connection, run: Run, number: int, *, first_step: str) -> Snapshot | None:
    """The run's snapshot of that number, 0 being its start at `first_step`; None when there is none."""
    start = start_of(run, first_step)
    if number == 0:
        return start
    chain: list[Link] = []
    while number != 0:
        link = _link(connection, run, number)
        if link is None:
            return None
        chain.append(link)
        number = 0 if link.delta.whole is not None else link.parent
    return snapshot_from(chain[::-1], start)


def _link(connection: sa.Connection, run: Run, number: int) -> Link | None:
    if not 0 < number <= run.visits:
        return None
    key = {"run_id": run.id, "position": number - 1, "tenant_id": run.tenant_id}
    row = connection.execute(_by_position, key).one_or_none()
    return None if row is None else _link_of(row)


def _link_of(row: Any) -> Link:
    stored = visit_of(row)
    return Link(visit=stored.visit, output=stored.output, delta=_decoder.decode(row.snapshot))


def list_snapshots(
    connection: sa.Connection, *, tenant_id: str, run_id: str, limit: int, offset: int = 0
) -> tuple[list[SnapshotHead], int]:
    """A page of the run's snapshots in the order its steps were reached, and how many there are; the start is not
    among them."""
    conditions = (
        activations.c.run_id == run_id,
        activations.c.tenant_id == tenant_id,
        activations.c.snapshot.is_not(None),
    )
    total = connection.execute(sa.select(sa.func.count()).select_from(activations).where(*conditions)).scalar_one()
    query = (
        sa.select(
            activations.c.position,
            activations.c.step_id,
            activations.c.outcome,
            activations.c.completed_at,
            activations.c.completed_by,
        )
        .where(*conditions)
        .order_by(activations.c.position)
        .limit(limit)
        .offset(offset)
    )
    heads = [SnapshotHead(row[0] + 1, row[1], row[2], row[3], row[4]) for row in connection.execute(query)]
    return heads, total


def visits_after(connection: sa.Connection, run: Run, snapshot: Snapshot) -> Sequence[StoredVisit]:
    """What has ended since the snapshot, withdrawn visits among it, MAX_LATER visits at most, the latest first."""
    query = (
        sa.select(activations)
        .where(
            activations.c.run_id == run.id,
            activations.c.tenant_id == run.tenant_id,
            activations.c.completed_at >= snapshot.at,
        )
        .order_by(activations.c.position.desc())
        .limit(MAX_LATER)
    )
    found = [visit_of(row) for row in connection.execute(query)]
    before = _ended_with(connection, run, snapshot)
    return [one for one in found if one.visit.position + 1 not in before]


def _ended_with(connection: sa.Connection, run: Run, snapshot: Snapshot) -> set[int]:
    """The snapshot and those it builds on that were made at the same instant: they are no later than it."""
    numbers: set[int] = set()
    number = snapshot.number
    while number != 0:
        link = _link(connection, run, number)
        if link is None or link.visit.completed_at < snapshot.at:
            break
        numbers.add(number)
        number = link.parent
    return numbers
