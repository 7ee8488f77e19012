"""What is wrong with an inbox template is told at once, each fault with its place."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest

from core.stories.desk import GROUPS, people
from wayline.core.check import check
from wayline.core.facts import Directory
from wayline.core.template import json_schema, normalised, read

DESK = Directory(people=people(), groups=GROUPS)
GOOD: dict[str, Any] = {
    "start": {
        "step": {"name": "New", "paths": [{"label": "Take", "step": "done", "behavior": "forward"}]},
        "behaviors": {
            "forward": {"target": "given groups [network]", "data": {"a": "{{ source.name }}"}, "templates": "data.a"}
        },
    },
    "done": {"step": {"name": "Done", "scope": "$all", "status": "retired"}},
}


def template(**steps: Any) -> dict[str, Any]:
    return {"name": "A message", "kind": "inbox", "steps": {**copy.deepcopy(GOOD), **steps}}


def faults(definition: dict[str, Any], **desk: Any) -> dict[str, str]:
    """Where → which code."""
    return {p.path: p.code for p in check(definition, directory=DESK, **desk).problems}


def test_a_good_one_has_no_problem_and_is_sound() -> None:
    checked = check(template(), directory=DESK, rules=[], templates=[], scripts=[], chat_channels=[])
    assert (checked.problems, checked.sound, checked.states_explored) == ((), True, 2)


def test_it_is_written_with_its_steps_at_the_top_or_under_steps() -> None:
    at_top = {"name": "A message", "kind": "inbox", "variables": {"site": {"type": "string"}}, **GOOD}
    assert normalised(at_top)["steps"] == GOOD
    assert check(at_top, directory=DESK).problems == ()
    found, issues = read(at_top)
    assert found is not None
    assert [step.id for step in found.steps] == ["start", "done"]
    assert issues == []


def test_everything_is_told_at_once() -> None:
    found = faults(
        template(
            start={
                "step": {
                    "name": "{{ x",
                    "scope": "given groups [network",
                    "nameStyle": "blue",
                    "paths": [{"label": "Take", "step": "gone"}],
                }
            },
            other={
                "step": {
                    "template": "T",
                    "scope": "given groups [sheep]",
                    "paths": [
                        {"label": "Go", "step": "nowhere"},
                        {"label": "go", "step": "other", "behavior": "dance"},
                    ],
                },
                "behaviors": {"b": {"target": "sheep", "data": {"a": 1}, "templates": ["data.b"]}},
                "actions": {
                    "lock": {"scope": "given sheep [x]"},
                    "notify": "{% x %}",
                    "again": {"action": "trigger", "args": {"step": "other"}},
                    "trigger": {"rule": "No such rule"},
                    "script": "no-such-script",
                    "task": "asleep",
                },
            },
        ),
        rules=[],
        scripts=[],
    )
    assert found["steps.start.step.nameStyle"] == "literal_error"
    assert found["steps.other.actions.task"] == "value_error"
    fixed = template(
        start={
            "step": {"name": "{{ x", "scope": "given groups [network", "paths": [{"label": "Take", "step": "gone"}]}
        },
        other={
            "step": {
                "template": "T",
                "scope": "given groups [sheep]",
                "paths": [{"label": "Go", "step": "nowhere"}, {"label": "go", "step": "other", "behavior": "dance"}],
            },
            "behaviors": {"b": {"target": "sheep", "data": {"a": 1}, "templates": ["data.b"]}},
            "actions": {
                "lock": {"scope": "given sheep [x]"},
                "notify": "{% x %}",
                "again": {"action": "trigger", "args": {"step": "other"}},
                "trigger": {"args": {"rule": "No such rule"}},
                "script": "no-such-script",
                "chat": {"args": {"text": "x", "channel": "nowhere"}},
            },
        },
    )
    assert faults(fixed, rules=[], scripts=[], chat_channels=["desk"]) == {
        "steps.start": "no_way_to_retire",
        "steps.start.step.scope": "bad_query",
        "steps.start.step.name": "bad_text",
        "steps.start.step.paths[0].step": "unknown_target",
        "steps.other": "unreachable",
        "steps.other.step.template": "idle_template",
        "steps.other.step.scope": "unknown_query_name",
        "steps.other.step.paths[0].step": "unknown_target",
        "steps.other.step.paths[1].behavior": "unknown_behavior",
        "steps.other.step.paths[1].label": "same_label",
        "steps.other.behaviors.b.target": "bad_query",
        "steps.other.behaviors.b.templates[0]": "no_such_place",
        "steps.other.actions.lock.scope": "bad_query",
        "steps.other.actions.notify.args.title": "bad_text",
        "steps.other.actions.trigger.args.rule": "unknown_rule",
        "steps.other.actions.script.args": "unknown_script",
        "steps.other.actions.chat.args.channel": "unknown_chat_channel",
        "steps.other.actions": "trigger_cycle",
        "steps.done": "unreachable",
    }


def test_a_bad_query_says_where_it_goes_wrong() -> None:
    (problem,) = [
        p
        for p in check(template(done={"step": {"scope": "given groups network", "status": "retired"}})).problems
        if p.code == "bad_query"
    ]
    assert problem.message == "Expected `[` after `given groups` at character 13: given groups network."
    assert (problem.step_id, problem.severity) == ("done", "error")


def test_a_path_to_no_step_is_an_error_unless_it_has_a_behaviour_to_do() -> None:
    step = {
        "name": "New",
        "paths": [{"label": "Take", "step": "gone", "behavior": "forward"}, {"label": "x", "step": "done"}],
    }
    checked = check(template(start={**GOOD["start"], "step": step}))
    assert [(p.code, p.severity) for p in checked.problems] == [("unknown_target", "warning")]


@pytest.mark.parametrize(
    ("args", "fits"),
    [
        ({"action": "status", "args": "gone"}, False),
        ({"action": "status", "args": "active"}, True),
        ({"action": "lock", "args": "x"}, False),
        ({"action": "trigger", "args": {}}, False),
        ({"action": "trigger", "args": {"rule": "a", "step": "b"}}, False),
        ({"action": "trigger", "args": {"step": "done"}}, True),
        ({"action": "script"}, False),
        ({"action": "script", "args": "core.log('x')"}, True),
        ({"action": "notify", "args": "Hello"}, True),
        ({"action": "notify", "args": {"body": "x"}}, False),
        ({"action": "chat", "args": {"text": "x", "where": "y"}}, False),
        ({"action": "dance"}, False),
        ({"action": "lock", "scopes": "$all"}, False),
    ],
)
def test_the_args_of_an_action_fit_it(args: dict[str, Any], fits: bool) -> None:
    checked = check(template(start={**GOOD["start"], "actions": [args]}))
    assert (not checked.errors) is fits
    assert all(p.path.startswith("steps.start.actions[0]") for p in checked.errors)


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({"name": "x", "kind": "inbox"}, "steps"),
        ({"name": "x", "kind": "inbox", "steps": {}}, "steps"),
        ({"name": "x", "kind": "inbox", "steps": []}, "steps"),
        ({"name": "x", "kind": "inbox", "steps": {"first": {"step": {"status": "retired"}}}}, "steps"),
        ({"name": "x", "kind": "inbox", "steps": {"start": 1}}, "steps.start"),
        ({"name": "x", "kind": "inbox", "steps": {"start": {}}}, "steps.start.step"),
        ({"name": "x", "kind": "inbox", "start": "done", "steps": GOOD}, "start"),
        ({"kind": "inbox", "steps": GOOD}, "name"),
        ({"name": "x", "kind": "workflow", "steps": GOOD}, "steps"),
        ({"name": "x", "kind": "sheep", "steps": GOOD}, "kind"),
    ],
)
def test_what_is_no_inbox_template_is_refused_at_its_place(definition: dict[str, Any], place: str) -> None:
    assert place in {p.path for p in check(definition).errors}


def test_the_published_schema_describes_it() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(template(), schema)
    jsonschema.validate(template(start={**GOOD["start"], "actions": {"lock": {"scope": "$all"}}}), schema)
    for bad in (
        template(start={"step": {"nameStyle": "blue"}}),
        {"name": "x", "kind": "inbox", "steps": [{"id": "a", "type": "automatic"}]},
        {"name": "x", "steps": GOOD},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
