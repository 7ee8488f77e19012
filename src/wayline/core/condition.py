"""Conditions: one grammar for steps, rules and form visibility, with an explanation for every answer.

    {priority: P1}                          equality; {priority: [P1, P2]} is any of them
    {price: {gt: 1500, lt: 9000}}           operators; several keys anywhere are all required
    {all: [...]}  {any: [...]}  {not: {…}}  nested as deep as DEPTH_MAX
    {expression: "ticket.price > 2 * budget"}        CEL, see `wayline.core.expression`
    {idle_hours: 24}  {age_hours: {lt: 2}}  a bare number means "at least"
    {changed: priority}                     the field, or any field of a list, has another value than before

What the operators mean (this is the only place where it is said):

* A field is looked up as a key first (`"a.b"`), then along its dots through mappings and list positions. A field that
  is not there and one that is None are both *nothing*: `exists: false` and `eq: null` hold, `ne: null` does not.
* eq, ne, in, not_in: text is compared exactly, case and all. A number equals text that denotes it (forms send text);
  true and false equal only themselves. Datetimes, and two texts that are ISO datetimes, are equal when they are the
  same instant. Lists and mappings are equal member by member. ne and not_in are the plain opposites: nothing is not P1.
* gt, ge, lt, le: numbers and text that denotes numbers by size, instants by time (a date is its midnight, no zone means
  UTC), other text by code point, which is why P1 < P2. A number against other text, or nothing, does not hold.
* contains: part of a text, or member of a list. starts_with, ends_with: texts. These three ignore case, as they search
  what people typed. matches: an RE2 pattern found anywhere in a text, case as written; RE2 because its time is linear
  in the text whatever the pattern, so nobody's rule can hold up the desk. All four take a list and mean any of it.
* changed compares with `before`; something just created is compared with nothing at all. changed_to and changed_from
  say to what and from what, and take a list too.
* What cannot be compared never raises: the clause does not hold and its note says why. Under `not` it therefore holds.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from wayline.core.expression import Expression, ExpressionError, Pattern, compile_expression, compile_pattern
from wayline.core.names import walk
from wayline.core.ticket import PRIORITIES

DEPTH_MAX: Final = 20
"""Levels of all, any and not."""
CLAUSES_MAX: Final = 500
"""Clauses in one condition."""
VALUES_MAX: Final = 1_000
"""Values in one list."""
SEEN_LENGTH_MAX: Final = 500
"""Characters of a seen text, and members of a seen list, that an explanation repeats."""

OPERATORS: Final = (
    "eq", "ne", "in", "not_in", "gt", "ge", "lt", "le", "contains", "starts_with", "ends_with", "matches",
    "exists", "changed", "changed_to", "changed_from",
)  # fmt: skip
PRIORITY_FIELDS: Final = frozenset({"priority", "ticket.priority"})
HOUR_FIELDS: Final = frozenset({"idle_hours", "age_hours"})
"""Fields the caller computes, in hours; a bare number means "at least"."""
RESERVED: Final = frozenset({"all", "any", "not", "expression", "changed"})
"""Keys that are not fields. A field of such a name is reached by its path, as `ticket.all`."""


class _Missing:
    """The one value of a field that is not there; None is the value of one that is empty."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


class ConditionError(ValueError):
    """One problem of a condition as written.

    `path` leads to it (`any[0].price.gt`), `code` is one word for programs, `message` one sentence for people. Codes:
    not_a_condition, unknown_operator, no_operator, bad_value, bad_pattern, bad_expression, never_holds, too_deep,
    too_many.
    """

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.code = code
        self.message = message


class Clause(msgspec.Struct, frozen=True):
    """One comparison that was made.

    `path` is where it stands in the condition (`any[0].price`); `seen` is the value found, shortened for reading, None
    when there was none; `note` says why when kinds did not fit, and what the value was before, else it is empty.
    """

    path: str
    field: str
    op: str
    expected: Any
    seen: Any
    holds: bool
    note: str


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds, and every clause of it in the order written, whether or not it tipped the balance."""

    holds: bool
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition ready to be evaluated. Made by `parse`; immutable, so it can be kept and shared between threads."""

    root: _Node
    written: Any
    """The condition as it was written."""


