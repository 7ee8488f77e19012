"""Commands to tickets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from wayline.core import commands
from wayline.core import ticket as desk
from wayline.core.events import Event
from wayline.core.refusals import Refusal, not_found
from wayline.core.waiting import begun
from wayline.engine.answers import CommentAnswer, FileAnswer, TicketAnswer
from wayline.engine.run_commands import start_run
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import HeldTicket, WorkingSet, commented
from wayline.store import tickets as stored_tickets
from wayline.store.links import is_linked
from wayline.store.tables import files, ticket_links
from wayline.store.tickets import StoredTicket
from wayline.store.timeline import GENESIS

log = structlog.get_logger(__name__)


def create_ticket(work: WorkingSet, tenant: TenantFacts, command: commands.CreateTicket) -> TicketAnswer:
    at = command.at or work.at
    fields = desk.validated(command.fields, directory=tenant.directory, creating=True)
    counter = f"number:{fields['type']}"
    number = work.counters[(tenant.id, counter)] + 1
    ticket = desk.new_ticket(
        command.fields,
        ticket_id=command.ticket_id,
        counter=number,
        actor=command.actor,
        directory=tenant.directory,
        at=at,
    )
    work.counters[(tenant.id, counter)] = number
    resolved_at = desk.resolved_since(ticket["status"], None, at)
    stored = StoredTicket(tenant_id=tenant.id, ticket=ticket, version=0, seq=0, head=GENESIS, resolved_at=resolved_at)
    stored.wait = begun(stored.wait, status=ticket["status"], at=at)
    work.tickets[ticket["id"]] = HeldTicket(stored=stored, seen_version=0, dirty=True)
    work.note_ticket(stored, [desk.created(ticket, command.actor)], command, at)
    run_ids = _start_triggered(work, tenant, command, ticket, at) if command.start_runs else ()
    told = {"id": ticket["id"], "number": ticket["number"], "owner": ticket["requester"]}
    work.live.append((tenant.id, "ticket.created", told, None))
    return TicketAnswer(ticket=work.tickets[ticket["id"]].stored.ticket, directory=tenant.directory, run_ids=run_ids)


def _start_triggered(
    work: WorkingSet, tenant: TenantFacts, command: commands.CreateTicket, ticket: Mapping[str, Any], at: datetime
) -> tuple[str, ...]:
    """Start what the ticket's type triggers. A template that cannot start never stops the ticket."""
    started: list[str] = []
    for head in tenant.triggered_by(ticket["type"], ticket["subtype"]):
        start = commands.StartRun(
            tenant_id=tenant.id,
            actor=command.actor,
            at=command.at,
            run_id=str(uuid.uuid5(uuid.UUID(ticket["id"]), f"run:{head.id}")),
            template_id=head.id,
            ticket_id=ticket["id"],
            trigger_type="ticket",
            trigger_detail=f"Triggered by ticket {ticket['number']}",
            cause=command.cause,
        )
        try:
            started.append(start_run(work, tenant, start).run.id)
        except Exception as error:
            if work.half_applied:
                raise
            if not isinstance(error, Refusal):
                log.exception("run_did_not_start", template_id=head.id, ticket_id=ticket["id"])
            work.raise_incident(
                tenant.id,
                "template",
                head.id,
                code="start_failed",
                message=f"“{head.name}” could not be started for {ticket['number']}: {error}",
            )
    return tuple(started)


def update_ticket(work: WorkingSet, tenant: TenantFacts, command: commands.UpdateTicket) -> TicketAnswer:
    held = work.ticket(tenant, command.ticket_id)
    ticket = held.stored.ticket
    if command.expected_version is not None and command.expected_version != held.stored.seq:
        raise Refusal("conflict", "The ticket has changed since you read it.", code="stale")
    changes = desk.changes_to(ticket, command.changes, directory=tenant.directory)
    if changes:
        at = command.at or work.at
        event = desk.updated(ticket, changes, command.actor)
        work.change_ticket(held, changes, at)
        work.note_ticket(held.stored, [event], command, at)
    return TicketAnswer(ticket=held.stored.ticket, directory=tenant.directory)


