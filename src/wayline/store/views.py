"""Views: filters people have saved for a screen, for themselves or for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wayline.store.database import new_id
from wayline.store.tables import users, views

Row = dict[str, Any]
_shown = (
    views.c.id,
    views.c.user_id,
    views.c.name,
    views.c.screen,
    views.c.shared,
    views.c.filters,
    views.c.created_at,
    users.c.name.label("user_name"),
)


def _visible(tenant_id: str, user_id: str) -> list[sa.ColumnElement[bool]]:
    return [views.c.tenant_id == tenant_id, sa.or_(views.c.user_id == user_id, views.c.shared)]


def list_views(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_id: str,
    screen: str | None,
    q: str | None = None,
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the person's own and the shared views by name, and how many there are in all."""
    conditions = _visible(tenant_id, user_id)
    if screen is not None:
        conditions.append(views.c.screen == screen)
    if q:
        conditions.append(sa.func.lower(views.c.name).contains(q.lower(), autoescape=True))
    by = (views.c.name, views.c.id)
    total = connection.execute(sa.select(sa.func.count()).select_from(views).where(*conditions)).scalar_one()
    query = (
        sa.select(*_shown)
        .outerjoin(users, users.c.id == views.c.user_id)
        .where(*conditions)
        .order_by(*(column.desc() if descending else column for column in by))
        .limit(limit)
        .offset(offset)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total


def read_view(connection: sa.Connection, *, tenant_id: str, user_id: str, view_id: str) -> Row | None:
    """A view the person may see."""
    query = (
        sa.select(*_shown)
        .outerjoin(users, users.c.id == views.c.user_id)
        .where(views.c.id == view_id, *_visible(tenant_id, user_id))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def count_views(connection: sa.Connection, *, tenant_id: str, user_id: str) -> int:
    """How many views a person has."""
    query = sa.select(sa.func.count()).where(views.c.tenant_id == tenant_id, views.c.user_id == user_id)
    return connection.execute(query).scalar_one()


def add_view(
    connection: sa.Connection, *, tenant_id: str, user_id: str, fields: Mapping[str, Any], at: datetime
) -> str:
    """A new view of {name, screen, shared, filters}; answers its id."""
    view_id = new_id()
    values = {**fields, "id": view_id, "tenant_id": tenant_id, "user_id": user_id, "created_at": at}
    connection.execute(sa.insert(views).values(values))
    return view_id


def change_view(connection: sa.Connection, *, tenant_id: str, view_id: str, fields: Mapping[str, Any]) -> None:
    """Change some columns of a view."""
    named = (views.c.id == view_id, views.c.tenant_id == tenant_id)
    connection.execute(sa.update(views).where(*named).values(**fields))


def remove_view(connection: sa.Connection, *, tenant_id: str, view_id: str) -> None:
    """Remove a view."""
    connection.execute(sa.delete(views).where(views.c.id == view_id, views.c.tenant_id == tenant_id))
