"""Times are read in every form that service desks export, and the same text is always the same instant."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from wayline.eventlog.stamps import StampStyle, iso_utc, read_stamp

ROME = StampStyle(ZoneInfo("Europe/Rome"))
MONTH_FIRST = StampStyle(day_first=False)
HALF_PAST_TWO = datetime(2015, 2, 1, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-01T14:30:00Z",
        "2015-02-01T14:30:00.000+00:00",
        "2015-02-01T16:30:00+0200",
        "2015-02-01 14:30:00",
        "2015-02-01 14:30",
        "2015-02-01 16:30:00 +02:00",
        "2015-02-01 14:30:00 UTC",
        " 2015-02-01T14:30 ",
        "2015-2-1 14:30",
        "20150201T143000Z",
        "20150201143000",
        "2015/02/01 14:30:00.000",
        "2015/2/1 2:30 PM",
        "01/02/2015 14:30",
        "01/02/2015 14:30:00",
        "1/2/2015 14:30",
        "01-02-2015 14:30:00",
        "01.02.2015, 14:30",
        "01/02/2015 02:30:00 pm",
        "1422801000",
        "1422801000.0",
        "1422801000000",
        "1422801000000000",
        "1422801000000000000",
    ],
)
def test_the_forms_known(text: str) -> None:
    assert read_stamp(text, StampStyle()) == HALF_PAST_TWO


@pytest.mark.parametrize(
    ("text", "micros"),
    [("2015/02/01 14:30:00.5", 500_000), ("2015-02-01T14:30:00,123456789Z", 123_456), ("1422801000123", 123_000)],
)
def test_fractions_of_a_second(text: str, micros: int) -> None:
    assert read_stamp(text, StampStyle()) == HALF_PAST_TWO.replace(microsecond=micros)


def test_the_day_comes_first_unless_said_otherwise() -> None:
    assert read_stamp("01/02/2015 14:30", StampStyle()).month == 2
    assert read_stamp("01/02/2015 14:30", MONTH_FIRST).month == 1
    assert read_stamp("01/02/2015 12:05 AM", MONTH_FIRST).hour == 0


@pytest.mark.parametrize(("text", "style"), [("12/31/2015", StampStyle()), ("31/12/2015", MONTH_FIRST)])
def test_a_stamp_that_does_not_fit_is_refused_rather_than_turned_round(text: str, style: StampStyle) -> None:
    with pytest.raises(ValueError, match=r"no month 31; does this log write the (month|day) first"):
        read_stamp(text, style)


def test_a_format_given_is_the_only_one() -> None:
    style = StampStyle(at_format="%d %b %y %H.%M")
    assert read_stamp("01 Feb 15 14.30", style) == HALF_PAST_TWO
    with pytest.raises(ValueError, match="does not match"):
        read_stamp("2015-02-01T14:30:00Z", style)


def test_summer_and_winter_time_of_the_zone_given() -> None:
    assert iso_utc(read_stamp("01/07/2015 10:00", ROME)) == "2015-07-01T08:00:00Z"
    assert iso_utc(read_stamp("01/12/2015 10:00", ROME)) == "2015-12-01T09:00:00Z"


def test_an_hour_that_happens_twice_is_the_first_of_the_two() -> None:
    assert iso_utc(read_stamp("2015-10-25T02:30:00", ROME)) == "2015-10-25T00:30:00Z"
    assert iso_utc(read_stamp("2015-10-25T02:30:00+01:00", ROME)) == "2015-10-25T01:30:00Z"


def test_an_hour_that_never_happens_is_read_with_the_offset_before_it() -> None:
    assert iso_utc(read_stamp("2015-03-29T02:30:00", ROME)) == "2015-03-29T01:30:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2015-02-30",
        "2015/02/01 25:00",
        "01/02/2015 13:00 PM",
        "01/02-2015",
        "1/2/15",
        "99999999999999999999",
        "9999999999999999999999",
        "0001-01-01T00:00:00+14:00",
        "20159999",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_stamp(text, StampStyle())


@settings(deadline=None)
@given(some.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1), timezones=some.just(UTC)), some.timezones())
def test_an_instant_written_in_iso_8601_in_any_zone_is_read_back(moment: datetime, zone: tzinfo) -> None:
    written = moment.astimezone(zone).isoformat()
    assume(moment.astimezone(zone).utcoffset() == datetime.fromisoformat(written).utcoffset())
    assert read_stamp(written, ROME) == moment
    assert read_stamp(iso_utc(moment), ROME) == moment


@settings(deadline=None)
@given(some.text(max_size=30))
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    try:
        found = read_stamp(text, ROME)
    except ValueError:
        return
    assert found.tzinfo is UTC
