"""Queues: where tickets wait, who looks after them, and moving tickets from one to another."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field
from starlette.responses import Response

from wayline.api.administration_conventions import (
    Asked,
    Name,
    Number,
    administration,
    in_use,
    noted,
    reading,
    write,
    writing,
)
from wayline.api.answer_shapes import holding
from wayline.api.endpoint import ID_PATTERN, Call
from wayline.api.problems import issue, json
from wayline.core.commands import UpdateTicket
from wayline.core.facts import MAX_QUEUES
from wayline.core.refusals import Refusal, not_found
from wayline.core.ticket import number_in
from wayline.engine.door import Transaction
from wayline.store import queues as stored
from wayline.store.directory import touch
from wayline.store.interventions import interventions_of_queue
from wayline.store.mailboxes import read_mailbox
from wayline.store.name_uses import Uses, uses_of
from wayline.store.queues import StoredQueue, TicketPlace

resource = administration("Queues")
MAX_TICKETS_NAMED = 1_000
TICKETS_A_PAGE = 200


class NewQueue(Asked):
    """What it is called, and the mailbox that mail about its tickets comes from."""

    name: Name
    outgoing_mailbox_id: Number | None = None


class QueueChanges(Asked):
    """What is left out stays. A built-in queue keeps its name."""

    queue_id: Number
    name: Name = ""
    outgoing_mailbox_id: Number | None = None


class OneQueue(Asked):
    """Which queue."""

    queue_id: Number


class Move(Asked):
    """From where to where; without `ticket_ids` (ids or numbers) all tickets."""

    from_queue_id: Number
    to_queue_id: Number
    ticket_ids: list[str] | None = Field(None, max_length=MAX_TICKETS_NAMED)


@resource.endpoint("POST", "/queues", **reading(), answer=holding(queues=["Queue"]))
async def list_desk_queues(call: Call) -> Response:
    """Every queue with how many tickets it has, and how many of them are open."""
    found = await call.read(stored.list_queues, tenant_id=call.caller.tenant_id, limit=MAX_QUEUES)
    return json({"queues": found})


@resource.endpoint("POST", "/queues/create", **writing(NewQueue), answer=holding(queue="Queue"))
async def create_queue(call: Call) -> Response:
    """A new queue."""
    body: NewQueue = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> StoredQueue:
        touch(tx.connection, tenant_id)
        _refuse_taken(tx, tenant_id, body.name)
        _refuse_unknown_mailbox(tx, tenant_id, body.outgoing_mailbox_id)
        if stored.how_many(tx.connection, tenant_id) >= MAX_QUEUES:
            raise issue("name", f"A desk has at most {MAX_QUEUES} queues.", "too_many")
        number = stored.insert_queue(
            tx.connection, tenant_id=tenant_id, name=body.name, outgoing_mailbox_id=body.outgoing_mailbox_id
        )
        noted(tx, call, "queue.created", number, {"name": body.name})
        return _known(tx, tenant_id, number)

    return await write(call, change, _shown)


@resource.endpoint(
    "POST", "/queues/update", **writing(QueueChanges), answer=holding(queue="Queue"), refusals=(404, 409)
)
async def update_queue(call: Call) -> Response:
    """Another name or mailbox. Its tickets, escalations and interventions go with the name; templates and rules that
    name it keep it from changing."""
    body: QueueChanges = call.body
    tenant_id, given = call.caller.tenant_id, call.body.model_fields_set

    def change(tx: Transaction) -> StoredQueue:
        touch(tx.connection, tenant_id)
        before = _known(tx, tenant_id, body.queue_id)
        name = body.name if "name" in given else before.name
        mailbox_id = body.outgoing_mailbox_id if "outgoing_mailbox_id" in given else before.outgoing_mailbox_id
        _refuse_taken(tx, tenant_id, name, but=before.id)
        _refuse_unknown_mailbox(tx, tenant_id, mailbox_id)
        if name != before.name:
            _require_renameable(tx, tenant_id, before)
        stored.update_queue(tx.connection, tenant_id=tenant_id, queue=before, name=name, outgoing_mailbox_id=mailbox_id)
        noted(tx, call, "queue.updated", before.id, {"name": [before.name, name]})
        return _known(tx, tenant_id, before.id)

    return await write(call, change, _shown)


@resource.endpoint("POST", "/queues/delete", **writing(OneQueue), answer=holding(deleted=True), refusals=(404, 409))
async def delete_queue(call: Call) -> Response:
    """Remove a queue that nothing needs: 409 says what does."""
    body: OneQueue = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> None:
        touch(tx.connection, tenant_id)
        queue = _known(tx, tenant_id, body.queue_id)
        if queue.builtin:
            raise Refusal("conflict", f"“{queue.name}” is built in; every desk has it.", code="builtin")
        uses: dict[str, Any] = _uses(tx, tenant_id, queue)
        if uses:
            raise in_use(queue.name, uses)
        stored.delete_queue(tx.connection, tenant_id=tenant_id, number=queue.id)
        noted(tx, call, "queue.deleted", queue.id, {"name": queue.name})

    return await write(call, change, lambda _: json({"deleted": True}))


def _uses(tx: Transaction, tenant_id: str, queue: StoredQueue) -> dict[str, Any]:
    """What a queue is needed by. Tickets are looked for, not counted: the count may have been read before."""
    uses: dict[str, Any] = {}
    held = stored.tickets_in(tx.connection, tenant_id=tenant_id, queue=queue.name, after=None, limit=1)
    if held:
        uses["tickets"] = max(queue.ticket_count, 1)
    uses |= uses_of(tx.connection, tenant_id=tenant_id, field="queue", name=queue.name)
    if names := interventions_of_queue(tx.connection, tenant_id=tenant_id, number=queue.id):
        uses["interventions"] = names
    if numbers := stored.escalations_of_queue(tx.connection, tenant_id=tenant_id, number=queue.id):
        uses["escalations"] = [str(number) for number in numbers]
    return uses


@resource.endpoint("POST", "/queues/move", **writing(Move), answer=holding(moved=0), refusals=(404,))
async def move_tickets(call: Call) -> Response:
    """Move tickets, each as if it were changed by itself: its history, rules and webhooks are told. Tickets that are
    not in the first queue stay where they are."""
    body: Move = call.body
    tenant_id = call.caller.tenant_id
    if body.from_queue_id == body.to_queue_id:
        raise issue("to_queue_id", "It is the queue they are in.")
    origin = await call.read(stored.read_queue, tenant_id=tenant_id, number=body.from_queue_id)
    target = await call.read(stored.read_queue, tenant_id=tenant_id, number=body.to_queue_id)
    if origin is None or target is None:
        raise not_found("Queue")
    if body.ticket_ids is not None:
        named = [place for place in await _named(call, body.ticket_ids) if place.queue == origin.name]
        return json({"moved": await _moved(call, named, target)})
    moved, last = 0, None
    while page := await call.read(
        stored.tickets_in, tenant_id=tenant_id, queue=origin.name, after=last, limit=TICKETS_A_PAGE
    ):
        moved += await _moved(call, page, target)
        last = page[-1]
    return json({"moved": moved})


async def _named(call: Call, names: list[str]) -> list[TicketPlace]:
    """The tickets of these ids or numbers; refuses one that is not there."""
    ids = {name.lower() for name in names if ID_PATTERN.fullmatch(name)}
    numbers = {name: number_in(name) for name in names if not ID_PATTERN.fullmatch(name)}
    places = await call.read(
        stored.tickets_called,
        tenant_id=call.caller.tenant_id,
        ids=ids,
        numbers={number for number in numbers.values() if number is not None},
    )
    known = {place.id for place in places} | {place.number for place in places}
    if not ids <= known or not all(number in known for number in numbers.values()):
        raise not_found("Ticket")
    return places


async def _moved(call: Call, places: list[TicketPlace], target: StoredQueue) -> int:
    caller, door = call.caller, call.wayline.door
    asked = [
        UpdateTicket(tenant_id=caller.tenant_id, actor=caller.actor, ticket_id=place.id, changes={"queue": target.name})
        for place in places
    ]
    for start in range(0, len(asked), TICKETS_A_PAGE):
        await asyncio.gather(*map(door.submit, asked[start : start + TICKETS_A_PAGE]))
    return len(asked)


# -- what the calls share --------------------------------------------------------------------------


def _shown(queue: StoredQueue) -> Response:
    return json({"queue": queue})


def _known(tx: Transaction, tenant_id: str, number: int) -> StoredQueue:
    found = stored.read_queue(tx.connection, tenant_id=tenant_id, number=number, lock=True)
    if found is None:
        raise not_found("Queue")
    return found


def _refuse_taken(tx: Transaction, tenant_id: str, name: str, *, but: int | None = None) -> None:
    if stored.name_taken(tx.connection, tenant_id=tenant_id, name=name, but=but):
        raise issue("name", f"There is a queue called “{name}”.", "name_taken")


def _refuse_unknown_mailbox(tx: Transaction, tenant_id: str, number: int | None) -> None:
    if number is not None and read_mailbox(tx.connection, tenant_id=tenant_id, number=number) is None:
        raise issue("outgoing_mailbox_id", "There is no such mailbox.", "unknown_mailbox")


def _require_renameable(tx: Transaction, tenant_id: str, queue: StoredQueue) -> None:
    if queue.builtin:
        raise Refusal("conflict", f"“{queue.name}” is built in and keeps its name.", code="builtin")
    uses: Uses = uses_of(tx.connection, tenant_id=tenant_id, field="queue", name=queue.name)
    if uses:
        raise in_use(queue.name, uses)
