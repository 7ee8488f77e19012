"""Instances: templates in motion. Starting, reading, completing steps, freeing stuck ones, cancelling."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.answer_shapes import one, page
from wayline.api.callbacks import callback_urls, is_mine
from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.instance_view import instance, needs_history, stored_as
from wayline.api.problems import data, issue, json
from wayline.api.ticket_access import visible_ticket
from wayline.core import commands
from wayline.core.commands import RunCommand
from wayline.core.graph import Graph
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import Run, decode
from wayline.engine.answers import RunAnswer
from wayline.store.database import new_id
from wayline.store.runs import StoredVisit, list_runs, read_visits

resource = Resource("Instances")
STAFF = ("agent", "manager", "admin")


class Instantiate(BaseModel):
    """What to start, on which ticket, with which variables."""

    model_config = ConfigDict(extra="forbid")

    template_id: str
    ticket_id: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)


class InstanceList(Paging):
    """Filters of the list."""

    status: Literal["running", "paused", "completed", "failed", "cancelled"] | None = None
    template_id: str | None = None
    ticket_id: str | None = None
    archived: bool = False
    sort: Literal["created_at", "completed_at", "status"] = "created_at"


class Completion(BaseModel):
    """A person's answer: `form_data` for a form, `decision` (and `comment`) for an approval, `option` for a routing."""

    model_config = ConfigDict(extra="forbid")

    form_data: dict[str, Any] | None = None
    decision: Literal["approve", "approved", "reject", "rejected"] | None = None
    comment: str | None = Field(None, max_length=10_000)
    option: str | None = None
    on_behalf_of: str | None = Field(None, description="Whose vote a substitute casts, when it is not their own.")


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=2_000)


class Reassign(BaseModel):
    """Whom the work goes to: a who-expression, or the id or e-mail of a person."""

    model_config = ConfigDict(extra="forbid")

    to: dict[str, Any] | str


class Skip(BaseModel):
    """The outcome the step is left with, and why."""

    model_config = ConfigDict(extra="forbid")

    outcome: str
    reason: str = Field(min_length=1, max_length=2_000)


class Override(BaseModel):
    """The decision, and why it is taken without a vote."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "approved", "reject", "rejected"]
    reason: str = Field(min_length=1, max_length=2_000)


@resource.endpoint(
    "POST",
    "/workflows/instantiate",
    ability="run:write",
    body=Instantiate,
    answer=one("Instance"),
    status=201,
    refusals=(400, 404, 409),
)
async def instantiate(call: Call) -> Response:
    """Start a template by hand, on a ticket or on its own."""
    body: Instantiate = call.body
    template_id = _id_in("Template", body.template_id)
    ticket_id = None
    if body.ticket_id is not None:
        ticket_id = await ticket_id_of(call, body.ticket_id)
    command = commands.StartRun(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=new_id(),
        template_id=template_id,
        ticket_id=ticket_id,
        owner_id=call.caller.user_id,
        variables=body.variables,
        trigger_type="manual",
        trigger_detail=f"Started by {call.caller.name}",
    )
    return await call.submit(command, lambda answer: _shown(answer, 201))


@resource.endpoint(
    "GET", "/workflows/instances", ability="run:read", query=InstanceList, answer=page("Instance"), refusals=(400,)
)
async def list_instances(call: Call) -> Response:
    """Instances, newest first; requesters see their own. A ticket one may not see has none to show."""
    query: InstanceList = call.query
    ticket_id = None
    if query.ticket_id is not None:
        try:
            ticket_id = await ticket_id_of(call, query.ticket_id)
        except Refusal:
            return json(page_of([], 0, query))
    runs, total = await call.read(
        list_runs,
        tenant_id=call.caller.tenant_id,
        statuses=stored_as(query.status),
        template_id=_filter_id(query.template_id),
        ticket_id=ticket_id,
        owner_id=None if call.caller.is_staff else call.caller.user_id,
        archived=query.archived,
        q=query.q,
        sort=query.sort,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of(await shown_instances(call, runs), total, query))


@resource.endpoint("GET", "/workflows/instances/{id}", ability="run:read", answer=one("Instance"), refusals=(404,))
async def get_instance(call: Call) -> Response:
    """One instance: status, progress, every step."""
    run = await readable_run(call, call.id("id", "Instance"))
    return data((await shown_instances(call, [run]))[0])


@resource.endpoint(
    "GET", "/workflows/ticket/{ticket_id}", ability="run:read", answer=one("InstancesOfTicket"), refusals=(404,)
)
async def instances_of_ticket(call: Call) -> Response:
    """The active and the finished instances of a ticket."""
    ticket_id = await ticket_id_of(call, call.path("ticket_id"))
    runs, _ = await call.read(
        list_runs, tenant_id=call.caller.tenant_id, ticket_id=ticket_id, archived=True, limit=1000, offset=0
    )
    shown = await shown_instances(call, runs)
    active = [s for s, r in zip(shown, runs, strict=True) if not r.ended]
    finished = [s for s, r in zip(shown, runs, strict=True) if r.ended]
    return data({"active": active, "finished": finished})


@resource.endpoint(
    "POST",
    "/workflows/instances/{id}/steps/{sid}/complete",
    ability="task:act",
    body=Completion,
    answer=one("Instance"),
    refusals=(400, 404, 409),
)
async def complete_step(call: Call) -> Response:
    """Complete a form, cast a vote, or choose where a ticket goes."""
    return await complete(call, call.id("id", "Instance"), call.path("sid"), call.body)


async def complete(call: Call, run_id: str, step: str, body: Completion) -> Response:
    """Complete a step of a run with a person's answer; shows the instance as it is then."""
    return await _command(
        call,
        commands.CompleteStep(
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            run_id=run_id,
            step=step,
            answer=body.model_dump(exclude_none=True),
        ),
    )


