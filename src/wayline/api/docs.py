"""`/openapi.json` and a page that shows it: made from the endpoints' own declarations."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, Response

from wayline import __version__
from wayline.api.answer_shapes import ERRORS, SHAPES
from wayline.api.endpoint import Call, Described, Resource
from wayline.api.problems import json, surface_of

resource = Resource("Documentation", prefix="")
_REF = "#/components/schemas/{model}"
REFUSALS = {
    400: "Not as it should be; every bad field is named.",
    401: "Nobody is known to be asking.",
    403: "The token lacks the ability, or the person may not.",
    404: "There is no such thing, or the caller may not know of it.",
    409: "It cannot be done in the state it is in.",
    410: "It has ended, or was withdrawn.",
    413: "Too large.",
    415: "Not a media type this endpoint takes.",
    422: "Not as it should be; every bad field is named.",
    423: "Locked by somebody else.",
    429: "Too many requests.",
    503: "Not ready.",
}


@resource.endpoint("GET", "/openapi.json", public=True)
async def openapi_json(call: Call) -> Response:
    """This API, in OpenAPI 3.1."""
    return json(document(call.request.app.state.resources))


@lru_cache(maxsize=1)
def document(resources: tuple[Resource, ...]) -> dict[str, Any]:
    """The OpenAPI document of these resources."""
    described = [d for r in resources for d in r.described]
    models = {m for d in described for m in (d.body, d.query, d.form) if _is_model(m)}
    named, schemas = models_json_schema([(m, "validation") for m in sorted(models, key=str)], ref_template=_REF)
    bodies: dict[Any, dict[str, Any]] = {model: reference for (model, _), reference in named.items()}
    paths: dict[str, Any] = {}
    for endpoint in described:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint, bodies)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wayline", "version": __version__, "summary": "A workflow engine for IT service desks"},
        "tags": [{"name": tag} for tag in _by_tag(resources)],
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), **SHAPES},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "wayline_session"},
            },
        },
        "security": [{"bearer": []}, {"session": []}],
    }


def _by_tag(resources: tuple[Resource, ...]) -> dict[str, list[Described]]:
    """The endpoints under each tag: several resources may share one."""
    tagged: dict[str, list[Described]] = {}
    for found in resources:
        if found.described:
            tagged.setdefault(found.tag, []).extend(found.described)
    return tagged


def _is_model(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _operation(endpoint: Described, bodies: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    summary, _, rest = endpoint.summary.partition("\n")
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": summary,
        "tags": [endpoint.tag],
        "responses": _responses(endpoint),
    }
    said = [rest.strip()] if rest.strip() else []
    if endpoint.ability:
        said.append(f"Needs the ability `{endpoint.ability}`.")
    if endpoint.roles:
        said.append(f"For the roles {', '.join(endpoint.roles)}.")
    if said:
        operation["description"] = "\n\n".join(said)
    parameters = [*_path_parameters(endpoint.path), *_query_parameters(endpoint.query)]
    if endpoint.method == "post" and not endpoint.public:
        parameters.append({**_IDEMPOTENCY_KEY, "required": endpoint.needs_key})
    if parameters:
        operation["parameters"] = parameters
    if _is_model(endpoint.body):
        media_types = ["application/json", "application/yaml"] if endpoint.yaml else ["application/json"]
        operation["requestBody"] = {
            "required": any(field.is_required() for field in endpoint.body.model_fields.values()),
            "content": {m: {"schema": bodies[endpoint.body]} for m in media_types},
        }
    if endpoint.upload:
        operation["requestBody"] = _UPLOAD
    if _is_model(endpoint.form):
        content = {"application/x-www-form-urlencoded": {"schema": bodies[endpoint.form]}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.public:
        operation["security"] = []
    return operation


_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        }
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def _path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)(?::\w+)?}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(model: Any) -> Iterable[dict[str, Any]]:
    if not _is_model(model):
        return
    schema = model.model_json_schema(ref_template=_REF)
    for name, shape in schema.get("properties", {}).items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": {k: v for k, v in shape.items() if k != "title"},
        }


def _responses(endpoint: Described) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if endpoint.status not in (204, 303, 307):
        done["content"] = {m: {"schema": _shape(endpoint, m)} for m in endpoint.media_types}
    surface = surface_of(endpoint.path)
    if endpoint.media_types == ("text/html",):
        error: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
    else:
        error = {"application/json": {"schema": {"$ref": _REF.format(model=ERRORS[surface])}}}
    return {str(endpoint.status): done} | {
        str(status): {"description": REFUSALS[status], "content": error} for status in sorted(_refusals(endpoint))
    }


def _shape(endpoint: Described, media_type: str) -> Any:
    if media_type != "application/json":
        return {"type": "string"}
    return {"type": "object"} if endpoint.answer is None else endpoint.answer


def _refusals(endpoint: Described) -> set[int]:
    """The statuses an endpoint may refuse with: those it declares, and those that come with what it takes."""
    found = set(endpoint.refusals)
    if endpoint.body or endpoint.query:
        found.add(400)
    if endpoint.body:
        found |= {413, 415}
    if "{" in endpoint.path:
        found.add(404)
    if not endpoint.public:
        found |= {401, 403, 429}
        if endpoint.method == "post":
            found |= {400, 409, 413}  # with an Idempotency-Key: a bad one, one used for another request, a long body
    if surface_of(endpoint.path) in ("002", "004"):
        found = {422 if status == 400 else status for status in found}
    return found | {400} if endpoint.needs_key else found


@resource.endpoint("GET", "/docs", public=True, media_types=("text/html",))
async def docs(call: Call) -> Response:
    """The API for people: every endpoint, what it needs and what it answers."""
    return HTMLResponse(_page(call.request.app.state.resources))


@lru_cache(maxsize=1)
def _page(resources: tuple[Resource, ...]) -> str:
    tagged = _by_tag(resources)
    sections = "".join(_section(tag, described) for tag, described in tagged.items())
    links = " · ".join(f'<a href="#{_anchor(tag)}">{html.escape(tag)}</a>' for tag in tagged)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wayline API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body><main><h1>Wayline <small>{__version__}</small></h1>
<p>A workflow engine for IT service desks. The same in <a href="/openapi.json">OpenAPI 3.1</a>.
Send a token as <code>Authorization: Bearer …</code>.</p><nav>{links}</nav>{sections}</main></body></html>"""


