"""Versions never change: who published what, when, and why stays to be read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from templates_at_a_desk import TEMPLATES, created, laptop, started

from served_desk import Desk


def test_every_version_stays_with_its_author_and_note(desk: Desk) -> None:
    made = created(desk, laptop(), note="The first")
    url = f"{TEMPLATES}/{made['id']}"
    desk.client(desk.dee).put(url, json={"name": "Laptops", "note": "Plural"})
    desk.client(desk.root).put(f"{url}/draft", json=laptop(name="Notebooks"))
    desk.client(desk.root).post(f"{url}/publish", json={"note": "Another word"})
    listed = desk.client(desk.dee).get(f"{url}/versions").json()
    assert listed["meta"]["total"] == 3
    assert [(v["version"], v["note"], v["published_by"], v["published_by_name"]) for v in listed["data"]] == [
        (3, "Another word", desk.root.id, "Root"),
        (2, "Plural", desk.dee.id, "Dee"),
        (1, "The first", desk.root.id, "Root"),
    ]
    assert "definition" not in listed["data"][0]
    assert desk.client(desk.dee).get(f"{url}/versions?limit=1&page=3").json()["data"][0]["version"] == 1
    first = desk.client(desk.dee).get(f"{url}/versions/1").json()["data"]
    assert (first["definition"], first["note"]) == (laptop(), "The first")
    assert first["published_at"] == made["created_at"]


def test_a_version_there_is_not_is_not_found(desk: Desk) -> None:
    made = created(desk, laptop())
    for n in ("2", "0", "-1", "one", "99999999999999999999"):
        assert desk.client(desk.root).get(f"{TEMPLATES}/{made['id']}/versions/{n}").status_code == 404


def test_a_run_keeps_the_version_it_began_with(desk: Desk) -> None:
    made = created(desk, laptop())
    run = started(desk, made["id"])
    client = desk.client(desk.root)
    client.put(f"{TEMPLATES}/{made['id']}", json={"steps": [_only_form()]})
    seen = client.get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]
    assert [s["step_id"] for s in seen["step_instances"]] == [
        "details",
        "worth_asking",
        "agree",
        "hand_over",
        "tell",
    ]
    assert [s["step_id"] for s in started(desk, made["id"])["step_instances"]] == ["details"]


def test_changes_at_the_same_time_are_all_kept(desk: Desk) -> None:
    """None of them names a revision: each is laid over what the others left."""
    made = created(desk, laptop())
    url = f"{TEMPLATES}/{made['id']}"
    client = desk.client(desk.root)
    changes = [{"name": "New name"}, {"description": "New words"}, {"task_queue": "itsm-network"}]
    with ThreadPoolExecutor(3) as people:
        answers = list(people.map(lambda change: client.put(url, json=change), changes))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    after = client.get(url).json()["data"]
    assert after["version"] == 4
    assert after["definition"] == laptop(name="New name", description="New words", task_queue="itsm-network")


def _only_form() -> dict[str, object]:
    return {k: v for k, v in laptop()["steps"][0].items() if k != "next"}
