"""Business time counts the real seconds a desk is open, in its own time zone, and adding undoes measuring.

`BUSINESS_TIME_EXAMPLES` (default 200) and `BUSINESS_TIME_ROUND_TRIPS` (default 20,000) raise the effort; a release is
checked with a million round trips (`scripts/round-trip-business-time`).
"""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wayline.core.business_time import (
    ALWAYS,
    MAX_BLOCKS_KEPT,
    Calendar,
    CalendarNeverOpens,
    InstantOutOfRange,
    add,
    between,
    intervals,
    is_open,
    next_opening,
)
from wayline.core.holiday_events import EARLIEST, LATEST, HolidayEvent
from wayline.core.refusals import Refusal

EXAMPLES = int(os.environ.get("BUSINESS_TIME_EXAMPLES", "200"))
ROUND_TRIPS = int(os.environ.get("BUSINESS_TIME_ROUND_TRIPS", "20000"))

MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
HOUR = 3600


def minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def opening(days: tuple[int, ...], *spans: str) -> dict[int, tuple[tuple[int, int], ...]]:
    """`opening((MON, TUE), "09:00-12:00", "13:00-17:00")`."""
    read = tuple((minutes(span[:5]), minutes(span[6:])) for span in spans)
    return dict.fromkeys(days, read)


def calendar(zone: str, *openings: dict[int, tuple[tuple[int, int], ...]], dates: tuple[str, ...] = ()) -> Calendar:
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for one in openings:
        week |= one
    return Calendar(
        timezone=zone,
        week=tuple(week.get(day, ()) for day in range(7)),
        dates=frozenset(date.fromisoformat(day) for day in dates),
    )


def office(zone: str, *, dates: tuple[str, ...] = ()) -> Calendar:
    return calendar(zone, opening((MON, TUE, WED, THU, FRI), "09:00-17:00"), dates=dates)


def every_day(zone: str, *spans: str) -> Calendar:
    return calendar(zone, opening((MON, TUE, WED, THU, FRI, SAT, SUN), *spans))


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(hours: Calendar, from_: str, until: str) -> list[str]:
    """Open intervals as `MM-DD HH:MM` UTC pairs."""
    return [f"{start:%m-%d %H:%M} – {end:%m-%d %H:%M}" for start, end in intervals(hours, utc(from_), utc(until))]


# Ordinary weeks -------------------------------------------------------------------------------------------------------

LUNCH = ("09:00-12:00", "13:00-17:00")
NIGHT_SHIFT = (opening((MON,), "20:00-24:00"), opening((TUE,), "00:00-04:00"))


