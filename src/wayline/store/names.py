"""What people and groups are called."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from wayline.store.tables import groups, users


def names_of(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_ids: Iterable[str | None] = (),
    group_ids: Iterable[str | None] = (),
) -> dict[str, str]:
    """Names of these people and groups of the tenant, by id; None among the ids is passed over."""
    found: dict[str, str] = {}
    for table, wanted in ((users, user_ids), (groups, group_ids)):
        ids = {i for i in wanted if i is not None}
        if ids:
            query = sa.select(table.c.id, table.c.name).where(table.c.id.in_(ids), table.c.tenant_id == tenant_id)
            found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def people_called(connection: sa.Connection, *, tenant_id: str, emails: Iterable[str]) -> dict[str, str]:
    """Ids of the tenant's people with these e-mail addresses, by address in lower case."""
    email = sa.func.lower(users.c.email)
    wanted = {e.lower() for e in emails}
    query = sa.select(email, users.c.id).where(users.c.tenant_id == tenant_id, email.in_(wanted))
    return {row[0]: row[1] for row in connection.execute(query)}


def groups_called(connection: sa.Connection, *, tenant_id: str, slugs: Iterable[str]) -> dict[str, str]:
    """Ids of the tenant's groups with these slugs."""
    query = sa.select(groups.c.slug, groups.c.id).where(groups.c.tenant_id == tenant_id, groups.c.slug.in_(set(slugs)))
    return {row[0]: row[1] for row in connection.execute(query)}
