"""Entries of inbox runs and what they show: writing them, and reading what inboxes and dispatches tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.effects import ShowFace
from wayline.core.inbox.state import UNREACHED, Entry, entry_id
from wayline.core.run import Run
from wayline.store.bulk import BulkUpdate, Row
from wayline.store.tables import dispatches, entries, entry_faces, runs, templates, tickets, users, work_items

CHANGING = ("face_id", "status", "task", "lock", "locked_by", "changed_at")
update_entries = BulkUpdate(entries, keys={"id": "id"}, columns=CHANGING)
move_items = BulkUpdate(work_items, keys={"id": "id"}, columns=("step_id",))
_locker = users.alias("locker")
# A value that is bound is not known when the query is planned, and the index of retired entries would not be used.
_is_retired = entries.c.status == sa.literal_column("'retired'")


# -- writing ---------------------------------------------------------------------------------------


def entry_row(run: Run, user_id: str, entry: Entry, *, face_id: str | None, at: datetime) -> Row:
    """A person's entry as a row, at the visit that shows `face_id`."""
    status = "active" if entry.active else "unreached" if entry.visit == UNREACHED else "retired"
    return {
        "id": entry_id(run.id, user_id),
        "tenant_id": run.tenant_id,
        "run_id": run.id,
        "user_id": user_id,
        "face_id": face_id,
        "status": status,
        "task": entry.task,
        "lock": entry.lock,
        "locked_by": entry.locked_by,
        "changed_at": at,
    }


def change_of(row: Row) -> Row:
    """The update of a row that is there."""
    return {"b_id": row["id"], **{f"v_{name}": row[name] for name in CHANGING}}


def face_row(run: Run, face: ShowFace, at: datetime) -> Row:
    """What a visit shows, as a row."""
    return {
        "id": face.activation_id,
        "tenant_id": run.tenant_id,
        "run_id": run.id,
        "step_id": face.step_id,
        "title": face.title,
        "label": face.label,
        "style": face.style,
        "subtitle": face.subtitle,
        "icon": face.icon,
        "summary_title": face.summary_title,
        "summary": face.summary,
        "paths": list(face.paths),
        "activated_by": face.by,
        "activated_at": at,
    }


# -- what inboxes show -----------------------------------------------------------------------------


class ShownEntry(msgspec.Struct, frozen=True):
    """An entry with what it shows. `paths` are {label, step, icon}; `run_status` is the run's, as it is stored;
    `changed_at` of a retired one is when it left the inbox, `opened_at` of one that has left is None; `owner_id` is the
    run's, `sender_id` the dispatch's if it is one, `template_name` None where the run brought its definition along."""

    id: str
    run_id: str
    user_id: str
    status: str
    task: str
    lock: str
    locked_by: str | None
    locked_by_name: str | None
    changed_at: datetime
    face_id: str
    step_id: str
    title: str
    label: str
    style: str
    subtitle: str | None
    icon: str | None
    summary_title: str | None
    summary: str | None
    paths: list[dict[str, Any]]
    run_status: str
    owner_id: str | None
    sender_id: str | None
    template_id: str
    template_name: str | None
    ticket_id: str | None
    ticket_number: str | None
    ticket_title: str | None
    ticket_priority: str | None
    due_at: datetime | None
    opened_at: datetime | None


_shown = (
    sa.select(
        entries.c.id,
        entries.c.run_id,
        entries.c.user_id,
        entries.c.status,
        entries.c.task,
        entries.c.lock,
        entries.c.locked_by,
        _locker.c.name.label("locked_by_name"),
        entries.c.changed_at,
        entries.c.face_id,
        entry_faces.c.step_id,
        entry_faces.c.title,
        entry_faces.c.label,
        entry_faces.c.style,
        entry_faces.c.subtitle,
        entry_faces.c.icon,
        entry_faces.c.summary_title,
        entry_faces.c.summary,
        entry_faces.c.paths,
        runs.c.status.label("run_status"),
        runs.c.owner_id,
        dispatches.c.sender_id,
        runs.c.template_id,
        templates.c.name.label("template_name"),
        runs.c.ticket_id,
        tickets.c.number.label("ticket_number"),
        tickets.c.title.label("ticket_title"),
        tickets.c.priority.label("ticket_priority"),
        dispatches.c.due_at,
        work_items.c.opened_at,
    )
    .join(entry_faces, entry_faces.c.id == entries.c.face_id)
    .join(runs, runs.c.id == entries.c.run_id)
    .outerjoin(dispatches, dispatches.c.id == entries.c.run_id)
    .outerjoin(work_items, work_items.c.id == entries.c.id)
    .outerjoin(templates, templates.c.id == runs.c.template_id)
    .outerjoin(tickets, tickets.c.id == runs.c.ticket_id)
    .outerjoin(_locker, _locker.c.id == entries.c.locked_by)
)


def shown_entries(connection: sa.Connection, *, tenant_id: str, ids: Sequence[str]) -> dict[str, ShownEntry]:
    """The entries with these ids, by id; a page of them at most."""
    if not ids:
        return {}
    query = _shown.where(entries.c.id.in_(list(ids)), entries.c.tenant_id == tenant_id)
    return {row.id: ShownEntry(**row._mapping) for row in connection.execute(query)}


def retired_entries(
    connection: sa.Connection, *, tenant_id: str, user_id: str, limit: int, offset: int
) -> tuple[list[ShownEntry], int]:
    """A page of a person's entries that have left the inbox, the latest first, and how many there are."""
    own = (entries.c.tenant_id == tenant_id, entries.c.user_id == user_id, _is_retired)
    total = connection.execute(sa.select(sa.func.count()).select_from(entries).where(*own)).scalar_one()
    query = _shown.where(*own).order_by(entries.c.changed_at.desc(), entries.c.id.desc())
    return [ShownEntry(**row._mapping) for row in connection.execute(query.limit(limit).offset(offset))], total


