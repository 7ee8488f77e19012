"""What the rules of a desk do about an event. Pure: the event, the rules and the facts are values.

A *happening* is one desk event as rules see it. `react` asks the enabled rules of its trigger in the order of their
places and answers what they do: each sees the ticket as it was right after the event, with what earlier rules have done
about this very event, and is asked once. What they all do to the ticket comes to one event, which rules see after: a
`Cascade` keeps those waiting, first in first out, and knows when a chain has to be cut. `evaluations` explains
afterwards, for every rule and from what has been kept of the event, why it did what it did.

One event, and not one a change: rules that build on each other have all been asked in one go. Were each shown every
change of the others once more, ten of them would make a thousand events, and write again what they had seen before
others changed it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import msgspec

from wayline.core import condition
from wayline.core.action import Action, ActionFailed, rendered
from wayline.core.cause import DEPTH_MAX, EVENTS_PER_ROOT_MAX, Cause
from wayline.core.condition import Clause, Condition
from wayline.core.effects import ChangeTicket, CountUp, Effect, RunJob
from wayline.core.events import EventName
from wayline.core.facts import Facts
from wayline.core.rule import Rule, parse_rule
from wayline.core.rule_index import Candidate, RuleIndex, wanted_texts
from wayline.core.run import Activation
from wayline.core.ticket import ENDED_STATUSES, STATUSES
from wayline.core.who import Audience, Circumstances, Who, audience, pick, requester_of

CutBy = Literal["depth", "events"]
CUT_SAID: dict[CutBy, str] = {
    "depth": f"chains of rules end after {DEPTH_MAX}",
    "events": f"one cause has at most {EVENTS_PER_ROOT_MAX:,} events",
}


class Happening(msgspec.Struct, frozen=True, omit_defaults=True):
    """One desk event as rules see it, complete: what is kept of it suffices to ask the rules again.

    `ticket` is the ticket right after the event, None when it concerns none; `before` what the event changed, field →
    earlier value (None: the ticket is new). `actor` is who did it; `comment`, `run`, `step` and `payload` come with the
    triggers they belong to. `last_person_at` is when a person last acted on the ticket. With `rule_id` the event is for
    that rule alone.
    """

    id: str
    trigger: str
    at: datetime
    cause: Cause
    ticket: dict[str, Any] | None = None
    before: dict[str, Any] | None = {}
    actor: dict[str, Any] = {}
    comment: dict[str, Any] | None = None
    run: dict[str, Any] | None = None
    step: dict[str, Any] | None = None
    payload: Any = None
    last_person_at: datetime | None = None
    rule_id: str | None = None


# -- the rules of a desk ---------------------------------------------------------------------------


class CompiledRule:
    """A rule ready to be asked. Its actions are read when it first fires: most rules of a large desk rarely do."""

    def __init__(
        self,
        *,
        rule_id: str,
        definition: Mapping[str, Any],
        position: int,
        enabled: bool,
        created_at: datetime,
        author_id: str | None = None,
    ) -> None:
        self.id = rule_id
        self.definition = definition
        self.name: str = definition["name"]
        self.trigger: str = definition["trigger"]
        self.stop = bool(definition.get("stop", False))
        self.enabled = enabled
        self.author_id = author_id
        self.order = (position, created_at, rule_id)
        self.condition: Condition = condition.parse(definition.get("conditions"))

    @cached_property
    def rule(self) -> Rule:
        """The rule as written; raises RuleInvalid when another version of this code has written it."""
        return parse_rule(dict(self.definition))

    @cached_property
    def strategies(self) -> frozenset[str]:
        """The strategies its who-expressions pick people by."""
        whos = [who for action in self.rule.actions for _, who in action.who()]
        return frozenset(who.strategy for who in whos if who.strategy is not None)

    @cached_property
    def narrowed(self) -> Narrowed:
        """Which tickets a sweep need look at."""
        plain = {name.removeprefix("ticket."): texts for name, texts in wanted_texts(self.condition).items()}
        least = [found for part in condition.conjuncts(self.condition) if (found := condition.at_least(part))]
        named = condition.names(self.condition)
        return Narrowed(plain, dict(least), not named.isdisjoint(("status", "ticket.status", "ticket")))

    def matches_at_sweep(self, ticket: dict[str, Any], last_person_at: datetime | None, at: datetime) -> bool:
        """Whether a sweep finds that its conditions hold; tickets that have ended only if it speaks of their status."""
        if not self.narrowed.with_ended and ticket["status"] in ENDED_STATUSES:
            return False
        happening = Happening(
            id="", trigger="scheduled", at=at, cause=Cause(""), ticket=ticket, last_person_at=last_person_at
        )
        names = names_of(happening, ticket)
        return condition.holds(self.condition, names, names)


class Narrowed(msgspec.Struct, frozen=True):
    """What is known of the tickets that a condition holds for, so that others need not be looked at: the texts a field
    may have (None: no value), the least hours, and whether it speaks of the status, ended ones included."""

    values: dict[str, tuple[str | None, ...]]
    at_least: dict[str, float]
    with_ended: bool

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that such a ticket may have."""
        wanted = self.values.get("status", STATUSES)
        known = [status for status in STATUSES if status in wanted]
        return tuple(status for status in known if self.with_ended or status not in ENDED_STATUSES)


