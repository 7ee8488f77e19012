"""Taking over what a decision made of an inbox run: what its steps show, whose inbox it is in, and that it was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wayline.core import effects
from wayline.core.inbox.state import UNREACHED
from wayline.core.run import Run, activation_id
from wayline.engine.working_set import WorkingSet
from wayline.store.entries import entry_row, face_row
from wayline.store.tables import dispatches, entry_faces

KIND = "entry"


def show_face(work: WorkingSet, run: Run, effect: effects.ShowFace, at: datetime) -> None:
    """Keep what a visit shows."""
    work.changes.insert(entry_faces, face_row(run, effect, at))


def record_dispatch(work: WorkingSet, run: Run, effect: effects.RecordDispatch, at: datetime) -> None:
    """Keep that a message was sent."""
    row = {
        "id": run.id,
        "tenant_id": run.tenant_id,
        "template_id": run.template_id,
        "title": effect.title,
        "sent_to": effect.to,
        "attributes": effect.attributes,
        "sender_id": effect.sender,
        "by_script": effect.by_script,
        "due_at": effect.due_at,
        "sent_at": at,
    }
    work.changes.insert(dispatches, row)


def change_entries(work: WorkingSet, run: Run, effect: effects.ChangeEntries, at: datetime) -> None:
    """Write what has become of entries, put those that are new or back into inboxes and take out those that are
    retired; whoever is concerned is told."""
    steps = {visit.position: visit.step_id for visit in run.open}
    faces: dict[int, str | None] = {UNREACHED: None}
    for change in effect.changes:
        visit = change.after.visit
        if visit not in faces:
            faces[visit] = activation_id(run.id, visit)
        row = entry_row(run, change.user_id, change.after, face_id=faces[visit], at=at)
        known = work.entries.get(row["id"])
        work.entries[row["id"]] = (row, known[1] if known is not None else change.before)
        _place(work, run, change, row["id"], steps, at)
    told = frozenset(change.user_id for change in effect.changes)
    work.live.append((run.tenant_id, "inbox.changed", {"run_id": run.id}, told))


def _place(
    work: WorkingSet, run: Run, change: effects.EntryChange, item_id: str, steps: dict[int, str], at: datetime
) -> None:
    before, after = change.before, change.after
    was_active = before is not None and before.active
    if after.active and not was_active:
        work.items[item_id] = _item(run, item_id, change.user_id, steps[after.visit], at)
        work.offers[item_id] = [_offer(run, change.user_id, item_id, at)]
    elif was_active and not after.active:
        if item_id not in work.items:
            work.stored_items.add(item_id)
        work.items[item_id] = None
        work.offers.pop(item_id, None)
    elif before is not None and after.active and before.visit != after.visit:
        row = work.items.get(item_id)
        if row is not None:
            row["step_id"] = steps[after.visit]
        else:
            work.moved_entries[item_id] = steps[after.visit]


def _item(run: Run, item_id: str, user_id: str, step_id: str, at: datetime) -> dict[str, Any]:
    assert run.inbox is not None
    sent = run.inbox.dispatch
    return {
        "id": item_id,
        "tenant_id": run.tenant_id,
        "run_id": run.id,
        "step_id": step_id,
        "kind": KIND,
        "title": run.inbox.title,
        "template_id": run.template_id,
        "ticket_id": run.ticket_id,
        "assigned_to": user_id,
        "group_id": None,
        "claimed_by": None,
        "due_at": sent.due_at if sent is not None else None,
        "opened_at": at,
    }


def _offer(run: Run, user_id: str, item_id: str, at: datetime) -> dict[str, Any]:
    return {
        "audience_id": user_id,
        "opened_at": at,
        "item_id": item_id,
        "tenant_id": run.tenant_id,
        "kind": KIND,
        "alone": True,
    }
