"""Counts what happened in a log, or in what was stored of it: the same numbers from the same sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from wayline.eventlog.event import Case

_VARIANT_BYTES: Final = 16
"""128 bits a variant: a billion of them share a digest once in some 10^20 logs."""


class Counts:
    """Adds up cases one at a time; memory grows with activities, pairs, people and variants, not with cases."""

    def __init__(self) -> None:
        self.cases = 0
        self.events = 0
        self.hand_offs = 0
        self.longest_case = 0
        self._activities: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._people: set[str] = set()
        self._variants: set[bytes] = set()
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None

    def add_case(self, events: Iterable[tuple[str, str | None, datetime]]) -> None:
        """One case as `(activity, who, at)` in the order in which it happened.

        Order is the caller's: times are not sorted here, since many logs stamp neighbours alike. A hand-off is two
        neighbouring events of a case done by two different people; an event by nobody known (None) is no part of one.
        """
        variant = blake2b(digest_size=_VARIANT_BYTES)
        length = 0
        last_activity: str | None = None
        last_who: str | None = None
        for activity, who, at in events:
            length += 1
            name = activity.encode("utf-8", "surrogatepass")
            variant.update(b"%d:%b" % (len(name), name))
            self._activities[activity] += 1
            if last_activity is not None:
                self._pairs[last_activity, activity] += 1
                self.hand_offs += who is not None and last_who is not None and who != last_who
            if who is not None:
                self._people.add(who)
            self._span(at)
            last_activity, last_who = activity, who
        self.cases += 1
        self.events += length
        self.longest_case = max(self.longest_case, length)
        self._variants.add(variant.digest())

    def _span(self, at: datetime) -> None:
        if self._first_at is None or at < self._first_at:
            self._first_at = at
        if self._last_at is None or at > self._last_at:
            self._last_at = at

    @property
    def activities(self) -> dict[str, int]:
        """Events of each activity, the most frequent first, equals by name."""
        return dict(sorted(self._activities.items(), key=lambda entry: (-entry[1], entry[0])))

    @property
    def pairs(self) -> dict[tuple[str, str], int]:
        """How often the second activity came directly after the first."""
        return dict(self._pairs)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody the log names, sorted."""
        return tuple(sorted(self._people))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the last instant; None without events."""
        if self._first_at is None or self._last_at is None:
            return None
        return self._first_at, self._last_at

    def as_json(self) -> dict[str, Any]:
        """`{cases, events, activities: {name: n}, variants, directly_follows, hand_offs, longest_case, resources}`.

        `variants` are the distinct sequences of activities, `directly_follows` the distinct pairs of neighbours,
        `resources` the distinct people.
        """
        return {
            "cases": self.cases,
            "events": self.events,
            "activities": self.activities,
            "variants": len(self._variants),
            "directly_follows": len(self._pairs),
            "hand_offs": self.hand_offs,
            "longest_case": self.longest_case,
            "resources": len(self._people),
        }


def count_cases(cases: Iterable[Case]) -> Counts:
    """The counts of a whole log."""
    counts = Counts()
    for case in cases:
        counts.add_case((event.activity, event.who, event.at) for event in case.events)
    return counts
