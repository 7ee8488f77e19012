"""Staff answer what remotes ask: whoever works the queue, in a form that is filled in already, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from other_system import answer
from remotes_at_a_desk import AMOUNT, APPROVE, AskedDesk, asked_desk, request
from remotes_at_a_desk import asked as asked_by
from served_desk import Person

REASON = {"type": "text", "name": "reason", "label": "Reason", "required": True, "show_if": {"approve": False}}


@pytest.fixture
def asked(database_url: str, tmp_path: Path) -> Iterator[AskedDesk]:
    with asked_desk(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def asked_here(sqlite_url: str, tmp_path: Path) -> Iterator[AskedDesk]:
    """On SQLite alone, for what no database changes."""
    with asked_desk(sqlite_url, tmp_path, fields=[AMOUNT, APPROVE, REASON]) as found:
        yield found


def inbox(asked: AskedDesk, person: Person) -> list[dict[str, Any]]:
    answer = asked.desk.client(person).get("/api/v1/inbox", params={"kind": "intervention"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["total"] == len(answer.json()["data"])
    return list(answer.json()["data"])


def holders(asked: AskedDesk) -> set[str]:
    """Who has something to answer."""
    people = (asked.desk.ana, asked.desk.bo, asked.desk.cy, asked.desk.dee, asked.desk.root)
    return {person.name for person in people if inbox(asked, person)}


def manage(asked: AskedDesk, *people: Person) -> None:
    body = {"user_ids": [person.id for person in people]}
    assert asked.desk.client(asked.desk.root).put("/api/v1/queues/1/managers", json=body).is_success


def change(asked: AskedDesk, ticket_id: str, **fields: Any) -> None:
    answer = asked.desk.client(asked.desk.bo).patch(f"/api/v1/tickets/{ticket_id}", json=fields)
    assert answer.status_code == 200, answer.text


# -- whom it is offered to -------------------------------------------------------------------------


def test_it_is_offered_to_the_queues_managers_and_failing_them_to_all_who_work_here(asked: AskedDesk) -> None:
    asked.ask("a")
    assert holders(asked) == {"Bo", "Cy", "Dee"}
    manage(asked, asked.desk.cy)
    asked.ask("b")
    assert [len(inbox(asked, person)) for person in (asked.desk.bo, asked.desk.cy)] == [1, 2]


def test_it_goes_with_the_ticket(asked: AskedDesk) -> None:
    manage(asked, asked.desk.dee)
    ticket_id = asked.ask()
    assert holders(asked) == {"Dee"}
    change(asked, ticket_id, assignee=asked.desk.cy.id)
    assert holders(asked) == {"Cy", "Dee"}
    change(asked, ticket_id, assignee=None, queue="Spam")
    assert holders(asked) == {"Bo", "Cy", "Dee"}
    change(asked, ticket_id, group=asked.desk.service_desk_id)
    assert holders(asked) == {"Bo", "Cy", "Dee"}
    change(asked, ticket_id, group=None, assignee=asked.desk.root.id)
    assert holders(asked) == {"Root"}
    history = asked.desk.client(asked.desk.bo).get(f"/api/v1/tickets/{ticket_id}/history?limit=100").json()["data"]
    assert [e["event"] for e in history].count("step_reassigned") == 3
    assert asked.submit(ticket_id, by=asked.desk.root).status_code == 200
    assert holders(asked) == set()


def test_a_rule_that_assigns_what_comes_in_decides_who_is_asked(asked: AskedDesk) -> None:
    action = {"type": "assign", "to": {"user": asked.desk.cy.id}}
    rule = {"name": "Mine", "trigger": "on_ticket_created", "conditions": {"type": "task"}, "action": action}
    assert asked.desk.client(asked.desk.root).post("/v1/automation/rules", json=rule).is_success
    ticket_id = asked.ask()
    assert asked.ticket(ticket_id)["assignee"] == asked.desk.cy.id
    assert holders(asked) == {"Cy"}


def test_who_has_taken_it_keeps_it_whoever_the_ticket_goes_to(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    (item,) = inbox(asked, asked.desk.bo)
    bo = asked.desk.client(asked.desk.bo)
    assert bo.post(f"/api/v1/inbox/{item['id']}/claim").status_code == 200
    assert holders(asked) == {"Bo"}
    change(asked, ticket_id, assignee=asked.desk.cy.id)
    assert holders(asked) == {"Bo"}
    assert asked.submit(ticket_id, by=asked.desk.cy).status_code in (403, 404)
    assert asked.submit(ticket_id).status_code == 200


def test_one_that_is_handed_to_somebody_is_theirs_alone(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    step = f"/api/v1/workflows/instances/{asked.standing(ticket_id)['id']}/steps/answer/reassign"
    handed = asked.desk.client(asked.desk.root).post(step, json={"to": asked.desk.cy.email})
    assert handed.status_code == 200, handed.text
    change(asked, ticket_id, queue="Spam")
    assert holders(asked) == {"Cy"}
    assert asked.submit(ticket_id, by=asked.desk.bo).status_code == 403
    assert asked.submit(ticket_id, by=asked.desk.cy).status_code == 200


def test_the_requester_sees_nothing_of_it(asked: AskedDesk) -> None:
    body = {**request(), "originator_email_address": asked.desk.ana.email}
    ticket_id = asked_by(asked.shop, body)["ticket_id"]
    ana = asked.desk.client(asked.desk.ana)
    shown = ana.get(f"/api/v1/tickets/{ticket_id}").json()["data"]
    assert (shown["interventions"], shown["workflow_instances"]) == ([], [])
    run_id, item_id = asked.standing(ticket_id)["id"], asked.standing(ticket_id)["item_id"]
    assert ana.get(f"/api/v1/workflows/instances/{run_id}").status_code == 404
    assert ana.get(f"/api/v1/workflows/{run_id}").status_code == 404
    assert ana.post(f"/api/v1/workflows/{run_id}/cancel", json={}).status_code == 404
    assert ana.post(f"/api/v1/inbox/{item_id}/complete", json={"form_data": {}}).status_code == 404
    assert inbox(asked, asked.desk.ana) == []


# -- the form --------------------------------------------------------------------------------------


def test_the_form_is_filled_in_with_what_the_remote_has_sent(asked_here: AskedDesk) -> None:
    asked_here.ask(amount="twelve", approve=False)
    (item,) = inbox(asked_here, asked_here.desk.bo)
    assert (item["kind"], item["label"], item["title"], item["subtitle"]) == (
        "intervention",
        "To answer",
        "refund",
        "Refund for Eve",
    )
    asked_for = asked_here.desk.client(asked_here.desk.bo).get(f"/api/v1/inbox/{item['id']}").json()["data"]
    assert {f["name"]: f["value"] for f in asked_for["step"]["fields"]} == {
        "amount": "twelve",
        "approve": False,
        "reason": None,
    }
    assert asked_for["variables"]["data"] == {"customer": "Eve", "amount": "twelve", "approve": False}


@pytest.mark.parametrize(
    ("form", "bad"),
    [
        ({"amount": "twelve"}, {"form_data.amount", "form_data.reason"}),
        ({"amount": None, "approve": True}, {"form_data.amount"}),
        ({"approve": False}, {"form_data.reason"}),
        ({"approve": "yes", "reason": "x"}, {"form_data.approve"}),
        ({"approve": True, "customer": "Eva"}, {"form_data.customer"}),
    ],
)
def test_edited_values_are_judged_as_forms_are(asked_here: AskedDesk, form: dict[str, Any], bad: set[str]) -> None:
    ticket_id = asked_here.ask(approve=False)
    answer = asked_here.submit(ticket_id, **form)
    assert (answer.status_code, {i["path"] for i in answer.json()["error"]["details"]["issues"]}) == (400, bad)
    assert asked_here.standing(ticket_id)["state"] == "waiting"
    assert asked_here.submit(ticket_id, approve=False, reason="Too late").status_code == 200


def test_without_a_form_nothing_is_answered(asked_here: AskedDesk) -> None:
    item = asked_here.standing(asked_here.ask())["item_id"]
    bo = asked_here.desk.client(asked_here.desk.bo)
    for body in ({}, {"decision": "approve"}, {"form_data": None}):
        assert bo.post(f"/api/v1/inbox/{item}/complete", json=body).status_code == 400


# -- once ------------------------------------------------------------------------------------------


def test_who_comes_too_late_is_told_who_was_quicker(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    standing = asked.standing(ticket_id)
    assert asked.submit(ticket_id).status_code == 200
    cy = asked.desk.client(asked.desk.cy)
    late = cy.post(f"/api/v1/inbox/{standing['item_id']}/complete", json={"form_data": {}})
    assert (late.status_code, late.json()["error"]["details"]["completed_by"]) == (409, asked.desk.bo.id)
    assert "by Bo" in late.json()["error"]["message"]
    step = f"/api/v1/workflows/instances/{standing['id']}/steps/answer/complete"
    assert cy.post(step, json={"form_data": {}}).status_code == 409
    zack = asked.desk.client(asked.desk.zack)
    assert zack.post(f"/api/v1/inbox/{standing['item_id']}/complete", json={"form_data": {}}).status_code == 404


def test_of_many_who_answer_at_once_one_does(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    item = asked.standing(ticket_id)["item_id"]
    people = (asked.desk.bo, asked.desk.cy, asked.desk.dee)
    start, found = threading.Barrier(len(people)), {}

    def call(person: Person, amount: int) -> None:
        client = asked.desk.using(person.token)
        start.wait(30)
        answer = client.post(f"/api/v1/inbox/{item}/complete", json={"form_data": {"amount": amount}})
        found[person.id] = answer.status_code

    calls = [threading.Thread(target=call, args=(person, n)) for n, person in enumerate(people)]
    for one in calls:
        one.start()
    for one in calls:
        one.join(60)
    assert sorted(found.values()) == [200, 409, 409]
    asked.send()
    (sent,) = asked.remote.received
    (winner,) = [n for n, person in enumerate(people) if found[person.id] == 200]
    assert sent.json["data"]["data"]["amount"] == winner
    assert sent.json["submitted_by"] == people[winner].email


# -- the run it is ---------------------------------------------------------------------------------


def test_it_is_held_and_goes_on_like_any_run(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    run = f"/api/v1/workflows/{asked.standing(ticket_id)['id']}"
    root = asked.desk.client(asked.desk.root)
    assert root.post(f"{run}/pause", json={}).status_code == 200
    assert asked.standing(ticket_id)["state"] == "paused"
    answer = asked.desk.client(asked.desk.bo).post(
        f"/api/v1/workflows/instances/{asked.standing(ticket_id)['id']}/steps/answer/complete", json={"form_data": {}}
    )
    assert answer.json()["error"]["details"]["reason"] == "run_paused"
    assert root.post(f"{run}/resume").status_code == 200
    assert holders(asked) == {"Bo", "Cy", "Dee"}
    assert asked.submit(ticket_id).status_code == 200
    assert root.post(f"{run}/pause", json={}).status_code == 200
    assert (asked.send(), asked.standing(ticket_id)["state"]) == (0, "paused")
    assert root.post(f"{run}/resume").status_code == 200
    assert (asked.send(), asked.standing(ticket_id)["state"]) == (1, "taken")


def test_one_that_is_cancelled_asks_nobody_and_may_be_asked_again_by_a_retry(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    run = f"/api/v1/workflows/{asked.standing(ticket_id)['id']}"
    root = asked.desk.client(asked.desk.root)
    assert root.post(f"{run}/cancel", json={"reason": "A mistake"}).status_code == 200
    assert (asked.standing(ticket_id)["state"], holders(asked)) == ("cancelled", set())
    assert root.post(f"{run}/retry").status_code == 200
    assert (asked.standing(ticket_id)["state"], holders(asked)) == ("waiting", {"Bo", "Cy", "Dee"})
    assert asked.submit(ticket_id).status_code == 200


def test_an_answer_that_is_taken_back_is_given_anew_under_another_id(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    first = asked.standing(ticket_id)
    run, root = f"/api/v1/workflows/{first['id']}", asked.desk.client(asked.desk.root)
    assert asked.send() == 1
    assert root.post(f"{run}/rollback", json={"snapshot": 0}).status_code == 200
    assert asked.standing(ticket_id)["state"] == "paused"
    assert root.post(f"{run}/resume").status_code == 200
    assert asked.standing(ticket_id)["state"] == "waiting"
    assert asked.submit(ticket_id, approve=False).status_code == 200
    assert asked.send() == 1
    assert asked.standing(ticket_id)["response_id"] != first["response_id"]


def test_it_is_not_skipped(asked_here: AskedDesk) -> None:
    run_id = asked_here.standing(asked_here.ask())["id"]
    path = f"/api/v1/workflows/instances/{run_id}/steps/answer/skip"
    body = {"outcome": "submitted", "reason": "Nobody has time"}
    skipped = asked_here.desk.client(asked_here.desk.root).post(path, json=body)
    assert skipped.json()["error"]["details"]["reason"] == "not_skippable"


def test_what_has_been_asked_goes_on_as_it_began_when_the_intervention_changes(asked_here: AskedDesk) -> None:
    before = asked_here.ask("a")
    asked_here.update(fields=[APPROVE], title="Otherwise")
    after = asked_here.ask("b")
    assert asked_here.submit(before, amount=3, approve=True).status_code == 200
    assert asked_here.submit(after, amount=3).status_code == 400
    assert asked_here.ticket(after)["title"] == "Otherwise"
    root = asked_here.desk.client(asked_here.desk.root)
    listed = root.get("/api/v1/workflows/templates").json()["meta"]["total"]
    instances = root.get("/api/v1/workflows/instances").json()["meta"]["total"]
    assert (listed, instances) == (0, 2)


# -- the desk around it ----------------------------------------------------------------------------


def test_templates_that_its_ticket_triggers_start_and_one_that_cannot_stops_nothing(asked: AskedDesk) -> None:
    step = {"id": "look", "type": "form", "assignee": {"user": asked.desk.bo.id}, "fields": [{"name": "x"}]}
    on_task = {"type": "ticket_type", "ticket_type": "task"}
    root = asked.desk.client(asked.desk.root)
    for name, variables in (("Fine", {}), ("Lacks a value", {"v": {"type": "string", "required": True}})):
        template = {"name": name, "trigger": on_task, "steps": [step], "variables": variables}
        made = root.post("/api/v1/workflows/templates", json=template)
        assert made.status_code == 201, made.text
    ticket = asked.ticket(asked.ask())
    assert len(ticket["workflow_instances"]) == 2
    assert [i["code"] for i in root.get("/api/v1/incidents").json()["data"]] == ["start_failed"]
    assert asked.submit(ticket["id"]).status_code == 200


def test_who_leaves_is_asked_no_more(asked: AskedDesk) -> None:
    ticket_id = asked.ask()
    root = asked.desk.client(asked.desk.root)
    assert root.post(f"/api/v1/users/{asked.desk.bo.id}/deactivate", json={}).is_success
    assert {p.name for p in (asked.desk.cy, asked.desk.dee) if inbox(asked, p)} == {"Cy", "Dee"}
    assert asked.submit(ticket_id, by=asked.desk.cy).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/workflows",
        "/api/v1/workflows",
        "/api/v1/workflows/instances",
        "/api/v1/workflows/ticket/{ticket}",
        "/api/v1/workflows/{run}",
        "/api/v1/workflows/{run}/snapshots",
        "/api/v1/workflows/{run}/snapshots/1",
        "/api/v1/analytics/overview",
        "/api/v1/incidents",
    ],
)
def test_every_surface_shows_its_run(asked_here: AskedDesk, path: str) -> None:
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(answer(404))
    asked_here.send()
    run_id = asked_here.standing(ticket_id)["id"]
    found = asked_here.desk.client(asked_here.desk.root).get(path.format(ticket=ticket_id, run=run_id))
    assert found.status_code == 200, found.text
