"""People: their accounts, and when they are away.

Whoever writes here calls `lock_directory` first: what it then reads (addresses taken, who manages whom, how many
admins are left) stays true until the commit, in whichever process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wayline.core.facts import Absence
from wayline.core.refusals import Issue, Refusal
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.tables import absences, group_members, groups, tenants, users

Row = dict[str, Any]
SHOWN = ("id", "email", "name", "role", "manager_id", "labels", "active", "timezone", "locale", "created_at")
SORTS = ("name", "email", "role", "created_at")
MAX_MANAGERS_ABOVE = 1_000
_shown = [users.c[name] for name in SHOWN]


def lock_directory(connection: sa.Connection, tenant_id: str) -> None:
    """Keep other writers of this tenant's people away until the commit, and have everybody read them again."""
    touch(connection, tenant_id)


# -- reading ---------------------------------------------------------------------------------------


def read_user(connection: sa.Connection, *, tenant_id: str, user_id: str) -> Row | None:
    """One person of the tenant, active or not."""
    query = sa.select(*_shown).where(users.c.id == user_id, users.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def user_with_email(connection: sa.Connection, *, tenant_id: str, email: str) -> Row | None:
    """The tenant's person with this address (in lower case), active or not."""
    query = sa.select(*_shown).where(users.c.email == email, users.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else dict(row._mapping)


def list_users(
    connection: sa.Connection,
    *,
    tenant_id: str,
    q: str | None = None,
    in_names_only: bool = False,
    active: bool | None = None,
    role: str | None = None,
    group_id: str | None = None,
    manager_id: str | None = None,
    sort: str = "name",
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the tenant's people and how many there are in all; `q` is a part of a name or address."""
    conditions: list[sa.ColumnElement[bool]] = [users.c.tenant_id == tenant_id]
    for column, value in ((users.c.active, active), (users.c.role, role), (users.c.manager_id, manager_id)):
        if value is not None:
            conditions.append(column == value)
    if group_id is not None:
        members = sa.select(group_members.c.user_id).where(
            group_members.c.group_id == group_id, group_members.c.tenant_id == tenant_id
        )
        conditions.append(users.c.id.in_(members))
    if q:
        columns = (users.c.name,) if in_names_only else (users.c.name, users.c.email)
        conditions.append(sa.or_(*(sa.func.lower(c).contains(q.lower(), autoescape=True) for c in columns)))
    total = connection.execute(sa.select(sa.func.count()).select_from(users).where(*conditions)).scalar_one()
    by = users.c[sort]
    order = (by.desc(), users.c.id.desc()) if descending else (by, users.c.id)
    query = sa.select(*_shown).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [dict(row._mapping) for row in connection.execute(query)], total


def memberships(connection: sa.Connection, *, tenant_id: str, user_ids: Collection[str]) -> dict[str, list[Row]]:
    """The groups of these people: {id, slug, name, role_in_group} by person, in the groups' order of names."""
    query = (
        sa.select(group_members.c.user_id, groups.c.id, groups.c.slug, groups.c.name, group_members.c.role_in_group)
        .join(groups, groups.c.id == group_members.c.group_id)
        .where(group_members.c.user_id.in_(user_ids), group_members.c.tenant_id == tenant_id)
        .order_by(groups.c.name, groups.c.id)
    )
    found: dict[str, list[Row]] = {}
    for row in connection.execute(query):
        fields = dict(row._mapping)
        found.setdefault(fields.pop("user_id"), []).append(fields)
    return found


# -- writing ---------------------------------------------------------------------------------------


def problems_of(
    connection: sa.Connection, *, tenant_id: str, user_id: str | None, fields: Mapping[str, Any]
) -> list[Issue]:
    """What is wrong with well-formed fields beside the people there are; `user_id` None is somebody new."""
    manager_id = fields.get("manager_id")
    if manager_id is None:
        return []
    manager = read_user(connection, tenant_id=tenant_id, user_id=manager_id)
    if manager is None or not manager["active"]:
        return [Issue("manager_id", "There is no such person.", "unknown_user")]
    if user_id is not None and user_id in _up_from(connection, tenant_id, manager_id):
        return [Issue("manager_id", "Nobody can be above themselves.", "manager_cycle")]
    return []


def _up_from(connection: sa.Connection, tenant_id: str, user_id: str) -> list[str]:
    """The person and everybody above them."""
    above = [user_id]
    for _ in range(MAX_MANAGERS_ABOVE):
        row = read_user(connection, tenant_id=tenant_id, user_id=above[-1])
        if row is None or row["manager_id"] is None or row["manager_id"] in above:
            break
        above.append(row["manager_id"])
    return above


def refuse_taken_email(connection: sa.Connection, *, tenant_id: str, user_id: str | None, email: str) -> None:
    """Refuse (409) an address that another person of the tenant has."""
    other = user_with_email(connection, tenant_id=tenant_id, email=email)
    if other is not None and other["id"] != user_id:
        issue = Issue("email", "Somebody has that address already.", "duplicate")
        raise Refusal("conflict", issue.message, code="duplicate_email", issues=[issue])


def refuse_last_admin(connection: sa.Connection, *, tenant_id: str, user_id: str) -> None:
    """Refuse (409) what would leave the tenant without an active admin other than this person."""
    query = sa.select(sa.func.count()).where(
        users.c.tenant_id == tenant_id, users.c.role == "admin", users.c.active, users.c.id != user_id
    )
    if not connection.execute(query).scalar_one():
        raise Refusal("conflict", "The last active admin stays one.", code="last_admin")


def add_user(
    connection: sa.Connection,
    *,
    tenant_id: str,
    fields: Mapping[str, Any],
    password_hash: str | None,
    at: datetime,
    user_id: str | None = None,
) -> Row:
    """A new person with all the fields of a person; answers the row. `user_id` None gives them an id of their own."""
    row = {**fields, "id": user_id or new_id(), "created_at": at}
    values = {**row, "tenant_id": tenant_id, "password_hash": password_hash}
    connection.execute(sa.insert(users).values(values))
    return {name: row[name] for name in SHOWN}


def change_user(connection: sa.Connection, *, tenant_id: str, user_id: str, fields: Mapping[str, Any]) -> None:
    """Change some columns of a person."""
    connection.execute(
        sa.update(users)
        .where(users.c.id == user_id, users.c.tenant_id == tenant_id)
        .values(**fields, version=users.c.version + 1)
    )


def password_hash_of(connection: sa.Connection, *, tenant_id: str, user_id: str) -> str | None:
    """What is kept of the person's password; None when they have none."""
    query = sa.select(users.c.password_hash).where(users.c.id == user_id, users.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one_or_none()


def accounts_of(connection: sa.Connection, *, email: str, tenant: str | None) -> list[Row]:
    """The active accounts with this address in every tenant, or in the one with this name or id."""
    query = (
        sa.select(*_shown, users.c.tenant_id, users.c.password_hash, tenants.c.name.label("tenant_name"))
        .join(tenants, tenants.c.id == users.c.tenant_id)
        .where(users.c.email == email, users.c.active)
        .order_by(tenants.c.name)
    )
    found = [dict(row._mapping) for row in connection.execute(query)]
    return [a for a in found if tenant is None or tenant.lower() in (a["tenant_name"].lower(), a["tenant_id"])]


# -- absences --------------------------------------------------------------------------------------


def list_absences(
    connection: sa.Connection,
    *,
    tenant_id: str,
    user_id: str,
    ending_after: datetime | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[Row], int]:
    """A page of a person's absences, the latest first, and how many there are."""
    conditions = [absences.c.user_id == user_id, absences.c.tenant_id == tenant_id]
    if ending_after is not None:
        conditions.append(absences.c.end_at > ending_after)
    total = connection.execute(sa.select(sa.func.count()).select_from(absences).where(*conditions)).scalar_one()
    order = (absences.c.start_at.desc(), absences.c.id.desc())
    query = sa.select(absences).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [dict(row._mapping) for row in connection.execute(query)], total


def absences_between(connection: sa.Connection, *, tenant_id: str, start: datetime, end: datetime) -> list[Absence]:
    """Everybody's absences that touch a period."""
    query = sa.select(absences).where(
        absences.c.tenant_id == tenant_id, absences.c.end_at > start, absences.c.start_at < end
    )
    return [
        Absence(user_id=row.user_id, start=row.start_at, end=row.end_at, substitute_id=row.substitute_id)
        for row in connection.execute(query)
    ]


def substitute_of(connection: sa.Connection, *, tenant_id: str, user_id: str, at: datetime) -> str | None:
    """Who stands in for the person at this instant, themselves still active; None for nobody."""
    query = (
        sa.select(users.c.id)
        .join(absences, absences.c.substitute_id == users.c.id)
        .where(
            absences.c.user_id == user_id,
            absences.c.tenant_id == tenant_id,
            absences.c.start_at <= at,
            absences.c.end_at > at,
            users.c.tenant_id == tenant_id,
            users.c.active,
        )
        .order_by(absences.c.start_at, absences.c.id)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def add_absence(connection: sa.Connection, *, tenant_id: str, absence: Absence) -> Row:
    """A new absence; answers the row."""
    row = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "user_id": absence.user_id,
        "start_at": absence.start,
        "end_at": absence.end,
        "substitute_id": absence.substitute_id,
    }
    connection.execute(sa.insert(absences).values(row))
    return row


def remove_absence(connection: sa.Connection, *, tenant_id: str, user_id: str, absence_id: str) -> Row | None:
    """Remove a person's absence; answers what it was, None when there is none."""
    named = (absences.c.id == absence_id, absences.c.user_id == user_id, absences.c.tenant_id == tenant_id)
    row = connection.execute(sa.select(absences).where(*named)).one_or_none()
    if row is None:
        return None
    connection.execute(sa.delete(absences).where(*named))
    return dict(row._mapping)
