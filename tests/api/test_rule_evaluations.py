"""Why a rule acted or did not: every pair of an event and a rule, explained from what was kept."""

from __future__ import annotations

from typing import Any

import pytest

from served_desk import Desk

RULES = "/v1/automation/rules"
EVALUATIONS = "/v1/automation/evaluations"
P1: dict[str, Any] = {"type": "set_priority", "priority": "P1"}


def test_every_pair_is_told_with_its_clauses_and_its_reason(desk: Desk) -> None:
    vip = _saved(desk, name="VIPs", conditions={"custom.vip": True}, action=P1, stop=True)
    off = _saved(desk, name="Off", enabled=False)
    late = _saved(desk, name="Late", conditions={"priority": "P1"})
    ticket = _ticket(desk, custom={"vip": True})
    other = _ticket(desk)
    found = _listed(desk, ticket_id=ticket["id"])
    at = found[0]["at"]
    assert isinstance(at, int)
    event_id = found[0]["event_id"]
    told = {
        "event": "on_ticket_created",
        "event_id": event_id,
        "ticket_id": ticket["id"],
        "at": at,
    }
    assert [{name: value for name, value in one.items() if name != "id"} for one in found] == [
        {
            **told,
            "rule_id": vip["id"],
            "rule_name": "VIPs",
            "matched": True,
            "clauses": [{"clause": "custom.vip eq true", "seen": True, "holds": True}],
            "reason": "The conditions held.",
            "code": "matched",
            "actions": [{"action": "set_priority"}],
        },
        {
            **told,
            "rule_id": off["id"],
            "rule_name": "Off",
            "matched": False,
            "clauses": [],
            "reason": "The rule was disabled.",
            "code": "disabled",
            "actions": [],
        },
        {
            **told,
            "rule_id": late["id"],
            "rule_name": "Late",
            "matched": False,
            "clauses": [],
            "reason": "“VIPs” stopped the event.",
            "code": "stopped",
            "actions": [],
        },
    ]
    (unmatched,) = _listed(desk, ticket_id=other["id"], rule_id=late["id"])
    assert (unmatched["matched"], unmatched["code"]) == (False, "conditions_false")
    assert unmatched["clauses"] == [{"clause": 'priority eq "P1"', "seen": "P3", "holds": False}]


def test_a_rule_sees_what_the_one_before_it_has_done(desk: Desk) -> None:
    _saved(desk, name="First", action=P1)
    later = _saved(desk, name="Second", conditions={"priority": "P1"})
    ticket = _ticket(desk)
    (found,) = _listed(desk, ticket_id=ticket["id"], rule_id=later["id"])
    assert (found["matched"], found["clauses"][0]["seen"]) == (True, "P1")


def test_what_was_is_explained_by_the_rules_as_they_were(desk: Desk) -> None:
    rule = _saved(desk, name="Before", conditions={"priority": "P1"})
    ticket = _ticket(desk)
    dee = desk.client(desk.dee)
    dee.put(f"{RULES}/{rule['id']}", json={"name": "After", "conditions": {"priority": "P3"}})
    again = _ticket(desk)
    names = {one["ticket_id"]: (one["rule_name"], one["matched"]) for one in _listed(desk, rule_id=rule["id"])}
    assert names == {ticket["id"]: ("Before", False), again["id"]: ("After", True)}
    dee.delete(f"{RULES}/{rule['id']}")
    last = _ticket(desk)
    assert len(_listed(desk, rule_id=rule["id"])) == 2
    assert _listed(desk, ticket_id=last["id"]) == []


def test_an_action_that_could_not_be_done_is_told(desk: Desk) -> None:
    _saved(desk, name="Broken", action={"type": "start_workflow", "workflow_name": "Gone"})
    ticket = _ticket(desk)
    (found,) = _listed(desk, ticket_id=ticket["number"])
    assert found["actions"] == [
        {"action": "start_workflow", "error": "no published template is called “Gone”"},
    ]


