"""Views: filters saved for a screen. Everybody has their own; staff may share theirs with the tenant."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.administration import is_administrator
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, json
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Change, Transaction
from wayline.store import views

resource = Resource("Views")
MAX_VIEWS = 200
MAX_NAME_CHARS = 200
MAX_FILTER_BYTES = 20_000
SCREEN_PATTERN = r"^[a-z][a-z0-9_-]{0,49}$"


def _small(filters: dict[str, Any]) -> dict[str, Any]:
    if len(msgspec.json.encode(filters)) > MAX_FILTER_BYTES:
        raise ValueError(f"filters have at most {MAX_FILTER_BYTES} bytes")
    return filters


Filters = Annotated[dict[str, Any], AfterValidator(_small)]


class NewView(BaseModel):
    """A name, the screen it is for, and the filters as that screen understands them."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    screen: str = Field(pattern=SCREEN_PATTERN)
    filters: Filters = Field(default_factory=dict)
    shared: bool = False


class ViewChanges(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", min_length=1, max_length=MAX_NAME_CHARS)
    filters: Filters = Field(default_factory=dict)
    shared: bool = False


class ViewList(Paging):
    """`screen` leaves the views of one screen; `q` is a part of the name."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"
    screen: str | None = Field(None, max_length=50)


@resource.endpoint("GET", "/views", query=ViewList, refusals=(400,))
async def list_views(call: Call) -> Response:
    """One's own and the shared views, by name."""
    query: ViewList = call.query
    rows, total = await call.read(
        views.list_views,
        tenant_id=call.caller.tenant_id,
        user_id=call.caller.user_id,
        screen=query.screen,
        q=query.q,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([_shown(call, row) for row in rows], total, query))


@resource.endpoint("GET", "/views/{id}", refusals=(404,))
async def get_view(call: Call) -> Response:
    """One view."""
    row = await call.read_one(views.read_view, **_mine(call), view_id=call.id("id", "View"))
    if row is None:
        raise not_found("View")
    return data(_shown(call, row))


def _mine(call: Call) -> dict[str, str]:
    return {"tenant_id": call.caller.tenant_id, "user_id": call.caller.user_id}


def _shown(call: Call, row: views.Row) -> dict[str, Any]:
    owner = {"id": row["user_id"], "name": row["user_name"]}
    names = ("id", "name", "screen", "filters", "shared", "created_at")
    return {**{name: row[name] for name in names}, "owner": owner, "own": row["user_id"] == call.caller.user_id}


@resource.endpoint("POST", "/views", body=NewView, status=201, refusals=(400, 403, 409))
async def create_view(call: Call) -> Response:
    """Save a view."""
    body: NewView = call.body
    _require_may_share(call, body.shared)

    def write(tx: Transaction) -> views.Row:
        if views.count_views(tx.connection, **_mine(call)) >= MAX_VIEWS:
            raise Refusal("conflict", f"At most {MAX_VIEWS} views each; remove one first.", code="too_many_views")
        view_id = views.add_view(tx.connection, **_mine(call), fields=body.model_dump(), at=tx.at)
        return _known(tx, call, view_id)

    return await call.submit(_change(call, write), lambda row: data(_shown(call, row), 201))


@resource.endpoint("PATCH", "/views/{id}", body=ViewChanges, refusals=(400, 403, 404))
async def update_view(call: Call) -> Response:
    """Change a view of one's own."""
    view_id = call.id("id", "View")
    fields = call.body.model_dump(exclude_unset=True)
    _require_may_share(call, fields.get("shared", False))

    def write(tx: Transaction) -> views.Row:
        row = _known(tx, call, view_id)
        if row["user_id"] != call.caller.user_id:
            raise Refusal("forbidden", "Somebody else shares it; save one of your own.", code="not_yours")
        if fields:
            views.change_view(tx.connection, tenant_id=call.caller.tenant_id, view_id=view_id, fields=fields)
        return _known(tx, call, view_id)

    return await call.submit(_change(call, write), lambda row: data(_shown(call, row)))


@resource.endpoint("DELETE", "/views/{id}", status=204, refusals=(403, 404))
async def delete_view(call: Call) -> Response:
    """Remove a view of one's own; admins remove shared ones too."""
    view_id = call.id("id", "View")

    def write(tx: Transaction) -> None:
        row = _known(tx, call, view_id)
        if row["user_id"] != call.caller.user_id and not is_administrator(call):
            raise Refusal("forbidden", "Somebody else shares it.", code="not_yours")
        views.remove_view(tx.connection, tenant_id=call.caller.tenant_id, view_id=view_id)

    return await call.submit(_change(call, write), lambda _: Response(status_code=204))


def _change(call: Call, write: Any) -> Change:
    return Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)


def _known(tx: Transaction, call: Call, view_id: str) -> views.Row:
    row = views.read_view(tx.connection, **_mine(call), view_id=view_id)
    if row is None:
        raise not_found("View")
    return row


def _require_may_share(call: Call, shared: bool) -> None:
    if shared and not call.caller.is_staff:
        raise Refusal("forbidden", "Sharing is for staff.", code="role")
