"""Pausing holds everything where it is, and resuming goes on from there, with what came meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    MAX,
    MONDAY_NINE,
    ROOT,
    RUN,
    TENANT,
    Story,
    approves,
    cancels,
    claims,
    fires,
    overrides,
    pauses,
    reassigns,
    releases,
    reports,
    resumes,
    signals,
    skips,
    submits,
)
from wayline.core import commands
from wayline.core.decide import new_run
from wayline.core.recovery import MAX_HELD, allowed, runner_of
from wayline.core.run import HeldCommand

FORM = """
steps:
  - {id: ask, type: form, assignee: {group: service-desk}, fields: [{name: why, type: text}], timeout_hours: 8,
     on_timeout: {then: wait, repeat_hours: 2}}
"""
VOTE = """
steps:
  - {id: decide, type: approval, approvers: [{user: max}, {user: bo}], rule: all, reminder_hours: 4, timeout_hours: 24}
"""
CALL = """
steps:
  - {id: call, type: automatic, action: {type: http_request, url: "https://x.test"}, retry: {max_attempts: 3},
     next: {succeeded: then, failed: mend}}
  - {id: then, type: form, fields: [{name: a}]}
  - {id: mend, type: form, fields: [{name: a}]}
"""
CALLED_BACK = "steps: [{id: vendor, type: wait, for: {callback: true}}]"
SIGNALLED = """
steps:
  - {id: first, type: wait, for: {signal: go}, next: second}
  - {id: second, type: wait, for: {signal: stop}}
"""


def rests(wait: str) -> Story:
    return Story(f"steps: [{{id: rest, type: wait, for: {{{wait}}}}}]").starts()


def called_back(story: Story, body: Any) -> commands.Command:
    visit = story.step("vendor").id
    return commands.CompleteCallback(tenant_id=TENANT, run_id=RUN, activation_id=visit, body=body)


# -- what people may do ----------------------------------------------------------------------------


def test_a_paused_run_says_so_and_by_whom() -> None:
    story = Story(FORM).starts().when(pauses(ROOT, "the vendor is on strike"))
    assert (story.status, story.resting_at) == ("paused", ["ask"])
    assert story.said("run_paused")[0].detail == "Paused by Root: the vendor is on strike"
    assert story.run.paused_at == MONDAY_NINE


def test_nobody_works_on_a_paused_run() -> None:
    story = Story(FORM).starts().when(claims(BO, "ask"), pauses(ROOT))
    asked = [
        submits(BO, "ask", why="x"),
        submits(ROOT, story.step("ask").id, why="x"),
        claims(CY, "ask"),
        releases(BO, "ask"),
        reassigns(ROOT, "ask", user="cy"),
        skips(ROOT, "ask", "submitted"),
    ]
    for command in asked:
        refusal = story.refuses(command)
        assert (refusal.kind, refusal.code) == ("conflict", "run_paused")
        assert refusal.details == {"state": "paused", "allowed": ["resume", "cancel", "rollback"]}


def test_nobody_votes_on_a_paused_run_in_whatever_way() -> None:
    story = Story(VOTE).starts().when(pauses(ROOT))
    by_signal = signals("approval_received", {"approved_by": "max", "decision": "approve"}, who=MAX)
    for command in (approves(MAX, "decide"), overrides(ROOT, "decide", "approve"), by_signal):
        assert story.refuses(command).code == "run_paused"
    assert story.run.held == []


def test_a_step_there_is_none_of_is_not_found_in_a_paused_run_either() -> None:
    story = Story(FORM).starts().when(pauses(ROOT))
    assert story.refuses(submits(BO, "elsewhere", why="x")).kind == "not_found"


def test_votes_claims_and_offers_are_kept() -> None:
    story = Story(VOTE).starts().when(approves(MAX, "decide"))
    offered = story.offered("decide")
    story.when(pauses(ROOT)).later(days=3).when(resumes(ROOT))
    assert [v.voter for v in story.step("decide").votes] == ["max"]
    assert story.offered("decide") == offered == ("bo",)
    assert story.when(approves(BO, "decide")).status == "completed"


# -- clocks ----------------------------------------------------------------------------------------


def test_what_is_left_of_a_deadline_is_left_after_the_pause() -> None:
    story = Story(FORM).starts()
    due_at = story.step("ask").due_at
    assert due_at == MONDAY_NINE + timedelta(hours=8)
    story.later(hours=3).when(pauses(ROOT))
    assert (story.step("ask").due_at, story.tables.timers) == (None, {})
    story.later(days=2).when(resumes(ROOT))
    assert story.step("ask").due_at == due_at + timedelta(days=2)
    assert [t.due_at for t in story.tables.timers.values()] == [due_at + timedelta(days=2)]
    story.later(hours=4.9)
    assert story.step("ask").status == "active"
    story.later(hours=0.2)
    assert story.step("ask").status == "timed_out"


def test_the_work_item_has_the_deadline_of_its_step() -> None:
    story = Story(FORM).starts()

    def due_in_the_inbox() -> Any:
        (item,) = story.tables.inbox.values()
        return item.due_at

    story.when(pauses(ROOT))
    assert due_in_the_inbox() is None
    story.later(hours=1).when(resumes(ROOT))
    assert due_in_the_inbox() == story.step("ask").due_at == MONDAY_NINE + timedelta(hours=9)


def test_business_time_is_kept_as_business_time() -> None:
    story = Story("""
