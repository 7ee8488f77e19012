"""Groups: who sees and writes them, their slugs, their members, and why one cannot be removed."""

from __future__ import annotations

from typing import Any

import pytest

from served_desk import Desk

GROUPS = "/api/v1/groups"
TEMPLATES = "/api/v1/workflows/templates"


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["details"]["reason"]


def new_group(desk: Desk, name: str) -> dict[str, Any]:
    made = desk.client(desk.root).post(GROUPS, json={"name": name})
    assert made.status_code == 201, made.text
    return dict(made.json()["data"])


def test_staff_see_members_and_requesters_names(desk: Desk) -> None:
    shown = desk.client(desk.bo).get(GROUPS).json()["data"]
    assert [(m["name"], m["role_in_group"]) for m in shown[0]["members"]] == [
        ("Bo", "member"),
        ("Cy", "member"),
        ("Dee", "lead"),
    ]
    assert shown[0]["member_count"] == 3
    name = {"id": desk.service_desk_id, "slug": "service-desk", "name": "Service desk"}
    assert desk.client(desk.ana).get(GROUPS).json()["data"] == [name]
    assert desk.client(desk.ana).get(f"{GROUPS}/{desk.service_desk_id}").json()["data"] == name
    assert desk.client(desk.ana).get(GROUPS, params={"member_id": desk.bo.id}).status_code == 403


def test_groups_are_found_by_name_and_member(desk: Desk) -> None:
    new_group(desk, "Network")
    root = desk.client(desk.root)
    assert [g["name"] for g in root.get(GROUPS).json()["data"]] == ["Network", "Service desk"]
    assert [g["name"] for g in root.get(GROUPS, params={"q": "NET"}).json()["data"]] == ["Network"]
    mine = root.get(GROUPS, params={"member_id": desk.dee.id}).json()["data"]
    assert [g["name"] for g in mine] == ["Service desk"]


def test_a_slug_is_made_of_the_name_and_stays(desk: Desk) -> None:
    assert new_group(desk, "Küche & Büro")["slug"] == "kuche-buro"
    assert new_group(desk, "Kuche, Buro!")["slug"] == "kuche-buro-2"
    assert new_group(desk, "電話")["slug"] == "group"
    group = new_group(desk, "Field")
    path = f"{GROUPS}/{group['id']}"
    changed = desk.client(desk.root).patch(path, json={"name": "Field force", "description": "On the road"})
    assert changed.json()["data"] | {"members": []} == group | {"name": "Field force", "description": "On the road"}


