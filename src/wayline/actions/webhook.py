"""Webhooks out: which addresses may be told, with which secrets, and telling them.

Standard Webhooks 1.0: an answer of 2xx has taken the event, every other answer has not, and a redirect is not followed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import httpx
import msgspec

from wayline import __version__
from wayline.actions.addresses import Allowed, may_connect
from wayline.actions.http_request import cleaned, retry_after_s
from wayline.actions.outbound import Outbound
from wayline.actions.signature import SECRET_PREFIX, shown_secret, signature_headers
from wayline.core.action import ActionFailed

SECRET_BYTES = 32
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64  # as the standard has it
MIN_PLAIN_CHARS, MAX_PLAIN_CHARS = 16, 256
MAX_URL_CHARS = 2000
KEPT_BODY_CHARS = 2000
GONE = 410
LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")
_encode = msgspec.json.Encoder().encode


class Answered(msgspec.Struct, frozen=True):
    """What a receiver answered; `error` None: it has taken the event. `body` is the beginning of what it said."""

    status: int
    body: str
    error: str | None = None
    retry_after_s: float | None = None


def why_not_called(allowed: Allowed, url: str) -> str | None:
    """Why a webhook may not have this address, as a sentence; None when it may, as far as the address alone tells.

    Where a name leads is judged when it is called.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        return f"It is no address: {error}"
    if len(url) > MAX_URL_CHARS:
        return f"It has at most {MAX_URL_CHARS} characters."
    if parsed.scheme not in ("http", "https") or not parsed.host:
        return "It begins with https:// and names a host."
    if parsed.userinfo:
        return "Credentials in an address end up in logs; the signature says who calls."
    if parsed.fragment:
        return "What stands behind # is never sent."
    if _is_allowed(allowed, parsed.host):
        return None
    if parsed.scheme == "http":
        return "It begins with https://; an operator may allow other hosts with WAYLINE_OUTBOUND_ALLOW."
    if _is_private(allowed, parsed.host):
        return "That host is private; an operator may allow it with WAYLINE_OUTBOUND_ALLOW."
    return None


def _is_allowed(allowed: Allowed, host: str) -> bool:
    """Whether an operator opened this very host: by name, by ending, or as an address in a network."""
    name = host.lower().rstrip(".")
    if name in allowed.hosts or (allowed.endings and name.endswith(allowed.endings)):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return any(address in network for network in allowed.networks)


def _is_private(allowed: Allowed, host: str) -> bool:
    name = host.lower().rstrip(".")
    try:
        return not may_connect(allowed, name, ip_address(name))
    except ValueError:
        return name.endswith(LOCAL_NAMES) or "." not in name


def new_secret() -> bytes:
    """A key to sign with."""
    return secrets.token_bytes(SECRET_BYTES)


def key_of(secret: str) -> bytes:
    """The key a person's secret stands for: what `whsec_` announces in base64, else its own bytes.

    Raises ValueError with a sentence for whoever wrote it.
    """
    if not secret.startswith(SECRET_PREFIX):
        if not MIN_PLAIN_CHARS <= len(secret) <= MAX_PLAIN_CHARS:
            raise ValueError(f"A secret has {MIN_PLAIN_CHARS} to {MAX_PLAIN_CHARS} characters.")
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"What follows {SECRET_PREFIX} is base64.") from error
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValueError(f"The key behind {SECRET_PREFIX} has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes.")
    return key


def shown_key(key: bytes) -> str:
    """The secret as receivers are given it."""
    return shown_secret(key)


class WebhookCalls:
    """Tells receivers, for one event loop."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._outbound = Outbound(allowed)

    async def tell(self, url: str, key: bytes, *, message_id: str, event: dict[str, Any], at: datetime) -> Answered:
        """Post one CloudEvent, signed; raises ActionFailed when there is no answer. The caller limits the time."""
        refused = why_not_called(self._allowed, url)
        if refused is not None:
            raise ActionFailed(refused, permanent=True)
        body = _encode(event)
        headers = {
            "user-agent": f"Wayline/{__version__}",
            "accept": "*/*",
            "accept-encoding": "identity",
            "content-type": "application/cloudevents+json; charset=utf-8",
            **signature_headers(key, message_id=message_id, at=at, body=body),
        }
        answer = await self._outbound.call("POST", url, headers, body)
        said = cleaned(answer.body[: KEPT_BODY_CHARS * 4].decode("utf-8", "replace"))
        kept = f"{said[:KEPT_BODY_CHARS]}…" if len(said) > KEPT_BODY_CHARS or answer.truncated else said
        if 200 <= answer.status < 300:
            return Answered(status=answer.status, body=kept)
        redirect = " (redirects are not followed)" if 300 <= answer.status < 400 else ""
        return Answered(
            status=answer.status,
            body=kept,
            error=f"answered {answer.status}{redirect}",
            retry_after_s=retry_after_s(answer.headers, at),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._outbound.close()
