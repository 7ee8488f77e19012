"""Runs as surface 002 has them: beginning one, reading those one may see, and what has happened to them."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import bare, sliced
from wayline.api.endpoint import ID_PATTERN, Call, Resource
from wayline.api.instance_view import needs_history
from wayline.api.instances import graph_of
from wayline.api.problems import json
from wayline.api.run_calls import MAX_VISITS_SHOWN, SeenRun, shown, visible_run
from wayline.api.run_view import Beside, event_shown, run_shown
from wayline.api.runs_conventions import Slice, listed
from wayline.core import commands
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.run import Run
from wayline.engine.answers import RunAnswer
from wayline.store.database import new_id
from wayline.store.incidents import open_incidents_of
from wayline.store.runs import latest_visits, list_runs
from wayline.store.templates import read_template
from wayline.store.timeline import TimelineEvent, read_events

resource = Resource("Runs")
MAX_EVENTS_SHOWN = 1000
MAX_SEQ = 2**53
READERS_OF_TEMPLATES = ("manager", "admin")


class Beginning(BaseModel):
    """Which published template to run, and the values of the variables it declares."""

    model_config = ConfigDict(extra="forbid")

    template_id: str
    input: dict[str, Any] = Field(default_factory=dict)


class RunList(Slice):
    """Filters of the list."""

    status: Literal["pending", "running", "waiting_approval", "paused", "completed", "failed", "cancelled"] | None = (
        None
    )
    owner: Literal["me", "all"] = Field("me", description="`all` shows everybody's, to admins.")
    archived: bool = Field(False, description="Whether archived runs are shown too.")


class EventList(Slice):
    """Which part of the timeline."""

    after_seq: int | None = Field(None, ge=-1, le=MAX_SEQ, description="Only events after this one.")


@resource.endpoint(
    "POST",
    "/workflows",
    ability="run:write",
    body=Beginning,
    answer=bare("Run"),
    status=201,
    refusals=(404, 409),
)
async def start_run(call: Call) -> Response:
    """Start a published template. The answer is the run as it was created; its first steps are taken with it, and show
    from the next read on."""
    body: Beginning = call.body
    if not ID_PATTERN.fullmatch(body.template_id):
        raise not_found("Template")
    at = call.wayline.clock.now()
    command = commands.StartRun(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=new_id(),
        template_id=body.template_id.lower(),
        owner_id=call.caller.user_id,
        variables=body.input,
        declared_only=True,
        trigger_type="api",
        trigger_detail=f"Started by {call.caller.name}",
    )

    def created(answer: RunAnswer) -> Response:
        assert answer.created is not None
        return json(run_shown(answer.created, answer.graph, Beside(at=at)), 201)

    try:
        return await call.submit(command, created)
    except Refusal as refusal:
        if refusal.kind == "not_found":
            raise await call.read(_why_not, call, command.template_id) from refusal
        raise _of_input(refusal) from refusal


def _why_not(connection: sa.Connection, call: Call, template_id: str) -> Refusal:
    """The refusal of a template that cannot be started: there is none that the caller may know of, or in which state it
    is instead."""
    found = read_template(connection, tenant_id=call.caller.tenant_id, template_id=template_id)
    if found is None or call.caller.role not in READERS_OF_TEMPLATES:
        return not_found("Template")
    state = found.status if found.status != "published" else "inactive"
    return Refusal(
        "conflict",
        f"The template “{found.name}” is {state}; only a published, active one can be started.",
        code="template_not_published",
        details={"state": state, "allowed": []},
    )


def _of_input(refusal: Refusal) -> Refusal:
    """The refusal with its fields named as this surface's body has them."""
    if not any(issue.path.startswith("variables.") for issue in refusal.issues):
        return refusal
    return invalid(*(Issue(i.path.replace("variables.", "input.", 1), i.message, i.code) for i in refusal.issues))


@resource.endpoint("GET", "/workflows", ability="run:read", query=RunList, answer=sliced("Run"))
async def list_own_runs(call: Call) -> Response:
    """One's own runs, the newest first, each with the latest visit to each of its steps."""
    query: RunList = call.query
    if query.owner == "all" and call.caller.role != "admin":
        raise Refusal("forbidden", "Only admins see everybody's runs.", code="role", details={"roles": ["admin"]})
    runs, total = await call.read(
        list_runs,
        tenant_id=call.caller.tenant_id,
        statuses=(query.status,) if query.status else (),
        owner_id=None if query.owner == "all" else call.caller.user_id,
        archived=query.archived,
        limit=query.limit,
        offset=query.offset,
    )
    incidents = await call.read(
        open_incidents_of, tenant_id=call.caller.tenant_id, subject_ids=[run.id for run in runs]
    )
    items = [
        shown(call, SeenRun(run, is_mine=True), await graph_of(call, run), incident=incidents.get(run.id))
        for run in runs
    ]
    return listed(items, total, query)


@resource.endpoint("GET", "/workflows/{id}", ability="run:read", answer=bare("RunInFull"))
async def get_run(call: Call) -> Response:
    """One run: every visit to its steps, its approvals, and its latest events. Besides its owner and admins, whom it
    asks or has asked to approve may see it."""
    seen = await visible_run(call)
    beside, events = await call.read(_everything_of, seen.run)
    in_full = shown(call, seen, await graph_of(call, seen.run), **beside)
    return json(in_full | {"events": [event_shown(event) for event in events], "events_total": seen.run.seq})


def _everything_of(connection: sa.Connection, run: Run) -> tuple[dict[str, Any], list[TimelineEvent]]:
    """What is shown beside the run's own value, and its latest events."""
    named = {"tenant_id": run.tenant_id, "run_id": run.id}
    visits = latest_visits(connection, **named, limit=MAX_VISITS_SHOWN) if needs_history(run) else None
    incidents = open_incidents_of(connection, tenant_id=run.tenant_id, subject_ids=[run.id])
    from_seq = max(0, run.seq - MAX_EVENTS_SHOWN)
    events = read_events(
        connection, tenant_id=run.tenant_id, subject_id=run.id, from_seq=from_seq, limit=MAX_EVENTS_SHOWN
    )
    return {"incident": incidents.get(run.id), "visits": visits}, events


@resource.endpoint("GET", "/workflows/{id}/events", ability="run:read", query=EventList, answer=sliced("RunEvent"))
async def list_events(call: Call) -> Response:
    """What has happened to the run, in order. `offset` counts from the first event, or the one after `after_seq`."""
    query: EventList = call.query
    run = (await visible_run(call)).run
    offset = query.offset + (0 if query.after_seq is None else query.after_seq + 1)
    events = await call.read(
        read_events, tenant_id=call.caller.tenant_id, subject_id=run.id, from_seq=offset, limit=query.limit
    )
    return listed([event_shown(e) for e in events], run.seq, query.model_copy(update={"offset": offset}))
