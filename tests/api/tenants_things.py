"""One of everything a tenant may have, for tests that walk all endpoints."""

from __future__ import annotations

import re
from typing import Any

from browser import Browser
from served_desk import Desk

API = "/api/v1"


def things_of(desk: Desk) -> dict[str, str]:
    """Make one of everything Acme may have; answers their ids by the path that leads to them."""
    root, bo = desk.client(desk.root), desk.client(desk.bo)

    def made(path: str, body: dict[str, Any] | None = None, *, by: Any = root, files: Any = None) -> dict[str, Any]:
        answer = by.post(API + path, json=body, files=files)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"])

    step = {"id": "look", "type": "form", "assignee": {"user": desk.bo.id}, "fields": [{"name": "x", "type": "text"}]}
    template = made("/workflows/templates", {"name": "Look", "steps": [step]})
    draft = {"name": "Look twice", "steps": [step]}
    assert root.put(f"{API}/workflows/templates/{template['id']}/draft", json=draft).status_code == 200
    ticket, other = made("/tickets", {"title": "Printer"}, by=bo), made("/tickets", {"title": "Ink"}, by=bo)
    instance = made("/workflows/instantiate", {"template_id": template["id"], "ticket_id": ticket["id"]}, by=bo)
    made(f"/tickets/{ticket['id']}/links", {"kind": "relates_to", "ticket_id": other["id"]}, by=bo)
    webhook = root.post(f"{API}/webhooks", json={"url": "https://hooks.example/", "events": ["*"]}).json()
    sign = {"id": "sign", "type": "approval", "approvers": [{"user": desk.root.id}]}
    signing = made("/workflows/templates", {"name": "Sign", "steps": [sign]})
    run = bo.post(f"{API}/workflows", json={"template_id": signing["id"]}).json()
    run = bo.get(f"{API}/workflows/{run['id']}").json()
    away = {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}
    item = instance["step_instances"][0]["id"]
    talk = bo.post("/v1/workflows", json={"name": "Talk", "task_queue": "itsm-workflows"}).json()
    rule = {"name": "R", "trigger": "webhook", "action": {"type": "add_comment", "text": "Seen."}}
    rule = root.post("/v1/automation/rules", json=rule).json()
    return {
        "/workflows": run["id"],
        "/approvals": run["approvals"][0]["id"],
        "/snapshots": "0",
        "/workflows/templates": template["id"],
        "/analytics/templates": template["id"],
        "/workflows/instances": instance["id"],
        "/workflows/ticket": ticket["id"],
        "/tickets": ticket["id"],
        "/links": other["id"],
        "/files": made("/files", by=bo, files={"file": ("a.txt", b"ink", "text/plain")})["id"],
        "/inbox": item,
        "/steps": item,
        "/users": desk.bo.id,
        "/members": desk.bo.id,
        "/absence": made(f"/users/{desk.bo.id}/absence", away)["id"],
        "/groups": desk.service_desk_id,
        "/tokens": made("/tokens", {"name": "T"}, by=bo)["id"],
        "/views": made("/views", {"name": "V", "screen": "tickets", "shared": True})["id"],
        "/calendars": made("/calendars", {"name": "Office", "timezone": "UTC"})["id"],
        "/webhooks": webhook["id"],
        "/chat-channels": made("/chat-channels", {"name": "Desk", "url": "jsons://chat.example/desk"})["id"],
        "/scripts": made("/scripts", {"name": "S", "text": "result = 1"})["id"],
        "/subscriptions": made("/push/subscriptions", Browser("https://push.example/x").subscription)["id"],
        "/deliveries": root.post(f"{API}/webhooks/{webhook['id']}/test").json()["id"],
        "/versions": "1",
        "/v1/workflows": talk["id"],
        "/v1/automation/rules": rule["id"],
    }


def with_ids(path: str, things: dict[str, str]) -> str:
    """The path with these ids for its parameters: what stands before a parameter says whose id it is."""

    def found(match: re.Match[str]) -> str:
        before = path[: match.start()].removeprefix(API).rstrip("/")
        known = [at for at in things if before == at or (before.endswith(at) and at.count("/") == 1)]
        return f"/{things[max(known, key=len)]}" if known else "/00000000-0000-4000-8000-00000000acme"

    return re.sub(r"/{\w+}", found, path)
