"""Reading inboxes: what is offered to a person, through any of the names they answer to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import activations, runs, templates, tickets, users, work_items, work_offers

MAX_MERGED_KEYS = 100
"""Beyond so many audiences all their offers are sorted; SQLite joins 500 parts of a query at most."""

_AUDIENCE_AND_KIND = (work_offers.c.tenant_id, work_offers.c.audience_id, work_offers.c.kind)
_Offers = sa.Select[tuple[str, datetime]] | sa.CompoundSelect[tuple[str, datetime]]


class InboxItem(msgspec.Struct, frozen=True):
    """One open work item with the names a list shows."""

    id: str
    kind: str
    run_id: str
    step_id: str
    title: str
    template_id: str
    template_name: str
    ticket_id: str | None
    ticket_number: str | None
    ticket_title: str | None
    ticket_priority: str | None
    assigned_to: str | None
    group_id: str | None
    claimed_by: str | None
    claimed_by_name: str | None
    due_at: datetime | None
    opened_at: datetime


_holder = users.alias("holder")
_columns = (
    work_items.c.id,
    work_items.c.kind,
    work_items.c.run_id,
    work_items.c.step_id,
    work_items.c.title,
    work_items.c.template_id,
    templates.c.name.label("template_name"),
    work_items.c.ticket_id,
    tickets.c.number.label("ticket_number"),
    tickets.c.title.label("ticket_title"),
    tickets.c.priority.label("ticket_priority"),
    work_items.c.assigned_to,
    work_items.c.group_id,
    work_items.c.claimed_by,
    _holder.c.name.label("claimed_by_name"),
    work_items.c.due_at,
    work_items.c.opened_at,
)
_joined = (
    work_items.join(templates, templates.c.id == work_items.c.template_id)
    .outerjoin(tickets, tickets.c.id == work_items.c.ticket_id)
    .outerjoin(_holder, _holder.c.id == work_items.c.claimed_by)
)


def read_inbox(
    connection: sa.Connection,
    *,
    tenant_id: str,
    keys: Sequence[str],
    kind: str | None = None,
    q: str | None = None,
    limit: int,
    offset: int,
) -> list[InboxItem]:
    """A page of what is offered to any of these audiences, newest first.

    Each audience gives its newest offers off its index and only those are merged, so a page costs as much with a
    million open items as with a hundred; `q` (in titles) looks through the whole of the caller's own.
    """
    if not keys:
        return []
    if q:
        offered = _offers_of(keys, tenant_id, kind, None).subquery()
        query = _items_of(offered).where(_title_contains(q)).limit(limit).offset(offset)
    else:
        # An offer has opened when its item did: the page is found without looking at any item.
        merged = _offers_of(keys, tenant_id, kind, limit + offset).subquery()
        page = sa.select(merged.c.item_id).order_by(merged.c.opened_at.desc(), merged.c.item_id.desc())
        query = _items_of(page.limit(limit).offset(offset).subquery())
    query = query.order_by(work_items.c.opened_at.desc(), work_items.c.id.desc())
    return [InboxItem(**row._mapping) for row in connection.execute(query)]


def count_found(connection: sa.Connection, *, tenant_id: str, keys: Sequence[str], kind: str | None, q: str) -> int:
    """How many open items offered to any of these audiences have `q` in a title."""
    if not keys:
        return 0
    found = _items_of(_offers_of(keys, tenant_id, kind, None).subquery()).where(_title_contains(q))
    return connection.execute(found.with_only_columns(sa.func.count(), maintain_column_froms=True)).scalar_one()


def _title_contains(q: str) -> sa.ColumnElement[bool]:
    title = sa.func.lower(work_items.c.title + " " + sa.func.coalesce(tickets.c.title, ""))
    return title.contains(q.lower(), autoescape=True)


def _items_of(offered: sa.Subquery) -> sa.Select[Any]:
    return sa.select(*_columns).select_from(_joined).join(offered, offered.c.item_id == work_items.c.id)


def _offers_of(keys: Sequence[str], tenant_id: str, kind: str | None, rows: int | None) -> _Offers:
    """The newest `rows` offers (None: all) to each of these audiences at least, each item once."""
    if rows is None or len(keys) > MAX_MERGED_KEYS:
        return _newest_of(work_offers.c.audience_id.in_(keys), tenant_id, kind, None).distinct()
    each = [_newest_of(work_offers.c.audience_id == key, tenant_id, kind, rows) for key in keys]
    return sa.union(*(sa.select(one.subquery()) for one in each)) if len(each) > 1 else each[0]


def _newest_of(
    audience: sa.ColumnElement[bool], tenant_id: str, kind: str | None, rows: int | None
) -> sa.Select[tuple[str, datetime]]:
    query = sa.select(work_offers.c.item_id, work_offers.c.opened_at)
    query = query.where(audience, work_offers.c.tenant_id == tenant_id)
    if kind is not None:
        query = query.where(work_offers.c.kind == kind)
    if rows is None:
        return query
    return query.order_by(work_offers.c.opened_at.desc(), work_offers.c.item_id.desc()).limit(rows)


def count_inbox(connection: sa.Connection, *, tenant_id: str, keys: Sequence[str]) -> dict[str, int]:
    """How many open items of each kind are offered to any of these audiences, each item once.

    Offers are counted off an index, an audience and kind at a time, and what several of the audiences are offered is
    taken off again: only that has to be told apart item by item.
    """
    if not keys:
        return {}
    offered = (work_offers.c.tenant_id == tenant_id, work_offers.c.audience_id.in_(keys))
    query: sa.Select[Any] | sa.CompoundSelect[Any] = (
        sa.select(work_offers.c.kind, sa.func.count()).where(*offered).group_by(*_AUDIENCE_AND_KIND)
    )
    if len(keys) > 1:
        several = sa.func.count(sa.distinct(work_offers.c.item_id)) - sa.func.count()
        shared = sa.select(work_offers.c.kind, several).where(*offered, work_offers.c.alone.is_(None))
        query = sa.union_all(query, shared.group_by(work_offers.c.kind))
    counts: dict[str, int] = {}
    for kind, count in connection.execute(query):
        counts[kind] = counts.get(kind, 0) + count
    return counts


def read_item(connection: sa.Connection, *, tenant_id: str, item_id: str) -> tuple[InboxItem, set[str]] | None:
    """One open item and the audiences it is offered to; None when there is none."""
    row = connection.execute(
        sa.select(*_columns).select_from(_joined).where(work_items.c.id == item_id, work_items.c.tenant_id == tenant_id)
    ).one_or_none()
    if row is None:
        return None
    offers = connection.execute(sa.select(work_offers.c.audience_id).where(work_offers.c.item_id == item_id))
    return InboxItem(**row._mapping), set(offers.scalars())


class DoneItem(msgspec.Struct, frozen=True):
    """Work somebody has done."""

    id: str
    kind: str
    run_id: str
    step_id: str
    outcome: str | None
    template_id: str
    template_name: str
    ticket_id: str | None
    ticket_number: str | None
    ticket_title: str | None
    completed_at: datetime


def read_done(
    connection: sa.Connection, *, tenant_id: str, user_id: str, kind: str | None, limit: int, offset: int
) -> tuple[list[DoneItem], int]:
    """A page of the work a person has done, newest first, and how much there is."""
    conditions = [activations.c.completed_by == user_id, activations.c.tenant_id == tenant_id]
    if kind is not None:
        conditions.append(activations.c.type == kind)
    total = connection.execute(sa.select(sa.func.count()).select_from(activations).where(*conditions)).scalar_one()
    query = (
        sa.select(
            activations.c.id,
            activations.c.type,
            activations.c.run_id,
            activations.c.step_id,
            activations.c.outcome,
            runs.c.template_id,
            templates.c.name,
            runs.c.ticket_id,
            tickets.c.number,
            tickets.c.title,
            activations.c.completed_at,
        )
        .join(runs, runs.c.id == activations.c.run_id)
        .join(templates, templates.c.id == runs.c.template_id)
        .outerjoin(tickets, tickets.c.id == runs.c.ticket_id)
        .where(*conditions)
        .order_by(activations.c.completed_at.desc(), activations.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [DoneItem(*row) for row in connection.execute(query)], total
