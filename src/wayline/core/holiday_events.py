"""Holidays out of iCalendar text (RFC 5545): which dates its all-day events cover, recurrences among them.

The reader is our own: expanding a rule that never matches can take seconds in a general one, and a tenant's calendar
must not be able to hold up everybody. Here a year costs a look a day; what cannot be read is refused with its reason.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import icalendar

from wayline.core.refusals import Refusal

MAX_ICAL_CHARS = 512 * 1024
MAX_ICAL_EVENTS = 2_000
MAX_ICAL_COUNTED_RULES = 100
MAX_HOLIDAY_EVENT_DAYS = 366

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2101, 1, 1, tzinfo=UTC)
"""Business time is defined between these; the public-holiday tables end with the year 2100."""


class ICalendarUnreadable(Refusal):
    """An iCalendar text cannot be read as a list of holidays; the text lists the reasons."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid", message, code="icalendar_unreadable")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One RRULE on whole days, its defaults filled in from the event's first day; an empty set does not restrict.

    `weekdays` holds `(ordinal, weekday)`: (0, 0) every Monday, (-1, 4) the last Friday of the month, or of the year in
    a yearly rule without months. Negative days and positions count from the end. `week_start` is 0 for Monday.
    """

    frequency: Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
    first_day: date
    interval: int
    last_day: date
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]
    week_start: int


@dataclass(frozen=True, slots=True)
class HolidayEvent:
    """An all-day VEVENT: it closes `length_days` local dates from each day it starts on.

    It starts on `first_day`, on the days its `recurrences` give and on `extra_days`, but never on `skipped_days`.
    """

    first_day: date
    length_days: int = 1
    recurrences: tuple[Recurrence, ...] = ()
    extra_days: tuple[date, ...] = ()
    skipped_days: frozenset[date] = frozenset()


@lru_cache(maxsize=32)
def holiday_events(ical_text: str) -> tuple[HolidayEvent, ...]:
    """Read the all-day events of an iCalendar text (RFC 5545), with RRULE, RDATE, EXDATE and RECURRENCE-ID.

    Cancelled and timed events close nothing. Raises ICalendarUnreadable with every reason: no VCALENDAR, malformed
    properties, events of which none is all-day, rules finer than daily, or a limit exceeded.
    """
    if len(ical_text) > MAX_ICAL_CHARS:
        raise ICalendarUnreadable(f"longer than {MAX_ICAL_CHARS} characters")
    try:
        calendars = icalendar.Calendar.from_ical(ical_text, multiple=True)
    except (ValueError, IndexError, KeyError) as malformed:
        raise ICalendarUnreadable(f"not an iCalendar text: {malformed}") from malformed
    if not calendars or any(component.name != "VCALENDAR" for component in calendars):
        raise ICalendarUnreadable("not an iCalendar text: no complete VCALENDAR")
    written = [event for component in calendars for event in component.walk("VEVENT")]
    if len(written) > MAX_ICAL_EVENTS:
        raise ICalendarUnreadable(f"more than {MAX_ICAL_EVENTS} events")
    if sum("COUNT" in rule for event in written for rule in _listed(event.get("RRULE"))) > MAX_ICAL_COUNTED_RULES:
        raise ICalendarUnreadable(f"more than {MAX_ICAL_COUNTED_RULES} rules with a COUNT; write UNTIL instead")
    return _all_day_events(written)


def _all_day_events(written: list[Any]) -> tuple[HolidayEvent, ...]:
    moved_days = _moved_days(written)
    events: list[HolidayEvent] = []
    problems: list[str] = []
    seen_all_day = False
    for number, event in enumerate(written, start=1):
        try:
            read = _holiday_event(event, moved_days)
        except ValueError as problem:
            problems.append(f"event {number} ({event.get('SUMMARY', 'untitled')}): {problem}")
            continue
        seen_all_day = seen_all_day or read is not None
        if read is not None and str(event.get("STATUS", "")).upper() != "CANCELLED":
            events.append(read)
    if not problems and written and not seen_all_day:
        problems.append("none of its events is an all-day event")
    if problems:
        raise ICalendarUnreadable("; ".join(problems[:10]))
    return tuple(events)


def _moved_days(written: list[Any]) -> dict[str, frozenset[date]]:
    """The occurrences, by event UID, that another VEVENT replaces by naming them in RECURRENCE-ID."""
    moved: dict[str, frozenset[date]] = {}
    for event in written:
        if "RECURRENCE-ID" in event and not event.errors:
            uid = str(event.get("UID", ""))
            moved[uid] = moved.get(uid, frozenset()) | set(_days_of(event["RECURRENCE-ID"]))
    return moved


def _holiday_event(event: Any, moved_days: dict[str, frozenset[date]]) -> HolidayEvent | None:
    """One VEVENT as a HolidayEvent, None when it is timed; raises ValueError with the problem."""
    if event.errors:
        raise ValueError("; ".join(f"{name}: {problem}" for name, problem in event.errors))
    if "DTSTART" not in event:
        raise ValueError("DTSTART is missing")
    first_day = event["DTSTART"].dt
    if isinstance(first_day, datetime):
        return None
    if not EARLIEST.date() <= first_day < LATEST.date():
        raise ValueError(f"DTSTART: {first_day} lies outside {EARLIEST:%Y} … {LATEST.year - 1}")
    skipped_days = set(_days_of(event.get("EXDATE")))
    if "RECURRENCE-ID" not in event:
        skipped_days |= moved_days.get(str(event.get("UID", "")), frozenset())
    recurrences, counted_days = _recurrences(event, first_day)
    return HolidayEvent(
        first_day=first_day,
        length_days=_length_days(event, first_day),
        recurrences=recurrences,
        extra_days=(*counted_days, *_days_of(event.get("RDATE"))),
        skipped_days=frozenset(skipped_days),
    )


def _recurrences(event: Any, first_day: date) -> tuple[tuple[Recurrence, ...], list[date]]:
    """The event's open-ended rules, and the days of those with a COUNT, which only a walk from the start can tell."""
    open_ended: list[Recurrence] = []
    counted_days: list[date] = []
    for rule in _listed(event.get("RRULE")):
        recurrence = _recurrence(rule, first_day)
        if "COUNT" not in rule:
            open_ended.append(recurrence)
        elif rule["COUNT"][0] < 1:
            raise ValueError("RRULE: COUNT must be at least 1")
        else:
            years = range(first_day.year, LATEST.year)
            days = (day for year in years for day in _rule_days(recurrence, date(year, 1, 1), date(year, 12, 31)))
            counted_days.extend(islice(days, rule["COUNT"][0]))
    return tuple(open_ended), counted_days


