"""Rolling back makes a run what it was when a step had been completed, and leaves it paused there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.stories.desk import (
    BO,
    CY,
    EVE,
    MAX,
    MONDAY_NINE,
    ROOT,
    Story,
    approves,
    cancels,
    chooses,
    fires,
    pauses,
    reports,
    resumes,
    retries,
    rolls_back,
    signals,
    skips,
    submits,
)
from wayline.core.effects import RecordVisit
from wayline.core.graph import build
from wayline.core.roll_back import RollBackPreview, preview_roll_back
from wayline.core.run import Run
from wayline.core.snapshot import WHOLE_EVERY, Snapshot

PURCHASE = """
variables: {budget: {type: number}}
steps:
  - {id: ask, type: form, assignee: {user: bo}, fields: [{name: model, type: text}], next: raise}
  - {id: raise, type: automatic, action: {type: set_variable, name: budget, value: 900}, next: decide}
  - {id: decide, type: approval, approvers: [{user: max}, {user: eve}], rule: all, timeout_hours: 8,
     next: {approved: order}}
  - id: order
    type: automatic
    action: {type: http_request, url: "https://x.test/{{ model }}"}
    compensate: {type: http_request, method: DELETE, url: "https://x.test/{{ steps.order.id }}"}
    next: hand-over
  - {id: hand-over, type: form, assignee: {user: cy}, fields: [{name: done, type: text}]}
"""
LOOP = """
steps:
  - {id: ask, type: form, assignee: {user: bo}, fields: [{name: n, type: number}], next: again}
  - {id: again, type: routing, assignee: {user: bo}, options: [{label: more, next: ask}, {label: enough}]}