@pytest.mark.parametrize(
    ("hours", "zone", "start", "hours_added", "end"),
    [
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-14 10:00", 2, "2026-01-14 12:00", id="in-hours"
        ),
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-16 16:30", 4, "2026-01-19 12:30", id="over-a-weekend"
        ),
        pytest.param(
            office("Europe/Berlin"),
            "Europe/Berlin",
            "2026-03-27 16:30",
            4,
            "2026-03-30 12:30",
            id="over-a-weekend-in-which-clocks-go-forward",
        ),
        pytest.param(
            office("America/New_York"),
            "America/New_York",
            "2026-10-30 16:30",
            4,
            "2026-11-02 12:30",
            id="over-a-weekend-in-which-clocks-go-back",
        ),
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-17 11:00", 1, "2026-01-19 10:00", id="from-a-saturday"
        ),
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-14 05:00", 1, "2026-01-14 10:00", id="before-opening"
        ),
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-14 16:00", 1, "2026-01-14 17:00", id="ends-at-closing"
        ),
        pytest.param(
            office("Europe/Berlin"),
            "Europe/Berlin",
            "2026-01-14 16:00",
            9,
            "2026-01-15 17:00",
            id="ends-at-next-closing",
        ),
        pytest.param(
            office("Europe/Berlin"), "Europe/Berlin", "2026-01-14 22:00", 0, "2026-01-14 22:00", id="nothing-to-add"
        ),
        pytest.param(
            office("Europe/Berlin", dates=("2026-01-19", "2026-01-20")),
            "Europe/Berlin",
            "2026-01-16 16:30",
            4,
            "2026-01-21 12:30",
            id="over-a-long-weekend",
        ),
        pytest.param(
            every_day("Europe/Berlin", *LUNCH),
            "Europe/Berlin",
            "2026-01-14 11:30",
            1,
            "2026-01-14 13:30",
            id="over-lunch",
        ),
        pytest.param(
            every_day("Europe/Berlin", *LUNCH),
            "Europe/Berlin",
            "2026-01-14 12:20",
            4,
            "2026-01-14 17:00",
            id="from-lunch",
        ),
        pytest.param(
            every_day("Europe/Berlin", *LUNCH),
            "Europe/Berlin",
            "2026-01-14 11:00",
            1,
            "2026-01-14 12:00",
            id="up-to-lunch",
        ),
        pytest.param(
            calendar("Australia/Sydney", *NIGHT_SHIFT),
            "Australia/Sydney",
            "2026-01-12 23:00",
            3,
            "2026-01-13 02:00",
            id="past-midnight",
        ),
        pytest.param(
            calendar("Australia/Sydney", *NIGHT_SHIFT),
            "Australia/Sydney",
            "2026-01-12 23:00",
            1,
            "2026-01-13 00:00",
            id="to-midnight",
        ),
        pytest.param(
            calendar("Australia/Sydney", *NIGHT_SHIFT),
            "Australia/Sydney",
            "2026-01-13 03:00",
            2,
            "2026-01-19 21:00",
            id="from-one-week-into-the-next",
        ),
        pytest.param(
            calendar("Asia/Tehran", opening((SAT, SUN, MON, TUE, WED), "09:00-17:00")),
            "Asia/Tehran",
            "2026-01-07 16:00",
            2,
            "2026-01-10 10:00",
            id="over-a-thursday-friday-weekend",
        ),
        pytest.param(
            office("Asia/Kolkata"), "Asia/Kolkata", "2026-01-14 16:45", 0.5, "2026-01-15 09:15", id="half-hour-offset"
        ),
        pytest.param(
            office("America/Sao_Paulo"),
            "America/Sao_Paulo",
            "2018-11-02 16:00",
            2,
            "2018-11-05 10:00",
            id="over-a-skipped-midnight",
        ),
        pytest.param(
            office("Pacific/Apia"),
            "Pacific/Apia",
            "2011-12-29 16:00",
            2,
            "2012-01-02 10:00",
            id="over-a-skipped-friday",
        ),
    ],
)
def test_adding_stops_at_the_earliest_instant_that_has_seen_that_much_open_time(
    hours: Calendar, zone: str, start: str, hours_added: float, end: str
) -> None:
    due = add(hours, local(zone, start), hours_added * HOUR)
    assert due == local(zone, end)
    assert due.tzinfo is UTC
    assert between(hours, local(zone, start), local(zone, end)) == hours_added * HOUR


def test_taking_away_mirrors_adding() -> None:
    hours = office("Europe/Berlin")
    assert add(hours, local("Europe/Berlin", "2026-01-19 12:30"), -4 * HOUR) == local(
        "Europe/Berlin", "2026-01-16 16:30"
    )
    assert add(hours, local("Europe/Berlin", "2026-01-14 10:00"), -HOUR) == local("Europe/Berlin", "2026-01-14 09:00")


def test_measuring_backwards_is_negative() -> None:
    hours = office("Europe/Berlin")
    friday, monday = local("Europe/Berlin", "2026-01-16 16:30"), local("Europe/Berlin", "2026-01-19 12:30")
    assert between(hours, monday, friday) == -4 * HOUR


