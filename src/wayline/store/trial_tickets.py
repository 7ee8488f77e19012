"""Tickets to try rules on: which, and what they were when something last happened to them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from wayline.store.tables import tickets, timeline
from wayline.store.tickets import StoredTicket, Ticket, load_tickets
from wayline.store.timeline import TimelineEvent, events_of

DECISIONS_LOOKED_AT = 1_000
"""Rows of a ticket's timeline, from its end, in which an event is looked for."""


def latest_tickets(connection: sa.Connection, *, tenant_id: str, limit: int) -> list[StoredTicket]:
    """The tenant's newest tickets, newest first."""
    query = sa.select(tickets.c.id).where(tickets.c.tenant_id == tenant_id)
    query = query.order_by(tickets.c.created_at.desc(), tickets.c.id.desc()).limit(limit)
    ids = list(connection.execute(query).scalars())
    found = load_tickets(connection, ids)
    return [found[ticket_id] for ticket_id in ids]


def tickets_named(
    connection: sa.Connection, *, tenant_id: str, ids: Iterable[str], numbers: Iterable[str]
) -> list[StoredTicket]:
    """Those of the tenant's tickets that have one of these ids or numbers."""
    named = sa.or_(tickets.c.id.in_(list(ids)), tickets.c.number.in_(list(numbers)))
    query = sa.select(tickets.c.id).where(tickets.c.tenant_id == tenant_id, named)
    return list(load_tickets(connection, list(connection.execute(query).scalars())).values())


def as_of_latest(
    connection: sa.Connection, stored: StoredTicket, event_name: str
) -> tuple[TimelineEvent, Ticket] | None:
    """The last event of that name on the ticket's timeline, and the ticket right after it: as it is now, with every
    change since taken back. None when there is none among its latest decisions."""
    ticket = stored.ticket
    query = (
        sa.select(timeline.c.seq, timeline.c.at, timeline.c.actor_id, timeline.c.events)
        .where(timeline.c.subject_id == ticket["id"], timeline.c.tenant_id == stored.tenant_id)
        .order_by(timeline.c.seq.desc())
        .limit(DECISIONS_LOOKED_AT)
    )
    for row in connection.execute(query):
        for event in reversed(events_of(row)):
            if event.event == event_name:
                return event, {**ticket, "updated_at": event.at}
            if event.event == "ticket_updated":
                ticket = {**ticket, **{name: change[0] for name, change in event.data["changes"].items()}}
    return None
