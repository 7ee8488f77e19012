"""Escalations: who is told when a customer has waited too long, in business minutes."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field
from starlette.responses import Response

from wayline.api import business_hours
from wayline.api.administration_conventions import (
    Asked,
    Number,
    administration,
    needs,
    noted,
    reading,
    write,
    writing,
)
from wayline.api.answer_shapes import holding
from wayline.api.endpoint import Call
from wayline.api.mailboxes import Address
from wayline.api.problems import issue, json
from wayline.core.escalation import MAX_ESCALATIONS, MAX_MINUTES
from wayline.core.facts import Directory
from wayline.core.refusals import Issue, invalid, not_found
from wayline.core.ticket import PRIORITIES
from wayline.engine.door import Transaction
from wayline.store import escalations as stored
from wayline.store.calendars import default_calendar
from wayline.store.directory import touch
from wayline.store.escalations import StoredEscalation
from wayline.store.holiday_feeds import state_of
from wayline.store.queues import read_queue

resource = administration("Escalations")
escalating = needs("escalations")
FIELDS = ("minutes", "action", "recipient", "email", "repeat_minutes", "queue_id", "priority", "group")


class NewEscalation(Asked):
    """After how many business minutes, and who is told how; without filters it is for every ticket. `email` is the
    address, where the recipient is one; `group` an id, slug or name."""

    minutes: int = Field(strict=True, ge=1, le=MAX_MINUTES)
    action: Literal["notify", "email"]
    recipient: Literal["assignee", "address"]
    email: Address | None = None
    repeat_minutes: int | None = Field(None, strict=True, ge=1, le=MAX_MINUTES)
    queue_id: Number | None = None
    priority: Literal["P1", "P2", "P3", "P4", "critical", "high", "medium", "low"] | None = None
    group: str | None = Field(None, min_length=1, max_length=200)


class EscalationChanges(Asked):
    """What is left out stays, but for the address where the recipient is none any more; null takes away what there need
    not be."""

    id: Number
    minutes: int = Field(1, strict=True, ge=1, le=MAX_MINUTES)
    action: Literal["notify", "email"] = "notify"
    recipient: Literal["assignee", "address"] = "assignee"
    email: Address | None = None
    repeat_minutes: int | None = Field(None, strict=True, ge=1, le=MAX_MINUTES)
    queue_id: Number | None = None
    priority: Literal["P1", "P2", "P3", "P4", "critical", "high", "medium", "low"] | None = None
    group: str | None = Field(None, min_length=1, max_length=200)


class OneEscalation(Asked):
    """Which escalation."""

    id: Number


@resource.endpoint(
    "POST",
    "/escalations",
    **reading(escalating),
    answer=holding(escalations=["Escalation"], business_hours="BusinessHours"),
)
async def list_desk_escalations(call: Call) -> Response:
    """Every escalation, the soonest first, and the hours they count by."""
    return json(await call.read(_listed, tenant_id=call.caller.tenant_id))


def _listed(connection: sa.Connection, *, tenant_id: str) -> dict[str, Any]:
    calendar = default_calendar(connection, tenant_id=tenant_id)
    feed = state_of(connection, tenant_id=tenant_id, calendar_id=calendar.id) if calendar is not None else None
    return {
        "escalations": stored.list_escalations(connection, tenant_id=tenant_id),
        "business_hours": business_hours.shown(calendar, feed),
    }


@resource.endpoint(
    "POST", "/escalations/create", **writing(NewEscalation, escalating), answer=holding(escalation="Escalation")
)
async def create_escalation(call: Call) -> Response:
    """A new escalation. Tickets whose customers wait already are timed by it too."""
    body: NewEscalation = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> StoredEscalation:
        touch(tx.connection, tenant_id)
        fields = _fields(tx, tenant_id, body.model_dump())
        if len(stored.list_escalations(tx.connection, tenant_id=tenant_id)) >= MAX_ESCALATIONS:
            raise issue("minutes", f"A desk has at most {MAX_ESCALATIONS} escalations.", "too_many")
        number = stored.insert_escalation(tx.connection, tenant_id=tenant_id, fields=fields)
        return _written(tx, call, "escalation.created", number, fields)

    return await write(call, change, _shown)


@resource.endpoint(
    "POST",
    "/escalations/update",
    **writing(EscalationChanges, escalating),
    answer=holding(escalation="Escalation"),
    refusals=(404,),
)
async def update_escalation(call: Call) -> Response:
    """Change an escalation. Tickets whose customers wait are timed anew; what has fired in a wait has fired."""
    body: EscalationChanges = call.body
    tenant_id, given = call.caller.tenant_id, call.body.model_dump(exclude_unset=True, exclude={"id"})

    def change(tx: Transaction) -> StoredEscalation:
        touch(tx.connection, tenant_id)
        before = _known(tx, tenant_id, body.id)
        kept = {name: getattr(before, name) for name in FIELDS}
        if given.get("recipient") == "assignee":
            kept["email"] = None
        fields = _fields(tx, tenant_id, kept | given)
        stored.update_escalation(tx.connection, tenant_id=tenant_id, number=before.id, fields=fields)
        return _written(tx, call, "escalation.updated", before.id, fields)

    return await write(call, change, _shown)


@resource.endpoint(
    "POST",
    "/escalations/delete",
    **writing(OneEscalation, escalating),
    answer=holding(deleted=True),
    refusals=(404,),
)
async def delete_escalation(call: Call) -> Response:
    """Remove an escalation: it fires no more."""
    body: OneEscalation = call.body
    tenant_id = call.caller.tenant_id

    def change(tx: Transaction) -> None:
        touch(tx.connection, tenant_id)
        _known(tx, tenant_id, body.id)
        stored.delete_escalation(tx.connection, tenant_id=tenant_id, number=body.id)
        stored.time_anew(tx.connection, tenant_id=tenant_id, at=tx.at)
        noted(tx, call, "escalation.deleted", body.id)

    return await write(call, change, lambda _: json({"deleted": True}))


# -- what the calls share --------------------------------------------------------------------------


def _shown(escalation: StoredEscalation) -> Response:
    return json({"escalation": escalation})


def _known(tx: Transaction, tenant_id: str, number: int) -> StoredEscalation:
    found = stored.read_escalation(tx.connection, tenant_id=tenant_id, number=number)
    if found is None:
        raise not_found("Escalation")
    return found


def _written(tx: Transaction, call: Call, action: str, number: int, fields: dict[str, Any]) -> StoredEscalation:
    tenant_id = call.caller.tenant_id
    stored.time_anew(tx.connection, tenant_id=tenant_id, at=tx.at)
    noted(tx, call, action, number, fields)
    return _known(tx, tenant_id, number)


def _fields(tx: Transaction, tenant_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are kept; refuses what does not go together, and names that nobody has."""
    assert tx.tenant is not None
    issues = list(_of_recipient(wanted, tx.tenant.directory))
    queue_id = wanted["queue_id"]
    if queue_id is not None and read_queue(tx.connection, tenant_id=tenant_id, number=queue_id) is None:
        issues.append(Issue("queue_id", "There is no such queue.", "unknown_queue"))
    group = tx.tenant.directory.group(wanted["group"])
    if wanted["group"] is not None and group is None:
        issues.append(Issue("group", "There is no such group.", "unknown_group"))
    if issues:
        raise invalid(*issues)
    priority = PRIORITIES[wanted["priority"]] if wanted["priority"] is not None else None
    return {**wanted, "priority": priority, "group": group.id if group is not None else None}


def _of_recipient(wanted: dict[str, Any], directory: Directory) -> list[Issue]:
    if wanted["recipient"] == "assignee":
        is_stray = wanted["email"] is not None
        return [Issue("email", "Only where the recipient is an address.", "unexpected")] if is_stray else []
    if wanted["email"] is None:
        return [Issue("email", "Write the address.", "required")]
    if wanted["action"] == "notify" and directory.person(wanted["email"]) is None:
        return [Issue("email", "Nobody at this desk has that address; mail it instead.", "unknown_person")]
    return []
