"""Calendars: when the desk is open, for deadlines and waits that count business time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.administration import ADMIN, administer, note
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.api.template_calls import WRITERS as READERS
from wayline.api.template_calls import if_match
from wayline.core.business_time import Calendar, CalendarNeverOpens, add, calendar_from, intervals, next_opening
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.refusals import Refusal, invalid, not_found
from wayline.core.template import issues_of
from wayline.engine.door import Transaction
from wayline.store.audit import changed
from wayline.store.calendars import (
    DEFAULT,
    StoredCalendar,
    delete_calendar,
    insert_calendar,
    is_name_taken,
    list_calendars,
    read_calendar,
    update_calendar,
    uses_of,
)
from wayline.store.directory import touch
from wayline.store.escalations import time_anew
from wayline.store.holiday_feeds import follow, texts_of

resource = Resource("Calendars")
MAX_WINDOW = timedelta(days=400)
MAX_BUSINESS_MINUTES = 60 * 24 * 366 * 5
READ_ONLY = frozenset({"id", "version", "created_at", "updated_at"})


def _with_plus(value: Any) -> Any:
    """In a query, the unescaped + of an offset is a space."""
    return value.replace(" ", "+") if isinstance(value, str) else value


class CalendarList(Paging):
    """The list is by name."""

    sort: Literal["name"] = "name"
    order: Literal["asc", "desc"] = "asc"


class CalendarBody(BaseModel):
    """A calendar's fields, and whether it is the desk's default."""

    model_config = ConfigDict(extra="allow")

    is_default: bool | None = None

    def fields(self) -> dict[str, Any]:
        """What is said of the calendar itself."""
        return {name: value for name, value in (self.model_extra or {}).items() if name not in READ_ONLY}


class Preview(BaseModel):
    """From when on, and how many open minutes; negative ones count back."""

    model_config = ConfigDict(extra="forbid")

    from_: AwareDatetime = Field(alias="from")
    business_minutes: float = Field(ge=-MAX_BUSINESS_MINUTES, le=MAX_BUSINESS_MINUTES, allow_inf_nan=False)


class Window(BaseModel):
    """The instants between which the open hours are wanted; at most 400 days apart."""

    from_: Annotated[AwareDatetime, BeforeValidator(_with_plus)] = Field(alias="from")
    to: Annotated[AwareDatetime, BeforeValidator(_with_plus)]


@resource.endpoint("GET", "/calendars", ability="workflow:read", roles=READERS, query=CalendarList, refusals=(400,))
async def list_all_calendars(call: Call) -> Response:
    """The desk's calendars, by name."""
    query: CalendarList = call.query
    found, total = await call.read(
        list_calendars,
        tenant_id=call.caller.tenant_id,
        q=query.q,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([shown(calendar) for calendar in found], total, query))


@resource.endpoint(
    "POST",
    "/calendars",
    ability="workflow:write",
    roles=ADMIN,
    body=CalendarBody,
    status=201,
    refusals=(400, 409),
)
async def create_calendar(call: Call) -> Response:
    """Add a calendar; a new default takes the place of the one before."""
    body: CalendarBody = call.body
    definition = await run_in_threadpool(definition_of, body.fields(), call.wayline.clock.now())
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> StoredCalendar:
        _hold(tx, tenant_id)
        _refuse_taken(tx, tenant_id, definition["name"])
        calendar_id = insert_calendar(
            tx.connection,
            tenant_id=tenant_id,
            definition=definition,
            is_default=bool(body.is_default),
            at=tx.at,
        )
        return _written(tx, call, calendar_id, "calendar.created", {"name": definition["name"]})

    return await administer(call, write, lambda calendar: data(shown(calendar), 201))


@resource.endpoint("GET", "/calendars/{id}", ability="workflow:read", roles=READERS, refusals=(404,))
async def get_calendar(call: Call) -> Response:
    """One calendar."""
    return data(shown(await _calendar(call)))


@resource.endpoint(
    "PUT",
    "/calendars/{id}",
    ability="workflow:write",
    roles=ADMIN,
    body=CalendarBody,
    refusals=(400, 404, 409),
)
async def change_calendar(call: Call) -> Response:
    """Change some of a calendar's fields. What is under way keeps the deadlines it has. Published templates name
    calendars, so one that they name keeps its name."""
    body: CalendarBody = call.body
    seen, before = if_match(call), await _calendar(call)
    now = call.wayline.clock.now()
    definition = await run_in_threadpool(definition_of, {**before.definition, **body.fields()}, now)
    tenant_id = call.caller.tenant_id

    def write(tx: Transaction) -> StoredCalendar:
        _hold(tx, tenant_id)
        held = read_calendar(tx.connection, tenant_id=tenant_id, calendar_id=before.id, lock=True)
        if held is None:
            raise not_found("Calendar")
        if held.version != (before.version if seen is None else seen):
            said = f"The calendar has changed since: it is at version {held.version}."
            raise Refusal("conflict", said, code="stale", details={"version": held.version})
        is_default = held.is_default if body.is_default is None else body.is_default
        if is_default == held.is_default and definition == held.definition:
            return held
        if definition["name"] != held.name:
            _refuse_taken(tx, tenant_id, definition["name"], but=held.id)
            _refuse_used(tx, tenant_id, held.name)
        if held.is_default and not is_default:
            _refuse_used(tx, tenant_id, DEFAULT)
        update_calendar(
            tx.connection,
            tenant_id=tenant_id,
            calendar_id=held.id,
            definition=definition,
            is_default=is_default,
            at=tx.at,
        )
        detail = changed({**held.definition, "is_default": held.is_default}, {**definition, "is_default": is_default})
        return _written(tx, call, held.id, "calendar.updated", {"name": definition["name"], "fields": sorted(detail)})

    return await administer(call, write, lambda calendar: data(shown(calendar)))


