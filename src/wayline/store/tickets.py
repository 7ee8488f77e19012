"""Tickets as rows, and back as the plain dicts the core and the API know."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.waiting import Wait
from wayline.store.tables import counters, tickets

Ticket = dict[str, Any]
_RENAMED = {"group_id": "group", "assignee_id": "assignee", "requester_id": "requester"}
_SHOWN = (
    "id",
    "number",
    "type",
    "subtype",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "queue",
    "group_id",
    "assignee_id",
    "requester_id",
    "tags",
    "custom",
    "resolution_category",
    "created_at",
    "updated_at",
)


class StoredTicket(msgspec.Struct):
    """A ticket as read: its row's version and its timeline's place beside the value."""

    tenant_id: str
    ticket: Ticket
    version: int
    seq: int
    head: bytes
    resolved_at: datetime | None = None
    last_person_at: datetime | None = None
    wait: Wait = Wait()


_shown_columns = [tickets.c[name] for name in _SHOWN]
_by_ids = sa.select(
    *_shown_columns,
    tickets.c.tenant_id,
    tickets.c.version,
    tickets.c.timeline_seq,
    tickets.c.timeline_head,
    tickets.c.resolved_at,
    tickets.c.last_person_at,
    tickets.c.wait_number,
    tickets.c.waiting_since,
    tickets.c.counting_since,
    tickets.c.waited_us,
).where(tickets.c.id.in_(sa.bindparam("ids", expanding=True)))
_counters = sa.select(counters.c.tenant_id, counters.c.name, counters.c.value).where(
    counters.c.tenant_id.in_(sa.bindparam("tenant_ids", expanding=True)),
    counters.c.name.in_(sa.bindparam("names", expanding=True)),
)


def ticket_of(row: Any) -> Ticket:
    """The plain dict of a row that has at least the shown columns."""
    fields = row._mapping
    return {_RENAMED.get(name, name): fields[name] for name in _SHOWN}


def shown_columns() -> list[sa.Column[Any]]:
    """The columns `ticket_of` wants."""
    return [tickets.c[name] for name in _SHOWN]


def load_tickets(connection: sa.Connection, ids: list[str]) -> dict[str, StoredTicket]:
    """The tickets with these ids."""
    return {
        row.id: StoredTicket(
            tenant_id=row.tenant_id,
            ticket=ticket_of(row),
            version=row.version,
            seq=row.timeline_seq,
            head=row.timeline_head,
            resolved_at=row.resolved_at,
            last_person_at=row.last_person_at,
            wait=Wait(row.wait_number, row.waiting_since, row.counting_since, row.waited_us),
        )
        for row in connection.execute(_by_ids, {"ids": ids})
    }


def load_counters(
    connection: sa.Connection, tenant_ids: list[str], names: list[str], *, lock: bool
) -> dict[tuple[str, str], int]:
    """The values of these counters, by (tenant, name), locked in a fixed order where the database shares its rows."""
    statement = _counters.order_by(counters.c.tenant_id, counters.c.name)
    if lock:
        statement = statement.with_for_update()
    found = connection.execute(statement, {"tenant_ids": tenant_ids, "names": names})
    return {(row[0], row[1]): row[2] for row in found}


def row_of(stored: StoredTicket) -> dict[str, Any]:
    """A new ticket's row."""
    ticket = stored.ticket
    row = {name: ticket[_RENAMED.get(name, name)] for name in _SHOWN}
    return row | {
        "tenant_id": stored.tenant_id,
        "version": stored.version,
        "timeline_seq": stored.seq,
        "timeline_head": stored.head,
        "resolved_at": stored.resolved_at,
        "last_person_at": stored.last_person_at,
        "wait_number": stored.wait.number,
        "waiting_since": stored.wait.since,
        "counting_since": stored.wait.counting_since,
        "waited_us": stored.wait.waited_us,
    }


def change_of(stored: StoredTicket, seen_version: int) -> dict[str, Any]:
    """A ticket's update, good only for the version it was read at."""
    ticket = stored.ticket
    changed = {
        f"v_{name}": ticket[_RENAMED.get(name, name)]
        for name in _SHOWN
        if name not in ("id", "number", "type", "created_at")
    }
    return changed | {
        "b_id": ticket["id"],
        "b_version": seen_version,
        "v_version": seen_version + 1,
        "v_timeline_seq": stored.seq,
        "v_timeline_head": stored.head,
        "v_anchored": False,
        "v_resolved_at": stored.resolved_at,
        "v_last_person_at": stored.last_person_at,
        "v_wait_number": stored.wait.number,
        "v_waiting_since": stored.wait.since,
        "v_counting_since": stored.wait.counting_since,
        "v_waited_us": stored.wait.waited_us,
    }


def read_ticket(connection: sa.Connection, *, tenant_id: str, name: str, is_id: bool) -> Ticket | None:
    """One ticket of the tenant, by id or by number."""
    column = tickets.c.id if is_id else tickets.c.number
    query = sa.select(*_shown_columns).where(column == name, tickets.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else ticket_of(row)


def ids_named(
    connection: sa.Connection, *, tenant_id: str, ids: Iterable[str], numbers: Iterable[str]
) -> tuple[str, ...]:
    """The ids of those of the tenant's tickets that have one of these ids or numbers."""
    named = sa.or_(tickets.c.id.in_(list(ids)), tickets.c.number.in_(list(numbers)))
    return tuple(connection.execute(sa.select(tickets.c.id).where(tickets.c.tenant_id == tenant_id, named)).scalars())
