"""A server that is killed while a run is paused has lost nothing of it: resuming goes on from the database alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from served_process import ServedProcess

from other_system import HANG, OtherSystem, answer, other_system
from served_desk import seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.jobs import FAR
from wayline.store.tables import jobs, timers
from workflows import publish

KEY = "a key for tests alone"
DONE_TIMEOUT_S = 40.0
LEASES_PASSED_S = 120


@pytest.fixture
def inventory() -> Iterator[OtherSystem]:
    with other_system() as system:
        yield system


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServedProcess]:
    settings = {"WAYLINE_OUTBOUND_ALLOW": "127.0.0.0/8"}
    served = ServedProcess(database_url=database_url, directory=tmp_path, port=free_port(), settings=settings)
    yield served
    if served.process is not None and served.process.poll() is None:
        served.kill()


class Desk:
    """The desk the server finds in its database, and Ana's run on it."""

    def __init__(self, database_url: str, directory: Path, server: ServedProcess) -> None:
        settings = Settings(database_url=database_url, secret_key=KEY, data_dir=directory / "data")
        self.wayline = Wayline(settings, workers=False)
        self.people = seed(self.wayline)
        self.tenant_id: str = self.people["tenant_id"]
        self.server = server
        self.run_id = ""

    def begin(self, *steps: dict[str, Any]) -> None:
        template_id = publish(self, list(steps))
        status, run = self.ask("POST", "", {"template_id": template_id, "input": {}})
        assert status == 201, run
        self.run_id = run["id"]

    def ask(self, method: str, what: str, body: Any = None) -> tuple[int, Any]:
        address = f"/api/v1/workflows/{self.run_id}{what}" if self.run_id else "/api/v1/workflows"
        return self.server.call(method, address, body, token=self.people["ana"].token)

    def wait_until_at(self, step_id: str) -> dict[str, Any]:
        """The run, once it is at a step: the server drives by itself, so it is looked at until it is."""
        pause, run = threading.Event(), {}
        for _ in range(int(DONE_TIMEOUT_S / 0.1)):
            run = self.ask("GET", "")[1]
            if run["current_steps"] == [step_id]:
                return run
            pause.wait(0.1)
        raise AssertionError(f"{run}\n{self.server.log()}")

    def rows(self, table: sa.Table) -> list[Any]:
        with self.wayline.database.reader.connect() as connection:
            return list(connection.execute(sa.select(table)))


@pytest.fixture
def desk(database_url: str, tmp_path: Path, server: ServedProcess) -> Iterator[Desk]:
    opened = Desk(database_url, tmp_path, server)
    yield opened
    opened.wayline.database.close()


def order(inventory: OtherSystem) -> dict[str, Any]:
    action = {"type": "http_request", "url": f"{inventory.url}/orders", "json": {"run": "{{ run.id }}"}}
    return {"id": "order", "type": "automatic", "action": action, "next": "ask"}


FORM = {"id": "ask", "type": "form", "assignee": {"user": "ana@acme.example"}, "fields": [{"name": "why"}]}


def test_a_job_whose_worker_was_killed_in_a_pause_is_done_after_it_under_its_key(
    desk: Desk, inventory: OtherSystem, server: ServedProcess
) -> None:
    inventory.answers += [HANG, answer(200, {"order": 7})]
    server.start()
    desk.begin(order(inventory), FORM)
    inventory.wait_for(1)
    assert desk.ask("POST", "/pause")[0] == 200
    server.kill()
    server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S)
    server.start()

    assert desk.ask("GET", "")[1]["status"] == "paused"
    (job,) = desk.rows(jobs)
    assert (job.due_at, len(inventory.received)) == (FAR, 1)
    assert desk.ask("POST", "/resume")[0] == 200
    run = desk.wait_until_at("ask")
    assert len(inventory.received) == 2
    assert {request.headers["idempotency-key"] for request in inventory.received} == {job.id}
    assert [step["output"]["body"] for step in run["steps"] if step["step_id"] == "order"] == [{"order": 7}]
    server.stop()


def test_a_clock_that_stood_still_through_two_lives_goes_on_with_what_was_left(
    desk: Desk, server: ServedProcess
) -> None:
    server.start()
    desk.begin({"id": "rest", "type": "wait", "for": {"hours": 50 / 3600}, "next": "ask"}, FORM)
    assert desk.ask("POST", "/pause")[0] == 200
    server.kill()
    server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S)
    server.start()
    assert desk.rows(timers) == []
    assert desk.ask("POST", "/resume")[0] == 200
    assert desk.ask("GET", "")[1]["current_steps"] == ["rest"]

    server.kill()
    server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(2 * LEASES_PASSED_S)
    server.start()
    desk.wait_until_at("ask")
    assert desk.rows(timers) == []
    server.stop()
