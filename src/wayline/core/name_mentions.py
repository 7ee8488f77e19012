"""Which queues, or resolution categories, a definition (a template's, a rule's) names: in its actions, its conditions
and its expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def names_mentioned(definition: Mapping[str, Any], field: Literal["queue", "resolution_category"]) -> frozenset[str]:
    """What the ticket's field is set to or compared with, case folded. An expression that reads the field may compare
    it with any text quoted in it, so that it names all of those. Placeholders in texts are not looked into."""
    keys = (field, f"ticket.{field}", f"{field}_name")
    return frozenset(name.strip().casefold() for name in _named(definition, field, keys))


def _named(value: Any, field: str, keys: Collection[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in keys or (key == "value" and value.get("field") in keys):
                yield from _texts(inner)
            elif key == "expression" and isinstance(inner, str) and field in inner:
                yield from (single or double for single, double in _QUOTED.findall(inner))
            else:
                yield from _named(inner, field, keys)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner, field, keys)


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
