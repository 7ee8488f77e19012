"""Why a desk event happened: the chain of rules and runs that led to it, back to what none of them did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

DEPTH_MAX: Final = 10
"""Links of a kind in one chain. What the tenth rule brings about is no longer shown to any rule; the run that would be
the eleventh to begin another ticket or run begins none."""
EVENTS_PER_ROOT_MAX: Final = 1_000
"""Events of one root cause: those that rules look at, and tickets and runs that runs begin."""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """The event that rules fired on, and those that brought about what comes next: one, or several that together have
    changed a ticket. Or a run (its id instead of an event's) that began a ticket or another run: its template."""

    event_id: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    kind: Literal["rule", "run"] = "rule"

    def said(self) -> str:
        """Their names for people."""
        return " and ".join(f"“{name}”" for name in self.names)


class Cause(msgspec.Struct, frozen=True, array_like=True):
    """The first event of a chain, or the run that began it, and what rules and runs did since, first to last."""

    root: str
    chain: tuple[Link, ...] = ()

    @property
    def depth(self) -> int:
        """How often rules had to act for it to come about."""
        return sum(link.kind == "rule" for link in self.chain)

    @property
    def runs(self) -> int:
        """How often runs had to begin something for it to come about."""
        return sum(link.kind == "run" for link in self.chain)

    @property
    def rule_name(self) -> str | None:
        """The rule that acted last; None when none did."""
        return next((link.names[-1] for link in reversed(self.chain) if link.kind == "rule"), None)

    def then(self, event_id: str, rules: Iterable[tuple[str, str]]) -> Cause:
        """The cause of what rules, (id, name) each, do about the event."""
        ids, names = zip(*rules, strict=True)
        return Cause(self.root, (*self.chain, Link(event_id, ids, names)))

    def begun_by(self, run_id: str, template_id: str, template_name: str) -> Cause:
        """The cause of a ticket or run that the run begins."""
        return Cause(self.root, (*self.chain, Link(run_id, (template_id,), (template_name,), "run")))

    def said(self) -> str:
        """The chain for people: `“A” → “B” and “C” → “A”`."""
        return " → ".join(link.said() for link in self.chain)
