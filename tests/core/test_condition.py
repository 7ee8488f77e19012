"""Promise: a condition means what its grammar says, its explanation is complete, and neither ever raises."""

import datetime as dt
import math
import re
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wayline.core.condition import (
    CLAUSES_MAX,
    DEPTH_MAX,
    MISSING,
    OPERATORS,
    VALUES_MAX,
    ConditionError,
    condition_problems,
    describe,
    evaluate,
    holds,
    json_schema,
    names,
    parse,
)
from wayline.core.names import look_up

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
TICKET = {
    "priority": "P2",
    "queue": "Network",
    "title": "VPN is Slow",
    "price": "1500",
    "count": 3,
    "ratio": 0.5,
    "urgent": True,
    "owner": None,
    "tags": ["vpn", "Wifi"],
    "custom": {"floor": 3, "rooms": [{"name": "A1"}]},
    "a.b": "key with a dot",
    "created_at": "2026-03-02T12:00:00Z",
    "due_at": NOON,
    "due_on": "2026-03-02",
    "idle_hours": 30,
    "odd": float("nan"),
}


def true(condition, scope=TICKET, before=None):
    """The answer, asked both ways."""
    compiled = parse(condition)
    verdict = evaluate(compiled, scope, before)
    assert holds(compiled, scope, before) is verdict.holds
    return verdict.holds


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, True),
        ({}, True),
        ({"priority": "P2"}, True),
        ({"priority": "p2"}, False),
        ({"priority": ["P1", "P2"]}, True),
        ({"priority": []}, False),
        ({"priority": "P2", "queue": "Network"}, True),
        ({"priority": "P2", "queue": "Hardware"}, False),
        ({"priority": {"ne": "P1", "in": ["P2"]}}, True),
        ({"priority": {"not_in": ["P1", "P2"]}}, False),
        ({"priority": {"ge": "P1"}}, True),
        ({"priority": {"lt": "P2"}}, False),
        ({"urgent": True}, True),
        ({"urgent": 1}, False),
        ({"urgent": "true"}, False),
        ({"tags": {"eq": ["vpn", "Wifi"]}}, True),
        ({"tags": ["vpn"]}, False),
        ({"custom": {"eq": {"floor": 3.0, "rooms": [{"name": "A1"}]}}}, True),
        ({"all": []}, True),
        ({"all": [{"priority": "P2"}, {"count": 3}]}, True),
        ({"any": [{"priority": "P1"}, {"count": 3}]}, True),
        ({"not": {"any": [{"priority": "P1"}, {"count": 4}]}}, True),
        ({"not": {"priority": "P2", "queue": "Hardware"}}, True),
        ({"queue": "Network", "any": [{"count": 9}], "not": {"count": 9}}, False),
    ],
)
def test_fields_and_groups_combine(condition, expected):
    assert true(condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"price": 1500}, True),
        ({"price": {"gt": 1499.5}}, True),
        ({"price": {"le": "1500.0"}}, True),
        ({"price": {"gt": "200"}}, True),
        ({"price": "1500.0"}, False),
        ({"count": "3.0"}, True),
        ({"count": {"gt": "two"}}, False),
        ({"title": {"gt": 5}}, False),
        ({"urgent": {"ge": 0}}, False),
        ({"odd": {"ge": 0}}, False),
        ({"odd": {"lt": 0}}, False),
        ({"price": {"lt": "1e4"}}, True),
        ({"price": {"lt": "1_501"}}, False),
    ],
)
def test_numbers_and_text_that_denotes_numbers_compare_by_size(condition, expected):
    assert true(condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"created_at": "2026-03-02T13:00:00+01:00"}, True),
        ({"created_at": NOON}, True),
        ({"due_at": "2026-03-02T12:00:00Z"}, True),
        ({"due_at": {"gt": "2026-03-02"}}, True),
        ({"due_at": {"gt": dt.date(2026, 3, 3)}}, False),
        ({"created_at": {"lt": "2026-03-02T12:30:00+01:00"}}, False),
        ({"created_at": {"ge": "2026-03-02T12:00"}}, True),
        ({"due_on": {"lt": "2026-03-02T00:00:01Z"}}, True),
        ({"due_on": {"lt": "2026-13-40"}}, False),
        ({"due_at": {"gt": 5}}, False),
    ],
)
def test_dates_compare_as_instants(condition, expected):
    assert true(condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"title": {"contains": "slow"}}, True),
        ({"title": {"contains": ["printer", "vpn"]}}, True),
        ({"tags": {"contains": "wifi"}}, True),
        ({"tags": {"contains": "wi"}}, False),
        ({"title": {"starts_with": "vpn"}}, True),
        ({"title": {"ends_with": ["fast", "SLOW"]}}, True),
        ({"count": {"contains": 3}}, False),
        ({"price": {"contains": 50}}, True),
        ({"title": {"matches": "^VPN .* Slow$"}}, True),
        ({"title": {"matches": "slow"}}, False),
        ({"title": {"matches": ["x", "(?i)slow"]}}, True),
        ({"count": {"matches": "3"}}, False),
    ],
)
def test_text_is_searched(condition, expected):
    assert true(condition) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"a.b": "key with a dot"}, True),
        ({"custom.floor": 3}, True),
        ({"custom.rooms.0.name": "A1"}, True),
        ({"custom.rooms.1.name": "A1"}, False),
        ({"owner": {"exists": False}}, True),
        ({"nobody": {"exists": False}}, True),
        ({"count": {"exists": True}}, True),
        ({"owner": None}, True),
        ({"nobody": None}, True),
        ({"nobody": {"ne": None}}, False),
        ({"count": {"ne": None}}, True),
        ({"nobody": {"ne": "x"}}, True),
        ({"nobody": {"not_in": ["x"]}}, True),
        ({"nobody": {"gt": 1}}, False),
        ({"nobody": {"le": 1}}, False),
        ({"nobody": {"contains": "x"}}, False),
        ({"title.length": 3}, False),
    ],
)
def test_a_field_is_found_by_key_then_by_dots_or_is_nothing(condition, expected):
    assert true(condition) is expected


