"""What a step of an inbox template tells people and channels arrives; what does not undoes nothing and is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driven_desk import DrivenDesk, driven_desk
from test_chat_messages_reach_their_channel import channel
from test_pushes_are_delivered import public_key, subscribe

from browser import Browser
from other_system import OtherSystem, answer, other_system
from wayline.core.run import Run
from wayline.store.tables import incidents, notifications


@pytest.fixture
def service() -> Iterator[OtherSystem]:
    """The push service of all browsers, and the chat service of all channels."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


def started(desk: DrivenDesk, *actions: dict[str, Any]) -> str:
    """A run whose first step is put before the service desk and does these things; answers its id."""
    step = {"template": "Outage", "name": "New", "scope": "given groups [service-desk]"}
    paths = [{"label": "Done", "step": "done"}]
    steps = {
        "start": {"step": {**step, "paths": paths}, "actions": list(actions)},
        "done": {"step": {"name": "Done", "status": "retired", "scope": "$all"}},
    }
    definition = {"name": "Outage", "kind": "inbox", "steps": steps}
    return desk.start(desk.publish(name="Outage", definition=definition))


def incident_codes(desk: DrivenDesk, run: Run) -> list[str]:
    return [row.code for row in desk.rows(incidents, subject_id=run.id)]


def test_a_notice_is_in_the_app_and_on_the_browsers_of_those_it_is_for(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browsers = {person.name: Browser.at(service, person.name) for person in (desk.bo, desk.dee, desk.ana)}
    for person in (desk.bo, desk.dee, desk.ana):
        subscribe(desk, person, browsers[person.name])
    started(desk, {"action": "notify", "args": {"title": "Outage", "body": "Third floor"}})
    desk.do_jobs()
    told = {request.path: request for request in service.received}
    assert sorted(told) == ["/send/Bo", "/send/Dee"]
    assert browsers["Bo"].read(told["/send/Bo"])["body"] == "Third floor"
    assert {row.audience_id for row in desk.rows(notifications)} == {desk.bo.id, desk.cy.id, desk.dee.id}


def test_what_is_said_in_a_channel_comes_back_to_the_run(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    run_id = started(desk, {"action": "chat", "args": {"text": "An outage", "channel": "Desk"}})
    assert desk.do_jobs() == 1
    assert service.received[0].json["message"] == "An outage"
    assert desk.events(run_id).count("action_succeeded") == 1
    assert desk.run(run_id).status == "running"


def test_what_cannot_be_said_undoes_nothing_and_is_shown_on_the_run(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    service.answers.append(answer(404))
    run_id = started(
        desk, {"action": "chat", "args": "Refused"}, {"action": "chat", "args": {"text": "Lost", "channel": "Nowhere"}}
    )
    desk.do_jobs()
    assert desk.events(run_id).count("action_failed") == 2
    run = desk.run(run_id)
    assert run.status == "running"
    assert incident_codes(desk, run) == ["chat_failed"]


def test_a_service_that_is_busy_is_told_later(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    service.answers.append(answer(503))
    run_id = started(desk, {"action": "chat", "args": "An outage"})
    desk.do_jobs()
    assert "action_retried" in desk.events(run_id)
    desk.pass_time(hours=1)
    desk.do_jobs()
    assert "action_succeeded" in desk.events(run_id)
    assert len(service.received) == 2
