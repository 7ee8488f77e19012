"""What remotes call: asking for an answer, which becomes a ticket, and keys to ask once and not twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from wayline.api.administration_conventions import needs
from wayline.api.answer_shapes import holding
from wayline.api.endpoint import Call, Resource
from wayline.api.problems import json
from wayline.api.remotes import CREATE, RemoteCaller, caller_or_remote
from wayline.core.commands import RequestIntervention
from wayline.core.intervention import MAX_UID_CHARS, problem_of_data
from wayline.core.person import MAX_EMAIL_CHARS, read_email
from wayline.core.refusals import Refusal, invalid
from wayline.engine.answers import InterventionAnswer
from wayline.store import interventions as stored
from wayline.store.database import new_id

resource = Resource("Interventions", prefix="/api")
IN_FLIGHT_AGAIN_S = 1


class DataBag(BaseModel):
    """What the form is filled in with, and what texts may say, by name."""

    model_config = ConfigDict(extra="forbid")

    data: dict[str, Any]


class TicketAsked(BaseModel):
    """Whose request it is, through which intervention (its name), and what the remote calls it."""

    model_config = ConfigDict(extra="forbid")

    originator_email_address: str = Field(max_length=MAX_EMAIL_CHARS)
    intervention: str = Field(min_length=1, max_length=200)
    uid: str = Field(min_length=1, max_length=MAX_UID_CHARS)
    data: DataBag

    @field_validator("originator_email_address")
    @classmethod
    def _is_one(cls, value: str) -> str:
        return read_email(value)

    @field_validator("uid")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("uid is not blank")
        return value


@resource.endpoint(
    "POST",
    "/create_ticket",
    ability=CREATE,
    body=TicketAsked,
    identify=caller_or_remote,
    admit=needs("interventions"),
    needs_key=True,
    answer=holding(ok=True, data="TicketAskedFor"),
    status=201,
    refusals=(403, 409),
)
async def ask_through_intervention(call: Call) -> Response:
    """Ask the desk for an answer: a ticket in the intervention's queue, and a form for whoever works there.

    For tokens with the ability, and for the intervention's own remote. An originator nobody knows becomes a requester;
    requesters ask for themselves alone. A `uid` that has been asked before under the same intervention is answered
    alike, with the ticket there is. While a call with the same key is being answered, another one is 409.
    """
    body: TicketAsked = call.body
    await _require_entitled(call, body)
    found = problem_of_data(body.data.data)
    if found is not None:
        raise invalid(found)
    command = RequestIntervention(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        ticket_id=new_id(),
        run_id=new_id(),
        intervention=body.intervention,
        uid=body.uid,
        email=body.originator_email_address,
        data=body.data.data,
    )
    with _in_flight(call):
        return await call.submit(command, _created)


async def _require_entitled(call: Call, body: TicketAsked) -> None:
    caller = call.caller
    if isinstance(caller, RemoteCaller):
        named = await call.read_one(stored.intervention_called, tenant_id=caller.tenant_id, name=body.intervention)
        if named is None or named.id != caller.intervention:
            message = "This token is for another intervention."
            raise Refusal("forbidden", message, code="other_intervention")
    elif not caller.is_staff and body.originator_email_address != caller.email.lower():
        raise Refusal("forbidden", "Requesters ask for themselves alone.", code="staff_only")


@contextlib.contextmanager
def _in_flight(call: Call) -> Iterator[None]:
    """Hold the call's key; refuses when another call of this process holds it."""
    held: set[tuple[str, str]] = call.request.app.state.keys_in_flight
    key = (call.caller.tenant_id, call.request.headers["idempotency-key"])
    if key in held:
        raise Refusal(
            "conflict",
            "A request with that Idempotency-Key is being answered.",
            code="in_flight",
            details={"retry_after_s": IN_FLIGHT_AGAIN_S},
        )
    held.add(key)
    try:
        yield
    finally:
        held.discard(key)


def _created(answer: InterventionAnswer) -> Response:
    told = {"ticket_id": answer.ticket_id, "ticket_number": answer.number, "uid": answer.uid}
    return json({"ok": True, "data": told}, 201)


@resource.endpoint(
    "POST",
    "/idempotency_key",
    ability=CREATE,
    identify=caller_or_remote,
    answer=holding(ok=True, data="IdempotencyKey"),
)
async def mint_idempotency_key(call: Call) -> Response:
    """A key nobody has used. An answer is kept for its key for 24 hours."""
    return json({"ok": True, "data": {"idempotency_key": new_id()}})
