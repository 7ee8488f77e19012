"""Requests of remotes: a ticket, the person it is for, and the run that brings the answer, decided together; and whom
open requests are offered to when their tickets are handed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from wayline.core import commands
from wayline.core.decide import decide
from wayline.core.facts import Person
from wayline.core.form_fields import FormField
from wayline.core.intervention import TICKET_TYPE, URGENT, Intervention, comments_of, opening_of, scope_of
from wayline.core.person import DEFAULTS
from wayline.core.refusals import Issue, Refusal, invalid
from wayline.core.run import activation_id
from wayline.engine.answers import InterventionAnswer
from wayline.engine.applying import take_over
from wayline.engine.run_commands import start_run
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.ticket_commands import create_ticket
from wayline.engine.working_set import HeldRun, WorkingSet, commented
from wayline.store import audit
from wayline.store import interventions as stored
from wayline.store.changes import Overtaken
from wayline.store.database import new_id
from wayline.store.interventions import Request
from wayline.store.people import add_user, lock_directory, user_with_email
from wayline.store.tables import intervention_requests
from wayline.store.tickets import read_ticket

log = structlog.get_logger(__name__)


def request_intervention(
    work: WorkingSet, tenant: TenantFacts, command: commands.RequestIntervention
) -> InterventionAnswer:
    """Open the ticket that asks for the answer; one that has been asked for already under this uid is found again."""
    wanted = stored.intervention_called(work.connection, tenant_id=tenant.id, name=command.intervention)
    if wanted is None:
        raise invalid(Issue("intervention", "There is no such intervention.", "unknown_intervention"))
    asked = (tenant.id, wanted.id, command.uid)
    known = work.requested.get(asked) or stored.find_request(
        work.connection, tenant_id=tenant.id, number=wanted.id, uid=command.uid
    )
    if known is not None:
        return InterventionAnswer(ticket_id=known.ticket_id, number=_number_of(work, tenant, known), uid=command.uid)
    person = _known_person(tenant, command.email)
    if person is None:
        tenant, person = _new_person(work, tenant, command)
    answer = _opened(work, tenant, command, wanted, person)
    work.requested[asked] = Request(ticket_id=command.ticket_id, run_id=command.run_id)
    return answer


def _number_of(work: WorkingSet, tenant: TenantFacts, known: Request) -> str:
    held = work.tickets.get(known.ticket_id)
    if held is not None:
        return str(held.stored.ticket["number"])
    ticket = read_ticket(work.connection, tenant_id=tenant.id, name=known.ticket_id, is_id=True)
    assert ticket is not None
    return str(ticket["number"])


def _known_person(tenant: TenantFacts, email: str) -> Person | None:
    """The person of that address; None when nobody has it. Refuses one who has left."""
    found = tenant.directory.by_email.get(email)
    if found is not None and not found.active:
        message = "The account of that person is not active."
        raise invalid(Issue("originator_email_address", message, "inactive_person"))
    return found


def _new_person(
    work: WorkingSet, tenant: TenantFacts, command: commands.RequestIntervention
) -> tuple[TenantFacts, Person]:
    """A requester of that address, and the tenant's facts with them."""
    lock_directory(work.connection, tenant.id)
    if user_with_email(work.connection, tenant_id=tenant.id, email=command.email) is not None:
        raise Overtaken  # by another process, since the tenant was read
    fields = {**DEFAULTS, "email": command.email, "name": command.email.partition("@")[0]}
    row = add_user(work.connection, tenant_id=tenant.id, fields=fields, password_hash=None, at=work.at)
    audit.record(
        work.connection,
        tenant_id=tenant.id,
        at=work.at,
        actor=command.actor,
        action="user.created",
        subject_id=row["id"],
        detail={"email": row["email"], "name": row["name"], "role": row["role"]},
    )
    person = Person(id=row["id"], email=row["email"], name=row["name"], role=row["role"])
    # Beside the cache, for what is in the cache has been committed.
    work.tenants[tenant.id] = msgspec.structs.replace(tenant, directory=tenant.directory.with_person(person))
    return work.tenants[tenant.id], person


