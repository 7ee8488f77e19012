"""The request all contenders carry out: form → approval → condition → automatic action → end; and Wayline's no-op."""

from __future__ import annotations

from typing import Any

FORM: dict[str, Any] = {"model": '15"', "price": 1900}
EXPENSIVE_ABOVE = 1500
APPROVAL = "approve"
EXPECTED_BRANCH = "expensive"

NOOP_PATH = "/api/v1/ping"
NOOP: dict[str, Any] = {"echo": "nothing to do"}
