"""Tickets, links, comments and files as surface 000 shows them. People and groups are ids, their names beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wayline.core.facts import Directory
from wayline.store.links import Link
from wayline.store.ticket_history import HistoryEvent
from wayline.store.tickets import Ticket

_BEFORE_LINKS = (
    "id",
    "number",
    "type",
    "subtype",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "queue",
    "group",
    "group_name",
    "assignee",
    "assignee_name",
    "requester",
    "requester_name",
    "tags",
    "custom",
)
_AFTER_LINKS = ("resolution_category", "created_at", "updated_at")


def ticket_shown(ticket: Mapping[str, Any], names: Mapping[str, str], links: Sequence[Link] = ()) -> dict[str, Any]:
    """A ticket; `names` are those of the people and groups in it, by id."""
    called = {f"{who}_name": names.get(ticket[who]) for who in ("group", "assignee", "requester")}
    all_fields = {**ticket, **called}
    shown = {name: all_fields[name] for name in _BEFORE_LINKS}
    shown["links"] = [link_shown(link) for link in links]
    return shown | {name: all_fields[name] for name in _AFTER_LINKS}


def names_in(directory: Directory, ticket: Mapping[str, Any]) -> dict[str, str]:
    """The names a ticket needs, of a directory at hand."""
    people, groups = directory.people, directory.groups
    found = {p: people[p].name for p in (ticket["assignee"], ticket["requester"]) if p in people}
    return found | ({ticket["group"]: groups[ticket["group"]].name} if ticket["group"] in groups else {})


def people_in(tickets: Sequence[Ticket]) -> set[str | None]:
    """Ids of the people in these tickets."""
    return {ticket[who] for ticket in tickets for who in ("assignee", "requester")}


def link_shown(link: Link) -> dict[str, Any]:
    """A link from its ticket's side."""
    return {
        "kind": link.kind,
        "ticket_id": link.ticket_id,
        "number": link.number,
        "title": link.title,
        "status": link.status,
        "created_at": link.created_at,
    }


def comment_shown(comment: Mapping[str, Any], author_name: str | None) -> dict[str, Any]:
    """A comment; without an author it is a template's."""
    return {
        "id": comment["id"],
        "ticket_id": comment["ticket_id"],
        "author_id": comment["author_id"],
        "author_name": author_name,
        "visibility": comment["visibility"],
        "text": comment["text"],
        "created_at": comment["created_at"],
    }


def file_shown(file: Mapping[str, Any], uploaded_by_name: str | None) -> dict[str, Any]:
    """A file and where its content is to be had."""
    return {
        "id": file["id"],
        "name": file["name"],
        "media_type": file["media_type"],
        "size_bytes": file["size_bytes"],
        "sha256": file["sha256"],
        "ticket_id": file["ticket_id"],
        "uploaded_by": file["uploaded_by"],
        "uploaded_by_name": uploaded_by_name,
        "created_at": file["created_at"],
        "url": f"/api/v1/files/{file['id']}",
    }


def history_shown(found: HistoryEvent, names: Mapping[str, str]) -> dict[str, Any]:
    """One event of a ticket's history. `actor_id` None is Wayline itself; `seq` counts within the ticket or the run."""
    event = found.event
    return {
        "event": event.event,
        "at": event.at,
        "actor_id": event.actor,
        "actor_name": names.get(event.actor or ""),
        "detail": event.detail,
        "data": event.data,
        "run_id": found.run_id,
        "step_id": event.step_id,
        "activation_id": event.activation_id,
        "seq": event.seq,
    }
