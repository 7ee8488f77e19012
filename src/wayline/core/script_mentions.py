"""Which saved scripts a definition (a template's, a rule's) runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wayline.core.script import is_name, of_name


def scripts_mentioned(definition: Mapping[str, Any]) -> frozenset[str]:
    """The names as they are compared, case folded; texts that stand in a definition themselves have none."""
    return frozenset(of_name(script) for script in _named(definition) if is_name(script))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        wanted = "script" if value.get("type") == "run_script" else "args" if value.get("action") == "script" else None
        if isinstance(written := value.get(wanted), str):
            yield written
        for key, inner in value.items():
            if key == "script" and isinstance(inner, Mapping) and isinstance(inner.get("args"), str):
                yield inner["args"]  # an inbox step's actions may be an object, keyed by what they do
            yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)
