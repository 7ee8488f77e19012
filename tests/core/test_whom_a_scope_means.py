"""Whom a scope means, word by word: at the start, when somebody chooses, and when a step triggers another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.stories.desk import ANA, BO, MAX, Story
from core.stories.messages import Message, chooses

NETWORK = "given groups [network]"
EVERYBODY = {"ana", "bo", "cy", "dee", "eve", "max", "root"}


def message(start: str, *, chosen: str = "$sink", triggered: str | None = None) -> Message:
    """Three steps: the start, what is chosen, and what that triggers; each with a scope."""
    actions = "{trigger: {args: {step: triggered}}}" if triggered is not None else "{}"
    return Message(
        f"""
start: {{step: {{name: Start, scope: "{start}", paths: [{{label: Go, step: chosen}}]}}}}
chosen: {{step: {{name: Chosen, scope: "{chosen}"}}, actions: {actions}}}
triggered: {{step: {{name: Triggered, scope: "{triggered or "$sink"}"}}}}
"""
    )


def at(story: Message, step: str) -> set[str]:
    return {user_id for user_id, found in story.inboxes.items() if found == step}


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        ("$sink", {"bo", "cy"}),
        ("$all", {"bo", "cy"}),
        ("$source", {"max"}),
        ("current user", {"max"}),
        (NETWORK, {"eve"}),
        ("given users [bo@desk.test, eve]", {"bo", "eve"}),
        ("given roles [agent] except users [bo]", {"cy", "dee", "eve"}),
        ("given leads [service-desk]", {"dee"}),
        ("all users", EVERYBODY),
        ("given users [$context.backup]", {"dee"}),
        ("given users [$context.dispatch.backup]", {"dee"}),
        ("except users [$context.source.id]", EVERYBODY - {"max"}),
    ],
)
def test_at_the_start_of_a_dispatch_by_max_to_bo_and_cy(scope: str, reached: set[str]) -> None:
    story = message(scope).sent(["bo", "cy"], by=MAX, data={"backup": "dee"})
    assert at(story, "start") == reached


@pytest.mark.parametrize(
    ("how", "source"),
    [
        ({"owner": ANA}, "ana"),
        ({"source": BO, "owner": ANA}, "bo"),
    ],
    ids=["a ticket: its requester", "a rule: its author, whoever owns the run"],
)
def test_the_starter_of_a_run_that_nobody_dispatched(how: Mapping[str, Any], source: str) -> None:
    story = message("$source")
    story.starts(**how)
    assert at(story, "start") == {source}


def test_without_recipients_those_of_the_start_are_the_recipients() -> None:
    story = Message(
        f"""
start: {{step: {{name: A, scope: "{NETWORK}"}}, actions: {{notify: {{scope: $sink, args: Hello}}}}}}
"""
    )
    story.starts()
    assert [people for people, _, _ in story.pushed] == [("eve",)]


@pytest.mark.parametrize(
    ("scope", "moved"),
    [
        ("$sink", {"bo"}),
        ("$source", {"bo"}),
        ("current user", {"bo"}),
        ("$all", {"bo", "cy"}),
        (NETWORK, {"eve"}),
        ("given groups [staff]", {"ana", "bo", "cy"}),
        ("given users [$context.choice.data.heir]", {"dee"}),
        ("given users [$context.steps.start.heir]", {"dee"}),
        ("given users [$context.heir]", {"dee"}),
    ],
)
def test_when_bo_chooses(scope: str, moved: set[str]) -> None:
    story = message("$sink", chosen=scope).sent(["bo", "cy"], by=MAX)
    story.when(chooses(BO, "Go", heir="dee"))
    assert at(story, "chosen") == moved
    assert at(story, "start") == {"bo", "cy"} - moved


@pytest.mark.parametrize(
    ("scope", "moved"),
    [
        ("$sink", {"bo"}),
        ("$source", {"bo"}),
        ("$all", {"bo", "cy", "eve"}),
        ("given users [max]", {"max"}),
    ],
)
def test_when_what_bo_chose_triggers_another_step(scope: str, moved: set[str]) -> None:
    story = message("$sink", chosen=NETWORK, triggered=scope).sent(["bo", "cy"], by=MAX)
    story.when(chooses(BO, "Go"))
    assert at(story, "triggered") == moved


def test_at_the_start_a_triggered_step_has_the_starter_and_all_recipients() -> None:
    steps = """
start: {step: {name: A, scope: $source}, actions: {trigger: {args: {step: next}}}}
next: {step: {name: B, scope: $sink}}
"""
    story = Message(steps).sent(["bo", "cy"], by=MAX)
    assert story.inboxes == {"max": "start", "bo": "next", "cy": "next"}


def test_everybody_is_who_has_been_reached_by_now() -> None:
    steps = f"""
start: {{step: {{name: A, paths: [{{label: Call, step: call}}, {{label: End, step: end}}]}}}}
call: {{step: {{name: B, scope: "{NETWORK}"}}}}
end: {{step: {{name: C, scope: $all, status: retired}}}}
"""
    story = Message(steps).sent(["bo", "cy"], by=MAX)
    story.when(chooses(BO, "Call"))
    assert set(story.held) == {"bo", "cy", "eve"}
    story.when(chooses(BO, "End"))
    assert (story.inboxes, story.status) == ({}, "completed")


@pytest.mark.parametrize(
    ("action", "done_to"),
    [
        ("{action: lock}", {"bo"}),
        ("{action: lock, scope: $all}", {"bo", "cy"}),
        ("{action: lock, scope: $source}", {"bo"}),
        ("{action: lock, scope: 'given users [cy, eve]'}", {"cy"}),
    ],
)
def test_an_action_is_for_its_own_scope_or_for_whom_the_step_is(action: str, done_to: set[str]) -> None:
    steps = f"""
start: {{step: {{name: A, paths: [{{label: Go, step: go}}]}}}}
go: {{step: {{name: B, scope: $sink}}, actions: [{action}]}}
"""
    story = Message(steps).sent(["bo", "cy"], by=MAX)
    story.when(chooses(BO, "Go"))
    assert set(story.locked) == done_to


def test_a_story_of_a_workflow_knows_nothing_of_entries() -> None:
    steps = "steps: [{id: a, type: automatic, action: {type: comment, text: x}}]"
    story = Story(steps).starts()
    assert story.run.inbox is None
