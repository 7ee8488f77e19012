"""An automatic step acts: on the desk at once, on the outside by a job whose outcome comes back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.stories.desk import BO, ROOT, Story, completes, reports
from wayline.core.effects import CommentTicket, Notify, Send
from wayline.core.retry import JITTER_SHARE, Retry, delay_before


def acting(action: str, **starts: Any) -> Story:
    return Story(f"steps: [{{id: act, type: automatic, action: {action}}}]").starts(**starts)


# -- on the desk -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        ("{type: update_field, field: category, value: hardware}", {"category": "hardware"}),
        ("{type: set_field, field: title, value: 'For {{ ticket.requester }}'}", {"title": "For ana"}),
        ("{type: update_field, fields: {priority: high, tags: [a, a]}}", {"priority": "P2", "tags": ["a"]}),
        ("{type: update_field, field: custom.floor, value: 3}", {"custom": {"floor": 3}}),
        ("{type: update_field, field: assignee, value: cy@desk.test}", {"assignee": "cy"}),
        ("{type: update_field, field: group, value: Network}", {"group": "g-net"}),
        ("{type: set_status, status: in_progress}", {"status": "in_progress"}),
        ("{type: set_priority, priority: critical}", {"priority": "P1"}),
        ("{type: move_queue, queue: Hardware}", {"queue": "Hardware"}),
        ("{type: assign, to: {manager_of: requester}}", {"assignee": "max"}),
        ("{type: assign, to: {group: network}}", {"group": "g-net"}),
    ],
)
def test_a_desk_action_changes_the_ticket_at_once(action: str, changes: dict[str, Any]) -> None:
    story = acting(action)
    assert story.ticket_changes == [changes]
    assert story.path == [("act", "succeeded")]
    assert story.run.outputs["act"]["changed"] == sorted(changes)
    assert len(story.said("ticket_changed")) == 1


def test_an_action_that_changes_nothing_says_nothing() -> None:
    story = acting("{type: set_status, status: open}")
    assert story.ticket_changes == []
    assert story.said("ticket_changed") == []
    assert story.status == "completed"


@pytest.mark.parametrize(
    "action",
    [
        "{type: update_field, field: assignee, value: zoe}",
        "{type: update_field, field: priority, value: P9}",
        "{type: update_field, field: status, value: '{{ ticket.title }}'}",
        "{type: update_field, field: title, value: 5}",
        "{type: update_field, field: title, value: ''}",
        "{type: update_field, field: tags, value: one}",
        "{type: update_field, field: queue, value: null}",
        "{type: assign, to: {group: gone}}",
        "{type: send_notification, to: [{group: empty}], message: hello}",
        "{type: send_notification, to: ['nobody'], message: hello}",
    ],
)
def test_an_action_that_cannot_be_done_fails_the_run_and_changes_nothing(action: str) -> None:
    story = acting(action)
    assert story.status == "failed"
    assert story.run.failure is not None
    assert (story.run.failure.reason, story.run.failure.step_id) == ("action_failed", "act")
    assert story.run.failure.message
    assert story.ticket_changes == []


def test_without_a_ticket_there_is_nothing_to_change() -> None:
    story = acting("{type: set_status, status: closed}", ticket={})
    assert story.status == "failed"


def test_a_comment_is_internal_unless_said_otherwise() -> None:
    story = acting("{type: add_comment, text: 'Hello {{ ticket.number }}'}")
    assert [e for e in story.effects if isinstance(e, CommentTicket)] == [CommentTicket("Hello REQ-000001", "internal")]
    public = acting("{type: comment, text: hi, visibility: public}")
    assert [e.visibility for e in public.effects if isinstance(e, CommentTicket)] == ["public"]


def test_a_variable_is_set_for_the_steps_after() -> None:
    story = Story("""
steps:
  - {id: count, type: automatic, action: {type: set_variable, name: n, value: "{{ n + 1 }}"}, next: say}
  - {id: say, type: automatic, action: {type: comment, text: "{{ n }}"}}
""").starts(n=1)
    assert story.run.variables["n"] == 2
    assert story.comments == ["2"]


def test_people_and_addresses_are_told_each_once() -> None:
    story = acting(
        "{type: send_notification, to: [{requester: true}, {group: staff}, bo@desk.test, ext@else.test], "
        "subject: 'About {{ ticket.title }}', message: Hello, channel: email}"
    )
    (sent,) = [e for e in story.effects if isinstance(e, Notify)]
    assert (sent.user_ids, sent.addresses) == (("ana", "bo", "cy"), ("ext@else.test",))
    assert (sent.title, sent.body, sent.channel) == ("About A new laptop", "Hello", "email")


def test_another_ticket_and_another_run_leave_as_commands_with_ids_of_their_own() -> None:
    story = Story("""
steps:
  - {id: a, type: automatic, action: {type: create_ticket, title: "Cable for {{ ticket.number }}"}, next: b}
  - {id: b, type: automatic, action: {type: start_workflow, workflow_name: Order, input: {n: "{{ 1 + 1 }}"}}}
""").starts()
    one, two = [e for e in story.effects if isinstance(e, Send)]
    assert one.body["fields"] == {"type": "task", "title": "Cable for REQ-000001", "requester": "ana"}
    assert (two.command, two.body["template_name"], two.body["variables"]) == ("start_run", "Order", {"n": 2})
    assert one.id != two.id
    assert story.run.outputs["a"]["requested"] == one.id


def test_a_text_that_cannot_be_rendered_is_a_failure_that_can_be_connected() -> None:
    story = Story("""
