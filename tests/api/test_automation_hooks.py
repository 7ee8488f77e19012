"""A webhook rule is called at its secret address, by whoever has it, and sees what was posted."""

from __future__ import annotations

from typing import Any

import pytest

from served_desk import Desk
from wayline.api.automation_hooks import PAYLOAD_MAX_BYTES
from wayline.api.limits import HOOK_CALLS, HOOK_MISSES_OF_A_CLIENT
from workflows import publish

RULES = "/v1/automation/rules"
FORM: dict[str, Any] = {
    "id": "look",
    "type": "form",
    "assignee": {"group": "service-desk"},
    "fields": [{"name": "x", "type": "text"}],
}


def test_what_is_posted_is_the_payload_of_conditions_and_actions(desk: Desk) -> None:
    hook = _hook(
        desk,
        conditions={"payload.severity": {"ge": 3}},
        action={
            "type": "send_notification",
            "to": {"user": "bo@acme.example"},
            "message": "{{ payload.host }} is down",
        },
    )
    answer = desk.http.post(hook, json={"host": "mail-1", "severity": 4})
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] is True
    assert _told(desk) == ["mail-1 is down"]
    assert desk.http.post(hook, json={"host": "mail-2", "severity": 1}).status_code == 202
    assert _told(desk) == ["mail-1 is down"]


def test_a_ticket_that_the_payload_names_is_the_events(desk: Desk) -> None:
    hook = _hook(desk, action={"type": "update_field", "field": "priority", "value": "{{ payload.priority }}"})
    ticket = _ticket(desk)
    for named, priority in ((ticket["id"], "P1"), (ticket["number"].lower(), "P2")):
        assert desk.http.post(hook, json={"ticket_id": named, "priority": priority}).status_code == 202
        assert desk.client(desk.bo).get(f"/api/v1/tickets/{ticket['id']}").json()["data"]["priority"] == priority


def test_a_ticket_there_is_none_of_or_of_another_tenant_leaves_the_rule_without_one(desk: Desk) -> None:
    hook = _hook(desk, action={"type": "add_comment", "text": "Seen from outside."})
    others = desk.client(desk.zack).post("/api/v1/tickets", json={"title": "Zed's"}).json()["data"]
    for named in (others["id"], "INC-000999", "nonsense", 7, None):
        assert desk.http.post(hook, json={"ticket_id": named}).status_code == 202
    assert desk.client(desk.zack).get(f"/api/v1/tickets/{others['id']}/comments").json()["data"] == []


def test_a_hook_starts_a_run(desk: Desk) -> None:
    publish(desk, [FORM], name="Look after it")
    hook = _hook(
        desk,
        action={"type": "start_workflow", "workflow_name": "Look after it", "input": {"host": "{{ payload.host }}"}},
    )
    assert desk.http.post(hook, json={"host": "mail-1"}).status_code == 202
    (run,) = desk.client(desk.root).get("/api/v1/workflows/instances").json()["data"]
    assert run["template_name"] == "Look after it"
    found = desk.client(desk.root).get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]
    assert found["variables"] == {"host": "mail-1"}


def test_any_json_will_do_and_nothing_is_an_empty_object(desk: Desk) -> None:
    hook = _hook(desk)
    assert desk.http.post(hook).status_code == 202
    for payload in ([1, 2], "text", 7, None, {"nested": {"deep": True}}):
        assert desk.http.post(hook, json=payload).status_code == 202, payload


