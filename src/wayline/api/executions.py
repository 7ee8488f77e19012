"""Workflow executions of surface 001: starting them by name, following them, signalling, cancelling, putting away.

Staff see their tenant's, everybody their own and those that ask something of them. Who started one, or an admin, may
cancel and archive it; whoever sees it may signal it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from starlette.responses import Response

from wayline.api.answer_shapes import bare, listed_after
from wayline.api.auth import abilities_of
from wayline.api.callbacks import callback_urls, is_mine
from wayline.api.endpoint import ID_PATTERN, Call, Resource
from wayline.api.execution_view import (
    LATEST_EVENTS,
    STATUSES,
    TRIGGER_TYPES,
    current_step,
    event_shown,
    execution,
    progress,
    status_of,
)
from wayline.api.executions_conventions import (
    PageAfter,
    id_in_path,
    listed,
    not_in_list,
    seconds,
    starting_after,
)
from wayline.api.instances import graph_of, sees
from wayline.api.problems import json
from wayline.api.template_calls import WRITERS, checked_here, facts_of
from wayline.api.ticket_access import visible_ticket
from wayline.core import commands
from wayline.core.graph import Graph
from wayline.core.public_ids import public_id
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.run import Run
from wayline.core.schedule import Schedule
from wayline.engine.answers import RunAnswer
from wayline.engine.door import Change, Transaction
from wayline.engine.publishing import normalised
from wayline.engine.tenant_facts import TenantFacts
from wayline.store import audit
from wayline.store.database import new_id
from wayline.store.executions import (
    ExecutionFilter,
    StoredExecution,
    archive,
    list_executions,
    place_of,
    read_execution,
    read_head,
)
from wayline.store.timeline import TimelineEvent, latest_events, read_timeline

resource = Resource("Executions", prefix="/v1")
MAX_DECISIONS_SHOWN = 10_000
MAX_EPOCH_S = 253_402_300_799
"""The last second of the year 9999."""
Status = Literal["draft", "active", "paused", "completed", "failed", "archived"]
TriggerType = Literal["automatic", "manual", "scheduled", "event_based"]
_WORDS = {"automatic": "rule", "manual": "api", "scheduled": "schedule", "event_based": "signal"}
_DETAILS = {
    "automatic": "Automatically initiated",
    "manual": "Manually initiated",
    "scheduled": "Started on schedule",
    "event_based": "Triggered by an event",
}


def _instant(value: Any) -> Any:
    """An instant as it may be written: seconds since 1970, or ISO 8601 (UTC unless it names a zone)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("start_at is seconds since 1970, or an ISO 8601 time")
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        if not 0 <= value <= MAX_EPOCH_S:
            raise ValueError
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("start_at is seconds since 1970, or an ISO 8601 time") from error


