"""Tickets: opening, finding, reading and changing them, and what has happened to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.api.ticket_access import STAFF, OldestFirst, only_of, visible_ticket
from wayline.api.ticket_filters import TicketList, filter_of
from wayline.api.ticket_interventions import shown_on_ticket
from wayline.api.ticket_view import history_shown, names_in, people_in, ticket_shown
from wayline.core import commands
from wayline.core.refusals import Issue, Refusal
from wayline.core.ticket import PRIORITIES, STATUSES, TICKET_TYPES
from wayline.engine.answers import TicketAnswer
from wayline.store.database import new_id
from wayline.store.links import links_of
from wayline.store.names import names_of
from wayline.store.ticket_history import HistoryEvent, read_history
from wayline.store.ticket_lists import FoundTicket, find_ticket, list_tickets, runs_of_ticket
from wayline.store.tickets import Ticket

resource = Resource("Tickets")
DEFAULT_TYPE = "incident"
REQUESTERS_SET = ("type", "subtype", "title", "description", "priority", "category", "tags", "custom", "requester")
REQUESTERS_CHANGE = ("title", "description", "priority")
_ETAG = re.compile(r'^(?:W/)?"?([0-9]{1,18})"?$')


def _field(said: str, **schema: Any) -> Any:
    """A field whose value the desk itself judges, so that all that is wrong with a ticket is said at once."""

    def shape(written: dict[str, Any]) -> None:
        written.pop("default", None)
        written |= schema

    return Field(None, description=said, json_schema_extra=shape)


class TicketFields(BaseModel):
    """A ticket's fields. People are named by id or e-mail, groups by id, slug or name."""

    model_config = ConfigDict(extra="allow")

    type: Any = _field("Incident when left out; it never changes.", type="string", enum=list(TICKET_TYPES))
    subtype: Any = _field("What kind of its type, as templates name it.", type=["string", "null"])
    title: Any = _field("Required.", type="string", minLength=1, maxLength=500)
    description: Any = _field("What it is about.", type=["string", "null"])
    status: Any = _field("Open when left out.", type="string", enum=list(STATUSES))
    priority: Any = _field("P3 when left out.", type="string", enum=list(PRIORITIES))
    category: Any = _field("The type when left out.", type=["string", "null"])
    queue: Any = _field("Inbox when left out.", type="string")
    group: Any = _field("The group it is with.", type=["string", "null"])
    assignee: Any = _field("Who works on it.", type=["string", "null"])
    requester: Any = _field("Who asks; the caller when left out.", type=["string", "null"])
    tags: Any = _field("Words.", type="array", items={"type": "string"})
    custom: Any = _field("Fields of your own; in a change null removes a name.", type="object")
    resolution_category: Any = _field("How it was resolved.", type=["string", "null"])


class NewStatus(BaseModel):
    """The status it shall have."""

    model_config = ConfigDict(extra="forbid")

    status: Any = Field(json_schema_extra={"type": "string", "enum": list(STATUSES)})


class Assignment(BaseModel):
    """Who and which group it shall be with: ids (or an e-mail, a slug), null for nobody; one left out stays."""

    model_config = ConfigDict(extra="forbid")

    assignee_id: Any = _field("Who works on it.", type=["string", "null"])
    group_id: Any = _field("The group it is with.", type=["string", "null"])


@resource.endpoint(
    "POST",
    "/tickets",
    ability="create-ticket",
    body=TicketFields,
    answer=one("TicketInFull"),
    status=201,
    refusals=(400, 403, 409),
)
async def create_ticket(call: Call) -> Response:
    """Open a ticket and start the templates it triggers.

    The answer names their runs in `workflow_instances`. A template that cannot start becomes an incident and leaves
    the ticket alone. What requesters open is their own, and goes to the desk as it is: where it goes, who works on it
    and how it stands is not theirs to say.
    """
    fields: dict[str, Any] = {"type": DEFAULT_TYPE} | call.body.model_dump(exclude_unset=True)
    if not call.caller.is_staff:
        _refuse_others(fields, REQUESTERS_SET)
        fields = {name: value for name, value in fields.items() if name != "requester_id"}
        fields["requester"] = call.caller.user_id
    command = commands.CreateTicket(
        tenant_id=call.caller.tenant_id, actor=call.caller.actor, ticket_id=new_id(), fields=fields
    )
    return await call.submit(command, _created)