def test_an_instant_may_be_given_in_any_zone() -> None:
    hours = office("Europe/Berlin")
    in_tokyo = datetime(2026, 1, 14, 18, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # 10:00 in Berlin
    assert is_open(hours, in_tokyo)
    assert add(hours, in_tokyo, HOUR) == utc("2026-01-14 10:00")


def test_the_opening_instant_is_open_and_the_closing_instant_is_not() -> None:
    hours = office("Europe/Berlin")
    moment = timedelta(microseconds=1)
    opens, closes = local("Europe/Berlin", "2026-01-14 09:00"), local("Europe/Berlin", "2026-01-14 17:00")
    assert [is_open(hours, at) for at in (opens - moment, opens, closes - moment, closes)] == [False, True, True, False]


def test_the_next_opening_is_now_while_the_desk_is_open() -> None:
    hours = office("Europe/Berlin", dates=("2026-01-15",))
    during = local("Europe/Berlin", "2026-01-14 11:11")
    assert next_opening(hours, during) == during
    closing = local("Europe/Berlin", "2026-01-14 17:00")
    assert next_opening(hours, closing) == local("Europe/Berlin", "2026-01-16 09:00")


def test_intervals_that_touch_are_one_and_the_window_cuts_the_outer_ones() -> None:
    hours = calendar("UTC", *NIGHT_SHIFT, opening((WED,), "08:00-10:00", "10:00-12:00"))
    assert shown(hours, "2026-01-12 21:00", "2026-01-14 11:00") == [
        "01-12 21:00 – 01-13 04:00",
        "01-14 08:00 – 01-14 11:00",
    ]
    assert shown(hours, "2026-01-14 11:00", "2026-01-12 21:00") == []


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Honolulu", "Pacific/Kiritimati"])
def test_a_desk_that_closes_on_one_day_only_has_two_intervals_however_long_the_window(zone: str) -> None:
    hours = calendar(zone, opening(tuple(range(7)), "00:00-24:00"), dates=("2026-06-01",))
    first, last = local(zone, "2026-01-01 00:00"), local(zone, "2027-01-01 00:00")
    assert list(intervals(hours, first, last)) == [
        (first, local(zone, "2026-06-01 00:00")),
        (local(zone, "2026-06-02 00:00"), last),
    ]
    assert between(hours, first, last) == 364 * 24 * HOUR


def test_around_the_clock_business_time_is_elapsed_time() -> None:
    at = utc("2026-03-29 00:30")
    assert add(ALWAYS, at, 7.5) == at + timedelta(seconds=7.5)
    assert between(ALWAYS, at, at + timedelta(days=9)) == 9 * 24 * HOUR
    assert is_open(ALWAYS, at)
    assert next_opening(ALWAYS, at) == at
    assert list(intervals(ALWAYS, at, at + timedelta(days=1))) == [(at, at + timedelta(days=1))]


# Nights on which the clocks change ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "night", "span", "open_hours"),
    [
        ("Europe/Berlin", "2026-03-29", "01:00-04:00", 2),
        ("Europe/Berlin", "2026-10-25", "01:00-04:00", 4),
        ("America/New_York", "2026-03-08", "01:00-04:00", 2),
        ("America/New_York", "2026-11-01", "01:00-04:00", 3 + 1),
        ("Australia/Sydney", "2026-10-04", "01:00-04:00", 2),
        ("Australia/Sydney", "2026-04-05", "01:00-04:00", 4),
        ("Asia/Tehran", "2021-03-22", "00:00-02:00", 1),
        ("Asia/Tehran", "2021-09-21", "22:00-24:00", 3),
        ("Asia/Tehran", "2023-03-22", "00:00-02:00", 2),  # Iran no longer changes its clocks
        ("America/Sao_Paulo", "2018-11-04", "00:00-24:00", 23),
        ("America/Sao_Paulo", "2018-11-04", "00:00-01:00", 0),
        ("America/Sao_Paulo", "2018-11-04", "00:30-02:00", 1),
        ("America/Sao_Paulo", "2018-11-03", "22:00-24:00", 2),
        ("America/Sao_Paulo", "2019-02-16", "00:00-24:00", 25),
        ("America/Sao_Paulo", "2019-02-16", "22:00-24:00", 3),
        ("America/Sao_Paulo", "2019-02-16", "08:00-23:00", 15),
        ("America/Sao_Paulo", "2019-02-17", "00:00-02:00", 2),
        ("Australia/Lord_Howe", "2026-10-04", "01:00-04:00", 2.5),
        ("Australia/Lord_Howe", "2026-04-05", "01:00-04:00", 3.5),
        ("Pacific/Apia", "2011-12-30", "00:00-24:00", 0),
        ("Pacific/Apia", "2011-12-29", "00:00-24:00", 24),
        ("Pacific/Apia", "2011-12-31", "00:00-24:00", 24),
        ("America/St_Johns", "2006-10-28", "00:00-24:00", 25),  # 00:01 on the 29th became 23:01 on the 28th
    ],
)
def test_an_interval_lasts_as_long_as_it_really_does(zone: str, night: str, span: str, open_hours: float) -> None:
    day = date.fromisoformat(night)
    hours = calendar(zone, opening((day.weekday(),), span))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert between(hours, noon - timedelta(days=3), noon + timedelta(days=3)) == open_hours * HOUR


