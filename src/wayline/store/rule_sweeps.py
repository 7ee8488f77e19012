"""When scheduled rules are swept, and the spells in which they have acted on a ticket already."""

from __future__ import annotations

from datetime import datetime

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
