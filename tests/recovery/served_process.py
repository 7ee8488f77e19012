"""`wayline serve` as an operator runs it: a process that can be killed and begun again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 20.0


class NotAnswered(Exception):
    """No answer came: whether it was done is not known."""


@dataclass
class ServedProcess:
    """The server, whichever process it is at the moment."""

    database_url: str
    directory: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Begin it and wait until it is ready."""
        self.process = self.begin("serve", *options)
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(NotAnswered):
                if self.call("GET", "/readyz")[0] == 200:
                    return
            threading.Event().wait(0.02)  # the server says nothing when it is ready; asking is the only way
        raise AssertionError(f"the server did not start:\n{self.log()}")

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Another `wayline` process with the same settings; whoever asks for it ends it."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WAYLINE_")},
            "WAYLINE_DATABASE_URL": self.database_url,
            "WAYLINE_DATA_DIR": str(self.directory / "data"),
            "WAYLINE_SECRET_KEY": "a key for tests alone",
            "WAYLINE_PORT": str(self.port),
            **self.settings,
        }
        with (self.directory / "serve.log").open("ab") as log:
            program = str(Path(sys.executable).with_name("wayline"))
            return subprocess.Popen([program, *words], env=environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, as a service manager does; fails unless it shuts down in order."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(STOP_TIMEOUT_S)
        # uvicorn, once it has shut down, ends by the signal it was sent.
        assert status in (0, -signal.SIGTERM), (status, self.log())
        assert "Application shutdown complete" in self.log(), self.log()

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, key: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of one call over a connection of its own; raises NotAnswered."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswered from error
        finally:
            connection.close()
        return answer.status, json.loads(said) if said else None

    def log(self) -> str:
        return (self.directory / "serve.log").read_text(errors="replace")[-5000:]
