"""Simulating shows the path a run would take, and why; it writes nothing and tells nobody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from templates_at_a_desk import TEMPLATES, broken, created, issues, laptop, one_form

from served_desk import Desk
from wayline.store.tables import metadata

DETAILS = {"model": "15", "price": 2000}
ANSWERS = {"details": DETAILS, "agree": "approve"}


def simulated(desk: Desk, template_id: str, **body: Any) -> dict[str, Any]:
    answer = desk.client(desk.dee).post(f"{TEMPLATES}/{template_id}/simulate", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def way(simulation: dict[str, Any]) -> list[tuple[str, str]]:
    return [(visited["step_id"], visited["outcome"]) for visited in simulation["path"]]


def test_the_path_is_told_with_every_decision_explained(desk: Desk) -> None:
    made = created(desk, laptop())
    seen = simulated(desk, made["id"], ticket={"requester": desk.ana.email}, answers=ANSWERS)
    assert seen["status"] == "completed"
    assert way(seen) == [
        ("details", "submitted"),
        ("worth_asking", "expensive"),
        ("agree", "approved"),
        ("hand_over", "routed"),
    ]
    explanation = seen["path"][1]["explanation"]
    assert explanation[0]["label"] == "expensive"
    assert "2000" in str(explanation)
    assert {who["name"] for who in seen["path"][2]["who"]} == {"Bo", "Cy", "Dee"}
    assert seen["ticket"]["group"] == desk.service_desk_id
    assert seen["path"][3]["changes"]["group"] == [None, desk.service_desk_id]
    assert (seen["ticket"]["type"], seen["ticket"]["subtype"]) == ("service_request", "laptop")


def test_without_an_answer_it_says_where_it_waits_and_for_whom(desk: Desk) -> None:
    made = created(desk, laptop())
    seen = simulated(desk, made["id"], ticket={"requester": desk.ana.id}, answers={"details": DETAILS})
    assert seen["status"] == "running"
    assert seen["waiting_at"]["step_id"] == "agree"
    assert {who["name"] for who in seen["waiting_at"]["who"]} == {"Bo", "Cy", "Dee"}
    first = simulated(desk, made["id"], ticket={"requester": desk.ana.email})
    assert first["waiting_at"]["step_id"] == "details"
    assert [who["name"] for who in first["waiting_at"]["who"]] == ["Ana"]
    assert first["waiting_at"]["awaits"]["fields"][0]["name"] == "model"


def test_an_answer_that_a_step_would_refuse_is_told(desk: Desk) -> None:
    made = created(desk, laptop())
    seen = simulated(desk, made["id"], ticket={}, answers={"details": {"model": "17"}})
    assert seen["refused"]["step_id"] == "details"
    assert {issue["path"] for issue in seen["refused"]["issues"]} == {"form_data.model", "form_data.price"}


def test_a_real_ticket_is_read_and_left_as_it_was(desk: Desk) -> None:
    made = created(desk, one_form(steps=[*laptop()["steps"]], name="By hand"))
    ticket = (
        desk.client(desk.ana)
        .post("/api/v1/tickets", json={"type": "incident", "title": "It is slow", "priority": "P1"})
        .json()["data"]
    )
    before = everything(desk)
    for name in (ticket["id"], ticket["number"]):
        seen = simulated(desk, made["id"], ticket_id=name, answers={"details": {"model": "13", "price": 1}})
        assert seen["ticket"]["number"] == ticket["number"]
        assert way(seen)[-1] == ("hand_over", "routed")
    assert everything(desk) == before


def test_a_definition_may_be_tried_before_it_is_saved(desk: Desk) -> None:
    made = created(desk, laptop())
    other = simulated(desk, made["id"], definition=one_form(), answers={"ask": {"answer": "42"}})
    assert (other["status"], way(other)) == ("completed", [("ask", "submitted")])
    wrong = simulated(desk, made["id"], definition=broken())
    assert wrong["status"] == "invalid"
    assert "unknown_target" in [problem["code"] for problem in wrong["problems"]]


def test_a_template_that_was_never_published_is_tried_as_it_is_drafted(desk: Desk) -> None:
    made = created(desk, one_form(), is_active=False)
    assert simulated(desk, made["id"])["waiting_at"]["step_id"] == "ask"


def test_time_is_said_and_jumps_to_what_is_awaited(desk: Desk) -> None:
    rest = {"name": "Rest", "steps": [{"id": "rest", "type": "wait", "for": {"hours": 36}}]}
    made = created(desk, rest)
    seen = simulated(desk, made["id"], at="2026-03-02T09:00:00Z")
    assert (seen["status"], seen["at"]) == ("completed", "2026-03-03T21:00:00Z")


def test_variables_are_declared_and_given(desk: Desk) -> None:
    made = created(desk, one_form(variables={"site": {"type": "string", "required": True}}))
    refused = simulated(desk, made["id"])
    assert refused["refused"]["step_id"] is None
    assert refused["refused"]["issues"][0]["path"] == "variables.site"
    assert simulated(desk, made["id"], variables={"site": "Berlin"})["variables"] == {"site": "Berlin"}


def test_nothing_is_written_and_nobody_is_told(desk: Desk) -> None:
    made = created(desk, laptop())
    before = everything(desk)
    simulated(desk, made["id"], ticket={}, answers={"details": DETAILS, "agree": "reject"})
    assert everything(desk) == before


def test_what_cannot_be_simulated_is_refused(desk: Desk) -> None:
    made = created(desk, laptop())
    url = f"{TEMPLATES}/{made['id']}/simulate"
    client = desk.client(desk.root)
    found = issues(client.post(url, json={"ticket": {"priority": "urgent", "colour": "red", "id": "copied"}}))
    assert found == [("ticket.priority", "invalid"), ("ticket.colour", "unknown_field")]
    assert issues(client.post(url, json={"ticket": {}, "ticket_id": "INC-000001"}))
    assert client.post(url, json={"ticket_id": "INC-999999"}).status_code == 404
    assert issues(client.post(url, json={"at": "2026-03-02T09:00:00"}))[0][0] == "at"
    assert desk.client(desk.bo).post(url, json={}).status_code == 403


def everything(desk: Desk) -> dict[str, Any]:
    """How many rows every table has."""
    with desk.wayline.database.reader.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
