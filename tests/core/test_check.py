"""check finds everything that is wrong with a template at once, says where, never raises, and proves soundness."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from example_desk import CALENDARS, DIRECTORY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wayline.core import soundness
from wayline.core.check import Checked, check
from wayline.core.facts import Directory, Group, Person
from wayline.core.soundness import Move
from wayline.core.steps.step_type import Problem
from wayline.core.template import MAX_STEPS


def form(step_id: str = "ask", *names: str, **more: Any) -> dict[str, Any]:
    fields = [{"name": name} for name in names or ("model",)]
    return {"id": step_id, "type": "form", "fields": fields, **more}


def note(step_id: str = "note", text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "automatic", "action": {"type": "add_comment", "text": text}, **more}


def branch(step_id: str, when: Any, then: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "condition", "branches": [{"label": "yes", "when": when, "next": then}], **more}


def approval(step_id: str = "agree", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "approval", "approvers": [{"group": "security"}], **more}


def of(*steps: Any, desk: dict[str, Any] | None = None, **head: Any) -> Checked:
    return check({"name": "A template", "steps": list(steps), **head}, **(desk or {}))


def told(checked: Checked) -> list[tuple[str, str, str]]:
    return [(p.severity, p.code, p.path) for p in checked.problems]


def only(checked: Checked) -> Problem:
    assert len(checked.problems) == 1, told(checked)
    return checked.problems[0]


DESK = {"directory": DIRECTORY, "calendars": CALENDARS}


# -- reading ---------------------------------------------------------------------------------------


def test_a_template_without_fault_has_no_problem_and_is_sound() -> None:
    checked = of(form(next="note"), note())
    assert checked == Checked(problems=(), states_explored=4, sound=True)


def test_what_cannot_be_read_is_an_error_with_its_place_and_step() -> None:
    problem = only(of(form(fields=[{"name": "model", "type": "colour"}])))
    assert (problem.severity, problem.path, problem.step_id) == ("error", "steps[0].fields[0].type", "ask")


def test_a_place_names_what_was_written_and_not_what_it_was_tried_as() -> None:
    assert told(of({"id": "call", "type": "automatic", "action": {"type": "http_request"}})) == [
        ("error", "missing", "steps[0].action.url")
    ]
    assert told(of(approval(next={"approved": True}))) == [("error", "string_type", "steps[0].next.approved")]


def test_steps_that_can_be_read_are_checked_beside_those_that_cannot() -> None:
    checked = of({"id": "odd", "type": "nonsense"}, note(text="{{"), form("ask", next="odd"))
    assert told(checked) == [
        ("error", "unknown_step_type", "steps[0].type"),
        ("error", "bad_text", "steps[1].action.text"),
    ]
    assert not checked.sound


def test_the_steps_are_checked_when_it_is_the_head_that_cannot_be_read() -> None:
    definition = {
        "variables": {"price": {"type": "colour"}},
        "start": 5,
        "steps": [note(text="{{ price }} {{ prise }}")],
    }
    assert [(code, path) for _, code, path in told(check(definition))] == [
        ("missing", "name"),
        ("value_error", "variables.price"),
        ("string_type", "start"),
        ("unknown_name", "steps[0].action.text"),
    ]


def test_problems_stand_in_the_order_of_the_steps() -> None:
    checked = of(form("a", next="x"), note("b", "{{ nothing }}"), form("c", "outcome"), start="a", variables={"id": {}})
    places = [p.path for p in checked.problems]
    assert places == sorted(places, key=lambda path: path[:8] if path.startswith("steps") else "")


@pytest.mark.parametrize("definition", [None, [], "x", 5, {}, {"steps": {}}, {"name": "x", "steps": []}, {1: 2}])
def test_what_is_no_template_at_all_is_a_problem_and_not_an_exception(definition: Any) -> None:
    checked = check(definition)
    assert checked.errors
    assert (checked.states_explored, checked.sound) == (0, False)


def test_a_template_that_holds_itself_is_a_problem_and_not_an_exception() -> None:
    when: dict[str, Any] = {}
    when["not"] = when
    body: list[Any] = []
    body.append(body)
    call = {"type": "http_request", "url": "https://shop.example.com", "json": body}
    checked = of(branch("b", when), {"id": "c", "type": "automatic", "action": call})
    assert {"too_deep"} <= {p.code for p in checked.problems}


# -- connections -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (form(next="nowhere"), "steps[0].next"),
        (approval(next={"approved": "nowhere"}), "steps[0].next.approved"),
        (branch("if", {"priority": "P1"}, "nowhere"), "steps[0].branches[0].next"),
        (branch("if", {"priority": "P1"}, otherwise="nowhere"), "steps[0].otherwise"),
        (
            {"id": "r", "type": "routing", "options": [{"label": "a"}, {"label": "b", "next": "nowhere"}]},
            "steps[0].options[1].next",
        ),
    ],
)
def test_a_connection_to_no_step_is_an_error_where_it_is_written(step: dict[str, Any], path: str) -> None:
    problem = only(of(step))
    assert (problem.severity, problem.code, problem.path, problem.step_id) == (
        "error",
        "unknown_target",
        path,
        step["id"],
    )


def test_a_start_at_no_step_is_an_error_that_offers_a_near_one() -> None:
    checked = of(form("details"), start="detail")
    assert told(checked) == [("error", "unknown_target", "start")]
    assert "Did you mean details?" in checked.problems[0].message


def test_a_connection_from_no_outcome_of_the_step_is_an_error() -> None:
    checked = of(approval(next={"aproved": "note", "default": "note"}), note())
    assert told(checked) == [("error", "unknown_outcome", "steps[0].next.aproved")]


def test_timed_out_is_an_outcome_only_where_the_step_goes_on_late() -> None:
    late = {"timeout_hours": 1, "on_timeout": {"then": "proceed"}}
    assert told(of(approval(next={"approved": "note", "timed_out": "note"}, **late), note())) == []
    problem = only(of(approval(next={"approved": "note", "timed_out": "note"}, timeout_hours=1), note()))
    assert problem.code == "unknown_outcome"
    assert "then: proceed" in problem.message


def test_a_second_connection_of_one_branch_is_told_to_be_idle() -> None:
    step = branch("if", {"priority": "P1"}, "note", otherwise="note", next={"yes": "other"})
    checked = of(step, note(), note("other"))
    assert ("warning", "two_connections", "steps[0].next.yes") in told(checked)


def test_a_waiting_step_that_leads_to_itself_is_worth_a_warning() -> None:
    options = [{"label": "again", "next": "r"}, {"label": "on"}]
    assert told(of({"id": "r", "type": "routing", "options": options})) == [
        ("warning", "self_connection", "steps[0].options[0].next")
    ]


def test_a_step_that_no_connection_leads_to_is_a_warning() -> None:
    checked = of(form(next="note"), note(), note("island"))
    assert told(checked) == [("warning", "unreachable", "steps[2]")]
    assert checked.sound


# -- what it all adds up to ------------------------------------------------------------------------


def test_a_cycle_of_steps_that_never_wait_is_one_error_that_names_the_way_round() -> None:
    checked = of(form(next="a"), note("a", next="b"), branch("b", {"priority": "P1"}, "a", otherwise=None))
    problem = only(checked)
    assert (problem.severity, problem.code, problem.step_id) == ("error", "automatic_cycle", "a")
    assert "a → b → a" in problem.message


def test_a_cycle_with_a_step_that_waits_in_it_is_allowed() -> None:
    pause = {"id": "pause", "type": "wait", "for": {"hours": 1}, "next": "b"}
    assert told(of(branch("b", {"priority": "P1"}, "pause"), pause)) == []


def test_a_step_that_calls_another_system_waits_and_a_desk_action_does_not() -> None:
    call = {"type": "http_request", "url": "https://shop.example.com"}
    again = {"succeeded": None, "failed": "b"}
    outside = {"id": "a", "type": "automatic", "action": call, "next": {"failed": "b"}}
    assert told(of(outside, note("b", next="a"))) == []
    desk = note("a", next={"failed": again["failed"]})
    assert [c for _, c, _ in told(of(desk, note("b", next="a")))] == ["automatic_cycle"]


def test_a_cycle_that_no_run_can_come_to_is_only_unreachable() -> None:
    checked = of(form(), note("a", next="b"), note("b", next="a"))
    assert {code for _, code, _ in told(checked)} == {"unreachable"}


def test_the_connection_after_which_a_run_can_never_complete_is_an_error() -> None:
    checked = of(
        approval(next={"approved": "note", "rejected": "ask"}), note(), form(next="again"), form("again", next="ask")
    )
    assert told(checked) == [("error", "no_way_to_end", "steps[0].next.rejected")]
    assert not checked.sound


def test_a_template_without_any_end_is_an_error_at_its_start() -> None:
    checked = of(form("a", next="b"), form("b", next="a"))
    assert told(checked) == [("error", "no_way_to_end", "steps[0]")]


def test_runs_that_can_only_fail_never_complete() -> None:
    sign = approval("sign", next={"approved": "agree"})
    assert [c for _, c, _ in told(of(approval(next={"approved": "sign"}), sign))] == ["no_way_to_end"]


def test_a_rejection_that_nothing_connects_is_no_problem() -> None:
    assert told(of(approval(next={"approved": "note"}), note())) == []


def test_soundness_is_not_claimed_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [form(f"s{n}", f"f{n}", next=f"s{n + 1}") for n in range(9)]
    moves = {s["id"]: (Move(outcome="submitted", arrivals=(s["next"],)),) for s in steps} | {"s9": (Move("submitted"),)}
    assert soundness.explore(moves, "s0", max_states=11).sound
    cut = soundness.explore(moves, "s0", max_states=10)
    assert cut.bound_hit
    assert not cut.sound


def test_the_bound_is_a_warning_and_leaves_the_template_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness.explore, "__kwdefaults__", {"max_states": 2})
    checked = of(form(next="note"), note())
    assert told(checked) == [("warning", "bound_hit", "")]
    assert not checked.sound


def test_a_fork_is_followed_in_every_order_of_its_branches() -> None:
    moves = {
        "fork": (Move("forked", arrivals=("a", "b")),),
        "a": (Move("submitted"), Move("failed", fails=True)),
        "b": (Move("submitted"),),
    }
    explored = soundness.explore(moves, "fork")
    # fork · a+b · a · b · completed · failed
    assert (explored.states_explored, explored.sound) == (6, True)


def test_a_marking_that_rests_for_ever_is_a_deadlock() -> None:
    moves: dict[str, tuple[Move, ...]] = {"a": (Move("x", arrivals=("b",)), Move("y")), "b": ()}
    explored = soundness.explore(moves, "a")
    assert explored.deadlocks == (("b",),)
    assert not explored.sound


def test_the_largest_template_is_checked_within_the_time_a_designer_waits() -> None:
    steps = [form(f"s{n}", f"f{n}", next=f"s{n + 1}") for n in range(MAX_STEPS - 1)]
    began = time.perf_counter()
    checked = of(*steps, branch(f"s{MAX_STEPS - 1}", {"f0": 1, "f998": 2}, "s0"), desk=DESK)
    assert time.perf_counter() - began < 3
    assert checked.sound
    assert checked.states_explored == MAX_STEPS + 1


# -- names -----------------------------------------------------------------------------------------


KNOWN = (
    "model",
    "budget",
    "set_here",
    "priority",
    "custom.asset",
    "tags.0",
    "ticket.title",
    "ticket.custom.asset",
    "steps.ask.model",
    "steps.ask.outcome",
    "steps.worth-asking.outcome",
    "steps.call.anything",
    "variables.budget",
    "run.owner",
)
UNKNOWN = (
    "modle",
    "custody",
    "later",
    "steps.nowhere.model",
    "steps.ask.price",
    "ticket.colour",
    "ticket.requester.name",
    "requester.name",
    "run.weather",
    "idle_hours",
)


def _reading(name: str, how: str) -> Checked:
    read = {
        "condition": branch("read", {name: {"exists": True}}, "last"),
        "who": form("read", assignee={"field": name}),
    }
    read["who"]["next"] = "last"
    call = {"type": "http_request", "url": "https://shop.example.com"}
    return of(
        form(next="worth-asking"),
        branch("worth-asking", {"model": "x"}, "call", otherwise="call"),
        {"id": "call", "type": "automatic", "action": call, "next": {"default": "set"}},
        {
            "id": "set",
            "type": "automatic",
            "action": {"type": "set_variable", "name": "set_here", "value": 1},
            "next": "read",
        },
        {
            **read.get(how, note("read", f"{{{{ {name} }}}}")),
            **({"otherwise": "last"} if how == "condition" else {"next": "last"}),
        },
        form("last", "later"),
        variables={"budget": {"type": "number"}},
    )


@pytest.mark.parametrize("how", ["condition", "who"])
@pytest.mark.parametrize("name", KNOWN)
def test_a_name_that_something_answers_to_is_no_problem(name: str, how: str) -> None:
    assert told(_reading(name, how)) == []


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_nothing_answers_to_is_an_error_in_a_condition(name: str) -> None:
    problem = only(_reading(name, "condition"))
    assert (problem.severity, problem.code, problem.path) == ("error", "unknown_name", "steps[4].branches[0].when")


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_nothing_answers_to_is_an_error_in_a_who_expression(name: str) -> None:
    assert told(_reading(name, "who")) == [("error", "unknown_name", "steps[4].assignee.field")]


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_that_nothing_answers_to_is_a_warning_in_a_text(name: str) -> None:
    problem = only(_reading(name, "text"))
    assert (problem.severity, problem.code, problem.path) == ("warning", "unknown_name", "steps[4].action.text")


def test_an_unknown_name_offers_a_near_one() -> None:
    assert "Did you mean model?" in only(_reading("modle", "condition")).message


def test_a_step_whose_id_has_a_dash_is_read_with_brackets_in_a_text() -> None:
    checked = _reading("steps.worth-asking.outcome", "text")
    assert any('steps["worth-asking"]' in p.message for p in checked.problems)
    assert told(_reading('steps["worth-asking"].outcome', "text")) == []


def test_names_in_an_expression_are_known_or_not_like_any_other() -> None:
    def expression(text: str) -> Checked:
        return of(form(next="b"), branch("b", {"expression": text}, "n"), note("n"))

    assert told(expression("model == 'x' && ticket.custom.price > 5.0")) == []
    assert told(expression("modle == 'x'")) == [("error", "unknown_name", "steps[1].branches[0].when")]


def test_a_field_that_is_asked_for_only_later_is_not_known_yet() -> None:
    assert "does not come before" in only(_reading("later", "condition")).message
    problem = only(_reading("steps.last.later", "condition"))
    assert (problem.severity, problem.code) == ("warning", "not_known_yet")


def test_a_loop_makes_a_later_field_known() -> None:
    steps = (branch("b", {"model": "x"}, None, otherwise="ask"), form(next="b"))
    assert told(of(*steps)) == []


def test_a_variable_that_is_not_declared_may_still_be_given_so_it_is_a_warning() -> None:
    assert [(p.severity, p.code) for p in _reading("variables.colour", "condition").problems] == [
        ("warning", "undeclared_variable")
    ]


def test_a_field_may_hang_on_another_of_its_own_form_but_not_on_one_of_a_later() -> None:
    fields = [{"name": "a"}, {"name": "b", "show_if": {"a": "x"}}, {"name": "c", "show_if": {"z": "x"}}]
    assert told(of({"id": "f", "type": "form", "fields": fields, "next": "g"}, form("g", "z"))) == [
        ("error", "unknown_name", "steps[0].fields[2].show_if")
    ]


def test_what_undoes_a_step_may_read_whatever_the_run_had() -> None:
    undo = {"type": "add_comment", "text": "{{ later }} {{ steps.note.text }}"}
    assert told(of(note(compensate=undo, next="last"), form("last", "later"))) == []


def test_names_deep_inside_a_body_are_found_with_their_place() -> None:
    body = {"items": [{"model": "{{ modle }}"}]}
    call = {"type": "http_request", "url": "https://shop.example.com", "json": body}
    checked = of({"id": "c", "type": "automatic", "action": call})
    assert told(checked) == [("warning", "unknown_name", "steps[0].action.json.items[0].model")]


def test_a_variable_that_hides_a_field_or_the_tickets_attribute_is_a_warning() -> None:
    checked = of(form("ask", "budget", "title"), variables={"budget": {}, "priority": {}})
    assert told(checked) == [
        ("warning", "hidden_name", "variables.priority"),
        ("warning", "hidden_name", "steps[0].fields[0].name"),
        ("warning", "hidden_name", "steps[0].fields[1].name"),
    ]


def test_a_name_that_stands_for_a_whole_family_can_be_read_in_full_only() -> None:
    assert told(of(form("ask", "ticket"), variables={"steps": {}})) == [
        ("warning", "reserved_name", "variables.steps"),
        ("warning", "reserved_name", "steps[0].fields[0].name"),
    ]


# -- conditions and texts --------------------------------------------------------------------------


def test_every_fault_of_a_condition_is_told_with_its_place() -> None:
    when = {"any": [{"priority": {"gtt": 1}}, {"expression": "1 +"}, {"title": {"matches": "("}}]}
    assert told(of(branch("b", when))) == [
        ("error", "unknown_operator", "steps[0].branches[0].when.any[0].priority.gtt"),
        ("error", "bad_expression", "steps[0].branches[0].when.any[1].expression"),
        ("error", "bad_pattern", "steps[0].branches[0].when.any[2].title.matches"),
    ]


def test_a_text_that_cannot_be_read_is_an_error() -> None:
    assert told(of(note(text="{% if %}"))) == [("error", "bad_text", "steps[0].action.text")]


def test_what_a_step_type_finds_wrong_itself_is_told_with_the_steps_place() -> None:
    twice = [{"label": "a", "when": {}}, {"label": "a", "when": {}}]
    checked = of({"id": "b", "type": "condition", "branches": twice})
    assert told(checked) == [("error", "duplicate_label", "steps[0].branches[1].label")]


# -- people ----------------------------------------------------------------------------------------


def _person(user_id: str, **more: Any) -> Person:
    return Person(id=user_id, email=f"{user_id}@x.example", name=user_id, role="agent", **more)


SMALL_DESK = {
    "directory": Directory(
        people=[_person("ana"), _person("bo", manager_id="ana"), _person("cy", active=False)],
        groups=[
            Group(id="g1", slug="pair", name="Pair", members=("ana", "bo"), leads=()),
            Group(id="g2", slug="gone", name="Gone", members=("cy",), leads=("cy",)),
            Group(id="g3", slug="led", name="Led", members=("ana", "bo"), leads=("ana",)),
        ],
    )
}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"group": "pair"}, None),
        ({"group": "Pair"}, None),
        ({"group": "pears"}, ("error", "unknown_group", "group")),
        ({"group": "gone"}, ("warning", "empty_group", "group")),
        ({"role": "lead", "group": "led"}, None),
        ({"role": "lead", "group": "pair"}, ("warning", "no_leads", "role")),
        ({"role": "lead", "group": "gone"}, ("warning", "no_leads", "role")),
        ({"role": "manager"}, ("warning", "empty_role", "role")),
        ({"user": "ana@x.example"}, None),
        ({"user": "cy"}, ("error", "unknown_user", "user")),
        ({"manager_of": "bo"}, None),
        ({"manager_of": "ana"}, ("warning", "no_manager", "manager_of")),
        ({"manager_of": "dee"}, ("error", "unknown_user", "manager_of")),
        ({"query": "given groups [pair]"}, None),
        ({"query": "given groups [pears]"}, ("error", "unknown_query_name", "query")),
        ({"query": "all users except labels [pears]"}, ("warning", "unknown_query_name", "query")),
        ({"query": "given users [$context.custom.owner]"}, None),
        ({"query": "given users [$context.owner]"}, ("warning", "unknown_name", "query")),
        ({"requester": True}, None),
    ],
)
def test_whoever_the_desk_does_not_have_is_told(who: dict[str, Any], expected: tuple[str, str, str] | None) -> None:
    checked = of(form(assignee=who), desk=SMALL_DESK)
    assert told(checked) == ([(*expected[:2], f"steps[0].assignee.{expected[2]}")] if expected else [])


def test_people_are_looked_at_wherever_a_step_names_them() -> None:
    nobody = {"group": "pears"}
    late = {"escalate_to": nobody, "notify": [{"requester": True}, nobody]}
    send = {"type": "send_notification", "to": [nobody], "message": "x"}
    checked = of(
        form(timeout_hours=1, on_timeout=late, next="r"),
        {"id": "r", "type": "routing", "options": [{"label": "a", "to": nobody}], "next": "s"},
        {"id": "s", "type": "automatic", "action": send, "compensate": {"type": "assign", "to": nobody}},
        desk=SMALL_DESK,
    )
    assert [p.path for p in checked.problems] == [
        "steps[0].on_timeout.escalate_to.group",
        "steps[0].on_timeout.notify[1].group",
        "steps[1].options[0].to.group",
        "steps[2].action.to[0].group",
        "steps[2].compensate.to.group",
    ]


def test_without_a_directory_nobody_is_looked_for() -> None:
    assert told(of(approval(approvers=[{"group": "pears"}, {"user": "dee"}], rule={"at_least": 9}))) == []


@pytest.mark.parametrize(
    ("step", "desk", "path"),
    [
        (approval(approvers=[{"group": "pair"}], rule={"at_least": 3}), SMALL_DESK, "rule"),
        (approval(approvers=[{"group": "pair"}, {"user": "ana"}], rule={"at_least": 3}), SMALL_DESK, "rule"),
        (approval(approvers=[{"group": "pair", "strategy": "on_call"}], rule={"at_least": 2}), SMALL_DESK, "rule"),
        (approval(approvers=[{"role": "lead", "group": "led"}], rule={"at_least": 2}), SMALL_DESK, "rule"),
        (approval(approvers=[{"query": "given groups [pair]"}], rule={"at_least": 3}), SMALL_DESK, "rule"),
        (approval(approvers=[{"user": "ana"}, {"user": "ANA"}], rule={"at_least": 2}), {}, "rule"),
        (approval(approvers=[{"group": "any", "strategy": "on_call"}], rule={"at_least": 2}), {}, "rule"),
        (approval(approvers=[{"requester": True}]), {}, "approvers"),
    ],
)
def test_an_approval_that_nobody_can_decide_is_an_error(step: dict[str, Any], desk: dict[str, Any], path: str) -> None:
    assert told(of(step, desk=desk)) == [("error", "approval_undecidable", f"steps[0].{path}")]


@pytest.mark.parametrize(
    "step",
    [
        approval(approvers=[{"group": "pair"}], rule={"at_least": 2}),
        approval(approvers=[{"group": "pair"}, {"manager_of": "requester"}], rule={"at_least": 3}),
        approval(approvers=[{"query": "given users [$context.custom.owner]"}], rule={"at_least": 3}),
        approval(approvers=[{"field": "custom.owner"}], rule={"at_least": 3}),
        approval(approvers=[{"requester": True}], allow_self=True),
    ],
)
def test_an_approval_that_enough_people_may_decide_is_none(step: dict[str, Any]) -> None:
    assert told(of(step, desk=SMALL_DESK)) == []


def test_an_approval_by_a_group_without_members_is_undecidable() -> None:
    checked = of(approval(approvers=[{"group": "gone"}]), desk=SMALL_DESK)
    assert [(s, c) for s, c, _ in told(checked)] == [("warning", "empty_group"), ("error", "approval_undecidable")]


# -- the rest of the desk --------------------------------------------------------------------------


def test_a_calendar_the_desk_does_not_have_is_a_warning_and_default_is_always_there() -> None:
    steps = (
        form(timeout_hours=1, calendar="office-hours", next="a"),
        form("a", timeout_hours=1, calendar="default", next="b"),
        form("b", timeout_hours=1, calendar="office-ours", next="w"),
        {"id": "w", "type": "wait", "for": {"business_hours": 1, "calendar": "lunch"}},
    )
    assert told(of(*steps, desk=DESK)) == [
        ("warning", "unknown_calendar", "steps[2].calendar"),
        ("warning", "unknown_calendar", "steps[3].for.calendar"),
    ]
    assert told(of(*steps)) == []


def test_a_template_or_queue_the_desk_does_not_have_is_a_warning() -> None:
    def action(step_id: str, then: str | None, **action: Any) -> dict[str, Any]:
        return {"id": step_id, "type": "automatic", "action": action, "next": then}

    steps = (
        action("a", "b", type="start_workflow", workflow_name="Problem Review"),
        action("b", "c", type="start_workflow", workflow_name="Problem Revue"),
        action("c", "d", type="move_queue", queue="Lost"),
        action("d", "e", type="update_field", field="queue", value="Lost"),
        action("e", "f", type="update_field", field="queue", value="{{ custom.queue }}"),
        action("f", None, type="start_workflow", workflow_name="A template"),
    )
    desk = {"templates": ["Problem Review"], "queues": ["Inbox"]}
    assert told(of(*steps, desk=desk)) == [
        ("warning", "unknown_template", "steps[1].action.workflow_name"),
        ("warning", "unknown_queue", "steps[2].action.queue"),
        ("warning", "unknown_queue", "steps[3].action.value"),
        ("warning", "starts_itself", "steps[5].action.workflow_name"),
    ]


@pytest.mark.parametrize(
    ("step", "code", "path"),
    [
        (form(on_timeout={"then": "fail"}), "idle_timeout", "on_timeout"),
        (note(timeout_hours=1), "idle_timeout", "timeout_hours"),
        (form(timeout_hours=1, on_timeout={"reassign": True}), "idle_reassign", "on_timeout.reassign"),
        (
            form(timeout_hours=1, on_timeout={"repeat_hours": 1, "then": "fail"}),
            "idle_timeout",
            "on_timeout.repeat_hours",
        ),
        (
            approval(timeout_hours=1, on_timeout={"then": "proceed"}, next={"approved": "note"}),
            "timed_out_unconnected",
            "next",
        ),
    ],
)
def test_a_timeout_that_does_not_do_what_it_seems_to_is_a_warning(step: dict[str, Any], code: str, path: str) -> None:
    later = () if step.get("next") is None else (note(),)
    assert told(of(step, *later)) == [("warning", code, f"steps[0].{path}")]


def test_going_on_late_needs_no_connection_of_its_own_where_one_is_for_all_or_none_is_at_all() -> None:
    late = {"timeout_hours": 1, "on_timeout": {"then": "proceed"}}
    assert told(of(form(next="note", **late), note())) == []
    assert told(of(form(**late))) == []


# -- whatever is handed in -------------------------------------------------------------------------


def test_everything_is_found_at_once() -> None:
    checked = of(
        form("ask", "title", assignee={"group": "pears"}, timeout_hours=8, calendar="lunch", next="if"),
        branch("if", {"prise": {"gt": 1}}, "agree", otherwise="nowhere"),
        approval(approvers=[{"user": "dee"}], next={"approved": "loop", "refused": "loop"}),
        note("loop", "{{ nobody }}", next="round"),
        note("round", next="loop"),
        note("island"),
        desk={**SMALL_DESK, "calendars": []},
    )
    assert {p.code for p in checked.problems} == {
        "hidden_name",
        "unknown_group",
        "unknown_calendar",
        "unknown_name",
        "unknown_target",
        "unknown_user",
        "unknown_outcome",
        "automatic_cycle",
        "no_way_to_end",
        "unreachable",
    }


words = st.sampled_from(
    ["ask", "if", "agree", "call", "go", "pause", "model", "priority", "yes", "approved", "default", "", "no such"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALID = (
    form("ask", "model", next="if"),
    branch("if", {"model": "x"}, "agree", otherwise="call"),
    approval(next={"approved": "call", "rejected": "ask"}, timeout_hours=4, on_timeout={"then": "proceed"}),
    note("call", "{{ model }}", next="go"),
    {"id": "go", "type": "routing", "options": [{"label": "a", "next": "pause"}, {"label": "b"}]},
    {"id": "pause", "type": "wait", "for": {"signal": "now"}},
)


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """A template with something in it replaced, at any depth, by anything."""
    definition: dict[str, Any] = json.loads(json.dumps({"name": "x", "variables": {"v": {}}, "steps": VALID}))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = definition
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.integers(0, 3)):
                place = place[key]
                continue
            place[key] = draw(anything)
            break
    return definition


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(broken())
def test_whatever_is_written_check_answers_and_never_raises(definition: dict[str, Any]) -> None:
    checked = check(definition, **DESK, templates=(), queues=())
    assert all(p.code and p.message and p.severity in ("error", "warning") for p in checked.problems)
    assert len(set(checked.problems)) == len(checked.problems)


@settings(max_examples=100, deadline=None)
@given(anything)
def test_whatever_is_handed_in_check_answers_and_never_raises(definition: Any) -> None:
    check(definition)
    check({"name": "x", "steps": definition})
    check({"name": "x", "steps": [definition]})
