"""One search over everything a person may find."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from starlette.responses import Response

from wayline.api.endpoint import Call, Resource
from wayline.api.problems import data
from wayline.api.ticket_access import only_of
from wayline.store.text_search import find_people, find_templates
from wayline.store.ticket_lists import TicketFilter, list_tickets

resource = Resource("Search")
MAX_OF_A_KIND = 10
READ_TEMPLATES = ("manager", "admin")


class Search(BaseModel):
    """What to look for."""

    q: str = Field(min_length=1, max_length=500)


@resource.endpoint("GET", "/search", ability="ticket:read", query=Search)
async def search(call: Call) -> Response:
    """Tickets, templates and people with these words, ten of each at most.

    Tickets newest first, requesters' own alone for them; templates for those who read them; people for staff.
    """
    caller = call.caller
    return data(
        await call.read(
            _found,
            tenant_id=caller.tenant_id,
            words=call.query.q,
            requester_id=only_of(call),
            with_templates=caller.role in READ_TEMPLATES and caller.can("workflow:read"),
            with_people=caller.is_staff,
        )
    )


def _found(
    connection: sa.Connection,
    *,
    tenant_id: str,
    words: str,
    requester_id: str | None,
    with_templates: bool,
    with_people: bool,
) -> dict[str, Any]:
    tickets, _ = list_tickets(
        connection,
        tenant_id=tenant_id,
        wanted=TicketFilter(words=words, requester_id=requester_id),
        sort="created_at",
        descending=True,
        limit=MAX_OF_A_KIND,
        offset=0,
    )
    shown = ("id", "number", "type", "title", "status", "priority", "created_at")
    named: dict[str, Any] = {"tenant_id": tenant_id, "asked": words, "limit": MAX_OF_A_KIND}
    return {
        "tickets": [{name: ticket[name] for name in shown} for ticket in tickets],
        "templates": find_templates(connection, **named) if with_templates else [],
        "people": find_people(connection, **named) if with_people else [],
    }
