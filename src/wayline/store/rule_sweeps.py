"""When scheduled rules are swept, and the spells in which they have acted on a ticket already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.core.rules import Narrowed
from wayline.store.incidents import is_uuid
from wayline.store.tables import Id, rule_spells, rule_sweeps, tickets
from wayline.store.tickets import Ticket, shown_columns, ticket_of


def plan_sweep(connection: sa.Connection, *, rule_id: str, tenant_id: str, due_at: datetime) -> None:
    """Have the rule swept at an instant, and not when it was to be before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(rule_sweeps).values(rule_id=rule_id, tenant_id=tenant_id, due_at=due_at)
    changed = {"due_at": statement.excluded.due_at}
    connection.execute(statement.on_conflict_do_update(index_elements=[rule_sweeps.c.rule_id], set_=changed))


def forget_sweep(connection: sa.Connection, rule_id: str) -> None:
    """Have the rule not swept any more."""
    connection.execute(sa.delete(rule_sweeps).where(rule_sweeps.c.rule_id == rule_id))


def forget_spells(connection: sa.Connection, rule_id: str) -> None:
    """Have the rule begin anew with every ticket."""
    connection.execute(sa.delete(rule_spells).where(rule_spells.c.rule_id == rule_id))


def spells_of(connection: sa.Connection, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], datetime | None]:
    """Since when each (rule, ticket) is in a spell; None when it is in none."""
    rule_ids, ticket_ids = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    query = sa.select(rule_spells.c.rule_id, rule_spells.c.ticket_id, rule_spells.c.began_at).where(
        rule_spells.c.rule_id.in_(rule_ids), rule_spells.c.ticket_id.in_(ticket_ids)
    )
    found: dict[tuple[str, str], datetime | None] = dict.fromkeys(pairs)
    found.update({(row[0], row[1]): row[2] for row in connection.execute(query) if (row[0], row[1]) in found})
    return found


def spells_of_tickets(connection: sa.Connection, ticket_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(rule, ticket) of every spell that these tickets are in."""
    query = sa.select(rule_spells.c.rule_id, rule_spells.c.ticket_id).where(rule_spells.c.ticket_id.in_(ticket_ids))
    return [(row[0], row[1]) for row in connection.execute(query)]


# -- sweeping --------------------------------------------------------------------------------------


class Sweep(msgspec.Struct, frozen=True):
    """A rule that is being swept, by whoever took it until `taken_until`."""

    rule_id: str
    tenant_id: str
    taken_until: datetime


def soonest(connection: sa.Connection) -> datetime | None:
    """When the next rule is due, or to be taken over from somebody who has not been heard of."""
    return connection.execute(sa.select(sa.func.min(rule_sweeps.c.due_at))).scalar_one_or_none()


def claim(connection: sa.Connection, *, at: datetime, taken_until: datetime, limit: int) -> list[Sweep]:
    """Take some rules that are due, longest due first; nobody else has them until then."""
    query = (
        sa.select(rule_sweeps.c.rule_id, rule_sweeps.c.tenant_id)
        .where(rule_sweeps.c.due_at <= at)
        .order_by(rule_sweeps.c.due_at, rule_sweeps.c.rule_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [Sweep(*row, taken_until) for row in connection.execute(query)]
    if found:
        taken = rule_sweeps.c.rule_id.in_([sweep.rule_id for sweep in found])
        connection.execute(sa.update(rule_sweeps).where(taken).values(due_at=taken_until))
    return found


def keep(connection: sa.Connection, sweep: Sweep, *, taken_until: datetime) -> Sweep | None:
    """Go on sweeping until then; None when somebody has planned the rule anew, or has taken it over."""
    statement = _mine(sweep).values(due_at=taken_until)
    is_mine = connection.execute(statement).rowcount == 1
    return msgspec.structs.replace(sweep, taken_until=taken_until) if is_mine else None


def swept(connection: sa.Connection, sweep: Sweep, *, next_at: datetime) -> None:
    """The rule has been swept; it is again at `next_at`, unless somebody has planned it anew meanwhile."""
    connection.execute(_mine(sweep).values(due_at=next_at))


def _mine(sweep: Sweep) -> sa.Update:
    is_it = (rule_sweeps.c.rule_id == sweep.rule_id, rule_sweeps.c.due_at == sweep.taken_until)
    return sa.update(rule_sweeps).where(*is_it)


class Swept(msgspec.Struct, frozen=True):
    """A ticket that a rule may have to act on. `last_person_at` is when a person last did something to it."""

    ticket: Ticket
    last_person_at: datetime | None


_PLAIN = ("type", "priority", "category", "queue", "subtype", "resolution_category")
_COLUMNS = {
    name: tickets.c[column]
    for name, column in {
        **dict(zip(_PLAIN, _PLAIN, strict=True)),
        **{"group": "group_id", "assignee": "assignee_id", "requester": "requester_id"},
    }.items()
}
_last_act = sa.func.coalesce(tickets.c.last_person_at, tickets.c.created_at)


def tickets_to_sweep(
    connection: sa.Connection,
    *,
    tenant_id: str,
    rule_id: str,
    narrowed: Narrowed,
    status: str,
    at: datetime,
    after: Ticket | None,
    limit: int,
) -> list[Swept]:
    """A page of the tickets of one status that the rule may match and has not acted on in this spell, oldest first; all
    that match are among them. One status at a time, so that an index has them in this order."""
    in_spell = (rule_spells.c.rule_id == rule_id) & (rule_spells.c.ticket_id == tickets.c.id)
    query = (
        sa.select(*shown_columns(), tickets.c.last_person_at)
        .select_from(tickets.outerjoin(rule_spells, in_spell))
        .where(
            tickets.c.tenant_id == tenant_id,
            tickets.c.status == status,
            sa.or_(rule_spells.c.began_at.is_(None), tickets.c.last_person_at > rule_spells.c.began_at),
            *_narrowing(narrowed, at),
        )
    )
    if after is not None:
        since = sa.literal(after["created_at"], tickets.c.created_at.type)
        last = sa.tuple_(since, sa.literal(after["id"], tickets.c.id.type))
        # The first of the two is what the index is entered by.
        query = query.where(tickets.c.created_at >= since, sa.tuple_(tickets.c.created_at, tickets.c.id) > last)
    rows = connection.execute(query.order_by(tickets.c.created_at, tickets.c.id).limit(limit))
    return [Swept(ticket_of(row), row.last_person_at) for row in rows]


def _narrowing(narrowed: Narrowed, at: datetime) -> Iterator[sa.ColumnElement[bool]]:
    for name, values in narrowed.values.items():
        column = _COLUMNS.get(name)
        if column is not None:
            # PostgreSQL compares ids with UUIDs alone; what is none is nobody's.
            known = [value for value in values if value is None or column.type is not Id or is_uuid(value)]
            among = column.in_([value for value in known if value is not None])
            yield sa.or_(among, column.is_(None)) if None in known else among
    for name, since in (("idle_hours", _last_act), ("age_hours", tickets.c.created_at)):
        hours = narrowed.at_least.get(name)
        if hours is not None:
            # A second more than asked for: instants are rounded otherwise where the rule is asked.
            yield since <= sa.literal(at - timedelta(hours=hours) + timedelta(seconds=1), tickets.c.created_at.type)
