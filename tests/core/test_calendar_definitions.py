"""What people write becomes a calendar, or every problem with it is named at its field."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from wayline.core.business_time import ALWAYS, Calendar, add, between, calendar_from, is_open
from wayline.core.calendar_definition import CalendarDefinition, calendar_json_schema
from wayline.core.holiday_events import MAX_ICAL_COUNTED_RULES, MAX_ICAL_EVENTS, ICalendarUnreadable, holiday_events


def definition(**written: Any) -> CalendarDefinition:
    return CalendarDefinition.model_validate({"name": "Desk", "timezone": "Europe/Berlin", **written})


def problems(**written: Any) -> dict[str, str]:
    """Field path → error type."""
    with pytest.raises(ValidationError) as refused:
        definition(**written)
    return {".".join(str(part) for part in error["loc"]): error["type"] for error in refused.value.errors()}


def hours_on(calendar: Calendar, day: str) -> float:
    """Business hours of one UTC day; the calendars it is used on are in UTC."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return between(calendar, start, start + timedelta(days=1)) / 3600


def closed_days(calendar: Calendar, first: str, last: str) -> list[str]:
    """The dates, first to last, on which a UTC calendar is closed at noon."""
    day, closed = date.fromisoformat(first), []
    while day <= date.fromisoformat(last):
        if not is_open(calendar, datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
            closed.append(str(day))
        day += timedelta(days=1)
    return closed


def every_day(**written: Any) -> Calendar:
    """A UTC calendar open at noon on every day but its holidays."""
    return calendar_from(definition(timezone="UTC", sat_enabled=True, sun_enabled=True, **written))


# Modes ----------------------------------------------------------------------------------------------------------------


def test_what_is_not_written_means_nine_to_five_from_monday_to_friday() -> None:
    calendar = calendar_from(definition(timezone="UTC"))
    assert [hours_on(calendar, f"2026-01-{day}") for day in range(12, 19)] == [8, 8, 8, 8, 8, 0, 0]


def test_simple_hours_apply_on_every_enabled_day() -> None:
    calendar = calendar_from(
        definition(timezone="UTC", simple_start=0, simple_end=1440, mon_enabled=False, sun_enabled=True)
    )
    assert [hours_on(calendar, f"2026-01-{day}") for day in range(12, 19)] == [0, 24, 24, 24, 24, 0, 24]


def test_each_day_may_have_several_intervals_of_its_own() -> None:
    calendar = calendar_from(
        definition(timezone="UTC", mode="per_day", days={"mon": [[540, 720], [780, 1020]], "sun": [[1200, 1440]]})
    )
    assert [hours_on(calendar, f"2026-01-{day}") for day in range(12, 19)] == [7, 0, 0, 0, 0, 0, 4]


def test_intervals_may_touch() -> None:
    calendar = calendar_from(definition(timezone="UTC", mode="per_day", days={"mon": [[540, 720], [720, 780]]}))
    assert hours_on(calendar, "2026-01-12") == 4


def test_always_is_always_whatever_else_is_written() -> None:
    calendar = calendar_from(definition(mode="always", mon_enabled=False, holidays={"country": "DE"}))
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    assert calendar.never_closes
    assert add(calendar, christmas, 90) == add(ALWAYS, christmas, 90) == christmas + timedelta(seconds=90)


def test_equal_definitions_give_one_calendar() -> None:
    assert calendar_from(definition()) is calendar_from(definition())
    assert calendar_from(definition(name="Counter")).name == "Counter"
    assert calendar_from(definition(name="Counter")) == calendar_from(definition())


def test_a_definition_survives_being_stored() -> None:
    written = definition(
        mode="per_day",
        days={"mon": [[540, 720]]},
        holidays={"country": "de", "region": "Bayern", "dates": ["2026-12-24"]},
    )
    stored = written.model_dump_json()
    assert CalendarDefinition.model_validate_json(stored) == written
    assert calendar_from(CalendarDefinition.model_validate_json(stored)) is calendar_from(written)
    assert json.loads(stored)["days"] == {"mon": [[540, 720]]}
    assert json.loads(stored)["holidays"]["dates"] == ["2026-12-24"]


# Problems -------------------------------------------------------------------------------------------------------------


def test_every_problem_is_reported_at_once_at_its_field() -> None:
    found = problems(
        name=" ",
        timezone="Europe/Munich",
        simple_start=1020,
        simple_end=540,
        days={"mon": [[540, 720], [700, 800]], "tue": [[600, 500]], "wed": [[0, 1441]], "xyz": []},
        holidays={"country": "ZZ", "dates": ["24.12.2026", "2026-02-30"], "ical_text": "hello", "ical_url": "ftp://x"},
        lunch=True,
    )
    assert found == {
        "name": "string_too_short",
        "timezone": "timezone_unknown",
        "simple_end": "interval_backwards",
        "days.mon": "intervals_overlap",
        "days.tue.0": "interval_backwards",
        "days.wed.0.1": "less_than_equal",
        "days.xyz.[key]": "literal_error",
        "holidays.country": "country_unknown",
        "holidays.dates.0": "date_not_iso",
        "holidays.dates.1": "date_from_datetime_parsing",
        "holidays.ical_text": "icalendar_unreadable",
        "holidays.ical_url": "ical_url_invalid",
        "lunch": "extra_forbidden",
    }


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({f"{day}_enabled": False for day in ("mon", "tue", "wed", "thu", "fri")}, {"mode": "calendar_never_opens"}),
        ({"mode": "per_day"}, {"days": "calendar_never_opens"}),
        ({"mode": "per_day", "days": {"mon": []}}, {"days": "calendar_never_opens"}),
        ({"mode": "sometimes"}, {"mode": "literal_error"}),
        ({"simple_start": 1020}, {"simple_end": "interval_backwards"}),
        ({"simple_start": 540, "simple_end": 540}, {"simple_end": "interval_backwards"}),
        ({"simple_start": "nine"}, {"simple_start": "int_type"}),
        ({"simple_end": -1}, {"simple_end": "greater_than_equal"}),
        ({"days": {"mon": [[780, 1020], [540, 720]]}}, {"days.mon": "intervals_unsorted"}),
        ({"days": {"mon": [[n, n + 1] for n in range(25)]}}, {"days.mon": "too_long"}),
        ({"timezone": "localtime"}, {"timezone": "timezone_unknown"}),
        ({"timezone": "../../etc/passwd"}, {"timezone": "timezone_unknown"}),
        ({"timezone": ""}, {"timezone": "timezone_unknown"}),
        ({"holidays": {"region": "BY"}}, {"holidays.region": "region_without_country"}),
        ({"holidays": {"country": "DE", "region": "QQ"}}, {"holidays.region": "region_unknown"}),
        ({"holidays": {"dates": [20261224]}}, {"holidays.dates.0": "date_not_iso"}),
        ({"holidays": {"dates": ["2026-12-24T00:00:00"]}}, {"holidays.dates.0": "date_not_iso"}),
    ],
)
def test_a_definition_is_refused_for(written: dict[str, Any], found: dict[str, str]) -> None:
    assert problems(**written) == found


