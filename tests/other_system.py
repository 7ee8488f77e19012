"""Another system to call: an HTTP server on the loopback address that answers as a test tells it, well or badly."""

from __future__ import annotations

import json
import socketserver
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(status: int = 200, body: Any = None, **headers: str) -> bytes:
    """A well-formed answer. Underscores in header names become hyphens; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    if not isinstance(body, bytes | None):
        headers.setdefault("content_type", "application/json")
    headers.setdefault("content_length", str(len(content)))
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {v}" for name, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


HANG = b"hang"
"""Take the request and say nothing."""


class Dripping(bytes):
    """An answer that is said a byte at a time, DRIPS_EVERY_S apart, for as long as anybody listens."""


DRIPS_EVERY_S = 0.1


@dataclass
class OtherSystem:
    """Answers with what is in `answers`, one a request, then with 200 and `{}`; keeps what it receives."""

    answers: deque[bytes] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    _arrival: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self, request: Received) -> bytes:
        with self._arrival:
            self.received.append(request)
            self._arrival.notify_all()
            return self.answers.popleft() if self.answers else answer(body={})

    def wait_for(self, count: int, *, timeout_s: float = 10.0) -> list[Received]:
        """The requests so far as soon as there are `count`; fails when they do not come in time."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self.received) >= count, timeout_s), len(self.received)
            return list(self.received)


def _read(stream: BufferedIOBase) -> Received | None:
    """The next whole request; None when the caller hangs up, or dies in the middle of one."""
    try:
        head = b""
        while line := stream.readline():
            head += line
            if head.endswith(b"\r\n\r\n"):
                break
        else:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        body = stream.read(length)
    except ConnectionResetError:
        return None
    return Received(method, path, headers, body) if len(body) == length else None


@contextmanager
def other_system() -> Iterator[OtherSystem]:
    """One, for the length of the block."""
    system = OtherSystem()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while (request := _read(self.rfile)) is not None:
                said = system.take(request)
                if said == HANG:
                    system.closing.wait()
                    return
                if isinstance(said, Dripping):
                    self.drip(said)
                    return
                self.wfile.write(said)
                self.wfile.flush()
                if b"close" in said[:500].lower():
                    return

        def drip(self, said: bytes) -> None:
            with suppress(ConnectionError):
                for byte in said:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if system.closing.wait(DRIPS_EVERY_S):
                        return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        system.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield system
        finally:
            system.closing.set()
            server.shutdown()
            thread.join()