def add_comment(work: WorkingSet, tenant: TenantFacts, command: commands.AddComment) -> CommentAnswer:
    held = work.ticket(tenant, command.ticket_id)
    at = command.at or work.at
    comment = work.comment(held, command.comment_id, command.text, command.visibility, command.actor.user_id, at)
    said = commented(command.actor.name, comment)
    events = [said]
    reopened: dict[str, Any] = {}
    if desk.reopens(held.stored.ticket, command.visibility, command.actor):
        reopened = {"status": "open"}
        events.append(desk.updated(held.stored.ticket, reopened, command.actor))
    work.change_ticket(held, reopened, at)
    work.note_ticket(held.stored, events, command, at)
    return CommentAnswer(comment=comment)


def attach_file(work: WorkingSet, tenant: TenantFacts, command: commands.AttachFile) -> FileAnswer:
    held = work.ticket(tenant, command.ticket_id)
    at = command.at or work.at
    row = {**command.file, "tenant_id": tenant.id, "ticket_id": command.ticket_id}
    row |= {"uploaded_by": command.actor.user_id, "created_at": at}
    work.changes.insert(files, row)
    said = Event(
        "attachment_added",
        f"{command.actor.name} attached {row['name']}",
        data={"id": row["id"], "name": row["name"]},
    )
    work.change_ticket(held, {}, at)
    work.note_ticket(held.stored, [said], command, at)
    return FileAnswer(file=row)


def link_ticket(work: WorkingSet, tenant: TenantFacts, command: commands.LinkTicket) -> TicketAnswer:
    held = work.ticket(tenant, command.ticket_id)
    at = command.at or work.at
    if command.other_id == command.ticket_id:
        raise Refusal("invalid", "A ticket cannot be linked to itself.")
    other = stored_tickets.read_ticket(work.connection, tenant_id=tenant.id, name=command.other_id, is_id=True)
    if other is None:
        raise not_found("Ticket")
    key = {"ticket_id": command.ticket_id, "kind": command.kind, "other_id": command.other_id}
    _require_link(work, tenant.id, command)
    if command.remove:
        work.changes.unlink(key)
    else:
        work.changes.insert(ticket_links, {**key, "tenant_id": tenant.id, "created_at": at})
    work.links[(command.ticket_id, command.kind, command.other_id)] = not command.remove
    verb = "no longer " if command.remove else ""
    said = f"{verb}{command.kind.replace('_', ' ')} {other['number']}"
    work.change_ticket(held, {}, at)
    work.note_ticket(
        held.stored, [Event("link_removed" if command.remove else "link_added", said, data=key)], command, at
    )
    return TicketAnswer(ticket=held.stored.ticket, directory=tenant.directory)


def _require_link(work: WorkingSet, tenant_id: str, command: commands.LinkTicket) -> None:
    """Refuse to untie what is not tied, and to tie again what is tied, from whichever side."""
    if command.remove:
        if not _is_linked(work, tenant_id, command.ticket_id, command.kind, command.other_id):
            raise not_found("Link")
        return
    is_mutual = desk.LINK_KINDS.get(command.kind) == command.kind
    if _is_linked(work, tenant_id, command.ticket_id, command.kind, command.other_id) or (
        is_mutual and _is_linked(work, tenant_id, command.other_id, command.kind, command.ticket_id)
    ):
        raise Refusal("conflict", "Those tickets are linked so already.", code="already_linked")


def _is_linked(work: WorkingSet, tenant_id: str, ticket_id: str, kind: str, other_id: str) -> bool:
    decided = work.links.get((ticket_id, kind, other_id))
    if decided is not None:
        return decided
    key = {"ticket_id": ticket_id, "kind": kind, "other_id": other_id}
    return is_linked(work.connection, tenant_id=tenant_id, key=key)
