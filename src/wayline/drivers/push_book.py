"""Whom pushes go to, read from the database when they are sent: no job carries a browser's address or its keys."""

from __future__ import annotations

from datetime import datetime

import msgspec

from wayline.actions.push import PushAddress
from wayline.core.action import ActionFailed
from wayline.core.facts import SYSTEM
from wayline.drivers.database_access import DatabaseAccess
from wayline.engine import push_subscriptions as subscribing
from wayline.store import push_subscriptions as stored
from wayline.store.sealing import SealBroken, unseal

RESEALED = "was kept under another secret key (WAYLINE_SECRET_KEY)"


class StoredPushBook:
    """`actions.push.PushBook` over the tables. The installation's key is read once."""

    def __init__(self, access: DatabaseAccess, secret_key: bytes) -> None:
        self._access = access
        self._secret_key = secret_key
        self._private_key: bytes | None = None

    async def private_key(self) -> bytes:
        if self._private_key is None:
            kept = await self._access.read(stored.read_key)
            if kept is None:
                raise ActionFailed("this installation has no key for push services", permanent=True)
            self._private_key = self._unsealed(kept.private_key, subscribing.KEY_BELONGS_TO, "the key for pushes")
        return self._private_key

    async def address(self, *, tenant_id: str, subscription_id: str, at: datetime) -> PushAddress | None:
        found = await self._access.read(
            lambda connection: stored.read_subscription(
                connection, tenant_id=tenant_id, subscription_id=subscription_id
            )
        )
        if found is None:
            return None
        if found.expires_at is not None and found.expires_at <= at:
            await self.forget(tenant_id=tenant_id, subscription_id=subscription_id)
            return None
        return msgspec.json.decode(self._unsealed(found.sealed, found.id, "the browser's address"), type=PushAddress)

    async def forget(self, *, tenant_id: str, subscription_id: str) -> None:
        await self._access.write(
            lambda transaction: subscribing.forget(
                transaction, tenant_id=tenant_id, subscription_id=subscription_id, actor=SYSTEM
            )
        )

    def _unsealed(self, sealed: bytes, belongs_to: str, what: str) -> bytes:
        try:
            return unseal(self._secret_key, sealed, belongs_to=belongs_to)
        except SealBroken as error:
            raise ActionFailed(f"{what} {RESEALED}", permanent=True) from error
