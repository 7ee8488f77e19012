"""Templates and their versions, as rows and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from pydantic import ValidationError

from wayline.core.template import Trigger, normalised
from wayline.store.tables import runs, template_versions, templates, users

UNNAMED = "Untitled"
MAX_NAME_CHARS = 200
SORTS = ("name", "created_at", "updated_at", "status", "trigger_type", "step_count", "version")


class StoredTemplate(msgspec.Struct, frozen=True):
    """A template as read. `version` 0: it has never been published; `draft` is its working copy, if it has one."""

    id: str
    name: str
    description: str | None
    kind: str
    status: str
    is_active: bool
    trigger_type: str
    ticket_type: str | None
    trigger_subtype: str | None
    step_count: int
    version: int
    revision: int
    draft: dict[str, Any] | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class StoredVersion(msgspec.Struct, frozen=True):
    """A published version: what, by whom, when, and why."""

    version: int
    note: str | None
    published_by: str | None
    published_by_name: str | None
    published_at: datetime
    definition: dict[str, Any] | None = None


class TemplateFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed down to; None is not asked. `status` None means all but archived ones, `all` all."""

    status: str | None = None
    is_active: bool | None = None
    kind: str | None = None
    trigger_type: str | None = None
    ticket_type: str | None = None
    trigger_subtype: str | None = None
    q: str | None = None


_columns = [templates.c[field] for field in StoredTemplate.__struct_fields__]


