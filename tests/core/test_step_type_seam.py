"""A step type is one file and one line: nothing else in the house knows which types there are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest

import wayline
from core.stories.desk import BO, CY, Story, completes, issues
from wayline.core import template
from wayline.core.check import check
from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.refusals import Issue, invalid
from wayline.core.run import Activation
from wayline.core.steps.catalogue import STEP_TYPES, palette
from wayline.core.steps.step_type import Step, StepType
from wayline.core.who import Who


class CoinStep(Step):
    type: Literal["coin"]
    thrower: Who


class Coin(StepType[CoinStep]):
    """Somebody throws a coin and says what it shows: a type as a plug-in would write it."""

    type = "coin"
    title = "Coin"
    summary = "Somebody throws a coin."
    icon = "coin"
    named_outcomes = ("heads", "tails")
    model = CoinStep
    waits_for_people = True
    can_wait = True
    fields_are_names = True

    def outcomes(self, step: CoinStep) -> tuple[str, ...]:
        return ("heads", "tails")

    def who(self, step: CoinStep) -> list[tuple[str, Who]]:
        return [("thrower", step.thrower)]

    def provides(self, step: CoinStep) -> tuple[str, ...]:
        return ("shown",)

    def activate(self, deciding: Deciding, activation: Activation, step: CoinStep) -> None:
        deciding.offer(activation, self.type, deciding.responsible(activation, step.thrower))

    def complete(
        self, deciding: Deciding, activation: Activation, step: CoinStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        shown = answer.get("shown")
        if shown not in self.named_outcomes:
            raise invalid(Issue("shown", "shown is heads or tails.", "not_a_side"))
        deciding.finish(activation, shown, output={"shown": shown}, by=actor)


TEMPLATE = """
steps:
  - {id: throw, type: coin, thrower: {user: bo}, timeout_hours: 1, next: {heads: say, tails: throw}}
  - {id: say, type: automatic, action: {type: comment, text: "{{ shown }} {{ steps.throw.shown }}"}}
