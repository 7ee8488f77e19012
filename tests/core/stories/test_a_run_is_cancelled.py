"""Cancelling ends a run at once, and undoes what it did, last thing first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.stories.desk import BO, ROOT, Story, cancels, fires, reports, signals, skips, submits
from wayline.core.run import Compensation


def booking(*steps: str) -> Story:
    """Each step books something outside and says how it is undone; then the run rests at a form."""
    written = [
        f"""
  - id: {step}
    type: automatic
    action: {{type: http_request, url: "https://x.test/{step}"}}
    compensate: {{type: http_request, method: DELETE, url: "https://x.test/{step}/{{{{ steps.{step}.id }}}}"}}
    next: {after}"""
        for step, after in zip(steps, [*steps[1:], "form"], strict=True)
    ]
    return Story(
        "steps:" + "".join(written) + "\n  - {id: form, type: form, fields: [{name: a}], timeout_hours: 8}"
    ).starts()


def booked(*steps: str) -> Story:
    story = booking(*steps)
    for number, _ in enumerate(steps):
        story.reported(output={"id": number})
    assert story.resting_at == ["form"]
    return story


def undoing(story: Story) -> str:
    return str(story.job.action["url"])


def compensation(story: Story) -> Compensation:
    assert story.run.compensation is not None
    return story.run.compensation


def test_cancelling_ends_everything_that_is_open() -> None:
    story = Story("""
steps: [{id: form, type: form, fields: [{name: a}], timeout_hours: 8}]
""").starts()
    (timer,) = story.tables.timers.values()
    visit = story.step("form").id
    story.when(cancels(ROOT, "ordered twice"))
    assert story.status == "cancelled"
    assert story.run.completed_at == story.at
    assert story.said("run_cancelled")[0].detail == "Cancelled by Root: ordered twice"
    assert (story.visit("form").status, story.visit("form").outcome) == ("cancelled", None)
    assert (story.tables.inbox, story.tables.timers, story.tables.jobs) == ({}, {}, {})
    assert story.run.compensation is None
    assert story.refuses(fires(timer)).code == "stale_timer"
    for name in ("form", visit):
        assert story.refuses(submits(BO, name)).code == "not_running"


def test_what_has_ended_is_not_cancelled() -> None:
    story = Story("steps: [{id: rest, type: wait, for: {signal: go}}]").starts()
    story.when(signals("go"))
    assert story.refuses(cancels(ROOT)).code == "not_active"
    again = Story("steps: [{id: rest, type: wait, for: {signal: go}}]").starts().when(cancels(ROOT))
    assert again.refuses(cancels(ROOT)).code == "not_active"
    assert again.refuses(signals("go")).code == "not_running"


def test_what_was_done_is_undone_last_thing_first_one_at_a_time() -> None:
    story = booked("a", "b", "c").when(cancels(ROOT))
    assert story.status == "cancelled"
    seen, ids = [], set()
    for done in range(3):
        assert (compensation(story).state, compensation(story).done, compensation(story).total) == ("running", done, 3)
        seen.append(undoing(story))
        ids.add(story.job.id)
        story.reported(output={})
    assert seen == ["https://x.test/c/2", "https://x.test/b/1", "https://x.test/a/0"]
    assert len(ids) == 3
    assert (compensation(story).state, compensation(story).done) == ("completed", 3)
    assert story.said("compensation_completed")[0].detail == "Undid 3 of 3 steps"
    assert story.status == "cancelled"


def test_desk_actions_are_undone_at_once() -> None:
    story = Story("""
steps:
  - id: a
    type: automatic
    action: {type: set_status, status: in_progress}
    compensate: {type: set_status, status: open}
    next: rest
  - {id: rest, type: wait, for: {hours: 1}}
""").starts()
    story.when(cancels(ROOT))
    assert story.ticket_changes == [{"status": "in_progress"}, {"status": "open"}]
    assert compensation(story).state == "completed"


def test_a_visit_in_a_loop_is_undone_with_what_that_visit_gave() -> None:
    story = Story("""
steps:
  - id: a
    type: automatic
    action: {type: http_request, url: "https://x.test/a"}
    compensate: {type: http_request, method: DELETE, url: "https://x.test/a/{{ steps.a.id }}"}
    next: again
  - {id: again, type: wait, for: {signal: again}, next: a}
