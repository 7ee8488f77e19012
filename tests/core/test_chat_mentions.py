"""A channel is in use wherever a definition says something in it, however that is written."""

from __future__ import annotations

from typing import Any

import pytest

from wayline.core.chat_mentions import channels_mentioned

SAY = {"type": "send_chat", "text": "Hello"}


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        ({"action": SAY | {"channel": "Desk "}}, {"desk"}),
        ({"actions": [SAY, SAY | {"channel": "NET"}]}, {None, "net"}),
        ({"steps": [{"id": "a", "action": SAY, "compensate": SAY | {"channel": "Undone"}}]}, {None, "undone"}),
        ({"start": {"actions": [{"action": "chat", "args": {"text": "x", "channel": "Desk"}}]}}, {"desk"}),
        ({"start": {"actions": [{"action": "chat", "args": "x"}]}}, {None}),
        ({"start": {"actions": {"chat": {"args": {"text": "x", "channel": "Desk"}}}}}, {"desk"}),
        ({"start": {"actions": {"tell them": {"action": "chat", "args": {"text": "x"}}}}}, {None}),
        ({"actions": [{"type": "send_notification", "channel": "email", "message": "chat"}]}, set()),
        ({"steps": [{"id": "chat", "type": "form", "fields": [{"name": "chat", "type": "text"}]}]}, set()),
        ({"variables": {"chat": {"type": "object"}}}, set()),
    ],
)
def test_what_is_said_where(definition: dict[str, Any], named: set[str | None]) -> None:
    assert channels_mentioned(definition) == named
