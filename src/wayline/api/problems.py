"""Refusals in each surface's own words: which envelope a path speaks, and what a refusal looks like in it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from wayline.core.refusals import Issue, Refusal

STATUS = {
    "invalid": 400,
    "bad_request": 400,
    "forbidden": 403,
    "license": 403,
    "not_found": 404,
    "conflict": 409,
    "gone": 410,
    "locked": 423,
    "too_large": 413,
    "overloaded": 429,
    "unauthorized": 401,
    "method_not_allowed": 405,
    "unsupported": 415,
    "rate_limited": 429,
    "unavailable": 503,
    "internal": 500,
}
CODES = {
    "invalid": "VALIDATION_ERROR",
    "bad_request": "VALIDATION_ERROR",
    "forbidden": "FORBIDDEN",
    "license": "LICENSE_LIMIT",
    "not_found": "NOT_FOUND",
    "conflict": "CONFLICT",
    "gone": "GONE",
    "locked": "LOCKED",
    "too_large": "PAYLOAD_TOO_LARGE",
    "overloaded": "RATE_LIMITED",
    "unauthorized": "UNAUTHORIZED",
    "method_not_allowed": "METHOD_NOT_ALLOWED",
    "unsupported": "UNSUPPORTED_MEDIA_TYPE",
    "rate_limited": "RATE_LIMITED",
    "unavailable": "UNAVAILABLE",
    "internal": "INTERNAL_ERROR",
}
_encode = msgspec.json.Encoder().encode


class Unauthorized(Refusal):
    """Nobody is known to be asking."""

    def __init__(self, message: str = "Sign in, or send a bearer token.") -> None:
        super().__init__("forbidden", message, code="unauthorized")
        self.kind = "unauthorized"  # type: ignore[assignment]


class Problem(Refusal):
    """A refusal of a kind only HTTP knows: `bad_request` (a header's, 400 on every surface), `method_not_allowed`,
    `unsupported`, `rate_limited`, `unavailable`."""

    def __init__(self, kind: str, message: str, **details: Any) -> None:
        super().__init__("invalid", message, code=kind, details=details)
        self.kind = kind  # type: ignore[assignment]


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(_encode(value), status_code=status, headers=headers, media_type="application/json")


def data(value: Any, status: int = 200) -> Response:
    """One thing, as surface 000 wraps it."""
    return json({"data": value}, status)


def answer_to(refusal: Refusal, path: str, request_id: str, at: datetime) -> Response:
    """The refusal in the envelope of the surface the path belongs to; `at` is when it was given."""
    surface = surface_of(path)
    status = STATUS[refusal.kind]
    if refusal.code in _UNKNOWN_NAMES.get(surface, ()) or (surface in ("002", "004") and refusal.kind == "invalid"):
        status = 422
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if "retry_after_s" in refusal.details:
        headers["Retry-After"] = str(int(refusal.details["retry_after_s"]) + 1)
    return json(_ENVELOPES[surface](refusal, Asked(path, request_id, at)), status, headers)


_RUNS = re.compile(r"^/api/v1/workflows(/(?!(templates|instances|instantiate|ticket|step-types)(/|$)).*)?\Z", re.DOTALL)
_ADMINISTRATION = re.compile(r"^/api/(v1/workflow/|(create_ticket|idempotency_key)/?$)")


def surface_of(path: str) -> str:
    """The number of the surface whose conventions a path follows; everything unclaimed is 000's.

    Under `/api/v1/workflows` what is none of 000's words stands where 002 has an id.
    """
    if path.startswith("/v1/"):
        return "001"
    if _ADMINISTRATION.match(path):
        return "004"
    if path.startswith(("/api/v1/callbacks/", "/api/v1/webhooks")) or _RUNS.match(path):
        return "002"
    return "000"


# -- envelopes -------------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True):
    """What an envelope says of the request it answers."""

    path: str
    request_id: str
    at: datetime


def _of_desk(refusal: Refusal, asked: Asked) -> dict[str, Any]:
    error: dict[str, Any] = {"code": CODES[refusal.kind], "message": refusal.message}
    details = _details(refusal) | ({"request_id": asked.request_id} if refusal.kind == "internal" else {})
    return {"error": error | ({"details": details} if details else {})}


def _of_executions(refusal: Refusal, asked: Asked) -> dict[str, Any]:
    unknown = refusal.code in _UNKNOWN_NAMES["001"]
    return {
        "success": False,
        "error": {
            "code": refusal.code.upper() if unknown else CODES[refusal.kind],
            "message": refusal.message,
            "details": _details(refusal),
            "requestId": asked.request_id,
            "timestamp": int(asked.at.timestamp()),
            "path": asked.path,
        },
    }


_UNKNOWN_NAMES = {"001": ("template_not_found", "unknown_task_queue")}
"""Refusals of a name that is well-formed and means nothing: 422 on the surface that promises it."""


def _of_runs(refusal: Refusal, asked: Asked) -> dict[str, Any]:
    code = "INVALID_STATE" if refusal.kind == "conflict" else CODES[refusal.kind]
    errors: list[dict[str, Any]] = [
        {"code": code, "message": i.message, "field": i.path or None} for i in refusal.issues
    ]
    if not errors:
        details = _details(refusal)
        errors = [{"code": code, "message": refusal.message, "field": None} | ({"details": details} if details else {})]
    return {
        "data": None,
        "errors": errors,
        "meta": {"request_id": asked.request_id, "timestamp": asked.at},
    }


def _of_administration(refusal: Refusal, asked: Asked) -> dict[str, Any]:
    fields: dict[str, list[str]] = {}
    for found in refusal.issues:
        if found.path:
            fields.setdefault(found.path, []).append(found.message)
    return {"message": refusal.message} | ({"errors": fields} if fields else {})


def _details(refusal: Refusal) -> dict[str, Any]:
    """What the refusal says beyond its message: every issue, and the exact reason where the code is a general one."""
    details: dict[str, Any] = dict(refusal.details)
    if refusal.issues:
        details["issues"] = [msgspec.to_builtins(i) for i in refusal.issues]
    if refusal.code not in (refusal.kind, "unauthorized"):
        details["reason"] = refusal.code
    return details


_ENVELOPES = {"000": _of_desk, "001": _of_executions, "002": _of_runs, "004": _of_administration}


def issue(path: str, message: str, code: str = "invalid") -> Refusal:
    """A refusal of one bad field."""
    return Refusal("invalid", message, issues=[Issue(path, message, code)])
