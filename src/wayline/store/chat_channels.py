"""Chat channels as rows: where a desk says something to many at once. The address is sealed and is no field here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.chat_mentions import channels_mentioned
from wayline.store.name_uses import Uses, used_by
from wayline.store.tables import chat_channels


class StoredChannel(msgspec.Struct, frozen=True):
    """A channel as administrators see it. `error` None: the last message was taken, or there was none (`tried_at`)."""

    id: str
    name: str
    service: str
    masked_url: str
    is_default: bool
    tried_at: datetime | None
    error: str | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


_columns = [chat_channels.c[name] for name in StoredChannel.__struct_fields__]


def folded(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()


def list_channels(
    connection: sa.Connection, *, tenant_id: str, q: str | None, descending: bool, limit: int, offset: int
) -> tuple[list[StoredChannel], int]:
    """A page of the tenant's channels by name, and how many there are in all."""
    conditions = [chat_channels.c.tenant_id == tenant_id]
    if q:
        conditions.append(chat_channels.c.folded_name.contains(folded(q), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(chat_channels).where(*conditions)).scalar_one()
    order = chat_channels.c.folded_name.desc() if descending else chat_channels.c.folded_name
    query = sa.select(*_columns).where(*conditions).order_by(order).limit(limit).offset(offset)
    return [StoredChannel(*row) for row in connection.execute(query)], total


def names_of(connection: sa.Connection, tenant_id: str) -> tuple[str, ...]:
    """The names of the tenant's channels."""
    query = sa.select(chat_channels.c.name).where(chat_channels.c.tenant_id == tenant_id)
    return tuple(connection.execute(query.order_by(chat_channels.c.folded_name)).scalars())


def read_channel(connection: sa.Connection, *, tenant_id: str, channel_id: str) -> StoredChannel | None:
    """One of the tenant's."""
    row = connection.execute(sa.select(*_columns).where(*_named(tenant_id, channel_id))).one_or_none()
    return None if row is None else StoredChannel(*row)


def channel_called(
    connection: sa.Connection, *, tenant_id: str, name: str | None = None, channel_id: str | None = None
) -> tuple[str, str, bytes] | None:
    """(id, name, sealed address) of the tenant's channel of that id, else of that name, case aside, else the default
    one."""
    named = chat_channels.c.is_default if name is None else chat_channels.c.folded_name == folded(name)
    query = sa.select(chat_channels.c.id, chat_channels.c.name, chat_channels.c.sealed_url).where(
        chat_channels.c.tenant_id == tenant_id,
        named if channel_id is None else chat_channels.c.id == channel_id,
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.id, row.name, bytes(row.sealed_url))


def count_channels(connection: sa.Connection, tenant_id: str) -> int:
    """How many the tenant has."""
    query = sa.select(sa.func.count()).select_from(chat_channels).where(chat_channels.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()


def insert_channel(connection: sa.Connection, *, tenant_id: str, fields: dict[str, Any]) -> None:
    """A new channel of {id, name, sealed_url, service, masked_url, is_default, created_by, created_at, updated_at}."""
    row = {**fields, "tenant_id": tenant_id, "folded_name": folded(fields["name"])}
    connection.execute(sa.insert(chat_channels).values(row))


def update_channel(connection: sa.Connection, *, tenant_id: str, channel_id: str, fields: dict[str, Any]) -> None:
    """Write some columns."""
    if "name" in fields:
        fields = {**fields, "folded_name": folded(fields["name"])}
    connection.execute(sa.update(chat_channels).where(*_named(tenant_id, channel_id)).values(**fields))


def leave_one_default(connection: sa.Connection, *, tenant_id: str, channel_id: str) -> None:
    """That channel is the default one, and no other is."""
    connection.execute(
        sa.update(chat_channels)
        .where(chat_channels.c.tenant_id == tenant_id)
        .values(is_default=chat_channels.c.id == channel_id)
    )


def delete_channel(connection: sa.Connection, *, tenant_id: str, channel_id: str) -> None:
    """Remove a channel."""
    connection.execute(sa.delete(chat_channels).where(*_named(tenant_id, channel_id)))


def note_attempt(
    connection: sa.Connection, *, tenant_id: str, channel_id: str, at: datetime, error: str | None
) -> None:
    """Keep how the last message went."""
    update_channel(connection, tenant_id=tenant_id, channel_id=channel_id, fields={"tried_at": at, "error": error})


def uses_of(connection: sa.Connection, *, tenant_id: str, channel: StoredChannel) -> Uses:
    """The published templates and the rules that say something there. What names no channel is said in the default
    one."""
    wanted = {folded(channel.name), None} if channel.is_default else {folded(channel.name)}
    return used_by(
        connection, tenant_id=tenant_id, uses=lambda written: not wanted.isdisjoint(channels_mentioned(written))
    )


def _named(tenant_id: str, channel_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return chat_channels.c.id == channel_id, chat_channels.c.tenant_id == tenant_id