def test_a_missing_field_and_an_empty_one_are_told_apart_by_whoever_asks():
    assert look_up(TICKET, "owner", MISSING) is None
    assert look_up(TICKET, "custom.colour", MISSING) is MISSING
    assert look_up(TICKET, "custom.rooms.0.name", MISSING) == "A1"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"idle_hours": 24}, True),
        ({"idle_hours": 31}, False),
        ({"idle_hours": {"lt": 31}}, True),
        ({"idle_hours": {"eq": 24}}, False),
        ({"age_hours": 1}, False),
    ],
)
def test_a_bare_number_of_hours_means_at_least(condition, expected):
    assert true(condition) is expected


@pytest.mark.parametrize(
    ("condition", "seen", "expected"),
    [
        ({"priority": "high"}, "P2", True),
        ({"priority": "high"}, "P1", False),
        ({"priority": "high"}, "high", True),
        ({"ticket.priority": ["critical", "low"]}, "P4", True),
        ({"priority": {"ne": "high"}}, "P2", False),
        ({"priority": {"ne": "high"}}, "P3", True),
        ({"priority": {"not_in": ["high", "low"]}}, "P4", False),
        ({"priority": {"changed_to": "critical"}}, "P1", True),
        ({"urgency": "high"}, "P2", False),
    ],
)
def test_the_words_for_priorities_mean_what_tickets_have(condition, seen, expected):
    field = next(iter(condition)).split(".")[-1]
    scope = {field: seen, "ticket": {field: seen}}
    assert true(condition, scope, {field: "P3", "ticket": {field: "P3"}}) is expected


@pytest.mark.parametrize(
    ("condition", "before", "now", "expected"),
    [
        ({"p": {"changed": True}}, {"p": 1}, {"p": 2}, True),
        ({"p": {"changed": True}}, {"p": 1}, {"p": 1.0}, False),
        ({"p": {"changed": False}}, {"p": 1}, {"p": 1}, True),
        ({"p": {"changed": True}}, None, {"p": 1}, True),
        ({"p": {"changed": True}}, None, {"p": None}, False),
        ({"p": {"changed": True}}, {"p": None}, {}, False),
        ({"p": {"changed_to": 2}}, {"p": 1}, {"p": 2}, True),
        ({"p": {"changed_to": 2}}, {"p": 2}, {"p": 2}, False),
        ({"p": {"changed_to": [2, 3]}}, None, {"p": 3}, True),
        ({"p": {"changed_to": None}}, {"p": 1}, {}, True),
        ({"p": {"changed_from": 1}}, {"p": 1}, {"p": 2}, True),
        ({"p": {"changed_from": [1, 2]}}, {"p": 1}, {"p": 1}, False),
        ({"p": {"changed_from": 1, "changed_to": 2}}, {"p": 1}, {"p": 3}, False),
        ({"changed": "p"}, {"p": 1}, {"p": 2}, True),
        ({"changed": ["p", "q"]}, {"p": 1, "q": 1}, {"p": 1, "q": 2}, True),
        ({"changed": ["p", "q"]}, {"p": 1, "q": 1}, {"p": 1, "q": 1}, False),
    ],
)
def test_change_is_the_difference_to_before(condition, before, now, expected):
    assert true(condition, now, before) is expected


