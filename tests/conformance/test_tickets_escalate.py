"""What customers who wait are promised, on either database: whoever is to know is told, once, in business time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from served_desk import Person, add_queues
from wayline.core.commands import AddComment, EscalateTicket, UpdateTicket
from wayline.core.facts import SYSTEM
from wayline.engine.door import Change, Transaction
from wayline.store import escalations as stored
from wayline.store.calendars import default_calendar, insert_calendar, update_calendar
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.queues import insert_queue, list_queues, put_managers, update_queue
from wayline.store.tables import (
    escalation_sweeps,
    escalation_timers,
    incidents,
    jobs,
    mailboxes,
    notifications,
    tickets,
)
from wayline.store.timeline import read_timeline

# Thursday; Good Friday, Easter Monday and the night the clocks go forward (28 March) come before Tuesday.
BEFORE_EASTER = datetime(2027, 3, 25, 15, 30, tzinfo=UTC)
AFTER_EASTER = datetime(2027, 3, 30, 7, 30, tzinfo=UTC)
OFFICE: dict[str, Any] = {
    "name": "office",
    "timezone": "Europe/Berlin",
    "mode": "simple",
    "mon_enabled": True,
    "tue_enabled": True,
    "wed_enabled": True,
    "thu_enabled": True,
    "fri_enabled": True,
    "sat_enabled": False,
    "sun_enabled": False,
    "simple_start": 540,
    "simple_end": 1020,
    "days": {},
    "holidays": {"country": "DE", "dates": []},
}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, smtp_url="smtp://127.0.0.1:9") as driven:
        yield driven


def write(desk: DrivenDesk, change: Any) -> Any:
    """An administrative write, as the API makes one: everybody reads the desk anew, and what waits is timed anew."""

    def whole(tx: Transaction) -> Any:
        touch(tx.connection, desk.tenant_id)
        made = change(tx.connection)
        stored.time_anew(tx.connection, tenant_id=desk.tenant_id, at=tx.at)
        return made

    return desk.submit(Change(tenant_id=desk.tenant_id, actor=desk.root.actor, write=whole))


def escalation(desk: DrivenDesk, minutes: int = 60, **more: Any) -> int:
    fields = {"minutes": minutes, "action": "notify", "recipient": "assignee", **more}
    number: int = write(
        desk, lambda connection: stored.insert_escalation(connection, tenant_id=desk.tenant_id, fields=fields)
    )
    return number


def office(desk: DrivenDesk, **changes: Any) -> None:
    definition = {**OFFICE, **changes}

    def keep(connection: sa.Connection) -> None:
        known = default_calendar(connection, tenant_id=desk.tenant_id)
        given: dict[str, Any] = {"tenant_id": desk.tenant_id, "definition": definition, "is_default": True}
        if known is None:
            insert_calendar(connection, **given, at=BEFORE_EASTER)
        else:
            update_calendar(connection, **given, calendar_id=known.id, at=BEFORE_EASTER)

    write(desk, keep)


def go_to(desk: DrivenDesk, at: datetime) -> None:
    desk.pass_time(seconds=(at - desk.wayline.clock.now()).total_seconds())


def say(desk: DrivenDesk, ticket_id: str, by: Person, visibility: str = "public") -> None:
    desk.submit(
        AddComment(
            tenant_id=desk.tenant_id,
            actor=by.actor,
            ticket_id=ticket_id,
            comment_id=new_id(),
            text="Well?",
            visibility=visibility,
        )
    )


def update(desk: DrivenDesk, ticket_id: str, **changes: Any) -> None:
    desk.submit(UpdateTicket(tenant_id=desk.tenant_id, actor=desk.bo.actor, ticket_id=ticket_id, changes=changes))


def told(desk: DrivenDesk) -> list[str]:
    """Ids of who has been told in the app, oldest first."""
    rows = desk.rows(notifications, kind="escalation")
    return [row.audience_id for row in sorted(rows, key=lambda row: row.created_at)]


def later(desk: DrivenDesk, minutes: float) -> list[str]:
    """Who has been told in all by so many minutes from now."""
    desk.pass_time(seconds=minutes * 60)
    desk.escalate()
    return told(desk)


# -- firing ----------------------------------------------------------------------------------------


def test_the_assignee_is_told_once_when_the_time_has_come(desk: DrivenDesk) -> None:
    number = escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    assert later(desk, 59) == []
    assert later(desk, 1) == [desk.bo.id]
    assert later(desk, 600) == [desk.bo.id]
    with desk.wayline.database.reader.connect() as connection:
        events = read_timeline(connection, tenant_id=desk.tenant_id, subject_id=ticket_id)
    (escalated,) = [e for e in events if e.event == "ticket_escalated"]
    assert (escalated.detail, escalated.data["escalation_id"]) == ("Waited 1 h for an answer: told Bo", number)


def test_it_is_told_again_every_so_often(desk: DrivenDesk) -> None:
    escalation(desk, repeat_minutes=30)
    desk.open_ticket(assignee=desk.bo.id)
    assert len(later(desk, 60)) == 1
    assert len(later(desk, 29)) == 1
    assert len(later(desk, 1)) == 2
    assert len(later(desk, 30)) == 3
    # Nobody was there for three hours: once is enough, and it goes on in its rhythm.
    assert len(later(desk, 190)) == 4
    assert len(later(desk, 19)) == 4
    assert len(later(desk, 1)) == 5


def test_the_managers_of_the_queue_are_told_while_nobody_is_assigned(desk: DrivenDesk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Network")
    write(desk, lambda c: put_managers(c, tenant_id=desk.tenant_id, number=4, user_ids=[desk.dee.id, desk.cy.id]))
    escalation(desk)
    desk.open_ticket(queue="Network")
    assert sorted(later(desk, 60)) == sorted([desk.dee.id, desk.cy.id])


def test_admins_are_told_where_nobody_manages_the_queue(desk: DrivenDesk) -> None:
    escalation(desk)
    desk.open_ticket()
    assert later(desk, 60) == [desk.root.id]


def test_mail_goes_to_the_address_from_the_mailbox_of_the_queue(desk: DrivenDesk) -> None:
    desk.write(sa.insert(mailboxes).values(tenant_id=desk.tenant_id, number=1, name="Net", address="net@acme.example"))
    write(desk, lambda c: insert_queue(c, tenant_id=desk.tenant_id, name="Network", outgoing_mailbox_id=1))
    escalation(desk, action="email", recipient="address", email="duty@elsewhere.example")
    desk.open_ticket(queue="Network")
    assert later(desk, 60) == []
    (job,) = desk.rows(jobs, queue="email")
    assert b"duty@elsewhere.example" in job.action
    assert b"net@acme.example" in job.action


# -- what stops the clock --------------------------------------------------------------------------


def test_an_answer_stops_the_clock_and_the_next_question_starts_it_anew(desk: DrivenDesk) -> None:
    escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    desk.pass_time(seconds=59 * 60)
    say(desk, ticket_id, desk.bo)
    assert later(desk, 600) == []
    assert desk.rows(escalation_timers) == []
    say(desk, ticket_id, desk.ana)
    assert later(desk, 59) == []
    assert later(desk, 1) == [desk.bo.id]
    say(desk, ticket_id, desk.ana)
    assert len(later(desk, 60)) == 2


def test_a_note_among_staff_is_no_answer(desk: DrivenDesk) -> None:
    escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    say(desk, ticket_id, desk.bo, visibility="internal")
    assert later(desk, 60) == [desk.bo.id]


def test_resolving_stops_the_clock(desk: DrivenDesk) -> None:
    escalation(desk)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, status="resolved")
    assert later(desk, 600) == []


@pytest.mark.parametrize("status", ["pending", "on_hold"])
def test_a_ticket_that_rests_holds_the_clock(desk: DrivenDesk, status: str) -> None:
    escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    desk.pass_time(seconds=40 * 60)
    update(desk, ticket_id, status=status)
    assert later(desk, 600) == []
    update(desk, ticket_id, status="in_progress")
    assert later(desk, 19) == []
    assert later(desk, 1) == [desk.bo.id]


def test_hours_of_the_desk_count_across_easter_and_the_change_of_the_clocks(desk: DrivenDesk) -> None:
    go_to(desk, BEFORE_EASTER)
    office(desk)
    escalation(desk)
    desk.open_ticket(assignee=desk.bo.id)
    desk.escalate()
    (timer,) = desk.rows(escalation_timers)
    assert abs((timer.due_at - AFTER_EASTER).total_seconds()) < 60
    go_to(desk, datetime(2027, 3, 30, 7, 29, tzinfo=UTC))
    assert later(desk, 0) == []
    assert later(desk, 2) == [desk.bo.id]


# -- timed anew ------------------------------------------------------------------------------------


def test_other_hours_time_anew_what_waits(desk: DrivenDesk) -> None:
    go_to(desk, BEFORE_EASTER)
    escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    office(desk)
    assert later(desk, 61) == []
    (timer,) = desk.rows(escalation_timers, ticket_id=ticket_id)
    assert abs((timer.due_at - AFTER_EASTER).total_seconds()) < 60
    office(desk, mode="always")
    assert later(desk, 0) == [desk.bo.id]
    assert desk.rows(escalation_sweeps) == []


def test_tickets_from_before_an_escalation_are_timed_by_it_and_let_go_with_it(desk: DrivenDesk) -> None:
    for _ in range(3):
        desk.open_ticket(assignee=desk.bo.id)
    assert desk.rows(escalation_timers) == []
    number = escalation(desk, 600)
    later(desk, 1)
    assert len(desk.rows(escalation_timers)) == 3
    write(desk, lambda c: stored.delete_escalation(c, tenant_id=desk.tenant_id, number=number))
    assert later(desk, 6000) == []
    assert desk.rows(escalation_timers) == []


def test_many_tickets_are_timed_anew_page_by_page(desk: DrivenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wayline.drivers.escalations.TICKETS_A_ROUND", 2)
    for _ in range(5):
        desk.open_ticket(assignee=desk.bo.id)
    escalation(desk, 10)
    later(desk, 0)
    assert len(desk.rows(escalation_timers)) == 5
    desk.pass_time(seconds=601)
    while desk.escalate():
        pass
    assert len(told(desk)) == 5


def test_a_ticket_that_comes_into_a_queue_is_timed_by_its_escalations(desk: DrivenDesk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Network")
    escalation(desk, 60, queue_id=4)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    assert later(desk, 90) == []
    update(desk, ticket_id, queue="Network")
    assert later(desk, 0) == [desk.bo.id]


def test_a_renamed_queue_escalates_as_before(desk: DrivenDesk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Network")
    escalation(desk, 60, queue_id=4)
    desk.open_ticket(assignee=desk.bo.id, queue="Network")

    def rename(connection: sa.Connection) -> None:
        queue = list_queues(connection, tenant_id=desk.tenant_id, limit=9)[3]
        update_queue(connection, tenant_id=desk.tenant_id, queue=queue, name="Networks", outgoing_mailbox_id=None)

    write(desk, rename)
    assert later(desk, 60) == [desk.bo.id]


# -- exactly once ----------------------------------------------------------------------------------


def test_two_processes_tell_nobody_twice(desk: DrivenDesk) -> None:
    escalation(desk)
    for _ in range(5):
        desk.open_ticket(assignee=desk.bo.id)
    desk.pass_time(seconds=3601)
    other = desk.new_driver()

    async def both() -> None:
        await asyncio.gather(desk.driver.escalations.run_once(), other.escalations.run_once())

    desk.wait(both())
    desk.wait(other.holidays.close())
    other.access.close()
    assert len(told(desk)) == 5


def test_asked_twice_in_one_batch_it_tells_once(desk: DrivenDesk) -> None:
    escalation(desk)
    ticket_id = desk.open_ticket(assignee=desk.bo.id)
    desk.pass_time(seconds=3601)
    asked = [EscalateTicket(tenant_id=desk.tenant_id, actor=SYSTEM, ticket_id=ticket_id) for _ in range(3)]
    for answer in [desk.wayline.door.submit_soon(command) for command in asked]:
        answer.result()
    assert told(desk) == [desk.bo.id]


def test_a_desk_without_escalations_writes_nothing_for_them(desk: DrivenDesk) -> None:
    ticket_id = desk.open_ticket()
    say(desk, ticket_id, desk.bo)
    say(desk, ticket_id, desk.ana)
    assert desk.rows(escalation_timers) == []
    assert desk.rows(tickets, id=ticket_id)[0].wait_number == 2


def test_a_timer_of_no_ticket_goes_and_holds_nothing_up(desk: DrivenDesk) -> None:
    row = {"ticket_id": new_id(), "tenant_id": desk.tenant_id, "wait_number": 1, "fired": {}}
    desk.write(sa.insert(escalation_timers).values(**row, due_at=BEFORE_EASTER.replace(year=2020)))
    assert later(desk, 0) == []
    assert desk.rows(escalation_timers) == []
    assert desk.rows(incidents) == []
