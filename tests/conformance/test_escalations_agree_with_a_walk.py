"""Random stories of a desk, over a change of the clocks and a holiday: everybody is told at the minute a walk says.

The desk is real, on either database, under a clock the story moves: from each thing that happens to the next, or to
when the driver itself next wants to be woken. So what is told late, early, twice or never differs from the walk.
`ESCALATION_STORIES` (default 2 a place and database) raises the effort.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, StillClock, driven_desk
from naive_escalations import Happening, NaiveDesk, Told

from served_desk import Person, add_queues
from wayline.core.commands import AddComment, UpdateTicket
from wayline.engine.door import Change, Transaction
from wayline.store import escalations as stored
from wayline.store.calendars import default_calendar, insert_calendar, update_calendar
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.queues import put_managers
from wayline.store.tables import jobs, notifications
from wayline.store.timeline import read_timeline

STORIES = int(os.environ.get("ESCALATION_STORIES", "2"))
NETWORK = 4
DAY = 1440
DUTY = "duty@elsewhere.example"
WORK = [[540, 720], [780, 1020]]
NIGHT = [[0, 360], [1320, 1440]]


@dataclass(frozen=True)
class Setting:
    """A fortnight somewhere: a change of the clocks and holidays are in it."""

    zone: str
    begin: datetime
    holidays: tuple[str, ...]

    def hours(self, spans: list[list[int]], weekend: list[list[int]]) -> dict[str, Any]:
        days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), spans) | dict.fromkeys(("sat", "sun"), weekend)
        given = {"timezone": self.zone, "mode": "per_day", "days": days, "holidays": {"dates": list(self.holidays)}}
        return {"name": "hours", **given}


EASTER_IN_BERLIN = Setting("Europe/Berlin", datetime(2027, 3, 22, 7, tzinfo=UTC), ("2027-03-26", "2027-03-29"))
EASTER_IN_SYDNEY = Setting("Australia/Sydney", datetime(2026, 3, 30, 20, tzinfo=UTC), ("2026-04-03", "2026-04-06"))
MINUTES = 12 * DAY


@pytest.fixture(params=[EASTER_IN_BERLIN, EASTER_IN_SYDNEY], ids=lambda setting: setting.zone)
def setting(request: pytest.FixtureRequest) -> Setting:
    found: Setting = request.param
    return found


@pytest.fixture
def desk(database_url: str, tmp_path: Path, setting: Setting) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, clock=StillClock(setting.begin), smtp_url="smtp://127.0.0.1:9") as driven:
        yield driven


# -- a story ---------------------------------------------------------------------------------------


def story_of(setting: Setting, desk: DrivenDesk, rng: random.Random) -> list[Happening]:
    """Escalations and hours that come and change, and what happens to a handful of tickets."""
    told = [Happening(0, "hours", given=setting.hours(WORK, [])), *_escalations(desk, rng)]
    hours = (setting.hours(WORK, NIGHT), {**setting.hours(WORK, []), "mode": "always"}, setting.hours(NIGHT, NIGHT))
    told += [Happening(rng.randrange(2 * DAY, MINUTES), "hours", given=given) for given in rng.sample(hours, 2)]
    for ticket in range(8):
        told += _life(desk, rng, ticket)
    return sorted(told, key=lambda happening: happening.minute)


def _escalations(desk: DrivenDesk, rng: random.Random) -> list[Happening]:
    def fields(number: int) -> dict[str, Any]:
        is_mailed = rng.random() < 0.3
        return {
            "id": number,
            "minutes": rng.randrange(20, 900),
            "action": "email" if is_mailed else rng.choice(("notify", "email")),
            "recipient": "address" if is_mailed else "assignee",
            "email": DUTY if is_mailed else None,
            "repeat_minutes": rng.choice((None, None, 240, 700)),
            "queue": rng.choice((None, None, "Network")),
            "priority": rng.choice((None, None, "P2")),
            "group": rng.choice((None, None, desk.service_desk_id)),
        }

    of_any = {"recipient": "assignee", "email": None, "queue": None, "priority": None, "group": None}
    return [
        Happening(0, "add", given={**fields(1), **of_any, "minutes": rng.randrange(60, 240)}),
        *(Happening(0, "add", given=fields(number)) for number in (2, 3)),
        Happening(rng.randrange(DAY, 3 * DAY), "add", given=fields(4)),
        Happening(rng.randrange(4 * DAY, MINUTES), "change", given=fields(2)),
        Happening(rng.randrange(4 * DAY, MINUTES), "drop", given={"id": 3}),
    ]


def _life(desk: DrivenDesk, rng: random.Random, ticket: int) -> list[Happening]:
    begin = rng.randrange(5 * DAY)
    fields = {"queue": "Inbox", "priority": "P3", "group": None, "assignee": rng.choice((None, desk.bo.id))}
    minutes = sorted(rng.sample(range(begin + 1, MINUTES), rng.randrange(2, 9)))
    return [Happening(begin, "open", ticket, fields), *(_turn(desk, rng, ticket, minute) for minute in minutes)]


def _turn(desk: DrivenDesk, rng: random.Random, ticket: int, minute: int) -> Happening:
    what = rng.choice(("reply", "reply", "answer", "note", *["set"] * 6))
    if what != "set":
        return Happening(minute, what, ticket)
    name, values = rng.choice(
        (
            ("status", ("open", "in_progress", "pending", "on_hold", "in_progress", "resolved")),
            ("status", ("open", "in_progress", "pending", "on_hold", "in_progress", "closed")),
            ("priority", ("P2", "P3")),
            ("queue", ("Inbox", "Network")),
            ("group", (None, desk.service_desk_id)),
            ("assignee", (None, desk.bo.id, desk.cy.id)),
        )
    )
    return Happening(minute, "set", ticket, {name: rng.choice(values)})


# -- living through it -----------------------------------------------------------------------------


class Living:
    """The desk on its way through a story."""

    def __init__(self, desk: DrivenDesk, setting: Setting) -> None:
        self.desk, self.begin = desk, setting.begin
        self.clock = desk.wayline.clock
        self.tickets: dict[int, str] = {}

    def through(self, story: list[Happening]) -> None:
        for happening in story:
            self.until(happening.minute)
            self.happen(happening)
        self.until(MINUTES - 1)

    def until(self, minute: int) -> None:
        """Let the driver do, when it wants to be woken, what there is to do until then."""
        end = self.begin + timedelta(minutes=minute)
        rounds = 0
        while (wanted := self._wanted()) is not None and wanted <= end:
            self._go_to(wanted)
            assert self.desk.escalate() > 0, "woken for nothing"
            rounds += 1
            assert rounds < 5_000, "it never comes to rest"
        self._go_to(end)

    def _wanted(self) -> datetime | None:
        with self.desk.wayline.database.reader.connect() as connection:
            known = (stored.soonest(connection), stored.soonest_sweep(connection))
        return min((at for at in known if at is not None), default=None)

    def _go_to(self, at: datetime) -> None:
        self.clock.advance(max(0.0, (at - self.clock.now()).total_seconds()))

    def happen(self, happening: Happening) -> None:
        given = dict(happening.given)
        if happening.what == "hours":
            self.write(lambda connection: self._put_hours(connection, given))
        elif happening.what in ("add", "change", "drop"):
            self.write(lambda connection: self._put_escalation(connection, happening.what, given))
        elif happening.what == "open":
            assert happening.ticket is not None
            self.tickets[happening.ticket] = self.desk.open_ticket(**given)
        elif happening.what == "set":
            self._submit(UpdateTicket, happening, self.desk.bo, changes=given)
        else:
            by = self.desk.ana if happening.what == "reply" else self.desk.cy
            said = "internal" if happening.what == "note" else "public"
            self._submit(AddComment, happening, by, comment_id=new_id(), text="Well?", visibility=said)

    def _submit(self, command: Any, happening: Happening, by: Person, **more: Any) -> None:
        assert happening.ticket is not None
        of = {"tenant_id": self.desk.tenant_id, "actor": by.actor, "ticket_id": self.tickets[happening.ticket]}
        self.desk.submit(command(**of, **more))

    def write(self, change: Any) -> None:
        def whole(tx: Transaction) -> None:
            touch(tx.connection, self.desk.tenant_id)
            change(tx.connection)
            stored.time_anew(tx.connection, tenant_id=self.desk.tenant_id, at=tx.at)

        self.desk.submit(Change(tenant_id=self.desk.tenant_id, actor=self.desk.root.actor, write=whole))

    def _put_hours(self, connection: sa.Connection, definition: dict[str, Any]) -> None:
        given: dict[str, Any] = {"tenant_id": self.desk.tenant_id, "definition": definition, "is_default": True}
        known = default_calendar(connection, tenant_id=self.desk.tenant_id)
        if known is None:
            insert_calendar(connection, **given, at=self.begin)
        else:
            update_calendar(connection, **given, calendar_id=known.id, at=self.begin)

    def _put_escalation(self, connection: sa.Connection, what: str, given: dict[str, Any]) -> None:
        number, tenant_id = given.pop("id"), self.desk.tenant_id
        if what == "drop":
            stored.delete_escalation(connection, tenant_id=tenant_id, number=number)
            return
        fields = {**given, "queue_id": NETWORK if given.pop("queue") else None}
        fields.pop("queue", None)
        if what == "add":
            assert stored.insert_escalation(connection, tenant_id=tenant_id, fields=fields) == number
        else:
            stored.update_escalation(connection, tenant_id=tenant_id, number=number, fields=fields)

    def told(self) -> list[Told]:
        found = []
        for ticket, ticket_id in self.tickets.items():
            with self.desk.wayline.database.reader.connect() as connection:
                events = read_timeline(connection, tenant_id=self.desk.tenant_id, subject_id=ticket_id)
            for event in (e for e in events if e.event == "ticket_escalated"):
                minute = (event.at - self.begin) / timedelta(minutes=1)
                to = tuple(sorted(event.detail.partition(": told ")[2].split(", ")))
                found.append(Told(int(minute), ticket, event.data["escalation_id"], event.data["times"], to))
                assert minute == int(minute)
        return found


@pytest.mark.parametrize("seed", range(STORIES))
def test_everybody_is_told_at_the_minute_a_walk_says(desk: DrivenDesk, setting: Setting, seed: int) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Network")
    living = Living(desk, setting)
    living.write(
        lambda c: put_managers(c, tenant_id=desk.tenant_id, number=NETWORK, user_ids=[desk.dee.id, desk.cy.id])
    )
    story = story_of(setting, desk, random.Random(f"{setting.zone} {seed}"))
    naive = NaiveDesk(begin=setting.begin, minutes=MINUTES, managers={"Network": ("Cy", "Dee")}, admin="Root")
    names = {desk.bo.id: "Bo", desk.cy.id: "Cy"}
    expected = naive.walk([_named(happening, names) for happening in story])

    living.through(story)

    assert sorted(living.told(), key=_order) == sorted(expected, key=_order)
    assert len(expected) >= 10  # else the story says nothing
    mails = sum(len(told.to) for told in expected if _action(story, told) == "email")
    notices = sum(len(told.to) for told in expected if _action(story, told) == "notify")
    assert len(desk.rows(notifications, kind="escalation")) == notices
    assert len(desk.rows(jobs, queue="email")) == mails


def _named(happening: Happening, names: dict[str, str]) -> Happening:
    """The same with the name of whoever it is assigned to."""
    given = dict(happening.given)
    if "assignee" in given:
        given["assignee"] = names.get(given["assignee"] or "")
    return Happening(happening.minute, happening.what, happening.ticket, given)


def _order(told: Told) -> tuple[int, int, int]:
    return told.minute, told.ticket, told.escalation


def _action(story: list[Happening], told: Told) -> str:
    """How the escalation told of, as it was at that minute."""
    known = [h for h in story if h.what in ("add", "change") and h.given["id"] == told.escalation]
    return str([h.given["action"] for h in known if h.minute <= told.minute][-1])
