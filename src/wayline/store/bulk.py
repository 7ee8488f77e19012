"""Writing many rows with one statement, as quickly as each database can.

The door's flush is the hottest path there is. SQLAlchemy's own bulk path converts every value of every row through
its type system; here a table's columns are prepared once. SQLite gets a few statements of many rows, PostgreSQL one
statement over arrays (`unnest`), so that a batch is one round trip a table. Reads and deletions by key take their keys
as one parameter, so that the statement is always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from wayline.store.tables import EPOCH, MICROSECOND, Instant

Row = dict[str, Any]
_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder(list[list[Any]]).decode
MAX_SQLITE_VARIABLES = 4096
_dialect = postgresql.dialect()


def _to_micros(value: Any) -> int | None:
    return None if value is None else (value - EPOCH) // MICROSECOND


def _to_json(value: Any) -> str | None:
    return None if value is None else _json(value).decode()


class _Column:
    """One column: its name, its PostgreSQL type, and what turns a value into a plain one (None: nothing to do)."""

    def __init__(self, column: sa.Column[Any], key: str) -> None:
        self.name = column.name
        self.key = key
        self.type = column.type.dialect_impl(_dialect).compile(dialect=_dialect)
        self.convert: Callable[[Any], Any] | None = None
        if isinstance(column.type, Instant):
            self.convert = _to_micros
            self.type = "BIGINT"
        elif isinstance(column.type, sa.JSON):
            self.convert = _to_json


def _plain(columns: Sequence[_Column], rows: Sequence[Row]) -> list[list[Any]]:
    """The rows' values, a list a column."""
    return [
        [r.get(c.key) for r in rows] if c.convert is None else [c.convert(r.get(c.key)) for r in rows] for c in columns
    ]


