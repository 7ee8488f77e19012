"""The desk's past, lived through: every act at its instant, and between them everything that becomes due by itself.

Timers and commands for other runs are carried out by the loops that carry them out in a running server, on a clock that
is moved from one due time to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wayline.bootstrap import Wayline
from wayline.cli.demonstration.acting import Acting
from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.founding import TENANT_ID, Cast
from wayline.cli.demonstration.other_systems import OtherSystems
from wayline.cli.demonstration.story import Act, Story
from wayline.cli.demonstration.story_clock import StoryClock
from wayline.core.facts import SYSTEM
from wayline.core.refusals import Refusal
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.loop import Loop
from wayline.drivers.outbox import OutboxLoop
from wayline.drivers.timers import TimerLoop
from wayline.engine.door import Change, Transaction
from wayline.store import notifications

Moment = tuple[datetime, Story, Act | None]
"""An instant, whose story it belongs to, and what is done; None opens the story."""


async def live(wayline: Wayline, clock: StoryClock, cast: Cast, stories: Iterable[Story], days: Days) -> None:
    """Have all the stories happen, until now. Raises the refusal of an act that the desk does not allow."""
    access = DatabaseAccess(wayline.door)
    try:
        await _Living(wayline, clock, cast, access).through(_moments(stories), days)
    finally:
        access.close()


def _moments(stories: Iterable[Story]) -> list[Moment]:
    told = list(stories)
    opened: list[Moment] = [(story.at, story, None) for story in told]
    acts: list[Moment] = [(act.at, story, act) for story in told for act in story.then]
    return sorted([*opened, *acts], key=lambda moment: moment[0])


class _Living:
    def __init__(self, wayline: Wayline, clock: StoryClock, cast: Cast, access: DatabaseAccess) -> None:
        claims = Claims()
        self._wayline = wayline
        self._clock = clock
        self._cast = cast
        self._acting = Acting(wayline, cast)
        self._parts = (
            OutboxLoop(wayline.door, access),
            TimerLoop(wayline.door, access, claims),
            OtherSystems(wayline.door, access, claims, self._acting),
        )

    async def through(self, moments: list[Moment], days: Days) -> None:
        """One moment after the other. What people were told before this morning they have read."""
        this_morning = days.on(1, "16:00")
        has_been_read = False
        for at, story, act in moments:
            if at > this_morning and not has_been_read:
                await self._pass_until(this_morning)
                await self._wayline.door.submit(Change(tenant_id=TENANT_ID, actor=SYSTEM, write=self._read_all))
                has_been_read = True
            await self._pass_until(at)
            try:
                await self._happen(story, act)
            except Refusal as refusal:
                refusal.add_note(f"in the story {story.key} at {act or 'its beginning'}: {refusal.issues}")
                raise
        await self._pass_until(days.now)

    async def _happen(self, story: Story, act: Act | None) -> None:
        if act is None:
            await self._wayline.door.submit(self._acting.opening(story))
        else:
            await self._acting.do(story.key, act)

    async def _pass_until(self, at: datetime) -> None:
        """Let everything happen that is due before this instant or at it, each at its own, and let it be then."""
        while (due := await self._next_due()) is not None and due[0] <= at:
            self._clock.move_to(max(due[0], self._clock.now()))
            await due[1].run_once()
        self._clock.move_to(at)

    async def _next_due(self) -> tuple[datetime, Loop | OtherSystems] | None:
        waiting = [(await part.soonest(), part) for part in self._parts]
        return min(((at, part) for at, part in waiting if at is not None), key=lambda pair: pair[0], default=None)

    def _read_all(self, tx: Transaction) -> None:
        for actor in self._cast.actors.values():
            assert actor.user_id is not None
            reader = notifications.reader_of(tx.connection, tenant_id=TENANT_ID, user_id=actor.user_id)
            notifications.mark_read(tx.connection, reader, ids=None, at=tx.at)
