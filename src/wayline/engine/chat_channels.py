"""Keeping chat channels: what passes through the door as a Change."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.facts import Actor
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Transaction
from wayline.store import audit
from wayline.store import chat_channels as stored
from wayline.store.chat_channels import StoredChannel
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.sealing import seal
from wayline.store.tables import jobs

CHANNELS_MAX = 200
"""Chat channels of one tenant."""
TEST_TEXT = "A test: somebody asked for it, and nothing has happened."
TEST_TIMEOUT_S = 30.0
NAMED_MAX = 10
_encode = msgspec.msgpack.Encoder().encode


class Given(msgspec.Struct, frozen=True):
    """What somebody has written of a channel, its address read; None is left as it is."""

    name: str | None
    url: str | None
    service: str | None
    masked_url: str | None
    is_default: bool


def create(tx: Transaction, *, tenant_id: str, actor: Actor, given: Given, key: bytes) -> StoredChannel:
    """A new channel; a desk's first is its default one. Refuses a name that is taken, and one channel too many."""
    touch(tx.connection, tenant_id)
    count = stored.count_channels(tx.connection, tenant_id)
    if count >= CHANNELS_MAX:
        raise Refusal(
            "conflict",
            f"A desk has at most {CHANNELS_MAX} chat channels.",
            code="too_many",
            details={"limit": CHANNELS_MAX},
        )
    channel_id = new_id()
    assert given.name is not None
    _refuse_taken(tx, tenant_id, given.name, channel_id)
    fields = _fields(given, channel_id, key) | {"is_default": False}
    written = {"id": channel_id, "created_by": actor.user_id, "created_at": tx.at, "updated_at": tx.at}
    stored.insert_channel(tx.connection, tenant_id=tenant_id, fields=fields | written)
    if given.is_default or count == 0:
        stored.leave_one_default(tx.connection, tenant_id=tenant_id, channel_id=channel_id)
    return _noted(tx, tenant_id, actor, channel_id, "chat_channel.created")


def change(
    tx: Transaction, *, tenant_id: str, actor: Actor, channel_id: str, given: Given, key: bytes
) -> StoredChannel:
    """Write what is given. Refuses another name for a channel that is named somewhere."""
    touch(tx.connection, tenant_id)
    before = known(tx, tenant_id, channel_id)
    fields = _fields(given, channel_id, key)
    if given.name is not None and stored.folded(given.name) != stored.folded(before.name):
        _refuse_taken(tx, tenant_id, given.name, channel_id)
        _refuse_in_use(tx, tenant_id, msgspec.structs.replace(before, is_default=False))
    if given.url is not None:
        fields |= {"tried_at": None, "error": None}
    if fields:
        fields |= {"updated_at": tx.at}
        stored.update_channel(tx.connection, tenant_id=tenant_id, channel_id=channel_id, fields=fields)
    if given.is_default:
        stored.leave_one_default(tx.connection, tenant_id=tenant_id, channel_id=channel_id)
    return _noted(tx, tenant_id, actor, channel_id, "chat_channel.updated", {"url_replaced": given.url is not None})


def remove(tx: Transaction, *, tenant_id: str, actor: Actor, channel_id: str) -> None:
    """Take the channel away. Refuses one that is in use, and the default one while there are others."""
    touch(tx.connection, tenant_id)
    before = known(tx, tenant_id, channel_id)
    _refuse_in_use(tx, tenant_id, before)
    if before.is_default and stored.count_channels(tx.connection, tenant_id) > 1:
        raise Refusal("conflict", "It is the default channel; make another one that first.", code="is_default")
    _noted(tx, tenant_id, actor, channel_id, "chat_channel.deleted")
    stored.delete_channel(tx.connection, tenant_id=tenant_id, channel_id=channel_id)


def send_test(tx: Transaction, *, tenant_id: str, actor: Actor, channel_id: str) -> StoredChannel:
    """Have a message said there that says it is a test."""
    channel = _noted(tx, tenant_id, actor, channel_id, "chat_channel.tested")
    action = {"type": "send_chat", "channel_id": channel_id, "title": "Wayline", "text": TEST_TEXT, "test": True}
    row = {"id": f"chat:{new_id()}", "tenant_id": tenant_id, "queue": "chat", "action": _encode(action), "attempt": 1}
    row |= {"timeout_s": TEST_TIMEOUT_S, "due_at": tx.at, "created_at": tx.at}
    tx.connection.execute(sa.insert(jobs).values(row))
    return channel


def known(tx: Transaction, tenant_id: str, channel_id: str) -> StoredChannel:
    """The tenant's channel; refuses when there is none."""
    found = stored.read_channel(tx.connection, tenant_id=tenant_id, channel_id=channel_id)
    if found is None:
        raise not_found("Chat channel")
    return found


def _fields(given: Given, channel_id: str, key: bytes) -> dict[str, Any]:
    """The columns of what is given."""
    fields: dict[str, Any] = {} if given.name is None else {"name": given.name}
    if given.url is not None:
        sealed = seal(key, given.url.encode(), belongs_to=channel_id)
        fields |= {"sealed_url": sealed, "service": given.service, "masked_url": given.masked_url}
    return fields


def _refuse_taken(tx: Transaction, tenant_id: str, name: str, channel_id: str) -> None:
    found = stored.channel_called(tx.connection, tenant_id=tenant_id, name=name)
    if found is not None and found[0] != channel_id:
        raise Refusal("conflict", f"There is a chat channel {found[1]}.", code="name_taken")


def _refuse_in_use(tx: Transaction, tenant_id: str, channel: StoredChannel) -> None:
    uses = stored.uses_of(tx.connection, tenant_id=tenant_id, channel=channel)
    if uses:
        said = " and ".join(f"the {kind} {_listed(names)}" for kind, names in uses.items())
        raise Refusal("conflict", f"“{channel.name}” is in use by {said}.", code="in_use", details={"uses": uses})


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return ", ".join(f"“{name}”" for name in names[:NAMED_MAX]) + more


def _noted(
    tx: Transaction, tenant_id: str, actor: Actor, channel_id: str, action: str, detail: dict[str, Any] | None = None
) -> StoredChannel:
    """The channel as it is now, its change written in the audit and told to whoever looks at it."""
    channel = known(tx, tenant_id, channel_id)
    audit.record(
        tx.connection,
        tenant_id=tenant_id,
        at=tx.at,
        actor=actor,
        action=action,
        subject_id=channel_id,
        detail={"name": channel.name, "service": channel.service, **(detail or {})},
    )
    tx.publish(tenant_id, "chat_channel.changed", {"id": channel_id})
    return channel