def _opened(
    work: WorkingSet,
    tenant: TenantFacts,
    command: commands.RequestIntervention,
    wanted: Intervention,
    person: Person,
) -> InterventionAnswer:
    variables = {
        "uid": command.uid,
        "data": command.data,
        "originator": {"name": person.name, "email": person.email},
    }
    opening = opening_of(wanted, _names(wanted, variables, wanted.name))
    queue = next((q.name for q in (tenant.directory.queues or {}).values() if q.id == wanted.queue_id), None)
    if queue is None:
        raise Overtaken
    fields: dict[str, Any] = {"type": TICKET_TYPE, "title": opening.title, "requester": person.id, "queue": queue}
    fields["tags"] = opening.labels
    if wanted.create_urgent:
        fields["priority"] = URGENT
    ticket = create_ticket(work, tenant, msgspec.structs.replace(command, fields=fields)).ticket
    # From here on there is a ticket: what goes wrong spoils the batch, and nothing of this is written.
    work.half_applied = True
    try:
        start_run(work, tenant, _start(command, wanted, variables))
    except Refusal as refusal:
        raise RuntimeError(f"a request could not start: {refusal.message}") from refusal
    work.half_applied = True
    problems = dict(opening.problems)
    for text, visibility in comments_of(wanted, _names(wanted, variables, opening.title, ticket), problems):
        _comment(work, command, wanted, text, visibility)
    if problems:
        why = "; ".join(f"{path}: {problem}" for path, problem in problems.items())
        message = f"Texts of the intervention {wanted.name} could not be rendered: {why}"
        work.raise_incident(tenant.id, "ticket", command.ticket_id, code="text_not_rendered", message=message[:2000])
    work.changes.insert(
        intervention_requests,
        {
            "tenant_id": tenant.id,
            "intervention_number": wanted.id,
            "uid": command.uid,
            "ticket_id": command.ticket_id,
            "run_id": command.run_id,
            "item_id": activation_id(command.run_id, 0),
            "created_at": work.at,
        },
    )
    work.half_applied = False
    return InterventionAnswer(ticket_id=command.ticket_id, number=str(ticket["number"]), uid=command.uid)


def _start(command: commands.RequestIntervention, wanted: Intervention, variables: dict[str, Any]) -> commands.StartRun:
    return commands.StartRun(
        tenant_id=command.tenant_id,
        actor=command.actor,
        at=command.at,
        run_id=command.run_id,
        template_id=wanted.definition_id,
        template_version=wanted.definition_version,
        unlisted=True,
        name=wanted.name,
        ticket_id=command.ticket_id,
        owner_id=command.actor.user_id,
        variables=variables,
        trigger_type="api",
        trigger_detail=f"{wanted.name} asked as {command.uid}",
    )


def _names(
    wanted: Intervention, variables: Mapping[str, Any], title: str, ticket: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    fields = [FormField.model_validate(field) for field in wanted.fields]
    return scope_of(
        name=wanted.name,
        title=title,
        variables=variables,
        data=variables["data"],
        fields=fields,
        ticket=ticket,
    )


def _comment(
    work: WorkingSet, command: commands.RequestIntervention, wanted: Intervention, text: str, visibility: str
) -> None:
    """Say it on the ticket; nobody has written it, so the intervention is named."""
    at = command.at or work.at
    held = work.tickets[command.ticket_id]
    comment = work.comment(held, new_id(), text, visibility, None, at)
    work.change_ticket(held, {}, at)
    work.note_ticket(held.stored, [commented(wanted.name, comment)], command, at)


# -- tickets that are handed on --------------------------------------------------------------------


def let_requests_follow(work: WorkingSet, command: commands.Command) -> None:
    """Offer what is asked at tickets that this command has handed on to whom they are with now."""
    moved, work.moved = work.moved, set()
    ids = [found.run_id for found in work.requested.values() if found.ticket_id in moved]
    ids += stored.open_requests(work.connection, sorted(moved))
    work.load_more_runs(ids)
    for run_id in dict.fromkeys(ids):
        _look_again(work, work.runs[run_id], command)


def _look_again(work: WorkingSet, held: HeldRun, command: commands.Command) -> None:
    """A run that breaks over it is an incident, and the ticket is handed on all the same."""
    run = held.stored.run
    tenant, at = work.tenants[run.tenant_id], command.at or work.at
    look = commands.LookAgain(tenant_id=tenant.id, actor=command.actor, run_id=run.id)
    try:
        decision = decide(held.graph, run, look, work.facts(tenant, held), at)
    except Refusal:
        return
    except Exception as bug:
        log.exception("decision_broke", command="LookAgain", run_id=run.id)
        message = f"A decision broke: {type(bug).__name__}: {bug}"[:2000]
        work.raise_incident(tenant.id, "run", run.id, code="decision_broken", message=message)
        return
    take_over(work, tenant, held, decision, look, at)
