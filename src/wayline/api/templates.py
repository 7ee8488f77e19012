"""Templates: what people write, its draft and its versions; the palette they choose from."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.problems import json
from wayline.api.template_calls import (
    WRITERS,
    author,
    change,
    checked_here,
    checked_view,
    etag,
    head,
    if_match,
    shown,
    task_queue,
    template_of,
)
from wayline.core.plan import max_templates
from wayline.core.refusals import Refusal, not_found
from wayline.core.steps.catalogue import palette
from wayline.core.template import json_schema
from wayline.engine import publishing
from wayline.engine.door import Transaction
from wayline.engine.publishing import Edit, WholeTemplate
from wayline.store.templates import (
    SORTS,
    TemplateFilter,
    count_kept,
    list_templates,
    list_versions,
    live_runs_of,
    read_version,
)

resource = Resource("Templates")
MAX_TRIES = 5
READ_ONLY = frozenset(
    {
        "id",
        "status",
        "version",
        "revision",
        "step_count",
        "active_instances",
        "has_draft",
        "draft",
        "template_id",
        "problems",
        "states_explored",
        "sound",
        "created_by",
        "created_at",
        "updated_at",
    }
)
"""What the detail and the draft show and nobody writes: sent back, it is passed over."""


def _with_plus(value: Any) -> Any:
    """In a query, an unescaped + is a space."""
    return value.replace(" ", "+") if isinstance(value, str) else value


class TemplateList(Paging):
    """Filters of the list. Archived templates are left out unless asked for."""

    sort: Literal[SORTS] = "created_at"  # type: ignore[valid-type]
    status: Literal["draft", "published", "archived", "all"] | None = None
    is_active: bool | None = None
    kind: Literal["workflow", "inbox"] | None = None
    trigger_type: Annotated[
        Literal["manual", "ticket_type", "ticket_type+subtype"] | None, BeforeValidator(_with_plus)
    ] = None
    ticket_type: str | None = Field(None, max_length=100)
    trigger_subtype: str | None = Field(None, max_length=100)


class TemplateBody(BaseModel):
    """A definition (its fields beside these, or whole as `definition`), and whether it starts anything."""

    model_config = ConfigDict(extra="allow")

    is_active: bool | None = None
    note: str | None = Field(None, max_length=2_000)
    definition: dict[str, Any] | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of a definition that stand beside the body's own."""
        return {name: value for name, value in (self.model_extra or {}).items() if name not in READ_ONLY}

    def whole(self) -> dict[str, Any]:
        """The definition."""
        return {**(self.definition or {}), **self.fields()}


class CheckBody(TemplateBody):
    """A definition to check. `template_id` is the template it is a draft of: that one's own name is not taken."""

    template_id: str | None = Field(None, pattern=ID_PATTERN.pattern)


class Note(BaseModel):
    """What is new in the version."""

    model_config = ConfigDict(extra="forbid")

    note: str | None = Field(None, max_length=2_000)


# -- the palette and the format (literal paths before ids) -----------------------------------------


@resource.endpoint("GET", "/workflows/step-types", ability="workflow:read", roles=WRITERS)
async def list_step_types(call: Call) -> Response:
    """Every step type: its words, its outcomes and the JSON Schema of its properties."""
    kinds = palette()
    return json(page_of(kinds, len(kinds), Paging(limit=100)))


@resource.endpoint("GET", "/workflows/template-schema", public=True)
async def get_template_schema(call: Call) -> Response:
    """The JSON Schema of a template, as editors fetch it; it is the whole answer."""
    return json(json_schema())


# -- the list, and new ones ------------------------------------------------------------------------