def test_an_expression_is_a_clause_like_any_other():
    assert true({"expression": "count > 2 && custom.floor == 3", "priority": "P2"})
    assert not true({"expression": "count > 5"})


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ("count", "the expression gives neither true nor false"),
        ("nobody > 1", "The expression uses 'nobody', which is not known here."),
        ("title > 1", "'>' does not work on text and a whole number."),
    ],
)
def test_an_expression_without_an_answer_does_not_hold_and_says_why(expression, note):
    verdict = evaluate(parse({"expression": expression}), TICKET)
    assert not verdict.holds
    assert verdict.clauses[0].note == note


def test_every_clause_is_explained_even_after_the_matter_is_settled():
    condition = parse({"priority": "P1", "any": [{"count": 3}, {"not": {"price": {"gt": 5, "lt": 6}}}]})
    clauses = evaluate(condition, TICKET).clauses
    assert [(c.path, c.field, c.op, c.expected, c.seen, c.holds) for c in clauses] == [
        ("priority", "priority", "eq", "P1", "P2", False),
        ("any[0].count", "count", "eq", 3, 3, True),
        ("any[1].not.price", "price", "gt", 5, "1500", True),
        ("any[1].not.price", "price", "lt", 6, "1500", False),
    ]


@pytest.mark.parametrize(
    ("condition", "note"),
    [
        ({"nobody": {"gt": 1}}, "there is no such field"),
        ({"owner": {"gt": 1}}, "the field is empty"),
        ({"title": {"gt": 1}}, "text cannot be compared with a number"),
        ({"due_at": {"gt": 1}}, "an instant cannot be compared with a number"),
        ({"tags": "vpn"}, "the field is a list; 'contains' looks into it"),
        ({"count": {"matches": "3"}}, "a number has no text to search"),
        ({"urgent": "yes"}, "true or false is never equal to text"),
        ({"priority": "P1"}, ""),
        ({"priority": "P2"}, ""),
    ],
)
def test_a_note_says_why_things_could_not_be_compared(condition, note):
    assert evaluate(parse(condition), TICKET).clauses[0].note == note


def test_a_change_shows_what_was_before():
    condition = parse({"changed": "p"})
    assert evaluate(condition, {"p": 2}, {"p": 1}).clauses[0].note == "before: 1"
    assert evaluate(condition, {"p": 2}, None).clauses[0].note == "just created"


def test_a_verdict_can_be_stored_whatever_was_seen():
    scope = {"a": 2**200, "b": "x" * 10_000, "c": [object()] * 3, "d": {"e": NOON}, "f": math.inf}
    condition = parse({name: {"ne": 1} for name in [*scope, "nobody"]})
    stored = msgspec.json.encode(evaluate(condition, scope))
    assert len(stored) < 3_000


def test_all_problems_are_found_at_once_with_their_paths():
    raw = {
        "price": {"gtt": 1, "gt": [1]},
        "any": [],
        "all": {"a": 1},
        "not": 3,
        "expression": "a +",
        "title": {"matches": "("},
        "queue": {},
        "owner": {"exists": "yes", "in": "P1", "starts_with": 3, "contains": {}},
        "changed": 3,
        7: 1,
    }
    assert [(p.path, p.code) for p in condition_problems(raw, "branches[0].when")] == [
        ("branches[0].when.price.gtt", "unknown_operator"),
        ("branches[0].when.price.gt", "bad_value"),
        ("branches[0].when.any", "never_holds"),
        ("branches[0].when.all", "not_a_condition"),
        ("branches[0].when.not", "not_a_condition"),
        ("branches[0].when.expression", "bad_expression"),
        ("branches[0].when.title.matches", "bad_pattern"),
        ("branches[0].when.queue", "no_operator"),
        ("branches[0].when.owner.exists", "bad_value"),
        ("branches[0].when.owner.in", "bad_value"),
        ("branches[0].when.owner.starts_with", "bad_value"),
        ("branches[0].when.owner.contains", "bad_value"),
        ("branches[0].when.changed", "bad_value"),
        ("branches[0].when", "not_a_condition"),
    ]


