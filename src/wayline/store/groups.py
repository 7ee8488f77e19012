"""Groups and who is in them. Whoever writes here calls `people.lock_directory` first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wayline.store.database import new_id
from wayline.store.tables import (
    group_members,
    groups,
    runs,
    template_versions,
    templates,
    tickets,
    users,
    work_offers,
)
from wayline.store.workload import OPEN_STATUSES

Row = dict[str, Any]
MAX_SLUG_CHARS = 60
_shown = (groups.c.id, groups.c.slug, groups.c.name, groups.c.description, groups.c.created_at)


def read_group(connection: sa.Connection, *, tenant_id: str, group_id: str) -> Row | None:
    """One group of the tenant."""
    query = sa.select(*_shown).where(groups.c.id == group_id, groups.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def list_groups(
    connection: sa.Connection,
    *,
    tenant_id: str,
    q: str | None = None,
    member_id: str | None = None,
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the tenant's groups by name, and how many there are in all."""
    conditions: list[sa.ColumnElement[bool]] = [groups.c.tenant_id == tenant_id]
    if q:
        conditions.append(sa.func.lower(groups.c.name).contains(q.lower(), autoescape=True))
    if member_id is not None:
        mine = sa.select(group_members.c.group_id).where(
            group_members.c.user_id == member_id, group_members.c.tenant_id == tenant_id
        )
        conditions.append(groups.c.id.in_(mine))
    total = connection.execute(sa.select(sa.func.count()).select_from(groups).where(*conditions)).scalar_one()
    order = (groups.c.name.desc(), groups.c.id.desc()) if descending else (groups.c.name, groups.c.id)
    query = sa.select(*_shown).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [dict(row._mapping) for row in connection.execute(query)], total


def members_of(connection: sa.Connection, *, tenant_id: str, group_ids: Collection[str]) -> dict[str, list[Row]]:
    """The members of these groups, in their order: {user_id, name, email, active, role_in_group} by group."""
    query = (
        sa.select(
            group_members.c.group_id,
            group_members.c.user_id,
            users.c.name,
            users.c.email,
            users.c.active,
            group_members.c.role_in_group,
        )
        .join(users, users.c.id == group_members.c.user_id)
        .where(group_members.c.group_id.in_(group_ids), group_members.c.tenant_id == tenant_id)
        .order_by(group_members.c.group_id, group_members.c.position, group_members.c.user_id)
    )
    found: dict[str, list[Row]] = {}
    for row in connection.execute(query):
        fields = dict(row._mapping)
        found.setdefault(fields.pop("group_id"), []).append(fields)
    return found


def slug_of(name: str) -> str:
    """A name as an address has it: lower case, letters and digits of ASCII, hyphens between."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_CHARS].strip("-") or "group"


def free_slug(connection: sa.Connection, *, tenant_id: str, name: str) -> str:
    """The name's slug, with a number behind it when another group has it."""
    base = slug_of(name)
    like = groups.c.slug.startswith(base, autoescape=True)
    query = sa.select(groups.c.slug).where(groups.c.tenant_id == tenant_id, like)
    taken = set(connection.execute(query).scalars())
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def is_name_taken(connection: sa.Connection, *, tenant_id: str, name: str, but: str | None = None) -> bool:
    """Whether another group (than `but`) is called so, case aside."""
    query = sa.select(groups.c.id, groups.c.name).where(groups.c.tenant_id == tenant_id)
    return any(row.name.lower() == name.lower() and row.id != but for row in connection.execute(query))


def add_group(
    connection: sa.Connection, *, tenant_id: str, slug: str, name: str, description: str | None, at: datetime
) -> Row:
    """A new group without members; answers the row."""
    row = {"id": new_id(), "slug": slug, "name": name, "description": description, "created_at": at}
    connection.execute(sa.insert(groups).values(**row, tenant_id=tenant_id))
    return row


def change_group(connection: sa.Connection, *, tenant_id: str, group_id: str, fields: Mapping[str, Any]) -> None:
    """Change some columns of a group."""
    named = (groups.c.id == group_id, groups.c.tenant_id == tenant_id)
    connection.execute(sa.update(groups).where(*named).values(**fields))


def remove_group(connection: sa.Connection, *, tenant_id: str, group_id: str) -> None:
    """Remove a group and who was in it."""
    for table, column in ((group_members, group_members.c.group_id), (groups, groups.c.id)):
        connection.execute(sa.delete(table).where(column == group_id, table.c.tenant_id == tenant_id))


def put_member(connection: sa.Connection, *, tenant_id: str, group_id: str, user_id: str, role_in_group: str) -> bool:
    """Make somebody a member or lead; whether they are new to the group. New ones come last in its order."""
    named = (group_members.c.group_id == group_id, group_members.c.user_id == user_id)
    changed = connection.execute(
        sa.update(group_members)
        .where(*named, group_members.c.tenant_id == tenant_id)
        .values(role_in_group=role_in_group)
    )
    if changed.rowcount:
        return False
    last = sa.select(sa.func.max(group_members.c.position)).where(group_members.c.group_id == group_id)
    position = connection.execute(last).scalar_one()
    connection.execute(
        sa.insert(group_members).values(
            group_id=group_id,
            user_id=user_id,
            tenant_id=tenant_id,
            role_in_group=role_in_group,
            position=0 if position is None else position + 1,
        )
    )
    return True


def remove_member(connection: sa.Connection, *, tenant_id: str, group_id: str, user_id: str) -> bool:
    """Take somebody out of a group; False when they were not in it."""
    gone = connection.execute(
        sa.delete(group_members).where(
            group_members.c.group_id == group_id,
            group_members.c.user_id == user_id,
            group_members.c.tenant_id == tenant_id,
        )
    )
    return bool(gone.rowcount)


def open_work_of_group(connection: sa.Connection, *, tenant_id: str, group_id: str) -> tuple[int, int]:
    """How many work items are offered to the group, and how many open tickets are its own."""
    items = sa.select(sa.func.count()).where(
        work_offers.c.audience_id == group_id, work_offers.c.tenant_id == tenant_id
    )
    held = sa.select(sa.func.count()).where(
        tickets.c.group_id == group_id, tickets.c.tenant_id == tenant_id, tickets.c.status.in_(OPEN_STATUSES)
    )
    return connection.execute(items).scalar_one(), connection.execute(held).scalar_one()


def definitions_in_use(connection: sa.Connection, *, tenant_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(template name, definition) of every published version, and of every version a live run walks."""
    published = sa.select(templates.c.id, templates.c.version).where(
        templates.c.tenant_id == tenant_id, templates.c.status == "published"
    )
    walked = (
        sa.select(runs.c.template_id, runs.c.template_version)
        .where(runs.c.tenant_id == tenant_id, runs.c.completed_at.is_(None))
        .distinct()
    )
    query = (
        sa.select(templates.c.name, template_versions.c.definition)
        .join(templates, templates.c.id == template_versions.c.template_id)
        .where(
            template_versions.c.tenant_id == tenant_id,
            sa.tuple_(template_versions.c.template_id, template_versions.c.version).in_(published.union(walked)),
        )
        .order_by(templates.c.name, template_versions.c.version)
    )
    for row in connection.execute(query):
        yield row.name, row.definition