def _in_chunks(values: list[list[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """The rows in as few statements as may be: placeholders and parameters of 2^n rows at a time, so that there are few
    statements to keep prepared. Python's driver lets other threads run, and then waits for its turn, at every statement
    it steps: a row a statement made the writer wait as often as there were rows."""
    rows = list(zip(*values, strict=True))
    largest = max(1, MAX_SQLITE_VARIABLES // len(values)).bit_length() - 1
    start = 0
    while start < len(rows):
        size = 1 << min(largest, (len(rows) - start).bit_length() - 1)
        yield _marks(len(values), size), [v for row in rows[start : start + size] for v in row]
        start += size


@lru_cache(maxsize=1024)
def _marks(columns: int, rows: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _driver(connection: sa.Connection) -> Any:
    """The driver's own connection, inside the transaction SQLAlchemy began: a statement of ours needs no compiling, no
    result types and no cursor wrapped around it. Its errors are the driver's own."""
    return connection.connection.driver_connection


def together(connection: sa.Connection) -> AbstractContextManager[Any]:
    """A block whose statements PostgreSQL is sent without waiting for each one's answer (libpq's pipeline mode); what
    they did may be asked for after it. SQLite answers at once."""
    return nullcontext() if _is_sqlite(connection) else _driver(connection).pipeline()


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


class BulkInsert:
    """Inserts rows given as dicts; absent keys are NULL. Columns with a default of the database's are left to it, but
    for those marked `always_written`."""

    def __init__(self, table: sa.Table) -> None:
        written = [c for c in table.columns if c.server_default is None or c.info.get("always_written")]
        self._columns = [_Column(c, c.name) for c in written]
        names = ", ".join(_quoted(c.name) for c in self._columns)
        arrays = ", ".join(f"%s::{c.type}[]" for c in self._columns)
        self._sqlite = f"INSERT INTO {table.name} ({names}) VALUES "
        self._postgresql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"

    def execute(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Write the rows, in order."""
        values = _plain(self._columns, rows)
        if _is_sqlite(connection):
            for marks, flat in _in_chunks(values):
                _driver(connection).execute(self._sqlite + marks, flat)
        else:
            _driver(connection).execute(self._postgresql, values)


class BulkUpdate:
    """Updates rows by key columns: rows are dicts with `b_<key>` to find a row by and `v_<column>` to write."""

    def __init__(self, table: sa.Table, *, keys: dict[str, str], columns: Sequence[str]) -> None:
        self._keys = [_Column(table.c[name], f"b_{key}") for key, name in keys.items()]
        self._columns = [_Column(table.c[name], f"v_{name}") for name in columns]
        every = [*self._columns, *self._keys]
        arrays = ", ".join(f"%s::{c.type}[]" for c in every)
        aliases = ", ".join(c.key for c in every)
        taken = ", ".join(f"{_quoted(c.name)} = given.{c.key}" for c in self._columns)
        found = " AND ".join(f"{table.name}.{_quoted(c.name)} = given.{c.key}" for c in self._keys)
        self._postgresql = f"UPDATE {table.name} SET {taken} FROM unnest({arrays}) AS given({aliases}) WHERE {found}"
        named = ", ".join(f"column{place} AS {c.key}" for place, c in enumerate(every, 1))
        self._sqlite = (
            f"UPDATE {table.name} SET {taken} FROM (SELECT {named} FROM (VALUES ",
            f")) AS given WHERE {found}",
        )

    def execute(self, connection: sa.Connection, rows: Sequence[Row]) -> Any:
        """Write the rows; the answer's `rowcount` tells how many were found."""
        values = _plain([*self._columns, *self._keys], rows)
        if _is_sqlite(connection):
            before, after = self._sqlite
            found = [_driver(connection).execute(before + m + after, flat).rowcount for m, flat in _in_chunks(values)]
            return _Written(sum(found))
        return _driver(connection).execute(self._postgresql, values)


@dataclass(frozen=True)
class _Written:
    """How many rows a statement found."""

    rowcount: int


class BulkDelete:
    """Deletes the rows whose column has one of these keys."""

    def __init__(self, column: sa.Column[Any]) -> None:
        self._wanted = _Among(column)
        self._statement = f"DELETE FROM {column.table.name} WHERE "

    def execute(self, connection: sa.Connection, keys: Sequence[str]) -> None:
        """Delete them; keys nobody has are no fault."""
        condition, values = self._wanted.of(connection, keys)
        _driver(connection).execute(self._statement + condition, values)


class BulkSelect:
    """Reads plain columns (texts, numbers, bytes; ids as text) of the rows whose column has one of these keys."""

    def __init__(self, column: sa.Column[Any], columns: Sequence[sa.Column[Any]], *, lock: bool = False) -> None:
        self._wanted = _Among(column)
        table = column.table.name
        shown = ", ".join(_as_text(c) for c in columns)
        # One row of JSON, blobs in hexadecimal: Python's driver gives the interpreter away at every row it steps to.
        self._blobs = [place for place, c in enumerate(columns) if isinstance(c.type, sa.LargeBinary)]
        packed = ", ".join(
            f"hex({_quoted(c.name)})" if p in self._blobs else _quoted(c.name) for p, c in enumerate(columns)
        )
        self._sqlite = f"SELECT json_group_array(json_array({packed})) FROM {table} WHERE "
        self._postgresql = f"SELECT {shown} FROM {table} WHERE "
        # Locks are taken in one order by everybody, so that no two transactions wait for each other.
        self._locking = f" ORDER BY {_quoted(column.name)} FOR UPDATE" if lock else ""

    def execute(self, connection: sa.Connection, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """The rows, as tuples of the columns."""
        condition, values = self._wanted.of(connection, keys)
        if _is_sqlite(connection):
            return self._unpacked(_driver(connection).execute(self._sqlite + condition, values).fetchone()[0])
        return list(_driver(connection).execute(self._postgresql + condition + self._locking, values))

    def _unpacked(self, packed: str) -> list[tuple[Any, ...]]:
        rows = _from_json(packed)
        for row in rows:
            for place in self._blobs:
                row[place] = bytes.fromhex(row[place])
        return [tuple(row) for row in rows]


class _Among:
    """The condition that a column has one of some keys: one statement, however many there are."""

    def __init__(self, column: sa.Column[Any]) -> None:
        self._sqlite = f"{_quoted(column.name)} IN (SELECT value FROM json_each(?))"
        self._postgresql = f"{_quoted(column.name)} = ANY(%s::{_Column(column, column.name).type}[])"

    def of(self, connection: sa.Connection, keys: Sequence[str]) -> tuple[str, tuple[Any, ...]]:
        if _is_sqlite(connection):
            return self._sqlite, (_json(list(keys)).decode(),)
        return self._postgresql, (list(keys),)


def _as_text(column: sa.Column[Any]) -> str:
    is_id = _Column(column, column.name).type == "UUID"
    return f"{_quoted(column.name)}::text" if is_id else _quoted(column.name)
