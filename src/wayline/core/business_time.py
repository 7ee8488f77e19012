"""Business time: when a desk is open, and what elapses while it is.

A `CalendarDefinition` is what people write. `calendar_from` turns it into a `Calendar`, a value that `add`, `between`,
`is_open`, `next_opening` and `intervals` read. Nothing here reads a clock or fetches an address.

Rules, in one place:

* Business seconds are real elapsed seconds inside open intervals. 01:00–04:00 lasts two hours on the night the clocks
  go forward and four hours on the night they go back.
* A local interval opens at the first instant whose wall clock lies in it and closes after the last such instant. So a
  boundary inside a skipped hour means the moment of the skip; a start inside a repeated hour means its first
  occurrence, an end inside one its second, and an interval that stops exactly where a repeated hour begins does not
  include it. Intervals that overlap because of this count once.
* A holiday closes one whole local date. A date that a zone skipped has no open time.
* Intervals are half-open: the closing instant is closed.

All arithmetic is on integer microseconds since 1970-01-01T00:00Z, which makes `add` and `between` exact inverses.

Time is cut into blocks of `BLOCK_DAYS` UTC days. The open intervals of a block are found once, kept in a bounded memo
(a memo of a pure function: the same inputs give the same answer with or without it) and searched by bisection. A span
costs one step a block, so adding years is linear with a small constant.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal
from zoneinfo import ZoneInfo

import holidays as public_holidays

from wayline.core.calendar_definition import MINUTES_PER_DAY, WEEKDAYS, CalendarDefinition
from wayline.core.holiday_events import EARLIEST, LATEST, HolidayEvent, event_days, holiday_events
from wayline.core.refusals import Refusal

MAX_CLOSED_DAYS = 3_660
"""A calendar without an opening for this long (ten years) counts as never opening."""

BLOCK_DAYS = 32
MAX_BLOCKS_KEPT = 2_048
MAX_HOLIDAY_YEARS_KEPT = 512

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_DAY_US = MINUTES_PER_DAY * _MINUTE_US
_BLOCK_US = BLOCK_DAYS * _DAY_US


class CalendarNeverOpens(Refusal):
    """The calendar has no open time at all, or none within `MAX_CLOSED_DAYS`."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid", message, code="calendar_never_opens")


