"""Names and texts as everything reads them: a dotted name looked up in nested values, a text that can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from wayline.core.refusals import Issue

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
_POSITION: Final = re.compile(r"\d{1,9}", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether a text can be kept anywhere: PostgreSQL has no NUL in a text, UTF-8 no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def unkeepable(value: Any, path: str) -> Iterator[Issue]:
    """What no database can keep, wherever in a JSON value it is: NUL in a text, integers of more than 64 bits."""
    if isinstance(value, str):
        if not storable(value):
            yield unstorable(path)
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            yield Issue(path, "Integers have at most 64 bits.", "out_of_range")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from unkeepable(item, f"{path}[{position}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if not storable(name):
                yield unstorable(path)
            yield from unkeepable(item, f"{path}.{name}" if path else name)


def unstorable(path: str) -> Issue:
    """The issue of a text that is not `storable`."""
    return Issue(path, "It contains characters that no text has.", "unstorable")


def walk(value: Any, parts: Sequence[str], missing: Any = None) -> Any:
    """What the parts lead to through mappings and list positions; `missing` when they lead nowhere."""
    for part in parts:
        if isinstance(value, Mapping):
            value = value.get(part, missing)
        elif isinstance(value, list | tuple) and _POSITION.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return missing
    return value


def look_up(scope: Mapping[str, Any], name: str, missing: Any = None) -> Any:
    """The value of `a.b.c`: the whole name as a key when there is one, else walked along its dots."""
    return scope[name] if name in scope else walk(scope, name.split("."), missing)
