"""Which handler a path means: a tree of its segments, in which a literal segment wins over a parameter."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from wayline.api.endpoint import Handler


class _Place(msgspec.Struct):
    """One segment of the tree."""

    literals: dict[str, _Place] = {}
    parameter: _Place | None = None
    handlers: dict[str, tuple[Handler, tuple[str, ...]]] = {}


class Found(msgspec.Struct, frozen=True):
    """What a path leads to: handlers by method, each with its parameters' names; the values found on the way."""

    handlers: dict[str, tuple[Handler, tuple[str, ...]]]
    values: tuple[str, ...]


class Paths:
    """All paths there are. Finding one costs a dictionary look-up a segment, however many there are."""

    def __init__(self, handlers: Iterable[tuple[str, str, Handler]]) -> None:
        self._root = _Place()
        for method, path, handler in handlers:
            self._add(method, path, handler)

    def _add(self, method: str, path: str, handler: Handler) -> None:
        place, names = self._root, []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                place.parameter = place.parameter or _Place()
                place = place.parameter
            else:
                place = place.literals.setdefault(segment, _Place())
        if method in place.handlers:
            raise ValueError(f"{method} {path} is declared twice")
        place.handlers[method] = (handler, tuple(names))

    def find(self, path: str) -> Found | None:
        """What the path leads to; None for nothing."""
        place, values = self._root, []
        for segment in path.strip("/").split("/"):
            following = place.literals.get(segment)
            if following is None:
                following = place.parameter
                if following is None or not segment:
                    return None
                values.append(segment)
            place = following
        return Found(handlers=place.handlers, values=tuple(values)) if place.handlers else None
