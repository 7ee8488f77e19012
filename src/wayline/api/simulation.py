"""Simulating a template: what a run would do, and why, with nothing written and nobody told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.endpoint import Call, Resource
from wayline.api.instances import ticket_id_of
from wayline.api.problems import data
from wayline.api.template_calls import WRITERS, facts_of, template_of
from wayline.core import ticket as desk
from wayline.core.facts import Actor, Directory, Facts
from wayline.core.refusals import Issue, Refusal
from wayline.core.simulate import simulate
from wayline.engine.tenant_facts import TenantFacts
from wayline.store.tickets import read_ticket
from wayline.store.workload import open_work_of, rotations_of

resource = Resource("Templates")
SIMULATED_TICKET_ID = "00000000-0000-4000-8000-000000000001"
GIVEN_BY_THE_DESK = ("id", "number", "created_at", "updated_at")
"""What a ticket shows and nobody sets: copied from a real one, it is passed over."""


class Simulate(BaseModel):
    """What to try out. `ticket` is one made up for it, `ticket_id` a real one (id or number); with neither the run has
    none. `answers` by step id are what people and the outside would say; `outcomes` end steps without one.
    """

    model_config = ConfigDict(extra="forbid")

    ticket: dict[str, Any] | None = None
    ticket_id: str | None = None
    answers: dict[str, Any] = Field(default_factory=dict)
    outcomes: dict[str, str | list[str]] = Field(default_factory=dict)
    variables: dict[str, Any] = Field(default_factory=dict)
    definition: dict[str, Any] | None = Field(None, description="In place of the published one, or of the draft.")
    at: AwareDatetime | None = Field(None, description="When the run would start; now, when left out.")

    @model_validator(mode="after")
    def _one_ticket(self) -> Simulate:
        if self.ticket is not None and self.ticket_id is not None:
            raise ValueError("give either ticket or ticket_id")
        return self


@resource.endpoint(
    "POST",
    "/workflows/templates/{id}/simulate",
    ability="workflow:read",
    roles=WRITERS,
    body=Simulate,
    refusals=(400, 404),
)
async def simulate_template(call: Call) -> Response:
    """The path a run would take with these answers: every decision with its explanation, where it would wait and for
    whom. Nothing is written."""
    body: Simulate = call.body
    whole = await template_of(call)
    facts = await facts_of(call)
    at = body.at or call.wayline.clock.now()
    definition = body.definition if body.definition is not None else whole.working
    ticket = await _ticket(call, body, definition, facts, at)
    known = Facts(
        directory=facts.directory,
        ticket=ticket,
        calendars=facts.calendars,
        counters=await call.read(rotations_of, facts.id),
        open_work=await call.read(open_work_of, facts.id),
    )
    simulation = await run_in_threadpool(
        simulate,
        definition,
        at=at,
        facts=known,
        answers=body.answers,
        outcomes=body.outcomes,
        variables=body.variables,
        owner_id=call.caller.user_id,
    )
    return data(simulation)


async def _ticket(
    call: Call, body: Simulate, definition: Mapping[str, Any], facts: TenantFacts, at: datetime
) -> dict[str, Any] | None:
    if body.ticket_id is not None:
        ticket_id = await ticket_id_of(call, body.ticket_id)
        return await call.read(read_ticket, tenant_id=call.caller.tenant_id, name=ticket_id, is_id=True)
    if body.ticket is None:
        return None
    return made_up(body.ticket, definition, actor=call.caller.actor, directory=facts.directory, at=at)


def made_up(
    fields: Mapping[str, Any], definition: Mapping[str, Any], *, actor: Actor, directory: Directory, at: datetime
) -> dict[str, Any]:
    """A ticket as it would be if somebody opened it with these fields; of the type that starts the template and with a
    title of its own where they name none. Raises a refusal with every bad field."""
    trigger = definition.get("trigger")
    started_by = trigger if isinstance(trigger, dict) else {}
    given = {name: value for name, value in fields.items() if name not in GIVEN_BY_THE_DESK}
    wanted = {"type": started_by.get("ticket_type") or "incident", "title": "A simulated ticket", **given}
    if "subtype" not in wanted and started_by.get("subtype"):
        wanted["subtype"] = started_by["subtype"]
    try:
        return desk.new_ticket(
            wanted, ticket_id=SIMULATED_TICKET_ID, counter=0, actor=actor, directory=directory, at=at
        )
    except Refusal as refusal:
        issues = [Issue(f"ticket.{issue.path}", issue.message, issue.code) for issue in refusal.issues]
        raise Refusal("invalid", refusal.message, issues=issues) from refusal
