"""No ticket ends up in a queue that is not there, whatever another process does to queues in that moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from served_desk import add_categories, add_queues
from wayline.core.commands import CreateTicket
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.queues import delete_queue, read_queue, update_queue
from wayline.store.resolution_categories import delete_category
from wayline.store.tables import queues, resolution_categories, tickets

WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
LOOKS = 20_000


@pytest.fixture
def desk(postgresql_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    """Several processes write on PostgreSQL alone."""
    with driven_desk(postgresql_url, tmp_path) as driven:
        add_queues(driven.wayline, driven.tenant_id, "Network")
        add_categories(driven.wayline, driven.tenant_id, "Fixed")
        yield driven


def new_ticket(desk: DrivenDesk, **fields: str) -> CreateTicket:
    whole = {"type": "incident", "title": "It hums", **fields}
    return CreateTicket(tenant_id=desk.tenant_id, actor=desk.bo.actor, ticket_id=new_id(), fields=whole)


def until_somebody_waits(desk: DrivenDesk) -> None:
    """The other process's transaction has come to what this one holds."""
    with desk.wayline.database.reader.connect() as connection:
        for _ in range(LOOKS):
            if connection.execute(WAITING).scalar_one():
                return
            connection.rollback()
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("what", ["renamed", "deleted"])
def test_a_ticket_for_a_queue_that_goes_meanwhile_founds_it_anew(desk: DrivenDesk, what: str) -> None:
    with desk.wayline.database.writer.begin() as connection:
        queue = read_queue(connection, tenant_id=desk.tenant_id, number=4, lock=True)
        assert queue is not None
        answer = desk.wayline.door.submit_soon(new_ticket(desk, queue="Network"))
        until_somebody_waits(desk)
        touch(connection, desk.tenant_id)
        if what == "deleted":
            delete_queue(connection, tenant_id=desk.tenant_id, number=4)
        else:
            update_queue(connection, tenant_id=desk.tenant_id, queue=queue, name="Networks", outgoing_mailbox_id=None)
    answer.result()
    (ticket,) = desk.rows(tickets)
    (founded,) = desk.rows(queues, name="Network")
    assert ticket.queue == "Network"
    assert founded.number > 4
    assert (founded.ticket_count, founded.open_count) == (1, 1)


def test_a_ticket_for_a_category_that_goes_meanwhile_founds_it_anew(desk: DrivenDesk) -> None:
    with desk.wayline.database.writer.begin() as connection:
        delete_category(connection, tenant_id=desk.tenant_id, number=1)
        answer = desk.wayline.door.submit_soon(new_ticket(desk, resolution_category="Fixed"))
        until_somebody_waits(desk)
        touch(connection, desk.tenant_id)
    answer.result()
    (founded,) = desk.rows(resolution_categories)
    assert founded.name == "Fixed"
    assert founded.number > 1


def test_a_ticket_that_came_in_time_is_renamed_with_the_others(desk: DrivenDesk) -> None:
    desk.submit(new_ticket(desk, queue="Network"))
    with desk.wayline.database.writer.begin() as connection:
        queue = read_queue(connection, tenant_id=desk.tenant_id, number=4, lock=True)
        assert queue is not None
        update_queue(connection, tenant_id=desk.tenant_id, queue=queue, name="Networks", outgoing_mailbox_id=None)
        touch(connection, desk.tenant_id)
    (ticket,) = desk.rows(tickets)
    (counted,) = desk.rows(queues, name="Networks")
    assert (ticket.queue, counted.ticket_count, counted.open_count) == ("Networks", 1, 1)