class NewExecution(BaseModel):
    """What to run: the published template of that `name` or `template_id`, or a `definition`; with none of them a run
    without steps, which its signals move."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    task_queue: str = Field(min_length=1, max_length=63)
    trigger_type: TriggerType | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    start_at: Annotated[datetime | None, WithJsonSchema({"type": ["integer", "string", "null"]})] = None
    schedule: Schedule | None = None
    template_id: str | None = Field(None, max_length=100)
    definition: dict[str, Any] | None = None

    @field_validator("name")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("name is not blank")
        return value

    @field_validator("start_at", mode="before")
    @classmethod
    def _readable(cls, value: Any) -> Any:
        return None if value is None else _instant(value)

    @property
    def trigger(self) -> TriggerType:
        """How it starts: as said, else by whether it is timed."""
        return self.trigger_type or ("scheduled" if self.start_at or self.schedule else "manual")


class ExecutionList(PageAfter):
    """Filters of the list."""

    status: Status | None = None
    task_queue: str | None = Field(None, min_length=1, max_length=63)
    trigger_type: TriggerType | None = None


class Signal(BaseModel):
    """What is told. The same `signal_id` again does nothing more."""

    model_config = ConfigDict(extra="forbid")

    signal_name: str = Field(min_length=1, max_length=200)
    payload: Any = None
    signal_id: str | None = Field(None, min_length=1, max_length=200)


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=2_000)


# -- starting and listing --------------------------------------------------------------------------


@resource.endpoint(
    "GET", "/workflows", ability="run:read", query=ExecutionList, answer=listed_after("Execution"), refusals=(400,)
)
async def list_workflows(call: Call) -> Response:
    """Executions, newest first, each with its latest 20 events; archived ones only when asked for."""
    query: ExecutionList = call.query
    owner_id = None if call.caller.is_staff else call.caller.user_id
    wanted = ExecutionFilter(
        statuses=STATUSES[query.status] if query.status else (),
        archived=query.status == "archived",
        task_queue=query.task_queue,
        trigger_types=TRIGGER_TYPES[query.trigger_type] if query.trigger_type else (),
        owner_id=owner_id,
    )
    page = await call.read(
        _page, tenant_id=call.caller.tenant_id, wanted=wanted, after=starting_after(query, "wf"), limit=query.limit + 1
    )
    return listed([await _shown(call, one, events) for one, events in page], query.limit)


def _page(
    connection: sa.Connection, *, tenant_id: str, wanted: ExecutionFilter, after: str | None, limit: int
) -> list[tuple[StoredExecution, list[TimelineEvent]]]:
    place = None
    if after is not None:
        place = place_of(connection, tenant_id=tenant_id, run_id=after, owner_id=wanted.owner_id)
        if place is None:
            raise not_in_list()
    found = list_executions(connection, tenant_id=tenant_id, wanted=wanted, after=place, limit=limit)
    ids = [one.run.id for one in found]
    events = latest_events(connection, tenant_id=tenant_id, run_ids=ids, limit=LATEST_EVENTS)
    return [(one, events.get(one.run.id, [])) for one in found]


@resource.endpoint(
    "POST",
    "/workflows",
    ability="run:write",
    body=NewExecution,
    answer=bare("Execution"),
    status=201,
    refusals=(400, 409, 422),
)
async def create_workflow(call: Call) -> Response:
    """Start an execution, or set one for later; a `schedule` makes it the first of a series.

    `name` is kept as written. It runs the published template of that name (case aside), or the one `template_id` names
    (422 when there is none), or the `definition` itself, which takes the ability `workflow:write` and the role to use
    it. With none of them it has no steps: its signals are its timeline, and `complete` or `fail` ends it.
    `task_queue` goes before the template's own; one that nobody serves is 422.
    """
    body: NewExecution = call.body
    _require_agreement(body)
    tenant = await facts_of(call)
    _require_task_queue(call, body.task_queue)
    ticket_id, ticket_number = await _ticket_in(call, body.input)
    kind = "ticket" if body.trigger == "automatic" and ticket_id else _WORDS[body.trigger]
    command = commands.StartRun(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=new_id(),
        template_id="",
        ticket_id=ticket_id,
        owner_id=call.caller.user_id,
        variables=body.input,
        trigger_type=kind,
        trigger_detail=f"Triggered by ticket {ticket_number}" if kind == "ticket" else _DETAILS[body.trigger],
        name=body.name,
        task_queue=body.task_queue,
        begin_at=body.start_at,
        schedule=body.schedule.model_dump() if body.schedule else None,
    )
    command = await _with_template(call, command, body, tenant)
    try:
        return await call.submit(command, lambda answer: json(_begun(call, answer), 201))
    except Refusal as refusal:
        refusal.issues = tuple(_of_input(i) for i in refusal.issues)
        raise


def _require_agreement(body: NewExecution) -> None:
    """Refuse fields that do not go together, naming the one that is too many or missing."""
    issues = []
    is_timed = body.start_at is not None or body.schedule is not None
    if body.trigger_type == "scheduled" and not is_timed:
        issues.append(Issue("start_at", "scheduled needs start_at or schedule.", "required"))
    if body.trigger_type not in (None, "scheduled") and is_timed:
        path = "start_at" if body.start_at is not None else "schedule"
        issues.append(Issue(path, f"{path} goes with the trigger_type scheduled.", "not_scheduled"))
    if body.template_id is not None and body.definition is not None:
        issues.append(Issue("template_id", "Give template_id or definition, not both.", "one_too_many"))
    if issues:
        raise invalid(*issues)


async def _with_template(
    call: Call, command: commands.StartRun, body: NewExecution, tenant: TenantFacts
) -> commands.StartRun:
    """The command with what it is to run."""
    replace = msgspec.structs.replace
    if body.definition is not None:
        definition = await _own_definition(call, body.definition, body.name)
        return replace(command, template_id=command.run_id, template_version=1, unlisted=True, definition=definition)
    if body.template_id is not None:
        named = body.template_id.lower()
        if not ID_PATTERN.fullmatch(named) or named not in tenant.templates:
            raise Refusal("invalid", "There is no published template with that id.", code="template_not_found")
        return replace(command, template_id=named)
    head = tenant.template_named(body.name)
    if head is not None:
        return replace(command, template_id=head.id)
    return replace(command, template_id=command.run_id, template_version=0, unlisted=True)


async def _own_definition(call: Call, written: dict[str, Any], name: str) -> dict[str, Any]:
    """The definition a run is to have for itself: who may not write templates may not bring one along either."""
    if not call.caller.can("workflow:write") or call.caller.role not in WRITERS:
        raise Refusal(
            "forbidden",
            "Bringing a definition takes the ability workflow:write and the role to write templates.",
            code="ability",
            details={"ability": "workflow:write"},
        )
    definition = normalised({"name": name, **written})
    checked = await checked_here(call, definition)
    if checked.errors:
        issues = [Issue(f"definition.{p.path}" if p.path else "definition", p.message, p.code) for p in checked.errors]
        message = issues[0].message if len(issues) == 1 else f"{len(issues)} things are wrong with the definition."
        raise Refusal("invalid", message, issues=issues)
    return definition


def _require_task_queue(call: Call, name: str) -> None:
    known = call.wayline.settings.every_task_queue
    if name not in known:
        raise Refusal(
            "invalid", f"task_queue is one of {', '.join(known)}.", code="unknown_task_queue", details={"known": known}
        )


async def _ticket_in(call: Call, given: dict[str, Any]) -> tuple[str | None, str | None]:
    """The ticket that `input.ticket_id` names, by id or number, when there is one that the caller may see."""
    named = given.get("ticket_id")
    if not isinstance(named, str):
        return None, None
    try:
        ticket = (await visible_ticket(call, named)).ticket
    except Refusal:
        return None, None
    return str(ticket["id"]), str(ticket["number"])


def _of_input(found: Issue) -> Issue:
    """What the core calls a variable is an input here."""
    path = found.path
    return msgspec.structs.replace(found, path="input" + path.removeprefix("variables")) if path else found


def _begun(call: Call, answer: RunAnswer) -> dict[str, Any]:
    urls = callback_urls(call.wayline, answer.run, answer.graph)
    return execution(answer.run, answer.graph, answer.said, archived=False, urls=urls)


# -- one of them -----------------------------------------------------------------------------------


@resource.endpoint("GET", "/workflows/{id}", ability="run:read", answer=bare("Execution"), refusals=(404,))
async def get_workflow(call: Call) -> Response:
    """One execution with its whole timeline, up to ten thousand decisions of it; `timeline_total` counts all events."""
    return json(await _whole(call, await _visible(call)))


async def _whole(call: Call, found: StoredExecution) -> dict[str, Any]:
    events = await call.read(
        read_timeline, tenant_id=call.caller.tenant_id, subject_id=found.run.id, rows=MAX_DECISIONS_SHOWN
    )
    return await _shown(call, found, events)


@resource.endpoint("GET", "/workflows/{id}/status", ability="run:read", answer=bare("Progress"), refusals=(404,))
async def get_workflow_status(call: Call) -> Response:
    """Where an execution is. Sent with the `ETag` of an earlier answer as `If-None-Match`, it is answered 304 without
    a body while nothing has happened to it."""
    run_id = id_in_path(call, "wf", "Workflow")
    head = await call.read_one(read_head, tenant_id=call.caller.tenant_id, run_id=run_id)
    if head is None:
        raise not_found("Workflow")
    etag = f'W/"{head.version}{"a" if head.archived else ""}"'
    is_known = etag in [tag.strip() for tag in call.request.headers.get("if-none-match", "").split(",")]
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known and (call.caller.is_staff or head.owner_id == call.caller.user_id):
        return Response(status_code=304, headers=headers)
    found = await _visible(call)
    if is_known:
        return Response(status_code=304, headers=headers)
    graph = await graph_of(call, found.run)
    return json(progress(found.run, graph, archived=found.archived, at=call.wayline.clock.now()), headers=headers)


@resource.endpoint(
    "POST",
    "/workflows/{id}/signal",
    ability="signal",
    body=Signal,
    answer=bare("SignalAccepted"),
    refusals=(400, 404, 409, 413),
)
async def signal_workflow(call: Call) -> Response:
    """Tell an execution something. A step that waits for the name takes it, else it is kept for the first that will.

    `approval_received` with `{approved_by, decision, approval_id?, comment?}` votes at once: a voter's own vote, or
    with the ability `signal:on-behalf` somebody else's. Several open approvals need the id (409).
    """
    body: Signal = call.body
    found = await _visible(call)
    command = commands.SendSignal(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=found.run.id,
        name=body.signal_name,
        payload=body.payload,
        signal_id=body.signal_id,
        on_behalf=_may_speak_for_others(call),
    )

    def accepted(answer: RunAnswer) -> Response:
        return json(
            {
                "id": public_id("wf", answer.run.id),
                "signal_name": body.signal_name,
                "accepted": True,
                "repeated": answer.repeated,
                "status": status_of(answer.run, archived=found.archived),
                "current_step": current_step(answer.run, answer.graph),
            }
        )

    return await call.submit(command, accepted)


def _may_speak_for_others(call: Call) -> bool:
    """Whether the token carries the ability and its owner's role may have it: `*` gives no more than the role does."""
    ability = "signal:on-behalf"
    return call.caller.can(ability) and ability in abilities_of(call.caller.role)


