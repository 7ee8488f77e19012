"""Resolution categories: in what ways tickets are resolved, each with a colour, in an order of the desk's own."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.responses import Response

from wayline.api.administration_conventions import (
    Asked,
    Name,
    Number,
    administration,
    in_use,
    needs,
    noted,
    reading,
    write,
    writing,
)
from wayline.api.answer_shapes import holding, several_bare
from wayline.api.endpoint import Call
from wayline.api.problems import issue, json
from wayline.core.facts import MAX_CATEGORIES
from wayline.core.refusals import not_found
from wayline.engine.door import Transaction
from wayline.store import resolution_categories as stored
from wayline.store.directory import touch
from wayline.store.name_uses import uses_of
from wayline.store.resolution_categories import StoredCategory

resource = administration("Resolution categories")
tracking = needs("resolution_tracking")

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]


class NewCategory(Asked):
    """What it is called, and its colour as `#rrggbb`."""

    name: Name
    colour: Colour


class CategoryChanges(Asked):
    """What is left out stays."""

    id: Number
    name: Name = ""
    colour: Colour = ""


class OneCategory(Asked):
    """Which category."""

    id: Number


class Order(Asked):
    """Every category's id, once."""

    ids: list[Number] = Field(max_length=MAX_CATEGORIES)


@resource.endpoint("POST", "/resolution-categories", **reading(tracking), answer=several_bare("ResolutionCategory"))
async def list_resolution_categories(call: Call) -> Response:
    """Every category in its order, and whether a ticket has it."""
    return json(await call.read(stored.list_categories, tenant_id=call.caller.tenant_id))


@resource.endpoint(
    "POST",
    "/resolution-categories/create",
    **writing(NewCategory, tracking),
    answer=holding(category="ResolutionCategory"),
)
async def create_resolution_category(call: Call) -> Response:
    """A new category, behind all others."""
    body: NewCategory = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> StoredCategory:
        touch(tx.connection, tenant_id)
        known = stored.list_categories(tx.connection, tenant_id=tenant_id)
        _refuse_taken(known, body.name)
        if len(known) >= MAX_CATEGORIES:
            raise issue("name", f"A desk has at most {MAX_CATEGORIES} categories.", "too_many")
        number = stored.insert_category(tx.connection, tenant_id=tenant_id, name=body.name, colour=body.colour)
        noted(tx, call, "resolution_category.created", number, {"name": body.name})
        return _known(tx, tenant_id, number)

    return await write(call, change, _shown)


@resource.endpoint(
    "POST",
    "/resolution-categories/update",
    **writing(CategoryChanges, tracking),
    answer=holding(category="ResolutionCategory"),
    refusals=(404, 409),
)
async def update_resolution_category(call: Call) -> Response:
    """Another name or colour. Its tickets go with the name; templates and rules that name it keep it from changing."""
    body: CategoryChanges = call.body
    tenant_id, given = call.caller.tenant_id, call.body.model_dump(exclude_unset=True)

    def change(tx: Transaction) -> StoredCategory:
        touch(tx.connection, tenant_id)
        before = _known(tx, tenant_id, body.id)
        name, colour = given.get("name", before.name), given.get("colour", before.colour)
        _refuse_taken(stored.list_categories(tx.connection, tenant_id=tenant_id), name, but=before.id)
        if name != before.name:
            _refuse_named(tx, tenant_id, before)
        stored.update_category(tx.connection, tenant_id=tenant_id, category=before, name=name, colour=colour)
        detail = {"name": [before.name, name], "colour": [before.colour, colour]}
        noted(tx, call, "resolution_category.updated", before.id, detail)
        return _known(tx, tenant_id, before.id)

    return await write(call, change, _shown)


@resource.endpoint(
    "POST",
    "/resolution-categories/delete",
    **writing(OneCategory, tracking),
    answer=holding(deleted=True),
    refusals=(404, 409),
)
async def delete_resolution_category(call: Call) -> Response:
    """Remove a category that nothing needs: 409 says what does."""
    body: OneCategory = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> None:
        touch(tx.connection, tenant_id)
        category = _known(tx, tenant_id, body.id)
        _refuse_named(tx, tenant_id, category, with_tickets=True)
        stored.delete_category(tx.connection, tenant_id=tenant_id, number=category.id)
        noted(tx, call, "resolution_category.deleted", category.id, {"name": category.name})

    return await write(call, change, lambda _: json({"deleted": True}))


@resource.endpoint(
    "POST",
    "/resolution-categories/reorder",
    **writing(Order, tracking),
    answer=several_bare("ResolutionCategory"),
)
async def reorder_resolution_categories(call: Call) -> Response:
    """Put every category in this order."""
    body: Order = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> list[StoredCategory]:
        touch(tx.connection, tenant_id)
        known = [category.id for category in stored.list_categories(tx.connection, tenant_id=tenant_id)]
        if sorted(body.ids) != sorted(known):
            raise issue("ids", "Name every category once, and nothing else.", "not_all_once")
        stored.reorder_categories(tx.connection, tenant_id=tenant_id, numbers=body.ids)
        noted(tx, call, "resolution_category.reordered", 0, {"ids": body.ids})
        return stored.list_categories(tx.connection, tenant_id=tenant_id)

    return await write(call, change, json)


# -- what the calls share --------------------------------------------------------------------------


def _shown(category: StoredCategory) -> Response:
    return json({"category": category})


def _known(tx: Transaction, tenant_id: str, number: int) -> StoredCategory:
    for category in stored.list_categories(tx.connection, tenant_id=tenant_id):
        if category.id == number:
            return category
    raise not_found("Resolution category")


def _refuse_taken(known: list[StoredCategory], name: str, *, but: int | None = None) -> None:
    if any(other.id != but and other.name.casefold() == name.casefold() for other in known):
        raise issue("name", f"There is a resolution category called “{name}”.", "name_taken")


def _refuse_named(tx: Transaction, tenant_id: str, category: StoredCategory, *, with_tickets: bool = False) -> None:
    uses: dict[str, Any] = {}
    if with_tickets:
        # Held first: a ticket that is being given it at this moment is then seen.
        stored.lock_category(tx.connection, tenant_id=tenant_id, number=category.id)
        if held := stored.how_many_have(tx.connection, tenant_id=tenant_id, name=category.name):
            uses["tickets"] = held
    uses |= uses_of(tx.connection, tenant_id=tenant_id, field="resolution_category", name=category.name)
    if uses:
        raise in_use(category.name, uses)
