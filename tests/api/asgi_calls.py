"""Calls the test client cannot make: bodies without an end, and answers without one, read event by event."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import msgspec

from served_desk import Desk

PATIENCE_S = 10.0
Headers = dict[str, str]


def scope_of(method: str, path: str, headers: Headers) -> dict[str, Any]:
    """An HTTP request's scope (ASGI 3)."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }


def send_without_end(desk: Desk, method: str, path: str, headers: Headers) -> tuple[int, int]:
    """Send a body that never ends; answers the status and how many bytes were taken before it was given."""
    chunk = b" " * 65_536
    taken = 0
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    assert desk.http.portal is not None
    desk.http.portal.call(desk.app, scope_of(method, path, headers), receive, send)
    return statuses[0], taken


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: str
    kind: str
    data: dict[str, Any]


class Listening(AbstractContextManager["Listening"]):
    """A page that listens at /live with a token. Reading waits for the next event, for as long as PATIENCE_S."""

    def __init__(self, desk: Desk, token: str, *, last_event_id: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        assert desk.http.portal is not None
        self._portal = desk.http.portal
        self._app = desk.app
        self._scope = scope_of("GET", "/api/v1/live", headers)
        self._text = ""
        self.status = 0

    def __enter__(self) -> Listening:
        self._told, self._left = self._portal.call(self._prepare)
        self._served: Future[Any] = self._portal.start_task_soon(self._app, self._scope, self._receive, self._send)
        self.hello = self.next()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._portal.call(self._left.set)
        self._served.result(PATIENCE_S)

    async def _prepare(self) -> tuple[asyncio.Queue[bytes | None], asyncio.Event]:
        return asyncio.Queue(), asyncio.Event()

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self._told.put(message.get("body", b""))
        if not message.get("more_body"):
            await self._told.put(None)

    async def _heard(self) -> bytes | None:
        return await asyncio.wait_for(self._told.get(), PATIENCE_S)

    def next(self) -> Event:
        """The next event; raises EOFError when the server has ended the stream."""
        while "\n\n" not in self._text:
            heard = self._portal.call(self._heard)
            if heard is None:
                raise EOFError
            self._text += heard.decode()
        block, _, self._text = self._text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        return Event(id=fields["id"], kind=fields["event"], data=msgspec.json.decode(fields["data"]))

    def until(self, kind: str) -> list[Event]:
        """Events up to the next one of this kind, with it."""
        events = [self.next()]
        while events[-1].kind != kind:
            events.append(self.next())
        return events
