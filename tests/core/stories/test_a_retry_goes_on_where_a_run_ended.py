"""A retry has a run go on where it ended: at the step it failed at, or where it was when it was cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.stories.desk import (
    BO,
    CY,
    MAX,
    MONDAY_NINE,
    ROOT,
    RUN,
    TENANT,
    Story,
    approves,
    cancels,
    claims,
    pauses,
    rejects,
    reports,
    resumes,
    retries,
    rolls_back,
    signals,
    skips,
    submits,
)
from wayline.core import commands
from wayline.core.decide import new_run
from wayline.core.graph import without_steps
from wayline.core.recovery import allowed

CALL = """
steps:
  - {id: ask, type: form, fields: [{name: n, type: number}], next: call}
  - {id: call, type: automatic, action: {type: http_request, url: "https://x.test/{{ n }}"}, retry: {max_attempts: 2},
     next: then}
  - {id: then, type: form, fields: [{name: a}]}
"""
VOTE = "steps: [{id: decide, type: approval, approvers: [{user: max}, {user: bo}], rule: all}]"
FORM = """
steps:
  - {id: ask, type: form, assignee: {group: service-desk}, fields: [{name: why}], timeout_hours: 8}
"""


def failed_call() -> Story:
    story = Story(CALL).starts().when(submits(ROOT, "ask", n=3))
    return story.reported(error="busy").reported(error="busy")


def booked(*steps: str, at_the_end: str = "{id: form, type: form, fields: [{name: a}]}") -> Story:
    """Each step has booked something, and says how it is undone; the run rests at the last step."""
    written = "".join(
        f"""
  - id: {step}
    type: automatic
    action: {{type: http_request, url: "https://x.test/{step}"}}
    compensate: {{type: http_request, method: DELETE, url: "https://x.test/{step}/{{{{ steps.{step}.id }}}}"}}
    next: {after}"""
        for step, after in zip(steps, [*steps[1:], "form"], strict=True)
    )
    story = Story(f"steps:{written}\n  - {at_the_end}").starts()
    for number, _ in enumerate(steps):
        story.reported(output={"id": number})
    return story


def begun(story: Story, **said: Any) -> Story:
    """The run begins as the command says."""
    command = commands.StartRun(tenant_id=TENANT, run_id=RUN, template_id=RUN, **said)
    story.run = new_run(story.graph, command, version=1, at=story.at, owner_id="ana")
    return story.when(command)


def undone(story: Story) -> Story:
    """Everything that is to be undone has been."""
    while story.tables.jobs:
        story.reported(output={})
    return story


# -- after a failure -------------------------------------------------------------------------------


def test_a_failed_run_goes_on_from_the_step_it_failed_at() -> None:
    story = failed_call()
    assert (story.status, story.run.failure is not None) == ("failed", True)
    first = story.visit("call").id
    story.when(retries(ROOT))
    assert (story.status, story.resting_at, story.run.failure) == ("running", ["call"], None)
    assert story.run.completed_at is None
    assert story.step("call").id != first
    assert (story.job.attempt, story.job.action["url"]) == (1, "https://x.test/3")
    assert story.said("run_retried")[0].detail == "Retried by Root from call"
    assert story.reported(output={}).resting_at == ["then"]


def test_the_history_of_the_attempts_is_kept() -> None:
    story = failed_call().when(retries(ROOT)).reported(output={})
    assert [(v.step_id, v.status) for v in story.tables.visits] == [
        ("ask", "completed"),
        ("call", "failed"),
        ("call", "completed"),
    ]
    assert len(story.said("action_retried")) == 1


def test_a_retry_may_fail_and_be_retried_again() -> None:
    story = failed_call()
    for _ in range(3):
        story.when(retries(ROOT)).reported(error="gone", permanent=True)
        assert story.status == "failed"
    assert story.when(retries(ROOT)).reported(output={}).resting_at == ["then"]


def test_what_the_first_try_reports_late_finds_nobody() -> None:
    story = Story(CALL).starts().when(submits(ROOT, "ask", n=3))
    job = story.job
    story.when(skips(ROOT, "call", "failed"))
    assert story.status == "failed"
    story.when(retries(ROOT))
    assert story.job.id != job.id
    assert story.refuses(reports(job, output={})).code == "stale_report"
    assert story.resting_at == ["call"]


def test_a_rejected_run_asks_again() -> None:
    story = Story(VOTE).starts().when(approves(MAX, "decide"), rejects(BO, "decide"))
    assert story.run.failure is not None
    assert story.run.failure.reason == "approval_rejected"
    story.when(retries(ROOT))
    assert (story.resting_at, story.step("decide").votes) == (["decide"], [])
    assert set(story.offered("decide")) == {"max", "bo"}
    assert story.when(approves(MAX, "decide"), approves(BO, "decide")).status == "completed"


def test_a_step_that_failed_for_time_has_its_whole_time_again() -> None:
    story = (
        Story("""
