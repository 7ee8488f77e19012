"""Groups of people: who works together, and who leads. Staff see members; requesters see names."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.administration import ADMIN, IdFilter, administer, note
from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.core.group_mentions import groups_mentioned
from wayline.core.refusals import Issue, Refusal, not_found
from wayline.engine.door import Transaction
from wayline.store import audit, groups, people
from wayline.store.escalations import escalations_of_group

resource = Resource("Groups")
MAX_NAME_CHARS = 200
MAX_DESCRIPTION_CHARS = 4_000
MAX_NAMED = 10


class NewGroup(BaseModel):
    """A group: its name, and what it is for. Templates call it by the slug, which is made of the name and stays."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    description: str | None = Field(None, max_length=MAX_DESCRIPTION_CHARS)


class GroupChanges(BaseModel):
    """Another name or description; the slug stays."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field("", min_length=1, max_length=MAX_NAME_CHARS)
    description: str | None = Field(None, max_length=MAX_DESCRIPTION_CHARS)


class Member(BaseModel):
    """Who belongs to the group, and as what."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    role_in_group: Literal["member", "lead"] = "member"


class Leaver(BaseModel):
    """Who leaves the group."""

    model_config = ConfigDict(extra="forbid")

    user_id: str


class GroupList(Paging):
    """`q` is a part of the name; `member_id` leaves the groups of a person."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"
    member_id: IdFilter | None = None


@resource.endpoint("GET", "/groups", query=GroupList, refusals=(400, 403))
async def list_groups(call: Call) -> Response:
    """Groups by name."""
    query: GroupList = call.query
    if query.member_id not in (None, call.caller.user_id) and not call.caller.is_staff:
        raise Refusal("forbidden", "Requesters may ask for their own groups.", code="role")
    rows, total = await call.read(
        groups.list_groups,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        member_id=query.member_id,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of(await _shown(call, rows), total, query))


@resource.endpoint("GET", "/groups/{id}", refusals=(404,))
async def get_group(call: Call) -> Response:
    """One group with its members."""
    return data(await _one(call))


async def _one(call: Call) -> dict[str, Any]:
    group_id = call.id("id", "Group")
    row = await call.read_one(groups.read_group, tenant_id=call.caller.tenant_id, group_id=group_id)
    if row is None:
        raise not_found("Group")
    return (await _shown(call, [row]))[0]


async def _shown(call: Call, rows: list[groups.Row]) -> list[dict[str, Any]]:
    """Groups as the caller may see them."""
    if not call.caller.is_staff:
        return [{"id": r["id"], "slug": r["slug"], "name": r["name"]} for r in rows]
    ids = [r["id"] for r in rows]
    members = await call.read(groups.members_of, tenant_id=call.caller.tenant_id, group_ids=ids)
    return [{**r, "members": members.get(r["id"], []), "member_count": len(members.get(r["id"], []))} for r in rows]


@resource.endpoint("POST", "/groups", ability="admin", roles=ADMIN, body=NewGroup, status=201, refusals=(400, 409))
async def create_group(call: Call) -> Response:
    """A new group, without members. 409 when another is called so."""
    body: NewGroup = call.body
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> groups.Row:
        people.lock_directory(tx.connection, tenant_id)
        _refuse_taken_name(tx, tenant_id, body.name)
        slug = groups.free_slug(tx.connection, tenant_id=tenant_id, name=body.name)
        row = groups.add_group(
            tx.connection, tenant_id=tenant_id, slug=slug, name=body.name, description=body.description, at=tx.at
        )
        note(tx, call, "group.created", row["id"], {"name": body.name, "slug": slug})
        return row

    return await administer(call, write, lambda row: data({**row, "members": [], "member_count": 0}, 201))


@resource.endpoint("PATCH", "/groups/{id}", ability="admin", roles=ADMIN, body=GroupChanges, refusals=(400, 404, 409))
async def update_group(call: Call) -> Response:
    """Another name or description."""
    group_id = call.id("id", "Group")
    fields = call.body.model_dump(exclude_unset=True)
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, tenant_id)
        before = _known(tx, tenant_id, group_id)
        if "name" in fields:
            _refuse_taken_name(tx, tenant_id, fields["name"], but=group_id)
        changed = audit.changed(before, fields)
        if changed:
            groups.change_group(tx.connection, tenant_id=tenant_id, group_id=group_id, fields=fields)
            note(tx, call, "group.updated", group_id, {"changes": changed})

    await administer(call, write, lambda _: data(None))
    return data(await _one(call))


@resource.endpoint("DELETE", "/groups/{id}", ability="admin", roles=ADMIN, status=204, refusals=(404, 409))
async def delete_group(call: Call) -> Response:
    """Remove a group. 409 while a template in use mentions it, or work is offered to it; says which."""
    group_id = call.id("id", "Group")
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, tenant_id)
        group = _known(tx, tenant_id, group_id)
        _refuse_mentioned(tx, tenant_id, group)
        _refuse_escalated(tx, tenant_id, group_id)
        _refuse_busy(tx, tenant_id, group_id)
        groups.remove_group(tx.connection, tenant_id=tenant_id, group_id=group_id)
        note(tx, call, "group.deleted", group_id, {"name": group["name"], "slug": group["slug"]})

    return await administer(call, write, lambda _: Response(status_code=204))


def _refuse_mentioned(tx: Transaction, tenant_id: str, group: groups.Row) -> None:
    names = {group["id"], group["slug"].lower(), group["name"].lower()}
    used_by: dict[str, None] = {}
    for template, definition in groups.definitions_in_use(tx.connection, tenant_id=tenant_id):
        if names & groups_mentioned(definition):
            used_by[template] = None
    if used_by:
        shown = list(used_by)[:MAX_NAMED]
        said = f"Templates in use mention it: {', '.join(shown)}{' …' if len(used_by) > MAX_NAMED else ''}"
        raise Refusal("conflict", said, code="group_in_use", details={"templates": list(used_by)})


def _refuse_escalated(tx: Transaction, tenant_id: str, group_id: str) -> None:
    numbers = escalations_of_group(tx.connection, tenant_id=tenant_id, group_id=group_id)
    if numbers:
        said = f"Escalations are for its tickets: {', '.join(map(str, numbers[:MAX_NAMED]))}"
        raise Refusal("conflict", said, code="group_in_use", details={"escalations": numbers})


def _refuse_busy(tx: Transaction, tenant_id: str, group_id: str) -> None:
    items, tickets = groups.open_work_of_group(tx.connection, tenant_id=tenant_id, group_id=group_id)
    if items or tickets:
        said = f"Open work is the group's: {items} work items, {tickets} tickets."
        details = {"work_items": items, "tickets": tickets}
        raise Refusal("conflict", said, code="group_has_work", details=details)


def _known(tx: Transaction, tenant_id: str, group_id: str) -> groups.Row:
    group = groups.read_group(tx.connection, tenant_id=tenant_id, group_id=group_id)
    if group is None:
        raise not_found("Group")
    return group


def _refuse_taken_name(tx: Transaction, tenant_id: str, name: str, but: str | None = None) -> None:
    if groups.is_name_taken(tx.connection, tenant_id=tenant_id, name=name, but=but):
        said = Issue("name", "Another group is called so.", "duplicate")
        raise Refusal("conflict", said.message, code="duplicate_name", issues=[said])


# -- members ---------------------------------------------------------------------------------------


@resource.endpoint(
    "POST", "/groups/{id}/members", ability="admin", roles=ADMIN, body=Member, status=201, refusals=(400, 404)
)
async def put_member(call: Call) -> Response:
    """Add somebody, or make a member a lead or a lead a member. Answers the group."""
    group_id = call.id("id", "Group")
    tenant_id = call.caller.tenant_id
    user_id = call.body.user_id.lower()
    role_in_group: str = call.body.role_in_group

    def write(tx: Transaction) -> dict[str, Any]:
        people.lock_directory(tx.connection, tenant_id)
        group = _known(tx, tenant_id, group_id)
        named = ID_PATTERN.fullmatch(user_id) is not None
        found = people.read_user(tx.connection, tenant_id=tenant_id, user_id=user_id) if named else None
        if found is None or not found["active"]:
            raise issue("user_id", "There is no such active person.", "unknown_user")
        by = {"tenant_id": tenant_id, "group_id": group_id, "user_id": user_id}
        groups.put_member(tx.connection, **by, role_in_group=role_in_group)
        note(tx, call, "group.member_set", group_id, {"user_id": user_id, "role_in_group": role_in_group})
        members = groups.members_of(tx.connection, tenant_id=tenant_id, group_ids=[group_id])[group_id]
        return {**group, "members": members, "member_count": len(members)}

    return await administer(call, write, lambda shown: data(shown, 201))


@resource.endpoint(
    "DELETE", "/groups/{id}/members", ability="admin", roles=ADMIN, body=Leaver, status=204, refusals=(400, 404)
)
async def remove_member_named(call: Call) -> Response:
    """Take somebody out of the group."""
    return await _removed(call, call.body.user_id)


@resource.endpoint(
    "DELETE", "/groups/{id}/members/{user_id}", ability="admin", roles=ADMIN, status=204, refusals=(404,)
)
async def remove_member(call: Call) -> Response:
    """Take somebody out of the group."""
    return await _removed(call, call.path("user_id"))


async def _removed(call: Call, user_id: str) -> Response:
    group_id = call.id("id", "Group")
    tenant_id = call.caller.tenant_id
    if not ID_PATTERN.fullmatch(user_id):
        raise not_found("Member")
    leaver = user_id.lower()

    def write(tx: Transaction) -> None:
        people.lock_directory(tx.connection, tenant_id)
        _known(tx, tenant_id, group_id)
        if not groups.remove_member(tx.connection, tenant_id=tenant_id, group_id=group_id, user_id=leaver):
            raise not_found("Member")
        note(tx, call, "group.member_removed", group_id, {"user_id": leaver})

    return await administer(call, write, lambda _: Response(status_code=204))
