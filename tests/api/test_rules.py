"""Automation rules of surface 001: saved, changed, ordered and removed; every fault of what is sent is named."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from served_desk import Desk
from wayline.core.public_ids import uuid_of
from wayline.store.tables import audit, idempotency, rule_versions, rules, tenants
from workflows import LAPTOP, publish

RULES = "/v1/automation/rules"
VIP: dict[str, Any] = {
    "name": "VIPs first",
    "trigger": "on_ticket_created",
    "conditions": {"custom.vip": True},
    "action": {"type": "set_priority", "priority": "P1"},
}
FORM: dict[str, Any] = {"id": "a", "type": "form", "assignee": {"requester": True}, "fields": []}


def test_a_rule_is_saved_and_shown_as_it_was_written(desk: Desk) -> None:
    dee = desk.client(desk.dee)
    answer = dee.post(RULES, json=VIP)
    assert answer.status_code == 201, answer.text
    rule = answer.json()
    assert rule["id"].startswith("rule_")
    assert {name: rule[name] for name in (*VIP, "enabled", "position", "stop", "actions", "warnings")} == {
        **VIP,
        "enabled": True,
        "position": 0,
        "stop": False,
        "actions": [VIP["action"]],
        "warnings": [],
    }
    at = desk.wayline.clock.now().timestamp()
    assert rule["created_at"] == rule["updated_at"]
    assert isinstance(rule["created_at"], int)
    assert abs(rule["created_at"] - at) < 60
    assert dee.get(f"{RULES}/{rule['id']}").json() == rule


def test_conditions_may_be_left_out_and_several_actions_given(desk: Desk) -> None:
    actions = [{"type": "update_field", "field": "priority", "value": "P2"}, {"type": "add_comment", "text": "Seen."}]
    rule = _saved(desk, conditions=None, trigger="on_ticket_updated", actions=actions, stop=True, enabled=False)
    assert (rule["conditions"], rule["action"], rule["actions"]) == ({}, actions[0], actions)
    assert (rule["stop"], rule["enabled"]) == (True, False)


@pytest.mark.parametrize(
    "trigger",
    ["on_ticket_created", "on_ticket_updated", "scheduled", "webhook", "on_comment", "on_run_ended", "on_step_overdue"],
)
def test_every_trigger_of_the_contract_is_taken(desk: Desk, trigger: str) -> None:
    assert _saved(desk, trigger=trigger)["trigger"] == trigger


@pytest.mark.parametrize(
    "action",
    [
        {
            "type": "start_workflow",
            "workflow_name": "Laptop request",
            "task_queue": "itsm-accessories",
            "input": {"a": 1},
        },
        {"type": "send_notification", "to": {"requester": True}, "subject": "Seen", "message": "{{ ticket.number }}"},
        {"type": "send_notification", "to": "ops@acme.example", "message": "Look", "channel": "email"},
        {"type": "update_field", "field": "custom.seen", "value": True},
        {"type": "update_field", "fields": {"priority": "P2", "queue": "Inbox"}},
        {"type": "assign", "to": {"group": "service-desk"}},
        {"type": "move_queue", "queue": "Inbox"},
        {"type": "add_comment", "text": "Seen."},
        {"type": "set_priority", "priority": "P1"},
        {"type": "escalate", "to": {"role": "lead", "group": "service-desk"}},
        {"type": "create_ticket", "title": "Look after {{ ticket.number }}"},
        {
            "type": "http_request",
            "method": "POST",
            "url": "https://example.com/hook",
            "json": {"n": "{{ ticket.number }}"},
        },
    ],
    ids=lambda action: f"{action['type']}-{len(str(action))}",
)
def test_every_action_of_the_contract_is_taken_and_shown_as_written(desk: Desk, action: dict[str, Any]) -> None:
    publish(desk, LAPTOP)
    rule = _saved(desk, action=action)
    assert rule["action"] == action
    assert rule["warnings"] == []


def test_a_task_queue_there_is_none_of_is_refused(desk: Desk) -> None:
    action = {"type": "start_workflow", "workflow_name": "Laptop request", "task_queue": "itsm-nowhere"}
    dee = desk.client(desk.dee)
    rule = _saved(desk)["id"]
    for answer in (
        dee.post(RULES, json={**VIP, "action": action}),
        dee.put(f"{RULES}/{rule}", json={"action": action}),
    ):
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "UNKNOWN_TASK_QUEUE"
        assert "itsm-fleet" in answer.json()["error"]["details"]["known"]


def test_a_workflow_nobody_has_published_is_saved_with_a_warning(desk: Desk) -> None:
    rule = _saved(desk, action={"type": "start_workflow", "workflow_name": "Gone"})
    (warning,) = rule["warnings"]
    assert (warning["path"], warning["code"]) == ("actions[0].workflow_name", "unknown_template")
    publish(desk, [FORM], name="gone")
    assert desk.client(desk.dee).get(f"{RULES}/{rule['id']}").json()["warnings"] == []


def test_a_scheduled_rule_shows_its_schedule_and_sweeps_every_five_minutes_by_default(desk: Desk) -> None:
    assert _saved(desk, trigger="scheduled")["schedule"] == {"cron": "*/5 * * * *", "timezone": "UTC"}
    nightly = {"cron": "0 3 * * *", "timezone": "Europe/Rome"}
    assert _saved(desk, trigger="scheduled", schedule=nightly)["schedule"] == nightly


@pytest.mark.parametrize(
    ("body", "issues"),
    [
        ({}, {("name", "missing"), ("trigger", "missing"), ("action", "missing")}),
        ({**VIP, "name": ""}, {("name", "string_too_short")}),
        ({**VIP, "name": "x" * 201}, {("name", "string_too_long")}),
        ({**VIP, "trigger": "on_full_moon"}, {("trigger", "literal_error")}),
        ({**VIP, "action": {"type": "dance"}}, {("action", "union_tag_invalid")}),
        ({**VIP, "action": {"type": "set_priority"}}, {("action.priority", "missing")}),
        ({**VIP, "actions": []}, {("action", "two_actions")}),
        ({**VIP, "conditions": {"priority": {"beyond": 1}}}, {("conditions.priority.beyond", "unknown_operator")}),
        ({**VIP, "conditions": [1]}, {("conditions", "dict_type")}),
        ({**VIP, "action": {"type": "add_comment", "text": "{{ oh"}}, {("action.text", "bad_text")}),
        ({**VIP, "schedule": {"cron": "* * * * *"}}, {("schedule", "no_schedule")}),
        ({**VIP, "trigger": "scheduled", "schedule": {"cron": "99 * * * *"}}, {("schedule", "value_error")}),
        ({**VIP, "position": -1}, {("position", "greater_than_equal")}),
        ({**VIP, "colour": "red"}, {("colour", "extra_forbidden")}),
        ({**VIP, "enabled": "perhaps"}, {("enabled", "bool_parsing")}),
    ],
    ids=lambda value: None if isinstance(value, dict) else "-".join(sorted(code for _, code in value)),
)
def test_every_fault_is_named(sqlite_desk: Desk, body: dict[str, Any], issues: set[tuple[str, str]]) -> None:
    answer = sqlite_desk.client(sqlite_desk.dee).post(RULES, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert _issues(answer) == issues
    assert sqlite_desk.client(sqlite_desk.dee).get(RULES).json()["data"] == []


def test_what_cannot_be_read_is_refused_in_this_surfaces_words(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.dee).post(RULES, content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (answer.json()["success"], error["code"], error["path"]) == (False, "VALIDATION_ERROR", RULES)


# -- lists -----------------------------------------------------------------------------------------


def test_the_list_goes_on_after_an_id_newest_first(desk: Desk) -> None:
    names = [_saved(desk, name=f"Rule {number}")["name"] for number in range(5)]
    dee = desk.client(desk.dee)
    seen: list[str] = []
    page = dee.get(RULES, params={"limit": 2}).json()
    while page["has_more"]:
        seen += [rule["name"] for rule in page["data"]]
        page = dee.get(RULES, params={"limit": 2, "starting_after": page["data"][-1]["id"]}).json()
    assert seen + [rule["name"] for rule in page["data"]] == list(reversed(names))


def test_the_list_is_narrowed_down(desk: Desk) -> None:
    _saved(desk, name="Created")
    _saved(desk, name="Off", enabled=False)
    _saved(desk, name="Updated", trigger="on_ticket_updated")
    dee = desk.client(desk.dee)

    def names(**query: Any) -> list[str]:
        return [rule["name"] for rule in dee.get(RULES, params=query).json()["data"]]

    assert names() == ["Updated", "Off", "Created"]
    assert names(trigger="on_ticket_created") == ["Off", "Created"]
    assert names(enabled="true") == ["Updated", "Created"]
    assert names(enabled="false") == ["Off"]
    assert names(trigger="on_ticket_created", enabled="true", limit=1) == ["Created"]
    assert names(trigger="webhook") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"trigger": "never"}, "trigger"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"starting_after": "wf_1"}, "starting_after"),
        ({"starting_after": "rule_0000000000000000000000"}, "starting_after"),
    ],
    ids=["limit-0", "limit-101", "trigger", "enabled", "no-id", "unknown-id"],
)
def test_a_bad_query_is_named(sqlite_desk: Desk, query: dict[str, Any], field: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.dee).get(RULES, params=query)
    assert answer.status_code == 400
    assert {path for path, _ in _issues(answer)} == {field}


# -- changes ---------------------------------------------------------------------------------------


def test_a_change_replaces_what_it_names_and_leaves_the_rest(desk: Desk) -> None:
    rule = _saved(desk, description="For the board.", stop=True)
    answer = desk.client(desk.dee).put(f"{RULES}/{rule['id']}", json={"name": "VIPs", "conditions": {"priority": "P3"}})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert (changed["name"], changed["conditions"]) == ("VIPs", {"priority": "P3"})
    for kept in ("id", "trigger", "action", "stop", "description", "position", "created_at"):
        assert changed[kept] == rule[kept]
    assert desk.client(desk.dee).get(f"{RULES}/{rule['id']}").json() == changed


def test_a_rule_sent_back_as_it_was_read_changes_nothing(desk: Desk) -> None:
    for rule in (_saved(desk), _saved(desk, trigger="webhook"), _saved(desk, trigger="scheduled")):
        before = _rows(desk)
        answer = desk.client(desk.dee).put(f"{RULES}/{rule['id']}", json=rule)
        assert answer.status_code == 200, answer.text
        assert answer.json() == rule
        assert _rows(desk) == before


def test_one_action_replaces_several(desk: Desk) -> None:
    rule = _saved(desk, action=None, actions=[VIP["action"], {"type": "add_comment", "text": "Seen."}])
    comment = {"type": "add_comment", "text": "Once."}
    changed = desk.client(desk.dee).put(f"{RULES}/{rule['id']}", json={"action": comment}).json()
    assert changed["actions"] == [comment]


def test_a_rule_that_is_no_longer_scheduled_has_no_schedule(desk: Desk) -> None:
    rule = _saved(desk, trigger="scheduled", schedule={"cron": "0 3 * * *"})
    changed = desk.client(desk.dee).put(f"{RULES}/{rule['id']}", json={"trigger": "on_comment"})
    assert changed.status_code == 200
    assert "schedule" not in changed.json()


def test_a_change_that_makes_no_rule_is_refused_and_leaves_no_trace(desk: Desk) -> None:
    rule = _saved(desk)
    before = _rows(desk)
    answer = desk.client(desk.dee).put(f"{RULES}/{rule['id']}", json={"name": None, "action": {"type": "dance"}})
    assert answer.status_code == 400
    assert _issues(answer) == {("name", "string_type"), ("action", "union_tag_invalid")}
    assert _rows(desk) == before


def test_toggling_turns_it_off_and_on_again(desk: Desk) -> None:
    rule = _saved(desk)
    dee = desk.client(desk.dee)
    off = dee.post(f"{RULES}/{rule['id']}/toggle")
    assert off.status_code == 200, off.text
    at = off.json()["toggled_at"]
    assert off.json() == {"id": rule["id"], "name": "VIPs first", "enabled": False, "toggled_at": at}
    assert isinstance(at, int)
    assert dee.get(f"{RULES}/{rule['id']}").json()["enabled"] is False
    assert dee.post(f"{RULES}/{rule['id']}/toggle").json()["enabled"] is True
    assert dee.post(f"{RULES}/{rule['id']}/toggle", json={"enabled": True}).json()["enabled"] is True


def test_a_deleted_rule_is_gone(desk: Desk) -> None:
    rule = _saved(desk)
    dee = desk.client(desk.dee)
    assert dee.delete(f"{RULES}/{rule['id']}").json() == {"id": rule["id"], "deleted": True}
    for answer in _calls_by_id(dee, rule["id"]):
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert dee.get(RULES).json() == {"has_more": False, "data": []}


def test_rules_are_reordered_within_the_places_they_hold(desk: Desk) -> None:
    first, second, third = (_saved(desk, name=name)["id"] for name in ("One", "Two", "Three"))
    dee = desk.client(desk.dee)
    answer = dee.post(f"{RULES}/reorder", json={"ids": [third, first]})
    assert answer.status_code == 200, answer.text
    assert [(rule["id"], rule["position"]) for rule in answer.json()["data"]] == [(third, 0), (first, 2)]
    places = {rule["name"]: rule["position"] for rule in dee.get(RULES).json()["data"]}
    assert places == {"Three": 0, "Two": 1, "One": 2}
    assert second not in {rule["id"] for rule in answer.json()["data"]}


def test_an_order_of_rules_that_are_not_there_is_refused(desk: Desk) -> None:
    rule = _saved(desk)["id"]
    dee = desk.client(desk.dee)
    for ids, issues in (
        ([], {("ids", "too_short")}),
        (["rule_x", rule], {("ids[0]", "unknown_rule")}),
        ([rule, "rule_0000000000000000000001"], {("ids[1]", "unknown_rule")}),
        ([rule, rule], {("ids[1]", "twice")}),
    ):
        answer = dee.post(f"{RULES}/reorder", json={"ids": ids})
        assert answer.status_code == 400
        assert _issues(answer) == issues


# -- addresses -------------------------------------------------------------------------------------


def test_a_webhook_rule_has_a_secret_address_whenever_it_is_read_and_the_store_has_not(desk: Desk) -> None:
    rule = _saved(desk, trigger="webhook")
    dee = desk.client(desk.dee)
    prefix, _, secret = rule["hook_url"].rpartition("/")
    assert prefix == "/v1/automation/hooks"
    assert len(secret) >= 40
    assert dee.get(f"{RULES}/{rule['id']}").json()["hook_url"] == rule["hook_url"]
    assert dee.get(RULES).json()["data"][0]["hook_url"] == rule["hook_url"]
    assert "hook_url" not in _saved(desk)
    assert secret not in str(_rows(desk))


def test_a_new_address_replaces_the_old_one(desk: Desk) -> None:
    rule = _saved(desk, trigger="webhook")
    dee = desk.client(desk.dee)
    rotated = dee.post(f"{RULES}/{rule['id']}/rotate-hook")
    assert rotated.status_code == 200, rotated.text
    assert rotated.json()["hook_url"] != rule["hook_url"]
    assert dee.get(f"{RULES}/{rule['id']}").json()["hook_url"] == rotated.json()["hook_url"]


def test_only_webhook_rules_have_an_address_to_replace(desk: Desk) -> None:
    answer = desk.client(desk.dee).post(f"{RULES}/{_saved(desk)['id']}/rotate-hook")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "CONFLICT"


def test_a_rule_that_becomes_a_webhook_rule_gets_an_address_and_keeps_it(desk: Desk) -> None:
    rule = _saved(desk)
    dee = desk.client(desk.dee)
    address = dee.put(f"{RULES}/{rule['id']}", json={"trigger": "webhook"}).json()["hook_url"]
    assert "hook_url" not in dee.put(f"{RULES}/{rule['id']}", json={"trigger": "on_comment"}).json()
    assert dee.put(f"{RULES}/{rule['id']}", json={"trigger": "webhook"}).json()["hook_url"] == address


# -- who -------------------------------------------------------------------------------------------


def test_rules_are_for_managers_and_admins(desk: Desk) -> None:
    rule = _saved(desk)["id"]
    for person in (desk.ana, desk.bo):
        for answer in (*_calls_by_id(desk.client(person), rule), *_calls(desk.client(person))):
            assert answer.status_code == 403
    for answer in (*_calls_by_id(desk.http, rule), *_calls(desk.http)):
        assert answer.status_code == 401
    assert desk.client(desk.root).get(f"{RULES}/{rule}").status_code == 200


def test_a_token_needs_the_ability(desk: Desk) -> None:
    rule = _saved(desk)["id"]
    reading = desk.using(desk.new_token(desk.dee, "workflow:read"))
    assert reading.get(f"{RULES}/{rule}").status_code == 200
    assert reading.put(f"{RULES}/{rule}", json={"name": "x"}).status_code == 403
    assert reading.post(RULES, json=VIP).status_code == 403
    assert desk.using(desk.new_token(desk.dee, "run:write")).get(RULES).status_code == 403


def test_another_tenants_rules_do_not_exist(desk: Desk) -> None:
    rule = _saved(desk)["id"]
    zoe = desk.client(desk.zoe)
    before = _rows(desk)
    for answer in _calls_by_id(zoe, rule):
        assert answer.status_code == 404
    assert zoe.get(RULES).json()["data"] == []
    assert zoe.get(RULES, params={"starting_after": rule}).status_code == 400
    assert _issues(zoe.post(f"{RULES}/reorder", json={"ids": [rule]})) == {("ids[0]", "unknown_rule")}
    assert _rows(desk) == before


def test_a_key_makes_one_rule_of_two_requests(desk: Desk) -> None:
    dee = desk.client(desk.dee)
    first, second = (dee.post(RULES, json=VIP, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(dee.get(RULES).json()["data"]) == 1
    other = dee.post(RULES, json={**VIP, "name": "Other"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "CONFLICT")


def test_an_address_is_not_kept_with_the_answer_to_a_key_and_told_again_all_the_same(desk: Desk) -> None:
    dee = desk.client(desk.dee)
    body = {**VIP, "trigger": "webhook"}
    first, second = (dee.post(RULES, json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    secret = first.json()["hook_url"].rpartition("/")[2]
    with desk.wayline.database.reader.connect() as connection:
        (kept,) = connection.execute(sa.select(idempotency.c.answer)).scalars()
    assert first.json()["id"].encode() in kept
    assert secret.encode() not in kept


def test_every_change_moves_the_version_of_the_rules_and_is_in_the_audit(desk: Desk) -> None:
    dee = desk.client(desk.dee)
    rule, other = _saved(desk, trigger="webhook")["id"], _saved(desk)["id"]
    dee.put(f"{RULES}/{rule}", json={"name": "Renamed"})
    dee.post(f"{RULES}/{rule}/toggle")
    dee.post(f"{RULES}/{rule}/rotate-hook")
    dee.post(f"{RULES}/reorder", json={"ids": [other, rule]})
    dee.delete(f"{RULES}/{rule}")
    with desk.wayline.database.reader.connect() as connection:
        version = connection.execute(sa.select(tenants.c.rules_version).where(tenants.c.id == desk.tenant_id)).scalar()
        noted = connection.execute(sa.select(audit.c.action, audit.c.subject_id).order_by(audit.c.at, audit.c.id)).all()
    assert version == 7
    acted = [(action, subject) for action, subject in noted if action.startswith("rule")]
    own = [action for action, subject in acted if subject == uuid_of("rule", rule)]
    assert own == ["rule.created", "rule.updated", "rule.toggled", "rule.hook_rotated", "rule.deleted"]
    assert ("rules.reordered", desk.tenant_id) in acted


def test_the_format_is_published(sqlite_desk: Desk) -> None:
    schema = sqlite_desk.http.get(f"{RULES}/schema").json()
    assert schema["title"] == "Wayline rule"
    assert {"name", "trigger", "conditions", "action", "actions"} <= set(schema["properties"])


def _saved(desk: Desk, **fields: Any) -> dict[str, Any]:
    body = {name: value for name, value in {**VIP, **fields}.items() if value is not None}
    if "actions" in fields:
        body.pop("action", None)
    answer = desk.client(desk.dee).post(RULES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _calls(client: TestClient) -> list[Any]:
    return [client.get(RULES), client.post(RULES, json=VIP), client.post(f"{RULES}/reorder", json={"ids": ["x"]})]


def _calls_by_id(client: TestClient, rule: str) -> list[Any]:
    at = f"{RULES}/{rule}"
    return [
        client.get(at),
        client.put(at, json={"name": "Zed's"}),
        client.post(f"{at}/toggle"),
        client.post(f"{at}/rotate-hook"),
        client.delete(at),
    ]


def _issues(answer: Any) -> set[tuple[str, str]]:
    return {(issue["path"], issue["code"]) for issue in answer.json()["error"]["details"]["issues"]}


def _rows(desk: Desk) -> list[Any]:
    with desk.wayline.database.reader.connect() as connection:
        return [
            connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            for table in (rules, rule_versions, audit)
        ]
