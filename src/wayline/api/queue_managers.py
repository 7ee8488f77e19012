"""Who looks after a queue: they hear of tickets that wait too long while nobody is assigned."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import Field
from starlette.responses import Response

from wayline.api.administration import ADMIN
from wayline.api.administration_conventions import READ, WRITE, Asked, noted, write
from wayline.api.answer_shapes import several
from wayline.api.endpoint import Call, Resource
from wayline.api.numbered import number_in_path
from wayline.api.problems import issue, json
from wayline.api.template_calls import WRITERS as READERS
from wayline.core.refusals import not_found
from wayline.engine.door import Transaction
from wayline.store import queues as stored
from wayline.store.directory import touch

resource = Resource("Queues")
MAX_MANAGERS = 100


class Managers(Asked):
    """Everybody who manages the queue, by id or e-mail, in the order they are told."""

    user_ids: list[str] = Field(max_length=MAX_MANAGERS)


@resource.endpoint(
    "GET", "/queues/{id}/managers", ability=READ, roles=READERS, answer=several("QueueManager"), refusals=(404,)
)
async def list_queue_managers(call: Call) -> Response:
    """Who manages the queue."""
    number = number_in_path(call, "Queue")
    return json({"data": await call.read(_managers, tenant_id=call.caller.tenant_id, number=number)})


def _managers(connection: sa.Connection, *, tenant_id: str, number: int) -> list[dict[str, str]]:
    if stored.read_queue(connection, tenant_id=tenant_id, number=number) is None:
        raise not_found("Queue")
    return stored.managers_of(connection, tenant_id=tenant_id, number=number)


@resource.endpoint(
    "PUT",
    "/queues/{id}/managers",
    ability=WRITE,
    roles=ADMIN,
    body=Managers,
    answer=several("QueueManager"),
    refusals=(400, 404),
)
async def put_queue_managers(call: Call) -> Response:
    """Have these people manage the queue, and nobody else."""
    body: Managers = call.body
    tenant_id, number = call.caller.tenant_id, number_in_path(call, "Queue")

    def change(tx: Transaction) -> list[dict[str, str]]:
        touch(tx.connection, tenant_id)
        if stored.read_queue(tx.connection, tenant_id=tenant_id, number=number, lock=True) is None:
            raise not_found("Queue")
        assert tx.tenant is not None
        people = [tx.tenant.directory.person(named) for named in body.user_ids]
        for place, person in enumerate(people):
            if person is None or person.role == "requester":
                raise issue(f"user_ids[{place}]", "Staff of this desk manage queues.", "unknown_person")
        user_ids = list(dict.fromkeys(person.id for person in people if person is not None))
        stored.put_managers(tx.connection, tenant_id=tenant_id, number=number, user_ids=user_ids)
        noted(tx, call, "queue.managers_changed", number, {"managers": user_ids})
        return _managers(tx.connection, tenant_id=tenant_id, number=number)

    return await write(call, change, lambda managers: json({"data": managers}))