def parse(condition: Any) -> Condition:
    """The condition, ready to be evaluated. None and {} hold always. Raises the first ConditionError there is."""
    reader = _Reader()
    root = reader.condition({} if condition is None else condition, "", 0)
    if reader.problems:
        raise reader.problems[0]
    return Condition(root, condition)


def condition_problems(raw: Any, path: str = "") -> list[ConditionError]:
    """Every problem of a condition at once, in the order written; their paths begin with `path`. Never raises."""
    reader = _Reader()
    reader.condition({} if raw is None else raw, path, 0)
    return reader.problems


def holds(condition: Condition, scope: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> bool:
    """The truth alone, stopping as soon as it is known. Always the same as `evaluate(…).holds`."""
    return condition.root.holds(scope, before)


def evaluate(condition: Condition, scope: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> Verdict:
    """The truth and every clause. `before` is the scope before the change, None for something just created."""
    clauses: list[Clause] = []
    return Verdict(condition.root.explain(scope, before, clauses), tuple(clauses))


def names(condition: Condition) -> frozenset[str]:
    """The dotted fields the condition reads, those of its expressions included (as far as they are written out)."""
    found: set[str] = set()
    for leaf in condition.root.leaves():
        if isinstance(leaf, _ExpressionClause):
            found |= leaf.expression.paths
        else:
            found.add(leaf.source.name)
    return frozenset(found)


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must hold, each of them, for this one to hold: those of `all`, however nested."""
    if not isinstance(condition.root, _All):
        return (condition,)
    return tuple(found for part in condition.root.parts for found in conjuncts(Condition(part, condition.written)))


def together(parts: Sequence[Condition]) -> Condition | None:
    """The condition that holds when each of these does; None for none of them, which holds always."""
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Condition(_All(tuple(part.root for part in parts)), parts[0].written)


@dataclass(frozen=True, slots=True)
class Equality:
    """A clause that wants a field to be equal to one of some values. `seen_in` reads the field in a scope."""

    name: str
    values: tuple[Any, ...]
    seen_in: Callable[[Mapping[str, Any]], Any]


def equality(condition: Condition) -> Equality | None:
    """The equality that a condition of one clause is; None when it is anything else."""
    clause = condition.root
    if not isinstance(clause, _FieldClause) or clause.op not in ("eq", "in"):
        return None
    values = clause.expected if clause.op == "in" else (clause.expected,)
    return Equality(clause.source.name, values, clause.source.of)


def at_least(condition: Condition) -> tuple[str, float] | None:
    """The field and the least number of a condition of one clause that wants a number; None when it is another."""
    clause = condition.root
    if not isinstance(clause, _FieldClause) or clause.op != "ge":
        return None
    number = _number(clause.expected)
    return None if number is None else (clause.source.name, float(number))


def equality_key(value: Any) -> Hashable | None:
    """What values that are the same have in common; None for those that no key stands for (instants, lists, mappings).

    Values with different keys are never the same, nor is one without a key the same as one that has one. With equal
    keys they are the same, but for two texts that denote one number, such as 5 and 5.0.
    """
    if value is None or value is MISSING:
        return NOTHING_KEY
    if isinstance(value, str):
        return _text_key(value) if len(value) <= _KEYED_LENGTH else _new_text_key(value)
    if isinstance(value, bool):
        return ("truth", value)
    number = _number(value) if isinstance(value, int | float) else None
    return None if number is None else ("number", number)


def is_exact_key(key: Hashable) -> bool:
    """Whether all values with this key are the same: all but those of numbers."""
    return not (isinstance(key, tuple) and key[0] == "number")


def operators(condition: Condition) -> frozenset[str]:
    """The operators of its clauses; expressions have none."""
    return frozenset(leaf.op for leaf in condition.root.leaves() if isinstance(leaf, _FieldClause))


# The tree


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    parts: tuple[str, ...]

    def of(self, scope: Mapping[str, Any] | None) -> Any:
        """The field's value, MISSING when it is not there."""
        if scope is None:
            return MISSING
        if self.name in scope:
            return scope[self.name]
        return walk(scope, self.parts, MISSING)


_Judge = Callable[[Any, Any], str | None]
"""(value now, value before) → None when it holds, "" when it does not, a reason when it could not be compared."""


@dataclass(frozen=True, slots=True)
class _FieldClause:
    path: str
    source: _Field
    op: str
    expected: Any
    judge: _Judge = field(compare=False, repr=False)

    def holds(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        return self._reason(self.source.of(scope), before) is None

    def _reason(self, seen: Any, before: Mapping[str, Any] | None) -> str | None:
        earlier = self.source.of(before) if self.op in _CHANGES else None
        return self.judge(None if seen is MISSING else seen, None if earlier is MISSING else earlier)

    def _note(self, seen: Any, reason: str | None, before: Mapping[str, Any] | None) -> str:
        if self.op in _CHANGES:
            return "just created" if before is None else f"before: {_said(_shown(self.source.of(before)))}"
        return _NOT_THERE if seen is MISSING and reason == _EMPTY else reason or ""

    def explain(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None, clauses: list[Clause]) -> bool:
        seen = self.source.of(scope)
        reason = self._reason(seen, before)
        note = self._note(seen, reason, before)
        held = reason is None
        clauses.append(Clause(self.path, self.source.name, self.op, _shown(self.expected), _shown(seen), held, note))
        return held

    def leaves(self) -> Iterator[_FieldClause | _ExpressionClause]:
        yield self


@dataclass(frozen=True, slots=True)
class _ExpressionClause:
    path: str
    expression: Expression

    def holds(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        try:
            return self.expression.evaluate(scope) is True
        except ExpressionError:
            return False

    def explain(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None, clauses: list[Clause]) -> bool:
        seen, note = None, ""
        try:
            seen = self.expression.evaluate(scope)
            if not isinstance(seen, bool):
                note = "the expression gives neither true nor false"
        except ExpressionError as fault:
            note = fault.message
        text = self.expression.text
        clauses.append(Clause(self.path, "expression", "expression", text, _shown(seen), seen is True, note))
        return seen is True

    def leaves(self) -> Iterator[_FieldClause | _ExpressionClause]:
        yield self


@dataclass(frozen=True, slots=True)
class _All:
    parts: tuple[_Node, ...]

    def holds(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        return all(part.holds(scope, before) for part in self.parts)

    def explain(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None, clauses: list[Clause]) -> bool:
        verdicts = [part.explain(scope, before, clauses) for part in self.parts]
        return all(verdicts)

    def leaves(self) -> Iterator[_FieldClause | _ExpressionClause]:
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class _Any:
    parts: tuple[_Node, ...]

    def holds(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        return any(part.holds(scope, before) for part in self.parts)

    def explain(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None, clauses: list[Clause]) -> bool:
        verdicts = [part.explain(scope, before, clauses) for part in self.parts]
        return any(verdicts)

    def leaves(self) -> Iterator[_FieldClause | _ExpressionClause]:
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class _Not:
    part: _Node

    def holds(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        return not self.part.holds(scope, before)

    def explain(self, scope: Mapping[str, Any], before: Mapping[str, Any] | None, clauses: list[Clause]) -> bool:
        return not self.part.explain(scope, before, clauses)

    def leaves(self) -> Iterator[_FieldClause | _ExpressionClause]:
        yield from self.part.leaves()


_Node = _FieldClause | _ExpressionClause | _All | _Any | _Not


# Reading what was written


class _Reader:
    """Turns a written condition into a tree, noting every problem and going on."""

    def __init__(self) -> None:
        self.problems: list[ConditionError] = []
        self._clauses = 0

    def condition(self, raw: Any, path: str, depth: int) -> _Node:
        if not isinstance(raw, Mapping):
            return self._refused(path, "not_a_condition", f"A condition is a mapping, not {_kind(raw)}.")
        if depth > DEPTH_MAX:
            return self._refused(path, "too_deep", f"Conditions are nested more than {DEPTH_MAX} levels deep.")
        parts = [part for key, value in raw.items() for part in self._entry(key, value, path, depth)]
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _entry(self, key: Any, value: Any, above: str, depth: int) -> list[_Node]:
        if not isinstance(key, str) or not key.strip():
            self._refused(above, "not_a_condition", f"A field's name is text, not {_kind(key)}.")
            return []
        path = f"{above}.{key}" if above else key
        if key in ("all", "any"):
            return [self._group(key, value, path, depth)]
        if key == "not":
            return [_Not(self.condition(value, path, depth + 1))]
        if key == "expression":
            return [self._expression(value, path)]
        if key == "changed":
            return [self._changed(value, path)]
        return self._field(key, value, path)

    def _group(self, key: str, value: Any, path: str, depth: int) -> _Node:
        if not isinstance(value, list | tuple):
            return self._refused(path, "not_a_condition", f"'{key}' takes a list of conditions, not {_kind(value)}.")
        if key == "any" and not value:
            return self._refused(path, "never_holds", "'any' of nothing never holds.")
        parts = tuple(self.condition(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value))
        return _All(parts) if key == "all" else _Any(parts)

    def _expression(self, value: Any, path: str) -> _Node:
        if not isinstance(value, str):
            return self._refused(path, "bad_value", f"An expression is text, not {_kind(value)}.")
        self._count(path)
        try:
            return _ExpressionClause(path, compile_expression(value))
        except ExpressionError as fault:
            place = f" (line {fault.line}, column {fault.column})" if fault.line else ""
            return self._refused(path, "bad_expression", fault.message.rstrip(".") + place + ".")

    def _changed(self, value: Any, path: str) -> _Node:
        fields = [value] if isinstance(value, str) else value
        if not isinstance(fields, list | tuple) or not fields or not all(isinstance(name, str) for name in fields):
            return self._refused(path, "bad_value", "'changed' takes a field's name or a list of them.")
        parts = [self._clause(name, "changed", True, path) for name in fields]
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _field(self, name: str, value: Any, path: str) -> list[_Node]:
        if isinstance(value, Mapping):
            if not value:
                return [self._refused(path, "no_operator", f"'{name}' has no operator to be compared with.")]
            return [self._operator(name, op, expected, path) for op, expected in value.items()]
        if isinstance(value, list | tuple):
            return [self._clause(name, "in", value, path)]
        is_at_least = name in HOUR_FIELDS and _number(value) is not None
        return [self._clause(name, "ge" if is_at_least else "eq", value, path)]

    def _operator(self, name: str, op: Any, expected: Any, path: str) -> _Node:
        if op in OPERATORS:
            return self._clause(name, op, expected, path)
        near = difflib.get_close_matches(str(op), OPERATORS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else f" There are: {', '.join(OPERATORS)}."
        return self._refused(f"{path}.{op}", "unknown_operator", f"There is no operator '{op}'.{hint}")

    def _clause(self, name: str, op: str, expected: Any, path: str) -> _Node:
        self._count(path)
        at = f"{path}.{op}"
        try:
            value = _frozen(expected)
        except RecursionError:
            return self._refused(at, "too_deep", "The value is nested too deeply.")
        if isinstance(value, tuple) and len(value) > VALUES_MAX:
            return self._refused(at, "too_many", f"The list has more than {VALUES_MAX} values.")
        if not _fits(op, value):
            return self._refused(at, "bad_value", f"'{op}' takes {_WANTS[op]}, not {_kind(value)}.")
        if name in PRIORITY_FIELDS:
            op, value = _priorities(op, value)
        try:
            judge = _judge(op, value)
        except ExpressionError as fault:
            return self._refused(at, "bad_pattern", fault.message)
        return _FieldClause(path, _Field(name, tuple(name.split("."))), op, value, judge)

    def _count(self, path: str) -> None:
        self._clauses += 1
        if self._clauses == CLAUSES_MAX + 1:
            self._refused(path, "too_many", f"The condition has more than {CLAUSES_MAX} clauses.")

    def _refused(self, path: str, code: str, message: str) -> _Node:
        self.problems.append(ConditionError(path, code, message))
        return _All(())


def _frozen(value: Any) -> Any:
    """A value as conditions keep it: lists as tuples, YAML's dates as instants."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, dt.date):
        return _instant(value)
    return value


def _priorities(op: str, value: Any) -> tuple[str, Any]:
    """The same comparison of a priority, with P1 to P4 beside the words that tickets take for them: a ticket has the
    one, a variable or a form's field of that name may have the other."""
    if op not in _LISTS:
        return op, value
    meant = [PRIORITIES[word] for word in _members(value) if isinstance(word, str) and word in PRIORITIES]
    both = tuple(dict.fromkeys((*_members(value), *meant)))
    return (op, value) if len(both) == len(_members(value)) else (_LISTS[op], both)


_LISTS: Final = {
    "eq": "in",
    "in": "in",
    "ne": "not_in",
    "not_in": "not_in",
    "changed_to": "changed_to",
    "changed_from": "changed_from",
}
"""What compares for equality, and what does it with several values."""
_WANTS: Final = {
    **dict.fromkeys(("in", "not_in"), "a list of values"),
    **dict.fromkeys(("gt", "ge", "lt", "le"), "a number, a date or text"),
    **dict.fromkeys(("starts_with", "ends_with"), "text, or a list of texts"),
    "contains": "text, a number, true or false, or a list of them",
    "matches": "a pattern, or a list of patterns",
    "exists": "true or false",
    "changed": "true or false",
}


def _fits(op: str, value: Any) -> bool:
    """Whether an operator can take this value."""
    if op in ("in", "not_in"):
        return isinstance(value, tuple)
    if op in ("exists", "changed"):
        return isinstance(value, bool)
    if op in _ORDERS:
        return isinstance(value, int | float | str | dt.datetime) and not isinstance(value, bool)
    if op in ("starts_with", "ends_with", "matches"):
        return _each(value, str)
    if op == "contains":
        return _each(value, str | int | float | bool)
    return True


def _each(value: Any, kind: Any) -> bool:
    members = value if isinstance(value, tuple) else (value,)
    return bool(members) and all(isinstance(member, kind) for member in members)


# What the operators mean

_EMPTY: Final = "the field is empty"
_NOT_THERE: Final = "there is no such field"
_CHANGES: Final = frozenset({"changed", "changed_to", "changed_from"})
_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": lambda seen, expected: seen > expected,
    "ge": lambda seen, expected: seen >= expected,
    "lt": lambda seen, expected: seen < expected,
    "le": lambda seen, expected: seen <= expected,
}


def _judge(op: str, expected: Any) -> _Judge:
    if op in ("eq", "ne"):
        return _equality(op == "eq", (expected,))
    if op in ("in", "not_in"):
        return _equality(op == "in", expected)
    if op in _ORDERS:
        return _order(_ORDERS[op], expected)
    if op == "exists":
        return lambda seen, _: None if (seen is not None) is expected else ""
    if op in _CHANGES:
        return _change(op, expected)
    if op == "matches":
        return _matching(tuple(compile_pattern(text) for text in _members(expected)))
    return _text_search(op, _members(expected))


def _members(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _equality(wanted: bool, values: tuple[Any, ...]) -> _Judge:
    texts = frozenset(value for value in values if type(value) is str)
    only_texts = all(type(value) is str for value in values)

    def judge(seen: Any, _: Any) -> str | None:
        if type(seen) is str:
            if seen in texts:
                return None if wanted else ""
            if only_texts and len(seen) < _INSTANT_LENGTH_MIN:
                return "" if wanted else None
        if any(_same(seen, value) for value in values):
            return None if wanted else ""
        if not wanted:
            return None
        return _EMPTY if seen is None else _why_unequal(seen, values)

    return judge


def _why_unequal(seen: Any, values: tuple[Any, ...]) -> str:
    kinds = {_kind(value) for value in values}
    if kinds <= {_kind(seen), "nothing"} or _kind(seen) in kinds:
        return ""
    if isinstance(seen, list | tuple):
        return "the field is a list; 'contains' looks into it"
    return f"{_kind(seen)} is never equal to {' or '.join(sorted(kinds))}"


def _order(compare: Callable[[Any, Any], bool], expected: Any) -> _Judge:
    number, instant = _number(expected), _instant(expected)

    def judge(seen: Any, _: Any) -> str | None:
        if seen is None:
            return _EMPTY
        seen_number = _number(seen)
        if number is not None and seen_number is not None:
            return None if compare(seen_number, number) else ""
        seen_instant = _instant(seen)
        if instant is not None and seen_instant is not None:
            return None if compare(seen_instant, instant) else ""
        both_text = isinstance(seen, str) and isinstance(expected, str)
        if both_text and number is seen_number is None and instant is seen_instant is None:
            return None if compare(seen, expected) else ""
        return f"{_order_kind(seen)} cannot be compared with {_order_kind(expected)}"

    return judge


def _order_kind(value: Any) -> str:
    if _number(value) is not None:
        return "a number"
    return "an instant" if _instant(value) is not None else _kind(value)


def _change(op: str, expected: Any) -> _Judge:
    values = _members(expected)

    def judge(seen: Any, earlier: Any) -> str | None:
        changed = not _same(seen, earlier)
        if op == "changed":
            return None if changed is expected else ""
        subject = seen if op == "changed_to" else earlier
        return None if changed and any(_same(subject, value) for value in values) else ""

    return judge


def _matching(patterns: tuple[Pattern, ...]) -> _Judge:
    def judge(seen: Any, _: Any) -> str | None:
        if not isinstance(seen, str):
            return _EMPTY if seen is None else f"{_kind(seen)} has no text to search"
        try:
            return None if any(pattern.search(seen) for pattern in patterns) else ""
        except ExpressionError as fault:
            return fault.message

    return judge


def _text_search(op: str, values: tuple[Any, ...]) -> _Judge:
    folded = tuple(_folded(value) for value in values)

    def judge(seen: Any, _: Any) -> str | None:
        if isinstance(seen, str):
            return None if _occurs(op, seen.casefold(), folded) else ""
        if seen is None:
            return _EMPTY
        if op == "contains" and isinstance(seen, list | tuple):
            return None if any(_is_member(value, seen) for value in values) else ""
        return f"{_kind(seen)} has no text to search"

    return judge


def _occurs(op: str, text: str, wanted: tuple[str, ...]) -> bool:
    if op == "starts_with":
        return text.startswith(wanted)
    if op == "ends_with":
        return text.endswith(wanted)
    return any(part in text for part in wanted)


def _folded(value: Any) -> str:
    return (_said(value) if isinstance(value, bool) else str(value)).casefold()


def _is_member(value: Any, members: Sequence[Any]) -> bool:
    if isinstance(value, str):
        folded = value.casefold()
        if any(isinstance(member, str) and member.casefold() == folded for member in members):
            return True
    return any(_same(member, value) for member in members)


def _same(one: Any, other: Any) -> bool:
    """Equality as conditions mean it: see the head of this file. Never raises."""
    if one is None or other is None or isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _same_instant_text(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, dt.date) or isinstance(other, dt.date):
        instant = _instant(one)
        return instant is not None and instant == _instant(other)
    if isinstance(one, int | float) or isinstance(other, int | float):
        number = _number(one)
        return number is not None and number == _number(other)
    return bool(one == other)


NOTHING_KEY: Final = ("nothing",)
_KEYED_LENGTH: Final = 100


def _new_text_key(text: str) -> Hashable | None:
    number = _number(text)
    if number is not None:
        return ("number", number)
    return None if _instant(text) is not None else text


_text_key = lru_cache(maxsize=8192)(_new_text_key)


_INSTANT_LENGTH_MIN: Final = 16
"""Characters of the shortest text that names an instant and not a day alone."""


def _same_instant_text(one: str, other: str) -> bool:
    if len(one) < _INSTANT_LENGTH_MIN or len(other) < _INSTANT_LENGTH_MIN:
        return False
    instant = _instant(one)
    return instant is not None and instant == _instant(other)


_NUMBER: Final = re.compile(r"\s*[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?\s*", re.ASCII)
_WHOLE: Final = re.compile(r"\s*[-+]?\d{1,30}\s*", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.{0,22})?", re.ASCII)


def _number(value: Any) -> int | float | None:
    """The number a value is or denotes, else None; neither booleans nor `nan` are numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if value == value else None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    return int(value) if _WHOLE.fullmatch(value) else float(value)


def _instant(value: Any) -> dt.datetime | None:
    """The instant a datetime, a date or an ISO 8601 text denotes, in UTC, else None."""
    if isinstance(value, str):
        if not _DATE.fullmatch(value):
            return None
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.date):
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    try:
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
    except OverflowError:
        return None


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dt.date):
        return "an instant"
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping" if isinstance(value, Mapping) else "something else"


_INTEGER_MAX: Final = 2**63 - 1
"""What the encoding of explanations can carry as a number."""


def _shown(value: Any) -> Any:
    """A value as an explanation repeats it: short enough to keep, and of kinds that can be encoded."""
    if isinstance(value, str):
        return value if len(value) <= SEEN_LENGTH_MAX else value[:SEEN_LENGTH_MAX] + "…"
    if isinstance(value, int) and abs(value) > _INTEGER_MAX:
        return str(value)[:SEEN_LENGTH_MAX] if value.bit_length() < 4_000 else "a very large number"
    if value is None or value is MISSING:
        return None
    if isinstance(value, bool | int | float | dt.date):
        return value
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value[:SEEN_LENGTH_MAX]]
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in list(value.items())[:SEEN_LENGTH_MAX]}
    return str(value)[:SEEN_LENGTH_MAX]


# For people


def describe(condition: Condition) -> str:
    """The condition as an English phrase: `price is at least 1500 and any of: queue is Network; tags contains vpn`."""
    return _phrase(condition.root, is_last=True)


_PHRASES: Final = {
    "eq": "is",
    "ne": "is not",
    "in": "is",
    "not_in": "is not",
    "gt": "is greater than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches the pattern",
    "changed_to": "has changed to",
    "changed_from": "has changed from",
}


def _phrase(node: _Node, is_last: bool) -> str:
    """`is_last` says that nothing follows, so that a list of alternatives needs no brackets to show its end."""
    if isinstance(node, _ExpressionClause):
        return f"({node.expression.text})"
    if isinstance(node, _FieldClause):
        return _clause_phrase(node)
    if isinstance(node, _Not):
        return f"not ({_phrase(node.part, is_last=True)})"
    if not node.parts:
        return "always"
    if len(node.parts) == 1:
        return _phrase(node.parts[0], is_last)
    if isinstance(node, _All):
        final = len(node.parts) - 1
        return " and ".join(_phrase(part, is_last and at == final) for at, part in enumerate(node.parts))
    alternatives = "any of: " + "; ".join(_phrase(part, is_last=False) for part in node.parts)
    return alternatives if is_last else f"({alternatives})"


def _clause_phrase(clause: _FieldClause) -> str:
    name, op, expected = clause.source.name, clause.op, clause.expected
    if op == "exists":
        return f"{name} is {'set' if expected else 'not set'}"
    if op == "changed":
        return f"{name} has {'changed' if expected else 'not changed'}"
    if op in ("in", "not_in") and not expected:
        return f"{name} {_PHRASES[op]} any of nothing"
    if op in ("eq", "ne"):
        return f"{name} {_PHRASES[op]} {_said(expected)}"
    return f"{name} {_PHRASES[op]} {' or '.join(_said(value) for value in _members(expected))}"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str):
        return value if value.strip() == value and value else f"'{value}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_said(item) for item in value)}]"
    return str(value)


# For editors


def json_schema() -> dict[str, Any]:
    """The grammar as JSON Schema 2020-12.

    Refers to itself as `#/$defs/condition`: whoever embeds it takes over its `$defs`. It accepts all that `parse`
    accepts; expressions, patterns and the limits are `parse`'s alone to check.
    """
    definition = {"$ref": "#/$defs/condition"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Condition",
        "$ref": "#/$defs/condition",
        "$defs": {
            "condition": {
                "type": "object",
                "description": "Every key must hold. Keys are fields, or one of those listed.",
                "properties": {
                    "all": {"type": "array", "items": definition, "description": "Each of them holds."},
                    "any": {"type": "array", "items": definition, "minItems": 1, "description": "At least one holds."},
                    "not": {**definition, "description": "It does not hold."},
                    "expression": {"type": "string", "description": "A CEL expression that gives true or false."},
                    "changed": {
                        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                        "description": "The field, or any of them, has another value than before.",
                    },
                    "idle_hours": {**_COMPARED, "description": "Hours in which nothing happened: at least so many."},
                    "age_hours": {**_COMPARED, "description": "Hours since it was created: at least so many."},
                },
                "propertyNames": {"pattern": "\\S"},
                "additionalProperties": _COMPARED,
            },
            "condition_comparison": _comparison_schema(),
        },
    }


_COMPARED: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"], "description": "Equal to this."},
        {"type": "array", "description": "Equal to any of these."},
        {"$ref": "#/$defs/condition_comparison"},
    ]
}


def _comparison_schema() -> dict[str, Any]:
    text = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    scalar = ["string", "number", "boolean"]
    part = {"anyOf": [{"type": scalar}, {"type": "array", "items": {"type": scalar}, "minItems": 1}]}
    texts = ("starts_with", "ends_with", "matches")
    shapes: dict[str, dict[str, Any]] = {
        **{op: {"type": "array"} for op in ("in", "not_in")},
        **{op: {"type": ["string", "number"]} for op in _ORDERS},
        **{op: {**text} for op in texts},
        **{op: {"type": "boolean"} for op in ("exists", "changed")},
        "contains": part,
    }
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {op: shapes.get(op, {}) for op in OPERATORS},
        "additionalProperties": False,
    }
