"""Who may administer a desk over surface 004, and in which order it is refused."""

from __future__ import annotations

import pytest
from administration_at_a_desk import BASE, BODIES, READS, feature_of, set_plan
from test_openapi import fits

from served_desk import Desk


@pytest.fixture(params=sorted(BODIES))
def path(request: pytest.FixtureRequest) -> str:
    """Every endpoint."""
    return str(request.param)


def test_nobody_is_told_anything(sqlite_desk: Desk, path: str) -> None:
    answer = sqlite_desk.http.post(f"{BASE}/{path}", json=BODIES[path])
    assert (answer.status_code, set(answer.json())) == (401, {"message"})


def test_reading_and_writing_need_their_abilities_and_writing_implies_reading(sqlite_desk: Desk, path: str) -> None:
    asking = {
        ability: sqlite_desk.using(sqlite_desk.new_token(sqlite_desk.root, ability)).post(
            f"{BASE}/{path}", json=BODIES[path]
        )
        for ability in ("ticket:write", "workflow:read", "workflow:write")
    }
    statuses = {ability: answer.status_code == 403 for ability, answer in asking.items()}
    is_read = path in READS
    assert statuses == {"ticket:write": True, "workflow:read": not is_read, "workflow:write": False}
    lacking = asking["ticket:write"].json()["message"]
    assert ("workflow:read" if is_read else "workflow:write") in lacking


def test_the_owner_of_the_token_is_an_admin(sqlite_desk: Desk, path: str) -> None:
    for person in (sqlite_desk.dee, sqlite_desk.bo, sqlite_desk.ana):
        answer = sqlite_desk.client(person).post(f"{BASE}/{path}", json=BODIES[path])
        assert (answer.status_code, set(answer.json())) == (403, {"message"})


def test_a_plan_without_the_feature_is_told_which_before_its_body_is_looked_at(desk: Desk, path: str) -> None:
    set_plan(desk, "community")
    answer = desk.client(desk.root).post(f"{BASE}/{path}", json={"no such field": 1})
    lacks = feature_of(path) in ("escalations", "interventions")
    assert answer.status_code == (403 if lacks else 422)
    assert (str(feature_of(path)) in answer.json()["message"]) is lacks


def test_the_role_is_judged_before_the_plan_and_the_ability_before_the_role(sqlite_desk: Desk) -> None:
    set_plan(sqlite_desk, "community")
    url = f"{BASE}/escalations/create"
    told = sqlite_desk.client(sqlite_desk.dee).post(url, json={}).json()["message"]
    assert "admin" in told
    bare = sqlite_desk.using(sqlite_desk.new_token(sqlite_desk.dee, "workflow:read"))
    assert "workflow:write" in bare.post(url, json={}).json()["message"]


def test_bodies_are_json_objects_and_nothing_else_is_post(sqlite_desk: Desk, path: str) -> None:
    root, url = sqlite_desk.client(sqlite_desk.root), f"{BASE}/{path}"
    assert root.get(url).status_code == 405
    assert root.post(url, content=b"[", headers={"content-type": "application/json"}).status_code == 422
    assert root.post(url, json=[1]).status_code == 422
    assert root.post(url, content=b"x", headers={"content-type": "text/plain"}).status_code == 415


def test_a_creating_call_is_done_once_a_key(desk: Desk) -> None:
    root = desk.client(desk.root)
    for path in ("queues/create", "resolution-categories/create", "escalations/create", "interventions/create"):
        answers = [
            root.post(f"{BASE}/{path}", json=BODIES[path], headers={"Idempotency-Key": path}).json() for _ in range(2)
        ]
        assert answers[0] == answers[1]
    assert len(root.post(f"{BASE}/queues", json={}).json()["queues"]) == 4
    assert len(root.post(f"{BASE}/resolution-categories", json={}).json()) == 1
    assert len(root.post(f"{BASE}/escalations", json={}).json()["escalations"]) == 1
    assert len(root.post(f"{BASE}/interventions", json={}).json()["interventions"]) == 1


def test_a_neighbours_things_are_not_there(desk: Desk) -> None:
    root, zoe = desk.client(desk.root), desk.client(desk.zoe)
    for path in ("queues/create", "resolution-categories/create", "escalations/create", "interventions/create"):
        assert root.post(f"{BASE}/{path}", json=BODIES[path]).status_code == 200
    asked = {
        "queues/update": {"queue_id": 4, "name": "Mine"},
        "queues/delete": {"queue_id": 4},
        "queues/move": {"from_queue_id": 4, "to_queue_id": 1},
        "resolution-categories/update": {"id": 1, "name": "Mine"},
        "resolution-categories/delete": {"id": 1},
        "escalations/update": {"id": 1, "minutes": 1},
        "escalations/delete": {"id": 1},
        "interventions/update": {"intervention_id": 1, "title": "Mine"},
        "interventions/delete": {"intervention_id": 1},
        "interventions/generate-token": {"intervention_id": 1, "remote_name": "Mine"},
    }
    for path, body in asked.items():
        assert zoe.post(f"{BASE}/{path}", json=body).status_code == 404, path
    assert zoe.post(f"{BASE}/resolution-categories", json={}).json() == []
    assert zoe.post(f"{BASE}/escalations", json={}).json()["escalations"] == []
    assert zoe.post(f"{BASE}/interventions", json={}).json()["interventions"] == []


def test_answers_are_as_the_document_says(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    document = root.get("/openapi.json").json()
    asked = {**BODIES, "queues/delete": {"queue_id": 4}, "resolution-categories/reorder": {"ids": [1]}}
    asked |= {"resolution-categories/delete": {"id": 1}, "escalations/delete": {"id": 1}, "queues/update": {}}
    asked |= {"interventions/delete": {"intervention_id": 1}}
    for path in sorted(asked, key=lambda path: ("create" not in path, "delete" in path, path)):
        answer = root.post(f"{BASE}/{path}", json=asked[path])
        assert answer.status_code == (422 if path == "queues/update" else 200), (path, answer.text)
        described = document["paths"][f"{BASE}/{path}"]["post"]["responses"][str(answer.status_code)]
        fits(document, answer.json(), described)