steps:
  - {id: ask, type: form, fields: [{name: a}], timeout_hours: 4, calendar: office-hours}
""").starts()
    story.later(hours=2).when(pauses(ROOT))
    story.later(hours=12)
    assert story.at.hour == 23
    story.when(resumes(ROOT))
    assert story.step("ask").due_at == MONDAY_NINE + timedelta(days=1, hours=2)


@pytest.mark.parametrize(("wait", "left"), [("hours: 10", 7.0), ("business_hours: 10", 7.0)])
def test_a_wait_goes_on_with_what_was_left_of_it(wait: str, left: float) -> None:
    story = rests(wait).later(hours=3).when(pauses(ROOT))
    (stopped,) = story.step("rest").stopped
    assert stopped.left_s == left * 3600
    story.later(days=30)
    assert story.status == "paused"
    story.when(resumes(ROOT)).later(hours=left - 0.1)
    assert story.status == "running"
    assert story.later(days=1).status == "completed"


def test_an_instant_is_not_moved() -> None:
    story = rests("until: 2026-03-03T09:00:00Z").when(pauses(ROOT))
    assert story.step("rest").due_at == MONDAY_NINE + timedelta(days=1)
    story.later(hours=3).when(resumes(ROOT))
    (timer,) = story.tables.timers.values()
    assert timer.due_at == MONDAY_NINE + timedelta(days=1)


def test_an_instant_that_passed_during_the_pause_brings_the_run_on_as_it_is_resumed() -> None:
    story = rests("until: 2026-03-03T09:00:00Z").when(pauses(ROOT)).later(days=5)
    assert story.status == "paused"
    story.when(resumes(ROOT))
    assert story.status == "running"
    assert story.later(hours=0).status == "completed"


def test_reminders_and_escalations_stand_still_too() -> None:
    story = Story(VOTE).starts().later(hours=3).when(pauses(ROOT)).later(days=1).when(resumes(ROOT))
    story.later(hours=0.9)
    assert story.said("reminder_sent") == []
    story.later(hours=0.2)
    assert len(story.said("reminder_sent")) == 1

    late = Story(FORM).starts().later(hours=9)
    assert len(late.said("step_escalated")) == 1
    late.when(pauses(ROOT)).later(days=1).when(resumes(ROOT)).later(hours=0.9)
    assert len(late.said("step_escalated")) == 1
    late.later(hours=0.2)
    assert len(late.said("step_escalated")) == 2


def test_a_step_that_was_overdue_stays_overdue() -> None:
    story = Story(FORM).starts().later(hours=9)
    due_at = story.step("ask").due_at
    story.when(pauses(ROOT), resumes(ROOT))
    assert (story.step("ask").status, story.step("ask").due_at) == ("timed_out", due_at)


def test_a_timer_that_was_due_when_the_run_was_paused_is_due_when_it_goes_on() -> None:
    story = Story(FORM).starts()
    (timer,) = story.tables.timers.values()
    story.at = timer.due_at + timedelta(minutes=5)
    story.when(pauses(ROOT))
    assert story.refuses(fires(timer)).code == "stale_timer"
    assert story.step("ask").status == "active"
    story.when(resumes(ROOT)).later(hours=0)
    assert story.step("ask").status == "timed_out"


def test_pausing_again_and_again_wears_nothing_off() -> None:
    story = Story(FORM).starts()
    for _ in range(5):
        story.later(hours=1).when(pauses(ROOT)).later(hours=7).when(resumes(ROOT))
    assert story.step("ask").due_at == story.at + timedelta(hours=3)


# -- jobs ------------------------------------------------------------------------------------------


def test_a_job_that_waits_is_held_and_done_under_the_same_id_later() -> None:
    story = Story(CALL).starts()
    job = story.job.id
    story.when(pauses(ROOT))
    assert (story.tables.held_jobs, story.job.id) == ({job}, job)
    story.later(hours=1).when(resumes(ROOT))
    assert (story.tables.held_jobs, story.job.id, story.job.due_at) == (set(), job, story.at)
    assert story.reported(output={}).resting_at == ["then"]


def test_the_outcome_of_a_job_that_was_being_done_is_kept_and_counts_when_the_run_goes_on() -> None:
    story = Story(CALL).starts().when(pauses(ROOT)).reported(output={"id": 7})
    assert (story.status, story.resting_at, story.run.outputs) == ("paused", ["call"], {})
    story.later(days=1).when(resumes(ROOT))
    assert story.resting_at == ["then"]
    assert story.run.outputs["call"]["id"] == 7
    assert (story.tables.jobs, story.run.held) == ({}, [])


def test_a_job_is_never_done_twice_for_having_ended_during_a_pause() -> None:
    story = Story(CALL).starts()
    job = story.job
    story.when(pauses(ROOT)).reported(output={"id": 7})
    assert story.refuses(reports(job, output={"id": 8})).code == "stale_report"
    story.when(resumes(ROOT))
    assert story.tables.jobs == {}
    assert story.refuses(reports(job, output={"id": 8})).code == "stale_report"
    assert story.run.outputs["call"]["id"] == 7


def test_a_failure_during_a_pause_is_tried_again_after_it() -> None:
    story = Story(CALL).starts()
    job = story.job.id
    story.when(pauses(ROOT)).reported(error="busy").later(days=1).when(resumes(ROOT))
    assert (story.job.id, story.job.attempt) == (job, 2)
    assert story.job.due_at > story.at
    assert story.reported(output={}).resting_at == ["then"]


def test_a_job_that_is_to_be_tried_again_later_is_not_hurried_by_a_pause() -> None:
    story = Story(CALL).starts().reported(error="busy", retry_after_s=3600)
    wanted_at = story.job.due_at
    story.when(pauses(ROOT)).later(hours=0.5).when(resumes(ROOT))
    assert story.job.due_at == wanted_at
    story.when(pauses(ROOT)).later(hours=5).when(resumes(ROOT))
    assert story.job.due_at == story.at


def test_a_permanent_failure_during_a_pause_leads_on_after_it() -> None:
    story = Story(CALL).starts().when(pauses(ROOT)).reported(error="gone", permanent=True)
    assert story.status == "paused"
    assert story.when(resumes(ROOT)).resting_at == ["mend"]


# -- what comes from outside -----------------------------------------------------------------------


def test_signals_are_kept_and_taken_in_the_order_they_came() -> None:
    story = Story(SIGNALLED).starts().when(pauses(ROOT))
    story.when(signals("stop", {"n": 1}), signals("go", {"n": 2}), signals("other"))
    assert (story.status, story.resting_at) == ("paused", ["first"])
    story.when(resumes(ROOT))
    assert story.status == "completed"
    assert [story.run.outputs[s]["n"] for s in ("first", "second")] == [2, 1]
    assert [s.name for s in story.run.signals] == []
    assert story.run.held == []


def test_a_signal_nobody_waits_for_is_buffered_as_it_would_have_been() -> None:
    story = Story(FORM).starts().when(pauses(ROOT), signals("later"), resumes(ROOT))
    assert [s.name for s in story.run.signals] == ["later"]


def test_what_comes_is_told_as_it_comes_and_as_it_is_taken() -> None:
    story = Story(SIGNALLED).starts().when(pauses(ROOT), signals("go"))
    assert [e.detail for e in story.said("held_until_resume")] == ["Signal go; it takes effect when the run goes on"]
    assert story.said("signal_received") == []
    story.when(resumes(ROOT))
    assert [e.detail for e in story.said("signal_received")] == ["Signal go"]


def test_a_callback_is_taken_once_though_the_run_is_paused() -> None:
    story = Story(CALLED_BACK).starts().when(pauses(ROOT))
    story.when(called_back(story, {"price": 3}))
    assert story.refuses(called_back(story, {"price": 4})).code == "already_received"
    story.when(resumes(ROOT))
    assert story.status == "completed"
    assert story.run.outputs["vendor"]["price"] == 3


def test_only_so_much_is_kept() -> None:
    story = Story(FORM).starts().when(pauses(ROOT))
    for _ in range(MAX_HELD):
        story.run.held = [*story.run.held, HeldCommand("SendSignal", {"name": "go"})]
    assert story.refuses(signals("one more")).code == "too_many_held"


def test_a_payload_has_its_bound_in_a_paused_run_too() -> None:
    story = Story(FORM).starts().when(pauses(ROOT))
    assert story.refuses(signals("huge", "x" * 300_000)).code == "payload_too_large"


def test_there_is_always_room_for_the_outcome_of_a_job() -> None:
    story = Story(CALL).starts().when(pauses(ROOT))
    for _ in range(6):
        story.when(signals("big", "x" * 200_000))
    assert story.refuses(signals("one more")).code == "too_many_held"
    assert story.reported(output={}).when(resumes(ROOT)).resting_at == ["then"]


def test_what_cannot_be_taken_after_all_is_told_and_stops_nothing() -> None:
    story = Story(FORM).starts().when(pauses(ROOT))
    for _ in range(6):
        story.when(signals("big", "x" * 200_000))
    story.when(resumes(ROOT))
    refused = [e for e in story.said("held_until_resume") if "not taken" in e.detail]
    assert len(refused) == 1
    assert len(story.run.signals) == 5
    assert story.when(submits(BO, "ask", why="x")).status == "completed"


# -- what else -------------------------------------------------------------------------------------


def test_a_paused_run_can_be_cancelled_and_undoes_what_it_did_meanwhile_too() -> None:
    story = Story("""
