"""What templates and rules say in chat channels reaches them; what cannot be said shows where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from other_system import OtherSystem, answer, other_system
from wayline.core.rule import parse_rule
from wayline.engine import chat_channels as keeping
from wayline.engine import rule_publishing
from wayline.engine.chat_channels import Given
from wayline.engine.door import Change
from wayline.engine.publishing import Author
from wayline.store.chat_channels import StoredChannel, read_channel
from wayline.store.tables import chat_channels, incidents, jobs

KEY = b"a key for tests alone"


@pytest.fixture
def service() -> Iterator[OtherSystem]:
    """The chat service of all channels."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


def channel(desk: DrivenDesk, service: OtherSystem, name: str = "Desk") -> StoredChannel:
    url = f"json://127.0.0.1:{service.port}/{name.lower()}"
    given = Given(name=name, url=url, service="JSON", masked_url="json://…", is_default=False)
    made: StoredChannel = desk.submit(
        Change(
            tenant_id=desk.tenant_id,
            actor=desk.root.actor,
            write=lambda tx: keeping.create(tx, tenant_id=desk.tenant_id, actor=desk.root.actor, given=given, key=KEY),
        )
    )
    return made


def now(desk: DrivenDesk, kept: StoredChannel) -> StoredChannel:
    with desk.wayline.database.reader.connect() as connection:
        found = read_channel(connection, tenant_id=desk.tenant_id, channel_id=kept.id)
    assert found is not None
    return found


def rule(desk: DrivenDesk, **action: Any) -> None:
    written = {"name": "Tell", "trigger": "on_ticket_created", "action": {"type": "send_chat", **action}}
    author = Author(tenant_id=desk.tenant_id, actor=desk.root.actor)
    create = lambda tx: rule_publishing.create(tx, author, parse_rule(written), secret_key=KEY)  # noqa: E731
    desk.submit(Change(tenant_id=desk.tenant_id, actor=desk.root.actor, write=create))


def say(desk: DrivenDesk, **written: Any) -> str:
    """A run whose one step says something; answers its id."""
    action = {"type": "send_chat", "text": "Hello", **written}
    step = {"id": "say", "type": "automatic", "action": action, "retry": {"max_attempts": 2, "initial_s": 60}}
    return desk.start(desk.publish(step))


def test_a_step_says_something_and_goes_on(desk: DrivenDesk, service: OtherSystem) -> None:
    kept = channel(desk, service)
    ticket_id = desk.open_ticket(title="Printer on fire")
    action = {"type": "send_chat", "channel": "desk", "title": "{{ ticket.number }}", "text": "{{ ticket.title }}!"}
    run_id = desk.start(desk.publish({"id": "say", "type": "automatic", "action": action}), ticket_id=ticket_id)
    assert desk.do_jobs() == 1
    (request,) = service.received
    assert request.path == "/desk"
    assert (request.json["title"], request.json["message"]) == ("INC-000001", "Printer on fire!")
    assert desk.run(run_id).status == "completed"
    (visit,) = desk.visits(run_id)
    assert {"channel": "Desk", "service": "JSON"}.items() <= visit.output.items()
    assert now(desk, kept).error is None
    assert now(desk, kept).tried_at is not None


def test_a_rule_says_something_about_a_new_ticket(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service, "First")
    channel(desk, service, "Second")
    rule(desk, text="{{ ticket.number }}: {{ ticket.title }}")
    rule(desk, channel="second", text="Also here")
    desk.open_ticket(title="Printer")
    assert desk.do_jobs() == 2
    said = {request.path: request.json["message"] for request in service.received}
    assert said == {"/first": "INC-000001: Printer", "/second": "Also here"}


def test_a_service_that_is_busy_is_told_later_and_once(desk: DrivenDesk, service: OtherSystem) -> None:
    kept = channel(desk, service)
    service.answers.append(answer(503, retry_after="600"))
    run_id = say(desk)
    desk.do_jobs()
    assert "answered 503" in (now(desk, kept).error or "")
    desk.pass_time(seconds=500)
    assert desk.do_jobs() == 0
    desk.pass_time(seconds=200)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"
    assert now(desk, kept).error is None
    assert len(service.received) == 2


def test_what_cannot_be_said_fails_the_step_and_says_why(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    for written, said in (({"channel": "Nowhere"}, "no chat channel Nowhere"), ({}, "answered 404")):
        service.answers.clear()
        service.answers.append(answer(404))
        run_id = say(desk, **written)
        desk.do_jobs()
        run = desk.run(run_id)
        assert run.status == "failed"
        assert said in (run.failure.message if run.failure else "")
    assert len(service.received) == 1


def test_what_a_rule_cannot_say_is_an_incident(desk: DrivenDesk, service: OtherSystem) -> None:
    rule(desk, text="Hello")
    desk.open_ticket()
    desk.do_jobs()
    (incident,) = desk.rows(incidents)
    assert "the desk has no chat channel" in incident.message
    assert service.received == []


def test_a_test_fails_quietly_and_is_not_repeated(desk: DrivenDesk, service: OtherSystem) -> None:
    kept = channel(desk, service)
    service.answers.append(answer(500, b"no", content_type="text/plain"))

    def test(tx: Any) -> StoredChannel:
        return keeping.send_test(tx, tenant_id=desk.tenant_id, actor=desk.root.actor, channel_id=kept.id)

    desk.submit(Change(tenant_id=desk.tenant_id, actor=desk.root.actor, write=test))
    assert desk.do_jobs() == 1
    assert "answered 500" in (now(desk, kept).error or "")
    assert desk.rows(jobs) == []
    assert desk.rows(incidents) == []


def test_another_tenants_channel_is_not_reached(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(chat_channels).values(tenant_id=desk.zack.tenant_id))
    run_id = say(desk, channel="Desk")
    desk.do_jobs()
    assert desk.run(run_id).status == "failed"
    assert service.received == []


def test_an_address_kept_under_another_key_fails_and_says_so(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(chat_channels).values(sealed_url=b"x" * 64))
    run_id = say(desk)
    desk.do_jobs()
    failure = desk.run(run_id).failure
    assert failure is not None
    assert "WAYLINE_SECRET_KEY" in failure.message


def test_no_job_carries_an_address(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    say(desk)
    (job,) = desk.rows(jobs)
    assert msgspec.msgpack.decode(job.action) == {"type": "send_chat", "text": "Hello"}
