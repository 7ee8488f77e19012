"""Webhooks: who is told of what, where, and whether that still works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import webhooks

ACTIVE, DISABLED, DELETED = "active", "disabled", "deleted"


class StoredWebhook(msgspec.Struct, frozen=True):
    """A webhook as read, without its secret. `failing_since` None: the last attempt succeeded, or there was none."""

    id: str
    tenant_id: str
    name: str
    url: str
    events: list[str]
    status: str
    disabled_reason: str | None
    failing_since: datetime | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


_columns = [webhooks.c[name] for name in StoredWebhook.__struct_fields__]
_kept = webhooks.c.status != DELETED


def subscriptions(connection: sa.Connection, tenant_id: str) -> list[tuple[str, list[str]]]:
    """(id, what it asked for) of the tenant's active webhooks, the oldest first."""
    query = (
        sa.select(webhooks.c.id, webhooks.c.events)
        .where(webhooks.c.tenant_id == tenant_id, webhooks.c.status == ACTIVE)
        .order_by(webhooks.c.created_at, webhooks.c.id)
    )
    return [(row.id, row.events) for row in connection.execute(query)]


def list_webhooks(
    connection: sa.Connection, *, tenant_id: str, limit: int, offset: int
) -> tuple[list[StoredWebhook], int]:
    """A page of the tenant's webhooks, the newest first, and how many there are in all."""
    conditions = (webhooks.c.tenant_id == tenant_id, _kept)
    query = sa.select(*_columns).where(*conditions).order_by(webhooks.c.created_at.desc(), webhooks.c.id.desc())
    found = [StoredWebhook(*row) for row in connection.execute(query.limit(limit).offset(offset))]
    return found, count_webhooks(connection, tenant_id=tenant_id)


def count_webhooks(connection: sa.Connection, *, tenant_id: str) -> int:
    """How many the tenant has."""
    query = sa.select(sa.func.count()).where(webhooks.c.tenant_id == tenant_id, _kept)
    return connection.execute(query).scalar_one()


def read_webhook(
    connection: sa.Connection, *, tenant_id: str, webhook_id: str, lock: bool = False
) -> StoredWebhook | None:
    """One of the tenant's; `lock` keeps other transactions off it (PostgreSQL)."""
    query = sa.select(*_columns).where(webhooks.c.id == webhook_id, webhooks.c.tenant_id == tenant_id, _kept)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredWebhook(*row)


def sealed_secret(connection: sa.Connection, *, tenant_id: str, webhook_id: str) -> bytes:
    """The secret as it is stored."""
    query = sa.select(webhooks.c.secret).where(webhooks.c.id == webhook_id, webhooks.c.tenant_id == tenant_id)
    return bytes(connection.execute(query).scalar_one())


def add_webhook(connection: sa.Connection, *, tenant_id: str, webhook_id: str, fields: Mapping[str, Any]) -> None:
    """A new, active webhook of {name, url, events, secret, created_by, created_at, updated_at}."""
    values = {**fields, "id": webhook_id, "tenant_id": tenant_id, "status": ACTIVE}
    connection.execute(sa.insert(webhooks).values(values))


def change_webhook(connection: sa.Connection, *, tenant_id: str, webhook_id: str, fields: Mapping[str, Any]) -> None:
    """Change some columns of a webhook."""
    named = (webhooks.c.id == webhook_id, webhooks.c.tenant_id == tenant_id)
    connection.execute(sa.update(webhooks).where(*named).values(**fields))


def note_success(connection: sa.Connection, *, tenant_id: str, webhook_id: str) -> None:
    """An attempt has succeeded; nothing is written when the one before had too."""
    named = (webhooks.c.id == webhook_id, webhooks.c.tenant_id == tenant_id)
    connection.execute(
        sa.update(webhooks).where(*named, webhooks.c.failing_since.is_not(None)).values(failing_since=None)
    )


def note_failure(connection: sa.Connection, *, tenant_id: str, webhook_id: str, at: datetime) -> None:
    """An attempt has failed."""
    named = (webhooks.c.id == webhook_id, webhooks.c.tenant_id == tenant_id)
    connection.execute(sa.update(webhooks).where(*named, webhooks.c.failing_since.is_(None)).values(failing_since=at))


def of_any_tenant(connection: sa.Connection, *, after_id: str | None, limit: int) -> Sequence[tuple[str, str]]:
    """(id, status) of webhooks, deleted ones too, in id order, for upkeep alone; `after_id` None begins."""
    query = sa.select(webhooks.c.id, webhooks.c.status).order_by(webhooks.c.id).limit(limit)
    if after_id is not None:
        query = query.where(webhooks.c.id > after_id)
    return [(row.id, row.status) for row in connection.execute(query)]


def forget(connection: sa.Connection, webhook_id: str) -> None:
    """Remove a deleted webhook, once it has no deliveries."""
    connection.execute(sa.delete(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.status == DELETED))
