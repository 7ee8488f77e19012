"""Dispatches over HTTP: sending one, choosing on it, and how everybody stands to it."""

from __future__ import annotations

from typing import Any

from test_instances import get, post

from served_desk import Desk, Person

OUTAGE: dict[str, Any] = {
    "name": "Outage",
    "kind": "inbox",
    "start": {
        "step": {
            "template": "Outage at {{ dispatch.site }}",
            "name": "New",
            "nameStyle": "info",
            "description": "Can you take it?",
            "scope": "$sink",
            "icon": "bolt",
            "paths": [
                {"label": "Accept", "step": "accepted", "icon": "check"},
                {"label": "Pass", "step": "passed", "behavior": "pass-on"},
            ],
        },
        "behaviors": {
            "forward": {
                "behavior": "dispatch",
                "handle": "pass-on",
                "target": "given groups [service-desk]",
                "fields": ["reason"],
                "data": {"from": "{{ source.name }}", "raw": "{{ source.name }}", "site": "{{ dispatch.site }}"},
                "templates": ["data.from", "data.site"],
            }
        },
        "actions": [{"action": "notify", "scope": "$sink", "args": {"title": "Outage", "body": "{{ dispatch.site }}"}}],
    },
    "passed": {"step": {"name": "Passed on", "nameStyle": "dark", "status": "retired"}},
    "accepted": {
        "step": {
            "name": "Taken",
            "nameStyle": "success",
            "description": "{{ source.name }} has it",
            "scope": "$all",
            "paths": [{"label": "Done", "step": "done"}],
        },
        "actions": [
            {"action": "lock", "scope": "$all"},
            {"action": "unlock", "scope": "$source"},
            {"action": "task", "scope": "$source", "args": "accepted"},
        ],
    },
    "done": {"step": {"name": "Done", "nameStyle": "success", "status": "retired", "scope": "$all"}},
}


def published(desk: Desk, definition: dict[str, Any] = OUTAGE) -> str:
    answer = post(desk, desk.root, "/workflows/templates", definition)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def sent(desk: Desk, by: Person, **body: Any) -> dict[str, Any]:
    answer = post(desk, by, "/dispatches", {"template": "outage", "data": {"site": "Rome"}, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def inbox(desk: Desk, person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = get(desk, person, f"/inbox?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def choose(desk: Desk, person: Person, item: dict[str, Any], path: str, **body: Any) -> Any:
    return post(desk, person, f"/inbox/{item['id']}/choose", {"path": path, **body})


def test_a_dispatch_stands_in_its_recipients_inboxes_and_goes_when_it_is_done(desk: Desk) -> None:
    published(desk)
    answer = sent(desk, desk.dee, to="given groups [service-desk]")
    assert {e["user"]["name"] for e in answer["entries"]} == {"Bo", "Cy", "Dee"}
    assert answer["dispatch"]["counts"]["tasks"] == {"open": 3}

    (item,) = inbox(desk, desk.bo)
    assert (item["kind"], item["title"], item["label"]) == ("entry", "Outage at Rome", "New")
    assert (item["label_style"], item["subtitle"], item["icon"]) == ("info", "Can you take it?", "bolt")
    assert [(p["label"], p["disabled"]) for p in item["paths"]] == [("Accept", False), ("Pass", False)]
    assert item["locked_by"] is None

    taken = choose(desk, desk.bo, item, "Accept").json()["data"]
    assert (taken["label"], taken["subtitle"], taken["task"], taken["locked_by"]) == (
        "Taken",
        "Bo has it",
        "accepted",
        None,
    )
    (theirs,) = inbox(desk, desk.cy)
    assert (theirs["label"], theirs["locked_by"]["name"]) == ("Taken", "Bo")
    assert [p["disabled"] for p in theirs["paths"]] == [True]
    refused = choose(desk, desk.cy, theirs, "Done")
    assert (refused.status_code, refused.json()["error"]["details"]["locked_by"]["name"]) == (423, "Bo")
    moved = choose(desk, desk.bo, item, "Accept")
    assert (moved.status_code, moved.json()["error"]["details"]["label"]) == (409, "Taken")

    assert choose(desk, desk.bo, item, "done").status_code == 200
    for person in (desk.bo, desk.cy, desk.dee):
        assert inbox(desk, person) == []
        (gone,) = inbox(desk, person, "status=retired")
        assert (gone["id"], gone["label"]) == (gone["id"], "Done")
    assert choose(desk, desk.bo, item, "Done").status_code == 409
    whole = get(desk, desk.dee, f"/dispatches/{answer['dispatch']['id']}").json()
    assert whole["data"]["status"] == "retired"
    assert whole["data"]["counts"]["tasks"] == {"open": 2, "accepted": 1}
    assert {r["user"]["name"]: r["task"] for r in whole["data"]["recipients"]} == {
        "Bo": "accepted",
        "Cy": "open",
        "Dee": "open",
    }
