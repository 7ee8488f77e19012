"""The secrets between the desk and a remote: a token the remote shows to ask, and is shown with each answer; and the
key that answers are signed with.

The token is kept as a hash, to know the remote by, and sealed, to be shown to it. A new token comes with a new signing
key, which is derived and kept nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from wayline.store.sealing import seal, unseal

TOKEN_PREFIX = "wlr_"  # noqa: S105 - a prefix, not a secret


def new_token() -> str:
    """A token for a remote."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What a token is known by. It is random and long, so that its SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def sealed(secret_key: bytes, token: str, *, tenant_id: str, number: int) -> bytes:
    """The token as it is kept to be shown to the remote."""
    return seal(secret_key, token.encode(), belongs_to=_owner(tenant_id, number))


def unsealed(secret_key: bytes, kept: bytes, *, tenant_id: str, number: int) -> str:
    """The token again; raises SealBroken."""
    return unseal(secret_key, kept, belongs_to=_owner(tenant_id, number)).decode()


def signing_key(secret_key: bytes, *, tenant_id: str, number: int, token_number: int) -> bytes:
    """The 32 bytes that answers of this intervention are signed with, since its remote has had so many tokens."""
    return hmac.digest(secret_key, f"epilog-signing:{tenant_id}:{number}:{token_number}".encode(), "sha256")


def _owner(tenant_id: str, number: int) -> str:
    return f"intervention {tenant_id} {number}"
