"""Reading the holiday addresses of calendars: when one is set, and once a day from then on.

What cannot be read, or is no list of holidays, changes nothing: what was read before stays, the calendar says since
when and why, and it is tried again within the hour.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from wayline import __version__
from wayline.actions.outbound import Outbound
from wayline.core.action import ActionFailed
from wayline.core.holiday_events import ICalendarUnreadable, holiday_events
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.loop import Loop
from wayline.engine.door import Door, Transaction
from wayline.store import holiday_feeds as stored
from wayline.store.directory import touch
from wayline.store.escalations import time_anew
from wayline.store.holiday_feeds import Feed

READ_EVERY = timedelta(hours=24)
AGAIN_AFTER = timedelta(hours=1)
FEEDS_A_ROUND = 8
FETCH_S = 20.0
LEASE = timedelta(seconds=60)
MAX_BYTES = 512 * 1024
HEADERS = {"user-agent": f"Wayline/{__version__}", "accept": "text/calendar, */*", "accept-encoding": "identity"}


class HolidayLoop(Loop):
    """Reads the addresses that are to be read."""

    name = "holidays"

    def __init__(self, door: Door, access: DatabaseAccess, outbound: Outbound) -> None:
        super().__init__(door, access)
        self._outbound = outbound

    async def soonest(self) -> datetime | None:
        return await self.access.read(stored.soonest)

    async def run_once(self) -> int:
        """Read up to FEEDS_A_ROUND addresses; answers how many."""
        taken = await self.access.write(
            lambda tx: stored.claim(tx.connection, at=tx.at, lasts=LEASE, limit=FEEDS_A_ROUND)
        )
        await asyncio.gather(*map(self._read, taken))
        return len(taken)

    async def _read(self, feed: Feed) -> None:
        try:
            text = await self._fetched(feed.url)
        except (ActionFailed, ICalendarUnreadable) as failed:
            said = str(failed)
            await self.access.write(
                lambda tx: stored.note_failure(tx.connection, feed, error=said, at=tx.at, next_at=tx.at + AGAIN_AFTER)
            )
            return
        await self.access.write(lambda tx: _keep(tx, feed, text))

    async def _fetched(self, url: str) -> str:
        """The text at an address; raises ActionFailed, or ICalendarUnreadable for what is no list of holidays."""
        try:
            async with asyncio.timeout(FETCH_S):
                answer = await self._outbound.call("GET", url, HEADERS, None, max_bytes=MAX_BYTES)
        except TimeoutError as error:
            raise ActionFailed(f"no answer within {FETCH_S:.0f} s") from error
        if answer.status != 200:
            raise ActionFailed(f"answered {answer.status}")
        if answer.truncated:
            raise ActionFailed(f"longer than {MAX_BYTES // 1024} KiB")
        text = answer.body.decode("utf-8-sig", "replace").replace("\x00", "")
        await asyncio.to_thread(holiday_events, text)
        return text

    async def close(self) -> None:
        """Close every connection."""
        await self._outbound.close()


def _keep(tx: Transaction, feed: Feed, text: str) -> None:
    """Other holidays make other hours: everybody reads them anew, and what waits is timed by them."""
    if stored.keep_text(tx.connection, feed, text=text, at=tx.at, next_at=tx.at + READ_EVERY):
        touch(tx.connection, feed.tenant_id)
        time_anew(tx.connection, tenant_id=feed.tenant_id, at=tx.at)
        tx.publish(feed.tenant_id, "calendar.changed", {"id": feed.calendar_id})
