"""Verifying timelines: each row against its hash, each hash against the one before, the last against its run or ticket,
and all of them against the anchors.

Runs and tickets, boundaries, and rows are each read in id order, some at a time, and walked side by side: what is held
in memory does not grow with what is verified. Everything is read in one transaction, as it was when that began.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from wayline.store import anchors
from wayline.store.anchors import Anchor, Head
from wayline.store.boundaries import Boundary, seal_of
from wayline.store.tables import audit_anchors, runs, tickets, timeline, timeline_boundaries
from wayline.store.timeline import GENESIS, link_as_stored

SUBJECTS_A_READ = 500
ROWS_A_READ = 1000
_events = msgspec.msgpack.Decoder(list[msgspec.Raw])

Code = Literal[
    "changed",
    "missing",
    "cut_off",
    "removed",
    "head_changed",
    "orphaned",
    "moved",
    "rolled_back",
    "deleted",
    "boundary_forged",
    "anchor_changed",
    "anchor_missing",
]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it was written. `subject` is run, ticket, timeline (whose run or ticket is gone) or
    anchor; `seq` the number of the first event it concerns, of an anchor its own; None: all of it."""

    tenant_id: str
    subject: str
    subject_id: str
    seq: int | None
    code: Code
    message: str


class Verified(msgspec.Struct):
    """How much has been looked at."""

    subjects: int = 0
    rows: int = 0
    anchors: int = 0
    changed_rows: int = 0


class Scope(msgspec.Struct, frozen=True):
    """What is verified: one tenant, one run or ticket, or, with both None, everything."""

    tenant_id: str | None = None
    subject_id: str | None = None


def verify(
    connection: sa.Connection,
    *,
    key: bytes,
    scope: Scope,
    verified: Verified,
    on_progress: Callable[[Verified], None] = lambda verified: None,
) -> Iterator[Finding]:
    """Everything that is not as it was written, as it is found; `verified` counts along."""
    yield from _timelines(connection, key, scope, verified, on_progress)
    yield from _anchors(connection, key, scope, verified, on_progress)


# -- timelines -------------------------------------------------------------------------------------


class _Subject(msgspec.Struct, frozen=True):
    """A run or ticket: where its timeline must end, and how many events it says there have been."""

    subject_id: str
    tenant_id: str
    kind: str
    head: bytes
    seq: int


class _Row(msgspec.Struct, frozen=True):
    """A row of a timeline."""

    subject_id: str
    tenant_id: str
    seq: int
    at: int
    actor_id: str | None
    events: bytes
    hash: bytes


class _RunSeq(msgspec.Struct):
    """The one thing of a run's state that is wanted here."""

    seq: int = 0


_Part = _Subject | Boundary | _Row
_places = sa.values(sa.column("id", timeline.c.subject_id.type), sa.column("seq", timeline.c.seq.type))
_run_seq = msgspec.msgpack.Decoder(_RunSeq)


def _timelines(
    connection: sa.Connection,
    key: bytes,
    scope: Scope,
    verified: Verified,
    on_progress: Callable[[Verified], None],
) -> Iterator[Finding]:
    streams: list[Iterator[_Part]] = [
        _subjects(connection, scope),
        _boundaries(connection, scope),
        _rows(connection, scope),
    ]
    walked = merge(*streams, key=_place_of)
    for subject_id, found in groupby(walked, key=attrgetter("subject_id")):
        chain = _Chain(key, subject_id, verified)
        for part in found:
            yield from chain.take(part)
        yield from chain.end()
        verified.subjects += 1
        if verified.subjects % SUBJECTS_A_READ == 0:
            on_progress(verified)
    on_progress(verified)


def _place_of(part: _Part) -> tuple[str, int]:
    """The subject comes before its boundary, and that before its rows."""
    if isinstance(part, _Subject):
        return part.subject_id, -2
    return part.subject_id, -1 if isinstance(part, Boundary) else part.seq


