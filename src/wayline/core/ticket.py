"""Tickets: what they are, and what a change to one comes to. Pure: numbers and ids are handed in.

A ticket is a plain dict, the one the API shows; people and groups in it are ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wayline.core.events import Event
from wayline.core.facts import Actor, Directory
from wayline.core.names import storable
from wayline.core.refusals import Issue, invalid

TICKET_TYPES = ("incident", "change", "problem", "service_request", "task")
STATUSES = ("new", "open", "in_progress", "pending", "on_hold", "resolved", "closed", "cancelled")
PRIORITIES = {
    "P1": "P1",
    "P2": "P2",
    "P3": "P3",
    "P4": "P4",
    "critical": "P1",
    "high": "P2",
    "medium": "P3",
    "low": "P4",
}
PREFIXES = {"incident": "INC", "change": "CHG", "problem": "PRB", "service_request": "REQ", "task": "TSK"}
# What a ticket may be to another one, and how the other one's page says it.
LINK_KINDS = {
    "relates_to": "relates_to",
    "blocks": "blocked_by",
    "caused_by": "causes",
    "duplicate_of": "duplicated_by",
    "parent_of": "child_of",
}
ENDED_STATUSES = ("resolved", "closed", "cancelled")
RESOLVED_STATUSES = ("resolved", "closed")
DEFAULT_QUEUE = "Inbox"
MAX_TITLE_CHARS = 500
MAX_TEXT_CHARS = 100_000
MAX_TAGS = 100
MAX_NAME_CHARS = 200
MAX_CUSTOM_FIELDS = 200
WRITABLE = (
    "type",
    "subtype",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "queue",
    "group",
    "assignee",
    "requester",
    "tags",
    "custom",
    "resolution_category",
)
_NUMBER = re.compile(rf"({'|'.join(PREFIXES.values())})-([0-9]{{1,12}})", re.IGNORECASE | re.ASCII)
_ALIASES = {"group_id": "group", "assignee_id": "assignee", "requester_id": "requester"}
_TEXTS = ("subtype", "description", "category")


def number_of(ticket_type: str, counter: int) -> str:
    """INC-000042 for the 42nd incident."""
    return f"{PREFIXES[ticket_type]}-{counter:06d}"


def number_in(text: str) -> str | None:
    """The number a text is, in its usual spelling (`inc-42` is INC-000042); None when it is none."""
    found = _NUMBER.fullmatch(text.strip())
    return None if found is None else f"{found[1].upper()}-{int(found[2]):06d}"


def new_ticket(
    fields: Mapping[str, Any], *, ticket_id: str, counter: int, actor: Actor, directory: Directory, at: datetime
) -> dict[str, Any]:
    """The ticket those fields make; raises a refusal naming every bad field. `validated` first, to take no number."""
    ticket: dict[str, Any] = dict.fromkeys(WRITABLE)
    ticket |= {"id": ticket_id, "status": "open", "priority": "P3", "queue": DEFAULT_QUEUE, "tags": [], "custom": {}}
    ticket |= {k: v for k, v in validated(fields, directory=directory, creating=True).items() if v is not None}
    ticket["number"] = number_of(ticket["type"], counter)
    ticket["category"] = ticket["category"] or ticket["type"]
    ticket["requester"] = ticket["requester"] or actor.user_id
    ticket["created_at"] = ticket["updated_at"] = at
    return ticket


def changes_to(ticket: Mapping[str, Any], changes: Mapping[str, Any], *, directory: Directory) -> dict[str, Any]:
    """What really changes, field → new value; empty when nothing does. `custom` merges, None removes a name from it;
    a ticket without a category has its type's."""
    wanted = validated(changes, directory=directory, creating=False)
    if "custom" in wanted:
        merged = {**(ticket.get("custom") or {}), **(wanted["custom"] or {})}
        wanted["custom"] = {k: v for k, v in merged.items() if v is not None}
    if "category" in wanted:
        wanted["category"] = wanted["category"] or ticket["type"]
    return {k: v for k, v in wanted.items() if ticket.get(k) != v}


