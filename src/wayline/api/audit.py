"""The audit: who has changed what about people, access and the desk's set-up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field
from starlette.responses import Response

from wayline.api.administration import ADMIN, IdFilter
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import issue, json
from wayline.store.audit import list_audit

resource = Resource("Audit")
FIRST_YEAR, LAST_YEAR = 1971, 9000


class AuditList(Paging):
    """Filters: the action (`user.updated`), its subject (`user`) and id, who acted, and a period `since`–`until`.

    `q` is a part of the action.
    """

    sort: Literal["at"] = "at"
    action: str | None = Field(None, max_length=100)
    subject: str | None = Field(None, max_length=100)
    subject_id: str | None = Field(None, max_length=100)
    actor_id: IdFilter | None = None
    since: datetime | None = None
    until: datetime | None = None


@resource.endpoint("GET", "/audit", ability="admin", roles=ADMIN, query=AuditList, refusals=(400, 403))
async def list_entries(call: Call) -> Response:
    """What has been changed, the newest first."""
    query: AuditList = call.query
    rows, total = await call.read(
        list_audit,
        tenant_id=call.caller.tenant_id,
        action=query.action,
        subject=query.subject,
        subject_id=query.subject_id,
        actor_id=query.actor_id,
        since=_instant("since", query.since),
        until=_instant("until", query.until),
        q=query.q,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([_shown(row) for row in rows], total, query))


def _instant(name: str, given: datetime | None) -> datetime | None:
    if given is None:
        return None
    if not FIRST_YEAR <= given.year < LAST_YEAR:
        raise issue(name, f"Between {FIRST_YEAR} and {LAST_YEAR}.", "out_of_range")
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    actor = {"id": row["actor_id"], "name": row["actor_name"]} if row["actor_id"] else None
    names = ("id", "at", "action", "subject", "subject_id", "detail")
    return {**{name: row[name] for name in names}, "actor": actor}
