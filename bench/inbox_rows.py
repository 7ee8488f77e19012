"""A desk with a million open work items: who is offered what is written in bulk, as the door writes it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.client import Connection
from bench.wayline_server import APPROVER, Desk, create_template
from wayline.store.bulk import BulkInsert
from wayline.store.database import Database
from wayline.store.tables import tickets, users, work_items, work_offers

OPEN_ITEMS = 1_000_000
OF_THE_CALLERS_GROUPS = 10_000
OF_TWO_OF_THEM = 1_000
GROUPS = 5
OTHER_AUDIENCES = 995
KINDS = ("form", "approval", "routing")
ITEMS_A_TRANSACTION = 20_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

_SHARE = OPEN_ITEMS // OF_THE_CALLERS_GROUPS
_insert_tickets, _insert_items, _insert_offers = BulkInsert(tickets), BulkInsert(work_items), BulkInsert(work_offers)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What the caller's inbox has to count."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def create_groups(desk: Desk, member_id: str) -> list[str]:
    """Makes the person a member of `GROUPS` groups and answers their ids. Raises BadAnswer."""
    connection = await Connection.open(desk.port)
    root = desk.designer()
    try:
        ids: list[str] = []
        for number in range(GROUPS):
            made = await connection.call(root.post_json("/api/v1/groups", {"name": f"Group {number + 1}"}))
            ids.append(json.loads(made.expect(201))["data"]["id"])
            member = root.post_json(f"/api/v1/groups/{ids[-1]}/members", {"user_id": member_id})
            (await connection.call(member)).expect(201)
        return ids
    finally:
        connection.close()


async def fill(desk: Desk, database_url: str) -> Filled:
    """Writes every item: each hundredth is the caller's groups', and has a ticket; the rest are others'."""
    template_id = await create_template(desk)
    database = Database(database_url)
    try:
        with database.reader.connect() as connection:
            found = sa.select(users.c.tenant_id, users.c.id).where(users.c.email == APPROVER)
            tenant_id, caller_id = connection.execute(found).one()
        mine = await create_groups(desk, caller_id)
        counts = dict.fromkeys(KINDS, 0)
        for batch in _batches(tenant_id, template_id, caller_id, mine):
            for item in batch.items:
                counts[item["kind"]] += item["ticket_id"] is not None
            with database.writer.begin() as connection:
                _insert_tickets.execute(connection, batch.tickets)
                _insert_items.execute(connection, batch.items)
                _insert_offers.execute(connection, batch.offers)
    finally:
        database.close()
    return Filled(counts=counts)


@dataclass
class _Batch:
    tickets: list[dict[str, Any]]
    items: list[dict[str, Any]]
    offers: list[dict[str, Any]]


def _batches(tenant_id: str, template_id: str, requester_id: str, mine: list[str]) -> Iterator[_Batch]:
    rng = random.Random(6)
    others = [_id(9, number) for number in range(OTHER_AUDIENCES)]
    for start in range(0, OPEN_ITEMS, ITEMS_A_TRANSACTION):
        batch = _Batch([], [], [])
        for number in range(start, start + ITEMS_A_TRANSACTION):
            is_mine = number % _SHARE == 0
            ticket_id = _id(8, number) if is_mine else None
            at = BEGIN + timedelta(seconds=number)
            # Neighbours in time are neighbours in the index, as ids of the door's are.
            item_id = f"{number:08x}-0000-7000-8000-{rng.getrandbits(48):012x}"
            audiences = _some_of(mine, number, rng) if is_mine else [rng.choice(others)]
            kind = KINDS[rng.randrange(len(KINDS))]
            if ticket_id is not None:
                batch.tickets.append(_ticket(tenant_id, ticket_id, requester_id, number, at))
            batch.items.append(
                {
                    "id": item_id,
                    "tenant_id": tenant_id,
                    "run_id": _id(7, number),
                    "step_id": "manager",
                    "kind": kind,
                    "title": "Manager approves",
                    "template_id": template_id,
                    "ticket_id": ticket_id,
                    "group_id": audiences[0],
                    "due_at": at + timedelta(days=1),
                    "opened_at": at,
                }
            )
            alone = True if len(audiences) == 1 else None
            offer = {"opened_at": at, "item_id": item_id, "tenant_id": tenant_id, "kind": kind, "alone": alone}
            batch.offers += [{"audience_id": audience, **offer} for audience in audiences]
        yield batch


def _some_of(mine: list[str], number: int, rng: random.Random) -> list[str]:
    is_of_two = number // _SHARE % (OF_THE_CALLERS_GROUPS // OF_TWO_OF_THEM) == 0
    return rng.sample(mine, 2 if is_of_two else 1)


def _id(family: int, number: int) -> str:
    return f"00000000-0000-4000-8{family:03d}-{number:012d}"


def _ticket(tenant_id: str, ticket_id: str, requester_id: str, number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": ticket_id,
        "tenant_id": tenant_id,
        "number": f"SR-{number:06d}",
        "type": "service_request",
        "title": f"Laptop {number}",
        "status": "open",
        "priority": "P3",
        "category": "service_request",
        "queue": "Inbox",
        "requester_id": requester_id,
        "tags": [],
        "custom": {},
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "timeline_seq": 0,
        "timeline_head": b"",
        "wait_number": 1,
        "waited_us": 0,
    }