def _created(answer: TicketAnswer) -> Response:
    shown = ticket_shown(answer.ticket, names_in(answer.directory, answer.ticket))
    return data({**shown, "workflow_instances": list(answer.run_ids), "interventions": []}, 201)


@resource.endpoint("GET", "/tickets", ability="ticket:read", query=TicketList, answer=page("Ticket"))
async def list_all_tickets(call: Call) -> Response:
    """Tickets, newest first; requesters see their own.

    Pages by `created_at`, `updated_at`, `number` and `status` cost the same however many tickets there are, also when
    one status, queue, group, assignee or requester is picked out of those by `created_at`. `priority` and `title` sort
    all that the filters leave.
    """
    query: TicketList = call.query
    wanted = await filter_of(call, query)
    shown, total = await call.read(
        _listed,
        tenant_id=call.caller.tenant_id,
        requester_id=only_of(call),
        wanted=wanted,
        sort=query.sort,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of(shown, total, query))


def _listed(
    connection: sa.Connection, *, tenant_id: str, requester_id: str | None, **page: Any
) -> tuple[list[dict[str, Any]], int]:
    found, total = list_tickets(connection, tenant_id=tenant_id, **page)
    return _shown(connection, tenant_id, requester_id, found), total


def _shown(
    connection: sa.Connection, tenant_id: str, requester_id: str | None, found: list[Ticket]
) -> list[dict[str, Any]]:
    ids = [ticket["id"] for ticket in found]
    links = links_of(connection, tenant_id=tenant_id, ticket_ids=ids, requester_id=requester_id) if ids else {}
    groups = {ticket["group"] for ticket in found}
    names = names_of(connection, tenant_id=tenant_id, user_ids=people_in(found), group_ids=groups)
    return [ticket_shown(ticket, names, links[ticket["id"]]) for ticket in found]


@resource.endpoint("GET", "/tickets/{id}", ability="ticket:read", answer=one("TicketInFull"), refusals=(404,))
async def get_ticket(call: Call) -> Response:
    """One ticket, by id or number, with its links, the ids of its runs in `workflow_instances` and, for staff, what
    remotes have asked by it in `interventions`.

    Its `ETag` may be sent as `If-Match` with a change, which is then refused when the ticket has moved on.
    """
    return await _detail(call, await visible_ticket(call, call.path("id")))


async def _detail(call: Call, found: FoundTicket) -> Response:
    shown = await call.read(
        _with_runs, tenant_id=call.caller.tenant_id, requester_id=only_of(call), ticket=found.ticket
    )
    return json({"data": shown}, headers={"ETag": f'"{found.seq}"'})


def _with_runs(
    connection: sa.Connection, *, tenant_id: str, requester_id: str | None, ticket: Ticket
) -> dict[str, Any]:
    shown = _shown(connection, tenant_id, requester_id, [ticket])[0]
    run_ids = runs_of_ticket(connection, tenant_id=tenant_id, ticket_id=ticket["id"], owner_id=requester_id)
    # What a remote has asked is a run of its ticket: most tickets have none.
    asked = (
        shown_on_ticket(connection, tenant_id=tenant_id, ticket_id=ticket["id"])
        if run_ids and requester_id is None
        else []
    )
    return {**shown, "workflow_instances": run_ids, "interventions": asked}


@resource.endpoint(
    "PATCH",
    "/tickets/{id}",
    ability="ticket:write",
    answer=one("TicketInFull"),
    body=TicketFields,
    refusals=(400, 404, 409),
)
async def change_ticket(call: Call) -> Response:
    """Change some of a ticket's fields; `custom` is merged. Requesters may correct title, description and priority."""
    found = await visible_ticket(call, call.path("id"))
    changes = call.body.model_dump(exclude_unset=True)
    if not call.caller.is_staff:
        _refuse_others(changes, REQUESTERS_CHANGE)
    return await _change(call, found, changes)


