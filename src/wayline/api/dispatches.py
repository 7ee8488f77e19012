"""Dispatches: messages with paths, sent to people, and how each of them stands to it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import one, one_in_pages, page
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.entry_view import recipient_shown
from wayline.api.instances import STAFF, run_of
from wayline.api.problems import data, json
from wayline.api.template_calls import WRITERS, facts_of
from wayline.core import commands
from wayline.core.facts import Directory
from wayline.core.inbox.scope import MAX_PEOPLE
from wayline.core.inbox.state import TASK_STATES, UNREACHED, Dispatch, as_shown
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.run import ENDED, Run
from wayline.core.user_query import QueryError, line_and_column, unknown_names
from wayline.engine.answers import RunAnswer
from wayline.store.database import new_id
from wayline.store.entries import (
    Recipient,
    Standing,
    StoredDispatch,
    list_dispatches,
    list_recipients,
    read_dispatch,
    standings,
)
from wayline.store.templates import (
    StoredTemplate,
    TemplateFilter,
    declared_variables,
    find_inbox_template,
    list_templates,
)

resource = Resource("Dispatches")
MAX_SHOWN_ENTRIES = 50
MAX_SENT_BYTES = 256 * 1024
MAX_ISSUES = 100


_encode = msgspec.msgpack.Encoder().encode


class NewDispatch(BaseModel):
    """What to send, to whom, and with what.

    `template` is a published inbox template by id or name; `to` a user query, or ids and e-mail addresses. `attributes`
    come before `data` where texts read either; `title` stands in for the template's own.
    """

    model_config = ConfigDict(extra="forbid")

    template: str = Field(min_length=1, max_length=200)
    to: str | list[str] = Field(description="A user query, or ids and e-mail addresses of people.")
    attributes: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    title: str | None = Field(None, min_length=1, max_length=500)
    due_at: AwareDatetime | None = None


class RecipientList(Paging):
    """A page of the recipients; `task` leaves those whose task is in that state."""

    task: Literal[TASK_STATES] | None = None  # type: ignore[valid-type]


@resource.endpoint(
    "POST",
    "/dispatches",
    ability="run:write",
    roles=STAFF,
    body=NewDispatch,
    answer=one("SentDispatch"),
    status=201,
    refusals=(400, 404, 409, 413),
)
async def send_dispatch(call: Call) -> Response:
    """Send a message: a run of an inbox template whose entries stand in the recipients' inboxes.

    The answer has the dispatch, its run and its first fifty entries; `counts` tells how many there are.
    """
    body: NewDispatch = call.body
    directory = (await facts_of(call)).directory
    if len(_encode([body.attributes, body.data])) > MAX_SENT_BYTES:
        said = f"attributes and data have at most {MAX_SENT_BYTES // 1024} KiB."
        raise Refusal("too_large", said, code="data_too_large")
    _require_people(body.to, directory)
    template_id = await call.read(find_inbox_template, tenant_id=call.caller.tenant_id, named=body.template)
    if template_id is None:
        raise Refusal("not_found", f"No published inbox template is called {body.template}.", code="unknown_template")
    command = commands.StartRun(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=new_id(),
        template_id=template_id,
        owner_id=call.caller.user_id,
        variables=body.data,
        trigger_type="manual",
        trigger_detail=f"Sent by {call.caller.name}",
        dispatch=Dispatch(to=body.to, attributes=body.attributes, title=body.title, due_at=body.due_at),
    )
    return await call.submit(command, lambda answer: _sent(answer, body, call, directory))


def _require_people(to: str | list[str], directory: Directory) -> None:
    """Refuse a query that cannot be read or names what there is not, and people whom nobody knows, all at once."""
    if isinstance(to, list):
        if len(to) > MAX_PEOPLE:
            raise invalid(Issue("to", f"A message reaches at most {MAX_PEOPLE:,} people.", "too_many_people"))
        if not to:
            raise invalid(Issue("to", "It is sent to somebody.", "required"))
        unknown = [(n, name[:100]) for n, name in enumerate(to) if directory.person(name) is None]
        if unknown:
            said = "There is no active person {}."
            raise invalid(*(Issue(f"to[{n}]", said.format(name), "unknown_person") for n, name in unknown[:MAX_ISSUES]))
        return
    try:
        faults = [name for name in unknown_names(to, directory) if name.severity == "error"]
    except QueryError as error:
        line, column = line_and_column(to, error.position)
        said = f"{error} (line {line}, column {column})"
        raise invalid(Issue("to", said[0].upper() + said[1:], "bad_query")) from error
    if faults:
        raise invalid(*(Issue("to", f"{f.message} (at character {f.position})", "unknown_query_name") for f in faults))


def _sent(answer: RunAnswer, body: NewDispatch, call: Call, directory: Directory) -> Response:
    run = answer.run
    assert run.inbox is not None
    shown = {
        "id": run.id,
        "template": {"id": run.template_id, "name": run.template_name},
        "title": run.inbox.title,
        "to": as_shown(body.to),
        "attributes": body.attributes,
        "data": run.variables,
        "due_at": body.due_at,
        "sender": {"id": call.caller.user_id, "name": call.caller.name},
        "sent_by": "person",
        "sent_at": answer.at,
        "status": _face_of_status(run.status),
        "run": {"id": run.id, "status": run.status},
        "counts": _counts(_standing_of(run)),
    }
    first = list(run.inbox.entries)[:MAX_SHOWN_ENTRIES]
    entries = [recipient_shown(run, user_id, directory) for user_id in first]
    whole = {"id": run.id, "template_id": run.template_id, "template_version": run.template_version}
    return data({"dispatch": shown, "run": {**whole, "status": run.status}, "entries": entries}, 201)


def _standing_of(run: Run) -> Standing:
    assert run.inbox is not None
    standing = Standing({}, {})
    for entry in run.inbox.entries.values():
        status = "active" if entry.active else "unreached" if entry.visit == UNREACHED else "retired"
        standing.statuses[status] = standing.statuses.get(status, 0) + 1
        standing.tasks[entry.task] = standing.tasks.get(entry.task, 0) + 1
    return standing


def _counts(standing: Standing) -> dict[str, Any]:
    tasks = {state: standing.tasks[state] for state in TASK_STATES if state in standing.tasks}
    statuses = {word: standing.statuses.get(word, 0) for word in ("active", "retired", "unreached")}
    return {"total": standing.total, **statuses, "tasks": tasks}


def _face_of_status(run_status: str) -> str:
    return "retired" if run_status in ENDED else "active"


@resource.endpoint("GET", "/dispatches", ability="run:read", query=Paging, answer=page("Dispatch"), refusals=(400,))
async def list_all_dispatches(call: Call) -> Response:
    """Messages that were sent, the latest first: managers and admins see the tenant's, others what they have sent."""
    query: Paging = call.query
    found, total, standing = await call.read(_page, call, query)
    return json(page_of([_shown(sent, standing[sent.id]) for sent in found], total, query))


