"""A business calendar as people write it: modes, intervals, holidays; every problem of it at once."""

import difflib
import re
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import holidays as public_holidays
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from wayline.core.holiday_events import MAX_ICAL_CHARS, ICalendarUnreadable, holiday_events

MINUTES_PER_DAY = 1440
MAX_INTERVALS_PER_DAY = 24
MAX_HOLIDAY_DATES = 5_000

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `date.weekday()`."""


def _blank_is_absent(written: object) -> object:
    return None if isinstance(written, str) and not written.strip() else written


def _only_iso_dates(written: object) -> object:
    """Keep pydantic from reading numbers and timestamps as dates."""
    if isinstance(written, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        return written
    if isinstance(written, date) and not isinstance(written, datetime):
        return written
    raise PydanticCustomError("date_not_iso", "write a date as YYYY-MM-DD")


def _forwards(interval: tuple[int, int]) -> tuple[int, int]:
    start, end = interval
    if start >= end:
        raise PydanticCustomError(
            "interval_backwards",
            "starts at minute {start} and ends at minute {end}: the end must come later",
            {"start": start, "end": end},
        )
    return interval


def _in_order(day: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    for earlier, later in pairwise(day):
        if later[0] < earlier[0]:
            raise PydanticCustomError("intervals_unsorted", "intervals must be written in order of the day")
        if later[0] < earlier[1]:
            raise PydanticCustomError(
                "intervals_overlap",
                "the interval from minute {start} begins before the one ending at minute {end} is over",
                {"start": later[0], "end": earlier[1]},
            )
    return day


Minute = Annotated[int, Field(strict=True, ge=0, le=MINUTES_PER_DAY, description="minutes after local midnight")]
Interval = Annotated[tuple[Minute, Minute], AfterValidator(_forwards)]
DayIntervals = Annotated[tuple[Interval, ...], Field(max_length=MAX_INTERVALS_PER_DAY), AfterValidator(_in_order)]
IsoDate = Annotated[date, BeforeValidator(_only_iso_dates)]
Text = Annotated[str, StringConstraints(strip_whitespace=True)]
Enabled = Annotated[bool, Field(strict=True)]


class HolidaysDefinition(BaseModel):
    """Which local dates are closed, as written: a country's public holidays, single dates, an iCalendar text.

    `country` is an ISO 3166-1 code, `region` a subdivision of it by code or name (`BY`, `DE-BY`, `Bayern`); both are
    kept in their canonical spelling. All-day VEVENTs of `ical_text` close the dates they cover; timed events do not.
    `ical_url` is only kept here: whoever fetches it hands the text to `calendar_from`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: Annotated[Text | None, BeforeValidator(_blank_is_absent)] = None
    region: Annotated[Text | None, BeforeValidator(_blank_is_absent)] = None
    dates: Annotated[tuple[IsoDate, ...], Field(max_length=MAX_HOLIDAY_DATES)] = ()
    ical_text: Annotated[str | None, Field(max_length=MAX_ICAL_CHARS), BeforeValidator(_blank_is_absent)] = None
    ical_url: Annotated[Text | None, Field(max_length=2_000), BeforeValidator(_blank_is_absent)] = None

    @field_validator("country")
    @classmethod
    def _known_country(cls, country: str | None) -> str | None:
        if country is None:
            return None
        if country.upper() not in public_holidays.list_supported_countries():
            raise PydanticCustomError(
                "country_unknown", "no public holidays are known for “{country}”", {"country": country}
            )
        return country.upper()

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str | None, info: ValidationInfo) -> str | None:
        if region is None or "country" not in info.data:
            return region
        if info.data["country"] is None:
            raise PydanticCustomError("region_without_country", "a region needs a country")
        return _canonical_region(info.data["country"], region)

    @field_validator("ical_text")
    @classmethod
    def _readable_ical(cls, ical_text: str | None) -> str | None:
        if ical_text is not None:
            try:
                holiday_events(ical_text)
            except ICalendarUnreadable as unreadable:
                raise PydanticCustomError(
                    "icalendar_unreadable", "{problem}", {"problem": unreadable.message}
                ) from unreadable
        return ical_text

    @field_validator("ical_url")
    @classmethod
    def _web_address(cls, ical_url: str | None) -> str | None:
        if ical_url is None:
            return None
        address = re.sub(r"^webcals?://", "https://", ical_url, flags=re.IGNORECASE)
        if not re.fullmatch(r"https?://[^\s/]\S*", address, flags=re.IGNORECASE):
            raise PydanticCustomError("ical_url_invalid", "must be an http(s) or webcal address")
        return address


