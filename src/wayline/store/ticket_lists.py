"""Finding tickets: by name, by filters, a page at a time.

A page by `created_at`, `updated_at`, `number` or `status` walks an index that has the tenant first, and so do pages by
`created_at` of one status, queue, group, assignee or requester: such a page costs the same however many tickets there
are, and its place in the list alone makes it dearer. `title` and `priority` sort what the filters leave. `total` is
read off the counters that number tickets while at most the type is filtered (tickets are never removed); other
filters count what they leave. Numbers are ordered as texts, type by type, which is their order up to 999,999.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.ticket import PREFIXES
from wayline.store.tables import counters, runs, tickets
from wayline.store.text_search import ids_matching
from wayline.store.tickets import Ticket, shown_columns, ticket_of

SORTS = {
    "created_at": (tickets.c.created_at, tickets.c.id),
    "updated_at": (tickets.c.updated_at, tickets.c.id),
    "priority": (tickets.c.priority, tickets.c.created_at, tickets.c.id),
    "number": (tickets.c.number,),
    "title": (tickets.c.title, tickets.c.id),
    "status": (tickets.c.status, tickets.c.created_at, tickets.c.id),
}
Values = tuple[str | None, ...]


class TicketFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tickets: those that pass everything named here.

    `values` are the values a column may have, by column name, None among them for an empty one; `tags` any of which
    will do; instants exclude themselves; `words` as in `text_search`; `requester_id` leaves one person's own tickets
    and what they may read of them.
    """

    values: Mapping[str, Values] = {}
    tags: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    words: str | None = None
    requester_id: str | None = None

    @property
    def is_counted(self) -> bool:
        """Whether it leaves all tickets, or all of some types, so that the counters know how many."""
        return not self.values.keys() - {"type"} and msgspec.structs.replace(self, values={}) == TicketFilter()


class FoundTicket(msgspec.Struct, frozen=True):
    """A ticket by name: its value, and its `timeline_seq`, which every change moves on."""

    ticket: Ticket
    seq: int


def find_ticket(
    connection: sa.Connection, *, tenant_id: str, ticket_id: str | None = None, number: str | None = None
) -> FoundTicket | None:
    """The tenant's ticket of that id, or of that number."""
    name = tickets.c.number == number if ticket_id is None else tickets.c.id == ticket_id
    query = sa.select(*shown_columns(), tickets.c.timeline_seq).where(name, tickets.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else FoundTicket(ticket=ticket_of(row), seq=row.timeline_seq)


def list_tickets(
    connection: sa.Connection,
    *,
    tenant_id: str,
    wanted: TicketFilter,
    sort: str,
    descending: bool,
    limit: int,
    offset: int,
) -> tuple[list[Ticket], int]:
    """A page of the tenant's tickets, and how many there are in all. `sort` is one of SORTS."""
    conditions = _conditions(connection.dialect.name, tenant_id, wanted)
    if conditions is None:
        return [], 0
    page = page_of(conditions, sort=sort, descending=descending).limit(limit).offset(offset)
    found = [ticket_of(row) for row in connection.execute(page)]
    if wanted.is_counted:
        return found, _numbered(connection, tenant_id, wanted.values.get("type"))
    if not offset and len(found) < limit:
        return found, len(found)
    return found, connection.execute(sa.select(sa.func.count()).select_from(tickets).where(*conditions)).scalar_one()


def page_of(conditions: list[sa.ColumnElement[bool]], *, sort: str, descending: bool) -> sa.Select[Any]:
    """The query of tickets under these conditions, in a stable order."""
    order = [column.desc() if descending else column for column in SORTS[sort]]
    return sa.select(*shown_columns()).where(*conditions).order_by(*order)


def _conditions(dialect: str, tenant_id: str, wanted: TicketFilter) -> list[sa.ColumnElement[bool]] | None:
    """What a row must fulfil; None when none can, because there is not a word to look for."""
    conditions: list[sa.ColumnElement[bool]] = [tickets.c.tenant_id == tenant_id]
    if wanted.requester_id is not None:
        conditions.append(tickets.c.requester_id == wanted.requester_id)
    conditions += [_one_of(tickets.c[name], values) for name, values in wanted.values.items()]
    if wanted.tags:
        conditions.append(_tagged(dialect, wanted.tags))
    for column, after, before in (
        (tickets.c.created_at, wanted.created_after, wanted.created_before),
        (tickets.c.updated_at, wanted.updated_after, wanted.updated_before),
    ):
        conditions += [column > after] if after is not None else []
        conditions += [column < before] if before is not None else []
    if wanted.words is not None:
        public_only = wanted.requester_id is not None
        ids = ids_matching(dialect, tenant_id=tenant_id, asked=wanted.words, public_only=public_only)
        if ids is None:
            return None
        conditions.append(tickets.c.id.in_(ids))
    return conditions


def _one_of(column: sa.Column[Any], values: Values) -> sa.ColumnElement[bool]:
    named = [value for value in values if value is not None]
    alternatives: list[sa.ColumnElement[bool]] = []
    if named:
        # One value is written as such: only then can the rest of an index give the order.
        alternatives.append(column == named[0] if len(named) == 1 else column.in_(named))
    if len(named) < len(values):
        alternatives.append(column.is_(None))
    return sa.or_(*alternatives)


def _tagged(dialect: str, tags: tuple[str, ...]) -> sa.ColumnElement[bool]:
    unpack = sa.func.json_each if dialect == "sqlite" else sa.func.jsonb_array_elements_text
    tag = unpack(tickets.c.tags).table_valued("value")
    return sa.select(sa.literal(1)).select_from(tag).where(tag.c.value.in_(tags)).correlate(tickets).exists()


def _numbered(connection: sa.Connection, tenant_id: str, types: Values | None) -> int:
    names = [f"number:{kind}" for kind in (PREFIXES if types is None else set(types))]
    query = sa.select(sa.func.coalesce(sa.func.sum(counters.c.value), 0)).where(
        counters.c.tenant_id == tenant_id, counters.c.name.in_(names)
    )
    return int(connection.execute(query).scalar_one())


def runs_of_ticket(
    connection: sa.Connection, *, tenant_id: str, ticket_id: str, owner_id: str | None = None
) -> list[str]:
    """The ids of the ticket's runs, oldest first; with `owner_id`, that person's alone."""
    query = sa.select(runs.c.id).where(runs.c.ticket_id == ticket_id, runs.c.tenant_id == tenant_id)
    if owner_id is not None:
        query = query.where(runs.c.owner_id == owner_id)
    return list(connection.execute(query.order_by(runs.c.created_at, runs.c.id)).scalars())
