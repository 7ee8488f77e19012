"""The inbox: everything waiting for a person, whatever asks it of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource
from wayline.api.entries import Choice, choosing, entry_in_full, entry_of, locking
from wayline.api.entry_view import done_of_row, face_of_row
from wayline.api.instance_view import step_instances
from wayline.api.instances import Completion, complete, graph_of, own_keys, run_of
from wayline.api.problems import data, json
from wayline.core import commands
from wayline.core.refusals import Refusal, not_found
from wayline.store.entries import ShownEntry, retired_entries, shown_entries
from wayline.store.inbox import DoneItem, InboxItem, count_found, count_inbox, read_done, read_inbox, read_item
from wayline.store.interventions import run_of_item

resource = Resource("Inbox")
ENTRY = "entry"
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
    """Filters of the inbox. `scope`: mine is addressed to me in person, group to my groups, all is both. Entries are
    called `active` and `retired`, which means the same as `open` and `done`."""

    status: Literal["open", "done", "active", "retired"] = "open"
    kind: Kind | None = None
    scope: Literal["mine", "group", "all"] = "all"


class BulkAction(BaseModel):
    """What to do with each: `claim`, `release`, `complete` with its `answer`, `lock`, `unlock`, or `choose` with a
    `path` and its `data`."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["claim", "release", "complete", "choose", "lock", "unlock"]
    answer: Completion | None = None
    path: str | None = Field(None, min_length=1, max_length=200)
    data: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _with_a_path(self) -> BulkAction:
        if self.action == "choose" and self.path is None:
            raise ValueError("choose needs a path")
        return self


class Bulk(BaseModel):
    """Items, and what to do with them."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field(min_length=1, max_length=MAX_BULK)
    do: BulkAction


@resource.endpoint("GET", "/inbox", ability="task:act", query=InboxList, refusals=(400,))
async def list_inbox(call: Call) -> Response:
    """What waits for the caller, newest first, with counts by kind; `status=done` shows what they have done."""
    query: InboxList = call.query
    if query.status in ("done", "retired"):
        done, total = await call.read(_done_items, call, query)
        return json({"data": done, "meta": _meta(query, total, None)})
    items, faces, counts, total = await call.read(_open_items, call, query)
    return json({"data": [_with_face(i, faces) for i in items], "meta": _meta(query, total, counts)})


def _done_items(connection: sa.Connection, call: Call, query: InboxList) -> tuple[list[dict[str, Any]], int]:
    """A page of what the caller has done and of their entries that have left the inbox, the latest first."""
    mine = {"tenant_id": call.caller.tenant_id, "user_id": call.caller.user_id}
    until = query.limit + query.offset
    found: list[dict[str, Any]] = []
    total = 0
    if query.kind != ENTRY:
        done, of_work = read_done(connection, **mine, kind=query.kind, limit=until, offset=0)
        found, total = [_done(item) for item in done], of_work
    if query.kind in (None, ENTRY):
        retired, of_entries = retired_entries(connection, **mine, limit=until, offset=0)
        found, total = [*found, *(done_of_row(entry) for entry in retired)], total + of_entries
    found.sort(key=lambda item: (item["completed_at"], item["id"]), reverse=True)
    return found[query.offset : until], total


def _open_items(
    connection: sa.Connection, call: Call, query: InboxList
) -> tuple[list[InboxItem], Mapping[str, ShownEntry], dict[str, int], int]:
    """The page, what its entries show, how many there are of each kind, and how many the filters leave."""
    mine: dict[str, Any] = {"tenant_id": call.caller.tenant_id, "keys": own_keys(connection, call, query.scope)}
    items = read_inbox(connection, **mine, kind=query.kind, q=query.q, limit=query.limit, offset=query.offset)
    counts = count_inbox(connection, **mine)
    faces = shown_entries(connection, tenant_id=mine["tenant_id"], ids=[i.id for i in items if i.kind == ENTRY])
    if query.q:
        return items, faces, counts, count_found(connection, **mine, kind=query.kind, q=query.q)
    return items, faces, counts, counts.get(query.kind, 0) if query.kind else sum(counts.values())


def _with_face(item: InboxItem, faces: Mapping[str, ShownEntry]) -> dict[str, Any]:
    """The item, and if it is an entry what that shows."""
    shown = _shown(item)
    return shown | face_of_row(faces[item.id]) if item.id in faces else shown


def _meta(query: InboxList, total: int, counts: dict[str, int] | None) -> dict[str, Any]:
    pages = -(-total // query.limit)
    meta = {"total": total, "page": query.page, "limit": query.limit, "total_pages": pages}
    return meta if counts is None else meta | {"counts": counts}


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
    elif wanted.action in ("choose", "lock", "unlock"):
        await _act_on_entry(call, item_id, wanted)
    else:
        await _claim_or_release(call, item_id, release=wanted.action == "release")


async def _act_on_entry(call: Call, item_id: str, wanted: BulkAction) -> None:
    entry = await entry_of(call, item_id)
    if wanted.action == "choose":
        assert wanted.path is not None
        command: commands.RunCommand = choosing(call, entry, Choice(path=wanted.path, data=wanted.data))
    else:
        command = locking(call, entry, commands.LockEntry if wanted.action == "lock" else commands.UnlockEntry)
    await call.wayline.door.submit(command)


@resource.endpoint("GET", "/inbox/{id}", ability="task:act", refusals=(404,))
async def get_item(call: Call) -> Response:
    """One item with what it asks for: its form, its options, the votes so far, or its paths with their behaviours. An
    entry is shown when it has left the inbox, too."""
    try:
        item = await _item(call, call.id("id", "Item"))
    except Refusal:
        return data(await entry_in_full(call, await entry_of(call, call.path("id"))))
    if item.kind == ENTRY:
        return data(await entry_in_full(call, await entry_of(call, item.id)))
    run = await run_of(call, item.run_id)
    if run is None:
        raise not_found("Item")
    steps = step_instances(run, await graph_of(call, run), [])
    step = next((s for s in steps if s["id"] == item.id), None)
    return data(_shown(item) | {"step": step, "variables": run.variables})


@resource.endpoint("POST", "/inbox/{id}/complete", ability="task:act", body=Completion, refusals=(400, 404, 409))
async def complete_item(call: Call) -> Response:
    """Complete the work: the same body as completing a step. An entry is gone on from by choosing."""
    item_id = call.id("id", "Item")
    return await complete(call, await _run_of(call, item_id), item_id, call.body)


async def _run_of(call: Call, item_id: str) -> str:
    """The run of an item. What remotes ask is offered to many: staff who come too late are told who was quicker, and
    not that there is nothing."""
    try:
        item = await _item(call, item_id)
    except Refusal:
        asked = await call.read(run_of_item, tenant_id=call.caller.tenant_id, item_id=item_id)
        if asked is None or not call.caller.is_staff:
            raise
        return asked
    if item.kind == ENTRY:
        raise Refusal("conflict", "It has paths: choose one of them.", code="not_completable")
    return item.run_id


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
    if item.kind == ENTRY:
        raise Refusal("conflict", "A message is each person's own: there is nothing to claim.", code="not_claimable")
    kind = commands.ReleaseStep if release else commands.ClaimStep
    await call.wayline.door.submit(
        kind(tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=item.run_id, step=item.id)
    )


async def _item(call: Call, item_id: str, *, even_if_claimed: bool = False) -> InboxItem:
    """The item, when it is offered to the caller; admins see all, and a group's member sees who has claimed it.
    A malformed id is an item that does not exist."""
    if not ID_PATTERN.fullmatch(item_id):
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
