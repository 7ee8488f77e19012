"""Executions for tests: started over HTTP as readers of surface 001 would."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from served_desk import Desk, Person

ASK_DEE = [
    {"id": "manager", "type": "approval", "name": "Manager approval", "approvers": [{"user": "dee@acme.example"}]},
]
LOOK = [
    {
        "id": "look",
        "type": "form",
        "name": "Look at it",
        "assignee": {"group": "service-desk"},
        "fields": [{"name": "seen", "type": "text", "required": True}],
    },
]
CALL_ME = [
    {"id": "vendor", "type": "wait", "name": "Vendor answers", "for": {"callback": True}, "next": "note"},
    {
        "id": "note",
        "type": "automatic",
        "action": {"type": "set_variable", "name": "price", "value": "{{ steps.vendor.price }}"},
    },
]


def started(desk: Desk, person: Person, **body: Any) -> dict[str, Any]:
    """An execution the person starts; a run without steps unless the body says otherwise."""
    answer = desk.client(person).post("/v1/workflows", json={"name": "Talk", "task_queue": "itsm-workflows", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def signalled(client: TestClient, workflow_id: str, name: str, payload: Any = None, **more: Any) -> Any:
    """The answer to a signal."""
    body = {"signal_name": name, "payload": payload, **more}
    return client.post(f"/v1/workflows/{workflow_id}/signal", json=body)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a refusal in surface 001's envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["success"] is False
    error = dict(body["error"])
    assert error["code"] == code, error
    assert error["message"]
    assert error["requestId"]
    assert isinstance(error["timestamp"], int)
    assert error["path"].startswith("/v1/")
    return error


def fields(error: dict[str, Any]) -> list[str]:
    """The fields an error names."""
    return [found["path"] for found in error["details"]["issues"]]
