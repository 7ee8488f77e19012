"""Boundaries: where a timeline begins whose older rows have been pruned.

Whoever removes rows of a timeline calls `keep_boundary` in the same transaction. What is missing without one has been
cut out.
"""

from __future__ import annotations

import hmac
from datetime import datetime

import msgspec
import sqlalchemy as sa

from wayline.store.tables import timeline_boundaries


class Boundary(msgspec.Struct, frozen=True):
    """`seq` is the number of the first event that is left (or would come next), `hash` that of the last row removed."""

    subject_id: str
    tenant_id: str
    seq: int
    hash: bytes
    seal: bytes


def seal_of(key: bytes, *, subject_id: str, tenant_id: str, seq: int, hash_before: bytes) -> bytes:
    """What only this server can write beside a boundary."""
    return hmac.digest(key, f"boundary|{tenant_id}|{subject_id}|{seq}|".encode() + hash_before, "sha256")


def keep_boundary(
    connection: sa.Connection,
    *,
    key: bytes,
    tenant_id: str,
    subject_id: str,
    seq: int,
    hash_before: bytes,
    at: datetime,
) -> None:
    """Say that a timeline begins at `seq` from now on; an earlier boundary of it is replaced."""
    connection.execute(sa.delete(timeline_boundaries).where(timeline_boundaries.c.subject_id == subject_id))
    seal = seal_of(key, subject_id=subject_id, tenant_id=tenant_id, seq=seq, hash_before=hash_before)
    row = {"subject_id": subject_id, "tenant_id": tenant_id, "seq": seq, "hash": hash_before, "seal": seal, "at": at}
    connection.execute(sa.insert(timeline_boundaries).values(row))
