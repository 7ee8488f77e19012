"""Open time between two moments in five countries, worked out by hand, and again by looking at a wall clock.

The wall clock is this file's own: it steps through UTC a quarter of an hour at a time, reads the local time off the
zone's rules and asks whether that is between opening and closing. It shares nothing with what it checks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wayline.core.business_time import CalendarNeverOpens, add, between, calendar_from, is_open, next_opening
from wayline.core.calendar_definition import CalendarDefinition

BERLIN, SAO_PAULO, TEHRAN = "Europe/Berlin", "America/Sao_Paulo", "Asia/Tehran"
SYDNEY, NEW_YORK = "Australia/Sydney", "America/New_York"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS, EVERY_DAY = DAYS[:5], DAYS
QUARTER = timedelta(minutes=15)
H = 60


@dataclass(frozen=True)
class Desk:
    """Where it is, and its hours as `(days, "09-12 13-17")`; quarters of an hour are written 9.5 or 9.25."""

    zone: str
    days: tuple[str, ...]
    hours: str
    closed: tuple[str, ...] = ()

    def spans(self, day: date) -> list[tuple[int, int]]:
        """Minutes after midnight at which it opens and closes on a local date."""
        if DAYS[day.weekday()] not in self.days or day.isoformat() in self.closed:
            return []
        return [(round(float(a) * 60), round(float(b) * 60)) for a, b in (s.split("-") for s in self.hours.split())]

    def calendar(self) -> CalendarDefinition:
        spans = [[round(float(edge) * 60) for edge in span.split("-")] for span in self.hours.split()]
        return CalendarDefinition.model_validate(
            {
                "name": "Desk",
                "timezone": self.zone,
                "mode": "per_day",
                "days": dict.fromkeys(self.days, spans),
                "holidays": {"dates": list(self.closed)},
            }
        )

    def local(self, written: str) -> datetime:
        """`2026-03-29 09:00` of the desk's zone; a trailing `*` is the second of two."""
        naive = datetime.fromisoformat(written.rstrip("*"))
        return naive.replace(tzinfo=ZoneInfo(self.zone), fold=int(written.endswith("*"))).astimezone(UTC)


def office(zone: str, *closed: str) -> Desk:
    return Desk(zone, WORKDAYS, "9-17", closed)


def with_lunch(zone: str, *closed: str) -> Desk:
    return Desk(zone, WORKDAYS, "9-12 13-17", closed)


def nights(zone: str) -> Desk:
    return Desk(zone, EVERY_DAY, "0-6 22-24")


def around_the_clock(zone: str, *closed: str) -> Desk:
    return Desk(zone, EVERY_DAY, "0-24", closed)


TEHRAN_WEEK = ("sat", "sun", "mon", "tue", "wed")


def in_tehran(*closed: str) -> Desk:
    return Desk(TEHRAN, TEHRAN_WEEK, "8-16", closed)


EASTER = ("2026-04-03", "2026-04-06")

