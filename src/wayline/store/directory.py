"""Reading who is who, the calendars and the templates of a tenant: what decisions know besides runs and tickets."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.business_time import Calendar, calendar_from
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.facts import Absence, Directory, Group, Person
from wayline.core.refusals import Refusal
from wayline.store.bulk import BulkSelect
from wayline.store.holiday_feeds import texts_of
from wayline.store.queues import queues_of
from wayline.store.resolution_categories import category_names
from wayline.store.tables import (
    absences,
    calendars,
    group_members,
    groups,
    template_versions,
    templates,
    tenants,
    users,
)


class TemplateHead(msgspec.Struct, frozen=True):
    """A template as starting a run needs it."""

    id: str
    name: str
    version: int
    trigger_type: str
    ticket_type: str | None
    trigger_subtype: str | None


class LoadedCalendars(msgspec.Struct, frozen=True):
    """A tenant's calendars by name, and of those that cannot be built (written by hand, or by another version of
    Wayline) why, by id: one of them must not stop the tenant."""

    calendars: dict[str, Calendar]
    unreadable: dict[str, str]


_users = sa.select(
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.role,
    users.c.manager_id,
    users.c.active,
    users.c.labels,
    users.c.timezone,
).where(users.c.tenant_id == sa.bindparam("tenant_id"))
_groups = sa.select(groups.c.id, groups.c.slug, groups.c.name).where(groups.c.tenant_id == sa.bindparam("tenant_id"))
_members = (
    sa.select(group_members.c.group_id, group_members.c.user_id, group_members.c.role_in_group)
    .where(group_members.c.tenant_id == sa.bindparam("tenant_id"))
    .order_by(group_members.c.group_id, group_members.c.position, group_members.c.user_id)
)
_absences = sa.select(absences.c.user_id, absences.c.start_at, absences.c.end_at, absences.c.substitute_id).where(
    absences.c.tenant_id == sa.bindparam("tenant_id")
)
_calendars = sa.select(calendars.c.id, calendars.c.name, calendars.c.definition, calendars.c.is_default).where(
    calendars.c.tenant_id == sa.bindparam("tenant_id")
)
_heads = (
    sa.select(
        templates.c.id,
        templates.c.name,
        templates.c.version,
        templates.c.trigger_type,
        templates.c.ticket_type,
        templates.c.trigger_subtype,
    )
    .where(
        templates.c.tenant_id == sa.bindparam("tenant_id"),
        templates.c.status == "published",
        templates.c.is_active,
        templates.c.version > 0,
    )
    .order_by(templates.c.created_at, templates.c.id)
)
_versions = BulkSelect(
    tenants.c.id, [tenants.c.id, tenants.c.directory_version, tenants.c.plan, tenants.c.rules_version]
)
_definition = sa.select(template_versions.c.definition).where(
    template_versions.c.template_id == sa.bindparam("template_id"),
    template_versions.c.version == sa.bindparam("version"),
)


def tenant_versions(connection: sa.Connection, tenant_ids: list[str]) -> dict[str, tuple[int, str, int]]:
    """Of each tenant there is, how often its directory has changed, its plan, and how often its rules have changed."""
    return {row[0]: (row[1], row[2], row[3]) for row in _versions.execute(connection, tenant_ids)}


def load_directory(connection: sa.Connection, tenant_id: str, version: int) -> Directory:
    """Everybody of a tenant."""
    by = {"tenant_id": tenant_id}
    members: dict[str, list[str]] = {}
    leads: dict[str, list[str]] = {}
    for group_id, user_id, role in connection.execute(_members, by):
        members.setdefault(group_id, []).append(user_id)
        if role == "lead":
            leads.setdefault(group_id, []).append(user_id)
    return Directory(
        version=version,
        people=[
            Person(
                id=row.id,
                email=row.email,
                name=row.name,
                role=row.role,
                manager_id=row.manager_id,
                active=row.active,
                labels=tuple(row.labels),
                timezone=row.timezone,
            )
            for row in connection.execute(_users, by)
        ],
        groups=[
            Group(
                id=row.id,
                slug=row.slug,
                name=row.name,
                members=tuple(members.get(row.id, ())),
                leads=tuple(leads.get(row.id, ())),
            )
            for row in connection.execute(_groups, by)
        ],
        absences=[
            Absence(user_id=row.user_id, start=row.start_at, end=row.end_at, substitute_id=row.substitute_id)
            for row in connection.execute(_absences, by)
        ],
        queues=queues_of(connection, tenant_id),
        resolution_categories=category_names(connection, tenant_id),
    )


def load_calendars(connection: sa.Connection, tenant_id: str) -> LoadedCalendars:
    """The tenant's calendars by name, the default one under `default` whatever else is called so."""
    found: dict[str, Calendar] = {}
    fetched = texts_of(connection, tenant_id)
    default: dict[str, Calendar] = {}
    unreadable: dict[str, str] = {}
    for row in connection.execute(_calendars, {"tenant_id": tenant_id}):
        try:
            definition = CalendarDefinition.model_validate(row.definition)
            calendar = calendar_from(definition, fetched_ical_text=fetched.get(row.id))
        except (ValueError, Refusal) as error:
            unreadable[row.id] = f"The calendar {row.name} cannot be read, and all hours count: {error}"
            continue
        found[row.name] = calendar
        if row.is_default:
            default["default"] = calendar
    return LoadedCalendars(calendars={**found, **default}, unreadable=unreadable)


def load_template_heads(connection: sa.Connection, tenant_id: str) -> dict[str, TemplateHead]:
    """The tenant's published, active templates by id, oldest first."""
    return {row.id: TemplateHead(*row) for row in connection.execute(_heads, {"tenant_id": tenant_id})}


def load_definition(connection: sa.Connection, template_id: str, version: int) -> dict[str, Any] | None:
    """A version's definition; None when there is none."""
    return connection.execute(_definition, {"template_id": template_id, "version": version}).scalar_one_or_none()


def touch(connection: sa.Connection, tenant_id: str) -> None:
    """Say that the tenant's directory, calendars or templates have changed, so that everybody reads them again."""
    connection.execute(
        sa.update(tenants).where(tenants.c.id == tenant_id).values(directory_version=tenants.c.directory_version + 1)
    )
