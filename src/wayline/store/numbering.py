"""Numbers per tenant, for what people call by a number. None is given twice."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.store.tables import counters


def next_number(connection: sa.Connection, *, tenant_id: str, of: str) -> int:
    """The number of the tenant's next one of a kind (`queue`, `escalation` …); the first is 1."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(counters).values(tenant_id=tenant_id, name=f"id:{of}", value=1)
    counted = statement.on_conflict_do_update(
        index_elements=[counters.c.tenant_id, counters.c.name], set_={"value": counters.c.value + 1}
    )
    number: int = connection.execute(counted.returning(counters.c.value)).scalar_one()
    return number
