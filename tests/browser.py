"""A browser that somebody is told on: it decrypts what it is sent, as browsers do."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from py_vapid.jwt import decode

from other_system import OtherSystem, Received


def as_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Browser:
    """`endpoint` is where its push service takes messages for it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes..."

    @classmethod
    def at(cls, service: OtherSystem, name: str = "one") -> Browser:
        return cls(f"{service.url}/send/{name}")

    @property
    def subscription(self) -> dict[str, Any]:
        """`PushSubscription.toJSON()`."""
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": as_text(point), "auth": as_text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, request: Received) -> dict[str, Any]:
        """What it was sent; fails when it was meant for another browser."""
        plain = http_ece.decrypt(request.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        told: dict[str, Any] = json.loads(plain)
        return told


def signed_claims(request: Received, public_key: str) -> dict[str, Any]:
    """What the sender has signed, which a push service checks before it takes anything; fails when the key is not the
    one that the browser subscribed with."""
    authorization = request.headers["authorization"]
    scheme, _, parameters = authorization.partition(" ")
    given = dict(part.strip().split("=", 1) for part in parameters.split(","))
    assert scheme == "vapid"
    assert given["k"] == public_key
    assert Vapid02.verify(f"vapid t={given['t']},k={given['k']}")
    claims: dict[str, Any] = decode(given["t"], given["k"])
    return claims
