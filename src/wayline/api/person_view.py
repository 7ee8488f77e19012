"""People and absences as the API shows them."""

from __future__ import annotations

from typing import Any

from wayline.store.people import SHOWN, Row


def person_view(row: Row, groups: list[Row]) -> dict[str, Any]:
    """A person in full, with the groups they are in."""
    return {**{name: row[name] for name in SHOWN}, "groups": groups}


def absence_view(row: Row) -> dict[str, Any]:
    """An absence."""
    return {
        "id": row["id"],
        "user_id": row["user_id"],
        "from": row["start_at"],
        "to": row["end_at"],
        "substitute_id": row["substitute_id"],
    }
