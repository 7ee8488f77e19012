"""Stories of customers who wait: when a wait begins and ends, and how much of it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wayline.core.business_time import Calendar, calendar_from
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.waiting import Wait, begun, ended, moved

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def office(**changes: object) -> Calendar:
    """Nine to five in UTC with an hour for lunch, Monday to Friday."""
    day = [[540, 720], [780, 1020]]
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), day)
    fields = {"name": "office", "timezone": "UTC", "mode": "per_day", "days": days, **changes}
    return calendar_from(CalendarDefinition.model_validate(fields))


def waiting(since: datetime = MONDAY) -> Wait:
    return begun(Wait(), status="open", at=since)


def test_a_customer_waits_from_the_creation_of_an_open_ticket() -> None:
    wait = waiting()
    assert (wait.number, wait.since, wait.counting_since) == (1, MONDAY, MONDAY)
    assert wait.waited_s(at(1.5)) == 5400


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled"])
def test_nobody_waits_at_a_ticket_that_has_ended(status: str) -> None:
    assert begun(Wait(), status=status, at=MONDAY).since is None
    assert moved(waiting(), before="open", after=status, at=at(1)).since is None


def test_an_answer_ends_the_wait_and_the_next_question_begins_another() -> None:
    answered = ended(waiting())
    assert (answered.number, answered.since, answered.waited_s(at(9))) == (1, None, 0)
    again = begun(answered, status="open", at=at(5))
    assert (again.number, again.since) == (2, at(5))


def test_the_last_word_of_the_customer_begins_the_wait_anew() -> None:
    again = begun(waiting(), status="open", at=at(3))
    assert (again.number, again.since, again.waited_s(at(4))) == (2, at(3), 3600)


@pytest.mark.parametrize("status", ["pending", "on_hold"])
def test_the_wait_is_held_and_goes_on_with_what_had_counted(status: str) -> None:
    held = moved(waiting(), before="open", after=status, at=at(1))
    assert (held.since, held.counting_since) == (MONDAY, None)
    assert held.waited_s(at(100)) == 3600
    going_on = moved(held, before=status, after="in_progress", at=at(100))
    assert (going_on.number, going_on.waited_s(at(101))) == (1, 7200)


def test_between_one_hold_and_the_other_nothing_goes_on() -> None:
    held = moved(waiting(), before="open", after="pending", at=at(1))
    assert moved(held, before="pending", after="on_hold", at=at(9)) == held


def test_a_wait_that_begins_on_hold_counts_when_the_ticket_goes_on() -> None:
    wait = begun(Wait(), status="on_hold", at=MONDAY)
    assert wait.waited_s(at(50)) == 0
    assert moved(wait, before="on_hold", after="open", at=at(50)).waited_s(at(51)) == 3600


def test_a_ticket_that_is_opened_again_has_its_customer_wait_again() -> None:
    closed = moved(waiting(), before="open", after="resolved", at=at(1))
    assert moved(closed, before="resolved", after="closed", at=at(2)).since is None
    again = moved(closed, before="resolved", after="open", at=at(30))
    assert (again.number, again.since) == (2, at(30))
    held = moved(closed, before="resolved", after="pending", at=at(30))
    assert (held.since, held.counting_since) == (at(30), None)


def test_a_change_of_status_wakes_nobody_who_has_been_answered() -> None:
    assert moved(ended(waiting()), before="pending", after="open", at=at(3)).since is None


def test_what_is_held_is_kept_as_business_time() -> None:
    hours = office()
    held = moved(waiting(), before="open", after="pending", at=at(5.5), calendar=hours)  # 13:30: lunch was in between
    assert held.waited_s(at(100), hours) == 3.5 * 3600
    tuesday = moved(held, before="pending", after="open", at=at(20), calendar=hours)  # 04:00
    assert tuesday.waited_s(at(26), hours) == 4.5 * 3600