steps: [{id: ask, type: form, fields: [{name: a}], timeout_hours: 8, on_timeout: {then: fail}}]
""")
        .starts()
        .later(hours=9)
    )
    assert story.status == "failed"
    story.when(retries(ROOT))
    assert story.step("ask").due_at == story.at + timedelta(hours=8)


# -- after a cancel --------------------------------------------------------------------------------


def test_a_cancelled_run_has_open_again_what_was_open() -> None:
    story = Story(FORM).starts().when(claims(BO, "ask")).later(hours=3).when(cancels(ROOT)).later(days=1)
    first = story.visit("ask").id
    story.when(retries(ROOT))
    assert (story.status, story.resting_at) == ("running", ["ask"])
    reopened = story.step("ask")
    assert (reopened.claimed_by, reopened.due_at) == ("bo", story.at + timedelta(hours=5))
    assert reopened.id != first
    assert story.offered("ask") == ("bo",)
    assert story.told("work_offered")[-1] == ("bo",)
    assert story.refuses(submits(CY, "ask", why="x")).code == "not_yours"
    assert story.refuses(submits(BO, first, why="x")).code == "step_withdrawn"
    assert story.when(submits(BO, "ask", why="x")).status == "completed"


def test_votes_cast_before_a_cancel_still_count() -> None:
    story = Story(VOTE).starts().when(approves(MAX, "decide"), cancels(ROOT), retries(ROOT))
    assert story.offered("decide") == ("bo",)
    assert story.when(approves(BO, "decide")).status == "completed"


@pytest.mark.parametrize("wait", ["hours: 4", "signal: go"])
def test_a_wait_rests_on_after_a_cancel_was_taken_back(wait: str) -> None:
    story = Story(f"steps: [{{id: rest, type: wait, for: {{{wait}}}}}]").starts()
    story.later(hours=1).when(cancels(ROOT), retries(ROOT))
    assert story.resting_at == ["rest"]
    assert [t.due_at for t in story.tables.timers.values()] == ([story.at + timedelta(hours=3)] if "4" in wait else [])
    story.when(signals("go")).later(hours=3)
    assert story.status == "completed"


def test_an_action_that_was_under_way_at_the_cancel_is_done_anew() -> None:
    story = Story(CALL).starts().when(submits(ROOT, "ask", n=1))
    job = story.job.id
    story.when(cancels(ROOT))
    assert story.tables.jobs == {}
    story.when(retries(ROOT))
    assert (story.job.id != job, story.job.attempt) == (True, 1)
    assert story.reported(output={}).resting_at == ["then"]


def test_what_was_undone_is_done_again_before_what_was_open_is_open_again() -> None:
    story = undone(booked("a", "b").when(cancels(ROOT)))
    assert story.run.compensation is not None
    assert story.run.compensation.state == "completed"
    story.when(retries(ROOT))
    assert story.resting_at == ["a"]
    assert story.job.action["url"] == "https://x.test/a"
    story.reported(output={"id": 10})
    assert story.resting_at == ["b"]
    story.reported(output={"id": 11})
    assert story.resting_at == ["form"]
    assert (story.run.outputs["a"]["id"], story.run.outputs["b"]["id"]) == (10, 11)
    assert story.run.compensation is None


def test_what_is_done_again_is_undone_again() -> None:
    story = undone(booked("a", "b").when(cancels(ROOT))).when(retries(ROOT))
    story.reported(output={"id": 10}).when(cancels(ROOT))
    assert story.job.action["url"] == "https://x.test/a/10"
    undone(story).when(retries(ROOT))
    assert story.resting_at == ["a"]
    story.reported(output={"id": 20}).reported(output={"id": 21})
    assert story.resting_at == ["form"]
    story.when(cancels(ROOT))
    assert story.job.action["url"] == "https://x.test/b/21"


def test_doing_again_may_fail_and_is_then_retried_from_there() -> None:
    story = undone(booked("a", "b").when(cancels(ROOT))).when(retries(ROOT)).reported(output={"id": 10})
    story.reported(error="gone", permanent=True)
    assert (story.status, story.run.redo) == ("failed", ["b"])
    story.when(retries(ROOT))
    assert story.resting_at == ["b"]
    story.reported(output={"id": 11})
    assert story.resting_at == ["form"]


def test_what_could_not_be_undone_is_not_done_twice() -> None:
    story = booked("a", "b").when(cancels(ROOT)).reported(error="gone", permanent=True).reported(output={})
    story.when(retries(ROOT))
    assert story.run.redo == ["a"]
    assert story.reported(output={"id": 10}).resting_at == ["form"]


def test_an_action_that_had_effect_after_the_cancel_is_undone_and_done_once_again() -> None:
    story = booked(
        "a",
        at_the_end="""id: form
    type: automatic
    action: {type: http_request, url: "https://x.test/form"}
    compensate: {type: http_request, method: DELETE, url: "https://x.test/form"}
