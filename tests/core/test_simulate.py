"""simulate walks a template as the engine would, says why it went that way, and stops where an answer is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from example_desk import AT, example, facts, ticket

from wayline.core.graph import build
from wayline.core.simulate import Simulation, simulate

ASK = {"id": "ask", "type": "form", "fields": [{"name": "price", "type": "number", "required": True}], "next": "if"}
IF = {
    "id": "if",
    "type": "condition",
    "branches": [{"label": "dear", "when": {"price": {"gt": 1500}}, "next": "agree"}],
    "otherwise": "note",
}
AGREE = {
    "id": "agree",
    "type": "approval",
    "approvers": [{"group": "security"}],
    "rule": "majority",
    "next": {"approved": "note", "rejected": "ask"},
}
NOTE = {"id": "note", "type": "automatic", "action": {"type": "set_status", "status": "pending"}}
CALL = {
    "id": "call",
    "type": "automatic",
    "action": {"type": "http_request", "url": "https://shop.example.com"},
    "retry": {"max_attempts": 3, "initial_s": 10, "backoff": 2},
    "next": {"succeeded": "note", "failed": "by_hand"},
}
BY_HAND = {"id": "by_hand", "type": "form", "fields": [{"name": "done"}]}


def walk(*steps: dict[str, Any], **more: Any) -> Simulation:
    return simulate({"name": "A template", "steps": list(steps)}, **{"facts": facts(), "at": AT, **more})


def way(simulation: Simulation) -> list[tuple[str, str]]:
    return [(v.step_id, v.outcome) for v in simulation.path]


def said(simulation: Simulation, name: str) -> list[str]:
    return [h.event.detail for h in simulation.events if h.event.event == name]


def test_a_walk_goes_to_the_end_where_every_step_is_answered() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": 2000}, "agree": "approve"})
    assert way(found) == [("ask", "submitted"), ("if", "dear"), ("agree", "approved"), ("note", "succeeded")]
    assert (found.status, found.waiting_at, found.refused, found.problems) == ("completed", None, None, ())


def test_a_walk_stops_at_the_first_step_without_an_answer_and_says_what_is_awaited_of_whom() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": 2000}})
    assert way(found) == [("ask", "submitted"), ("if", "dear")]
    assert found.status == "running"
    assert found.waiting_at is not None
    assert (found.waiting_at.step_id, found.waiting_at.type) == ("agree", "approval")
    assert [s.name for s in found.waiting_at.who] == ["Security 1", "Security 2", "Security 3"]
    assert found.waiting_at.awaits["needed"] == 2


def test_a_branch_is_explained_with_the_value_that_was_seen() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": 900}})
    explanation = found.path[1].explanation
    assert explanation is not None
    clause = explanation[0]["clauses"][0]
    assert (found.path[1].outcome, clause["field"], clause["seen"], clause["holds"]) == (
        "otherwise",
        "price",
        900,
        False,
    )


def test_what_a_step_changes_on_the_ticket_is_told_with_it_and_kept_on_the_ticket() -> None:
    found = walk(NOTE)
    assert found.path[0].changes == {"status": ["open", "pending"]}
    assert found.ticket is not None
    assert found.ticket["status"] == "pending"


def test_nothing_that_was_handed_in_is_changed() -> None:
    mine = ticket()
    walk(NOTE, ticket=mine)
    assert mine == ticket()


def test_a_ticket_stands_in_for_the_facts_own() -> None:
    assert walk(NOTE, ticket=ticket(status="on_hold")).path[0].changes == {"status": ["on_hold", "pending"]}


def test_a_definition_and_its_graph_are_walked_alike() -> None:
    answers = {"ask": {"price": 1}}
    graph = build({"name": "A template", "steps": [ASK, IF, AGREE, NOTE]})
    assert simulate(graph, facts=facts(), at=AT, answers=answers) == walk(ASK, IF, AGREE, NOTE, answers=answers)


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [{"price": 2000}, {"form_data": {"price": 2000}}])
def test_a_form_is_answered_with_its_values_bare_or_as_the_api_takes_them(answer: dict[str, Any]) -> None:
    assert way(walk(ASK, IF, AGREE, NOTE, answers={"ask": answer}))[1] == ("if", "dear")


@pytest.mark.parametrize("answer", ["approve", "approved", {"decision": "approve", "comment": "fine"}])
def test_an_approval_is_decided_by_its_own_voters_one_after_the_other(answer: Any) -> None:
    found = walk(AGREE, ASK, IF, NOTE, answers={"agree": answer})
    assert way(found)[0] == ("agree", "approved")
    votes = [h.event.data["voter"] for h in found.events if h.event.event == "vote_cast"]
    assert votes == ["security-1", "security-2"]  # a majority of three
    assert said(found, "vote_overridden") == []


def test_a_routing_is_answered_with_the_options_label() -> None:
    routing = {
        "id": "go",
        "type": "routing",
        "options": [{"label": "Left"}, {"label": "Right", "to": {"group": "network"}}],
    }
    for answer in ("Right", {"option": "Right"}):
        found = walk(routing, answers={"go": answer})
        assert way(found) == [("go", "Right")]
        assert found.path[0].changes == {"group": [None, "id-network"]}


def test_a_list_of_answers_is_used_up_one_a_visit() -> None:
    answers = {"ask": [{"price": 2000}, {"price": 10}], "agree": ["reject"]}
    found = walk(ASK, IF, AGREE, NOTE, answers=answers)
    assert [o for _, o in way(found)] == ["submitted", "dear", "rejected", "submitted", "otherwise", "succeeded"]
    short = walk(ASK, IF, AGREE, NOTE, answers={**answers, "ask": [{"price": 2000}]})
    assert short.waiting_at is not None
    assert short.waiting_at.step_id == "ask"


def test_a_loop_whose_answers_never_change_is_cut_off() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": 2000}, "agree": "reject"}, max_commands=50)
    assert [p.code for p in found.problems] == ["bound_hit"]
    assert found.status == "running"


def test_an_outcome_may_be_given_in_place_of_an_answer() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": 2000}}, outcomes={"agree": "approved"})
    assert (found.status, way(found)[2]) == ("completed", ("agree", "approved"))


# -- refusals --------------------------------------------------------------------------------------


def test_an_answer_that_is_refused_ends_the_walk_with_every_issue() -> None:
    found = walk(ASK, IF, AGREE, NOTE, answers={"ask": {"price": "much", "colour": "red"}})
    assert found.refused is not None
    assert found.refused.step_id == "ask"
    assert {i.path for i in found.refused.issues} == {"form_data.price", "form_data.colour"}
    assert (found.status, found.path, found.waiting_at) == ("running", (), None)


def test_an_answer_of_no_kind_the_step_knows_is_refused() -> None:
    assert walk(ASK, IF, AGREE, NOTE, answers={"ask": 5}).refused is not None
    assert walk(AGREE, ASK, IF, NOTE, answers={"agree": "perhaps"}).refused is not None


def test_an_outcome_the_step_does_not_have_is_refused() -> None:
    refused = walk(ASK, IF, AGREE, NOTE, outcomes={"ask": "approved"}).refused
    assert refused is not None
    assert [i.path for i in refused.issues] == ["outcome"]


def test_variables_that_do_not_fit_are_refused_before_the_first_step() -> None:
    definition = {"name": "x", "variables": {"quarter": {"type": "string", "required": True}}, "steps": [NOTE]}
    found = simulate(definition, facts=facts(), at=AT)
    assert found.refused is not None
    assert (found.refused.step_id, [i.path for i in found.refused.issues]) == (None, ["variables.quarter"])
    assert found.status == "pending"
    assert simulate(definition, facts=facts(), at=AT, variables={"quarter": "Q1"}).status == "completed"


def test_what_cannot_be_walked_is_told_in_problems() -> None:
    for steps in (
        [],
        [{"id": "x"}],
        [{**ASK, "next": "nowhere"}],
        [{**IF, "branches": [{"label": "a", "when": {"x": {}}}]}],
    ):
        found = simulate({"name": "x", "steps": steps}, facts=facts(), at=AT)
        assert found.status == "invalid"
        assert found.problems


def test_a_template_with_other_errors_can_be_tried_out_all_the_same() -> None:
    typo = {**IF, "branches": [{"label": "dear", "when": {"prise": {"gt": 1500}}, "next": "agree"}]}
    found = walk(ASK, typo, AGREE, NOTE, answers={"ask": {"price": 2000}})
    assert [p.code for p in found.problems] == ["unknown_name"]
    assert way(found)[1] == ("if", "otherwise")


def test_a_run_that_never_rests_is_told_and_not_raised() -> None:
    round_and_round = [{**NOTE, "id": "a", "next": "b"}, {**NOTE, "id": "b", "next": "a"}]
    found = simulate(build({"name": "x", "steps": round_and_round}), facts=facts(), at=AT)
    assert [(p.severity, p.code) for p in found.problems] == [("error", "automatic_cycle")]


# -- the outside -----------------------------------------------------------------------------------


def test_an_outside_action_succeeds_unless_it_is_said_to_fail() -> None:
    assert way(walk(CALL, NOTE, BY_HAND)) == [("call", "succeeded"), ("note", "succeeded")]


def test_what_an_outside_action_brings_back_can_be_read_later() -> None:
    read = {"id": "note", "type": "automatic", "action": {"type": "add_comment", "text": "{{ steps.call.order }}"}}
    found = walk(CALL, read, BY_HAND, answers={"call": {"output": {"order": "4711"}}})
    assert found.outputs["note"]["text"] == "4711"


def test_a_failing_action_is_tried_again_with_the_clock_moved_on() -> None:
    found = walk(CALL, NOTE, BY_HAND, answers={"call": {"error": "down"}})
    assert way(found) == [("call", "failed")]
    assert len(said(found, "action_retried")) == 2
    assert timedelta(seconds=20) < found.at - AT <= timedelta(seconds=30)
    assert found.waiting_at is not None
    assert found.waiting_at.step_id == "by_hand"


def test_a_permanent_failure_is_not_tried_again() -> None:
    found = walk(CALL, NOTE, BY_HAND, answers={"call": {"error": "no such shop", "permanent": True}})
    assert (way(found), found.at) == ([("call", "failed")], AT)
    assert said(found, "action_retried") == []


def test_a_run_that_fails_says_where_and_why() -> None:
    found = walk({**CALL, "next": "note"}, NOTE, answers={"call": "down"})
    assert found.status == "failed"
    assert found.failure is not None
    assert (found.failure.reason, found.failure.step_id, found.failure.message) == ("action_failed", "call", "down")


# -- time ------------------------------------------------------------------------------------------


def test_a_wait_for_a_time_needs_no_answer_and_moves_the_clock() -> None:
    wait = {"id": "wait", "type": "wait", "for": {"business_hours": 10, "calendar": "office-hours"}, "next": "note"}
    found = walk(wait, NOTE)
    # Monday 10:00 in Berlin and seven hours until five; the other three on Tuesday from nine.
    assert [v.at for v in found.path] == [datetime(2026, 3, 3, 11, 0, tzinfo=UTC)] * 2


def test_what_is_due_before_a_wait_is_over_happens_on_the_way() -> None:
    wait = {
        "id": "wait",
        "type": "wait",
        "for": {"hours": 48},
        "timeout_hours": 24,
        "on_timeout": {"notify": [{"requester": True}], "repeat_hours": 8, "max_repeats": 9},
    }
    found = walk(wait)
    assert way(found) == [("wait", "elapsed")]
    assert [(h.at - AT) // timedelta(hours=1) for h in found.events if h.event.event == "step_escalated"] == [
        24,
        32,
        40,
    ]


def test_a_signal_is_awaited_until_its_payload_is_given() -> None:
    wait = {"id": "wait", "type": "wait", "for": {"signal": "parcel"}, "next": "if"}
    look = {**IF, "branches": [{"label": "dear", "when": {"steps.wait.price": 7}}], "otherwise": None}
    stopped = walk(wait, look).waiting_at
    assert stopped is not None
    assert stopped.awaits == {"for": {"signal": "parcel"}}
    assert way(walk(wait, look, answers={"wait": {"price": 7}})) == [("wait", "received"), ("if", "dear")]
    assert way(walk(wait, look, answers={"wait": None})) == [("wait", "received"), ("if", "otherwise")]


def test_a_step_may_be_answered_by_letting_its_time_run_out() -> None:
    late = {
        "timeout_hours": 4,
        "on_timeout": {"then": "proceed"},
        "next": {"submitted": "note", "timed_out": "by_hand"},
    }
    found = walk({**ASK, **late}, NOTE, BY_HAND, answers={"ask": "timed_out"})
    assert (way(found), found.at) == ([("ask", "timed_out")], AT + timedelta(hours=4))


def test_what_is_done_late_says_how_late() -> None:
    late = {**ASK, "timeout_hours": 4, "next": "note"}
    found = walk(late, NOTE, answers={"ask": ["timed_out", {"price": 5}]})
    assert (way(found)[0], found.path[0].late_s) == (("ask", "submitted"), 0.0)


# -- people ----------------------------------------------------------------------------------------


def test_each_step_says_who_had_the_work() -> None:
    found = walk({**ASK, "assignee": {"group": "deskside"}, "next": "note"}, NOTE, answers={"ask": {"price": 1}})
    assert [[s.name for s in v.who] for v in found.path] == [["Deskside"], []]


def test_turns_go_on_from_one_step_to_the_next() -> None:
    def turn(step_id: str, then: str | None) -> dict[str, Any]:
        return {"id": step_id, "type": "routing", "to": {"group": "network"}, "strategy": "round_robin", "next": then}

    pause = {"id": "pause", "type": "wait", "for": {"hours": 1}, "next": "b"}
    found = walk(turn("a", "pause"), pause, turn("b", None))
    assert [v.changes["assignee"][1] for v in found.path if v.changes] == ["network-1", "network-2"]


def test_what_would_become_an_incident_is_a_problem_of_the_walk() -> None:
    nobody = {**AGREE, "approvers": [{"assignee": True}], "next": {"approved": "note"}}
    found = walk(nobody, NOTE, answers={"agree": "approve"})
    assert [(p.code, p.step_id) for p in found.problems] == [("approval_undecidable", "agree")]
    assert found.waiting_at is not None
    assert found.waiting_at.step_id == "agree"


def test_without_facts_there_is_nobody_and_no_ticket() -> None:
    found = simulate({"name": "x", "steps": [NOTE]}, at=AT)
    assert found.failure is not None
    assert "no ticket" in found.failure.message


# -- the same for ever -----------------------------------------------------------------------------


def test_an_example_is_walked_from_the_request_to_the_laptop() -> None:
    found = simulate(
        example("laptop-provisioning-new-hire"),
        facts=facts(type="service_request", subtype="laptop"),
        at=AT,
        answers={
            "details": {"new_hire": "new@desk.example", "first_day": "2026-03-20", "model": "IT's pick"},
            "pick": {"model": "Developer 16", "price": 2400},
            "manager": "approve",
            "order": {"error": "the shop is closed", "permanent": True},
        },
    )
    assert way(found) == [
        ("details", "submitted"),
        ("whose_pick", "IT's pick"),
        ("pick", "submitted"),
        ("worth_asking", "expensive"),
        ("manager", "approved"),
        ("order", "failed"),
        ("order_by_hand", "succeeded"),
        ("hand_over", "routed"),
    ]
    assert found.status == "completed"
    assert [s.name for s in found.path[4].who] == ["Mona"]


def test_the_same_walk_gives_the_same_result_for_ever() -> None:
    answers = {"ask": {"price": 2000}, "agree": "approve", "call": {"error": "down"}}
    steps = (ASK, IF, AGREE, {**NOTE, "next": "call"}, CALL, BY_HAND)
    assert walk(*steps, answers=answers) == walk(*steps, answers=answers)


def test_a_script_is_not_run_and_its_outcome_is_an_answer() -> None:
    action = {"type": "run_script", "script": "Reckon", "params": {"price": "{{ ticket.title }}"}}
    reckon = {"id": "reckon", "type": "automatic", "action": action, "next": "if"}
    branches = [{"label": "dear", "when": {"expression": "steps.reckon.result > 5"}, "next": "by_hand"}]
    found = walk(
        reckon,
        {**IF, "branches": branches},
        BY_HAND,
        NOTE,
        ticket=ticket(),
        answers={"reckon": {"output": {"result": 7}}},
    )
    assert way(found) == [("reckon", "succeeded"), ("if", "dear")]
    assert said(found, "action_started") == ["reckon: run_script “Reckon”"]
