"""What rules came to, event by event, for as long as it is kept."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.rules import Happening, Reaction
from wayline.store.rules import Lifetime
from wayline.store.tables import rule_chains, rule_events

ONE_RULES = frozenset({"scheduled", "webhook"})
"""Triggers whose events are each for one rule."""
PACKED_FROM_BYTES = 2_000
_encode = msgspec.msgpack.Encoder().encode
_happening = msgspec.msgpack.Decoder(Happening).decode
_reaction = msgspec.msgpack.Decoder(Reaction).decode


class KeptEvent(msgspec.Struct, frozen=True):
    """An event that there were rules for, what they did about it, and which version of them it was."""

    id: str
    trigger: str
    ticket_id: str | None
    at: datetime
    place: int
    rules_version: int
    happening: Happening
    reaction: Reaction


class Place(msgspec.Struct, frozen=True):
    """Where an event stands among all: newest first, those of one instant by their order in it, then by id."""

    at: datetime
    place: int
    id: str


def event_row(
    *, tenant_id: str, happening: Happening, reaction: Reaction, rules_version: int, place: int, kept_at: datetime
) -> dict[str, Any]:
    """The row of an event. Of what the actions gave only their names and failures are kept: the rest is to be seen
    where they had it."""
    firings = tuple(
        msgspec.structs.replace(firing, done=tuple(msgspec.structs.replace(one, output={}) for one in firing.done))
        for firing in reaction.firings
    )
    return {
        "id": happening.id,
        "tenant_id": tenant_id,
        "trigger": happening.trigger,
        "ticket_id": happening.ticket["id"] if happening.ticket is not None else None,
        "at": happening.at,
        "place": place,
        "rules_version": rules_version,
        "kept_at": kept_at,
        "rule_id": happening.rule_id,
        "happening": _packed(_encode(happening)),
        "verdict": _encode(msgspec.structs.replace(reaction, firings=firings)),
    }


def read_event(connection: sa.Connection, *, tenant_id: str, event_id: str) -> KeptEvent | None:
    """One event of the tenant; None when there is none, or no more."""
    query = sa.select(rule_events).where(rule_events.c.id == event_id, rule_events.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _kept(row)


def read_events(
    connection: sa.Connection,
    *,
    tenant_id: str,
    ticket_id: str | None = None,
    triggers: Sequence[str] | None = None,
    life: Lifetime | None = None,
    after: Place | None = None,
    limit: int,
) -> list[KeptEvent]:
    """The tenant's events, newest first, from the one after `after` on: of one ticket, of some triggers, those that a
    rule saw in its life, or all."""
    query = sa.select(rule_events).where(rule_events.c.tenant_id == tenant_id)
    if life is not None:
        saw: sa.ColumnElement[bool] = rule_events.c.rule_id == life.rule_id
        if not ONE_RULES.issuperset(life.triggers):
            saw = sa.or_(rule_events.c.rule_id.is_(None), saw)
        query = query.where(rule_events.c.trigger.in_(life.triggers), saw, rule_events.c.rules_version >= life.since)
        if life.until is not None:
            query = query.where(rule_events.c.rules_version < life.until)
    if ticket_id is not None:
        query = query.where(rule_events.c.ticket_id == ticket_id)
    if triggers is not None:
        query = query.where(rule_events.c.trigger.in_(triggers))
    if after is not None:
        instant = sa.literal(after.at, rule_events.c.at.type)
        here = sa.tuple_(rule_events.c.at, rule_events.c.place, rule_events.c.id)
        query = query.where(
            here < sa.tuple_(instant, sa.literal(after.place), sa.literal(after.id, rule_events.c.id.type))
        )
    order = (rule_events.c.at.desc(), rule_events.c.place.desc(), rule_events.c.id.desc())
    return [_kept(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def _packed(blob: bytes) -> bytes:
    """Tickets with long descriptions are kept at every event: those are worth compressing."""
    return zlib.compress(blob, 1) if len(blob) > PACKED_FROM_BYTES else blob


def _unpacked(blob: bytes) -> bytes:
    # A zlib stream begins with 0x78, which no msgpack map does.
    return zlib.decompress(blob) if blob[:1] == b"\x78" else bytes(blob)


def _kept(row: Any) -> KeptEvent:
    return KeptEvent(
        id=row.id,
        trigger=row.trigger,
        ticket_id=row.ticket_id,
        at=row.at,
        place=row.place,
        rules_version=row.rules_version,
        happening=_happening(_unpacked(row.happening)),
        reaction=_reaction(row.verdict),
    )


def events_of_chain(connection: sa.Connection, root_id: str) -> int:
    """How many events a cause has had in transactions before this one."""
    query = sa.select(rule_chains.c.events).where(rule_chains.c.root_id == root_id)
    return connection.execute(query).scalar_one_or_none() or 0


def has_older(connection: sa.Connection, before: datetime) -> bool:
    """Whether there is anything to prune."""
    queries = (
        sa.select(sa.literal(1)).where(rule_events.c.kept_at < before).limit(1),
        sa.select(sa.literal(1)).where(rule_chains.c.last_at < before).limit(1),
    )
    return any(connection.execute(query).first() is not None for query in queries)


def prune(connection: sa.Connection, before: datetime, *, limit: int) -> int:
    """Forget events and chains written before an instant, oldest first, at most `limit` of each; answers how many."""
    gone = 0
    for key, column in ((rule_events.c.id, rule_events.c.kept_at), (rule_chains.c.root_id, rule_chains.c.last_at)):
        oldest = sa.select(key).where(column < before).order_by(column).limit(limit)
        gone += connection.execute(sa.delete(key.table).where(key.in_(oldest))).rowcount
    return gone
