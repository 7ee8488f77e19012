"""Stories of waits that take too long: when each escalation comes due, and whom it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from wayline.core.business_time import ALWAYS, Calendar, calendar_from
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.escalation import (
    Due,
    Escalation,
    EscalationTimer,
    Recipients,
    due_now,
    id_of,
    next_due,
    recipients_of,
    timed,
)
from wayline.core.facts import Directory, Person, Queue
from wayline.core.waiting import Wait, begun, moved

TICKET_ID = "01890000-0000-7000-8000-000000000001"
BERLIN = ZoneInfo("Europe/Berlin")
TICKET: dict[str, Any] = {"id": TICKET_ID, "queue": "Network", "priority": "P2", "group": "net", "assignee": None}
HOUR = Escalation(id=1, minutes=60, action="notify", recipient="assignee")
HOURLY = msgspec.structs.replace(HOUR, id=2, repeat_minutes=30)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def hours(**changes: Any) -> Calendar:
    fields = {"name": "office", "timezone": "Europe/Berlin", "mode": "simple", **changes}
    return calendar_from(CalendarDefinition.model_validate(fields))


def berlin(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN)  # type: ignore[misc,arg-type]


def waiting(since: datetime = NINE, status: str = "open") -> Wait:
    return begun(Wait(), status=status, at=since)


def due_at(since: datetime, calendar: Calendar, *, minutes: int = 60) -> datetime | None:
    escalation = msgspec.structs.replace(HOUR, minutes=minutes)
    return next_due([escalation], TICKET, waiting(since), {}, calendar=calendar)


# -- when ------------------------------------------------------------------------------------------


def test_an_escalation_comes_due_after_its_minutes_and_once_a_wait() -> None:
    assert next_due([HOUR], TICKET, waiting(), {}) == NINE + timedelta(hours=1)
    assert due_now([HOUR], TICKET, waiting(), {}, at=NINE + timedelta(minutes=59)) == []
    assert due_now([HOUR], TICKET, waiting(), {}, at=NINE + timedelta(hours=1)) == [Due(HOUR, 1)]
    assert due_now([HOUR], TICKET, waiting(), {"1": 1}, at=NINE + timedelta(days=9)) == []
    assert next_due([HOUR], TICKET, waiting(), {"1": 1}) is None


def test_a_repeated_one_comes_due_again_and_again() -> None:
    for times in range(4):
        at = NINE + timedelta(minutes=60 + 30 * times)
        assert next_due([HOURLY], TICKET, waiting(), {"2": times}) == at
        assert due_now([HOURLY], TICKET, waiting(), {"2": times}, at=at) == [Due(HOURLY, times + 1)]


def test_what_nobody_was_there_to_keep_is_made_up_for_by_one() -> None:
    late = NINE + timedelta(hours=5, minutes=10)
    (due,) = due_now([HOURLY], TICKET, waiting(), {"2": 1}, at=late)
    assert due.times == 9
    assert next_due([HOURLY], TICKET, waiting(), {"2": 9}) == NINE + timedelta(hours=5, minutes=30)


def test_the_soonest_of_several_is_next_and_all_that_are_due_fire() -> None:
    urgent = Escalation(id=3, minutes=10, action="email", recipient="assignee")
    assert next_due([HOUR, urgent], TICKET, waiting(), {}) == NINE + timedelta(minutes=10)
    at = NINE + timedelta(hours=2)
    assert [due.escalation.id for due in due_now([HOUR, urgent], TICKET, waiting(), {}, at=at)] == [1, 3]


def test_lunch_and_the_night_do_not_count() -> None:
    split = hours(mode="per_day", days={"mon": [[540, 720], [780, 1020]], "tue": [[540, 1020]]})
    assert due_at(berlin(2026, 3, 2, 11, 30), split) == berlin(2026, 3, 2, 13, 30)
    assert due_at(berlin(2026, 3, 2, 16, 30), split) == berlin(2026, 3, 3, 9, 30)
    assert due_at(berlin(2026, 3, 2, 3, 0), split) == berlin(2026, 3, 2, 10, 0)


def test_a_holiday_does_not_count() -> None:
    closed = hours(holidays={"country": "DE", "dates": ["2026-04-07"]})  # Easter Monday is the 6th
    assert due_at(berlin(2026, 4, 2, 16, 30), closed) == berlin(2026, 4, 8, 9, 30)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        # Clocks go forward on 29 March at 02:00, and back on 25 October at 03:00: open day and night.
        ((2026, 3, 29, 1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ((2026, 10, 25, 1, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_an_hour_is_an_hour_on_the_night_the_clocks_change(since: tuple[int, ...], due: datetime) -> None:
    every_night = hours(mode="per_day", days={"sun": [[0, 1440]]})
    assert due_at(berlin(*since), every_night) == due


def test_opening_time_follows_the_clock_of_the_desk() -> None:
    assert due_at(berlin(2026, 3, 27, 16, 30), hours()) == datetime(2026, 3, 30, 7, 30, tzinfo=UTC)  # Friday to Monday
    assert due_at(berlin(2026, 10, 23, 16, 30), hours()) == datetime(2026, 10, 26, 8, 30, tzinfo=UTC)


def test_a_wait_that_is_held_comes_due_by_what_is_left_of_it() -> None:
    held = moved(waiting(), before="open", after="pending", at=NINE + timedelta(minutes=40))
    assert next_due([HOUR], TICKET, held, {}) is None
    assert due_now([HOUR], TICKET, held, {}, at=NINE + timedelta(days=1)) == []
    tuesday = NINE + timedelta(days=1)
    on = moved(held, before="pending", after="open", at=tuesday)
    assert next_due([HOUR], TICKET, on, {}) == tuesday + timedelta(minutes=20)


def test_other_hours_give_another_instant() -> None:
    since = berlin(2026, 3, 2, 16, 30)
    assert due_at(since, ALWAYS) == berlin(2026, 3, 2, 17, 30)
    assert due_at(since, hours()) == berlin(2026, 3, 3, 9, 30)


def test_beyond_the_end_of_all_calendars_nothing_comes_due() -> None:
    assert due_at(datetime(2100, 12, 31, 23, 30, tzinfo=UTC), ALWAYS) is None


# -- for which tickets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "applies"),
    [
        ({}, True),
        ({"queue": "Network"}, True),
        ({"queue": "Inbox"}, False),
        ({"priority": "P2", "group": "net"}, True),
        ({"priority": "P1"}, False),
        ({"group": "desk"}, False),
    ],
)
def test_filters_leave_the_tickets_it_is_for(filters: dict[str, str], applies: bool) -> None:
    escalation = msgspec.structs.replace(HOUR, **filters)
    assert escalation.applies_to(TICKET) is applies
    assert (next_due([escalation], TICKET, waiting(), {}) is not None) is applies


def test_a_ticket_that_comes_to_a_queue_late_is_late_there_at_once() -> None:
    of_queue = msgspec.structs.replace(HOUR, queue="Network")
    assert due_now([of_queue], {**TICKET, "queue": "Inbox"}, waiting(), {}, at=NINE + timedelta(hours=3)) == []
    assert due_now([of_queue], TICKET, waiting(), {}, at=NINE + timedelta(hours=3)) == [Due(of_queue, 1)]


# -- what is kept ----------------------------------------------------------------------------------


def test_a_timer_is_kept_while_somebody_waits() -> None:
    timer = timed(None, [HOUR], TICKET, waiting())
    assert timer == EscalationTimer(1, {}, NINE + timedelta(hours=1))
    assert timed(None, [], TICKET, waiting()) is None
    assert timed(timer, [HOUR], TICKET, Wait(number=1)) is None


def test_what_has_fired_is_forgotten_with_the_wait_it_fired_in() -> None:
    fired = EscalationTimer(1, {"1": 1})
    assert timed(fired, [HOUR], TICKET, waiting()) == fired
    again = begun(waiting(), status="open", at=NINE + timedelta(days=1))
    assert timed(fired, [HOUR], TICKET, again) == EscalationTimer(2, {}, NINE + timedelta(days=1, hours=1))


def test_every_firing_has_an_id_of_its_own_and_always_the_same() -> None:
    ids = {
        id_of(TICKET_ID, Wait(number), Due(e, times)) for number in (1, 2) for e in (HOUR, HOURLY) for times in (1, 2)
    }
    assert len(ids) == 8
    assert id_of(TICKET_ID, Wait(1), Due(HOUR, 1)) == id_of(TICKET_ID, waiting(), Due(HOUR, 1))


# -- who -------------------------------------------------------------------------------------------

BO, CY, ROOT, GONE = (
    Person(id="bo", email="bo@x.example", name="Bo", role="agent"),
    Person(id="cy", email="cy@x.example", name="Cy", role="agent"),
    Person(id="root", email="root@x.example", name="Root", role="admin"),
    Person(id="gone", email="gone@x.example", name="Gone", role="agent", active=False),
)
NETWORK = Queue(id=4, name="Network", managers=("gone", "cy"))
DESK = Directory(people=(BO, CY, ROOT, GONE), queues=(NETWORK,))


def test_the_assignee_is_told() -> None:
    assert recipients_of(HOUR, {**TICKET, "assignee": "bo"}, DESK) == Recipients(("bo",))


@pytest.mark.parametrize("assignee", [None, "gone"])
def test_the_queues_managers_are_told_while_nobody_is_there_to_answer(assignee: str | None) -> None:
    assert recipients_of(HOUR, {**TICKET, "assignee": assignee}, DESK) == Recipients(("cy",))


def test_admins_are_told_where_a_queue_has_no_managers() -> None:
    assert recipients_of(HOUR, {**TICKET, "queue": "Inbox"}, DESK) == Recipients(("root",))


def test_an_address_is_told_which_may_be_somebodys() -> None:
    to = msgspec.structs.replace(HOUR, recipient="address", email="duty@elsewhere.example")
    assert recipients_of(to, TICKET, DESK) == Recipients((), ("duty@elsewhere.example",))
    of_bo = msgspec.structs.replace(to, email="BO@x.example")
    assert recipients_of(of_bo, TICKET, DESK) == Recipients(("bo",))
