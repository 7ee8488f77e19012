"""Who works, for which task queues; what waits on each; what became of the jobs of each job queue.

All of it is read off what is still to come, so that asking costs what the backlog is long, whatever the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.store.jobs import is_stopped
from wayline.store.tables import job_tallies, jobs, timers, workers

Tally = Mapping[tuple[str, str], int]
"""Jobs done by tenant and job queue."""


class Waiting(msgspec.Struct, frozen=True):
    """What is due on a task queue and nobody has taken, and since when the oldest of it is."""

    depth: int = 0
    oldest_at: datetime | None = None


class Counts(msgspec.Struct):
    """A job queue: due and not taken, being done, due later or held, failed for good, done."""

    waiting: int = 0
    active: int = 0
    delayed: int = 0
    failed: int = 0
    completed: int = 0


class FailedJob(msgspec.Struct, frozen=True):
    """A job that has failed for good, or whose outcome could not be taken."""

    id: str
    queue: str
    task_queue: str
    run_id: str | None
    attempt: int
    error: str | None
    created_at: datetime
    failed_at: datetime | None


# -- who works -------------------------------------------------------------------------------------


def say_so(
    connection: sa.Connection, *, worker_id: str, task_queues: Sequence[str], at: datetime, gone_before: datetime
) -> None:
    """The worker is there at this instant; those that have not been seen since `gone_before` are forgotten."""
    row = {"id": worker_id, "task_queues": list(task_queues), "started_at": at, "seen_at": at}
    statement = _insert(connection, workers).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=[workers.c.id], set_={"seen_at": at}))
    connection.execute(sa.delete(workers).where(workers.c.seen_at < gone_before))


def leave(connection: sa.Connection, worker_id: str) -> None:
    """The worker stops."""
    connection.execute(sa.delete(workers).where(workers.c.id == worker_id))


def workers_by_queue(connection: sa.Connection, *, seen_since: datetime) -> dict[str, int]:
    """How many workers serve each task queue, of those seen since then."""
    found: dict[str, int] = {}
    for names in connection.execute(sa.select(workers.c.task_queues).where(workers.c.seen_at >= seen_since)).scalars():
        for name in names:
            found[name] = found.get(name, 0) + 1
    return found


def add_up(connection: sa.Connection, tally: Tally) -> None:
    """Count these jobs as done. Rows are touched in one order by everybody, so that nobody waits in a circle."""
    for (tenant_id, queue), completed in sorted(tally.items()):
        statement = _insert(connection, job_tallies).values(tenant_id=tenant_id, queue=queue, completed=completed)
        total = job_tallies.c.completed + statement.excluded.completed
        key = [job_tallies.c.tenant_id, job_tallies.c.queue]
        connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"completed": total}))


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


# -- what waits ------------------------------------------------------------------------------------


def waiting_by_task_queue(connection: sa.Connection, *, tenant_id: str, at: datetime) -> dict[str, Waiting]:
    """The tenant's due jobs and timers that nobody has taken, by task queue; queues without any are left out."""
    of_each = [
        sa.select(table.c.task_queue, table.c.due_at).where(
            table.c.tenant_id == tenant_id, table.c.due_at <= at, table.c.claim_token.is_(None), *more
        )
        for table, more in ((jobs, (jobs.c.failed_at.is_(None),)), (timers, ()))
    ]
    due = sa.union_all(*of_each).subquery()
    query = sa.select(due.c.task_queue, sa.func.count(), sa.func.min(due.c.due_at)).group_by(due.c.task_queue)
    return {row[0]: Waiting(row[1], row[2]) for row in connection.execute(query)}


def counts_by_job_queue(connection: sa.Connection, *, tenant_id: str, at: datetime) -> dict[str, Counts]:
    """What became of the tenant's jobs, by job queue; queues without any are left out."""
    state = sa.case(
        (is_stopped, "failed"),
        (jobs.c.claim_token.is_not(None), "active"),
        (jobs.c.due_at > at, "delayed"),
        else_="waiting",
    )
    query = sa.select(jobs.c.queue, state.label("state"), sa.func.count().label("jobs"))
    found: dict[str, Counts] = {}
    for row in connection.execute(query.where(jobs.c.tenant_id == tenant_id).group_by(jobs.c.queue, state)):
        setattr(found.setdefault(row.queue, Counts()), row.state, row.jobs)
    done = sa.select(job_tallies.c.queue, job_tallies.c.completed).where(job_tallies.c.tenant_id == tenant_id)
    for row in connection.execute(done):
        found.setdefault(row.queue, Counts()).completed = row.completed
    return found


# -- failed jobs -----------------------------------------------------------------------------------


def failed_jobs(
    connection: sa.Connection, *, tenant_id: str, queue: str, after: str | None, limit: int
) -> list[FailedJob]:
    """The tenant's failed jobs of a queue in the order of their ids, from after that of `after` on."""
    columns = [jobs.c[name] for name in FailedJob.__struct_fields__]
    query = sa.select(*columns).where(jobs.c.tenant_id == tenant_id, jobs.c.queue == queue, is_stopped)
    if after is not None:
        query = query.where(jobs.c.id > after)
    return [FailedJob(*row) for row in connection.execute(query.order_by(jobs.c.id).limit(limit))]
