"""The browsers that people want to be told on, and the key that push services know this installation by."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.store.tables import push_keys, push_subscriptions, users

KEY_ID = 1


class StoredKey(msgspec.Struct, frozen=True):
    """The installation's key: the public half as browsers take it, the private one sealed."""

    public_key: str
    private_key: bytes


class StoredSubscription(msgspec.Struct, frozen=True):
    """A browser as its owner sees it; `sealed` is its address and its keys, encrypted."""

    id: str
    user_id: str
    host: str
    label: str | None
    sealed: bytes
    expires_at: datetime | None
    created_at: datetime


_columns = [push_subscriptions.c[name] for name in StoredSubscription.__struct_fields__]


def hash_of(endpoint: str) -> bytes:
    """What an address is found by."""
    return hashlib.sha256(endpoint.encode()).digest()


# -- the key ---------------------------------------------------------------------------------------


def read_key(connection: sa.Connection, *, lock: bool = False) -> StoredKey | None:
    """The installation's key; None before it is first asked for. `lock` keeps others off it (PostgreSQL)."""
    query = sa.select(push_keys.c.public_key, push_keys.c.private_key).where(push_keys.c.id == KEY_ID)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredKey(row.public_key, bytes(row.private_key))


def keep_key(connection: sa.Connection, key: StoredKey, *, at: datetime) -> StoredKey:
    """Keep a key, unless another process has been quicker; answers the one that is kept."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"id": KEY_ID, "public_key": key.public_key, "private_key": key.private_key, "created_at": at}
    connection.execute(insert(push_keys).values(row).on_conflict_do_nothing(index_elements=[push_keys.c.id]))
    kept = read_key(connection)
    assert kept is not None
    return kept


def delete_key(connection: sa.Connection) -> None:
    """Forget the key: what browsers subscribed with it is of no use any more."""
    connection.execute(sa.delete(push_keys).where(push_keys.c.id == KEY_ID))


# -- subscriptions ---------------------------------------------------------------------------------


def subscriptions_by_person(connection: sa.Connection, tenant_id: str) -> dict[str, tuple[str, ...]]:
    """Ids of the subscriptions of the tenant's active people, by person, the oldest first."""
    query = (
        sa.select(push_subscriptions.c.user_id, push_subscriptions.c.id)
        .join(users, users.c.id == push_subscriptions.c.user_id)
        .where(push_subscriptions.c.tenant_id == tenant_id, users.c.active)
        .order_by(push_subscriptions.c.user_id, push_subscriptions.c.created_at, push_subscriptions.c.id)
    )
    found: dict[str, list[str]] = {}
    for user_id, subscription_id in connection.execute(query):
        found.setdefault(user_id, []).append(subscription_id)
    return {user_id: tuple(ids) for user_id, ids in found.items()}


def list_subscriptions(
    connection: sa.Connection, *, tenant_id: str, user_id: str, newest_first: bool, limit: int, offset: int
) -> tuple[list[StoredSubscription], int]:
    """A page of a person's subscriptions, and how many there are in all."""
    query = sa.select(*_columns).where(*_of(tenant_id, user_id))
    order = [push_subscriptions.c.created_at, push_subscriptions.c.id]
    query = query.order_by(*(column.desc() if newest_first else column for column in order))
    found = [_read(row) for row in connection.execute(query.limit(limit).offset(offset))]
    return found, count_subscriptions(connection, tenant_id=tenant_id, user_id=user_id)


def count_subscriptions(connection: sa.Connection, *, tenant_id: str, user_id: str) -> int:
    """How many a person has."""
    query = sa.select(sa.func.count()).select_from(push_subscriptions).where(*_of(tenant_id, user_id))
    return connection.execute(query).scalar_one()


def read_subscription(
    connection: sa.Connection, *, tenant_id: str, subscription_id: str, user_id: str | None = None
) -> StoredSubscription | None:
    """One of the tenant's, or of that person's alone; none of somebody who has left."""
    is_here = sa.select(sa.literal(1)).where(users.c.id == push_subscriptions.c.user_id, users.c.active).exists()
    conditions = [push_subscriptions.c.id == subscription_id, push_subscriptions.c.tenant_id == tenant_id, is_here]
    if user_id is not None:
        conditions.append(push_subscriptions.c.user_id == user_id)
    return _one(connection, *conditions)


def subscription_at(connection: sa.Connection, *, tenant_id: str, endpoint: str) -> StoredSubscription | None:
    """The tenant's subscription of that address, whoever's it is."""
    named = push_subscriptions.c.endpoint_hash == hash_of(endpoint)
    return _one(connection, push_subscriptions.c.tenant_id == tenant_id, named)


def insert_subscription(
    connection: sa.Connection, *, tenant_id: str, endpoint: str, subscription: StoredSubscription
) -> None:
    """A new one."""
    row = {**msgspec.structs.asdict(subscription), "tenant_id": tenant_id, "endpoint_hash": hash_of(endpoint)}
    connection.execute(sa.insert(push_subscriptions).values(row))


def delete_subscription(connection: sa.Connection, *, tenant_id: str, subscription_id: str) -> bool:
    """Remove one; answers whether it was there."""
    named = (push_subscriptions.c.id == subscription_id, push_subscriptions.c.tenant_id == tenant_id)
    return connection.execute(sa.delete(push_subscriptions).where(*named)).rowcount > 0


def _of(tenant_id: str, user_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return push_subscriptions.c.tenant_id == tenant_id, push_subscriptions.c.user_id == user_id


def _one(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> StoredSubscription | None:
    row = connection.execute(sa.select(*_columns).where(*conditions)).one_or_none()
    return None if row is None else _read(row)


def _read(row: sa.Row[tuple[object, ...]]) -> StoredSubscription:
    fields = dict(row._mapping)
    return StoredSubscription(**{**fields, "sealed": bytes(fields["sealed"])})
