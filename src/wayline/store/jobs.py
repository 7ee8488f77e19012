"""Jobs: actions waiting for a worker of their queue, the claims of those who took them, and how they end.

Every write to a claimed job names the claim it was taken under and touches nothing when somebody else has taken it
since. What a run waits for ends with the run's own commit (`ReportAction`); the functions here end the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from wayline.core.task_queues import TASK_QUEUES, due_first
from wayline.store.tables import Instant, jobs, runs

HELD = "held"
FAR = datetime(9999, 1, 1, tzinfo=UTC)
MAX_ERROR_CHARS = 2000


class ClaimedJob(msgspec.Struct, frozen=True):
    """A job that is ours to do, until its lease passes. `action` is msgpack."""

    id: str
    tenant_id: str
    queue: str
    run_id: str | None
    activation_id: str | None
    action: bytes
    attempt: int
    timeout_s: float
    due_at: datetime
    claim_token: str


Claim = tuple[str, str]
"""A job's id and the token it was taken under."""

is_stopped = sa.or_(jobs.c.failed_at.is_not(None), jobs.c.claim_token == HELD)
"""A job that has failed for good, or whose outcome could not be taken: nobody does it until a person resumes it."""
_COLUMNS = [jobs.c[name] for name in ClaimedJob.__struct_fields__]
_waiting = sa.and_(jobs.c.claim_token.is_(None), jobs.c.failed_at.is_(None))
_due = (
    sa.select(jobs.c.id)
    .where(
        jobs.c.queue == sa.bindparam("b_queue"),
        jobs.c.task_queue == sa.bindparam("b_task_queue"),
        jobs.c.due_at <= sa.bindparam("at", type_=jobs.c.due_at.type),
        _waiting,
    )
    .order_by(jobs.c.due_at)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")  # see timers.py
)
_claim = (
    sa.update(jobs)
    .where(jobs.c.id.in_(sa.select(_due.c.id)))
    .values(claim_token=sa.bindparam("token"), lease_until=sa.bindparam("until", type_=jobs.c.lease_until.type))
    .returning(*_COLUMNS)
)
_ours = sa.and_(jobs.c.id == sa.bindparam("b_id"), jobs.c.claim_token == sa.bindparam("b_token"))
_renew = sa.update(jobs).where(_ours).values(lease_until=sa.bindparam("v_until", type_=jobs.c.lease_until.type))
_hand_back = sa.update(jobs).where(_ours).values(claim_token=None, lease_until=None)
_tokens = sa.select(jobs.c.id, jobs.c.claim_token).where(jobs.c.id.in_(sa.bindparam("ids", expanding=True)))
_tokens_locked = _tokens.order_by(jobs.c.id).with_for_update()


def soonest(
    connection: sa.Connection, queues: Sequence[str], task_queues: Sequence[str] = TASK_QUEUES
) -> dict[str, dict[str, datetime]]:
    """When the next unclaimed job is due, by job queue and task queue; those without one are left out."""
    if not queues:
        return {}
    found: dict[str, dict[str, datetime]] = {}
    statement, places = _heads(tuple(queues), tuple(task_queues))
    for place, due in connection.execute(statement):
        if due is not None:
            queue, task_queue = places[place]
            found.setdefault(queue, {})[task_queue] = due
    return found


@lru_cache(maxsize=256)
def _heads(queues: tuple[str, ...], task_queues: tuple[str, ...]) -> tuple[sa.TextualSelect, list[tuple[str, str]]]:
    """One look into the index for each pair of queues: `GROUP BY` would read every waiting job. It is written out, and
    kept, because a statement of sixty selects takes longer to make than to execute."""
    places = [(queue, task_queue) for queue in queues for task_queue in task_queues]
    looks = [
        f"SELECT {place} AS place, (SELECT min(due_at) FROM jobs WHERE queue = :q{place} AND task_queue = :t{place}"  # noqa: S608
        " AND claim_token IS NULL AND failed_at IS NULL) AS due"
        for place in range(len(places))
    ]
    named = {f"{letter}{place}": name for place, pair in enumerate(places) for letter, name in zip("qt", pair)}  # noqa: B905
    return sa.text(" UNION ALL ".join(looks)).bindparams(**named).columns(place=sa.Integer, due=Instant), places


def claim(
    connection: sa.Connection,
    *,
    queue: str,
    task_queues: Sequence[str] = TASK_QUEUES,
    token: str,
    at: datetime,
    lease_until: datetime,
    limit: int,
) -> list[ClaimedJob]:
    """Take up to `limit` due jobs of a queue until `lease_until`: those of high priority first, then those of the task
    queue whose oldest has waited longest."""
    found: list[ClaimedJob] = []
    for name in due_first(soonest(connection, [queue], task_queues).get(queue, {}), at):
        by = {"b_queue": queue, "b_task_queue": name, "at": at, "token": token, "until": lease_until}
        rows = connection.execute(_claim, {**by, "limit": limit - len(found)})
        found += sorted((ClaimedJob(**row._mapping) for row in rows), key=lambda job: (job.due_at, job.id))
        if len(found) >= limit:
            break
    return found


