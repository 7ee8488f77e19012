"""http_request: call another system, signed, with the job's id as its idempotency key.

2xx is success. 408, 425, 429, 5xx and no answer at all may pass by themselves; every other status is for good, and so
is a redirect, which is never followed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from wayline import __version__
from wayline.actions.addresses import Allowed
from wayline.actions.job import Job
from wayline.actions.outbound import Answer, Outbound
from wayline.actions.signature import signature_headers, signing_key
from wayline.core.action import ActionFailed
from wayline.core.names import storable

PASSING = frozenset({408, 425, 429})
KEPT_HEADERS = ("content-type", "date", "etag", "last-modified", "location", "retry-after", "x-request-id")
MAX_HEADER_CHARS = 1000
MAX_ERROR_CHARS = 200
MAX_DEPTH = 50
# Set by the connection itself; a template that sets them would speak to another host than the one that was checked.
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})


class HttpRequests:
    """Performs http_request."""

    def __init__(self, *, secret_key: bytes, allowed: Allowed) -> None:
        self._secret_key = secret_key
        self._outbound = Outbound(allowed)

    async def perform(self, job: Job) -> dict[str, Any]:
        """The answer as `{status, headers, body}`: parsed JSON, else text; `truncated` when it was more than 64 KiB."""
        action = job.action
        content_type, body = _body(action)
        headers = {"user-agent": f"Wayline/{__version__}", "accept": "*/*", "accept-encoding": "identity"}
        if content_type:
            headers["content-type"] = content_type
        headers |= _written_headers(action)
        headers["idempotency-key"] = job.id
        key = signing_key(self._secret_key, job.tenant_id)
        headers |= signature_headers(key, message_id=job.id, at=job.at, body=body or b"")
        answer = await self._outbound.call(str(action["method"]), str(action["url"]), headers, body)
        if not 200 <= answer.status < 300:
            raise failure_of(answer, at=job.at)
        return output_of(answer)

    async def close(self) -> None:
        await self._outbound.close()


def failure_of(answer: Answer, *, at: datetime) -> ActionFailed:
    """What an answer that is not 2xx comes to."""
    status = answer.status
    message = f"answered {status} {_phrase(status)}".rstrip()
    said = answer.body.decode("utf-8", "replace").strip()
    if said and "html" not in answer.headers.get("content-type", ""):
        message += f": {cleaned(said[:MAX_ERROR_CHARS])}"
    if 300 <= status < 400:
        message += " (redirects are not followed)"
    passing = status in PASSING or status >= 500
    return ActionFailed(
        message, permanent=not passing, retry_after_s=retry_after_s(answer.headers, at) if passing else None
    )


def retry_after_s(headers: dict[str, str], at: datetime) -> float | None:
    """How long the other side asks us to wait (RFC 9110, 10.2.3: seconds or a date); None when it does not say."""
    written = headers.get("retry-after", "").strip()
    if not written:
        return None
    if written.isdecimal() and written.isascii():
        return float(written[:9])
    try:
        then = parsedate_to_datetime(written)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - at).total_seconds())


def output_of(answer: Answer) -> dict[str, Any]:
    """What the run keeps of an answer."""
    kept = {name: answer.headers[name][:MAX_HEADER_CHARS] for name in KEPT_HEADERS if name in answer.headers}
    output: dict[str, Any] = {"status": answer.status, "headers": kept, "body": _shown_body(answer)}
    return {**output, "truncated": True} if answer.truncated else output


def _shown_body(answer: Answer) -> Any:
    if not answer.body:
        return None
    if "json" in answer.headers.get("content-type", "") and not answer.truncated:
        try:
            return keepable(msgspec.json.decode(answer.body))
        except (msgspec.DecodeError, RecursionError, ValueError):
            pass  # it says it is JSON and is not: then it is text
    return cleaned(answer.body.decode("utf-8", "replace"))


def keepable(value: Any, depth: int = 0) -> Any:
    """The value with nothing in it that cannot be kept: no NUL in a text, no integer of more than 64 bits.

    Raises ValueError when it is nested deeper than MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, list):
        return [keepable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {cleaned(name): keepable(item, depth + 1) for name, item in value.items()}
    return value


def cleaned(text: str) -> str:
    """The text with what cannot be kept replaced by U+FFFD."""
    return text if storable(text) else "".join(c if storable(c) else "\ufffd" for c in text)


def _body(action: dict[str, Any]) -> tuple[str | None, bytes | None]:
    if "json" in action:
        return "application/json", msgspec.json.encode(action["json"])
    if "body" in action:
        return "text/plain; charset=utf-8", str(action["body"]).encode()
    return None, None


def _written_headers(action: dict[str, Any]) -> dict[str, str]:
    written = {str(name).strip().lower(): str(value) for name, value in action.get("headers", {}).items()}
    refused = sorted(OURS & written.keys())
    if refused:
        raise ActionFailed(f"these headers are not for a template to set: {', '.join(refused)}", permanent=True)
    for name, value in written.items():
        if not value.isascii() or not name.isascii():
            raise ActionFailed(f"header {name} contains characters that no header has", permanent=True)
    return written


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