@pytest.mark.parametrize(
    ("night", "spans", "open_utc"),
    [
        # 02:00 CET becomes 03:00 CEST at 01:00 UTC
        pytest.param("2026-03-29", ["02:30-05:00"], ["03-29 01:00 – 03-29 03:00"], id="start-skipped"),
        pytest.param("2026-03-29", ["01:00-02:30"], ["03-29 00:00 – 03-29 01:00"], id="end-skipped"),
        pytest.param("2026-03-29", ["02:15-02:45"], [], id="wholly-skipped"),
        pytest.param("2026-03-29", ["01:00-02:15", "02:45-04:00"], ["03-29 00:00 – 03-29 02:00"], id="break-skipped"),
        # 03:00 CEST becomes 02:00 CET at 01:00 UTC
        pytest.param("2026-10-25", ["02:30-05:00"], ["10-25 00:30 – 10-25 04:00"], id="start-repeated"),
        pytest.param("2026-10-25", ["01:00-02:30"], ["10-24 23:00 – 10-25 01:30"], id="end-repeated"),
        pytest.param("2026-10-25", ["02:00-03:00"], ["10-25 00:00 – 10-25 02:00"], id="the-repeated-hour"),
        pytest.param("2026-10-25", ["02:15-02:45"], ["10-25 00:15 – 10-25 01:45"], id="inside-the-repeated-hour"),
        pytest.param("2026-10-25", ["01:00-02:00"], ["10-24 23:00 – 10-25 00:00"], id="up-to-the-repeated-hour"),
        pytest.param("2026-10-25", ["03:00-04:00"], ["10-25 02:00 – 10-25 03:00"], id="from-the-repeated-hour"),
        pytest.param("2026-10-25", ["01:00-02:15", "02:45-04:00"], ["10-24 23:00 – 10-25 03:00"], id="break-repeated"),
    ],
)
def test_a_boundary_at_a_skipped_or_repeated_time_is_well_defined(
    night: str, spans: list[str], open_utc: list[str]
) -> None:
    hours = calendar("Europe/Berlin", opening((SUN,), *spans))
    day = date.fromisoformat(night)
    assert shown(hours, f"{day - timedelta(days=2)}", f"{day + timedelta(days=2)}") == open_utc


def test_days_that_overlap_because_midnight_is_repeated_are_counted_once() -> None:
    hours = calendar("America/St_Johns", opening((SAT, SUN), "00:00-24:00"))
    # Saturday begins at 02:30 UTC (-02:30); Sunday ends at 03:30 UTC (-03:30).
    assert shown(hours, "2006-10-27", "2006-11-01") == ["10-28 02:30 – 10-30 03:30"]
    assert between(hours, utc("2006-10-27"), utc("2006-11-01")) == 49 * HOUR