"""


@pytest.fixture
def coin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STEP_TYPES, "coin", Coin())


def test_without_its_line_in_the_catalogue_the_type_is_unknown() -> None:
    _, found = template.read({"name": "x", "steps": [{"id": "a", "type": "coin", "thrower": {"user": "bo"}}]})
    assert [(i.path, i.code) for i in found] == [("steps[0].type", "unknown_step_type")]


@pytest.mark.usefixtures("coin")
def test_a_new_type_is_read_and_its_mistakes_are_told_with_their_places() -> None:
    read, found = template.read({"name": "x", "steps": [{"id": "a", "type": "coin", "thrower": {"user": "bo"}}]})
    assert read is not None
    assert found == []
    _, found = template.read({"name": "x", "steps": [{"id": "a", "type": "coin", "throwr": {"user": "bo"}}]})
    assert {i.path for i in found} == {"steps[0].thrower", "steps[0].throwr"}


@pytest.mark.usefixtures("coin")
def test_a_new_type_is_decided_with_rights_deadline_and_loop_of_every_step() -> None:
    story = Story(TEMPLATE).starts()
    assert story.offered("throw") == ("bo",)
    assert story.refuses(completes(CY, "throw", shown="heads")).code == "not_yours"
    assert issues(story.refuses(completes(BO, "throw", shown="edge"))) == {"shown": "not_a_side"}
    story.when(completes(BO, "throw", shown="tails")).later(hours=1)
    assert story.step("throw").status == "timed_out"
    story.when(completes(BO, "throw", shown="heads"))
    assert story.comments == ["heads heads"]
    assert story.status == "completed"


@pytest.mark.usefixtures("coin")
def test_a_new_type_is_checked() -> None:
    good = {"name": "x", "steps": [{"id": "a", "type": "coin", "thrower": {"user": "bo"}}]}
    bad = {"name": "x", "steps": [{"id": "a", "type": "coin", "thrower": {"user": "bo"}, "next": {"edge": "gone"}}]}
    assert [p for p in check(good).problems if p.severity == "error"] == []
    assert {p.step_id for p in check(bad).problems if p.severity == "error"} == {"a"}


@pytest.mark.usefixtures("coin")
def test_a_new_type_is_in_the_palette_and_in_the_published_schema() -> None:
    (entry,) = [kind for kind in palette() if kind["type"] == "coin"]
    assert (entry["name"], entry["outcomes"]) == ("Coin", ["heads", "tails"])
    assert "thrower" in entry["schema"]["properties"]
    schema = template.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    step = {"id": "a", "type": "coin", "thrower": {"user": "bo"}}
    jsonschema.validate({"name": "x", "steps": [step]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x", "steps": [{**step, "thrower": 5}]}, schema)


def test_a_type_that_is_not_offered_is_no_type_for_templates() -> None:
    hidden = [kind.type for kind in STEP_TYPES.values() if not kind.offered]
    assert hidden
    words = {"id": "a", "intervention": 1, "called": "x", "answer_of": "a", "fields": []}
    for name in hidden:
        known = {field: words[field] for field in STEP_TYPES[name].model.model_fields.keys() & words.keys()}
        written = {"name": "x", "steps": [{**known, "type": name}]}
        assert "unknown_step_type" in {p.code for p in check(written).problems if p.severity == "error"}
        assert name not in {kind["type"] for kind in palette()}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(written, template.json_schema())


# -- who knows which types there are ---------------------------------------------------------------

SOURCE = Path(wayline.__file__).parent
OWN_ROOM = "core/steps/"
TELLING_WORDS = STEP_TYPES.keys() - {"automatic", "condition", "wait", "intervention"}
"""The others mean something else in most places: `on_timeout` waits on, rules have conditions, surface 001 says how a
run came to be started, administration keeps the interventions that remotes name."""

KNOWN_BY: dict[str, frozenset[str]] = {
    "api/inbox.py": frozenset({"approval", "form", "routing"}),
    "api/instance_view.py": frozenset({"form"}),
    "core/check.py": frozenset({"approval", "form", "wait"}),
    "core/simulate.py": frozenset({"approval", "form"}),
    "eventlog/discovery.py": frozenset({"routing"}),
    "eventlog/route.py": frozenset({"routing"}),
    "store/analytics.py": frozenset({"approval"}),
}
"""Files outside that still name a step type. A line may be taken out of this list, never put in."""

ABOUT_IT: dict[str, frozenset[str]] = {
    "api/callbacks.py": frozenset({"wait"}),
    "api/decision_links.py": frozenset({"approval"}),
    "api/decision_page.py": frozenset({"approval"}),
    "api/decision_view.py": frozenset({"approval", "form"}),
    "api/run_approvals.py": frozenset({"approval"}),
    "api/run_calls.py": frozenset({"approval"}),
    "api/run_view.py": frozenset({"approval"}),
    "core/cloud_event.py": frozenset({"approval"}),
    "core/intervention.py": frozenset({"epilog"}),
    "core/run.py": frozenset({"approval"}),
    "core/signalling.py": frozenset({"approval"}),
}
"""Files for what a contract promises of one type by its name: approvals and their state `waiting_approval`, links that
decide them, `approval_received`, `wayline.approval.…`, callbacks, the process of an intervention. Another type does not
touch them."""


def named_types(source: str) -> Iterator[str]:
    """Step types a file imports, or compares with or looks up by a literal name. Docstrings and prose do not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("wayline.core.steps."):
            name = (node.module or "").rpartition(".")[2]
            if name in STEP_TYPES:
                yield name
        elif isinstance(node, ast.Constant) and node.value in TELLING_WORDS:
            yield str(node.value)


def test_only_listed_files_know_a_step_type_and_the_list_only_shrinks() -> None:
    found: dict[str, frozenset[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        names = frozenset(named_types(path.read_text(encoding="utf-8")))
        if names and not place.startswith(OWN_ROOM):
            found[place] = names
    assert {place: found.pop(place, frozenset()) for place in ABOUT_IT} == ABOUT_IT
    strangers = {place: set(names) - KNOWN_BY.get(place, set()) for place, names in found.items()}
    assert not {place: names for place, names in strangers.items() if names}, (
        "ask the step type instead: waits_for_people, decided_by_votes, fields_are_names, or a hook of its own"
    )
    assert found == KNOWN_BY, "a file has unlearned a step type: take it off the list"


def test_no_step_type_knows_another() -> None:
    for name in STEP_TYPES:
        source = (SOURCE / OWN_ROOM / f"{name}.py").read_text(encoding="utf-8")
        assert set(named_types(source)) <= {name}
