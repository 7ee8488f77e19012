"""Which templates and rules name something of their tenant: a queue, a resolution category, a chat channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import sqlalchemy as sa

from wayline.core.name_mentions import names_mentioned
from wayline.store.tables import rules
from wayline.store.templates import published_definitions

Uses = dict[str, list[str]]
"""Names of templates under `templates`, of rules under `rules`; a kind without any is left out."""


def uses_of(
    connection: sa.Connection, *, tenant_id: str, field: Literal["queue", "resolution_category"], name: str
) -> Uses:
    """The published templates and the rules that set the ticket's field to that name, or compare it with it."""
    wanted = name.strip().casefold()
    return used_by(connection, tenant_id=tenant_id, uses=lambda written: wanted in names_mentioned(written, field))


def used_by(connection: sa.Connection, *, tenant_id: str, uses: Callable[[Mapping[str, Any]], bool]) -> Uses:
    """The published templates and the rules whose definitions use it."""
    of_rules = sa.select(rules.c.name, rules.c.definition).where(rules.c.tenant_id == tenant_id)
    written = {
        "templates": [(title, definition) for _, title, definition in published_definitions(connection, tenant_id)],
        "rules": [(row[0], row[1]) for row in connection.execute(of_rules.order_by(rules.c.position))],
    }
    found = {kind: [title for title, definition in several if uses(definition)] for kind, several in written.items()}
    return {kind: titles for kind, titles in found.items() if titles}
