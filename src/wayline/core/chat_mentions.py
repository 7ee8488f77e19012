"""Which chat channels a definition (a template's, a rule's) says something in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def channels_mentioned(definition: Mapping[str, Any]) -> frozenset[str | None]:
    """The names as they are compared, case folded; None for a message that names no channel and goes to the desk's own.
    Placeholders are not looked into, and neither are scripts."""
    return frozenset(_mentioned(definition))


def _mentioned(value: Any) -> Iterator[str | None]:
    if isinstance(value, Mapping):
        if value.get("type") == "send_chat":
            yield _name(value.get("channel"))
        elif value.get("action") == "chat":
            yield _of_args(value)
        for key, inner in value.items():
            if key == "chat" and isinstance(inner, Mapping) and "args" in inner and "action" not in inner:
                yield _of_args(inner)  # an inbox step's actions may be an object, keyed by what they do
            yield from _mentioned(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _mentioned(inner)


def _of_args(action: Mapping[str, Any]) -> str | None:
    args = action.get("args")
    return _name(args.get("channel")) if isinstance(args, Mapping) else None


def _name(channel: Any) -> str | None:
    return channel.strip().casefold() if isinstance(channel, str) and channel.strip() else None