steps:
  - {id: act, type: automatic, action: {type: comment, text: "{{ 1 / 0 }}"}, next: {failed: sorry}}
  - {id: sorry, type: automatic, action: {type: comment, text: "{{ steps.act.error | length > 0 }}"}}
""").starts()
    assert story.path == [("act", "failed"), ("sorry", "succeeded")]
    assert story.status == "completed"


# -- outside ---------------------------------------------------------------------------------------

CALL = """
steps:
  - id: order
    type: automatic
    name: Order it
    action: {type: http_request, url: "https://shop.test/{{ ticket.number }}", json: {n: "{{ n }}"}, timeout_s: 12}
    retry: {max_attempts: 3, initial_s: 10, backoff: 3}
"""
CONNECTED = (
    CALL
    + """
    next: {succeeded: good, failed: bad}
  - {id: good, type: automatic, action: {type: comment, text: "{{ steps.order.number }}"}}
  - {id: bad, type: automatic, action: {type: comment, text: "{{ steps.order.error }}"}}
"""
)


def test_an_outside_action_leaves_as_a_job_with_everything_filled_in() -> None:
    story = Story(CALL).starts(n=5)
    job = story.job
    assert (job.queue, job.attempt, job.timeout_s, job.due_at) == ("webhook", 1, 12, story.at)
    assert job.action == {
        "type": "http_request",
        "method": "POST",
        "url": "https://shop.test/REQ-000001",
        "headers": {},
        "json": {"n": 5},
        "timeout_s": 12.0,
    }
    assert story.resting_at == ["order"]
    assert [e.event for e in story.events] == ["run_started", "step_activated", "action_started"]


def test_its_success_becomes_the_steps_output() -> None:
    story = Story(CONNECTED).starts(n=5).reported(output={"number": 77})
    assert story.path == [("order", "succeeded"), ("good", "succeeded")]
    assert story.comments == ["77"]
    assert story.tables.jobs == {}


def test_a_passing_failure_is_tried_again_later_and_later_under_the_same_id() -> None:
    story = Story(CALL).starts(n=5)
    first, began = story.job, story.at
    story.reported(error="busy")
    second = story.job
    story.reported(error="still busy")
    third = story.job
    assert [first.id, second.id, third.id] == [first.id] * 3
    assert [first.attempt, second.attempt, third.attempt] == [1, 2, 3]
    waits_s = [(job.due_at - began).total_seconds() for job in (second, third)]
    assert 8 <= waits_s[0] <= 10
    assert 24 <= waits_s[1] <= 30
    assert story.step("order").data["next_retry_at"] == third.due_at
    assert story.said("action_retried")[0].detail.startswith("Order it: busy; attempt 2 in ")


def test_after_the_last_attempt_the_run_fails_with_the_steps_error() -> None:
    story = Story(CALL).starts(n=5).reported(error="a").reported(error="b").reported(error="no more")
    assert story.status == "failed"
    assert story.run.failure is not None
    assert (story.run.failure.reason, story.run.failure.message) == ("action_failed", "no more")
    assert story.tables.jobs == {}


def test_a_permanent_failure_is_not_tried_again() -> None:
    story = Story(CALL).starts(n=5).reported(error="404", permanent=True)
    assert story.status == "failed"
    assert story.said("action_retried") == []


def test_a_connection_for_failure_is_taken_instead() -> None:
    story = Story(CONNECTED).starts(n=5).reported(error="404", permanent=True)
    assert story.path == [("order", "failed"), ("bad", "succeeded")]
    assert story.comments == ["404"]
    assert story.status == "completed"


def test_the_callees_own_wish_to_wait_is_honoured() -> None:
    story = Story(CALL).starts(n=5).reported(error="slow down", retry_after_s=3600)
    assert story.job.due_at == story.at + timedelta(hours=1)
    soon = Story(CALL).starts(n=5).reported(error="slow down", retry_after_s=1)
    assert soon.job.due_at >= soon.at + timedelta(seconds=8)


def test_waits_grow_to_their_limit_with_at_most_a_fifth_of_jitter() -> None:
    retry = Retry(max_attempts=20, initial_s=2, backoff=2, max_s=300)
    waits_s = [delay_before(retry, n, "some:id:1", None) for n in range(1, 20)]
    full_s = [min(300, 2 * 2 ** (n - 1)) for n in range(1, 20)]
    assert all(full * (1 - JITTER_SHARE) <= wait <= full for wait, full in zip(waits_s, full_s, strict=True))
    assert all(later > sooner for sooner, later in pairwise(waits_s[:7]))
    assert waits_s == [delay_before(retry, n, "some:id:1", None) for n in range(1, 20)]
    assert delay_before(retry, 1, "another:id:1", None) != waits_s[0]


def test_a_report_nobody_waits_for_is_refused() -> None:
    story = Story(CONNECTED).starts(n=5)
    job = story.job
    story.reported(output={"number": 1})
    refusal = story.refuses(reports(job, output={"number": 2}))
    assert (refusal.kind, refusal.code) == ("conflict", "stale_report")


@pytest.mark.parametrize("who", [BO, ROOT])
def test_nobody_completes_what_is_not_for_people(who: Any) -> None:
    story = Story(CALL).starts(n=5)
    assert story.refuses(completes(who, "order", form_data={})).code == "not_completable"