def test_two_groups_are_not_called_alike(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert refusal(root.post(GROUPS, json={"name": "service DESK"})) == (409, "duplicate_name")
    group = new_group(desk, "Field")
    assert refusal(root.patch(f"{GROUPS}/{group['id']}", json={"name": "Service desk"})) == (409, "duplicate_name")
    assert root.patch(f"{GROUPS}/{group['id']}", json={"name": "FIELD"}).status_code == 200
    assert root.post(GROUPS, json={"name": "  "}).status_code == 400


def test_members_come_change_and_go(desk: Desk) -> None:
    root = desk.client(desk.root)
    members = f"{GROUPS}/{new_group(desk, 'Field')['id']}/members"
    assert root.post(members, json={"user_id": desk.cy.id}).status_code == 201
    group = root.post(members, json={"user_id": desk.bo.id, "role_in_group": "lead"}).json()["data"]
    assert [(m["name"], m["role_in_group"]) for m in group["members"]] == [("Cy", "member"), ("Bo", "lead")]
    group = root.post(members, json={"user_id": desk.cy.id, "role_in_group": "lead"}).json()["data"]
    assert [(m["name"], m["role_in_group"]) for m in group["members"]] == [("Cy", "lead"), ("Bo", "lead")]
    assert root.delete(f"{members}/{desk.cy.id}").status_code == 204
    assert root.delete(f"{members}/{desk.cy.id}").status_code == 404
    assert root.request("DELETE", members, json={"user_id": desk.bo.id}).status_code == 204
    assert root.get(members.removesuffix("/members")).json()["data"]["members"] == []


def test_strangers_are_no_members(desk: Desk) -> None:
    members = f"{GROUPS}/{desk.service_desk_id}/members"
    for nobody in (desk.zack.id, "somebody"):
        answer = desk.client(desk.root).post(members, json={"user_id": nobody})
        assert answer.json()["error"]["details"]["issues"][0]["code"] == "unknown_user"


def test_only_admins_write_groups(sqlite_desk: Desk) -> None:
    path = f"{GROUPS}/{sqlite_desk.service_desk_id}"
    for who in (sqlite_desk.ana, sqlite_desk.bo, sqlite_desk.dee):
        client = sqlite_desk.client(who)
        calls = [
            client.post(GROUPS, json={"name": "Mine"}),
            client.patch(path, json={"name": "Mine"}),
            client.delete(path),
            client.post(f"{path}/members", json={"user_id": who.id}),
            client.delete(f"{path}/members/{sqlite_desk.bo.id}"),
        ]
        assert [c.status_code for c in calls] == [403] * 5


FIELDS = [{"name": "x", "label": "X", "type": "text"}]


@pytest.mark.parametrize(
    "step",
    [
        {"type": "form", "assignee": {"group": "field"}, "fields": FIELDS},
        {"type": "form", "assignee": {"group": "FIELD"}, "fields": FIELDS},
        {"type": "approval", "approvers": [{"role": "lead", "group": "field"}, {"role": "admin"}]},
        {"type": "approval", "approvers": {"query": "given groups [on-call, Field] given roles [agent]"}},
        {"type": "routing", "to": {"group": "field"}},
        {"type": "automatic", "action": {"type": "update_field", "field": "group", "value": "field"}},
    ],
)
def test_a_group_templates_mention_stays(sqlite_desk: Desk, step: dict[str, Any]) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    group = new_group(sqlite_desk, "Field")
    new_group(sqlite_desk, "on-call")
    root.post(f"{GROUPS}/{group['id']}/members", json={"user_id": sqlite_desk.cy.id, "role_in_group": "lead"})
    definition = {"name": "Uses it", "trigger": {"type": "manual"}, "steps": [{"id": "do", **step}]}
    made = root.post(TEMPLATES, json=definition)
    assert made.status_code == 201, made.text
    refused = root.delete(f"{GROUPS}/{group['id']}")
    assert refusal(refused) == (409, "group_in_use")
    assert refused.json()["error"]["details"]["templates"] == ["Uses it"]
    assert root.delete(f"{TEMPLATES}/{made.json()['data']['id']}").status_code == 204
    assert root.delete(f"{GROUPS}/{group['id']}").status_code == 204


def test_a_group_with_open_work_stays(desk: Desk) -> None:
    root = desk.client(desk.root)
    group = new_group(desk, "Field")
    ticket = root.post("/api/v1/tickets", json={"type": "task", "title": "T", "group_id": group["id"]})
    assert ticket.status_code == 201, ticket.text
    refused = root.delete(f"{GROUPS}/{group['id']}")
    assert refusal(refused) == (409, "group_has_work")
    assert refused.json()["error"]["details"]["tickets"] == 1
    root.patch(f"/api/v1/tickets/{ticket.json()['data']['id']}/status", json={"status": "closed"})
    assert root.delete(f"{GROUPS}/{group['id']}").status_code == 204
    assert root.get(f"{GROUPS}/{group['id']}").status_code == 404


def test_a_group_that_is_offered_work_stays(desk: Desk) -> None:
    root = desk.client(desk.root)
    group = new_group(desk, "Field")
    root.post(f"{GROUPS}/{group['id']}/members", json={"user_id": desk.cy.id})
    step = {"id": "do", "type": "form", "assignee": {"field": "team"}, "fields": FIELDS}
    definition = {
        "name": "Any team",
        "trigger": {"type": "manual"},
        "variables": {"team": {"type": "string", "required": True}},
        "steps": [step],
    }
    made = root.post(TEMPLATES, json=definition)
    assert made.status_code == 201, made.text
    body = {"template_id": made.json()["data"]["id"], "variables": {"team": "field"}}
    run = root.post("/api/v1/workflows/instantiate", json=body)
    assert run.status_code == 201, run.text
    assert refusal(root.delete(f"{GROUPS}/{group['id']}")) == (409, "group_has_work")
    root.post(f"/api/v1/workflows/instances/{run.json()['data']['id']}/cancel")
    assert root.delete(f"{GROUPS}/{group['id']}").status_code == 204
