"""Queues as rows: their names, who manages them, and how many tickets they hold.

A ticket names its queue. The counts stand in the queue's own row and are written with the tickets that change them;
that the row is there under that name, when they are, is what keeps a ticket from ending up in a queue that has just
been renamed or deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa

from wayline.core.facts import Queue
from wayline.core.ticket import ENDED_STATUSES
from wayline.store.numbering import next_number
from wayline.store.tables import counters, escalations, mailboxes, queue_managers, queues, tickets, users

BUILTIN = ("Inbox", "Spam", "Trash")


class StoredQueue(msgspec.Struct, frozen=True):
    """A queue as read; `id` is its number at the tenant."""

    id: int
    name: str
    builtin: bool
    ticket_count: int
    open_count: int
    outgoing_mailbox_id: int | None


_columns = (
    queues.c.number,
    queues.c.name,
    queues.c.builtin,
    queues.c.ticket_count,
    queues.c.open_count,
    queues.c.outgoing_mailbox,
)


def found_queues(connection: sa.Connection, tenant_id: str) -> None:
    """Give a new tenant the queues that every desk has."""
    rows = [
        {"tenant_id": tenant_id, "number": number, "name": name, "builtin": True}
        for number, name in enumerate(BUILTIN, 1)
    ]
    connection.execute(sa.insert(queues), rows)
    connection.execute(sa.insert(counters).values(tenant_id=tenant_id, name="id:queue", value=len(rows)))


def list_queues(connection: sa.Connection, *, tenant_id: str, limit: int) -> list[StoredQueue]:
    """The tenant's queues, the built-in ones first, then by name."""
    query = sa.select(*_columns).where(queues.c.tenant_id == tenant_id)
    order = (queues.c.builtin.desc(), sa.case((queues.c.builtin, queues.c.number)), sa.func.lower(queues.c.name))
    return [StoredQueue(*row) for row in connection.execute(query.order_by(*order).limit(limit))]


