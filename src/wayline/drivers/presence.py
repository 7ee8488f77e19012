"""Saying that this process works, for which task queues, and how many jobs it has done since it last said so.

What it did after it last said so, and before it died, is counted nowhere: the counts are for people to look at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.loop import Loop
from wayline.engine.door import Door, Transaction
from wayline.store import workers as stored
from wayline.store.workers import Tally

SEEN_EVERY_S = 10.0
GONE_AFTER_S = 3600.0


class PresenceLoop(Loop):
    """Says so every SEEN_EVERY_S, and once more when it stops."""

    name = "presence"

    def __init__(
        self,
        door: Door,
        access: DatabaseAccess,
        claims: Claims,
        *,
        task_queues: Sequence[str],
        take_tally: Callable[[], Tally],
    ) -> None:
        super().__init__(door, access)
        self._id = claims.boot_id
        self._task_queues = task_queues
        self._take_tally = take_tally
        self._next_at: datetime | None = None

    async def soonest(self) -> datetime | None:
        return self._next_at or self.door.clock.now()

    async def run_once(self) -> int:
        """Say that this process is here; answers 1."""
        self._next_at = self.door.clock.now() + timedelta(seconds=SEEN_EVERY_S)
        await self._write(self._say_so)
        return 1

    async def leave(self) -> None:
        """Say that it has gone."""
        await self._write(lambda transaction: stored.leave(transaction.connection, self._id))

    def _say_so(self, transaction: Transaction) -> None:
        gone_before = transaction.at - timedelta(seconds=GONE_AFTER_S)
        stored.say_so(
            transaction.connection,
            worker_id=self._id,
            task_queues=self._task_queues,
            at=transaction.at,
            gone_before=gone_before,
        )

    async def _write(self, write: Callable[[Transaction], None]) -> None:
        tally = self._take_tally()

        def both(transaction: Transaction) -> None:
            write(transaction)
            stored.add_up(transaction.connection, tally)

        await self.access.write(both)
