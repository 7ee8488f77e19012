"""An inbox is counted and paged alike however many audiences its owner answers to, and however often one is named."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from wayline.store.bulk import BulkInsert
from wayline.store.database import Database
from wayline.store.inbox import MAX_MERGED_KEYS, count_inbox, read_inbox
from wayline.store.migrate import MIGRATIONS
from wayline.store.tables import templates, work_items, work_offers

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = ("form", "approval", "routing", "entry")
AUDIENCES = 8
ITEMS = 300


def identity(group: int, number: int) -> str:
    return f"00000000-0000-4000-8{group:03d}-{number:012d}"


TENANT, TEMPLATE = identity(0, 1), identity(0, 2)


def audience(number: int) -> str:
    return identity(1, number)


class Offered:
    """Items of one tenant, as they were written: (opened, id) and kind by item, and whom each is offered to."""

    def __init__(self, rng: random.Random) -> None:
        self.items: list[dict[str, Any]] = []
        self.offers: list[dict[str, Any]] = []
        for number in range(ITEMS):
            # Several open at the same instant: then their ids say which comes first.
            at, kind = BEGIN + timedelta(seconds=number // 3), rng.choice(KINDS)
            to = rng.sample(range(AUDIENCES), rng.choice((1, 1, 1, 2, 3)))
            item = {"id": identity(2, number), "tenant_id": TENANT, "run_id": identity(3, number), "step_id": "s"}
            self.items.append(item | {"kind": kind, "title": "Work", "template_id": TEMPLATE, "opened_at": at})
            is_marked = len(to) == 1 and rng.random() < 0.8
            self.offers += [
                {
                    "audience_id": audience(who),
                    "opened_at": at,
                    "item_id": item["id"],
                    "tenant_id": TENANT,
                    "kind": kind,
                    "alone": True if is_marked else None,
                }
                for who in to
            ]

    def of(self, keys: Sequence[str]) -> list[tuple[datetime, str, str]]:
        """(opened, id, kind) of what is offered to any of these, newest first."""
        found = {(o["opened_at"], o["item_id"], o["kind"]) for o in self.offers if o["audience_id"] in keys}
        return sorted(found, reverse=True)


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    database = Database(database_url)
    with database.writer.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()
    database.close()


def written(connection: sa.Connection, rng: random.Random) -> Offered:
    offered = Offered(rng)
    row = {"id": TEMPLATE, "tenant_id": TENANT, "name": "T", "kind": "workflow", "status": "published"}
    more = {"is_active": True, "trigger_type": "api", "step_count": 1, "version": 1, "revision": 1}
    connection.execute(sa.insert(templates).values(**row, **more, created_at=BEGIN, updated_at=BEGIN))
    BulkInsert(work_items).execute(connection, offered.items)
    BulkInsert(work_offers).execute(connection, offered.offers)
    return offered


def test_each_item_counts_once_whoever_of_the_callers_audiences_it_is_offered_to(connection: sa.Connection) -> None:
    rng = random.Random(6)
    offered = written(connection, rng)
    strangers = [identity(4, number) for number in range(MAX_MERGED_KEYS)]
    for size in (1, 2, 3, 5, AUDIENCES):
        mine = [audience(number) for number in rng.sample(range(AUDIENCES), size)]
        for keys in (mine, [*mine, *strangers]):
            expected = offered.of(keys)
            assert count_inbox(connection, tenant_id=TENANT, keys=keys) == Counter(kind for _, _, kind in expected)
            for kind in (None, *KINDS):
                of_kind = [item_id for _, item_id, its in expected if kind in (None, its)]
                for limit, offset in ((10, 0), (7, 21), (50, len(of_kind) - 5), (10, ITEMS)):
                    page = read_inbox(
                        connection, tenant_id=TENANT, keys=keys, kind=kind, limit=limit, offset=max(offset, 0)
                    )
                    assert [item.id for item in page] == of_kind[max(offset, 0) :][:limit]


def test_nobodys_inbox_and_another_tenants_are_empty(connection: sa.Connection) -> None:
    written(connection, random.Random(7))
    keys = [audience(number) for number in range(AUDIENCES)]
    assert count_inbox(connection, tenant_id=TENANT, keys=[]) == {}
    assert read_inbox(connection, tenant_id=TENANT, keys=[], limit=10, offset=0) == []
    assert count_inbox(connection, tenant_id=identity(0, 9), keys=keys) == {}
    assert read_inbox(connection, tenant_id=identity(0, 9), keys=keys, limit=10, offset=0) == []


def test_counting_reads_indexes_alone(connection: sa.Connection) -> None:
    written(connection, random.Random(8))
    asked: list[Any] = []
    sa.event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    count_inbox(connection, tenant_id=TENANT, keys=[audience(1), audience(2)])
    ((statement, parameters),) = asked
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plan = [row.detail for row in rows if "work_offers" in row.detail]
        found = [step.partition(" (")[0] for step in plan]
        names = ("ix_work_offers_of_kind", "ix_work_offers_of_kind", "ix_work_offers_shared")
        assert found == [f"SEARCH work_offers USING COVERING INDEX {name}" for name in names]
        return
    # There is so little in the table that reading all of it would be quicker.
    for way in ("enable_seqscan", "enable_bitmapscan"):
        connection.exec_driver_sql(f"SET LOCAL {way} = off")
    plan = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
    for index in ("ix_work_offers_of_kind", "ix_work_offers_shared"):
        assert any(f"Index Only Scan using {index}" in step for step in plan), plan


def test_offers_from_before_are_marked_where_they_are_the_only_ones(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0014-1")
        for number, whom in ((1, 1), (2, 1), (2, 2)):
            row = {"audience_id": audience(whom), "opened_at": BEGIN, "item_id": identity(2, number)}
            connection.execute(sa.insert(work_offers).values(**row, tenant_id=TENANT, kind="form"))
        command.upgrade(config, "0014")
        found = connection.execute(sa.select(work_offers.c.item_id, work_offers.c.alone).order_by("item_id"))
        assert [tuple(row) for row in found] == [(identity(2, 1), True), (identity(2, 2), None), (identity(2, 2), None)]
    database.close()
