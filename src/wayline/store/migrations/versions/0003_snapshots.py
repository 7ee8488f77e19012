"""What a run was at each completed step; and a run knows its timers, so that it can be paused.

An open visit had the ids of its timers alone. What is known of each is now part of the run: its kind, when it is due,
in whose business time that was counted, and whether it is an instant that nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
AT_A_TIME = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

runs = sa.table(
    "runs",
    sa.column("id", ID),
    sa.column("template_id", ID),
    sa.column("template_version", sa.Integer),
    sa.column("completed_at", sa.BigInteger),
    sa.column("state", sa.LargeBinary),
)
timers = sa.table(
    "timers",
    sa.column("id", sa.Text),
    sa.column("run_id", ID),
    sa.column("kind", sa.Text),
    sa.column("due_at", sa.BigInteger),
)
template_versions = sa.table(
    "template_versions",
    sa.column("template_id", ID),
    sa.column("version", sa.Integer),
    sa.column("definition", sa.JSON),
)


def upgrade() -> None:
    op.add_column("activations", sa.Column("snapshot", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    for run, state in _live_runs(connection):
        waiting = [visit for visit in state.get("open", ()) if visit.get("timers")]
        if not waiting:
            continue
        steps = _steps(connection, run)
        found = {row.id: row for row in connection.execute(sa.select(timers).where(timers.c.run_id == run.id))}
        for visit in waiting:
            known = [found[name] for name in visit["timers"] if name in found]
            visit["timers"] = {row.id: _timer(row, steps.get(visit["step_id"], {})) for row in known}
        changed = sa.update(runs).where(runs.c.id == run.id).values(state=msgspec.msgpack.encode(state))
        connection.execute(changed)


def _live_runs(connection: sa.Connection) -> Iterator[tuple[Any, dict[str, Any]]]:
    query = sa.select(runs).where(runs.c.completed_at.is_(None)).order_by(runs.c.id).limit(AT_A_TIME)
    rows = connection.execute(query).all()
    while rows:
        yield from ((row, msgspec.msgpack.decode(row.state)) for row in rows)
        rows = connection.execute(query.where(runs.c.id > rows[-1].id)).all()


def _steps(connection: sa.Connection, run: Any) -> dict[str, dict[str, Any]]:
    wanted = (
        template_versions.c.template_id == run.template_id,
        template_versions.c.version == run.template_version,
    )
    definition = connection.execute(sa.select(template_versions.c.definition).where(*wanted)).scalar_one()
    return {step["id"]: step for step in definition.get("steps", ())}


def _timer(row: Any, step: dict[str, Any]) -> list[Any]:
    """The timer as a run keeps it: kind, due instant, calendar, whether it is fixed."""
    due_at = EPOCH + timedelta(microseconds=row.due_at)
    if row.kind != "elapsed":
        return [row.kind, due_at, step.get("calendar"), False]
    wanted = step.get("for", {})
    calendar = wanted.get("calendar", "default") if "business_hours" in wanted else None
    return [row.kind, due_at, calendar, "until" in wanted]
