"""Instances over HTTP: a real ticket through a real template, by the right people and by nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from served_desk import Desk, Person
from workflows import LAPTOP, publish

LAPTOPS = {"type": "ticket_type", "ticket_type": "service_request", "subtype": "laptop"}
FORM = {"model": '13"', "price": 2000}


def post(desk: Desk, person: Person, path: str, body: Any = None, **headers: str) -> Any:
    return desk.client(person).post(f"/api/v1{path}", json=body or {}, headers=headers)


def get(desk: Desk, person: Person, path: str) -> Any:
    return desk.client(person).get(f"/api/v1{path}")


def started(desk: Desk, person: Person, template_id: str, **more: Any) -> dict[str, Any]:
    answer = post(desk, person, "/workflows/instantiate", {"template_id": template_id, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def complete(desk: Desk, person: Person, instance: dict[str, Any], step: str, **body: Any) -> Any:
    return post(desk, person, f"/workflows/instances/{instance['id']}/steps/{step}/complete", body)


def statuses(instance: dict[str, Any]) -> dict[str, str]:
    return {s["step_id"]: s["status"] for s in instance["step_instances"]}


def test_a_ticket_starts_its_template_and_is_carried_to_the_end(desk: Desk) -> None:
    publish(desk, LAPTOP, trigger=LAPTOPS)
    asked = {"type": "service_request", "subtype": "laptop", "title": "A laptop"}
    ticket = post(desk, desk.ana, "/tickets", asked).json()["data"]
    (run_id,) = ticket["workflow_instances"]
    instance = get(desk, desk.ana, f"/workflows/instances/{run_id}").json()["data"]
    assert instance["current_steps"] == ["details"]
    assert list(statuses(instance)) == [s["id"] for s in LAPTOP]
    assert set(statuses(instance).values()) == {"active", "pending"}

    assert complete(desk, desk.ana, instance, "details", form_data=FORM).status_code == 403
    instance = complete(desk, desk.bo, instance, "details", form_data=FORM).json()["data"]
    assert instance["current_steps"] == ["manager"]
    assert complete(desk, desk.bo, instance, "manager", decision="approve").status_code == 403
    instance = complete(desk, desk.dee, instance, "manager", decision="approve", comment="Fine").json()["data"]
    assert instance["current_steps"] == ["hand-over"]
    instance = complete(desk, desk.cy, instance, "hand-over", option="Deskside").json()["data"]

    assert instance["status"] == "completed"
    assert instance["progress"] == {"completed": 6, "total": 6, "percent": 100}
    assert statuses(instance)["tell"] == "skipped"
    routed = get(desk, desk.ana, f"/tickets/{ticket['number']}").json()["data"]
    assert routed["group"] == desk.service_desk_id
    both = get(desk, desk.bo, f"/workflows/ticket/{ticket['number']}").json()["data"]
    assert [len(both["active"]), len(both["finished"])] == [0, 1]


def test_what_a_person_answered_is_shown(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    complete(desk, desk.bo, instance, "details", form_data=FORM)
    instance = complete(desk, desk.dee, instance, "manager", decision="reject", comment="No").json()["data"]
    details, _, manager, *_ = instance["step_instances"]

    assert details["form_data"] == FORM
    assert (details["completed_by"], details["outcome"]) == (desk.bo.id, "submitted")
    assert manager["votes"][0] | {"at": None} == {
        "by": desk.dee.id,
        "voter": desk.dee.id,
        "on_behalf_of": None,
        "decision": "rejected",
        "comment": "No",
        "at": None,
    }
    assert instance["status"] == "failed"
    assert instance["failure"]["step_id"] == "tell"


def test_bad_answers_name_every_field_and_save_nothing(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    instance = started(desk, desk.ana, publish(desk, LAPTOP))

    answer = complete(desk, desk.bo, instance, "details", form_data={"model": "17", "price": -1, "colour": "red"})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert {i["path"] for i in error["details"]["issues"]} == {
        "form_data.model",
        "form_data.price",
        "form_data.colour",
    }
    assert get(desk, desk.ana, f"/workflows/instances/{instance['id']}").json()["data"] == instance


def test_a_step_completed_before_says_by_whom_and_when(desk: Desk) -> None:
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    step_instance = instance["step_instances"][0]["id"]
    complete(desk, desk.bo, instance, step_instance, form_data=FORM)

    for name in (step_instance, "details"):
        answer = complete(desk, desk.cy, instance, name, form_data=FORM)
        assert answer.status_code == 409
        error = answer.json()["error"]
        assert error["code"] == "CONFLICT"
        assert error["details"]["completed_by"] == desk.bo.id
        assert "Bo" in error["message"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"template_id": "nonsense"}, 404),
        ({"template_id": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"ticket_id": "INC-999999"}, 404),
        ({"colour": "red"}, 400),
        ({"variables": []}, 400),
    ],
)
def test_what_cannot_be_started_is_refused(sqlite_desk: Desk, change: dict[str, Any], status: int) -> None:
    desk = sqlite_desk
    body = {"template_id": publish(desk, LAPTOP)} | change
    assert post(desk, desk.ana, "/workflows/instantiate", body).status_code == status


def test_an_inactive_template_does_not_start(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    template_id = publish(desk, LAPTOP, is_active=False)
    assert post(desk, desk.ana, "/workflows/instantiate", {"template_id": template_id}).status_code == 404


def test_declared_variables_are_checked_and_defaulted(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    declared = {
        "cost_centre": {"type": "string", "required": True},
        "rooms": {"type": "integer", "minimum": 1, "default": 2},
    }
    template_id = publish(desk, LAPTOP, definition={"variables": declared})

    refused = post(desk, desk.ana, "/workflows/instantiate", {"template_id": template_id, "variables": {"rooms": 0}})

    assert {i["path"] for i in refused.json()["error"]["details"]["issues"]} == {
        "variables.cost_centre",
        "variables.rooms",
    }
    instance = started(desk, desk.ana, template_id, variables={"cost_centre": "4711"})
    assert instance["variables"] == {"cost_centre": "4711", "rooms": 2}


def test_a_ticket_has_one_active_instance_of_a_template(desk: Desk) -> None:
    template_id = publish(desk, LAPTOP)
    ticket = post(desk, desk.ana, "/tickets", {"type": "task", "title": "Move"}).json()["data"]
    instance = started(desk, desk.bo, template_id, ticket_id=ticket["number"])

    body = {"template_id": template_id, "ticket_id": ticket["id"]}
    assert post(desk, desk.bo, "/workflows/instantiate", body).status_code == 409
    assert post(desk, desk.bo, f"/workflows/instances/{instance['id']}/cancel", {"reason": "Wrong"}).status_code == 200
    assert post(desk, desk.bo, "/workflows/instantiate", body).status_code == 201


def test_cancelling_is_for_the_owner_and_admins_and_once(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    path = f"/workflows/instances/{instance['id']}/cancel"

    assert post(desk, desk.bo, path).status_code == 403
    cancelled = post(desk, desk.root, path, {"reason": "No budget"}).json()["data"]
    assert cancelled["status"] == "cancelled"
    assert statuses(cancelled) == {
        "details": "cancelled",
        "worth-asking": "skipped",
        "manager": "skipped",
        "order": "skipped",
        "hand-over": "skipped",
        "tell": "skipped",
    }
    assert post(desk, desk.ana, path).status_code == 409


def test_leads_and_admins_free_stuck_steps_and_it_is_recorded(desk: Desk) -> None:
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    steps = f"/workflows/instances/{instance['id']}/steps"

    assert post(desk, desk.bo, f"{steps}/details/reassign", {"to": {"user": desk.cy.id}}).status_code == 403
    reassigned = post(desk, desk.dee, f"{steps}/details/reassign", {"to": "cy@acme.example"}).json()["data"]
    assert reassigned["step_instances"][0]["assigned_to"] == desk.cy.id
    assert complete(desk, desk.bo, instance, "details", form_data=FORM).status_code == 403
    assert complete(desk, desk.cy, instance, "details", form_data=FORM).status_code == 200
    body = {"decision": "approve", "reason": "Dee is away"}
    overridden = post(desk, desk.root, f"{steps}/manager/override", body).json()["data"]
    manager = overridden["step_instances"][2]
    assert (manager["outcome"], manager["output"]["overridden"], manager.get("votes", [])) == ("approved", True, [])
    assert post(desk, desk.root, f"{steps}/hand-over/skip", {"outcome": "Nowhere", "reason": "x"}).status_code == 400
    skipped = post(desk, desk.dee, f"{steps}/hand-over/skip", {"outcome": "Post", "reason": "Sent"}).json()["data"]
    assert statuses(skipped)["hand-over"] == "skipped"
    assert skipped["status"] == "completed"


def test_lists_filter_and_page(desk: Desk) -> None:
    template_id = publish(desk, LAPTOP)
    mine = [started(desk, desk.ana, template_id)["id"] for _ in range(3)]
    other = started(desk, desk.bo, publish(desk, LAPTOP, name="Other"))["id"]
    post(desk, desk.root, f"/workflows/instances/{mine[0]}/cancel")

    def ids(person: Person, query: str) -> list[str]:
        return [i["id"] for i in get(desk, person, f"/workflows/instances?{query}").json()["data"]]

    assert ids(desk.bo, "") == [other, *reversed(mine)]
    assert ids(desk.ana, "") == list(reversed(mine))
    assert ids(desk.bo, "status=cancelled") == [mine[0]]
    assert ids(desk.bo, f"template_id={template_id}&status=running&order=asc") == mine[1:]
    page = get(desk, desk.bo, "/workflows/instances?limit=3&page=2").json()
    assert page["meta"] == {"total": 4, "page": 2, "limit": 3, "total_pages": 2}
    assert [i["id"] for i in page["data"]] == [mine[0]]
    refused = get(desk, desk.bo, "/workflows/instances?limit=1000&status=lost&sort=colour")
    assert {i["path"] for i in refused.json()["error"]["details"]["issues"]} == {"limit", "status", "sort"}
    assert ids(desk.bo, "q=OTHER") == [other]
    assert ids(desk.bo, "q=10%25") == []
    assert ids(desk.bo, "sort=status&order=asc")[0] == mine[0]


def test_another_tenants_instance_does_not_exist(desk: Desk) -> None:
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    path = f"/workflows/instances/{instance['id']}"

    assert get(desk, desk.zoe, path).status_code == 404
    assert complete(desk, desk.zoe, instance, "details", form_data=FORM).status_code == 404
    assert post(desk, desk.zoe, f"{path}/cancel").status_code == 404
    assert (
        post(desk, desk.zoe, f"{path}/steps/details/skip", {"outcome": "submitted", "reason": "x"}).status_code == 404
    )
    assert get(desk, desk.zoe, "/workflows/instances").json()["data"] == []
    elsewhere = publish(desk, LAPTOP, tenant_id=desk.zed_id)
    assert post(desk, desk.ana, "/workflows/instantiate", {"template_id": elsewhere}).status_code == 404


def test_a_requester_sees_only_what_concerns_them(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    instance = started(desk, desk.bo, publish(desk, LAPTOP))
    path = f"/workflows/instances/{instance['id']}"

    assert get(desk, desk.ana, path).status_code == 404
    assert complete(desk, desk.ana, instance, "details", form_data=FORM).status_code == 404
    assert get(desk, desk.cy, path).status_code == 200


def test_one_key_starts_one_instance(desk: Desk) -> None:
    body = {"template_id": publish(desk, LAPTOP)}
    key = {"Idempotency-Key": "start-1"}

    first = post(desk, desk.ana, "/workflows/instantiate", body, **key)
    again = post(desk, desk.ana, "/workflows/instantiate", body, **key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert get(desk, desk.ana, "/workflows/instances").json()["meta"]["total"] == 1
    assert post(desk, desk.ana, "/workflows/instantiate", {**body, "variables": {"a": 1}}, **key).status_code == 409


@pytest.mark.parametrize("ability", ["ticket:read", "workflow:write", "run:read"])
def test_a_token_without_the_ability_starts_nothing(sqlite_desk: Desk, ability: str) -> None:
    desk = sqlite_desk
    body = {"template_id": publish(desk, LAPTOP)}
    client = desk.using(desk.new_token(desk.root, ability))

    assert client.post("/api/v1/workflows/instantiate", json=body).status_code == 403
    assert client.get("/api/v1/workflows/instances").status_code == (200 if ability == "run:read" else 403)


def test_a_step_visited_again_adds_another_step_instance(desk: Desk) -> None:
    ask = {**LAPTOP[0], "next": "sure"}
    sure = {"id": "sure", "type": "routing", "assignee": {"group": "service-desk"}}
    sure |= {"options": [{"label": "Again", "next": "details"}, {"label": "Done"}]}
    instance = started(desk, desk.ana, publish(desk, [ask, sure]))
    for option in ("Again", "Done"):
        complete(desk, desk.bo, instance, "details", form_data=FORM | {"price": 1 if option == "Again" else 2})
        instance = complete(desk, desk.bo, instance, "sure", option=option).json()["data"]
        instance = get(desk, desk.ana, f"/workflows/instances/{instance['id']}").json()["data"]

    assert [s["step_id"] for s in instance["step_instances"]] == ["details", "details", "sure", "sure"]
    assert [s["form_data"]["price"] for s in instance["step_instances"][:2]] == [1, 2]
    assert [s["outcome"] for s in instance["step_instances"][2:]] == ["Again", "Done"]
    assert instance["progress"] == {"completed": 2, "total": 2, "percent": 100}


@pytest.mark.parametrize("name", ["INC-999999", "01a1fdd9-7543-75da-ac65-bb6231bba515", "null"])
def test_a_ticket_one_cannot_see_has_no_instances_to_list(sqlite_desk: Desk, name: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.bo).get("/api/v1/workflows/instances", params={"ticket_id": name})
    assert answer.status_code == 200
    assert (answer.json()["data"], answer.json()["meta"]["total"]) == ([], 0)
