"""The index finds every rule that matches, whatever is asked, and whatever has been changed since it was made."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from some_rules import MONDAY_NINE, some_condition, some_ticket

from wayline.core import condition
from wayline.core.rule_index import SHAPES_MAX, SINGLE_SHAPES_MAX, RuleIndex, wanted_texts
from wayline.core.rules import CompiledRule


def rule(place: int, written: dict[str, Any]) -> CompiledRule:
    definition = {"name": f"R{place}", "trigger": "on_ticket_updated", "conditions": written}
    return CompiledRule(
        rule_id=f"id{place}", definition=definition, position=place, enabled=True, created_at=MONDAY_NINE
    )


def matching(index: RuleIndex[CompiledRule], scope: dict[str, Any]) -> list[str]:
    """What the index finds, in its order, once what it leaves open has been looked at."""
    found = index.candidates(scope)
    return [one.rule.id for one in found if one.rest is None or condition.holds(one.rest, scope, scope)]


def linear(rules: list[CompiledRule], scope: dict[str, Any]) -> list[str]:
    """The same by looking at each."""
    found = [rule for rule in rules if condition.holds(rule.condition, scope, scope)]
    return [rule.id for rule in sorted(found, key=lambda rule: rule.order)]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 60))
def test_it_finds_what_a_linear_scan_finds(seed: int, count: int) -> None:
    chance = random.Random(seed)
    rules = [rule(place, some_condition(chance)) for place in range(count)]
    index = RuleIndex(rules)
    for _ in range(10):
        scope = some_ticket(chance)
        assert matching(index, scope) == linear(rules, scope)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_does_so_after_any_number_of_changes(seed: int) -> None:
    chance = random.Random(seed)
    rules = [rule(place, some_condition(chance)) for place in range(20)]
    index, next_place = RuleIndex(rules), 20
    for _ in range(15):
        gone = chance.sample(rules, min(len(rules), chance.randint(0, 4)))
        come = [rule(next_place + n, some_condition(chance)) for n in range(chance.randint(0, 4))]
        next_place += 4
        before = index
        index = index.changed(without=gone, added=come)
        scope = some_ticket(chance)
        assert matching(before, scope) == linear(rules, scope)
        rules = [one for one in rules if one not in gone] + come
        assert matching(index, scope) == linear(rules, scope)


VALUES = [
    None,
    True,
    False,
    0,
    1,
    5,
    5.0,
    "5",
    "5.0",
    " 5 ",
    "0",
    "true",
    "",
    "P1",
    "p1",
    "2026-03-02",
    "2026-03-02T09:00:00Z",
    "2026-03-02T10:00:00+01:00",
    MONDAY_NINE,
    [],
    ["P1"],
    {"a": 1},
    10**25,
    str(10**25),
    float("nan"),
]


@pytest.mark.parametrize("wanted", VALUES, ids=repr)
def test_it_means_by_equal_what_conditions_mean(wanted: Any) -> None:
    rules = [rule(0, {"f": {"eq": wanted}}), rule(1, {"f": {"in": [wanted, "other"]}})]
    index = RuleIndex(rules)
    for seen in [*VALUES, "other"]:
        assert matching(index, {"f": seen}) == linear(rules, {"f": seen}), seen
    assert matching(index, {}) == linear(rules, {})


def test_a_rule_wants_nothing_else_looked_at_than_what_its_place_leaves_open() -> None:
    index = RuleIndex([rule(0, {"queue": "A", "priority": ["P1", "P2"], "title": {"contains": "vpn"}})])
    (found,) = index.candidates({"queue": "A", "priority": "P2"})
    assert found.rest is not None
    assert condition.names(found.rest) == {"title"}
    assert index.candidates({"queue": "A", "priority": "P3"}) == []


def test_many_kinds_of_rules_take_few_look_ups() -> None:
    rules = [rule(n, {f"custom.f{n}": "x", f"custom.g{n}": "y"}) for n in range(SINGLE_SHAPES_MAX * 2)]
    index = RuleIndex(rules)
    assert len(index.candidates({})) == len(rules) - SINGLE_SHAPES_MAX
    assert SHAPES_MAX < SINGLE_SHAPES_MAX
    scope = {"custom.f7": "x", "custom.g7": "y", "custom.f255": "x", "custom.g255": "y"}
    assert matching(index, scope) == ["id7", "id255"]


def test_long_lists_are_not_multiplied() -> None:
    many = [f"v{n}" for n in range(900)]
    rules = [rule(0, {"a": many, "b": many, "c": many})]
    index = RuleIndex(rules)
    assert matching(index, {"a": "v1", "b": "v2", "c": "v3"}) == ["id0"]
    assert matching(index.changed(without=rules, added=[]), {"a": "v1", "b": "v2", "c": "v3"}) == []


def test_it_is_empty_when_every_rule_is_gone() -> None:
    rules = [rule(0, {"queue": "A"}), rule(1, {})]
    assert RuleIndex(rules)
    assert not RuleIndex(rules).changed(without=rules, added=[])


def test_what_a_condition_wants_is_told_for_the_database() -> None:
    written = {
        "status": ["open", "new"],
        "custom.n": 5,
        "group": None,
        "any": [{"queue": "A"}],
        "not": {"type": "task"},
    }
    assert wanted_texts(condition.parse(written)) == {"status": ("open", "new"), "group": (None,)}
