"""A server that is killed while it tells others has lost nothing: neither what it told nor the record of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from served_process import ServedProcess

from other_system import HANG, OtherSystem, other_system
from served_desk import seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.database import Database
from wayline.store.tables import webhook_deliveries
from wayline.store.verification import Finding, Scope, Verified, verify

KEY = "a key for tests alone"
TICKETS = 40
KILLS = 3
DONE_TIMEOUT_S = 40.0
LEASES_PASSED_S = 120


@pytest.fixture
def receiver() -> Iterator[OtherSystem]:
    with other_system() as system:
        yield system


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServedProcess]:
    settings = {"WAYLINE_OUTBOUND_ALLOW": "127.0.0.0/8"}
    served = ServedProcess(database_url=database_url, directory=tmp_path, port=free_port(), settings=settings)
    yield served
    if served.process is not None and served.process.poll() is None:
        served.kill()


@pytest.fixture
def wayline(database_url: str, tmp_path: Path) -> Iterator[Wayline]:
    settings = Settings(database_url=database_url, secret_key=KEY, data_dir=tmp_path / "data")
    opened = Wayline(settings, workers=False)
    yield opened
    opened.database.close()


def test_every_event_arrives_and_the_timelines_verify(
    server: ServedProcess, wayline: Wayline, receiver: OtherSystem
) -> None:
    people = seed(wayline)
    server.start()
    wanted = {"url": f"{receiver.url}/hook", "events": ["wayline.ticket.created", "wayline.ticket.updated"]}
    assert server.call("POST", "/api/v1/webhooks", wanted, token=people["root"].token)[0] == 201
    opened: set[str] = set()
    for life in range(KILLS):
        told_before = len(receiver.received)
        receiver.answers += [HANG, *[b""] * 3]  # whom it tells now does not answer, and then hangs up on it
        for number in range(TICKETS // KILLS):
            opened.add(open_ticket(server, people["ana"].token, f"{life}-{number}"))
        receiver.wait_for(told_before + 1)
        server.kill()
        server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S * (life + 1))
        server.start()
    told = wait_for_subjects(receiver, {f"tickets/{ticket_id}" for ticket_id in opened})
    wait_until_nothing_is_pending(wayline.database, server)
    server.stop()
    # Whoever was told twice can tell by the id, and by nothing else.
    by_event: dict[str, set[str]] = {}
    for request in told:
        by_event.setdefault(request.json["id"], set()).add(request.headers["webhook-id"])
    assert len(by_event) == len(opened)
    assert all(len(ids) == 1 for ids in by_event.values())
    assert findings(wayline.database) == []


def open_ticket(server: ServedProcess, token: str, title: str) -> str:
    status, said = server.call("POST", "/api/v1/tickets", {"type": "task", "title": title}, token=token)
    assert status == 201
    return str(said["data"]["id"])


def wait_for_subjects(receiver: OtherSystem, subjects: set[str]) -> list[Any]:
    received = receiver.wait_for(len(subjects), timeout_s=DONE_TIMEOUT_S)
    while missing := subjects - {request.json["subject"] for request in received}:
        assert missing
        received = receiver.wait_for(len(received) + 1, timeout_s=DONE_TIMEOUT_S)
    return received


def wait_until_nothing_is_pending(database: Database, server: ServedProcess) -> None:
    """The last answers are written down after they came; nobody is told when, so the table is looked at."""
    pause = threading.Event()
    pending = sa.select(sa.func.count()).where(webhook_deliveries.c.status != "delivered")
    for _ in range(int(DONE_TIMEOUT_S / 0.1)):
        with database.reader.connect() as connection:
            if connection.execute(pending).scalar_one() == 0:
                return
        pause.wait(0.1)
    raise AssertionError(server.log())


def findings(database: Database) -> list[Finding]:
    with database.reader.connect() as connection:
        return list(verify(connection, key=KEY.encode(), scope=Scope(), verified=Verified()))
