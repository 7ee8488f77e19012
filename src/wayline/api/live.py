"""Live events: what has just changed, as server-sent events (WHATWG HTML, section 9.2).

An event's id is `<process>-<number>`. A browser that reconnects sends the last one it saw and goes on from there; when
that is too long ago, or from another process, a `reset` event tells it to read its screens again.

A stream lasts as long as the credential it was opened with: nothing is told to who has lost access.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping

import msgspec
from starlette.responses import Response, StreamingResponse

from wayline.api.auth import Caller, Callers, allow
from wayline.api.endpoint import Call, Resource
from wayline.api.instances import own_keys
from wayline.core.refusals import Refusal
from wayline.engine.clock import monotonic_s
from wayline.engine.live import Change

resource = Resource("Live")
BOOT = secrets.token_hex(4)
HEARTBEAT_S = 15.0
_EVENT_ID = re.compile(f"{BOOT}-([0-9]{{1,18}})")
# What a kind's first word asks of the listener: an ability, and roles (None: whoever it concerns).
_WHO_HEARS: Mapping[str, tuple[str | None, tuple[str, ...] | None]] = {
    "ticket": ("ticket:read", None),
    "run": ("run:read", None),
    "inbox": ("task:act", None),
    "template": ("workflow:read", ("manager", "admin")),
    "calendar": ("workflow:read", ("manager", "admin")),
    "incident": ("admin", ("admin",)),
}


@resource.endpoint(
    "GET",
    "/live",
    media_types=("text/event-stream",),
)
async def live(call: Call) -> Response:
    """Changes of the caller's tenant that concern them, for as long as they listen and may."""
    listener = await _Listener.of(call)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(call, listener, call.request.headers.get("last-event-id"))
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


class _Listener(msgspec.Struct, frozen=True):
    """Who listens, what they answer to, and when both were looked up."""

    caller: Caller
    keys: frozenset[str]
    generation: int
    at_s: float

    @classmethod
    async def of(cls, call: Call) -> _Listener:
        """Look the caller up; raises Unauthorized when the credential opens nothing any more."""
        callers: Callers = call.request.app.state.callers
        generation, at_s = callers.generation, monotonic_s()
        call.caller = callers.identify(call.request)
        keys = frozenset(await call.read(own_keys, call))
        return cls(caller=call.caller, keys=keys, generation=generation, at_s=at_s)

    async def still(self, call: Call) -> _Listener:
        """The listener as they are now: looked up again when anybody's access has changed, and now and then."""
        callers: Callers = call.request.app.state.callers
        if callers.generation == self.generation and monotonic_s() - self.at_s < HEARTBEAT_S:
            return self
        return await _Listener.of(call)

    def hears(self, change: Change) -> bool:
        """Whether a change concerns the listener, and their credential and role let them know of it."""
        if change.tenant_id != self.caller.tenant_id:
            return False
        word = change.kind.partition(".")[0]
        ability, roles = _WHO_HEARS.get(word, (None, None))
        try:
            allow(self.caller, ability=ability, roles=roles)
        except Refusal:
            return False
        if change.audience is not None:
            return not self.keys.isdisjoint(change.audience)
        return self.caller.is_staff or word == "inbox" or change.data.get("owner") == self.caller.user_id


async def _events(call: Call, listener: _Listener, last_event_id: str | None) -> AsyncIterator[bytes]:
    following = call.wayline.live
    known = _EVENT_ID.fullmatch(last_event_id) if last_event_id else None
    # Whoever reads this id will send it back: nothing before it may be left untold.
    position = min(int(known[1]), following.last_id) if known else following.last_id
    changes = following.follow(position)
    yield b"retry: 2000\n" + _event("hello", {"last": position}, position)
    if last_event_id and not known:
        yield _event("reset", {}, position)
    waiting = asyncio.ensure_future(anext(changes))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_S)
            try:
                listener = await listener.still(call)
            except Refusal:
                return
            if not done:
                yield b": still here\n\n"
                continue
            try:
                batch = waiting.result()
            except StopAsyncIteration:
                return
            if batch is None:
                yield _event("reset", {}, following.last_id)
            else:
                for change in batch:
                    if listener.hears(change):
                        yield _event(change.kind, change.data, change.id)
            waiting = asyncio.ensure_future(anext(changes))
    finally:
        waiting.cancel()


def _event(kind: str, data: object, number: int) -> bytes:
    return f"id: {BOOT}-{number}\nevent: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"
