"""The audit: every administrative change has its row, no refused one has, and no secret is in it."""

from __future__ import annotations

from typing import Any

from served_desk import PASSWORD, Desk

AUDIT = "/api/v1/audit"


def entries(desk: Desk, **query: str) -> list[dict[str, Any]]:
    answer = desk.client(desk.root).get(AUDIT, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_every_change_is_told_with_who_what_and_from_what_to_what(desk: Desk) -> None:
    root = desk.client(desk.root)
    root.patch(f"/api/v1/users/{desk.bo.id}", json={"timezone": "Europe/Vienna", "name": "Bo"})
    (entry,) = entries(desk)
    assert (entry["action"], entry["subject"], entry["subject_id"]) == ("user.updated", "user", desk.bo.id)
    assert entry["actor"] == {"id": desk.root.id, "name": "Root"}
    assert entry["detail"] == {"changes": {"timezone": ["UTC", "Europe/Vienna"]}}


def test_each_kind_of_change_has_its_action(desk: Desk) -> None:
    root, bo = desk.client(desk.root), desk.client(desk.bo)
    eve = root.post("/api/v1/users", json={"email": "eve@acme.example"}).json()["data"]
    root.post(f"/api/v1/users/{eve['id']}/invitation")
    group = root.post("/api/v1/groups", json={"name": "Field"}).json()["data"]
    path = f"/api/v1/groups/{group['id']}"
    root.post(f"{path}/members", json={"user_id": desk.bo.id})
    root.delete(f"{path}/members/{desk.bo.id}")
    root.patch(path, json={"name": "Field force"})
    root.delete(path)
    token = bo.post("/api/v1/tokens", json={"name": "T"}).json()["data"]
    bo.post(f"/api/v1/tokens/{token['id']}/rotate")
    bo.delete(f"/api/v1/tokens/{token['id']}")
    away = {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}
    absence = bo.post(f"/api/v1/users/{desk.bo.id}/absence", json=away).json()["data"]
    bo.delete(f"/api/v1/users/{desk.bo.id}/absence/{absence['id']}")
    desk.http.post("/api/v1/auth/login", json={"email": "cy@acme.example", "password": PASSWORD})
    root.delete(f"/api/v1/users/{eve['id']}")
    assert [e["action"] for e in entries(desk, order="asc")] == [
        "user.created",
        "user.invited",
        "group.created",
        "group.member_set",
        "group.member_removed",
        "group.updated",
        "group.deleted",
        "token.created",
        "token.rotated",
        "token.revoked",
        "absence.created",
        "absence.deleted",
        "session.created",
        "user.deactivated",
    ]


def test_what_was_refused_or_changed_nothing_has_no_row(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert root.post("/api/v1/users", json={"email": "bo@acme.example"}).status_code == 409
    assert root.delete(f"/api/v1/users/{desk.root.id}").status_code == 409
    assert root.patch(f"/api/v1/users/{desk.bo.id}", json={"name": "Bo"}).status_code == 200
    assert entries(desk) == []


def test_no_secret_is_in_it(desk: Desk) -> None:
    root = desk.client(desk.root)
    root.patch(f"/api/v1/users/{desk.bo.id}", json={"password": "a very secret one"})
    token = root.post("/api/v1/tokens", json={"name": "T"}).json()["data"]["token"]
    told = desk.client(desk.root).get(AUDIT).text
    assert "password" in told
    for secret in ("a very secret one", "argon2", token):
        assert secret not in told


def test_it_is_filtered_and_paged(desk: Desk) -> None:
    root = desk.client(desk.root)
    for name in ("Field", "Network", "Phones"):
        root.post("/api/v1/groups", json={"name": name})
    between = desk.wayline.clock.now().isoformat()
    desk.client(desk.bo).post("/api/v1/tokens", json={"name": "T"})
    assert [e["detail"]["name"] for e in entries(desk, subject="group")] == ["Phones", "Network", "Field"]
    assert [e["action"] for e in entries(desk, actor_id=desk.bo.id)] == ["token.created"]
    assert len(entries(desk, until=between)) == 3
    assert [e["action"] for e in entries(desk, since=between)] == ["token.created"]
    assert [e["detail"]["name"] for e in entries(desk, action="group.created", limit="1", page="2")] == ["Network"]
    group_id = entries(desk, subject="group")[0]["subject_id"]
    assert len(entries(desk, subject_id=group_id)) == 1


def test_it_is_for_admins_alone(sqlite_desk: Desk) -> None:
    for who in (sqlite_desk.ana, sqlite_desk.bo, sqlite_desk.dee):
        assert sqlite_desk.client(who).get(AUDIT).status_code == 403
    narrow = sqlite_desk.using(sqlite_desk.new_token(sqlite_desk.root, "workflow:write"))
    assert narrow.get(AUDIT).status_code == 403
