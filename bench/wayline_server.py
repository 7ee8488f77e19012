"""`wayline serve` on a database of its own, with the two people and the template the request needs."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.client import Caller, Connection
from bench.processes import free_port, run_once, running
from bench.request import EXPECTED_BRANCH, EXPENSIVE_ABOVE
from bench.services import beside_python

COMMAND_LIMIT_S = 60.0
DESIGNER = "ana@bench.example"
APPROVER = "bo@bench.example"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A served Wayline: its port and the bearer tokens of Ana (admin, fills the form) and Bo (agent, approves)."""

    port: int
    designer_token: str
    approver_token: str

    def designer(self) -> Caller:
        return Caller(port=self.port, token=self.designer_token)

    def approver(self) -> Caller:
        return Caller(port=self.port, token=self.approver_token)


@contextlib.contextmanager
def wayline(place: Path, database_url: str) -> Iterator[Desk]:
    """Migrates the empty database, makes the people and serves until the block ends. Raises ServiceFailed."""
    port = free_port()
    env = {
        "WAYLINE_DATABASE_URL": database_url,
        "WAYLINE_HOST": "127.0.0.1",
        "WAYLINE_PORT": str(port),
        "WAYLINE_SECRET_KEY": os.urandom(32).hex(),
        "WAYLINE_DATA_DIR": str(place / "wayline-data"),
    }
    command = beside_python("wayline")
    run_once([command, "migrate"], env=env, limit_s=COMMAND_LIMIT_S)
    desk = Desk(
        port=port,
        designer_token=_token(command, env, email=DESIGNER, role="admin"),
        approver_token=_token(command, env, email=APPROVER, role="agent"),
    )
    with running([command, "serve"], log=place / "wayline.log", ready=lambda: _is_ready(port), env=env):
        yield desk


def _token(command: Path, env: dict[str, str], *, email: str, role: str) -> str:
    words: list[str | Path] = [command, "token", "create", "--email", email, "--role", role, "--abilities", "*"]
    return run_once(words, env=env, limit_s=COMMAND_LIMIT_S).strip()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def create_template(desk: Desk) -> str:
    """Publishes the request's template as Ana and gives its id. Raises BadAnswer."""
    connection = await Connection.open(desk.port)
    try:
        made = await connection.call(desk.designer().post_json("/api/v1/workflows/templates", template()))
        return str(json.loads(made.expect(201))["data"]["id"])
    finally:
        connection.close()


def template() -> dict[str, Any]:
    """Form (Ana) → approval (Bo) → condition → automatic desk action → end."""
    return {
        "name": "Laptop request (bench)",
        "is_active": True,
        "trigger": {"type": "manual"},
        "variables": {"kind": {"type": "string"}},
        "steps": [
            {
                "id": "details",
                "type": "form",
                "name": "Confirm the model",
                "assignee": {"user": DESIGNER},
                "fields": [
                    {"name": "model", "label": "Model", "type": "text", "required": True},
                    {"name": "price", "label": "Price", "type": "number", "minimum": 0, "required": True},
                ],
                "next": "manager",
            },
            {
                "id": "manager",
                "type": "approval",
                "name": "Manager approves",
                "approvers": [{"user": APPROVER}],
                "rule": "all",
                "next": {"approved": "worth-asking"},
            },
            {
                "id": "worth-asking",
                "type": "condition",
                "name": "Is it expensive?",
                "branches": [
                    {"label": EXPECTED_BRANCH, "when": {"price": {"gt": EXPENSIVE_ABOVE}}, "next": "note-expensive"}
                ],
                "otherwise": "note-ordinary",
            },
            _note(EXPECTED_BRANCH),
            _note("ordinary"),
        ],
    }


def _note(kind: str) -> dict[str, Any]:
    return {
        "id": f"note-{kind}",
        "type": "automatic",
        "name": f"Note that it is {kind}",
        "action": {"type": "set_variable", "name": "kind", "value": kind},
    }