def _canonical_region(country: str, region: str) -> str:
    tables = public_holidays.country_holidays(country)
    spellings = {code.casefold(): code for code in tables.subdivisions}
    spellings |= {f"{country}-{code}".casefold(): code for code in tables.subdivisions}
    spellings |= {name.casefold(): code for name, code in tables.subdivisions_aliases.items()}
    if region.casefold() not in spellings:
        raise PydanticCustomError(
            "region_unknown",
            "“{region}” is not a region of {country}; known: {known}",
            {"region": region, "country": country, "known": ", ".join(tables.subdivisions) or "none"},
        )
    return spellings[region.casefold()]


class CalendarDefinition(BaseModel):
    """Opening hours as people write them; every problem is reported at once, at the field it belongs to.

    Mode `simple`: one interval, `simple_start` to `simple_end`, on every enabled weekday. Mode `per_day`: `days`, each
    a sorted list of `[start, end]` that may touch but not overlap. Mode `always`: 24×7, and neither days nor holidays
    apply. All times are whole minutes after local midnight; 1440 is the end of the day. What a mode does not use is
    still validated and kept. Raises pydantic's ValidationError; error types such as `timezone_unknown`,
    `intervals_overlap` and `calendar_never_opens` are stable. Source: contract 004, `business-hours/update`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Text, Field(min_length=1, max_length=200)]
    timezone: Annotated[Text, Field(description="IANA time zone, such as Europe/Berlin")]
    mon_enabled: Enabled = True
    tue_enabled: Enabled = True
    wed_enabled: Enabled = True
    thu_enabled: Enabled = True
    fri_enabled: Enabled = True
    sat_enabled: Enabled = False
    sun_enabled: Enabled = False
    # A field validator sees only the fields above it, and mode is judged by the weekdays, days by mode.
    mode: Annotated[Literal["simple", "per_day", "always"], Field(validate_default=True)] = "simple"
    simple_start: Minute = 9 * 60
    simple_end: Annotated[Minute, Field(validate_default=True)] = 17 * 60
    days: Annotated[dict[Weekday, DayIntervals], Field(validate_default=True)] = {}
    holidays: HolidaysDefinition = HolidaysDefinition()

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, timezone: str) -> str:
        zones = known_timezones()
        if timezone not in zones:
            near = {zone.casefold(): zone for zone in zones}
            guesses = difflib.get_close_matches(timezone.casefold().replace(" ", "_"), near, n=1)
            hint = f"; did you mean {near[guesses[0]]}?" if guesses else ""
            raise PydanticCustomError(
                "timezone_unknown",
                "“{timezone}” is not an IANA time zone{hint}",
                {"timezone": timezone, "hint": hint},
            )
        return timezone

    @field_validator("mode")
    @classmethod
    def _some_weekday_enabled(cls, mode: str, info: ValidationInfo) -> str:
        if mode == "simple" and not any(info.data.get(f"{day}_enabled", True) for day in WEEKDAYS):
            raise PydanticCustomError(
                "calendar_never_opens", "never opens: enable at least one of mon_enabled … sun_enabled"
            )
        return mode

    @field_validator("simple_end")
    @classmethod
    def _ends_after_start(cls, simple_end: int, info: ValidationInfo) -> int:
        if "simple_start" in info.data:
            _forwards((info.data["simple_start"], simple_end))
        return simple_end

    @field_validator("days")
    @classmethod
    def _some_interval_given(
        cls, days: dict[Weekday, tuple[tuple[int, int], ...]], info: ValidationInfo
    ) -> dict[Weekday, tuple[tuple[int, int], ...]]:
        if info.data.get("mode") == "per_day" and not any(days.values()):
            raise PydanticCustomError("calendar_never_opens", "never opens: give at least one interval on some day")
        return days


@lru_cache(maxsize=1)
def known_timezones() -> frozenset[str]:
    """The names of IANA time zones that mean the same on every machine."""
    # "localtime" and "Factory" mean something else on every machine, so the same inputs would not give the same answer.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def calendar_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a calendar as written, for editors and API docs."""
    return CalendarDefinition.model_json_schema()
