"""Which queues a definition (a template's, a rule's) names: in its actions, its conditions and its expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAMING = ("queue", "ticket.queue", "queue_name")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def queues_mentioned(definition: Mapping[str, Any]) -> frozenset[str]:
    """The names, case folded. An expression that reads the queue may compare it with any text quoted in it, so that it
    names all of those. Placeholders in texts are not looked into."""
    return frozenset(name.strip().casefold() for name in _named(definition))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _NAMING or (key == "value" and value.get("field") in _NAMING):
                yield from _texts(inner)
            elif key == "expression" and isinstance(inner, str) and "queue" in inner:
                yield from (single or double for single, double in _QUOTED.findall(inner))
            else:
                yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)


def _texts(value: Any) -> Iterator[str]:
    """Every text of what is set or compared with: one, several, or the operands of operators."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
