"""A run goes where each outcome leads, round and round if need be, and is over when nothing is active."""

from __future__ import annotations

import pytest

from core.stories.desk import BO, CY, MONDAY_NINE, Story, approves, rejects, submits
from wayline.core import commands
from wayline.core.decide import decide, new_run
from wayline.core.decision import StepsOutOfBounds
from wayline.core.facts import Facts
from wayline.core.graph import build
from wayline.core.refusals import Refusal

ROUND_AND_ROUND = """
steps:
  - {id: draft, type: form, assignee: {user: bo}, fields: [{name: text}, {name: size}], next: refine}
  - {id: refine, type: form, assignee: {user: bo}, fields: [{name: size}], next: review}
  - {id: review, type: approval, approvers: [{user: cy}], next: {approved: publish, rejected: draft}}
  - {id: publish, type: automatic, action: {type: comment, text: "{{ text }} {{ size }} {{ steps.draft.text }}"}}
"""


def test_a_run_starts_at_the_first_step_unless_another_is_named() -> None:
    steps = "steps: [{id: a, type: wait, for: {hours: 1}}, {id: b, type: wait, for: {hours: 1}}]"
    assert Story(steps).starts().resting_at == ["a"]
    assert Story(f"start: b\n{steps}").starts().resting_at == ["b"]


def test_a_step_is_visited_again_and_its_latest_answers_count() -> None:
    story = Story(ROUND_AND_ROUND).starts()
    story.when(submits(BO, "draft", text="one", size="s"), submits(BO, "refine", size="m"))
    first = story.visit("draft").id
    story.when(rejects(CY, "review"))
    assert story.resting_at == ["draft"]
    assert story.step("draft").id != first
    story.when(submits(BO, "draft", text="two"), submits(BO, "refine", size="l"), approves(CY, "review"))
    assert story.comments == ["two l two"]
    assert story.run.outputs["draft"] == {"text": "two", "outcome": "submitted"}
    assert story.run.visits == 7
    assert [v.position for v in story.tables.visits] == list(range(7))
    assert [step for step, _ in story.path].count("draft") == 2
    assert story.tables.outputs[0] == {"text": "one", "size": "s"}


def test_of_two_answers_of_one_name_the_one_given_latest_counts() -> None:
    story = Story("""
steps:
  - {id: a, type: form, assignee: {user: bo}, fields: [{name: size}], next: which}
  - {id: b, type: form, assignee: {user: bo}, fields: [{name: size}], next: a}
  - id: which
    type: condition
    branches: [{label: small, when: {size: small}, next: b}]
    otherwise: say
  - {id: say, type: automatic, action: {type: comment, text: "{{ size }}"}}
""").starts()
    story.when(submits(BO, "a", size="small"), submits(BO, "b", size="medium"), submits(BO, "a", size="large"))
    assert story.comments == ["large"]


def test_each_step_is_counted_once_however_often_it_is_completed() -> None:
    story = Story(ROUND_AND_ROUND).starts()
    for _ in range(3):
        story.when(submits(BO, "draft"), submits(BO, "refine"), rejects(CY, "review"))
    assert sorted(story.run.completed) == ["draft", "refine", "review"]


def test_a_run_that_can_end_in_two_ways_ends_in_one() -> None:
    template = """
steps:
  - {id: boss, type: approval, approvers: [{user: bo}], next: {approved: order, rejected: tell}}
  - {id: order, type: automatic, action: {type: comment, text: ordered}}
  - {id: tell, type: automatic, action: {type: comment, text: told}}
"""
    yes = Story(template).starts().when(approves(BO, "boss"))
    no = Story(template).starts().when(rejects(BO, "boss"))
    assert (yes.status, yes.comments) == ("completed", ["ordered"])
    assert (no.status, no.comments) == ("completed", ["told"])
    assert yes.said("run_completed")
    assert yes.run.completed_at == yes.at


def test_a_connection_for_the_rest_takes_every_outcome_that_has_none() -> None:
    story = Story("""
steps:
  - {id: boss, type: approval, approvers: [{user: bo}], next: {approved: order, default: tell}}
  - {id: order, type: automatic, action: {type: comment, text: ordered}}
  - {id: tell, type: automatic, action: {type: comment, text: told}}
""").starts()
    assert story.when(rejects(BO, "boss")).comments == ["told"]


def test_an_outcome_without_a_connection_ends_the_run() -> None:
    story = Story("""
steps:
  - {id: boss, type: approval, approvers: [{user: bo}], next: {rejected: tell}}
  - {id: tell, type: automatic, action: {type: comment, text: told}}
""").starts()
    assert story.when(approves(BO, "boss")).status == "completed"


def test_a_circle_of_steps_that_never_rest_is_stopped() -> None:
    with pytest.raises(StepsOutOfBounds):
        Story("""
steps:
  - {id: a, type: automatic, action: {type: comment, text: a}, next: b}
  - {id: b, type: automatic, action: {type: comment, text: b}, next: a}
""").starts()


def test_a_run_begins_once() -> None:
    story = Story("steps: [{id: a, type: wait, for: {hours: 1}}]").starts()
    again = commands.StartRun(tenant_id=story.run.tenant_id, run_id=story.run.id, template_id=story.run.template_id)
    assert story.refuses(again).code == "already_started"


VARIABLES = """
variables:
  cost_centre: {type: string, minLength: 3, required: true}
  seats: {type: integer, minimum: 1, default: 1}
steps: [{id: say, type: automatic, action: {type: comment, text: "{{ cost_centre }} {{ seats }}"}}]
"""


def test_variables_are_checked_all_at_once_and_defaults_filled_in() -> None:
    assert Story(VARIABLES).starts(cost_centre="IT-1", extra=True).comments == ["IT-1 1"]
    with pytest.raises(Refusal) as refused:
        Story(VARIABLES).starts(seats=0)
    assert {(i.path, i.code) for i in refused.value.issues} == {
        ("variables.cost_centre", "required"),
        ("variables.seats", "does_not_fit"),
    }


def test_a_declared_variable_fetches_nothing_and_cannot_hold_up_the_desk() -> None:
    for schema in ({"$ref": "http://127.0.0.1:9/schema"}, {"$ref": "file:///etc/hostname"}, {"pattern": "(a+)+(?=b)"}):
        with pytest.raises(ValueError, match="not a JSON Schema"):
            build(
                {"name": "x", "variables": {"v": schema}, "steps": [{"id": "a", "type": "wait", "for": {"hours": 1}}]}
            )


def test_two_runs_told_the_same_story_differ_in_nothing_but_their_ids() -> None:
    def told(run_id: str) -> list[object]:
        graph = build({"name": "x", "steps": [{"id": "a", "type": "wait", "for": {"hours": 1}}]})
        command = commands.StartRun(tenant_id="t", run_id=run_id, template_id="x")
        run = new_run(graph, command, version=1, at=MONDAY_NINE, owner_id=None)
        return list(decide(graph, run, command, Facts(), MONDAY_NINE).effects)

    one, two = "0b6c8f8e-0000-4000-8000-00000000000a", "0b6c8f8e-0000-4000-8000-00000000000b"
    assert told(one) == told(one)
    assert told(one) != told(two)
    assert all(getattr(effect, "id", one).startswith(one) for effect in told(one))
