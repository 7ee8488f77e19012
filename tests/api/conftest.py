"""Fixtures of the API's tests: a served desk, on either database. Who is there: see `served_desk.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from served_desk import Desk, served_desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on a fresh database, once on each engine. No worker runs: what is to come stays in its tables."""
    with served_desk(database_url, tmp_path) as served:
        yield served


@pytest.fixture
def sqlite_desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite alone, for what no database changes."""
    with served_desk(sqlite_url, tmp_path) as served:
        yield served
