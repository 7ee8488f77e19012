"""Runs and their ended visits, as rows and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core import run as run_value
from wayline.core.run import EndedVisit, Run
from wayline.core.snapshot import Delta
from wayline.store.bulk import BulkSelect
from wayline.store.tables import activations, runs, templates, tickets
from wayline.store.unindexed import unindexed

_state_encoder = msgspec.msgpack.Encoder()
_detail_decoder = msgspec.msgpack.Decoder(dict[str, Any])

_LOADED = [runs.c.id, runs.c.version, runs.c.timeline_head, runs.c.state]
_by_ids = BulkSelect(runs.c.id, _LOADED)
_by_ids_locked = BulkSelect(runs.c.id, _LOADED, lock=True)
_roots = BulkSelect(runs.c.id, [runs.c.id, runs.c.ticket_id])
_lock_tickets = BulkSelect(tickets.c.id, [tickets.c.id], lock=True)
_live_of_tickets = sa.select(runs.c.ticket_id, runs.c.template_id).where(
    runs.c.ticket_id.in_(sa.bindparam("ids", expanding=True)), runs.c.completed_at.is_(None)
)


class StoredRun(msgspec.Struct):
    """A run as read: its row's version and the head of its timeline beside the value."""

    run: Run
    version: int
    head: bytes


def load_runs(connection: sa.Connection, ids: list[str], *, lock: bool) -> dict[str, StoredRun]:
    """The runs with these ids; `lock` keeps other transactions off their rows (PostgreSQL)."""
    statement = _by_ids_locked if lock else _by_ids
    return {
        run_id: StoredRun(run=run_value.decode(state), version=version, head=bytes(head))
        for run_id, version, head, state in statement.execute(connection, ids)
    }


def tickets_of_runs(connection: sa.Connection, ids: list[str]) -> dict[str, str | None]:
    """The ticket each run belongs to, which never changes."""
    return {row[0]: row[1] for row in _roots.execute(connection, ids)}


def lock_tickets(connection: sa.Connection, ids: list[str]) -> None:
    """Keep other transactions off these roots, in id order."""
    _lock_tickets.execute(connection, ids)


def live_templates(connection: sa.Connection, ticket_ids: list[str]) -> set[tuple[str, str]]:
    """(ticket, template) of every live run on these tickets."""
    return {(row[0], row[1]) for row in connection.execute(_live_of_tickets, {"ids": ticket_ids})}


def live_runs(connection: sa.Connection, ticket_id: str) -> list[tuple[str, str]]:
    """(run, template) of every live run on a ticket."""
    query = sa.select(runs.c.id, runs.c.template_id).where(runs.c.ticket_id == ticket_id, runs.c.completed_at.is_(None))
    return [(row[0], row[1]) for row in connection.execute(query)]


def row_of(run: Run, *, version: int, head: bytes) -> dict[str, Any]:
    """A new run's row."""
    return {
        "id": run.id,
        "tenant_id": run.tenant_id,
        "template_id": run.template_id,
        "template_version": run.template_version,
        "ticket_id": run.ticket_id,
        "owner_id": run.owner_id,
        "trigger_type": run.trigger_type,
        "status": run.standing,
        "archived": False,
        "task_queue": run.task_queue,
        "state": run_value.encode(run),
        "version": version,
        "timeline_head": head,
        "created_at": run.created_at,
        "completed_at": run.completed_at,
    }


def change_of(run: Run, *, seen_version: int, head: bytes) -> dict[str, Any]:
    """A run's update, good only for the version it was read at."""
    return {
        "b_id": run.id,
        "b_version": seen_version,
        "v_template_version": run.template_version,
        "v_status": run.standing,
        "v_state": run_value.encode(run),
        "v_version": seen_version + 1,
        "v_timeline_head": head,
        "v_anchored": False,
        "v_completed_at": run.completed_at,
    }


def visit_row(run: Run, visit: EndedVisit, output: dict[str, Any], delta: Delta | None = None) -> dict[str, Any]:
    """An ended visit's row: its detail and what it gave in one document, and beside it what a snapshot needs."""
    return {
        "run_id": run.id,
        "position": visit.position,
        "id": visit.id,
        "tenant_id": run.tenant_id,
        "step_id": visit.step_id,
        "type": visit.type,
        "status": visit.status,
        "outcome": visit.outcome,
        "started_at": visit.started_at,
        "completed_at": visit.completed_at,
        "completed_by": visit.completed_by,
        "due_at": visit.detail.get("due_at"),
        "detail": _state_encoder.encode({**visit.detail, "output": output}),
        "snapshot": None if delta is None else _state_encoder.encode(delta),
    }


class StoredVisit(msgspec.Struct, frozen=True):
    """An ended visit as read back."""

    visit: EndedVisit
    output: dict[str, Any]


