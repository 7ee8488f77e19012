"""Work that only one process may do to a database at a time.

Whoever dies lets go: the lock belongs to a connection (PostgreSQL) or to an open file (SQLite), not to a row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import sqlalchemy as sa

from wayline.store.database import Database


@contextmanager
def exclusively(database: Database, work: str) -> Iterator[bool]:
    """Hold the lock on `work` (a word) in this database for the block; False when somebody else holds it.

    On SQLite the lock is that of a second, empty file beside the database, which is left there.
    """
    held = _sqlite(database, work) if database.is_sqlite else _postgresql(database, work)
    with held as got:
        yield got


@contextmanager
def _sqlite(database: Database, work: str) -> Iterator[bool]:
    connection = sqlite3.connect(f"{database.url.database}-{work}", timeout=0, isolation_level=None)
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as busy:
            if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            yield False
            return
        yield True
    finally:
        connection.close()


@contextmanager
def _postgresql(database: Database, work: str) -> Iterator[bool]:
    key = int.from_bytes(blake2b(f"wayline:{work}".encode(), digest_size=8).digest(), signed=True)
    # Without a transaction: one that stays open for hours would keep vacuum from its work.
    with database.reader.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
        try:
            yield got
        finally:
            if got:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": key})
