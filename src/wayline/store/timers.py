"""Timers: rows that wait for their instant, the claims of whoever fires them, and what becomes of one that cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.task_queues import TASK_QUEUES, due_first
from wayline.store.tables import timers

HELD = "held"
FAR = datetime(9999, 1, 1, tzinfo=UTC)


class ClaimedTimer(msgspec.Struct, frozen=True):
    """A timer that is due and ours to fire. `attempts` counts the times that firing it has broken."""

    id: str
    tenant_id: str
    run_id: str
    activation_id: str
    kind: str
    due_at: datetime
    attempts: int


_COLUMNS = [timers.c[name] for name in ClaimedTimer.__struct_fields__]
# On PostgreSQL a common table expression with a lock in it runs once; a plain subquery may run once a row and then
# claims more than its limit. SQLite has one writer and leaves the lock out.
_due = (
    sa.select(timers.c.id)
    .where(
        timers.c.task_queue == sa.bindparam("b_task_queue"),
        timers.c.due_at <= sa.bindparam("at", type_=timers.c.due_at.type),
        timers.c.claim_token.is_(None),
    )
    .order_by(timers.c.due_at)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_claim = (
    sa.update(timers)
    .where(timers.c.id.in_(sa.select(_due.c.id)))
    .values(claim_token=sa.bindparam("token"), lease_until=sa.bindparam("until", type_=timers.c.lease_until.type))
    .returning(*_COLUMNS)
)
_later = (
    sa.update(timers)
    .where(timers.c.id == sa.bindparam("b_id"), timers.c.claim_token == sa.bindparam("b_token"))
    .values(
        claim_token=None,
        lease_until=None,
        due_at=sa.bindparam("v_due_at"),
        attempts=sa.bindparam("v_attempts"),
    )
)
_hold = (
    sa.update(timers)
    .where(timers.c.id == sa.bindparam("b_id"), timers.c.claim_token == sa.bindparam("b_token"))
    .values(claim_token=HELD, lease_until=FAR, attempts=sa.bindparam("v_attempts"))
)


def soonest(connection: sa.Connection, task_queues: Sequence[str] = TASK_QUEUES) -> dict[str, datetime]:
    """When the next timer of each task queue that nobody has claimed is due; queues without one are left out."""
    rows = connection.execute(_heads(tuple(task_queues)))
    return {row.task_queue: row.due for row in rows if row.due is not None}


@lru_cache(maxsize=256)
def _heads(task_queues: tuple[str, ...]) -> sa.CompoundSelect[Any]:
    """One look into the index a queue."""
    of_each = [
        sa.select(
            sa.literal(name, sa.Text).label("task_queue"),
            sa.select(sa.func.min(timers.c.due_at))
            .where(timers.c.task_queue == name, timers.c.claim_token.is_(None))
            .scalar_subquery()
            .label("due"),
        )
        for name in task_queues
    ]
    return sa.union_all(*of_each)


def claim(
    connection: sa.Connection,
    *,
    task_queues: Sequence[str] = TASK_QUEUES,
    token: str,
    at: datetime,
    lease_until: datetime,
    limit: int,
) -> list[ClaimedTimer]:
    """Take up to `limit` due timers until `lease_until`: those of high priority first, then those of the queue whose
    oldest has waited longest."""
    found: list[ClaimedTimer] = []
    for name in due_first(soonest(connection, task_queues), at):
        by = {"b_task_queue": name, "at": at, "limit": limit - len(found), "token": token, "until": lease_until}
        taken = [ClaimedTimer(**row._mapping) for row in connection.execute(_claim, by)]
        found += sorted(taken, key=lambda timer: (timer.due_at, timer.id))
        if len(found) >= limit:
            break
    return found


def try_later(connection: sa.Connection, token: str, timers_later: Iterable[tuple[str, datetime, int]]) -> None:
    """Give claimed timers back, to be fired at another instant: (id, due_at, attempts)."""
    rows = [{"b_id": i, "b_token": token, "v_due_at": due_at, "v_attempts": n} for i, due_at, n in timers_later]
    if rows:
        connection.execute(_later, rows)


def hold(connection: sa.Connection, token: str, attempts_of: Mapping[str, int]) -> None:
    """Keep claimed timers from everybody until a person resumes them."""
    rows = [{"b_id": i, "b_token": token, "v_attempts": n} for i, n in attempts_of.items()]
    if rows:
        connection.execute(_hold, rows)


def resume(connection: sa.Connection, *, tenant_id: str, run_id: str, at: datetime) -> int:
    """Let the held timers of a run fire now; answers how many there were."""
    statement = (
        sa.update(timers)
        .where(timers.c.tenant_id == tenant_id, timers.c.run_id == run_id, timers.c.claim_token == HELD)
        .values(claim_token=None, lease_until=None, attempts=0, due_at=at)
    )
    return connection.execute(statement).rowcount


def free_lapsed(connection: sa.Connection, at: datetime, task_queues: Sequence[str] = TASK_QUEUES) -> int:
    """Free the timers whose claimant let the lease pass, having died; answers how many there were."""
    statement = sa.update(timers).where(*_lapsed(at, task_queues)).values(claim_token=None, lease_until=None)
    return connection.execute(statement).rowcount


def lapsed(connection: sa.Connection, at: datetime, task_queues: Sequence[str] = TASK_QUEUES) -> bool:
    """Whether there is anything for `free_lapsed` to do."""
    return connection.execute(sa.select(sa.literal(1)).where(*_lapsed(at, task_queues)).limit(1)).first() is not None


def _lapsed(at: datetime, task_queues: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    # Only due timers are ever claimed, so the index on queue and due_at finds them without one on leases.
    return timers.c.task_queue.in_(task_queues), timers.c.due_at <= at, timers.c.lease_until <= at