def test_a_misspelt_time_zone_gets_a_suggestion() -> None:
    with pytest.raises(ValidationError, match=r"did you mean America/Sao_Paulo\?"):
        definition(timezone="america/sao paulo")


def test_an_empty_form_field_is_an_absent_one() -> None:
    written = definition(holidays={"country": "", "region": " ", "ical_text": "", "ical_url": ""}).holidays
    assert (written.country, written.region, written.ical_text, written.ical_url) == (None, None, None, None)


def test_a_webcal_address_is_kept_as_https() -> None:
    assert (
        definition(holidays={"ical_url": "webcal://example.org/h.ics"}).holidays.ical_url == "https://example.org/h.ics"
    )


def test_the_json_schema_agrees_with_the_model() -> None:
    schema = calendar_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = {"name": "Desk", "timezone": "UTC", "mode": "per_day", "days": {"mon": [[540, 720], [780, 1020]]}}
    jsonschema.validate(good, schema)
    for bad in ({"name": "Desk"}, good | {"days": {"monday": []}}, good | {"days": {"mon": [[540, 1441]]}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)


# Holidays -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holidays", "day", "closed"),
    [
        ({"country": "DE"}, "2026-10-03", True),  # German Unity Day
        ({"country": "DE"}, "2026-01-06", False),  # Epiphany is kept in some states only
        ({"country": "DE", "region": "BY"}, "2026-01-06", True),
        ({"country": "de", "region": "DE-BY"}, "2026-01-06", True),
        ({"country": "DE", "region": "bayern"}, "2026-01-06", True),
        ({"country": "DE", "region": "BE"}, "2026-01-06", False),
        ({"country": "DE", "region": "BE"}, "2026-03-08", True),  # Women's Day, Berlin only
        ({"country": "DE", "region": "BY"}, "2026-06-04", True),  # Corpus Christi, 60 days after Easter
        ({"country": "DE", "region": "BY"}, "2027-05-27", True),
        ({"country": "US"}, "2026-11-26", True),  # fourth Thursday of November
        ({"country": "US"}, "2026-11-27", False),
        ({"country": "US"}, "2026-07-04", True),  # a Saturday …
        ({"country": "US"}, "2026-07-03", True),  # … kept on the Friday
        ({"country": "US"}, "2027-12-31", True),  # New Year's Day 2028 is a Saturday, kept the year before
        ({"country": "BR"}, "2026-04-21", True),  # Tiradentes
        ({"country": "AU", "region": "NSW"}, "2026-04-06", True),  # Easter Monday
        ({"country": "IR"}, "2026-03-21", True),  # Nowruz
        ({"dates": ["2026-05-13"]}, "2026-05-13", True),
        ({"dates": ["2026-05-13"]}, "2027-05-13", False),
        ({"country": "DE", "dates": ["2026-12-24"]}, "2026-12-24", True),
        ({"country": "DE", "dates": ["2026-12-24"]}, "2026-12-25", True),
    ],
)
def test_public_holidays_and_single_dates_close_the_desk(holidays: dict[str, Any], day: str, closed: bool) -> None:
    assert closed_days(every_day(holidays=holidays), day, day) == [day] * closed


