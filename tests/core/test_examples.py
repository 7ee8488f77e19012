"""The examples are what they seem: free of problems, sound, and every one of their runs comes to an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from every_way import Explored, explore
from example_desk import AT, CALENDARS, DIRECTORY, EXAMPLES, GROUPS, facts

from wayline.core.check import Desk, check
from wayline.core.facts import Facts
from wayline.core.form_fields import FIELD_TYPES
from wayline.core.graph import Node, build, outcomes_of, whos_of
from wayline.core.rule import TRIGGERS, parse_rule
from wayline.core.rule_check import rule_warnings
from wayline.core.steps.catalogue import offered
from wayline.core.template import read
from wayline.core.yaml_text import read_yaml

MAX_LINES = 60
RULES = sorted((EXAMPLES[0].parent / "rules").glob("*.yaml"))
MAX_STATES = 20_000
PROMISED = {
    "Laptop Provisioning - New Hire",
    "VPN Access Revocation",
    "P1 Incident Response",
    "SLA Escalation",
    "Normal Change",
    "Problem Review",
    "Software Licence Request",
    "Onboarding a Contractor",
    "Password Reset",
    "Hardware Return",
}
TICKETS: tuple[dict[str, Any], ...] = (
    {},
    {"priority": "P1", "assignee": "bo", "status": "in_progress"},
    {"priority": "P4", "status": "resolved"},
)
VARIABLES = {"Quarterly Access Review": {"quarter": "2026-Q1"}}

DEFINITIONS: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in EXAMPLES}
every_example = pytest.mark.parametrize("name", DEFINITIONS)


@every_example
def test_an_example_has_no_problem_at_all(name: str) -> None:
    checked = check(
        DEFINITIONS[name],
        directory=DIRECTORY,
        calendars=CALENDARS,
        templates={d["name"] for d in DEFINITIONS.values()},
        queues=("Inbox", "Purchasing"),
    )
    assert checked.problems == ()
    assert checked.sound
    assert checked.states_explored > len(DEFINITIONS[name]["steps"])


@pytest.fixture(scope="module")
def explored() -> dict[str, list[Explored]]:
    return {name: [_explored(name, facts(**ticket)) for ticket in TICKETS] for name in DEFINITIONS}


def _explored(name: str, its_facts: Facts) -> Explored:
    definition = DEFINITIONS[name]
    variables = VARIABLES.get(definition["name"], {})
    return explore(build(definition), its_facts, AT, variables=variables, max_states=MAX_STATES)


@every_example
def test_every_run_of_an_example_can_be_followed_to_its_end(name: str, explored: dict[str, list[Explored]]) -> None:
    for one in explored[name]:
        assert not one.bound_hit
        assert one.ended
        assert one.states.keys() == one.can_end


@every_example
def test_a_run_of_an_example_completes_unless_it_says_otherwise(name: str, explored: dict[str, list[Explored]]) -> None:
    ends = {one.states[key].run.status for one in explored[name] for key in one.ended}
    assert ends == {"completed"}


@every_example
def test_every_way_out_of_every_step_of_an_example_is_taken_by_some_run(
    name: str, explored: dict[str, list[Explored]]
) -> None:
    graph = build(DEFINITIONS[name])
    possible = {
        (step_id, outcome)
        for step_id, node in graph.nodes.items()
        for outcome in outcomes_of(node.step)
        if outcome != "failed" or _may_fail_here(node)
    }
    taken = {pair for one in explored[name] for pair in one.taken}
    assert possible - taken == set()


def _may_fail_here(node: Node) -> bool:
    """Outside actions and strict deadlines; the desk actions here always work, and the instants waited for are such."""
    strict = node.step.on_timeout is not None and node.step.on_timeout.then == "fail"
    return strict or (node.step.type == "automatic" and node.waits)


@every_example
def test_an_example_is_short_and_begins_by_saying_what_it_shows(name: str) -> None:
    lines = next(p for p in EXAMPLES if p.stem == name).read_text().splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0].startswith("# Shows: ")


@every_example
def test_an_example_is_kept_under_its_name(name: str) -> None:
    words = DEFINITIONS[name]["name"].lower().replace(" - ", " ").split()
    assert name == "-".join(words)


@every_example
def test_what_leaves_the_desk_may_fail_without_failing_the_run(name: str) -> None:
    for node in build(DEFINITIONS[name]).nodes.values():
        if node.step.type == "automatic" and node.waits:
            assert "failed" in node.targets, node.step.id


def test_the_examples_that_are_promised_are_there() -> None:
    names = [d["name"] for d in DEFINITIONS.values()]
    assert set(names) >= PROMISED
    assert len(set(names)) == len(names)


def test_together_the_examples_use_every_step_type_field_type_and_rule() -> None:
    steps = [step for d in DEFINITIONS.values() for step in _steps(d)]
    assert {s.type for s in steps} == {kind.type for kind in offered()}
    forms = [s for s in steps if s.type == "form"]
    assert {f.type for s in forms for f in s.fields} == set(FIELD_TYPES)
    assert any(f.show_if for s in forms for f in s.fields)
    approvals = [s for s in steps if s.type == "approval"]
    assert {str(s.rule).partition("=")[0] for s in approvals} == {"all", "any", "majority", "at_least", "percent"}
    assert {s.order for s in approvals} == {"parallel", "sequential"}
    strategies = {who.strategy for s in steps for _, who in whos_of(s)}
    assert strategies >= {"round_robin", "least_loaded", "on_call"}
    waits = {name for s in steps if s.type == "wait" for name in s.for_.model_fields_set}
    assert waits >= {"hours", "business_hours", "until", "signal"}
    late = [s.on_timeout for s in steps if s.on_timeout]
    assert {rule.then for rule in late} == {"wait", "proceed", "fail"}
    assert any(rule.reassign for rule in late)
    assert any(rule.repeat_hours for rule in late)
    written = "".join(p.read_text() for p in EXAMPLES)
    for word in ("expression:", "compensate:", "retry:", "query:", "manager_of:", "start_workflow", "create_ticket"):
        assert word in written


def test_the_examples_name_only_groups_of_the_demo_desk() -> None:
    named = {who.group for d in DEFINITIONS.values() for s in _steps(d) for _, who in whos_of(s) if who.group}
    assert named <= set(GROUPS)


def _steps(definition: dict[str, Any]) -> tuple[Any, ...]:
    template, issues = read(definition)
    assert template is not None
    assert issues == []
    return template.steps


def test_nothing_but_templates_messages_rules_and_tests_lies_among_the_examples() -> None:
    folder: Path = EXAMPLES[0].parent
    assert {p.name for p in folder.iterdir() if p.is_dir()} == {"messages", "rules", "tests"}
    assert [p.name for p in folder.rglob("*") if p.is_file() and p.suffix not in (".yaml", ".md")] == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_an_example_rule_has_no_doubt_about_it_and_is_kept_under_its_name(path: Path) -> None:
    rule = parse_rule(read_yaml(path.read_text()))
    desk = Desk(directory=DIRECTORY, calendars=CALENDARS, templates={d["name"] for d in DEFINITIONS.values()})
    assert rule_warnings(rule, desk) == []
    assert path.stem == "-".join(rule.name.lower().split())
    assert path.read_text().startswith("# Shows: ")


def test_together_the_example_rules_use_most_triggers_and_actions() -> None:
    rules = [parse_rule(read_yaml(path.read_text())) for path in RULES]
    assert len(rules) >= 6
    assert {rule.trigger for rule in rules} == set(TRIGGERS) - {"on_step_overdue"}
    actions = {action.type for rule in rules for action in rule.actions}
    assert actions >= {"start_workflow", "send_notification", "assign", "add_comment", "escalate", "create_ticket"}
    assert any(rule.stop for rule in rules)
