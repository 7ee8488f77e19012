"""`wayline backup` copies a database in use; `wayline restore` puts it back, and says whether it is whole."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from served_desk import served_desk
from wayline.cli.main import COMMANDS, application
from wayline.store.database import Database
from wayline.store.tables import metadata, tickets, webhooks

KEY = "a key for tests alone"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def full(request: pytest.FixtureRequest, engine: str) -> str:
    """The address of a database with our schema."""
    return str(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
def empty(request: pytest.FixtureRequest, engine: str) -> str:
    """The address of another database of the same kind, with nothing in it."""
    return str(request.getfixturevalue(f"bare_{engine}_url"))


def wayline(database_url: str, *words: Any, **environment: str) -> Result:
    settings = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_SECRET_KEY": KEY, **environment}
    return CliRunner().invoke(application(*COMMANDS), [str(word) for word in words], env=settings)


def titles(database_url: str) -> list[str]:
    database = Database(database_url)
    try:
        with database.reader.connect() as connection:
            return sorted(connection.execute(sa.select(tickets.c.title)).scalars())
    finally:
        database.close()


def backed_up(database_url: str, directory: Path) -> Path:
    """A copy of a desk with the ticket “Before”, made while it is served; “After” is opened then."""
    file = directory / "copy"
    with served_desk(database_url, directory) as desk:
        ana = desk.client(desk.ana)
        assert ana.post("/api/v1/tickets", json={"type": "task", "title": "Before"}).is_success
        told = wayline(database_url, "backup", file)
        assert told.exit_code == 0, told.output
        assert told.stdout.startswith(f"{file}: ")
        assert ana.post("/api/v1/tickets", json={"type": "task", "title": "After"}).is_success
    assert titles(database_url) == ["After", "Before"]
    return file


def test_a_copy_is_put_into_an_empty_database_and_verifies(full: str, empty: str, tmp_path: Path) -> None:
    file = backed_up(full, tmp_path)
    told = wayline(empty, "restore", file)
    assert told.exit_code == 0, told.output
    assert "Everything is as it was written: 1 runs and tickets" in told.stdout
    assert titles(empty) == ["Before"]
    with served_desk(empty, tmp_path).http as http:
        assert http.get("/readyz").status_code == 200


def test_a_database_with_something_in_it_is_replaced_only_when_told(full: str, tmp_path: Path) -> None:
    file = backed_up(full, tmp_path)
    told = wayline(full, "restore", file)
    assert told.exit_code == 1
    assert "--replace" in told.stderr
    assert titles(full) == ["After", "Before"]
    assert wayline(full, "restore", file, "--replace").exit_code == 0
    assert titles(full) == ["Before"]


def test_tables_that_came_after_the_copy_are_not_left_behind(full: str, tmp_path: Path) -> None:
    """As if webhooks had come with a later version: bringing the copy up to date would find their table there."""
    database = Database(full)
    with database.writer.begin() as connection:
        webhooks.drop(connection)
    file = tmp_path / "copy"
    assert wayline(full, "backup", file).exit_code == 0
    with database.writer.begin() as connection:
        webhooks.create(connection)
    database.close()
    told = wayline(full, "restore", file, "--replace")
    assert told.exit_code == 0, told.output
    database = Database(full)
    with database.reader.connect() as connection:
        left = set(sa.inspect(connection).get_table_names())
    database.close()
    assert set(metadata.tables) - left == {"webhooks"}


def test_a_copy_that_was_tampered_with_is_named(sqlite_url: str, tmp_path: Path) -> None:
    file = backed_up(sqlite_url, tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE timeline SET actor_id = NULL")
        connection.commit()
    told = wayline(sqlite_url, "restore", file, "--replace")
    assert told.exit_code == 1
    assert "changed         ticket" in told.stdout


def test_a_copy_is_for_its_owner_alone_and_replaces_no_file(full: str, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    assert wayline(full, "backup", file).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    told = wayline(full, "backup", file)
    assert told.exit_code == 1
    assert "is there already" in told.stderr
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


def test_what_is_no_copy_is_refused_and_nothing_is_lost(full: str, tmp_path: Path) -> None:
    with served_desk(full, tmp_path) as desk:
        assert desk.client(desk.ana).post("/api/v1/tickets", json={"type": "task", "title": "Kept"}).is_success
    nothing, text = tmp_path / "none", tmp_path / "text"
    text.write_text("hello")
    for file, said in ((nothing, "There is no file"), (text, "is not a copy of")):
        told = wayline(full, "restore", file, "--replace")
        assert told.exit_code == 1
        assert said in told.stderr
    assert titles(full) == ["Kept"]


def test_a_database_of_another_program_is_no_copy(sqlite_url: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
        connection.commit()
    told = wayline(sqlite_url, "restore", other, "--replace")
    assert (told.exit_code, "is not a copy of a Wayline database" in told.stderr) == (1, True)


def test_a_copy_from_a_newer_version_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "copy"
    assert wayline(sqlite_url, "backup", file).exit_code == 0
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    told = wayline(sqlite_url, "restore", file, "--replace")
    assert (told.exit_code, "comes from a newer Wayline" in told.stderr) == (1, True)


def test_without_postgresqls_programs_it_is_said_what_is_missing(postgresql_url: str, tmp_path: Path) -> None:
    told = wayline(postgresql_url, "backup", tmp_path / "copy", PATH=str(tmp_path))
    assert told.exit_code == 1
    assert "pg_dump is not installed" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_not_there_is_not_copied(tmp_path: Path) -> None:
    told = wayline(f"sqlite:///{tmp_path}/none.db", "backup", tmp_path / "copy")
    assert told.exit_code == 1
    assert list(tmp_path.iterdir()) == []
