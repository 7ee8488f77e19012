"""When a step's time is up it is marked, people are told, and then it waits on, goes on, or fails, as the step says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    MAX,
    OFFICE_HOURS,
    ROOT,
    Story,
    approves,
    away,
    claims,
    people,
    reassigns,
    submits,
)
from wayline.core.business_time import between


def timed(properties: str, *, assignee: str = "{group: service-desk}", **more: Any) -> Story:
    return Story(
        f"""
steps:
  - id: form
    type: form
    name: The form
    assignee: {assignee}
    fields: [{{name: a}}]
    timeout_hours: 8
    {properties}
    next: {{submitted: done, timed_out: late, failed: sorry}}
  - {{id: done, type: automatic, action: {{type: comment, text: done}}}}
  - {{id: late, type: automatic, action: {{type: comment, text: late}}}}
  - {{id: sorry, type: automatic, action: {{type: comment, text: "{{{{ steps.form.error }}}}"}}}}
""",
        **more,
    ).starts()


def test_a_step_in_time_is_never_marked() -> None:
    story = timed("").later(hours=7.9).when(submits(BO, "form")).later(hours=24)
    assert story.said("step_timed_out") == []
    assert "late_s" not in story.visit("form").detail


def test_without_any_rule_the_groups_leads_are_told_and_the_step_waits_on() -> None:
    story = timed("").later(hours=8)
    assert story.step("form").status == "timed_out"
    assert story.told("step_overdue") == [("dee",)]
    assert story.offered("form") == ("g-desk",)
    assert [e.event for e in story.events[-3:]] == ["timer_fired", "step_timed_out", "step_escalated"]
    assert story.tables.timers == {}


def test_without_leads_the_admins_are_told() -> None:
    assert timed("", assignee="{group: network}").later(hours=8).told("step_overdue") == [("root",)]
    assert timed("", assignee="{user: bo}").later(hours=8).told("step_overdue") == [("root",)]
    assert timed("", known=people(inactive=[DEE])).later(hours=8).told("step_overdue") == [("root",)]


def test_a_late_step_is_still_completed_and_says_how_late() -> None:
    story = timed("").later(hours=9.5).when(submits(BO, "form", a="x"))
    assert story.path[0] == ("form", "submitted")
    assert story.said("step_completed")[0].data["late_s"] == 1.5 * 3600
    assert story.visit("form").detail["late_s"] == 1.5 * 3600
    assert story.visit("form").status == "completed"


def test_a_late_vote_says_how_late() -> None:
    story = Story("steps: [{id: boss, type: approval, approvers: [{user: bo}], timeout_hours: 1}]").starts()
    story.later(hours=3).when(approves(BO, "boss"))
    assert story.visit("boss").detail["late_s"] == 2 * 3600


def test_who_is_to_be_told_is_told_each_once() -> None:
    story = timed("on_timeout: {escalate_to: {user: max}, notify: [{requester: true}, {user: max}]}").later(hours=8)
    assert story.told("step_overdue") == [("max", "ana")]
    assert story.offered("form") == ("g-desk",)
    assert story.said("step_escalated")[0].data == {"told": ["max", "ana"], "times": 1}


def test_escalating_to_nobody_falls_back_on_the_leads() -> None:
    assert timed("on_timeout: {escalate_to: {group: empty}}").later(hours=8).told("step_overdue") == [("dee",)]


def test_the_work_is_handed_on_when_the_step_says_so() -> None:
    story = timed("on_timeout: {escalate_to: {user: max}, reassign: true}").later(hours=8)
    assert story.offered("form") == ("max",)
    assert story.refuses(submits(BO, "form")).code == "not_yours"
    assert story.when(submits(MAX, "form")).path[0] == ("form", "submitted")


def test_handing_on_takes_the_work_from_who_has_claimed_it() -> None:
    story = timed("on_timeout: {escalate_to: {group: network}, reassign: true}").when(claims(BO, "form")).later(hours=8)
    assert story.offered("form") == ("g-net",)
    assert story.step("form").claimed_by is None


def test_handing_on_by_turns_gives_it_to_the_one_person_who_was_told() -> None:
    story = timed("on_timeout: {escalate_to: {group: board, strategy: round_robin}, reassign: true}").later(hours=8)
    assert story.told("step_overdue") == [story.offered("form")] == [("bo",)]
    assert story.tables.counters == {"rotation:g-board": 1}


def test_handing_on_to_nobody_leaves_the_work_where_it_is_and_is_an_incident() -> None:
    story = timed("on_timeout: {escalate_to: {user: gone}, reassign: true}").when(claims(BO, "form")).later(hours=8)
    assert story.incidents == ["nobody_to_escalate_to"]
    assert story.offered("form") == ("bo",)
    assert story.when(submits(BO, "form")).path[0] == ("form", "submitted")


def test_an_overdue_approval_is_handed_on_and_votes_already_cast_stay() -> None:
    story = Story("""
