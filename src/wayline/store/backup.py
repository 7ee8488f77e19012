"""Copies of a whole database, made while it is in use, and put back.

SQLite copies itself page by page, as of one instant. PostgreSQL has its own programs for that, `pg_dump` and
`pg_restore` (the archive's custom format), which must be installed beside Wayline and be as new as the server. What was
uploaded lies beside the database or in object storage, and is not in the copy; neither is the secret key.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from wayline.core.refusals import Refusal
from wayline.store.database import normalised_url
from wayline.store.migrate import newest_revision
from wayline.store.tables import metadata

PAGES_AT_A_TIME = 4096
BUSY_S = 5.0
SQLITE_MAGIC = b"SQLite format 3\x00"
ARCHIVE_MAGIC = b"PGDMP"


def back_up(database_url: str, file: Path) -> None:
    """Copy the database to a new file that only its owner reads; refuses a file that is there."""
    url = normalised_url(database_url)
    if file.exists():
        raise Refusal("conflict", f"{file} is there already.", code="file_exists")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if url.get_backend_name() == "sqlite":
            _copy_sqlite(_existing(url), unfinished)
        else:
            _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}")
        unfinished.rename(file)
    except OSError as error:
        raise Refusal("invalid", f"{file} cannot be written: {error.strerror}.", code="not_written") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(database_url: str, file: Path, *, replace: bool) -> None:
    """Put a copy back; refuses a database that has something in it, unless `replace`, and a file that is no copy of
    this kind of database or comes from a newer Wayline. Nobody else may use the database meanwhile."""
    url = normalised_url(database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if not file.is_file():
        raise Refusal("not_found", f"There is no file {file}.")
    _require_kind(file, is_sqlite)
    if _tables(url) and not replace:
        raise Refusal("conflict", "The database is not empty; --replace puts the copy in its place.", code="not_empty")
    if is_sqlite:
        _require_ours(file)
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(file, Path(str(url.database)))
    else:
        options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        archived = _tables_in(file, url)
        here = _tables(url)
        _run("pg_restore", url, *options, f"--dbname={_address(url)}", str(file))
        _drop(url, here & set(metadata.tables) - archived)


def _existing(url: URL) -> Path:
    path = Path(str(url.database))
    if not path.is_file():
        raise Refusal("not_found", f"There is no database {path}.")
    return path


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(_read_only(source), uri=True, timeout=BUSY_S)) as read,
            closing(sqlite3.connect(target, timeout=BUSY_S)) as written,
        ):
            read.backup(written, pages=PAGES_AT_A_TIME)
    except sqlite3.OperationalError as error:
        raise Refusal("locked", f"{target}: {error}. Is a server running on it?", code="in_use") from error


def _read_only(file: Path) -> str:
    return f"{file.resolve().as_uri()}?mode=ro"


def _require_kind(file: Path, is_sqlite: bool) -> None:
    with file.open("rb") as opened:
        beginning = opened.read(len(SQLITE_MAGIC))
    wanted = SQLITE_MAGIC if is_sqlite else ARCHIVE_MAGIC
    if not beginning.startswith(wanted):
        kind = "an SQLite database" if is_sqlite else "a PostgreSQL archive"
        raise Refusal("invalid", f"{file} is not a copy of {kind}.", code="not_a_copy")


def _require_ours(file: Path) -> None:
    try:
        with closing(sqlite3.connect(_read_only(file), uri=True)) as read:
            whole = read.execute("PRAGMA quick_check(1)").fetchone()[0]
            (revision,) = read.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.DatabaseError, TypeError) as error:
        raise Refusal("invalid", f"{file} is not a copy of a Wayline database.", code="not_a_copy") from error
    if whole != "ok":
        raise Refusal("invalid", f"{file} is damaged: {whole}", code="damaged")
    if str(revision) > newest_revision():
        raise Refusal("invalid", f"{file} comes from a newer Wayline.", code="newer")


def _tables(url: URL) -> set[str]:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return set()
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return set(sa.inspect(connection).get_table_names())
    finally:
        engine.dispose()


def _tables_in(archive: Path, url: URL) -> set[str]:
    # A line of the contents: `215; 1259 16390 TABLE public tickets wayline`.
    listed = (line.split() for line in _run("pg_restore", url, "--list", str(archive)).splitlines())
    return {words[5] for words in listed if words[3:4] == ["TABLE"] and len(words) > 5}


def _drop(url: URL, left_over: set[str]) -> None:
    """Remove tables that a newer Wayline has made since the copy: bringing it up to date makes them anew."""
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            for name in sorted(left_over):
                connection.execute(sa.schema.DropTable(metadata.tables[name], if_exists=True))
    finally:
        engine.dispose()


def _run(program: str, url: URL, *options: str) -> str:
    path = shutil.which(program)
    if path is None:
        said = f"{program} is not installed; it comes with PostgreSQL's client programs (Debian: postgresql-client)."
        raise Refusal("invalid", said, code="program_missing")
    target = () if program == "pg_restore" else (f"--dbname={_address(url)}",)
    # The password goes by the environment: what stands on a command line, every process on the machine can read.
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run([path, *options, *target], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"status {done.returncode}"
        raise Refusal("invalid", f"{program} failed: {said}", code="program_failed")
    return done.stdout


def _address(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
