"""Secrets of others that must be had again, encrypted under this server's key before they are stored.

AES-256-GCM. What a sealed secret belongs to is part of what is authenticated: moved to another row it does not open.
"""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class SealBroken(Exception):
    """It was sealed under another key, for something else, or has been changed since."""


def seal(secret_key: bytes, secret: bytes, *, belongs_to: str) -> bytes:
    """The secret as it is stored."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(secret_key).encrypt(nonce, secret, belongs_to.encode())


def unseal(secret_key: bytes, sealed: bytes, *, belongs_to: str) -> bytes:
    """The secret again; raises SealBroken."""
    try:
        return _cipher(secret_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs_to.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def _cipher(secret_key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(secret_key, b"sealed secrets", "sha256"))
