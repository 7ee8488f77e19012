"""A user query can be tried out: whom it means just now, or where it goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from served_desk import Desk, Person, add_person
from wayline.store.directory import touch

PATH = "/api/v1/user-queries/preview"


def previewed(desk: Desk, query: str, *, by: Person | None = None, **context: Any) -> dict[str, Any]:
    answer = desk.client(by or desk.bo).post(PATH, json={"query": query, "context": context})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [person["name"] for person in found["users"]]


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("all users", ["Ana", "Bo", "Cy", "Dee", "Root"]),
        ("current user", ["Bo"]),
        ("given users [ana@acme.example, cy@acme.example]", ["Ana", "Cy"]),
        ("given groups [service-desk]", ["Bo", "Cy", "Dee"]),
        ('given groups ["Service desk"]', ["Bo", "Cy", "Dee"]),
        ("given leads [service-desk]", ["Dee"]),
        ("given roles [agent, admin]", ["Bo", "Cy", "Root"]),
        ("given labels [vip]", ["Ana", "Dee"]),
        ("except labels [vip]", ["Bo", "Cy", "Root"]),
        ("except groups [service-desk]", ["Ana", "Root"]),
        ("except roles [agent] except users [root@acme.example]", ["Ana", "Dee"]),
        ("given groups [service-desk] given labels [VIP]", ["Dee"]),
        ("given groups [service-desk] given roles [agent] except users [$context.declined]", ["Cy"]),
        ("given users [$context.site.owners]", ["Ana", "Root"]),
        ("given groups [service-desk] current user", ["Bo"]),
        ("GIVEN Roles [Agent]\n  except users [\n bo@acme.example ]", ["Cy"]),
    ],
)
def test_a_query_means_these_people(sqlite_desk: Desk, query: str, meant: list[str]) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    for person in (sqlite_desk.ana, sqlite_desk.dee):
        assert root.patch(f"/api/v1/users/{person.id}", json={"labels": ["vip"]}).status_code == 200
    owners = [sqlite_desk.ana.email, sqlite_desk.root.id]
    found = previewed(sqlite_desk, query, declined=[sqlite_desk.bo.id], site={"owners": owners})
    assert names(found) == meant
    assert found["count"] == len(meant)
    assert found["warnings"] == []


def test_the_first_fifty_are_shown_and_all_are_counted(desk: Desk) -> None:
    with desk.wayline.database.writer.begin() as connection:
        for number in range(60):
            add_person(connection, desk.tenant_id, f"Nina{number:02}", "requester", desk.wayline.clock.now())
        touch(connection, desk.tenant_id)
    found = previewed(desk, "given roles [requester] except users [ana@acme.example]")
    assert found["count"] == 60
    assert names(found) == [f"Nina{number:02}" for number in range(50)]
    assert found["users"][0]["email"] == "nina00@acme.example"
    assert found["description"] == "Everybody who has role requester and is not ana@acme.example."


def test_labels_are_set_shown_and_meant(desk: Desk) -> None:
    root = desk.client(desk.root)
    changed = root.patch(f"/api/v1/users/{desk.cy.id}", json={"labels": ["on-call", "north"]}).json()["data"]
    assert changed["labels"] == ["on-call", "north"]
    assert root.get(f"/api/v1/users/{desk.cy.id}").json()["data"]["labels"] == ["on-call", "north"]
    assert names(previewed(desk, "given labels [on-call]")) == ["Cy"]
    root.patch(f"/api/v1/users/{desk.cy.id}", json={"labels": []})
    found = previewed(desk, "given labels [on-call]")
    assert found["count"] == 0
    assert [w["message"] for w in found["warnings"]] == ["Label on-call is carried by nobody."]


def test_what_means_nobody_just_now_is_a_warning_with_its_place(sqlite_desk: Desk) -> None:
    found = previewed(sqlite_desk, "given users [ana@acme.example,\n zed@acme.example]")
    assert names(found) == ["Ana"]
    assert found["warnings"] == [
        {"message": "User zed@acme.example does not exist or is not active.", "position": 32, "line": 2, "column": 2}
    ]


@pytest.mark.parametrize(
    ("query", "code", "place", "said"),
    [
        ("everybody", "bad_query", (0, 1, 1), "expected `all users`"),
        ("all people", "bad_query", (4, 1, 5), "expected `users`"),
        ("given\n  groups on-call", "bad_query", (15, 2, 10), "expected `[`"),
        ("given groups [on-call", "bad_query", (21, 1, 22), "expected `,` or `]`"),
        ("given groups []", "bad_query", (13, 1, 14), "needs at least one name"),
        ("given friends [x]", "bad_query", (6, 1, 7), "expected `users`"),
        ("given users [$sink]", "bad_query", (13, 1, 14), "scope keyword"),
        ("$all", "bad_query", (0, 1, 1), "scope keyword"),
        ("given users ['x]", "bad_query", (13, 1, 14), "unclosed quote"),
        ("given users [$context]", "bad_query", (13, 1, 14), "$context."),
        ("given groups [service-desk, pager]", "unknown_groups", (28, 1, 29), "group pager does not exist"),
        ("except leads [pager]", "unknown_leads", (14, 1, 15), "group pager does not exist"),
        ("given roles [boss]", "unknown_roles", (13, 1, 14), "role boss does not exist"),
    ],
)
def test_a_bad_query_is_refused_with_its_place(
    sqlite_desk: Desk, query: str, code: str, place: tuple[int, int, int], said: str
) -> None:
    answer = sqlite_desk.client(sqlite_desk.bo).post(PATH, json={"query": query})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    details = error["details"]
    assert (details["position"], details["line"], details["column"]) == place
    (issue,) = details["issues"]
    assert (issue["path"], issue["code"]) == ("query", code)
    assert said.lower() in issue["message"].lower()
    assert f"(line {place[1]}, column {place[2]})" in issue["message"]


def test_every_unknown_name_is_told_at_once(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.bo).post(PATH, json={"query": "given groups [a, b] given roles [c, agent]"})
    issues = answer.json()["error"]["details"]["issues"]
    assert [issue["code"] for issue in issues] == ["unknown_groups", "unknown_groups", "unknown_roles"]


@pytest.mark.parametrize(
    "body", [{}, {"query": ""}, {"query": 1}, {"query": "all users", "context": []}, {"query": "all users", "x": 1}]
)
def test_a_bad_body_is_refused(sqlite_desk: Desk, body: dict[str, Any]) -> None:
    assert sqlite_desk.client(sqlite_desk.bo).post(PATH, json=body).status_code == 400


def test_requesters_and_strangers_may_not_look(sqlite_desk: Desk) -> None:
    body = {"query": "all users"}
    assert sqlite_desk.http.post(PATH, json=body).status_code == 401
    assert sqlite_desk.client(sqlite_desk.ana).post(PATH, json=body).status_code == 403


def test_nobody_of_another_tenant_is_meant(desk: Desk) -> None:
    assert names(previewed(desk, "all users", by=desk.zack)) == ["Zack", "Zoe"]
    assert previewed(desk, f"given users [{desk.bo.id}]", by=desk.zack)["count"] == 0
    refused = desk.client(desk.zack).post(PATH, json={"query": "given groups [service-desk]"})
    assert refused.status_code == 400


def test_who_has_left_is_not_meant(desk: Desk) -> None:
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.text("UPDATE users SET active = false WHERE id = :id"), {"id": desk.cy.id})
        touch(connection, desk.tenant_id)
    assert names(previewed(desk, "given groups [service-desk]")) == ["Bo", "Dee"]
