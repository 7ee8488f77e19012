"""Calling surface 004: every endpoint is POST and answers a bare object."""

from __future__ import annotations

from typing import Any

from templates_at_a_desk import set_plan

from served_desk import Desk, Person

BASE = "/api/v1/workflow"
READS = ("queues", "resolution-categories", "escalations", "interventions")
BODIES: dict[str, dict[str, Any]] = {
    "queues": {},
    "queues/create": {"name": "Network"},
    "queues/update": {"queue_id": 1, "outgoing_mailbox_id": None},
    "queues/delete": {"queue_id": 99},
    "queues/move": {"from_queue_id": 1, "to_queue_id": 3},
    "resolution-categories": {},
    "resolution-categories/create": {"name": "Fixed", "colour": "#00ff00"},
    "resolution-categories/update": {"id": 1},
    "resolution-categories/delete": {"id": 99},
    "resolution-categories/reorder": {"ids": []},
    "escalations": {},
    "escalations/create": {"minutes": 30, "action": "notify", "recipient": "assignee"},
    "escalations/update": {"id": 1, "minutes": 30},
    "escalations/delete": {"id": 99},
    "business-hours/update": {"mode": "always"},
    "interventions": {},
    "interventions/create": {"name": "refund", "title": "Refund", "queue_name": "Inbox", "fields": []},
    "interventions/update": {"intervention_id": 1, "title": "Refund"},
    "interventions/delete": {"intervention_id": 99},
    "interventions/generate-token": {"intervention_id": 1, "remote_name": "Shop"},
}
"""Every endpoint, with a body that is well-formed."""


def asked(desk: Desk, path: str, body: Any = None, *, by: Person | None = None, status: int = 200) -> Any:
    """What the admin (or whoever) is answered."""
    answer = desk.client(by or desk.root).post(f"{BASE}/{path}", json={} if body is None else body)
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(desk: Desk, path: str, body: Any, status: int = 422) -> dict[str, Any]:
    """The envelope of a refusal: a message, and the fields where there are any."""
    found: dict[str, Any] = asked(desk, path, body, status=status)
    assert set(found) <= {"message", "errors"}
    assert isinstance(found["message"], str)
    return found


def fields(found: dict[str, Any]) -> set[str]:
    return set(found.get("errors", {}))


def feature_of(path: str) -> str | None:
    if path.startswith(("escalations", "business-hours")):
        return "escalations"
    if path.startswith("interventions"):
        return "interventions"
    return "resolution_tracking" if path.startswith("resolution-") else None


__all__ = ["BASE", "BODIES", "READS", "asked", "feature_of", "fields", "refused", "set_plan"]
