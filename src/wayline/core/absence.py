"""Absences: whether one that is asked for makes sense beside those there are."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from wayline.core.facts import MAX_SUBSTITUTE_CHAIN, Absence


def closes_a_circle(new: Absence, others: Iterable[Absence]) -> bool:
    """Whether, at some instant of the new absence, following substitutes leads back to the person who is away."""
    of_user: dict[str, list[Absence]] = {}
    for absence in others:
        of_user.setdefault(absence.user_id, []).append(absence)
    frontier = [new]
    for _ in range(MAX_SUBSTITUTE_CHAIN):
        if any(absence.substitute_id == new.user_id for absence in frontier):
            return True
        frontier = [
            msgspec.structs.replace(b, start=max(a.start, b.start), end=min(a.end, b.end))
            for a in frontier
            for b in of_user.get(a.substitute_id or "", ())
            if max(a.start, b.start) < min(a.end, b.end)
        ]
    return False
