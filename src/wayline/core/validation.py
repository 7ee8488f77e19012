"""What a model refuses, as issues: every fault at once, each with the place where it was written."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from wayline.core.refusals import Issue


def issues_of(error: ValidationError, path: str = "", *, written: Any = None) -> list[Issue]:
    """Pydantic's errors as issues, with JSON-style paths into what was `written`.

    Without that, paths also name the alternatives a value was tried as. What is wrong inside a value says enough: that
    the value as a whole is not of another kind either is left out.
    """
    found: dict[Issue, None] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        loc = item["loc"] if written is None else _as_written(item["loc"], written, missing=item["type"] == "missing")
        found[Issue(_join(path, loc), item["msg"].removeprefix("Value error, "), item["type"])] = None
    paths = {issue.path for issue in found}
    return [i for i in found if not any(p.startswith((f"{i.path}.", f"{i.path}[")) for p in paths)]


def _as_written(loc: tuple[int | str, ...], written: Any, *, missing: bool) -> tuple[int | str, ...]:
    """The place without the parts that nobody wrote, but for the name of what is missing."""
    kept: list[int | str] = []
    for place, part in enumerate(loc):
        if _has(written, part):
            written = written[part]
        elif not (missing and place == len(loc) - 1):
            continue
        kept.append(part)
    return tuple(kept)


def _has(written: Any, part: int | str) -> bool:
    if isinstance(written, dict):
        return part in written
    return isinstance(written, list) and isinstance(part, int) and part < len(written)


def _join(path: str, loc: tuple[int | str, ...]) -> str:
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path
