"""Reads CSV logs: rows of any order are spooled to a temporary database on disk and come back as cases.

Memory stays bounded however long the file is: the database's page cache, one batch of rows, one case.
"""

from __future__ import annotations

import codecs
import csv
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import msgspec

from wayline.eventlog.columns import place_columns
from wayline.eventlog.event import MAX_EVENTS_PER_CASE, MAX_NAME_CHARS, Case, Event, EventLogError
from wayline.eventlog.source import Source
from wayline.eventlog.stamps import EPOCH, MICROSECOND, StampStyle, read_stamp

MAX_COLUMNS: Final = 2_000
MAX_LINE_CHARS: Final = 4 * 1024 * 1024
SPOOL_BATCH_ROWS: Final = 5_000
SPOOL_CACHE_KIB: Final = 32 * 1024
CASES_REMEMBERED: Final = 100_000
"""Case numbers kept at hand; a log with more looks the others up in the spool."""

_DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SAMPLE_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class _Layout:
    """The header, understood: the index of each role's column, and of every other column by name."""

    width: int
    case: int
    activity: int
    at: int
    who: int | None
    others: tuple[tuple[int, str], ...]


def read_delimited(
    source: Source,
    *,
    mapping: Mapping[str, str],
    style: StampStyle,
    encoding: str | None = None,
    delimiter: str | None = None,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Case]:
    """The cases of a CSV log in order of first appearance, their events by time, then by place in the file.

    All of it is read before the first case comes out; `on_read(bytes)` tells how far that is, and `Case.bytes_read`
    then spreads the file's size over the rows handed over. Cells stay text; empty ones are left out; a column with one
    and the same value throughout a case is an attribute of the case, any other of the event.
    """
    records = _records(source, encoding, delimiter)
    _, header = next(records, (1, []))
    layout = _layout(header, mapping, source)
    spool = _Spool(source)
    try:
        _fill(spool, records, layout, style, source, on_read)
        yield from _cases(spool, layout, source)
    finally:
        spool.close()


# -- from bytes to records


