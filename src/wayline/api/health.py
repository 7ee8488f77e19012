"""Whether the process lives, whether it can work, and its figures."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.endpoint import Call, Resource
from wayline.api.problems import Problem, data, json
from wayline.core import commands
from wayline.store.migrate import is_current

resource = Resource("Health", prefix="")
_answers = Counter("wayline_http_requests_total", "HTTP answers.", ["method", "status"])
_KNOWN_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})


@lru_cache(maxsize=1024)
def _counter(method: str, status: int) -> Counter:
    return _answers.labels(method, str(status))


def count(method: str, status: int) -> None:
    """Count an answer."""
    _counter(method if method in _KNOWN_METHODS else "other", status).inc()


@resource.endpoint("GET", "/healthz", public=True)
async def healthz(call: Call) -> Response:
    """The process answers."""
    return json({"status": "ok"})


@resource.endpoint("GET", "/readyz", public=True, refusals=(503,))
async def readyz(call: Call) -> Response:
    """The database answers and has this version's schema, and the driver runs."""
    try:
        current = await call.read(_is_current)
    except sa.exc.SQLAlchemyError as error:
        raise Problem("unavailable", "The database does not answer.") from error
    driver = call.wayline.driver
    if not current:
        raise Problem("unavailable", "The database needs `wayline migrate`.")
    if driver is not None and not driver.is_running:
        raise Problem("unavailable", "The driver has stopped.")
    return json({"status": "ready", "database": "ok", "driver": "running" if driver else "elsewhere"})


def _is_current(connection: sa.Connection) -> bool:
    return is_current(connection)


@resource.endpoint("GET", "/metrics", public=True, media_types=("text/plain",))
async def metrics(call: Call) -> Response:
    """Figures in the Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Ping(BaseModel):
    """Anything to be sent back."""

    model_config = ConfigDict(extra="forbid")

    echo: str | None = Field(None, max_length=1000)


@resource.endpoint("POST", "/api/v1/ping", body=Ping)
async def ping(call: Call) -> Response:
    """A command that does nothing: proves that the caller is known and that the writer takes and answers commands."""
    command = commands.DoNothing(tenant_id=call.caller.tenant_id, actor=call.caller.actor)
    return await call.submit(command, lambda at: data({"at": at, "echo": call.body.echo}))