def read_queue(connection: sa.Connection, *, tenant_id: str, number: int, lock: bool = False) -> StoredQueue | None:
    """One queue of the tenant; `lock` keeps tickets from coming and going (PostgreSQL)."""
    query = sa.select(*_columns).where(queues.c.tenant_id == tenant_id, queues.c.number == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredQueue(*row)


def queues_of(connection: sa.Connection, tenant_id: str) -> list[Queue]:
    """The tenant's queues as decisions see them."""
    managers: dict[int, list[str]] = {}
    managing = sa.select(queue_managers.c.queue_number, queue_managers.c.user_id).where(
        queue_managers.c.tenant_id == tenant_id
    )
    for number, user_id in connection.execute(managing.order_by(queue_managers.c.position)):
        managers.setdefault(number, []).append(user_id)
    query = (
        sa.select(queues.c.number, queues.c.name, mailboxes.c.address)
        .select_from(
            queues.outerjoin(
                mailboxes,
                (mailboxes.c.tenant_id == queues.c.tenant_id) & (mailboxes.c.number == queues.c.outgoing_mailbox),
            )
        )
        .where(queues.c.tenant_id == tenant_id)
        .order_by(queues.c.number)
    )
    return [
        Queue(id=row.number, name=row.name, managers=tuple(managers.get(row.number, ())), outgoing=row.address)
        for row in connection.execute(query)
    ]


def name_taken(connection: sa.Connection, *, tenant_id: str, name: str, but: int | None = None) -> bool:
    """Whether another queue of the tenant, number `but` aside, is called so, case aside."""
    query = sa.select(queues.c.number, queues.c.name).where(queues.c.tenant_id == tenant_id)
    folded = name.casefold()
    return any(number != but and other.casefold() == folded for number, other in connection.execute(query))


def how_many(connection: sa.Connection, tenant_id: str) -> int:
    """How many queues the tenant has."""
    query = sa.select(sa.func.count()).select_from(queues).where(queues.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()


def insert_queue(connection: sa.Connection, *, tenant_id: str, name: str, outgoing_mailbox_id: int | None) -> int:
    """A new queue without tickets; answers its number."""
    number = next_number(connection, tenant_id=tenant_id, of="queue")
    row = {"tenant_id": tenant_id, "number": number, "name": name, "outgoing_mailbox": outgoing_mailbox_id}
    connection.execute(sa.insert(queues).values(**row, builtin=False))
    return number


def update_queue(
    connection: sa.Connection, *, tenant_id: str, queue: StoredQueue, name: str, outgoing_mailbox_id: int | None
) -> None:
    """Give a locked queue another name and mailbox; its tickets are then in the queue of that name."""
    connection.execute(
        sa.update(queues)
        .where(queues.c.tenant_id == tenant_id, queues.c.number == queue.id)
        .values(name=name, outgoing_mailbox=outgoing_mailbox_id)
    )
    if name != queue.name:
        # The version moves on, so that nobody who has read a ticket before writes the old name back.
        connection.execute(
            sa.update(tickets)
            .where(tickets.c.tenant_id == tenant_id, tickets.c.queue == queue.name)
            .values(queue=name, version=tickets.c.version + 1)
        )


def delete_queue(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Remove a queue and who managed it."""
    connection.execute(sa.delete(queues).where(queues.c.tenant_id == tenant_id, queues.c.number == number))
    connection.execute(
        sa.delete(queue_managers).where(
            queue_managers.c.tenant_id == tenant_id, queue_managers.c.queue_number == number
        )
    )


class TicketPlace(msgspec.Struct, frozen=True):
    """Which queue a ticket is in, and where it stands there."""

    id: str
    number: str
    queue: str
    created_at: datetime


def tickets_in(
    connection: sa.Connection, *, tenant_id: str, queue: str, after: TicketPlace | None, limit: int
) -> list[TicketPlace]:
    """A page of the tickets in a queue, oldest first."""
    query = sa.select(tickets.c.id, tickets.c.number, tickets.c.queue, tickets.c.created_at).where(
        tickets.c.tenant_id == tenant_id, tickets.c.queue == queue
    )
    if after is not None:
        last = sa.tuple_(
            sa.literal(after.created_at, tickets.c.created_at.type), sa.literal(after.id, tickets.c.id.type)
        )
        query = query.where(sa.tuple_(tickets.c.created_at, tickets.c.id) > last)
    rows = connection.execute(query.order_by(tickets.c.created_at, tickets.c.id).limit(limit))
    return [TicketPlace(*row) for row in rows]


def escalations_of_queue(connection: sa.Connection, *, tenant_id: str, number: int) -> list[int]:
    """Numbers of the escalations that are for this queue alone."""
    query = sa.select(escalations.c.number).where(
        escalations.c.tenant_id == tenant_id, escalations.c.queue_number == number
    )
    return list(connection.execute(query.order_by(escalations.c.number)).scalars())


def tickets_called(
    connection: sa.Connection, *, tenant_id: str, ids: Collection[str], numbers: Collection[str]
) -> list[TicketPlace]:
    """Which queue each of these tickets is in; those the tenant does not have are left out."""
    query = sa.select(tickets.c.id, tickets.c.number, tickets.c.queue, tickets.c.created_at).where(
        tickets.c.tenant_id == tenant_id, sa.or_(tickets.c.id.in_(ids), tickets.c.number.in_(numbers))
    )
    return [TicketPlace(*row) for row in connection.execute(query)]


# -- counting --------------------------------------------------------------------------------------

Counted = tuple[str, str]
"""A tenant and the name of a queue."""

_count = (
    sa.update(queues)
    .where(queues.c.tenant_id == sa.bindparam("b_tenant_id"), queues.c.name == sa.bindparam("b_name"))
    .values(
        ticket_count=queues.c.ticket_count + sa.bindparam("v_tickets"),
        open_count=queues.c.open_count + sa.bindparam("v_open"),
    )
)


def is_open(status: str) -> bool:
    """Whether a ticket of this status counts as open."""
    return status not in ENDED_STATUSES


def count(connection: sa.Connection, changes: dict[Counted, tuple[int, int]]) -> bool:
    """Add to the counts of tickets and of open ones, in everybody's order; answers whether every queue was there."""
    rows = [
        {"b_tenant_id": tenant_id, "b_name": name, "v_tickets": of_all, "v_open": of_open}
        for (tenant_id, name), (of_all, of_open) in sorted(changes.items())
    ]
    return connection.execute(_count, rows).rowcount == len(rows)


# -- managers --------------------------------------------------------------------------------------


def managers_of(connection: sa.Connection, *, tenant_id: str, number: int) -> list[dict[str, str]]:
    """The queue's managers in their order: {user_id, name, email}."""
    query = (
        sa.select(queue_managers.c.user_id, users.c.name, users.c.email)
        .join(users, (users.c.id == queue_managers.c.user_id) & (users.c.tenant_id == queue_managers.c.tenant_id))
        .where(queue_managers.c.tenant_id == tenant_id, queue_managers.c.queue_number == number)
    )
    return [dict(row._mapping) for row in connection.execute(query.order_by(queue_managers.c.position))]


def put_managers(connection: sa.Connection, *, tenant_id: str, number: int, user_ids: Sequence[str]) -> None:
    """Have these people manage the queue, and nobody else."""
    connection.execute(
        sa.delete(queue_managers).where(
            queue_managers.c.tenant_id == tenant_id, queue_managers.c.queue_number == number
        )
    )
    if user_ids:
        rows = [
            {"tenant_id": tenant_id, "queue_number": number, "user_id": user_id, "position": position}
            for position, user_id in enumerate(user_ids)
        ]
        connection.execute(sa.insert(queue_managers), rows)
