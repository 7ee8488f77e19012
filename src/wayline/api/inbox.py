"""The inbox: everything waiting for a person, whatever asks it of them."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource
from wayline.api.instance_view import step_instances
from wayline.api.instances import Completion, complete, graph_of, own_keys, run_of
from wayline.api.problems import data, json
from wayline.core import commands
from wayline.core.refusals import Refusal, not_found
from wayline.store.inbox import DoneItem, InboxItem, count_found, count_inbox, read_done, read_inbox, read_item
from wayline.store.interventions import run_of_item

resource = Resource("Inbox")
Kind = Literal["entry", "form", "approval", "routing", "intervention"]
LABELS = {
    "form": ("To fill in", "info"),
    "approval": ("To decide", "warning"),
    "routing": ("To route", "info"),
    "intervention": ("To answer", "warning"),
}
ICONS = {"form": "forms", "approval": "thumb-up", "routing": "route", "intervention": "message-question"}
MAX_BULK = 100


class InboxList(Paging):
    """Filters of the inbox. `scope`: mine is addressed to me in person, group to my groups, all is both."""

    status: Literal["open", "done"] = "open"
    kind: Kind | None = None
    scope: Literal["mine", "group", "all"] = "all"


class BulkAction(BaseModel):
    """What to do with each: `claim`, `release`, or `complete` with its answer."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["claim", "release", "complete"]
    answer: Completion | None = None


