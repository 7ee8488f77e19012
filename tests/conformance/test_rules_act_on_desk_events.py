"""What rules promise at a real desk, on either database: an event is shown to them in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driven_desk import DrivenDesk, driven_desk

from wayline.core.commands import AddComment, UpdateTicket
from wayline.core.facts import SYSTEM
from wayline.core.rule import parse_rule
from wayline.engine.door import Change
from wayline.store.database import new_id
from wayline.store.rule_events import KeptEvent, read_events
from wayline.store.rules import StoredRule, insert_rule
from wayline.store.tables import incidents, rule_events, runs, tickets


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def rule(desk: DrivenDesk, name: str = "R", trigger: str = "on_ticket_updated", **written: Any) -> StoredRule:
    """A rule that Root has written."""
    read = parse_rule({"name": name, "trigger": trigger, **written})
    change = Change(
        tenant_id=desk.tenant_id,
        actor=SYSTEM,
        write=lambda tx: insert_rule(
            tx.connection, tenant_id=desk.tenant_id, rule_id=new_id(), rule=read, created_by=desk.root.id, at=tx.at
        ),
    )
    return desk.submit(change)


def update(desk: DrivenDesk, ticket_id: str, **changes: Any) -> Any:
    return desk.submit(
        UpdateTicket(tenant_id=desk.tenant_id, actor=desk.bo.actor, ticket_id=ticket_id, changes=changes)
    )


def ticket(desk: DrivenDesk, ticket_id: str) -> Any:
    (row,) = desk.rows(tickets, id=ticket_id)
    return row


def events(desk: DrivenDesk) -> list[KeptEvent]:
    """Oldest first."""
    with desk.wayline.database.reader.connect() as connection:
        return read_events(connection, tenant_id=desk.tenant_id, limit=1000)[::-1]


def test_a_new_ticket_is_answered_as_the_rules_have_made_it(desk: DrivenDesk) -> None:
    rule(
        desk,
        trigger="on_ticket_created",
        conditions={"title": {"contains": "vpn"}},
        action={"type": "set_priority", "priority": "P1"},
    )
    assert ticket(desk, desk.open_ticket(title="VPN is down")).priority == "P1"
    assert ticket(desk, desk.open_ticket(title="A mouse")).priority == "P3"
