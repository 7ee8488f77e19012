"""One-click decisions: what the personal link in an approval's mail says, sealed so that nobody can make one up.

A link is bound to its approver, its approval and an instant it ends at; it carries all of that itself, so nothing is
stored. Whoever has the link is taken for the approver: it is a secret, as a password is.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from datetime import UTC, datetime, timedelta

import msgspec

LASTS = timedelta(days=30)
# An approval's reminders carry links of their own, so one that ends is not missed.

_PURPOSE = b"decision-link:"
_FORMAT = b"\x01"
_INSTANT_BYTES = 5
_BODY_BYTES = len(_FORMAT) + 4 * 16 + _INSTANT_BYTES
# 102 bytes, which base64 writes without padding: a token has one spelling.
_TOKEN_CHARS = (_BODY_BYTES + 32) * 4 // 3


class DecisionLink(msgspec.Struct, frozen=True):
    """Whose decision on which approval. Ids are UUID text; `ends_at` is aware UTC, to the second."""

    tenant_id: str
    run_id: str
    approval_id: str
    user_id: str
    ends_at: datetime


def sealed(key: bytes, link: DecisionLink) -> str:
    """The link as the last part of an address: letters, digits, `-` and `_`."""
    ids = (link.tenant_id, link.run_id, link.approval_id, link.user_id)
    body = _FORMAT + b"".join(uuid.UUID(one).bytes for one in ids)
    body += int(link.ends_at.timestamp()).to_bytes(_INSTANT_BYTES, "big")
    return base64.urlsafe_b64encode(body + _seal(key, body)).decode()


def opened(key: bytes, token: str) -> DecisionLink | None:
    """What a token says, whether or not it has ended; None when it was not sealed with this key."""
    if len(token) != _TOKEN_CHARS:
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, seal = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if not hmac.compare_digest(seal, _seal(key, body)) or not body.startswith(_FORMAT):
        return None
    tenant_id, run_id, approval_id, user_id = (str(uuid.UUID(bytes=body[at : at + 16])) for at in range(1, 65, 16))
    ends_at = datetime.fromtimestamp(int.from_bytes(body[-_INSTANT_BYTES:], "big"), UTC)
    return DecisionLink(tenant_id, run_id, approval_id, user_id, ends_at)


def _seal(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, "sha256")
