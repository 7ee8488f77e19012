"""How loops that are not the door reach the database, without holding up the event loop they run on.

Reads have threads of their own. Writes that are no decision (claims, leases, pruning) pass through the door on SQLite,
which has one writer, and beside it on PostgreSQL, where rows and not the file are locked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa

from wayline.core.facts import SYSTEM
from wayline.engine.door import Change, Door, Transaction

T = TypeVar("T")
THREADS = 4


class DatabaseAccess:
    """Reads and writes for one event loop."""

    def __init__(self, door: Door) -> None:
        self._door = door
        # Not the loop's own threads: those resolve host names, and a name server that hangs would hang all.
        self._threads = ThreadPoolExecutor(THREADS, "wayline-driver-database")

    async def read(self, query: Callable[[sa.Connection], T]) -> T:
        """What the query says."""
        return await self.call(lambda: self._read(query))

    async def write(self, write: Callable[[Transaction], T]) -> T:
        """Do it in a transaction of its own and answer once it is committed."""
        if self._door.database.is_sqlite:
            answer: T = await self._door.submit(Change(tenant_id=None, actor=SYSTEM, write=write))
            return answer
        return await self.call(lambda: self._write(write))

    async def call(self, function: Callable[[], T]) -> T:
        """Anything else that waits for the database."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown()

    def _read(self, query: Callable[[sa.Connection], T]) -> T:
        with self._door.database.reader.connect() as connection:
            return query(connection)

    def _write(self, write: Callable[[Transaction], T]) -> T:
        live: list[tuple[str, str, dict[str, object], frozenset[str] | None]] = []
        with self._door.database.writer.begin() as connection:
            transaction = Transaction(connection=connection, at=self._door.clock.now(), tenant=None, live=live)
            answer = write(transaction)
        if live:
            self._door.publish(live)
        return answer
