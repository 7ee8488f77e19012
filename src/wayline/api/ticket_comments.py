"""Comments on tickets, public or among staff."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import Response

from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Resource, page_of
from wayline.api.problems import data, json
from wayline.api.ticket_access import OldestFirst, visible_ticket
from wayline.api.ticket_view import comment_shown
from wayline.core import commands
from wayline.core.refusals import Issue, Refusal
from wayline.core.ticket import MAX_TEXT_CHARS
from wayline.store.comments import list_comments
from wayline.store.database import new_id

resource = Resource("Tickets")


class NewComment(BaseModel):
    """What to say, to everybody who sees the ticket or among staff (`internal`)."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT_CHARS)
    visibility: Literal["public", "internal"] = "public"

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("Say something.")
        return value


@resource.endpoint(
    "POST",
    "/tickets/{id}/comments",
    ability="ticket:write",
    body=NewComment,
    answer=one("Comment"),
    status=201,
    refusals=(400, 404, 409),
)
async def add_comment(call: Call) -> Response:
    """Comment on a ticket. A public one by its requester reopens it when it waits for them."""
    found = await visible_ticket(call, call.path("id"))
    body: NewComment = call.body
    if body.visibility == "internal" and not call.caller.is_staff:
        message = "Internal comments are for staff."
        raise Refusal("forbidden", message, code="staff_only", issues=[Issue("visibility", message, "staff_only")])
    command = commands.AddComment(
        tenant_id=call.caller.tenant_id,
        actor=call.caller.actor,
        ticket_id=found.ticket["id"],
        comment_id=new_id(),
        text=body.text,
        visibility=body.visibility,
    )
    return await call.submit(command, lambda answer: data(comment_shown(answer.comment, call.caller.name), 201))


@resource.endpoint(
    "GET", "/tickets/{id}/comments", ability="ticket:read", query=OldestFirst, answer=page("Comment"), refusals=(404,)
)
async def list_ticket_comments(call: Call) -> Response:
    """What was said on a ticket, oldest first; requesters see what is public."""
    found = await visible_ticket(call, call.path("id"))
    query: OldestFirst = call.query
    comments, total = await call.read(
        list_comments,
        tenant_id=call.caller.tenant_id,
        ticket_id=found.ticket["id"],
        public_only=not call.caller.is_staff,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([comment_shown(comment, comment["author_name"]) for comment in comments], total, query))
