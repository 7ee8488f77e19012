"""Who may see which ticket, under which names; and the pages of what hangs on one."""

from __future__ import annotations

from typing import Literal

from wayline.api.endpoint import ID_PATTERN, Call, Paging
from wayline.core.refusals import not_found
from wayline.core.ticket import number_in
from wayline.store.ticket_lists import FoundTicket, find_ticket

STAFF = ("agent", "manager", "admin")


class OldestFirst(Paging):
    """A page of what hangs on a ticket, oldest first unless `order` says otherwise."""

    order: Literal["asc", "desc"] = "asc"


async def visible_ticket(call: Call, name: str) -> FoundTicket:
    """The ticket of that id or number, when the caller may see it: staff see all of their tenant's, requesters their
    own. Any other does not exist (404)."""
    ticket_id = name.lower() if ID_PATTERN.fullmatch(name) else None
    number = None if ticket_id else number_in(name)
    if ticket_id is None and number is None:
        raise not_found("Ticket")
    found = await call.read_one(find_ticket, tenant_id=call.caller.tenant_id, ticket_id=ticket_id, number=number)
    if found is None or not (call.caller.is_staff or found.ticket["requester"] == call.caller.user_id):
        raise not_found("Ticket")
    return found


def only_of(call: Call) -> str | None:
    """Whose tickets alone the caller sees; None for the whole tenant's."""
    return None if call.caller.is_staff else call.caller.user_id