def _anchor(tag: str) -> str:
    return re.sub(r"\W+", "-", tag.lower())


def _section(tag: str, described: list[Described]) -> str:
    rows = "".join(_row(d) for d in described)
    return f'<section id="{_anchor(tag)}"><h2>{html.escape(tag)}</h2>{rows}</section>'


def _row(endpoint: Described) -> str:
    needs = " · ".join(filter(None, [endpoint.ability, ", ".join(endpoint.roles or ())]))
    fields = ""
    if _is_model(endpoint.body):
        names = (f"<code>{html.escape(f.alias or n)}</code>" for n, f in endpoint.body.model_fields.items())
        fields = f"<p>Body: {', '.join(names)}</p>"
    return (
        f'<details><summary><b class="{endpoint.method}">{endpoint.method.upper()}</b> '
        f"<code>{html.escape(endpoint.path)}</code> <span>{html.escape(endpoint.summary.splitlines()[0])}</span>"
        f"</summary><p>{html.escape(endpoint.summary)}</p>{fields}<p><small>{html.escape(needs)}</small></p></details>"
    )


_STYLE = """
:root{color-scheme:light dark;--line:light-dark(#d8dee4,#30363d);--soft:light-dark(#57606a,#9198a1)}
body{font:15px/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:0 auto;padding:2rem 1rem 6rem}
h1 small{font-size:.5em;color:var(--soft)}h2{margin:2rem 0 .5rem;font-size:1.1rem}nav{color:var(--soft)}
a{color:light-dark(#0b57a4,#79b8ff)}details{border-top:1px solid var(--line);padding:.45rem 0}
summary{cursor:pointer;display:flex;gap:.6rem;flex-wrap:wrap;align-items:baseline}summary span{color:var(--soft)}
b{font-size:.72rem;min-width:3.6rem;text-align:center;border-radius:4px;padding:.1rem .3rem;
border:1px solid var(--line)}code{font-size:.88em;overflow-wrap:anywhere}
"""
