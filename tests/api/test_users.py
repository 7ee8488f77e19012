"""People: who sees whom, what is taken and refused, and what becomes of the work of somebody who leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from served_desk import Desk, Person

USERS = "/api/v1/users"
TEMPLATES = "/api/v1/workflows/templates"
INSTANCES = "/api/v1/workflows/instances"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["details"]["reason"]


def issues(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {i["path"]: i["code"] for i in answer.json()["error"]["details"]["issues"]}


# -- who sees whom ---------------------------------------------------------------------------------


def test_staff_see_everybody_by_name(desk: Desk) -> None:
    answer = desk.client(desk.bo).get(USERS).json()
    assert [p["name"] for p in answer["data"]] == ["Ana", "Bo", "Cy", "Dee", "Root"]
    assert answer["meta"] == {"total": 5, "page": 1, "limit": 25, "total_pages": 1}
    bo = answer["data"][1]
    assert bo["manager_id"] == desk.dee.id
    assert [(g["slug"], g["role_in_group"]) for g in bo["groups"]] == [("service-desk", "member")]
    assert "password_hash" not in bo


def test_a_requester_sees_herself_and_names(desk: Desk) -> None:
    ana = desk.client(desk.ana)
    shown = {p["name"]: p for p in ana.get(USERS).json()["data"]}
    assert shown["Bo"] == {"id": desk.bo.id, "name": "Bo"}
    assert shown["Ana"]["email"] == "ana@acme.example"
    assert ana.get(f"{USERS}/{desk.bo.id}").json()["data"] == {"id": desk.bo.id, "name": "Bo"}
    assert ana.get(USERS, params={"q": "acme.example"}).json()["data"] == []
    assert ana.get(USERS, params={"role": "admin"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"role": "agent"}, ["Bo", "Cy"]),
        ({"q": "DEE@"}, ["Dee"]),
        ({"q": "%"}, []),
        ({"sort": "role", "order": "desc", "limit": 1}, ["Ana"]),
        ({"limit": 2, "page": 2}, ["Cy", "Dee"]),
    ],
)
def test_people_are_filtered_sorted_and_paged(desk: Desk, query: dict[str, str], names: list[str]) -> None:
    assert [p["name"] for p in desk.client(desk.root).get(USERS, params=query).json()["data"]] == names


def test_people_are_found_by_group_and_manager(desk: Desk) -> None:
    root = desk.client(desk.root)
    by_group = root.get(USERS, params={"group_id": desk.service_desk_id}).json()["data"]
    assert [p["name"] for p in by_group] == ["Bo", "Cy", "Dee"]
    by_manager = root.get(USERS, params={"manager_id": desk.dee.id}).json()["data"]
    assert [p["name"] for p in by_manager] == ["Ana", "Bo", "Cy"]


# -- writing ---------------------------------------------------------------------------------------


def test_an_admin_adds_and_changes_people(desk: Desk) -> None:
    root = desk.client(desk.root)
    wanted = {
        "email": "Eve@Acme.example",
        "name": "Eve",
        "role": "agent",
        "manager_id": desk.dee.id,
        "labels": ["on-call", "on-call"],
        "timezone": "Europe/Vienna",
        "locale": "de-AT",
        "password": "a long enough one",
    }
    made = root.post(USERS, json=wanted)
    assert made.status_code == 201
    eve = made.json()["data"]
    assert (eve["email"], eve["labels"], eve["active"]) == ("eve@acme.example", ["on-call"], True)
    changed = root.patch(f"{USERS}/{eve['id']}", json={"role": "manager", "manager_id": None})
    assert (changed.json()["data"]["role"], changed.json()["data"]["manager_id"]) == ("manager", None)
    assert desk.http.post(
        "/api/v1/auth/login", json={"email": "eve@acme.example", "password": "a long enough one"}
    ).is_success


def test_an_address_alone_makes_a_requester(desk: Desk) -> None:
    made = desk.client(desk.root).post(USERS, json={"email": "fay@acme.example"}).json()["data"]
    assert (made["name"], made["role"], made["timezone"], made["locale"]) == ("fay", "requester", "UTC", "en")


def test_every_bad_field_is_named_at_once(desk: Desk) -> None:
    bad = {
        "email": "no address",
        "name": " ",
        "role": "king",
        "manager_id": desk.zoe.id,
        "labels": "on-call",
        "active": "yes",
        "timezone": "Mars/Olympus",
        "locale": "?",
        "password": "short",
        "salary": 1,
    }
    assert issues(desk.client(desk.root).post(USERS, json=bad)) == {
        "email": "not_an_email",
        "name": "not_a_name",
        "role": "unknown_role",
        "manager_id": "unknown_user",
        "labels": "not_labels",
        "active": "not_a_boolean",
        "timezone": "unknown_timezone",
        "locale": "not_a_locale",
        "password": "weak_password",
        "salary": "unknown_field",
    }
    assert issues(desk.client(desk.root).post(USERS, json={})) == {"email": "required"}


def test_an_address_is_one_persons(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert refusal(root.post(USERS, json={"email": "BO@acme.example"})) == (409, "duplicate_email")
    assert refusal(root.patch(f"{USERS}/{desk.cy.id}", json={"email": "bo@acme.example"})) == (409, "duplicate_email")
    assert root.patch(f"{USERS}/{desk.bo.id}", json={"email": "bo@acme.example"}).status_code == 200
    assert desk.client(desk.zoe).post(USERS, json={"email": "bo@acme.example"}).status_code == 201


def test_nobody_is_above_themselves(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert root.patch(f"{USERS}/{desk.dee.id}", json={"manager_id": desk.root.id}).status_code == 200
    circle = root.patch(f"{USERS}/{desk.root.id}", json={"manager_id": desk.bo.id})
    assert issues(circle) == {"manager_id": "manager_cycle"}
    assert issues(root.patch(f"{USERS}/{desk.bo.id}", json={"manager_id": desk.bo.id})) == {
        "manager_id": "manager_cycle"
    }


def test_a_key_makes_one_person(desk: Desk) -> None:
    root = desk.client(desk.root)
    answers = [
        root.post(USERS, json={"email": "gil@acme.example"}, headers={"Idempotency-Key": "gil"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("who", ["ana", "bo", "dee"])
def test_only_admins_write_people(sqlite_desk: Desk, who: str) -> None:
    client = sqlite_desk.client(getattr(sqlite_desk, who))
    bo = f"{USERS}/{sqlite_desk.bo.id}"
    calls = [
        client.post(USERS, json={"email": "x@acme.example"}),
        client.patch(bo, json={"name": "Bob"}),
        client.delete(bo),
        client.post(f"{bo}/deactivate"),
        client.post(f"{bo}/invitation"),
    ]
    assert [c.status_code for c in calls] == [403] * 5


def test_an_admins_token_needs_the_ability(sqlite_desk: Desk) -> None:
    narrow = sqlite_desk.using(sqlite_desk.new_token(sqlite_desk.root, "ticket:write"))
    refused = narrow.post(USERS, json={"email": "x@acme.example"})
    assert refused.json()["error"]["details"] == {"ability": "admin", "reason": "ability"}


def test_a_tenant_keeps_an_admin(desk: Desk) -> None:
    root = desk.client(desk.root)
    me = f"{USERS}/{desk.root.id}"
    assert refusal(root.patch(me, json={"role": "agent"})) == (409, "last_admin")
    assert refusal(root.patch(me, json={"active": False})) == (409, "last_admin")
    assert refusal(root.delete(me)) == (409, "last_admin")
    assert refusal(root.post(f"{me}/deactivate")) == (409, "last_admin")
    assert root.patch(f"{USERS}/{desk.dee.id}", json={"role": "admin"}).status_code == 200
    assert root.patch(me, json={"role": "agent"}).status_code == 200
    assert root.post(USERS, json={"email": "x@acme.example"}).status_code == 403


# -- leaving ---------------------------------------------------------------------------------------


def published(desk: Desk, *steps: dict[str, Any]) -> str:
    definition = {"name": "Work", "trigger": {"type": "manual"}, "steps": list(steps)}
    made = desk.client(desk.root).post(TEMPLATES, json=definition)
    assert made.status_code == 201, made.text
    return str(made.json()["data"]["id"])


def started(desk: Desk, *steps: dict[str, Any]) -> dict[str, Any]:
    """A run of these steps, owned by Ana."""
    made = desk.client(desk.ana).post("/api/v1/workflows/instantiate", json={"template_id": published(desk, *steps)})
    assert made.status_code == 201, made.text
    return dict(made.json()["data"])


def step_of(desk: Desk, run: dict[str, Any], step_id: str = "do") -> dict[str, Any]:
    shown = desk.client(desk.root).get(f"{INSTANCES}/{run['id']}").json()["data"]
    return next(s for s in shown["step_instances"] if s["step_id"] == step_id)


def form(**who: str) -> dict[str, Any]:
    return {"id": "do", "type": "form", "assignee": who, "fields": [{"name": "x", "label": "X", "type": "text"}]}


def approval(*people: Person, **more: Any) -> dict[str, Any]:
    return {"id": "do", "type": "approval", "approvers": [{"user": p.id} for p in people], **more}


def inbox(desk: Desk, person: Person) -> list[str]:
    return [i["title"] for i in desk.client(person).get("/api/v1/inbox").json()["data"]]


def test_the_work_of_a_person_is_listed(desk: Desk) -> None:
    started(desk, form(user=desk.bo.id))
    ticket = desk.client(desk.bo).post(
        "/api/v1/tickets", json={"type": "task", "title": "Cable", "assignee_id": desk.bo.id}
    )
    assert ticket.status_code == 201, ticket.text
    path = f"{USERS}/{desk.bo.id}/work"
    for who in (desk.bo, desk.dee, desk.root):
        work = desk.client(who).get(path).json()["data"]
        assert work["totals"] == {"work_items": 1, "tickets": 1}
        assert work["work_items"][0]["kind"] == "form"
        assert work["tickets"][0]["title"] == "Cable"
    assert desk.client(desk.cy).get(path).status_code == 403


def test_who_leaves_hands_everything_to_the_heir(desk: Desk) -> None:
    run = started(desk, form(user=desk.bo.id))
    desk.client(desk.bo).post("/api/v1/tickets", json={"type": "task", "title": "T", "assignee_id": desk.bo.id})
    left = desk.client(desk.root).post(f"{USERS}/{desk.bo.id}/deactivate", json={"hand_over_to": desk.cy.id})
    answer = left.json()["data"]
    assert answer["user"]["active"] is False
    assert answer["handed_over"] == {"work_items": 1, "tickets": 1}
    assert answer["left"] == []
    assert step_of(desk, run)["assigned_to"] == desk.cy.id
    work = desk.client(desk.root).get(f"{USERS}/{desk.cy.id}/work").json()["data"]
    assert work["totals"] == {"work_items": 1, "tickets": 1}
    assert desk.client(desk.bo).get("/api/v1/auth/me").status_code == 401


def test_the_heir_is_an_active_colleague(desk: Desk) -> None:
    root = desk.client(desk.root)
    for nobody in (desk.bo.id, desk.zoe.id, "somebody"):
        answer = root.post(f"{USERS}/{desk.bo.id}/deactivate", json={"hand_over_to": nobody})
        assert issues(answer) == {"hand_over_to": "unknown_user"}
    assert root.get(f"{USERS}/{desk.bo.id}").json()["data"]["active"] is True


def test_without_an_heir_work_goes_to_the_manager_and_tickets_wait_for_somebody(desk: Desk) -> None:
    run = started(desk, form(user=desk.bo.id))
    ticket = desk.client(desk.bo).post(
        "/api/v1/tickets", json={"type": "task", "title": "T", "assignee_id": desk.bo.id}
    )
    changed = desk.client(desk.root).patch(f"{USERS}/{desk.bo.id}", json={"active": False}).json()["data"]
    assert changed["handed_over"] == {"work_items": 1, "tickets": 1}
    assert step_of(desk, run)["assigned_to"] == desk.dee.id
    number = ticket.json()["data"]["number"]
    assert desk.client(desk.root).get(f"/api/v1/tickets/{number}").json()["data"]["assignee"] is None


def test_claimed_work_goes_back_to_its_group(desk: Desk) -> None:
    run = started(desk, form(group="service-desk"))
    item = desk.client(desk.bo).get("/api/v1/inbox").json()["data"][0]
    assert desk.client(desk.bo).post(f"/api/v1/inbox/{item['id']}/claim").is_success
    assert inbox(desk, desk.cy) == []
    assert desk.client(desk.root).delete(f"{USERS}/{desk.bo.id}").status_code == 204
    assert len(inbox(desk, desk.cy)) == 1
    assert step_of(desk, run)["status"] == "active"


def test_a_voter_who_leaves_is_replaced_by_their_substitute(desk: Desk) -> None:
    run = started(desk, approval(desk.bo, desk.dee))
    now = desk.wayline.clock.now()
    away = {
        "from": (now - timedelta(hours=1)).isoformat(),
        "to": (now + timedelta(days=3)).isoformat(),
        "substitute_id": desk.cy.id,
    }
    assert desk.client(desk.bo).post(f"{USERS}/{desk.bo.id}/absence", json=away).status_code == 201
    assert desk.client(desk.root).delete(f"{USERS}/{desk.bo.id}").status_code == 204
    assert sorted(step_of(desk, run)["approvers"]) == sorted([desk.cy.id, desk.dee.id])
    assert len(inbox(desk, desk.cy)) == 1


def test_a_voter_without_a_substitute_abstains(desk: Desk) -> None:
    run = started(desk, approval(desk.bo, desk.cy, desk.dee, rule="all"))
    complete = f"{INSTANCES}/{run['id']}/steps/do/complete"
    assert desk.client(desk.cy).post(complete, json={"decision": "approve"}).is_success
    assert desk.client(desk.root).delete(f"{USERS}/{desk.bo.id}").status_code == 204
    step = step_of(desk, run)
    assert (step["needed"], sorted(step["approvers"])) == (2, sorted([desk.cy.id, desk.dee.id]))
    assert [v["by"] for v in step["votes"]] == [desk.cy.id]
    assert desk.client(desk.dee).post(complete, json={"decision": "approve"}).json()["data"]["status"] == "completed"


def test_a_voter_whose_turn_has_not_come_is_replaced_too(desk: Desk) -> None:
    run = started(desk, approval(desk.cy, desk.bo, order="sequential"))
    answer = desk.client(desk.root).post(f"{USERS}/{desk.bo.id}/deactivate", json={"hand_over_to": desk.dee.id})
    assert answer.json()["data"]["handed_over"]["work_items"] == 1
    assert set(step_of(desk, run)["approvers"]) == {desk.cy.id, desk.dee.id}


def test_who_had_voted_stays_a_voter(desk: Desk) -> None:
    run = started(desk, approval(desk.bo, desk.cy))
    complete = f"{INSTANCES}/{run['id']}/steps/do/complete"
    assert desk.client(desk.bo).post(complete, json={"decision": "approve"}).is_success
    answer = desk.client(desk.root).post(f"{USERS}/{desk.bo.id}/deactivate", json={"hand_over_to": desk.dee.id})
    assert answer.json()["data"]["handed_over"]["work_items"] == 0
    assert sorted(step_of(desk, run)["approvers"]) == sorted([desk.bo.id, desk.cy.id])


def test_who_comes_back_has_no_old_credentials(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert root.delete(f"{USERS}/{desk.cy.id}").status_code == 204
    assert root.patch(f"{USERS}/{desk.cy.id}", json={"active": True}).json()["data"]["active"] is True
    assert desk.client(desk.cy).get("/api/v1/auth/me").status_code == 401
