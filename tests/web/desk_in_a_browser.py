"""Runs the browser tests of `web/e2e` against a real server with the desk of `served_desk` and published templates."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recovery.served_process import ServedProcess
from served_desk import PASSWORD, Person, seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings

WEB = Path(__file__).resolve().parents[2] / "web"
KEY = "a key for tests alone"
SAID_CHARS = 12_000

FIELDS = [
    {"name": "model", "label": "Model", "type": "select", "required": True, "options": ["Standard 14", "Developer 16"]},
    {"name": "price", "label": "Price", "type": "number", "required": True, "minimum": 0},
    {"name": "why", "label": "Why so dear?", "type": "textarea", "show_if": {"price": {"gt": 1500}}},
    {"name": "first_day", "label": "First day", "type": "date"},
    {"name": "handover", "label": "Handover", "type": "datetime"},
    {"name": "reply_to", "label": "Reply to", "type": "email"},
    {"name": "extras", "label": "Extras", "type": "multiselect", "options": ["Dock", "Bag"]},
    {"name": "contact", "label": "Contact", "type": "user"},
    {"name": "offer", "label": "Offer", "type": "file"},
    {"name": "agreed", "label": "The budget is agreed", "type": "checkbox"},
]
FORM: dict[str, Any] = {"id": "details", "type": "form", "name": "What is needed", "fields": FIELDS}
APPROVAL = {
    "id": "lead",
    "type": "approval",
    "name": "The lead agrees",
    "approvers": [{"manager_of": "requester"}],
    "timeout_hours": 48,
}
ROUTING = {
    "id": "where",
    "type": "routing",
    "name": "Where to?",
    "assignee": {"group": "service-desk"},
    "options": [{"label": "Deskside"}, {"label": "Nowhere"}],
}
TEMPLATES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "laptop": ("Laptop", [FORM | {"assignee": {"requester": True}, "next": "lead"}, APPROVAL]),
    "approval-alone": ("Approval", [APPROVAL]),
    "routing-alone": ("Routing", [ROUTING]),
    "form-at-desk": ("Form", [FORM | {"assignee": {"group": "service-desk"}}]),
}
"""A template for service requests of each of these subtypes."""


def run_in_a_browser(database_url: str, directory: Path, *files: str) -> None:
    """Run these files of `web/e2e` against a server of their own; fails with what they have said."""
    with _served(database_url, directory) as address:
        done = subprocess.run(
            ["npm", "run", "--silent", "e2e", "--", *files],
            cwd=WEB,
            env={
                **os.environ,
                "CI": "true",
                "NO_COLOR": "1",
                "WAYLINE_E2E": json.dumps({"address": address, "password": PASSWORD}),
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-SAID_CHARS:]


@contextmanager
def _served(database_url: str, directory: Path) -> Iterator[str]:
    wayline = Wayline(Settings(database_url=database_url, secret_key=KEY, data_dir=directory / "data"), workers=False)
    root: Person = seed(wayline)["root"]
    wayline.database.close()
    server = ServedProcess(database_url=database_url, directory=directory, port=free_port())
    server.start()
    try:
        for subtype, (name, steps) in TEMPLATES.items():
            trigger = {"type": "ticket_type", "ticket_type": "service_request", "subtype": subtype}
            template = {"name": name, "trigger": trigger, "steps": steps}
            status, made = server.call("POST", "/api/v1/workflows/templates", template, token=root.token)
            assert (status, made["data"]["status"]) == (201, "published"), made
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
