"""The counts mean what their names say, and need only (activity, who, at) of each case in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from wayline.eventlog.counts import Counts

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def counted(*cases: list[tuple[str, str | None]]) -> Counts:
    counts = Counts()
    for case in cases:
        counts.add_case((activity, who, NOON + timedelta(hours=hour)) for hour, (activity, who) in enumerate(case))
    return counts


def test_every_number() -> None:
    counts = counted(
        [("Open", "Ana"), ("Work", "Bo"), ("Work", "Bo"), ("Close", "Cy")],
        [("Open", "Bo"), ("Close", "Bo")],
        [("Open", "Cy"), ("Close", "Ana")],
    )
    assert counts.as_json() == {
        "cases": 3,
        "events": 8,
        "activities": {"Close": 3, "Open": 3, "Work": 2},
        "variants": 2,
        "directly_follows": 4,
        "hand_offs": 3,
        "longest_case": 4,
        "resources": 3,
    }
    assert counts.people == ("Ana", "Bo", "Cy")
    assert counts.pairs["Open", "Close"] == 2
    assert counts.span == (NOON, NOON + timedelta(hours=3))


def test_nothing_counted_is_all_noughts() -> None:
    assert counted().as_json() == {
        "cases": 0, "events": 0, "activities": {}, "variants": 0,
        "directly_follows": 0, "hand_offs": 0, "longest_case": 0, "resources": 0,
    }  # fmt: skip
    assert counted().span is None


def test_nobody_is_no_resource_and_hands_nothing_over() -> None:
    counts = counted([("Open", "Ana"), ("Work", None), ("Close", "Bo")])
    assert (counts.hand_offs, counts.as_json()["resources"]) == (0, 2)


def test_cases_do_not_run_into_one_another() -> None:
    counts = counted([("Open", "Ana")], [("Close", "Bo")])
    assert (counts.hand_offs, counts.pairs) == (0, {})


def test_variants_are_told_apart_where_the_names_run_together() -> None:
    assert counted([("ab", None), ("c", None)], [("a", None), ("bc", None)]).as_json()["variants"] == 2
    assert counted([("a1:b", None)], [("a", None), ("b", None)]).as_json()["variants"] == 2


@settings(deadline=None)
@given(some.lists(some.lists(some.tuples(some.sampled_from("ABC"), some.sampled_from(["Ana", "Bo", None])))))
def test_a_plain_count_by_hand_agrees(cases: list[list[tuple[str, str | None]]]) -> None:
    counts = counted(*cases).as_json()
    pairs = [pair for case in cases for pair in pairwise(case)]
    assert counts["cases"] == len(cases)
    assert counts["events"] == sum(map(len, cases))
    assert counts["variants"] == len({tuple(activity for activity, _ in case) for case in cases})
    assert counts["directly_follows"] == len({(first[0], second[0]) for first, second in pairs})
    assert counts["hand_offs"] == sum(len({first[1], second[1]} - {None}) == 2 for first, second in pairs)
    assert counts["longest_case"] == max(map(len, cases), default=0)
