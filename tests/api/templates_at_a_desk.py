"""Definitions to try templates with, and the calls the tests about templates make over and over."""

from __future__ import annotations

import copy
from typing import Any

from served_desk import Desk, Person

TEMPLATES = "/api/v1/workflows/templates"

FORM: dict[str, Any] = {
    "id": "details",
    "type": "form",
    "name": "Say what you need",
    "assignee": {"requester": True},
    "fields": [
        {"name": "model", "label": "Model", "type": "select", "options": ["13", "15"], "required": True},
        {"name": "price", "label": "Price", "type": "number", "minimum": 0, "required": True},
    ],
    "next": "worth_asking",
}
WORTH_ASKING: dict[str, Any] = {
    "id": "worth_asking",
    "type": "condition",
    "branches": [{"label": "expensive", "when": {"price": {"gt": 1500}}, "next": "agree"}],
    "otherwise": "hand_over",
}
AGREE: dict[str, Any] = {
    "id": "agree",
    "type": "approval",
    "approvers": [{"group": "service-desk"}],
    "rule": "any",
    "next": {"approved": "hand_over", "rejected": "tell"},
}
HAND_OVER: dict[str, Any] = {"id": "hand_over", "type": "routing", "to": {"group": "service-desk"}}
TELL: dict[str, Any] = {
    "id": "tell",
    "type": "automatic",
    "action": {"type": "send_notification", "to": {"requester": True}, "message": "Not approved."},
}


def laptop(**changes: Any) -> dict[str, Any]:
    """A sound definition: a form, a condition, an approval, a routing, a notice."""
    definition = {
        "name": "Laptop request",
        "description": "From the wish to the laptop.",
        "trigger": {"type": "ticket_type", "ticket_type": "service_request", "subtype": "laptop"},
        "steps": [FORM, WORTH_ASKING, AGREE, HAND_OVER, TELL],
    }
    return copy.deepcopy({**definition, **changes})


def one_form(name: str = "Ask", **changes: Any) -> dict[str, Any]:
    """The smallest definition there is: one form for the service desk, started by hand."""
    step = {
        "id": "ask",
        "type": "form",
        "assignee": {"group": "service-desk"},
        "fields": [{"name": "answer", "type": "text"}],
    }
    return copy.deepcopy({"name": name, "steps": [step], **changes})


def broken(name: str = "Broken") -> dict[str, Any]:
    """A definition with three errors, one that reading it finds and two that checking it finds."""
    steps = [
        {"id": "a", "type": "form", "assignee": {"group": "nobody-here"}, "fields": [{"name": "x", "type": "text"}]},
        {"id": "b", "type": "form", "fields": [{"type": "colour", "name": "y"}]},
    ]
    return {"name": name, "steps": [{**steps[0], "next": "nowhere"}, steps[1]]}


def created(desk: Desk, definition: dict[str, Any], person: Person | None = None, **more: Any) -> dict[str, Any]:
    """A template made of the definition."""
    answer = desk.client(person or desk.root).post(TEMPLATES, json={**definition, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def started(desk: Desk, template_id: str, **more: Any) -> dict[str, Any]:
    """A run of the template, started by hand."""
    answer = desk.client(desk.root).post("/api/v1/workflows/instantiate", json={"template_id": template_id, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def issues(answer: Any) -> list[tuple[str, str]]:
    """(path, code) of every issue of a refused call."""
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    return [(issue["path"], issue["code"]) for issue in error["details"]["issues"]]


def set_plan(desk: Desk, plan: str) -> None:
    """Put the desk's tenant on another plan, and wait for nobody to remember the old one."""
    import sqlalchemy as sa

    from wayline.store.tables import tenants

    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(tenants).where(tenants.c.id == desk.tenant_id).values(plan=plan))
    desk.app.app.state.callers.forget()  # type: ignore[attr-defined]