def test_a_day_that_a_zone_skipped_is_not_there_to_be_worked() -> None:
    fridays = calendar("Pacific/Apia", opening((FRI,), "09:00-17:00"))
    assert next_opening(fridays, local("Pacific/Apia", "2011-12-24 00:00")) == local("Pacific/Apia", "2012-01-06 09:00")
    around = every_day("Pacific/Apia", "00:00-24:00")
    assert add(around, local("Pacific/Apia", "2011-12-29 23:00"), 2 * HOUR) == local("Pacific/Apia", "2011-12-31 01:00")


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_week_without_open_time_is_refused_when_it_is_built() -> None:
    with pytest.raises(CalendarNeverOpens) as refused:
        Calendar(timezone="UTC", week=((),) * 7)
    assert refused.value.code == "calendar_never_opens"
    assert isinstance(refused.value, Refusal)


@pytest.mark.parametrize(
    "question",
    [lambda shut, at: add(shut, at, 1), lambda shut, at: add(shut, at, -1), lambda shut, at: next_opening(shut, at)],
    ids=["add", "take away", "next opening"],
)
def test_a_calendar_whose_holidays_leave_nothing_never_opens(question: Callable[[Calendar, datetime], object]) -> None:
    mondays = [date(2010, 1, 4) + timedelta(weeks=week) for week in range(52 * 35)]
    shut = calendar("UTC", opening((MON,), "09:00-17:00"), dates=tuple(str(day) for day in mondays))
    with pytest.raises(CalendarNeverOpens):
        question(shut, utc("2027-01-01"))


def test_a_calendar_that_is_closed_for_years_still_opens_afterwards() -> None:
    mondays = [date(2010, 1, 4) + timedelta(weeks=week) for week in range(52 * 9)]
    hours = calendar("UTC", opening((MON,), "09:00-17:00"), dates=tuple(str(day) for day in mondays))
    assert add(hours, utc("2010-01-01"), HOUR) == datetime.combine(
        mondays[-1] + timedelta(weeks=1), datetime.min.time(), UTC
    ) + timedelta(hours=10)


@pytest.mark.parametrize("hours", [ALWAYS, office("Europe/Berlin")], ids=["always", "office"])
def test_instants_outside_the_range_are_refused_whether_given_or_reached(hours: Calendar) -> None:
    moment = timedelta(microseconds=1)
    for beyond in (EARLIEST - moment, LATEST + moment):
        with pytest.raises(InstantOutOfRange):
            between(hours, beyond, utc("2026-01-01"))
    for seconds in (200 * 366 * 86_400, -200 * 366 * 86_400, 1e18):
        with pytest.raises(InstantOutOfRange) as refused:
            add(hours, utc("2026-01-01"), seconds)
        assert refused.value.code == "instant_out_of_range"
    assert between(hours, EARLIEST, LATEST) > 0


def test_an_instant_without_a_zone_and_a_span_without_a_length_are_mistakes() -> None:
    with pytest.raises(ValueError, match="time zone"):
        add(ALWAYS, datetime(2026, 1, 1), 1)
    for endless in (float("inf"), float("nan")):
        with pytest.raises(ValueError, match="finite"):
            add(ALWAYS, utc("2026-01-01"), endless)


# Values ---------------------------------------------------------------------------------------------------------------


def test_calendars_are_equal_by_what_they_open_and_not_by_name() -> None:
    one = Calendar(timezone="UTC", week=office("UTC").week, name="Desk")
    other = Calendar(timezone="UTC", week=office("UTC").week, name="Counter")
    assert one == other
    assert hash(one) == hash(other)
    assert one != office("Europe/Berlin")
    assert len({one, other, office("UTC", dates=("2026-01-01",))}) == 2


def test_a_calendar_survives_pickling() -> None:
    hours = Calendar("UTC", office("UTC").week, events=(HolidayEvent(date(2026, 1, 1)),), name="Desk")
    copied = pickle.loads(pickle.dumps(hours))
    assert copied == hours
    assert hash(copied) == hash(hours)
    assert copied.name == "Desk"