class Bulk(BaseModel):
    """Items, and what to do with them."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field(min_length=1, max_length=MAX_BULK)
    do: BulkAction


@resource.endpoint("GET", "/inbox", ability="task:act", query=InboxList, refusals=(400,))
async def list_inbox(call: Call) -> Response:
    """What waits for the caller, newest first, with counts by kind; `status=done` shows what they have done."""
    query: InboxList = call.query
    if query.status == "done":
        done, total = await call.read(
            read_done,
            tenant_id=call.caller.tenant_id,
            user_id=call.caller.user_id,
            kind=query.kind,
            limit=query.limit,
            offset=query.offset,
        )
        return json({"data": [_done(i) for i in done], "meta": _meta(query, total, {})})
    items, counts, total = await call.read(_open_items, call, query)
    return json({"data": [_shown(i) for i in items], "meta": _meta(query, total, counts)})


def _open_items(connection: sa.Connection, call: Call, query: InboxList) -> tuple[list[InboxItem], dict[str, int], int]:
    """The page, how many there are of each kind, and how many the filters leave."""
    mine: dict[str, Any] = {"tenant_id": call.caller.tenant_id, "keys": own_keys(connection, call, query.scope)}
    items = read_inbox(connection, **mine, kind=query.kind, q=query.q, limit=query.limit, offset=query.offset)
    counts = count_inbox(connection, **mine)
    if query.q:
        return items, counts, count_found(connection, **mine, kind=query.kind, q=query.q)
    return items, counts, counts.get(query.kind, 0) if query.kind else sum(counts.values())


def _meta(query: InboxList, total: int, counts: dict[str, int]) -> dict[str, Any]:
    pages = -(-total // query.limit)
    meta = {"total": total, "page": query.page, "limit": query.limit, "total_pages": pages}
    return meta | ({"counts": counts} if query.status == "open" else {})


@resource.endpoint("POST", "/inbox/bulk", ability="task:act", body=Bulk, refusals=(400,))
async def bulk(call: Call) -> Response:
    """Do one thing to many items; each has a result of its own."""
    results = []
    for item_id in call.body.ids:
        try:
            await _do(call, item_id, call.body.do)
            results.append({"id": item_id, "ok": True})
        except Refusal as refusal:
            results.append({"id": item_id, "ok": False, "code": refusal.code, "message": refusal.message})
    return data(results)


async def _do(call: Call, item_id: str, wanted: BulkAction) -> None:
    if wanted.action == "complete":
        item = await _item(call, item_id)
        await complete(call, item.run_id, item.id, wanted.answer or Completion())
    else:
        await _claim_or_release(call, item_id, release=wanted.action == "release")


@resource.endpoint("GET", "/inbox/{id}", ability="task:act", refusals=(404,))
async def get_item(call: Call) -> Response:
    """One item with what it asks for: its form, its options, or the votes so far."""
    item = await _item(call, call.id("id", "Item"))
    run = await run_of(call, item.run_id)
    if run is None:
        raise not_found("Item")
    steps = step_instances(run, await graph_of(call, run), [])
    step = next((s for s in steps if s["id"] == item.id), None)
    return data(_shown(item) | {"step": step, "variables": run.variables})


@resource.endpoint("POST", "/inbox/{id}/complete", ability="task:act", body=Completion, refusals=(400, 404, 409))
async def complete_item(call: Call) -> Response:
    """Complete the work: the same body as completing a step."""
    item_id = call.id("id", "Item")
    return await complete(call, await _run_of(call, item_id), item_id, call.body)


async def _run_of(call: Call, item_id: str) -> str:
    """The run of an item. What remotes ask is offered to many: staff who come too late are told who was quicker, and
    not that there is nothing."""
    try:
        return (await _item(call, item_id)).run_id
    except Refusal:
        asked = await call.read(run_of_item, tenant_id=call.caller.tenant_id, item_id=item_id)
        if asked is None or not call.caller.is_staff:
            raise
        return asked


@resource.endpoint("POST", "/inbox/{id}/claim", ability="task:act", refusals=(404, 409))
async def claim(call: Call) -> Response:
    """Take a group's work for oneself; it leaves the others' inboxes."""
    await _claim_or_release(call, call.id("id", "Item"), release=False)
    return data(_shown(await _item(call, call.path("id"))))


@resource.endpoint("POST", "/inbox/{id}/release", ability="task:act", refusals=(404, 409))
async def release(call: Call) -> Response:
    """Give claimed work back to the group."""
    await _claim_or_release(call, call.id("id", "Item"), release=True)
    return data(_shown(await _item(call, call.path("id"))))


async def _claim_or_release(call: Call, item_id: str, *, release: bool) -> None:
    item = await _item(call, item_id, even_if_claimed=True)
    kind = commands.ReleaseStep if release else commands.ClaimStep
    await call.wayline.door.submit(
        kind(tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=item.run_id, step=item.id)
    )


async def _item(call: Call, item_id: str, *, even_if_claimed: bool = False) -> InboxItem:
    """The item, when it is offered to the caller; admins see all, and a group's member sees who has claimed it.
    A malformed id is an item that does not exist."""
    if not ID_PATTERN.match(item_id):
        raise not_found("Item")

    def find(connection: sa.Connection) -> InboxItem | None:
        found = read_item(connection, tenant_id=call.caller.tenant_id, item_id=item_id.lower())
        if found is None:
            return None
        item, audience = found
        keys = set(own_keys(connection, call))
        offered = not keys.isdisjoint(audience) or (even_if_claimed and item.group_id in keys)
        return item if offered or call.caller.role == "admin" else None

    item = await call.read(find)
    if item is None:
        raise not_found("Item")
    return item


def _shown(item: InboxItem) -> dict[str, Any]:
    label, style = LABELS.get(item.kind, (item.kind.title(), "info"))
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "label": label,
        "label_style": style,
        "subtitle": item.ticket_title or item.template_name,
        "icon": ICONS.get(item.kind),
        "summary": None,
        "paths": [],
        "due_at": item.due_at,
        "opened_at": item.opened_at,
        "assigned_to": item.assigned_to,
        "group": item.group_id,
        "claimed_by": item.claimed_by,
        "locked_by": item.claimed_by and {"id": item.claimed_by, "name": item.claimed_by_name},
        "run": {"id": item.run_id, "template_id": item.template_id, "template_name": item.template_name},
        "step_id": item.step_id,
        "ticket": _ticket(item),
    }


def _ticket(item: InboxItem | DoneItem) -> dict[str, Any] | None:
    if item.ticket_id is None:
        return None
    shown = {"id": item.ticket_id, "number": item.ticket_number, "title": item.ticket_title}
    return shown | ({"priority": item.ticket_priority} if isinstance(item, InboxItem) else {})


def _done(item: DoneItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.step_id,
        "label": (item.outcome or "").replace("_", " "),
        "label_style": "success",
        "subtitle": item.ticket_title or item.template_name,
        "completed_at": item.completed_at,
        "outcome": item.outcome,
        "run": {"id": item.run_id, "template_id": item.template_id, "template_name": item.template_name},
        "step_id": item.step_id,
        "ticket": _ticket(item),
    }
