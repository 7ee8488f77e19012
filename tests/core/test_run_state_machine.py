"""Whatever anybody does in whatever order, a run is where a naive reading of its template says it is.

Templates are made up, loops and all; commands are valid and invalid, from anybody, timers and reports come late, twice
and out of order; runs are paused, resumed, cancelled, retried and rolled back in between. HYPOTHESIS_EXAMPLES and
HYPOTHESIS_STEPS make it look longer.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.stories.desk import (
    BO,
    DEE,
    EVE,
    EVERYBODY,
    ROOT,
    Story,
    approves,
    away,
    cancels,
    chooses,
    claims,
    completes,
    fires,
    overrides,
    pauses,
    reassigns,
    rejects,
    releases,
    reports,
    resumes,
    retries,
    rolls_back,
    signals,
    skips,
    submits,
)
from wayline.core.commands import Command
from wayline.core.effects import RecordVisit, RunJob, StartTimer
from wayline.core.facts import Actor
from wayline.core.refusals import Refusal
from wayline.core.run import ENDED

DESK = ("bo", "cy", "dee")
MAX_ATTEMPTS = 3
HEIRS: dict[str, dict[str, str]] = {
    "cy": {"user": "cy"},
    "ana": {"user": "ana"},
    "eve": {"user": "eve@desk.test"},
    "g-desk": {"group": "service-desk"},
}
FOR_PEOPLE = ("form", "choice", "approval")
PASSING = ("hand_over", "branch", "desk")
"""Kinds a run passes without resting; they lead forward only, so that no decision goes round for ever."""


@dataclass(frozen=True)
class Spec:
    """A step as the model knows it: `kind` is a step type, or one of its two ways."""

    id: str
    kind: str
    next: dict[str, str]
    holder: str = "bo"
    voters: tuple[str, ...] = ()
    rule: Any = "all"
    sequential: bool = False
    then: str | None = None
    repeats: bool = False
    reminds: bool = False
    undoable: bool = False
    signal: str = "go"

    @property
    def outcomes(self) -> tuple[str, ...]:
        own = OUTCOMES[self.kind]
        extra = {"proceed": "timed_out", "fail": "failed"}.get(self.then or "")
        return (*own, extra) if extra and extra not in own else own

    def definition(self) -> dict[str, Any]:
        """The step as a template has it."""
        who = {"group": "service-desk"} if self.holder == "g-desk" else {"user": self.holder}
        written: dict[str, Any] = {"id": self.id, "next": self.next, **WRITTEN[self.kind]}
        if self.kind in ("form", "choice"):
            written["assignee"] = who
        if self.kind == "approval":
            written |= {"approvers": [{"user": v} for v in self.voters], "rule": self.rule}
            written["order"] = "sequential" if self.sequential else "parallel"
        if self.kind == "approval" and self.reminds:
            written["reminder_hours"] = 1
        if self.kind == "signal":
            written["for"] = {"signal": self.signal}
        if self.kind in ("desk", "call") and self.undoable:
            written["compensate"] = written["action"]
        if self.then is not None and self.kind not in PASSING:
            written |= {"timeout_hours": 8, "on_timeout": {"then": self.then}}
            if self.repeats:
                written["on_timeout"]["repeat_hours"] = 2
        return written


OUTCOMES: dict[str, tuple[str, ...]] = {
    "form": ("submitted",),
    "choice": ("left", "right"),
    "approval": ("approved", "rejected"),
    "hand_over": ("routed",),
    "branch": ("yes", "otherwise"),
    "desk": ("succeeded", "failed"),
    "call": ("succeeded", "failed"),
    "rest": ("elapsed",),
    "signal": ("received",),
}
WRITTEN: dict[str, dict[str, Any]] = {
    "form": {"type": "form", "fields": [{"name": "n", "type": "number", "required": True}]},
    "choice": {"type": "routing", "options": [{"label": "left", "to": {"group": "network"}}, {"label": "right"}]},
    "approval": {"type": "approval"},
    "hand_over": {"type": "routing", "to": {"group": "board"}, "strategy": "round_robin"},
    "branch": {"type": "condition", "branches": [{"label": "yes", "when": {"flag": True}}]},
    "desk": {"type": "automatic", "action": {"type": "add_comment", "text": "{{ run.id }}"}},
    "call": {
        "type": "automatic",
        "action": {"type": "http_request", "url": "https://x.test"},
        "retry": {"max_attempts": MAX_ATTEMPTS},
    },
    "rest": {"type": "wait", "for": {"hours": 3}},
    "signal": {"type": "wait"},
}


@st.composite
def templates(draw: st.DrawFn) -> tuple[Spec, ...]:
    """Up to seven steps. Steps where a run rests may lead anywhere, back too; the others only forward."""
    size = draw(st.integers(3, 7))
    kinds = [draw(st.sampled_from([*sorted(OUTCOMES), "call"])) for _ in range(size)]
    specs = []
    for index, kind in enumerate(kinds):
        after = [f"s{i}" for i in range(index + 1 if kind in PASSING else 0, size)]
        then = draw(st.sampled_from([None, "wait", "proceed", "fail"])) if kind not in PASSING else None
        spec = Spec(
            id=f"s{index}",
            kind=kind,
            next={},
            holder=draw(st.sampled_from(["bo", "eve", "g-desk"])),
            voters=draw(st.sampled_from([("bo",), ("bo", "eve"), DESK, ("eve", "max", "bo", "cy")])),
            rule=draw(st.sampled_from(["all", "any", "majority", {"at_least": 2}, {"percent": 40}])),
            sequential=draw(st.booleans()),
            then=then,
            repeats=draw(st.booleans()),
            reminds=draw(st.booleans()),
            undoable=draw(st.booleans()),
            signal=draw(st.sampled_from(["go", "stop"])),
        )
        for outcome in spec.outcomes:
            target = draw(st.sampled_from([*after, *after, *after, *after, None]))
            if target is not None:
                spec.next[outcome] = target
        specs.append(spec)
    return tuple(specs)


@dataclass(frozen=True)
class Undo:
    """Something to be undone; what had effect too late is not done again by a retry."""

    spec: Spec
    late: bool = False


@dataclass(frozen=True)
class Resting:
    """A visit as it was left: who has it and what has been said."""

    at: Spec
    holder: str
    claimed: str | None
    voters: tuple[str, ...]
    votes: tuple[tuple[str, tuple[str, bool]], ...]
    timed_out: bool


@dataclass
class Model:
    """A run, told naively: one token, and what is known of the visit it is at."""

    specs: dict[str, Spec]
    flag: bool
    bo_is_away: bool
    status: str = "running"
    at: Spec | None = None
    visits: int = 0
    holder: str = ""
    claimed: str | None = None
    voters: list[str] = field(default_factory=list)
    votes: dict[str, tuple[str, bool]] = field(default_factory=dict)
    timed_out: bool = False
    attempt: int = 1
    kept_signals: list[str] = field(default_factory=list)
    undoable: list[Undo] = field(default_factory=list)
    undoing: list[Undo] = field(default_factory=list)
    undo_attempt: int = 1
    taken_back: list[Spec] = field(default_factory=list)
    redo: list[Spec] = field(default_factory=list)
    goes_on: Resting | str | None = None
    held: list[tuple[str, Any]] = field(default_factory=list)
    snapshots: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    just_failed: str | None = None
    undone: int = 0
    not_undone: int = 0
    to_undo: int = 0

    # -- moving --------------------------------------------------------------------------------------

    def arrive(self, step_id: str | None, otherwise: str = "completed") -> None:
        """Go to a step and on until the run rests or ends."""
        if step_id is None:
            self.at, self.status = None, otherwise
            self.goes_on = None
            return
        spec = self.at = self.specs[step_id]
        self.visits += 1
        self.holder, self.claimed, self.timed_out, self.attempt = spec.holder, None, False, 1
        self.voters, self.votes = list(spec.voters), {}
        if spec.kind in PASSING:
            passed = {"hand_over": "routed", "branch": "yes" if self.flag else "otherwise", "desk": "succeeded"}
            self.leave(passed[spec.kind])
        elif spec.kind == "signal" and spec.signal in self.kept_signals:
            self.kept_signals.remove(spec.signal)
            self.leave("received")

    def leave(self, outcome: str, *, skipped: bool = False) -> None:
        """End the visit with an outcome."""
        spec, is_failing = self.here, outcome in ("rejected", "failed")
        if outcome == "succeeded" and spec.undoable and not skipped:
            self.undoable.append(Undo(spec))
        target = spec.next.get(outcome)
        if is_failing and (self.redo or target is None):
            self.at, self.status = None, "failed"
            self.goes_on = self.goes_on if self.redo else spec.id
        elif self.redo:
            self.redo.pop(0)
            self.go_on()
        else:
            self.just_failed = spec.id if outcome == "failed" and not skipped else None
            self.snapshots[self.visits] = target, self.just_failed
            self.arrive(target)

    # -- standing still ------------------------------------------------------------------------------

    def rest(self) -> None:
        """Leave the visit as it is, to be gone on with later; what is being done again is begun again instead."""
        if self.at is not None and not self.redo:
            votes = tuple(self.votes.items())
            resting = Resting(self.at, self.holder, self.claimed, tuple(self.voters), votes, self.timed_out)
            self.goes_on = resting
        self.at = None

    def go_on(self) -> None:
        """Take up what was left."""
        self.status = "running"
        if self.redo:
            self.arrive(self.redo[0].id)
            return
        left, self.goes_on = self.goes_on, None
        if not isinstance(left, Resting):
            self.arrive(left)
            return
        self.visits += 1
        self.at, self.holder, self.claimed, self.attempt = left.at, left.holder, left.claimed, 1
        self.voters, self.votes, self.timed_out = list(left.voters), dict(left.votes), left.timed_out

    def retry(self) -> None:
        if self.status == "cancelled":
            self.redo = [*self.taken_back[::-1], *self.redo]
            self.goes_on = self.just_failed or self.goes_on
        self.taken_back, self.undone, self.not_undone, self.to_undo = [], 0, 0, 0
        self.go_on()

    def roll_back(self, number: int) -> None:
        self.status, self.at, self.redo = "paused", None, []
        self.goes_on, self.just_failed = self.snapshots[number]
        self.held = [one for one in self.held if one[0] == "signal"]

    @property
    def has_job(self) -> bool:
        """Whether the visit waits for an action whose outcome has not come."""
        return self.at is not None and self.at.kind == "call" and not any(kind == "report" for kind, _ in self.held)

    @property
    def here(self) -> Spec:
        assert self.at is not None
        return self.at

    # -- people --------------------------------------------------------------------------------------

    def entitled(self) -> set[str]:
        """Who may do the work of this visit in their own name or another's."""
        found = {self.claimed} if self.claimed else set(DESK if self.holder == "g-desk" else [self.holder])
        return {*found, "eve"} if self.bo_is_away and "bo" in found else {who for who in found if who}

    def supervises(self, who: str) -> bool:
        if who == "root":
            return True
        concerned = {*self.voters} if self.here.kind == "approval" else {self.holder, self.claimed}
        if self.here.kind not in FOR_PEOPLE:
            concerned = set()
        return who == "dee" and not concerned.isdisjoint([*DESK, "g-desk"])

    def asked(self) -> list[str]:
        waiting = [v for v in self.voters if v not in self.votes]
        return waiting[:1] if self.here.sequential else waiting

    def needed(self) -> int:
        count, wanted = len(self.voters), self.here.rule
        if isinstance(wanted, dict):
            return wanted.get("at_least") or max(1, -(-count * wanted["percent"] // 100))
        return {"all": max(count, 1), "any": 1, "majority": count // 2 + 1}[wanted]

    def settle_votes(self) -> None:
        yes = sum(vote for _, vote in self.votes.values())
        no = len(self.votes) - yes
        if yes >= self.needed():
            self.leave("approved")
        elif no and (self.here.rule == "all" or len(self.voters) - no < self.needed()):
            self.leave("rejected")

    def vote(self, who: str, yes: bool) -> bool:
        """Whether the vote, or the admin's word instead of one, is let through."""
        if any(who in (by, voter) for voter, (by, _) in self.votes.items()):
            return False
        mine = [v for v in self.asked() if v == who]
        mine += [v for v in self.asked() if v == "bo" and who == "eve" and self.bo_is_away]
        if mine:
            self.votes[mine[0]] = (who, yes)
            self.settle_votes()
            return True
        if who == "root" and who not in self.voters:
            self.leave("approved" if yes else "rejected")
            return True
        return False

    def hand_over(self, to: str) -> bool:
        people = DESK if to == "g-desk" else (to,)
        if self.here.kind != "approval":
            self.holder, self.claimed = to, None
            return True
        fresh = [p for p in people if p not in self.votes and (p != "ana" or p in self.voters)]
        if fresh:
            self.voters = [*self.votes, *fresh]
            self.settle_votes()
        return bool(fresh)

    # -- undoing -------------------------------------------------------------------------------------

    def cancel(self) -> None:
        self.rest()
        self.status = "cancelled"
        undoable, self.undoable = self.undoable, []
        if undoable:
            self.begin_undoing(undoable[::-1])

    def begin_undoing(self, undos: list[Undo]) -> None:
        self.undoing += undos
        self.to_undo += len(undos)
        self.undo()

    def undo(self) -> None:
        self.undo_attempt = 1
        while self.undoing and self.undoing[0].spec.kind == "desk":
            self.take_back(self.undoing.pop(0))

    def take_back(self, undo: Undo) -> None:
        self.undone += 1
        if not undo.late:
            self.taken_back.append(undo.spec)

    def too_late(self, spec: Spec, ok: bool) -> None:
        """An action nobody waits for any more has ended."""
        if ok and self.status != "cancelled":
            self.undoable.append(Undo(spec, late=True))
        elif ok and self.undoing:
            self.undoing.insert(1, Undo(spec, late=True))
            self.to_undo += 1
        elif ok:
            self.begin_undoing([Undo(spec, late=True)])

    def undo_reported(self, ok: bool, permanent: bool) -> None:
        if not ok and not permanent and self.undo_attempt < MAX_ATTEMPTS:
            self.undo_attempt += 1
            return
        undo = self.undoing.pop(0)
        if ok:
            self.take_back(undo)
        self.not_undone += not ok
        self.undo()

    # -- what should be waiting ------------------------------------------------------------------------

    def timers(self) -> list[str]:
        if self.at is None or self.status == "paused":
            return []
        spec, kinds = self.at, []
        if spec.then is not None:
            kinds += ["deadline"] if not self.timed_out else ["escalation"] * (spec.then == "wait" and spec.repeats)
        kinds += ["elapsed"] * (spec.kind == "rest") + ["reminder"] * (spec.kind == "approval" and spec.reminds)
        return sorted(kinds)

    def inbox(self) -> tuple[str, ...] | None:
        if self.at is None or self.at.kind not in FOR_PEOPLE:
            return None
        return tuple(self.asked()) if self.at.kind == "approval" else (self.claimed or self.holder,)

    def jobs(self) -> list[int]:
        """The attempts the waiting jobs are at."""
        if self.undoing:
            return [self.undo_attempt]
        return [self.attempt] if self.has_job else []


THE_RIGHT_ONE = None
whoever = st.sampled_from([THE_RIGHT_ONE, THE_RIGHT_ONE, *EVERYBODY])
whichever = st.sampled_from([THE_RIGHT_ONE] * 12 + [f"s{i}" for i in range(7)])
mostly = st.sampled_from([True, True, True, False])


def at(*kinds: str) -> Any:
    """A rule that is mostly worth trying while the run is at a step of these kinds."""
    return precondition(lambda self: self.model.at is not None and self.model.at.kind in kinds)


class RunMachine(RuleBasedStateMachine):
    """Every rule asks the core and tells the model; they must agree on the answer and on where the run then is."""

    story: Story
    model: Model

    @initialize(specs=templates(), flag=st.booleans(), bo_is_away=st.booleans())
    def begin(self, specs: tuple[Spec, ...], flag: bool, bo_is_away: bool) -> None:
        self.begin_run(specs, flag, bo_is_away)

    @precondition(lambda self: self.model.status in ENDED and not self.model.undoing and self.asked_too_late > 4)
    @rule(specs=templates(), flag=st.booleans(), bo_is_away=st.booleans())
    def begin_another(self, specs: tuple[Spec, ...], flag: bool, bo_is_away: bool) -> None:
        """Once enough has been asked of a run that has ended, it has nothing more to show."""
        self.begin_run(specs, flag, bo_is_away)

    def begin_run(self, specs: tuple[Spec, ...], flag: bool, bo_is_away: bool) -> None:
        absences = [away(BO, EVE, days=10_000)] if bo_is_away else []
        self.story = Story(json.dumps({"steps": [spec.definition() for spec in specs]}), absences=absences)
        self.model = Model(specs={spec.id: spec for spec in specs}, flag=flag, bo_is_away=bo_is_away)
        self.ever_timers: list[StartTimer] = []
        self.ever_jobs: list[RunJob] = []
        self.in_flight: dict[str, Spec] = {}
        self.left: dict[str, timedelta] = {}
        self.known_at: dict[int, tuple[Any, ...]] = {0: ({}, [], {})}
        self.model.snapshots[0] = "s0", None
        self.seq = 0
        self.asked_too_late = 0
        self.model.arrive("s0")
        self.story.starts(flag=flag)
        self.remember()
        self.learn()

    def remember(self) -> None:
        self.ever_timers += [t for t in self.story.tables.timers.values() if t not in self.ever_timers]
        self.ever_jobs += [j for j in self.story.tables.jobs.values() if j.id not in {e.id for e in self.ever_jobs}]

    def learn(self) -> None:
        """What the run knows at its latest snapshot, when the last decision has completed nothing since."""
        assert self.story.last is not None
        ended = [effect for effect in self.story.last.effects if isinstance(effect, RecordVisit)]
        if ended and ended[-1].delta is not None:
            self.known_at[self.story.run.snapshot] = self.known()

    def known(self) -> tuple[Any, ...]:
        """What a run knows of its completed steps."""
        run = self.story.run
        return dict(run.outputs), list(run.completed), {step_id: run.latest[step_id] for step_id in run.completed}

    def ask(self, command: Command, allowed: bool) -> None:
        """The core lets it through exactly when the model does."""
        self.asked_too_late += self.story.run.ended
        if not allowed:
            refusal = self.story.refuses(command)
            assert isinstance(refusal, Refusal)
            assert refusal.message
            return
        self.story.when(command)
        self.remember()
        self.learn()

    def is_at(self, step: str, *kinds: str) -> bool:
        model = self.model
        return model.status == "running" and model.here.id == step and (not kinds or model.here.kind in kinds)

    def named(self, step: str, by_visit: bool) -> str:
        """The step's own id, or that of its open visit: both mean the same."""
        return self.story.step(step).id if by_visit and step in self.story.resting_at else step

    def who(self, drawn: Actor | None) -> Actor:
        """Whoever was drawn, or somebody who may do what is open here."""
        if drawn is not THE_RIGHT_ONE:
            return drawn
        model = self.model
        if model.at is None or model.at.kind not in FOR_PEOPLE:
            return ROOT
        right = model.asked() if model.at.kind == "approval" else sorted(model.entitled())
        return next((one for one in EVERYBODY if one.user_id in right), ROOT)

    def where(self, drawn: str | None) -> str:
        """The step that was drawn, or the one the run is at."""
        return drawn or (self.model.at.id if self.model.at else "s0")

    # -- people --------------------------------------------------------------------------------------

    @at("form")
    @rule(drawn=whoever, to=whichever, n=st.sampled_from([1, "2", 3, None, "x"]), by_visit=st.booleans())
    def submit(self, drawn: Actor | None, to: str | None, n: Any, by_visit: bool) -> None:
        who, step = self.who(drawn), self.where(to)
        command = submits(who, self.named(step, by_visit), n=n)
        allowed = self.is_at(step, "form") and (who == ROOT or who.user_id in self.model.entitled())
        allowed = allowed and n in (1, "2", 3)
        if allowed:
            self.model.leave("submitted")
        self.ask(command, allowed)

    @at("choice")
    @rule(drawn=whoever, to=whichever, option=st.sampled_from(["left", "left", "right", "elsewhere", None]))
    def choose(self, drawn: Actor | None, to: str | None, option: str | None) -> None:
        who, step = self.who(drawn), self.where(to)
        allowed = self.is_at(step, "choice") and (who == ROOT or who.user_id in self.model.entitled())
        allowed = allowed and option in ("left", "right")
        if allowed:
            self.model.leave(str(option))
        self.ask(chooses(who, step, option), allowed)

    @at("approval")
    @rule(drawn=whoever, to=whichever, yes=mostly)
    def decide(self, drawn: Actor | None, to: str | None, yes: bool) -> None:
        who, step = self.who(drawn), self.where(to)
        allowed = self.is_at(step, "approval") and self.model.vote(who.user_id or "", yes)
        self.ask(approves(who, step) if yes else rejects(who, step), allowed)

    @at("form", "choice")
    @rule(drawn=whoever, to=whichever)
    def claim(self, drawn: Actor | None, to: str | None) -> None:
        model, who, step = self.model, self.who(drawn), self.where(to)
        allowed = (
            self.is_at(step, "form", "choice")
            and model.claimed is None
            and model.holder == "g-desk"
            and who.user_id in model.entitled()
        )
        if allowed:
            model.claimed = who.user_id
        self.ask(claims(who, step), allowed)

    @precondition(lambda self: self.model.claimed is not None)
    @rule(drawn=whoever, to=whichever)
    def release(self, drawn: Actor | None, to: str | None) -> None:
        model, who, step = self.model, self.who(drawn), self.where(to)
        allowed = self.is_at(step) and model.claimed is not None and (who == ROOT or who.user_id == model.claimed)
        if allowed:
            model.claimed = None
        self.ask(releases(who, step), allowed)

    @at(*FOR_PEOPLE)
    @rule(drawn=st.sampled_from([DEE, ROOT, *EVERYBODY]), to=whichever, heir=st.sampled_from([*HEIRS]))
    def reassign(self, drawn: Actor, to: str | None, heir: str) -> None:
        model, step = self.model, self.where(to)
        allowed = self.is_at(step, *FOR_PEOPLE) and model.supervises(drawn.user_id or "") and model.hand_over(heir)
        self.ask(reassigns(drawn, step, **HEIRS[heir]), allowed)

    @precondition(lambda self: self.model.at is not None)
    @rule(drawn=st.sampled_from([DEE, ROOT, *EVERYBODY]), to=whichever, data=st.data())
    def skip(self, drawn: Actor, to: str | None, data: st.DataObject) -> None:
        model, step = self.model, self.where(to)
        outcome = data.draw(st.sampled_from([*model.here.outcomes, "submitted", "left", "nowhere"]))
        allowed = self.is_at(step) and model.supervises(drawn.user_id or "") and outcome in model.here.outcomes
        if allowed:
            self.leave_behind()
            model.leave(outcome, skipped=True)
        self.ask(skips(drawn, step, outcome), allowed)

    @at("approval")
    @rule(drawn=st.sampled_from([DEE, ROOT, *EVERYBODY]), to=whichever, yes=mostly)
    def override(self, drawn: Actor, to: str | None, yes: bool) -> None:
        step = self.where(to)
        allowed = self.is_at(step, "approval") and self.model.supervises(drawn.user_id or "")
        if allowed:
            self.model.leave("approved" if yes else "rejected")
        self.ask(overrides(drawn, step, "approve" if yes else "reject"), allowed)

    @rule(times=st.integers(1, 3))
    def go_on(self, times: int) -> None:
        """What a well-run desk would do next, so that runs get somewhere; on an ended run, what comes too late."""
        for _ in range(times):
            if self.model.undoing:
                self.report_job(self.story.job, "ok")
            elif self.model.status == "paused":
                self.resume(ROOT)
            elif self.model.at is None:
                self.ask(completes(ROOT, "s0", form_data={"n": 1}, decision="approve", option="left"), False)
            else:
                self.do_what_is_due(self.model.at)

    def do_what_is_due(self, spec: Spec) -> None:
        if spec.kind == "form":
            self.submit_well(THE_RIGHT_ONE, spec.id)
        elif spec.kind == "choice":
            self.choose_well(THE_RIGHT_ONE, spec.id)
        elif spec.kind == "approval":
            self.decide_well(THE_RIGHT_ONE, spec.id)
        elif spec.kind == "call":
            self.report_job(self.story.job, "ok")
        elif spec.kind == "signal":
            self.signal(spec.signal)
        else:
            self.fire_timer(next(t for t in self.story.tables.timers.values() if t.kind == "elapsed"))

    @precondition(lambda self: self.model.visits % 3 == 0)
    @rule(who=st.sampled_from(EVERYBODY), to=whichever)
    def ask_for_nonsense(self, who: Actor, to: str | None) -> None:
        """What no step at all understands, and steps there are none of."""
        self.ask(completes(who, self.where(to), form_data=5, decision="perhaps", option=["left"]), False)
        self.ask(skips(ROOT, "s9", "submitted"), False)

    @precondition(lambda self: self.model.visits % 2 == 0)
    @rule(data=st.data(), to=whichever)
    def ask_at_any_time(self, data: st.DataObject, to: str | None) -> None:
        """What is asked of people, whether or not it is the time for it."""
        who = data.draw(whoever)
        asked = data.draw(st.sampled_from([self.submit_well, self.choose_well, self.decide_well, self.claim]))
        asked(who, to)

    def submit_well(self, who: Actor | None, to: str | None) -> None:
        self.submit(who, to, 1, False)

    def choose_well(self, who: Actor | None, to: str | None) -> None:
        self.choose(who, to, "left")

    def decide_well(self, who: Actor | None, to: str | None) -> None:
        self.decide(who, to, True)

    # -- signals, timers, reports ----------------------------------------------------------------------

    def leave_behind(self) -> None:
        """The visit is about to be left, and what it has under way may still have its effect."""
        if self.model.has_job and self.model.here.undoable and not self.model.undoing:
            self.in_flight[self.story.step(self.model.here.id).job or ""] = self.model.here

    @precondition(lambda self: len(self.model.kept_signals) < 3)
    @rule(name=st.sampled_from(["go", "stop", "other"]))
    def signal(self, name: str) -> None:
        model = self.model
        allowed = model.status not in ENDED
        if model.status == "paused":
            model.held.append(("signal", name))
        elif allowed:
            self.signalled(name)
        self.ask(signals(name), allowed)

    @precondition(lambda self: bool(self.ever_timers))
    @rule(data=st.data(), prefer_live=mostly)
    def fire(self, data: st.DataObject, prefer_live: bool) -> None:
        live = self.story.tables.timers
        timer = data.draw(st.sampled_from(list(live.values()) if prefer_live and live else self.ever_timers))
        self.fire_timer(timer)

    def fire_timer(self, timer: StartTimer) -> None:
        allowed = self.story.tables.timers.pop(timer.id, None) is not None
        self.story.at = max(self.story.at, timer.due_at)
        if allowed:
            if timer.kind == "deadline" and self.model.here.then in ("proceed", "fail"):
                self.leave_behind()
            self.fired(timer.kind)
        self.ask(fires(timer), allowed)

    def fired(self, kind: str) -> None:
        model = self.model
        if kind == "elapsed":
            model.leave("elapsed")
        elif kind == "deadline":
            model.timed_out = True
            if model.here.then == "proceed":
                model.leave("timed_out")
            elif model.here.then == "fail":
                model.leave("failed")

    @precondition(lambda self: bool(self.ever_jobs))
    @rule(data=st.data(), prefer_live=mostly, outcome=st.sampled_from(["ok", "ok", "busy", "gone"]))
    def report(self, data: st.DataObject, prefer_live: bool, outcome: str) -> None:
        live = self.story.tables.jobs
        job = data.draw(st.sampled_from(list(live.values()) if prefer_live and live else self.ever_jobs))
        self.report_job(job, outcome)

    def report_job(self, job: RunJob, outcome: str) -> None:
        live = self.story.tables.jobs
        ok, permanent = outcome == "ok", outcome == "gone"
        allowed = job.id in live or job.id in self.in_flight
        if job.id in live:
            del live[job.id]
            if self.model.status == "paused":
                self.model.held.append(("report", (job.id, ok, permanent)))
            else:
                self.reported(ok, permanent)
        elif allowed:
            self.model.too_late(self.in_flight.pop(job.id), ok)
        said: dict[str, Any] = {"output": {"id": 1}} if ok else {"error": outcome, "permanent": permanent}
        self.ask(reports(job, **said), allowed)

    def reported(self, ok: bool, permanent: bool) -> None:
        model = self.model
        if model.undoing:
            model.undo_reported(ok, permanent)
        elif ok:
            model.leave("succeeded")
        elif permanent or model.attempt >= MAX_ATTEMPTS:
            model.leave("failed")
        else:
            model.attempt += 1

    # -- the run as a whole ----------------------------------------------------------------------------

    @precondition(lambda self: self.asked_too_late == 1 or self.model.visits > 8 or len(self.model.undoable) > 1)
    @rule(who=st.sampled_from(EVERYBODY))
    def cancel(self, who: Actor) -> None:
        model = self.model
        allowed = model.status in ("running", "paused")
        if allowed:
            held = self.withdraw()
            model.cancel()
            self.too_late(held)
            model.held = []
        self.ask(cancels(who), allowed)

    def withdraw(self) -> list[tuple[Spec, bool]]:
        """What is under way is left behind; answers what had been reported of it during a pause, and counts no more."""
        model = self.model
        self.leave_behind()
        if model.at is None or not model.here.undoable:
            return []
        return [(model.here, ok) for kind, said in model.held if kind == "report" for _, ok, _ in [said]]

    def too_late(self, held: list[tuple[Spec, bool]]) -> None:
        for spec, ok in held:
            self.model.too_late(spec, ok)

    @precondition(lambda self: self.model.visits % 2 == 1 or self.asked_too_late == 1)
    @rule(who=st.sampled_from(EVERYBODY))
    def pause(self, who: Actor) -> None:
        allowed = self.model.status == "running"
        if allowed:
            self.left = {t.kind: max(t.due_at - self.story.at, timedelta(0)) for t in self.story.tables.timers.values()}
            self.model.status = "paused"
        self.ask(pauses(who), allowed)

    @precondition(lambda self: self.model.status == "paused" or self.asked_too_late == 1)
    @rule(who=st.sampled_from(EVERYBODY), hours=st.integers(0, 30))
    def resume(self, who: Actor, hours: int = 0) -> None:
        model = self.model
        allowed, was_at, visits = model.status == "paused", model.at, model.visits
        self.story.at += timedelta(hours=hours)
        if allowed:
            model.status = "running"
            if was_at is None:
                model.go_on()
            self.take_held()
        self.ask(resumes(who), allowed)
        if allowed and was_at is not None and was_at is model.at and visits == model.visits:
            due_in = {t.kind: t.due_at - self.story.at for t in self.story.tables.timers.values()}
            assert due_in == self.left

    def take_held(self) -> None:
        held, self.model.held = self.model.held, []
        for kind, said in held:
            if self.model.status != "running":
                continue
            if kind == "signal":
                self.signalled(said)
            else:
                self.reported(*said[1:])

    def signalled(self, name: str) -> None:
        model = self.model
        if model.here.kind == "signal" and model.here.signal == name:
            model.leave("received")
        else:
            model.kept_signals.append(name)

    @precondition(lambda self: self.model.status in ("failed", "cancelled") or self.asked_too_late == 1)
    @rule(who=st.sampled_from(EVERYBODY))
    def retry(self, who: Actor) -> None:
        model = self.model
        allowed = model.status in ("failed", "cancelled") and not model.undoing
        if allowed:
            model.retry()
        self.ask(retries(who), allowed)

    @precondition(lambda self: len(self.model.snapshots) > 2)
    @rule(who=st.sampled_from(EVERYBODY), data=st.data())
    def roll_back(self, who: Actor, data: st.DataObject) -> None:
        model = self.model
        number = data.draw(st.sampled_from([*model.snapshots, 999]))
        allowed = number != 999 and model.status != "cancelled"
        if allowed:
            held = self.withdraw()
            model.roll_back(number)
            self.too_late(held)
        self.ask(rolls_back(who, number), allowed)
        if allowed and number in self.known_at:
            assert self.known() == self.known_at[number]

    # -- what always holds -----------------------------------------------------------------------------

    @invariant()
    def the_run_is_where_the_model_says(self) -> None:
        run, model = self.story.run, self.model
        assert run.status == model.status
        assert len(run.held) == len(model.held)
        assert run.redo == [spec.id for spec in model.redo]
        assert [a.step_id for a in run.open] == ([model.at.id] if model.at else [])
        assert run.visits == model.visits
        assert (run.completed_at is not None) == run.ended
        assert (run.failure is not None) == (run.status == "failed")
        assert [s.name for s in run.signals] == model.kept_signals
        assert run.in_flight == {job: spec.id for job, spec in self.in_flight.items()}
        assert [undoable.step_id for undoable in run.compensable] == [undo.spec.id for undo in model.undoable]

    @invariant()
    def what_waits_outside_is_what_the_open_visit_waits_for(self) -> None:
        tables, model = self.story.tables, self.model
        timers = {t for a in self.story.run.open for t in a.timers}
        assert tables.timers.keys() == timers
        assert sorted(t.kind for t in tables.timers.values()) == model.timers()
        assert [item.audience for item in tables.inbox.values()] == ([] if (i := model.inbox()) is None else [i])
        assert tables.inbox.keys() <= {a.id for a in self.story.run.open}
        assert [j.attempt for j in tables.jobs.values()] == model.jobs()
        assert tables.held_jobs & set(tables.jobs) == (set(tables.jobs) if model.status == "paused" else set())

    @invariant()
    def votes_are_the_voters_own(self) -> None:
        for activation in self.story.run.open:
            voters = [v.voter for v in activation.votes]
            assert len(set(voters)) == len(voters)
            assert set(voters) <= set(activation.candidates)
            assert len({v.by for v in activation.votes}) == len(voters)
            assert voters == list(self.model.votes)

    @invariant()
    def every_visit_ended_once_and_history_only_grows(self) -> None:
        run, visits = self.story.run, self.story.tables.visits
        assert [v.position for v in visits] == list(range(run.visits - len(run.open)))
        assert len({v.id for v in visits}) == len(visits)
        assert run.seq >= self.seq
        assert run.seq == len(self.story.events)
        self.seq = run.seq

    @invariant()
    def what_is_undone_adds_up(self) -> None:
        undoing, model = self.story.run.compensation, self.model
        seen = (undoing.done, undoing.failed, undoing.total) if undoing else (0, 0, 0)
        assert seen == (model.undone, model.not_undone, model.to_undo)
        assert undoing is None or (undoing.state == "running") == bool(model.undoing)


TestRunMachine = RunMachine.TestCase
TestRunMachine.settings = settings(
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "150")),
    stateful_step_count=int(os.environ.get("HYPOTHESIS_STEPS", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