""").starts()
    story.reported(output={"id": 1}).when(signals("again")).reported(output={"id": 2}).when(cancels(ROOT))
    assert undoing(story) == "https://x.test/a/2"
    assert undoing(story.reported(output={})) == "https://x.test/a/1"


def test_a_failing_undoing_is_tried_again_and_then_shown_and_the_rest_goes_on() -> None:
    story = booked("a", "b").when(cancels(ROOT))
    first = story.job
    story.reported(error="busy", retry_after_s=600)
    assert (story.job.id, story.job.attempt) == (first.id, 2)
    assert story.job.due_at == story.at + timedelta(minutes=10)
    story.reported(error="busy").reported(error="broken")
    assert story.incidents == ["compensation_failed"]
    assert undoing(story) == "https://x.test/a/0"
    story.reported(output={})
    assert (compensation(story).state, compensation(story).done, compensation(story).failed) == ("failed", 1, 1)
    assert story.said("compensation_completed")[0].data == {"state": "failed"}


def test_a_permanent_failure_to_undo_is_not_tried_again() -> None:
    story = booked("a").when(cancels(ROOT)).reported(error="gone", permanent=True)
    assert compensation(story).state == "failed"
    assert story.tables.jobs == {}


def test_an_undoing_that_cannot_be_written_down_fails_alone() -> None:
    story = Story("""
steps:
  - id: a
    type: automatic
    action: {type: comment, text: a}
    compensate: {type: comment, text: "{{ 1 / 0 }}"}
    next: b
  - id: b
    type: automatic
    action: {type: comment, text: b}
    compensate: {type: comment, text: un-b}
    next: rest
  - {id: rest, type: wait, for: {hours: 1}}
""").starts()
    story.when(cancels(ROOT))
    assert story.comments == ["a", "b", "un-b"]
    assert (compensation(story).done, compensation(story).failed) == (1, 1)


def test_an_action_under_way_that_succeeds_after_all_is_undone_too() -> None:
    story = booking("a")
    job = story.job
    story.when(cancels(ROOT))
    assert story.run.compensation is None
    story.when(reports(job, output={"id": 9}))
    assert undoing(story) == "https://x.test/a/9"
    assert (compensation(story).state, compensation(story).total) == ("running", 1)
    assert compensation(story.reported(output={})).state == "completed"
    assert story.refuses(reports(job, output={"id": 9})).code == "stale_report"


def test_an_action_under_way_that_succeeds_while_others_are_undone_is_undone_next() -> None:
    story = booking("a", "b", "c")
    story.reported(output={"id": 0}).reported(output={"id": 1})
    job = story.job
    story.when(cancels(ROOT))
    assert undoing(story) == "https://x.test/b/1"
    story.when(reports(job, output={"id": 2}))
    seen = [undoing(story.reported(output={})), undoing(story.reported(output={}))]
    assert seen == ["https://x.test/c/2", "https://x.test/a/0"]
    story.reported(output={})
    assert (compensation(story).state, compensation(story).done, compensation(story).total) == ("completed", 3, 3)


def test_an_action_under_way_that_succeeds_after_the_rest_was_undone_is_undone_as_well() -> None:
    story = booking("a", "b")
    story.reported(output={"id": 0})
    job = story.job
    story.when(cancels(ROOT)).reported(output={})
    assert compensation(story).state == "completed"
    story.when(reports(job, output={"id": 1}))
    assert (compensation(story).state, compensation(story).done, compensation(story).total) == ("running", 1, 2)
    assert undoing(story) == "https://x.test/b/1"


def test_an_action_under_way_that_fails_needs_no_undoing() -> None:
    story = booking("a")
    job = story.job
    story.when(cancels(ROOT), reports(job, error="no"))
    assert story.run.compensation is None
    assert story.refuses(reports(job, error="no")).code == "stale_report"


def test_a_step_that_was_skipped_did_nothing_and_is_not_undone() -> None:
    story = booking("a").when(skips(ROOT, "a", "succeeded"), cancels(ROOT))
    assert story.run.compensation is None


def test_a_step_that_failed_is_not_undone() -> None:
    story = Story("""
steps:
  - id: a
    type: automatic
    action: {type: http_request, url: "https://x.test/a"}
    compensate: {type: comment, text: undone}
    next: {failed: rest}
  - {id: rest, type: wait, for: {hours: 1}}
""").starts()
    story.reported(error="no", permanent=True).when(cancels(ROOT))
    assert story.comments == []


@pytest.mark.parametrize("ended", ["completed", "failed"])
def test_only_cancelling_undoes(ended: str) -> None:
    outcomes: dict[str, dict[str, Any]] = {
        "completed": {"output": {}},
        "failed": {"error": "no", "permanent": True},
    }
    story = Story("""
steps:
  - {id: a, type: automatic, action: {type: comment, text: a}, compensate: {type: comment, text: un-a}, next: b}
  - {id: b, type: automatic, action: {type: http_request, url: "https://x.test/b"}}
""").starts()
    story.reported(**outcomes[ended])
    assert story.status == ended
    assert story.comments == ["a"]
    assert story.run.compensation is None