def test_parse_raises_the_first_problem():
    with pytest.raises(ConditionError) as caught:
        parse({"price": {"greater": 1}, "any": []})
    assert (caught.value.path, caught.value.code) == ("price.greater", "unknown_operator")
    assert parse({"price": 1}).written == {"price": 1}


def test_a_misspelt_operator_is_recognised():
    assert "'starts_with'" in condition_problems({"title": {"startswith": "x"}})[0].message


def nested(levels: int) -> Any:
    raw: Any = {"a": 1}
    for _ in range(levels):
        raw = {"not": raw}
    return raw


def test_limits_are_kept_and_named():
    assert condition_problems(nested(DEPTH_MAX)) == []
    assert [p.code for p in condition_problems(nested(DEPTH_MAX + 1))] == ["too_deep"]
    assert condition_problems({f"f{n}": 1 for n in range(CLAUSES_MAX)}) == []
    assert [p.code for p in condition_problems({f"f{n}": 1 for n in range(CLAUSES_MAX + 1)})] == ["too_many"]
    assert condition_problems({"a": list(range(VALUES_MAX))}) == []
    assert [p.code for p in condition_problems({"a": list(range(VALUES_MAX + 1))})] == ["too_many"]


def test_a_value_without_end_is_a_problem_not_a_crash():
    endless: list[Any] = []
    endless.append(endless)
    assert [p.code for p in condition_problems({"a": {"eq": endless}})] == ["too_deep"]


def test_names_are_the_fields_read_those_of_expressions_too():
    condition = parse({"a.b": 1, "not": {"c": {"changed": True}}, "any": [{"expression": "d.e > f"}], "changed": ["g"]})
    assert names(condition) == {"a.b", "c", "d.e", "f", "g"}


@pytest.mark.parametrize(
    ("condition", "phrase"),
    [
        ({}, "always"),
        ({"priority": ["P1", "P2"]}, "priority is P1 or P2"),
        ({"owner": None}, "owner is nothing"),
        ({"owner": {"exists": True}}, "owner is set"),
        ({"idle_hours": 24}, "idle_hours is at least 24"),
        ({"changed": "priority"}, "priority has changed"),
        ({"priority": {"changed_to": "P1"}}, "priority has changed to P1"),
        (
            {"price": {"gt": 1500}, "any": [{"queue": "Network"}, {"not": {"tags": {"contains": "vpn"}}}]},
            "price is greater than 1500 and any of: queue is Network; not (tags contains vpn)",
        ),
        ({"any": [{"a": 1}, {"b": 2}], "c": 3}, "(any of: a is 1; b is 2) and c is 3"),
        ({"expression": "a > b"}, "(a > b)"),
    ],
)
def test_a_condition_reads_as_a_sentence(condition, phrase):
    assert describe(parse(condition)) == phrase


# Against a naive reading of the grammar, written without a look at the compiled one

