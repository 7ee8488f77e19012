"""Rules and tickets by chance, of a desk so small that they often meet; and a desk that lets them react in memory."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from naive_rules import Flat

from wayline.core.cause import Cause
from wayline.core.effects import ChangeTicket, CommentTicket
from wayline.core.facts import Directory, Facts
from wayline.core.rules import (
    Cascade,
    Changes,
    CompiledRule,
    CutBy,
    Evaluation,
    Happening,
    Reacted,
    RuleSet,
    evaluations,
    react,
)
from wayline.core.ticket import changes_to

MONDAY_NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUEUES = ("Inbox", "Network", "Desk")
CATEGORIES = ("vpn", "mail", "7")
PRIORITIES = ("P1", "P2", "P3")
COUNTS: tuple[Any, ...] = (0, 1, 2, "1", "2", "many")
TRIGGERS = ("on_ticket_created", "on_ticket_updated", "on_comment")
VALUES: dict[str, tuple[Any, ...]] = {
    "queue": QUEUES,
    "category": CATEGORIES,
    "priority": PRIORITIES,
    "custom.n": COUNTS,
}


def some_ticket(chance: random.Random) -> Flat:
    """A ticket, flat."""
    flat: Flat = {name: chance.choice(values) for name, values in VALUES.items() if name != "custom.n"}
    if chance.random() < 0.7:
        flat["custom.n"] = chance.choice(COUNTS)
    return {**flat, "tags": chance.sample(["vip", "Loud"], chance.randint(0, 2))}


def some_condition(chance: random.Random, depth: int = 2) -> dict[str, Any]:
    """A condition of up to three keys."""
    written: dict[str, Any] = {}
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
        kind = chance.random()
        if kind < 0.15 and depth:
            written[chance.choice(("all", "any"))] = [
                some_condition(chance, depth - 1) for _ in range(chance.randint(1, 2))
            ]
        elif kind < 0.22 and depth:
            written["not"] = some_condition(chance, depth - 1)
        elif kind < 0.3:
            written["changed"] = chance.choice(list(VALUES))
        elif kind < 0.36:
            written["tags"] = {"contains": chance.choice(("VIP", "loud"))}
        else:
            name = chance.choice(list(VALUES))
            written[name] = _some_clause(chance, VALUES[name])
    return written


def _some_clause(chance: random.Random, values: Sequence[Any]) -> Any:
    kind = chance.random()
    if kind < 0.4:
        return chance.choice(values)
    if kind < 0.7:
        return chance.sample(list(values), chance.randint(0, 2))
    op = chance.choice(("ne", "not_in", "exists", "changed_to", "changed_from"))
    if op == "exists":
        return {op: chance.random() < 0.5}
    return {op: chance.sample(list(values), 2) if op == "not_in" else chance.choice(values)}


def some_action(chance: random.Random) -> dict[str, Any]:
    """A change to the ticket, or a comment."""
    kind = chance.random()
    if kind < 0.25:
        return {"type": "set_priority", "priority": chance.choice(PRIORITIES)}
    if kind < 0.85:
        name = chance.choice(("queue", "category", "custom.n"))
        return {"type": "update_field", "field": name, "value": chance.choice(VALUES[name])}
    return {"type": "add_comment", "text": "noted"}


def some_rules(chance: random.Random, count: int) -> list[dict[str, Any]]:
    """Definitions, each with its name, place and whether it is enabled."""
    places = chance.sample(range(10 * count), count)
    return [
        {
            "name": f"R{place}",
            "position": place,
            "enabled": chance.random() < 0.9,
            "trigger": chance.choice(TRIGGERS),
            "conditions": some_condition(chance),
            "actions": [some_action(chance) for _ in range(chance.choice((1, 1, 2)))],
            "stop": chance.random() < 0.1,
        }
        for place in places
    ]


def compiled(rules: Sequence[Mapping[str, Any]]) -> list[CompiledRule]:
    return [
        CompiledRule(
            rule_id=f"id-{rule['name']}",
            definition={name: value for name, value in rule.items() if name not in ("position", "enabled")},
            position=rule["position"],
            enabled=rule["enabled"],
            created_at=MONDAY_NINE,
        )
        for rule in rules
    ]


def nested(flat: Flat) -> dict[str, Any]:
    """The ticket as the desk has it."""
    custom = {name.removeprefix("custom."): value for name, value in flat.items() if name.startswith("custom.")}
    plain = {name: value for name, value in flat.items() if not name.startswith("custom.")}
    at = {"created_at": MONDAY_NINE, "updated_at": MONDAY_NINE}
    return {"id": "t1", "number": "INC-000001", "type": "incident", "status": "open", **plain, "custom": custom, **at}


def flattened(ticket: Mapping[str, Any]) -> Flat:
    """And back."""
    own = {f"custom.{name}": value for name, value in ticket["custom"].items()}
    return {name: ticket[name] for name in ("queue", "category", "priority", "tags")} | own


class DeskInMemory:
    """One ticket, and rules that react to what happens to it, as `wayline.engine.reacting` has them do it."""

    def __init__(self, rules: RuleSet, ticket: dict[str, Any]) -> None:
        self.rules = rules
        self.ticket = ticket
        self.seen: list[tuple[Happening, CutBy | None, Reacted]] = []
        self._cascade = Cascade()

    def happens(self, kind: str, before: dict[str, Any] | None) -> None:
        """An event, and all that comes of it."""
        self._show(kind, before, None)
        while self._cascade:
            happening, cut_by = self._cascade.next()
            reacted = react(self.rules, happening, facts=lambda _: Facts(directory=Directory()), cut_by=cut_by)
            self.seen.append((happening, cut_by, reacted))
            self._carry_out(happening, reacted)

    def evaluations(self) -> list[list[Evaluation]]:
        """Every rule at every event, computed again from what would be kept."""
        return [list(evaluations(self.rules, happening, reacted.reaction)) for happening, _, reacted in self.seen]

    def _show(self, kind: str, before: dict[str, Any] | None, cause: Cause | None) -> None:
        event_id = f"e{len(self.seen)}-{kind}"
        self._cascade.add(
            Happening(
                id=event_id,
                trigger=kind,
                at=MONDAY_NINE + timedelta(hours=1),
                cause=cause or Cause(event_id),
                ticket=self.ticket,
                before=before,
            )
        )

    def _carry_out(self, happening: Happening, reacted: Reacted) -> None:
        changes = Changes()
        for wanted in reacted.wanted:
            cause = happening.cause.then(happening.id, [(wanted.rule.id, wanted.rule.name)])
            if isinstance(wanted.effect, CommentTicket):
                self._show("on_comment", {}, cause)
            elif isinstance(wanted.effect, ChangeTicket):
                found = changes_to(self.ticket, wanted.effect.changes, directory=Directory())
                if found:
                    changes.note(wanted.rule, self.ticket, found, seq=len(self.seen))
                    self.ticket = {**self.ticket, **found}
        if changes:
            cause = happening.cause.then(happening.id, changes.rules.items())
            self._show("on_ticket_updated", changes.before(self.ticket), cause)
