"""Uploaded files: who gave which content which name. The contents are elsewhere, see `file_contents.py`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from wayline.store.tables import files, tickets, users

SHOWN = ("id", "name", "media_type", "size_bytes", "sha256", "ticket_id", "uploaded_by", "created_at")


def add_file(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Keep a file that belongs to no ticket: the columns of SHOWN and `tenant_id`."""
    connection.execute(sa.insert(files).values(row))


def list_files(
    connection: sa.Connection, *, tenant_id: str, ticket_id: str, newest_first: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of a ticket's files (SHOWN, and `uploaded_by_name`), and how many there are in all."""
    conditions = (files.c.ticket_id == ticket_id, files.c.tenant_id == tenant_id)
    order = (files.c.created_at, files.c.id)
    query = (
        sa.select(*(files.c[name] for name in SHOWN), users.c.name.label("uploaded_by_name"))
        .outerjoin(users, sa.and_(users.c.id == files.c.uploaded_by, users.c.tenant_id == files.c.tenant_id))
        .where(*conditions)
        .order_by(*([column.desc() for column in order] if newest_first else order))
        .limit(limit)
        .offset(offset)
    )
    found = [dict(row._mapping) for row in connection.execute(query)]
    total = connection.execute(sa.select(sa.func.count()).select_from(files).where(*conditions)).scalar_one()
    return found, total


def find_file(connection: sa.Connection, *, tenant_id: str, file_id: str) -> dict[str, Any] | None:
    """One file of the tenant (SHOWN), with its ticket's `requester_id`."""
    query = (
        sa.select(*(files.c[name] for name in SHOWN), tickets.c.requester_id)
        .outerjoin(tickets, sa.and_(tickets.c.id == files.c.ticket_id, tickets.c.tenant_id == files.c.tenant_id))
        .where(files.c.id == file_id, files.c.tenant_id == tenant_id)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)
