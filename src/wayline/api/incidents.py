"""Incidents: what needs a person's eye, and what a person does about it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from wayline.api.administration import ADMIN, note
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, json
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Change, Transaction
from wayline.store import jobs, outbox, timers
from wayline.store.incidents import (
    IncidentFilter,
    StoredIncident,
    close_incident,
    list_incidents,
    names_of_subjects,
    read_incident,
)

resource = Resource("Incidents")


class IncidentList(Paging):
    """Filters of the list: open ones, unless asked otherwise."""

    sort: Literal["last_at", "first_at", "times"] = "last_at"
    status: Literal["open", "resumed", "dismissed", "all"] = "open"
    subject: Literal["run", "ticket", "template", "calendar", "job", "rule"] | None = None
    subject_id: str | None = Field(None, max_length=200)
    code: str | None = Field(None, max_length=100)


@resource.endpoint("GET", "/incidents", ability="admin", roles=ADMIN, query=IncidentList, refusals=(400,))
async def list_all_incidents(call: Call) -> Response:
    """Incidents, those that happened last first."""
    query: IncidentList = call.query
    tenant_id = call.caller.tenant_id
    wanted = IncidentFilter(
        status=None if query.status == "all" else query.status,
        subject=query.subject,
        subject_id=query.subject_id,
        code=query.code,
        q=query.q,
    )
    found, total = await call.read(
        list_incidents,
        tenant_id=tenant_id,
        wanted=wanted,
        sort=query.sort,
        descending=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    names = await call.read(names_of_subjects, tenant_id=tenant_id, found=found)
    return json(page_of([shown(i, names.get((i.subject, i.subject_id))) for i in found], total, query))


@resource.endpoint("POST", "/incidents/{id}/resume", ability="admin", roles=ADMIN, refusals=(404, 409))
async def resume_incident(call: Call) -> Response:
    """Close it and try again what it held: the timers, jobs and commands of its run, or its job, are due at once."""
    answer = await _close(call, "resumed")
    door = call.wayline.door
    if door.on_due is not None:
        door.on_due(door.clock.now())
    return answer


@resource.endpoint("POST", "/incidents/{id}/dismiss", ability="admin", roles=ADMIN, refusals=(404, 409))
async def dismiss_incident(call: Call) -> Response:
    """Close it and leave everything as it is. The same trouble again opens it again."""
    return await _close(call, "dismissed")


async def _close(call: Call, status: Literal["resumed", "dismissed"]) -> Response:
    incident_id, tenant_id = call.id("id", "Incident"), call.caller.tenant_id

    def write(tx: Transaction) -> tuple[StoredIncident, int]:
        incident = read_incident(tx.connection, tenant_id=tenant_id, incident_id=incident_id, lock=True)
        if incident is None:
            raise not_found("Incident")
        if incident.status != "open":
            details = {"status": incident.status, "closed_by": incident.closed_by}
            raise Refusal("conflict", f"It has been {incident.status}.", code="closed", details=details)
        due_again = _tried_again(tx, tenant_id, incident) if status == "resumed" else 0
        by = call.caller.user_id
        close_incident(tx.connection, tenant_id=tenant_id, incident_id=incident_id, status=status, closed_by=by)
        detail = {"subject": incident.subject, "subject_id": incident.subject_id, "code": incident.code}
        note(tx, call, f"incident.{status}", incident_id, detail | {"due_again": due_again})
        tx.publish(tenant_id, "incident.closed", {"id": incident_id, "status": status})
        return msgspec.structs.replace(incident, status=status, closed_by=by), due_again

    change = Change(tenant_id=tenant_id, actor=call.caller.actor, write=write)
    return await call.submit(change, lambda answer: data(shown(answer[0]) | {"due_again": answer[1]}))


def _tried_again(tx: Transaction, tenant_id: str, incident: StoredIncident) -> int:
    """Make due what was held; answers how much that was."""
    connection, subject_id = tx.connection, incident.subject_id
    if incident.subject == "job":
        return jobs.resume(connection, tenant_id=tenant_id, job_id=subject_id, at=tx.at)
    if incident.subject == "rule":
        return outbox.resume(connection, tenant_id=tenant_id, run_id=subject_id, at=tx.at)
    if incident.subject != "run":
        return 0
    return (
        timers.resume(connection, tenant_id=tenant_id, run_id=subject_id, at=tx.at)
        + jobs.resume(connection, tenant_id=tenant_id, run_id=subject_id, at=tx.at)
        + outbox.resume(connection, tenant_id=tenant_id, run_id=subject_id, at=tx.at)
    )


def shown(incident: StoredIncident, name: str | None = None) -> dict[str, Any]:
    """An incident as the surfaces show it; `subject_name` is what people call what it is about."""
    fields = msgspec.structs.asdict(incident)
    return fields | {"subject_name": name} if name is not None else fields
