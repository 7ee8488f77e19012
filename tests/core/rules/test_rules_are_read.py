"""A rule is read as the contract writes it; what cannot be read is refused with every reason at once."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from wayline.core.check import Desk
from wayline.core.facts import Directory, Group
from wayline.core.rule import TRIGGERS, Rule, RuleInvalid, json_schema, parse_rule, read_rule
from wayline.core.rule_check import rule_warnings
from wayline.core.schedule import Schedule

START = {"type": "start_workflow", "workflow_name": "VIP care", "task_queue": "itsm-workflows"}
ACTIONS: list[dict[str, Any]] = [
    START,
    {**START, "input": {"why": "{{ title }}"}},
    {"type": "send_notification", "to": [{"requester": True}, "bo@acme.example"], "message": "Hello"},
    {"type": "send_notification", "to": {"group": "desk"}, "subject": "S", "message": "M", "channel": "email"},
    {"type": "update_field", "field": "priority", "value": "P1"},
    {"type": "update_field", "fields": {"queue": "Inbox", "custom.a": 1}},
    {"type": "assign", "to": {"group": "desk", "strategy": "round_robin"}},
    {"type": "move_queue", "queue": "Inbox"},
    {"type": "add_comment", "text": "Hello", "visibility": "public"},
    {"type": "set_priority", "priority": "critical"},
    {"type": "escalate"},
    {"type": "escalate", "to": {"role": "manager"}, "message": "Look", "reassign": True},
    {"type": "create_ticket", "ticket_type": "task", "title": "T", "fields": {"priority": "P1"}},
    {"type": "http_request", "url": "https://x.example/{{ number }}", "json": {"a": 1}},
]


def rule(**written: Any) -> dict[str, Any]:
    return {"name": "R", "trigger": "on_ticket_created", "action": START, **written}


def issues(**written: Any) -> list[tuple[str, str]]:
    return [(issue.path, issue.code) for issue in read_rule(rule(**written))[1]]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_of_the_contract_is_read(trigger: str) -> None:
    assert parse_rule(rule(trigger=trigger)).trigger == trigger


@pytest.mark.parametrize("action", ACTIONS, ids=[f"{n}-{action['type']}" for n, action in enumerate(ACTIONS)])
def test_every_action_of_the_contract_is_read_and_fits_the_published_schema(action: dict[str, Any]) -> None:
    written = rule(action=action)
    assert parse_rule(written).actions[0].type == action["type"]
    jsonschema.Draft202012Validator(json_schema()).validate(written)


def test_a_rule_is_enabled_and_sees_every_ticket_unless_it_says_otherwise() -> None:
    read = parse_rule(rule())
    assert (read.enabled, read.stop, read.position, read.conditions) == (True, False, None, {})
    assert parse_rule(rule(conditions=None)).conditions == {}


def test_several_actions_are_done_in_order_and_action_may_repeat_the_first() -> None:
    assert parse_rule(rule(actions=[START, ACTIONS[-1]])).actions[1].type == "http_request"
    assert issues(actions=[ACTIONS[-1], START]) == [("action", "two_actions")]


def test_what_it_says_is_the_same_after_having_been_read_again() -> None:
    read = parse_rule(rule(conditions={"priority": ["P1"]}, stop=True, actions=[START, *ACTIONS[2:]]))
    again = parse_rule(read.definition())
    assert again.definition() == read.definition()
    assert list(read.definition()) == ["name", "trigger", "conditions", "actions", "stop"]
    assert read.definition()["actions"][0] == START


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"trigger": "on_monday"}, [("trigger", "literal_error")]),
        ({"name": ""}, [("name", "string_too_short")]),
        ({"color": "red"}, [("color", "extra_forbidden")]),
        ({"action": {"type": "dance"}}, [("action", "union_tag_invalid")]),
        ({"action": {"type": "set_priority", "priority": "P9"}}, [("action", "value_error")]),
        ({"action": {"type": "run_script", "script": ""}}, [("action.script", "string_too_short")]),
        ({"action": {"type": "set_variable", "name": "a", "value": 1}}, [("action", "union_tag_invalid")]),
        ({"action": {**START, "input": {"why": "{{ oops"}}}, [("action.input.why", "bad_text")]),
        ({"conditions": {"priority": {"is": "P1"}}}, [("conditions.priority.is", "unknown_operator")]),
        ({"conditions": ["P1"]}, [("conditions", "dict_type")]),
        ({"schedule": {"cron": "* * * * *"}}, [("schedule", "no_schedule")]),
        ({"trigger": "scheduled", "schedule": {"cron": "nonsense"}}, [("schedule", "value_error")]),
        ({"position": -1}, [("position", "greater_than_equal")]),
        ({"name": "a\x00b"}, [("name", "unstorable")]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_is_wrong_is_said_with_its_place(written: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert issues(**written) == expected


def test_everything_is_said_at_once() -> None:
    with pytest.raises(RuleInvalid) as refused:
        parse_rule({"trigger": "x", "conditions": {"a": {"b": 1}}})
    assert {issue.path for issue in refused.value.issues} == {"name", "trigger", "action", "conditions.a.b"}
    assert read_rule("a rule")[1][0].code == "not_an_object"


def doubts(**written: Any) -> list[tuple[str, str]]:
    directory = Directory(groups=[Group(id="g", slug="desk", name="Desk")])
    desk = Desk(directory=directory, templates=["VIP Care"], queues=["Inbox"])
    return [(issue.path, issue.code) for issue in rule_warnings(parse_rule(rule(**written)), desk)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, []),
        ({"action": {**START, "workflow_name": "Nowhere"}}, [("actions[0].workflow_name", "unknown_template")]),
        ({"action": {"type": "move_queue", "queue": "Lost"}}, [("actions[0].queue", "unknown_queue")]),
        ({"action": {"type": "assign", "to": {"group": "nobody"}}}, [("actions[0].to.group", "unknown_group")]),
        ({"action": {"type": "add_comment", "text": "{{ titel }}"}}, [("actions[0].text", "unknown_name")]),
        ({"conditions": {"prioritty": "P1"}}, [("conditions", "unknown_name")]),
        ({"conditions": {"title.words": 1}}, [("conditions", "unknown_name")]),
        ({"conditions": {"payload.a": 1}}, [("conditions", "unknown_name")]),
        ({"conditions": {"payload.a": 1}, "trigger": "webhook"}, []),
        ({"conditions": {"custom.a": 1, "ticket.custom.b": 2, "tags": {"contains": "x"}, "idle_hours": 2}}, []),
        ({"conditions": {"changed": "priority"}, "trigger": "on_comment"}, [("conditions", "never_changed")]),
    ],
    ids=str,
)
def test_what_is_doubtful_at_a_desk_is_a_warning(written: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert doubts(**written) == expected


@pytest.mark.parametrize("cron", ["", "* * * *", "* * * * * *", "61 * * * *", "0 0 30 2 *", "@daily"])
def test_a_schedule_is_five_fields_that_some_instant_fits(cron: str) -> None:
    with pytest.raises(ValueError, match="no cron line"):
        Schedule(cron=cron)


def test_the_published_schema_refuses_what_is_no_rule() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid({"name": "R", "trigger": "on_comment"})
    assert not validator.is_valid(rule(conditions={"priority": {"is": "P1"}}))
    assert isinstance(parse_rule(rule()), Rule)