# (what, desk, from, until, open minutes): until is the earliest moment by which that much time has been open.
CASES: list[tuple[str, Desk, str, str, int]] = [
    ("an hour of a day", office(BERLIN), "2026-01-14 10:00", "2026-01-14 11:00", 1 * H),
    ("a whole week", office(BERLIN), "2026-01-12 09:00", "2026-01-16 17:00", 40 * H),
    ("from before opening", office(BERLIN), "2026-01-14 05:45", "2026-01-14 09:15", 15),
    ("from the moment of closing", office(BERLIN), "2026-01-14 17:00", "2026-01-15 09:15", 15),
    ("from a Sunday", office(BERLIN), "2026-01-18 12:00", "2026-01-19 17:00", 8 * H),
    # Lunch
    ("over lunch", with_lunch(BERLIN), "2026-01-14 11:45", "2026-01-14 13:15", 30),
    ("from lunch to the next day's", with_lunch(BERLIN), "2026-01-14 12:30", "2026-01-15 12:00", 7 * H),
    ("lunch to lunch", with_lunch(NEW_YORK), "2026-01-14 11:30", "2026-01-15 13:30", 8 * H),
    ("two breaks", Desk(SYDNEY, WORKDAYS, "8-10 10.25-12.5 13.5-18"), "2026-01-14 09:30", "2026-01-14 14:00", 195),
    # Midnight
    ("until midnight", Desk(BERLIN, EVERY_DAY, "12-24"), "2026-01-14 23:30", "2026-01-15 12:30", 60),
    ("to the stroke of it", Desk(BERLIN, EVERY_DAY, "12-24"), "2026-01-14 22:00", "2026-01-15 00:00", 120),
    ("through midnight", Desk(SYDNEY, EVERY_DAY, "0-2 20-24"), "2026-01-14 21:00", "2026-01-15 01:30", 270),
    ("days that touch", Desk(BERLIN, WORKDAYS, "0-24"), "2026-01-16 23:00", "2026-01-19 01:00", 120),
    # Berlin: 29 March 2026 has no 02:00, 25 October two
    ("a short night", nights(BERLIN), "2026-03-28 22:00", "2026-03-29 06:00", 7 * H),
    ("a long night", nights(BERLIN), "2026-10-24 22:00", "2026-10-25 06:00", 9 * H),
    ("a short day", around_the_clock(BERLIN, "2026-01-01"), "2026-03-29 00:00", "2026-03-30 00:00", 23 * H),
    ("a long day", around_the_clock(BERLIN, "2026-01-01"), "2026-10-25 00:00", "2026-10-26 00:00", 25 * H),
    ("a gap in open hours", Desk(BERLIN, EVERY_DAY, "1.5-3.5"), "2026-03-29 01:00", "2026-03-29 03:30", 60),
    ("from the first 02:30 to the second", nights(BERLIN), "2026-10-25 02:30", "2026-10-25 02:30*", 60),
    ("office hours know no nights", office(BERLIN), "2026-03-27 16:00", "2026-03-30 10:00", 2 * H),
    ("over Easter", office(BERLIN, *EASTER), "2026-04-02 16:00", "2026-04-07 10:00", 2 * H),
    ("a bridge day", office(BERLIN, "2026-05-14", "2026-05-15"), "2026-05-13 16:45", "2026-05-18 09:15", 30),
    ("Christmas", office(BERLIN, "2026-12-24", "2026-12-25"), "2026-12-23 12:00", "2026-12-28 12:00", 8 * H),
    ("a holiday on a Sunday", office(BERLIN, "2026-05-24"), "2026-05-22 16:00", "2026-05-25 10:00", 2 * H),
    # São Paulo: midnight of 4 November 2018 was skipped, the last hour of 16 February 2019 came twice; no more since
    ("a day without its midnight", nights(SAO_PAULO), "2018-11-03 22:00", "2018-11-04 06:00", 7 * H),
    ("an evening with two elevens", nights(SAO_PAULO), "2019-02-16 22:00", "2019-02-17 00:00", 3 * H),
    ("and the night after it", nights(SAO_PAULO), "2019-02-16 22:00", "2019-02-17 06:00", 9 * H),
    ("a day of 23 hours", around_the_clock(SAO_PAULO, "2018-01-01"), "2018-11-03 12:00", "2018-11-04 12:00", 23 * H),
    ("a November like any month", nights(SAO_PAULO), "2019-11-02 22:00", "2019-11-03 06:00", 8 * H),
    ("carnival", office(SAO_PAULO, "2026-02-16", "2026-02-17"), "2026-02-13 16:00", "2026-02-18 10:00", 2 * H),
    ("offices sleep through it", office(SAO_PAULO), "2018-11-02 16:30", "2018-11-05 09:30", 60),
    # Tehran: Thursday and Friday are free; clocks changed at midnight until 2022
    ("over a Thursday and a Friday", in_tehran(), "2026-01-07 15:00", "2026-01-10 09:00", 2 * H),
    ("a week begins on Saturday", in_tehran(), "2026-01-10 08:00", "2026-01-14 16:00", 40 * H),
    ("from a free Thursday", in_tehran(), "2026-01-08 10:00", "2026-01-10 08:15", 15),
    ("New Year of 2022", nights(TEHRAN), "2022-03-21 22:00", "2022-03-22 06:00", 7 * H),
    ("the last autumn to change", nights(TEHRAN), "2022-09-21 22:00", "2022-09-22 06:00", 9 * H),
    ("a spring that did not", nights(TEHRAN), "2023-03-21 22:00", "2023-03-22 06:00", 8 * H),
    (
        "Nowruz",
        in_tehran("2026-03-21", "2026-03-22", "2026-03-23", "2026-03-24"),
        "2026-03-18 15:30",
        "2026-03-25 08:30",
        60,
    ),
    # Sydney: 5 April 2026 has two 02:00, 4 October none
    ("autumn in April", nights(SYDNEY), "2026-04-04 22:00", "2026-04-05 06:00", 9 * H),
    ("spring in October", nights(SYDNEY), "2026-10-03 22:00", "2026-10-04 06:00", 7 * H),
    ("Easter and the clocks", around_the_clock(SYDNEY, *EASTER), "2026-04-02 23:00", "2026-04-07 01:00", 51 * H),
    ("the office over both", office(SYDNEY, *EASTER), "2026-04-02 16:00", "2026-04-07 10:00", 2 * H),
    ("a long weekend in January", office(SYDNEY, "2026-01-26"), "2026-01-23 16:45", "2026-01-27 09:15", 30),
    # New York: 8 March 2026 has no 02:00, 1 November two 01:00
    ("a gap at two", Desk(NEW_YORK, EVERY_DAY, "1-4"), "2026-03-08 00:00", "2026-03-08 04:00", 2 * H),
    ("a second one o'clock", Desk(NEW_YORK, EVERY_DAY, "0-3"), "2026-11-01 00:00", "2026-11-01 03:00", 4 * H),
    ("Thanksgiving", office(NEW_YORK, "2026-11-26", "2026-11-27"), "2026-11-25 16:00", "2026-11-30 10:00", 2 * H),
    ("the Fourth on a Saturday", office(NEW_YORK, "2026-07-03"), "2026-07-02 16:30", "2026-07-06 09:30", 60),
    # Where other desks' clocks have gone wrong
    ("around the clock", around_the_clock(BERLIN, "2026-12-25"), "2026-01-14 23:30", "2026-01-15 00:30", 60),
    ("one day of the week", Desk(NEW_YORK, ("tue",), "8-17"), "2026-01-14 10:00", "2026-01-20 12:00", 4 * H),
    ("long before opening", Desk(SYDNEY, WORKDAYS, "14-18"), "2026-01-14 08:00", "2026-01-14 15:00", 60),
    ("in the break", Desk(SAO_PAULO, WORKDAYS, "9-13 14-18"), "2026-01-14 13:15", "2026-01-14 15:00", 60),
    (
        "days of twelve hours, two of them holidays",
        Desk(BERLIN, EVERY_DAY, "9-21", ("2026-06-03", "2026-06-05")),
        "2026-06-01 23:00",
        "2026-06-07 21:00",
        48 * H,
    ),
    # Long spans. Of 2020 to 2025 1,566 days were weekdays.
    ("six years", office(BERLIN), "2020-01-01 09:00", "2025-12-31 17:00", 1_566 * 8 * H),
    ("a year", around_the_clock(NEW_YORK, "2024-07-04"), "2024-01-01 00:00", "2025-01-01 00:00", 365 * 24 * H),
    # Of 29 Sundays one had that hour twice, and one had not got it.
    ("one hour a week", Desk(SYDNEY, ("sun",), "2-3"), "2026-03-29 00:00", "2026-10-11 03:00", 29 * H),
]