class RuleSet:
    """The rules of one tenant at one version. Immutable: `changed` gives the next one.

    `unreadable` are those that another version of this code has written, by id, with what is wrong with them.
    """

    def __init__(
        self, version: int = 0, rules: Iterable[CompiledRule] = (), unreadable: Mapping[str, str] | None = None
    ) -> None:
        self.version = version
        self.unreadable: Mapping[str, str] = unreadable or {}
        self.rules: dict[str, CompiledRule] = {rule.id: rule for rule in rules}
        self._indexes: dict[str, RuleIndex[CompiledRule]] = {}
        for trigger in {rule.trigger for rule in self.rules.values() if rule.enabled}:
            of_trigger = (rule for rule in self.rules.values() if rule.enabled and rule.trigger == trigger)
            self._indexes[trigger] = RuleIndex(of_trigger)
        self.triggers = frozenset(self._indexes)

    def changed(
        self,
        version: int,
        changes: Mapping[str, CompiledRule | None],
        unreadable: Mapping[str, str] | None = None,
    ) -> RuleSet:
        """The rules at a later version, given what has become of those that have changed since (None: gone, or
        unreadable)."""
        left = {rule_id: said for rule_id, said in self.unreadable.items() if rule_id not in changes}
        after = RuleSet(version, unreadable={**left, **(unreadable or {})})
        after.rules = dict(self.rules)
        gone = [rule for rule_id in changes if (rule := after.rules.pop(rule_id, None)) is not None]
        come = [rule for rule in changes.values() if rule is not None]
        after.rules.update({rule.id: rule for rule in come})
        touched = {rule.trigger for rule in (*gone, *come)}
        after._indexes = dict(self._indexes)
        for trigger in touched:
            index = self._indexes.get(trigger) or RuleIndex()
            after._indexes[trigger] = index.changed(
                without=[rule for rule in gone if rule.trigger == trigger and rule.enabled],
                added=[rule for rule in come if rule.trigger == trigger and rule.enabled],
            )
        after.triggers = frozenset(trigger for trigger, index in after._indexes.items() if index)
        return after

    def in_order(self, trigger: str) -> list[CompiledRule]:
        """Every rule of a trigger, enabled or not, in the order they are asked in."""
        return sorted((rule for rule in self.rules.values() if rule.trigger == trigger), key=_order)

    def candidates(self, happening: Happening, names: Mapping[str, Any]) -> list[Candidate[CompiledRule]]:
        """Those that may match, in order."""
        if happening.rule_id is not None:
            rule = self.rules.get(happening.rule_id)
            return [Candidate(rule.order, rule, rule.condition)] if rule is not None and rule.enabled else []
        index = self._indexes.get(happening.trigger)
        return index.candidates(names) if index is not None else []


NO_RULES = RuleSet()


def _order(rule: CompiledRule) -> tuple[Any, ...]:
    return rule.order


# -- names -----------------------------------------------------------------------------------------


