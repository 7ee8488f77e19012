"""Runs as surface 001 lists them: newest first, a page after another, each with the latest of its timeline.

However long the history, a page costs what it shows. The common runs are soon found among the newest; what is rare
(failed, archived, on another task queue than the usual one) has indexes of its own, which a query is led to by saying
their condition in so many words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core import run as run_value
from wayline.core.run import DEFAULT_TASK_QUEUE, Run
from wayline.store.tables import runs


class StoredExecution(msgspec.Struct, frozen=True):
    """A run as read, and whether it has been put away."""

    run: Run
    archived: bool


class ExecutionHead(msgspec.Struct, frozen=True):
    """What tells whether a run has changed, and whose it is, without looking into it."""

    owner_id: str | None
    version: int
    archived: bool


class ExecutionFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed down to. `statuses` are as stored (`Run.standing`), none for all; archived runs are shown
    alone or not at all; None is not asked."""

    statuses: Sequence[str] = ()
    archived: bool = False
    task_queue: str | None = None
    trigger_types: Sequence[str] = ()
    owner_id: str | None = None


def read_execution(connection: sa.Connection, *, tenant_id: str, run_id: str) -> StoredExecution | None:
    """One run of the tenant."""
    query = sa.select(runs.c.state, runs.c.archived).where(runs.c.id == run_id, runs.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredExecution(run_value.decode(row.state), row.archived)


def read_head(connection: sa.Connection, *, tenant_id: str, run_id: str) -> ExecutionHead | None:
    """One run of the tenant, from the outside."""
    columns = [runs.c[name] for name in ExecutionHead.__struct_fields__]
    row = connection.execute(
        sa.select(*columns).where(runs.c.id == run_id, runs.c.tenant_id == tenant_id)
    ).one_or_none()
    return None if row is None else ExecutionHead(*row)


def list_executions(
    connection: sa.Connection,
    *,
    tenant_id: str,
    wanted: ExecutionFilter,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[StoredExecution]:
    """The newest `limit` runs that were created before the one `after` names (created_at, id); the newest of all."""
    conditions = [runs.c.tenant_id == tenant_id, *_conditions(wanted)]
    if after is not None:
        created_at, run_id = after
        conditions.append(runs.c.created_at <= created_at)
        conditions.append(sa.or_(runs.c.created_at < created_at, runs.c.id < run_id))
    if not wanted.statuses:
        query = _newest(conditions, limit)
    else:
        # A page of each status, and the newest of those: `status IN (…)` in order of time would sort all there are.
        of_each = [_newest([*conditions, *_of_status(status)], limit).subquery() for status in wanted.statuses]
        both = sa.union_all(*(sa.select(one) for one in of_each)).subquery()
        query = sa.select(both).order_by(both.c.created_at.desc(), both.c.id.desc()).limit(limit)
    return [StoredExecution(run_value.decode(row.state), row.archived) for row in connection.execute(query)]


def place_of(connection: sa.Connection, *, tenant_id: str, run_id: str, owner_id: str | None) -> Any:
    """(created_at, id) of a run, where a list goes on after it; None when there is none that this owner may see."""
    conditions = [runs.c.id == run_id, runs.c.tenant_id == tenant_id]
    if owner_id is not None:
        conditions.append(runs.c.owner_id == owner_id)
    row = connection.execute(sa.select(runs.c.created_at, runs.c.id).where(*conditions)).one_or_none()
    return None if row is None else (row[0], row[1])


def archive(connection: sa.Connection, *, tenant_id: str, run_id: str) -> None:
    """Leave an ended run out of the usual lists. The caller has seen that it has ended."""
    connection.execute(
        sa.update(runs)
        .where(runs.c.id == run_id, runs.c.tenant_id == tenant_id, runs.c.completed_at.is_not(None))
        .values(archived=True, version=runs.c.version + 1)
    )


def bring_back(connection: sa.Connection, *, tenant_id: str, run_id: str) -> None:
    """A run that goes on after it was put away is in the usual lists again. Its row's version is moved by who has it
    go on."""
    connection.execute(
        sa.update(runs)
        .where(runs.c.id == run_id, runs.c.tenant_id == tenant_id, runs.c.archived)
        .values(archived=False)
    )


def _newest(conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> sa.Select[Any]:
    return (
        sa.select(runs.c.id, runs.c.created_at, runs.c.state, runs.c.archived)
        .where(*conditions)
        .order_by(runs.c.created_at.desc(), runs.c.id.desc())
        .limit(limit)
    )


def _conditions(wanted: ExecutionFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [sa.text("archived") if wanted.archived else runs.c.archived.is_(False)]  # type: ignore[list-item]
    if wanted.task_queue is not None:
        found.append(runs.c.task_queue == wanted.task_queue)
        if wanted.task_queue != DEFAULT_TASK_QUEUE:
            found.append(sa.text("task_queue <> 'itsm-workflows'"))  # type: ignore[arg-type]
    if wanted.trigger_types:
        found.append(runs.c.trigger_type.in_(wanted.trigger_types))
    if wanted.owner_id is not None:
        found.append(runs.c.owner_id == wanted.owner_id)
    return found


def _of_status(status: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [runs.c.status == status]
    if status != "completed":
        found.append(sa.text("status <> 'completed'"))  # type: ignore[arg-type]
    return found
