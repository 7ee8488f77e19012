"""The audit: who has changed what about people, access and the desk's set-up.

Every administrative write calls `record` on its own transaction, so that there is no change without its row and no row
without its change. What runs and tickets went through is in their timelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wayline.core.facts import Actor
from wayline.store.database import new_id
from wayline.store.tables import audit, users

Row = dict[str, Any]


def record(
    connection: sa.Connection,
    *,
    tenant_id: str,
    at: datetime,
    actor: Actor,
    action: str,
    subject_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write that the actor has done `action` (`user.updated`: a subject, and what became of it).

    `detail` is JSON-able; of changed fields it holds `{field: [before, after]}`. Secrets never go in.
    """
    connection.execute(
        sa.insert(audit).values(
            id=new_id(),
            tenant_id=tenant_id,
            at=at,
            actor_id=actor.user_id,
            action=action,
            subject=action.partition(".")[0],
            subject_id=subject_id,
            detail=dict(detail or {}),
        )
    )


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`{field: [before, after]}` of the fields in `after` that differ."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def list_audit(
    connection: sa.Connection,
    *,
    tenant_id: str,
    action: str | None = None,
    subject: str | None = None,
    subject_id: str | None = None,
    actor_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    q: str | None = None,
    newest_first: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the tenant's audit, with the names of who acted, and how many rows there are in all."""
    conditions = [audit.c.tenant_id == tenant_id]
    for column, value in (
        (audit.c.action, action),
        (audit.c.subject, subject),
        (audit.c.subject_id, subject_id),
        (audit.c.actor_id, actor_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if since is not None:
        conditions.append(audit.c.at >= since)
    if until is not None:
        conditions.append(audit.c.at < until)
    if q:
        conditions.append(audit.c.action.contains(q.lower(), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(audit).where(*conditions)).scalar_one()
    order = (audit.c.at.desc(), audit.c.id.desc()) if newest_first else (audit.c.at, audit.c.id)
    query = (
        sa.select(audit, users.c.name.label("actor_name"))
        .outerjoin(users, sa.and_(users.c.id == audit.c.actor_id, users.c.tenant_id == audit.c.tenant_id))
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total
