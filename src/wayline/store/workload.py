"""How much work people carry, and whose turn it is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from wayline.core import run as run_value
from wayline.core.departure import awaits, holds_entry
from wayline.core.run import Run
from wayline.store.tables import counters, runs, tickets, work_items, work_offers

OPEN_STATUSES = ("new", "open", "in_progress", "pending", "on_hold")

_offered = (
    sa.select(work_offers.c.audience_id, sa.func.count())
    .where(work_offers.c.tenant_id == sa.bindparam("tenant_id"))
    .group_by(work_offers.c.audience_id)
)
_assigned = (
    sa.select(tickets.c.assignee_id, sa.func.count())
    .where(
        tickets.c.tenant_id == sa.bindparam("tenant_id"),
        tickets.c.assignee_id.is_not(None),
        tickets.c.status.in_(OPEN_STATUSES),
    )
    .group_by(tickets.c.assignee_id)
)
_rotations = sa.select(counters.c.name, counters.c.value).where(
    counters.c.tenant_id == sa.bindparam("tenant_id"), counters.c.name.like("rotation:%")
)


def open_work_of(connection: sa.Connection, tenant_id: str) -> dict[str, int]:
    """Open work items and open tickets per person (and work items per group) of a tenant."""
    found: dict[str, int] = {}
    for query in (_offered, _assigned):
        for who, count in connection.execute(query, {"tenant_id": tenant_id}):
            found[who] = found.get(who, 0) + count
    return found


def rotations_of(connection: sa.Connection, tenant_id: str) -> dict[str, int]:
    """The tenant's round-robin counters by name."""
    return {row[0]: row[1] for row in connection.execute(_rotations, {"tenant_id": tenant_id})}


def work_items_of(
    connection: sa.Connection, *, tenant_id: str, user_id: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """The open work items addressed to a person by name, the oldest first, up to `limit`; and how many there are."""
    offered = (work_offers.c.audience_id == user_id, work_offers.c.tenant_id == tenant_id)
    total = connection.execute(sa.select(sa.func.count()).select_from(work_offers).where(*offered)).scalar_one()
    query = (
        sa.select(
            work_items.c.id,
            work_items.c.run_id,
            work_items.c.step_id,
            work_items.c.kind,
            work_items.c.title,
            work_items.c.ticket_id,
            work_items.c.due_at,
            work_items.c.opened_at,
        )
        .join(work_offers, work_offers.c.item_id == work_items.c.id)
        .where(*offered)
        .order_by(work_offers.c.opened_at, work_items.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total


def tickets_of(
    connection: sa.Connection, *, tenant_id: str, user_id: str, limit: int | None
) -> tuple[list[dict[str, Any]], int]:
    """The open tickets assigned to a person, the oldest first, up to `limit` (None: all); and how many there are."""
    held = (
        tickets.c.tenant_id == tenant_id,
        tickets.c.assignee_id == user_id,
        tickets.c.status.in_(OPEN_STATUSES),
    )
    total = connection.execute(sa.select(sa.func.count()).select_from(tickets).where(*held)).scalar_one()
    query = (
        sa.select(tickets.c.id, tickets.c.number, tickets.c.title, tickets.c.status, tickets.c.priority)
        .where(*held)
        .order_by(tickets.c.created_at, tickets.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total


def runs_awaiting(connection: sa.Connection, *, tenant_id: str, user_id: str) -> list[Run]:
    """The live runs that wait, or will wait when others have voted, for this person by name.

    Every live run of the tenant is looked at: who is to vote later has no offer yet. For when somebody leaves.
    """
    query = sa.select(runs.c.state).where(runs.c.tenant_id == tenant_id, runs.c.completed_at.is_(None))
    live = (run_value.decode(state) for state in connection.execute(query.order_by(runs.c.id)).scalars())
    return [run for run in live if holds_entry(run, user_id) or any(awaits(a, user_id) for a in run.open)]