@resource.endpoint("DELETE", "/calendars/{id}", ability="workflow:write", roles=ADMIN, status=204, refusals=(404, 409))
async def remove_calendar(call: Call) -> Response:
    """Remove a calendar that no published template counts by."""
    calendar_id, tenant_id = call.id("id", "Calendar"), call.caller.tenant_id

    def write(tx: Transaction) -> None:
        _hold(tx, tenant_id)
        held = read_calendar(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id, lock=True)
        if held is None:
            raise not_found("Calendar")
        _refuse_used(tx, tenant_id, held.name)
        if held.is_default:
            _refuse_used(tx, tenant_id, DEFAULT)
        delete_calendar(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id)
        follow(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id, url=None, at=tx.at)
        time_anew(tx.connection, tenant_id=tenant_id, at=tx.at)
        note(tx, call, "calendar.deleted", calendar_id, {"name": held.name})
        tx.publish(tenant_id, "calendar.changed", {"id": calendar_id})

    return await administer(call, write, lambda _: Response(status_code=204))


@resource.endpoint(
    "POST", "/calendars/{id}/preview", ability="workflow:read", roles=READERS, body=Preview, refusals=(400, 404, 409)
)
async def preview_calendar(call: Call) -> Response:
    """The instant that lies so many open minutes after another."""
    body: Preview = call.body
    calendar = await _built(call)
    due_at = await run_in_threadpool(add, calendar, body.from_, body.business_minutes * 60)
    return data({"due_at": due_at, "from": body.from_, "business_minutes": body.business_minutes})


@resource.endpoint(
    "GET", "/calendars/{id}/intervals", ability="workflow:read", roles=READERS, query=Window, refusals=(400, 404, 409)
)
async def open_intervals(call: Call) -> Response:
    """When the desk is open between two instants."""
    window: Window = call.query
    if window.to - window.from_ > MAX_WINDOW:
        raise issue("to", f"At most {MAX_WINDOW.days} days.", "too_long")
    calendar = await _built(call)
    found = await run_in_threadpool(lambda: list(intervals(calendar, window.from_, window.to)))
    items = [{"start": start, "end": end} for start, end in found]
    return json({"data": items, "meta": {"total": len(items), "page": 1, "limit": len(items), "total_pages": 1}})


# -- what the calls share --------------------------------------------------------------------------


def shown(calendar: StoredCalendar) -> dict[str, Any]:
    """A calendar as the surfaces show it."""
    return {
        "id": calendar.id,
        **calendar.definition,
        "is_default": calendar.is_default,
        "version": calendar.version,
        "created_at": calendar.created_at,
        "updated_at": calendar.updated_at,
    }


def definition_of(fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The fields as a calendar is kept; refuses every bad one, and hours that never come."""
    try:
        definition = CalendarDefinition.model_validate(fields)
    except ValidationError as error:
        raise invalid(*issues_of(error, written=fields)) from error
    try:
        next_opening(calendar_from(definition), at)
    except CalendarNeverOpens as never:
        raise issue("holidays", never.message, never.code) from never
    return definition.model_dump(mode="json")


async def _calendar(call: Call) -> StoredCalendar:
    found = await call.read(read_calendar, tenant_id=call.caller.tenant_id, calendar_id=call.id("id", "Calendar"))
    if found is None:
        raise not_found("Calendar")
    return found


async def _built(call: Call) -> Calendar:
    """The calendar in the path, with the holidays that were fetched for it."""
    calendar = await _calendar(call)
    fetched = await call.read(texts_of, call.caller.tenant_id)
    try:
        definition = CalendarDefinition.model_validate(calendar.definition)
        return calendar_from(definition, fetched_ical_text=fetched.get(calendar.id))
    except ValidationError as error:
        said = f"{calendar.name} cannot be read; write it anew."
        raise Refusal("conflict", said, code="calendar_unreadable") from error


def _hold(tx: Transaction, tenant_id: str) -> None:
    """Say that the directory changes, first of all: the tenant's row keeps other writers' calendars and templates off
    until this is committed."""
    touch(tx.connection, tenant_id)


def _refuse_taken(tx: Transaction, tenant_id: str, name: str, *, but: str | None = None) -> None:
    if is_name_taken(tx.connection, tenant_id=tenant_id, name=name, but=but):
        raise Refusal("conflict", f"There is a calendar called {name}.", code="name_taken")


def _refuse_used(tx: Transaction, tenant_id: str, name: str) -> None:
    uses = uses_of(tx.connection, tenant_id=tenant_id, name=name)
    if uses:
        names = ", ".join(f"“{use.name}”" for use in uses)
        which = "the default calendar" if name == DEFAULT else name
        raise Refusal("conflict", f"{names} count by {which}.", code="in_use", details={"templates": uses})


def _written(tx: Transaction, call: Call, calendar_id: str, action: str, detail: dict[str, Any]) -> StoredCalendar:
    tenant_id = call.caller.tenant_id
    note(tx, call, action, calendar_id, detail)
    return take_effect(tx, tenant_id=tenant_id, calendar_id=calendar_id)


def take_effect(tx: Transaction, *, tenant_id: str, calendar_id: str) -> StoredCalendar:
    """Have what was written of a calendar followed by what depends on it: the holidays read from its address, and the
    escalations of tickets that wait."""
    tx.publish(tenant_id, "calendar.changed", {"id": calendar_id})
    written = read_calendar(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id)
    assert written is not None
    url = written.definition.get("holidays", {}).get("ical_url")
    follow(tx.connection, tenant_id=tenant_id, calendar_id=calendar_id, url=url, at=tx.at)
    time_anew(tx.connection, tenant_id=tenant_id, at=tx.at)
    return written
