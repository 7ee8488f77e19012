"""A server that speaks as much S3 as Wayline does: PUT, HEAD and GET of objects by path, each request signed.

It keeps what it is sent in memory, and refuses what S3 refuses: a body that is not the one that was signed for.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY, SECRET = "A KEY", "a/secret+key"


@dataclass
class ObjectStorage:
    """What is kept, by path, and every request there was."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address, written as an operator writes WAYLINE_S3_URL."""
        return f"http://A%20KEY:a%2Fsecret%2Bkey@127.0.0.1:{self.port}/desk%20files?region=eu-central-1"


@contextmanager
def running_object_storage() -> Iterator[ObjectStorage]:
    """A server for the length of the block."""
    storage = ObjectStorage()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
                self._answer(400)
                return
            if self._is_known():
                storage.objects[self.path] = body
                self._answer(200)

        def do_HEAD(self) -> None:
            if self._is_known():
                self._answer(200 if self.path in storage.objects else 404)

        def do_GET(self) -> None:
            if self._is_known():
                found = storage.objects.get(self.path)
                self._answer(404 if found is None else 200, found or b"")

        def _is_known(self) -> bool:
            storage.requests.append((self.command, self.path))
            known = f"AWS4-HMAC-SHA256 Credential={KEY}/{self.headers['x-amz-date'][:8]}/eu-central-1/s3/aws4_request,"
            if self.headers["Authorization"].startswith(known):
                return True
            self._answer(403)
            return False

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    storage.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
