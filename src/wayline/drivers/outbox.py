"""Sending commands to other roots: each passes through the door under a fixed id, and its row goes with its commit.

What is refused (no such template, a ticket that is gone) would be refused again: it is held, and its run gets an
incident that a person can resume. What breaks is tried again after longer and longer pauses, and held after
MAX_ATTEMPTS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.cause import Cause
from wayline.core.commands import Command, CreateTicket, FireRule, StartRun
from wayline.core.facts import SYSTEM, Actor
from wayline.core.inbox.state import Dispatch
from wayline.core.refusals import Refusal
from wayline.core.retry import Retry, delay_before
from wayline.core.starting import id_sent_for
from wayline.drivers.loop import Loop
from wayline.engine.door import DoorClosed, Overloaded, Transaction
from wayline.store import outbox as stored
from wayline.store.database import is_outage
from wayline.store.directory import load_template_heads
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.outbox import SentCommand
from wayline.store.templates import find_inbox_template

BATCH = 200
MAX_ATTEMPTS = 5
AFTER_OUTAGE_S = 1.0
BACKOFF = Retry(max_attempts=MAX_ATTEMPTS, initial_s=5, backoff=4, max_s=3600)


class After(Enum):
    """What becomes of a command that was sent."""

    DONE = "done"
    LATER = "later"
    HELD = "held"


class Sent(msgspec.Struct, frozen=True):
    """What becomes of it, when it is tried again, how often it has broken by now, and what is wrong with it."""

    after: After
    due_at: datetime | None = None
    attempts: int = 0
    problem: str = ""


def decide_after_sending(command: SentCommand, outcome: object, *, at: datetime) -> Sent:
    """`outcome` is what the door answered, or the exception it raised."""
    if isinstance(outcome, DoorClosed | Overloaded) or is_outage(outcome):
        return Sent(After.LATER, at + timedelta(seconds=AFTER_OUTAGE_S), command.attempts)
    if isinstance(outcome, Refusal):
        done = outcome.code == "already_done"
        return Sent(After.DONE) if done else Sent(After.HELD, problem=_said(outcome))
    if not isinstance(outcome, BaseException):
        return Sent(After.DONE)
    attempts, problem = command.attempts + 1, f"{type(outcome).__name__}: {outcome}"
    if attempts >= MAX_ATTEMPTS:
        return Sent(After.HELD, attempts=attempts, problem=problem)
    return Sent(After.LATER, at + timedelta(seconds=delay_before(BACKOFF, attempts, command.id, None)), attempts)


class OutboxLoop(Loop):
    """Sends what is due."""

    name = "outbox"

    async def soonest(self) -> datetime | None:
        return await self.access.read(stored.soonest)

    async def run_once(self) -> int:
        """Send up to BATCH commands that are due; answers how many."""
        at = self.door.clock.now()
        due = await self.access.read(lambda connection: stored.due(connection, at=at, limit=BATCH))
        outcomes = await asyncio.gather(*map(self._send, due), return_exceptions=True)
        left = []
        for command, outcome in zip(due, outcomes, strict=True):
            sent = decide_after_sending(command, outcome, at=at)
            if sent.after is not After.DONE:
                left.append((command, sent))
        if left:
            await self.access.write(lambda transaction: _keep(transaction, left))
        return len(due)

    async def _send(self, sent: SentCommand) -> object:
        return await self.door.submit(await self.access.read(lambda connection: command_of(connection, sent)))


def command_of(connection: sa.Connection, sent: SentCommand) -> Command:
    """The command a row stands for, with an id that follows from the row's; raises a refusal when there is none."""
    body = msgspec.msgpack.decode(sent.body)
    new_id = id_sent_for(sent.id)
    if sent.command == "create_ticket":
        return CreateTicket(
            tenant_id=sent.tenant_id,
            actor=Actor(user_id=None, name=f"Rule “{body['rule']['name']}”") if "rule" in body else SYSTEM,
            ticket_id=new_id,
            fields=body["fields"],
            cause=_cause_of(body),
            effect_id=sent.id,
        )
    if sent.command == "start_run":
        return StartRun(
            tenant_id=sent.tenant_id,
            run_id=new_id,
            template_id=body.get("template_id") or _template_named(connection, sent.tenant_id, body["template_name"]),
            template_version=body.get("template_version"),
            unlisted=body.get("unlisted", False),
            name=body.get("name"),
            task_queue=body.get("task_queue"),
            schedule=body.get("schedule"),
            ticket_id=body.get("ticket_id"),
            owner_id=body.get("owner_id"),
            variables=body.get("variables") or {},
            trigger_type=body.get("trigger_type", "rule"),
            trigger_detail=body.get("trigger_detail") or f"Started by run {sender_of(sent)}",
            cause=_cause_of(body),
            effect_id=sent.id,
        )
    if sent.command == "create_dispatch":
        return StartRun(
            tenant_id=sent.tenant_id,
            run_id=new_id,
            template_id=_inbox_template(connection, sent.tenant_id, body["template"]),
            owner_id=body.get("owner_id"),
            variables=body.get("data") or {},
            dispatch=Dispatch(
                to=body["to"],
                attributes=body.get("attributes") or {},
                title=body.get("title"),
                due_at=body.get("due_at"),
                by_script=True,
            ),
            trigger_type="api",
            trigger_detail="Sent by a script",
            cause=_cause_of(body),
            effect_id=sent.id,
        )
    if sent.command == "fire_rule":
        return FireRule(
            tenant_id=sent.tenant_id,
            rule=body["rule_name"],
            event_id=new_id,
            payload=body["payload"],
            ticket_id=body.get("ticket_id"),
            cause=_cause_of(body),
            effect_id=sent.id,
        )
    raise Refusal("invalid", f"{sent.command} is no command for the outbox.", code="unknown_command")


