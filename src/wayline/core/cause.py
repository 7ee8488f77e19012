"""Why a desk event happened: the chain of rules that led to it, back to what no rule did."""

from __future__ import annotations

from typing import Final

import msgspec

DEPTH_MAX: Final = 10
"""Rules in one chain. What the tenth does is no longer shown to any rule."""
EVENTS_PER_ROOT_MAX: Final = 1_000
"""Events that rules look at for one root cause."""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """One rule of a chain, and the event that it fired on."""

    event_id: str
    rule_id: str
    rule_name: str


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """The first event of a chain, and the rules since, first to last."""

    root: str
    chain: tuple[Link, ...] = ()

    @property
    def depth(self) -> int:
        """How many rules lie between the root and what they caused."""
        return len(self.chain)

    def then(self, *, event_id: str, rule_id: str, rule_name: str) -> Cause:
        """The cause of what the rule does about the event."""
        return Cause(self.root, (*self.chain, Link(event_id, rule_id, rule_name)))

    def said(self) -> str:
        """The chain for people: `“A” → “B” → “A”`."""
        return " → ".join(f"“{link.rule_name}”" for link in self.chain)