def test_the_list_goes_on_after_a_pair_through_events_and_within_one(desk: Desk) -> None:
    rules = [_saved(desk, name=f"Rule {number}") for number in range(3)]
    ticket = _ticket(desk)
    bo = desk.client(desk.bo)
    for number in range(3):
        _saved(desk, name=f"Update {number}", trigger="on_ticket_updated")
    for title in ("Ink", "Paper", "Toner"):
        bo.patch(f"/api/v1/tickets/{ticket['id']}", json={"title": title})
    whole = _listed(desk, ticket_id=ticket["id"], limit=100)
    assert len(whole) == 3 + 9
    assert [one["rule_name"] for one in whole[:3]] == ["Update 0", "Update 1", "Update 2"]
    assert [one["rule_id"] for one in whole[-3:]] == [rule["id"] for rule in rules]
    for limit in (1, 2, 5, 12):
        seen: list[dict[str, Any]] = []
        page = bo.get(EVALUATIONS, params={"ticket_id": ticket["id"], "limit": limit}).json()
        while page["has_more"]:
            assert len(page["data"]) == limit
            seen += page["data"]
            query = {"ticket_id": ticket["id"], "limit": limit, "starting_after": page["data"][-1]["id"]}
            page = bo.get(EVALUATIONS, params=query).json()
        assert seen + page["data"] == whole


def test_a_webhooks_events_are_its_own_rules_alone(desk: Desk) -> None:
    first, second = (_saved(desk, name=name, trigger="webhook") for name in ("One", "Two"))
    for number in range(2):
        desk.http.post(first["hook_url"], json={"n": number})
    desk.http.post(second["hook_url"], json={"n": 2})
    assert len(_listed(desk, rule_id=first["id"])) == 2
    (found,) = _listed(desk, rule_id=second["id"])
    assert (found["event"], found["ticket_id"], found["rule_name"]) == ("webhook", None, "Two")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"ticket_id": "INC-000009"}, 404),
        ({"ticket_id": "nonsense"}, 404),
        ({"rule_id": "nonsense"}, 404),
        ({"rule_id": "rule_0000000000000000000001"}, 404),
        ({"ticket_id": "INC-000001", "starting_after": "nonsense"}, 400),
        ({"ticket_id": "INC-000001", "starting_after": f"{'0' * 22}.rule_{'0' * 22}"}, 400),
        ({"ticket_id": "INC-000001", "limit": 101}, 400),
    ],
    ids=["nothing", "no-ticket", "no-number", "no-rule-id", "no-rule", "no-cursor", "unknown-cursor", "limit"],
)
def test_a_bad_question_is_refused(desk: Desk, query: dict[str, Any], status: int) -> None:
    _ticket(desk)
    assert desk.client(desk.dee).get(EVALUATIONS, params=query).status_code == status


def test_staff_may_ask_and_nobody_else(desk: Desk) -> None:
    rule, ticket = _saved(desk), _ticket(desk)
    query = {"ticket_id": ticket["id"]}
    assert desk.client(desk.bo).get(EVALUATIONS, params=query).status_code == 200
    assert desk.client(desk.ana).get(EVALUATIONS, params=query).status_code == 403
    assert desk.http.get(EVALUATIONS, params=query).status_code == 401
    assert desk.using(desk.new_token(desk.bo, "signal")).get(EVALUATIONS, params=query).status_code == 403
    for named in (query, {"rule_id": rule["id"]}):
        assert desk.client(desk.zoe).get(EVALUATIONS, params=named).status_code == 404


def _saved(desk: Desk, **fields: Any) -> dict[str, Any]:
    body = {"name": "R", "trigger": "on_ticket_created", "action": {"type": "add_comment", "text": "Seen."}, **fields}
    answer = desk.client(desk.dee).post(RULES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _ticket(desk: Desk, **fields: Any) -> dict[str, Any]:
    answer = desk.client(desk.bo).post("/api/v1/tickets", json={"title": "Printer", **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def _listed(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    answer = desk.client(desk.bo).get(EVALUATIONS, params={"limit": 100, **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])
