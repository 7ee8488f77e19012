"""Scripts: what they are named by, what they may be told, and what they may ask of the desk.

A script does nothing to the desk itself. Each call of a `core.` function is kept as a *request*; when the script has
ended well, what it asked for is carried out, in the order asked, under one transaction (decision record 25).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

SOURCE_BYTES_MAX: Final = 64 * 1024
NAME_LENGTH_MAX: Final = 200
REQUESTS_MAX: Final = 100
"""Requests of one script."""
LOG_LINES_MAX: Final = 200
LOG_LINE_CHARS_MAX: Final = 2_000
LOG_CHARS_MAX: Final = 32 * 1024
"""Of all lines together: they are kept with the run."""
SAID_CHARS_MAX: Final = 2_000
PARAMETERS: Final = ("userId", "from", "to", "payload", "entity", "rule", "step")
"""What every script may ask `param` for; None where nobody has said it."""
PARAMETER_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
NAME_PATTERN: Final = r"^[^\W_][\w .&'/-]*$"
"""A name is one line of words: it has no bracket, quote or sign that a script would be written with."""

Kind = Literal["text", "ticket", "people", "texts", "object", "any"]
"""What an argument is. A `ticket` is an id, a number, or what `create_ticket` has given back; `people` are one text or
several: ids, e-mail addresses, groups, or a user query."""

DONE, REFUSED = "done", "refused"
"""What becomes of a request."""
_NAME = re.compile(NAME_PATTERN)
_TICKET_FIELDS: Mapping[str, Kind] = {
    "description": "text",
    "subtype": "text",
    "category": "text",
    "priority": "text",
    "queue": "text",
    "group": "text",
    "assignee": "text",
    "tags": "texts",
    "custom": "object",
}


class Function(msgspec.Struct, frozen=True):
    """A `core.` function: its arguments by name, in the order they may be given without one, and those it needs."""

    arguments: dict[str, Kind]
    needed: tuple[str, ...]
    said: str


FUNCTIONS: Final[Mapping[str, Function]] = {
    "create_ticket": Function(
        {"title": "text", "type": "text", "requester": "text", "status": "text", **_TICKET_FIELDS},
        ("title",),
        "Open a ticket; gives back a handle that later calls may name it by.",
    ),
    "update_ticket": Function(
        {"ticket": "ticket", "title": "text", "status": "text", "resolution_category": "text", **_TICKET_FIELDS},
        (),
        "Change fields of a ticket: of the one the script is about, unless it names another.",
    ),
    "send_email": Function(
        {"to": "people", "subject": "text", "text": "text"}, ("to", "subject"), "Send a mail to people or addresses."
    ),
    "send_chat": Function(
        {"text": "text", "channel": "text", "title": "text"}, ("text",), "Say something in a chat channel."
    ),
    "notify": Function(
        {"to": "people", "title": "text", "text": "text"}, ("to", "title"), "Tell people, in the app and by push."
    ),
    "add_to_group": Function(
        {"user": "text", "group": "text", "role": "text"}, ("user", "group"), "Make somebody a member, or a lead."
    ),
    "add_label": Function({"user": "text", "label": "text"}, ("user", "label"), "Put a label on a person."),
    "start_workflow": Function(
        {"name": "text", "ticket": "ticket", "input": "object", "task_queue": "text"},
        ("name",),
        "Start a published template, on a ticket if one is named.",
    ),
    "create_dispatch": Function(
        {"template": "text", "to": "people", "attributes": "object", "data": "object", "title": "text"},
        ("template", "to"),
        "Send an inbox template to people.",
    ),
}
"""What a script may ask for. `core.log` beside them only keeps a line."""


def is_name(script: str) -> bool:
    """Whether what stands where a script is called for is the name of a saved one, and not a text of its own."""
    return len(script) <= NAME_LENGTH_MAX and _NAME.match(script.strip()) is not None


def called(script: str) -> str:
    """What a script is called in sentences: its name, or that it has none."""
    return f"“{script.strip()}”" if is_name(script) else "a script of its own"


def said_of(told: Iterable[Mapping[str, Any]]) -> str:
    """What became of requests, for people; each is {do, with, became: done | refused, …}."""
    done = [f"{one['do']} {one['ticket']}" if "ticket" in one else one["do"] for one in told if one["became"] == DONE]
    refused = [f"{one['do']} refused: {one['why']}" for one in told if one["became"] == REFUSED]
    said = "; ".join([*([", ".join(done)] if done else []), *refused]) or "nothing was asked for"
    return said if len(said) <= SAID_CHARS_MAX else f"{said[: SAID_CHARS_MAX - 1]}…"


def of_name(name: str) -> str:
    """What names are compared by."""
    return name.strip().casefold()
