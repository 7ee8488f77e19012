"""Reads an event log of any of the formats known, case by case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Final

from wayline.eventlog.columns import check_roles, parse_mapping, xes_keys
from wayline.eventlog.delimited import read_delimited
from wayline.eventlog.event import Case, Event, EventLogError
from wayline.eventlog.source import Source, opened
from wayline.eventlog.stamps import StampStyle, zone_named
from wayline.eventlog.xes import XesReader

__all__ = ["FORMATS", "Case", "Event", "EventLogError", "log_name", "measure", "parse_mapping", "read_cases"]

FORMATS: Final = ("xes", "csv")

_ENDINGS: Final = {".xes": "xes", ".xml": "xes", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}
_BEGINS_XML: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")
_OTHER_PACKERS: Final = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def read_cases(
    path: str | Path,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    timezone: str | tzinfo | None = None,
    *,
    encoding: str | None = None,
    day_first: bool = True,
    at_format: str | None = None,
    delimiter: str | None = None,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Case]:
    """The cases of a log, one at a time; memory does not grow with the log.

    `format` is one of `FORMATS`; None tells it from the first bytes and the name. Gzip is unpacked in any case.
    `mapping` says which attribute (XES) or column (CSV) is `case`, `activity`, `at`, `who`; what it leaves out is the
    standard's in XES and guessed from well-known names in CSV. `timezone` (IANA name, default UTC) is meant by times
    without one; how such times are read around a change of clocks is told at `stamps.read_stamp`, as are the forms of
    time. `day_first` decides 01/02/2015, by default 1 February; `at_format` (strptime) replaces all forms.
    `encoding` overrides what an XES file declares and is what a CSV without byte order mark is written in (default
    UTF-8). `delimiter` of a CSV is told from its first rows unless given. `on_read` is for CSV alone, which is read
    whole before the first case: it is called with the bytes of the file read so far.

    Events keep the order of the file in XES; in CSV they go by time, equal times by the order of the file.

    Raises EventLogError, at the place in the log where its whole cases end: about the file (`unreadable`,
    `empty_file`, `unsupported_format`, `cut_short`, `corrupt_gzip`, `wrong_encoding`, `unknown_encoding`), its form
    (`malformed_xml`, `doctype_refused`, `undeclared_namespace`, `not_xes`, `malformed_csv`, `ragged_row`), what it
    tells (`missing_case`, `missing_activity`, `missing_time`, `bad_time`, `event_outside_case`), a limit (`too_long`,
    `too_deep`, `too_many_attributes`, `case_too_long`, `spool_failed`) or the call (`unknown_format`, `unknown_role`,
    `unknown_column`, `ambiguous_column`, `unknown_delimiter`, `unknown_timezone`).
    """
    style = StampStyle(_zone(timezone), day_first, at_format)
    check_roles(mapping or {})
    with opened(Path(path)) as source:
        if _format_of(source, format) == "xes":
            yield from XesReader(source, xes_keys(mapping or {}), style, encoding).cases()
        else:
            yield from read_delimited(
                source, mapping=mapping or {}, style=style, encoding=encoding, delimiter=delimiter, on_read=on_read
            )


def measure(path: str | Path) -> int:
    """The size of the log as it lies on disk, in bytes; what `Case.bytes_read` counts towards. Raises `unreadable`."""
    try:
        return Path(path).stat().st_size
    except OSError as failed:
        raise EventLogError("unreadable", f"it cannot be opened: {failed.strerror or failed}", str(path)) from failed


def log_name(path: str | Path, format: str | None = None, encoding: str | None = None) -> str:
    """What to call the log: the name an XES log gives itself, otherwise the file's, made readable. Raises as above."""
    with opened(Path(path)) as source:
        own = None
        if _format_of(source, format) == "xes":
            own = XesReader(source, xes_keys({}), StampStyle(), encoding).log_name()
    plain = re.sub(r"(\.(xes|xml|csv|tsv|txt|gz))+$", "", source.name, flags=re.IGNORECASE)
    readable = re.sub(r"[\s_-]+", " ", plain).strip() or source.name
    return own or readable[:1].upper() + readable[1:]


def _zone(timezone: str | tzinfo | None) -> tzinfo:
    try:
        return zone_named(timezone)
    except ValueError as unknown:
        raise EventLogError("unknown_timezone", str(unknown), "timezone") from unknown


def _format_of(source: Source, format: str | None) -> str:
    if format is not None:
        if format not in FORMATS:
            raise EventLogError("unknown_format", f"{format!r} is none of {', '.join(FORMATS)}", "format")
        return format
    if source.head.lstrip().startswith(_BEGINS_XML):
        return "xes"
    for magic, packer in _OTHER_PACKERS.items():
        if source.head.startswith(magic):
            raise EventLogError("unsupported_format", f"it is packed with {packer}; unpack it first", source.name)
    endings = [ending.lower() for ending in reversed(Path(source.name).suffixes)]
    return next((_ENDINGS[ending] for ending in endings if ending in _ENDINGS), "csv")
