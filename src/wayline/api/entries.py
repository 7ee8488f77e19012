"""Acting on entries: choosing a path, locking and unlocking by hand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import one
from wayline.api.endpoint import ID_PATTERN, Call, Resource
from wayline.api.entry_view import shown_of_row, shown_of_run
from wayline.api.instances import graph_of, own_keys, run_of
from wayline.api.problems import data
from wayline.api.template_calls import facts_of
from wayline.core import commands
from wayline.core.decision import scope_of
from wayline.core.inbox.behaviors import behaviors_of
from wayline.core.inbox.definition import InboxStep
from wayline.core.inbox.names import names_of
from wayline.core.inbox.scope import Activator, Surroundings
from wayline.core.refusals import not_found
from wayline.engine.answers import RunAnswer
from wayline.store.entries import ShownEntry, read_entry
from wayline.store.tickets import read_ticket

resource = Resource("Inbox")
SUPERVISORS = ("manager", "admin")


class Choice(BaseModel):
    """The path to take, by its label or the step it leads to; what was filled in; and, so that nobody chooses on what
    has moved on unseen, the step the caller saw it at."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=200)
    data: dict[str, Any] = Field(default_factory=dict)
    step: str | None = Field(None, max_length=100)


@resource.endpoint(
    "POST",
    "/inbox/{id}/choose",
    ability="task:act",
    body=Choice,
    answer=one("ChosenEntry"),
    refusals=(400, 403, 404, 409, 423),
)
async def choose(call: Call) -> Response:
    """Take a path. The answer is the entry as it is then, with the behaviours that the path hands over.

    409 when it has moved on (`entry_moved`, with where to) or has left the inbox, 423 when it is locked, with by whom.
    """
    entry = await entry_of(call, call.path("id"))
    directory = (await facts_of(call)).directory

    def render(answer: RunAnswer) -> Response:
        chosen = next(event for event in answer.events if event.event == "entry_chosen")
        item = shown_of_run(answer.run, entry.user_id, directory)
        return data(item | {"behaviors": chosen.data.get("behaviors", [])})

    return await call.submit(choosing(call, entry, call.body), render)


def choosing(call: Call, entry: ShownEntry, body: Choice) -> commands.ChooseEntry:
    """The command for a choice."""
    return commands.ChooseEntry(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        run_id=entry.run_id,
        user_id=entry.user_id,
        path=body.path,
        data=body.data,
        seen_step=body.step,
    )


@resource.endpoint(
    "POST", "/inbox/{id}/lock", ability="task:act", answer=one("InboxEntry"), refusals=(403, 404, 409, 423)
)
async def lock(call: Call) -> Response:
    """Lock an entry: its person may, whoever sent it, managers and admins."""
    return await _lock_or_unlock(call, commands.LockEntry)


@resource.endpoint(
    "POST", "/inbox/{id}/unlock", ability="task:act", answer=one("InboxEntry"), refusals=(403, 404, 409, 423)
)
async def unlock(call: Call) -> Response:
    """Unlock an entry: whoever locked it may, whoever sent it, managers and admins."""
    return await _lock_or_unlock(call, commands.UnlockEntry)


async def _lock_or_unlock(call: Call, kind: type[commands.LockEntry | commands.UnlockEntry]) -> Response:
    entry = await entry_of(call, call.path("id"))
    directory = (await facts_of(call)).directory
    command = locking(call, entry, kind)
    return await call.submit(command, lambda answer: data(shown_of_run(answer.run, entry.user_id, directory)))


def locking(
    call: Call, entry: ShownEntry, kind: type[commands.LockEntry | commands.UnlockEntry]
) -> commands.LockEntry | commands.UnlockEntry:
    """The command for locking or unlocking."""
    return kind(tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=entry.run_id, user_id=entry.user_id)


async def entry_of(call: Call, item_id: str) -> ShownEntry:
    """The entry, in the inbox or not any more, when the caller may know of it: its person and who stands in for them,
    who sent it, managers and admins. Any other does not exist."""
    if not ID_PATTERN.fullmatch(item_id):
        raise not_found("Item")

    def find(connection: sa.Connection) -> ShownEntry | None:
        entry = read_entry(connection, tenant_id=call.caller.tenant_id, item_id=item_id.lower())
        if entry is None:
            return None
        is_starter = call.caller.is_staff and call.caller.user_id in (entry.owner_id, entry.sender_id)
        is_known = call.caller.role in SUPERVISORS or is_starter
        return entry if is_known or entry.user_id in own_keys(connection, call, "mine") else None

    found = await call.read(find)
    if found is None:
        raise not_found("Item")
    return found


async def entry_in_full(call: Call, entry: ShownEntry) -> dict[str, Any]:
    """The entry with the behaviours of its paths, rendered as for its person; for staff, with what it was sent with,
    of which a requester sees what the texts say."""
    run = await run_of(call, entry.run_id)
    if run is None or run.inbox is None:
        raise not_found("Item")
    graph = await graph_of(call, run)
    directory = (await facts_of(call)).directory
    ticket = None
    if run.ticket_id is not None:
        ticket = await call.read(read_ticket, tenant_id=run.tenant_id, name=run.ticket_id, is_id=True)
    around = Surroundings(
        inbox=run.inbox,
        activator=Activator(source=entry.user_id, sinks=(entry.user_id,)),
        directory=directory,
        names=lambda: names_of(run, scope_of(run, ticket, graph), directory, entry.user_id),
    )
    node = graph.nodes.get(entry.step_id)
    step = node.step if node is not None else None
    behaviors = behaviors_of(run, step, around) if isinstance(step, InboxStep) else []
    sent, is_staff = run.inbox.dispatch, call.caller.is_staff
    return shown_of_row(entry) | {
        "behaviors": behaviors,
        "attributes": sent.attributes if sent is not None and is_staff else {},
        "data": run.variables if is_staff else {},
    }