def test_whole_seconds_are_ints_and_fractions_are_exact_to_the_microsecond() -> None:
    hours = office("UTC")
    start = utc("2026-01-14 10:00")
    whole = between(hours, start, start + timedelta(hours=1))
    assert isinstance(whole, int)
    assert between(hours, start, start + timedelta(microseconds=300_001)) == 0.300001
    assert add(hours, start, 0.1 + 0.2) == start + timedelta(milliseconds=300)


def test_a_span_longer_than_the_memo_is_still_answered() -> None:
    hours = office("Europe/Berlin")
    assert (LATEST - EARLIEST).days > MAX_BLOCKS_KEPT * 32  # else this test shows nothing
    century = between(hours, EARLIEST, LATEST - timedelta(days=1))
    assert between(hours, EARLIEST, add(hours, EARLIEST, century)) == century


# Against a naive count of minutes -------------------------------------------------------------------------------------

ZONES = (
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "Australia/Sydney",
    "America/New_York",
    "Pacific/Apia",
)
CLOCK_CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/Sao_Paulo": ("2018-11-04", "2019-02-17"),
    "Asia/Tehran": ("2021-03-22", "2021-09-22"),
    "Australia/Sydney": ("2026-04-05", "2026-10-04"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Pacific/Apia": ("2011-12-30", "2012-04-01"),
}
MINUTE = timedelta(minutes=1)


def naive_open_minutes(hours: Calendar, first: datetime, last: datetime) -> set[datetime]:
    """Every UTC minute of the window at which the desk is open, found by looking at the clock on the wall each minute.

    Only UTC → local conversion is used. An interval of a local day reaches from its first such minute to its last.
    """
    zone = ZoneInfo(hours.timezone)
    reach: dict[tuple[date, int], tuple[datetime, datetime]] = {}
    at = first - timedelta(days=2)
    while at < last + timedelta(days=2):
        wall = at.astimezone(zone)
        day, minute = wall.date(), wall.hour * 60 + wall.minute
        for number, (start, end) in enumerate(hours.week[day.weekday()]):
            if start <= minute < end and day not in hours.dates:
                reach[day, number] = (reach.get((day, number), (at, at))[0], at)
        at += MINUTE
    found: set[datetime] = set()
    for begins, ends in reach.values():
        at = max(begins, first)
        while at <= min(ends, last - MINUTE):
            found.add(at)
            at += MINUTE
    return found


