"""Chat channels: where rules, templates and scripts say something to many at once. Kept by administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.actions.addresses import allowed_from
from wayline.actions.chat.services import URL_MAX_CHARS, Reached, read_address, why_not_reached
from wayline.api.administration import ADMIN
from wayline.api.administration_conventions import READ, WRITE, Asked, Name, write
from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.api.template_calls import WRITERS as READERS
from wayline.core.refusals import not_found
from wayline.engine import chat_channels as keeping
from wayline.engine.chat_channels import Given
from wayline.engine.door import Transaction
from wayline.store.chat_channels import StoredChannel, list_channels, read_channel

resource = Resource("Chat channels")
Url = Annotated[str, Field(min_length=1, max_length=URL_MAX_CHARS)]


class NewChannel(Asked):
    """A name, and the channel's address as Apprise has it (`slack://…`) or as the service shows a webhook's. It is
    never shown again. `is_default`: what names no channel is said here; a desk's first channel always is."""

    name: Name
    url: Url
    is_default: bool = False


class ChannelChanges(Asked):
    """What is left out stays. Another channel becomes the default one by saying so there."""

    name: Name = ""
    url: Url = ""
    is_default: Literal[True] = True


class ChannelList(Paging):
    """The list is by name."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"


@resource.endpoint("GET", "/chat-channels", ability=READ, roles=READERS, query=ChannelList, answer=page("ChatChannel"))
async def list_chat_channels(call: Call) -> Response:
    """The desk's channels, by name. Never their addresses."""
    query: ChannelList = call.query
    found, total = await call.read(
        list_channels,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([shown(channel) for channel in found], total, query))


@resource.endpoint(
    "POST",
    "/chat-channels",
    ability=WRITE,
    roles=ADMIN,
    body=NewChannel,
    answer=one("ChatChannel"),
    status=201,
    refusals=(409,),
)
async def create_chat_channel(call: Call) -> Response:
    """A new channel."""
    body: NewChannel = call.body
    given = await _given(call, body.model_dump())

    def change(tx: Transaction) -> StoredChannel:
        return keeping.create(
            tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, given=given, key=call.wayline.secret_key
        )

    return await write(call, change, lambda channel: data(shown(channel), 201))


@resource.endpoint("GET", "/chat-channels/{id}", ability=READ, roles=READERS, answer=one("ChatChannel"))
async def get_chat_channel(call: Call) -> Response:
    """One channel, and how the last message to it went."""
    found = await call.read_one(read_channel, tenant_id=call.caller.tenant_id, channel_id=call.id("id", "Chat channel"))
    if found is None:
        raise not_found("Chat channel")
    return data(shown(found))


@resource.endpoint(
    "PUT",
    "/chat-channels/{id}",
    ability=WRITE,
    roles=ADMIN,
    body=ChannelChanges,
    answer=one("ChatChannel"),
    refusals=(409,),
)
async def update_chat_channel(call: Call) -> Response:
    """Another name, another address, or the default one from now on. One that is in use keeps its name."""
    channel_id = call.id("id", "Chat channel")
    given = await _given(call, call.body.model_dump(exclude_unset=True))

    def change(tx: Transaction) -> StoredChannel:
        return keeping.change(
            tx,
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            channel_id=channel_id,
            given=given,
            key=call.wayline.secret_key,
        )

    return await write(call, change, lambda channel: data(shown(channel)))


@resource.endpoint("DELETE", "/chat-channels/{id}", ability=WRITE, roles=ADMIN, status=204, refusals=(409,))
async def delete_chat_channel(call: Call) -> Response:
    """Remove a channel that no rule and no published template says anything in; the default one goes last."""
    channel_id = call.id("id", "Chat channel")

    def change(tx: Transaction) -> None:
        keeping.remove(tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, channel_id=channel_id)

    return await write(call, change, lambda _: Response(status_code=204))


@resource.endpoint(
    "POST", "/chat-channels/{id}/test", ability=WRITE, roles=ADMIN, status=202, answer=one("ChatChannel")
)
async def test_chat_channel(call: Call) -> Response:
    """Have a message said there. What came of it is in `tried_at` and `error` of the channel as soon as it is known."""
    channel_id = call.id("id", "Chat channel")

    def change(tx: Transaction) -> StoredChannel:
        return keeping.send_test(tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, channel_id=channel_id)

    response = await write(call, change, lambda channel: data(shown(channel), 202))
    door = call.wayline.door
    if door.on_due is not None:
        door.on_due(door.clock.now())
    return response


def shown(channel: StoredChannel) -> dict[str, Any]:
    """A channel as administrators see it: of its address no more than the service and, where it has one, the host."""
    fields = msgspec.structs.asdict(channel)
    return {"url" if name == "masked_url" else name: value for name, value in fields.items()}


async def _given(call: Call, written: dict[str, Any]) -> Given:
    """What is to be kept; refuses an address that leads nowhere."""
    url = written.get("url")
    reached = None if url is None else await _reached(call, url)
    return Given(
        name=written.get("name"),
        url=url.strip() if url is not None else None,
        service=reached.service.name if reached else None,
        masked_url=reached.masked if reached else None,
        is_default=bool(written.get("is_default")),
    )


async def _reached(call: Call, url: str) -> Reached:
    settings = call.wayline.settings
    try:
        reached = await run_in_threadpool(read_address, url, address=settings.address)
    except ValueError as error:
        raise issue("url", str(error), "not_a_channel") from error
    refused = why_not_reached(allowed_from(settings.outbound_allow), reached)
    if refused is not None:
        raise issue("url", refused, "not_callable")
    return reached
