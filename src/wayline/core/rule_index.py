"""Which rules can match at all: found by hashing what they want equal, whatever the number of rules.

Most rules of a large desk want some field to have a value: a queue, a category, a customer. Such a clause decides
alone: when it does not hold, the rule does not match, whatever else it says. So each rule is put under the values it
wants its discriminating fields to have (a *shape* is a set of fields; a rule of `{queue: Network, priority: [P1, P2]}`
is in the shape (priority, queue) under two keys), and an event is looked up once a shape: under the values that its
ticket has. Rules without such a clause are candidates always.

**Why no match is ever dropped.** A rule is indexed by clauses that all stand in its outermost `all`, so that each must
hold. Such a clause compares with `condition._same`, and `equality_key` gives the same values the same key, and gives
none to values that equality is more than a key for (a clause naming one of those is not used). So when all clauses
hold, the ticket's values have the keys that the rule is under. What the keys prove need not be compared again: a
candidate comes with the rest of its condition only. `tests/core/rules` holds it against a linear scan.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import product
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from wayline.core.condition import (
    NOTHING_KEY,
    Condition,
    Equality,
    conjuncts,
    equality,
    equality_key,
    is_exact_key,
    together,
)

FIELDS_PER_RULE_MAX: Final = 4
"""Discriminating fields that are used of one rule."""
KEYS_PER_RULE_MAX: Final = 64
"""Combinations of values one rule is put under; a list of more values in a single field still counts as one field."""
SHAPES_MAX: Final = 64
"""Sets of fields looked up for one event. Rules of further ones are looked up by one field, or always candidates."""
SINGLE_SHAPES_MAX: Final = 128
"""The same, those of one field counted in."""

Key = tuple[Hashable, ...]
Names = tuple[str, ...]
Order = tuple[Any, ...]


class Indexed(Protocol):
    """What can be indexed: its condition, and its place among the others."""

    @property
    def order(self) -> Order:
        """Unique; sorts before that of what is to be asked later."""

    @property
    def condition(self) -> Condition:
        """When it matches."""


R = TypeVar("R", bound=Indexed)


class Candidate(NamedTuple, Generic[R]):
    """A rule that may match, and what is still to be looked at; None when nothing is."""

    order: Order
    rule: R
    rest: Condition | None


class _Discriminator(NamedTuple):
    """One equality of a rule as the index uses it."""

    name: str
    keys: tuple[Hashable, ...]
    seen_in: Callable[[Mapping[str, Any]], Any]
    clause: Condition

    @property
    def is_exact(self) -> bool:
        return all(is_exact_key(key) for key in self.keys)


class _Shape(NamedTuple, Generic[R]):
    """The rules of one set of fields, by the values they want."""

    seen_in: tuple[Callable[[Mapping[str, Any]], Any], ...]
    rules: dict[Key, list[Candidate[R]]]

    def copied(self) -> _Shape[R]:
        return _Shape(self.seen_in, {key: [*under] for key, under in self.rules.items()})


class RuleIndex(Generic[R]):
    """The rules of one trigger. Immutable: `changed` gives another."""

    def __init__(self, rules: Iterable[R] = ()) -> None:
        self._shapes: dict[Names, _Shape[R]] = {}
        self._always: dict[Order, Candidate[R]] = {}
        # Under which shape each rule is, so that it is found again.
        self._shape_of: dict[Order, Names] = {}
        for rule in rules:
            self._add(rule)

    def __bool__(self) -> bool:
        return bool(self._always) or any(shape.rules for shape in self._shapes.values())

    def candidates(self, scope: Mapping[str, Any]) -> list[Candidate[R]]:
        """The rules that may match in this scope, in order: every rule that matches is among them."""
        found = list(self._always.values())
        for shape in self._shapes.values():
            key = tuple([equality_key(seen_in(scope)) for seen_in in shape.seen_in])
            under = shape.rules.get(key)
            if under is not None:
                found += under
        # Places are unique, so that the rules themselves are never compared.
        found.sort()
        return found

    def changed(self, *, without: Iterable[R], added: Iterable[R]) -> RuleIndex[R]:
        """The index with some rules gone and others there. Costs a copy of the tables, and no look at other rules."""
        after: RuleIndex[R] = RuleIndex()
        after._always, after._shape_of = dict(self._always), dict(self._shape_of)
        after._shapes = {names: shape.copied() for names, shape in self._shapes.items()}
        for rule in without:
            after._remove(rule)
        for rule in added:
            after._add(rule)
        return after

    def _add(self, rule: R) -> None:
        parts = conjuncts(rule.condition)
        chosen = self._placed(_discriminators(parts))
        proven = [d.clause for d in chosen if d.is_exact]
        rest = together([part for part in parts if not any(part is clause for clause in proven)])
        candidate = Candidate(rule.order, rule, rest)
        if not chosen:
            self._always[rule.order] = candidate
            return
        names = tuple(d.name for d in chosen)
        if names not in self._shapes:
            self._shapes[names] = _Shape(tuple(d.seen_in for d in chosen), {})
        self._shape_of[rule.order] = names
        under = self._shapes[names].rules
        for key in product(*(d.keys for d in chosen)):
            under.setdefault(key, []).append(candidate)

    def _remove(self, rule: R) -> None:
        names = self._shape_of.pop(rule.order, None)
        if names is None:
            del self._always[rule.order]
            return
        chosen = [d for d in _discriminators(conjuncts(rule.condition)) if d.name in names]
        under = self._shapes[names].rules
        for key in product(*(d.keys for d in sorted(chosen, key=_name))):
            under[key] = [c for c in under[key] if c.order != rule.order]
            if not under[key]:
                del under[key]

    def _placed(self, found: list[_Discriminator]) -> list[_Discriminator]:
        """The fields to put a rule under, by name; none when there is no room for another shape."""
        chosen = sorted(_few_keys(found), key=_name)
        if not chosen or tuple(d.name for d in chosen) in self._shapes or len(self._shapes) < SHAPES_MAX:
            return chosen
        return self._single(found)

    def _single(self, found: list[_Discriminator]) -> list[_Discriminator]:
        known = [d for d in found if (d.name,) in self._shapes]
        if known:
            return [min(known, key=_values)]
        return [min(found, key=_values)] if len(self._shapes) < SINGLE_SHAPES_MAX else []


def _discriminators(parts: Iterable[Condition]) -> list[_Discriminator]:
    """The clauses that decide alone and can be looked up, one a field."""
    found: dict[str, _Discriminator] = {}
    for clause in parts:
        wanted = equality(clause)
        keys = _keys(wanted) if wanted is not None else None
        if wanted is not None and keys is not None and wanted.name not in found:
            found[wanted.name] = _Discriminator(wanted.name, keys, wanted.seen_in, clause)
    return list(found.values())


def _keys(wanted: Equality) -> tuple[Hashable, ...] | None:
    """The keys of the values, each once; None when one of them has none."""
    keys = [equality_key(value) for value in wanted.values]
    return None if None in keys else tuple(dict.fromkeys(keys))


def wanted_texts(condition: Condition) -> dict[str, tuple[str | None, ...]]:
    """Fields and the texts one of which each must have for the condition to hold; None among them is no value."""
    found: dict[str, tuple[str | None, ...]] = {}
    for discriminator in _discriminators(conjuncts(condition)):
        if all(isinstance(key, str) or key == NOTHING_KEY for key in discriminator.keys):
            found[discriminator.name] = tuple(key if isinstance(key, str) else None for key in discriminator.keys)
    return found


def _few_keys(found: list[_Discriminator]) -> list[_Discriminator]:
    """The fields with the fewest values each, as many as do not multiply to more than KEYS_PER_RULE_MAX keys."""
    chosen: list[_Discriminator] = []
    keys = 1
    for discriminator in sorted(found, key=_values)[:FIELDS_PER_RULE_MAX]:
        keys *= len(discriminator.keys)
        if chosen and keys > KEYS_PER_RULE_MAX:
            break
        chosen.append(discriminator)
    return chosen


def _values(discriminator: _Discriminator) -> tuple[int, str]:
    return len(discriminator.keys), discriminator.name


def _name(discriminator: _Discriminator) -> str:
    return discriminator.name
