"""A raw HTTP/1.1 keep-alive client for one loopback server.

It shares two cores with the server and the database it loads, so it does next to nothing per call: requests are
prepared bytes, one future a call, no header is read but the length.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import msgspec

MAX_ANSWER_BYTES = 16 * 1024 * 1024


class BadAnswer(Exception):
    """The server answered with an unexpected status, in a form this client does not speak, or hung up."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def expect(self, status: int) -> bytes:
        """The body, if the status is `status`. Raises BadAnswer with the beginning of the body."""
        if self.status != status:
            raise BadAnswer(f"{self.status} instead of {status}: {self.body[:1000].decode(errors='replace')}")
        return self.body


class Caller:
    """Writes the requests of one bearer token: the head is prepared once, a call only adds path and body."""

    def __init__(self, *, port: int, token: str) -> None:
        self._rest = f" HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n".encode()
        self._post_rest = self._rest + b"content-type: application/json\r\ncontent-length: "

    def get(self, path: str) -> bytes:
        return b"GET " + path.encode() + self._rest + b"\r\n"

    def post(self, path: str, body: bytes = b"") -> bytes:
        return b"POST " + path.encode() + self._post_rest + str(len(body)).encode() + b"\r\n\r\n" + body

    def post_json(self, path: str, body: object) -> bytes:
        return self.post(path, msgspec.json.encode(body))


class Connection(asyncio.Protocol):
    """One connection carrying one call at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._answer_ends_at = 0
        self._body_begins_at = 0
        self._status = 0

    @classmethod
    async def open(cls, port: int) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    def call(self, request: bytes) -> asyncio.Future[Answer]:
        """Sends the prepared request; the future gives the answer or BadAnswer."""
        if self._transport is None:
            raise BadAnswer("the server has hung up")
        if self._waiting is not None:
            raise BadAnswer("one call at a time")
        self._waiting = self._loop.create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own does not inherit it

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(f"the server hung up: {exc}")

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._answer_ends_at == 0 and not self._head_is_read():
            return
        if len(self._received) >= self._answer_ends_at:
            self._finish()

    def _head_is_read(self) -> bool:
        head_ends_at = self._received.find(b"\r\n\r\n")
        if head_ends_at < 0:
            return False
        self._status = int(self._received[9:12])
        self._body_begins_at = head_ends_at + 4
        length = self._body_length(head_ends_at)
        if length is None or length > MAX_ANSWER_BYTES:
            self._fail("an answer without a content-length, or with one beyond bounds")
            self.close()
            return False
        self._answer_ends_at = self._body_begins_at + length
        return True

    def _body_length(self, head_ends_at: int) -> int | None:
        """The body's length in bytes; None when the head does not say it."""
        if self._status in (204, 304):
            return 0
        name_at = self._received.find(b"\r\ncontent-length:", 0, head_ends_at)
        if name_at < 0:
            name_at = self._received[:head_ends_at].lower().find(b"\r\ncontent-length:")
            if name_at < 0:
                return None
        value_at = name_at + len(b"\r\ncontent-length:")
        line_ends_at = self._received.find(b"\r\n", value_at)
        return int(self._received[value_at:line_ends_at])

    def _finish(self) -> None:
        answer = Answer(self._status, bytes(self._received[self._body_begins_at : self._answer_ends_at]))
        del self._received[: self._answer_ends_at]
        self._answer_ends_at = 0
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _fail(self, why: str) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(BadAnswer(why))