class InstantOutOfRange(Refusal):
    """An instant given or reached lies outside `EARLIEST` … `LATEST`."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid", message, code="instant_out_of_range")


# The calendar as a value ----------------------------------------------------------------------------------------------

Week = tuple[tuple[tuple[int, int], ...], ...]
_WHOLE_DAY = ((0, MINUTES_PER_DAY),)


@dataclass(frozen=True)
class Calendar:
    """When a desk is open. Equal and hashed by what decides opening times; `name` is for messages only.

    `week` holds, Monday first, each day's sorted `(start, end)` minutes after local midnight. Raises CalendarNeverOpens
    when no day has an interval. Make one with `calendar_from`, or use `ALWAYS`.
    """

    timezone: str
    week: Week
    country: str | None = None
    region: str | None = None
    dates: frozenset[date] = frozenset()
    events: tuple[HolidayEvent, ...] = ()
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS):
            raise ValueError(f"a week has {len(WEEKDAYS)} days, not {len(self.week)}")
        if not any(self.week):
            raise CalendarNeverOpens(f"calendar {self.name!r} has no open time on any day of the week")
        content = (self.timezone, self.week, self.country, self.region, self.dates, self.events)
        object.__setattr__(self, "_content_hash", hash(content))
        open_throughout = all(day == _WHOLE_DAY for day in self.week)
        closes = self.country is not None or bool(self.dates) or bool(self.events)
        object.__setattr__(self, "_never_closes", open_throughout and not closes)

    def __hash__(self) -> int:
        return self._content_hash  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[type["Calendar"], tuple[Any, ...]]:
        # Text hashes differ between processes, so a pickled calendar is built afresh.
        return Calendar, tuple(getattr(self, one.name) for one in fields(self))

    @property
    def never_closes(self) -> bool:
        """True for 24×7 without holidays, where business time is elapsed time."""
        return self._never_closes  # type: ignore[attr-defined]


ALWAYS = Calendar(timezone="UTC", week=(_WHOLE_DAY,) * 7, name="Always")
"""Open 24×7; business time is elapsed time."""


def calendar_from(definition: CalendarDefinition, *, fetched_ical_text: str | None = None) -> Calendar:
    """The calendar a definition describes.

    `fetched_ical_text` is what stands at the definition's `ical_url`, None when it has none or was never reached; its
    holidays join those of `ical_text`. Raises ICalendarUnreadable when that text cannot be read. Equal definitions give
    the same object, so their memos are shared.
    """
    if definition.mode == "always":
        return _shared(Calendar(timezone=definition.timezone, week=(_WHOLE_DAY,) * 7, name=definition.name))
    texts = (definition.holidays.ical_text, fetched_ical_text)
    return _shared(
        Calendar(
            timezone=definition.timezone,
            week=_week_of(definition),
            country=definition.holidays.country,
            region=definition.holidays.region,
            dates=frozenset(definition.holidays.dates),
            events=tuple(event for text in texts if text is not None for event in holiday_events(text)),
            name=definition.name,
        )
    )


def _week_of(definition: CalendarDefinition) -> Week:
    if definition.mode == "per_day":
        return tuple(definition.days.get(day, ()) for day in WEEKDAYS)
    interval = (definition.simple_start, definition.simple_end)
    return tuple((interval,) if getattr(definition, f"{day}_enabled") else () for day in WEEKDAYS)


def _shared(calendar: Calendar) -> Calendar:
    """The first calendar built with this content and name: memo lookups then compare by identity, not content."""
    return _shared_by_name(calendar, calendar.name)


@lru_cache(maxsize=512)
def _shared_by_name(calendar: Calendar, name: str) -> Calendar:
    return calendar


# Questions ------------------------------------------------------------------------------------------------------------


def add(calendar: Calendar, start: datetime, seconds: float) -> datetime:
    """The instant that lies `seconds` of business time after `start`, in UTC.

    The earliest t ≥ start with `between(calendar, start, t) == seconds`: a span that uses up the day ends at closing
    time, not at the next opening, and 0 is `start` itself, open or closed. Negative `seconds` mirror this: the latest
    t ≤ start with `between(calendar, t, start) == -seconds`. Fractions are rounded to the microsecond. `start` must be
    aware (ValueError). Raises CalendarNeverOpens, InstantOutOfRange.
    """
    start_us = _instant_us(start)
    span_us = _span_us(seconds)
    if calendar.never_closes:
        end_us = start_us + span_us
    elif span_us >= 0:
        end_us = _after_us(calendar, start_us, span_us)
    else:
        end_us = _before_us(calendar, start_us, -span_us)
    _refuse_outside(end_us)
    return _utc(end_us)


def between(calendar: Calendar, a: datetime, b: datetime) -> float:
    """The business seconds from `a` to `b`; negative when `b` is earlier.

    An int when the span is whole seconds, else a float exact to the microsecond (for spans under 142 years, where
    doubles stop resolving microseconds). Both must be aware (ValueError). Raises InstantOutOfRange.
    """
    a_us, b_us = _instant_us(a), _instant_us(b)
    if calendar.never_closes:
        span_us = b_us - a_us
    elif a_us <= b_us:
        span_us = _between_us(calendar, a_us, b_us)
    else:
        span_us = -_between_us(calendar, b_us, a_us)
    return span_us / _SECOND_US if span_us % _SECOND_US else span_us // _SECOND_US


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the desk is open at `at` (aware); at the opening instant it is, at the closing instant it is not."""
    at_us = _instant_us(at)
    if calendar.never_closes:
        return True
    openings = _openings(calendar, at_us // _BLOCK_US)
    index = bisect_right(openings.starts_us, at_us) - 1
    return index >= 0 and at_us < openings.ends_us[index]


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The earliest open instant not before `at` (aware), in UTC: `at` itself while the desk is open.

    Raises CalendarNeverOpens, InstantOutOfRange.
    """
    at_us = _instant_us(at)
    if calendar.never_closes:
        return _utc(at_us)
    for openings in _blocks_onward(calendar, at_us // _BLOCK_US):
        index = bisect_right(openings.ends_us, at_us)
        if index < len(openings.ends_us):
            opening_us = max(at_us, openings.starts_us[index])
            _refuse_outside(opening_us)
            return _utc(opening_us)
    raise AssertionError("the search for an opening ends by finding one or by refusing")


def intervals(calendar: Calendar, from_: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The open intervals between two aware instants, as UTC (start, end) in order.

    Those that touch are one (1440 runs on into the next day's 0), and the first and last are cut to the window. Empty
    when `until` is not after `from_`. Lazy; instants outside the range are refused at the call (InstantOutOfRange).
    """
    return _intervals(calendar, _instant_us(from_), _instant_us(until))


def _intervals(calendar: Calendar, from_us: int, until_us: int) -> Iterator[tuple[datetime, datetime]]:
    pieces = [(from_us, until_us)] if calendar.never_closes else _open_pieces(calendar, from_us, until_us)
    current: tuple[int, int] | None = None
    for start_us, end_us in pieces:
        start_us, end_us = max(start_us, from_us), min(end_us, until_us)
        if start_us >= end_us:
            continue
        if current is not None and current[1] == start_us:
            current = (current[0], end_us)
            continue
        if current is not None:
            yield _utc(current[0]), _utc(current[1])
        current = (start_us, end_us)
    if current is not None:
        yield _utc(current[0]), _utc(current[1])


def _open_pieces(calendar: Calendar, from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
    for block in range(from_us // _BLOCK_US, until_us // _BLOCK_US + 1):
        openings = _openings(calendar, block)
        yield from zip(openings.starts_us, openings.ends_us, strict=True)


# Arithmetic in microseconds -------------------------------------------------------------------------------------------


def _instant_us(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("an instant must carry its time zone")
    at_us = (at - _EPOCH) // _MICROSECOND
    _refuse_outside(at_us)
    return at_us


def _utc(at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_us)


def _span_us(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise ValueError("a span must be a finite number of seconds")
    # Splitting first keeps the fraction exact where seconds * 1e6 would round twice.
    whole_s = int(seconds)
    return whole_s * _SECOND_US + round((seconds - whole_s) * _SECOND_US)


_EARLIEST_US = (EARLIEST - _EPOCH) // _MICROSECOND
_LATEST_US = (LATEST - _EPOCH) // _MICROSECOND


def _refuse_outside(at_us: int) -> None:
    if not _EARLIEST_US <= at_us <= _LATEST_US:
        raise InstantOutOfRange(f"business time is defined from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}")


def _after_us(calendar: Calendar, start_us: int, span_us: int) -> int:
    if span_us == 0:
        return start_us
    _refuse_outside(start_us + span_us)
    block = start_us // _BLOCK_US
    left_us = span_us + _openings(calendar, block).open_until(start_us)
    for openings in _blocks_onward(calendar, block):
        if left_us <= openings.total_us:
            return openings.first_with(left_us)
        left_us -= openings.total_us
    raise AssertionError("adding ends by finding an instant or by refusing")


def _before_us(calendar: Calendar, start_us: int, span_us: int) -> int:
    _refuse_outside(start_us - span_us)
    block = start_us // _BLOCK_US
    openings = _openings(calendar, block)
    left_us = span_us + openings.total_us - openings.open_until(start_us)
    for openings in _blocks_onward(calendar, block, step=-1):
        if left_us <= openings.total_us:
            return openings.last_with(openings.total_us - left_us)
        left_us -= openings.total_us
    raise AssertionError("subtracting ends by finding an instant or by refusing")


def _between_us(calendar: Calendar, a_us: int, b_us: int) -> int:
    first, last = a_us // _BLOCK_US, b_us // _BLOCK_US
    span_us = _openings(calendar, last).open_until(b_us) - _openings(calendar, first).open_until(a_us)
    for block in range(first, last):
        span_us += _openings(calendar, block).total_us
    return span_us


def _blocks_onward(calendar: Calendar, block: int, step: Literal[1, -1] = 1) -> Iterator["Openings"]:
    """Blocks from `block` in either direction, until the range ends or `MAX_CLOSED_DAYS` hold no opening."""
    closed_days = 0
    while True:
        if not _EARLIEST_US // _BLOCK_US <= block <= _LATEST_US // _BLOCK_US:
            raise InstantOutOfRange(f"business time is defined from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}")
        openings = _openings(calendar, block)
        yield openings
        closed_days = 0 if openings.total_us else closed_days + BLOCK_DAYS
        if closed_days > MAX_CLOSED_DAYS:
            raise CalendarNeverOpens(f"calendar {calendar.name!r} has no open time within {MAX_CLOSED_DAYS} days")
        block += step


# Open intervals of a block --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Openings:
    """The disjoint open intervals of one block, sorted; `opened_us[i]` is the block's open time before interval i."""

    starts_us: tuple[int, ...]
    ends_us: tuple[int, ...]
    opened_us: tuple[int, ...]
    total_us: int

    def open_until(self, at_us: int) -> int:
        """Open microseconds from the beginning of the block until `at_us`."""
        index = bisect_right(self.starts_us, at_us) - 1
        if index < 0:
            return 0
        return self.opened_us[index] + min(at_us, self.ends_us[index]) - self.starts_us[index]

    def first_with(self, open_us: int) -> int:
        """The earliest instant by which the block was open for `open_us`, 0 < open_us ≤ total_us."""
        index = bisect_left(self.opened_us, open_us) - 1
        return self.starts_us[index] + open_us - self.opened_us[index]

    def last_with(self, open_us: int) -> int:
        """The latest instant by which the block was open for no more than `open_us`, 0 ≤ open_us < total_us."""
        index = bisect_right(self.opened_us, open_us) - 1
        return self.starts_us[index] + open_us - self.opened_us[index]


@lru_cache(maxsize=MAX_BLOCKS_KEPT)
def _openings(calendar: Calendar, block: int) -> Openings:
    from_us, until_us = block * _BLOCK_US, (block + 1) * _BLOCK_US
    merged: list[tuple[int, int]] = []
    for start_us, end_us in _local_openings(calendar, from_us, until_us):
        start_us, end_us = max(start_us, from_us), min(end_us, until_us)
        if start_us >= end_us:
            continue
        if merged and start_us <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_us))
        else:
            merged.append((start_us, end_us))
    opened_us = list(accumulate((end_us - start_us for start_us, end_us in merged), initial=0))
    return Openings(
        starts_us=tuple(start_us for start_us, _ in merged),
        ends_us=tuple(end_us for _, end_us in merged),
        opened_us=tuple(opened_us[:-1]),
        total_us=opened_us[-1],
    )


def _local_openings(calendar: Calendar, from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
    """Every local date's intervals in UTC, for the dates that can touch the window; starts never go backwards.

    Two days of margin cover the widest offsets there are and a date line moved by a whole day.
    """
    zone = ZoneInfo(calendar.timezone)
    first = _utc(from_us).date().toordinal() - 2
    last = _utc(until_us).date().toordinal() + 2
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        minutes = calendar.week[day.weekday()]
        if minutes and day not in _closed_days(calendar, day.year):
            midnight = datetime(day.year, day.month, day.day)
            for start_minute, end_minute in minutes:
                start_us = _first_instant_us(zone, midnight + timedelta(minutes=start_minute))
                yield start_us, _end_instant_us(zone, midnight + timedelta(minutes=end_minute))


@lru_cache(maxsize=MAX_HOLIDAY_YEARS_KEPT)
def _closed_days(calendar: Calendar, year: int) -> frozenset[date]:
    first_day, last_day = date(year, 1, 1), date(year, 12, 31)
    closed: set[date] = {day for day in calendar.dates if day.year == year}
    if calendar.country is not None:
        closed.update(_public_holidays(calendar.country, calendar.region, year))
    for event in calendar.events:
        closed.update(event_days(event, first_day, last_day))
    return frozenset(closed)


def _public_holidays(country: str, region: str | None, year: int) -> Iterable[date]:
    """Days off by law, with the days observed in their stead; nothing for years the `holidays` tables do not cover."""
    return public_holidays.country_holidays(country, subdiv=region, years=year, expand=False).keys()


def _first_instant_us(zone: ZoneInfo, wall: datetime) -> int:
    """The first instant whose wall clock in `zone` shows `wall` (naive) or, when that is skipped, the skip."""
    before_us, after_us = _offsets_us(zone, wall)
    if before_us < after_us:
        return _transition_us(zone, wall, before_us, after_us)
    return _wall_us(wall) - before_us


def _end_instant_us(zone: ZoneInfo, wall: datetime) -> int:
    """The end of the last instant whose wall clock in `zone` is earlier than `wall` (naive) on that local day."""
    last = wall - _MICROSECOND
    before_us, after_us = _offsets_us(zone, last)
    if before_us < after_us:
        return _transition_us(zone, last, before_us, after_us)
    return _wall_us(last) - after_us + 1


def _offsets_us(zone: ZoneInfo, wall: datetime) -> tuple[int, int]:
    """UTC offsets that `wall` has before and after a change of the clocks; the same twice on ordinary days.

    The first is smaller for a skipped time and larger for a repeated one (PEP 495).
    """
    before = wall.replace(tzinfo=zone).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None
    assert after is not None
    return before // _MICROSECOND, after // _MICROSECOND


def _transition_us(zone: ZoneInfo, skipped: datetime, before_us: int, after_us: int) -> int:
    """The instant at which the clocks jumped over `skipped`: the first one with the later offset, by bisection."""
    low_us, high_us = _wall_us(skipped) - after_us, _wall_us(skipped) - before_us
    while high_us - low_us > 1:
        middle_us = (low_us + high_us) // 2
        offset = _utc(middle_us).astimezone(zone).utcoffset()
        if offset is not None and offset // _MICROSECOND == after_us:
            high_us = middle_us
        else:
            low_us = middle_us
    return high_us


def _wall_us(wall: datetime) -> int:
    return (wall - _LOCAL_EPOCH) // _MICROSECOND