@resource.endpoint(
    "PATCH",
    "/tickets/{id}/status",
    ability="ticket:write",
    answer=one("TicketInFull"),
    roles=STAFF,
    body=NewStatus,
    refusals=(400, 404, 409),
)
async def change_status(call: Call) -> Response:
    """Change how a ticket stands."""
    found = await visible_ticket(call, call.path("id"))
    return await _change(call, found, {"status": call.body.status})


@resource.endpoint(
    "PATCH",
    "/tickets/{id}/assign",
    ability="ticket:write",
    answer=one("TicketInFull"),
    roles=STAFF,
    body=Assignment,
    refusals=(400, 404, 409),
)
async def assign_ticket(call: Call) -> Response:
    """Give a ticket to a person, a group or both."""
    found = await visible_ticket(call, call.path("id"))
    changes = call.body.model_dump(exclude_unset=True)
    if not changes:
        raise issue("", "Send assignee_id, group_id or both.", "required")
    return await _change(call, found, changes)


async def _change(call: Call, found: FoundTicket, changes: dict[str, Any]) -> Response:
    tenant_id, ticket_id = call.caller.tenant_id, found.ticket["id"]
    command = commands.UpdateTicket(
        tenant_id=tenant_id,
        actor=call.caller.actor,
        ticket_id=ticket_id,
        changes=changes,
        expected_version=_if_match(call),
    )
    await call.wayline.door.submit(command)
    changed = await call.read_one(find_ticket, tenant_id=tenant_id, ticket_id=ticket_id)
    return await _detail(call, changed or found)


def _if_match(call: Call) -> int | None:
    given = call.request.headers.get("if-match", "*").strip()
    if given == "*":
        return None
    found = _ETAG.match(given)
    if found is None:
        raise issue("If-Match", "If-Match is the ETag of a ticket.", "invalid")
    return int(found[1])


def _refuse_others(fields: Iterable[str], allowed: tuple[str, ...]) -> None:
    """Refuse a requester's fields that are staff's to set, all at once. Unknown ones are left to the desk."""
    aliases = {"group_id": "group", "assignee_id": "assignee", "requester_id": "requester"}
    staffs = set(TicketFields.model_fields) - set(allowed)
    issues = [
        Issue(given, f"{given} is set by staff.", "staff_only")
        for given in fields
        if aliases.get(given, given) in staffs
    ]
    if issues:
        message = issues[0].message if len(issues) == 1 else f"{len(issues)} fields are set by staff."
        raise Refusal("forbidden", message, code="staff_only", issues=issues)


@resource.endpoint("GET", "/tickets/{id}/history", ability="ticket:read", query=OldestFirst, refusals=(404,))
async def ticket_history(call: Call) -> Response:
    """What has happened to a ticket and in its runs, oldest first.

    Requesters see neither what staff said among themselves, nor links, nor what scripts did beside; of runs those they
    own.
    """
    found = await visible_ticket(call, call.path("id"))
    query: OldestFirst = call.query
    shown, total = await call.read(
        _history,
        tenant_id=call.caller.tenant_id,
        ticket_id=found.ticket["id"],
        requester_id=only_of(call),
        wanted=query,
    )
    return json(page_of(shown, total, query))


def _history(
    connection: sa.Connection, *, tenant_id: str, ticket_id: str, requester_id: str | None, wanted: OldestFirst
) -> tuple[list[dict[str, Any]], int]:
    run_ids = runs_of_ticket(connection, tenant_id=tenant_id, ticket_id=ticket_id, owner_id=requester_id)
    events = read_history(connection, tenant_id=tenant_id, ticket_id=ticket_id, run_ids=run_ids)
    if requester_id is not None:
        events = [found for found in events if _is_for_requesters(found)]
    if wanted.order == "desc":
        events.reverse()
    page = events[wanted.offset : wanted.offset + wanted.limit]
    names: Mapping[str, str] = names_of(connection, tenant_id=tenant_id, user_ids={f.event.actor for f in page})
    return [history_shown(found, names) for found in page], len(events)


def _is_for_requesters(found: HistoryEvent) -> bool:
    event = found.event
    if event.event == "comment_added":
        return event.data.get("visibility") == "public"
    return event.event not in ("link_added", "link_removed", "script_ran")
