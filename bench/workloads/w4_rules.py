"""W4: one ticket event at a desk with ten … ten thousand enabled rules, a hundredth of which its fields pick.

In process: no HTTP, and the database is not asked, because the number of rules changes neither. What is measured is
what the engine adds to the event's transaction: the rules are asked, and the row that tells what they came to is made.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bench.result import Result, at_least, at_most, judged
from wayline.core.cause import Cause
from wayline.core.condition import holds
from wayline.core.facts import EMPTY_DIRECTORY, Facts
from wayline.core.rules import CompiledRule, Happening, RuleSet, names_before, names_of, react
from wayline.store.rule_events import event_row

COUNTS = (10, 100, 1_000, 10_000)
QUEUES, CATEGORIES = 10, 10
EVENTS_A_ROUND = 200
SCANS_A_ROUND = 20
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MUST = {"median_ms": at_most(1.0), "vs_linear": at_least(50)}
AIM = {"median_ms": at_most(0.2), "vs_linear": at_least(50)}
COMPARISON = (
    "No peer: the comparison is a scan that asks every rule, with the same conditions and stopping at the first clause "
    "that fails. Rules want a queue, a category and a word in the title; a hundredth of them have the ticket's queue "
    "and category, and one of those matches and sets a field. median_ms is asking the rules of one event and making "
    "the row that is kept of it; writing that row is one more in the statement that writes them all. vs_linear is the "
    "scan's median, likewise at 10,000, over the median of finding the same rules by the index."
)


def measure_w4(*, rounds: int) -> Result:
    """Rounds of events at growing desks. Raises AssertionError when index and scan disagree."""
    desks = {count: RuleSet(1, _rules(count)) for count in COUNTS}
    medians: dict[int, list[float]] = {count: [] for count in COUNTS}
    found_ms: list[float] = []
    scan_ms: list[float] = []
    largest = desks[COUNTS[-1]]
    for number in range(rounds):
        for count, rules in desks.items():
            medians[count].append(_median_ms(lambda rules=rules: _one_event(rules), EVENTS_A_ROUND))
        found_ms.append(_median_ms(lambda: _by_index(largest), EVENTS_A_ROUND))
        scan_ms.append(_median_ms(lambda: _by_scan(largest), SCANS_A_ROUND))
        assert _by_index(largest) == _by_scan(largest), "the index and the scan found different rules"
        print(
            f"  round {number + 1}  {medians[COUNTS[-1]][-1]:.3f} ms an event, scan {scan_ms[-1]:.2f} ms",
            file=sys.stderr,
        )
    figures = {
        "median_ms": round(statistics.median(medians[COUNTS[-1]]), 4),
        "vs_linear": round(statistics.median(scan_ms) / statistics.median(found_ms), 1),
        "median_ms_at_10": round(statistics.median(medians[COUNTS[0]]), 4),
    }
    details: dict[str, Any] = {
        "median_ms_by_rules": {str(count): round(statistics.median(seen), 4) for count, seen in medians.items()},
        "find_ms": round(statistics.median(found_ms), 4),
        "scan_ms": round(statistics.median(scan_ms), 4),
        "candidates": len(desks[COUNTS[-1]].candidates(_event(), names_of(_event(), _event().ticket))),
        **_upkeep(largest),
    }
    return judged("W4", figures, must=MUST, aim=AIM, comparison=COMPARISON, details=details)


def _rules(count: int) -> Iterable[CompiledRule]:
    """A hundredth of them, one at least, are of the event's queue and category; one of all has its word."""
    for number in range(count):
        place = number % (QUEUES * CATEGORIES)
        yield CompiledRule(
            rule_id=f"00000000-0000-4000-8000-{number:012d}",
            definition={
                "name": f"Rule {number}",
                "trigger": "on_ticket_updated",
                "conditions": {
                    "queue": f"Queue {place // CATEGORIES}",
                    "category": f"Category {place % CATEGORIES}",
                    "title": {"contains": "printer" if number == 0 else f"word-{number}"},
                },
                "actions": [{"type": "set_priority", "priority": "P1"}],
            },
            position=number,
            enabled=True,
            created_at=AT,
        )


def _event() -> Happening:
    ticket = {
        "id": "00000000-0000-4000-8000-00000000000a",
        "number": "INC-000001",
        "type": "incident",
        "subtype": None,
        "title": "The printer on the third floor",
        "description": "It prints nothing but stripes. " * 10,
        "status": "open",
        "priority": "P3",
        "category": "Category 0",
        "queue": "Queue 0",
        "group": None,
        "assignee": None,
        "requester": "00000000-0000-4000-8000-00000000000b",
        "tags": ["printer"],
        "custom": {"floor": 3, "site": "Graz"},
        "resolution_category": None,
        "created_at": AT,
        "updated_at": AT,
    }
    event_id = "00000000-0000-4000-8000-00000000000c"
    before = {"category": "Category 1"}
    return Happening(
        id=event_id, trigger="on_ticket_updated", at=AT, cause=Cause(event_id), ticket=ticket, before=before
    )


_FACTS = Facts(directory=EMPTY_DIRECTORY)


def _one_event(rules: RuleSet) -> None:
    happening = _event()
    reacted = react(rules, happening, facts=lambda _: _FACTS)
    assert len(reacted.reaction.firings) == 1
    event_row(
        tenant_id="t", happening=happening, reaction=reacted.reaction, rules_version=rules.version, place=0, kept_at=AT
    )


def _by_index(rules: RuleSet) -> list[str]:
    happening = _event()
    names, before = names_of(happening, happening.ticket), names_before(happening, happening.ticket)
    found = rules.candidates(happening, names)
    return [one.rule.id for one in found if one.rest is None or holds(one.rest, names, before)]


def _by_scan(rules: RuleSet) -> list[str]:
    happening = _event()
    names, before = names_of(happening, happening.ticket), names_before(happening, happening.ticket)
    return [rule.id for rule in rules.rules.values() if holds(rule.condition, names, before)]


def _upkeep(rules: RuleSet) -> dict[str, float]:
    """What changing one rule of all costs, and what reading all of them for the first time does."""
    (edited,) = _rules(1)
    edit_ms = _median_ms(lambda: rules.changed(2, {edited.id: edited}), 20)
    build_ms = _median_ms(lambda: RuleSet(1, _rules(COUNTS[-1])), 3)
    return {"edit_one_ms": round(edit_ms, 3), "build_all_ms": round(build_ms, 1)}


def _median_ms(do: Callable[[], object], times: int) -> float:
    do()
    gc.collect()
    seen: list[float] = []
    for _ in range(times):
        begun_at = time.perf_counter()
        do()
        seen.append((time.perf_counter() - begun_at) * 1000)
    return statistics.median(seen)
