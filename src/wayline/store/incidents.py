"""Incidents: what needs a person's eye. One row a subject, code and step: the same trouble again counts up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.changes import Changes
from wayline.store.tables import calendars, incidents, rules, runs, templates, tickets
from wayline.store.unindexed import unindexed
from wayline.store.webhook_deliveries import tell_of_incident

MAX_MESSAGE_CHARS = 2000


def incident_row(
    *,
    tenant_id: str,
    subject: str,
    subject_id: str,
    code: str,
    message: str,
    at: datetime,
    step_id: str | None = None,
) -> dict[str, Any]:
    """An open incident; `subject` is run, ticket, template, calendar, rule or job."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{subject_id}:{code}:{step_id or ''}")),
        "tenant_id": tenant_id,
        "subject": subject,
        "subject_id": subject_id,
        "step_id": step_id,
        "code": code,
        "message": message[:MAX_MESSAGE_CHARS],
        "status": "open",
        "times": 1,
        "first_at": at,
        "last_at": at,
        "closed_by": None,
    }


def raise_incident(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Write an incident that no decision raised; one that is there already counts up and is open again."""
    changes = Changes()
    changes.incidents.append(row)
    changes.flush(connection)
    tell_of_incident(connection, row)


class StoredIncident(msgspec.Struct, frozen=True):
    """An incident as read; `closed_by` is who resumed or dismissed it."""

    id: str
    subject: str
    subject_id: str
    step_id: str | None
    code: str
    message: str
    status: str
    times: int
    first_at: datetime
    last_at: datetime
    closed_by: str | None


def open_incidents_of(
    connection: sa.Connection, *, tenant_id: str, subject_ids: Sequence[str]
) -> dict[str, StoredIncident]:
    """The latest open incident of each of these subjects that has one, by its id."""
    query = (
        sa.select(*_columns)
        .where(
            incidents.c.subject_id.in_(subject_ids),
            unindexed(incidents.c.tenant_id) == tenant_id,
            unindexed(incidents.c.status) == "open",
        )
        .order_by(incidents.c.last_at, incidents.c.id)
    )
    return {row.subject_id: StoredIncident(*row) for row in connection.execute(query)}


class IncidentFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed down to; None is not asked."""

    status: str | None = None
    subject: str | None = None
    subject_id: str | None = None
    code: str | None = None
    q: str | None = None


_columns = [incidents.c[field] for field in StoredIncident.__struct_fields__]


def read_incident(
    connection: sa.Connection, *, tenant_id: str, incident_id: str, lock: bool = False
) -> StoredIncident | None:
    """One incident of the tenant; `lock` keeps other transactions off it (PostgreSQL)."""
    query = sa.select(*_columns).where(incidents.c.id == incident_id, incidents.c.tenant_id == tenant_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredIncident(*row)


def list_incidents(
    connection: sa.Connection,
    *,
    tenant_id: str,
    wanted: IncidentFilter,
    sort: str = "last_at",
    descending: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[StoredIncident], int]:
    """A page of the tenant's incidents and how many there are in all; `sort` is last_at, first_at or times."""
    conditions = [incidents.c.tenant_id == tenant_id]
    for name in ("status", "subject", "subject_id", "code"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(incidents.c[name] == value)
    if wanted.q:
        conditions.append(sa.func.lower(incidents.c.message).contains(wanted.q.lower(), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(incidents).where(*conditions)).scalar_one()
    column = incidents.c[sort]
    order = (column.desc(), incidents.c.id.desc()) if descending else (column, incidents.c.id)
    query = sa.select(*_columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [StoredIncident(*row) for row in connection.execute(query)], total


def close_incident(
    connection: sa.Connection, *, tenant_id: str, incident_id: str, status: str, closed_by: str | None
) -> None:
    """Close it as `resumed` or `dismissed`; the same trouble again opens it."""
    connection.execute(
        sa.update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.tenant_id == tenant_id)
        .values(status=status, closed_by=closed_by)
    )


def close_of_jobs(connection: sa.Connection, *, tenant_id: str, job_ids: Sequence[str], closed_by: str | None) -> None:
    """Close the open incidents of these jobs as `resumed`."""
    connection.execute(
        sa.update(incidents)
        .where(
            incidents.c.tenant_id == tenant_id,
            incidents.c.subject == "job",
            incidents.c.subject_id.in_(job_ids),
            incidents.c.status == "open",
        )
        .values(status="resumed", closed_by=closed_by)
    )


def names_of_subjects(
    connection: sa.Connection, *, tenant_id: str, found: Sequence[StoredIncident]
) -> dict[tuple[str, str], str]:
    """What people call the subjects: a run by its template, a ticket by its number. What is gone is left out."""
    names: dict[tuple[str, str], str] = {}
    for subject, (table, column, source) in _NAMED.items():
        ids = {i.subject_id for i in found if i.subject == subject and is_uuid(i.subject_id)}
        if not ids:
            continue
        query = sa.select(table.c.id, column).select_from(source)
        for row in connection.execute(query.where(table.c.id.in_(ids), table.c.tenant_id == tenant_id)):
            names[(subject, row[0])] = row[1]
    return names


def is_uuid(text: str) -> bool:
    """Whether a text is an id as they are stored: PostgreSQL compares ids with UUIDs alone."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


_NAMED: dict[str, tuple[sa.Table, sa.Column[str], sa.FromClause]] = {
    "run": (runs, templates.c.name, runs.join(templates, templates.c.id == runs.c.template_id)),
    "ticket": (tickets, tickets.c.number, tickets),
    "template": (templates, templates.c.name, templates),
    "calendar": (calendars, calendars.c.name, calendars),
    "rule": (rules, rules.c.name, rules),
}
