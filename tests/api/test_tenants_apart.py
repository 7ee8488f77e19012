"""Tenants apart: whatever Acme has, Zed's admin finds nothing of it, and can do nothing to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from served_desk import PASSWORD, Desk


@dataclass(frozen=True)
class Acme:
    """Ids of what Acme has, as the paths below name them."""

    user: str
    group: str
    token: str
    absence: str
    view: str


@pytest.fixture
def acme(desk: Desk) -> Acme:
    root, bo = desk.client(desk.root), desk.client(desk.bo)
    token = bo.post("/api/v1/tokens", json={"name": "T"}).json()["data"]["id"]
    away = {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}
    absence = bo.post(f"/api/v1/users/{desk.bo.id}/absence", json=away).json()["data"]["id"]
    view = root.post("/api/v1/views", json={"name": "V", "screen": "tickets", "shared": True}).json()["data"]["id"]
    return Acme(user=desk.bo.id, group=desk.service_desk_id, token=token, absence=absence, view=view)


BY_ID: list[tuple[str, str, Any]] = [
    ("GET", "/users/{user}", None),
    ("PATCH", "/users/{user}", {"name": "Zed's"}),
    ("DELETE", "/users/{user}", None),
    ("GET", "/users/{user}/work", None),
    ("POST", "/users/{user}/deactivate", {}),
    ("POST", "/users/{user}/invitation", None),
    ("GET", "/users/{user}/absence", None),
    ("POST", "/users/{user}/absence", {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}),
    ("DELETE", "/users/{user}/absence/{absence}", None),
    ("GET", "/groups/{group}", None),
    ("PATCH", "/groups/{group}", {"name": "Zed's"}),
    ("DELETE", "/groups/{group}", None),
    ("POST", "/groups/{group}/members", {"user_id": "{zack}"}),
    ("DELETE", "/groups/{group}/members", {"user_id": "{user}"}),
    ("DELETE", "/groups/{group}/members/{user}", None),
    ("POST", "/tokens/{token}/rotate", None),
    ("DELETE", "/tokens/{token}", None),
    ("GET", "/views/{view}", None),
    ("PATCH", "/views/{view}", {"name": "Zed's"}),
    ("DELETE", "/views/{view}", None),
]


def test_what_another_tenant_has_does_not_exist(desk: Desk, acme: Acme) -> None:
    ids = {**vars(acme), "zack": desk.zack.id}
    zoe = desk.client(desk.zoe)
    for method, path, body in BY_ID:
        named = {k: v.format(**ids) for k, v in body.items()} if body is not None else None
        answer = zoe.request(method, f"/api/v1{path.format(**ids)}", json=named)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
        assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert desk.client(desk.bo).get(f"/api/v1/users/{acme.user}").json()["data"]["name"] == "Bo"
    assert len(desk.client(desk.bo).get(f"/api/v1/groups/{acme.group}").json()["data"]["members"]) == 3


def test_the_same_words_find_things_at_home(desk: Desk, acme: Acme) -> None:
    """The table above would pass with misspelt paths as well; here the reads of it succeed for Acme's own admin."""
    root = desk.client(desk.root)
    for method, path, _ in BY_ID:
        if method == "GET":
            assert root.get(f"/api/v1{path.format(**vars(acme))}").status_code == 200, path


LISTS: list[tuple[str, set[str]]] = [
    ("/users", {"Zoe", "Zack"}),
    ("/users?q=acme", set()),
    ("/users?group_id={group}", set()),
    ("/groups", {"Zed’s desk"}),
    ("/groups?member_id={user}", set()),
    ("/tokens", {"tests"}),
    ("/tokens?user_id={user}", set()),
    ("/tokens?kind=session&user_id={user}", set()),
    ("/audit", set()),
    ("/audit?actor_id={user}", set()),
    ("/views", set()),
    ("/notifications", set()),
]


@pytest.mark.parametrize(("path", "names"), LISTS)
def test_lists_hold_ones_own_tenant_alone(desk: Desk, acme: Acme, path: str, names: set[str]) -> None:
    answer = desk.client(desk.zoe).get(f"/api/v1{path.format(**vars(acme))}")
    assert answer.status_code == 200
    assert {row.get("name", row["id"]) for row in answer.json()["data"]} == names


REFERENCES: list[tuple[str, str, dict[str, Any]]] = [
    ("/users", "manager_id", {"email": "new@zed.example", "manager_id": "{user}"}),
    ("/tokens", "user_id", {"name": "T", "user_id": "{user}"}),
    ("/groups/{zed_group}/members", "user_id", {"user_id": "{user}"}),
    ("/users/{zack}/deactivate", "hand_over_to", {"hand_over_to": "{user}"}),
    (
        "/users/{zack}/absence",
        "substitute_id",
        {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z", "substitute_id": "{user}"},
    ),
]


def test_nothing_of_ones_own_refers_to_another_tenant(desk: Desk, acme: Acme) -> None:
    ids = {**vars(acme), "zack": desk.zack.id, "zed_group": desk.zed_group_id}
    for path, field, body in REFERENCES:
        sent = {k: v.format(**ids) for k, v in body.items()}
        answer = desk.client(desk.zoe).post(f"/api/v1{path.format(**ids)}", json=sent)
        issues = answer.json()["error"]["details"]["issues"]
        assert [(i["path"], i["code"]) for i in issues] == [(field, "unknown_user")], path


def test_the_tenant_is_the_credentials(desk: Desk) -> None:
    usage = {"templates": 0, "users": 2, "groups": 1, "active_instances": 0}
    tenant = desk.client(desk.zoe).get("/api/v1/tenant").json()["data"]
    assert (tenant["name"], tenant["plan"], tenant["usage"]) == ("Zed", "enterprise", usage)
    assert tenant["limits"] == {"templates": None}
    login = {"email": "bo@acme.example", "password": PASSWORD, "tenant": "Zed"}
    assert desk.http.post("/api/v1/auth/login", json=login).status_code == 401
