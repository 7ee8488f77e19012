"""Anchors: once a day, what the heads of the timelines were that had moved on since the last time.

A chain alone cannot tell a run from what it was last week, rows, head and state taken together. The anchors can: each
names heads, and is chained to the one before by the same keyed hash.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import EPOCH, MICROSECOND, audit_anchors, runs, tenants, tickets, timeline

GENESIS = b"\0" * 32
MAX_SUBJECTS = 1000
ANCHORS_A_READ = 20
_encode = msgspec.msgpack.Encoder().encode
_heads = msgspec.msgpack.Decoder(list[tuple[bytes, int, bytes]])
# Spelled as in the partial indexes, so that both databases see that those will do.
_unanchored = sa.text("NOT anchored")


class Head(msgspec.Struct, frozen=True):
    """The end of a timeline at some time: its last row's `seq` and hash."""

    subject_id: str
    seq: int
    hash: bytes


class Anchor(msgspec.Struct, frozen=True):
    """What a tenant's timelines had come to at an instant, as far as they had changed. Numbers count from 1."""

    tenant_id: str
    number: int
    at: datetime
    subjects: int
    heads: bytes
    hash: bytes

    def named(self) -> list[Head]:
        """Its heads; raises ValueError when somebody has written something else there."""
        return [Head(str(uuid.UUID(bytes=subject)), seq, head) for subject, seq, head in _heads.decode(self.heads)]


_columns = [audit_anchors.c[name] for name in Anchor.__struct_fields__]


def link(key: bytes, before: bytes, *, tenant_id: str, number: int, at: datetime, heads: bytes) -> bytes:
    """The hash of an anchor: HMAC-SHA256 over the hash of the one before it and everything it says."""
    said = f"anchor|{tenant_id}|{number}|{(at - EPOCH) // MICROSECOND}|".encode()
    return hmac.digest(key, before + said + heads, "sha256")


# -- anchoring -------------------------------------------------------------------------------------


def due_tenants(connection: sa.Connection, *, before: datetime) -> list[str]:
    """Tenants without an anchor since then and with something to anchor."""
    recent = sa.exists().where(audit_anchors.c.tenant_id == tenants.c.id, audit_anchors.c.at > before)
    changed = [sa.exists().where(table.c.tenant_id == tenants.c.id, _of(table)) for table in (runs, tickets)]
    return list(connection.execute(sa.select(tenants.c.id).where(~recent, sa.or_(*changed))).scalars())


def _of(table: sa.Table) -> sa.TextClause:
    return sa.text(f"NOT {table.name}.anchored")


def anchor_changes(connection: sa.Connection, *, key: bytes, tenant_id: str, at: datetime) -> Anchor | None:
    """Write the tenant's next anchor, over up to MAX_SUBJECTS runs and tickets that have changed since they were last
    in one; None when nothing has. What is being decided at this moment is left for the next time."""
    connection.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant_id).with_for_update())
    heads: list[Head] = []
    for table in (runs, tickets):
        found = _changed(connection, table, tenant_id, MAX_SUBJECTS - len(heads))
        if found:
            ids = [head.subject_id for head in found]
            connection.execute(sa.update(table).where(table.c.id.in_(ids)).values(anchored=True))
            heads += found
    if not heads:
        return None
    last = last_anchor(connection, tenant_id)
    packed = _encode([(uuid.UUID(head.subject_id).bytes, head.seq, head.hash) for head in heads])
    number = last.number + 1 if last is not None else 1
    before = last.hash if last is not None else GENESIS
    anchor = Anchor(
        tenant_id=tenant_id,
        number=number,
        at=at,
        subjects=len(heads),
        heads=packed,
        hash=link(key, before, tenant_id=tenant_id, number=number, at=at, heads=packed),
    )
    connection.execute(sa.insert(audit_anchors).values(msgspec.structs.asdict(anchor)))
    return anchor


def _changed(connection: sa.Connection, table: sa.Table, tenant_id: str, limit: int) -> list[Head]:
    if limit <= 0:
        return []
    changed = (
        sa.select(table.c.id, table.c.timeline_head)
        .where(table.c.tenant_id == tenant_id, _unanchored)
        .order_by(table.c.id)
        .limit(limit)
        # Who decides about one of them now is not waited for, and waits for nobody.
        .with_for_update(skip_locked=True)
        .cte("changed")
    )
    last_seq = sa.select(sa.func.max(timeline.c.seq)).where(timeline.c.subject_id == changed.c.id).scalar_subquery()
    found = connection.execute(sa.select(changed.c.id, last_seq.label("seq"), changed.c.timeline_head))
    return [Head(row.id, -1 if row.seq is None else row.seq, bytes(row.timeline_head)) for row in found]


# -- reading ---------------------------------------------------------------------------------------


def last_anchor(connection: sa.Connection, tenant_id: str) -> Anchor | None:
    """The tenant's newest anchor."""
    query = sa.select(*_columns).where(audit_anchors.c.tenant_id == tenant_id)
    row = connection.execute(query.order_by(audit_anchors.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _anchor(row)


def anchors(connection: sa.Connection, *, tenant_id: str | None) -> Iterator[Anchor]:
    """Anchors of one tenant or of all, each tenant's in order, read some at a time."""
    place = sa.tuple_(audit_anchors.c.tenant_id, audit_anchors.c.number)
    query = sa.select(*_columns).order_by(audit_anchors.c.tenant_id, audit_anchors.c.number).limit(ANCHORS_A_READ)
    if tenant_id is not None:
        query = query.where(audit_anchors.c.tenant_id == tenant_id)
    found: Sequence[Any] = connection.execute(query).all()
    while found:
        yield from map(_anchor, found)
        after = place > sa.tuple_(*_place(found[-1]))
        found = connection.execute(query.where(after)).all()


def _place(row: Any) -> tuple[Any, ...]:
    return sa.literal(row.tenant_id, audit_anchors.c.tenant_id.type), sa.literal(row.number, sa.Integer)


def _anchor(row: Any) -> Anchor:
    fields = dict(row._mapping)
    return Anchor(**{**fields, "heads": bytes(row.heads), "hash": bytes(row.hash)})