@resource.endpoint(
    "POST",
    "/workflows/{id}/cancel",
    ability="run:write",
    body=Reason,
    answer=bare("ExecutionCancelled"),
    refusals=(404, 409),
)
async def cancel_workflow(call: Call) -> Response:
    """End an execution at once; what it did is undone where its template says how. Answers with the events of it."""
    found = await _own(call)
    command = commands.CancelRun(
        tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=found.run.id, reason=call.body.reason
    )

    def cancelled(answer: RunAnswer) -> Response:
        return json(
            {
                "id": public_id("wf", answer.run.id),
                "status": status_of(answer.run, archived=False),
                "cancelled_at": seconds(answer.run.completed_at),
                "timeline": [event_shown(event) for event in answer.said],
            }
        )

    return await call.submit(command, cancelled)


@resource.endpoint(
    "POST", "/workflows/{id}/archive", ability="run:write", answer=bare("Execution"), refusals=(404, 409)
)
async def archive_workflow(call: Call) -> Response:
    """Leave an ended execution out of the usual lists. Doing it twice is done once."""
    found = await _own(call)
    tenant_id, actor, run_id = call.caller.tenant_id, call.caller.actor, found.run.id

    def write(tx: Transaction) -> StoredExecution:
        held = read_execution(tx.connection, tenant_id=tenant_id, run_id=run_id)
        if held is None:
            raise not_found("Workflow")
        if not held.run.ended:
            said = f"It is {status_of(held.run, archived=False)}; only what has ended is archived."
            raise Refusal("conflict", said, code="not_ended", details={"status": status_of(held.run, archived=False)})
        if not held.archived:
            archive(tx.connection, tenant_id=tenant_id, run_id=run_id)
            audit.record(
                tx.connection, tenant_id=tenant_id, at=tx.at, actor=actor, action="run.archived", subject_id=run_id
            )
            told = {"id": run_id, "status": held.run.status, "ticket_id": held.run.ticket_id}
            tx.publish(tenant_id, "run.changed", {**told, "owner": held.run.owner_id})
        return StoredExecution(held.run, True)

    answer = await call.wayline.door.submit(Change(tenant_id=tenant_id, actor=actor, write=write))
    return json(await _whole(call, answer))


# -- who may ---------------------------------------------------------------------------------------


async def _visible(call: Call) -> StoredExecution:
    """The execution in the path, when the caller may see it."""
    run_id = id_in_path(call, "wf", "Workflow")
    found = await call.read_one(read_execution, tenant_id=call.caller.tenant_id, run_id=run_id)
    if found is None or not await sees(call, found.run):
        raise not_found("Workflow")
    return found


async def _own(call: Call) -> StoredExecution:
    """The same, when the caller may end it: its owner and admins."""
    found = await _visible(call)
    if not is_mine(call, found.run):
        raise Refusal("forbidden", "Only its owner or an admin may do that.", code="not_owner")
    return found


async def _shown(call: Call, found: StoredExecution, events: Sequence[TimelineEvent]) -> dict[str, Any]:
    graph: Graph = await graph_of(call, found.run)
    run: Run = found.run
    urls = callback_urls(call.wayline, run, graph) if is_mine(call, run) else {}
    return execution(run, graph, events, archived=found.archived, urls=urls)
