"""Promise: text with `{{ … }}` reads its scope, changes nothing, ends soon, and says what is wrong on which line."""

import copy
import datetime as dt
import sys
import threading

import pytest

from wayline.core.text import (
    OUTPUT_LENGTH_MAX,
    TEMPLATE_LENGTH_MAX,
    TextError,
    render,
    render_value,
    text_names,
    text_problem,
)

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SCOPE = {
    "ticket": {
        "title": "VPN <down> & slow",
        "tags": ["vpn", "wifi"],
        "price": 1500.0,
        "owner": None,
        "urgent": True,
        "created_at": NOON,
        "custom": {"floor": 3},
    },
    "rows": [{"name": "a", "price": 2}, {"name": "b", "price": 5}],
    "count": 3,
    "long": "x" * 200_000,
}


def fault(template, scope=SCOPE):
    with pytest.raises(TextError) as caught:
        render(template, scope)
    return caught.value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no markup\n", "no markup\n"),
        ("{{ ticket.title }}\n", "VPN <down> & slow\n"),
        ("[{{ nobody }}{{ nobody.knows.it }}{{ ticket.owner }}]", "[]"),
        ("{{ ticket.price }} {{ ticket.urgent }} {{ ticket.tags }}", "1500 true vpn, wifi"),
        ("{{ ticket.custom }}", '{"floor": 3}'),
        ("{{ ticket.created_at }}", "2026-03-02T12:00:00Z"),
        ("{{ ticket.created_at | date('%d.%m.%Y %H:%M', 'Europe/Vienna') }}", "02.03.2026 13:00"),
        ("{{ '2026-03-02' | date('%d %b') }}{{ nobody | date }}", "02 Mar"),
        ("{% for row in rows %}{{ loop.index }}{{ row.name }} {% endfor %}", "1a 2b "),
        (
            "{% for row in rows | sort(attribute='price', reverse=true) if row.price > 2 %}{{ row.name }}{% endfor %}",
            "b",
        ),
        ("{% for key, value in ticket.custom.items() %}{{ key }}={{ value }}{% endfor %}", "floor=3"),
        ("{% if count > 2 and 'vpn' in ticket.tags %}yes{% else %}no{% endif %}", "yes"),
        ("{{ ticket.title | upper | replace('VPN', 'Net') }}", "Net <DOWN> & SLOW"),
        ("{{ ticket.title | escape }}", "VPN &lt;down&gt; &amp; slow"),
        ("{{ rows | tojson }}", '[{"name": "a", "price": 2}, {"name": "b", "price": 5}]'),
        ("{{ rows | join('+', attribute='name') }}", "a+b"),
        ("{{ nobody | default('nobody') }}", "nobody"),
        ("{% raw %}{{ left alone }}{% endraw %}{# gone #}", "{{ left alone }}"),
    ],
)
def test_a_text_reads_its_scope(template, text):
    assert render(template, SCOPE) == text


@pytest.mark.parametrize(
    ("template", "sentence", "line"),
    [
        ("one\ntwo {{ a b }}", "unexpected identifier", 2),
        ("\n\n{% if %}", "unexpected end of block", 3),
        ("{{ count | shout }}", "filter shout is unknown", 1),
        ("{{ shout(count) }}", "shout is unknown", 1),
        ("{{ 1 / 0 }}", "unable to calculate", 1),
        ("{{ 'soon' | date }}", "'soon' is not a date.", None),
        ("{{ ticket.created_at | date('%d', 'Mars/Base') }}", "'Mars/Base' is not a time zone.", None),
    ],
)
def test_a_fault_is_one_sentence_with_its_line(template, sentence, line):
    found = fault(template)
    assert sentence in found.message
    assert found.line == line


@pytest.mark.parametrize(
    "template",
    [
        "{{ ticket.pop('title') }}",
        "{{ ticket.clear() }}",
        "{{ ticket.tags.append('x') }}",
        "{{ ticket.created_at.now() }}",
        "{{ ticket.title.upper() }}",
    ],
)
def test_a_text_cannot_call_methods_of_what_it_reads(template):
    scope = copy.deepcopy(SCOPE)
    fault(template, scope)
    assert scope == SCOPE


def test_nothing_of_python_shows_through():
    assert render("{{ ticket.keys }}{{ ticket.__class__ }}{{ ticket._of }}{{ count.real }}", SCOPE) == ""


