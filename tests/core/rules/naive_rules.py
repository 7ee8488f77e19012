"""Rules as one would ask them by hand: every rule at every event, clause by clause, with nothing remembered.

Written from the contract alone and apart from `wayline.core`: it reads definitions as people write them, keeps tickets
flat (`custom.n` is a field like any other), and knows only the operators and actions that `some_rules` writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DEPTH = 10
EVENTS = 1000
Flat = dict[str, Any]
Pair = tuple[str, bool, str]
"""A rule's name, whether it matched, and why."""


@dataclass
class NaiveEvent:
    """`was` holds what the event changed, as it had been; None: the ticket is new."""

    kind: str
    ticket: Flat
    was: Flat | None
    depth: int = 0


@dataclass
class NaiveOutcome:
    """Every rule at every event, in order, and the ticket in the end."""

    ticket: Flat
    pairs: list[list[Pair]] = field(default_factory=list)


def ask(rules: Sequence[Mapping[str, Any]], first: NaiveEvent) -> NaiveOutcome:
    """What the rules come to. `rules` are definitions with `name`, `position` and `enabled`."""
    outcome = NaiveOutcome(ticket=dict(first.ticket))
    waiting = [first]
    while waiting:
        event = waiting.pop(0)
        is_cut = len(outcome.pairs) >= EVENTS or event.depth >= DEPTH
        waiting += _ask_all(rules, event, outcome, is_cut=is_cut)
    return outcome


def _ask_all(
    rules: Sequence[Mapping[str, Any]], event: NaiveEvent, outcome: NaiveOutcome, *, is_cut: bool
) -> list[NaiveEvent]:
    """The events that come of one."""
    seen, was, is_stopped = dict(event.ticket), Flat(), False
    pairs: list[Pair] = []
    caused: list[NaiveEvent] = []
    for rule in sorted(rules, key=lambda one: one["position"]):
        if rule["trigger"] != event.kind:
            continue
        why = _why(rule, event, seen, is_stopped=is_stopped, is_cut=is_cut)
        pairs.append((rule["name"], why in ("matched", "cut"), why))
        is_stopped = is_stopped or (why in ("matched", "cut") and rule.get("stop", False))
        for action in rule["actions"] if why == "matched" else ():
            if action["type"] == "add_comment":
                caused.append(NaiveEvent("on_comment", dict(outcome.ticket), {}, event.depth + 1))
                continue
            name, value = (
                ("priority", action["priority"]) if "priority" in action else (action["field"], action["value"])
            )
            if seen.get(name) == value:
                continue
            seen[name] = value
            if outcome.ticket.get(name) != value:
                was[name] = outcome.ticket.get(name)
                outcome.ticket[name] = value
    outcome.pairs.append(pairs)
    if was:
        caused.append(NaiveEvent("on_ticket_updated", dict(outcome.ticket), was, event.depth + 1))
    return caused


def _why(rule: Mapping[str, Any], event: NaiveEvent, seen: Flat, *, is_stopped: bool, is_cut: bool) -> str:
    if not rule["enabled"]:
        return "disabled"
    if is_stopped:
        return "stopped"
    if not holds(rule["conditions"], seen, None if event.was is None else {**seen, **event.was}):
        return "conditions_false"
    return "cut" if is_cut else "matched"


def holds(condition: Mapping[str, Any], now: Flat, was: Flat | None) -> bool:
    """Whether every key of a condition holds."""
    for key, wanted in condition.items():
        if key == "all":
            held = all(holds(part, now, was) for part in wanted)
        elif key == "any":
            held = any(holds(part, now, was) for part in wanted)
        elif key == "not":
            held = not holds(wanted, now, was)
        elif key == "changed":
            held = not same(now.get(wanted), (was or {}).get(wanted))
        elif isinstance(wanted, list):
            held = any(same(now.get(key), one) for one in wanted)
        elif isinstance(wanted, dict):
            held = all(_compares(op, now.get(key), (was or {}).get(key), value) for op, value in wanted.items())
        else:
            held = same(now.get(key), wanted)
        if not held:
            return False
    return True


def _compares(op: str, now: Any, was: Any, wanted: Any) -> bool:
    if op == "ne":
        return not same(now, wanted)
    if op == "not_in":
        return not any(same(now, one) for one in wanted)
    if op == "exists":
        return (now is not None) is wanted
    if op == "contains":
        return any(one.casefold() == wanted.casefold() for one in now or ())
    if op == "changed_to":
        return not same(now, was) and same(now, wanted)
    if op == "changed_from":
        return not same(now, was) and same(was, wanted)
    raise AssertionError(f"nobody writes {op}")


def same(one: Any, other: Any) -> bool:
    """Numbers equal texts that denote them; everything else is equal to its like."""
    if type(one) is int and type(other) is str:
        return other.isdigit() and int(other) == one
    if type(one) is str and type(other) is int:
        return same(other, one)
    return type(one) is type(other) and one == other
