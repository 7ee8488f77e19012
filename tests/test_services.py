"""The services the tests run on are real, fresh for every test, and gone afterwards."""

from __future__ import annotations

import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

import services
from services import PostgresqlCluster, SharedServices, SmtpServer

WAIT_S = 15.0


def table_names(database_url: str) -> list[str]:
    engine = create_engine(database_url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return names


@pytest.mark.parametrize("visit", [1, 2])
def test_every_test_gets_a_migrated_database_of_its_own(database_url: str, visit: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (visit integer)"))
    engine.dispose()
    assert len(table_names(database_url)) > 1


def test_a_bare_database_holds_nothing(bare_database_url: str) -> None:
    assert table_names(bare_database_url) == []


def test_a_test_may_ask_for_both_engines(sqlite_url: str, postgresql_url: str) -> None:
    assert create_engine(sqlite_url).dialect.name == "sqlite"
    assert create_engine(postgresql_url).dialect.name == "postgresql"


def test_what_is_mailed_can_be_read(smtp_server: SmtpServer) -> None:
    message = EmailMessage()
    message["Subject"] = "Laptop for a new starter"
    message["From"], message["To"], message["Bcc"] = "desk@example.org", "ana@example.org", "bo@example.org"
    message.set_content("It is ready.")
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        client.send_message(message)

    (received,) = smtp_server.wait_for_messages(1)
    assert received["Subject"] == "Laptop for a new starter"
    assert received["X-Envelope-To"] == "ana@example.org, bo@example.org"
    assert received.get_content().strip() == "It is ready."


def test_the_cluster_stops_when_it_is_told_to() -> None:
    session = SharedServices.begin()
    cluster = session.postgresql()
    session.end()
    assert not services.is_alive(cluster.keeper_pid)
    assert not session.directory.exists()


def test_the_cluster_does_not_outlive_a_killed_test_run(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    session = SharedServices.begin()
    cluster = services.start_postgresql(session.directory / "pg", owner_pid=owner.pid)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    eventually(lambda: not services.is_alive(cluster.keeper_pid))
    session.end()


def test_a_missing_postgresql_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(services.ServiceMissing, match="apt-get install postgresql"):
        services.find_postgresql_programs(debian_root=tmp_path, search_path=str(tmp_path))


def test_one_cluster_serves_the_whole_session(
    shared_services: SharedServices, postgresql_cluster: PostgresqlCluster
) -> None:
    assert shared_services.postgresql() == postgresql_cluster


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WAIT_S} s"
        time.sleep(0.05)
