"""Calendars as rows, and which published templates count their time by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.database import new_id
from wayline.store.tables import calendars
from wayline.store.templates import published_definitions

DEFAULT = "default"
"""What templates call the tenant's default calendar, whatever its name is."""


class StoredCalendar(msgspec.Struct, frozen=True):
    """A calendar as read; `definition` is a CalendarDefinition as JSON."""

    id: str
    name: str
    definition: dict[str, Any]
    is_default: bool
    version: int
    created_at: datetime
    updated_at: datetime


class CalendarUse(msgspec.Struct, frozen=True):
    """A published template that counts time by a calendar, and at which steps."""

    template_id: str
    name: str
    steps: tuple[str, ...]


_columns = [calendars.c[field] for field in StoredCalendar.__struct_fields__]


def read_calendar(
    connection: sa.Connection, *, tenant_id: str, calendar_id: str, lock: bool = False
) -> StoredCalendar | None:
    """One calendar of the tenant; `lock` keeps other transactions off it (PostgreSQL)."""
    query = sa.select(*_columns).where(calendars.c.id == calendar_id, calendars.c.tenant_id == tenant_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredCalendar(*row)


def default_calendar(connection: sa.Connection, *, tenant_id: str, lock: bool = False) -> StoredCalendar | None:
    """The tenant's default calendar; None where it has none."""
    query = sa.select(*_columns).where(calendars.c.tenant_id == tenant_id, calendars.c.is_default)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredCalendar(*row)


def list_calendars(
    connection: sa.Connection,
    *,
    tenant_id: str,
    q: str | None = None,
    descending: bool = False,
    limit: int,
    offset: int,
) -> tuple[list[StoredCalendar], int]:
    """A page of the tenant's calendars by name, and how many there are in all."""
    conditions = [calendars.c.tenant_id == tenant_id]
    name = sa.func.lower(calendars.c.name)
    if q:
        conditions.append(name.contains(q.lower(), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(calendars).where(*conditions)).scalar_one()
    order = (name.desc(), calendars.c.id.desc()) if descending else (name, calendars.c.id)
    query = sa.select(*_columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [StoredCalendar(*row) for row in connection.execute(query)], total


def is_name_taken(connection: sa.Connection, *, tenant_id: str, name: str, but: str | None = None) -> bool:
    """Whether the tenant has a calendar of that name, the one with id `but` aside."""
    query = sa.select(calendars.c.id).where(calendars.c.tenant_id == tenant_id, calendars.c.name == name)
    return any(found != but for found in connection.execute(query).scalars())


def insert_calendar(
    connection: sa.Connection, *, tenant_id: str, definition: Mapping[str, Any], is_default: bool, at: datetime
) -> str:
    """A new calendar at version 1; answers its id. A new default takes the place of the one before."""
    if is_default:
        _clear_default(connection, tenant_id)
    calendar_id = new_id()
    connection.execute(
        sa.insert(calendars).values(
            id=calendar_id,
            tenant_id=tenant_id,
            name=definition["name"],
            definition=dict(definition),
            is_default=is_default,
            version=1,
            created_at=at,
            updated_at=at,
        )
    )
    return calendar_id


def update_calendar(
    connection: sa.Connection,
    *,
    tenant_id: str,
    calendar_id: str,
    definition: Mapping[str, Any],
    is_default: bool,
    at: datetime,
) -> None:
    """Replace a calendar; its version moves on. A new default takes the place of the one before."""
    if is_default:
        _clear_default(connection, tenant_id)
    connection.execute(
        sa.update(calendars)
        .where(calendars.c.id == calendar_id, calendars.c.tenant_id == tenant_id)
        .values(
            name=definition["name"],
            definition=dict(definition),
            is_default=is_default,
            version=calendars.c.version + 1,
            updated_at=at,
        )
    )


def delete_calendar(connection: sa.Connection, *, tenant_id: str, calendar_id: str) -> None:
    """Remove a calendar."""
    connection.execute(sa.delete(calendars).where(calendars.c.id == calendar_id, calendars.c.tenant_id == tenant_id))


def _clear_default(connection: sa.Connection, tenant_id: str) -> None:
    connection.execute(
        sa.update(calendars)
        .where(calendars.c.tenant_id == tenant_id, calendars.c.is_default)
        .values(is_default=False, version=calendars.c.version + 1)
    )


def uses_of(connection: sa.Connection, *, tenant_id: str, name: str) -> list[CalendarUse]:
    """The published templates that count time by the calendar of that name (`default`: by the default one)."""
    found: list[CalendarUse] = []
    for template_id, template_name, definition in published_definitions(connection, tenant_id):
        steps = tuple(step for step, calendar in _named_in(definition) if calendar == name)
        if steps:
            found.append(CalendarUse(template_id=template_id, name=template_name, steps=tuple(dict.fromkeys(steps))))
    return found


def _named_in(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(step, calendar) wherever a definition counts business time. A wait for business hours that names no calendar
    counts by the default one."""
    steps = definition.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        awaited = step.get("for")
        if isinstance(awaited, dict) and awaited.get("business_hours") is not None:
            yield str(step.get("id")), awaited.get("calendar") or DEFAULT
        if isinstance(step.get("calendar"), str):
            yield str(step.get("id")), step["calendar"]
