"""Every way a run can go: each answer, vote, choice, report and timer at each step, driven through `decide` itself.

Two states are the same when nothing that is decided later can tell them apart; instants, ids and counts of visits are
left out, so that a loop closes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.decide import decide, new_run
from wayline.core.effects import CancelJob, CancelTimer, CountUp, RunJob, StartTimer
from wayline.core.facts import Actor, Facts
from wayline.core.form_fields import FormField
from wayline.core.graph import Graph
from wayline.core.run import Activation, Run
from wayline.core.steps.approval import ApprovalStep
from wayline.core.steps.form import FormStep
from wayline.core.steps.routing import RoutingStep
from wayline.core.steps.wait import WaitStep

RUN_ID = "00000000-0000-4000-8000-000000000001"
EFFECT_ID = re.compile(rf"{RUN_ID}:\d+\.\d+:\d+".encode())
FITTING = {"INC-[0-9]{6}": "INC-000042", "[A-Z0-9-]{8,40}": "ABCD-1234", "[A-Z]{2}-[0-9]{4,8}": "DE-1234"}


@dataclass(frozen=True)
class State:
    """A run, what it is waiting for, and the world it is in."""

    run: Run
    facts: Facts
    at: datetime
    timers: dict[str, StartTimer] = field(default_factory=dict)
    jobs: dict[str, RunJob] = field(default_factory=dict)

    @property
    def key(self) -> bytes:
        """What later decisions depend on."""
        run = self.run
        live = [
            (
                *(a.step_id, a.status, a.assigned_to, a.group_id, a.candidates, a.escalations, a.attempt),
                *((v.voter, v.decision) for v in a.votes),
                *sorted(t.kind for t in self.timers.values() if t.activation_id == a.id),
            )
            for a in run.open
        ]
        known = (run.status, run.variables, run.outputs, run.completed, live, self.facts.ticket)
        return EFFECT_ID.sub(b"", msgspec.json.encode(known, order="deterministic"))


@dataclass
class Explored:
    """Every state, which ones follow which, and which connections were taken."""

    states: dict[bytes, State] = field(default_factory=dict)
    followers: dict[bytes, set[bytes]] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    bound_hit: bool = False

    @property
    def ended(self) -> set[bytes]:
        return {key for key, state in self.states.items() if state.run.ended}

    @property
    def can_end(self) -> set[bytes]:
        """The states from which some way leads to the run's end."""
        before: dict[bytes, list[bytes]] = {}
        for key, after in self.followers.items():
            for follower in after:
                before.setdefault(follower, []).append(key)
        found, frontier = set(self.ended), list(self.ended)
        while frontier:
            frontier = [k for reached in frontier for k in before.get(reached, ()) if k not in found]
            found.update(frontier)
        return found


def explore(graph: Graph, facts: Facts, at: datetime, *, variables: dict[str, Any], max_states: int) -> Explored:
    """Every state that can be reached from a start with these facts."""
    start = commands.StartRun(tenant_id="t", run_id=RUN_ID, template_id="x", owner_id="ana", variables=variables)
    fresh = State(run=new_run(graph, start, version=1, at=at, owner_id="ana"), facts=facts, at=at)
    explored = Explored()
    first = after(graph, fresh, start, at, explored)
    explored.states[first.key] = first
    waiting = [first]
    while waiting:
        state = waiting.pop()
        followers = explored.followers.setdefault(state.key, set())
        for command, moment in moves(graph, state):
            follower = after(graph, state, command, moment, explored)
            followers.add(follower.key)
            if follower.key not in explored.states:
                if len(explored.states) >= max_states:
                    explored.bound_hit = True
                    return explored
                explored.states[follower.key] = follower
                waiting.append(follower)
    return explored


