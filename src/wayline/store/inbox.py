"""Reading inboxes: what is offered to a person, through any of the names they answer to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import activations, runs, templates, tickets, users, work_items, work_offers

MAX_MERGED_KEYS = 100
"""Beyond so many audiences all their offers are sorted; SQLite joins 500 parts of a query at most."""

_NEWEST_FIRST = (work_items.c.opened_at.desc(), work_items.c.id.desc())


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
    # A run whose template is in no list (its own definition, an intervention) is called by what it asks.
    sa.func.coalesce(templates.c.name, work_items.c.title).label("template_name"),
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
    work_items.outerjoin(templates, templates.c.id == work_items.c.template_id)
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
    given = _named(tenant_id, keys, kind) | {"limit": limit, "offset": offset, "newest": limit + offset}
    if q:
        query = _found(q, kind).order_by(*_NEWEST_FIRST).limit(_number("limit")).offset(_number("offset"))
    else:
        query = _page(len(keys), kind is not None)
    return [InboxItem(**row._mapping) for row in connection.execute(query, given)]


def count_found(connection: sa.Connection, *, tenant_id: str, keys: Sequence[str], kind: str | None, q: str) -> int:
    """How many open items offered to any of these audiences have `q` in a title."""
    if not keys:
        return 0
    query = _found(q, kind).with_only_columns(sa.func.count(), maintain_column_froms=True)
    return connection.execute(query, _named(tenant_id, keys, kind)).scalar_one()


def count_inbox(connection: sa.Connection, *, tenant_id: str, keys: Sequence[str]) -> dict[str, int]:
    """How many open items of each kind are offered to any of these audiences, each item once.

    Offers are counted off an index, an audience at a time, and what several of the audiences are offered is taken off
    again: only that has to be told apart item by item.
    """
    counts: dict[str, int] = {}
    if keys:
        for kind, count in connection.execute(_counts(len(keys)), _named(tenant_id, keys, None)):
            counts[kind] = counts.get(kind, 0) + count
    return counts


# -- statements: made once for each number of audiences, since making one takes longer than running it --------------


def _named(tenant_id: str, keys: Sequence[str], kind: str | None) -> dict[str, Any]:
    """What the statements' parameters are: `keys` where they are asked for together, `key_0` … where one by one."""
    each = {f"key_{place}": key for place, key in enumerate(keys[:MAX_MERGED_KEYS])}
    return {"tenant_id": tenant_id, "keys": list(keys), "kind": kind, **each}


@lru_cache(maxsize=4 * MAX_MERGED_KEYS)
def _page(audiences: int, of_kind: bool) -> sa.Select[Any]:
    """The `limit` items after `offset`. An offer has opened when its item did, so no item is looked at to find them."""
    if audiences > MAX_MERGED_KEYS:
        merged = _all_offers(of_kind).subquery()
    else:
        each = [_newest(_offers(one, of_kind)).subquery() for one in _one_by_one(audiences)]
        merged = sa.union(*map(sa.select, each)).subquery() if len(each) > 1 else each[0]
    newest = sa.select(merged.c.item_id).order_by(merged.c.opened_at.desc(), merged.c.item_id.desc())
    return _items(newest.limit(_number("limit")).offset(_number("offset")).subquery()).order_by(*_NEWEST_FIRST)


def _newest(offers: sa.Select[Any]) -> sa.Select[Any]:
    return offers.order_by(work_offers.c.opened_at.desc(), work_offers.c.item_id.desc()).limit(_number("newest"))


def _found(q: str, kind: str | None) -> sa.Select[Any]:
    title = sa.func.lower(work_items.c.title + " " + sa.func.coalesce(tickets.c.title, ""))
    return _items(_all_offers(kind is not None).subquery()).where(title.contains(q.lower(), autoescape=True))


@lru_cache(maxsize=2 * MAX_MERGED_KEYS)
def _counts(audiences: int) -> sa.CompoundSelect[Any] | sa.Select[Any]:
    kind, count = work_offers.c.kind, sa.func.count()
    if audiences > MAX_MERGED_KEYS:
        parts = [sa.select(kind, count).where(*_to(_any_of_them)).group_by(work_offers.c.audience_id, kind)]
    else:
        parts = [sa.select(kind, count).where(*_to(one)).group_by(kind) for one in _one_by_one(audiences)]
    if audiences > 1:
        too_many = sa.func.count(sa.distinct(work_offers.c.item_id)) - count
        shared = sa.select(kind, too_many).where(*_to(_any_of_them), work_offers.c.alone.is_(None))
        parts.append(shared.group_by(kind))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def _all_offers(of_kind: bool) -> sa.Select[Any]:
    """What is offered to any of them, each item once."""
    return _offers(_any_of_them, of_kind).distinct()


def _offers(audience: sa.ColumnElement[bool], of_kind: bool) -> sa.Select[Any]:
    query = sa.select(work_offers.c.item_id, work_offers.c.opened_at).where(*_to(audience))
    return query.where(work_offers.c.kind == sa.bindparam("kind")) if of_kind else query


def _to(audience: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    return work_offers.c.tenant_id == sa.bindparam("tenant_id"), audience


def _one_by_one(audiences: int) -> list[sa.ColumnElement[bool]]:
    return [work_offers.c.audience_id == sa.bindparam(f"key_{place}") for place in range(audiences)]


_any_of_them = work_offers.c.audience_id.in_(sa.bindparam("keys", expanding=True))


def _items(offered: sa.Subquery) -> sa.Select[Any]:
    return sa.select(*_columns).select_from(_joined).join(offered, offered.c.item_id == work_items.c.id)


def _number(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.Integer)


# -- one item, and what is done ------------------------------------------------------------------------------------


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
            sa.func.coalesce(templates.c.name, activations.c.step_id),
            runs.c.ticket_id,
            tickets.c.number,
            tickets.c.title,
            activations.c.completed_at,
        )
        .join(runs, runs.c.id == activations.c.run_id)
        .outerjoin(templates, templates.c.id == runs.c.template_id)
        .outerjoin(tickets, tickets.c.id == runs.c.ticket_id)
        .where(*conditions)
        .order_by(activations.c.completed_at.desc(), activations.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [DoneItem(*row) for row in connection.execute(query)], total
