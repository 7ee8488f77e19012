"""What the door promises, on either database: one outcome for many voices, no trace of a refusal, one answer a key,
bugs kept to themselves, and nothing lost between two processes on one database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from served_desk import add_person, seed
from wayline.bootstrap import Wayline
from wayline.core import commands
from wayline.core.facts import Actor
from wayline.core.graph import Graph
from wayline.core.refusals import Refusal
from wayline.core.steps.automatic import Automatic
from wayline.engine.door import IdempotencyKey, StoredAnswer
from wayline.settings import Settings
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.tables import (
    activations,
    incidents,
    runs,
    tickets,
    timeline,
    work_items,
    work_offers,
)
from workflows import publish

FORM = {"id": "ask", "type": "form", "assignee": {"user": "ana@acme.example"}, "fields": [{"name": "why"}]}


class Engine:
    """A door on a seeded desk, without HTTP before it or workers behind it."""

    def __init__(self, database_url: str, data_dir: Any) -> None:
        self.wayline = Wayline(
            Settings(database_url=database_url, secret_key="a key for tests alone", data_dir=data_dir), workers=False
        )
        self.people = seed(self.wayline)
        self.tenant_id: str = self.people["tenant_id"]
        self.wayline.start()

    def template(self, *steps: dict[str, Any], **head: Any) -> str:
        """Publish a template of these steps; answers its id."""
        return publish(self, list(steps), **head)

    def actor(self, name: str) -> Actor:
        return self.people[name].actor

    def ask(self, command: commands.Command, **more: Any) -> Any:
        return self.wayline.door.submit_and_wait(command, **more)

    def soon(self, command: commands.Command, **more: Any) -> Future[Any]:
        return self.wayline.door.submit_soon(command, **more)

    def start(self, template_id: str, by: str = "ana") -> str:
        run_id = new_id()
        self.ask(
            commands.StartRun(
                tenant_id=self.tenant_id,
                actor=self.actor(by),
                run_id=run_id,
                template_id=template_id,
                owner_id=self.people[by].id,
            )
        )
        return run_id

    def complete(self, run_id: str, step: str, by: str | Actor, **answer: Any) -> commands.CompleteStep:
        actor = self.actor(by) if isinstance(by, str) else by
        return commands.CompleteStep(tenant_id=self.tenant_id, actor=actor, run_id=run_id, step=step, answer=answer)

    def ticket(self, **fields: Any) -> commands.CreateTicket:
        wanted = {"type": "incident", "title": "It does not print", **fields}
        return commands.CreateTicket(
            tenant_id=self.tenant_id, actor=self.actor("ana"), ticket_id=new_id(), fields=wanted
        )

    def count(self, table: sa.Table, *where: Any) -> int:
        with self.wayline.database.reader.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()

    def everything(self) -> dict[str, int]:
        """How many rows each table of the engine has."""
        tables = (runs, activations, timeline, work_items, work_offers, tickets, incidents)
        return {t.name: self.count(t) for t in tables}


@pytest.fixture
def engine(database_url: str, tmp_path: Any) -> Iterator[Engine]:
    opened = Engine(database_url, tmp_path)
    yield opened
    opened.wayline.stop()


def test_fifty_people_voting_at_once_give_one_outcome(engine: Engine) -> None:
    at = engine.wayline.clock.now()
    with engine.wayline.database.writer.begin() as connection:
        voters = [add_person(connection, engine.tenant_id, f"Voter{n}", "agent", at) for n in range(50)]
        touch(connection, engine.tenant_id)
    asked = [{"user": v.email} for v in voters]
    run_id = engine.start(engine.template({"id": "vote", "type": "approval", "rule": "any", "approvers": asked}))

    answers = [engine.soon(engine.complete(run_id, "vote", v.actor, decision="approve")) for v in voters]
    outcomes = [outcome_of(a) for a in answers]

    assert [o for o in outcomes if not isinstance(o, Refusal)] == [outcomes[0]]
    assert {o.code for o in outcomes[1:]} == {"already_completed"}
    assert outcomes[0].run.status == "completed"
    assert engine.count(activations) == 1
    assert engine.count(work_offers) == 0


def outcome_of(answer: Future[Any]) -> Any:
    error = answer.exception()
    if error is not None and not isinstance(error, Refusal):
        raise error
    return error or answer.result()


def test_a_second_completion_is_refused_and_changes_nothing(engine: Engine) -> None:
    run_id = engine.start(engine.template({**FORM, "next": "again"}, {**FORM, "id": "again"}))
    engine.ask(engine.complete(run_id, "ask", "ana", form_data={"why": "because"}))
    before = engine.everything()

    with pytest.raises(Refusal) as refused:
        engine.ask(engine.complete(run_id, "ask", "ana", form_data={"why": "again"}))

    assert refused.value.code == "already_completed"
    assert engine.everything() == before


def test_a_refusal_in_a_batch_disturbs_nobody(engine: Engine) -> None:
    run_id = engine.start(engine.template(FORM))
    mixed = [
        engine.ticket(title="One"),
        engine.complete(run_id, "ask", "cy", form_data={"why": "not mine"}),
        engine.ticket(title=""),
        engine.ticket(title="Two"),
    ]

    outcomes = [outcome_of(a) for a in [engine.soon(c) for c in mixed]]

    assert [isinstance(o, Refusal) for o in outcomes] == [False, True, True, False]
    assert [outcomes[0].ticket["number"], outcomes[3].ticket["number"]] == ["INC-000001", "INC-000002"]


def test_numbers_are_distinct_and_without_gaps_however_many_ask_at_once(engine: Engine) -> None:
    answers = [engine.soon(engine.ticket(title=f"Ticket {n}")) for n in range(300)]

    numbers = sorted(a.result().ticket["number"] for a in answers)

    assert numbers == [f"INC-{n:06d}" for n in range(1, 301)]


def test_one_key_gives_one_answer_and_another_request_is_refused(engine: Engine) -> None:
    def render(answer: Any) -> tuple[int, bytes]:
        return 201, str(answer.ticket["number"]).encode()

    key = IdempotencyKey(tenant_id=engine.tenant_id, key="k", request=b"the request")
    answers = [engine.soon(engine.ticket(), key=key, render=render) for _ in range(10)]
    first, *rest = [a.result() for a in answers]
    other = IdempotencyKey(tenant_id=engine.tenant_id, key="k", request=b"another request")

    assert all(r == StoredAnswer(status=201, body=b"INC-000001") for r in rest)
    assert first.ticket["number"] == "INC-000001"
    assert engine.count(tickets) == 1
    with pytest.raises(Refusal) as refused:
        engine.ask(engine.ticket(), key=other, render=render)
    assert refused.value.code == "key_reused"


def test_a_template_that_breaks_does_not_stop_the_ticket(engine: Engine, broken_action: None) -> None:
    template_id = engine.template(
        {"id": "boom", "type": "automatic", "action": {"type": "set_status", "status": "open"}},
        trigger={"type": "ticket_type", "ticket_type": "incident"},
    )

    answer = engine.ask(engine.ticket())

    assert answer.run_ids == ()
    assert engine.count(tickets) == 1
    assert engine.count(incidents, incidents.c.subject_id == template_id, incidents.c.code == "start_failed") == 1


def test_a_decision_that_breaks_is_an_incident_of_its_run_alone(engine: Engine, broken_action: None) -> None:
    automatic = {"id": "boom", "type": "automatic", "action": {"type": "set_variable", "name": "x", "value": 1}}
    run_id = engine.start(engine.template({**FORM, "next": "boom"}, automatic))
    other = engine.start(engine.template(FORM, name="Other"))

    answers = [engine.soon(engine.complete(r, "ask", "ana", form_data={})) for r in (run_id, other)]

    assert isinstance(answers[0].exception(), ZeroDivisionError)
    assert answers[1].result().run.status == "completed"
    assert engine.count(incidents, incidents.c.subject_id == run_id, incidents.c.code == "decision_broken") == 1
    assert engine.count(work_items, work_items.c.run_id == run_id) == 1


@pytest.fixture
def broken_action(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a step type."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Automatic, "activate", broken)


def test_a_batch_that_cannot_be_written_is_written_one_by_one(engine: Engine) -> None:
    taken = engine.ticket(title="First").ticket_id
    first = commands.CreateTicket(
        tenant_id=engine.tenant_id, actor=engine.actor("ana"), ticket_id=taken, fields={"type": "task", "title": "One"}
    )
    engine.ask(first)

    answers = [engine.soon(c) for c in (engine.ticket(title="Good"), first, engine.ticket(title="Good too"))]

    assert isinstance(answers[1].exception(), sqlite3.IntegrityError | psycopg.IntegrityError)
    assert [a.result().ticket["title"] for a in (answers[0], answers[2])] == ["Good", "Good too"]
    assert engine.count(tickets) == 3


@pytest.fixture
def two_engines(postgresql_url: str, tmp_path: Any) -> Iterator[tuple[Engine, Wayline]]:
    """Two processes' worth of doors on one PostgreSQL database."""
    one = Engine(postgresql_url, tmp_path)
    two = Wayline(one.wayline.settings, workers=False)
    two.start()
    yield one, two
    two.stop()
    one.wayline.stop()


