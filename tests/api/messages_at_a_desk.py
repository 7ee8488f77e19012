"""Messages at a served desk: a template of one, sending it, and choosing on it."""

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