"""


def bought() -> Story:
    """Asked, raised, approved and ordered; Cy is to hand it over. Snapshots 1 to 4."""
    story = Story(PURCHASE).starts(budget=100).when(submits(BO, "ask", model="X1")).later(hours=1)
    story.when(approves(MAX, "decide"), approves(EVE, "decide")).reported(output={"id": 7})
    assert story.resting_at == ["hand-over"]
    return story


def preview(story: Story, number: int) -> RollBackPreview:
    snapshot = story.snapshot(number)
    assert snapshot is not None
    later = [
        (visit, output)
        for visit, output in zip(story.tables.visits, story.tables.outputs, strict=True)
        if visit.completed_at >= snapshot.at and visit.position + 1 > number
    ]
    return preview_roll_back(story.graph, story.run, snapshot, later)


def what_counts(run: Run) -> tuple[Any, ...]:
    """What a run knows, apart from where it is and how it came there."""
    return run.variables, run.outputs, run.completed, run.latest


# -- there and on again ----------------------------------------------------------------------------


def test_there_is_a_snapshot_of_every_completed_step() -> None:
    story = bought()
    assert list(story.tables.snapshots) == [1, 2, 3, 4]
    assert [link.visit.step_id for link in story.tables.snapshots.values()] == ["ask", "raise", "decide", "order"]


def test_the_run_is_what_it_was_and_rests_there_paused() -> None:
    story = bought().when(rolls_back(ROOT, 1))
    assert (story.status, story.resting_at, story.run.current_steps) == ("paused", [], ["raise"])
    assert story.run.variables == {"budget": 100}
    assert story.run.outputs == {"ask": {"model": "X1", "outcome": "submitted"}}
    assert story.run.completed == ["ask"]
    assert (story.tables.inbox, story.tables.timers, story.tables.jobs) == ({}, {}, {})
    (said,) = story.said("run_rolled_back")
    assert said.detail == "Taken back by Root to “ask”"
    assert said.data == {"snapshot": 1, "withdrawn": ["hand-over"]}


def test_what_followed_is_done_again_once_the_run_is_resumed() -> None:
    story = bought().when(rolls_back(ROOT, 1), resumes(ROOT))
    assert (story.status, story.resting_at, story.run.variables) == ("running", ["decide"], {"budget": 900})
    assert set(story.offered("decide")) == {"max", "eve"}
    assert story.step("decide").votes == []
    story.when(approves(MAX, "decide"), approves(EVE, "decide")).reported(output={"id": 8})
    assert story.when(submits(CY, "hand-over", done="yes")).status == "completed"
    assert story.run.outputs["order"]["id"] == 8


def test_the_start_is_a_snapshot_too() -> None:
    story = bought().when(rolls_back(ROOT, 0))
    assert (story.run.variables, story.run.outputs) == ({"budget": 100}, {})
    assert story.said("run_rolled_back")[0].detail == "Taken back by Root to its start"
    assert story.when(resumes(ROOT)).resting_at == ["ask"]


def test_every_snapshot_is_the_run_as_it_was_then() -> None:
    story = Story(LOOP).starts()
    then: dict[int, Run] = {}
    for n in range(WHOLE_EVERY):
        story.when(submits(BO, "ask", n=n))
        then[story.run.snapshot] = story.run
        story.when(chooses(BO, "again", "more"))
        then[story.run.snapshot] = story.run
    assert len(then) == 2 * WHOLE_EVERY
    for number, run in then.items():
        back = story.when(rolls_back(ROOT, number))
        assert what_counts(back.run) == what_counts(run)
        assert back.run.arrivals == [run.open[0].step_id]


def test_a_snapshot_is_read_through_no_more_than_so_many_others() -> None:
    story = Story(LOOP).starts()
    for n in range(3 * WHOLE_EVERY):
        story.when(submits(BO, "ask", n=n), chooses(BO, "again", "more"))
    whole = [n for n, link in story.tables.snapshots.items() if link.delta.whole is not None]
    assert [b - a for a, b in zip([0, *whole], whole, strict=False)] == [WHOLE_EVERY] * len(whole)
    assert len(whole) == 6
    deepest = story.snapshot(whole[-1] - 1)
    assert deepest is not None
    assert deepest.depth == WHOLE_EVERY - 1


def test_what_is_kept_for_a_snapshot_does_not_grow() -> None:
    story = Story(LOOP).starts()
    sizes = []
    for n in range(50):
        story.when(submits(BO, "ask", n=n), chooses(BO, "again", "more"))
        assert story.last is not None
        sizes += [len(msgspec.msgpack.encode(e.delta)) for e in story.last.effects if isinstance(e, RecordVisit)]
    assert max(size for size in sizes if size < 200) <= 20
    assert len(set(sizes[2:])) <= 3


def test_a_run_that_was_taken_back_may_go_another_way_and_forth_again() -> None:
    story = Story(LOOP).starts().when(submits(BO, "ask", n=1), chooses(BO, "again", "more"), submits(BO, "ask", n=2))
    far = story.run.snapshot
    story.when(rolls_back(ROOT, 1), resumes(ROOT), chooses(BO, "again", "more"), submits(BO, "ask", n=3))
    assert story.run.outputs["ask"]["n"] == 3
    other = story.run.snapshot
    story.when(rolls_back(ROOT, far))
    assert story.run.outputs["ask"]["n"] == 2
    story.when(rolls_back(ROOT, other))
    assert story.run.outputs["ask"]["n"] == 3


# -- what is late ----------------------------------------------------------------------------------


def test_history_goes_on() -> None:
    story = bought()
    seq, visits, epoch = story.run.seq, story.run.visits, story.run.epoch
    story.when(rolls_back(ROOT, 1), resumes(ROOT))
    assert story.run.seq > seq
    assert story.run.epoch == epoch + 1
    assert story.step("decide").position == visits + 1
    assert [(v.step_id, v.status) for v in story.tables.visits][-2:] == [
        ("hand-over", "cancelled"),
        ("raise", "completed"),
    ]


def test_what_was_asked_before_finds_nobody_any_more() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"))
    (timer,) = story.tables.timers.values()
    old = story.step("decide").id
    story.when(rolls_back(ROOT, 1))
    assert story.refuses(fires(timer)).code == "stale_timer"
    assert story.refuses(approves(MAX, old)).code == "run_paused"
    story.when(resumes(ROOT))
    assert story.refuses(fires(timer)).code == "stale_timer"
    assert story.refuses(approves(MAX, old)).kind == "conflict"
    assert story.step("decide").votes == []


def test_an_action_that_ends_late_is_recorded_and_undone_should_the_run_be_cancelled() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"))
    story.when(approves(MAX, "decide"), approves(EVE, "decide"))
    late = story.job
    story.when(rolls_back(ROOT, 1), resumes(ROOT))
    assert story.tables.jobs == {}
    story.when(reports(late, output={"id": 7}))
    assert (story.resting_at, "order" in story.run.outputs) == (["decide"], False)
    assert story.said("action_succeeded")[0].detail == "order: done, when it was no longer wanted"
    story.when(cancels(ROOT))
    assert story.job.action["url"] == "https://x.test/7"


def test_what_was_done_outside_is_still_undone_at_a_cancel() -> None:
    story = bought().when(rolls_back(ROOT, 1), cancels(ROOT))
    assert story.job.action["url"] == "https://x.test/7"


def test_what_had_ended_during_a_pause_is_not_applied_to_what_the_run_has_become() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"))
    story.when(approves(MAX, "decide"), approves(EVE, "decide"), pauses(ROOT))
    story.reported(output={"id": 7}).when(signals("go"), rolls_back(ROOT, 1), resumes(ROOT))
    assert (story.resting_at, "order" in story.run.outputs) == (["decide"], False)
    assert [s.name for s in story.run.signals] == ["go"]
    assert [u.output["id"] for u in story.run.compensable] == [7]


# -- from where ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["running", "paused", "failed", "completed"])
def test_a_run_is_taken_back_from_whatever_state_it_can_go_on_from(state: str) -> None:
    story = bought()
    if state == "paused":
        story.when(pauses(ROOT))
    if state == "failed":
        story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"), skips(ROOT, "decide", "rejected"))
    if state == "completed":
        story.when(submits(CY, "hand-over", done="yes"))
    assert story.status == state
    story.when(rolls_back(ROOT, 1))
    assert (story.status, story.run.completed_at, story.run.failure) == ("paused", None, None)
    assert story.when(resumes(ROOT)).resting_at == ["decide"]


def test_a_cancelled_run_is_retried_before_it_is_taken_back() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"), cancels(ROOT))
    refusal = story.refuses(rolls_back(ROOT, 1))
    assert refusal.details == {"state": "cancelled", "allowed": ["retry"]}
    story.when(retries(ROOT), rolls_back(ROOT, 1), resumes(ROOT))
    assert story.resting_at == ["decide"]


@pytest.mark.parametrize("number", [5, 99, -1])
def test_a_snapshot_there_is_none_of_is_not_found(number: int) -> None:
    assert bought().refuses(rolls_back(ROOT, number)).kind == "not_found"


def test_a_step_the_version_does_not_have_cannot_be_gone_back_to() -> None:
    story = bought()
    without = {"name": "Shorter", "steps": [{"id": "ask", "type": "form", "fields": [{"name": "a"}]}]}
    story.graph = build(
        {**without, "steps": [*without["steps"], {"id": "hand-over", "type": "form", "fields": [{"name": "a"}]}]}
    )  # type: ignore[misc]
    refusal = story.refuses(rolls_back(ROOT, 1))
    assert (refusal.code, refusal.details) == ("step_gone", {"steps": ["raise"]})


def test_a_run_taken_back_can_be_taken_back_further() -> None:
    story = bought().when(rolls_back(ROOT, 3), rolls_back(ROOT, 1), resumes(ROOT))
    assert story.resting_at == ["decide"]


def test_a_run_taken_back_can_be_cancelled_and_retried_from_there() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"))
    story.when(rolls_back(ROOT, 1), cancels(ROOT), retries(ROOT))
    assert story.resting_at == ["decide"]


def test_a_deadline_begins_anew_with_its_step() -> None:
    story = bought().later(days=1).when(rolls_back(ROOT, 2)).later(days=1).when(resumes(ROOT))
    assert story.step("decide").due_at == story.at + timedelta(hours=8)
    assert story.at == MONDAY_NINE + timedelta(days=2, hours=1)


def test_what_else_was_open_at_the_snapshot_is_open_again_as_it_was() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"), approves(MAX, "decide"))
    voting = story.step("decide").copy()
    story.later(hours=2).when(approves(EVE, "decide"))
    snapshot = story.snapshot(3)
    assert snapshot is not None
    at = MONDAY_NINE + timedelta(hours=2)
    both = Snapshot(**{**msgspec.structs.asdict(snapshot), "open": [voting], "arrivals": [], "at": at})
    story.tables.snapshot = lambda number, start: both  # type: ignore[method-assign]
    story.when(rolls_back(ROOT, 3)).later(days=1).when(resumes(ROOT))
    reopened = story.step("decide")
    assert [v.voter for v in reopened.votes] == ["max"]
    assert reopened.due_at == story.at + timedelta(hours=6)
    assert story.offered("decide") == ("eve",)


# -- the preview -----------------------------------------------------------------------------------


def test_the_preview_says_what_would_be_withdrawn_and_forgotten() -> None:
    found = preview(bought(), 1)
    assert (found.snapshot, found.goes_on_at) == (1, ("raise",))
    assert [(v.step_id, v.is_work) for v in found.withdrawn] == [("hand-over", True)]
    assert [(v.step_id, v.voter, v.decision) for v in found.votes] == [
        ("decide", "max", "approved"),
        ("decide", "eve", "approved"),
    ]
    assert [(f.step_id, f.outcome) for f in found.forgotten] == [
        ("raise", "succeeded"),
        ("decide", "approved"),
        ("order", "succeeded"),
    ]
    assert found.forgotten[2].fields == ("id",)


def test_the_preview_says_what_cannot_be_undone() -> None:
    found = preview(bought(), 1)
    assert [(one.step_id, one.what, one.compensate) for one in found.cannot_be_undone] == [
        ("decide", "People were told that it waits for them.", False),
        ("order", "http_request was done outside.", True),
        ("hand-over", "People were told that it waits for them.", False),
    ]


def test_the_preview_tells_of_what_is_under_way() -> None:
    story = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"))
    story.when(approves(MAX, "decide"), approves(EVE, "decide"))
    found = preview(story, 3)
    assert [(one.step_id, one.at, one.compensate) for one in found.cannot_be_undone] == [("order", None, True)]


def test_the_preview_changes_nothing_and_is_refused_as_the_rolling_back_is() -> None:
    story = bought()
    before = msgspec.msgpack.encode(story.run)
    preview(story, 1)
    assert msgspec.msgpack.encode(story.run) == before
    cancelled = Story(PURCHASE).starts(budget=1).when(submits(BO, "ask", model="X1"), cancels(ROOT))
    with pytest.raises(Exception, match="it can be retried"):
        preview(cancelled, 1)
