"""Escalating: tickets whose instant has come are handed to the door; a tenant's are timed anew when it is asked for.

This only looks. What has come due is decided at the door, under the ticket's lock and by what has fired already; so
looking twice, or from two processes at once, tells nobody twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from wayline.core.commands import EscalateTicket
from wayline.core.refusals import Refusal
from wayline.drivers.loop import Loop, log
from wayline.engine.door import DoorClosed, Overloaded, Transaction
from wayline.store import escalations as stored
from wayline.store.database import is_outage
from wayline.store.escalations import Sweep
from wayline.store.incidents import incident_row, raise_incident

TICKETS_A_ROUND = 200
TENANTS_A_ROUND = 4
LEASE_S = 60.0
PUT_OFF = timedelta(minutes=5)

Ticket = tuple[str, str]
"""A tenant and one of its tickets."""


class EscalationLoop(Loop):
    """Escalates what is due."""

    name = "escalations"

    async def soonest(self) -> datetime | None:
        known = [await self.access.read(stored.soonest), await self.access.read(stored.soonest_sweep)]
        return min((at for at in known if at is not None), default=None)

    async def run_once(self) -> int:
        """Time anew some tenants that ask for it, and escalate up to TICKETS_A_ROUND tickets; answers how many of
        both."""
        swept = await self._sweep_tenants()
        at = self.door.clock.now()
        due = await self.access.read(lambda connection: stored.due(connection, at=at, limit=TICKETS_A_ROUND))
        await self._escalate(due)
        return swept + len(due)

    async def _sweep_tenants(self) -> int:
        at = self.door.clock.now()
        if (first := await self.access.read(stored.soonest_sweep)) is None or first > at:
            return 0
        taken_until = at + timedelta(seconds=LEASE_S)
        taken = await self.access.write(
            lambda tx: stored.claim_sweeps(tx.connection, at=tx.at, taken_until=taken_until, limit=TENANTS_A_ROUND)
        )
        for sweep in taken:
            await self._sweep(sweep)
        return len(taken)

    async def _sweep(self, sweep: Sweep) -> None:
        kept: Sweep | None = sweep
        last: str | None = None
        while kept is not None:
            page = await self._page(sweep.tenant_id, last)
            await self._escalate([(sweep.tenant_id, ticket_id) for ticket_id in page])
            if len(page) < TICKETS_A_ROUND:
                await self.access.write(partial(_swept, sweep=kept))
                return
            last, kept = page[-1], await self._keep(kept)

    async def _page(self, tenant_id: str, after: str | None) -> list[str]:
        return await self.access.read(
            partial(stored.waiting_tickets, tenant_id=tenant_id, after=after, limit=TICKETS_A_ROUND)
        )

    async def _keep(self, sweep: Sweep) -> Sweep | None:
        taken_until = self.door.clock.now() + timedelta(seconds=LEASE_S)
        return await self.access.write(lambda tx: stored.keep_sweep(tx.connection, sweep, taken_until=taken_until))

    async def _escalate(self, tickets: Sequence[Ticket]) -> None:
        asked = [EscalateTicket(tenant_id=tenant_id, ticket_id=ticket_id) for tenant_id, ticket_id in tickets]
        outcomes = await asyncio.gather(*map(self.door.submit, asked), return_exceptions=True)
        gone = [t for t, outcome in zip(tickets, outcomes, strict=True) if _is_gone(outcome)]
        broken = {t: outcome for t, outcome in zip(tickets, outcomes, strict=True) if _is_bug(outcome)}
        if gone:
            await self.access.write(lambda tx: stored.drop_timers(tx.connection, [ticket_id for _, ticket_id in gone]))
        if broken:
            await self.access.write(lambda tx: _put_off(tx, broken))


def _swept(tx: Transaction, *, sweep: Sweep) -> None:
    stored.swept(tx.connection, sweep)


def _is_gone(outcome: object) -> bool:
    return isinstance(outcome, Refusal) and outcome.kind == "not_found"


def _is_bug(outcome: object) -> bool:
    """Neither a refusal nor something that passes by itself."""
    if isinstance(outcome, DoorClosed | Overloaded | Refusal) or is_outage(outcome):
        return False
    return isinstance(outcome, BaseException)


def _put_off(tx: Transaction, broken: dict[Ticket, object]) -> None:
    """One ticket that breaks holds up no other: it is looked at again later, and a person is told."""
    stored.put_off(tx.connection, [ticket_id for _, ticket_id in broken], until=tx.at + PUT_OFF)
    for (tenant_id, ticket_id), error in broken.items():
        log.error("escalation_broke", ticket_id=ticket_id, error=repr(error))
        row = incident_row(
            tenant_id=tenant_id,
            subject="ticket",
            subject_id=ticket_id,
            code="escalation_broken",
            message=f"Its escalations could not be decided: {type(error).__name__}: {error}",
            at=tx.at,
        )
        raise_incident(tx.connection, row)
        tx.publish(tenant_id, "incident.raised", {"id": row["id"], "code": row["code"]})
