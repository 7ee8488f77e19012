"""Links between tickets, read and made from either side."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator
from starlette.responses import Response

from wayline.api.endpoint import Call, Resource
from wayline.api.problems import data, issue
from wayline.api.ticket_access import STAFF, only_of, visible_ticket
from wayline.api.ticket_view import link_shown
from wayline.core import commands
from wayline.core.refusals import Refusal, not_found
from wayline.core.ticket import LINK_KINDS
from wayline.engine.answers import TicketAnswer
from wayline.store.links import Link, links_of
from wayline.store.ticket_lists import FoundTicket

resource = Resource("Tickets")
Kind = Literal[
    "relates_to",
    "blocks",
    "blocked_by",
    "caused_by",
    "causes",
    "duplicate_of",
    "duplicated_by",
    "parent_of",
    "child_of",
]
_STORED_AS = {seen: kind for kind, seen in LINK_KINDS.items()}


class NewLink(BaseModel):
    """The other ticket, by `ticket_id` or `number`, and what this one is to it: `blocks`, `blocked_by` and so on."""

    model_config = ConfigDict(extra="forbid")

    ticket_id: str | None = None
    number: str | None = None
    kind: Kind = "relates_to"

    @model_validator(mode="after")
    def _names_one(self) -> NewLink:
        if (self.ticket_id is None) == (self.number is None):
            raise ValueError("Send ticket_id or number, one of them.")
        return self


class WhichLink(BaseModel):
    """What the ticket is to the other one; may be left out where they are linked once."""

    kind: Kind | None = None


@resource.endpoint("GET", "/tickets/{id}/links", ability="ticket:read", refusals=(404,))
async def list_links(call: Call) -> Response:
    """A ticket's links as seen from it, oldest first; requesters see those to their own tickets."""
    found = await visible_ticket(call, call.path("id"))
    return data([link_shown(link) for link in await _links(call, found)])


@resource.endpoint(
    "POST",
    "/tickets/{id}/links",
    ability="ticket:write",
    roles=STAFF,
    body=NewLink,
    status=201,
    refusals=(400, 404, 409),
)
async def add_link(call: Call) -> Response:
    """Link a ticket to another; 409 when they are linked so already, from whichever side."""
    found = await visible_ticket(call, call.path("id"))
    body: NewLink = call.body
    other = await visible_ticket(call, body.ticket_id or body.number or "")
    if other.ticket["id"] == found.ticket["id"]:
        named = "number" if body.ticket_id is None else "ticket_id"
        raise issue(named, "A ticket cannot be linked to itself.", "same_ticket")
    here, there = found.ticket["id"], other.ticket["id"]
    outward = body.kind in LINK_KINDS
    near, far = (here, there) if outward else (there, here)

    def shown(answer: TicketAnswer) -> Response:
        link = Link(
            kind=body.kind,
            outward=outward,
            ticket_id=other.ticket["id"],
            number=other.ticket["number"],
            title=other.ticket["title"],
            status=other.ticket["status"],
            created_at=answer.ticket["updated_at"],
        )
        return data(link_shown(link), 201)

    return await call.submit(_command(call, near, far, _STORED_AS.get(body.kind, body.kind)), shown)


@resource.endpoint(
    "DELETE",
    "/tickets/{id}/links/{other}",
    ability="ticket:write",
    roles=STAFF,
    query=WhichLink,
    status=204,
    refusals=(400, 404, 409),
)
async def remove_link(call: Call) -> Response:
    """Remove a ticket's link to another one; `kind` says which when there are several."""
    found = await visible_ticket(call, call.path("id"))
    other = await visible_ticket(call, call.path("other"))
    kind = call.query.kind
    links = [link for link in await _links(call, found) if link.ticket_id == other.ticket["id"]]
    meant = [link for link in links if kind in (None, link.kind)]
    if not meant:
        raise not_found("Link")
    if len(meant) > 1:
        kinds = ", ".join(link.kind for link in meant)
        raise Refusal("conflict", f"They are linked more than once; name the kind: {kinds}.", code="several_links")
    here, there = found.ticket["id"], other.ticket["id"]
    near, far = (here, there) if meant[0].outward else (there, here)
    command = _command(call, near, far, meant[0].stored_kind, remove=True)
    await call.wayline.door.submit(command)
    return Response(status_code=204)


async def _links(call: Call, found: FoundTicket) -> list[Link]:
    ticket_id = found.ticket["id"]
    links = await call.read(
        links_of, tenant_id=call.caller.tenant_id, ticket_ids=[ticket_id], requester_id=only_of(call)
    )
    return links[ticket_id]


def _command(call: Call, ticket_id: str, other_id: str, kind: str, *, remove: bool = False) -> commands.LinkTicket:
    return commands.LinkTicket(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        ticket_id=ticket_id,
        other_id=other_id,
        kind=kind,
        remove=remove,
    )
