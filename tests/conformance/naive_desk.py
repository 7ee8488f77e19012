"""A desk with rules, made again in the plainest way there is, to hold the real one against.

Nothing of Wayline is imported. Every rule is asked about every event, one after the other, with conditions read anew
each time from how they are written; a ticket is one flat mapping, `custom.<name>` beside the rest. What it knows is
what the description of surface 001 says: rules see the event, and the ticket as it was right after it with what earlier
rules did about it; `stop` concerns one event; what a rule does is an event of its own, seen after those that wait
already; chains end after ten rules, and after a thousand events of one cause.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

RULES_IN_A_CHAIN = 10
EVENTS_OF_A_CAUSE = 1_000
Ticket = dict[str, Any]
ClauseSeen = tuple[str, str, bool]
"""Field, operator, whether it held."""


@dataclass
class Happened:
    """An event. `before` is what it changed, field → earlier value; None that it made the ticket."""

    trigger: str
    at: datetime
    ticket: Ticket
    before: Ticket | None = field(default_factory=dict)
    depth: int = 0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Judged:
    """What became of an event at one rule. `failed` says of each of its actions whether it could not be done."""

    rule: str
    reason: str
    stopped_by: str | None = None
    clauses: list[ClauseSeen] = field(default_factory=list)
    failed: list[bool] = field(default_factory=list)


Seen = list[tuple[Happened, list[Judged]]]


class NaiveDesk:
    """One ticket's desk. `rules` are as written, in their order; `runs` are the templates that rules start: what their
    one step does to the ticket, None for one that waits for somebody. `expressions` say in Python what CEL says."""

    def __init__(
        self,
        rules: list[dict[str, Any]],
        *,
        runs: Mapping[str, dict[str, Any] | None],
        expressions: Mapping[str, Callable[[dict[str, Any]], bool]],
        ticket: Ticket,
    ) -> None:
        self.rules = rules
        self.named = {name.lower(): name for name in runs}
        self.runs = {name.lower(): what for name, what in runs.items()}
        self.expressions = expressions
        self.ticket = ticket
        self.waiting_runs: list[str] = []
        self.started: list[str] = []
        self.comments: list[str] = []
        self.told = 0

    def happens(self, trigger: str, at: datetime, *, created: bool = False, **more: Any) -> Seen:
        """Something that no rule has caused, and all that comes of it, in the order that rules see it in."""
        first = Happened(trigger, at, dict(self.ticket), before=None if created else {}, more=more)
        waiting, seen, looked_at = deque([first]), [], 0
        while waiting:
            event = waiting.popleft()
            of_trigger = [rule for rule in self.rules if rule["trigger"] == event.trigger]
            is_cut = looked_at >= EVENTS_OF_A_CAUSE or event.depth >= RULES_IN_A_CHAIN
            looked_at += looked_at < EVENTS_OF_A_CAUSE
            judged, effects = self._ask(of_trigger, event, is_cut)
            waiting.extend(self._carry_out(event, effects))
            seen.append((event, judged))
        return seen

    # -- asking ----------------------------------------------------------------------------------

    def _ask(
        self, rules: list[dict[str, Any]], event: Happened, is_cut: bool
    ) -> tuple[list[Judged], list[tuple[Judged, int, Any]]]:
        ticket, stopped_by = dict(event.ticket), None
        judged: list[Judged] = []
        effects: list[tuple[Judged, int, Any]] = []
        for rule in rules:
            if not rule.get("enabled", True):
                judged.append(Judged(rule["name"], "disabled"))
                continue
            if stopped_by is not None:
                judged.append(Judged(rule["name"], "stopped", stopped_by))
                continue
            found = Judged(rule["name"], "conditions_false")
            judged.append(found)
            if not self._holds(rule.get("conditions") or {}, _names(event, ticket), _earlier(event, ticket), found):
                continue
            found.reason = "cut" if is_cut else "matched"
            if not is_cut:
                for place, action in enumerate(rule.get("actions") or [rule["action"]]):
                    found.failed.append(False)
                    effect = _wanted(action, _names(event, ticket), ticket)
                    ticket |= effect.get("set", {})
                    effects.append((found, place, effect))
            if rule.get("stop"):
                stopped_by = rule["name"]
        return judged, effects

    def _holds(self, written: dict[str, Any], now: dict[str, Any], before: dict[str, Any], judged: Judged) -> bool:
        """Every key of a condition, all of them looked at."""
        held = [self._entry(key, value, now, before, judged) for key, value in written.items()]
        return all(held)

    def _entry(self, key: str, value: Any, now: dict[str, Any], before: dict[str, Any], judged: Judged) -> bool:
        if key in ("all", "any"):
            parts = [self._holds(part, now, before, judged) for part in value]
            return all(parts) if key == "all" else any(parts)
        if key == "not":
            return not self._holds(value, now, before, judged)
        if key == "expression":
            return _noted(judged, "expression", "expression", self.expressions[value](now))
        if key == "changed":
            fields = [value] if isinstance(value, str) else value
            changed = [_noted(judged, name, "changed", now.get(name) != before.get(name)) for name in fields]
            return any(changed)
        if isinstance(value, dict):
            each = [_noted(judged, key, op, _compare(op, wanted, key, now, before)) for op, wanted in value.items()]
            return all(each)
        op = "in" if isinstance(value, list) else "ge" if key in ("idle_hours", "age_hours") else "eq"
        return _noted(judged, key, op, _compare(op, value, key, now, before))

    # -- carrying out ----------------------------------------------------------------------------

    def _carry_out(self, event: Happened, effects: list[tuple[Judged, int, Any]]) -> list[Happened]:
        """What rules want comes true: first all that concerns the ticket, then the runs. What they change of the ticket
        comes to one event, of which the last change of each field counts."""
        came: list[Happened] = []
        changed: Ticket = {}
        for _, _, effect in effects:
            changed |= self._set(effect)
            came += self._say(event, effect)
            self.told += "tell" in effect
        if changed:
            came.append(Happened("on_ticket_updated", event.at, dict(self.ticket), changed, event.depth + 1))
        for found, place, effect in effects:
            if "start" in effect:
                found.failed[place] = not self._start(event, effect["start"], came)
        return came

    def _set(self, effect: dict[str, Any]) -> Ticket:
        """What was there before, of the fields that really change."""
        changes = {name: value for name, value in effect.get("set", {}).items() if self.ticket.get(name) != value}
        before = {name: self.ticket.get(name) for name in changes}
        self.ticket |= changes
        return before

    def _say(self, event: Happened, effect: dict[str, Any]) -> list[Happened]:
        if "say" not in effect:
            return []
        self.comments.append(effect["say"]["text"])
        more = {"comment": effect["say"]}
        return [Happened("on_comment", event.at, dict(self.ticket), depth=event.depth + 1, more=more)]

    def _start(self, event: Happened, name: str, came: list[Happened]) -> bool:
        """A ticket has one live run of a template at most."""
        if name in self.waiting_runs:
            return False
        self.started.append(name)
        what = self.runs[name]
        if what is None:
            self.waiting_runs.append(name)
            return True
        if changed := self._set(what):
            came.append(Happened("on_ticket_updated", event.at, dict(self.ticket), changed, event.depth + 1))
        came += self._say(event, what)
        run = {"template": self.named[name], "status": "completed"}
        ended = Happened("on_run_ended", event.at, dict(self.ticket), depth=event.depth + 1, more={"run": run})
        came.append(ended)
        return True


# -- names -----------------------------------------------------------------------------------------


def _names(event: Happened, ticket: Ticket) -> dict[str, Any]:
    names = dict(ticket)
    hours = (event.at - ticket["created_at"]).total_seconds() / 3600
    # In a log nobody but the one who opens a ticket does anything to it: people work on its run.
    names["age_hours"] = names["idle_hours"] = hours
    for family, members in event.more.items():
        names |= {f"{family}.{name}": value for name, value in members.items()}
    return names


def _earlier(event: Happened, ticket: Ticket) -> dict[str, Any]:
    """Before the event nothing that it changed was as it is; all else was. A new ticket had nothing."""
    return {} if event.before is None else {**ticket, **event.before}


# -- conditions ------------------------------------------------------------------------------------


def _noted(judged: Judged, name: str, op: str, held: bool) -> bool:
    judged.clauses.append((name, op, held))
    return held


def _compare(op: str, wanted: Any, name: str, now: dict[str, Any], before: dict[str, Any]) -> bool:
    seen = now.get(name)
    several = wanted if isinstance(wanted, list) else [wanted]
    if op in ("eq", "in"):
        return seen in several
    if op in ("ne", "not_in"):
        return seen not in several
    if op == "exists":
        return (seen is not None) == wanted
    if op == "changed":
        return (seen != before.get(name)) == wanted
    if op == "changed_to":
        return seen != before.get(name) and seen in several
    if op == "changed_from":
        return seen != before.get(name) and before.get(name) in several
    if seen is None:
        return False
    if op in ("gt", "ge", "lt", "le"):
        return _in_order(op, seen, datetime.fromisoformat(wanted) if isinstance(seen, datetime) else wanted)
    if op == "matches":
        return any(re.search(pattern, seen) for pattern in several)
    text = seen.lower()
    if op == "contains":
        return any(part.lower() in text for part in several)
    ends = {"starts_with": text.startswith, "ends_with": text.endswith}[op]
    return any(ends(part.lower()) for part in several)


def _in_order(op: str, seen: Any, wanted: Any) -> bool:
    return bool({"gt": seen > wanted, "ge": seen >= wanted, "lt": seen < wanted, "le": seen <= wanted}[op])


# -- actions ---------------------------------------------------------------------------------------


def _wanted(action: dict[str, Any], names: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    """What an action comes to: fields to set, something to say or to tell, or a run to start."""
    kind = action["type"]
    if kind == "update_field":
        fields = action.get("fields") or {action["field"]: action["value"]}
        return _to_set(ticket, {name: _filled(value, names) for name, value in fields.items()})
    if kind == "set_priority":
        words = {"critical": "P1", "high": "P2", "medium": "P3", "low": "P4"}
        return _to_set(ticket, {"priority": words.get(action["priority"], action["priority"])})
    if kind == "move_queue":
        return _to_set(ticket, {"queue": action["queue"]})
    if kind == "assign":
        assert action["to"] == {"requester": True}
        return _to_set(ticket, {"assignee": ticket["requester"]})
    if kind == "add_comment":
        visibility = action.get("visibility", "internal")
        return {"say": {"text": _filled(action["text"], names), "visibility": visibility}}
    if kind == "send_notification":
        return {"tell": action["to"]}
    assert kind == "start_workflow"
    return {"start": action["workflow_name"].lower()}


def _to_set(ticket: Ticket, fields: dict[str, Any]) -> dict[str, Any]:
    return {"set": {name: value for name, value in fields.items() if ticket.get(name) != value}}


def _filled(value: Any, names: dict[str, Any]) -> Any:
    if not isinstance(value, str):
        return value
    return re.sub(r"\{\{ (?:ticket\.)?([a-z_.]+) \}\}", lambda found: str(names[found[1]]), value)
