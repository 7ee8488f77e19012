"""Names and texts as everything reads them: a dotted name looked up in nested values, a text that can be kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_POSITION: Final = re.compile(r"\d{1,9}", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Whether a text can be kept anywhere: PostgreSQL has no NUL in a text, UTF-8 no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


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