FIELDS = ["a", "b", "c.d", "c.0", "e.0", "x.y"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 1.0, -2.0, float("nan")]),
    st.sampled_from(["", "1", "1.0", " 2 ", "-3", "P1", "P2", "p1", "abc", "ABC", "b"]),
    st.sampled_from(
        ["2026-03-02", "2026-03-02T00:00:00Z", "2026-03-02T01:00:00+01:00", "2026-03-02T05:00", "2026-99-99"]
    ),
    st.sampled_from([NOON, NOON.replace(hour=0)]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("dy0"), inner, max_size=2),
    max_leaves=4,
)
SCOPES = st.dictionaries(st.sampled_from(["a", "b", "c", "e", "x", "c.d"]), VALUES, max_size=6)
TEXTS = st.sampled_from(["", "1", "P", "b", "AB", "2026"])
ORDERABLE = SCALARS.filter(lambda v: v is not None and not isinstance(v, bool))
OPERATIONS = st.one_of(
    st.tuples(st.sampled_from(["eq", "ne"]), VALUES),
    st.tuples(st.sampled_from(["in", "not_in"]), st.lists(VALUES, max_size=3)),
    st.tuples(st.sampled_from(["gt", "ge", "lt", "le"]), ORDERABLE),
    st.tuples(
        st.sampled_from(["starts_with", "ends_with", "contains"]), TEXTS | st.lists(TEXTS, min_size=1, max_size=2)
    ),
    st.tuples(st.just("contains"), st.booleans() | st.integers(-3, 3)),
    st.tuples(st.just("matches"), st.sampled_from(["^P", "[0-9]", "(?i)abc", ["b$", "^$"]])),
    st.tuples(st.sampled_from(["exists", "changed"]), st.booleans()),
    st.tuples(st.sampled_from(["changed_to", "changed_from"]), VALUES.filter(lambda v: not isinstance(v, list))),
)
LEAVES = st.one_of(
    st.builds(lambda f, v: {f: v}, st.sampled_from(FIELDS), SCALARS | st.lists(VALUES, max_size=3)),
    st.builds(lambda f, ops: {f: dict(ops)}, st.sampled_from(FIELDS), st.lists(OPERATIONS, min_size=1, max_size=2)),
    st.builds(
        lambda f: {"changed": f}, st.sampled_from(FIELDS) | st.lists(st.sampled_from(FIELDS), min_size=1, max_size=2)
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda xs: {"all": xs}, st.lists(inner, max_size=3)),
        st.builds(lambda xs: {"any": xs}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda x: {"not": x}, inner),
        st.builds(lambda x, y: {**x, **y}, inner, inner),
    ),
    max_leaves=8,
)


def naive(raw: dict, scope: dict, before: dict | None) -> bool:
    truths = []
    for key, value in raw.items():
        if key == "all":
            truths.append(all(naive(item, scope, before) for item in value))
        elif key == "any":
            truths.append(any(naive(item, scope, before) for item in value))
        elif key == "not":
            truths.append(not naive(value, scope, before))
        elif key == "changed":
            fields = [value] if isinstance(value, str) else value
            truths.append(any(naive_operation(f, "changed", True, scope, before) for f in fields))
        elif isinstance(value, dict):
            truths.extend(naive_operation(key, op, expected, scope, before) for op, expected in value.items())
        elif isinstance(value, list):
            truths.append(naive_operation(key, "in", value, scope, before))
        else:
            truths.append(naive_operation(key, "eq", value, scope, before))
    return all(truths)


def naive_get(scope: Any, name: str) -> Any:
    if name in scope:
        return scope[name]
    for part in name.split("."):
        try:
            scope = scope[int(part)] if isinstance(scope, list) else scope[part] if isinstance(scope, dict) else None
        except (KeyError, IndexError, ValueError):
            return None
    return scope


def naive_instant(v: Any) -> dt.datetime | None:
    if isinstance(v, str) and re.match(r"\d{4}-\d\d-\d\d", v):
        try:
            v = dt.datetime.fromisoformat(v)
        except ValueError:
            return None
    if not isinstance(v, dt.datetime):
        return None
    return v if v.tzinfo else v.replace(tzinfo=dt.UTC)


def naive_number(v: Any) -> float | None:
    if isinstance(v, bool) or not isinstance(v, int | float | str):
        return None
    try:
        number = float(v)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def naive_equal(x: Any, y: Any) -> bool:
    if isinstance(x, list) and isinstance(y, list):
        return len(x) == len(y) and all(naive_equal(p, q) for p, q in zip(x, y, strict=True))
    if isinstance(x, dict) and isinstance(y, dict):
        return set(x) == set(y) and all(naive_equal(x[k], y[k]) for k in x)
    kinds = {type(x), type(y)}
    if kinds == {str}:
        full = "T" in x and "T" in y
        return x == y or (full and naive_instant(x) is not None and naive_instant(x) == naive_instant(y))
    if dt.datetime in kinds:
        return naive_instant(x) is not None and naive_instant(x) == naive_instant(y)
    if kinds & {int, float} and kinds <= {int, float, str}:
        return naive_number(x) is not None and naive_number(x) == naive_number(y)
    return type(x) is type(y) and not isinstance(x, list | dict) and x == y


