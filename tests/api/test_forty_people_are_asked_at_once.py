"""Forty people get a message and all take it at the same moment: one has it, and everybody else is told who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import yaml
from test_instances import get, post

from served_desk import Desk, Person, add_group, add_person
from wayline.store.directory import touch

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "messages" / "outage-call.yaml"
PEOPLE = 40


def test_one_of_forty_takes_it_and_it_is_locked_for_the_others_until_it_is_solved(desk: Desk) -> None:
    people = _on_call(desk)
    definition = yaml.safe_load(EXAMPLE.read_text())
    assert post(desk, desk.root, "/workflows/templates", definition).status_code == 201
    body = {
        "template": "Outage Call",
        "to": "given groups [on-call]",
        "data": {"site": "Rome"},
        "attributes": {"impact": "Nobody can print"},
    }
    sent = post(desk, desk.dee, "/dispatches", body).json()["data"]
    assert sent["dispatch"]["counts"]["tasks"] == {"open": PEOPLE}
    items = {person: _only_item(desk, person) for person in people}
    assert {(item["title"], item["label"], item["summary"]) for item in items.values()} == {
        ("Rome is down", "Who can go?", "Nobody can print")
    }

    answers = _all_at_once(desk, people, lambda person: (items[person]["id"], "I take it"))

    assert Counter(answer.status_code for answer in answers.values()) == {200: 1, 423: PEOPLE - 1}
    (first,) = (person for person, answer in answers.items() if answer.status_code == 200)
    taken = answers[first].json()["data"]
    assert (taken["label"], taken["task"], taken["locked_by"]) == ("Taken", "in_progress", None)
    assert [path["disabled"] for path in taken["paths"]] == [False, False]
    for person, answer in answers.items():
        if person is first:
            continue
        error = answer.json()["error"]
        assert error["details"]["locked_by"] == {"id": first.id, "name": first.name}
        item = _only_item(desk, person)
        assert (item["subtitle"], item["locked_by"]["id"]) == (f"{first.name} is on it", first.id)
        assert all(path["disabled"] for path in item["paths"])

    solved = _choose(desk, first, items[first]["id"], "It works again")
    assert (solved.status_code, solved.json()["data"]["status"]) == (200, "retired")
    for person in people:
        assert get(desk, person, "/inbox?kind=entry").json()["data"] == []
    whole = get(desk, desk.dee, f"/dispatches/{sent['dispatch']['id']}?task=done").json()
    assert [recipient["user"]["id"] for recipient in whole["data"]["recipients"]] == [first.id]
    assert (whole["data"]["status"], whole["data"]["run"]["status"]) == ("retired", "completed")
    counts = whole["data"]["counts"]
    assert (counts["total"], counts["retired"], counts["tasks"]) == (PEOPLE, PEOPLE, {"open": PEOPLE - 1, "done": 1})


def test_forty_who_decline_at_once_each_decline_for_themselves(desk: Desk) -> None:
    people = _on_call(desk)
    post(desk, desk.root, "/workflows/templates", yaml.safe_load(EXAMPLE.read_text()))
    body = {"template": "Outage Call", "to": [person.email for person in people], "data": {"site": "Rome"}}
    sent = post(desk, desk.dee, "/dispatches", body).json()["data"]
    items = {person: _only_item(desk, person) for person in people}

    answers = _all_at_once(desk, people, lambda person: (items[person]["id"], "declined"))

    assert {answer.status_code for answer in answers.values()} == {200}
    whole = get(desk, desk.dee, f"/dispatches/{sent['dispatch']['id']}").json()["data"]
    assert (whole["run"]["status"], whole["counts"]["tasks"]) == ("completed", {"declined": PEOPLE})


def _on_call(desk: Desk) -> list[Person]:
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        people = [add_person(connection, desk.tenant_id, f"Person{n}", "agent", at) for n in range(PEOPLE)]
        add_group(connection, desk.tenant_id, "On-call", dict.fromkeys(people, "member"), at)
        add_group(connection, desk.tenant_id, "Network", {desk.cy: "member"}, at)
        touch(connection, desk.tenant_id)
    return people


def _only_item(desk: Desk, person: Person) -> dict[str, Any]:
    (item,) = get(desk, person, "/inbox").json()["data"]
    return item


def _choose(desk: Desk, person: Person, item_id: str, path: str) -> Any:
    return post(desk, person, f"/inbox/{item_id}/choose", {"path": path})


def _all_at_once(desk: Desk, people: list[Person], asked: Callable[[Person], tuple[str, str]]) -> dict[Person, Any]:
    """Everybody's answer: all wait for each other, then choose."""
    together = Barrier(len(people))
    clients = {person: desk.client(person) for person in people}

    def ask(person: Person) -> Any:
        item_id, path = asked(person)
        together.wait(timeout=60)
        return clients[person].post(f"/api/v1/inbox/{item_id}/choose", json={"path": path})

    with ThreadPoolExecutor(len(people)) as pool:
        return dict(zip(people, pool.map(ask, people), strict=True))
