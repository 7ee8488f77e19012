"""Sweeping: a scheduled rule goes through the tickets it may match, and those that it does are told to the door.

A sweep only looks. Whether the rule acts is decided at the door, with the ticket and its spell as they are then; so a
sweep that is done twice, or by two processes at once, acts once.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import sqlalchemy as sa

from wayline.core.commands import SweepTicket
from wayline.core.refusals import Refusal
from wayline.core.rules import CompiledRule
from wayline.drivers.loop import Loop, log
from wayline.store import rule_sweeps as stored
from wayline.store.rule_sweeps import Sweep, Swept
from wayline.store.rules import compiled_rule
from wayline.store.tickets import Ticket

RULES_A_ROUND = 8
TICKETS_A_PAGE = 200
LEASE_S = 60.0


class SweepLoop(Loop):
    """Sweeps the rules that are due."""

    name = "rule_sweeps"

    async def soonest(self) -> datetime | None:
        return await self.access.read(stored.soonest)

    async def run_once(self) -> int:
        """Sweep up to RULES_A_ROUND rules that are due; answers how many. One that fails is swept again later."""
        taken_until = self.door.clock.now() + timedelta(seconds=LEASE_S)
        taken = await self.access.write(
            lambda tx: stored.claim(tx.connection, at=tx.at, taken_until=taken_until, limit=RULES_A_ROUND)
        )
        for sweep in taken:
            try:
                await self._sweep(sweep)
            except Exception:
                log.exception("sweep_failed", rule_id=sweep.rule_id)
        return len(taken)

    async def _sweep(self, sweep: Sweep) -> None:
        rule = await self.access.read(
            lambda connection: compiled_rule(connection, tenant_id=sweep.tenant_id, rule_id=sweep.rule_id)
        )
        if rule is None or not rule.enabled or rule.trigger != "scheduled":
            await self.access.write(lambda tx: stored.forget_sweep(tx.connection, sweep.rule_id))
            return
        kept: Sweep | None = sweep
        for status in rule.narrowed.statuses:
            last: Ticket | None = None
            while kept is not None:
                page = await self._page(sweep, rule, status, last)
                await self._act(sweep, rule, page)
                if len(page) < TICKETS_A_PAGE:
                    break
                last, kept = page[-1].ticket, await self._keep(kept)
        if kept is not None:
            await self._done(kept, rule)

    async def _page(self, sweep: Sweep, rule: CompiledRule, status: str, last: Ticket | None) -> list[Swept]:
        at = self.door.clock.now()

        def read(connection: sa.Connection) -> list[Swept]:
            return stored.tickets_to_sweep(
                connection,
                tenant_id=sweep.tenant_id,
                rule_id=sweep.rule_id,
                narrowed=rule.narrowed,
                status=status,
                at=at,
                after=last,
                limit=TICKETS_A_PAGE,
            )

        return await self.access.read(read)

    async def _act(self, sweep: Sweep, rule: CompiledRule, page: list[Swept]) -> None:
        """Have the door look at those that match. One that is refused (the ticket or the rule has gone) is passed by;
        what breaks is told once the others are done."""
        at = self.door.clock.now()
        found = [one.ticket["id"] for one in page if rule.matches_at_sweep(one.ticket, one.last_person_at, at)]
        asked = [SweepTicket(tenant_id=sweep.tenant_id, rule_id=sweep.rule_id, ticket_id=ticket) for ticket in found]
        outcomes = await asyncio.gather(*map(self.door.submit, asked), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
                raise outcome

    async def _done(self, sweep: Sweep, rule: CompiledRule) -> None:
        next_at = rule.rule.when.after(self.door.clock.now())
        await self.access.write(lambda tx: stored.swept(tx.connection, sweep, next_at=next_at))

    async def _keep(self, sweep: Sweep) -> Sweep | None:
        taken_until = self.door.clock.now() + timedelta(seconds=LEASE_S)
        return await self.access.write(lambda tx: stored.keep(tx.connection, sweep, taken_until=taken_until))
