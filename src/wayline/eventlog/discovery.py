"""Drafts a template from what happened: activities become steps, what followed what becomes their options.

The draft allows exactly the transitions that were seen, so every case of the log can be replayed on it. Each of its
steps can be reached from the start and has a way to the end: an activity is in the draft because it stands in some
case; that case began with an activity that `begin` leads to, stopped at one that has the option to end, and every
transition on the way is an option. An interrupted case counts as one that ended where it was left.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from wayline.core.template import MAX_STEPS
from wayline.eventlog.counts import Counts
from wayline.eventlog.event import Case, EventLogError

BEGIN_STEP: Final = "begin"
FIRST_ACTIVITY: Final = "first_activity"
END_LABEL: Final = "End"
PEOPLE_GROUP: Final = "event-log"

MANY_ACTIVITIES: Final = 200
"""Above this nobody reads the template any more, and often the wrong column was taken for the activity."""
MAX_SLUG_CHARS: Final = 48
MAX_TITLE_CHARS: Final = 200
"""Of a template's and a step's name: the template format allows no more."""

_RESERVED_STEPS: Final = (BEGIN_STEP, "otherwise", "default")
"""`begin` is the draft's own; branches are labelled with step ids, and the other two mean something there."""
_RESERVED_LABELS: Final = ("timed_out", "routed", "default")
"""Outcomes that a routing step may end with by itself, and the word for the rest of them."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What a reader of a draft should know.

    `counts` is the log's `Counts.as_json()`; `starts` and `ends` say how often each activity began and ended a case,
    the most frequent first; `people` did the work; `warnings` are sentences.
    """

    counts: Mapping[str, Any]
    starts: Mapping[str, int]
    ends: Mapping[str, int]
    people: tuple[str, ...]
    warnings: tuple[str, ...]


class Draft(NamedTuple):
    """A template definition (DESIGN §3) and the notes on it."""

    definition: dict[str, Any]
    notes: Notes


def discover(cases: Iterable[Case], *, name: str = "Event log", group: str = PEOPLE_GROUP) -> Draft:
    """The template that these cases followed, called `name`, its work offered to the group with the slug `group`.

    It begins with a condition on the variable `first_activity`. One routing step an activity follows, in the order in
    which they tend to come; each has one option for every activity that came next, the most frequent first, and a last
    one to end where a case ended. The same cases give the same draft.

    Raises `empty_log` when no case has an event.
    """
    flow = _Flow()
    for case in cases:
        flow.add(case)
    if not flow.counts.events:
        raise EventLogError("empty_log", "no case of it has an event: there is nothing to draft from", name)
    activities = flow.in_order()
    words = _words(activities)
    following = flow.following()
    definition = {
        "name": name[:MAX_TITLE_CHARS],
        "trigger": {"type": "manual"},
        "variables": {
            FIRST_ACTIVITY: {"type": "string", "required": True, "description": "The activity the case begins with"}
        },
        "steps": [
            _begin(flow.starts, words),
            *(
                _step(activity, following.get(activity, []), ends=activity in flow.ends, words=words, group=group)
                for activity in activities
            ),
        ],
    }
    return Draft(definition, _notes(flow, words))


