"""`wayline test` tries templates and rules on cases, and says how what came of them differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from typer.testing import Result

from wayline.core.yaml_text import read_yaml

Wayline = Callable[..., Result]
Write = Callable[[str, str], Path]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

LOAN = """
name: Loan
steps:
  - id: ask
    type: form
    assignee: {group: service-desk}
    fields: [{name: days, type: number, required: true}]
    next: long
  - id: long
    type: condition
    branches: [{label: for long, when: {days: {gt: 5}}, next: lead}]
    otherwise: done
  - {id: lead, type: approval, approvers: [{role: lead, group: service-desk}], next: {approved: done}}
  - {id: done, type: automatic, action: {type: set_status, status: resolved}}
"""
RULES = """
name: VIPs first
trigger: on_ticket_created
conditions: {custom.vip: true}
action: {type: set_priority, priority: P1}
---
name: Old ones
trigger: scheduled
conditions: {age_hours: 100, idle_hours: 24}
action: {type: start_workflow, workflow_name: Loan}
"""


def test_a_table_that_holds_is_a_success(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    write("loan.yaml", LOAN)
    write(
        "loan.test.yaml",
        """
template: Loan
cases:
  - name: short
    ticket: {title: Beamer, type: task}
    answers: {ask: {days: 2}}
    expect: {status: completed, path: [ask, {long: otherwise}, done], ticket: {status: resolved}}
  - name: long
    answers: {ask: {days: 9}, lead: approve}
    expect: {outcomes: {lead: approved}}
  - name: undecided
    answers: {ask: {days: 9}}
    expect: {status: running, waits: lead}
  - name: refused
    answers: {ask: {}}
    expect: {refused: ask}
""",
    )
    told = wayline("test", tmp_path)
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[-1] == "4 cases: 4 as expected, 0 not."


def test_every_difference_of_a_run_is_told(wayline: Wayline, write: Write) -> None:
    table = write(
        "loan.test.yaml",
        """
template: Loan
cases:
  - name: all wrong
    ticket: {title: Beamer}
    answers: {ask: {days: 9}, lead: reject}
    expect:
      status: completed
      path: [ask, long, {lead: approved}]
      outcomes: {lead: approved, done: succeeded}
      waits: lead
      ticket: {status: resolved}
      variables: {days: 9}
  - name: refused
    answers: {ask: {days: many}}
    expect: {status: completed}
""",
    )
    told = wayline("test", write("loan.yaml", LOAN), table)
    assert told.exit_code == 1
    lines = [line.strip() for line in told.stdout.splitlines()]
    assert lines[0] == f"FAILED  {table}: all wrong"
    assert lines[1].startswith("status: expected completed, was failed (approval_rejected")
    assert lines[2:8] == [
        "path: expected ask, long, lead: approved; was ask: submitted, long: for long, lead: rejected",
        "outcome of lead: expected approved, was rejected",
        "outcome of done: expected succeeded, was not reached",
        "waits: expected lead, was nowhere",
        "ticket.status: expected 'resolved', was 'open'",
        "variables.days: expected 9, was None",
    ]
    assert lines[9].startswith("refused at ask: ")
    assert lines[-1] == "2 cases: 0 as expected, 2 not."


def test_rules_fire_or_it_is_told_what_they_saw(wayline: Wayline, write: Write) -> None:
    table = write(
        "rules.test.yaml",
        """
cases:
  - {name: fires, event: on_ticket_created, ticket: {title: x, custom: {vip: true}}, expect: {fires: [VIPs first]}}
  - name: does not
    event: on_ticket_created
    ticket: {title: x, custom: {vip: false}}
    expect: {fires: [VIPs first], ticket: {priority: P1, custom.vip: true}}
  - name: old and idle
    event: scheduled
    ticket: {title: x}
    age_hours: 101
    idle_hours: 24
    expect: {fires: [Old ones], starts: [Loan]}
  - name: over
    event: scheduled
    ticket: {title: x, status: closed}
    age_hours: 101
    idle_hours: 24
    expect: {fires: []}
  - {name: old, event: scheduled, ticket: {title: x}, age_hours: 101, idle_hours: 23, expect: {fires: [], starts: []}}
