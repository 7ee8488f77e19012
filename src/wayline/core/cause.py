"""Why a desk event happened: the chain of rules that led to it, back to what no rule did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

DEPTH_MAX: Final = 10
"""Links in one chain. What the tenth brings about is no longer shown to any rule."""
EVENTS_PER_ROOT_MAX: Final = 1_000
"""Events that rules look at for one root cause."""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """The event that rules fired on, and those that brought about what comes next: one, or several that together have
    changed a ticket."""

    event_id: str
    rule_ids: tuple[str, ...]
    rule_names: tuple[str, ...]

    def said(self) -> str:
        """Their names for people."""
        return " and ".join(f"“{name}”" for name in self.rule_names)


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """The first event of a chain, and what rules did since, first to last."""

    root: str
    chain: tuple[Link, ...] = ()

    @property
    def depth(self) -> int:
        """How often rules had to act for it to come about."""
        return len(self.chain)

    def then(self, event_id: str, rules: Iterable[tuple[str, str]]) -> Cause:
        """The cause of what rules, (id, name) each, do about the event."""
        ids, names = zip(*rules, strict=True)
        return Cause(self.root, (*self.chain, Link(event_id, ids, names)))

    def said(self) -> str:
        """The chain for people: `“A” → “B” and “C” → “A”`."""
        return " → ".join(link.said() for link in self.chain)
