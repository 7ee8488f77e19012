"""A database from before there were queues: what its tickets named becomes the desk's, and who waits is read off it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from wayline.store.database import Database, new_id
from wayline.store.migrate import MIGRATIONS, migrate
from wayline.store.numbering import next_number
from wayline.store.queues import list_queues
from wayline.store.resolution_categories import list_categories
from wayline.store.tables import comments, tenants, tickets

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


class Before:
    """A tenant as it was at revision 0007."""

    def __init__(self, connection: sa.Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        self.connection = connection
        self.tenant_id, self.ana, self.bo = new_id(), new_id(), new_id()
        row = {"id": self.tenant_id, "name": "Acme", "plan": "enterprise", "created_at": NOON}
        connection.execute(sa.insert(tenants).values(row))

    def ticket(self, number: str, *said: tuple[float, str, str], **fields: Any) -> None:
        """A ticket opened at noon, and what was said: (hours later, by `ana` or `bo`, visibility)."""
        ticket_id = new_id()
        row = {
            "id": ticket_id,
            "tenant_id": self.tenant_id,
            "number": number,
            "type": "incident",
            "title": "It hums",
            "status": "open",
            "priority": "P3",
            "category": "incident",
            "queue": "Inbox",
            "requester_id": self.ana,
            "tags": [],
            "custom": {},
            "created_at": NOON,
            "updated_at": NOON,
            "version": 1,
            "timeline_seq": 0,
            "timeline_head": b"",
        }
        self.connection.execute(sa.insert(tickets).values(row | fields))
        for hours, author, visibility in said:
            comment = {
                "id": new_id(),
                "tenant_id": self.tenant_id,
                "ticket_id": ticket_id,
                "author_id": getattr(self, author),
                "visibility": visibility,
                "text": "Well?",
                "created_at": at(hours),
            }
            self.connection.execute(sa.insert(comments).values(comment))


def test_what_tickets_named_becomes_the_desks(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    with database.writer.begin() as connection:
        before = Before(connection)
        before.ticket("INC-1", queue="Network", resolution_category="fixed", status="resolved")
        before.ticket("INC-2", queue="Network", resolution_category="explained")
        before.ticket("INC-3", queue="Spam")
        before.ticket("INC-4", status="cancelled", resolution_category="")
    migrate(bare_database_url)
    with database.writer.begin() as connection:
        found = list_queues(connection, tenant_id=before.tenant_id, limit=10)
        assert [(q.id, q.name, q.builtin, q.ticket_count, q.open_count) for q in found] == [
            (1, "Inbox", True, 1, 0),
            (2, "Spam", True, 1, 1),
            (3, "Trash", True, 0, 0),
            (4, "Network", False, 2, 1),
        ]
        categories = list_categories(connection, tenant_id=before.tenant_id)
        assert [(c.id, c.name, c.in_use) for c in categories] == [(1, "explained", True), (2, "fixed", True)]
        assert next_number(connection, tenant_id=before.tenant_id, of="queue") == 5
        assert next_number(connection, tenant_id=before.tenant_id, of="resolution_category") == 3
    database.close()


def test_who_waits_is_read_off_the_comments(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    with database.writer.begin() as connection:
        before = Before(connection)
        before.ticket("new")
        before.ticket("asked again", (1, "ana", "public"))
        before.ticket("answered", (1, "ana", "public"), (2, "bo", "public"))
        before.ticket("asked after it", (1, "bo", "public"), (2, "ana", "public"))
        before.ticket("only noted", (1, "bo", "internal"))
        before.ticket("held", status="pending")
        before.ticket("ended", (1, "ana", "public"), status="closed")
    migrate(bare_database_url)
    with database.reader.connect() as connection:
        rows = connection.execute(sa.select(tickets.c.number, tickets.c.waiting_since, tickets.c.counting_since))
        waits = {row[0]: (row[1], row[2]) for row in rows}
    assert waits == {
        "new": (NOON, NOON),
        "asked again": (at(1), at(1)),
        "answered": (None, None),
        "asked after it": (at(2), at(2)),
        "only noted": (NOON, NOON),
        "held": (NOON, None),
        "ended": (None, None),
    }
    database.close()