# -- what dispatches tell --------------------------------------------------------------------------


class StoredDispatch(msgspec.Struct, frozen=True):
    """A message that was sent; `run_status` as it is stored."""

    id: str
    template_id: str
    template_name: str
    title: str
    sent_to: Any
    attributes: dict[str, Any]
    sender_id: str | None
    sender_name: str | None
    by_script: bool
    due_at: datetime | None
    sent_at: datetime
    run_status: str
    ticket_id: str | None


_dispatches = (
    sa.select(
        dispatches.c.id,
        dispatches.c.template_id,
        templates.c.name.label("template_name"),
        dispatches.c.title,
        dispatches.c.sent_to,
        dispatches.c.attributes,
        dispatches.c.sender_id,
        users.c.name.label("sender_name"),
        dispatches.c.by_script,
        dispatches.c.due_at,
        dispatches.c.sent_at,
        runs.c.status.label("run_status"),
        runs.c.ticket_id,
    )
    .join(runs, runs.c.id == dispatches.c.id)
    .join(templates, templates.c.id == dispatches.c.template_id)
    .outerjoin(users, users.c.id == dispatches.c.sender_id)
)


def read_dispatch(connection: sa.Connection, *, tenant_id: str, dispatch_id: str) -> StoredDispatch | None:
    """One message of the tenant."""
    query = _dispatches.where(dispatches.c.id == dispatch_id, dispatches.c.tenant_id == tenant_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredDispatch(**row._mapping)


def list_dispatches(
    connection: sa.Connection,
    *,
    tenant_id: str,
    sender_id: str | None = None,
    q: str | None = None,
    limit: int,
    offset: int,
) -> tuple[list[StoredDispatch], int]:
    """A page of messages, the latest first, and how many there are: the tenant's, or those of one sender."""
    conditions = [dispatches.c.tenant_id == tenant_id]
    if sender_id is not None:
        conditions.append(dispatches.c.sender_id == sender_id)
    if q:
        conditions.append(sa.func.lower(dispatches.c.title).contains(q.lower(), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(dispatches).where(*conditions)).scalar_one()
    query = _dispatches.where(*conditions).order_by(dispatches.c.sent_at.desc(), dispatches.c.id.desc())
    return [StoredDispatch(**row._mapping) for row in connection.execute(query.limit(limit).offset(offset))], total


class Recipient(msgspec.Struct, frozen=True):
    """Somebody a message has reached or was sent to: `status` unreached has no step and no label."""

    id: str
    user_id: str
    name: str | None
    email: str | None
    status: str
    task: str
    lock: str
    locked_by: str | None
    locked_by_name: str | None
    step_id: str | None
    label: str | None
    changed_at: datetime


def list_recipients(
    connection: sa.Connection, *, tenant_id: str, run_id: str, task: str | None = None, limit: int, offset: int
) -> list[Recipient]:
    """A page of everybody a run was sent to or has reached, by their ids; those whose task is in one state."""
    query = (
        sa.select(
            entries.c.id,
            entries.c.user_id,
            users.c.name,
            users.c.email,
            entries.c.status,
            entries.c.task,
            entries.c.lock,
            entries.c.locked_by,
            _locker.c.name.label("locked_by_name"),
            entry_faces.c.step_id,
            entry_faces.c.label,
            entries.c.changed_at,
        )
        .outerjoin(users, users.c.id == entries.c.user_id)
        .outerjoin(entry_faces, entry_faces.c.id == entries.c.face_id)
        .outerjoin(_locker, _locker.c.id == entries.c.locked_by)
        .where(entries.c.run_id == run_id, entries.c.tenant_id == tenant_id)
        .order_by(entries.c.user_id)
        .limit(limit)
        .offset(offset)
    )
    if task is not None:
        query = query.where(entries.c.task == task)
    return [Recipient(**row._mapping) for row in connection.execute(query)]


class Standing(msgspec.Struct, frozen=True):
    """How many entries of a run there are by the state of their task, and by whether they are in the inbox."""

    tasks: dict[str, int]
    statuses: dict[str, int]

    @property
    def total(self) -> int:
        """Everybody it was sent to or has reached."""
        return sum(self.statuses.values())


def standings(connection: sa.Connection, *, tenant_id: str, run_ids: Sequence[str]) -> dict[str, Standing]:
    """How each of these runs stands; one without entries stands at nothing."""
    found = {run_id: Standing({}, {}) for run_id in run_ids}
    if not run_ids:
        return found
    query = (
        sa.select(entries.c.run_id, entries.c.task, entries.c.status, sa.func.count())
        .where(entries.c.run_id.in_(list(run_ids)), entries.c.tenant_id == tenant_id)
        .group_by(entries.c.run_id, entries.c.task, entries.c.status)
    )
    for run_id, task, status, count in connection.execute(query):
        standing = found[run_id]
        standing.tasks[task] = standing.tasks.get(task, 0) + count
        standing.statuses[status] = standing.statuses.get(status, 0) + count
    return found


def read_entry(connection: sa.Connection, *, tenant_id: str, item_id: str) -> ShownEntry | None:
    """One entry that has been shown, in whatever inbox and whether or not it is still there."""
    return shown_entries(connection, tenant_id=tenant_id, ids=[item_id]).get(item_id)