def latest_visits(
    connection: sa.Connection, *, tenant_id: str, run_id: str, limit: int, type: str | None = None
) -> list[StoredVisit]:
    """The latest `limit` ended visits of a run, or those to steps of one type, in order."""
    query = (
        sa.select(activations)
        .where(activations.c.run_id == run_id, activations.c.tenant_id == tenant_id)
        .order_by(activations.c.position.desc())
        .limit(limit)
    )
    if type is not None:
        query = query.where(activations.c.type == type)
    return [visit_of(row) for row in connection.execute(query)][::-1]


def read_visits(connection: sa.Connection, *, tenant_id: str, run_ids: list[str]) -> dict[str, list[StoredVisit]]:
    """Every ended visit of these runs, in order, by run."""
    query = (
        sa.select(activations)
        .where(activations.c.run_id.in_(run_ids), activations.c.tenant_id == tenant_id)
        .order_by(activations.c.run_id, activations.c.position)
    )
    found: dict[str, list[StoredVisit]] = {}
    for row in connection.execute(query):
        found.setdefault(row.run_id, []).append(visit_of(row))
    return found


def visit_of(row: Any) -> StoredVisit:
    """An ended visit from its row."""
    detail = _detail_decoder.decode(row.detail)
    output = detail.pop("output", {})
    visit = EndedVisit(
        id=row.id,
        position=row.position,
        step_id=row.step_id,
        type=row.type,
        status=row.status,
        outcome=row.outcome,
        started_at=row.started_at,
        completed_at=row.completed_at,
        completed_by=row.completed_by,
        detail=detail,
    )
    return StoredVisit(visit=visit, output=output)


def read_run(connection: sa.Connection, *, tenant_id: str, run_id: str) -> Run | None:
    """One run of the tenant."""
    state = connection.execute(
        sa.select(runs.c.state).where(runs.c.id == run_id, runs.c.tenant_id == tenant_id)
    ).scalar_one_or_none()
    return None if state is None else run_value.decode(state)


def read_run_by_id(connection: sa.Connection, run_id: str) -> Run | None:
    """A run of whatever tenant: for callers whose right to it is proved by something else than who they are."""
    state = connection.execute(sa.select(runs.c.state).where(runs.c.id == run_id)).scalar_one_or_none()
    return None if state is None else run_value.decode(state)


def read_visit(connection: sa.Connection, *, tenant_id: str, run_id: str, position: int) -> StoredVisit | None:
    """A run's nth visit, once it has ended."""
    query = sa.select(activations).where(
        activations.c.run_id == run_id, activations.c.position == position, activations.c.tenant_id == tenant_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else visit_of(row)


def list_runs(
    connection: sa.Connection,
    *,
    tenant_id: str,
    statuses: Collection[str] = (),
    template_id: str | None = None,
    ticket_id: str | None = None,
    owner_id: str | None = None,
    archived: bool = False,
    q: str | None = None,
    sort: str = "created_at",
    newest_first: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[Run], int]:
    """A page of the tenant's runs and how many there are in all.

    `statuses` are as stored (`Run.standing`), none of them for all; `q` is part of a template's name or a ticket's
    number. Sorted by `created_at` a page costs the same however many runs there are; by `completed_at` or `status`,
    what the filters leave.
    """
    conditions = [runs.c.tenant_id == tenant_id, *_standing(statuses)]
    if not archived:
        conditions.append(runs.c.archived.is_(False))
    # Live runs of a status are few; the same person's runs of all time are not.
    is_live = bool(statuses) and run_value.ENDED.isdisjoint(statuses)
    owner = unindexed(runs.c.owner_id) if is_live else runs.c.owner_id
    for column, value in ((runs.c.template_id, template_id), (runs.c.ticket_id, ticket_id), (owner, owner_id)):
        if value is not None:
            conditions.append(column == value)
    if q is not None:
        named = sa.select(templates.c.id).where(
            templates.c.tenant_id == tenant_id, sa.func.lower(templates.c.name).contains(q.lower(), autoescape=True)
        )
        numbered = sa.select(tickets.c.id).where(
            tickets.c.tenant_id == tenant_id, tickets.c.number == q.strip().upper()
        )
        conditions.append(runs.c.template_id.in_(named) | runs.c.ticket_id.in_(numbered))
    total = connection.execute(sa.select(sa.func.count()).select_from(runs).where(*conditions)).scalar_one()
    column = runs.c[sort]
    order = (column.desc(), runs.c.id.desc()) if newest_first else (column, runs.c.id)
    query = sa.select(runs.c.state).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return [run_value.decode(state) for state in connection.execute(query).scalars()], total


def _standing(statuses: Collection[str]) -> Iterator[sa.ColumnElement[bool]]:
    """The condition on the status, and beside it what leads to the indexes of live, of ended and of uncommon runs."""
    if not statuses:
        return
    yield runs.c.status.in_(sorted(statuses))
    if "completed" not in statuses:
        yield runs.c.status != sa.literal_column("'completed'")
    if run_value.ENDED.issuperset(statuses):
        yield runs.c.completed_at.is_not(None)
    elif run_value.ENDED.isdisjoint(statuses):
        yield runs.c.completed_at.is_(None)
