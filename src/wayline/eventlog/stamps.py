"""Reads the times of a log, however they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?\s*(?P<half>[AaPp][Mm])?"
)
_ZONE = r"\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})([/.-])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})(?:[T ,]+{_TIME}{_ZONE})?")
_YEAR_LAST = re.compile(rf"(?P<one>\d{{1,2}})([/.-])(?P<two>\d{{1,2}})\2(?P<year>\d{{4}})(?:[T ,]+{_TIME}{_ZONE})?")
_NUMBER = re.compile(r"(?P<whole>-?\d{1,19})(?:\.(?P<part>\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class StampStyle:
    """How the writer of a log meant its times.

    `zone` applies to times written without one. `day_first` says what 01/02/2015 is: 1 February (True) or 2 January.
    `at_format`, when given, is a `strptime` format and the only form accepted.
    """

    zone: tzinfo = UTC
    day_first: bool = True
    at_format: str | None = None


def zone_named(name: str | tzinfo | None) -> tzinfo:
    """The time zone of an IANA name; None is UTC. Raises ValueError for a name the machine does not know."""
    if name is None:
        return UTC
    if isinstance(name, tzinfo):
        return name
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError(f"no time zone is called {name!r}") from unknown


def read_stamp(text: str, style: StampStyle) -> datetime:
    """The instant `text` names, in UTC.

    Takes ISO 8601; year-first and year-last dates with `/`, `-` or `.`; YYYYMMDD and YYYYMMDDHHMMSS; seconds,
    milliseconds, microseconds and nanoseconds since 1970, told apart by their number of digits. A day and a month are
    never swapped to make one stamp fit: a log has one style.

    A local time that happened twice (clocks going back) is read as the first of the two, one that never happened
    (clocks going forward) with the offset that held before the change; so the same text is always the same instant.

    Raises ValueError, saying why.
    """
    try:
        moment = _moment(text.strip(), style)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=style.zone)
        return moment.astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError("it lies outside the years 1 to 9999") from beyond


def iso_utc(moment: datetime) -> str:
    """An instant in UTC as ISO 8601 text with `Z`."""
    return moment.isoformat().removesuffix("+00:00") + "Z"


def _moment(text: str, style: StampStyle) -> datetime:
    if style.at_format is not None:
        return datetime.strptime(text, style.at_format)
    if text[4:5] == "-" or text[8:9] == "T":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # written more loosely (2015-1-5 9:05, a blank before the offset): the forms below decide
    if found := _YEAR_FIRST.fullmatch(text):
        return _of_parts(found, int(found["month"]), int(found["day"]))
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(found, day_first=style.day_first)
    if found := _NUMBER.fullmatch(text):
        return _of_number(found["whole"], found["part"] or "")
    raise ValueError("it is in none of the forms known")


def _year_last(found: re.Match[str], *, day_first: bool) -> datetime:
    one, two = int(found["one"]), int(found["two"])
    day, month = (one, two) if day_first else (two, one)
    if month > 12 >= day:
        order = "month" if day_first else "day"
        raise ValueError(f"there is no month {month}; does this log write the {order} first?")
    return _of_parts(found, month, day)


def _of_parts(found: re.Match[str], month: int, day: int) -> datetime:
    if found["hour"] is None:
        return datetime(int(found["year"]), month, day)
    micros = int((found["fraction"] or "0").ljust(6, "0")[:6])
    return datetime(
        int(found["year"]),
        month,
        day,
        _hour(int(found["hour"]), found["half"]),
        int(found["minute"]),
        int(found["second"] or 0),
        micros,
        tzinfo=_offset(found["zone"]),
    )


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"there is no hour {hour} {half}")
    return hour % 12 + (12 if half in ("PM", "pm", "Pm", "pM") else 0)


def _offset(zone: str | None) -> tzinfo | None:
    if zone is None:
        return None
    if zone[0] not in "+-":
        return UTC
    return datetime.strptime(zone.replace(":", "").ljust(5, "0"), "%z").tzinfo


def _of_number(whole: str, part: str) -> datetime:
    digits = len(whole.lstrip("-"))
    if not part and digits in (8, 14) and whole[:2] in ("19", "20"):
        return datetime.strptime(whole, "%Y%m%d" if digits == 8 else "%Y%m%d%H%M%S")
    return EPOCH + _micros(whole, part, digits) * MICROSECOND


def _micros(whole: str, part: str, digits: int) -> int:
    """Twelve digits of seconds would be the year 33658, of milliseconds 1973: the length alone tells the unit."""
    if digits < 12:
        fraction = int(part.ljust(6, "0")[:6]) if part else 0
        return int(whole) * 1_000_000 + (-fraction if whole.startswith("-") else fraction)
    if digits < 15:
        return int(whole) * 1_000
    if digits < 18:
        return int(whole)
    return int(whole) // 1_000
