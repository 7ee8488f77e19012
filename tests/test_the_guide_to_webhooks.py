"""The guide to webhooks is true: its receiver takes what Wayline signs and nothing else, and it lists every event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wayline.actions.signature import signature_headers
from wayline.actions.webhook import new_secret, shown_key
from wayline.core.cloud_event import TYPES

GUIDE = (Path(__file__).resolve().parents[1] / "docs" / "guides" / "webhooks.md").read_text()
KEY = new_secret()
BODY = b'{"type": "wayline.run.failed"}'


@pytest.fixture
def event_of() -> Callable[..., Any]:
    """The receiver's function, as it stands in the guide."""
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(snippet, "webhooks.md", "exec"), names)
    return names["event_of"]


def signed(*, key: bytes = KEY, ago: timedelta = timedelta(0)) -> dict[str, str]:
    return signature_headers(key, message_id="msg_1", at=datetime.now(UTC) - ago, body=BODY)


def test_its_receiver_takes_what_wayline_signs(event_of: Callable[..., Any]) -> None:
    assert event_of(shown_key(KEY), signed(), BODY) == {"type": "wayline.run.failed"}


def test_its_receiver_takes_nothing_else(event_of: Callable[..., Any]) -> None:
    for headers, body in (
        (signed(key=new_secret()), BODY),
        (signed(), BODY.replace(b"failed", b"ended!")),
        (signed(ago=timedelta(minutes=6)), BODY),
        ({**signed(), "webhook-id": "msg_2"}, BODY),
    ):
        with pytest.raises(ValueError, match=r"sent too long ago|not signed"):
            event_of(shown_key(KEY), headers, body)


def test_it_lists_every_event() -> None:
    listed = dict(re.findall(r"^\| `(wayline\.[a-z_.]+)` \| (.*) \|$", GUIDE, flags=re.MULTILINE))
    assert listed == TYPES


def test_its_example_has_the_parts_of_an_event() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    event = json.loads(example)
    assert event["type"] in TYPES
    assert event["sequence"] == f"{event['data']['seq']:020d}"
    assert event["id"] == f"{event['subject'].removeprefix('runs/')}:4:step.completed"
