"""What remotes have asked, on the tickets it became: how each request stands, and sending an answer again."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from starlette.responses import Response

from wayline.api.answer_shapes import one
from wayline.api.endpoint import Call, Resource
from wayline.api.problems import data
from wayline.api.ticket_access import STAFF, visible_ticket
from wayline.core.commands import RetryRun
from wayline.core.intervention import may_be_sent_again, standing_of
from wayline.core.refusals import Refusal, not_found
from wayline.engine.answers import RunAnswer
from wayline.engine.door import Change, Transaction
from wayline.store.incidents import close_incident, open_incidents_of
from wayline.store.interventions import RequestOnTicket, requests_on_ticket
from wayline.store.names import names_of

resource = Resource("Tickets")


def shown_on_ticket(connection: sa.Connection, *, tenant_id: str, ticket_id: str) -> list[dict[str, Any]]:
    """What was asked that became this ticket, as staff see it there."""
    found = requests_on_ticket(connection, tenant_id=tenant_id, ticket_id=ticket_id)
    answered_by = [standing_of(request.run).submitted_by for request in found]
    names = names_of(connection, tenant_id=tenant_id, user_ids=answered_by) if found else {}
    return [_shown(request, names) for request in found]


def _shown(request: RequestOnTicket, names: dict[str, str]) -> dict[str, Any]:
    standing = standing_of(request.run)
    return {
        "id": request.run.id,
        "intervention_id": request.intervention,
        "intervention": request.run.template_name if request.name is None else request.name,
        "uid": request.uid,
        "created_at": request.created_at,
        **msgspec.structs.asdict(standing),
        "submitted_by_name": names.get(standing.submitted_by or ""),
        "can_resend": may_be_sent_again(request.run),
    }


@resource.endpoint(
    "POST",
    "/tickets/{id}/interventions/{iid}/resend",
    ability="ticket:write",
    roles=STAFF,
    answer=one("InterventionOnTicket"),
    refusals=(404, 409),
)
async def resend_answer(call: Call) -> Response:
    """Send an answer again that could not be sent: to where the intervention says now, under the same `response_id`.

    `iid` is the `id` of one of the ticket's `interventions`. 409 when its answer has not failed to be sent.
    """
    ticket = (await visible_ticket(call, call.path("id"))).ticket
    tenant_id, ticket_id, run_id = call.caller.tenant_id, ticket["id"], call.id("iid", "Request")
    asked = await call.read(requests_on_ticket, tenant_id=tenant_id, ticket_id=ticket_id)
    request = next((found for found in asked if found.run.id == run_id), None)
    if request is None:
        raise not_found("Request")
    if request.name is None:
        raise Refusal("conflict", "The intervention has been deleted; there is no address.", code="intervention_gone")
    if not may_be_sent_again(request.run):
        state = standing_of(request.run).state
        raise Refusal("conflict", f"Its answer is {state}.", code="not_failed", details={"state": state})
    names = await call.read(names_of, tenant_id=tenant_id, user_ids=[standing_of(request.run).submitted_by])

    def render(answer: RunAnswer) -> Response:
        return data(_shown(msgspec.structs.replace(request, run=answer.run), names))

    command = RetryRun(tenant_id=tenant_id, actor=call.caller.actor, run_id=run_id)
    response = await call.submit(command, render)
    closing = Change(tenant_id=tenant_id, actor=call.caller.actor, write=lambda tx: _close_incident(tx, call, run_id))
    await call.wayline.door.submit(closing)
    return response


def _close_incident(tx: Transaction, call: Call, run_id: str) -> None:
    """Whoever has it sent again has seen to it."""
    tenant_id, by = call.caller.tenant_id, call.caller.user_id
    found = open_incidents_of(tx.connection, tenant_id=tenant_id, subject_ids=[run_id]).get(run_id)
    if found is not None and found.code == "epilog_failed":
        close_incident(tx.connection, tenant_id=tenant_id, incident_id=found.id, status="resumed", closed_by=by)
        tx.publish(tenant_id, "incident.closed", {"id": found.id, "status": "resumed"})