def _records(source: Source, encoding: str | None, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the line on which it begins."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise EventLogError("unknown_delimiter", f"{delimiter!r} is not one character that can part cells", "delimiter")
    lines = _lines(source, encoding)
    sample = list(islice(lines, _SAMPLE_ROWS))
    reader = csv.reader(_chained(sample, lines), delimiter=delimiter or _delimiter_of(sample), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            raise EventLogError("malformed_csv", f"the row is no CSV: {wrong}", _at(source, line)) from wrong
        if any(row):
            yield line, row


def _chained(sample: list[str], lines: Iterator[str]) -> Iterator[str]:
    yield from sample
    yield from lines


def _lines(source: Source, encoding: str | None) -> Iterator[str]:
    """Lines with their end as `\\n`, whichever it was. Raises `too_long`."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    rest, number = "", 0
    for text in _text(source, encoding):
        *whole, rest = (rest + newlines.decode(text)).split("\n")
        number += len(whole)
        if len(rest) > MAX_LINE_CHARS:
            raise EventLogError("too_long", f"it is longer than {MAX_LINE_CHARS:,} characters", _at(source, number + 1))
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest


def _text(source: Source, encoding: str | None) -> Iterator[str]:
    mark, name = _encoding_of(source, encoding)
    try:
        decoder = codecs.getincrementaldecoder(name)()
    except LookupError as unknown:
        raise EventLogError("unknown_encoding", f"no encoding is called {name!r}", source.name) from unknown
    line, start = 1, len(mark)
    skip = len(mark)
    for piece in _and_an_end(source.pieces()):
        body, skip = piece[skip:], 0
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(body, final=not piece)
        except UnicodeError as wrong:
            raise _undecodable(wrong, name, source, line=line, start=start - held) from wrong
        line += text.count("\n")
        start += len(body)
        yield text


def _and_an_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield from pieces
    yield b""


def _encoding_of(source: Source, encoding: str | None) -> tuple[bytes, str]:
    """The byte order mark the file begins with and the encoding it, or else the caller, names; UTF-8 if nobody does."""
    for mark, name in _MARKS:
        if source.head.startswith(mark):
            return mark, name
    if encoding is None and b"\0" in source.head:
        raise EventLogError("wrong_encoding", "it is not text in UTF-8; name its encoding", _at(source, 1))
    return b"", encoding or "utf-8"


def _undecodable(wrong: UnicodeError, name: str, source: Source, *, line: int, start: int) -> EventLogError:
    message = f"it is not written in {name}: {wrong}; name its encoding"
    if isinstance(wrong, UnicodeDecodeError):
        line += wrong.object[: wrong.start].decode(name, errors="replace").count("\n")
        start += wrong.start
        message = f"byte {wrong.object[wrong.start]:#04x} does not belong to {name}; name its encoding"
    return EventLogError("wrong_encoding", message, f"{_at(source, line)} ({source.at_byte(start)})")


def _delimiter_of(sample: list[str]) -> str:
    """The delimiter which cuts the most rows of the sample as it cuts the first, then the one with most columns."""

    def fit(delimiter: str) -> tuple[bool, int, int]:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if any(row)]
        except csv.Error:
            return (False, 0, 0)
        return (widths[:1] > [1], sum(width == widths[0] for width in widths), widths[0] if widths else 0)

    return max(_DELIMITERS, key=fit)


# -- from records to the spool


def _layout(header: list[str], mapping: Mapping[str, str], source: Source) -> _Layout:
    if len(header) > MAX_COLUMNS:
        raise EventLogError("too_many_attributes", f"there are more than {MAX_COLUMNS:,} columns", _at(source, 1))
    columns = tuple(name.strip() or f"column {index}" for index, name in enumerate(header, 1))
    placed = place_columns(columns, mapping, _at(source, 1))
    case, activity, at = placed["case"], placed["activity"], placed["at"]
    assert case is not None
    assert activity is not None
    assert at is not None
    roles = set(placed.values())
    others = tuple((index, name) for index, name in enumerate(_distinct(columns)) if index not in roles)
    return _Layout(len(columns), case, activity, at, placed["who"], others)


def _distinct(columns: tuple[str, ...]) -> list[str]:
    """`state, state` becomes `state, state (2)`."""
    distinct: dict[str, None] = {}
    for column in columns:
        name, number = column, 2
        while name in distinct:
            name, number = f"{column} ({number})", number + 1
        distinct[name] = None
    return list(distinct)


def _fill(
    spool: _Spool,
    records: Iterator[tuple[int, list[str]]],
    layout: _Layout,
    style: StampStyle,
    source: Source,
    on_read: Callable[[int], None] | None,
) -> None:
    rows = (_row(line, record, layout, style, source) for line, record in records)
    while batch := list(islice(rows, SPOOL_BATCH_ROWS)):
        spool.add(batch)
        if on_read is not None:
            on_read(source.bytes_read)


def _row(line: int, cells: list[str], layout: _Layout, style: StampStyle, source: Source) -> tuple[str, int, bytes]:
    """One row as the spool keeps it: case, microseconds since 1970, the activity, person and other cells packed."""
    if len(cells) != layout.width and (len(cells) < layout.width or any(cells[layout.width :])):
        raise EventLogError(
            "ragged_row", f"the row has {len(cells)} cells, the header {layout.width}", _at(source, line)
        )
    case = _name(cells[layout.case], "case", line, source)
    activity = _name(cells[layout.activity], "activity", line, source)
    who = "" if layout.who is None else cells[layout.who]
    if who:
        who = who if not who.strip() else _name(who, "who", line, source)
    at = _instant(cells[layout.at], style, line, source)
    packed = msgspec.msgpack.encode([activity, who.strip() and who, *(cells[index] for index, _ in layout.others)])
    return case, (at - EPOCH) // MICROSECOND, packed


def _name(cell: str, role: str, line: int, source: Source) -> str:
    if not cell.strip():
        raise EventLogError(f"missing_{role}", f"the row names no {role}", _at(source, line))
    if len(cell) > MAX_NAME_CHARS:
        raise EventLogError("too_long", f"its {role} has more than {MAX_NAME_CHARS:,} characters", _at(source, line))
    return cell


def _instant(cell: str, style: StampStyle, line: int, source: Source) -> datetime:
    if not cell.strip():
        raise EventLogError("missing_time", "the row names no time", _at(source, line))
    try:
        return read_stamp(cell, style)
    except ValueError as unreadable:
        message = f"{cell[:100]!r} is not read as a time: {unreadable}"
        raise EventLogError("bad_time", message, _at(source, line)) from unreadable


def _at(source: Source, line: int) -> str:
    return source.place(f"line {line}")


class _Spool:
    """Rows on disk, sorted there. SQLite deletes a database without a name when it is closed or the process dies."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._numbers: dict[str, int] = {}
        self._rows = 0
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            f"""
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA temp_store = FILE;
            PRAGMA cache_size = -{SPOOL_CACHE_KIB};
            CREATE TABLE cases (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
            CREATE TABLE events (row INTEGER PRIMARY KEY, number INTEGER, at INTEGER, packed BLOB);
            """
        )

    @property
    def rows(self) -> int:
        """How many rows have been added."""
        return self._rows

    def add(self, batch: list[tuple[str, int, bytes]]) -> None:
        """Keeps `(case, microseconds, packed)` rows behind those there are. Raises `spool_failed`."""
        try:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO events (number, at, packed) VALUES (?, ?, ?)",
                [(self._number(case), at, packed) for case, at, packed in batch],
            )
            self._db.execute("COMMIT")
        except sqlite3.Error as failed:
            raise self._failed(failed) from failed
        self._rows += len(batch)

    def by_case(self) -> Iterator[tuple[str, Iterator[tuple[int, int, bytes]]]]:
        """Each case's id and its rows `(number, microseconds, packed)`. Raises `spool_failed`."""
        ids = self._selected("SELECT id FROM cases ORDER BY number")
        rows = self._selected("SELECT number, at, packed FROM events ORDER BY number, at, row")
        for (id_,), (_, group) in zip(ids, groupby(rows, key=itemgetter(0)), strict=True):
            yield id_, group

    def close(self) -> None:
        self._db.close()

    def _selected(self, query: str) -> Iterator[Any]:
        try:
            # yield from would close the cursor too: too late, when a traceback kept this frame beyond the spool's end
            for row in self._db.execute(query):  # noqa: UP028
                yield row
        except sqlite3.Error as failed:
            raise self._failed(failed) from failed

    def _number(self, case: str) -> int:
        number = self._numbers.get(case)
        if number is None:
            if len(self._numbers) >= CASES_REMEMBERED:
                self._numbers.clear()
            number = self._numbers[case] = self._looked_up(case)
        return number

    def _looked_up(self, case: str) -> int:
        found = self._db.execute("SELECT number FROM cases WHERE id = ?", (case,)).fetchone()
        if found is not None:
            return int(found[0])
        number = self._db.execute("INSERT INTO cases (id) VALUES (?)", (case,)).lastrowid
        assert number is not None
        return number

    def _failed(self, failed: sqlite3.Error) -> EventLogError:
        message = f"its rows cannot be sorted in the directory for temporary files: {failed}"
        return EventLogError("spool_failed", message, self._source.name)


