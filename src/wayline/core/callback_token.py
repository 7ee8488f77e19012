"""The secret part of a callback's address: which visit it completes, and a proof that we made it.

Nothing is stored: the proof is made again from the secret key, and names the visit, so that finding it is one read. A
visit's place in its run is never given twice, so neither is a token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid

PROOF_BYTES = 16
_VISIT_BYTES = 16 + 4
LENGTH = (_VISIT_BYTES + PROOF_BYTES) // 3 * 4


def callback_token(key: bytes, *, run_id: str, position: int) -> str:
    """The token of a run's nth visit: 48 characters that a URL takes as they are."""
    visit = uuid.UUID(run_id).bytes + position.to_bytes(4, "big")
    return base64.urlsafe_b64encode(visit + _proof(key, visit)).decode()


def visit_of(key: bytes, token: str) -> tuple[str, int] | None:
    """(run id, position) that the token was made for; None when it was not made with this key."""
    if len(token) != LENGTH:
        return None
    try:
        said = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    visit, proof = said[:_VISIT_BYTES], said[_VISIT_BYTES:]
    if not hmac.compare_digest(proof, _proof(key, visit)):
        return None
    return str(uuid.UUID(bytes=visit[:16])), int.from_bytes(visit[16:], "big")


def _proof(key: bytes, visit: bytes) -> bytes:
    return hmac.digest(key, b"callback:" + visit, "sha256")[:PROOF_BYTES]