class _Chain:
    """One timeline, as far as it has been walked. Rows after a break are compared with what stands before them, so that
    one change is one finding."""

    def __init__(self, key: bytes, subject_id: str, verified: Verified) -> None:
        self._key = key
        self._subject_id = subject_id
        self._verified = verified
        self._subject: _Subject | None = None
        self._boundary: Boundary | None = None
        self._tenant_id = ""
        self._before = GENESIS
        # The number the next event must have; None after a row that cannot be read.
        self._next: int | None = 0
        self._rows = 0

    def take(self, part: _Part) -> Iterator[Finding]:
        self._tenant_id = self._tenant_id or part.tenant_id
        if isinstance(part, _Subject):
            self._subject = part
        elif isinstance(part, Boundary):
            yield from self._begin_at(part)
        else:
            yield from self._follow(part)

    def _begin_at(self, boundary: Boundary) -> Iterator[Finding]:
        seal = seal_of(
            self._key,
            subject_id=boundary.subject_id,
            tenant_id=boundary.tenant_id,
            seq=boundary.seq,
            hash_before=boundary.hash,
        )
        if not hmac.compare_digest(seal, boundary.seal):
            yield self._finding(boundary.seq, "boundary_forged", "a boundary that this server did not write")
            return
        self._boundary = boundary
        self._before, self._next = boundary.hash, boundary.seq

    def _follow(self, row: _Row) -> Iterator[Finding]:
        self._rows += 1
        self._verified.rows += 1
        if row.tenant_id != self._tenant_id:
            yield self._finding(row.seq, "moved", "a row that says it belongs to another tenant")
        hash_ = link_as_stored(
            self._key,
            self._before,
            subject_id=row.subject_id,
            seq=row.seq,
            at_us=row.at,
            actor_id=row.actor_id,
            events=row.events,
        )
        if self._next is not None and row.seq != self._next:
            yield self._finding(self._next, "missing", f"events {self._next} to {row.seq - 1} are missing")
        elif not hmac.compare_digest(hash_, row.hash):
            self._verified.changed_rows += 1
            yield self._finding(row.seq, "changed", "the row is not the one that was written here")
        self._before = row.hash
        self._next = _after(row)

    def end(self) -> Iterator[Finding]:
        subject = self._subject
        if subject is None:
            if self._rows:
                yield self._finding(0, "orphaned", "a timeline whose run or ticket has been deleted")
            return
        if self._rows == 0 and self._boundary is None and (subject.head != GENESIS or subject.seq):
            yield self._finding(0, "removed", f"all {subject.seq} events are missing")
        elif self._next is not None and subject.seq > self._next:
            yield self._finding(
                self._next, "cut_off", f"events {self._next} to {subject.seq - 1} are missing at the end"
            )
        elif subject.head != self._before or (self._next is not None and subject.seq != self._next):
            yield self._finding(
                self._next, "head_changed", f"the timeline does not end where the {subject.kind} says it does"
            )

    def _finding(self, seq: int | None, code: Code, message: str) -> Finding:
        kind = self._subject.kind if self._subject is not None else "timeline"
        return Finding(
            tenant_id=self._tenant_id,
            subject=kind,
            subject_id=self._subject_id,
            seq=seq,
            code=code,
            message=message,
        )


def _after(row: _Row) -> int | None:
    try:
        return row.seq + len(_events.decode(row.events))
    except msgspec.DecodeError:
        return None


# -- reading side by side --------------------------------------------------------------------------


def _subjects(connection: sa.Connection, scope: Scope) -> Iterator[_Subject]:
    of_runs = (
        _Subject(row.id, row.tenant_id, "run", bytes(row.timeline_head), _seq_of(bytes(row.state)))
        for row in _read(connection, runs, ("id", "tenant_id", "timeline_head", "state"), scope)
    )
    of_tickets = (
        _Subject(row.id, row.tenant_id, "ticket", bytes(row.timeline_head), row.timeline_seq)
        for row in _read(connection, tickets, ("id", "tenant_id", "timeline_head", "timeline_seq"), scope)
    )
    return merge(of_runs, of_tickets, key=attrgetter("subject_id"))


def _seq_of(state: bytes) -> int:
    try:
        return _run_seq.decode(state).seq
    except msgspec.DecodeError:
        return -1


def _boundaries(connection: sa.Connection, scope: Scope) -> Iterator[Boundary]:
    for row in _read(connection, timeline_boundaries, Boundary.__struct_fields__, scope):
        yield Boundary(row.subject_id, row.tenant_id, row.seq, bytes(row.hash), bytes(row.seal))


def _read(connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], scope: Scope) -> Iterator[Any]:
    """Rows in the order of the key, which is the subject's id."""
    (id_column,) = table.primary_key.columns
    query = sa.select(*(table.c[name] for name in columns)).order_by(id_column).limit(SUBJECTS_A_READ)
    query = _within(query, table, id_column, scope)
    found = connection.execute(query).all()
    while found:
        yield from found
        found = connection.execute(query.where(id_column > getattr(found[-1], id_column.name))).all()


def _rows(connection: sa.Connection, scope: Scope) -> Iterator[_Row]:
    # As they are stored: what somebody has put there need be neither an instant nor bytes.
    columns = [
        sa.type_coerce(timeline.c[name], _AS_STORED.get(name, timeline.c[name].type)).label(name)
        for name in _Row.__struct_fields__
    ]
    query = sa.select(*columns).order_by(timeline.c.subject_id, timeline.c.seq).limit(ROWS_A_READ)
    query = _within(query, timeline, timeline.c.subject_id, scope)
    place = sa.tuple_(timeline.c.subject_id, timeline.c.seq)
    found = connection.execute(query).all()
    while found:
        for row in found:
            yield _Row(**{**row._mapping, "events": _bytes(row.events), "hash": _bytes(row.hash)})
        last = found[-1]
        after = sa.tuple_(
            sa.literal(last.subject_id, timeline.c.subject_id.type), sa.literal(last.seq, timeline.c.seq.type)
        )
        found = connection.execute(query.where(place > after)).all()


