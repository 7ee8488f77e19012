"""The timeline: append-only rows, one a decision, chained by a keyed hash so that a change to any of them shows."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.events import Event
from wayline.store.tables import EPOCH, MICROSECOND, timeline

GENESIS = b"\0" * 32
# PostgreSQL plans a statement about a hundred timelines for longer than it reads them.
LATEST_OF_AT_ONCE = 10
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Event])


def link(
    key: bytes, head: bytes, *, subject_id: str, seq: int, at: datetime, actor_id: str | None, events: bytes
) -> bytes:
    """The hash of one row: HMAC-SHA256 over the hash before it and everything the row says."""
    at_us = (at - EPOCH) // MICROSECOND
    return link_as_stored(key, head, subject_id=subject_id, seq=seq, at_us=at_us, actor_id=actor_id, events=events)


def link_as_stored(
    key: bytes, head: bytes, *, subject_id: str, seq: int, at_us: int, actor_id: str | None, events: bytes
) -> bytes:
    """The same of a row whose instant is as it is stored, in microseconds since 1970."""
    said = f"{subject_id}|{seq}|{at_us}|{actor_id or ''}|".encode()
    return hmac.digest(key, head + said + events, "sha256")


def row_of(
    key: bytes,
    head: bytes,
    *,
    tenant_id: str,
    subject_id: str,
    seq: int,
    at: datetime,
    actor_id: str | None,
    events: Sequence[Event],
) -> dict[str, Any]:
    """The row of one decision, with its hash."""
    blob = _encoder.encode(events)
    return {
        "subject_id": subject_id,
        "seq": seq,
        "tenant_id": tenant_id,
        "at": at,
        "actor_id": actor_id,
        "events": blob,
        "hash": link(key, head, subject_id=subject_id, seq=seq, at=at, actor_id=actor_id, events=blob),
    }


class TimelineEvent(msgspec.Struct, frozen=True):
    """One event as the surfaces show it."""

    seq: int
    event: str
    at: datetime
    actor: str | None
    detail: str
    step_id: str | None
    activation_id: str | None
    data: dict[str, Any]


def read_timeline(
    connection: sa.Connection, *, tenant_id: str, subject_id: str, after_seq: int = -1, rows: int = 1000
) -> list[TimelineEvent]:
    """The events of a run or ticket in order, from the first decision at or past `after_seq` on; at most `rows`
    decisions."""
    query = (
        sa.select(timeline.c.seq, timeline.c.at, timeline.c.actor_id, timeline.c.events)
        .where(
            timeline.c.subject_id == subject_id,
            timeline.c.tenant_id == tenant_id,
            timeline.c.seq > after_seq,
        )
        .order_by(timeline.c.seq)
        .limit(rows)
    )
    return [event for row in connection.execute(query) for event in events_of(row)]


def read_events(
    connection: sa.Connection, *, tenant_id: str, subject_id: str, from_seq: int, limit: int
) -> list[TimelineEvent]:
    """At most `limit` events of a run or ticket in order, beginning with the one numbered `from_seq`."""
    holding = (
        sa.select(sa.func.max(timeline.c.seq))
        .where(timeline.c.subject_id == subject_id, timeline.c.seq <= from_seq)
        .scalar_subquery()
    )
    query = (
        sa.select(timeline.c.seq, timeline.c.at, timeline.c.actor_id, timeline.c.events)
        .where(
            timeline.c.subject_id == subject_id,
            timeline.c.tenant_id == tenant_id,
            timeline.c.seq >= sa.func.coalesce(holding, 0),
        )
        .order_by(timeline.c.seq)
        .limit(limit + 1)  # of the first decision's events none may be wanted
    )
    found = [event for row in connection.execute(query) for event in events_of(row)]
    return [event for event in found if event.seq >= from_seq][:limit]


def events_of(row: Any) -> list[TimelineEvent]:
    """The events of a row that has `seq`, `at`, `actor_id` and `events`, in order."""
    return numbered(_decoder.decode(row.events), seq=row.seq, at=row.at, actor_id=row.actor_id)


def numbered(events: Sequence[Event], *, seq: int, at: datetime, actor_id: str | None) -> list[TimelineEvent]:
    """One decision's events as the surfaces show them; `seq` is the first one's number."""
    return [
        TimelineEvent(
            seq=seq + index,
            event=event.event,
            at=at,
            actor=actor_id,
            detail=event.detail,
            step_id=event.step_id,
            activation_id=event.activation_id,
            data=event.data,
        )
        for index, event in enumerate(events)
    ]


def latest_events(
    connection: sa.Connection, *, tenant_id: str, run_ids: Sequence[str], limit: int
) -> dict[str, list[TimelineEvent]]:
    """The latest `limit` events of each of these runs, in order. However long their timelines, no more is read."""
    found: dict[str, list[TimelineEvent]] = {run_id: [] for run_id in run_ids}
    for start in range(0, len(run_ids), LATEST_OF_AT_ONCE):
        some = {f"b_{place}": run_id for place, run_id in enumerate(run_ids[start : start + LATEST_OF_AT_ONCE])}
        rows = connection.execute(_latest(len(some)), {**some, "b_tenant_id": tenant_id, "limit": limit}).all()
        for row in sorted(rows, key=lambda row: row.seq):
            found[row.subject_id] += events_of(row)
    return {run_id: events[-limit:] for run_id, events in found.items()}


@lru_cache(maxsize=LATEST_OF_AT_ONCE)
def _latest(subjects: int) -> sa.CompoundSelect[Any]:
    """The last rows of so many timelines: a look into the index for each, since for a join neither planner keeps from
    reading more. A decision has one event at least, so that many rows hold that many events or more."""
    of_each = [
        sa.select(timeline.c.subject_id, timeline.c.seq, timeline.c.at, timeline.c.actor_id, timeline.c.events)
        .where(
            timeline.c.subject_id == sa.bindparam(f"b_{place}"),
            timeline.c.tenant_id == sa.bindparam("b_tenant_id"),
        )
        .order_by(timeline.c.seq.desc())
        .limit(sa.bindparam("limit"))
        .subquery()
        for place in range(subjects)
    ]
    return sa.union_all(*(sa.select(one) for one in of_each))