def step_name(activity: str) -> str:
    """What the step of an activity is called: the activity, or the beginning of a long one and a digest of it all."""
    if len(activity) <= MAX_TITLE_CHARS:
        return activity
    digest = blake2b(activity.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{activity[: MAX_TITLE_CHARS - len(digest) - 2]}… {digest}"


# -- what was seen


class _Flow:
    """What followed what, added up; memory grows with distinct activities, pairs and variants."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.starts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.empty_cases = 0
        self.backward_times = 0
        self.nameless_events = 0
        self._places: Counter[str] = Counter()

    def add(self, case: Case) -> None:
        self.counts.add_case((event.activity, event.who, event.at) for event in case.events)
        if not case.events:
            self.empty_cases += 1
            return
        self.starts[case.events[0].activity] += 1
        self.ends[case.events[-1].activity] += 1
        for place, event in enumerate(case.events):
            self._places[event.activity] += place
            self.nameless_events += event.who is None
            self.backward_times += place > 0 and event.at < case.events[place - 1].at

    def in_order(self) -> list[str]:
        """The activities as they tend to come in a case: by their mean place in it, then by name."""
        often = self.counts.activities
        return sorted(often, key=lambda activity: (self._places[activity] / often[activity], activity))

    def following(self) -> dict[str, list[str]]:
        """What came after each activity, the most frequent first, equals by name."""
        after: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for (activity, following), often in self.counts.pairs.items():
            after[activity][following] = often
        return {activity: list(_by_frequency(found)) for activity, found in after.items()}


def _by_frequency(often: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(often.items(), key=lambda entry: (-entry[1], entry[0])))


# -- what it is called


@dataclass(frozen=True, slots=True)
class _Words:
    """The id of every activity's step, the label of the options that lead to it, and the label of those that end."""

    step: Mapping[str, str]
    label: Mapping[str, str]
    end: str


def _words(activities: list[str]) -> _Words:
    named = sorted(activities)
    steps = _unlike([_slug(activity) for activity in named], _RESERVED_STEPS, "{}-{}")
    wanted = [_one_spaced(step_name(activity)) for activity in named]
    label = {
        activity: step_name(activity) if free == word else free
        for activity, word, free in zip(named, wanted, _unlike(wanted, _RESERVED_LABELS, "{} ({})"), strict=True)
    }
    taken = {label.casefold().strip() for label in label.values()}
    end = next(word for word in _end_labels() if word.casefold() not in taken)
    return _Words(dict(zip(named, steps, strict=True)), label, end)


def _one_spaced(text: str) -> str:
    """Two labels that differ in their blanks alone look the same on a button."""
    return " ".join(text.split())


def _end_labels() -> Iterator[str]:
    yield END_LABEL
    yield "End of the case"
    number = 2
    while True:
        yield f"End of the case ({number})"
        number += 1


def _slug(activity: str) -> str:
    """ASCII letters, digits and hyphens, beginning with a letter; `activity` where the name has none of them."""
    plain = unicodedata.normalize("NFKD", activity.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")
    slug = slug[:MAX_SLUG_CHARS].rstrip("-") or "activity"
    return slug if slug[0].isalpha() else f"step-{slug}"


def _unlike(wanted: list[str], reserved: Iterable[str], form: str) -> list[str]:
    """The words wanted, each taken once: the later of two alike gets a number, from 2 on."""
    taken = set(reserved)
    numbers: Counter[str] = Counter()
    given = []
    for word in wanted:
        free = word
        while free in taken:
            numbers[word] += 1
            free = form.format(word, numbers[word] + 1)
        taken.add(free)
        given.append(free)
    return given


# -- what it becomes


def _begin(starts: Mapping[str, int], words: _Words) -> dict[str, Any]:
    ordered = list(_by_frequency(starts))
    return {
        "id": BEGIN_STEP,
        "type": "condition",
        "name": "Where the case begins",
        "branches": [
            {"label": words.step[activity], "when": {FIRST_ACTIVITY: activity}, "next": words.step[activity]}
            for activity in ordered
        ],
        "otherwise": words.step[ordered[0]],
    }


def _step(activity: str, following: list[str], *, ends: bool, words: _Words, group: str) -> dict[str, Any]:
    options: list[dict[str, str]] = [{"label": words.label[other], "next": words.step[other]} for other in following]
    if ends:
        options.append({"label": words.end})
    return {
        "id": words.step[activity],
        "type": "routing",
        "name": step_name(activity),
        "assignee": {"group": group},
        "options": options,
    }


def _notes(flow: _Flow, words: _Words) -> Notes:
    return Notes(
        counts=flow.counts.as_json(),
        starts=_by_frequency(flow.starts),
        ends=_by_frequency(flow.ends),
        people=flow.counts.people,
        warnings=tuple(_warnings(flow, words)),
    )


def _warnings(flow: _Flow, words: _Words) -> Iterator[str]:
    distinct = len(words.step)
    if distinct >= MAX_STEPS:
        yield f"This template has {distinct + 1:,} steps, too many to pass the check: it allows {MAX_STEPS:,}."
    if distinct > MANY_ACTIVITIES:
        yield f"There are {distinct:,} activities; is another column the activity?"
    if flow.empty_cases:
        yield f"Cases without any event, left out of the template: {flow.empty_cases:,}."
    if flow.nameless_events:
        yield f"Events that name nobody: {flow.nameless_events:,}."
    if flow.backward_times:
        yield f"Events stamped earlier than the one before them in their case: {flow.backward_times:,}."
    if words.end != END_LABEL:
        yield f"An activity is itself called {END_LABEL}; the option that ends a case is {words.end!r}."
    for activity, label in words.label.items():
        if step_name(activity) != activity:
            yield f"The step of an activity with {len(activity):,} letters is called {step_name(activity)!r}."
        elif label != activity:
            yield f"The option that leads to {activity!r} is labelled {label!r}, for its name was taken."
