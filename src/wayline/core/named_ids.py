"""Ids that follow from what they name: the same for the same name, for ever."""

from __future__ import annotations

import hashlib


def id_named(namespace: str, name: bytes) -> str:
    """The RFC 9562 version 5 UUID of a name in the name space of another UUID.

    Written out because it is made at every visit and for every entry, and the standard library takes six times as long.
    """
    digest = hashlib.sha1(bytes.fromhex(namespace.replace("-", "")) + name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
