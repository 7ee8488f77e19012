"""Firing timers: claimed in batches, brought back through the door as FireTimer, many at a time.

The row goes with the commit that fires it, so a timer fires once however often it is tried. One that breaks its run's
decision is tried again after longer and longer pauses, and held after MAX_ATTEMPTS; the door has raised an incident.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from wayline.core.commands import FireTimer
from wayline.core.refusals import Refusal
from wayline.core.retry import Retry, delay_before
from wayline.core.task_queues import TASK_QUEUES
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.loop import Loop, log
from wayline.engine.door import Door, DoorClosed, Overloaded, Transaction
from wayline.store import timers as stored
from wayline.store.database import is_outage
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.timers import ClaimedTimer

BATCH = 500
ROUNDS_AT_A_TIME = 2
LEASE_S = 20.0
MAX_ATTEMPTS = 5
AFTER_OUTAGE_S = 1.0
BACKOFF = Retry(max_attempts=MAX_ATTEMPTS, initial_s=5, backoff=4, max_s=3600)


class After(Enum):
    """What becomes of a timer that was fired."""

    DONE = "done"
    LATER = "later"
    HELD = "held"


class Fired(msgspec.Struct, frozen=True):
    """What becomes of it, when it is tried again, how often it has broken by now, and what broke it for good."""

    after: After
    due_at: datetime | None = None
    attempts: int = 0
    error: str = ""


def decide_after_firing(timer: ClaimedTimer, outcome: object, *, at: datetime) -> Fired:
    """`outcome` is what the door answered, or the exception it raised."""
    if isinstance(outcome, DoorClosed | Overloaded) or is_outage(outcome):
        return Fired(After.LATER, at + timedelta(seconds=AFTER_OUTAGE_S), timer.attempts)
    if isinstance(outcome, Refusal) or not isinstance(outcome, BaseException):
        return Fired(After.DONE)
    attempts = timer.attempts + 1
    if attempts >= MAX_ATTEMPTS:
        return Fired(After.HELD, attempts=attempts, error=f"{type(outcome).__name__}: {outcome}")
    delay_s = delay_before(BACKOFF, attempts, timer.id, None)
    return Fired(After.LATER, at + timedelta(seconds=delay_s), attempts)


class TimerLoop(Loop):
    """Fires what is due."""

    name = "timers"

    def __init__(
        self, door: Door, access: DatabaseAccess, claims: Claims, task_queues: Sequence[str] = TASK_QUEUES
    ) -> None:
        super().__init__(door, access)
        self._claims = claims
        self._task_queues = task_queues
        self._rounds: set[asyncio.Task[None]] = set()

    async def soonest(self) -> datetime | None:
        due = await self.access.read(lambda connection: stored.soonest(connection, self._task_queues))
        return min(due.values(), default=None)

    async def run_once(self) -> int:
        """Fire up to BATCH due timers; answers how many."""
        token = self._claims.token()
        claimed = await self._claim(token)
        await self._see_through(token, claimed)
        return len(claimed)

    async def take(self) -> int:
        """Begin to fire up to BATCH due timers; the next are claimed meanwhile, so that the door is never idle."""
        while len(self._rounds) >= ROUNDS_AT_A_TIME:
            await asyncio.wait(self._rounds, return_when=asyncio.FIRST_COMPLETED)
        token = self._claims.token()
        claimed = await self._claim(token)
        if claimed:
            round_ = asyncio.create_task(self._see_through(token, claimed))
            self._rounds.add(round_)
            round_.add_done_callback(self._ended)
        return len(claimed)

    async def run(self) -> None:
        await super().run()
        if self._rounds:
            await asyncio.wait(self._rounds)

    def _ended(self, round_: asyncio.Task[None]) -> None:
        self._rounds.discard(round_)
        if not round_.cancelled() and (error := round_.exception()) is not None:
            # The rows are ours until their lease passes; then they are fired again.
            log.error("timers_not_kept", exc_info=error)

    async def _claim(self, token: str) -> list[ClaimedTimer]:
        return await self.access.write(lambda transaction: _claim(transaction, token, self._task_queues))

    async def _see_through(self, token: str, claimed: list[ClaimedTimer]) -> None:
        outcomes = await asyncio.gather(*map(self._fire, claimed), return_exceptions=True)
        at = self.door.clock.now()
        fired = [(t, decide_after_firing(t, o, at=at)) for t, o in zip(claimed, outcomes, strict=True)]
        left = [(timer, after) for timer, after in fired if after.after is not After.DONE]
        if left:
            await self.access.write(lambda transaction: _keep(transaction, token, left))

    async def _fire(self, timer: ClaimedTimer) -> object:
        command = FireTimer(
            tenant_id=timer.tenant_id,
            run_id=timer.run_id,
            timer_id=timer.id,
            kind=timer.kind,
            activation_id=timer.activation_id,
        )
        return await self.door.submit(command)


def _claim(transaction: Transaction, token: str, task_queues: Sequence[str]) -> list[ClaimedTimer]:
    return stored.claim(
        transaction.connection,
        task_queues=task_queues,
        token=token,
        at=transaction.at,
        lease_until=transaction.at + timedelta(seconds=LEASE_S),
        limit=BATCH,
    )


def _keep(transaction: Transaction, token: str, left: list[tuple[ClaimedTimer, Fired]]) -> None:
    connection = transaction.connection
    stored.try_later(connection, token, [(t.id, f.due_at, f.attempts) for t, f in left if f.due_at is not None])
    held = [(timer, fired) for timer, fired in left if fired.after is After.HELD]
    stored.hold(connection, token, {timer.id: fired.attempts for timer, fired in held})
    for timer, fired in held:
        row = incident_row(
            tenant_id=timer.tenant_id,
            subject="run",
            subject_id=timer.run_id,
            code="decision_broken",
            message=f"A timer ({timer.kind}) is held after {fired.attempts} attempts. {fired.error}",
            at=transaction.at,
        )
        raise_incident(connection, row)
        transaction.publish(timer.tenant_id, "incident.raised", {"id": row["id"], "code": row["code"]})
