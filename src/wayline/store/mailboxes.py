"""Mailboxes as rows: the addresses that mail about the tickets of a queue comes from."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from wayline.store.numbering import next_number
from wayline.store.tables import mailboxes, queues


class StoredMailbox(msgspec.Struct, frozen=True):
    """A mailbox as read; `id` is its number at the tenant."""

    id: int
    name: str
    address: str


_columns = (mailboxes.c.number, mailboxes.c.name, mailboxes.c.address)


def list_mailboxes(
    connection: sa.Connection, *, tenant_id: str, q: str | None, descending: bool, limit: int, offset: int
) -> tuple[list[StoredMailbox], int]:
    """A page of the tenant's mailboxes by name, and how many there are in all."""
    conditions = [mailboxes.c.tenant_id == tenant_id]
    name = sa.func.lower(mailboxes.c.name)
    if q:
        wanted = q.lower()
        conditions.append(
            name.contains(wanted, autoescape=True) | mailboxes.c.address.contains(wanted, autoescape=True)
        )
    total = connection.execute(sa.select(sa.func.count()).select_from(mailboxes).where(*conditions)).scalar_one()
    order = (name.desc(), mailboxes.c.number.desc()) if descending else (name, mailboxes.c.number)
    query = sa.select(*_columns).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [StoredMailbox(*row) for row in connection.execute(query)], total


def read_mailbox(connection: sa.Connection, *, tenant_id: str, number: int) -> StoredMailbox | None:
    """One mailbox of the tenant."""
    query = sa.select(*_columns).where(mailboxes.c.tenant_id == tenant_id, mailboxes.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredMailbox(*row)


def address_taken(connection: sa.Connection, *, tenant_id: str, address: str, but: int | None = None) -> bool:
    """Whether another mailbox of the tenant, number `but` aside, has that address."""
    query = sa.select(mailboxes.c.number).where(mailboxes.c.tenant_id == tenant_id, mailboxes.c.address == address)
    return any(number != but for number in connection.execute(query).scalars())


def insert_mailbox(connection: sa.Connection, *, tenant_id: str, name: str, address: str) -> StoredMailbox:
    """A new mailbox."""
    number = next_number(connection, tenant_id=tenant_id, of="mailbox")
    row = {"tenant_id": tenant_id, "number": number, "name": name, "address": address}
    connection.execute(sa.insert(mailboxes).values(row))
    return StoredMailbox(id=number, name=name, address=address)


def update_mailbox(connection: sa.Connection, *, tenant_id: str, mailbox: StoredMailbox) -> None:
    """Write its name and address."""
    connection.execute(
        sa.update(mailboxes)
        .where(mailboxes.c.tenant_id == tenant_id, mailboxes.c.number == mailbox.id)
        .values(name=mailbox.name, address=mailbox.address)
    )


def delete_mailbox(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Remove a mailbox."""
    connection.execute(sa.delete(mailboxes).where(mailboxes.c.tenant_id == tenant_id, mailboxes.c.number == number))


def queues_using(connection: sa.Connection, *, tenant_id: str, number: int) -> list[str]:
    """Names of the queues whose mail comes from it."""
    query = sa.select(queues.c.name).where(queues.c.tenant_id == tenant_id, queues.c.outgoing_mailbox == number)
    return list(connection.execute(query.order_by(queues.c.name)).scalars())
