"""A condition takes the first branch that holds, and keeps why."""

from __future__ import annotations

import pytest

from core.stories.desk import BO, Story, submits

CONDITION = """
variables:
  price: {type: number}
steps:
  - id: worth-asking
    type: condition
    branches:
      - {label: dear, when: {price: {gt: 1500}}, next: dear}
      - {label: urgent, when: {all: [{ticket.priority: [P1, P2]}, {not: {ticket.status: closed}}]}, next: urgent}
      - {label: odd, when: {expression: "price * 2 == 14"}, next: odd}
    otherwise: usual
  - {id: dear, type: automatic, action: {type: comment, text: dear}}
  - {id: urgent, type: automatic, action: {type: comment, text: urgent}}
  - {id: odd, type: automatic, action: {type: comment, text: odd}}
  - {id: usual, type: automatic, action: {type: comment, text: usual}}
"""


@pytest.mark.parametrize(
    ("price", "priority", "taken"),
    [(2000, "P1", "dear"), (1500, "P2", "urgent"), (7, "P3", "odd"), (8, "P3", "usual"), (None, "P4", "usual")],
)
def test_the_first_branch_that_holds_is_taken(price: int | None, priority: str, taken: str) -> None:
    story = Story(CONDITION).starts(ticket={"priority": priority}, price=price)
    assert story.comments == [taken]
    assert story.path == [("worth-asking", "otherwise" if taken == "usual" else taken), (taken, "succeeded")]


def test_the_explanation_is_kept_with_every_value_that_was_seen() -> None:
    story = Story(CONDITION).starts(ticket={"priority": "P2"}, price=10)
    event = story.said("step_completed")[0]
    assert event.data["outcome"] == "urgent"
    first, second = event.data["explanation"]
    assert (first["label"], first["holds"]) == ("dear", False)
    assert [(c["field"], c["op"], c["expected"], c["seen"], c["holds"]) for c in first["clauses"]] == [
        ("price", "gt", 1500, 10, False)
    ]
    assert second["holds"] is True
    assert second["clauses"][0]["seen"] == "P2"


def test_an_earlier_answer_is_read_by_its_name_and_by_its_step() -> None:
    story = Story("""
steps:
  - {id: form, type: form, assignee: {user: bo}, fields: [{name: size}], next: which}
  - id: which
    type: condition
    branches:
      - {label: both, when: {size: large, steps.form.size: large}}
""").starts()
    story.when(submits(BO, "form", size="large"))
    assert story.path[-1] == ("which", "both")


def test_a_variable_hides_an_answer_and_an_answer_hides_the_ticket() -> None:
    story = Story("""
steps:
  - {id: form, type: form, assignee: {user: bo}, fields: [{name: a}, {name: title}], next: which}
  - {id: which, type: condition, branches: [{label: as said, when: {a: variable, title: answer, ticket.title: ticket}}]}
""").starts(ticket={"title": "ticket"}, a="variable")
    story.when(submits(BO, "form", a="answer", title="answer"))
    assert story.path[-1] == ("which", "as said")


def test_a_branch_that_leads_nowhere_ends_the_run() -> None:
    template = "steps: [{id: which, type: condition, branches: [{label: always, when: {ticket.id: t1}}]}]"
    assert Story(template).starts().status == "completed"
