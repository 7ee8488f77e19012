"""What a timeline is about: a run or a ticket."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from wayline.store.runs import read_run
from wayline.store.tables import tickets


class Subject(msgspec.Struct, frozen=True):
    """A run or ticket as other systems are told of it: what never changes about it."""

    kind: Literal["run", "ticket"]
    shown: dict[str, Any]


def about(connection: sa.Connection, *, tenant_id: str, subject_id: str) -> Subject | None:
    """The run or ticket with this id; None when the tenant has none."""
    run = read_run(connection, tenant_id=tenant_id, run_id=subject_id)
    if run is not None:
        shown = {
            "id": run.id,
            "template": {"id": run.template_id, "name": run.template_name},
            "ticket_id": run.ticket_id,
            "owner": run.owner_id,
            "trigger_type": run.trigger_type,
        }
        return Subject(kind="run", shown=shown)
    query = sa.select(tickets.c.id, tickets.c.number, tickets.c.type)
    row = connection.execute(query.where(tickets.c.id == subject_id, tickets.c.tenant_id == tenant_id)).one_or_none()
    return None if row is None else Subject(kind="ticket", shown=dict(row._mapping))
