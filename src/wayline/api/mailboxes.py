"""Mailboxes: the addresses that mail about a queue's tickets comes from. It is sent through the desk's mail server."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from pydantic import AfterValidator, StringConstraints
from starlette.responses import Response

from wayline.api.administration import ADMIN
from wayline.api.administration_conventions import READ, WRITE, Asked, Name, in_use, noted, write
from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.numbered import number_in_path
from wayline.api.problems import data, json
from wayline.api.template_calls import WRITERS as READERS
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Transaction
from wayline.store import mailboxes as stored
from wayline.store.directory import touch
from wayline.store.mailboxes import StoredMailbox

resource = Resource("Mailboxes")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def _mail_address(written: str) -> str:
    if not _ADDRESS.fullmatch(written):
        raise ValueError("write an address such as help@example.org")
    return written.lower()


Address = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254), AfterValidator(_mail_address)
]


class NewMailbox(Asked):
    """The name people see as the sender, and the address."""

    name: Name
    address: Address


class MailboxChanges(Asked):
    """What is left out stays."""

    name: Name = ""
    address: Address = ""


class MailboxList(Paging):
    """The list is by name."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"


@resource.endpoint("GET", "/mailboxes", ability=READ, roles=READERS, query=MailboxList, answer=page("Mailbox"))
async def list_all_mailboxes(call: Call) -> Response:
    """The desk's mailboxes, by name."""
    query: MailboxList = call.query
    found, total = await call.read(
        stored.list_mailboxes,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of(found, total, query))


@resource.endpoint(
    "POST",
    "/mailboxes",
    ability=WRITE,
    roles=ADMIN,
    body=NewMailbox,
    answer=one("Mailbox"),
    status=201,
    refusals=(400, 409),
)
async def create_mailbox(call: Call) -> Response:
    """A new mailbox."""
    body: NewMailbox = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> StoredMailbox:
        touch(tx.connection, tenant_id)
        _refuse_taken(tx, tenant_id, body.address)
        made = stored.insert_mailbox(tx.connection, tenant_id=tenant_id, name=body.name, address=body.address)
        noted(tx, call, "mailbox.created", made.id, {"address": made.address})
        return made

    return await write(call, change, lambda mailbox: data(mailbox, 201))


@resource.endpoint("GET", "/mailboxes/{id}", ability=READ, roles=READERS, answer=one("Mailbox"), refusals=(404,))
async def get_mailbox(call: Call) -> Response:
    """One mailbox."""
    number = number_in_path(call, "Mailbox")
    found = await call.read(stored.read_mailbox, tenant_id=call.caller.tenant_id, number=number)
    if found is None:
        raise not_found("Mailbox")
    return data(found)


@resource.endpoint(
    "PATCH",
    "/mailboxes/{id}",
    ability=WRITE,
    roles=ADMIN,
    body=MailboxChanges,
    answer=one("Mailbox"),
    refusals=(400, 404, 409),
)
async def change_mailbox(call: Call) -> Response:
    """Another name or address."""
    number, tenant_id = number_in_path(call, "Mailbox"), call.caller.tenant_id
    given = call.body.model_dump(exclude_unset=True)

    def change(tx: Transaction) -> StoredMailbox:
        touch(tx.connection, tenant_id)
        wanted = msgspec.structs.replace(_known(tx, tenant_id, number), **given)
        _refuse_taken(tx, tenant_id, wanted.address, but=number)
        stored.update_mailbox(tx.connection, tenant_id=tenant_id, mailbox=wanted)
        noted(tx, call, "mailbox.updated", number, given)
        return wanted

    return await write(call, change, data)


@resource.endpoint("DELETE", "/mailboxes/{id}", ability=WRITE, roles=ADMIN, status=204, refusals=(404, 409))
async def delete_mailbox(call: Call) -> Response:
    """Remove a mailbox that no queue's mail comes from."""
    number, tenant_id = number_in_path(call, "Mailbox"), call.caller.tenant_id

    def change(tx: Transaction) -> None:
        touch(tx.connection, tenant_id)
        mailbox = _known(tx, tenant_id, number)
        if using := stored.queues_using(tx.connection, tenant_id=tenant_id, number=number):
            raise in_use(mailbox.address, {"queues": using})
        stored.delete_mailbox(tx.connection, tenant_id=tenant_id, number=number)
        noted(tx, call, "mailbox.deleted", number, {"address": mailbox.address})

    return await write(call, change, lambda _: Response(status_code=204))


def _known(tx: Transaction, tenant_id: str, number: int) -> StoredMailbox:
    found = stored.read_mailbox(tx.connection, tenant_id=tenant_id, number=number)
    if found is None:
        raise not_found("Mailbox")
    return found


def _refuse_taken(tx: Transaction, tenant_id: str, address: str, *, but: int | None = None) -> None:
    if stored.address_taken(tx.connection, tenant_id=tenant_id, address=address, but=but):
        raise Refusal("conflict", f"There is a mailbox {address}.", code="address_taken")
