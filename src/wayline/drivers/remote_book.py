"""Where the answers to interventions go, read from the database when they are sent: no job carries a remote's token."""

from __future__ import annotations

from wayline.actions.epilog import Remote
from wayline.core.action import ActionFailed
from wayline.drivers.database_access import DatabaseAccess
from wayline.engine.remotes import signing_key, unsealed
from wayline.store.interventions import read_remote
from wayline.store.sealing import SealBroken


class StoredRemoteBook:
    """`actions.epilog.RemoteBook` over the tables."""

    def __init__(self, access: DatabaseAccess, secret_key: bytes) -> None:
        self._access = access
        self._secret_key = secret_key

    async def remote(self, *, tenant_id: str, intervention: int) -> Remote:
        found = await self._access.read(lambda c: read_remote(c, tenant_id=tenant_id, number=intervention))
        if found is None:
            raise ActionFailed("the intervention has been deleted", permanent=True)
        key = signing_key(self._secret_key, tenant_id=tenant_id, number=intervention, token_number=found.token_number)
        return Remote(
            url=found.url if found.enabled else None,
            timeout_s=found.timeout_s,
            key=key,
            token=self._token(found.token_sealed, tenant_id, intervention),
        )

    def _token(self, sealed: bytes | None, tenant_id: str, intervention: int) -> str | None:
        if sealed is None:
            return None
        try:
            return unsealed(self._secret_key, sealed, tenant_id=tenant_id, number=intervention)
        except SealBroken as error:
            message = "the remote's token was kept under another secret key (WAYLINE_SECRET_KEY); generate a new one"
            raise ActionFailed(message, permanent=True) from error