def after(graph: Graph, state: State, command: commands.Command, at: datetime, explored: Explored) -> State:
    """The state a command leads to."""
    decision = decide(graph, state.run, command, state.facts, at)
    timers, jobs, counters = dict(state.timers), dict(state.jobs), dict(state.facts.counters)
    if isinstance(command, commands.FireTimer):
        timers.pop(command.timer_id)
    if isinstance(command, commands.ReportAction):
        jobs.pop(command.activation_id or "")
    for effect in decision.effects:
        match effect:
            case StartTimer():
                timers[effect.id] = effect
            case CancelTimer():
                timers.pop(effect.id, None)
            case RunJob(activation_id=str(activation_id)):
                jobs[activation_id] = effect
            case CancelJob():
                jobs = {a: j for a, j in jobs.items() if j.id != effect.id}
            case CountUp():
                counters[effect.name] = effect.value % 3
    for event in decision.events:
        if event.event in ("step_completed", "step_failed"):
            explored.taken.add((event.step_id or "", event.data.get("outcome", "failed")))
    facts = msgspec.structs.replace(state.facts, ticket=decision.ticket, counters=counters)
    return replace(state, run=decision.run, facts=facts, at=at, timers=timers, jobs=jobs)


def moves(graph: Graph, state: State) -> Iterator[tuple[commands.Command, datetime]]:
    """Everything that could happen next, and when."""
    if state.run.ended:
        return
    for activation in state.run.open:
        for command in people_and_outside(graph, state, activation):
            yield command, state.at
    for timer in state.timers.values():
        fire = commands.FireTimer(
            tenant_id="t", run_id=RUN_ID, timer_id=timer.id, kind=timer.kind, activation_id=timer.activation_id
        )
        yield fire, max(state.at, timer.due_at)


def people_and_outside(graph: Graph, state: State, activation: Activation) -> Iterator[commands.Command]:
    node = graph.nodes[activation.step_id]
    step = node.step
    if isinstance(step, FormStep):
        for values in filled_in(step):
            yield answer(activation, {"form_data": values})
    elif isinstance(step, RoutingStep):
        for option in step.options:
            yield answer(activation, {"option": option.label})
    elif isinstance(step, ApprovalStep):
        for voter in node.kind.asked(step, activation)[:1]:  # type: ignore[attr-defined]
            for decision in ("approve", "reject"):
                yield answer(activation, {"decision": decision, "comment": "because"}, voter)
    elif isinstance(step, WaitStep) and step.for_.signal:
        for payload in ({"asset": "DE-1234", "number": 7}, {"asset": "DE-9999"}, None):
            yield commands.SendSignal(tenant_id="t", run_id=RUN_ID, name=step.for_.signal, payload=payload)
    if activation.id in state.jobs:
        job = state.jobs[activation.id].id
        for said in ({"output": {"id": "42"}}, {"error": "down"}, {"error": "no", "permanent": True}):
            yield commands.ReportAction(tenant_id="t", run_id=RUN_ID, job_id=job, activation_id=activation.id, **said)


def answer(activation: Activation, body: dict[str, Any], user_id: str | None = None) -> commands.Command:
    actor = Actor(user_id=user_id, role="agent", name=user_id) if user_id else Actor(user_id="root", role="admin")
    return commands.CompleteStep(tenant_id="t", run_id=RUN_ID, actor=actor, step=activation.id, answer=body)


def filled_in(step: FormStep) -> Iterator[dict[str, Any]]:
    """The form with every choice made each way; what cannot steer a run has one value."""
    for values in itertools.product(*(values_of(f) for f in step.fields)):
        yield {f.name: value for f, value in zip(step.fields, values, strict=True)}


def values_of(one: FormField) -> list[Any]:
    if one.type == "select":
        return one.choices()
    if one.type == "multiselect":
        return [one.choices(), [one.choices()[-1]], [one.choices()[0]]]
    if one.type == "checkbox":
        return [True] if one.required else [True, False]
    if one.type == "number":
        return [one.minimum or 0, one.maximum or 9000]
    if one.pattern is not None:
        return [FITTING[one.pattern]]
    single = {
        "date": "2026-03-20",
        "datetime": "2026-03-20T10:00:00+00:00",
        "email": "new@desk.example",
        "user": "bo",
        "file": "file-1",
    }
    return [single.get(one.type, "words enough for any length")]
