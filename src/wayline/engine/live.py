"""What has just changed, told to whoever listens: one ring of recent changes, read by server-sent events.

A change is published after its commit. A listener that comes back with the last id it saw goes on from there; one
that was away too long is told to read everything again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

RING_CHANGES = 10_000


class Change(msgspec.Struct, frozen=True):
    """One thing that changed. `audience` None means everybody of the tenant who may see such things."""

    id: int
    tenant_id: str
    kind: str
    data: dict[str, Any]
    audience: frozenset[str] | None = None


class Live:
    """The changes of this process, in order."""

    def __init__(self) -> None:
        self._ring: deque[Change] = deque(maxlen=RING_CHANGES)
        self._next = 1
        self._waiting: set[asyncio.Event] = set()
        self._closed = False

    @property
    def last_id(self) -> int:
        """The newest change's id."""
        return self._next - 1

    def publish(self, changes: Iterable[tuple[str, str, dict[str, Any], frozenset[str] | None]]) -> None:
        """Tell of changes: (tenant, kind, data, audience). Called on the event loop's thread."""
        for tenant_id, kind, data, audience in changes:
            self._ring.append(Change(id=self._next, tenant_id=tenant_id, kind=kind, data=data, audience=audience))
            self._next += 1
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        """End every listening: the process is about to stop, and waits for its answers to end."""
        self._closed = True
        for event in self._waiting:
            event.set()

    def since(self, last_id: int) -> list[Change] | None:
        """Changes after `last_id`; None when some of them are forgotten."""
        if last_id >= self._next - 1:
            return []
        if self._ring and last_id < self._ring[0].id - 1:
            return None
        return [c for c in self._ring if c.id > last_id]

    async def follow(self, last_id: int | None = None) -> AsyncIterator[list[Change] | None]:
        """Batches of changes until closed, beginning after `last_id` (None: from now on); None means "read again"."""
        seen = self.last_id if last_id is None or last_id > self.last_id else last_id
        woken = asyncio.Event()
        self._waiting.add(woken)
        try:
            while not self._closed:
                woken.clear()
                changes = self.since(seen)
                seen = self.last_id
                if changes is None or changes:
                    yield changes
                await woken.wait()
        finally:
            self._waiting.discard(woken)
