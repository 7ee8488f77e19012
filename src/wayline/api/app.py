"""The web application: routes, the frame around every request, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from wayline.api import (
    analytics,
    attachments,
    audit,
    automation_hooks,
    business_hours,
    calendars,
    callbacks,
    chat_channels,
    decision_links,
    dispatches,
    docs,
    entries,
    escalations,
    executions,
    groups,
    health,
    inbox,
    incidents,
    instances,
    intervention_requests,
    interventions,
    live,
    login,
    mailboxes,
    notifications,
    push,
    queue_managers,
    queues,
    resolution_categories,
    rule_dry_run,
    rule_evaluations,
    rules,
    run_approvals,
    run_migration,
    run_recovery,
    runs,
    scripts,
    search,
    simulation,
    templates,
    tenants,
    ticket_comments,
    ticket_interventions,
    ticket_links,
    tickets,
    tokens,
    user_queries,
    users,
    views,
    webhooks,
    work_queues,
)
from wayline.api.auth import Callers
from wayline.api.endpoint import Resource
from wayline.api.limits import Limits
from wayline.api.paths import Paths
from wayline.api.problems import Problem, answer_to
from wayline.api.web_app import WebApp
from wayline.core.refusals import Refusal, not_found

if TYPE_CHECKING:
    from wayline.bootstrap import Wayline

log = structlog.get_logger(__name__)

RESOURCES: tuple[Resource, ...] = tuple(
    module.resource
    for module in (
        health,
        login,
        templates,
        run_migration,
        simulation,
        instances,
        runs,
        run_approvals,
        run_recovery,
        callbacks,
        executions,
        work_queues,
        decision_links,
        inbox,
        entries,
        dispatches,
        tickets,
        ticket_comments,
        ticket_links,
        ticket_interventions,
        attachments,
        users,
        user_queries,
        groups,
        tokens,
        tenants,
        calendars,
        notifications,
        push,
        chat_channels,
        incidents,
        rules,
        rule_dry_run,
        rule_evaluations,
        automation_hooks,
        audit,
        analytics,
        search,
        scripts,
        views,
        webhooks,
        queues,
        queue_managers,
        mailboxes,
        resolution_categories,
        escalations,
        business_hours,
        interventions,
        intervention_requests,
        live,
        docs,
    )
)
SECRET_PARAMETERS = frozenset({"token", "secret"})
"""Names of path parameters that are secrets (of callbacks, hooks, decision links): no log has them."""
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
        b"base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    ),
]


def application(wayline: Wayline) -> Frame:
    """The ASGI application of a wired Wayline; starting and stopping it starts and stops the engine."""

    @contextlib.asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        wayline.door.listening_loop = asyncio.get_running_loop()
        wayline.start()
        try:
            yield
        finally:
            wayline.stop()

    app = Starlette(lifespan=running)
    app.state.wayline = wayline
    app.state.callers = Callers(wayline)
    app.state.limits = Limits(wayline.settings.rate_limit_per_minute)
    app.state.past_rules = rule_evaluations.PastRules()
    app.state.keys_in_flight = set()
    app.state.resources = RESOURCES
    return Frame(app)


class Frame:
    """Around every request: its path is looked up, refusals become answers, answers get an id and security headers.

    Routing and error handling are done here rather than by layers of middleware: a call costs half as much.
    """

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.paths = Paths(handler for resource in RESOURCES for handler in resource.handlers)
        self.web_app = WebApp(RESOURCES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        scope["app"] = self.app
        request = Request(scope, receive, send)
        try:
            response = await self._respond(request)
        except Refusal as refusal:
            response = self._answer_to(refusal, scope)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("request_broke", path=path_to_log(scope), request_id=request_id)
            response = self._answer_to(Problem("internal", "Something broke. It has been logged."), scope)
        own = {name for name, _ in response.raw_headers}
        response.raw_headers += [header for header in SECURITY_HEADERS if header[0] not in own]
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        health.count(scope["method"], response.status_code)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        scope = request.scope
        found = self.paths.find(scope["path"])
        if found is None:
            page = self.web_app.find(request)
            if page is None:
                raise not_found("Path")
            return page if scope["method"] != "HEAD" else _without_body(page)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        handler = found.handlers.get(method)
        if handler is None:
            allowed = ", ".join(sorted(found.handlers))
            refusal = Problem("method_not_allowed", f"{method} is not allowed here; {allowed} is.")
            response = self._answer_to(refusal, scope)
            response.headers["Allow"] = allowed
            return response
        scope["path_params"] = dict(zip(handler[1], found.values, strict=True))
        response = await handler[0](request)
        return response if scope["method"] != "HEAD" else _without_body(response)

    def _answer_to(self, refusal: Refusal, scope: Scope) -> Response:
        return answer_to(refusal, scope["path"], scope["state"]["request_id"], self.app.state.wayline.clock.now())


def path_to_log(scope: Scope) -> str:
    """The path without what is a secret in it: whoever has such an address may do what it is for."""
    path: str = scope["path"]
    for name in SECRET_PARAMETERS & scope.get("path_params", {}).keys():
        path = path.replace(scope["path_params"][name], f"{{{name}}}")
    return path


def _without_body(response: Response) -> Response:
    """The same answer to HEAD: its headers alone, also where the body would stream for ever."""
    headers_alone = Response(status_code=response.status_code, background=response.background)
    headers_alone.raw_headers = response.raw_headers
    return headers_alone