def wall_clock(desk: Desk, first: datetime, last: datetime) -> Iterator[bool]:
    """Whether the desk is open, a quarter after another."""
    zone, at = ZoneInfo(desk.zone), first
    while at < last:
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        yield any(opens <= minute < closes for opens, closes in desk.spans(wall.date()))
        at += QUARTER


@pytest.mark.parametrize(("desk", "from_", "until", "minutes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_open_time_is_what_was_worked_out_by_hand(desk: Desk, from_: str, until: str, minutes: int) -> None:
    first, last = desk.local(from_), desk.local(until)
    assert 15 * sum(wall_clock(desk, first, last)) == minutes
    hours = calendar_from(desk.calendar())
    assert between(hours, first, last) == minutes * 60
    assert between(hours, last, first) == -minutes * 60
    assert add(hours, first, minutes * 60) == last
    assert between(hours, add(hours, last, -minutes * 60), last) == minutes * 60


@pytest.mark.parametrize("desk", {case[1].zone: case[1] for case in CASES}.values(), ids=lambda desk: desk.zone)
def test_nothing_added_anywhere_is_the_same_moment(desk: Desk) -> None:
    hours = calendar_from(desk.calendar())
    for written in ("2026-01-14 10:00", "2026-01-14 03:00", "2026-03-29 12:00", "2018-11-04 01:00"):
        at = desk.local(written)
        assert add(hours, at, 0) == at
        assert between(hours, at, at) == 0


@pytest.mark.parametrize(
    ("due", "an_hour_before"),
    [
        ("2026-01-13 11:00", "2026-01-13 10:00"),
        ("2026-01-13 08:30", "2026-01-12 17:30"),
        ("2026-01-12 08:15", "2026-01-09 17:15"),
        ("2026-01-13 08:00", "2026-01-12 17:00"),
        ("2026-01-11 12:00", "2026-01-09 17:00"),
    ],
)
def test_an_hour_before_a_deadline_is_an_open_hour_before_it(due: str, an_hour_before: str) -> None:
    desk = Desk(BERLIN, WORKDAYS, "8-18")
    assert add(calendar_from(desk.calendar()), desk.local(due), -3600) == desk.local(an_hour_before)


# Each year's changes of the clocks and the days around them, in each zone of the table.
NIGHTS = (
    *((BERLIN, day) for day in ("2026-03-29", "2026-10-25")),
    *((SAO_PAULO, day) for day in ("2018-11-04", "2019-02-17", "2019-11-03")),
    *((TEHRAN, day) for day in ("2022-03-22", "2022-09-22", "2023-03-22")),
    *((SYDNEY, day) for day in ("2026-04-05", "2026-10-04")),
    *((NEW_YORK, day) for day in ("2026-03-08", "2026-11-01")),
)
TABLES = {
    "office": (WORKDAYS, "9-17"),
    "lunch": (EVERY_DAY, "9-12 13-17"),
    "nights": (EVERY_DAY, "0-6 22-24"),
    "always": (EVERY_DAY, "0-24"),
    "evenings": (EVERY_DAY, "18-24"),
    "saturday": (TEHRAN_WEEK, "8-12 16-20"),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_four_days_around_a_change_are_open_when_the_wall_clock_says_so(zone: str, night: str, table: str) -> None:
    days, hours_of_day = TABLES[table]
    holiday = date.fromisoformat(night) + timedelta(days=1)
    desk = Desk(zone, days, hours_of_day, (holiday.isoformat(),))
    hours = calendar_from(desk.calendar())
    first = datetime.combine(date.fromisoformat(night), datetime.min.time(), UTC) - timedelta(days=2)
    quarters = list(wall_clock(desk, first, first + timedelta(days=5)))
    assert [is_open(hours, first + QUARTER * number) for number in range(len(quarters))] == quarters
    passed = 0
    for number, was_open in enumerate(quarters):
        assert between(hours, first, first + QUARTER * number) == passed * 900
        passed += was_open
    opened = [first + QUARTER * number for number, was_open in enumerate(quarters) if was_open]
    for number, at in enumerate(opened):
        assert add(hours, first, (number + 1) * 900) == at + QUARTER
    for number in range(len(quarters)):
        at = first + QUARTER * number
        if coming := opened[bisect_left(opened, at) :]:
            assert next_opening(hours, at) == coming[0]


@pytest.mark.parametrize("zone", [BERLIN, SAO_PAULO, TEHRAN, SYDNEY, NEW_YORK])
def test_a_desk_that_never_opens_is_refused_and_never_waits_for_ever(zone: str) -> None:
    sundays = [date(2015, 1, 4) + timedelta(weeks=week) for week in range(52 * 30)]
    shut = calendar_from(Desk(zone, ("sun",), "9-17", tuple(day.isoformat() for day in sundays)).calendar())
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for seconds in (1, -1):
        with pytest.raises(CalendarNeverOpens):
            add(shut, at, seconds)
    assert between(shut, at, at + timedelta(days=3_650)) == 0
    assert not is_open(shut, datetime(2026, 1, 4, 12, tzinfo=UTC))