def _cause_of(body: Mapping[str, Any]) -> Cause | None:
    """The chain of rules that the command goes on with; None for a cause of its own."""
    return msgspec.convert(body["cause"], Cause) if body.get("cause") is not None else None


def sender_of(sent: SentCommand) -> str:
    """The id of the run or rule that sent it: effect ids begin with it."""
    return sent.id.partition(":")[0]


def _template_named(connection: sa.Connection, tenant_id: str, name: str) -> str:
    wanted = str(name).strip().lower()
    found: list[Any] = [h.id for h in load_template_heads(connection, tenant_id).values() if h.name.lower() == wanted]
    if not found:
        raise Refusal("not_found", f"No published template is called “{name}”.", code="unknown_template")
    return str(found[-1])


def _inbox_template(connection: sa.Connection, tenant_id: str, named: str) -> str:
    """The published inbox template of that id or name; raises a refusal when there is none."""
    found = find_inbox_template(connection, tenant_id=tenant_id, named=str(named))
    if found is None:
        raise Refusal("not_found", f"No published inbox template is called “{named}”.", code="unknown_template")
    return found


def _keep(transaction: Transaction, left: list[tuple[SentCommand, Sent]]) -> None:
    for command, sent in left:
        if sent.due_at is not None:
            stored.try_later(transaction.connection, command.id, due_at=sent.due_at, attempts=sent.attempts)
        else:
            stored.hold(transaction.connection, command.id)
            row = incident_row(
                tenant_id=command.tenant_id,
                subject="rule" if "rule" in msgspec.msgpack.decode(command.body) else "run",
                subject_id=sender_of(command),
                code="not_sent",
                message=f"{command.command} could not be done: {sent.problem}",
                at=transaction.at,
            )
            raise_incident(transaction.connection, row)
            transaction.publish(command.tenant_id, "incident.raised", {"id": row["id"], "code": row["code"]})


def _said(refusal: Refusal) -> str:
    return "; ".join(issue.message for issue in refusal.issues) or refusal.message
