"""push: tell somebody on a browser of theirs, through the push service the browser has named.

The message is encrypted for that browser alone (RFC 8291), and signed with this installation's key (RFC 8292, VAPID),
so that the service takes it from nobody else. The address comes from a browser: it is called like any other that people
write, through the guarded client. A service that answers 404 or 410 says that the browser is gone.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wayline import __version__
from wayline.actions.addresses import Allowed
from wayline.actions.http_request import failure_of
from wayline.actions.job import Job
from wayline.actions.mail_text import link_of, one_line, subject_of
from wayline.actions.outbound import Outbound
from wayline.actions.webhook import why_not_called
from wayline.core.action import ActionFailed

GONE = frozenset({404, 410})
POINT_BYTES, AUTH_BYTES = 65, 16
MAX_PAYLOAD_BYTES = 3_000
"""Of what is encrypted: services take 4,096 bytes of what comes of it (RFC 8030, 7.2)."""
MAX_TITLE_CHARS = 200
KEPT_FOR_S = 24 * 3600
"""How long a service keeps a message for a browser that is not there (TTL)."""
SIGNED_FOR = timedelta(hours=12)
"""Services take a signature for a day at most (RFC 8292, 2)."""
URGENT = frozenset({"approval_requested", "approval_reminder", "step_overdue", "ticket_escalated", "escalation"})
_encode = msgspec.json.Encoder().encode


class PushAddress(msgspec.Struct, frozen=True):
    """A browser: its address at a push service, its public key, and the secret it shares (both base64url)."""

    endpoint: str
    p256dh: str
    auth: str


class PushBook(Protocol):
    """Where performers look up whom they push to; what they read is kept sealed."""

    async def private_key(self) -> bytes:
        """The installation's key as PKCS 8 (DER); raises ActionFailed when it cannot be had."""
        ...

    async def address(self, *, tenant_id: str, subscription_id: str, at: datetime) -> PushAddress | None:
        """A browser's address; None when it has gone. Raises ActionFailed when it cannot be read."""
        ...

    async def forget(self, *, tenant_id: str, subscription_id: str) -> None:
        """The browser is gone: nothing is sent to it again."""
        ...


def new_key() -> tuple[str, bytes]:
    """A key of an installation: the public half as browsers take it (base64url), the private one as PKCS 8 (DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _as_text(_point(key.public_key())), private


def why_no_address(address: PushAddress) -> tuple[str, str] | None:
    """Which field of a browser's keys is not as it should be, and why; None when nothing can be encrypted amiss."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _as_bytes(address.p256dh, POINT_BYTES))
    except ValueError:
        return "keys.p256dh", f"It is a point of the curve P-256, {POINT_BYTES} bytes in base64url."
    try:
        _as_bytes(address.auth, AUTH_BYTES)
    except ValueError:
        return "keys.auth", f"It is {AUTH_BYTES} bytes in base64url."
    return None


class Push:
    """Performs push. `address` is where people reach this server, `mail_from` who answers for it."""

    def __init__(self, *, allowed: Allowed, address: str, mail_from: str, book: PushBook) -> None:
        self._allowed = allowed
        self._outbound = Outbound(allowed)
        self._address = address
        self._contact = _contact(address, mail_from)
        self._book = book

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{status}` of the service that has taken it, `{gone: true}` when the browser is gone; raises ActionFailed."""
        named = {"tenant_id": job.tenant_id, "subscription_id": str(job.action["subscription_id"])}
        try:
            to = await self._book.address(**named, at=job.at)
            if to is None:
                return {"gone": True}
            status = await self._handed_over(job, to)
        except ActionFailed as failure:
            if failure.permanent:  # it would fail again with every notice; the browser may say anew where it is
                await self._book.forget(**named)
            raise
        if status in GONE:
            await self._book.forget(**named)
            return {"gone": True}
        return {"status": status}

    async def _handed_over(self, job: Job, to: PushAddress) -> int:
        """The status of a service that has taken it, or says that the browser is gone; raises ActionFailed."""
        refused = why_not_called(self._allowed, to.endpoint)
        if refused is not None:
            raise ActionFailed(f"the browser's push service may not be called: {refused}", permanent=True)
        body = encrypted(payload_of(job.action, job_id=job.id, address=self._address), to)
        headers = self._headers(job, body, await self._authorization(to.endpoint, job.at))
        answer = await self._outbound.call("POST", to.endpoint, headers, body)
        if 200 <= answer.status < 300 or answer.status in GONE:
            return answer.status
        raise failure_of(answer, at=job.at)

    def _headers(self, job: Job, body: bytes, authorization: str) -> dict[str, str]:
        return {
            "user-agent": f"Wayline/{__version__}",
            "accept-encoding": "identity",
            "authorization": authorization,
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "content-length": str(len(body)),
            "ttl": str(KEPT_FOR_S),
            "urgency": "high" if job.action.get("kind") in URGENT else "normal",
        }

    async def _authorization(self, endpoint: str, at: datetime) -> str:
        """The signature that only the holder of the installation's key can give (RFC 8292, 3)."""
        from py_vapid.jwt import sign

        key = serialization.load_der_private_key(await self._book.private_key(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((at + SIGNED_FOR).timestamp()),
            "sub": self._contact,
        }
        return f"vapid t={sign(claims, key)}, k={_as_text(_point(key.public_key()))}"

    async def close(self) -> None:
        """Close every connection."""
        await self._outbound.close()


def payload_of(action: dict[str, Any], *, job_id: str, address: str) -> bytes:
    """What the browser is given, as JSON: `{id, kind, title, body, url, run_id, ticket_id, item_id}`. `id` is the same
    when a message comes twice. The body is cut to what fits in MAX_PAYLOAD_BYTES."""
    kind = str(action.get("kind") or "message")
    title, body = one_line(str(action.get("title") or "")) or "Message", str(action.get("body") or "").strip()
    fields = {
        "id": job_id,
        "kind": kind,
        "title": subject_of(kind, title)[:MAX_TITLE_CHARS],
        "body": "",
        "url": link_of(action, address),
        **{name: action.get(name) for name in ("run_id", "ticket_id", "item_id")},
    }
    told = "" if body == title else _cut(body, MAX_PAYLOAD_BYTES - len(_encode(fields)))
    return _encode({**fields, "body": told})


def _cut(text: str, room: int) -> str:
    """As much of the text as fits in so many bytes of JSON, its quotes aside."""
    if len(_encode(text)) - 2 <= room:
        return text
    kept = text[: max(0, room)]
    while kept and len(_encode(kept + "…")) - 2 > room:
        kept = kept[: len(kept) * 9 // 10].rstrip()
    return kept + "…" if kept else ""


def encrypted(payload: bytes, to: PushAddress) -> bytes:
    """The payload as that browser alone can read it (RFC 8291)."""
    import http_ece

    sealed: bytes = http_ece.encrypt(
        payload,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_as_bytes(to.p256dh, POINT_BYTES),
        auth_secret=_as_bytes(to.auth, AUTH_BYTES),
        version="aes128gcm",
    )
    return sealed


def _contact(address: str, mail_from: str) -> str:
    """Whom a push service asks when something is wrong: the site, else the sender of mails."""
    return address if address.startswith("https://") else f"mailto:{parseaddr(mail_from)[1]}"


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _as_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _as_bytes(text: str, size: int) -> bytes:
    """So many bytes of base64url, padded or not; raises ValueError."""
    try:
        value = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64url") from error
    if len(value) != size:
        raise ValueError(f"not {size} bytes")
    return value
