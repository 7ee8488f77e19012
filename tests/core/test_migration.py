"""A live run moves to another version when all that it rests at is there, and of the same kind."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from wayline.core import commands
from wayline.core.decide import decide, new_run
from wayline.core.facts import Actor, Directory, Facts, Person
from wayline.core.graph import Graph, build
from wayline.core.migration import migrated, verdict
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.core.snapshot import start_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANA = Actor(user_id="ana", role="requester", name="Ana")
ROOT = Actor(user_id="root", role="admin", name="Root")
FACTS = Facts(
    directory=Directory(
        people=[
            Person(id="ana", email="ana@desk.test", name="Ana", role="requester"),
            Person(id="root", email="root@desk.test", name="Root", role="admin"),
        ]
    )
)
FORM: dict[str, Any] = {
    "id": "details",
    "type": "form",
    "assignee": {"user": "ana"},
    "fields": [{"name": "model", "type": "text"}],
    "next": "book",
}
BOOK: dict[str, Any] = {
    "id": "book",
    "type": "automatic",
    "action": {"type": "set_variable", "name": "booked", "value": "yes"},
    "compensate": {"type": "set_variable", "name": "booked", "value": "no"},
    "next": "agree",
}
AGREE: dict[str, Any] = {"id": "agree", "type": "approval", "approvers": [{"user": "root"}], "next": "delivered"}
DELIVERED: dict[str, Any] = {"id": "delivered", "type": "wait", "for": {"signal": "delivered"}}
STEPS = [FORM, BOOK, AGREE, DELIVERED]


def graph(*steps: dict[str, Any], **head: Any) -> Graph:
    return build({"name": "Laptop", "steps": copy.deepcopy([*steps]), **head})


def run_at_its_form(of: Graph) -> Run:
    start = commands.StartRun(
        tenant_id="t", run_id="0b6c8f8e-0000-4000-8000-000000000002", template_id="laptop", owner_id="ana"
    )
    return decide(of, new_run(of, start, version=1, at=MONDAY, owner_id="ana"), start, FACTS, MONDAY).run


def run_at_its_approval(of: Graph) -> Run:
    run = run_at_its_form(of)
    submit = commands.CompleteStep(tenant_id="t", run_id=run.id, actor=ANA, step="details", answer={"form_data": {}})
    return decide(of, run, submit, FACTS, MONDAY).run


def run_at_its_wait(of: Graph) -> Run:
    run = run_at_its_approval(of)
    vote = commands.CompleteStep(
        tenant_id="t", run_id=run.id, actor=ROOT, step="agree", answer={"decision": "approved"}
    )
    return decide(of, run, vote, FACTS, MONDAY).run


def codes(run: Run, old: Graph, new: Graph) -> list[str]:
    return [obstacle.code for obstacle in verdict(run, old, new)]


OLD = graph(*STEPS)


def test_a_run_may_move_where_its_open_step_is_still_there() -> None:
    more = graph(FORM, BOOK, {**AGREE, "next": "again"}, {**AGREE, "id": "again", "next": "delivered"}, DELIVERED)
    assert codes(run_at_its_approval(OLD), OLD, more) == []


def test_an_open_step_that_is_gone_keeps_it() -> None:
    new = graph({**FORM, "next": "book"}, {**BOOK, "next": "delivered"}, DELIVERED)
    assert codes(run_at_its_approval(OLD), OLD, new) == ["step_gone"]
    assert codes(run_at_its_form(OLD), OLD, new) == []


def test_an_open_step_of_another_type_keeps_it() -> None:
    new = graph(FORM, BOOK, {**FORM, "id": "agree", "next": "delivered"}, DELIVERED)
    assert codes(run_at_its_approval(OLD), OLD, new) == ["other_type"]


@pytest.mark.parametrize("awaited", [{"hours": 2}, {"callback": True}])
def test_a_wait_for_something_else_keeps_it(awaited: dict[str, Any]) -> None:
    new = graph(FORM, BOOK, AGREE, {**DELIVERED, "for": awaited})
    assert codes(run_at_its_wait(OLD), OLD, new) == ["other_wait"]


def test_a_signal_may_get_another_name() -> None:
    new = graph(FORM, BOOK, AGREE, {**DELIVERED, "for": {"signal": "handed_over"}})
    assert codes(run_at_its_wait(OLD), OLD, new) == []


def test_voters_asked_one_by_one_keep_it_where_all_are_asked_at_once() -> None:
    new = graph(FORM, BOOK, {**AGREE, "order": "sequential"}, DELIVERED)
    assert codes(run_at_its_approval(OLD), OLD, new) == ["other_wait"]


def test_a_step_done_that_could_no_longer_be_undone_keeps_it() -> None:
    no_longer = {k: v for k, v in BOOK.items() if k != "compensate"}
    assert codes(run_at_its_approval(OLD), OLD, graph(FORM, no_longer, AGREE, DELIVERED)) == ["not_undoable"]
    without = graph({**FORM, "next": "agree"}, AGREE, DELIVERED)
    assert codes(run_at_its_approval(OLD), OLD, without) == ["not_undoable"]


def test_a_required_variable_it_has_no_value_for_keeps_it_and_a_default_is_filled_in() -> None:
    run = run_at_its_form(OLD)
    assert codes(run, OLD, graph(*STEPS, variables={"site": {"type": "string", "required": True}})) == [
        "variable_missing"
    ]
    new = graph(*STEPS, variables={"site": {"type": "string", "required": True, "default": "Berlin"}})
    assert migrated(run, OLD, new, to_version=2, actor=ROOT).run.variables == {"site": "Berlin"}


def test_every_obstacle_is_said_at_once() -> None:
    run = run_at_its_approval(OLD)
    new = graph({**FORM, "next": None}, variables={"site": {"required": True}})
    assert codes(run, OLD, new) == ["step_gone", "not_undoable", "variable_missing"]
    with pytest.raises(Refusal) as refused:
        migrated(run, OLD, new, to_version=2, actor=ROOT)
    assert refused.value.code == "not_movable"
    assert [o["code"] for o in refused.value.details["obstacles"]] == ["step_gone", "not_undoable", "variable_missing"]


def test_an_ended_run_does_not_move() -> None:
    run = run_at_its_form(OLD)
    ended = decide(OLD, run, commands.CancelRun(tenant_id="t", run_id=run.id, actor=ROOT), FACTS, MONDAY).run
    assert codes(ended, OLD, OLD) == ["run_ended"]


def paused(run: Run, of: Graph) -> Run:
    return decide(of, run, commands.PauseRun(tenant_id="t", run_id=run.id, actor=ROOT), FACTS, MONDAY).run


def taken_back(run: Run, of: Graph) -> Run:
    """The run, taken back to its start."""
    facts = msgspec.structs.replace(FACTS, snapshot=start_of(run, of.start))
    back = commands.RollBackRun(tenant_id="t", run_id=run.id, actor=ROOT, snapshot=0)
    return decide(of, run, back, facts, MONDAY).run


def test_a_paused_run_moves_like_any_other_and_stays_paused() -> None:
    run = paused(run_at_its_approval(OLD), OLD)
    moved = migrated(run, OLD, OLD, to_version=2, actor=ROOT).run
    assert (moved.status, moved.open) == ("paused", run.open)
    resume = commands.ResumeRun(tenant_id="t", run_id=run.id, actor=ROOT)
    assert [a.step_id for a in decide(OLD, moved, resume, FACTS, MONDAY).run.open] == ["agree"]
    without = graph({**FORM, "next": "book"}, {**BOOK, "next": "delivered"}, DELIVERED)
    assert codes(run, OLD, without) == ["step_gone"]


def test_a_step_that_comes_next_keeps_a_run_that_was_taken_back_when_it_is_gone() -> None:
    run = taken_back(run_at_its_form(OLD), OLD)
    elsewhere = {**FORM, "id": "other", "next": "book"}
    assert codes(run, OLD, graph(elsewhere, BOOK, AGREE, DELIVERED)) == ["step_gone"]
    assert codes(run, OLD, OLD) == []


def test_a_snapshot_from_before_a_move_gets_the_values_the_version_declares() -> None:
    new = graph(*STEPS, variables={"site": {"type": "string", "default": "Berlin"}})
    run = run_at_its_approval(OLD)
    moved = migrated(run, OLD, new, to_version=2, actor=ROOT).run
    assert run.input == {}
    assert taken_back(moved, new).variables == {"site": "Berlin"}


def test_a_moved_run_keeps_what_is_open_and_goes_on_by_the_other_version() -> None:
    run = run_at_its_approval(OLD)
    new = graph(FORM, BOOK, {**AGREE, "next": "told"}, {**FORM, "id": "told", "next": None}, DELIVERED)
    moved = migrated(run, OLD, new, to_version=2, actor=ROOT)
    assert moved.run.open == run.open
    assert (moved.run.template_version, moved.run.seq) == (2, run.seq + 1)
    assert [event.event for event in moved.events] == ["run_migrated"]
    vote = commands.CompleteStep(tenant_id="t", run_id=run.id, actor=ROOT, step="agree", answer={"decision": "approve"})
    assert [a.step_id for a in decide(new, moved.run, vote, FACTS, MONDAY).run.open] == ["told"]


def test_moving_back_leaves_the_run_as_it_was() -> None:
    run = run_at_its_approval(OLD)
    new = graph(FORM, BOOK, {**AGREE, "name": "Do you agree?"}, DELIVERED)
    there = migrated(run, OLD, new, to_version=2, actor=ROOT).run
    back = migrated(there, new, OLD, to_version=1, actor=ROOT).run
    assert back.open == run.open
    assert back.template_version == 1
    with pytest.raises(Refusal, match="version 1 already"):
        migrated(back, OLD, OLD, to_version=1, actor=ROOT)
