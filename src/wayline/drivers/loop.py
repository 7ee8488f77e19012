"""A loop that does what is due and rests until something is: `run` for ever, `run_once` for one round.

It looks again when it is woken, when the next row it knows of is due, and every RECHECK_S at least, because another
process may have written a row without being able to wake this one.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from enum import Enum

import msgspec
import structlog

from wayline.drivers.database_access import DatabaseAccess
from wayline.engine.door import Door

log = structlog.get_logger(__name__)
RECHECK_S = 2.0
CONTENDED_S = 0.05
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0


class Due(Enum):
    """Whether there is something to do now."""

    NOW = "now"
    LATER = "later"


class Next(msgspec.Struct, frozen=True):
    """What a loop does next, and for how long it rests when nothing is due."""

    due: Due
    rest_s: float = 0.0


def decide_next(*, now: datetime, soonest: datetime | None) -> Next:
    """Work when the soonest row is due, else rest until it is, never longer than RECHECK_S."""
    if soonest is None:
        return Next(Due.LATER, RECHECK_S)
    rest_s = (soonest - now).total_seconds()
    return Next(Due.NOW) if rest_s <= 0 else Next(Due.LATER, min(rest_s, RECHECK_S))


def pause_after(failures: int) -> float:
    """Seconds to leave the database alone after so many rounds in a row have failed."""
    return min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (failures - 1))


class Loop:
    """What every loop has. Subclasses say what is due soonest and do a round."""

    name = "loop"

    def __init__(self, door: Door, access: DatabaseAccess) -> None:
        self.door = door
        self.access = access
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()
        self._looks_at: datetime | None = None

    async def soonest(self) -> datetime | None:
        """When the next thing to do is due; None when there is nothing."""
        raise NotImplementedError

    async def run_once(self) -> int:
        """Do what is due, up to a bound; answers how much that was."""
        raise NotImplementedError

    async def take(self) -> int:
        """Take up a round, which need not be over when this returns; answers how much there was."""
        return await self.run_once()

    async def run(self) -> None:
        """Do what is due until stopped. What fails is logged and tried again after a pause."""
        failures = 0
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                rest_s = await self._round()
                failures = 0
            except Exception:
                failures += 1
                log.exception("loop_failed", loop=self.name, failures=failures)
                await self._rest(pause_after(failures), self._stopped)
            else:
                await self._rest(rest_s, self._woken)

    async def _round(self) -> float:
        """One look, and one round when something is due; answers how long to rest."""
        self._looks_at = self.door.clock.now() + timedelta(seconds=RECHECK_S)
        soonest = await self.soonest()
        step = decide_next(now=self.door.clock.now(), soonest=soonest)
        if step.due is Due.LATER:
            return step.rest_s
        # Nothing to be had of what is due: another process holds it at this moment.
        return 0.0 if await self.take() else CONTENDED_S

    async def _rest(self, rest_s: float, until: asyncio.Event) -> None:
        if rest_s <= 0:
            return
        try:
            async with asyncio.timeout(rest_s):
                await until.wait()
        except TimeoutError:
            return

    def wants(self, at: datetime) -> bool:
        """Whether the loop would rest past this instant, if it were not woken. Called from any thread."""
        return self._looks_at is None or at < self._looks_at

    def wake(self) -> None:
        """Look again. Called on the loop's thread."""
        self._woken.set()

    def stop(self) -> None:
        """End after the present round. Called on the loop's thread."""
        self._stopped.set()
        self._woken.set()