@resource.endpoint(
    "POST",
    "/workflows/instances/{id}/cancel",
    ability="run:write",
    body=Reason,
    answer=one("Instance"),
    refusals=(404, 409),
)
async def cancel_instance(call: Call) -> Response:
    """End an instance at once; what it did is undone where the template says how."""
    run = await readable_run(call, call.id("id", "Instance"))
    if call.caller.role != "admin" and run.owner_id != call.caller.user_id:
        raise Refusal("forbidden", "Only its owner or an admin may cancel it.", code="not_owner")
    return await _command(
        call,
        commands.CancelRun(
            tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=run.id, reason=call.body.reason
        ),
    )


@resource.endpoint(
    "POST",
    "/workflows/instances/{id}/steps/{sid}/reassign",
    ability="run:write",
    body=Reassign,
    answer=one("Instance"),
    refusals=(400, 404, 409),
)
async def reassign_step(call: Call) -> Response:
    """Hand a step to somebody else (admins and leads)."""
    to = call.body.to if isinstance(call.body.to, dict) else {"user": call.body.to}
    return await _command(
        call,
        commands.ReassignStep(
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            run_id=call.id("id", "Instance"),
            step=call.path("sid"),
            to=to,
        ),
    )


@resource.endpoint(
    "POST",
    "/workflows/instances/{id}/steps/{sid}/skip",
    ability="run:write",
    body=Skip,
    answer=one("Instance"),
    refusals=(400, 404, 409),
)
async def skip_step(call: Call) -> Response:
    """Leave a stuck step with an outcome of one's choosing (admins and leads)."""
    return await _command(
        call,
        commands.SkipStep(
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            run_id=call.id("id", "Instance"),
            step=call.path("sid"),
            outcome=call.body.outcome,
            reason=call.body.reason,
        ),
    )


@resource.endpoint(
    "POST",
    "/workflows/instances/{id}/steps/{sid}/override",
    ability="run:write",
    body=Override,
    answer=one("Instance"),
    refusals=(400, 404, 409),
)
async def override_step(call: Call) -> Response:
    """Decide an approval without a vote (admins and leads); recorded as an override."""
    return await _command(
        call,
        commands.OverrideStep(
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            run_id=call.id("id", "Instance"),
            step=call.path("sid"),
            decision=call.body.decision,
            reason=call.body.reason,
        ),
    )


async def _command(call: Call, command: RunCommand) -> Response:
    try:
        return await call.submit(command, _shown)
    except Refusal as refusal:
        if refusal.code == "already_completed":
            await _say_who(call, refusal, command)
        if refusal.kind in ("forbidden", "conflict") and not await _may_know(call, command.run_id):
            raise not_found("Instance") from None
        raise


def _shown(answer: RunAnswer, status: int = 200) -> Response:
    run = answer.run
    return data(instance(run, answer.graph), status)


