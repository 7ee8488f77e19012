"""epilog: sending the answer to an intervention to the remote that asked, signed, with the remote's own token.

2xx has taken it. Any other 4xx than 408, 425 and 429 is for good; all else may pass by itself, and so may no answer.
What the remote says is taken for what it is worth: only a JSON object with `final: true` ends the ticket.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Protocol

import msgspec

from wayline import __version__
from wayline.actions.addresses import Allowed
from wayline.actions.http_request import PASSING, failure_of, keepable, retry_after_s
from wayline.actions.job import Job
from wayline.actions.outbound import Answer, Outbound
from wayline.actions.signature import signature_headers
from wayline.actions.webhook import why_not_called
from wayline.core.action import ActionFailed

_encode = msgspec.json.Encoder().encode


class Remote(msgspec.Struct, frozen=True):
    """Where the answers to an intervention go now: `key` signs them, `token` is the remote's own, None while it has
    none. `url` None: they go nowhere, because it has been switched off."""

    url: str | None
    timeout_s: int
    key: bytes
    token: str | None


class RemoteBook(Protocol):
    """Where epilogs look up whom they call; what is read is kept sealed."""

    async def remote(self, *, tenant_id: str, intervention: int) -> Remote:
        """The remote of an intervention; raises ActionFailed when it has gone or cannot be read."""
        ...


class Epilogs:
    """Sends answers to remotes, for one event loop."""

    def __init__(self, *, allowed: Allowed, book: RemoteBook) -> None:
        self._allowed = allowed
        self._book = book
        self._outbound = Outbound(allowed)

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{status, final, data}` of a remote that has taken the answer; empty where it is switched off. Where the
        answer goes is looked up now, so that no job has a token in it and a mistyped address can be put right."""
        remote = await self._book.remote(tenant_id=job.tenant_id, intervention=int(job.action["intervention"]))
        if remote.url is None:
            return {}
        refused = why_not_called(self._allowed, remote.url)
        if refused is not None:
            raise ActionFailed(refused, permanent=True)
        message_id, content = str(job.action["body"]["response_id"]), _encode(job.action["body"])
        headers = _headers(remote, message_id, content, at=job.at)
        try:
            async with asyncio.timeout(remote.timeout_s):
                answer = _forgetful(await self._outbound.call("POST", remote.url, headers, content), remote)
        except TimeoutError:
            raise ActionFailed(f"no answer within {remote.timeout_s} s") from None
        if not 200 <= answer.status < 300:
            permanent = 400 <= answer.status < 500 and answer.status not in PASSING
            wait_s = None if permanent else retry_after_s(answer.headers, job.at)
            raise ActionFailed(str(failure_of(answer, at=job.at)), permanent=permanent, retry_after_s=wait_s)
        return taken(answer)

    async def close(self) -> None:
        await self._outbound.close()


def _headers(remote: Remote, message_id: str, content: bytes, *, at: datetime) -> dict[str, str]:
    headers = {
        "user-agent": f"Wayline/{__version__}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "idempotency-key": message_id,
        **signature_headers(remote.key, message_id=message_id, at=at, body=content),
    }
    return headers if remote.token is None else {**headers, "authorization": f"Bearer {remote.token}"}


def _forgetful(answer: Answer, remote: Remote) -> Answer:
    """The answer without the token, which a remote that is being looked into may say back: staff read what it says."""
    if remote.token is None:
        return answer
    return msgspec.structs.replace(answer, body=answer.body.replace(remote.token.encode(), b"(token)"))


def taken(answer: Answer) -> dict[str, Any]:
    """What the run keeps of a remote that has taken the answer. `data` that is no object is none, and what cannot be
    read at all is not final; `problem` then says so."""
    output: dict[str, Any] = {"status": answer.status, "final": False, "data": {}}
    if answer.truncated:
        return output | {"problem": "The answer was longer than is read."}
    if not answer.body.strip():
        return output
    try:
        told = keepable(msgspec.json.decode(answer.body))
    except (msgspec.DecodeError, RecursionError, ValueError):
        return output | {"problem": "The answer was no JSON."}
    if not isinstance(told, dict):
        return output | {"problem": "The answer was no object."}
    final, data = told.get("final", False), told.get("data", {})
    if not isinstance(final, bool):
        return output | {"problem": "`final` is true or false."}
    if not isinstance(data, dict):
        return output | {"final": final, "problem": "`data` is an object."}
    return output | {"final": final, "data": data}
