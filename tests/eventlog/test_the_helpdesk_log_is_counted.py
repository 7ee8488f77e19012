"""The reader and the counts agree with the independent script on the real log (shared data/README.md)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from helpdesk_counts import WHAT_AN_INDEPENDENT_SCRIPT_COUNTS
from wayline.eventlog.counts import count_cases
from wayline.eventlog.discovery import Draft, discover
from wayline.eventlog.reading import Case, log_name, measure, read_cases
from wayline.eventlog.route import Route

GENEROUS_READING_S = 20.0


@pytest.fixture(scope="module")
def cases(helpdesk: Path) -> list[Case]:
    return list(read_cases(helpdesk))


@pytest.fixture(scope="module")
def draft(cases: list[Case]) -> Draft:
    return discover(cases, name="Helpdesk")


def test_every_count_equals_the_independent_script(helpdesk: Path) -> None:
    began = time.perf_counter()
    counted = count_cases(read_cases(helpdesk)).as_json()
    took_s = time.perf_counter() - began

    assert counted == WHAT_AN_INDEPENDENT_SCRIPT_COUNTS
    assert list(counted["activities"]) == list(WHAT_AN_INDEPENDENT_SCRIPT_COUNTS["activities"])
    assert took_s < GENEROUS_READING_S


def test_neighbours_with_the_same_stamp_keep_the_order_of_the_file(cases: list[Case]) -> None:
    neighbours = [pair for case in cases for pair in zip(case.events, case.events[1:], strict=False)]
    assert sum(first.at == second.at for first, second in neighbours) == 130


def test_attributes_come_along(cases: list[Case]) -> None:
    first = cases[0].events[0]
    assert (first.case, first.activity, first.who) == ("Case 1", "Assign seriousness", "Value 1")
    assert set(first.attributes) >= {"seriousness", "customer", "product", "service_level", "workgroup"}
    assert "concept:name" not in first.attributes


def test_progress_reaches_the_size_of_the_file_and_never_goes_back(cases: list[Case], helpdesk: Path) -> None:
    read = [case.bytes_read for case in cases]
    assert read == sorted(read)
    assert read[0] < measure(helpdesk) / 10
    assert read[-1] == measure(helpdesk)
    assert [case.position for case in cases] == list(range(1, 4581))


def test_it_is_named_after_the_file_for_it_gives_itself_no_name(helpdesk: Path) -> None:
    assert log_name(helpdesk) == "Helpdesk"


def test_the_draft_has_every_transition_seen_and_no_other(draft: Draft, cases: list[Case]) -> None:
    steps = draft.definition["steps"]
    connections = sum("next" in option for step in steps[1:] for option in step["options"])
    assert (len(steps), connections) == (15, 55)
    assert draft.notes.counts == WHAT_AN_INDEPENDENT_SCRIPT_COUNTS


def test_every_case_fits_the_draft(draft: Draft, cases: list[Case]) -> None:
    route = Route(draft.definition)
    for case in cases:
        activities = [event.activity for event in case.events]
        assert route.variables(activities[0]) == {"first_activity": activities[0]}
        for activity, following in zip(activities, [*activities[1:], None], strict=True):
            assert route.option_for(activity, following) in (following, "End")
