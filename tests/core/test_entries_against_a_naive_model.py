"""Whatever people choose, lock and unlock in whatever order, entries are where a naive reading of the template says.

Templates are made up; so is who is asked, who leads whom on, what pauses and what comes back late. The model keeps a
plain record a person and knows nothing of visits, effects or counts. HYPOTHESIS_EXAMPLES makes it look longer.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.stories.desk import BO, CY, DEE, EVE, EVERYBODY, MAX, ROOT, cancels, pauses, reports, resumes
from core.stories.messages import Message, chooses, locks, unlocks
from wayline.core.commands import Command
from wayline.core.effects import ChangeEntries, RunJob
from wayline.core.facts import Actor
from wayline.core.inbox.state import UNREACHED, Entry
from wayline.core.refusals import Refusal

PEOPLE = ("bo", "cy", "dee", "eve")
STEPS = ("start", "a", "b", "c")
SUPERVISORS = ("max", "root")
SCOPES = {
    "$sink": None,
    "$source": None,
    "$all": None,
    "given groups [service-desk]": ("bo", "cy", "dee"),
    "given groups [network]": ("eve",),
    "given users [dee]": ("dee",),
    "given groups [empty]": (),
}


@dataclass(frozen=True)
class Action:
    """What a step does: its name, for whom (None: for those of the step), and how."""

    name: str
    scope: str | None
    args: Any = None


@dataclass(frozen=True)
class Spec:
    """A step as the model knows it: its ways on by label, and what it does in order."""

    scope: str
    status: str | None
    paths: dict[str, str]
    actions: tuple[Action, ...]

    def written(self) -> dict[str, Any]:
        step: dict[str, Any] = {"scope": self.scope, "paths": [{"label": k, "step": v} for k, v in self.paths.items()]}
        if self.status is not None:
            step["status"] = self.status
        actions = [
            {k: v for k, v in (("action", a.name), ("scope", a.scope), ("args", a.args)) if v is not None}
            for a in self.actions
        ]
        return {"step": step, "actions": actions}


@dataclass
class Held:
    """One person's entry in the model."""

    step: str
    active: bool = True
    task: str = "open"
    lock: str = ""
    locked_by: str | None = None


@dataclass
class Model:
    """Everybody's entry, and the jobs that are under way."""

    specs: dict[str, Spec]
    entries: dict[str, Held] = field(default_factory=dict)
    jobs: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def people(self, scope: str, source: str, sinks: tuple[str, ...]) -> tuple[str, ...]:
        named = SCOPES[scope]
        if named is not None:
            return named
        if scope == "$sink":
            return sinks
        return (source,) if scope == "$source" else tuple(self.entries) or sinks

    def activate(self, step: str, source: str, sinks: tuple[str, ...]) -> None:
        """One step, then those it triggers, in order."""
        waiting = [step]
        while waiting:
            key = waiting.pop(0)
            spec = self.specs[key]
            for_whom = self.people(spec.scope, source, sinks)
            if not self.entries and not sinks:
                sinks = for_whom
            for user_id in for_whom:
                held = self.entries.get(user_id)
                if held is None:
                    self.entries[user_id] = Held(key, active=spec.status != "retired")
                    continue
                held.step = key
                if spec.status is not None:
                    held.active = spec.status == "active"
                self._free(held)
            for action in spec.actions:
                waiting += self._do(action, key, for_whom, source, sinks)
            self.seen[key] = self.seen.get(key, 0) + 1

    def _do(
        self, action: Action, key: str, for_whom: tuple[str, ...], source: str, sinks: tuple[str, ...]
    ) -> list[str]:
        people = for_whom if action.scope is None else self.people(action.scope, source, sinks)
        found = [self.entries[u] for u in people if u in self.entries]
        if action.name == "trigger":
            return [action.args["step"]]
        if action.name in ("chat", "script"):
            self.jobs += 1
        for held in found:
            if action.name == "task":
                held.task = action.args
            elif action.name == "lock" and held.active:
                held.lock, held.locked_by = "step", source
            elif action.name == "unlock":
                held.lock, held.locked_by = "", None
            elif action.name == "status":
                self._set_status(held, action.args == "active", key)
        return []

    def _set_status(self, held: Held, active: bool, key: str) -> None:
        if active and not held.active:
            # Where nobody is any more there is nothing to come back to.
            held.step = held.step if self.is_somebody_at(held.step) or held.step == key else key
        held.active = active
        self._free(held)

    def is_somebody_at(self, step: str) -> bool:
        return any(h.active and h.step == step for h in self.entries.values())

    @staticmethod
    def _free(held: Held) -> None:
        if not held.active:
            held.lock, held.locked_by = "", None


