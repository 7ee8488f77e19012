"""Rules at a driven desk: Root writes them, the store is asked what they came to."""

from __future__ import annotations

from typing import Any

from driven_desk import DrivenDesk

from wayline.core.commands import AddComment, UpdateTicket
from wayline.core.facts import SYSTEM, Actor
from wayline.core.rule import parse_rule
from wayline.engine.answers import TicketAnswer
from wayline.engine.door import Change
from wayline.store import rules as stored_rules
from wayline.store.database import new_id
from wayline.store.rule_events import KeptEvent, read_events
from wayline.store.rules import StoredRule
from wayline.store.tables import incidents, tickets
from wayline.store.timeline import TimelineEvent, read_timeline


def change(desk: DrivenDesk, write: Any) -> Any:
    return desk.submit(Change(tenant_id=desk.tenant_id, actor=SYSTEM, write=write))


def add_rule(desk: DrivenDesk, name: str = "R", trigger: str = "on_ticket_updated", **written: Any) -> StoredRule:
    """A rule that Root has written."""
    read = parse_rule({"name": name, "trigger": trigger, **written})

    def write(tx: Any) -> StoredRule:
        return stored_rules.insert_rule(
            tx.connection, tenant_id=desk.tenant_id, rule_id=new_id(), rule=read, created_by=desk.root.id, at=tx.at
        )

    return change(desk, write)


def rewrite(desk: DrivenDesk, rule: StoredRule, **written: Any) -> StoredRule:
    read = parse_rule({**rule.definition, "enabled": rule.enabled, **written})
    return change(desk, lambda tx: stored_rules.update_rule(tx.connection, rule, rule=read, at=tx.at))


def toggle(desk: DrivenDesk, rule: StoredRule, *, enabled: bool) -> StoredRule:
    return change(desk, lambda tx: stored_rules.switch_rule(tx.connection, rule, enabled=enabled, at=tx.at))


def update(desk: DrivenDesk, ticket_id: str, actor: Actor | None = None, **changes: Any) -> TicketAnswer:
    """Bo (or somebody else) changes a ticket."""
    by = actor or desk.bo.actor
    return desk.submit(UpdateTicket(tenant_id=desk.tenant_id, actor=by, ticket_id=ticket_id, changes=changes))


def say(desk: DrivenDesk, ticket_id: str, text: str, actor: Actor | None = None) -> None:
    """Bo (or somebody else) comments."""
    by = actor or desk.bo.actor
    desk.submit(AddComment(tenant_id=desk.tenant_id, actor=by, ticket_id=ticket_id, comment_id=new_id(), text=text))


def ticket(desk: DrivenDesk, ticket_id: str) -> Any:
    (row,) = desk.rows(tickets, id=ticket_id)
    return row


def history(desk: DrivenDesk, ticket_id: str) -> list[TimelineEvent]:
    with desk.wayline.database.reader.connect() as connection:
        return read_timeline(connection, tenant_id=desk.tenant_id, subject_id=ticket_id)


def kept(desk: DrivenDesk) -> list[KeptEvent]:
    """Every event rules have seen, oldest first."""
    with desk.wayline.database.reader.connect() as connection:
        return read_events(connection, tenant_id=desk.tenant_id, limit=5_000)[::-1]


def fired(desk: DrivenDesk) -> list[str]:
    """The names of the rules that fired, in order."""
    names = {rule.id: rule.name for rule in _rules(desk)}
    return [names[firing.rule_id] for event in kept(desk) for firing in event.reaction.firings]


def _rules(desk: DrivenDesk) -> list[StoredRule]:
    with desk.wayline.database.reader.connect() as connection:
        return stored_rules.rules_in_order(connection, tenant_id=desk.tenant_id)


def troubles(desk: DrivenDesk) -> list[tuple[str, str]]:
    """(subject, code) of every incident."""
    return sorted((row.subject, row.code) for row in desk.rows(incidents))