def names_of(happening: Happening, ticket: Mapping[str, Any] | None) -> dict[str, Any]:
    """Names as a rule's conditions and texts see them: the ticket's, `custom.<name>`, and the event's own families."""
    names: dict[str, Any] = {}
    if ticket is not None:
        names.update(ticket)
        names.update({f"custom.{name}": value for name, value in (ticket.get("custom") or {}).items()})
        names["age_hours"] = _hours(ticket.get("created_at"), happening.at)
        names["idle_hours"] = _hours(happening.last_person_at or ticket.get("created_at"), happening.at)
    names["ticket"] = ticket or {}
    names["actor"] = happening.actor
    for family in ("comment", "run", "step", "payload"):
        value = getattr(happening, family)
        if value is not None:
            names[family] = value
    return names


def names_before(happening: Happening, ticket: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same from before the event: what it did not change is as it is now, so that `changed` means the event and not
    what an earlier rule made of it. None: the ticket is new."""
    if happening.before is None:
        return None
    if ticket is None or happening.ticket is None:
        return names_of(happening, None)
    before = {**ticket, **happening.before}
    if "custom" in happening.before:
        own = _difference(happening.ticket.get("custom") or {}, happening.before["custom"] or {})
        before["custom"] = _without_nothing({**(ticket.get("custom") or {}), **own})
    return names_of(happening, before)


def _hours(since: Any, at: datetime) -> float | None:
    return (at - since).total_seconds() / 3600 if isinstance(since, datetime) else None


# -- reacting --------------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one action: what it gave, or why it could not be done."""

    action: str
    output: dict[str, Any] = {}
    error: str | None = None


class Firing(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that matched and acted. `changes` is what it made of the ticket, field → new value."""

    rule_id: str
    changes: dict[str, Any] = {}
    done: tuple[Done, ...] = ()


class Reaction(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the rules did about a happening. Whoever is not named here did not match, or was stopped.

    `cut` are the rules that matched when the chain had to end, and did nothing; `cut_by` is why it had to.
    """

    firings: tuple[Firing, ...] = ()
    stopped_by: str | None = None
    cut: tuple[str, ...] = ()
    cut_by: CutBy | None = None


class Wanted(msgspec.Struct, frozen=True):
    """An effect, and which action of which rule wants it."""

    rule: CompiledRule
    action: int
    effect: Effect


class Broken(msgspec.Struct, frozen=True):
    """A rule that could not be carried through: `bug` None when an action failed as actions do."""

    rule: CompiledRule
    message: str
    bug: Exception | None = None


class Changes:
    """What the rules of one event have made of a ticket, field by field, on the way to being an event of its own.
    `seq` is the last change's number in the ticket's timeline."""

    def __init__(self) -> None:
        self.seq = 0
        self.rules: dict[str, str] = {}
        self._before: dict[str, Any] = {}
        self._own_before: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.rules)

    def note(self, rule: CompiledRule, ticket: Mapping[str, Any], changes: Mapping[str, Any], *, seq: int) -> None:
        """The rule is about to make these changes to the ticket. Of a field that several change, the last counts."""
        self.seq = seq
        self.rules[rule.id] = rule.name
        self._before |= {name: ticket.get(name) for name in changes if name != "custom"}
        if "custom" in changes:
            own = ticket.get("custom") or {}
            self._own_before |= {name: own.get(name) for name in _difference(own, changes["custom"] or {})}

    def before(self, ticket: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that have been changed as they were, `ticket` being how they are."""
        if not self._own_before:
            return self._before
        own = {**(ticket.get("custom") or {}), **self._own_before}
        return {**self._before, "custom": _without_nothing(own)}


class Reacted(msgspec.Struct, frozen=True):
    """A reaction, the effects it wants in order, and what went wrong."""

    reaction: Reaction
    wanted: Sequence[Wanted] = ()
    broken: Sequence[Broken] = ()


def react(
    rules: RuleSet,
    happening: Happening,
    *,
    facts: Callable[[frozenset[str]], Facts],
    cut_by: CutBy | None = None,
) -> Reacted:
    """What the rules do about a happening.

    `facts` gives what actions may know, with the counters that a rule's strategies need. With `cut_by` nothing is done,
    and the rules that would have done something are named. Never raises: what breaks in a rule is told, and the others
    go on.
    """
    reacting = _Reacting(happening, facts, cut_by)
    waiting = iter(rules.candidates(happening, reacting.names))
    while (candidate := next(waiting, None)) is not None:
        if not reacting.matches(candidate):
            continue
        has_changed = reacting.fire(candidate.rule)
        if candidate.rule.stop:
            return reacting.result(stopped_by=candidate.rule.id)
        if has_changed:
            later = rules.candidates(happening, reacting.names)
            waiting = iter([one for one in later if one.order > candidate.order])
    return reacting.result()


class _Reacting:
    """One reaction in the making: the ticket as the rules so far have made it, and what they want."""

    def __init__(self, happening: Happening, facts: Callable[[frozenset[str]], Facts], cut_by: CutBy | None) -> None:
        self.happening = happening
        self.ticket = happening.ticket
        self.names = names_of(happening, self.ticket)
        self._before: dict[str, Any] | None = None
        self._knows_before = False
        self._facts = facts
        self._cut_by = cut_by
        self._firings: list[Firing] = []
        self._cut: list[str] = []
        self._wanted: list[Wanted] = []
        self._broken: list[Broken] = []

    def matches(self, candidate: Candidate[CompiledRule]) -> bool:
        """Whether what the index has left open holds."""
        if candidate.rest is None:
            return True
        if not self._knows_before:
            self._before, self._knows_before = names_before(self.happening, self.ticket), True
        try:
            return condition.holds(candidate.rest, self.names, self._before)
        except Exception as bug:
            self._broken.append(Broken(candidate.rule, f"Its conditions broke: {type(bug).__name__}: {bug}", bug))
            return False

    def fire(self, rule: CompiledRule) -> bool:
        """Have the rule act; answers whether the ticket has changed."""
        if self._cut_by is not None:
            self._cut.append(rule.id)
            return False
        try:
            acting = RuleActing(rule, self.happening, self.ticket, self.names, self._facts(rule.strategies))
            done = tuple(self._do(acting, rule, place, action) for place, action in enumerate(rule.rule.actions))
        except Exception as bug:
            self._broken.append(Broken(rule, f"It could not be carried out: {type(bug).__name__}: {bug}", bug))
            self._firings.append(Firing(rule.id, done=(Done("rule", error="it could not be carried out"),)))
            return False
        self._firings.append(Firing(rule.id, acting.changes, done))
        if acting.ticket is self.ticket:
            return False
        self.ticket, self.names, self._knows_before = acting.ticket, acting.scope, False
        return True

    def _do(self, acting: RuleActing, rule: CompiledRule, place: int, action: Action) -> Done:
        """One action: all of it, or nothing and why."""
        acting.begin(len(self._wanted))
        try:
            output = acting.do(action)
        except ActionFailed as failure:
            acting.give_up()
            self._broken.append(Broken(rule, f"{action.type}: {failure}"))
            return Done(action.type, error=str(failure))
        except Exception as bug:
            acting.give_up()
            said = f"it broke: {type(bug).__name__}: {bug}"
            self._broken.append(Broken(rule, f"{action.type}: {said}", bug))
            return Done(action.type, error=said)
        self._wanted += [Wanted(rule, place, effect) for effect in acting.effects]
        return Done(action.type, output)

    def result(self, stopped_by: str | None = None) -> Reacted:
        """What it came to."""
        reaction = Reaction(
            firings=tuple(self._firings),
            stopped_by=stopped_by,
            cut=tuple(self._cut),
            cut_by=self._cut_by if self._cut else None,
        )
        return Reacted(reaction, self._wanted, self._broken)


class RuleActing:
    """On whose account a rule's actions are done (`core.action.Acting`): the rule's, about one event."""

    def __init__(
        self,
        rule: CompiledRule,
        happening: Happening,
        ticket: dict[str, Any] | None,
        names: dict[str, Any],
        facts: Facts,
    ) -> None:
        self.ticket = ticket
        self.facts = facts
        self.effects: list[Effect] = []
        self.changes: dict[str, Any] = {}
        self._rule = rule
        self._happening = happening
        self._names: dict[str, Any] | None = names
        self._numbered_from = 0
        self._counters: dict[str, int] = {}
        self._kept: tuple[dict[str, Any] | None, dict[str, Any]] = (ticket, {})

    # -- one action ------------------------------------------------------------------------------

    def begin(self, numbered_from: int) -> None:
        """The next action: its effects are numbered from there on, over all rules that see the event."""
        self.effects = []
        self._numbered_from = numbered_from
        self._kept = (self.ticket, dict(self.changes))

    def do(self, action: Action) -> dict[str, Any]:
        """Do a desk action, or hand an outside one to a worker; raises ActionFailed."""
        if action.queue is None:
            return action.perform(self, None)
        job = rendered(action, self.scope, rule=self._rule.name)
        timeout_s = getattr(action, "timeout_s", 30.0)
        self.effects.append(
            RunJob(id=self.effect_id(), queue=action.queue, action=job, due_at=self._happening.at, timeout_s=timeout_s)
        )
        return {name: job[name] for name in ("method", "url", "channel") if name in job}

    def give_up(self) -> None:
        """Undo what the action has done so far."""
        self.effects = []
        self.ticket, self.changes = self._kept
        self._names = None

    # -- what actions ask for --------------------------------------------------------------------

    @property
    def scope(self) -> dict[str, Any]:
        """Names as texts see them."""
        if self._names is None:
            self._names = names_of(self._happening, self.ticket)
        return self._names

    @property
    def ticket_id(self) -> str | None:
        """The ticket the event is about."""
        return self.ticket["id"] if self.ticket is not None else None

    @property
    def owner_id(self) -> str | None:
        """Who owns the runs it starts: the ticket's requester, else the rule's author."""
        return (self.ticket or {}).get("requester") or self._rule.author_id

    @property
    def requester_id(self) -> str | None:
        """The ticket's requester, else the rule's author, as far as they are active."""
        found = requester_of(self._circumstances)
        return found.id if found else None

    def find(self, who: Who) -> Audience:
        """Whom an expression means; with a strategy, the one person it picks."""
        circumstances = self._circumstances
        found = audience(who, circumstances)
        if who.strategy is None:
            return found
        chosen = pick(who.strategy, found, circumstances.facts, self._happening.at)
        if chosen is None:
            return Audience()
        if chosen.counter is not None:
            name, _, value = chosen.counter
            self._counters[name] = value
            self.effects.append(CountUp(*chosen.counter))
        return Audience((chosen.user_id,))

    def change_ticket(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Write fields of the ticket; one's own fields go as what changes of them, so that applying the effect later
        leaves alone what others have written beside it."""
        assert self.ticket is not None
        changed = {k: [self.ticket.get(k), v] for k, v in changes.items() if self.ticket.get(k) != v}
        if changed:
            after = {k: v[1] for k, v in changed.items()}
            self.ticket = {**self.ticket, **after}
            self.changes |= after
            self._names = None
            if "custom" in after:
                after = {**after, "custom": _difference(changed["custom"][0] or {}, after["custom"] or {})}
            self.effects.append(ChangeTicket(changes=after))
        return changed

    def set_variable(self, name: str, value: Any) -> None:
        """A rule has no run whose variables it could set."""
        raise ActionFailed("a rule has no variables", permanent=True)

    def note(
        self,
        event: EventName,
        detail: str,
        *,
        activation: Activation | None = None,
        step_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """What a rule has done is told in one event of its own, from what its actions give."""

    def effect_id(self) -> str:
        """Rule, event, and its place among the effects of that event: the same whenever the event is decided again."""
        return f"{self._rule.id}:{self._happening.id}:{self._numbered_from + len(self.effects)}"

    @property
    def _circumstances(self) -> Circumstances:
        facts = msgspec.structs.replace(
            self.facts, ticket=self.ticket, counters={**self.facts.counters, **self._counters}
        )
        return Circumstances(facts=facts, owner_id=self.owner_id, names=lambda: self.scope, at=self._happening.at)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What makes the one of the other; None for what goes."""
    gone = {name: None for name in before if name not in after}
    return {**{name: value for name, value in after.items() if before.get(name) != value}, **gone}


def _without_nothing(own: Mapping[str, Any]) -> dict[str, Any]:
    """One's own fields that have a value."""
    return {name: value for name, value in own.items() if value is not None}


# -- chains ----------------------------------------------------------------------------------------


class Cascade:
    """The happenings of one transaction that rules have not seen yet, first in first out, and how many events each root
    cause has had: `events` in all, `before` in earlier transactions, which `earlier` is asked when a chain comes along.
    """

    def __init__(self, earlier: Callable[[str], int] = lambda root: 0) -> None:
        self.events: dict[str, int] = {}
        self.before: dict[str, int] = {}
        self._earlier = earlier
        self._waiting: deque[Happening] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, happening: Happening) -> None:
        """Have it seen after all those that are waiting."""
        self._waiting.append(happening)

    def next(self) -> tuple[Happening, CutBy | None]:
        """The one that is due, and why its chain is to be cut, if so. Looking at it is counted."""
        happening = self._waiting.popleft()
        if not self.count(happening.cause):
            return happening, "events"
        return happening, "depth" if happening.cause.depth >= DEPTH_MAX else None

    def count(self, cause: Cause) -> bool:
        """Count one more event of a root cause; False when it has had as many as it may."""
        root = cause.root
        if root not in self.events:
            self.before[root] = self._earlier(root) if cause.chain else 0
            self.events[root] = self.before[root]
        if self.events[root] >= EVENTS_PER_ROOT_MAX:
            return False
        self.events[root] += 1
        return True


# -- explaining ------------------------------------------------------------------------------------

Reason = Literal["matched", "conditions_false", "disabled", "stopped", "cut"]


class Evaluation(msgspec.Struct, frozen=True):
    """One rule and one event. `clauses` are all of its conditions with the values seen; none when the rule was not
    asked (disabled, stopped). `detail` is the reason as a sentence."""

    rule_id: str
    rule_name: str
    matched: bool
    clauses: tuple[Clause, ...]
    reason: Reason
    detail: str
    done: tuple[Done, ...] = ()


def evaluations(
    rules: RuleSet, happening: Happening, reaction: Reaction, *, only: str | None = None
) -> Iterator[Evaluation]:
    """Every rule of the event's trigger, in order, or `only` the one with that id: what it saw and did. `rules` are
    those of the version that the event was kept with."""
    ticket = happening.ticket
    fired = {firing.rule_id: firing for firing in reaction.firings}
    stopped_by: CompiledRule | None = None
    for rule in rules.in_order(happening.trigger):
        if happening.rule_id is not None and rule.id != happening.rule_id:
            continue
        if only in (None, rule.id):
            yield _evaluation(rule, happening, ticket, reaction, fired.get(rule.id), stopped_by)
        if rule.id in fired and ticket is not None:
            ticket = {**ticket, **fired[rule.id].changes}
        if rule.id == reaction.stopped_by:
            stopped_by = rule


def _evaluation(
    rule: CompiledRule,
    happening: Happening,
    ticket: dict[str, Any] | None,
    reaction: Reaction,
    firing: Firing | None,
    stopped_by: CompiledRule | None,
) -> Evaluation:
    if not rule.enabled:
        return Evaluation(rule.id, rule.name, False, (), "disabled", "The rule was disabled.")
    if stopped_by is not None:
        return Evaluation(rule.id, rule.name, False, (), "stopped", f"“{stopped_by.name}” stopped the event.")
    names, before = names_of(happening, ticket), names_before(happening, ticket)
    clauses = condition.evaluate(rule.condition, names, before).clauses
    if rule.id in reaction.cut:
        said = f"Cut: {CUT_SAID[reaction.cut_by or 'depth']}; {happening.cause.said()}."
        return Evaluation(rule.id, rule.name, True, clauses, "cut", said)
    if firing is not None:
        return Evaluation(rule.id, rule.name, True, clauses, "matched", "The conditions held.", firing.done)
    return Evaluation(rule.id, rule.name, False, clauses, "conditions_false", "The conditions did not hold.")