# -- from the spool to cases


def _cases(spool: _Spool, layout: _Layout, source: Source) -> Iterator[Case]:
    unpack = msgspec.msgpack.Decoder(list[str]).decode
    given = 0
    for position, (id_, group) in enumerate(spool.by_case(), 1):
        rows = [(at, unpack(packed)) for _, at, packed in islice(group, MAX_EVENTS_PER_CASE + 1)]
        if len(rows) > MAX_EVENTS_PER_CASE:
            message = f"case {id_!r} has more than {MAX_EVENTS_PER_CASE:,} events"
            raise EventLogError("case_too_long", message, source.name)
        given += len(rows)
        yield _case(id_, rows, layout, position, bytes_read=source.size_bytes * given // spool.rows)


def _case(id_: str, rows: list[tuple[int, list[str]]], layout: _Layout, position: int, bytes_read: int) -> Case:
    fixed, varying = {}, []
    for cell, (_, name) in enumerate(layout.others, 2):
        value = rows[0][1][cell]
        if any(cells[cell] != value for _, cells in rows):
            varying.append((cell, name))
        elif value:
            fixed[name] = value
    events = tuple(
        Event(
            id_,
            cells[0],
            EPOCH + at * MICROSECOND,
            cells[1] or None,
            {name: cells[cell] for cell, name in varying if cells[cell]},
        )
        for at, cells in rows
    )
    return Case(id_, fixed, events, position, bytes_read)