@pytest.mark.parametrize(
    "template",
    [
        "{% set a = 'x' %}",
        "{% macro f() %}{% endmacro %}",
        "{% include '/etc/hosts' %}",
        "{% import 'x' as y %}",
        "{% with a = 1 %}{% endwith %}",
        "{% filter upper %}x{% endfilter %}",
        "{% for a in [rows, rows] %}{% endfor %}",
        "{% for a in rows ~ rows %}{% endfor %}",
        "{% for a in rows recursive %}{% endfor %}",
    ],
)
def test_statements_that_let_a_short_text_grow_are_refused_before_they_run(template):
    problem = text_problem(template)
    assert problem is not None
    assert problem.line == 1
    with pytest.raises(TextError):
        render(template, SCOPE)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(100000) %}x{% endfor %}",
        "{% for i in range(50) %}{{ long }}{% endfor %}",
        "{{ long * 10 }}",
        "{{ long | replace('x', long) }}",
        "{{ range(1000) | join(long) }}",
        "{{ 'x' | indent(99999999999) }}",
        "{{ '%99999999999d' | format(1) }}",
        "{{ " + " ~ ".join(["long"] * 102) + " }}",
        "{{ " + "[" * 7 + "]" * 7 + " }}",
        "{{ " + " * ".join(["2"] * 12) + " }}",
        "{{ x }}" * TEMPLATE_LENGTH_MAX,
    ],
)
def test_a_text_that_would_not_end_or_not_fit_is_stopped(template):
    fault(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ '\\u0000' }}",
        "{{ ['\\u0000'] }}",
        "{{ {'\\u0000': 1} }}",
        "{{ 9223372036854775807 * 4 }}",
        "{{ [9223372036854775807 * 4] }}",
        "{{ 1e308 * 10 }}",
    ],
)
def test_a_value_that_no_database_keeps_is_a_fault(template):
    with pytest.raises(TextError):
        render_value(template, SCOPE)


def test_a_text_that_no_database_keeps_is_a_fault():
    with pytest.raises(TextError, match="no text has"):
        render("a {{ '\\u0000' }}", SCOPE)


def test_a_text_may_be_as_long_as_the_limit():
    assert len(render("{{ long }}" * 5, SCOPE)) == OUTPUT_LENGTH_MAX


def test_quoted_tags_and_operators_are_only_text():
    assert render("{{ '{% set x %} ~~ [[[[[[[[' }}", SCOPE) == "{% set x %} ~~ [[[[[[[["


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{{ count }}", 3),
        (" {{ ticket.price }}\n", 1500.0),
        ("{{ ticket.tags }}", ["vpn", "wifi"]),
        ("{{ ticket.created_at }}", NOON),
        ("{{ ticket.owner }}", None),
        ("{{ nobody }}", None),
        ("{{ rows.1.price }}", 5),
        ("{{ rows[1].price + 1 }}", 6),
        ("{{ -count }}", -3),
        ("{{ ticket.custom }}", {"floor": 3}),
        ("{{ {'rows': rows, 'n': {'m': count}} }}", {"rows": SCOPE["rows"], "n": {"m": 3}}),
        ("{{ count > 2 }}", True),
        ("{{ true }}", True),
        ("{{ '}}' }}", "}}"),
        ("n = {{ count }}", "n = 3"),
        ("{{ count }}{{ count }}", "33"),
        ("plain", "plain"),
        (7, 7),
        (None, None),
    ],
)
def test_one_expression_alone_keeps_the_type_of_its_value(written, value):
    found = render_value(written, SCOPE)
    assert found == value
    assert type(found) is type(value)


def test_every_string_within_lists_and_mappings_is_rendered_and_keys_are_not():
    written = {"{{ count }}": ["{{ count }}", {"title": "Re: {{ ticket.title }}", "n": 1}]}
    assert render_value(written, SCOPE) == {"{{ count }}": [3, {"title": "Re: VPN <down> & slow", "n": 1}]}
    assert written == {"{{ count }}": ["{{ count }}", {"title": "Re: {{ ticket.title }}", "n": 1}]}


def test_a_value_nested_without_end_is_refused():
    nested: list = []
    nested.append(nested)
    with pytest.raises(TextError, match="nested"):
        render_value(nested, SCOPE)


def test_names_are_dotted_and_leave_out_what_a_loop_defines():
    template = "{{ a.b.c }} {% for i in items %}{{ i.x }}{% endfor %} {{ rows[0].price }}"
    assert text_names(template) == {"a.b.c", "items", "rows"}
    assert text_names("plain") == frozenset()
    assert text_names("{{") == frozenset()


def test_a_problem_is_found_without_a_scope():
    assert text_problem("{{ anything }} goes") is None
    assert text_problem("plain") is None
    problem = text_problem("{{ a b }}")
    assert problem is not None
    assert problem.line == 1


def test_threads_render_at_the_same_time_without_waiting_for_each_other_for_ever():
    interval, done = sys.getswitchinterval(), []

    def work():
        for _ in range(200):
            assert render("{{ ticket.tags }} {{ rows | join(',', attribute='name') }}", SCOPE) == "vpn, wifi a,b"
        done.append(True)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    finally:
        sys.setswitchinterval(interval)
    assert len(done) == 4