@resource.endpoint(
    "GET",
    "/workflows/templates",
    ability="workflow:read",
    roles=WRITERS,
    query=TemplateList,
    answer=page("TemplateHead"),
    refusals=(400,),
)
async def list_all_templates(call: Call) -> Response:
    """Templates, newest first."""
    query: TemplateList = call.query
    tenant_id = call.caller.tenant_id
    wanted = TemplateFilter(**{name: getattr(query, name) for name in TemplateFilter.__struct_fields__})
    found, total = await call.read(
        list_templates,
        tenant_id=tenant_id,
        wanted=wanted,
        sort=query.sort,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    live = await call.read(live_runs_of, tenant_id=tenant_id, template_ids=[t.id for t in found])
    return json(page_of([head(t, live.get(t.id, 0)) for t in found], total, query))


async def room_for_another(call: Call) -> None:
    """Refuse what the plan does not allow; a request with a key may be one that was answered before."""
    limit = max_templates(call.caller.plan)
    if limit is None or "idempotency-key" in call.request.headers:
        return
    used = await call.read(count_kept, call.caller.tenant_id)
    if used >= limit:
        raise publishing.no_room(call.caller.plan, limit=limit, used=used)


@resource.endpoint(
    "POST",
    "/workflows/templates",
    ability="workflow:write",
    roles=WRITERS,
    body=TemplateBody,
    yaml=True,
    admit=room_for_another,
    answer=one("Template"),
    status=201,
    refusals=(400, 409),
)
async def create_template(call: Call) -> Response:
    """Publish a definition as a new template, or keep it as a draft with `is_active: false`."""
    body: TemplateBody = call.body
    definition = body.whole()
    checked = await checked_here(call, definition)
    publish = body.is_active is not False

    def write(tx: Transaction) -> WholeTemplate:
        return publishing.create(tx, author(call), definition, checked=checked, publish=publish, note=body.note)

    return await call.submit(change(call, write), lambda whole: shown(whole, checked, status=201))


@resource.endpoint(
    "POST",
    "/workflows/templates/check",
    answer=one("Checked"),
    ability="workflow:read",
    roles=WRITERS,
    body=CheckBody,
    yaml=True,
    refusals=(400,),
)
async def check_template(call: Call) -> Response:
    """Every problem of a definition; nothing is saved."""
    body: CheckBody = call.body
    return json({"data": checked_view(await checked_here(call, body.whole(), template_id=body.template_id))})


# -- one template ----------------------------------------------------------------------------------


@resource.endpoint(
    "GET", "/workflows/templates/{id}", ability="workflow:read", roles=WRITERS, answer=one("Template"), refusals=(404,)
)
async def get_template(call: Call) -> Response:
    """One template with its definition and what is wrong with it."""
    whole = await template_of(call)
    return shown(whole, await checked_here(call, whole.working, template_id=whole.template.id))


@resource.endpoint(
    "PUT",
    "/workflows/templates/{id}",
    answer=one("Template"),
    ability="workflow:write",
    roles=WRITERS,
    body=TemplateBody,
    yaml=True,
    refusals=(400, 404, 409),
)
async def update_template(call: Call) -> Response:
    """Lay these fields over the published definition and publish the result as the next version. `is_active` alone
    switches the template on or off, and brings an archived one back."""
    body: TemplateBody = call.body
    seen = if_match(call)

    async def attempt(whole: WholeTemplate) -> Response:
        wanted = Edit(
            changes=_changes(body, whole), definition=body.definition, is_active=body.is_active, note=body.note
        )
        definition = publishing.to_publish(whole, wanted)
        template_id = whole.template.id
        looked_at = whole.working if definition is None else definition
        checked = await checked_here(call, looked_at, template_id=template_id)

        def write(tx: Transaction) -> WholeTemplate:
            return publishing.edit(
                tx, author(call), template_id, wanted, seen_revision=whole.template.revision, checked=checked
            )

        return await call.submit(change(call, write), lambda written: shown(written, checked))

    return await _on_the_newest(call, seen, attempt)


def _changes(body: TemplateBody, whole: WholeTemplate) -> dict[str, Any]:
    """The body's fields but for those that are as the detail shows them: whoever sends back all they were given, one
    of it changed, has changed that one."""
    now = head(whole.template, whole.active_instances) | {"task_queue": task_queue(whole)}
    return {name: value for name, value in body.fields().items() if name not in now or now[name] != value}


@resource.endpoint(
    "DELETE", "/workflows/templates/{id}", ability="workflow:write", roles=WRITERS, status=204, refusals=(404, 409)
)
async def archive_template(call: Call) -> Response:
    """Archive a template that nothing runs; ended runs keep their version."""
    template_id, seen = call.id("id", "Template"), if_match(call)
    await call.wayline.door.submit(
        change(call, lambda tx: publishing.archive(tx, author(call), template_id, seen_revision=seen))
    )
    return Response(status_code=204)


# -- the draft -------------------------------------------------------------------------------------


@resource.endpoint("GET", "/workflows/templates/{id}/draft", ability="workflow:read", roles=WRITERS, refusals=(404,))
async def get_draft(call: Call) -> Response:
    """The working copy and what is wrong with it."""
    return await _draft(call, await template_of(call))


@resource.endpoint(
    "PUT",
    "/workflows/templates/{id}/draft",
    ability="workflow:write",
    roles=WRITERS,
    body=TemplateBody,
    yaml=True,
    refusals=(400, 404, 409),
)
async def save_draft(call: Call) -> Response:
    """Keep a definition as the working copy, errors and all."""
    template_id, seen = call.id("id", "Template"), if_match(call)
    definition = call.body.whole()
    whole = await call.wayline.door.submit(
        change(call, lambda tx: publishing.save_draft(tx, author(call), template_id, definition, seen_revision=seen))
    )
    return await _draft(call, whole)


@resource.endpoint(
    "DELETE",
    "/workflows/templates/{id}/draft",
    ability="workflow:write",
    roles=WRITERS,
    status=204,
    refusals=(404, 409),
)
async def drop_draft(call: Call) -> Response:
    """Forget the working copy; the published version stays."""
    template_id, seen = call.id("id", "Template"), if_match(call)
    await call.wayline.door.submit(
        change(call, lambda tx: publishing.drop_draft(tx, author(call), template_id, seen_revision=seen))
    )
    return Response(status_code=204)


async def _draft(call: Call, whole: WholeTemplate) -> Response:
    template = whole.template
    if template.draft is None:
        raise not_found("Draft")
    checked = await checked_here(call, template.draft, template_id=template.id)
    answer = {
        "template_id": template.id,
        "definition": template.draft,
        "revision": template.revision,
        "version": template.version,
        "updated_at": template.updated_at,
        **checked_view(checked),
    }
    return json({"data": answer}, headers=etag(template))


@resource.endpoint(
    "POST",
    "/workflows/templates/{id}/publish",
    answer=one("Template"),
    ability="workflow:write",
    roles=WRITERS,
    body=Note,
    refusals=(400, 404, 409),
)
async def publish_draft(call: Call) -> Response:
    """Make the draft the next version; running instances keep theirs."""
    note = call.body.note

    async def attempt(whole: WholeTemplate) -> Response:
        template_id = whole.template.id
        checked = await checked_here(call, whole.template.draft or {}, template_id=template_id)

        def write(tx: Transaction) -> WholeTemplate:
            revision = whole.template.revision
            return publishing.publish_draft(
                tx, author(call), template_id, seen_revision=revision, checked=checked, note=note
            )

        return await call.submit(change(call, write), lambda written: shown(written, checked))

    return await _on_the_newest(call, if_match(call), attempt)


# -- versions --------------------------------------------------------------------------------------


@resource.endpoint(
    "GET",
    "/workflows/templates/{id}/versions",
    ability="workflow:read",
    roles=WRITERS,
    query=Paging,
    refusals=(400, 404),
)
async def get_versions(call: Call) -> Response:
    """The published versions, newest first: who, when, and why."""
    query: Paging = call.query
    template_id = (await template_of(call)).template.id
    found, total = await call.read(
        list_versions,
        tenant_id=call.caller.tenant_id,
        template_id=template_id,
        limit=query.limit,
        offset=query.offset,
    )
    items = [{k: v for k, v in msgspec.structs.asdict(version).items() if k != "definition"} for version in found]
    return json(page_of(items, total, query))


@resource.endpoint(
    "GET", "/workflows/templates/{id}/versions/{n}", ability="workflow:read", roles=WRITERS, refusals=(404,)
)
async def get_version(call: Call) -> Response:
    """One version with its definition."""
    written = call.path("n")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", written):
        raise not_found("Version")
    found = await call.read(
        read_version,
        tenant_id=call.caller.tenant_id,
        template_id=call.id("id", "Template"),
        version=int(written),
    )
    if found is None:
        raise not_found("Version")
    return json({"data": found})


async def _on_the_newest(
    call: Call, seen: int | None, attempt: Callable[[WholeTemplate], Awaitable[Response]]
) -> Response:
    """Try a write on the template as it is now; when somebody is quicker and the caller named no revision, try it
    again on what they left."""
    for _ in range(MAX_TRIES - 1):
        whole = await template_of(call)
        publishing.require_revision(whole, seen)
        try:
            return await attempt(whole)
        except Refusal as refusal:
            if refusal.code != "stale" or seen is not None:
                raise
    return await attempt(await template_of(call))