@st.composite
def day_intervals(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    corner = st.sampled_from((0, 30, 60, 90, 120, 135, 150, 180, 1380, 1410, 1440)) | st.integers(0, 1440)
    marks = sorted(draw(st.sets(corner, max_size=6)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zone = draw(st.sampled_from(ZONES))
    week = draw(st.tuples(*[day_intervals()] * 7).filter(any))
    near = [date.fromisoformat(day) for day in CLOCK_CHANGES[zone]]
    dates = draw(
        st.sets(st.sampled_from([day + timedelta(days=off) for day in near for off in range(-2, 3)]), max_size=2)
    )
    return Calendar(timezone=zone, week=week, dates=frozenset(dates))


@st.composite
def instants_near_a_change(draw: st.DrawFn, hours: Calendar) -> datetime:
    change = utc(draw(st.sampled_from(CLOCK_CHANGES[hours.timezone])))
    return change + timedelta(microseconds=draw(st.integers(-5 * 86_400_000_000, 5 * 86_400_000_000)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_open_time_is_what_a_count_of_minutes_finds(data: st.DataObject) -> None:
    hours = data.draw(calendars())
    change = utc(data.draw(st.sampled_from(CLOCK_CHANGES[hours.timezone])))
    first, last = change - timedelta(hours=26), change + timedelta(hours=26)
    counted = naive_open_minutes(hours, first, last)

    listed = [
        start + MINUTE * number
        for start, end in intervals(hours, first, last)
        for number in range((end - start) // MINUTE)
    ]
    assert listed == sorted(counted)
    assert between(hours, first, last) == 60 * len(counted)
    at = first + MINUTE * data.draw(st.integers(0, 52 * 60 - 1))
    assert is_open(hours, at) == (at in counted)
    later = [minute for minute in sorted(counted) if minute >= at]
    if later:
        assert next_opening(hours, at) == later[0]
        needed = data.draw(st.integers(1, len(later)))
        assert add(hours, at, 60 * needed) == later[needed - 1] + MINUTE
    earlier = [minute for minute in sorted(counted, reverse=True) if minute < at]
    if earlier:
        needed = data.draw(st.integers(1, len(earlier)))
        assert add(hours, at, -60 * needed) == earlier[needed - 1]


# Laws -----------------------------------------------------------------------------------------------------------------

spans_s = st.integers(0, 40 * 86_400) | st.integers(0, 10**12).map(lambda span_us: span_us / 1_000_000)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), spans_s)
def test_measuring_what_was_added_gives_it_back(data: st.DataObject, seconds: float) -> None:
    hours = data.draw(calendars())
    start = data.draw(instants_near_a_change(hours))
    due = add(hours, start, seconds)
    assert due >= start
    assert between(hours, start, due) == seconds
    if due > start:
        assert between(hours, start, due - timedelta(microseconds=1)) < seconds
    before = add(hours, start, -seconds)
    assert before <= start
    assert between(hours, before, start) == seconds
    if before < start:
        assert between(hours, before + timedelta(microseconds=1), start) < seconds


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_adding_what_was_measured_comes_back_up_to_closed_time(data: st.DataObject) -> None:
    hours = data.draw(calendars())
    a, b = sorted((data.draw(instants_near_a_change(hours)), data.draw(instants_near_a_change(hours))))
    reached = add(hours, a, between(hours, a, b))
    assert reached <= b
    assert list(intervals(hours, reached, b)) == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_measures_of_neighbouring_spans_add_up(data: st.DataObject) -> None:
    hours = data.draw(calendars())
    a, b, c = (data.draw(instants_near_a_change(hours)) for _ in range(3))
    whole_us, parts_us = (round(1e6 * s) for s in (between(hours, a, c), between(hours, a, b) + between(hours, b, c)))
    assert whole_us == parts_us
    assert between(hours, b, a) == -between(hours, a, b)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_intervals_are_in_order_apart_and_sum_to_the_measure(data: st.DataObject) -> None:
    hours = data.draw(calendars())
    a = data.draw(instants_near_a_change(hours))
    b = a + timedelta(days=data.draw(st.integers(1, 120)))
    found = list(intervals(hours, a, b))
    edges = [edge for interval in found for edge in interval]
    assert edges == sorted(set(edges))
    assert sum((end - start for start, end in found), timedelta()) == timedelta(seconds=between(hours, a, b))


def random_calendar(rng: random.Random, zone: str) -> Calendar:
    week = []
    for _ in range(7):
        marks = sorted(rng.sample(range(0, 1441, 15), 2 * rng.randrange(4)))
        week.append(tuple(zip(marks[::2], marks[1::2], strict=True)))
    week[rng.randrange(7)] = ((minutes("09:00"), minutes("24:00")),)
    holidays = (date.fromisoformat(day) + timedelta(days=rng.randrange(-9, 9)) for day in CLOCK_CHANGES[zone])
    return Calendar(timezone=zone, week=tuple(week), dates=frozenset(holidays))


def test_random_round_trips_in_six_zones_show_no_difference() -> None:
    rng = random.Random(20_260_329)
    pool = [random_calendar(rng, zone) for zone in ZONES for _ in range(8)]
    for trip in range(ROUND_TRIPS):
        hours = pool[trip % len(pool)]
        change = utc(rng.choice(CLOCK_CHANGES[hours.timezone]))
        start = change + timedelta(microseconds=rng.randrange(-20 * 86_400_000_000, 20 * 86_400_000_000))
        seconds = rng.choice((rng.randrange(60 * 86_400), rng.randrange(30_000_000), rng.randrange(10**11) / 1_000_000))
        due = add(hours, start, seconds)
        measured = between(hours, start, due)
        assert measured == seconds, (trip, hours, start, seconds, due, measured)
        assert add(hours, start, measured) == due
        assert between(hours, due, start) == -seconds
