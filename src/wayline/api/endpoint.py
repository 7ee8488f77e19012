"""What every endpoint has in common, in the order refusals are promised: who calls (401), the credential's ability,
the person's role, then the query and the body. The same declaration describes the endpoint in `/openapi.json`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from wayline.api.auth import Caller, allow
from wayline.api.problems import Problem
from wayline.core.commands import Command
from wayline.core.names import storable, unkeepable, unstorable
from wayline.core.refusals import Issue, Refusal, not_found
from wayline.core.template import issues_of
from wayline.core.yaml_text import YamlUnreadable, read_yaml
from wayline.engine.door import Change, IdempotencyKey, StoredAnswer
from wayline.engine.one_core import on_any_core

if TYPE_CHECKING:
    from wayline.bootstrap import Wayline

MAX_BODY_BYTES = 2 * 1024 * 1024
JSON_TYPE = "application/json"
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
ID_PATTERN = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
# Only a body with an escaped NUL or a very long number can hold what `unkeepable` looks for.
_SUSPECT = re.compile(rb"\\u0000|[0-9]{19}")
_decode = msgspec.json.Decoder().decode
T = TypeVar("T")


class Paging(BaseModel):
    """The query every list takes."""

    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(25, ge=1, le=100)
    sort: str | None = Field(None, max_length=50)
    order: Literal["asc", "desc"] = "desc"
    q: str | None = Field(None, max_length=500)

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.limit


class Call:
    """One call: the request, who makes it, its query and body as the endpoint declared them."""

    __slots__ = ("_content", "body", "caller", "query", "request", "wayline")

    def __init__(self, request: Request, wayline: Wayline, caller: Any) -> None:
        self.request = request
        self.wayline = wayline
        self.caller: Caller = caller
        self.query: Any = None
        self.body: Any = None
        self._content: bytes | None = None

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def id(self, name: str, what: str = "Resource") -> str:
        """An id in the path, in its usual spelling; a malformed one is a thing that does not exist."""
        value = self.path(name)
        if not ID_PATTERN.fullmatch(value):
            raise not_found(what)
        return value.lower()

    async def content(self) -> bytes:
        """The request's body; raises a refusal as soon as it is longer than MAX_BODY_BYTES, whatever was announced."""
        if self._content is None:
            chunks, size_bytes = [], 0
            async for chunk in self.request.stream():
                chunks.append(chunk)
                size_bytes += len(chunk)
                if size_bytes > MAX_BODY_BYTES:
                    raise Refusal("too_large", f"At most {MAX_BODY_BYTES // 1024} KiB.")
            self._content = b"".join(chunks)
        return self._content

    async def read(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `query(connection, …)` on a reading connection, off the event loop."""
        return await run_in_threadpool(on_any_core, self.read_now, query, *args, **kwargs)

    def read_now(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `query(connection, …)` here: for single-row reads on an embedded database, quicker than a thread."""
        with self.wayline.database.reader.connect() as connection:
            return query(connection, *args, **kwargs)

    async def read_one(self, query: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """A single-row read, wherever that is quickest."""
        if self.wayline.database.is_sqlite:
            return self.read_now(query, *args, **kwargs)
        return await run_in_threadpool(on_any_core, self.read_now, query, *args, **kwargs)

    async def submit(
        self, asked: Command | Change, render: Callable[[Any], Response], *, content: bytes | None = None
    ) -> Response:
        """Pass a command through the door and render its answer; an Idempotency-Key in the request is honoured.

        `content` tells this request from another one where the body is not kept, as with an uploaded file. A key
        belongs to who sent it: somebody else's answer is never given away.
        """
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return render(await self.wayline.door.submit(asked))
        named = f"{self.caller.user_id} {self.request.method} {self.request.url.path}\n"
        request = named.encode() + (await self.content() if content is None else content)
        answer = await self.wayline.door.submit(
            asked,
            key=IdempotencyKey(tenant_id=self.caller.tenant_id, key=key, request=request),
            render=lambda answer: _stored(render(answer)),
        )
        if isinstance(answer, StoredAnswer):
            return Response(
                answer.body,
                status_code=answer.status,
                media_type="application/json",
                headers={"Idempotent-Replayed": "true"},
            )
        return render(answer)


def _stored(response: Response) -> tuple[int, bytes]:
    return response.status_code, bytes(response.body)


Endpoint = Callable[[Call], Awaitable[Response]]
Handler = Callable[[Request], Awaitable[Response]]


class Described(msgspec.Struct, frozen=True):
    """An endpoint as `/openapi.json` shows it."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    status: int
    body: Any
    query: Any
    answer: Any
    ability: str | None
    roles: tuple[str, ...] | None
    public: bool
    upload: bool
    refusals: tuple[int, ...]
    yaml: bool = False
    media_types: tuple[str, ...] = (JSON_TYPE,)
    form: Any = None
    needs_key: bool = False


class Resource:
    """The endpoints of one resource, in the order they are declared (literal paths before ids)."""

    def __init__(self, tag: str, prefix: str = "/api/v1") -> None:
        self.tag = tag
        self.prefix = prefix
        self.handlers: list[tuple[str, str, Handler]] = []
        self.described: list[Described] = []

    def endpoint(
        self,
        method: str,
        path: str,
        *,
        ability: str | None = None,
        roles: tuple[str, ...] | None = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: Any = None,
        status: int = 200,
        public: bool = False,
        upload: bool = False,
        refusals: tuple[int, ...] = (),
        yaml: bool = False,
        media_types: tuple[str, ...] = (JSON_TYPE,),
        form: type[BaseModel] | None = None,
        admit: Callable[[Call], Awaitable[None]] | None = None,
        identify: Callable[[Request], Caller] | None = None,
        needs_key: bool = False,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare an endpoint. `public` ones are called by anybody; `upload` ones read a form with the part `file`
        themselves, those with a `form` the fields a page sends; `answer` is the JSON Schema of the 2xx body,
        `media_types` what that is sent as. `yaml`: the body may be written so too. `admit` refuses, before the body is
        read, what the plan does not allow. `identify` knows callers that others do not; `needs_key`: without an
        Idempotency-Key it is refused (400).
        """

        def declare(function: Endpoint) -> Endpoint:
            async def handle(request: Request) -> Response:
                app = request.app.state
                caller = None if public else (identify or app.callers.identify)(request)
                if caller is not None:
                    allow(caller, ability=ability, roles=roles)
                    app.limits.count(caller)
                call = Call(request, app.wayline, caller)
                if query is not None:
                    call.query = parsed_query(request, query)
                if admit is not None:
                    await admit(call)
                if needs_key and not request.headers.get("idempotency-key"):
                    raise Problem("bad_request", "Send an Idempotency-Key.")
                if body is not None:
                    call.body = await parsed_body(call, body, yaml=yaml)
                return await function(call)

            self.handlers.append((method, self.prefix + path, handle))
            self.described.append(
                Described(
                    method=method.lower(),
                    path=self.prefix + path,
                    name=function.__name__,
                    summary=inspect.cleandoc(function.__doc__ or function.__name__),
                    tag=self.tag,
                    status=status,
                    body=body,
                    query=query,
                    answer=answer,
                    ability=ability,
                    roles=roles,
                    public=public,
                    upload=upload,
                    refusals=refusals,
                    yaml=yaml,
                    media_types=media_types,
                    form=form,
                    needs_key=needs_key,
                )
            )
            return function

        return declare


def parsed_query(request: Request, model: type[BaseModel]) -> Any:
    """The query as its model; raises a refusal naming every bad parameter."""
    unkept = [name for name, value in request.query_params.items() if not storable(name + value)]
    if unkept:
        raise _refused([unstorable(ascii(name)[1:-1]) for name in unkept])
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise _refused(issues_of(error)) from error


async def parsed_body(call: Call, model: type[BaseModel], *, yaml: bool = False) -> Any:
    """The JSON body (or YAML, where that is taken) as its model; raises a refusal naming every bad field. An empty body
    is an empty object."""
    raw = await call.content()
    media_type = media_type_of(call)
    if yaml and media_type in YAML_TYPES:
        return _as_model(await run_in_threadpool(_decoded_yaml, raw), model)
    if not raw:
        return _as_model({}, model)
    accepted = "Send application/json or application/yaml." if yaml else "Send application/json."
    return _as_model(decoded_json(raw, media_type, accepted=accepted), model)


def media_type_of(call: Call) -> str:
    """What the body is said to be; JSON when nothing is said."""
    return call.request.headers.get("content-type", JSON_TYPE).partition(";")[0].strip().lower()


def decoded_json(raw: bytes, media_type: str, *, accepted: str = "Send application/json.") -> Any:
    """The value of a JSON body; refuses another media type, what is no JSON, and what no database can keep."""
    if media_type != JSON_TYPE and not media_type.endswith("+json"):
        raise Problem("unsupported", accepted)
    try:
        value = _decode(raw)
        issues = list(unkeepable(value, "")) if _SUSPECT.search(raw) else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("invalid", f"Not JSON: {error}", issues=[Issue("", f"Not JSON: {error}", "not_json")]) from error
    if issues:
        raise _refused(issues)
    return value


def _decoded_yaml(raw: bytes) -> Any:
    try:
        value = read_yaml(raw.decode("utf-8-sig"))
    except (YamlUnreadable, UnicodeDecodeError) as error:
        raise Refusal("invalid", f"Not YAML: {error}", issues=[Issue("", f"Not YAML: {error}", "not_yaml")]) from error
    issues = list(unkeepable(value, ""))
    if issues:
        raise _refused(issues)
    return {} if value is None else value


def _as_model(value: Any, model: type[BaseModel]) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _refused(issues_of(error, written=value)) from error


def _refused(issues: list[Issue]) -> Refusal:
    message = issues[0].message if len(issues) == 1 else f"{len(issues)} fields need attention."
    return Refusal("invalid", message, issues=issues)


def page_of(items: list[Any], total: int, paging: Paging) -> dict[str, Any]:
    """A list as surface 000 wraps it."""
    return {
        "data": items,
        "meta": {
            "total": total,
            "page": paging.page,
            "limit": paging.limit,
            "total_pages": -(-total // paging.limit),
        },
    }