scopes = st.sampled_from(sorted(SCOPES))
tasks = st.sampled_from(["accepted", "declined", "done"])


@st.composite
def actions(draw: st.DrawFn, later: tuple[str, ...]) -> Action:
    """One action; steps trigger only those after them, so that no decision goes round for ever."""
    names = ["lock", "unlock", "task", "status", "chat", "notify"] + (["trigger"] if later else [])
    name = draw(st.sampled_from(names))
    if name == "trigger":
        return Action(name, None, {"step": draw(st.sampled_from(later))})
    args = {"task": draw(tasks), "status": "retired", "chat": "Hello", "notify": "Hello"}.get(name)
    return Action(name, draw(st.none() | scopes) if name not in ("chat",) else None, args)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Spec]:
    found = {}
    for place, key in enumerate(STEPS):
        ways = draw(st.lists(st.sampled_from(STEPS), max_size=3, unique=True))
        found[key] = Spec(
            scope=draw(st.just("$sink") | scopes),
            status=draw(st.sampled_from([None, None, "active", "retired"])),
            paths={f"to {target}": target for target in ways},
            actions=tuple(draw(st.lists(actions(STEPS[place + 1 :]), max_size=3))),
        )
    return found


class Entries(RuleBasedStateMachine):
    """A message to the desk, and people who do as they like with it."""

    @initialize(specs=templates(), to=st.lists(st.sampled_from(PEOPLE), unique=True))
    def send(self, specs: dict[str, Spec], to: list[str]) -> None:
        steps = json.dumps({key: spec.written() for key, spec in specs.items()})
        self.story = Message(f"{steps}")
        self.model = Model(specs)
        self.rows: dict[str, Entry] = {}
        self.read = 0
        self.status = "running"
        self.story.sent(to, by=MAX)
        self.model.activate("start", "max", tuple(to))
        self.settle()

    def settle(self) -> None:
        is_over = not self.model.jobs and not any(h.active for h in self.model.entries.values())
        if self.status == "running" and is_over:
            self.status = "completed"

    def tries(self, command: Command) -> str | None:
        """The code the command is refused with; None when it was let through."""
        try:
            self.story.when(command)
        except Refusal as refusal:
            return refusal.code
        return None

    @rule(who=st.sampled_from([BO, CY, DEE, EVE, ROOT]), to=st.sampled_from(STEPS), of=st.sampled_from([None, BO]))
    def choose(self, who: Actor, to: str, of: Actor | None) -> None:
        user_id = (of or who).user_id or ""
        held = self.model.entries.get(user_id)
        refused = self.tries(chooses(who, f"to {to}", of=of))
        expected = self.expected(held, user_id, who, to)
        assert refused == expected
        if expected is None and held is not None:
            self.model.activate(to, user_id, (user_id,))
            self.settle()

    def expected(self, held: Held | None, user_id: str, who: Actor, target: str) -> str | None:
        if held is None:
            return "not_found"
        if who.user_id != user_id:
            return "not_yours"
        if self.status == "paused":
            return "run_paused"
        if self.status != "running" or not held.active:
            return "entry_retired"
        if held.lock:
            return "entry_locked"
        if target in self.model.specs[held.step].paths.values():
            return None
        elsewhere = any(target in spec.paths.values() for key, spec in self.model.specs.items() if key != held.step)
        return "entry_moved" if elsewhere else "invalid"

    @rule(who=st.sampled_from([BO, CY, MAX, ROOT]), of=st.sampled_from([None, BO, EVE]))
    def lock_by_hand(self, who: Actor, of: Actor | None) -> None:
        user_id = (of or who).user_id or ""
        held = self.model.entries.get(user_id)
        refused = self.tries(locks(who, of=of))
        if held is None:
            assert refused == "not_found"
        elif who.user_id not in (user_id, *SUPERVISORS):
            assert refused == "not_yours"
        elif self.status not in ("running", "paused") or not held.active:
            assert refused == "entry_retired"
        elif held.lock:
            assert refused == "entry_locked"
        else:
            assert refused is None
            held.lock, held.locked_by = "hand", who.user_id

    @rule(who=st.sampled_from([BO, CY, MAX, ROOT]), of=st.sampled_from([None, BO, EVE]))
    def unlock_by_hand(self, who: Actor, of: Actor | None) -> None:
        user_id = (of or who).user_id or ""
        held = self.model.entries.get(user_id)
        refused = self.tries(unlocks(who, of=of))
        if held is None:
            assert refused == "not_found"
        elif who.user_id not in (user_id, *SUPERVISORS):
            assert refused == "not_yours"
        elif self.status not in ("running", "paused") or not held.active:
            assert refused == "entry_retired"
        elif not held.lock:
            assert refused == "not_locked"
        elif who.user_id in SUPERVISORS or (held.lock == "hand" and held.locked_by == who.user_id):
            assert refused is None
            held.lock, held.locked_by = "", None
        else:
            assert refused == "entry_locked"

    @precondition(lambda self: self.status == "running")
    @rule()
    def pause(self) -> None:
        self.story.when(pauses(ROOT))
        self.status = "paused"

    @precondition(lambda self: self.status == "paused")
    @rule()
    def resume(self) -> None:
        self.story.when(resumes(ROOT))
        self.status = "running"
        self.settle()

    @precondition(lambda self: self.status == "running" and self.model.jobs)
    @rule(fails=st.booleans(), nth=st.integers(0, 3))
    def a_job_ends(self, fails: bool, nth: int) -> None:
        waiting: list[RunJob] = list(self.story.tables.jobs.values())
        job = waiting[nth % len(waiting)]
        del self.story.tables.jobs[job.id]
        outcome = {"error": "gone", "permanent": True} if fails else {"output": {}}
        self.story.when(reports(job, **outcome))
        self.model.jobs -= 1
        self.settle()

    @precondition(lambda self: self.status in ("running", "paused"))
    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really:
            return
        self.story.when(cancels(ROOT))
        self.status, self.model.jobs = "cancelled", 0
        for held in self.model.entries.values():
            held.active, held.lock, held.locked_by = False, "", None

    @invariant()
    def entries_are_where_they_should_be(self) -> None:
        held = {u: (e.active, e.task, e.lock, e.locked_by) for u, e in self.story.held.items() if e.visit != UNREACHED}
        assert held == {u: (h.active, h.task, h.lock, h.locked_by) for u, h in self.model.entries.items()}
        assert self.story.inboxes == {u: h.step for u, h in self.model.entries.items() if h.active}
        assert self.story.status == self.status

    @invariant()
    def what_was_written_adds_up_to_it(self) -> None:
        """Each decision told of every person once, beginning from what had been told before."""
        for effect in self.story.effects[self.read :]:
            if not isinstance(effect, ChangeEntries):
                continue
            assert len({c.user_id for c in effect.changes}) == len(effect.changes)
            for change in effect.changes:
                assert self.rows.get(change.user_id) == change.before
                self.rows[change.user_id] = change.after
        self.read = len(self.story.effects)
        assert self.story.run.inbox is not None
        assert self.rows == self.story.run.inbox.entries

    @invariant()
    def a_visit_lasts_while_somebody_is_at_it(self) -> None:
        at = [e.visit for e in self.story.held.values() if e.active]
        assert {v.position: v.data["active"] for v in self.story.run.open} == {p: at.count(p) for p in set(at)}


TestEntries = Entries.TestCase
TestEntries.settings = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
    stateful_step_count=int(os.environ.get("HYPOTHESIS_STEPS", "25")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_everybody_the_model_knows_is_at_the_desk() -> None:
    assert set(PEOPLE) <= {one.user_id for one in EVERYBODY}
