"""Activities become steps, what followed what their options; every case of the log fits the draft."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from wayline.core import template
from wayline.eventlog.discovery import discover
from wayline.eventlog.draft_file import to_yaml
from wayline.eventlog.event import Case, Event, EventLogError
from wayline.eventlog.route import Route

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)

names = some.text(some.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(str.strip)
odd_names = some.sampled_from(
    ["End", "end", "Begin", "begin", "otherwise", "Default", "timed_out", "Wait", "wait", "Wait!", "待機", "ждать",
     "yes", "null", "1st line", "End of the case", " Wait", "Wait ", "\x85'", "a\n- id: b", "\u2028 ",
     "a: b", "# x", "- y", "step-1st-line"]
)  # fmt: skip
logs = some.lists(some.lists(names | odd_names, min_size=1, max_size=6), min_size=1, max_size=8)


def cases(*sequences: Iterable[str]) -> list[Case]:
    return [
        Case(str(position), {}, tuple(Event(str(position), name, NOON, "Ana", {}) for name in sequence), position, 0)
        for position, sequence in enumerate(sequences, 1)
    ]


def drafted(*sequences: Iterable[str]) -> dict[str, Any]:
    return discover(cases(*sequences), name="Desk").definition


def steps_by_name(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in definition["steps"][1:]}


def test_the_whole_draft_of_a_small_log() -> None:
    definition = drafted(["Open", "Work", "Work", "Close"], ["Open", "Close"], ["Work", "Close"], ["Open", "Work"])
    assert definition == {
        "name": "Desk",
        "trigger": {"type": "manual"},
        "variables": {
            "first_activity": {"type": "string", "required": True, "description": "The activity the case begins with"}
        },
        "steps": [
            {
                "id": "begin",
                "type": "condition",
                "name": "Where the case begins",
                "branches": [
                    {"label": "open", "when": {"first_activity": "Open"}, "next": "open"},
                    {"label": "work", "when": {"first_activity": "Work"}, "next": "work"},
                ],
                "otherwise": "open",
            },
            {
                "id": "open",
                "type": "routing",
                "name": "Open",
                "assignee": {"group": "event-log"},
                "options": [{"label": "Work", "next": "work"}, {"label": "Close", "next": "close"}],
            },
            {
                "id": "work",
                "type": "routing",
                "name": "Work",
                "assignee": {"group": "event-log"},
                "options": [{"label": "Close", "next": "close"}, {"label": "Work", "next": "work"}, {"label": "End"}],
            },
            {
                "id": "close",
                "type": "routing",
                "name": "Close",
                "assignee": {"group": "event-log"},
                "options": [{"label": "End"}],
            },
        ],
    }


def test_the_group_and_the_name_are_the_callers() -> None:
    definition = discover(cases(["Open"]), name="Mine", group="deskside").definition
    assert definition["name"] == "Mine"
    assert definition["steps"][1]["assignee"] == {"group": "deskside"}


def test_an_activity_called_end_does_not_end_a_case() -> None:
    draft = discover(cases(["Open", "End"], ["Open", "End", "Open", "End of the case"]))
    route = Route(draft.definition)
    assert route.option_for("Open", "End") == "End"
    assert route.option_for("End", None) == "End of the case (2)"
    assert any("itself called End" in warning for warning in draft.notes.warnings)


def test_step_ids_of_like_names_differ_and_do_not_depend_on_the_order_of_the_log() -> None:
    alike = ["Take in charge", "take in charge", "Take-in charge!", "Begin", "待機", "ждать", "Überprüfen", "1st line"]
    ids = {name: step["id"] for name, step in steps_by_name(drafted(alike)).items()}
    assert ids == {
        "Take in charge": "take-in-charge",
        "Take-in charge!": "take-in-charge-2",
        "take in charge": "take-in-charge-3",
        "Begin": "begin-2",
        "ждать": "activity",
        "待機": "activity-2",
        "Überprüfen": "uberprufen",
        "1st line": "step-1st-line",
    }
    assert {name: step["id"] for name, step in steps_by_name(drafted(alike[::-1])).items()} == ids


def test_labels_that_a_step_ends_with_by_itself_are_kept_free() -> None:
    route = Route(drafted(["Open", "timed_out", " Open", "Open"]))
    assert route.option_for("Open", "timed_out") == "timed_out (2)"
    assert route.option_for("timed_out", " Open") != route.option_for(" Open", "Open")


@settings(deadline=None)
@given(logs)
def test_every_log_fits_its_own_draft(log: list[list[str]]) -> None:
    definition = drafted(*log)
    by_id = {step["id"]: step for step in definition["steps"]}
    route = Route(definition)
    for sequence in log:
        (branch,) = [branch for branch in by_id["begin"]["branches"] if branch["when"] == route.variables(sequence[0])]
        step = by_id[branch["next"]]
        for activity, following in zip(sequence, [*sequence[1:], None], strict=True):
            assert (step["name"], route.activity_of(step["id"])) == (activity, activity)
            label = route.option_for(activity, following)
            (option,) = [option for option in step["options"] if option["label"] == label]
            if following is None:
                assert "next" not in option
            else:
                step = by_id[option["next"]]


@settings(deadline=None)
@given(logs)
def test_every_draft_is_well_formed(log: list[list[str]]) -> None:
    definition = drafted(*log)
    ids = [step["id"] for step in definition["steps"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", id_) and id_ not in ("otherwise", "default") for id_ in ids)
    for step in definition["steps"][1:]:
        labels = [" ".join(option["label"].split()) for option in step["options"]]
        assert len(set(labels)) == len(labels)
    assert _reaching_the_end(definition) == set(ids)
    assert template.read(definition)[1] == []
    assert definition == drafted(*log)


def _reaching_the_end(definition: dict[str, Any]) -> set[str]:
    into: dict[str | None, set[str]] = {}
    for step in definition["steps"]:
        for way in step.get("options") or step["branches"]:
            into.setdefault(way.get("next"), set()).add(step["id"])
    found: set[str] = set()
    waiting: list[str | None] = [None]
    while waiting:
        fresh = into.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return found


@settings(deadline=None)
@given(logs, names)
def test_the_file_reads_back_as_the_same_definition(log: list[list[str]], name: str) -> None:
    definition, notes = discover(cases(*log), name=name)
    assert yaml.safe_load(to_yaml(definition, notes)) == definition


def test_the_file_is_nice_to_read() -> None:
    written = to_yaml(*discover(cases(["Open", "Work", "Close"], ["Open", "Close"]), name="Desk"))
    assert written.startswith("# Drafted from an event log")
    assert "# 2 cases, 5 events, 3 activities, 1 people," in written
    assert (
        """
  - id: open
    type: routing
    name: Open
    assignee: {group: event-log}
    options:
      - {label: Close, next: close}
      - {label: Work, next: work}
