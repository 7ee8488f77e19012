"""What was acknowledged is there after a SIGKILL, once; what was begun goes on. The real server, on either database,
with a ledger outside of it."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from served_process import NotAnswered, ServedProcess

from other_system import OtherSystem, other_system
from served_desk import Person, seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.database import Database
from wayline.store.tables import activations, incidents, jobs, outbox, runs, tickets, timers
from workflows import publish

KILLS = 3
CLIENTS = 4
ACKNOWLEDGED_BETWEEN_KILLS = (15, 60)
DONE_TIMEOUT_S = 40.0
# More than any lease: what the last killed process had taken is free again.
LEASES_PASSED_S = 120


@dataclass
class Ledger:
    """What clients were told is done, kept outside of the server."""

    instances: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, tuple[str, str]] = field(default_factory=dict)
    completed: set[tuple[str, str]] = field(default_factory=set)
    _grown: threading.Condition = field(default_factory=threading.Condition)

    def note(self, book: dict[str, Any], key: str, value: Any) -> None:
        with self._grown:
            assert book.get(key, value) == value, f"{key} was answered twice, differently"
            book[key] = value
            self._grown.notify_all()

    def note_completed(self, instance: str, step: str) -> None:
        with self._grown:
            self.completed.add((instance, step))
            self._grown.notify_all()

    @property
    def entries(self) -> int:
        return len(self.instances) + len(self.tickets) + len(self.completed)

    def wait_for(self, entries: int) -> None:
        with self._grown:
            assert self._grown.wait_for(lambda: self.entries >= entries, DONE_TIMEOUT_S), self.entries


@dataclass
class Client:
    """Opens tickets, starts instances and does their steps. What is not answered is asked again, under the same key."""

    server: ServedProcess
    ledger: Ledger
    template_id: str
    ana: Person
    bo: Person
    stopping: threading.Event

    def run(self) -> None:
        while not self.stopping.is_set():
            ticket, instance = str(uuid.uuid4()), str(uuid.uuid4())
            opened = self.ask("/api/v1/tickets", {"type": "task", "title": ticket}, key=ticket, expect=(201,))
            self.ledger.note(self.ledger.tickets, ticket, (opened["data"]["id"], opened["data"]["number"]))
            wanted = {"template_id": self.template_id, "ticket_id": opened["data"]["id"]}
            started = self.ask("/api/v1/workflows/instantiate", wanted, key=instance, expect=(201,))
            self.ledger.note(self.ledger.instances, instance, started["data"]["id"])
            address = f"/api/v1/workflows/instances/{started['data']['id']}/steps"
            self.ask(f"{address}/details/complete", {"form_data": {"model": "15"}})
            self.ledger.note_completed(started["data"]["id"], "details")
            self.ask(f"{address}/approve/complete", {"decision": "approve"}, by=self.bo)
            self.ledger.note_completed(started["data"]["id"], "approve")

    def ask(
        self,
        path: str,
        body: Any,
        *,
        key: str | None = None,
        by: Person | None = None,
        expect: tuple[int, ...] = (200, 409),
    ) -> Any:
        """Ask until there is an answer. 409 to a step means that the call whose answer was lost has done it."""
        while True:
            try:
                status, said = self.server.call("POST", path, body, token=(by or self.ana).token, key=key)
            except NotAnswered:
                threading.Event().wait(0.05)  # the server is being begun again
                continue
            assert status in expect, (path, status, said)
            assert status != 409 or said["error"]["details"]["completed_by"] == (by or self.ana).id, said
            return said


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


@dataclass
class Seeded:
    """The desk the server finds in its database."""

    wayline: Wayline
    tenant_id: str
    people: dict[str, Person]


@pytest.fixture
def seeded(database_url: str, tmp_path: Path) -> Iterator[Seeded]:
    settings = Settings(database_url=database_url, secret_key="a key for tests alone", data_dir=tmp_path / "data")
    wayline = Wayline(settings, workers=False)
    people = seed(wayline)
    yield Seeded(wayline=wayline, tenant_id=people["tenant_id"], people=people)
    wayline.database.close()


def request_template(inventory: OtherSystem) -> list[dict[str, Any]]:
    """A form, an approval, a call to another system, a ticket to be opened, and a wait of half a second."""
    follow_up = {"type": "create_ticket", "title": "after {{ run.id }}", "ticket_type": "task"}
    model = {"name": "model", "type": "text", "required": True}
    return [
        {
            "id": "details",
            "type": "form",
            "assignee": {"user": "ana@acme.example"},
            "fields": [model],
            "timeout_hours": 8,
            "next": "approve",
        },
        {
            "id": "approve",
            "type": "approval",
            "approvers": [{"user": "bo@acme.example"}],
            "next": {"approved": "order"},
        },
        {**order_step(inventory), "next": "after"},
        {"id": "after", "type": "automatic", "action": follow_up, "next": "rest"},
        {"id": "rest", "type": "wait", "for": {"hours": 0.5 / 3600}},
    ]


def order_step(inventory: OtherSystem) -> dict[str, Any]:
    """A call to the other system that names the run."""
    action = {"type": "http_request", "url": f"{inventory.url}/orders", "json": {"run": "{{ run.id }}"}}
    return {"id": "order", "type": "automatic", "action": action, "retry": {"max_attempts": 20, "initial_s": 0.1}}


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(
    server: ServedProcess, seeded: Seeded, inventory: OtherSystem
) -> None:
    template_id = publish(seeded, request_template(inventory), name="Request")
    chance = random.Random(42)
    ledger, stopping = Ledger(), threading.Event()
    client = Client(server, ledger, template_id, seeded.people["ana"], seeded.people["bo"], stopping)
    failures: list[BaseException] = []
    server.start()
    clients = [threading.Thread(target=lambda: _noting(failures, client.run), daemon=True) for _ in range(CLIENTS)]
    for thread in clients:
        thread.start()

    for _ in range(KILLS):
        ledger.wait_for(ledger.entries + chance.randint(*ACKNOWLEDGED_BETWEEN_KILLS))
        server.kill()
        assert failures == []
        server.start()
    ledger.wait_for(ledger.entries + ACKNOWLEDGED_BETWEEN_KILLS[0])
    server.kill()
    server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S)
    server.start()
    stopping.set()
    for thread in clients:
        thread.join(DONE_TIMEOUT_S)
        assert not thread.is_alive()
    assert failures == []

    _wait_until_all_is_done(seeded.wayline.database, server)
    assert server.call("GET", "/readyz")[0] == 200
    server.stop()
    _compare(seeded.wayline.database, ledger, inventory, template_id)


def _noting(failures: list[BaseException], work: Any) -> None:
    try:
        work()
    except BaseException as error:
        failures.append(error)


def _wait_until_all_is_done(database: Database, server: ServedProcess) -> None:
    """The server drives on by itself; there is no signal for "nothing more to do", so its tables are looked at."""
    pause = threading.Event()
    left: dict[str, int] = {}
    for _ in range(int(DONE_TIMEOUT_S / 0.1)):
        left = {table.name: _count(database, table) for table in (timers, jobs, outbox)}
        if not any(left.values()):
            return
        pause.wait(0.1)
    raise AssertionError(f"left to do: {left}\n{server.log()}")


def _compare(database: Database, ledger: Ledger, inventory: OtherSystem, template_id: str) -> None:
    with database.reader.connect() as connection:
        stored = {row.id: row for row in connection.execute(sa.select(runs).where(runs.c.template_id == template_id))}
        visits = Counter((v.run_id, v.step_id) for v in connection.execute(sa.select(activations)))
        opened = {row.id: row for row in connection.execute(sa.select(tickets))}
        troubles = connection.execute(sa.select(incidents)).all()

    # Every key was asked for until it was answered, so there is one instance a key and no other.
    assert set(ledger.instances.values()) == set(stored)
    assert len(set(ledger.instances.values())) == len(ledger.instances)
    assert {row.status for row in stored.values()} == {"completed"}
    assert ledger.completed <= set(visits)
    assert set(visits.values()) == {1}
    assert len(visits) == 5 * len(stored)

    for ticket_id, number in ledger.tickets.values():
        assert opened[ticket_id].number == number
    follow_ups = Counter(row.title.removeprefix("after ") for row in opened.values() if row.title.startswith("after"))
    assert follow_ups == Counter(stored.keys())
    assert len(opened) == len(ledger.tickets) + len(stored)
    assert sorted(row.number for row in opened.values()) == [f"TSK-{n:06d}" for n in range(1, len(opened) + 1)]

    # The other system may have been called again for the same run, and could tell by the key.
    ordered = {request.json["run"]: request.headers["idempotency-key"] for request in inventory.received}
    assert set(ordered) == set(stored)
    assert len({request.headers["idempotency-key"] for request in inventory.received}) == len(stored)
    assert troubles == []


def _count(database: Database, table: sa.Table) -> int:
    with database.reader.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_server_that_is_told_to_stop_hands_back_its_work(
    server: ServedProcess, seeded: Seeded, inventory: OtherSystem
) -> None:
    template_id = publish(seeded, [order_step(inventory)], name="Order")
    server.start()
    for _ in range(5):
        wanted = {"template_id": template_id}
        status, _ = server.call("POST", "/api/v1/workflows/instantiate", wanted, token=seeded.people["ana"].token)
        assert status == 201
    inventory.wait_for(5)
    server.stop()
    with seeded.wayline.database.reader.connect() as connection:
        assert all(row.claim_token is None for row in connection.execute(sa.select(jobs)))


def test_a_worker_beside_the_server_does_its_work_and_stops_when_told(
    server: ServedProcess, seeded: Seeded, inventory: OtherSystem
) -> None:
    template_id = publish(seeded, [order_step(inventory)], name="Order")
    server.start("--no-workers")
    wanted, token = {"template_id": template_id}, seeded.people["ana"].token
    assert server.call("POST", "/api/v1/workflows/instantiate", wanted, token=token)[0] == 201
    assert server.call("GET", "/readyz")[1]["driver"] == "elsewhere"
    assert inventory.received == []

    worker = server.begin("worker")
    try:
        inventory.wait_for(1, timeout_s=DONE_TIMEOUT_S)
        assert server.call("POST", "/api/v1/workflows/instantiate", wanted, token=token)[0] == 201
        inventory.wait_for(2)
        worker.terminate()
        assert worker.wait(DONE_TIMEOUT_S) == 0, server.log()
    finally:
        worker.kill()
        worker.wait()
    server.stop()
    assert _count(seeded.wayline.database, jobs) == 0