async def _say_who(call: Call, refusal: Refusal, command: RunCommand) -> None:
    """Add to "already completed" who did it and when."""
    step: str = command.step  # type: ignore[attr-defined]
    found = await call.read(read_visits, tenant_id=call.caller.tenant_id, run_ids=[command.run_id])
    done = [v.visit for v in found.get(command.run_id, []) if step in (v.visit.id, v.visit.step_id)]
    if done:
        by = done[-1].completed_by
        name = await call.read(name_of, by) if by else "Wayline"
        refusal.details |= {"completed_by": by, "completed_at": done[-1].completed_at, "status": done[-1].status}
        if done[-1].outcome is None:
            refusal.message = f"That step was withdrawn at {done[-1].completed_at:%Y-%m-%d %H:%M:%S} UTC."
            return
        refusal.message = f"That step was already completed by {name} at {done[-1].completed_at:%Y-%m-%d %H:%M:%S} UTC."


def name_of(connection: sa.Connection, user_id: str) -> str:
    """What a person is called."""
    from wayline.store.tables import users

    return connection.execute(sa.select(users.c.name).where(users.c.id == user_id)).scalar_one_or_none() or "somebody"


async def shown_instances(call: Call, runs: list[Run]) -> list[dict[str, Any]]:
    """Runs as instances, with the visits of those that went through a step more than once."""
    looped = [r.id for r in runs if needs_history(r)]
    visits: dict[str, list[StoredVisit]] = {}
    if looped:
        visits = await call.read(read_visits, tenant_id=call.caller.tenant_id, run_ids=looped)
    return [await _with_addresses(call, run, visits.get(run.id)) for run in runs]


async def _with_addresses(call: Call, run: Run, visits: list[StoredVisit] | None) -> dict[str, Any]:
    """The instance; for its owner and admins with the addresses at which its steps wait to be called back."""
    graph = await graph_of(call, run)
    shown = instance(run, graph, visits)
    urls = callback_urls(call.wayline, run, graph) if is_mine(call, run) else {}
    for step in shown["step_instances"] if urls else ():
        if step["id"] in urls:
            step["callback_url"] = urls[step["id"]]
    return shown


async def graph_of(call: Call, run: Run) -> Graph:
    """The graph a run walks."""
    graphs = call.wayline.door.graphs
    kept = graphs.kept(run.template_id, run.template_version)
    if kept is not None:
        return kept
    found: Graph = await call.read(graphs.get, run.template_id, run.template_version)
    return found


async def readable_run(call: Call, run_id: str) -> Run:
    """The run, when the caller may see it: staff, its owner, whoever it asks something of, else it does not exist."""
    run = await run_of(call, run_id)
    if run is None or not await sees(call, run):
        raise not_found("Instance")
    return run


async def run_of(call: Call, run_id: str) -> Run | None:
    """A run of the caller's tenant, whoever may see it."""
    database = call.wayline.database
    if database.is_sqlite:
        state = database.state_of_run(run_id, call.caller.tenant_id)
    else:
        state = await run_in_threadpool(database.state_of_run, run_id, call.caller.tenant_id)
    return None if state is None else decode(state)


async def sees(call: Call, run: Run) -> bool:
    """Whether the caller may know of the run: staff, its owner, and whoever something of it is offered to."""
    if call.caller.is_staff or run.owner_id == call.caller.user_id:
        return True
    offered = {a.group_id for a in run.open} | {a.assigned_to for a in run.open} | {a.claimed_by for a in run.open}
    offered |= {c for a in run.open for c in a.candidates}
    return not offered.isdisjoint(await call.read(own_keys, call))


def own_keys(connection: sa.Connection, call: Call, scope: str = "all") -> list[str]:
    """The audiences the caller answers to: themselves and those they stand in for (`mine`), their groups (`group`)."""
    directory = call.wayline.tenants.current(connection, {call.caller.tenant_id})[call.caller.tenant_id].directory
    me = call.caller.user_id
    personal = [me, *sorted(directory.stands_in_for(me, call.wayline.clock.now()))]
    groups = list(directory.groups_of.get(me, ()))
    return {"mine": personal, "group": groups, "all": [*personal, *groups]}[scope]


async def _may_know(call: Call, run_id: str) -> bool:
    run = await run_of(call, run_id)
    return run is not None and await sees(call, run)


async def ticket_id_of(call: Call, name: str) -> str:
    """The id of a ticket the caller may see, named by id or number."""
    return str((await visible_ticket(call, name)).ticket["id"])


def _id_in(what: str, value: str) -> str:
    if not ID_PATTERN.fullmatch(value):
        raise not_found(what)
    return value.lower()


def _filter_id(value: str | None) -> str | None:
    if value is not None and not ID_PATTERN.fullmatch(value):
        raise issue("template_id", "template_id is a UUID.")
    return value
