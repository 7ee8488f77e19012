"""Opening a database: SQLite or PostgreSQL, told apart by the address alone.

SQLite runs in WAL mode with `synchronous=FULL`, so a commit is on disk before anybody is answered; readers have
connections of their own that cannot write. PostgreSQL runs with its own defaults, which promise the same.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, LiteralString

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

READ_CONNECTIONS = 8
POINT_CONNECTIONS = 4
BUSY_TIMEOUT_MS = 30_000
STATEMENT_TIMEOUT_MS = 30_000


def new_id() -> str:
    """A new row's id: UUID version 7 (RFC 9562), so that neighbours in time are neighbours in the index."""
    text = f"{time.time_ns() // 1_000_000:012x}7{os.urandom(10).hex()}"
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{variant}{text[17:20]}-{text[20:32]}"


def _json_default(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def normalised_url(database_url: str) -> URL:
    """The address with our drivers named; `postgres://` and `postgresql://` are the same."""
    url = make_url(database_url.replace("postgres://", "postgresql://", 1))
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise ValueError(f"WAYLINE_DATABASE_URL: {url.get_backend_name()} is not supported; use sqlite or postgresql")


class _PointReads:
    """A few PostgreSQL connections for single-row reads from any thread, each statement its own transaction."""

    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._idle: queue.LifoQueue[psycopg.Connection[Any]] = queue.LifoQueue()
        self._open = threading.BoundedSemaphore(POINT_CONNECTIONS)

    def read(self, statement: LiteralString, parameters: tuple[Any, ...]) -> Any:
        """The first column of the first row; None for no row. A lost connection is replaced once."""
        with self._open:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return self._read(self._connect(), statement, parameters)
            try:
                return self._read(connection, statement, parameters)
            except psycopg.OperationalError:
                return self._read(self._connect(), statement, parameters)

    def _read(self, connection: psycopg.Connection[Any], statement: LiteralString, parameters: tuple[Any, ...]) -> Any:
        try:
            row = connection.execute(statement, parameters).fetchone()
        except psycopg.OperationalError:
            connection.close()
            raise
        self._idle.put(connection)
        return None if row is None else row[0]

    def _connect(self) -> psycopg.Connection[Any]:
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
        return psycopg.connect(self._address, autocommit=True, options=options)

    def close(self) -> None:
        """Let go of the idle ones."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


class Database:
    """One open database: `writer` for the door's transactions, `reader` for everybody's reads."""

    def __init__(self, database_url: str) -> None:
        self.url = normalised_url(database_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.writer = self._sqlite(read_only=False) if self.is_sqlite else self._postgresql(2, check=False)
        self._point: sqlite3.Connection | None = None
        self._points = _PointReads(self.url)
        self.reader = self._sqlite(read_only=True) if self.is_sqlite else self._postgresql(READ_CONNECTIONS, check=True)

    def state_of_run(self, run_id: str, tenant_id: str) -> bytes | None:
        """A run's stored state, by a connection kept for that: read so often that a pool's checks, a transaction and a
        statement compiler would cost several times the read. On SQLite for one thread at a time."""
        if not self.is_sqlite:
            return self._points.read("SELECT state FROM runs WHERE id = %s AND tenant_id = %s", (run_id, tenant_id))
        if self._point is None:
            self._point = sqlite3.connect(f"file:{self.url.database}?mode=ro", uri=True, check_same_thread=False)
            self._point.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        row = self._point.execute("SELECT state FROM runs WHERE id = ? AND tenant_id = ?", (run_id, tenant_id))
        found = row.fetchone()
        return None if found is None else found[0]

    def close(self) -> None:
        """Let go of every connection."""
        if self._point is not None:
            self._point.close()
        self._points.close()
        self.writer.dispose()
        self.reader.dispose()

    def _sqlite(self, *, read_only: bool) -> sa.Engine:
        path = self.url.database
        if not path or path == ":memory:":
            raise ValueError("WAYLINE_DATABASE_URL: an SQLite database needs a file")
        if not read_only:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            self.url,
            poolclass=sa.QueuePool,
            pool_size=READ_CONNECTIONS if read_only else 2,
            max_overflow=0,
            json_serializer=_json_default,
            json_deserializer=msgspec.json.decode,
            connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000, "cached_statements": 512},
        )

        @sa.event.listens_for(engine, "connect")
        def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                f"busy_timeout={BUSY_TIMEOUT_MS}",
                "cache_size=-65536",
                "temp_store=MEMORY",
                *(["query_only=ON"] if read_only else []),
            ):
                connection.execute(f"PRAGMA {pragma}")

        @sa.event.listens_for(engine, "begin")
        def _on_begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

        return engine

    def _postgresql(self, size: int, *, check: bool) -> sa.Engine:
        engine = sa.create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            # The writer finds a lost connection out by its batch, and decides that again on another.
            pool_pre_ping=check,
            json_serializer=_json_default,
            json_deserializer=msgspec.json.decode,
            connect_args={"options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"},
        )
        # One INSERT with many rows a round trip, instead of a statement a row.
        engine.dialect.use_insertmanyvalues_wo_returning = True
        return engine


# https://www.sqlite.org/rescode.html: busy, locked, read-only, input/output, full, cannot open.
_SQLITE_OUTAGES = frozenset({5, 6, 8, 10, 13, 14})


def is_outage(error: object) -> bool:
    """Whether the database could not do it at this moment, whatever was asked: not reached, busy, out of space."""
    if isinstance(error, sa.exc.TimeoutError):
        return True  # no connection was free
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_OUTAGES
    return error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
