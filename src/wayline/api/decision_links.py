"""One-click decisions: the page an approver's personal link opens, and the one vote it takes.

Looking decides nothing, however often it is done: mail programs follow links to see what is behind them. Posting the
page's form casts the approver's vote, once. From then on the link shows what was decided, and by whom.
"""

from __future__ import annotations

import functools
from typing import Literal
from urllib.parse import parse_qs

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.responses import RedirectResponse, Response

from wayline.api.decision_page import asking_page, notice_page
from wayline.api.decision_view import Asking, Notice, asked_of, notice_on
from wayline.api.endpoint import Call, Endpoint, Resource, media_type_of
from wayline.api.problems import STATUS, Problem
from wayline.core.commands import CastVote
from wayline.core.decision_link import DecisionLink, opened
from wayline.core.facts import Actor
from wayline.core.names import storable
from wayline.core.refusals import Refusal
from wayline.store.runs import latest_visits, read_run
from wayline.store.tickets import read_ticket

resource = Resource("One-click decisions", prefix="")
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_FIELDS = 10
MAX_ROUNDS_SEARCHED = 1000
"""Approvals of one run among which a link's own is looked for."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}
"""The page runs no script and loads nothing; it is kept nowhere, and its address is told to nobody."""

FORGED = Notice(
    STATUS["not_found"],
    "This link is not valid",
    "It may have been cut short or changed on its way. Open it again from the mail, or sign in to decide.",
)


class DecisionForm(BaseModel):
    """What the page's form sends."""

    model_config = ConfigDict(extra="ignore")

    decision: Literal["approve", "reject"]
    comment: str = Field("", max_length=10_000)

    @field_validator("comment")
    @classmethod
    def _keepable(cls, value: str) -> str:
        if not storable(value):
            raise ValueError("It contains characters that no text has.")
        return value.replace("\r\n", "\n").strip()


def as_page(function: Endpoint) -> Endpoint:
    """An endpoint for a person with a browser: its refusals are pages too, and nothing it says is kept on the way."""

    @functools.wraps(function)
    async def handle(call: Call) -> Response:
        try:
            client = call.request.client
            call.request.app.state.limits.count_link(client.host if client else "")
            response = await function(call)
        except Refusal as refusal:
            response = notice_page(Notice(STATUS[refusal.kind], "That did not work", refusal.message))
            if "retry_after_s" in refusal.details:
                response.headers["Retry-After"] = str(int(refusal.details["retry_after_s"]) + 1)
        response.headers.update(HEADERS)
        return response

    return handle


@resource.endpoint("GET", "/decide/{token}", public=True, media_types=("text/html",), refusals=(404, 410, 429))
@as_page
async def look_at_decision(call: Call) -> Response:
    """What an approver is asked to decide, for a person to read: the page behind the link in an approval's mail.

    It decides nothing. Once there is a decision it says which, and whose. A link that has ended, or whose approval was
    withdrawn or given to somebody else, is 410 and says so.
    """
    asking = await _asking(call)
    if isinstance(asking, Notice):
        return notice_page(asking)
    notice = notice_on(asking)
    return asking_page(asking) if notice is None else notice_page(notice, asking)


@resource.endpoint(
    "POST",
    "/decide/{token}",
    public=True,
    form=DecisionForm,
    status=303,
    media_types=("text/html",),
    refusals=(400, 404, 409, 410, 413, 415, 429),
)
@as_page
async def decide_by_link(call: Call) -> Response:
    """Decide, as the page's form does. It is done once: then the link leads back to what was decided."""
    asking = await _asking(call)
    if isinstance(asking, Notice):
        return notice_page(asking)
    notice = notice_on(asking)
    if notice is not None:
        return notice_page(_in_the_way(notice), asking)
    form = await _sent(call)
    if isinstance(form, str):
        return asking_page(asking, problem=form, status=STATUS["invalid"])
    try:
        await call.wayline.door.submit(_vote(asking, form))
    except Refusal as refusal:
        return await _refused(call, refusal, form)
    return RedirectResponse(call.request.url.path, status_code=303)


async def _sent(call: Call) -> DecisionForm | str:
    """The form, or the sentence that says what is wrong with it."""
    if media_type_of(call) != FORM_TYPE:
        raise Problem("unsupported", f"Send the page's form ({FORM_TYPE}).")
    try:
        raw = parse_qs((await call.content()).decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
        return DecisionForm.model_validate({name: values[-1] for name, values in raw.items()})
    except ValidationError as error:
        about = str(error.errors()[0]["loc"][0])
        return "Choose to approve or to reject." if about == "decision" else "The comment is too long, or is no text."
    except ValueError as error:
        raise Refusal("invalid", "That is not what the page's form sends.") from error


async def _asking(call: Call) -> Asking | Notice:
    """What the link in the path asks, or why it asks nothing."""
    link = opened(call.wayline.secret_key, call.path("token"))
    if link is None:
        return FORGED
    if link.ends_at <= call.wayline.clock.now():
        return Notice(
            STATUS["gone"],
            "This link has ended",
            f"It worked until {link.ends_at:%-d %B %Y}. If your decision is still wanted, sign in to give it.",
        )
    return await call.read(_read_asking, call, link) or FORGED


def _read_asking(connection: sa.Connection, call: Call, link: DecisionLink) -> Asking | None:
    wayline, tenant_id = call.wayline, link.tenant_id
    run = read_run(connection, tenant_id=tenant_id, run_id=link.run_id)
    tenant = wayline.tenants.current(connection, {tenant_id}).get(tenant_id)
    if run is None or tenant is None:
        return None
    earlier = latest_visits(connection, tenant_id=tenant_id, run_id=run.id, limit=MAX_ROUNDS_SEARCHED, type="approval")
    ticket = None
    if run.ticket_id is not None:
        ticket = read_ticket(connection, tenant_id=tenant_id, name=run.ticket_id, is_id=True)
    return asked_of(
        link,
        run=run,
        graph=wayline.door.graphs.get(connection, run.template_id, run.template_version),
        ended=[(found.visit, found.output) for found in earlier],
        directory=tenant.directory,
        ticket=ticket,
    )


def _vote(asking: Asking, form: DecisionForm) -> CastVote:
    person = asking.person
    assert person is not None
    return CastVote(
        tenant_id=asking.run.tenant_id,
        actor=Actor(user_id=person.id, role=person.role, name=person.name),
        run_id=asking.run.id,
        approval=asking.visit.id,
        decision=form.decision,
        comment=form.comment or None,
        # Their own vote alone: what they may do for others they do signed in.
        on_behalf_of=person.id,
    )


async def _refused(call: Call, refusal: Refusal, form: DecisionForm) -> Response:
    """The page after a vote that was not taken: what has come between, or the form again with what it lacks."""
    asking = await _asking(call)
    if isinstance(asking, Notice):
        return notice_page(asking)
    notice = notice_on(asking)
    if notice is not None:
        return notice_page(_in_the_way(notice), asking)
    return asking_page(asking, problem=refusal.message, comment=form.comment, status=STATUS[refusal.kind])


def _in_the_way(notice: Notice) -> Notice:
    """The notice as the answer to a decision that could not be taken any more."""
    return notice if notice.status != 200 else Notice(STATUS["conflict"], notice.title, notice.text, notice.tone)
