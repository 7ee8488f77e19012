"""Signing what is sent to others, so that they know who sent it: Standard Webhooks 1.0, symmetric (v1).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Each tenant has its own secret, derived from this server's key, so that no tenant can sign as another.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret


def signing_key(secret_key: bytes, tenant_id: str) -> bytes:
    """The tenant's 32 bytes."""
    return hmac.digest(secret_key, b"webhook-signing:" + tenant_id.encode(), "sha256")


def shown_secret(key: bytes) -> str:
    """The key as receivers are given it: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signature_headers(key: bytes, *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; `at` counts in whole seconds, and receivers refuse what is some minutes old."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