"""
        in written
    )


def test_an_edited_draft_still_finds_its_way_and_says_where_it_does_not() -> None:
    definition = drafted(["Open", "Close"])
    definition["steps"][1]["id"] = "first"
    definition["steps"][1]["options"][0]["label"] = "We are done"
    route = Route(definition)
    assert (route.step_of("Open"), route.option_for("Open", "Close")) == ("first", "We are done")
    assert route.activities == ("Open", "Close")
    assert route.activity_of("begin") is None

    for ask, code in (
        (lambda: route.option_for("Close", "Open"), "unknown_transition"),
        (lambda: route.option_for("Open", None), "unknown_transition"),
        (lambda: route.option_for("Open", "Reopen"), "unknown_activity"),
        (lambda: route.variables("Reopen"), "unknown_activity"),
    ):
        with pytest.raises(EventLogError) as refused:
            ask()
        assert (refused.value.code, refused.value.place) == (code, "Desk")


def test_two_steps_of_one_name_are_no_route() -> None:
    definition = drafted(["Open", "Close"])
    definition["steps"][2]["name"] = "Open"
    with pytest.raises(EventLogError, match="two steps are called 'Open'"):
        Route(definition)


def test_notes_warn_of_what_a_reader_should_know() -> None:
    early, late = NOON, NOON.replace(hour=13)
    back = Case("1", {}, (Event("1", "Open", late, None, {}), Event("1", "Close", early, "Ana", {})), 1, 0)
    notes = discover([back, Case("2", {}, (), 2, 0)]).notes
    assert (notes.starts, notes.ends, notes.people) == ({"Open": 1}, {"Close": 1}, ("Ana",))
    assert notes.warnings == (
        "Cases without any event, left out of the template: 1.",
        "Events that name nobody: 1.",
        "Events stamped earlier than the one before them in their case: 1.",
    )


def test_a_log_without_events_is_refused() -> None:
    for empty in ([], cases([])):
        with pytest.raises(EventLogError) as refused:
            discover(empty)
        assert refused.value.code == "empty_log"


def test_an_activity_too_long_for_a_step_is_shortened_and_still_found() -> None:
    prose, other = "x" * 900 + "a", "x" * 900 + "b"
    draft = discover(cases(["Open", prose, other]), name="n" * 900)
    route = Route(draft.definition)
    assert template.read(draft.definition)[1] == []
    assert route.step_of(prose) != route.step_of(other)
    assert route.option_for("Open", prose) == route.activity_of(route.step_of(prose))
    assert route.variables(prose) == {"first_activity": prose}
    assert "with 901 letters" in draft.notes.warnings[0]


def test_thousands_of_activities_do_not_blow_up() -> None:
    chance = random.Random(3)
    log = cases(*([f"Activity {chance.randrange(2_500)}" for _ in range(5)] for _ in range(3_000)))
    began = time.perf_counter()
    definition, notes = discover(log)
    written = to_yaml(definition, notes)
    took_s = time.perf_counter() - began

    assert len(definition["steps"]) > 2_000
    assert "too many to pass the check" in notes.warnings[0]
    assert "is another column the activity?" in notes.warnings[1]
    assert len(written) < 5_000_000
    assert took_s < 60
