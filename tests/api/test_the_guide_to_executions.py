"""Every request of the guide to executions does what the guide says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from executions_at_a_desk import LOOK

from served_desk import Desk
from workflows import publish

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "executions.md"
REQUEST = re.compile(r"^```http\nPOST (\S+)\n\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def test_each_request_is_taken_and_comes_to_what_is_said(desk: Desk) -> None:
    declared = {"variables": {"cost_centre": {"type": "string", "required": True}}}
    publish(desk, LOOK, name="laptop request", definition=declared)
    root, came_to = desk.client(desk.root), []
    known: dict[str, str] = {}
    for path, body in REQUEST.findall(GUIDE.read_text()):
        for name, value in known.items():
            path = path.replace(f"{{{name}}}", value)
        answer = root.post(path.removeprefix("http://127.0.0.1:8080"), json=json.loads(body))
        assert answer.status_code in (200, 201), (path, answer.text)
        said = answer.json()
        known["id"] = said.get("id", "")
        for waiting in said.get("waiting_for", ()):
            known["callback_url"] = waiting.get("callback_url", "")
        came_to.append(said["status"])
    assert came_to == [
        *("active", "active", "active", "completed"),
        *("draft", "draft", "failed"),
        *("active", "completed", "active", "received"),
    ]
