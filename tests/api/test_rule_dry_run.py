"""A dry run says what a rule would do, writes nothing, and is right: the live run afterwards does just that."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import sqlalchemy as sa

from served_desk import Desk
from wayline.core.commands import SweepTicket
from wayline.core.public_ids import uuid_of
from wayline.store.tables import jobs, metadata, notifications, outbox
from workflows import publish

RULES = "/v1/automation/rules"
DRY_RUN = f"{RULES}/dry-run"
FORM: dict[str, Any] = {
    "id": "look",
    "type": "form",
    "assignee": {"group": "service-desk"},
    "fields": [{"name": "x", "type": "text"}],
}
VIP: dict[str, Any] = {
    "name": "VIPs first",
    "trigger": "on_ticket_created",
    "conditions": {"custom.vip": True, "priority": ["P3", "P4"]},
    "action": {"type": "set_priority", "priority": "P1"},
}


def test_the_answer_is_the_contracts(desk: Desk) -> None:
    vip, other = _ticket(desk, custom={"vip": True}), _ticket(desk, priority="P2")
    assert _tried(desk, rule=VIP, last=100) == [
        {
            "ticket_id": other["id"],
            "matched": False,
            "clauses": [
                {"clause": "custom.vip eq true", "seen": None, "holds": False, "note": "there is no such field"},
                {"clause": 'priority in ["P3","P4"]', "seen": "P2", "holds": False},
            ],
            "would": [],
        },
        {
            "ticket_id": vip["id"],
            "matched": True,
            "clauses": [
                {"clause": "custom.vip eq true", "seen": True, "holds": True},
                {"clause": 'priority in ["P3","P4"]', "seen": "P3", "holds": True},
            ],
            "would": [{"action": "set_priority", "changes": {"priority": ["P3", "P1"]}}],
        },
    ]


def test_nothing_is_written_sent_or_started(desk: Desk) -> None:
    publish(desk, [FORM], name="Look after it")
    ticket = _ticket(desk, custom={"vip": True})
    saved = _saved(desk, {**VIP, "enabled": False, "trigger": "scheduled"})
    actions = [
        {"type": "update_field", "fields": {"priority": "P1", "custom.seen": "yes"}},
        {"type": "add_comment", "text": "Seen."},
        {"type": "assign", "to": {"group": "service-desk", "strategy": "round_robin"}},
        {"type": "send_notification", "to": ["ops@else.example", {"requester": True}], "message": "Look"},
        {"type": "escalate", "to": {"role": "lead", "group": "service-desk"}},
        {"type": "create_ticket", "title": "Look after {{ ticket.number }}"},
        {"type": "http_request", "method": "POST", "url": "https://example.com/hook", "json": {"n": 1}},
        {"type": "start_workflow", "workflow_name": "Look after it", "input": {"a": "{{ ticket.title }}"}},
    ]
    before = _state(desk)
    for body in (
        {"rule": {**VIP, "actions": actions, "action": None}, "last": 100},
        {"rule": {**VIP, "trigger": "scheduled"}, "ticket_ids": [ticket["number"]]},
        {"rule_id": saved["id"]},
        {"rule": VIP, "event": {"trigger": VIP["trigger"], "ticket": {"title": "Made up", "custom": {"vip": True}}}},
        {"rule": {**VIP, "trigger": "webhook", "conditions": {}}, "event": {"payload": {"a": 1}}},
    ):
        cleaned = {**body, "rule": {k: v for k, v in body["rule"].items() if v is not None}} if "rule" in body else body
        answer = desk.client(desk.dee).post(DRY_RUN, json=cleaned)
        assert answer.status_code == 200, answer.text
        assert any(one["matched"] for one in answer.json()["data"]), body
        assert _state(desk) == before, body


def test_every_action_says_what_it_would_do(desk: Desk) -> None:
    publish(desk, [FORM], name="Look after it")
    _ticket(desk, title="Printer", custom={"old": 1})
    actions = [
        {"type": "update_field", "fields": {"priority": "P1", "custom.seen": "{{ ticket.title }}"}},
        {"type": "set_priority", "priority": "P1"},
        {"type": "add_comment", "text": "Seen: {{ ticket.priority }}"},
        {"type": "assign", "to": {"user": "bo@acme.example"}},
        {"type": "send_notification", "to": "ops@else.example", "subject": "S", "message": "M", "channel": "email"},
        {"type": "create_ticket", "title": "After {{ ticket.number }}"},
        {"type": "http_request", "url": "https://example.com/{{ ticket.number }}", "json": {"n": "{{ ticket.title }}"}},
        {"type": "start_workflow", "workflow_name": "Look after it", "input": {"a": "{{ ticket.title }}"}},
        {"type": "start_workflow", "workflow_name": "Gone"},
        {"type": "assign", "to": {"field": "ticket.custom.owner"}},
    ]
    (tried,) = _tried(desk, rule={"trigger": "on_ticket_created", "actions": actions})
    would = tried["would"]
    assert would[0] == {
        "action": "update_field",
        "changes": {"priority": ["P3", "P1"], "custom": [{"old": 1}, {"old": 1, "seen": "Printer"}]},
    }
    assert would[1] == {"action": "set_priority"}
    assert would[2] == {"action": "add_comment", "text": "Seen: P1", "visibility": "internal"}
    assert would[3] == {"action": "assign", "changes": {"assignee": [None, desk.bo.id]}}
    told = {"to": ["ops@else.example"], "subject": "S", "message": "M", "channel": "email"}
    assert would[4] == {"action": "send_notification", **told}
    assert would[5]["fields"]["title"] == "After INC-000001"
    assert (would[6]["url"], would[6]["json"]) == ("https://example.com/INC-000001", {"n": "Printer"})
    assert (would[7]["workflow_name"], would[7]["input"]) == ("Look after it", {"a": "Printer"})
    assert "error" not in would[7]
    assert would[8]["error"] == "no published template is called “Gone”"
    assert would[9] == {"action": "assign", "error": "nobody to assign to"}


@pytest.mark.parametrize("trigger", ["on_ticket_created", "on_ticket_updated", "on_comment", "webhook"])
def test_the_dry_run_before_is_the_live_run_after(desk: Desk, trigger: str) -> None:
    publish(desk, [FORM], name="Look after it")
    bo = desk.client(desk.bo)
    ticket = _ticket(desk, title="Printer")
    conditions: dict[str, Any] = {
        "on_ticket_created": {"title": {"contains": "printer"}},
        "on_ticket_updated": {"priority": {"changed_to": "P2"}, "actor.name": "Bo"},
        "on_comment": {"comment.text": {"contains": "help"}, "comment.author": desk.bo.id},
        "webhook": {"payload.host": "mail-1"},
    }[trigger]
    rule = {
        "name": "Look",
        "trigger": trigger,
        "conditions": conditions,
        "actions": [
            {"type": "update_field", "field": "custom.seen", "value": "{{ ticket.title }}"},
            {
                "type": "send_notification",
                "to": {"user": "cy@acme.example"},
                "message": "{{ ticket.priority }} by {{ actor.name }}",
            },
            {"type": "start_workflow", "workflow_name": "Look after it", "input": {"was": "{{ ticket.title }}"}},
        ],
    }
    event: dict[str, Any] = {
        "on_ticket_created": {"ticket": {"title": "Printer again"}, "actor": "bo@acme.example"},
        "on_ticket_updated": {"ticket_id": ticket["id"], "changes": {"priority": "P2"}, "actor": "bo@acme.example"},
        "on_comment": {"ticket_id": ticket["id"], "comment": {"text": "Help!"}, "actor": "bo@acme.example"},
        "webhook": {"ticket_id": ticket["id"], "payload": {"host": "mail-1", "ticket_id": ticket["id"]}},
    }[trigger]
    (tried,) = _tried(desk, rule=rule, event=event)
    assert tried["matched"] is True
    saved = _saved(desk, rule)

    at = ticket["id"]
    if trigger == "on_ticket_created":
        at = bo.post("/api/v1/tickets", json={"title": "Printer again"}).json()["data"]["id"]
    elif trigger == "on_ticket_updated":
        assert bo.patch(f"/api/v1/tickets/{at}", json={"priority": "P2"}).status_code == 200
    elif trigger == "on_comment":
        assert bo.post(f"/api/v1/tickets/{at}/comments", json={"text": "Help!"}).status_code == 201
    else:
        assert desk.http.post(saved["hook_url"], json=event["payload"]).status_code == 202

    *own, lived = bo.get("/v1/automation/evaluations", params={"rule_id": saved["id"], "ticket_id": at}).json()["data"]
    assert not any(one["matched"] for one in own)  # of events that the rule itself has made
    assert (lived["matched"], lived["clauses"]) == (True, tried["clauses"])
    assert [one["action"] for one in lived["actions"]] == [one["action"] for one in tried["would"]]
    update, tell, start = tried["would"]
    now = bo.get(f"/api/v1/tickets/{at}").json()["data"]
    assert now["custom"] == update["changes"]["custom"][1]
    notices = desk.client(desk.cy).get("/api/v1/notifications").json()["data"]
    (notice,) = [each for each in notices if each["kind"] == "message"]
    assert (notice["title"], tell["to"]) == (tell["subject"], [desk.cy.id])
    (run,) = bo.get("/api/v1/workflows/instances", params={"ticket_id": at}).json()["data"]
    full = bo.get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]
    assert (full["template_name"], full["variables"]) == (start["workflow_name"], start["input"])


def test_a_sweep_does_what_its_dry_run_said_and_once(desk: Desk) -> None:
    bo = desk.client(desk.bo)
    urgent, quiet, over = (_ticket(desk, priority=priority) for priority in ("P1", "P3", "P1"))
    assert bo.patch(f"/api/v1/tickets/{over['id']}", json={"status": "resolved"}).status_code == 200
    comment = {"type": "add_comment", "text": "Still there?"}
    rule = {"name": "Ask", "trigger": "scheduled", "conditions": {"priority": "P1"}, "action": comment}
    saved = _saved(desk, rule)

    def would_act() -> set[str]:
        return {one["ticket_id"] for one in _tried(desk, rule_id=saved["id"]) if one["would"]}

    def acts() -> set[str]:
        rule_id = str(uuid_of("rule", saved["id"]))
        asked = {
            ticket["id"]: SweepTicket(tenant_id=desk.tenant_id, rule_id=rule_id, ticket_id=ticket["id"])
            for ticket in (urgent, quiet, over)
        }
        answers = {ticket_id: desk.wayline.door.submit_and_wait(sweep) for ticket_id, sweep in asked.items()}
        return {ticket_id for ticket_id, answer in answers.items() if answer.event_id is not None}

    assert would_act() == {urgent["id"]}
    assert acts() == {urgent["id"]}
    assert would_act() == acts() == set()  # in this spell it has acted
    bo.patch(f"/api/v1/tickets/{urgent['id']}", json={"title": "Still down"})
    assert would_act() == {urgent["id"]}
    assert acts() == {urgent["id"]}


def test_a_ticket_is_seen_as_it_was_when_the_event_happened(desk: Desk) -> None:
    bo = desk.client(desk.bo)
    ticket = _ticket(desk, priority="P3")
    for change in ({"priority": "P2"}, {"title": "Renamed"}):
        bo.patch(f"/api/v1/tickets/{ticket['id']}", json=change)
    (created,) = _tried(desk, rule={**VIP, "conditions": {"priority": "P3", "title": "Printer"}})
    assert created["matched"] is True
    updated = {**VIP, "trigger": "on_ticket_updated"}
    (renamed,) = _tried(desk, rule={**updated, "conditions": {"changed": "title", "priority": "P2"}})
    assert renamed["matched"] is True
    (other,) = _tried(desk, rule={**updated, "conditions": {"changed": "priority"}})
    assert other["matched"] is False


def test_the_rules_before_it_are_seen_too(desk: Desk) -> None:
    _saved(desk, {**VIP, "conditions": {}, "action": {"type": "set_priority", "priority": "P2"}})
    ticket = _ticket(desk, priority="P4")
    event = {"ticket": {"title": "x", "priority": "P4"}}
    (later,) = _tried(desk, rule={**VIP, "conditions": {"priority": "P2"}}, event=event)
    assert later["would"] == [{"action": "set_priority", "changes": {"priority": ["P2", "P1"]}}]
    (earlier,) = _tried(desk, rule={**VIP, "conditions": {"priority": "P2"}, "position": 0}, event=event)
    assert earlier["clauses"][0]["seen"] == "P2"  # of two in one place the older is asked first
    _saved(desk, {**VIP, "conditions": {}, "stop": True})
    (stopped,) = _tried(desk, rule={**VIP, "conditions": {}}, event=event)
    assert (stopped["matched"], stopped["would"]) == (False, [])
    assert _tried(desk, rule={**VIP, "conditions": {}}, ticket_ids=[ticket["id"]])[0]["matched"] is False


def test_a_saved_rule_is_tried_whether_or_not_it_is_enabled(desk: Desk) -> None:
    saved = _saved(desk, {**VIP, "enabled": False})
    event = {"ticket": {"title": "x", "custom": {"vip": True}}}
    assert _tried(desk, rule_id=saved["id"], event=event)[0]["matched"] is True


def test_tickets_are_named_by_id_or_number_and_come_in_the_order_asked_for(desk: Desk) -> None:
    first, second, _ = _ticket(desk), _ticket(desk), _ticket(desk)
    tried = _tried(desk, rule=VIP, ticket_ids=[second["number"].lower(), first["id"], second["id"]])
    assert [one["ticket_id"] for one in tried] == [second["id"], first["id"]]
    assert len(_tried(desk, rule=VIP, last=2)) == 2
    assert len(_tried(desk, rule=VIP)) == 3


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"rule": VIP, "rule_id": "rule_x"}, ""),
        ({"rule": VIP, "last": 1, "ticket_ids": ["INC-1"]}, ""),
        ({"rule": VIP, "last": 0}, "last"),
        ({"rule": VIP, "last": 1001}, "last"),
        ({"rule": VIP, "ticket_ids": []}, "ticket_ids"),
        ({"rule": VIP, "ticket_ids": ["INC-000009"]}, "ticket_ids[0]"),
        ({"rule": VIP, "ticket_ids": ["x"]}, "ticket_ids[0]"),
        ({"rule": {**VIP, "trigger": "never"}}, "rule.trigger"),
        ({"rule": {"trigger": "on_comment"}}, "rule.action"),
        ({"rule": VIP, "event": {"ticket": {"priority": "P9", "title": "x"}}}, "event.ticket.priority"),
        ({"rule": VIP, "event": {"ticket": {"title": "x"}, "ticket_id": "INC-1"}}, "event"),
        ({"rule": VIP, "event": {"trigger": "on_comment", "ticket": {"title": "x"}}}, "event.trigger"),
        ({"rule": VIP, "event": {"ticket_id": "INC-000009"}}, "event.ticket_id"),
        ({"rule": VIP, "event": {"ticket": {"title": "x"}, "changes": {"status": "lost"}}}, "event.changes.status"),
        ({"rule": VIP, "event": {"actor": "nobody@acme.example"}}, "event.actor"),
        ({"rule": VIP, "events": []}, "events"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value or "whole",
)
def test_every_fault_is_named(sqlite_desk: Desk, body: dict[str, Any], path: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.dee).post(DRY_RUN, json=body)
    assert answer.status_code == 400, answer.text
    assert {issue["path"] for issue in answer.json()["error"]["details"]["issues"]} == {path}


def test_nothing_of_another_tenant_can_be_tried(desk: Desk) -> None:
    saved, ticket = _saved(desk, VIP), _ticket(desk)
    zoe = desk.client(desk.zoe)
    assert zoe.post(DRY_RUN, json={"rule_id": saved["id"]}).status_code == 404
    assert zoe.post(DRY_RUN, json={"rule_id": "nonsense"}).status_code == 404
    for body in ({"ticket_ids": [ticket["id"]]}, {"event": {"ticket_id": ticket["number"]}}):
        assert zoe.post(DRY_RUN, json={"rule": VIP, **body}).status_code == 400
    assert zoe.post(DRY_RUN, json={"rule": VIP}).json() == {"data": []}


def test_dry_runs_are_for_who_may_read_rules(desk: Desk) -> None:
    assert desk.client(desk.bo).post(DRY_RUN, json={"rule": VIP}).status_code == 403
    assert desk.http.post(DRY_RUN, json={"rule": VIP}).status_code == 401
    assert desk.using(desk.new_token(desk.dee, "workflow:read")).post(DRY_RUN, json={"rule": VIP}).status_code == 200


def _ticket(desk: Desk, **fields: Any) -> dict[str, Any]:
    answer = desk.client(desk.bo).post("/api/v1/tickets", json={"title": "Printer", **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def _saved(desk: Desk, rule: dict[str, Any]) -> dict[str, Any]:
    answer = desk.client(desk.dee).post(RULES, json=rule)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _tried(desk: Desk, **body: Any) -> list[dict[str, Any]]:
    answer = desk.client(desk.dee).post(DRY_RUN, json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def _state(desk: Desk) -> tuple[str, dict[str, int]]:
    """A hash of every row of every table, and how much waits to be sent."""
    digest, waiting = hashlib.sha256(), {}
    with desk.wayline.database.reader.connect() as connection:
        for table in metadata.sorted_tables:
            rows = sorted(map(repr, connection.execute(sa.select(table)).all()))
            digest.update(f"{table.name}: {rows}".encode())
            if table in (jobs, notifications, outbox):
                waiting[table.name] = len(rows)
    return digest.hexdigest(), waiting
