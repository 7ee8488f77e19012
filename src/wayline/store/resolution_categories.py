"""Resolution categories as rows, in the order people gave them. A ticket names its category."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa

from wayline.store.numbering import next_number
from wayline.store.tables import resolution_categories, tickets

FIRST_COLOUR = "#8a94a0"
"""Of a category that a ticket has founded."""


class StoredCategory(msgspec.Struct, frozen=True):
    """A category as read; `id` is its number at the tenant, `position` counts from 1, `in_use`: a ticket has it."""

    id: int
    name: str
    colour: str
    position: int
    in_use: bool


# Whether there is one such ticket, which an index of the tickets that have a category tells.
_in_use = sa.exists(
    sa.select(sa.literal(1)).where(
        tickets.c.tenant_id == resolution_categories.c.tenant_id,
        tickets.c.resolution_category == resolution_categories.c.name,
    )
)
_columns = (
    resolution_categories.c.number,
    resolution_categories.c.name,
    resolution_categories.c.colour,
    resolution_categories.c.position,
    _in_use,
)


def list_categories(connection: sa.Connection, *, tenant_id: str) -> list[StoredCategory]:
    """The tenant's categories in their order; there are as many as may be made."""
    query = sa.select(*_columns).where(resolution_categories.c.tenant_id == tenant_id)
    order = (resolution_categories.c.position, resolution_categories.c.number)
    return [
        StoredCategory(row[0], row[1], row[2], row[3], bool(row[4]))
        for row in connection.execute(query.order_by(*order))
    ]


def category_names(connection: sa.Connection, tenant_id: str) -> list[str]:
    """What the tenant's categories are called."""
    query = sa.select(resolution_categories.c.name).where(resolution_categories.c.tenant_id == tenant_id)
    return list(connection.execute(query).scalars())


def hold_categories(connection: sa.Connection, tenant_id: str, names: Collection[str]) -> bool:
    """Keep these categories from being renamed or deleted (PostgreSQL); answers whether they are all there."""
    query = sa.select(resolution_categories.c.number).where(
        resolution_categories.c.tenant_id == tenant_id, resolution_categories.c.name.in_(names)
    )
    return len(connection.execute(query.with_for_update(read=True)).all()) == len(names)


def insert_category(connection: sa.Connection, *, tenant_id: str, name: str, colour: str) -> int:
    """A new category behind all others; answers its number."""
    number = next_number(connection, tenant_id=tenant_id, of="resolution_category")
    last = sa.select(sa.func.coalesce(sa.func.max(resolution_categories.c.position), 0)).where(
        resolution_categories.c.tenant_id == tenant_id
    )
    position = connection.execute(last).scalar_one() + 1
    row = {"tenant_id": tenant_id, "number": number, "name": name, "colour": colour, "position": position}
    connection.execute(sa.insert(resolution_categories).values(row))
    return number


def update_category(
    connection: sa.Connection, *, tenant_id: str, category: StoredCategory, name: str, colour: str
) -> None:
    """Give a category another name and colour; its tickets have the category of that name then."""
    connection.execute(
        sa.update(resolution_categories)
        .where(resolution_categories.c.tenant_id == tenant_id, resolution_categories.c.number == category.id)
        .values(name=name, colour=colour)
    )
    if name != category.name:
        # The version moves on, so that nobody who has read a ticket before writes the old name back.
        connection.execute(
            sa.update(tickets)
            .where(tickets.c.tenant_id == tenant_id, tickets.c.resolution_category == category.name)
            .values(resolution_category=name, version=tickets.c.version + 1)
        )


def lock_category(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Wait for who is giving it to a ticket, and keep others from it (PostgreSQL)."""
    query = sa.select(resolution_categories.c.number).where(
        resolution_categories.c.tenant_id == tenant_id, resolution_categories.c.number == number
    )
    connection.execute(query.with_for_update())


def how_many_have(connection: sa.Connection, *, tenant_id: str, name: str) -> int:
    """How many tickets have the category."""
    query = (
        sa.select(sa.func.count())
        .select_from(tickets)
        .where(tickets.c.tenant_id == tenant_id, tickets.c.resolution_category == name)
    )
    return connection.execute(query).scalar_one()


def delete_category(connection: sa.Connection, *, tenant_id: str, number: int) -> None:
    """Remove a category; the others close up."""
    connection.execute(
        sa.delete(resolution_categories).where(
            resolution_categories.c.tenant_id == tenant_id, resolution_categories.c.number == number
        )
    )
    order = [category.id for category in list_categories(connection, tenant_id=tenant_id)]
    reorder_categories(connection, tenant_id=tenant_id, numbers=order)


def reorder_categories(connection: sa.Connection, *, tenant_id: str, numbers: Sequence[int]) -> None:
    """Put the categories in this order, which names every one of them."""
    statement = (
        sa.update(resolution_categories)
        .where(
            resolution_categories.c.tenant_id == tenant_id,
            resolution_categories.c.number == sa.bindparam("b_number"),
        )
        .values(position=sa.bindparam("v_position"))
    )
    rows = [{"b_number": number, "v_position": position} for position, number in enumerate(numbers, 1)]
    if rows:
        connection.execute(statement, rows)
