"""Every request of the guide to inbox workflows does what the guide says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from served_desk import Desk

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "inbox-workflows.md"
REQUEST = re.compile(r"^```http\n(GET|POST) (\S+)(?:\n\n(.*?))?\n```$", re.MULTILINE | re.DOTALL)


def test_each_request_is_taken_and_comes_to_what_is_said(desk: Desk) -> None:
    root, known, came_to = desk.client(desk.bo), {}, []
    designer = desk.client(desk.root)
    for method, path, written in REQUEST.findall(GUIDE.read_text()):
        client = designer if "/templates" in path else root
        for name, value in known.items():
            path, written = path.replace(f"{{{name}}}", value), written.replace(f"{{{name}}}", value)
        answer = client.request(method, path, json=json.loads(written) if written else None)
        assert answer.status_code in (200, 201), (path, answer.text)
        came_to.append(_told(answer.json()["data"], known))
    assert came_to == [
        "template without problems",
        "sent Saturday shift to 3",
        "{'open': 3}",
        "Open",
        "Taken",
        "locked by Bo",
        "unlocked",
        "[True]",
    ]
    (gone,) = desk.client(desk.cy).get("/api/v1/inbox?status=retired").json()["data"]
    assert (gone["label"], gone["task"]) == ("Over", "open")


def _told(data: Any, known: dict[str, str]) -> str:
    """What an answer came to, in a word or two; ids that later requests name are kept."""
    if isinstance(data, list):
        if "ok" in data[0]:
            return str([result["ok"] for result in data])
        known["item"] = data[0]["id"]
        return str(data[0]["label"])
    if "definition" in data:
        return f"template {'with' if data['problems'] else 'without'} problems"
    if "dispatch" in data:
        known["dispatch"] = data["dispatch"]["id"]
        return f"sent {data['dispatch']['title']} to {len(data['entries'])}"
    if "recipients" in data:
        return str(data["counts"]["tasks"])
    if "behaviors" in data:
        return str(data["label"])
    return f"locked by {data['locked_by']['name']}" if data["locked_by"] else "unlocked"