def renew(connection: sa.Connection, claims: Iterable[Claim], lease_until: datetime) -> None:
    """Say that these are still being done."""
    rows = [{"b_id": i, "b_token": token, "v_until": lease_until} for i, token in claims]
    if rows:
        connection.execute(_renew, rows)


def hand_back(connection: sa.Connection, claims: Iterable[Claim]) -> None:
    """Let somebody else do these."""
    rows = [{"b_id": i, "b_token": token} for i, token in claims]
    if rows:
        connection.execute(_hand_back, rows)


def done(connection: sa.Connection, claim: Claim) -> bool:
    """End a job no run waits for; False when it has been taken by somebody else."""
    return connection.execute(sa.delete(jobs).where(*_claimed(claim))).rowcount == 1


def try_later(connection: sa.Connection, claim: Claim, *, attempt: int, due_at: datetime, error: str) -> bool:
    """Have it tried again; False when it has been taken by somebody else."""
    values = {"attempt": attempt, "due_at": due_at, "error": error[:MAX_ERROR_CHARS]}
    return _set(connection, claim, **values, claim_token=None, lease_until=None)


def failed(connection: sa.Connection, claim: Claim, *, at: datetime, error: str) -> bool:
    """Keep it as failed, to be looked at; False when it has been taken by somebody else."""
    return _set(connection, claim, failed_at=at, error=error[:MAX_ERROR_CHARS], claim_token=None, lease_until=None)


def hold(connection: sa.Connection, claim: Claim, *, error: str) -> bool:
    """Keep a run's job from everybody until a person resumes it; False when somebody else has taken it."""
    return _set(connection, claim, claim_token=HELD, lease_until=FAR, error=error[:MAX_ERROR_CHARS])


def resume(connection: sa.Connection, *, tenant_id: str, at: datetime, job_id: str = "", run_id: str = "") -> int:
    """Have a failed job, or the held jobs of a run, done now; answers how many there were. Those of a paused run are
    done when it goes on."""
    subject = jobs.c.id == job_id if job_id else jobs.c.run_id == run_id
    return connection.execute(_resume(at).where(jobs.c.tenant_id == tenant_id, subject, is_stopped)).rowcount


def resume_of_queue(connection: sa.Connection, *, tenant_id: str, at: datetime, queue: str, limit: int) -> list[str]:
    """Likewise up to `limit` of a queue's failed and held jobs; answers which."""
    some = sa.select(jobs.c.id).where(jobs.c.tenant_id == tenant_id, jobs.c.queue == queue, is_stopped)
    statement = _resume(at).where(jobs.c.id.in_(some.order_by(jobs.c.id).limit(limit)), is_stopped)
    return list(connection.execute(statement.returning(jobs.c.id)).scalars())


def _resume(at: datetime) -> sa.Update:
    is_paused = sa.exists().where(runs.c.id == jobs.c.run_id, runs.c.status == "paused")
    due_at = sa.case((is_paused, jobs.c.due_at), else_=sa.bindparam("b_at", at, type_=jobs.c.due_at.type))
    values = {"claim_token": None, "lease_until": None, "failed_at": None, "error": None, "due_at": due_at}
    # A run counts its job's attempts itself; a job of its own begins anew.
    attempt = sa.case((jobs.c.run_id.is_(None), 1), else_=jobs.c.attempt)
    return sa.update(jobs).values(**values, attempt=attempt)


def claim_tokens(connection: sa.Connection, ids: list[str], *, lock: bool) -> dict[str, str | None]:
    """Under which token each of these jobs is claimed; jobs that are gone are left out."""
    return {row[0]: row[1] for row in connection.execute(_tokens_locked if lock else _tokens, {"ids": ids})}


def lapsed(
    connection: sa.Connection, queues: Sequence[str], at: datetime, task_queues: Sequence[str] = TASK_QUEUES
) -> bool:
    """Whether there is anything for `free_lapsed` to do."""
    query = sa.select(sa.literal(1)).where(*_lapsed(queues, at, task_queues))
    return connection.execute(query.limit(1)).first() is not None


def free_lapsed(
    connection: sa.Connection, queues: Sequence[str], at: datetime, task_queues: Sequence[str] = TASK_QUEUES
) -> int:
    """Free the jobs whose worker let the lease pass, having died; answers how many there were."""
    statement = sa.update(jobs).where(*_lapsed(queues, at, task_queues)).values(claim_token=None, lease_until=None)
    return connection.execute(statement).rowcount


def _lapsed(queues: Sequence[str], at: datetime, task_queues: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    # Only due jobs are ever claimed: the index on both queues and due_at finds them without one on leases.
    due = (jobs.c.queue.in_(queues), jobs.c.task_queue.in_(task_queues), jobs.c.due_at <= at)
    return (*due, jobs.c.failed_at.is_(None), jobs.c.lease_until <= at)


def _claimed(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return jobs.c.id == claim[0], jobs.c.claim_token == claim[1]


def _set(connection: sa.Connection, claim: Claim, **values: object) -> bool:
    return connection.execute(sa.update(jobs).where(*_claimed(claim)).values(**values)).rowcount == 1
