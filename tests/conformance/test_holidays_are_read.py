"""Holidays that stand at an address: read when it is set and once a day, kept while it cannot be, never from inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from driven_desk import DrivenDesk, driven_desk

from other_system import OtherSystem, answer, other_system
from wayline.core.business_time import is_open
from wayline.engine.door import Change, Transaction
from wayline.store.calendars import insert_calendar
from wayline.store.directory import load_calendars, touch
from wayline.store.holiday_feeds import follow
from wayline.store.tables import escalation_sweeps, holiday_feeds

TUESDAY = datetime(2027, 3, 2, 12, tzinfo=UTC)
HOURS = {"name": "office", "timezone": "UTC", "mode": "simple", "holidays": {}}


def holidays(*days: str) -> bytes:
    events = "".join(f"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\n" for day in days)
    return answer(200, f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n".encode(), content_type="text/calendar")


@pytest.fixture
def elsewhere() -> Iterator[OtherSystem]:
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


def follows(desk: DrivenDesk, url: str | None, calendar_id: str | None = None) -> str:
    """The desk's hours, with the holidays that stand there."""

    def write(tx: Transaction) -> str:
        touch(tx.connection, desk.tenant_id)
        kept = calendar_id or insert_calendar(
            tx.connection, tenant_id=desk.tenant_id, definition=HOURS, is_default=True, at=tx.at
        )
        follow(tx.connection, tenant_id=desk.tenant_id, calendar_id=kept, url=url, at=tx.at)
        return kept

    kept: str = desk.submit(Change(tenant_id=desk.tenant_id, actor=desk.root.actor, write=write))
    return kept


def is_open_on_tuesday(desk: DrivenDesk) -> bool:
    with desk.wayline.database.reader.connect() as connection:
        return is_open(load_calendars(connection, desk.tenant_id).calendars["default"], TUESDAY)


def feed(desk: DrivenDesk) -> Any:
    (row,) = desk.rows(holiday_feeds)
    return row


def test_what_stands_there_closes_the_desk(desk: DrivenDesk, elsewhere: OtherSystem) -> None:
    elsewhere.answers.append(holidays("20270302"))
    follows(desk, f"{elsewhere.url}/holidays.ics")
    assert is_open_on_tuesday(desk)
    assert desk.read_holidays() == 1
    assert not is_open_on_tuesday(desk)
    assert [request.method for request in elsewhere.received] == ["GET"]
    assert (feed(desk).error, len(desk.rows(escalation_sweeps))) == (None, 1)


def test_it_is_read_once_a_day(desk: DrivenDesk, elsewhere: OtherSystem) -> None:
    elsewhere.answers.extend([holidays("20270101"), holidays("20270302")])
    follows(desk, f"{elsewhere.url}/holidays.ics")
    desk.read_holidays()
    desk.pass_time(hours=23.9)
    assert desk.read_holidays() == 0
    assert is_open_on_tuesday(desk)
    desk.pass_time(hours=0.2)
    assert desk.read_holidays() == 1
    assert not is_open_on_tuesday(desk)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (answer(500), "answered 500"),
        (answer(302, location="/elsewhere"), "answered 302"),
        (answer(200, b"<html>Sorry</html>"), "not an iCalendar text"),
        (answer(200, b"x" * (512 * 1024 + 1)), "longer than 512 KiB"),
    ],
    ids=["broken", "redirected", "no calendar", "too long"],
)
def test_what_was_read_stays_while_it_cannot_be_read_anew(
    desk: DrivenDesk, elsewhere: OtherSystem, said: bytes, error: str
) -> None:
    elsewhere.answers.extend([holidays("20270302"), said, holidays("20270101")])
    follows(desk, f"{elsewhere.url}/holidays.ics")
    desk.read_holidays()
    desk.pass_time(hours=25)
    assert desk.read_holidays() == 1
    assert error in feed(desk).error
    assert feed(desk).failed_at > feed(desk).fetched_at
    assert not is_open_on_tuesday(desk)
    desk.pass_time(hours=1.1)
    assert desk.read_holidays() == 1
    assert (feed(desk).error, is_open_on_tuesday(desk)) == (None, True)


def test_another_address_forgets_what_the_first_said(desk: DrivenDesk, elsewhere: OtherSystem) -> None:
    elsewhere.answers.append(holidays("20270302"))
    calendar_id = follows(desk, f"{elsewhere.url}/one.ics")
    desk.read_holidays()
    follows(desk, f"{elsewhere.url}/one.ics", calendar_id)
    assert not is_open_on_tuesday(desk)
    follows(desk, f"{elsewhere.url}/two.ics", calendar_id)
    assert is_open_on_tuesday(desk)
    follows(desk, None, calendar_id)
    assert desk.rows(holiday_feeds) == []


def test_addresses_inside_are_not_read(database_url: str, tmp_path: Path, elsewhere: OtherSystem) -> None:
    with driven_desk(database_url, tmp_path) as desk:
        follows(desk, f"{elsewhere.url}/holidays.ics")
        assert desk.read_holidays() == 1
        assert "may not be called" in feed(desk).error
        assert elsewhere.received == []
