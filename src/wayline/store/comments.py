"""What was said on tickets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from wayline.store.tables import comments, users

SHOWN = ("id", "ticket_id", "author_id", "visibility", "text", "created_at")


def list_comments(
    connection: sa.Connection,
    *,
    tenant_id: str,
    ticket_id: str,
    public_only: bool,
    newest_first: bool,
    limit: int,
    offset: int,
) -> tuple[list[dict[str, Any]], int]:
    """A page of a ticket's comments (SHOWN, and `author_name`), and how many there are in all. Walks the index of the
    ticket, so its cost is the ticket's own."""
    conditions = [comments.c.ticket_id == ticket_id, comments.c.tenant_id == tenant_id]
    if public_only:
        conditions.append(comments.c.visibility == "public")
    order = (comments.c.created_at, comments.c.id)
    query = (
        sa.select(*(comments.c[name] for name in SHOWN), users.c.name.label("author_name"))
        .outerjoin(users, sa.and_(users.c.id == comments.c.author_id, users.c.tenant_id == comments.c.tenant_id))
        .where(*conditions)
        .order_by(*([column.desc() for column in order] if newest_first else order))
        .limit(limit)
        .offset(offset)
    )
    found = [dict(row._mapping) for row in connection.execute(query)]
    total = connection.execute(sa.select(sa.func.count()).select_from(comments).where(*conditions)).scalar_one()
    return found, total
