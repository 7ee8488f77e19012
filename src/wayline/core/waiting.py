"""How long a customer has been waiting for an answer. Pure: a ticket's wait goes in, and comes out as it is afterwards.

A customer waits from the creation of the ticket, or from their last public reply, or from the moment a resolved ticket
is opened again. A public answer by staff ends the wait, and so does the ticket's end. While the ticket is pending or on
hold the wait is held: what had counted by then is kept as business time, and goes on when the ticket does.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from wayline.core.business_time import ALWAYS, Calendar, between

ENDED_STATUSES = ("resolved", "closed", "cancelled")
HELD_STATUSES = ("pending", "on_hold")
_US = 1_000_000


class Wait(msgspec.Struct, frozen=True):
    """`number` tells a customer's waits at one ticket apart. `since` None: nobody waits. `counting_since` None: it does
    not count at the moment; `waited_us` is the business time that had counted before that, in microseconds."""

    number: int = 0
    since: datetime | None = None
    counting_since: datetime | None = None
    waited_us: int = 0

    def waited_s(self, at: datetime, calendar: Calendar = ALWAYS) -> float:
        """The business seconds that have counted until an instant."""
        counted = self.waited_us / _US
        if self.counting_since is None or at <= self.counting_since:
            return counted
        return counted + between(calendar, self.counting_since, at)


def begun(wait: Wait, *, status: str, at: datetime) -> Wait:
    """The customer begins to wait, anew if they did before; not where the ticket has ended."""
    if status in ENDED_STATUSES:
        return ended(wait)
    return Wait(number=wait.number + 1, since=at, counting_since=None if status in HELD_STATUSES else at)


def ended(wait: Wait) -> Wait:
    """The customer has had an answer."""
    return wait if wait.since is None else Wait(number=wait.number)


def moved(wait: Wait, *, before: str, after: str, at: datetime, calendar: Calendar = ALWAYS) -> Wait:
    """The ticket has gone from one status to another."""
    if after in ENDED_STATUSES:
        return ended(wait)
    if before in ENDED_STATUSES:
        return begun(wait, status=after, at=at)
    if wait.since is None or (after in HELD_STATUSES) == (wait.counting_since is None):
        return wait
    if after in HELD_STATUSES:
        waited_us = round(wait.waited_s(at, calendar) * _US)
        return msgspec.structs.replace(wait, counting_since=None, waited_us=waited_us)
    return msgspec.structs.replace(wait, counting_since=at)