def naive_order(op: str, x: Any, y: Any) -> bool:
    for reading in (naive_number, naive_instant):
        p, q = reading(x), reading(y)
        if (p is None) != (q is None):
            return False
        if p is not None:
            break
    else:
        p, q = x, y
        if not (isinstance(p, str) and isinstance(q, str)):
            return False
    return {"gt": p > q, "ge": p >= q, "lt": p < q, "le": p <= q}[op]


def naive_operation(name: str, op: str, y: Any, scope: dict, before: dict | None) -> bool:
    x, was = naive_get(scope, name), naive_get(before or {}, name)
    several = y if isinstance(y, list) else [y]
    if op in ("eq", "ne"):
        return naive_equal(x, y) is (op == "eq")
    if op in ("in", "not_in"):
        return any(naive_equal(x, item) for item in y) is (op == "in")
    if op in ("gt", "ge", "lt", "le"):
        return naive_order(op, x, y)
    if op == "exists":
        return (x is not None) is y
    if op == "changed":
        return naive_equal(x, was) is not y
    if op in ("changed_to", "changed_from"):
        return not naive_equal(x, was) and any(naive_equal(x if op == "changed_to" else was, v) for v in several)
    if op == "matches":
        return isinstance(x, str) and any(re.search(pattern, x) for pattern in several)
    if op == "contains" and isinstance(x, list):
        lowered = [v.lower() if isinstance(v, str) else v for v in x]
        return any(naive_equal(m, v) for m in x for v in several) or any(
            isinstance(v, str) and v.lower() in [m for m in lowered if isinstance(m, str)] for v in several
        )
    if not isinstance(x, str):
        return False
    texts = [str(v).lower() for v in several]
    tests = {"contains": "__contains__", "starts_with": "startswith", "ends_with": "endswith"}
    return any(getattr(x.lower(), tests[op])(text) for text in texts)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, SCOPES, st.none() | SCOPES)
def test_the_truth_is_the_same_quickly_explained_and_naively(raw, scope, before):
    condition = parse(raw)
    verdict = evaluate(condition, scope, before)
    assert verdict.holds is naive(raw, scope, before)
    assert holds(condition, scope, before) is verdict.holds
    for clause in verdict.clauses:
        assert clause.holds is naive_operation(clause.field, clause.op, clause.expected, scope, before)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(VALUES, min_size=2, max_size=3))
def test_every_operator_agrees_with_the_naive_reading_where_values_meet(data, pool):
    """Seen, earlier and expected values come from one small pool, so that equal and nearly equal ones are common."""
    one_of_them = st.sampled_from(pool)
    seen, earlier, expected = (data.draw(one_of_them) for _ in range(3))
    scope, before = {"a": seen}, {"a": earlier}
    written = [
        {"a": {op: value}}
        for op in OPERATORS
        for value in (expected, [expected, pool[0]], True, False)
        if op != "matches"
    ]
    condition = parse({"any": [raw for raw in written if not condition_problems(raw)]})
    for clause in evaluate(condition, scope, before).clauses:
        assert clause.holds is naive_operation("a", clause.op, clause.expected, scope, before), clause


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, SCOPES, SCOPES)
def test_an_explanation_names_every_clause_and_can_be_stored(raw, scope, before):
    condition = parse(raw)
    verdict = evaluate(condition, scope, before)
    assert {clause.field for clause in verdict.clauses} == names(condition)
    assert msgspec.json.decode(msgspec.json.encode(verdict))["holds"] is verdict.holds


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "expression", "changed", "p", "gt", "in", "matches", "exists"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(ANYTHING, SCOPES)
def test_whatever_is_written_is_either_a_problem_or_can_be_evaluated(raw, scope):
    if condition_problems(raw):
        with pytest.raises(ConditionError):
            parse(raw)
    else:
        condition = parse(raw)
        assert holds(condition, scope) is evaluate(condition, scope).holds
        assert describe(condition)


# The published schema

SCHEMA = jsonschema.Draft202012Validator(json_schema())
CHECKED_BY_PARSE_ALONE = {"bad_expression", "bad_pattern", "too_deep", "too_many"}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@settings(max_examples=200, deadline=None)
@given(ANYTHING.filter(lambda raw: raw is not None))
def test_the_schema_accepts_exactly_what_parse_accepts(raw):
    problems = {problem.code for problem in condition_problems(raw)} - CHECKED_BY_PARSE_ALONE
    assert SCHEMA.is_valid(raw) is (not problems)
