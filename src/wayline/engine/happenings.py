"""Desk events as rules see them: what is said on a timeline, with the ticket as it is at that moment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wayline.core.cause import Cause
from wayline.core.events import Event
from wayline.core.facts import SYSTEM, Actor
from wayline.core.graph import Graph
from wayline.core.rules import Changes, Happening
from wayline.core.run import Run
from wayline.store.tickets import StoredTicket

ON_TICKET = {
    "ticket_created": "on_ticket_created",
    "ticket_updated": "on_ticket_updated",
    "comment_added": "on_comment",
}
"""The triggers of a ticket's events."""
ON_RUN = {
    "run_completed": "on_run_ended",
    "run_failed": "on_run_ended",
    "run_cancelled": "on_run_ended",
    "step_timed_out": "on_step_overdue",
}
"""The triggers of a run's events."""


def of_ticket(
    trigger: str,
    event: Event,
    stored: StoredTicket,
    *,
    seq: int,
    actor: Actor,
    cause: Cause | None,
    comment: Mapping[str, Any] | None,
    at: datetime,
) -> Happening:
    """An event of a ticket, `seq` its number in the ticket's timeline."""
    id_ = event_id(stored.ticket["id"], seq)
    before: dict[str, Any] | None = {}
    if trigger == "on_ticket_created":
        before = None
    elif trigger == "on_ticket_updated":
        before = {name: change[0] for name, change in event.data["changes"].items()}
    return Happening(
        id=id_,
        trigger=trigger,
        at=at,
        cause=cause or Cause(id_),
        ticket=stored.ticket,
        before=before,
        actor=_who(actor),
        comment=_said(comment) if comment is not None else None,
        last_person_at=stored.last_person_at,
    )


def of_rules(changes: Changes, stored: StoredTicket, *, cause: Cause, at: datetime) -> Happening:
    """What the rules of one event have made of a ticket, under the id of the last change."""
    return Happening(
        id=event_id(stored.ticket["id"], changes.seq),
        trigger="on_ticket_updated",
        at=at,
        cause=cause,
        ticket=stored.ticket,
        before=changes.before(stored.ticket),
        actor=_who(SYSTEM),
        last_person_at=stored.last_person_at,
    )


def of_run(
    trigger: str,
    event: Event,
    run: Run,
    graph: Graph,
    stored: StoredTicket | None,
    *,
    seq: int,
    actor: Actor,
    cause: Cause | None,
    at: datetime,
) -> Happening:
    """An event of a run, `seq` its number in the run's timeline."""
    id_ = event_id(run.id, seq)
    failure = run.failure
    step = None
    if event.step_id is not None and trigger == "on_step_overdue":
        written = graph.nodes[event.step_id].step
        step = {"id": written.id, "name": written.title, "type": written.type}
    return Happening(
        id=id_,
        trigger=trigger,
        at=at,
        cause=cause or Cause(id_),
        ticket=stored.ticket if stored is not None else None,
        actor=_who(actor),
        run={
            "id": run.id,
            "template": run.template_name,
            "status": run.status,
            "owner": run.owner_id,
            "reason": failure.reason if failure is not None else None,
            "message": failure.message if failure is not None else None,
        },
        step=step,
        last_person_at=stored.last_person_at if stored is not None else None,
    )


def event_id(subject_id: str, seq: int) -> str:
    """The id of an event, `seq` its number in the timeline of its subject: the same however often it is decided."""
    return str(uuid.uuid5(uuid.UUID(subject_id), f"event:{seq}"))


def _who(actor: Actor) -> dict[str, Any]:
    return {"id": actor.user_id, "role": actor.role, "name": actor.name}


def _said(comment: Mapping[str, Any]) -> dict[str, Any]:
    return {name: comment[name] for name in ("id", "text", "visibility")} | {"author": comment["author_id"]}