""",
    )
    in_flight = story.job
    story.when(cancels(ROOT))
    story.when(reports(in_flight, output={"id": 5}))
    undone(story)
    assert story.run.compensation is not None
    assert story.run.compensation.total == 2
    story.when(retries(ROOT))
    assert (story.resting_at, story.run.redo) == (["a"], ["a"])
    assert story.reported(output={"id": 10}).resting_at == ["form"]


def test_nothing_is_retried_while_it_is_being_undone() -> None:
    story = booked("a").when(cancels(ROOT))
    refusal = story.refuses(retries(ROOT))
    assert (refusal.kind, refusal.code) == ("conflict", "compensating")
    assert refusal.details == {"state": "cancelled", "allowed": []}
    assert allowed(undone(story).run) == ("retry",)


def test_a_run_cancelled_right_after_a_failure_goes_on_from_the_failure() -> None:
    template = """
steps:
  - {id: call, type: automatic, action: {type: http_request, url: "https://x.test"}, retry: {max_attempts: 1},
     next: {succeeded: done, failed: mend}}
  - {id: mend, type: form, fields: [{name: a}], next: more}
  - {id: more, type: form, fields: [{name: a}]}
  - {id: done, type: form, fields: [{name: a}]}
"""
    story = Story(template).starts().reported(error="busy")
    assert story.resting_at == ["mend"]
    story.when(cancels(ROOT), retries(ROOT))
    assert story.resting_at == ["call"]

    overcome = Story(template).starts().reported(error="busy").when(submits(ROOT, "mend", a="x"))
    overcome.when(cancels(ROOT), retries(ROOT))
    assert overcome.resting_at == ["more"]


def test_a_run_cancelled_while_paused_is_retried_from_where_it_rested() -> None:
    story = Story(FORM).starts().later(hours=2).when(pauses(ROOT)).later(days=1).when(cancels(ROOT), retries(ROOT))
    assert story.step("ask").due_at == story.at + timedelta(hours=6)


def test_a_run_that_was_cancelled_and_taken_back_can_be_paused_and_cancelled_again() -> None:
    story = Story(FORM).starts().when(cancels(ROOT), retries(ROOT), pauses(ROOT), resumes(ROOT), cancels(ROOT))
    story.when(retries(ROOT))
    assert story.resting_at == ["ask"]
    assert story.step("ask").due_at == MONDAY_NINE + timedelta(hours=8)
    assert len(story.tables.timers) == 1


def test_a_run_that_was_cancelled_before_it_began_is_kept_for_its_instant_again() -> None:
    story = begun(Story(FORM), begin_at=MONDAY_NINE + timedelta(days=1)).when(cancels(ROOT))
    assert story.tables.timers == {}
    story.when(retries(ROOT))
    assert (story.status, story.run.completed_at) == ("pending", None)
    assert story.later(days=1).resting_at == ["ask"]


def test_a_run_without_steps_can_be_held_failed_retried_and_taken_back() -> None:
    story = Story(FORM)
    story.graph = without_steps("A talk")
    begun(story).when(pauses(ROOT), signals("fail", "no"))
    assert story.status == "paused"
    story.when(resumes(ROOT))
    assert story.run.failure is not None
    assert story.run.failure.message == "no"
    story.when(retries(ROOT))
    assert (story.status, story.run.failure) == ("running", None)
    story.when(rolls_back(ROOT, 0), resumes(ROOT), signals("complete", {"n": 1}))
    assert (story.status, story.run.result) == ("completed", {"n": 1})
    assert story.when(rolls_back(ROOT, 0)).run.result is None


@pytest.mark.parametrize("state", ["running", "paused", "completed"])
def test_only_what_failed_or_was_cancelled_is_retried(state: str) -> None:
    story = Story(FORM).starts()
    if state == "paused":
        story.when(pauses(ROOT))
    if state == "completed":
        story.when(submits(BO, "ask", why="x"))
    refusal = story.refuses(retries(ROOT))
    assert refusal.details["state"] == state
    assert "retry" not in refusal.details["allowed"]


def test_snapshots_hold_what_was_done_again() -> None:
    story = undone(booked("a").when(cancels(ROOT))).when(retries(ROOT)).reported(output={"id": 10})
    story.when(submits(ROOT, "form", a="x"))
    story.when(rolls_back(ROOT, story.run.snapshot))
    assert story.run.outputs["a"]["id"] == 10
