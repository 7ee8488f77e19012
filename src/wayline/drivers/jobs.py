"""Doing jobs: each queue's due jobs are claimed as there is room, done, and their outcome written down once.

A job that a run waits for ends as ReportAction: the run's decision and the row's end are one commit, and whether it is
tried again is the run's to decide. Other jobs (mail) end here. A job whose claim was lost meanwhile has been given to
somebody else, and only their outcome counts. Leases are renewed while the process lives.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
import structlog

from wayline.actions.job import Job, Performer
from wayline.core.action import ActionFailed
from wayline.core.commands import Command, ReportAction
from wayline.core.refusals import Refusal
from wayline.core.retry import Retry, delay_before
from wayline.core.task_queues import TASK_QUEUES
from wayline.drivers import script_jobs
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.job_queues import QUEUES
from wayline.drivers.loop import Loop, pause_after
from wayline.engine.door import Door, DoorClosed, Overloaded, Transaction
from wayline.store import jobs as stored
from wayline.store.database import is_outage
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.jobs import ClaimedJob

log = structlog.get_logger(__name__)
LEASE_S = 30.0
RENEW_EVERY_S = 10.0
MAX_REPORTS = 5
# For jobs no run waits for: the eighth attempt comes some two hours after the first.
RETRY = Retry(max_attempts=8, initial_s=10, backoff=3, max_s=3600)


class Ended(msgspec.Struct, frozen=True):
    """How an attempt ended: with an output, or with why there is none."""

    output: dict[str, Any] = {}
    failure: ActionFailed | None = None


class After(Enum):
    """What becomes of a job."""

    DONE = "done"
    LATER = "later"
    FAILED = "failed"
    HELD = "held"


class Settled(msgspec.Struct, frozen=True):
    """What becomes of a job no run waits for, and when it is tried again."""

    after: After
    due_at: datetime | None = None


class Reported(msgspec.Struct, frozen=True):
    """What becomes of a report, and after how long it is made again."""

    after: After
    rest_s: float = 0.0


def decide_settlement(job: ClaimedJob, ended: Ended, *, at: datetime) -> Settled:
    """After an attempt at a job no run waits for."""
    if ended.failure is None:
        return Settled(After.DONE)
    if ended.failure.permanent or job.attempt >= RETRY.max_attempts:
        return Settled(After.FAILED)
    delay_s = delay_before(RETRY, job.attempt, job.id, ended.failure.retry_after_s)
    return Settled(After.LATER, at + timedelta(seconds=delay_s))


def decide_after_reporting(outcome: object, *, tries: int) -> Reported:
    """`outcome` is what the door answered to the report, or the exception it raised; `tries` counts from 1.

    A report is made until it is taken, since what was done outside is known here alone; one that breaks its run's
    decision again and again is given up, and the job is held.
    """
    if isinstance(outcome, Overloaded) or is_outage(outcome):
        return Reported(After.LATER, pause_after(tries))
    if isinstance(outcome, Refusal) or not isinstance(outcome, BaseException):
        return Reported(After.DONE)
    return Reported(After.HELD) if tries >= MAX_REPORTS else Reported(After.LATER, pause_after(tries))


class JobLoop(Loop):
    """Does what is due, on every queue at once."""

    name = "jobs"

    def __init__(
        self,
        door: Door,
        access: DatabaseAccess,
        claims: Claims,
        performers: Mapping[str, Performer],
        queues: Mapping[str, int] = QUEUES,
        task_queues: Sequence[str] = TASK_QUEUES,
    ) -> None:
        super().__init__(door, access)
        self._claims = claims
        self._performers = performers
        self._queues = queues
        self._task_queues = task_queues
        self._done: Counter[tuple[str, str]] = Counter()
        self._working: dict[asyncio.Task[None], ClaimedJob] = {}

    async def soonest(self) -> datetime | None:
        """Of the queues that have room; a job that ends wakes the loop."""
        due = await self._due_by_queue()
        return min(due.values(), default=None)

    async def run_once(self) -> int:
        """Take what is due and there is room for, and see it through; answers how many jobs that was."""
        taken = await self.take()
        await asyncio.gather(*self._working)
        return taken

    async def take(self) -> int:
        """Take what is due and there is room for, and begin; answers how many jobs that was."""
        due = await self._due_by_queue()
        now = self.door.clock.now()
        room = self._room()
        wanted = {queue: room[queue] for queue, at in due.items() if at <= now}
        if not wanted:
            return 0
        token = self._claims.token()
        claimed = await self.access.write(lambda transaction: _claim(transaction, token, wanted, self._task_queues))
        for job in claimed:
            task = asyncio.create_task(self._work(job), name=f"job {job.id}")
            self._working[task] = job
            task.add_done_callback(self._ended)
        return len(claimed)

    async def run(self) -> None:
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            await super().run()
        finally:
            renewing.cancel()

    async def finish(self, grace_s: float) -> None:
        """Wait so long for what is being done, then leave off and hand the rest back."""
        if self._working:
            await asyncio.wait(self._working, timeout=grace_s)
        left = [(job.id, job.claim_token) for job in self._working.values()]
        tasks = list(self._working)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if left:
            await self.access.write(lambda transaction: stored.hand_back(transaction.connection, left))

    async def renew(self) -> None:
        """Say of everything that is being done here that it still is."""
        claims = [(job.id, job.claim_token) for job in self._working.values()]
        if claims:
            await self.access.write(
                lambda transaction: stored.renew(
                    transaction.connection, claims, transaction.at + timedelta(seconds=LEASE_S)
                )
            )

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                await self.renew()
            except Exception:
                # The lease outlasts two more tries; should it pass, somebody else does the job again.
                log.exception("leases_not_renewed")

    def _room(self) -> dict[str, int]:
        busy = Counter(job.queue for job in self._working.values())
        return {queue: most - busy[queue] for queue, most in self._queues.items() if most > busy[queue]}

    async def _due_by_queue(self) -> dict[str, datetime]:
        queues = list(self._room())
        due = await self.access.read(lambda connection: stored.soonest(connection, queues, self._task_queues))
        return {queue: min(of_each.values()) for queue, of_each in due.items()}

    def _ended(self, task: asyncio.Task[None]) -> None:
        job = self._working.pop(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job_not_settled", job_id=job.id, exc_info=error)

    # -- one job ---------------------------------------------------------------------------------

    def take_tally(self) -> Counter[tuple[str, str]]:
        """How many jobs have been done since it was last asked, by tenant and job queue."""
        done, self._done = self._done, Counter()
        return done

    async def _work(self, job: ClaimedJob) -> None:
        ended = await self._perform(job)
        if ended.failure is None:
            self._done[job.tenant_id, job.queue] += 1
        report = None if job.run_id is None else _report_of(job, job.run_id, ended)
        if job.queue == script_jobs.QUEUE and ended.failure is None:
            await self._tell(job, await self._of_script(job, ended, report))
        elif report is None:
            await self._settle(job, ended)
        elif job.queue == script_jobs.QUEUE and ended.failure is not None:
            await self._tell(job, script_jobs.failed_command_of(report, ended.failure))
        else:
            await self._tell(job, report)

    async def _of_script(self, job: ClaimedJob, ended: Ended, report: ReportAction | None) -> Command:
        """What the door is told of a script, as soon as the database can be asked."""
        command_of = lambda: script_jobs.command_of(self.access, job, ended.output, report)  # noqa: E731
        tries = 1
        while is_outage(outcome := await _outcome(command_of)):
            await asyncio.sleep(pause_after(tries))
            tries += 1
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Command)
        return outcome

    async def _perform(self, claimed: ClaimedJob) -> Ended:
        """Do it within its time. What is no ActionFailed is a bug: logged here, and tried again like a failure."""
        try:
            action = msgspec.msgpack.decode(claimed.action)
            performer = self._performers.get(action["type"])
            if performer is None:
                raise ActionFailed(f"no worker here knows how to do {action['type']}", permanent=True)
            job = Job(
                id=claimed.id,
                tenant_id=claimed.tenant_id,
                action=action,
                attempt=claimed.attempt,
                timeout_s=claimed.timeout_s,
                at=self.door.clock.now(),
            )
            async with asyncio.timeout(claimed.timeout_s):
                return Ended(output=await performer.perform(job))
        except ActionFailed as failure:
            return Ended(failure=failure)
        except TimeoutError:
            return Ended(failure=ActionFailed(f"not done within {claimed.timeout_s:g} s"))
        except Exception as bug:
            log.exception("action_broke", job_id=claimed.id, queue=claimed.queue)
            return Ended(failure=ActionFailed(f"the action broke: {type(bug).__name__}"))

    async def _tell(self, job: ClaimedJob, report: Command) -> None:
        """Tell the door how the job has ended, until that is taken."""
        tries = 1
        outcome = await _outcome(lambda: self.door.submit(report))
        while (reported := decide_after_reporting(outcome, tries=tries)).after is After.LATER:
            await asyncio.sleep(reported.rest_s)
            tries += 1
            outcome = await _outcome(lambda: self.door.submit(report))
        if reported.after is After.HELD:
            await self.access.write(lambda transaction: _hold(transaction, job, outcome))

    async def _settle(self, job: ClaimedJob, ended: Ended) -> None:
        settled = decide_settlement(job, ended, at=self.door.clock.now())
        write = lambda: self.access.write(lambda t: _write_settlement(t, job, ended, settled))  # noqa: E731
        tries = 1
        while is_outage(outcome := await _outcome(write)):
            await asyncio.sleep(pause_after(tries))
            tries += 1
        if isinstance(outcome, Exception):
            raise outcome


def _report_of(job: ClaimedJob, run_id: str, ended: Ended) -> ReportAction:
    failure = ended.failure
    return ReportAction(
        tenant_id=job.tenant_id,
        run_id=run_id,
        job_id=job.id,
        activation_id=job.activation_id,
        output=ended.output,
        error=str(failure) if failure else None,
        permanent=failure.permanent if failure else False,
        retry_after_s=failure.retry_after_s if failure else None,
        claim_token=job.claim_token,
    )


async def _outcome(attempt: Callable[[], Awaitable[Any]]) -> object:
    """What it answered, or the exception it raised; a door that closes ends the job here, unreported."""
    try:
        return await attempt()
    except DoorClosed:
        raise asyncio.CancelledError from None
    except Exception as error:
        return error


def _claim(
    transaction: Transaction, token: str, wanted: Mapping[str, int], task_queues: Sequence[str]
) -> list[ClaimedJob]:
    lease_until = transaction.at + timedelta(seconds=LEASE_S)
    return [
        job
        for queue, limit in wanted.items()
        for job in stored.claim(
            transaction.connection,
            queue=queue,
            task_queues=task_queues,
            token=token,
            at=transaction.at,
            lease_until=lease_until,
            limit=limit,
        )
    ]


def _write_settlement(transaction: Transaction, job: ClaimedJob, ended: Ended, settled: Settled) -> None:
    claim, error = (job.id, job.claim_token), str(ended.failure)
    if settled.after is After.DONE:
        stored.done(transaction.connection, claim)
    elif settled.due_at is not None:
        stored.try_later(transaction.connection, claim, attempt=job.attempt + 1, due_at=settled.due_at, error=error)
    elif stored.failed(transaction.connection, claim, at=transaction.at, error=error):
        said = f"A job of queue {job.queue} failed for good: {error}"
        if job.queue == script_jobs.QUEUE and ended.failure is not None:
            said = script_jobs.keep_failed(transaction, job, ended.failure)
        _flag(transaction, job, "job", job.id, "job_failed", said)


def _hold(transaction: Transaction, job: ClaimedJob, outcome: object) -> None:
    error = f"{type(outcome).__name__}: {outcome}"
    if stored.hold(transaction.connection, (job.id, job.claim_token), error=error):
        message = f"The outcome of an action could not be taken, and it is held. {error}"
        subject, subject_id = ("job", job.id) if job.run_id is None else ("run", job.run_id)
        _flag(transaction, job, subject, subject_id, "decision_broken", message)


def _flag(transaction: Transaction, job: ClaimedJob, subject: str, subject_id: str, code: str, message: str) -> None:
    row = incident_row(
        tenant_id=job.tenant_id,
        subject=subject,
        subject_id=subject_id,
        code=code,
        message=message,
        at=transaction.at,
    )
    raise_incident(transaction.connection, row)
    transaction.publish(job.tenant_id, "incident.raised", {"id": row["id"], "code": code})