def test_two_writers_on_one_database_number_tickets_without_gaps(two_engines: tuple[Engine, Wayline]) -> None:
    one, two = two_engines
    doors: list[Callable[[commands.Command], Future[Any]]] = [one.wayline.door.submit_soon, two.door.submit_soon]

    answers = [doors[n % 2](one.ticket(title=f"Ticket {n}")) for n in range(200)]

    assert sorted(a.result().ticket["number"] for a in answers) == [f"INC-{n:06d}" for n in range(1, 201)]


def test_two_writers_on_one_run_give_one_outcome_a_step(two_engines: tuple[Engine, Wayline]) -> None:
    one, two = two_engines
    template_id = one.template(FORM)
    run_ids = [one.start(template_id) for _ in range(40)]

    answers = [
        [
            door.submit_soon(one.complete(r, "ask", "ana", form_data={"why": "x"}))
            for door in (one.wayline.door, two.door)
        ]
        for r in run_ids
    ]
    outcomes = [[outcome_of(a) for a in pair] for pair in answers]

    assert all(sum(isinstance(o, Refusal) for o in pair) == 1 for pair in outcomes)
    assert one.count(activations) == len(run_ids)
    assert one.count(runs, runs.c.status == "completed") == len(run_ids)


def test_what_one_writer_publishes_the_other_knows(two_engines: tuple[Engine, Wayline]) -> None:
    one, two = two_engines
    two.door.submit_and_wait(one.ticket())
    template_id = one.template(FORM, trigger={"type": "ticket_type", "ticket_type": "incident"})

    answer = two.door.submit_and_wait(one.ticket())

    assert len(answer.run_ids) == 1
    graph: Graph = two.door.graphs.kept(template_id, 1)  # type: ignore[assignment]
    assert list(graph.nodes) == ["ask"]
