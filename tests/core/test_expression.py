"""Promise: a CEL expression gives a plain value or one clear sentence, whatever it is fed."""

import datetime as dt
import threading

import pytest

from wayline.core.expression import (
    EXPRESSION_LENGTH_MAX,
    PATTERN_LENGTH_MAX,
    ExpressionError,
    compile_expression,
    compile_pattern,
)

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
TICKET = {"price": 1500, "type": "incident", "tags": ["vpn"], "created_at": NOON, "owner": None}


def value(text, **scope):
    return compile_expression(text).evaluate(scope)


def fault(text, **scope):
    with pytest.raises(ExpressionError) as caught:
        value(text, **scope)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ticket.price > 1000 && 'vpn' in ticket.tags", True),
        ("ticket.price * 2", 3000),
        ("ticket.price > 1499.5", True),
        ("ticket.owner == null", True),
        ("has(ticket.price) && !has(ticket.colour)", True),
        ("{'first': ticket.tags[0], 'both': [1, 2.5]}", {"first": "vpn", "both": [1, 2.5]}),
        ("ticket.tags.map(tag, tag + '!')", ["vpn!"]),
        ("type(ticket.price) == int", True),
        ("b'ab'", b"ab"),
    ],
)
def test_an_expression_gives_a_plain_python_value(text, expected):
    found = value(text, ticket=TICKET)
    assert found == expected
    assert type(found) is type(expected)


def test_a_ticket_type_is_readable_although_cel_has_a_type_of_its_own():
    assert value(
        "type == 'incident' && ticket.type == 'incident' && type(type) == string", type="incident", ticket=TICKET
    )


def test_instants_are_instants_wherever_they_stand():
    later = NOON + dt.timedelta(hours=3)
    assert value("now - ticket.created_at == duration('3h')", now=later, ticket=TICKET)
    assert value("steps[0].at < timestamp('2026-03-02T13:00:00+00:00')", steps=[{"at": NOON}])
    assert value("ticket.created_at", ticket=TICKET) == NOON
    assert value("now - then", now=later, then=NOON) == dt.timedelta(hours=3)


def test_an_instant_in_another_zone_is_the_same_instant():
    vienna = NOON.astimezone(dt.timezone(dt.timedelta(hours=1)))
    assert value("a == b", a=NOON, b=vienna)


def test_a_day_is_its_midnight():
    assert value("day < noon", day=NOON.date(), noon=NOON)


@pytest.mark.parametrize(
    ("text", "scope", "sentence"),
    [
        ("a + b > c", {"a": 1}, "The expression uses 'b', 'c', which are not known here."),
        ("a.b", {"a": {}}, "There is no 'b' to read."),
        ("a.b.c", {"a": {"b": None}}, "The expression reads a part of something that has no parts."),
        ("a > 1", {"a": "x"}, "'>' does not work on text and a whole number."),
        ("a + 1.5", {"a": 1}, "'+' does not work on a whole number and a decimal number."),
        ("a && true", {"a": 1}, "'&&' works on true and false only."),
        ("a ? 1 : 2", {"a": 1}, "What stands before '?' is not true or false."),
        ("a in b", {"a": 1, "b": 3}, "'in' looks into lists and maps only."),
        ("1 / a", {"a": 0}, "The expression cannot be evaluated: divide by zero."),
        ("a.matches('(')", {"a": "x"}, "The pattern is not valid: missing ): (."),
    ],
)
def test_what_goes_wrong_in_evaluation_is_raised_as_a_sentence(text, scope, sentence):
    found = fault(text, **scope)
    assert (found.message, found.line, found.column) == (sentence, None, None)


@pytest.mark.parametrize("odd", [2**80, "\ud800"])
def test_values_cel_has_no_room_for_are_refused(odd):
    assert "cannot be evaluated" in fault("a == 1", a=odd).message


def test_an_error_beside_a_settled_truth_does_not_matter():
    assert value("true || a.b == 1", a={}) is True


@pytest.mark.parametrize(
    ("text", "sentence", "line", "column"),
    [
        ("a +", "The expression ends too early.", 1, 4),
        ("1 +\n\n shout(a)", "There is no function 'shout'.", 3, 7),
        ("1 + 'a'", "'+' does not work on a whole number and text.", 1, 3),
        ("(" * 100 + "1" + ")" * 100, "The expression is nested too deeply.", None, None),
        ("'\ud800'", "The expression holds a character that is not valid text.", None, None),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_place(text, sentence, line, column):
    found = fault(text)
    assert (found.message, found.line, found.column) == (sentence, line, column)


def test_an_expression_has_a_length_limit():
    assert "longer than" in fault("1" * (EXPRESSION_LENGTH_MAX + 1)).message


def test_nested_loops_run_out_of_budget():
    rows = list(range(1000))
    assert fault("rows.map(a, rows.map(b, a * b)).size()", rows=rows).message == (
        "The expression takes too many iterations."
    )


def test_names_and_paths_are_those_read_from_the_scope():
    expression = compile_expression(
        "rows.exists(row, row.price > budget.limit) && rows[0].price == 1 && has(ticket.owner) && ticket['n'] == 1"
    )
    assert expression.names == {"rows", "budget", "ticket"}
    assert expression.paths == {"rows", "budget.limit", "ticket.owner", "ticket"}


def test_a_loop_may_reuse_a_name_that_is_also_read_outside():
    expression = compile_expression("rows.all(x, x > 0) && x.y == 1")
    assert expression.paths == {"rows", "x.y"}
    assert expression.evaluate({"rows": [1], "x": {"y": 1}}) is True


def test_only_what_is_read_is_handed_over():
    untouchable = {"price": 3, "secret": object()}
    assert value("ticket.price == 3", ticket=untouchable) is True


def test_evaluation_leaves_the_scope_alone():
    scope = {"rows": [{"price": 1}], "ticket": dict(TICKET)}
    compile_expression("rows.map(r, r.price) == [1] && ticket.price == 1").evaluate(scope)
    assert scope == {"rows": [{"price": 1}], "ticket": TICKET}


def test_the_same_text_is_compiled_once():
    assert compile_expression("a == 'once'") is compile_expression("a == 'once'")


def test_one_expression_serves_many_threads():
    expression, wrong = compile_expression("a * 2"), []

    def work(number):
        wrong.extend(n for n in range(200) if expression.evaluate({"a": number * n}) != number * n * 2)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "subject", "found"),
    [
        (r"(?i)vpn\s+down", "My VPN  Down", True),
        (r"^vpn", "my vpn", False),
        ('"quoted" \\\\ é😀', 'a "quoted" \\ é😀', True),
        ("a\nb", "xa\nby", True),
    ],
)
def test_a_pattern_is_searched_anywhere(pattern, subject, found):
    assert compile_pattern(pattern).search(subject) is found


def test_a_pattern_that_ruins_backtracking_engines_is_harmless():
    assert compile_pattern("(x+x+)+y").search("x" * 20_000) is False


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "x" * (PATTERN_LENGTH_MAX + 1)])
def test_malformed_lookaround_and_overlong_patterns_are_refused(pattern):
    with pytest.raises(ExpressionError, match="pattern"):
        compile_pattern(pattern)
