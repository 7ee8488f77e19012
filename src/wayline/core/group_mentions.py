"""Which groups a template's definition names, wherever a who-expression or a user query may stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wayline.core.user_query import QueryError, parse_query

_NAMING = ("group", "group_id")


def groups_mentioned(definition: Mapping[str, Any]) -> frozenset[str]:
    """Every id, slug or name of a group in the definition, in lower case. Templates in texts are not looked into."""
    return frozenset(name.lower() for name in _named(definition))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(inner, str):
                yield from _named(inner)
            elif key in _NAMING or (key == "value" and value.get("field") in _NAMING):
                yield inner
            elif key == "query":
                yield from _in_query(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)


def _in_query(text: str) -> Iterator[str]:
    try:
        yield from parse_query(text).groups
    except QueryError:
        return  # no query after all: a form field or a message may be called so