steps:
  - id: boss
    type: approval
    approvers: [{user: bo}, {user: cy}]
    timeout_hours: 8
    on_timeout: {escalate_to: {user: eve}, reassign: true}
""").starts()
    story.when(approves(BO, "boss")).later(hours=8)
    assert story.offered("boss") == ("eve",)
    assert story.when(approves(EVE, "boss")).status == "completed"


def test_an_overdue_approval_is_never_handed_on_to_whose_request_it_is() -> None:
    story = Story("""
steps:
  - id: boss
    type: approval
    approvers: [{user: bo}]
    timeout_hours: 8
    on_timeout: {escalate_to: {user: ana}, reassign: true}
""").starts()
    story.later(hours=8)
    assert story.offered("boss") == ("bo",)
    assert story.incidents == ["nobody_to_escalate_to"]
    assert story.refuses(approves(ANA, "boss")).code == "not_a_voter"


def test_escalation_is_repeated_as_often_as_allowed() -> None:
    story = timed("on_timeout: {escalate_to: {user: max}, repeat_hours: 4, max_repeats: 2}")
    story.later(days=5)
    assert story.told("step_overdue") == [("max",)] * 3
    assert [e.data["times"] for e in story.said("step_escalated")] == [1, 2, 3]
    assert story.tables.timers == {}


def test_escalation_stops_when_the_step_is_done() -> None:
    story = timed("on_timeout: {escalate_to: {user: max}, repeat_hours: 4}").later(hours=13)
    story.when(submits(BO, "form"))
    assert story.tables.timers == {}
    assert story.told("step_overdue") == [("max",)] * 2


def test_proceeding_goes_on_by_itself_with_its_own_outcome() -> None:
    story = timed("on_timeout: {then: proceed}").later(hours=8)
    assert story.path == [("form", "timed_out"), ("late", "succeeded")]
    assert story.visit("form").status == "timed_out"
    assert story.tables.inbox == {}
    assert story.refuses(submits(BO, "form")).code == "already_completed"


def test_failing_takes_the_connection_for_failure() -> None:
    story = timed("on_timeout: {then: fail}").later(hours=8)
    assert story.path == [("form", "failed"), ("sorry", "succeeded")]
    assert story.comments == ["“The form” was not done in time"]


def test_failing_without_a_connection_fails_the_run() -> None:
    story = Story("""
steps:
  - {id: form, type: form, fields: [{name: a}], timeout_hours: 1, on_timeout: {then: fail}, next: done}
  - {id: done, type: automatic, action: {type: comment, text: done}}
""").starts()
    story.later(hours=1)
    assert story.status == "failed"
    assert story.run.failure is not None
    assert (story.run.failure.reason, story.run.failure.step_id) == ("timed_out", "form")
    assert story.comments == []


def test_a_plain_connection_is_taken_when_time_is_up_too() -> None:
    story = Story("""
steps:
  - {id: form, type: form, fields: [{name: a}], timeout_hours: 1, on_timeout: {then: proceed}, next: done}
  - {id: done, type: automatic, action: {type: comment, text: done}}
""").starts()
    assert story.later(hours=1).comments == ["done"]


def test_on_a_calendar_time_is_business_time() -> None:
    story = Story("""
steps: [{id: form, type: form, fields: [{name: a}], timeout_hours: 8, calendar: office-hours}]
""")
    story.at += timedelta(days=4, hours=6)
    due_at = story.starts().step("form").due_at
    assert due_at is not None
    assert (due_at.strftime("%A"), between(OFFICE_HOURS, story.at, due_at)) == ("Monday", 8 * 3600)
    assert story.later(days=2).step("form").status == "active"
    assert story.later(days=1).step("form").status == "timed_out"


def test_handing_over_keeps_the_deadline() -> None:
    story = timed("")
    due_at = story.step("form").due_at
    story.later(hours=1).when(reassigns(ROOT, "form", user="cy"))
    assert story.tables.inbox[story.step("form").id].due_at == due_at
    assert story.later(hours=7).step("form").status == "timed_out"


def test_a_substitute_completes_what_is_late() -> None:
    story = timed("", assignee="{user: cy}", absences=[away(CY, EVE)]).later(hours=9).when(submits(EVE, "form"))
    assert story.visit("form").detail["late_s"] == 3600
    assert story.visit("form").completed_by == "eve"
