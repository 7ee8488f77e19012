"""Where chat messages go, read from the database when they are said: no job carries a channel's address."""

from __future__ import annotations

from datetime import datetime

from wayline.actions.chat.send_chat import ChatAddress
from wayline.core.action import ActionFailed
from wayline.drivers.database_access import DatabaseAccess
from wayline.store import chat_channels as stored
from wayline.store.sealing import SealBroken, unseal


class StoredChatBook:
    """`actions.chat.send_chat.ChatBook` over the tables."""

    def __init__(self, access: DatabaseAccess, secret_key: bytes) -> None:
        self._access = access
        self._secret_key = secret_key

    async def channel(self, *, tenant_id: str, name: str | None, channel_id: str | None) -> ChatAddress | None:
        found = await self._access.read(
            lambda connection: stored.channel_called(connection, tenant_id=tenant_id, name=name, channel_id=channel_id)
        )
        if found is None:
            return None
        found_id, called, sealed = found
        try:
            url = unseal(self._secret_key, sealed, belongs_to=found_id)
        except SealBroken as error:
            said = f"the address of {called} was kept under another secret key (WAYLINE_SECRET_KEY)"
            raise ActionFailed(said, permanent=True) from error
        return ChatAddress(channel_id=found_id, name=called, url=url.decode())

    async def note(self, *, tenant_id: str, channel_id: str, at: datetime, error: str | None) -> None:
        await self._access.write(
            lambda transaction: stored.note_attempt(
                transaction.connection, tenant_id=tenant_id, channel_id=channel_id, at=at, error=error
            )
        )
