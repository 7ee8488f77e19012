"""Notices to the caller and to the groups they are in, and which of them they have read."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call, Paging, Resource, page_of
from wayline.api.problems import data, json
from wayline.engine.door import Change, Transaction
from wayline.store import notifications as notices

resource = Resource("Notifications")
MAX_IDS = 500


class NotificationList(Paging):
    """`unread=true` leaves what has not been read; `q` is a part of the title."""

    sort: Literal["created_at"] = "created_at"
    unread: bool = False


class Reading(BaseModel):
    """Which are read: some by `ids`, or `all` until now."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] | None = Field(None, max_length=MAX_IDS)
    all: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Reading:
        if (self.ids is None) != self.all:
            raise ValueError("give either ids, or all: true")
        return self


@resource.endpoint("GET", "/notifications", query=NotificationList, refusals=(400,))
async def list_notifications(call: Call) -> Response:
    """Notices, the newest first; `meta.unread` counts those not read, up to 1000."""
    query: NotificationList = call.query
    rows, total, unread = await call.read(_page, call, query)
    page = page_of([_shown(row) for row in rows], total, query)
    return json({**page, "meta": {**page["meta"], "unread": unread}})


def _page(connection: sa.Connection, call: Call, query: NotificationList) -> tuple[list[notices.Row], int, int]:
    reader = notices.reader_of(connection, tenant_id=call.caller.tenant_id, user_id=call.caller.user_id)
    rows, total = notices.list_notifications(
        connection,
        reader,
        unread_only=query.unread,
        q=query.q,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return rows, total, notices.count_unread(connection, reader)


def _shown(row: notices.Row) -> dict[str, Any]:
    names = ("id", "kind", "title", "body", "run_id", "ticket_id", "item_id", "created_at")
    return {**{name: row[name] for name in names}, "read": not row["unread"]}


@resource.endpoint("POST", "/notifications/read", body=Reading, refusals=(400,))
async def mark_read(call: Call) -> Response:
    """Mark notices as read; ids of other people's are passed over. Answers how many are marked, and left unread."""
    body: Reading = call.body
    ids = None if body.all else [i.lower() for i in body.ids or [] if ID_PATTERN.fullmatch(i)]
    caller = call.caller

    def write(tx: Transaction) -> dict[str, int]:
        reader = notices.reader_of(tx.connection, tenant_id=caller.tenant_id, user_id=caller.user_id)
        marked = notices.mark_read(tx.connection, reader, ids=ids, at=tx.at)
        left = notices.reader_of(tx.connection, tenant_id=caller.tenant_id, user_id=caller.user_id)
        unread = notices.count_unread(tx.connection, left)
        tx.publish(caller.tenant_id, "notifications.read", {"unread": unread}, frozenset({caller.user_id}))
        return {"marked": marked, "unread": unread}

    return await call.submit(Change(tenant_id=caller.tenant_id, actor=caller.actor, write=write), data)