def test_no_credential_is_needed_and_none_helps(desk: Desk) -> None:
    hook = _hook(desk)
    assert desk.http.post(hook, json={}).status_code == 202
    for wrong in (hook[:-1], hook + "x", "/v1/automation/hooks/x", "/v1/automation/hooks/" + "x" * 500):
        answer = desk.client(desk.root).post(wrong, json={})
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_the_address_of_a_rule_that_is_off_gone_or_called_otherwise_does_not_exist(desk: Desk) -> None:
    dee = desk.client(desk.dee)
    rule = _saved(desk)
    dee.post(f"{RULES}/{rule['id']}/toggle")
    assert desk.http.post(rule["hook_url"], json={}).status_code == 404
    dee.post(f"{RULES}/{rule['id']}/toggle")
    assert desk.http.post(rule["hook_url"], json={}).status_code == 202
    rotated = dee.post(f"{RULES}/{rule['id']}/rotate-hook").json()
    assert desk.http.post(rule["hook_url"], json={}).status_code == 404
    assert desk.http.post(rotated["hook_url"], json={}).status_code == 202
    dee.put(f"{RULES}/{rule['id']}", json={"trigger": "on_comment"})
    assert desk.http.post(rotated["hook_url"], json={}).status_code == 404
    dee.delete(f"{RULES}/{rule['id']}")
    assert desk.http.post(rotated["hook_url"], json={}).status_code == 404


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": "\\u0000"}', "application/json", 400),
        (b'{"a": 99999999999999999999}', "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * PAYLOAD_MAX_BYTES + b'"', "application/json", 413),
    ],
    ids=["no-json", "nul", "too-large-a-number", "a-form", "too-long"],
)
def test_what_cannot_be_read_is_refused(sqlite_desk: Desk, content: bytes, media_type: str, status: int) -> None:
    hook = _hook(sqlite_desk)
    answer = sqlite_desk.http.post(hook, content=content, headers={"content-type": media_type})
    assert answer.status_code == status
    assert answer.json()["success"] is False


def test_a_key_makes_one_event_of_two_requests(desk: Desk) -> None:
    hook = _hook(desk, action={"type": "send_notification", "to": {"user": "bo@acme.example"}, "message": "Down"})
    first, second = (desk.http.post(hook, json={"n": 1}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert _told(desk) == ["Down"]
    assert desk.http.post(hook, json={"n": 2}, headers={"Idempotency-Key": "k"}).status_code == 409
    assert desk.http.post(_hook(desk), json={"n": 2}, headers={"Idempotency-Key": "k"}).status_code == 202


def test_an_address_can_be_called_so_often_a_minute(sqlite_desk: Desk) -> None:
    hook = _hook(sqlite_desk, conditions={"payload.n": 1})
    answers = (sqlite_desk.http.post(hook) for _ in range(2 * HOOK_CALLS))
    limited = next(answer for answer in answers if answer.status_code != 202)
    assert limited.status_code == 429
    assert "Retry-After" in limited.headers
    assert sqlite_desk.http.post(_hook(sqlite_desk), json={}).status_code == 202


def test_whoever_guesses_at_addresses_is_stopped(sqlite_desk: Desk) -> None:
    hook = _hook(sqlite_desk)
    guesses = (f"/v1/automation/hooks/guess-{number}" for number in range(2 * HOOK_MISSES_OF_A_CLIENT))
    statuses = [sqlite_desk.http.post(guess).status_code for guess in guesses]
    assert set(statuses) == {404, 429}
    assert set(statuses[:HOOK_MISSES_OF_A_CLIENT]) == {404}
    assert sqlite_desk.http.post(hook, json={}).status_code == 202


def _saved(desk: Desk, **fields: Any) -> dict[str, Any]:
    action = {"type": "send_notification", "to": {"user": "bo@acme.example"}, "message": "{{ payload }}"}
    body = {"name": "From outside", "trigger": "webhook", "action": action, **fields}
    answer = desk.client(desk.dee).post(RULES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _hook(desk: Desk, **fields: Any) -> str:
    return str(_saved(desk, **fields)["hook_url"])


def _ticket(desk: Desk) -> dict[str, Any]:
    return dict(desk.client(desk.ana).post("/api/v1/tickets", json={"title": "Printer"}).json()["data"])


def _told(desk: Desk) -> list[str]:
    notices = desk.client(desk.bo).get("/api/v1/notifications").json()["data"]
    return [notice["title"] for notice in notices if notice["kind"] == "message"]
