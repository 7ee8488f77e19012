"""The outbox: commands for other roots, written by the decision that sends them, gone with the commit that did them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from wayline.store.tables import outbox

FAR = datetime(9999, 1, 1, tzinfo=UTC)


class SentCommand(msgspec.Struct, frozen=True):
    """A command on its way. `body` is msgpack; `attempts` counts the times that it broke."""

    id: str
    tenant_id: str
    command: str
    body: bytes
    attempts: int


_COLUMNS = [outbox.c[name] for name in SentCommand.__struct_fields__]
_soonest = sa.select(sa.func.min(outbox.c.due_at)).where(outbox.c.due_at < FAR)
_due = (
    sa.select(*_COLUMNS)
    .where(outbox.c.due_at <= sa.bindparam("at", type_=outbox.c.due_at.type))
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(sa.bindparam("limit"))
)
_waiting = sa.select(outbox.c.id).where(outbox.c.id.in_(sa.bindparam("ids", expanding=True)))
_waiting_locked = _waiting.order_by(outbox.c.id).with_for_update()


def soonest(connection: sa.Connection) -> datetime | None:
    """When the next command is due; None when none is on its way."""
    return connection.execute(_soonest).scalar_one_or_none()


def due(connection: sa.Connection, *, at: datetime, limit: int) -> list[SentCommand]:
    """The commands that are due, the longest due first."""
    return [SentCommand(**row._mapping) for row in connection.execute(_due, {"at": at, "limit": limit})]


def waiting(connection: sa.Connection, ids: list[str], *, lock: bool) -> set[str]:
    """Those of these commands that have not been done; `lock` keeps other processes from doing them meanwhile."""
    return set(connection.execute(_waiting_locked if lock else _waiting, {"ids": ids}).scalars())


def try_later(connection: sa.Connection, command_id: str, *, due_at: datetime, attempts: int) -> None:
    """Have it done at another instant."""
    connection.execute(sa.update(outbox).where(outbox.c.id == command_id).values(due_at=due_at, attempts=attempts))


def hold(connection: sa.Connection, command_id: str) -> None:
    """Keep it until a person resumes it."""
    connection.execute(sa.update(outbox).where(outbox.c.id == command_id).values(due_at=FAR))


def resume(connection: sa.Connection, *, tenant_id: str, run_id: str, at: datetime) -> int:
    """Have the held commands of a run done now; answers how many there were."""
    statement = (
        sa.update(outbox)
        .where(outbox.c.tenant_id == tenant_id, outbox.c.due_at == FAR, outbox.c.id.startswith(f"{run_id}:"))
        .values(due_at=at, attempts=0)
    )
    return connection.execute(statement).rowcount
