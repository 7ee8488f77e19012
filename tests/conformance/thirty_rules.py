"""Thirty rules for the desk of the help-desk log: every trigger that a log sets off, every kind of clause, several
actions, chains of rules, rules that stop others, rules that are switched off, and two chains without an end of their
own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HELPDESK = "Helpdesk"
"""What the template is called that a draft of the log makes."""
QUEUES = ("Product three", "Internal")
ENDLESS_GAME = "Value 258"
"""The customer of the one ticket that two rules throw to and fro."""
ENDLESS_ECHO = "Value 257"
"""The customer of the one ticket on which each comment brings three more."""

LONG_NAMES = 'custom.customer.size() > 8 && custom.service_level != "Value 2"'
LONG_RUNS = 'run.template == "Helpdesk" && run.status == "completed" && age_hours > 960.0'
EXPRESSIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    LONG_NAMES: lambda names: len(names["custom.customer"]) > 8 and names["custom.service_level"] != "Value 2",
    LONG_RUNS: lambda names: (
        names["run.template"] == "Helpdesk" and names["run.status"] == "completed" and names["age_hours"] > 960
    ),
}

SECOND_LOOK = [
    {
        "id": "look",
        "type": "automatic",
        "action": {"type": "update_field", "fields": {"custom.looked": True, "priority": "P1"}},
    }
]
THIRD_LOOK = [{"id": "look", "type": "automatic", "action": {"type": "add_comment", "text": "Looked at twice"}}]
CALLED = {"name": "said", "type": "text"}
CALL_BACK = [{"id": "call", "type": "form", "assignee": {"requester": True}, "fields": [CALLED]}]
TEMPLATES = {"Second look": SECOND_LOOK, "Third look": THIRD_LOOK, "Call back": CALL_BACK}
WHAT_RUNS_DO: dict[str, dict[str, Any] | None] = {
    "Second look": {"set": {"custom.looked": True, "priority": "P1"}},
    "Third look": {"say": {"text": "Looked at twice", "visibility": "internal"}},
    "Call back": None,
}


def _field(name: str, value: Any) -> dict[str, Any]:
    return {"type": "update_field", "field": name, "value": value}


def _comment(text: str, visibility: str = "internal") -> dict[str, Any]:
    return {"type": "add_comment", "text": text, "visibility": visibility}


def _rule(trigger: str, name: str, conditions: dict[str, Any], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "trigger": trigger, "conditions": conditions, "actions": list(actions), **more}


def _when_created(name: str, conditions: dict[str, Any], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _rule("on_ticket_created", name, conditions, *actions, **more)


def _when_updated(name: str, conditions: dict[str, Any], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _rule("on_ticket_updated", name, conditions, *actions, **more)


def _when_said(name: str, conditions: dict[str, Any], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _rule("on_comment", name, conditions, *actions, **more)


def _when_ended(name: str, conditions: dict[str, Any], *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _rule("on_run_ended", name, conditions, *actions, **more)


RULES: list[dict[str, Any]] = [
    _when_created(
        "Large customers in a hurry",
        {"custom.customer": ["Value 22", "Value 9", "Value 8"], "custom.seriousness_2": "Value 2"},
        {"type": "set_priority", "priority": "P1"},
    ),
    _when_created("Everything can wait", {}, {"type": "set_priority", "priority": "low"}, enabled=False),
    _when_created(
        "Product three has a queue",
        {"custom.product": "Value 3"},
        {"type": "update_field", "fields": {"queue": "Product three", "custom.lane": 3}},
    ),
    _when_created(
        "Customers of the first hour",
        {"custom.customer": {"starts_with": ["value 1", "VALUE 2"]}, "custom.service_type": {"ne": "Value 3"}},
        _field("custom.band", "first"),
    ),
    _when_created(
        "Customers with long names",
        {"expression": LONG_NAMES},
        {"type": "set_priority", "priority": "high"},
        _comment("Please look at {{ ticket.title }}"),
    ),
    _when_created(
        "The thirties",
        {"custom.customer": {"matches": "^Value (3|4|5)[0-9]$"}},
        {"type": "update_field", "fields": {"category": "thirties", "custom.score": 30}},
    ),
    _when_created(
        "What is urgent is told",
        {"priority": "P1", "any": [{"queue": "Product three"}, {"custom.workgroup": {"not_in": ["Value 1"]}}]},
        {"type": "send_notification", "to": {"requester": True}, "message": "It is urgent", "channel": "in_app"},
    ),
    _when_created(
        "Our own tickets are no customer's",
        {"custom.support_section": {"not_in": ["Value 1", "Value 3"]}},
        _field("custom.internal", True),
        {"type": "move_queue", "queue": "Internal"},
        stop=True,
    ),
    _when_created(
        "Of 2012",
        {"created_at": {"ge": "2012-01-01T00:00:00+00:00", "lt": "2013-01-01T00:00:00+00:00"}},
        _field("subtype", "of 2012"),
    ),
    _when_created(
        "Rare things are looked at twice",
        {
            "all": [
                {"not": {"any": [{"custom.product": "Value 1"}, {"custom.product": ["Value 2", "Value 3"]}]}},
                {"custom.service_type": {"ne": "Value 1"}},
            ]
        },
        {"type": "start_workflow", "workflow_name": "second look", "task_queue": "itsm-workflows"},
    ),
    _when_created(
        "Sevens are lucky",
        {"custom.nothing": {"exists": False}, "title": {"ends_with": "7"}, "changed": "title"},
        _comment("Lucky {{ title }}", "public"),
        {"type": "start_workflow", "workflow_name": "Call back"},
    ),
    _when_created("The game begins", {"custom.customer": ENDLESS_GAME}, _field("custom.ball", "ping")),
    _when_created("Somebody shouts", {"custom.customer": ENDLESS_ECHO}, _comment("echo")),
    _when_updated(
        "Urgent ones are the requester's own",
        {"priority": {"changed_to": "P1"}},
        {"type": "assign", "to": {"requester": True}},
    ),
    _when_updated(
        "Where it came from",
        {"changed": "queue"},
        _field("custom.came_from", "{{ custom.product }}"),
    ),
    _when_updated(
        "What has changed is stamped",
        {"changed": ["status", "category", "custom.came_from"]},
        _field("custom.stamp", "{{ status }}/{{ category }}/{{ queue }}"),
    ),
    _when_updated("Pong", {"custom.ball": {"changed_to": "pong"}}, _field("custom.ball", "ping")),
    _when_updated("Ping", {"custom.ball": {"changed_to": "ping"}}, _field("custom.ball", "pong")),
    _when_updated(
        "Scores count",
        {"custom.score": {"gt": 10, "le": 30}, "priority": {"gt": "P2"}},
        _field("priority", "P2"),
        stop=True,
    ),
    _when_updated("Long unheard of", {"idle_hours": 24}, _field("custom.cold", True)),
    _when_updated(
        "No longer ordinary",
        {"priority": {"changed_from": ["P3"]}, "custom.workgroup": {"contains": "E 2"}},
        _comment("It was ordinary"),
    ),
    _when_updated("Nothing new", {"assignee": {"exists": True}}, _field("priority", "{{ priority }}")),
    _when_said("Somebody is to look", {"comment.text": {"contains": "LOOK at"}}, _field("tags", ["to be looked at"])),
    _when_said("Echo", {"comment.text": "echo"}, _comment("echo"), _comment("echo"), _comment("echo")),
    _when_said("Said aloud", {"comment.visibility": "public"}, _field("custom.public", True), stop=True),
    _when_said("Talked about", {"not": {"comment.text": {"eq": "echo"}}}, _field("custom.talked", True)),
    _when_ended(
        "It took long",
        {"expression": LONG_RUNS},
        {"type": "update_field", "fields": {"status": "resolved", "custom.slow": True}},
        {"type": "start_workflow", "workflow_name": "Call back"},
    ),
    _when_ended(
        "A third look follows the second",
        {"run.template": "Second look"},
        {"type": "start_workflow", "workflow_name": "Third look"},
    ),
    _when_ended(
        "It was quick",
        {"run.template": HELPDESK, "age_hours": {"lt": 800}, "not": {"actor.name": "Value 5"}},
        {"type": "set_priority", "priority": "P4"},
    ),
    _when_ended("Everything is dear", {"run.status": "completed"}, _field("custom.dear", True), enabled=False),
]
