"""Task queues and job queues of surface 001: what waits, who works, what failed, and having that tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from pydantic import BaseModel, Field
from starlette.responses import Response

from wayline.api.answer_shapes import bare, listed_after
from wayline.api.endpoint import Call, Resource
from wayline.api.executions_conventions import listed, seconds
from wayline.api.problems import json
from wayline.core.public_ids import public_id
from wayline.core.refusals import not_found
from wayline.drivers.job_queues import QUEUES
from wayline.drivers.presence import SEEN_EVERY_S
from wayline.engine.door import Change, Transaction
from wayline.store import audit
from wayline.store.incidents import close_of_jobs
from wayline.store.jobs import resume_of_queue
from wayline.store.workers import (
    Counts,
    FailedJob,
    Waiting,
    counts_by_job_queue,
    failed_jobs,
    waiting_by_task_queue,
    workers_by_queue,
)

resource = Resource("Queues", prefix="/v1")
STAFF = ("agent", "manager", "admin")
ADMINS = ("admin",)
SEEN_FOR = timedelta(seconds=3 * SEEN_EVERY_S)
"""A worker that has missed to say so three times is taken for gone."""
RETRIED_AT_ONCE = 1000


class FailedList(BaseModel):
    """A page of failed jobs."""

    limit: int = Field(10, ge=1, le=100)
    starting_after: str | None = Field(None, max_length=200, description="The last id of the page before.")


@resource.endpoint("GET", "/task-queues", ability="run:read", roles=STAFF, answer=listed_after("TaskQueue"))
async def list_task_queues(call: Call) -> Response:
    """Every task queue: what is due on it and not begun, since when the oldest of it, and how many workers serve it."""
    at = call.wayline.clock.now()
    waiting, workers = await call.read(_task_queues, tenant_id=call.caller.tenant_id, at=at)
    names = dict.fromkeys((*call.wayline.settings.every_task_queue, *sorted(waiting)))
    shown = [_task_queue(name, waiting.get(name, Waiting()), workers.get(name, 0), at) for name in names]
    return listed(shown, len(shown))


def _task_queues(
    connection: sa.Connection, *, tenant_id: str, at: datetime
) -> tuple[dict[str, Waiting], dict[str, int]]:
    waiting = waiting_by_task_queue(connection, tenant_id=tenant_id, at=at)
    return waiting, workers_by_queue(connection, seen_since=at - SEEN_FOR)


def _task_queue(name: str, waiting: Waiting, workers: int, at: datetime) -> dict[str, Any]:
    oldest_s = int((at - waiting.oldest_at).total_seconds()) if waiting.oldest_at else None
    return {
        "name": name,
        "depth": waiting.depth,
        "workers": workers,
        "oldest_waiting_at": seconds(waiting.oldest_at),
        "oldest_waiting_seconds": oldest_s,
    }


@resource.endpoint("GET", "/job-queues", ability="run:read", roles=STAFF, answer=listed_after("JobQueue"))
async def list_job_queues(call: Call) -> Response:
    """The twelve job queues: jobs due and not begun, being done, due later, failed for good, and done so far.

    `completed` counts all there ever were; what a worker did in the seconds before it was killed may be missing.
    """
    at = call.wayline.clock.now()
    counts = await call.read(counts_by_job_queue, tenant_id=call.caller.tenant_id, at=at)
    shown = [{"name": name, **msgspec.structs.asdict(counts.get(name, Counts()))} for name in QUEUES]
    return listed(shown, len(shown))


@resource.endpoint(
    "GET",
    "/job-queues/{name}/failed",
    ability="run:read",
    roles=STAFF,
    query=FailedList,
    answer=listed_after("FailedJob"),
    refusals=(400, 404),
)
async def list_failed_jobs(call: Call) -> Response:
    """The failed jobs of a job queue and what is wrong with each."""
    query: FailedList = call.query
    found = await call.read(
        failed_jobs,
        tenant_id=call.caller.tenant_id,
        queue=_queue_in_path(call),
        after=query.starting_after,
        limit=query.limit + 1,
    )
    return listed([_failed_job(job) for job in found], query.limit)


@resource.endpoint(
    "POST",
    "/job-queues/{name}/retry-failed",
    ability="run:write",
    roles=ADMINS,
    answer=bare("JobsRetried"),
    refusals=(404,),
)
async def retry_failed_jobs(call: Call) -> Response:
    """Have the failed jobs of a job queue done again, up to a thousand at a time: `has_more` says that some are left.
    Their incidents are closed."""
    queue, tenant_id, actor = _queue_in_path(call), call.caller.tenant_id, call.caller.actor

    def write(tx: Transaction) -> int:
        retried = resume_of_queue(tx.connection, tenant_id=tenant_id, queue=queue, at=tx.at, limit=RETRIED_AT_ONCE)
        if retried:
            close_of_jobs(tx.connection, tenant_id=tenant_id, job_ids=retried, closed_by=actor.user_id)
            said = {"queue": queue, "jobs": len(retried)}
            audit.record(tx.connection, tenant_id=tenant_id, at=tx.at, actor=actor, action="jobs.retried", detail=said)
        return len(retried)

    def retried(jobs: int) -> Response:
        return json({"name": queue, "retried": jobs, "has_more": jobs == RETRIED_AT_ONCE})

    answer = await call.submit(Change(tenant_id=tenant_id, actor=actor, write=write), retried)
    door = call.wayline.door
    if door.on_due is not None:
        door.on_due(door.clock.now())
    return answer


def _queue_in_path(call: Call) -> str:
    name = call.path("name")
    if name not in QUEUES:
        raise not_found("Job queue")
    return name


def _failed_job(job: FailedJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "queue": job.queue,
        "task_queue": job.task_queue,
        "workflow_id": public_id("wf", job.run_id) if job.run_id else None,
        "attempts": job.attempt,
        "error": job.error,
        "created_at": seconds(job.created_at),
        "failed_at": seconds(job.failed_at),
    }
