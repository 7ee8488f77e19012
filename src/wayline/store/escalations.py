"""Escalations as rows, the timers of tickets whose customers wait, and the tenants that are to be timed anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.core.escalation import Escalation, EscalationTimer
from wayline.store.numbering import next_number
from wayline.store.tables import escalation_sweeps, escalation_timers, escalations, queues, tickets


class StoredEscalation(msgspec.Struct, frozen=True):
    """An escalation as read; `id` is its number at the tenant."""

    id: int
    minutes: int
    action: str
    recipient: str
    email: str | None
    repeat_minutes: int | None
    queue_id: int | None
    priority: str | None
    group: str | None


_columns = (
    escalations.c.number,
    escalations.c.minutes,
    escalations.c.action,
    escalations.c.recipient,
    escalations.c.email,
    escalations.c.repeat_minutes,
    escalations.c.queue_number,
    escalations.c.priority,
    escalations.c.group_id,
)


def list_escalations(connection: sa.Connection, *, tenant_id: str) -> list[StoredEscalation]:
    """The tenant's escalations, the soonest first; there are as many as may be made."""
    query = sa.select(*_columns).where(escalations.c.tenant_id == tenant_id)
    order = (escalations.c.minutes, escalations.c.number)
    return [StoredEscalation(*row) for row in connection.execute(query.order_by(*order))]


