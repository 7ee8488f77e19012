"""Links between tickets: a row points from one to the other and says what the first is to the second."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.ticket import LINK_KINDS
from wayline.store.tables import ticket_links, tickets

_linked = sa.select(sa.literal(1)).where(
    *(ticket_links.c[name] == sa.bindparam(name) for name in ("tenant_id", "ticket_id", "kind", "other_id"))
)


class Link(msgspec.Struct, frozen=True):
    """A link as one of its two tickets shows it.

    `kind` is read from that ticket's side (`blocked_by` on the ticket that another one `blocks`); `outward` says
    whether the row is its own; `ticket_id`, `number`, `title` and `status` are the other ticket's.
    """

    kind: str
    outward: bool
    ticket_id: str
    number: str
    title: str
    status: str
    created_at: datetime

    @property
    def stored_kind(self) -> str:
        """The kind as the row has it."""
        return self.kind if self.outward else next(k for k, seen in LINK_KINDS.items() if seen == self.kind)


def is_linked(connection: sa.Connection, *, tenant_id: str, key: dict[str, Any]) -> bool:
    """Whether there is this very link: `key` is {ticket_id, kind, other_id}."""
    return connection.execute(_linked, {**key, "tenant_id": tenant_id}).first() is not None


def links_of(
    connection: sa.Connection, *, tenant_id: str, ticket_ids: list[str], requester_id: str | None = None
) -> dict[str, list[Link]]:
    """The links of these tickets in both directions, oldest first, by ticket; with `requester_id`, those alone that
    lead to that person's own tickets. Reads one index each way, whatever the number of tickets."""
    found: dict[str, list[Link]] = {ticket_id: [] for ticket_id in ticket_ids}
    for outward in (True, False):
        near, far = ("ticket_id", "other_id") if outward else ("other_id", "ticket_id")
        query = (
            sa.select(
                ticket_links.c[near],
                ticket_links.c.kind,
                tickets.c.id,
                tickets.c.number,
                tickets.c.title,
                tickets.c.status,
                ticket_links.c.created_at,
            )
            .join(tickets, tickets.c.id == ticket_links.c[far])
            .where(ticket_links.c[near].in_(ticket_ids), ticket_links.c.tenant_id == tenant_id)
        )
        if requester_id is not None:
            query = query.where(tickets.c.requester_id == requester_id)
        for own_id, kind, *other in connection.execute(query):
            found[own_id].append(Link(kind if outward else LINK_KINDS[kind], outward, *other))
    for links in found.values():
        links.sort(key=lambda link: (link.created_at, link.number, link.kind))
    return found