def read_template(
    connection: sa.Connection, *, tenant_id: str, template_id: str, lock: bool = False
) -> StoredTemplate | None:
    """One template of the tenant; `lock` keeps other transactions off it (PostgreSQL)."""
    query = sa.select(*_columns).where(templates.c.id == template_id, templates.c.tenant_id == tenant_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredTemplate(*row)


def list_templates(
    connection: sa.Connection,
    *,
    tenant_id: str,
    wanted: TemplateFilter,
    sort: str = "created_at",
    descending: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[StoredTemplate], int]:
    """A page of the tenant's templates and how many there are in all. `sort` is one of SORTS."""
    conditions = list(_conditions(tenant_id, wanted))
    total = connection.execute(sa.select(sa.func.count()).select_from(templates).where(*conditions)).scalar_one()
    column = sa.func.lower(templates.c.name) if sort == "name" else templates.c[sort]
    order = (column.desc(), templates.c.id.desc()) if descending else (column, templates.c.id)
    query = sa.select(*_columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [StoredTemplate(*row) for row in connection.execute(query)], total


def _conditions(tenant_id: str, wanted: TemplateFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield templates.c.tenant_id == tenant_id
    if wanted.status is None:
        yield templates.c.status != "archived"
    elif wanted.status != "all":
        yield templates.c.status == wanted.status
    for name in ("is_active", "kind", "trigger_type", "ticket_type", "trigger_subtype"):
        value = getattr(wanted, name)
        if value is not None:
            yield templates.c[name] == value
    if wanted.q:
        text = wanted.q.lower()
        yield sa.or_(
            sa.func.lower(templates.c.name).contains(text, autoescape=True),
            sa.func.lower(templates.c.description).contains(text, autoescape=True),
        )


def find_inbox_template(connection: sa.Connection, *, tenant_id: str, named: str) -> str | None:
    """The id of the tenant's published, active inbox template of that id or, case aside, of that name, the newest of
    several; None when there is none."""
    published = (
        templates.c.tenant_id == tenant_id,
        templates.c.kind == "inbox",
        templates.c.status == "published",
        templates.c.is_active,
    )
    query = sa.select(templates.c.id, templates.c.name).where(*published)
    query = query.order_by(templates.c.created_at, templates.c.id)
    wanted, found = named.strip().casefold(), None
    for template_id, name in connection.execute(query):
        if template_id == wanted:
            return str(template_id)
        if name.casefold() == wanted:
            found = str(template_id)
    return found


def declared_variables(
    connection: sa.Connection, *, tenant_id: str, template_ids: list[str]
) -> dict[str, dict[str, Any]]:
    """{id: {name: variable}}: what each of these published templates declares, in its newest version."""
    query = (
        sa.select(templates.c.id, template_versions.c.definition)
        .join(
            template_versions,
            (template_versions.c.template_id == templates.c.id) & (template_versions.c.version == templates.c.version),
        )
        .where(templates.c.tenant_id == tenant_id, templates.c.id.in_(template_ids))
    )
    return {str(id): definition.get("variables") or {} for id, definition in connection.execute(query)}


def kept_names(connection: sa.Connection, tenant_id: str) -> list[tuple[str, str]]:
    """(id, name) of every template of the tenant that is not archived: those that were never published, then the
    others, each oldest first, so that the last of a name is the one that is meant by it."""
    query = (
        sa.select(templates.c.id, templates.c.name)
        .where(templates.c.tenant_id == tenant_id, templates.c.status != "archived")
        .order_by(templates.c.version > 0, templates.c.created_at, templates.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def live_runs_of(connection: sa.Connection, *, tenant_id: str, template_ids: list[str]) -> dict[str, int]:
    """How many live runs each of these templates has; those without are left out."""
    query = (
        sa.select(runs.c.template_id, sa.func.count())
        .where(runs.c.tenant_id == tenant_id, runs.c.template_id.in_(template_ids), runs.c.completed_at.is_(None))
        .group_by(runs.c.template_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def live_run_ids(
    connection: sa.Connection, *, tenant_id: str, template_id: str, not_version: int, limit: int
) -> tuple[list[str], int]:
    """The oldest live runs of the template that are not at that version, and how many there are in all."""
    conditions = (
        runs.c.tenant_id == tenant_id,
        runs.c.template_id == template_id,
        runs.c.completed_at.is_(None),
        runs.c.template_version != not_version,
    )
    total = connection.execute(sa.select(sa.func.count()).select_from(runs).where(*conditions)).scalar_one()
    query = sa.select(runs.c.id).where(*conditions).order_by(runs.c.created_at, runs.c.id).limit(limit)
    return list(connection.execute(query).scalars()), total


def count_kept(connection: sa.Connection, tenant_id: str) -> int:
    """How many templates the tenant has, drafts among them, archived ones not."""
    query = sa.select(sa.func.count()).select_from(templates)
    return connection.execute(
        query.where(templates.c.tenant_id == tenant_id, templates.c.status != "archived")
    ).scalar_one()


def read_version(connection: sa.Connection, *, tenant_id: str, template_id: str, version: int) -> StoredVersion | None:
    """One version with its definition."""
    row = connection.execute(
        _version_query(tenant_id, template_id, template_versions.c.definition).where(
            template_versions.c.version == version
        )
    ).one_or_none()
    return None if row is None else StoredVersion(*row)


def list_versions(
    connection: sa.Connection, *, tenant_id: str, template_id: str, limit: int, offset: int
) -> tuple[list[StoredVersion], int]:
    """A page of the versions, newest first, without their definitions, and how many there are."""
    count = sa.select(sa.func.count()).select_from(template_versions)
    total = connection.execute(
        count.where(template_versions.c.tenant_id == tenant_id, template_versions.c.template_id == template_id)
    ).scalar_one()
    query = _version_query(tenant_id, template_id).order_by(template_versions.c.version.desc())
    return [StoredVersion(*row) for row in connection.execute(query.limit(limit).offset(offset))], total


def _version_query(tenant_id: str, template_id: str, *more: Any) -> sa.Select[Any]:
    return (
        sa.select(
            template_versions.c.version,
            template_versions.c.note,
            template_versions.c.published_by,
            users.c.name,
            template_versions.c.published_at,
            *more,
        )
        .outerjoin(users, (users.c.id == template_versions.c.published_by) & (users.c.tenant_id == tenant_id))
        .where(template_versions.c.template_id == template_id, template_versions.c.tenant_id == tenant_id)
    )


def published_definitions(connection: sa.Connection, tenant_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, name, definition) of every published template of the tenant, in its newest version."""
    query = (
        sa.select(templates.c.id, templates.c.name, template_versions.c.definition)
        .join(
            template_versions,
            (template_versions.c.template_id == templates.c.id) & (template_versions.c.version == templates.c.version),
        )
        .where(
            templates.c.tenant_id == tenant_id,
            templates.c.status == "published",
            template_versions.c.tenant_id == tenant_id,
        )
        .order_by(templates.c.name, templates.c.id)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def insert_template(
    connection: sa.Connection, *, template_id: str, tenant_id: str, at: datetime, created_by: str | None, **values: Any
) -> None:
    """A new template at revision 1; `values` are the columns that say what it is."""
    row = {"id": template_id, "tenant_id": tenant_id, "created_by": created_by, "created_at": at, "updated_at": at}
    connection.execute(sa.insert(templates).values(**row, revision=1, **values))


def update_template(
    connection: sa.Connection, *, tenant_id: str, template_id: str, at: datetime, **values: Any
) -> None:
    """Change some columns; the revision moves on. The caller holds the row."""
    connection.execute(
        sa.update(templates)
        .where(templates.c.id == template_id, templates.c.tenant_id == tenant_id)
        .values(**values, revision=templates.c.revision + 1, updated_at=at)
    )


def insert_version(
    connection: sa.Connection,
    *,
    tenant_id: str,
    template_id: str,
    version: int,
    definition: dict[str, Any],
    note: str | None,
    published_by: str | None,
    at: datetime,
) -> None:
    """Keep a version for ever."""
    connection.execute(
        sa.insert(template_versions).values(
            template_id=template_id,
            version=version,
            tenant_id=tenant_id,
            definition=definition,
            note=note,
            published_by=published_by,
            published_at=at,
        )
    )


def head_of(definition: dict[str, Any], *, otherwise: str = UNNAMED) -> dict[str, Any]:
    """The columns that say what a definition is. Drafts may be anything: what cannot be read is left at its default,
    an unreadable name at `otherwise`."""
    definition = normalised(definition)
    try:
        trigger = Trigger.model_validate(definition.get("trigger") or {})
    except ValidationError:
        trigger = Trigger()
    name, description = definition.get("name"), definition.get("description")
    steps = definition.get("steps")
    return {
        "name": name[:MAX_NAME_CHARS] if isinstance(name, str) and name.strip() else otherwise,
        "description": description if isinstance(description, str) else None,
        "kind": "inbox" if definition.get("kind") == "inbox" else "workflow",
        "trigger_type": trigger.word,
        "ticket_type": trigger.ticket_type,
        "trigger_subtype": trigger.subtype,
        "step_count": len(steps) if isinstance(steps, list | dict) else 0,
    }
