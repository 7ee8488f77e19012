"""A server that is killed between people's answers and the remote loses none of them, and records each once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from served_process import ServedProcess

from other_system import HANG, OtherSystem, answer, other_system
from remotes_at_a_desk import REFUND, request
from served_desk import seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.tables import activations, incidents, jobs, tickets, users
from wayline.store.verification import Scope, Verified, verify

KEY = "a key for tests alone"
KILLS = 3
ASKED_A_LIFE = 6
DONE_TIMEOUT_S = 40.0
LEASES_PASSED_S = 120


@pytest.fixture
def remote() -> Iterator[OtherSystem]:
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


def test_every_answer_arrives_under_its_id_and_is_recorded_once(
    server: ServedProcess, wayline: Wayline, remote: OtherSystem
) -> None:
    people = seed(wayline)
    server.start()
    token = a_token(server, people["root"].token, f"{remote.url}/epilog")
    for life in range(KILLS):
        remote.answers += [HANG, *[answer(503)] * 2]  # whom it tells now does not answer, and then has no time
        before = len(remote.received)
        for number in range(ASKED_A_LIFE):
            ask_and_answer(server, token, people["bo"].token, f"{life}-{number}")
        remote.wait_for(before + 1)  # at the latest this one is not settled when the server is killed
        server.kill()
        server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S * (life + 1))
        server.start()
    wait_until_nothing_is_pending(wayline, server)
    server.stop()
    ids: dict[str, set[str]] = {}
    bodies: dict[str, set[bytes]] = {}
    for sent in remote.received:
        ids.setdefault(sent.json["uid"], set()).add(sent.headers["webhook-id"])
        bodies.setdefault(sent.json["uid"], set()).add(sent.body)
    assert len(ids) == KILLS * ASKED_A_LIFE
    assert {len(found) for found in (*ids.values(), *bodies.values())} == {1}
    assert Counter(row.outcome for row in rows(wayline, activations) if row.type == "epilog") == {"taken": len(ids)}
    assert rows(wayline, incidents) == []
    with wayline.database.reader.connect() as connection:
        assert list(verify(connection, key=KEY.encode(), scope=Scope(), verified=Verified())) == []
    assert len(rows(wayline, tickets)) == len(ids)
    assert len([row for row in rows(wayline, users) if row.email == "eve@shop.example"]) == 1


def a_token(server: ServedProcess, root: str, url: str) -> str:
    """The token of a remote that answers are sent to."""
    made = {**REFUND, "remote_enabled": True, "remote_epilog_url": url}
    base = "/api/v1/workflow/interventions"
    assert server.call("POST", f"{base}/create", made, token=root)[0] == 200
    body = {"intervention_id": 1, "remote_name": "Shop"}
    return str(server.call("POST", f"{base}/generate-token", body, token=root)[1]["token"])


def ask_and_answer(server: ServedProcess, token: str, agent: str, uid: str) -> None:
    status, said = server.call("POST", "/api/create_ticket", request(uid), token=token, key=f"key {uid}")
    assert status == 201, said
    ticket = server.call("GET", f"/api/v1/tickets/{said['data']['ticket_id']}", token=agent)[1]["data"]
    (found,) = ticket["interventions"]
    answered = {"form_data": {"approve": True}}
    assert server.call("POST", f"/api/v1/inbox/{found['item_id']}/complete", answered, token=agent)[0] == 200


def wait_until_nothing_is_pending(wayline: Wayline, server: ServedProcess) -> None:
    """Nobody is told when the last answer has been written down, so the table is looked at."""
    pause = threading.Event()
    for _ in range(int(DONE_TIMEOUT_S / 0.1)):
        if not rows(wayline, jobs):
            return
        pause.wait(0.1)
    raise AssertionError(server.log())


def rows(wayline: Wayline, table: sa.Table) -> list[Any]:
    with wayline.database.reader.connect() as connection:
        return list(connection.execute(sa.select(table)))
