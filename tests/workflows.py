"""Templates for tests, published through the store: what a test needs before it can call anything."""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa

from wayline.bootstrap import Wayline
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.tables import template_versions, templates

LAPTOP = [
    {
        "id": "details",
        "type": "form",
        "name": "Confirm the model",
        "assignee": {"group": "service-desk"},
        "fields": [
            {"name": "model", "type": "select", "options": ['13"', '15"'], "required": True},
            {"name": "price", "type": "number", "minimum": 0, "required": True},
        ],
        "next": "worth-asking",
    },
    {
        "id": "worth-asking",
        "type": "condition",
        "branches": [{"label": "expensive", "when": {"price": {"gt": 1500}}, "next": "manager"}],
        "otherwise": "order",
    },
    {
        "id": "manager",
        "type": "approval",
        "approvers": [{"user": "dee@acme.example"}],
        "next": {"approved": "order", "rejected": "tell"},
    },
    {
        "id": "order",
        "type": "automatic",
        "action": {"type": "set_variable", "name": "ordered", "value": "{{ steps.details.model }}"},
        "next": "hand-over",
    },
    {
        "id": "hand-over",
        "type": "routing",
        "assignee": {"group": "service-desk"},
        "options": [{"label": "Deskside", "to": {"group": "service-desk"}}, {"label": "Post"}],
    },
    {"id": "tell", "type": "automatic", "action": {"type": "set_status", "status": "cancelled"}},
]


class Tenanted(Protocol):
    """Anything with a tenant of its own: a served desk, or an engine."""

    @property
    def wayline(self) -> Wayline: ...

    @property
    def tenant_id(self) -> str: ...


def publish(desk: Tenanted, steps: list[dict[str, Any]], *, trigger: dict[str, Any] | None = None, **head: Any) -> str:
    """A published template of the desk's tenant (or of `tenant_id`); answers its id."""
    template_id, at = new_id(), desk.wayline.clock.now()
    trigger = trigger or {"type": "manual"}
    tenant_id = head.get("tenant_id", desk.tenant_id)
    with desk.wayline.database.writer.begin() as connection:
        row = {
            "id": template_id,
            "tenant_id": tenant_id,
            "name": head.get("name", "Laptop request"),
            "kind": head.get("definition", {}).get("kind", "workflow"),
            "status": "published",
            "is_active": head.get("is_active", True),
            "trigger_type": trigger["type"],
            "ticket_type": trigger.get("ticket_type"),
            "trigger_subtype": trigger.get("subtype"),
            "step_count": len(steps),
            "version": 1,
            "revision": 1,
            "created_at": at,
            "updated_at": at,
        }
        connection.execute(sa.insert(templates).values(row))
        version = {
            "template_id": template_id,
            "version": 1,
            "tenant_id": tenant_id,
            "definition": {"name": row["name"], "trigger": trigger, "steps": steps, **head.get("definition", {})},
            "published_at": at,
        }
        connection.execute(sa.insert(template_versions).values(version))
        touch(connection, tenant_id)
    return template_id
