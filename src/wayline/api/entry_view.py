"""An entry as the inbox shows it: read from the tables, or from the run that has just been decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wayline.core.facts import Directory
from wayline.core.inbox.state import UNREACHED, Entry, entry_id
from wayline.core.run import Activation, EndedVisit, Run
from wayline.store.entries import ShownEntry

NOBODY = "Wayline"
"""Who has locked an entry when no person has."""


def shown_of_row(entry: ShownEntry) -> dict[str, Any]:
    """The entry whole, from the tables."""
    return {
        "id": entry.id,
        "due_at": entry.due_at,
        "opened_at": entry.opened_at,
        "assigned_to": entry.user_id,
        "group": None,
        "claimed_by": None,
        "run": {"id": entry.run_id, "template_id": entry.template_id, "template_name": entry.template_name},
        "ticket": _ticket(entry),
        **face_of_row(entry),
    }


def face_of_row(entry: ShownEntry) -> dict[str, Any]:
    """What is an entry's own, beside what every item of an inbox has."""
    is_free = entry.status == "active" and not entry.lock and entry.run_status == "running"
    return {
        "kind": "entry",
        "status": entry.status,
        "title": entry.title,
        "label": entry.label,
        "label_style": entry.style,
        "subtitle": entry.subtitle,
        "icon": entry.icon,
        "summary_title": entry.summary_title,
        "summary": entry.summary,
        "task": entry.task,
        "paths": paths(entry.paths, enabled=is_free),
        "locked_by": {"id": entry.locked_by, "name": entry.locked_by_name or NOBODY} if entry.lock else None,
        "step_id": entry.step_id,
    }


def _ticket(entry: ShownEntry) -> dict[str, Any] | None:
    if entry.ticket_id is None:
        return None
    return {
        "id": entry.ticket_id,
        "number": entry.ticket_number,
        "title": entry.ticket_title,
        "priority": entry.ticket_priority,
    }


def done_of_row(entry: ShownEntry) -> dict[str, Any]:
    """An entry that has left the inbox, in a list of what is done."""
    return shown_of_row(entry) | {"completed_at": entry.changed_at, "outcome": entry.task}


def shown_of_run(run: Run, user_id: str, directory: Directory) -> dict[str, Any]:
    """A person's entry as the run has it now."""
    assert run.inbox is not None
    entry = run.inbox.entries[user_id]
    sent = run.inbox.dispatch
    return {
        "id": entry_id(run.id, user_id),
        "due_at": sent.due_at if sent is not None else None,
        "assigned_to": user_id,
        "run": {"id": run.id, "template_id": run.template_id, "template_name": run.template_name, "status": run.status},
        "kind": "entry",
        **_standing(run, entry, directory),
        **_face(run, entry),
    }


def _standing(run: Run, entry: Entry, directory: Directory) -> dict[str, Any]:
    by = directory.people.get(entry.locked_by or "")
    locked_by = {"id": entry.locked_by, "name": by.name if by is not None else NOBODY}
    return {
        "status": "active" if entry.active else "unreached" if entry.visit == UNREACHED else "retired",
        "task": entry.task,
        "locked_by": locked_by if entry.lock else None,
    }


def _face(run: Run, entry: Entry) -> dict[str, Any]:
    visit = visit_of(run, entry.visit)
    shown: Mapping[str, Any] = {} if visit is None else face_of(visit)
    is_free = entry.active and not entry.lock and run.status == "running"
    return {
        "title": run.inbox.title if run.inbox is not None else "",
        "label": shown.get("label"),
        "label_style": shown.get("style"),
        "subtitle": shown.get("subtitle"),
        "icon": shown.get("icon"),
        "summary_title": shown.get("summary_title"),
        "summary": shown.get("summary"),
        "paths": paths(shown.get("paths", ()), enabled=is_free),
        "step_id": visit.step_id if visit is not None else None,
    }


def visit_of(run: Run, position: int) -> Activation | EndedVisit | None:
    """The visit at a place among the run's, as far as the run still has it."""
    known: list[Activation | EndedVisit] = [*run.open, *run.latest.values()]
    return next((visit for visit in known if visit.position == position), None)


def face_of(visit: Activation | EndedVisit) -> Mapping[str, Any]:
    """What a visit shows."""
    held = visit.data if isinstance(visit, Activation) else visit.detail.get("data", {})
    found: Mapping[str, Any] = held.get("face", {})
    return found


def paths(written: Iterable[Mapping[str, Any]], *, enabled: bool) -> list[dict[str, Any]]:
    """The ways on, and whether they may be taken."""
    return [{**path, "disabled": not enabled} for path in written]


def recipient_shown(run: Run, user_id: str, directory: Directory) -> dict[str, Any]:
    """One of those whom a message was sent to or has reached."""
    assert run.inbox is not None
    entry = run.inbox.entries[user_id]
    person = directory.people.get(user_id)
    visit = visit_of(run, entry.visit)
    return {
        "id": entry_id(run.id, user_id),
        "user": {"id": user_id, "name": person.name if person else None, "email": person.email if person else None},
        **_standing(run, entry, directory),
        "step_id": visit.step_id if visit is not None else None,
        "label": face_of(visit).get("label") if visit is not None else None,
    }
