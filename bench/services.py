"""The servers a workload needs, each on a free port of 127.0.0.1: PostgreSQL and Temporal's development server."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.processes import ServiceFailed, free_port, port_answers, run_once, running

INITDB_LIMIT_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A PostgreSQL cluster with its default settings: fsync and synchronous_commit are on."""

    port: int

    def url(self, database: str, *, scheme: str = "postgresql") -> str:
        return f"{scheme}://bench@127.0.0.1:{self.port}/{database}"

    def fresh_database(self, name: str) -> None:
        """Drops and creates the database `name`, then checkpoints so that no round pays for the one before it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
            connection.execute("CHECKPOINT")

    def settings(self) -> dict[str, str]:
        """The settings that decide durability and speed, as the server itself reports them."""
        names = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_connections")
        with psycopg.connect(self.url("postgres")) as connection:
            rows = connection.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(names)])
            return {str(name): str(value) for name, value in rows.fetchall()}


@contextlib.contextmanager
def postgresql() -> Iterator[Cluster]:
    """A new cluster in a directory of its own, gone with the block. Raises ServiceFailed when it cannot be had."""
    as_user = _unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="bench-postgresql-", ignore_cleanup_errors=True) as place:
        home = Path(place)
        if as_user is not None:
            shutil.chown(home, as_user)
        data = home / "data"
        initdb: list[str | Path] = [
            _binary("initdb"),
            "-D",
            data,
            "-U",
            "bench",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]
        run_once(initdb, limit_s=INITDB_LIMIT_S, as_user=as_user)
        port = free_port()
        server: list[str | Path] = [_binary("postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", home]
        cluster = Cluster(port=port)
        with running(
            server,
            log=home / "postgresql.log",
            ready=lambda: _accepts_queries(cluster),
            stop_with=signal.SIGINT,  # "fast" shutdown; SIGTERM would wait for clients to leave
            as_user=as_user,
        ):
            yield cluster


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL runs as, since it refuses root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise ServiceFailed("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _binary(name: str) -> Path:
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    on_path = shutil.which(name)
    if newest_first:
        return newest_first[0]
    if on_path:
        return Path(on_path)
    raise ServiceFailed(f"{name} not found: install the package postgresql")


def _accepts_queries(cluster: Cluster) -> bool:
    try:
        psycopg.connect(cluster.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def temporal_server(database: Path, *, pragmas: Sequence[str]) -> Iterator[str]:
    """Temporal's development server on the file `database`, with SQLite `pragmas` ("name=value"); gives host:port."""
    port = free_port()
    command: list[str | Path] = [
        beside_python("temporal"),
        *("server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)),
        *("--db-filename", str(database), "--log-level", "error"),
        *(argument for pragma in pragmas for argument in ("--sqlite-pragma", pragma)),
    ]
    with running(command, log=database.with_suffix(".log"), ready=lambda: port_answers(port)):
        yield f"127.0.0.1:{port}"


def beside_python(name: str) -> Path:
    """The console script `name` of the environment this Python runs in, else of PATH. Raises ServiceFailed."""
    own = Path(sys.executable).parent / name
    if own.exists():
        return own
    if (found := shutil.which(name)) is not None:
        return Path(found)
    raise ServiceFailed(f"{name} is not installed beside {Path(sys.executable).name}: install the extra `bench`")
