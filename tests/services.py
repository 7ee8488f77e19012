"""Real services for the tests: a PostgreSQL cluster, migrated databases on both engines, an SMTP server.

One pytest session has one `SharedServices` directory, whatever the number of xdist workers. Whoever needs a thing first
makes it while holding the directory's lock; everybody else finds it made. The process that began the session ends it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from psycopg import sql

POSTGRESQL_START_TIMEOUT_S = 30.0
POSTGRESQL_STOP_TIMEOUT_S = 15.0
POSTGRESQL_START_ATTEMPTS = 5
TEMPLATE_DATABASE = "wayline_template"

# Tests may lose a database with the machine, so nothing waits for a disk. Killing Wayline itself still loses nothing
# that PostgreSQL has acknowledged: these settings matter only when the operating system goes down.
UNSAFE_BUT_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ServiceMissing(Exception):
    """A service that the tests need is not installed. It is an error of the test run, never a reason to skip."""


@dataclass(frozen=True)
class PostgresqlCluster:
    """A running cluster: where it listens on the loopback address, and the process that keeps it."""

    port: int
    keeper_pid: int

    def url(self, database: str) -> str:
        """The address of one database, written as an operator writes WAYLINE_DATABASE_URL."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True)
class SharedServices:
    """What all processes of one pytest session share, kept in one directory that only they know."""

    directory: Path

    @classmethod
    def begin(cls) -> SharedServices:
        """Make the directory of a new session. `end` must be called by the same process."""
        directory = Path(tempfile.mkdtemp(prefix="wayline-tests-"))
        directory.chmod(0o755)  # the postgres user walks through it to the cluster below
        (directory / "owner-pid").write_text(str(os.getpid()))
        return cls(directory=directory)

    def end(self) -> None:
        """Stop what runs, by the process id that was noted at its start, and remove the directory."""
        if (self.directory / "postgresql.json").exists():
            stop_postgresql(self.postgresql())
        shutil.rmtree(self.directory)

    def postgresql(self) -> PostgresqlCluster:
        """The session's cluster, started on the first call."""
        owner_pid = int((self.directory / "owner-pid").read_text())
        made = self._made_once("postgresql", lambda: vars(start_postgresql(self.directory / "pg", owner_pid=owner_pid)))
        return PostgresqlCluster(**made)

    def new_postgresql_database(self, *, migrated: bool) -> str:
        """Create a database of a random name, a copy of the migrated template or wholly empty; answers its address."""
        cluster = self.postgresql()
        template = self._postgresql_template(cluster) if migrated else "template0"
        name = f"wayline_{uuid.uuid4().hex}"
        administer(
            cluster, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return cluster.url(name)

    def drop_postgresql_database(self, database_url: str) -> None:
        """Drop a database, closing the connections that a test has left open."""
        name = sql.Identifier(database_url.rpartition("/")[2])
        administer(self.postgresql(), sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def new_sqlite_database(self, path: Path, *, migrated: bool) -> str:
        """Put a copy of the migrated file at `path`, or nothing at all; answers the address of the file."""
        if migrated:
            shutil.copyfile(self._sqlite_template(), path)
        return f"sqlite:///{path}"

    def _postgresql_template(self, cluster: PostgresqlCluster) -> str:
        def make() -> dict[str, Any]:
            name = sql.Identifier(TEMPLATE_DATABASE)
            # What a failed migration has left would hide its error from the next test behind "already exists".
            administer(cluster, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            administer(cluster, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
            migrate(cluster.url(TEMPLATE_DATABASE))
            # A template that somebody is connected to cannot be copied.
            administer(cluster, sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
            return {"name": TEMPLATE_DATABASE}

        return self._made_once("postgresql-template", make)["name"]

    def _sqlite_template(self) -> Path:
        path = self.directory / "template.db"

        def make() -> dict[str, Any]:
            path.unlink(missing_ok=True)
            migrate(f"sqlite:///{path}")
            connection = sqlite3.connect(path)
            # Only the main file is copied, so the write-ahead log beside it must have been emptied into it.
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.close()
            assert not busy, "the migration has left a connection to the SQLite template open"
            return {}

        self._made_once("sqlite-template", make)
        return path

    def _made_once(self, what: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        note = self.directory / f"{what}.json"
        with locked(self.directory / f"{what}.lock"):
            if not note.exists():
                note.write_text(json.dumps(make()))
        return json.loads(note.read_text())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock among processes for the length of the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def migrate(database_url: str) -> None:
    """Bring a database to the newest schema. Imported late, so that tests of the core need no store."""
    from wayline.store.migrate import migrate as migrate_store

    migrate_store(database_url)


def start_postgresql(directory: Path, *, owner_pid: int) -> PostgresqlCluster:
    """Create a cluster in `directory` and run it on a free port until `owner_pid` ends or it is stopped.

    Raises ServiceMissing when PostgreSQL is not installed.
    """
    programs = find_postgresql_programs()
    directory.mkdir()
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(directory, account.pw_uid, account.pw_gid)
    initdb = [str(programs / "initdb"), "--pgdata", str(directory / "data"), "--username=postgres", "--auth=trust"]
    subprocess.run(
        as_postgres([*initdb, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]),
        check=True,
        cwd=directory,
        stdout=subprocess.DEVNULL,
    )
    for _ in range(POSTGRESQL_START_ATTEMPTS):
        cluster = try_to_start_postgresql(programs, directory, owner_pid=owner_pid)
        if cluster is not None:
            return cluster
    raise RuntimeError(f"PostgreSQL did not start; its log says:\n{(directory / 'log').read_text()}")


def try_to_start_postgresql(programs: Path, directory: Path, *, owner_pid: int) -> PostgresqlCluster | None:
    """Start the cluster on a port that is free now; None when it did not come up, as when the port was just taken."""
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(directory),
        "max_connections": "200",
        **UNSAFE_BUT_QUICK,
    }
    server = [str(programs / "postgres"), "-D", str(directory / "data")]
    for name, value in settings.items():
        server += ["-c", f"{name}={value}"]
    with (directory / "log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(owner_pid), *as_postgres(server)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            start_new_session=True,
        )
    cluster = PostgresqlCluster(port=port, keeper_pid=keeper.pid)
    deadline = time.monotonic() + POSTGRESQL_START_TIMEOUT_S
    while time.monotonic() < deadline and keeper.poll() is None:
        try:
            psycopg.connect(cluster.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.02)  # the server says nothing when it is ready; asking is the only way
        else:
            return cluster
    keeper.terminate()
    keeper.wait()
    return None


def stop_postgresql(cluster: PostgresqlCluster) -> None:
    """Stop the cluster and wait until it has gone."""
    os.kill(cluster.keeper_pid, signal.SIGTERM)
    deadline = time.monotonic() + POSTGRESQL_STOP_TIMEOUT_S
    while is_alive(cluster.keeper_pid):
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL (kept by process {cluster.keeper_pid}) does not stop")
        time.sleep(0.02)


def keep_running(command: list[str], *, owner_pid: int) -> None:
    """Run `command` until it ends, or we are told to stop, or the owner has died without saying so.

    It is what stands between a killed test run and a PostgreSQL that nobody stops.
    """
    told_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_stop.set())
    child = subprocess.Popen(command)
    while child.poll() is None and is_alive(owner_pid) and not told_to_stop.is_set():
        told_to_stop.wait(0.2)
    if child.poll() is None:
        child.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: connections are closed, not awaited
        child.wait()


def find_postgresql_programs(
    *, debian_root: Path = Path("/usr/lib/postgresql"), search_path: str | None = None
) -> Path:
    """The folder of initdb and postgres: Debian's newest, else where the search path (None: PATH) has them.

    Raises ServiceMissing when there is none.
    """
    versions = sorted(debian_root.glob("*/bin/initdb"), key=lambda initdb: float(initdb.parts[-3]))
    if versions:
        return versions[-1].parent
    if found := shutil.which("initdb", path=search_path):
        return Path(found).resolve().parent
    raise ServiceMissing("PostgreSQL is not installed. `make test` as root installs it; or: apt-get install postgresql")


def as_postgres(command: list[str]) -> list[str]:
    """The command as the `postgres` user when we are root, unchanged otherwise."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]


def administer(cluster: PostgresqlCluster, statement: sql.Composed) -> None:
    """Run one statement in the cluster's maintenance database, outside a transaction."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def is_alive(pid: int) -> bool:
    """Whether a process exists and has not become a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@dataclass
class SmtpServer:
    """An SMTP server on the loopback address that keeps every message it is given."""

    messages: list[EmailMessage] = field(default_factory=list)
    port: int = 0
    _arrival: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """The address, written as an operator writes WAYLINE_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for_messages(self, count: int, *, timeout_s: float = 10.0) -> list[EmailMessage]:
        """The messages so far as soon as there are `count` of them; fails when they do not come in time."""
        with self._arrival:
            arrived = self._arrival.wait_for(lambda: len(self.messages) >= count, timeout_s)
            assert arrived, f"{len(self.messages)} of {count} messages came within {timeout_s} s"
            return list(self.messages)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        # Who it was really for: blind copies stand in no header.
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        with self._arrival:
            self.messages.append(message)
            self._arrival.notify_all()
        return "250 OK"


class ControllerOnFreePort(Controller):
    """aiosmtpd's controller needs its port beforehand; this one listens first and then says where."""

    def _create_server(self) -> Any:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=listener)


@contextmanager
def running_smtp_server() -> Iterator[SmtpServer]:
    """An SMTP server for the length of the block."""
    server = SmtpServer()
    controller = ControllerOnFreePort(server, hostname="127.0.0.1")
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


if __name__ == "__main__":
    keep_running(sys.argv[2:], owner_pid=int(sys.argv[1]))
