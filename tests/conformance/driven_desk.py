"""A desk whose driver goes round when a test says so, under a clock the test moves. Who is there: see `served_desk.py`.

Everything is real (door, database, driver, actions); only the driver's thread is missing: a round is a call here, and
no test waits for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from served_desk import Person, seed
from wayline.bootstrap import Wayline
from wayline.core.commands import CompleteStep, CreateTicket, StartRun
from wayline.core.facts import Actor
from wayline.core.run import Run
from wayline.drivers.local import LocalDriver
from wayline.engine.clock import Clock
from wayline.settings import Settings
from wayline.store.database import new_id
from wayline.store.runs import StoredVisit, read_run, read_visits
from wayline.store.timeline import read_timeline
from workflows import publish

T = TypeVar("T")
SECRET = "a key for tests alone"


class StillClock(Clock):
    """A clock that stands until a test moves it."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class DrivenDesk:
    """The desk, and its driver by hand."""

    ana: Person
    bo: Person
    cy: Person
    dee: Person
    root: Person
    zack: Person
    tenant_id: str
    service_desk_id: str

    def __init__(self, database_url: str, directory: Path, *, clock: Clock | None = None, **settings: Any) -> None:
        chosen: dict[str, Any] = {"secret_key": SECRET, "data_dir": directory / "data", **settings}
        self.settings = Settings(database_url=database_url, **chosen)
        self.wayline = Wayline(self.settings, workers=False, clock=clock)
        self.driver = self.new_driver()
        self._loop = asyncio.new_event_loop()

    def new_driver(self) -> LocalDriver:
        """Another process's driver, as far as the database can tell."""
        return LocalDriver(self.wayline.door, self.settings, SECRET.encode())

    def wait(self, round_: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(round_)

    def close(self) -> None:
        for performer in self.driver.performers.values():
            self.wait(performer.close())
        self.wait(self.driver.webhooks.finish(0))
        self.wait(self.driver.holidays.close())
        self.driver.access.close()
        self._loop.close()
        self.wayline.stop()

    # -- what people do --------------------------------------------------------------------------

    def publish(self, *steps: dict[str, Any], **head: Any) -> str:
        """A published template of these steps; answers its id."""
        return publish(self, list(steps), **head)

    def submit(self, asked: Any) -> Any:
        return self.wayline.door.submit_and_wait(asked)

    def start(self, template_id: str, *, ticket_id: str | None = None, **variables: Any) -> str:
        """Ana starts a run; answers its id."""
        run_id = new_id()
        self.submit(
            StartRun(
                tenant_id=self.tenant_id,
                actor=self.ana.actor,
                run_id=run_id,
                template_id=template_id,
                ticket_id=ticket_id,
                owner_id=self.ana.id,
                variables=variables,
            )
        )
        return run_id

    def open_ticket(self, **fields: Any) -> str:
        """Ana opens a ticket; answers its id."""
        ticket_id = new_id()
        fields = {"type": "incident", "title": "It does not work", **fields}
        command = CreateTicket(tenant_id=self.tenant_id, actor=self.ana.actor, ticket_id=ticket_id, fields=fields)
        self.submit(command)
        return ticket_id

    def complete(self, actor: Actor, run_id: str, step: str, **answer: Any) -> Any:
        return self.submit(CompleteStep(tenant_id=self.tenant_id, actor=actor, run_id=run_id, step=step, answer=answer))

    # -- what time and the driver do -------------------------------------------------------------

    def pass_time(self, *, hours: float = 0, seconds: float = 0) -> None:
        self.wayline.clock.advance(hours * 3600 + seconds)

    def fire_timers(self) -> int:
        return self.wait(self.driver.timers.run_once())

    def do_jobs(self) -> int:
        return self.wait(self.driver.jobs.run_once())

    def send_commands(self) -> int:
        return self.wait(self.driver.outbox.run_once())

    def tell_webhooks(self) -> int:
        return self.wait(self.driver.webhooks.run_once())

    def escalate(self) -> int:
        return self.wait(self.driver.escalations.run_once())

    def read_holidays(self) -> int:
        return self.wait(self.driver.holidays.run_once())

    def do_recurring(self) -> int:
        return self.wait(self.driver.recurring.run_once())

    # -- what there is then ----------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        with self.wayline.database.reader.connect() as connection:
            found = read_run(connection, tenant_id=self.tenant_id, run_id=run_id)
        assert found is not None
        return found

    def visits(self, run_id: str) -> list[StoredVisit]:
        with self.wayline.database.reader.connect() as connection:
            return read_visits(connection, tenant_id=self.tenant_id, run_ids=[run_id]).get(run_id, [])

    def events(self, run_id: str) -> list[str]:
        with self.wayline.database.reader.connect() as connection:
            return [e.event for e in read_timeline(connection, tenant_id=self.tenant_id, subject_id=run_id)]

    def rows(self, table: sa.Table, **where: Any) -> list[Any]:
        conditions = [table.c[name] == value for name, value in where.items()]
        with self.wayline.database.reader.connect() as connection:
            return list(connection.execute(sa.select(table).where(*conditions)))

    def write(self, statement: sa.Executable) -> None:
        with self.wayline.database.writer.begin() as connection:
            connection.execute(statement)


@contextmanager
def driven_desk(
    database_url: str, directory: Path, *, clock: Clock | None = None, **settings: Any
) -> Iterator[DrivenDesk]:
    """A desk for the length of the block, its door open."""
    desk = DrivenDesk(database_url, directory, clock=clock, **settings)
    for name, value in seed(desk.wayline).items():
        setattr(desk, name, value)
    desk.wayline.start()
    try:
        yield desk
    finally:
        desk.close()
