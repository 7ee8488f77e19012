"""What somebody who leaves was to do, and handing it over.

The person is inactive before anything is handed over, so that nothing new comes to them meanwhile. Every hand-over is a
command like any other; doing it again hands over what is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from wayline.api.endpoint import Call
from wayline.core.commands import Command, ReassignStep, ReleaseStep, UpdateTicket, WithdrawEntry
from wayline.core.departure import Leaving, handed_over
from wayline.core.inbox.state import entry_id
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.store import people, workload

AT_ONCE = 100
MAX_SHOWN = 200


def open_work(connection: sa.Connection, *, tenant_id: str, user_id: str) -> dict[str, Any]:
    """What waits for a person by name: work items and assigned tickets, MAX_SHOWN of each, and how many there are."""
    items, items_total = workload.work_items_of(connection, tenant_id=tenant_id, user_id=user_id, limit=MAX_SHOWN)
    tickets, tickets_total = workload.tickets_of(connection, tenant_id=tenant_id, user_id=user_id, limit=MAX_SHOWN)
    return {
        "work_items": items,
        "tickets": tickets,
        "totals": {"work_items": items_total, "tickets": tickets_total},
    }


async def hand_over(call: Call, *, user_id: str, heir_id: str | None) -> dict[str, Any]:
    """Hand an inactive person's work to the heir, else to their substitute; answers the counts and what is left.

    With neither, votes are abstained from, claimed work goes back to its group, tickets have no assignee again, and
    what nobody else could do goes to the manager, else to the admins.
    """
    leaving, runs, tickets = await call.read(_what_there_is, call, user_id, heir_id)
    commands: list[Command] = [command for run in runs for command in handed_over(run, leaving)]
    commands += [
        UpdateTicket(
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            ticket_id=ticket["id"],
            changes={"assignee": leaving.heir_id},
        )
        for ticket in tickets
    ]
    done = {"work_items": 0, "tickets": 0}
    left: list[dict[str, Any]] = []
    for start in range(0, len(commands), AT_ONCE):
        chunk = commands[start : start + AT_ONCE]
        for command, answer in zip(chunk, await _submitted(call, chunk), strict=True):
            kind = "tickets" if isinstance(command, UpdateTicket) else "work_items"
            if isinstance(answer, Refusal):
                left.append({**_subject(command), "reason": answer.code, "message": answer.message})
            elif isinstance(answer, BaseException):
                raise answer
            else:
                done[kind] += 1
    return {"handed_over": done, "left": left, "to": leaving.heir_id}


def _what_there_is(
    connection: sa.Connection, call: Call, user_id: str, heir_id: str | None
) -> tuple[Leaving, list[Run], list[dict[str, Any]]]:
    tenant_id = call.caller.tenant_id
    at = call.wayline.clock.now()
    heir_id = heir_id or people.substitute_of(connection, tenant_id=tenant_id, user_id=user_id, at=at)
    directory = call.wayline.tenants.current(connection, {tenant_id})[tenant_id].directory
    leaving = Leaving(user_id=user_id, heir_id=heir_id, actor=call.caller.actor, directory=directory)
    runs = workload.runs_awaiting(connection, tenant_id=tenant_id, user_id=user_id)
    tickets, _ = workload.tickets_of(connection, tenant_id=tenant_id, user_id=user_id, limit=None)
    return leaving, runs, tickets


async def _submitted(call: Call, commands: Sequence[Command]) -> list[Any]:
    return await asyncio.gather(*(call.wayline.door.submit(c) for c in commands), return_exceptions=True)


def _subject(command: Command) -> dict[str, Any]:
    if isinstance(command, ReassignStep | ReleaseStep):
        return {"run_id": command.run_id, "item_id": command.step}
    if isinstance(command, WithdrawEntry):
        return {"run_id": command.run_id, "item_id": entry_id(command.run_id, command.user_id)}
    assert isinstance(command, UpdateTicket)
    return {"ticket_id": command.ticket_id}