def _page(
    connection: sa.Connection, call: Call, query: Paging
) -> tuple[list[StoredDispatch], int, dict[str, Standing]]:
    tenant_id = call.caller.tenant_id
    found, total = list_dispatches(
        connection,
        tenant_id=tenant_id,
        sender_id=None if call.caller.role in WRITERS else call.caller.user_id,
        q=query.q,
        limit=query.limit,
        offset=query.offset,
    )
    return found, total, standings(connection, tenant_id=tenant_id, run_ids=[sent.id for sent in found])


@resource.endpoint(
    "GET",
    "/dispatches/templates",
    ability="run:write",
    roles=STAFF,
    query=Paging,
    answer=page("SendableTemplate"),
    refusals=(400,),
)
async def list_sendable_templates(call: Call) -> Response:
    """The messages that can be sent, by name: published inbox templates that are active, and the data each asks for."""
    query: Paging = call.query
    found, total, variables = await call.read(_sendable, call, query)
    shown = [
        {"id": each.id, "name": each.name, "description": each.description, "variables": variables.get(each.id, {})}
        for each in found
    ]
    return json(page_of(shown, total, query))


def _sendable(
    connection: sa.Connection, call: Call, query: Paging
) -> tuple[list[StoredTemplate], int, dict[str, dict[str, Any]]]:
    tenant_id = call.caller.tenant_id
    found, total = list_templates(
        connection,
        tenant_id=tenant_id,
        wanted=TemplateFilter(status="published", is_active=True, kind="inbox", q=query.q),
        sort="name",
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    ids = [template.id for template in found]
    return found, total, declared_variables(connection, tenant_id=tenant_id, template_ids=ids)


@resource.endpoint(
    "GET",
    "/dispatches/{id}",
    ability="run:read",
    query=RecipientList,
    answer=one_in_pages("DispatchInFull"),
    refusals=(400, 404),
)
async def get_dispatch(call: Call) -> Response:
    """One message with a page of its recipients and the state of each one's task."""
    query: RecipientList = call.query
    dispatch_id = call.id("id", "Dispatch")
    stored, standing, recipients = await call.read(_whole, call, dispatch_id, query)
    if stored is None or not (call.caller.role in WRITERS or stored.sender_id == call.caller.user_id):
        raise not_found("Dispatch")
    run = await run_of(call, dispatch_id)
    total = standing.tasks.get(query.task, 0) if query.task else standing.total
    shown = _shown(stored, standing) | {
        "data": run.variables if run is not None else {},
        "recipients": [_recipient(recipient) for recipient in recipients],
    }
    return json({"data": shown, "meta": page_of([], total, query)["meta"]})


def _whole(
    connection: sa.Connection, call: Call, dispatch_id: str, query: RecipientList
) -> tuple[StoredDispatch | None, Standing, list[Recipient]]:
    tenant_id = call.caller.tenant_id
    recipients = list_recipients(
        connection, tenant_id=tenant_id, run_id=dispatch_id, task=query.task, limit=query.limit, offset=query.offset
    )
    standing = standings(connection, tenant_id=tenant_id, run_ids=[dispatch_id])[dispatch_id]
    return read_dispatch(connection, tenant_id=tenant_id, dispatch_id=dispatch_id), standing, recipients


def _shown(stored: StoredDispatch, standing: Standing) -> dict[str, Any]:
    return {
        "id": stored.id,
        "template": {"id": stored.template_id, "name": stored.template_name},
        "title": stored.title,
        "to": stored.sent_to,
        "attributes": stored.attributes,
        "due_at": stored.due_at,
        "sender": {"id": stored.sender_id, "name": stored.sender_name} if stored.sender_id else None,
        "sent_by": "script" if stored.by_script else "person",
        "sent_at": stored.sent_at,
        "status": _face_of_status(stored.run_status),
        "run": {"id": stored.id, "status": stored.run_status},
        "counts": _counts(standing),
    }


def _recipient(recipient: Recipient) -> dict[str, Any]:
    return {
        "id": recipient.id,
        "user": {"id": recipient.user_id, "name": recipient.name, "email": recipient.email},
        "status": recipient.status,
        "task": recipient.task,
        "locked_by": {"id": recipient.locked_by, "name": recipient.locked_by_name} if recipient.lock else None,
        "step_id": recipient.step_id,
        "label": recipient.label,
        "changed_at": recipient.changed_at,
    }
