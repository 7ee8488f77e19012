"""Rules that are compiled, indexed and asked in the engine's way come to what asking each of them by hand does."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_rules import NaiveEvent, NaiveOutcome, ask
from some_rules import DeskInMemory, compiled, flattened, nested, some_rules, some_ticket

from wayline.core.cause import DEPTH_MAX, EVENTS_PER_ROOT_MAX
from wayline.core.rules import RuleSet


def both_ways(seed: int, rules: int) -> tuple[DeskInMemory, NaiveOutcome]:
    """The same event at the same desk, by the core and by hand."""
    chance = random.Random(seed)
    written, flat = some_rules(chance, rules), some_ticket(chance)
    kind = chance.choice(("on_ticket_created", "on_ticket_updated"))
    was = None
    if kind == "on_ticket_updated":
        was = {name: other for name, other in some_ticket(chance).items() if name != "custom.n" and other != flat[name]}
    desk = DeskInMemory(RuleSet(1, compiled(written)), nested(flat))
    desk.happens(kind, was)
    return desk, ask(written, NaiveEvent(kind, flat, was))


def require_same(desk: DeskInMemory, by_hand: NaiveOutcome) -> None:
    found = [[(one.rule_name, one.matched, one.reason) for one in event] for event in desk.evaluations()]
    assert found == by_hand.pairs
    assert flattened(desk.ticket) == by_hand.ticket


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rules=st.integers(1, 30))
def test_every_rule_at_every_event_comes_to_the_same(seed: int, rules: int) -> None:
    require_same(*both_ways(seed, rules))


def test_ten_thousand_desks_by_chance_never_run_away() -> None:
    cut = 0
    for seed in range(10_000):
        chance = random.Random(seed)
        rules = RuleSet(1, compiled(some_rules(chance, chance.randint(1, 12))))
        desk = DeskInMemory(rules, nested(some_ticket(chance)))
        desk.happens("on_ticket_created", None)
        for happening, cut_by, reacted in desk.seen:
            assert happening.cause.depth <= DEPTH_MAX, seed
            assert cut_by is None or not reacted.wanted, seed
            cut += bool(reacted.reaction.cut)
        assert sum(cut_by != "events" for _, cut_by, _ in desk.seen) <= EVENTS_PER_ROOT_MAX, seed
    assert cut > 100, "the chances are such that chains have to be cut now and then"


@pytest.mark.parametrize("seed", range(3))
def test_hundreds_of_rules_come_to_the_same(seed: int) -> None:
    require_same(*both_ways(seed, 100))
