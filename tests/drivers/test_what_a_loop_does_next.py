"""The decisions of the driver's loops, each with its named outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from wayline.core.action import ActionFailed
from wayline.core.refusals import Refusal
from wayline.drivers import jobs, loop, outbox, recurring, timers
from wayline.engine.door import DoorClosed, Overloaded
from wayline.store.jobs import ClaimedJob
from wayline.store.outbox import SentCommand
from wayline.store.timers import ClaimedTimer

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OUTAGE = sa.exc.OperationalError("SELECT 1", {}, Exception("the server closed the connection"))
BUG = KeyError("nobody")


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_a_loop_works_on_what_is_due_and_rests_until_something_is() -> None:
    assert loop.decide_next(now=AT, soonest=AT).due is loop.Due.NOW
    assert loop.decide_next(now=AT, soonest=later(-5)).due is loop.Due.NOW
    assert loop.decide_next(now=AT, soonest=later(0.25)) == loop.Next(loop.Due.LATER, 0.25)
    assert loop.decide_next(now=AT, soonest=later(3600)) == loop.Next(loop.Due.LATER, loop.RECHECK_S)
    assert loop.decide_next(now=AT, soonest=None) == loop.Next(loop.Due.LATER, loop.RECHECK_S)


def test_a_loop_that_fails_again_and_again_leaves_longer_pauses() -> None:
    pauses = [loop.pause_after(failures) for failures in range(1, 10)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (loop.FIRST_PAUSE_S, loop.MAX_PAUSE_S)


def timer(attempts: int = 0) -> ClaimedTimer:
    return ClaimedTimer(
        id="t", tenant_id="a", run_id="r", activation_id="v", kind="deadline", due_at=AT, attempts=attempts
    )


def test_a_timer_is_done_with_when_it_fired_and_when_nobody_wants_it() -> None:
    stale = Refusal("conflict", "That timer is no longer wanted.", code="stale_timer")
    for outcome in ("an answer", stale, Refusal("not_found", "Instance not found.")):
        assert timers.decide_after_firing(timer(), outcome, at=AT).after is timers.After.DONE


@pytest.mark.parametrize("outcome", [Overloaded(), DoorClosed(), OUTAGE])
def test_what_is_not_the_timers_fault_is_not_counted(outcome: Exception) -> None:
    fired = timers.decide_after_firing(timer(4), outcome, at=AT)
    assert (fired.after, fired.attempts, fired.due_at) == (timers.After.LATER, 4, later(timers.AFTER_OUTAGE_S))


def test_a_timer_that_breaks_comes_back_later_and_later_and_is_held_in_the_end() -> None:
    fired = [timers.decide_after_firing(timer(n), BUG, at=AT) for n in range(timers.MAX_ATTEMPTS)]
    assert [f.attempts for f in fired] == [1, 2, 3, 4, 5]
    assert [f.after for f in fired] == [timers.After.LATER] * 4 + [timers.After.HELD]
    due = [f.due_at for f in fired if f.due_at]
    assert due == sorted(due)
    assert fired[-1].error == "KeyError: 'nobody'"


def job(attempt: int = 1) -> ClaimedJob:
    return ClaimedJob(
        id="j",
        tenant_id="a",
        queue="email",
        run_id=None,
        activation_id=None,
        action=b"",
        attempt=attempt,
        timeout_s=30,
        due_at=AT,
        claim_token="c",
    )


def test_a_job_of_its_own_is_done_tried_again_or_given_up() -> None:
    passing, lasting = ActionFailed("busy", retry_after_s=900), ActionFailed("no such person", permanent=True)
    assert jobs.decide_settlement(job(), jobs.Ended(), at=AT).after is jobs.After.DONE
    assert jobs.decide_settlement(job(), jobs.Ended(failure=lasting), at=AT).after is jobs.After.FAILED
    again = jobs.decide_settlement(job(), jobs.Ended(failure=passing), at=AT)
    assert again == jobs.Settled(jobs.After.LATER, later(900))
    last = job(attempt=jobs.RETRY.max_attempts)
    assert jobs.decide_settlement(last, jobs.Ended(failure=passing), at=AT).after is jobs.After.FAILED


def test_a_report_is_made_until_it_is_taken() -> None:
    stale = Refusal("conflict", "Nobody waits.", code="stale_report")
    assert jobs.decide_after_reporting("an answer", tries=1).after is jobs.After.DONE
    assert jobs.decide_after_reporting(stale, tries=1).after is jobs.After.DONE
    for outcome in (Overloaded(), OUTAGE):
        assert jobs.decide_after_reporting(outcome, tries=1000).after is jobs.After.LATER
    assert jobs.decide_after_reporting(BUG, tries=jobs.MAX_REPORTS - 1).after is jobs.After.LATER
    assert jobs.decide_after_reporting(BUG, tries=jobs.MAX_REPORTS).after is jobs.After.HELD


def sent(attempts: int = 0) -> SentCommand:
    return SentCommand(id="r:0.1:0", tenant_id="a", command="start_run", body=b"", attempts=attempts)


def test_a_sent_command_is_done_once_held_when_refused_and_tried_again_when_it_breaks() -> None:
    done = Refusal("conflict", "That has been done already.", code="already_done")
    refused = Refusal("not_found", "No published template is called “x”.", code="unknown_template")
    assert outbox.decide_after_sending(sent(), "an answer", at=AT).after is outbox.After.DONE
    assert outbox.decide_after_sending(sent(), done, at=AT).after is outbox.After.DONE
    assert outbox.decide_after_sending(sent(), refused, at=AT).problem == refused.message
    assert outbox.decide_after_sending(sent(), OUTAGE, at=AT).attempts == 0
    assert outbox.decide_after_sending(sent(), BUG, at=AT).after is outbox.After.LATER
    assert outbox.decide_after_sending(sent(outbox.MAX_ATTEMPTS - 1), BUG, at=AT).after is outbox.After.HELD


def test_a_recurring_task_is_due_at_first_and_then_at_its_time() -> None:
    names = [task.name for task in recurring.TASKS]
    assert len(names) == len(set(names))
    assert recurring.decide_due(recurring.TASKS, {}, AT) == list(recurring.TASKS)
    assert recurring.decide_due(recurring.TASKS, dict.fromkeys(names, later(1)), AT) == []
    assert [
        t.name for t in recurring.decide_due(recurring.TASKS, {**dict.fromkeys(names, later(1)), names[0]: AT}, AT)
    ] == [names[0]]
