"""What the demo asks of the store beyond what everybody does: a tenant of a known id, and to forget all of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wayline.store.queues import found_queues
from wayline.store.tables import metadata, tenants, tokens


def has_tenant(connection: sa.Connection, tenant_id: str) -> bool:
    """Whether there is a tenant of this id."""
    return connection.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant_id)).first() is not None


def add_tenant(connection: sa.Connection, *, tenant_id: str, name: str, plan: str, at: datetime) -> None:
    """A new tenant of this id, without anybody in it."""
    connection.execute(sa.insert(tenants).values(id=tenant_id, name=name, plan=plan, created_at=at))
    found_queues(connection, tenant_id)


def owner_of_token(connection: sa.Connection, *, tenant_id: str, secret_hash: str, at: datetime) -> str | None:
    """Whose token this is, as long as it opens anything; None when it opens nothing."""
    query = sa.select(tokens.c.user_id).where(
        tokens.c.secret_hash == secret_hash,
        tokens.c.tenant_id == tenant_id,
        tokens.c.kind == "api",
        tokens.c.revoked_at.is_(None),
        sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > at),
    )
    return connection.execute(query).scalar_one_or_none()


def empty_tenant(connection: sa.Connection, tenant_id: str) -> None:
    """Delete everything the tenant has but the queues that every desk has. Its own row stays, with the version that
    others' caches are told apart by."""
    for table in reversed(metadata.sorted_tables):
        if "tenant_id" in table.columns:
            connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id))
    found_queues(connection, tenant_id)