_AS_STORED: dict[str, sa.types.TypeEngine[Any]] = {
    "at": sa.BigInteger(),
    "events": sa.types.NullType(),
    "hash": sa.types.NullType(),
}


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _within(query: Any, table: sa.Table, id_column: sa.ColumnElement[str], scope: Scope) -> Any:
    if scope.tenant_id is not None:
        query = query.where(table.c.tenant_id == scope.tenant_id)
    return query if scope.subject_id is None else query.where(id_column == scope.subject_id)


# -- anchors ---------------------------------------------------------------------------------------


def _anchors(
    connection: sa.Connection,
    key: bytes,
    scope: Scope,
    verified: Verified,
    on_progress: Callable[[Verified], None],
) -> Iterator[Finding]:
    before, number, tenant_id = anchors.GENESIS, 0, ""
    told: set[str] = set()
    for anchor in anchors.anchors(connection, tenant_id=scope.tenant_id):
        if anchor.tenant_id != tenant_id:
            before, number, tenant_id = anchors.GENESIS, 0, anchor.tenant_id
        if anchor.number != number + 1:
            yield _of_anchor(anchor, number + 1, "anchor_missing", f"anchors before number {anchor.number} are missing")
        elif not _holds(key, before, anchor):
            yield _of_anchor(anchor, anchor.number, "anchor_changed", "the anchor is not the one that was written here")
        before, number = anchor.hash, anchor.number
        for finding in _against(connection, anchor, scope):
            if finding.subject_id not in told:
                told.add(finding.subject_id)
                yield finding
        verified.anchors += 1
        on_progress(verified)


def _holds(key: bytes, before: bytes, anchor: Anchor) -> bool:
    wanted = anchors.link(
        key, before, tenant_id=anchor.tenant_id, number=anchor.number, at=anchor.at, heads=anchor.heads
    )
    return hmac.compare_digest(wanted, anchor.hash)


def _of_anchor(anchor: Anchor, number: int, code: Code, message: str) -> Finding:
    return Finding(
        tenant_id=anchor.tenant_id,
        subject="anchor",
        subject_id=f"{anchor.tenant_id}:{number}",
        seq=number,
        code=code,
        message=message,
    )


def _against(connection: sa.Connection, anchor: Anchor, scope: Scope) -> Iterator[Finding]:
    """What the anchor names and is no more: one query an anchor, by the key."""
    try:
        named = anchor.named()
    except ValueError:
        return  # found as changed already
    wanted = {head.subject_id: head for head in named if scope.subject_id in (None, head.subject_id) and head.seq >= 0}
    if not wanted:
        return
    there = _hashes(connection, list(wanted.values()))
    gone = [head for head in wanted.values() if there.get(head.subject_id) != head.hash]
    if not gone:
        return
    ids = [head.subject_id for head in gone]
    pruned = _pruned(connection, ids)
    left = {i: kind for table, kind in ((runs, "run"), (tickets, "ticket")) for i in _of(connection, table, ids)}
    for head in gone:
        if pruned.get(head.subject_id, -1) > head.seq:
            continue
        kind = left.get(head.subject_id)
        day = f"{anchor.at:%Y-%m-%d %H:%M} UTC"
        if kind is None:
            code: Code = "deleted"
            message = f"it was there on {day} (anchor {anchor.number}) and has been deleted"
        else:
            code = "rolled_back"
            message = f"event {head.seq} was there on {day} (anchor {anchor.number}) and is not there as it was"
        yield Finding(anchor.tenant_id, kind or "timeline", head.subject_id, head.seq, code, message)


def _hashes(connection: sa.Connection, heads: list[Head]) -> dict[str, bytes]:
    """The hash of the row with each head's number, by subject."""
    found: dict[str, bytes] = {}
    for start in range(0, len(heads), SUBJECTS_A_READ):
        some = heads[start : start + SUBJECTS_A_READ]
        # A join with what is wanted: SQLite reads the whole table for an IN of pairs.
        wanted = _places.data([(head.subject_id, head.seq) for head in some]).cte("wanted")
        there = wanted.join(timeline, sa.and_(timeline.c.subject_id == wanted.c.id, timeline.c.seq == wanted.c.seq))
        rows = connection.execute(sa.select(timeline.c.subject_id, timeline.c.hash).select_from(there))
        found |= {row.subject_id: bytes(row.hash) for row in rows}
    return found


def _pruned(connection: sa.Connection, ids: list[str]) -> dict[str, int]:
    query = sa.select(timeline_boundaries.c.subject_id, timeline_boundaries.c.seq)
    return {row[0]: row[1] for row in connection.execute(query.where(timeline_boundaries.c.subject_id.in_(ids)))}


def _of(connection: sa.Connection, table: sa.Table, ids: list[str]) -> list[str]:
    return list(connection.execute(sa.select(table.c.id).where(table.c.id.in_(ids))).scalars())


def has_anchor(connection: sa.Connection, hash_: bytes) -> bool:
    """Whether there is an anchor with this hash, as somebody has noted it elsewhere."""
    query = sa.select(sa.literal(1)).where(audit_anchors.c.hash == hash_).limit(1)
    return connection.execute(query).first() is not None