def validated(fields: Mapping[str, Any], *, directory: Directory, creating: bool) -> dict[str, Any]:
    """The fields as stored: names folded, people and groups resolved to ids. Raises a refusal with every issue."""
    issues: list[Issue] = []
    found: dict[str, Any] = {}
    for given, value in fields.items():
        name = _ALIASES.get(given, given)
        if name not in WRITABLE:
            issues.append(Issue(given, f"{given} cannot be set on a ticket.", "unknown_field"))
            continue
        try:
            found[name] = _value_of(name, value, directory)
        except ValueError as error:
            issues.append(Issue(given, str(error), "invalid"))
    for name in ("type", "title"):
        if (creating or name in found) and not found.get(name) and not any(i.path == name for i in issues):
            issues.append(Issue(name, f"{name} is required.", "required"))
    if not creating and "type" in found:
        issues.append(Issue("type", "A ticket's type does not change.", "immutable"))
    if issues:
        raise invalid(*issues)
    return found


def _value_of(name: str, value: Any, directory: Directory) -> Any:
    if value is None:
        return _cleared(name)
    if name == "type":
        return _one_of("type", value, TICKET_TYPES)
    if name == "status":
        return _one_of("status", value, STATUSES)
    if name == "priority":
        return PRIORITIES[_one_of("priority", value, tuple(PRIORITIES))]
    if name == "title":
        return _text("title", value, MAX_TITLE_CHARS).strip()
    if name in ("queue", "resolution_category"):
        return _called(name, _text(name, value, MAX_NAME_CHARS), directory)
    if name in _TEXTS:
        return _text(name, value, MAX_TEXT_CHARS)
    if name == "tags":
        if (
            not isinstance(value, list)
            or len(value) > MAX_TAGS
            or not all(isinstance(t, str) and storable(t) for t in value)
        ):
            raise ValueError(f"tags is a list of at most {MAX_TAGS} words.")
        return list(dict.fromkeys(value))
    if name == "custom":
        if not isinstance(value, dict) or len(value) > MAX_CUSTOM_FIELDS:
            raise ValueError(f"custom is an object of at most {MAX_CUSTOM_FIELDS} names.")
        return value
    known = directory.group(str(value)) if name == "group" else directory.person(str(value))
    if known is None:
        raise ValueError(f"No {'group' if name == 'group' else 'person'} is called {value!r}.")
    return known.id


def _cleared(name: str) -> Any:
    if name in ("type", "title"):
        return None
    if name in ("status", "priority", "queue"):
        raise ValueError(f"{name} cannot be empty.")
    return {"tags": [], "custom": {}}.get(name)


def _called(name: str, written: str, directory: Directory) -> str | None:
    """What the desk calls its queue or resolution category of that name; the first ticket that names one founds it."""
    if not written.strip():
        return _cleared(name)
    known = directory.queue_called(written) if name == "queue" else directory.category_called(written)
    if known is None:
        raise ValueError(f"There is no {name.replace('_', ' ')} called {written!r}, and no room for another.")
    return known


def _one_of(name: str, value: Any, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}.")
    return value


def _text(name: str, value: Any, limit: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is text.")
    if not storable(value):
        raise ValueError(f"{name} contains characters that no text has.")
    if len(value) > limit:
        raise ValueError(f"{name} has at most {limit} characters.")
    return value


def resolved_since(status: str, before: datetime | None, at: datetime) -> datetime | None:
    """Since when a ticket of this status is resolved; `before` is what that was until `at`. None while it is not."""
    return (before or at) if status in RESOLVED_STATUSES else None


def created(ticket: Mapping[str, Any], actor: Actor) -> Event:
    """The event of a new ticket."""
    return Event("ticket_created", f"{ticket['number']} opened by {actor.name}", data={"title": ticket["title"]})


def updated(ticket: Mapping[str, Any], changes: Mapping[str, Any], actor: Actor) -> Event:
    """The event of a changed ticket, with from and to of every field."""
    changed = {name: [ticket.get(name), after] for name, after in changes.items()}
    said = ", ".join(f"{name} {_shown(v[0])} → {_shown(v[1])}" for name, v in changed.items())
    return Event("ticket_updated", f"{actor.name}: {said}", data={"changes": changed})


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return str(value) if len(str(value)) <= 80 else f"{str(value)[:77]}…"


def reopens(ticket: Mapping[str, Any], visibility: str, actor: Actor) -> bool:
    """Whether a comment brings the ticket back: the customer answers in public while it waits for them."""
    return visibility == "public" and ticket["status"] == "pending" and actor.user_id == ticket["requester"]
