"""Live runs go on by another version only where somebody says so, and only where what is open is there too."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from templates_at_a_desk import TEMPLATES, created, issues, laptop, one_form, started

from served_desk import Desk, Person

DETAILS = {"model": "15", "price": 2000}
NOBODY_ID = "00000000-0000-4000-8000-00000000ffff"


def migrated(desk: Desk, template_id: str, **body: Any) -> dict[str, Any]:
    answer = desk.client(desk.dee).post(f"{TEMPLATES}/{template_id}/migrate-runs", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def instance(desk: Desk, run_id: str) -> dict[str, Any]:
    return dict(desk.client(desk.root).get(f"/api/v1/workflows/instances/{run_id}").json()["data"])


def complete(desk: Desk, person: Person, run_id: str, step: str, **answer: Any) -> dict[str, Any]:
    url = f"/api/v1/workflows/instances/{run_id}/steps/{step}/complete"
    done = desk.client(person).post(url, json=answer)
    assert done.status_code == 200, done.text
    return dict(done.json()["data"])


def next_version(desk: Desk, template_id: str, steps: list[dict[str, Any]]) -> None:
    answer = desk.client(desk.root).put(f"{TEMPLATES}/{template_id}", json={"steps": steps})
    assert answer.status_code == 200, answer.text


def steps_without_the_form() -> list[dict[str, Any]]:
    steps = copy.deepcopy(laptop()["steps"][1:])
    steps[0]["branches"][0]["when"] = {"variables.price": {"gt": 1500}}
    return steps


def test_every_run_gets_a_verdict_and_none_moves_in_a_dry_run(desk: Desk) -> None:
    made = created(desk, laptop(variables={"price": {"type": "number"}}))
    at_form = started(desk, made["id"])["id"]
    at_approval = started(desk, made["id"])["id"]
    complete(desk, desk.root, at_approval, "details", form_data=DETAILS)
    next_version(desk, made["id"], steps_without_the_form())
    seen = migrated(desk, made["id"], to_version=2, all=True, dry_run=True)
    assert (seen["movable"], seen["moved"], seen["remaining"], seen["dry_run"]) == (1, 0, 0, True)
    verdicts = {run["run_id"]: run for run in seen["runs"]}
    assert verdicts[at_form]["movable"] is False
    assert [(o["code"], o["step_id"]) for o in verdicts[at_form]["obstacles"]] == [("step_gone", "details")]
    assert "Say what you need" in verdicts[at_form]["obstacles"][0]["message"]
    assert (verdicts[at_approval]["movable"], verdicts[at_approval]["from_version"]) == (True, 1)
    assert instance(desk, at_approval)["template_version"] == 1


def test_what_may_move_moves_and_the_rest_stays(desk: Desk) -> None:
    made = created(desk, laptop(variables={"price": {"type": "number"}}))
    at_form = started(desk, made["id"])["id"]
    at_approval = started(desk, made["id"])["id"]
    complete(desk, desk.root, at_approval, "details", form_data=DETAILS)
    next_version(desk, made["id"], steps_without_the_form())
    seen = migrated(desk, made["id"], to_version=2, all=True)
    assert (seen["movable"], seen["moved"]) == (1, 1)
    assert instance(desk, at_form)["template_version"] == 1
    after = instance(desk, at_approval)
    assert (after["template_version"], after["current_steps"], after["status"]) == (2, ["agree"], "running")
    assert [(s["step_id"], s["status"]) for s in after["step_instances"]] == [
        ("worth_asking", "completed"),
        ("agree", "active"),
        ("hand_over", "pending"),
        ("tell", "pending"),
        ("details", "completed"),
    ]
    assert after["step_instances"][-1]["form_data"] == DETAILS


def test_a_moved_run_goes_on_by_its_new_version(desk: Desk) -> None:
    made = created(desk, laptop())
    run_id = started(desk, made["id"])["id"]
    complete(desk, desk.root, run_id, "details", form_data=DETAILS)
    steps = copy.deepcopy(laptop()["steps"])
    steps[2]["next"] = {"approved": "check", "rejected": "tell"}
    steps.append({**one_form()["steps"][0], "id": "check", "next": "tell"})
    next_version(desk, made["id"], steps)
    migrated(desk, made["id"], to_version=2, run_ids=[run_id])
    after = complete(desk, desk.bo, run_id, "agree", decision="approve")
    assert after["current_steps"] == ["check"]


def test_moving_is_in_the_timeline_and_in_the_list(desk: Desk) -> None:
    from wayline.store.timeline import read_timeline

    made = created(desk, laptop())
    run_id = started(desk, made["id"])["id"]
    next_version(desk, made["id"], [*laptop()["steps"][:4], {**laptop()["steps"][4], "name": "Tell them"}])
    migrated(desk, made["id"], to_version=2, run_ids=[run_id])
    with desk.wayline.database.reader.connect() as connection:
        events = read_timeline(connection, tenant_id=desk.tenant_id, subject_id=run_id)
    assert events[-1].event == "run_migrated"
    assert (events[-1].actor, events[-1].data) == (desk.dee.id, {"from_version": 1, "to_version": 2})
    assert [event.seq for event in events] == list(range(len(events)))
    listed = desk.client(desk.root).get("/api/v1/workflows/instances").json()["data"]
    assert [item["template_version"] for item in listed] == [2]
    assert migrated(desk, made["id"], to_version=2, all=True)["runs"] == []


def test_a_run_may_move_back(desk: Desk) -> None:
    made = created(desk, laptop())
    run_id = started(desk, made["id"])["id"]
    before = instance(desk, run_id)
    next_version(desk, made["id"], [*laptop()["steps"][:4], {**laptop()["steps"][4], "name": "Tell them"}])
    assert migrated(desk, made["id"], to_version=2, all=True)["moved"] == 1
    assert migrated(desk, made["id"], to_version=1, all=True)["moved"] == 1
    assert instance(desk, run_id) == before


def test_runs_that_cannot_be_meant_are_told(desk: Desk) -> None:
    made = created(desk, laptop())
    other = started(desk, created(desk, one_form())["id"])["id"]
    ended = started(desk, made["id"])["id"]
    desk.client(desk.root).post(f"/api/v1/workflows/instances/{ended}/cancel", json={})
    next_version(desk, made["id"], [*laptop()["steps"][:4], {**laptop()["steps"][4], "name": "Tell them"}])
    there = started(desk, made["id"])["id"]
    seen = migrated(desk, made["id"], to_version=2, run_ids=[other, ended, there, NOBODY_ID, "x", ended.upper()])
    assert [(run["run_id"], run["obstacles"][0]["code"]) for run in seen["runs"]] == [
        (other, "not_found"),
        (ended, "run_ended"),
        (there, "already_there"),
        (NOBODY_ID, "not_found"),
        ("x", "not_found"),
    ]
    assert seen["moved"] == 0


def test_what_is_asked_must_make_sense(desk: Desk) -> None:
    made = created(desk, laptop())
    url = f"{TEMPLATES}/{made['id']}/migrate-runs"
    client = desk.client(desk.root)
    assert issues(client.post(url, json={"to_version": 9, "all": True})) == [("to_version", "unknown_version")]
    assert issues(client.post(url, json={"to_version": 1}))
    assert issues(client.post(url, json={"to_version": 1, "all": True, "run_ids": []}))
    assert issues(client.post(url, json={"to_version": 0, "run_ids": "some"}))
    assert client.post(url, json={"to_version": 1, "run_ids": "all"}).status_code == 200
    assert desk.client(desk.bo).post(url, json={"to_version": 1, "all": True}).status_code == 403


def test_a_run_that_is_voted_on_while_it_moves_is_never_between_versions(desk: Desk) -> None:
    made = created(desk, laptop())
    runs = [started(desk, made["id"])["id"] for _ in range(6)]
    for run_id in runs:
        complete(desk, desk.root, run_id, "details", form_data=DETAILS)
    next_version(desk, made["id"], [*laptop()["steps"][:4], {**laptop()["steps"][4], "name": "Tell them"}])
    with ThreadPoolExecutor(7) as people:
        moving = people.submit(migrated, desk, made["id"], to_version=2, all=True)
        list(people.map(lambda run_id: complete(desk, desk.bo, run_id, "agree", decision="approve"), runs))
    told = {run["run_id"]: run for run in moving.result()["runs"]}
    for run_id in runs:
        after = instance(desk, run_id)
        moved = told.get(run_id, {"moved": False})["moved"]
        assert (after["status"], after["template_version"]) == ("completed", 2 if moved else 1)
