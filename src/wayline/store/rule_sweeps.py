"""When scheduled rules are swept, and the spells in which they have acted on a ticket already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.store.tables import rule_spells, rule_sweeps


def plan_sweep(connection: sa.Connection, *, rule_id: str, tenant_id: str, due_at: datetime) -> None:
    """Have the rule swept at an instant, and not when it was to be before."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(rule_sweeps).values(rule_id=rule_id, tenant_id=tenant_id, due_at=due_at)
    changed = {"due_at": statement.excluded.due_at, "lease_until": None}
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


# -- sweeping --------------------------------------------------------------------------------------


class Sweep(msgspec.Struct, frozen=True):
    """A rule whose time has come. `due_at` is the instant it was planned for."""

    rule_id: str
    tenant_id: str
    due_at: datetime


def soonest(connection: sa.Connection) -> datetime | None:
    """When there is something to sweep next: a rule is due, or whoever swept it has not been heard of."""
    waits_until = sa.case((rule_sweeps.c.lease_until > rule_sweeps.c.due_at, rule_sweeps.c.lease_until))
    query = sa.select(sa.func.min(sa.func.coalesce(waits_until, rule_sweeps.c.due_at)))
    return connection.execute(query.select_from(rule_sweeps)).scalar_one_or_none()


def claim(connection: sa.Connection, *, at: datetime, lease_until: datetime, limit: int) -> list[Sweep]:
    """Take some rules that are due, longest due first; nobody else has them until the lease ends."""
    is_free = sa.or_(rule_sweeps.c.lease_until.is_(None), rule_sweeps.c.lease_until <= at)
    query = (
        sa.select(rule_sweeps.c.rule_id, rule_sweeps.c.tenant_id, rule_sweeps.c.due_at)
        .where(rule_sweeps.c.due_at <= at, is_free)
        .order_by(rule_sweeps.c.due_at, rule_sweeps.c.rule_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [Sweep(*row) for row in connection.execute(query)]
    if found:
        taken = rule_sweeps.c.rule_id.in_([sweep.rule_id for sweep in found])
        connection.execute(sa.update(rule_sweeps).where(taken).values(lease_until=lease_until))
    return found


def renew(connection: sa.Connection, sweep: Sweep, *, lease_until: datetime) -> None:
    """Say that the rule is still being swept."""
    connection.execute(sa.update(rule_sweeps).where(*_same(sweep)).values(lease_until=lease_until))


def swept(connection: sa.Connection, sweep: Sweep, *, next_at: datetime) -> None:
    """The rule has been swept; it is again at `next_at`, unless somebody has planned it anew meanwhile."""
    connection.execute(sa.update(rule_sweeps).where(*_same(sweep)).values(due_at=next_at, lease_until=None))


def _same(sweep: Sweep) -> tuple[sa.ColumnElement[bool], ...]:
    return rule_sweeps.c.rule_id == sweep.rule_id, rule_sweeps.c.due_at == sweep.due_at