def test_a_holiday_closes_the_local_date_and_not_the_utc_one() -> None:
    around = definition(
        timezone="Australia/Sydney",
        mode="per_day",
        days={key: [[0, 1440]] for key in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        holidays={"dates": ["2026-07-01"]},
    )
    calendar = calendar_from(around)
    closes, opens = datetime(2026, 6, 30, 14, tzinfo=UTC), datetime(2026, 7, 1, 14, tzinfo=UTC)  # Sydney is UTC+10
    assert between(calendar, closes, opens) == 0
    assert is_open(calendar, closes - timedelta(seconds=1))
    assert is_open(calendar, opens)


# Holidays from iCalendar ----------------------------------------------------------------------------------------------


def ical(*events: str) -> str:
    """An iCalendar text of events, each its properties one a line."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Desk//Holidays//EN"]
    for number, event in enumerate(events):
        properties = [line.strip() for line in event.strip().splitlines()]
        uid = [] if any(line.startswith("UID:") for line in properties) else [f"UID:{number}@desk"]
        lines += ["BEGIN:VEVENT", *uid, *properties, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


@pytest.mark.parametrize(
    ("event", "first", "last", "closed"),
    [
        pytest.param("DTSTART;VALUE=DATE:20260513", "2026-05-01", "2027-05-31", ["2026-05-13"], id="one-day"),
        pytest.param(
            "DTSTART;VALUE=DATE:20260513\nDTEND;VALUE=DATE:20260514",
            "2026-05-01",
            "2026-05-31",
            ["2026-05-13"],
            id="the-end-is-the-day-after",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261230\nDTEND;VALUE=DATE:20270103",
            "2026-12-01",
            "2027-01-31",
            ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"],
            id="several-days-over-new-year",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260513\nDURATION:P2D",
            "2026-05-01",
            "2026-05-31",
            ["2026-05-13", "2026-05-14"],
            id="duration",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20200815\nRRULE:FREQ=YEARLY",
            "2024-01-01",
            "2026-12-31",
            ["2024-08-15", "2025-08-15", "2026-08-15"],
            id="yearly",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20201230\nDTEND;VALUE=DATE:20210102\nRRULE:FREQ=YEARLY",
            "2026-01-01",
            "2026-12-31",
            ["2026-01-01", "2026-12-30", "2026-12-31"],
            id="yearly-over-new-year",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "2026-01-01",
            "2027-12-31",
            ["2026-11-26", "2027-11-25"],
            id="fourth-thursday-of-november",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20200525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20260525T000000Z",
            "2026-01-01",
            "2027-12-31",
            ["2026-05-25"],
            id="last-monday-of-may-until-a-day",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY",
            "2024-01-01",
            "2028-12-31",
            ["2024-02-29", "2028-02-29"],
            id="leap-day",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260107\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3",
            "2026-01-01",
            "2026-12-31",
            ["2026-01-07", "2026-01-21", "2026-02-04"],
            id="three-times-every-other-week",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20270101\nRDATE;VALUE=DATE:20260601",
            "2026-01-01",
            "2029-12-31",
            ["2026-01-01", "2026-06-01", "2028-01-01"],
            id="exceptions-and-extra-days",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260130\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-01-01",
            "2026-03-31",
            ["2026-01-30", "2026-02-27", "2026-03-31"],
            id="last-working-day-of-the-month",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260513\nTRANSP:TRANSPARENT",
            "2026-05-01",
            "2026-05-31",
            ["2026-05-13"],
            id="shown-as-free",
        ),
        pytest.param("DTSTART;VALUE=DATE:20260513\nSTATUS:CANCELLED", "2026-05-01", "2026-05-31", [], id="cancelled"),
    ],
)
def test_an_all_day_event_closes_its_days(event: str, first: str, last: str, closed: list[str]) -> None:
    assert closed_days(every_day(holidays={"ical_text": ical(event)}), first, last) == closed


def test_one_occurrence_may_be_moved_and_another_cancelled() -> None:
    text = ical(
        "UID:picnic@desk\nDTSTART;VALUE=DATE:20250610\nRRULE:FREQ=YEARLY",
        "UID:picnic@desk\nRECURRENCE-ID;VALUE=DATE:20260610\nDTSTART;VALUE=DATE:20260612",
        "UID:picnic@desk\nRECURRENCE-ID;VALUE=DATE:20270610\nDTSTART;VALUE=DATE:20270610\nSTATUS:CANCELLED",
    )
    closed = closed_days(every_day(holidays={"ical_text": text}), "2025-01-01", "2028-12-31")
    assert closed == ["2025-06-10", "2026-06-12", "2028-06-10"]


def test_timed_events_close_nothing() -> None:
    text = ical("DTSTART:20260513T090000Z\nDTEND:20260513T170000Z", "DTSTART;VALUE=DATE:20260514")
    assert closed_days(every_day(holidays={"ical_text": text}), "2026-05-12", "2026-05-15") == ["2026-05-14"]


def test_a_fetched_text_joins_the_written_one() -> None:
    written = definition(
        timezone="UTC",
        sat_enabled=True,
        sun_enabled=True,
        holidays={
            "ical_text": ical("DTSTART;VALUE=DATE:20260513"),
            "ical_url": "https://example.org/h.ics",
            "dates": ["2026-05-15"],
        },
    )
    calendar = calendar_from(written, fetched_ical_text=ical("DTSTART;VALUE=DATE:20260514"))
    assert closed_days(calendar, "2026-05-12", "2026-05-16") == ["2026-05-13", "2026-05-14", "2026-05-15"]
    with pytest.raises(ICalendarUnreadable) as refused:
        calendar_from(written, fetched_ical_text="<html>Sign in</html>")
    assert refused.value.code == "icalendar_unreadable"


def test_a_calendar_without_events_has_no_holidays() -> None:
    assert holiday_events(ical()) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "not an iCalendar text"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "no complete VCALENDAR"),
        ("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260513\r\nEND:VEVENT\r\n", "no complete VCALENDAR"),
        (ical("SUMMARY:Picnic"), r"event 1 \(Picnic\): DTSTART is missing"),
        (ical("DTSTART;VALUE=DATE:2026051"), "DTSTART"),
        (ical("DTSTART;VALUE=DATE:18260513"), "1826-05-13 lies outside"),
        (ical("DTSTART;VALUE=DATE:20260513\nDTEND:20260514T000000Z"), "DTEND is not"),
        (ical("DTSTART;VALUE=DATE:20260513\nDTEND;VALUE=DATE:20280513"), "731 days"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=HOURLY"), "FREQ must be"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=DAILY;BYHOUR=3"), "BYHOUR cannot be used"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=YEARLY;BYWEEKNO=3"), "BYWEEKNO cannot be used"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=DAILY;INTERVAL=0"), "INTERVAL must be"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=DAILY;COUNT=0"), "COUNT must be"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=WEEKLY;BYDAY=2MO"), "numbered weekdays"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=YEARLY;BYMONTH=13"), "BYMONTH must lie"),
        (ical("DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=MONTHLY;BYMONTHDAY=0"), "BYMONTHDAY must lie"),
        (ical("DTSTART:20260513T090000Z"), "none of its events is an all-day event"),
        (ical(*["DTSTART;VALUE=DATE:20260513"] * (MAX_ICAL_EVENTS + 1)), "more than"),
        (
            ical(*["DTSTART;VALUE=DATE:20260513\nRRULE:FREQ=YEARLY;COUNT=2"] * (MAX_ICAL_COUNTED_RULES + 1)),
            "rules with a COUNT",
        ),
    ],
)
def test_an_unreadable_text_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ICalendarUnreadable, match=reason):
        holiday_events(text)


def test_every_unreadable_event_is_named() -> None:
    text = ical(
        "SUMMARY:Picnic", "DTSTART;VALUE=DATE:20260513", "SUMMARY:Outing\nDTSTART;VALUE=DATE:20260513\nRRULE:FREQ=FOO"
    )
    with pytest.raises(ICalendarUnreadable, match=r"event 1 \(Picnic\).*event 3 \(Outing\)"):
        holiday_events(text)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Recurrence rules on whole days, in the parts this calendar reads."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = [f"FREQ={frequency}"]

    def sometimes(part: str, values: st.SearchStrategy[Any]) -> None:
        if draw(st.booleans()):
            parts.append(f"{part}={','.join(str(value) for value in draw(st.lists(values, min_size=1, max_size=3)))}")

    sometimes("BYMONTH", st.integers(1, 12))
    # Numbered and plain weekdays are not mixed: RFC 5545 joins them, the other reader intersects them.
    numbered = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
    ordinals = ("1", "2", "-1", "4", "5") if numbered else ("",)
    weekdays = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    sometimes("BYDAY", st.builds(str.__add__, st.sampled_from(ordinals), st.sampled_from(weekdays)))
    if frequency != "WEEKLY":
        sometimes("BYMONTHDAY", st.sampled_from((1, 2, 13, 28, 29, 30, 31, -1, -2, -31)))
    if frequency == "YEARLY" and draw(st.booleans()):
        sometimes("BYYEARDAY", st.sampled_from((1, 60, 200, 365, 366, -1, -366)))
    # In a week the other reader counts positions from DTSTART on, RFC 5545 within the whole week.
    if frequency != "WEEKLY" and any(part.startswith("BY") for part in parts):
        sometimes("BYSETPOS", st.sampled_from((1, 2, 3, -1, -2)))
    parts.append(f"INTERVAL={draw(st.integers(1, 3))}")
    parts.append(f"WKST={draw(st.sampled_from(('MO', 'SU')))}")
    ending = draw(st.sampled_from(("UNTIL=20290615", "COUNT=1", "COUNT=7", "UNTIL=20271231")))
    return ";".join([*parts, ending])


def independent_days(rule: str, first_day: date) -> set[str]:
    """What dateutil makes of a rule.

    It searches an impossible rule until the year 9999, so the question is asked 7,600 years later: the Gregorian
    calendar repeats every 400 years, weekdays included.
    """
    later = re.sub(r"UNTIL=(\d{4})", lambda until: f"UNTIL={int(until[1]) + 7_600}", rule)
    start = datetime(first_day.year + 7_600, first_day.month, first_day.day)
    return {f"{day.year - 7_600}-{day:%m-%d}" for day in rrulestr(later, dtstart=start) if day.year <= 9_630}


@settings(max_examples=60, deadline=None)
@given(rules(), st.dates(date(2024, 1, 1), date(2026, 12, 31)))
def test_recurrence_agrees_with_an_independent_reading_of_the_rule(rule: str, first_day: date) -> None:
    text = ical(f"DTSTART;VALUE=DATE:{first_day:%Y%m%d}\nRRULE:{rule}")
    # RFC 5545: DTSTART is the first occurrence, whatever the rule says.
    expected = independent_days(rule, first_day) | {str(first_day)}
    assert closed_days(every_day(holidays={"ical_text": text}), "2024-01-01", "2030-12-31") == sorted(expected)