def read_escalation(connection: sa.Connection, *, tenant_id: str, number: int) -> StoredEscalation | None:
    """One escalation of the tenant."""
    query = sa.select(*_columns).where(escalations.c.tenant_id == tenant_id, escalations.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredEscalation(*row)


def insert_escalation(connection: sa.Connection, *, tenant_id: str, fields: dict[str, Any]) -> int:
    """A new escalation; answers its number."""
    number = next_number(connection, tenant_id=tenant_id, of="escalation")
    connection.execute(sa.insert(escalations).values(tenant_id=tenant_id, number=number, **_row(fields)))
    return number


def update_escalation(connection: sa.Connection, *, tenant_id: str, number: int, fields: dict[str, Any]) -> None:
    """Write an escalation's fields."""
    connection.execute(
        sa.update(escalations)
        .where(escalations.c.tenant_id == tenant_id, escalations.c.number == number)
        .values(_row(fields))
    )


def delete_escalation(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Remove an escalation."""
    connection.execute(
        sa.delete(escalations).where(escalations.c.tenant_id == tenant_id, escalations.c.number == number)
    )


def _row(fields: dict[str, Any]) -> dict[str, Any]:
    renamed = {"queue_id": "queue_number", "group": "group_id"}
    return {renamed.get(name, name): value for name, value in fields.items()}


def escalations_of_group(connection: sa.Connection, *, tenant_id: str, group_id: str) -> list[int]:
    """Numbers of the escalations that are for this group's tickets alone."""
    query = sa.select(escalations.c.number).where(
        escalations.c.tenant_id == tenant_id, escalations.c.group_id == group_id
    )
    return list(connection.execute(query.order_by(escalations.c.number)).scalars())


def escalations_of(connection: sa.Connection, tenant_id: str) -> tuple[Escalation, ...]:
    """The tenant's escalations as decisions see them."""
    query = (
        sa.select(*_columns, queues.c.name)
        .select_from(
            escalations.outerjoin(
                queues,
                (queues.c.tenant_id == escalations.c.tenant_id) & (queues.c.number == escalations.c.queue_number),
            )
        )
        .where(escalations.c.tenant_id == tenant_id)
        .order_by(escalations.c.minutes, escalations.c.number)
    )
    return tuple(
        Escalation(
            id=row.number,
            minutes=row.minutes,
            action=row.action,
            recipient=row.recipient,
            email=row.email,
            repeat_minutes=row.repeat_minutes,
            queue=row.name,
            priority=row.priority,
            group=row.group_id,
        )
        for row in connection.execute(query)
    )


# -- timers ----------------------------------------------------------------------------------------


def timers_of(connection: sa.Connection, ticket_ids: Sequence[str]) -> dict[str, EscalationTimer]:
    """The timers of these tickets; not all have one."""
    query = sa.select(
        escalation_timers.c.ticket_id,
        escalation_timers.c.wait_number,
        escalation_timers.c.fired,
        escalation_timers.c.due_at,
    ).where(escalation_timers.c.ticket_id.in_(ticket_ids))
    return {row[0]: EscalationTimer(row[1], row[2], row[3]) for row in connection.execute(query)}


def _put(dialect: str) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(escalation_timers)
    changed = {name: statement.excluded[name] for name in ("wait_number", "fired", "due_at")}
    return statement.on_conflict_do_update(index_elements=[escalation_timers.c.ticket_id], set_=changed)


_puts: dict[str, Any] = {name: _put(name) for name in ("sqlite", "postgresql")}


def put_timers(connection: sa.Connection, timers: Iterable[tuple[str, str, EscalationTimer]]) -> None:
    """Write (tenant, ticket, timer)s, whether or not those tickets had one."""
    rows = [
        {
            "tenant_id": tenant_id,
            "ticket_id": ticket_id,
            "wait_number": timer.wait_number,
            "fired": timer.fired,
            "due_at": timer.due_at,
        }
        for tenant_id, ticket_id, timer in sorted(timers, key=lambda one: one[1])
    ]
    if rows:
        connection.execute(_puts[connection.dialect.name], rows)


def drop_timers(connection: sa.Connection, ticket_ids: Sequence[str]) -> None:
    """Nobody waits at these tickets any more."""
    if ticket_ids:
        connection.execute(sa.delete(escalation_timers).where(escalation_timers.c.ticket_id.in_(ticket_ids)))


def soonest(connection: sa.Connection) -> datetime | None:
    """When the next ticket escalates; None when none does."""
    query = sa.select(escalation_timers.c.due_at).where(escalation_timers.c.due_at.is_not(None))
    return connection.execute(query.order_by(escalation_timers.c.due_at).limit(1)).scalar_one_or_none()


def due(connection: sa.Connection, *, at: datetime, limit: int) -> list[tuple[str, str]]:
    """(tenant, ticket) of some that escalate by an instant, the longest due first."""
    query = sa.select(escalation_timers.c.tenant_id, escalation_timers.c.ticket_id).where(
        escalation_timers.c.due_at <= at
    )
    return [(row[0], row[1]) for row in connection.execute(query.order_by(escalation_timers.c.due_at).limit(limit))]


def put_off(connection: sa.Connection, ticket_ids: Sequence[str], *, until: datetime) -> None:
    """Look at these tickets again then: deciding them broke."""
    connection.execute(
        sa.update(escalation_timers).where(escalation_timers.c.ticket_id.in_(ticket_ids)).values(due_at=until)
    )


# -- timing anew -----------------------------------------------------------------------------------


class Sweep(msgspec.Struct, frozen=True):
    """A tenant whose tickets are being timed anew, by whoever took it until `taken_until`."""

    tenant_id: str
    taken_until: datetime


def time_anew(connection: sa.Connection, *, tenant_id: str, at: datetime) -> None:
    """Have every waiting ticket of the tenant timed by what its hours and escalations are now. Who is at it begins
    again."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(escalation_sweeps).values(tenant_id=tenant_id, due_at=at)
    changed = {"due_at": statement.excluded.due_at}
    connection.execute(statement.on_conflict_do_update(index_elements=[escalation_sweeps.c.tenant_id], set_=changed))


def soonest_sweep(connection: sa.Connection) -> datetime | None:
    """When there is a tenant to be timed anew."""
    return connection.execute(sa.select(sa.func.min(escalation_sweeps.c.due_at))).scalar_one_or_none()


def claim_sweeps(connection: sa.Connection, *, at: datetime, taken_until: datetime, limit: int) -> list[Sweep]:
    """Take some tenants, and nobody else has them until then."""
    query = (
        sa.select(escalation_sweeps.c.tenant_id)
        .where(escalation_sweeps.c.due_at <= at)
        .order_by(escalation_sweeps.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(connection.execute(query).scalars())
    if found:
        taken = escalation_sweeps.c.tenant_id.in_(found)
        connection.execute(sa.update(escalation_sweeps).where(taken).values(due_at=taken_until))
    return [Sweep(tenant_id, taken_until) for tenant_id in found]


def keep_sweep(connection: sa.Connection, sweep: Sweep, *, taken_until: datetime) -> Sweep | None:
    """Go on until then; None when it is to begin again, or somebody has taken it over."""
    statement = sa.update(escalation_sweeps).where(*_mine(sweep)).values(due_at=taken_until)
    is_mine = connection.execute(statement).rowcount == 1
    return Sweep(sweep.tenant_id, taken_until) if is_mine else None


def swept(connection: sa.Connection, sweep: Sweep) -> None:
    """All of the tenant's tickets have been timed, unless it is to begin again."""
    connection.execute(sa.delete(escalation_sweeps).where(*_mine(sweep)))


def _mine(sweep: Sweep) -> tuple[sa.ColumnElement[bool], ...]:
    return escalation_sweeps.c.tenant_id == sweep.tenant_id, escalation_sweeps.c.due_at == sweep.taken_until


def waiting_tickets(connection: sa.Connection, *, tenant_id: str, after: str | None, limit: int) -> list[str]:
    """Ids of some of the tenant's tickets whose customer waits, in the order of ids."""
    query = sa.select(tickets.c.id).where(tickets.c.tenant_id == tenant_id, tickets.c.waiting_since.is_not(None))
    if after is not None:
        query = query.where(tickets.c.id > after)
    return list(connection.execute(query.order_by(tickets.c.id).limit(limit)).scalars())