def _length_days(event: Any, first_day: date) -> int:
    """DTEND is the first day after the event; an event with neither DTEND nor DURATION is one day (RFC 5545 §3.6.1)."""
    length_days = 1
    if "DTEND" in event:
        end = event["DTEND"].dt
        if isinstance(end, datetime):
            raise ValueError("DTSTART is a date and DTEND is not")
        length_days = max(1, (end - first_day).days)  # some exporters repeat DTSTART as DTEND
    elif "DURATION" in event:
        length_days = event["DURATION"].dt.days
    if not 1 <= length_days <= MAX_HOLIDAY_EVENT_DAYS:
        raise ValueError(f"lasts {length_days} days; 1 to {MAX_HOLIDAY_EVENT_DAYS} are allowed")
    return length_days


_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_RULE_PARTS = {"FREQ", "INTERVAL", "UNTIL", "COUNT", "WKST"}
_RULE_PARTS |= {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS"}
_ICAL_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _recurrence(rule: Any, first_day: date) -> Recurrence:
    """An RRULE as read by icalendar; raises ValueError for what has no meaning, or none here, on whole days."""
    frequency = rule.get("FREQ", [""])[0]
    if frequency not in _FREQUENCIES:
        raise ValueError("RRULE: FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    if unknown := rule.keys() - _RULE_PARTS:
        raise ValueError(f"RRULE: {', '.join(sorted(unknown))} cannot be used in an all-day event here")
    interval, until = rule.get("INTERVAL", [1])[0], rule.get("UNTIL", [LATEST.date()])[0]
    if interval < 1:
        raise ValueError("RRULE: INTERVAL must be at least 1")
    weekdays = frozenset(_ordinal_weekday(str(written)) for written in rule.get("BYDAY", ()))
    if frequency in ("DAILY", "WEEKLY") and any(ordinal for ordinal, _ in weekdays):
        raise ValueError("RRULE: numbered weekdays need FREQ MONTHLY or YEARLY")
    months = _rule_numbers(rule, "BYMONTH", 1, 12)
    month_days = _rule_numbers(rule, "BYMONTHDAY", -31, 31)
    year_days = _rule_numbers(rule, "BYYEARDAY", -366, 366)
    if not (weekdays or month_days or year_days):
        if frequency == "YEARLY":
            months = months or frozenset({first_day.month})
        if frequency in ("YEARLY", "MONTHLY"):
            month_days = frozenset({first_day.day})
        if frequency == "WEEKLY":
            weekdays = frozenset({(0, first_day.weekday())})
    return Recurrence(
        frequency=frequency,
        first_day=first_day,
        interval=interval,
        last_day=until.date() if isinstance(until, datetime) else until,
        months=months,
        month_days=month_days,
        year_days=year_days,
        weekdays=weekdays,
        positions=_rule_numbers(rule, "BYSETPOS", -366, 366),
        week_start=_ICAL_WEEKDAYS.index(str(rule.get("WKST", ["MO"])[0]).upper()),
    )


def _ordinal_weekday(written: str) -> tuple[int, int]:
    read = re.fullmatch(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", written.upper())
    if read is None or read[1] in ("0", "+0", "-0", "00"):
        raise ValueError(f"RRULE: {written} is not a weekday")
    return int(read[1] or 0), _ICAL_WEEKDAYS.index(read[2])


def _rule_numbers(rule: Any, part: str, least: int, most: int) -> frozenset[int]:
    numbers = frozenset(int(number) for number in rule.get(part, ()))
    if any(number == 0 or not least <= number <= most for number in numbers):
        raise ValueError(f"RRULE: {part} must lie between {least} and {most}, and not be 0")
    return numbers


def _rule_days(rule: Recurrence, from_: date, until: date) -> Iterator[date]:
    """The days, first to last (both included), on which a rule begins an occurrence.

    One look at each day of the window, so a rule that never matches costs no more than another.
    """
    first, last = max(from_, rule.first_day), min(until, rule.last_day)
    if not rule.positions:
        yield from (day for day in _days_through(first, last) if _recurs_in(rule, day) and _recurs_on(rule, day))
        return
    # A position is counted within its whole period, which may reach beyond the window.
    periods: dict[int, list[date]] = {}
    for day in _days_through(_year_start(from_) - timedelta(days=6), date(until.year, 12, 31) + timedelta(days=6)):
        if _recurs_in(rule, day) and _recurs_on(rule, day):
            periods.setdefault(_period(rule, day), []).append(day)
    for days in periods.values():
        chosen = {days[at] for at in _indexes(rule.positions, len(days))}
        yield from (day for day in sorted(chosen) if first <= day <= last)


def _indexes(positions: frozenset[int], length: int) -> Iterator[int]:
    return (at - 1 if at > 0 else length + at for at in positions if abs(at) <= length)


def _recurs_in(rule: Recurrence, day: date) -> bool:
    return (_period(rule, day) - _period(rule, rule.first_day)) % rule.interval == 0


def _period(rule: Recurrence, day: date) -> int:
    if rule.frequency == "YEARLY":
        return day.year
    if rule.frequency == "MONTHLY":
        return day.year * 12 + day.month
    if rule.frequency == "WEEKLY":
        return (day.toordinal() - 1 - rule.week_start) // 7  # ordinal 1 is a Monday
    return day.toordinal()


def _recurs_on(rule: Recurrence, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    month_length = monthrange(day.year, day.month)[1]
    if rule.month_days and rule.month_days.isdisjoint((day.day, day.day - month_length - 1)):
        return False
    year_day, year_length = _year_day(day), 366 if isleap(day.year) else 365
    if rule.year_days and rule.year_days.isdisjoint((year_day, year_day - year_length - 1)):
        return False
    if not rule.weekdays:
        return True
    index, length = year_day, year_length
    if rule.frequency == "MONTHLY" or rule.months:
        index, length = day.day, month_length
    ordinals = (0, (index - 1) // 7 + 1, -((length - index) // 7 + 1))
    return not rule.weekdays.isdisjoint((ordinal, day.weekday()) for ordinal in ordinals)


def _year_day(day: date) -> int:
    return day.toordinal() - _year_start(day).toordinal() + 1


def _year_start(day: date) -> date:
    return date(day.year, 1, 1)


def _days_through(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1))


def event_days(event: HolidayEvent, first_day: date, last_day: date) -> Iterator[date]:
    """The local dates from `first_day` to `last_day` (both included) on which the event closes the desk."""
    if event.first_day > last_day and not event.extra_days:
        return
    starts = {event.first_day, *event.extra_days}
    for recurrence in event.recurrences:
        starts.update(_rule_days(recurrence, first_day - timedelta(days=event.length_days - 1), last_day))
    for start in starts - event.skipped_days:
        for offset_days in range(event.length_days):
            day = start + timedelta(days=offset_days)
            if first_day <= day <= last_day:
                yield day


def _days_of(listed: Any) -> Iterator[date]:
    for dates in _listed(listed):
        for entry in getattr(dates, "dts", [dates]):
            moment = entry.dt[0] if isinstance(entry.dt, tuple) else entry.dt
            yield moment.date() if isinstance(moment, datetime) else moment


def _listed(value: Any) -> list[Any]:
    """A property that may be absent, given once or repeated, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
