"""Business hours: when the desk is open. They are its default calendar; other calendars have names of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.administration import note
from wayline.api.administration_conventions import administration, needs, write, writing
from wayline.api.answer_shapes import holding
from wayline.api.calendars import definition_of, take_effect
from wayline.api.endpoint import Call
from wayline.api.problems import issue, json
from wayline.core.calendar_definition import CalendarDefinition
from wayline.engine.door import Transaction
from wayline.store.calendars import StoredCalendar, default_calendar, insert_calendar, is_name_taken, update_calendar
from wayline.store.directory import touch
from wayline.store.holiday_feeds import FeedState, state_of

resource = administration("Escalations")
NAME = "Business hours"
UNSET = CalendarDefinition(name=NAME, timezone="UTC", mode="always").model_dump(mode="json")
"""The hours of a desk that has not said any: it is always open."""
HOURS = tuple(name for name in CalendarDefinition.model_fields if name != "name")


class Hours(BaseModel):
    """The hours' fields, as a calendar has them; what is left out stays."""

    model_config = ConfigDict(extra="allow")


@resource.endpoint(
    "POST",
    "/business-hours/update",
    **writing(Hours, needs("escalations")),
    answer=holding(business_hours="BusinessHours"),
)
async def update_business_hours(call: Call) -> Response:
    """Change when the desk is open. Escalations of tickets that wait are timed anew; other deadlines stay."""
    given: dict[str, Any] = dict(call.body.model_extra or {})
    if "name" in given:
        raise issue("name", "Hours have no name of their own; /api/v1/calendars gives calendars theirs.")
    tenant_id = call.caller.tenant_id
    before = await call.read(default_calendar, tenant_id=tenant_id)
    await run_in_threadpool(_merged, before, given, call.wayline.clock.now())

    def change(tx: Transaction) -> dict[str, Any]:
        touch(tx.connection, tenant_id)
        held = default_calendar(tx.connection, tenant_id=tenant_id, lock=True)
        definition = _merged(held, given, tx.at)
        if held is None:
            definition["name"] = _free_name(tx, tenant_id)
            calendar_id = insert_calendar(
                tx.connection, tenant_id=tenant_id, definition=definition, is_default=True, at=tx.at
            )
        else:
            calendar_id = held.id
            update_calendar(
                tx.connection,
                tenant_id=tenant_id,
                calendar_id=calendar_id,
                definition=definition,
                is_default=True,
                at=tx.at,
            )
        note(tx, call, "calendar.updated", calendar_id, {"name": definition["name"], "fields": sorted(given)})
        written = take_effect(tx, tenant_id=tenant_id, calendar_id=calendar_id)
        state = state_of(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id)
        return shown(written, state)

    return await write(call, change, lambda hours: json({"business_hours": hours}))


def _merged(held: StoredCalendar | None, given: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The hours with some of their fields replaced; refuses every bad one."""
    base = held.definition if held is not None else UNSET
    fields = {**base, **given, "name": base["name"]}
    kept = base.get("holidays", {}).get("ical_text")
    if kept is not None and isinstance(given.get("holidays"), dict):
        fields["holidays"] = {"ical_text": kept, **given["holidays"]}
    return definition_of(fields, at)


def _free_name(tx: Transaction, tenant_id: str) -> str:
    """What the calendar is called: something no other is."""
    name, number = NAME, 2
    while is_name_taken(tx.connection, tenant_id=tenant_id, name=name):
        name, number = f"{NAME} {number}", number + 1
    return name


def shown(calendar: StoredCalendar | None, feed: FeedState | None) -> dict[str, Any]:
    """The hours; `calendar_id` None: none have been said. `ical` tells how reading the address of holidays has gone."""
    definition = calendar.definition if calendar is not None else UNSET
    return {
        "calendar_id": calendar.id if calendar is not None else None,
        **{name: definition.get(name) for name in HOURS},
        "ical": feed,
    }