""",
    )
    told = wayline("test", write("rules.yaml", RULES), table, "--json")
    assert told.exit_code == 1
    cases = {case["case"]: case for case in json.loads(told.stdout)["cases"]}
    assert {name: case["ok"] for name, case in cases.items()} == {
        "fires": True,
        "does not": False,
        "old and idle": True,
        "over": True,
        "old": True,
    }
    assert cases["does not"]["differences"] == [
        "fires: expected VIPs first; was none",
        "“VIPs first”: The conditions did not hold. custom.vip eq True: saw False",
        "ticket.priority: expected 'P1', was 'P3'",
        "ticket.custom.vip: expected True, was False",
    ]


def test_a_table_may_be_about_some_rules_alone(wayline: Wayline, write: Write) -> None:
    rules = write("rules.yaml", RULES)
    case = "{name: c, event: on_ticket_created, ticket: {title: x, custom: {vip: true}}, expect: {fires: []}}"
    assert wayline("test", rules, write("t.yaml", f"{{rules: [old ones], cases: [{case}]}}")).exit_code == 0
    told = wayline("test", rules, write("t.yaml", f"{{rules: [Gone], cases: [{case}]}}"))
    assert told.exit_code == 1
    assert "none of the files has a rule called Gone that can be read" in told.stdout


def test_a_desk_can_be_described_and_the_rest_is_made_up(wayline: Wayline, write: Write) -> None:
    table = write(
        "loan.test.yaml",
        """
template: Loan
desk:
  people: [{email: dee@acme.example, name: Dee, role: manager}]
  groups: {service-desk: {leads: [dee@acme.example]}}
cases:
  - name: the lead's own request waits for nobody
    actor: dee@acme.example
    answers: {ask: {days: 9}, lead: approve}
    expect: {waits: lead}
""",
    )
    told = wayline("test", write("loan.yaml", LOAN), table)
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{template: Loan, cases: []}", "too_short"),
        ("{template: Loan, cases: [{name: c, expect: {}}]}", "value_error"),
        ("{template: Loan, cases: [{name: c, event: on_comment, expect: {status: running}}]}", "value_error"),
        ("{cases: [{name: c, expect: {fires: []}}]}", "value_error"),
        ("{template: Loan, colour: red, cases: [{name: c, expect: {status: running}}]}", "extra_forbidden"),
        ("{template: Loan, cases: [{name: c, event: never, expect: {fires: []}}]}", "literal_error"),
    ],
    ids=["no-cases", "nothing-expected", "event-for-a-template", "rule-without-event", "unknown-field", "no-trigger"],
)
def test_a_table_that_is_none_is_an_error(wayline: Wayline, write: Write, table: str, code: str) -> None:
    path = write("t.yaml", table)
    for command in ("test", "check"):
        told = wayline(command, path, write("loan.yaml", LOAN))
        assert told.exit_code == 1
        assert f"({code})" in told.stdout


def test_a_template_with_errors_fails_whatever_the_cases_say(wayline: Wayline, write: Write) -> None:
    table = write("t.yaml", "{template: Loan, cases: [{name: c, expect: {status: running}}]}")
    told = wayline("test", write("loan.yaml", LOAN.replace("next: long", "next: nowhere")), table)
    assert told.exit_code == 1
    assert "(unknown_target)" in told.stdout
    assert "none of the files has a template called Loan that can be read" in told.stdout


def test_nothing_to_test_is_no_success(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    write("loan.yaml", LOAN)
    assert wayline("test", tmp_path).exit_code == 2
    assert wayline("test").exit_code == 2


def test_the_examples_do_what_their_tables_say(wayline: Wayline) -> None:
    told = wayline("test", EXAMPLES)
    assert told.exit_code == 0, told.output


def test_the_format_is_published_and_the_examples_keep_to_it(wayline: Wayline) -> None:
    schema = json.loads(wayline("test", "--schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    tables = sorted((EXAMPLES / "tests").glob("*.yaml"))
    assert tables
    for path in tables:
        jsonschema.validate(read_yaml(path.read_text()), schema)
