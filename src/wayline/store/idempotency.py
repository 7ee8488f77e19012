"""Idempotency keys that have grown old. Writing and reading them is the door's."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wayline.store.tables import idempotency


def has_older(connection: sa.Connection, before: datetime) -> bool:
    """Whether `prune` has anything to do."""
    query = sa.select(sa.literal(1)).select_from(idempotency).where(idempotency.c.created_at < before).limit(1)
    return connection.execute(query).first() is not None


def prune(connection: sa.Connection, before: datetime, *, limit: int) -> int:
    """Forget up to `limit` keys from before that instant, oldest first; answers how many."""
    oldest = (
        sa.select(idempotency.c.tenant_id, idempotency.c.key)
        .where(idempotency.c.created_at < before)
        .order_by(idempotency.c.created_at)
        .limit(limit)
    )
    named = sa.tuple_(idempotency.c.tenant_id, idempotency.c.key).in_(oldest)
    return connection.execute(sa.delete(idempotency).where(named)).rowcount
