"""The one place that reads time.

A clock follows the database's, so that several processes on several machines agree; a test may move it by hand.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from wayline.store.database import Database


class Clock:
    """Aware UTC now, shifted by what the database's clock says, and by what a test says."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self._offset = timedelta(seconds=offset_s)
        self._skew = timedelta()

    def now(self) -> datetime:
        """The instant."""
        return datetime.now(UTC) + self._skew + self._offset

    def follow(self, database: Database) -> None:
        """Take over the database's clock; on SQLite it is this machine's own."""
        if database.is_sqlite:
            return
        with database.reader.connect() as connection:
            before = datetime.now(UTC)
            told = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
            after = datetime.now(UTC)
        self._skew = told - (before + (after - before) / 2)

    def advance(self, seconds: float) -> None:
        """Move time on, for tests alone."""
        self._offset += timedelta(seconds=seconds)


def monotonic_s() -> float:
    """Seconds on a clock that never goes back, for measuring how long something took."""
    return time.monotonic()
