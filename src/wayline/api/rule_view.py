"""Why a rule did what it did, as surface 001 shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from wayline.core.condition import Clause


def clauses_shown(clauses: Iterable[Clause]) -> list[dict[str, Any]]:
    """Each comparison: what it asks, the value seen, whether it holds; and a note where there is more to say."""
    return [
        {"clause": _asked(clause), "seen": clause.seen, "holds": clause.holds}
        | ({"note": clause.note} if clause.note else {})
        for clause in clauses
    ]


def _asked(clause: Clause) -> str:
    """`priority in ["P1","P2"]`; an expression as it is written."""
    if clause.op == "expression":
        return str(clause.expected)
    return f"{clause.field} {clause.op} {msgspec.json.encode(clause.expected).decode()}"
