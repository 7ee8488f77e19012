"""The other systems of the company: the shop, the directory, the gateways. They are not called, they are told.

Jobs are claimed as a worker claims them, and a moment later reported with the answer the story has for their step.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import Any, Protocol

from wayline.cli.demonstration.story import Answered, Broke
from wayline.core.commands import ReportAction
from wayline.core.run import Run
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.job_queues import QUEUES
from wayline.engine.door import Door, Transaction
from wayline.store import jobs as stored
from wayline.store.jobs import ClaimedJob

MOST_AT_ONCE = 100
LEASE = timedelta(hours=1)
UNDONE = Answered(status=204)


class Knows(Protocol):
    """What is asked of the stories: the run of a job, and how the system behind one of its steps answers."""

    def run(self, run_id: str) -> Run: ...

    def answer_at(self, run: Run, step_id: str) -> Answered | Broke: ...


class OtherSystems:
    """Takes what is due and answers it in time."""

    def __init__(self, door: Door, access: DatabaseAccess, claims: Claims, stories: Knows) -> None:
        self._door = door
        self._access = access
        self._claims = claims
        self._stories = stories
        self._at_work: list[tuple[datetime, str, ReportAction]] = []

    async def soonest(self) -> datetime | None:
        """When the next job is due or the next answer comes."""
        due = await self._access.read(lambda connection: stored.soonest(connection, list(QUEUES)))
        waiting = [at for of_each in due.values() for at in of_each.values()]
        return min([*waiting, *(at for at, _, _ in self._at_work[:1])], default=None)

    async def run_once(self) -> None:
        """Take what is due now, and give the answers that are ready now."""
        for job in await self._taken():
            at, report = self._report_on(job)
            heapq.heappush(self._at_work, (at, job.id, report))
        while self._at_work and self._at_work[0][0] <= self._door.clock.now():
            await self._door.submit(heapq.heappop(self._at_work)[2])

    async def _taken(self) -> list[ClaimedJob]:
        token, now = self._claims.token(), self._door.clock.now()

        def claim(tx: Transaction) -> list[ClaimedJob]:
            return [
                job
                for queue in QUEUES
                for job in stored.claim(
                    tx.connection, queue=queue, token=token, at=now, lease_until=now + LEASE, limit=MOST_AT_ONCE
                )
            ]

        return await self._access.write(claim)

    def _report_on(self, job: ClaimedJob) -> tuple[datetime, ReportAction]:
        assert job.run_id is not None
        run = self._stories.run(job.run_id)
        visit = next((a for a in run.open if a.job == job.id), None)
        # A job of no visit undoes what an earlier one has done.
        answer = self._stories.answer_at(run, visit.step_id) if visit is not None else UNDONE
        report = ReportAction(
            tenant_id=job.tenant_id,
            run_id=run.id,
            job_id=job.id,
            activation_id=job.activation_id,
            claim_token=job.claim_token,
            **_outcome(answer),
        )
        return self._door.clock.now() + timedelta(seconds=answer.after_s), report


def _outcome(answer: Answered | Broke) -> dict[str, Any]:
    if isinstance(answer, Broke):
        return {"error": answer.error, "permanent": answer.permanent}
    headers = {"content-type": "application/json"} if answer.body else {}
    return {"output": {"status": answer.status, "headers": headers, "body": answer.body or None}}
