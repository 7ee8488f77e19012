"""Timers: rows that wait for their instant, the claims of whoever fires them, and what becomes of one that cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

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
_soonest = sa.select(timers.c.due_at).where(timers.c.claim_token.is_(None)).order_by(timers.c.due_at).limit(1)
# On PostgreSQL a common table expression with a lock in it runs once; a plain subquery may run once a row and then
# claims more than its limit. SQLite has one writer and leaves the lock out.
_due = (
    sa.select(timers.c.id)
    .where(timers.c.due_at <= sa.bindparam("at", type_=timers.c.due_at.type), timers.c.claim_token.is_(None))
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


def soonest(connection: sa.Connection) -> datetime | None:
    """When the next timer that nobody has claimed is due; None when there is none."""
    return connection.execute(_soonest).scalar_one_or_none()


def claim(
    connection: sa.Connection, *, token: str, at: datetime, lease_until: datetime, limit: int
) -> list[ClaimedTimer]:
    """Take up to `limit` due timers until `lease_until`, the longest due first."""
    rows = connection.execute(_claim, {"at": at, "limit": limit, "token": token, "until": lease_until})
    found = [ClaimedTimer(**row._mapping) for row in rows]
    return sorted(found, key=lambda timer: (timer.due_at, timer.id))


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


def free_lapsed(connection: sa.Connection, at: datetime) -> int:
    """Free the timers whose claimant let the lease pass, having died; answers how many there were."""
    # Only due timers are ever claimed, so the index on due_at finds them without one on leases.
    statement = (
        sa.update(timers)
        .where(timers.c.due_at <= at, timers.c.lease_until <= at)
        .values(claim_token=None, lease_until=None)
    )
    return connection.execute(statement).rowcount


def lapsed(connection: sa.Connection, at: datetime) -> bool:
    """Whether there is anything for `free_lapsed` to do."""
    query = sa.select(sa.literal(1)).where(timers.c.due_at <= at, timers.c.lease_until <= at).limit(1)
    found: Any = connection.execute(query).scalar_one_or_none()
    return found is not None
