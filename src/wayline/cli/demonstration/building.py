"""Building the demo desk, once: what is there and complete is left as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec
import sqlalchemy as sa

from wayline.bootstrap import Wayline
from wayline.cli.demonstration.asking import let_the_shop_ask
from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.examples import MESSAGES, RULES, example_files
from wayline.cli.demonstration.founding import FOUNDER, TENANT_ID, found, publish_examples, save_rules
from wayline.cli.demonstration.living import live
from wayline.cli.demonstration.sending import send_message
from wayline.cli.demonstration.stories import stories
from wayline.cli.demonstration.story_clock import StoryClock
from wayline.core.facts import SYSTEM
from wayline.engine.clock import Clock
from wayline.engine.door import Change, Transaction
from wayline.settings import Settings
from wayline.store import audit
from wayline.store.access import list_tenants
from wayline.store.database import Database

BUILT = "demo.built"
FOUNDED_DAYS_AGO = 16
"""One working day before the first story."""


class NotADemo(Exception):
    """The database is in use for something else."""


class Built(msgspec.Struct, frozen=True):
    """Whether the desk was made just now, or was there."""

    anew: bool


def build(settings: Settings, *, now: datetime | None = None, anew: bool = False) -> Built:
    """See to it that the demo desk is in this migrated database; `anew` makes it again, `now` is when it is looked at.

    Raises NotADemo for a database with other tenants in it. Half a desk, left by a build that was cut short, is made
    again too. Nobody is sent a mail, and no other system is called.
    """
    at = now or _present(settings)
    days = Days(at)
    clock = StoryClock(days.on(FOUNDED_DAYS_AGO, "08:00"))
    with _engine(settings, clock) as wayline:
        with wayline.database.reader.connect() as connection:
            if _is_built(connection) and not anew:
                return Built(anew=False)
        cast = found(wayline, days)
        publish_examples(wayline, cast, [*example_files(), *example_files(MESSAGES)])
        asyncio.run(live(wayline, clock, cast, stories(days), days))
        send_message(wayline, cast)
        let_the_shop_ask(wayline, cast)
        save_rules(wayline, cast, example_files(RULES))
        wayline.door.submit_and_wait(
            Change(tenant_id=TENANT_ID, actor=cast.actors[FOUNDER], write=_note_that_it_is_built)
        )
    return Built(anew=True)


def _present(settings: Settings) -> datetime:
    clock = Clock(settings.test_clock_offset_s)
    database = Database(settings.database_url)
    try:
        clock.follow(database)
        return clock.now()
    finally:
        database.close()


@contextmanager
def _engine(settings: Settings, clock: StoryClock) -> Iterator[Wayline]:
    wayline = Wayline(settings, workers=False, clock=clock)
    wayline.start()
    try:
        yield wayline
    finally:
        wayline.stop()


def _is_built(connection: sa.Connection) -> bool:
    others = [tenant["name"] for tenant in list_tenants(connection) if tenant["id"] != TENANT_ID]
    if others:
        raise NotADemo(f"this database is used by {', '.join(others[:3])}; the demo wants one of its own")
    _, times = audit.list_audit(connection, tenant_id=TENANT_ID, action=BUILT, limit=1, offset=0)
    return times > 0


def _note_that_it_is_built(tx: Transaction) -> None:
    audit.record(tx.connection, tenant_id=TENANT_ID, at=tx.at, actor=SYSTEM, action=BUILT, subject_id=TENANT_ID)
