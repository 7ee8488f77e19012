"""Surface 002 as its tests call it, and templates to run there."""

from __future__ import annotations

from typing import Any

from served_desk import Desk, Person

RUNS = "/api/v1/workflows"

SIGN = {"id": "sign", "type": "approval", "name": "Sign it off", "approvers": [{"user": "dee@acme.example"}]}
LOOK = {
    "id": "look",
    "type": "form",
    "name": "Look at it",
    "assignee": {"user": "bo@acme.example"},
    "fields": [{"name": "seen", "label": "What is there", "type": "text", "required": True}],
}
CALL = {
    "id": "call",
    "type": "automatic",
    "action": {"type": "http_request", "method": "POST", "url": "https://inventory.example/orders"},
}


def post(desk: Desk, person: Person, path: str, body: Any = None, **headers: str) -> Any:
    """POST on the surface; `path` is what follows `/workflows`."""
    return desk.client(person).post(RUNS + path, json=body or {}, headers=headers)


def get(desk: Desk, person: Person, path: str, **query: Any) -> Any:
    return desk.client(person).get(RUNS + path, params=query)


def begun(desk: Desk, person: Person, template_id: str, **given: Any) -> dict[str, Any]:
    """Start the template as the person; the run as created."""
    answer = post(desk, person, "", {"template_id": template_id, "input": given})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def read(desk: Desk, person: Person, run: dict[str, Any]) -> dict[str, Any]:
    """The run as the person sees it now."""
    answer = get(desk, person, f"/{run['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(answer: Any, status: int, code: str) -> list[dict[str, Any]]:
    """The errors of a refusal, in this surface's envelope."""
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said.keys() == {"data", "errors", "meta"}
    assert said["data"] is None
    assert said["meta"].keys() == {"request_id", "timestamp"}
    assert {error["code"] for error in said["errors"]} == {code}
    return list(said["errors"])