steps:
  - id: book
    type: automatic
    action: {type: http_request, url: "https://x.test"}
    compensate: {type: http_request, method: DELETE, url: "https://x.test/{{ steps.book.id }}"}
""").starts()
    story.when(pauses(ROOT)).reported(output={"id": 9}).when(cancels(ROOT))
    assert story.status == "cancelled"
    assert story.job.action["url"] == "https://x.test/9"
    assert (story.run.held, story.run.paused_at) == ([], None)
    story.reported(output={})
    assert story.run.compensation is not None
    assert (story.run.compensation.done, story.run.compensation.total) == (1, 1)


def test_only_a_live_run_is_paused_and_only_a_paused_one_resumed() -> None:
    story = Story(FORM).starts()
    assert story.refuses(resumes(ROOT)).details == {"state": "running", "allowed": ["pause", "cancel", "rollback"]}
    story.when(pauses(ROOT))
    refusal = story.refuses(pauses(ROOT))
    assert refusal.kind == "conflict"
    assert refusal.message == ("The run is paused and cannot be paused; it can be resumed, cancelled or rolled back.")
    story.when(resumes(ROOT), submits(BO, "ask", why="x"))
    for command in (pauses(ROOT), resumes(ROOT)):
        assert story.refuses(command).details == {"state": "completed", "allowed": ["rollback"]}


def test_what_drives_a_run_sleeps_while_it_is_paused() -> None:
    story = Story(FORM).starts().later(hours=1)
    assert (runner_of(story.run).state, runner_of(story.run).heartbeat_at) == ("active", MONDAY_NINE)
    story.when(pauses(ROOT)).later(hours=1)
    runner = runner_of(story.run)
    assert (runner.state, runner.heartbeat_at) == ("hibernating", MONDAY_NINE + timedelta(hours=1))
    story.when(resumes(ROOT))
    assert (runner_of(story.run).state, runner_of(story.run).heartbeat_at) == ("active", story.at)


def test_a_run_that_is_to_begin_later_can_be_paused_before_it_does() -> None:
    story = Story(FORM)
    kept = commands.StartRun(tenant_id=TENANT, run_id=RUN, template_id=RUN, begin_at=MONDAY_NINE + timedelta(days=1))
    story.run = new_run(story.graph, kept, version=1, at=story.at, owner_id="ana")
    story.when(kept)
    assert allowed(story.run) == ("pause", "cancel")
    story.when(pauses(ROOT))
    assert story.tables.timers == {}
    story.later(days=2)
    assert story.status == "paused"
    story.when(resumes(ROOT))
    assert story.status == "pending"
    assert story.later(hours=0).status == "running"
    assert story.resting_at == ["ask"]


def test_who_may_act_is_as_it_was_when_the_run_goes_on() -> None:
    story = Story(FORM).starts().when(claims(BO, "ask"), pauses(ROOT), resumes(ROOT))
    for who in (ANA, CY, EVE, DEE):
        assert story.refuses(submits(who, "ask", why="x")).code == "not_yours"
    assert story.when(submits(BO, "ask", why="x")).status == "completed"
