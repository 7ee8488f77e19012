"""simulate: what a run would do, given what people and the outside would answer. Nothing is written, nobody is told.

It asks `decide` exactly what the engine would, with a clock that jumps to whatever is awaited next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from wayline.core import commands
from wayline.core.check import check
from wayline.core.decide import decide, new_run
from wayline.core.decision import Decision, StepsOutOfBounds
from wayline.core.effects import CancelJob, CancelTimer, CountUp, OfferWork, RaiseIncident, RunJob, StartTimer
from wayline.core.events import Event
from wayline.core.facts import SYSTEM, Actor, Directory, Facts
from wayline.core.graph import Graph, Node, graph_of
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation, Failure, Run
from wayline.core.steps.approval import Approval
from wayline.core.steps.step_type import Problem
from wayline.core.template import read

MAX_COMMANDS = 1000
"""Commands one simulation sends; a loop whose answers never change is cut off here."""
SIMULATED_RUN_ID = "00000000-0000-4000-8000-000000000000"
TIMED_OUT = "timed_out"
NO_WALK_CODES = frozenset(
    {
        "unknown_target",
        "not_a_condition",
        "unknown_operator",
        "no_operator",
        "bad_value",
        "bad_pattern",
        "bad_expression",
        "never_holds",
        "too_deep",
        "too_many",
    }
)
"""Errors that leave `decide` without a way on; with any other a template can still be tried out."""


class Somebody(msgspec.Struct, frozen=True):
    """A person or a group, by id and by name."""

    id: str
    name: str


class Visited(msgspec.Struct, frozen=True):
    """A step the run has been through. `who` had the work, `changes` are those of the ticket, field → [from, to];
    `explanation` is a condition's: every branch looked at, with its clauses and the values seen."""

    step_id: str
    name: str
    type: str
    outcome: str
    at: datetime
    who: tuple[Somebody, ...] = ()
    explanation: list[dict[str, Any]] | None = None
    changes: dict[str, list[Any]] | None = None
    late_s: float | None = None


class Awaited(msgspec.Struct, frozen=True):
    """Where it stopped for want of an answer; `awaits` is what the step asks for, as the surfaces show it."""

    step_id: str
    name: str
    type: str
    who: tuple[Somebody, ...]
    due_at: datetime | None
    awaits: dict[str, Any]


class Refused(msgspec.Struct, frozen=True):
    """An answer the step would not take. `step_id` None: the run itself was refused."""

    step_id: str | None
    message: str
    issues: tuple[Issue, ...] = ()


class Happened(msgspec.Struct, frozen=True):
    """An event and its simulated instant."""

    at: datetime
    event: Event


class Simulation(msgspec.Struct, frozen=True):
    """How far it came. `status` is the run's, or `invalid` when the definition cannot be walked at all; `ticket`,
    `variables` and `outputs` are as the run left them. At most one of `waiting_at` and `refused` is set."""

    path: tuple[Visited, ...]
    status: str
    at: datetime
    failure: Failure | None = None
    waiting_at: Awaited | None = None
    refused: Refused | None = None
    events: tuple[Happened, ...] = ()
    problems: tuple[Problem, ...] = ()
    ticket: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = {}
    outputs: Mapping[str, Any] = {}


def simulate(
    template: Graph | dict[str, Any],
    *,
    at: datetime,
    facts: Facts | None = None,
    ticket: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    outcomes: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    owner_id: str | None = None,
    run_id: str = SIMULATED_RUN_ID,
    max_commands: int = MAX_COMMANDS,
) -> Simulation:
    """Start a run at `at` and answer for everybody, until it ends or a step has no answer.

    `answers` by step id: a form's values, bare or as `{form_data}`; an approval's `approve` or `{decision, comment?}`,
    cast by each voter in turn until it is decided; a routing's option, bare or as `{option}`; an outside action's
    `{output}` or `{error, permanent?}` (left out: it succeeds); a signal's or callback's payload; `timed_out` for any
    step that has a deadline. A list gives one of these each time the step asks. Waits for a time need no answer.
    `outcomes` by step id name how a step without an answer ends. `ticket` stands in for the facts' own.

    A definition is checked too, `problems` being those of `check` and what the walk added. Refusals are reported.
    """
    facts = facts or Facts()
    if ticket is not None:
        facts = msgspec.structs.replace(facts, ticket=ticket)
    graph, problems = (template, ()) if isinstance(template, Graph) else _walkable(template, facts)
    if graph is None:
        return Simulation(path=(), status="invalid", at=at, problems=problems, ticket=facts.ticket)
    walk = _Walk(graph, facts=facts, at=at, answers=answers or {}, outcomes=outcomes or {}, left=max_commands)
    walk.go(run_id=run_id, variables=dict(variables or {}), owner_id=owner_id)
    return walk.simulation(problems)


def _walkable(definition: Any, facts: Facts) -> tuple[Graph | None, tuple[Problem, ...]]:
    """The graph of a definition, None when nothing can be walked, and everything that is wrong with it."""
    checked = check(definition, directory=facts.directory, calendars=facts.calendars or None)
    template, issues = read(definition)
    if template is None or issues or any(p.code in NO_WALK_CODES for p in checked.errors):
        return None, checked.problems
    return graph_of(template), checked.problems


class _Walk:
    """One simulation on its way: the run so far, the clock, what is due, and what has been said."""

    def __init__(
        self,
        graph: Graph,
        *,
        facts: Facts,
        at: datetime,
        answers: Mapping[str, Any],
        outcomes: Mapping[str, Any],
        left: int,
    ) -> None:
        self.graph = graph
        self.facts = facts
        self.at = at
        self.run: Run | None = None
        self.refused: Refused | None = None
        self.path: list[Visited] = []
        self.events: list[Happened] = []
        self.problems: list[Problem] = []
        self._answers = _Answers(answers)
        self._outcomes = _Answers(outcomes)
        self._left = left
        self._timers: dict[str, StartTimer] = {}
        self._jobs: dict[str, RunJob] = {}
        self._offered: dict[str, tuple[str, ...]] = {}
        self._changes: dict[str, list[Any]] = {}

    def go(self, *, run_id: str, variables: dict[str, Any], owner_id: str | None) -> None:
        """Start, and go on as far as the answers lead."""
        start = commands.StartRun(tenant_id="", run_id=run_id, template_id="", variables=variables, owner_id=owner_id)
        try:
            self.run = new_run(self.graph, start, version=1, at=self.at, owner_id=owner_id)
        except Refusal as refusal:
            self.refused = Refused(step_id=None, message=refusal.message, issues=refusal.issues)
            return
        going = self._send(start, step_id=None)
        while going and not self._run.ended:
            going = self._go_on_somewhere()

    # -- one step further ----------------------------------------------------------------------------

    def _go_on_somewhere(self) -> bool:
        for activation in list(self._run.open):
            if self._go_on(activation):
                return True
            if self.refused is not None:
                return False
        return False

    def _go_on(self, activation: Activation) -> bool:
        """Whether the run came any further at this activation."""
        node = self.graph.nodes[activation.step_id]
        waits_for_time = self._timer(activation, "elapsed") is not None
        answer = self._answers.take(activation.step_id)
        if answer == TIMED_OUT and self._timer(activation, "deadline") is not None:
            return self._let_pass(activation, "deadline")
        if answer is NOTHING:
            forced = self._outcomes.take(activation.step_id)
            if forced is not NOTHING:
                return self._skip(activation, str(forced))
            if activation.job is None and not waits_for_time:
                return False
        if activation.job is not None:
            return self._report(activation, answer)
        if waits_for_time:
            return self._let_pass(activation, "elapsed")
        if isinstance(node.kind, Approval):
            return self._vote(activation, node, answer)
        if node.kind.waits_for_people:
            return self._complete(activation, node, answer)
        return self._receive(activation, node, answer)

    def _complete(self, activation: Activation, node: Node, answer: Any) -> bool:
        key, is_bare = ("form_data", not (isinstance(answer, dict) and "form_data" in answer))
        if node.step.type != "form":
            key, is_bare = "option", not isinstance(answer, dict)
        body = {key: answer} if is_bare else answer
        command = commands.CompleteStep(tenant_id="", run_id=self._run.id, step=activation.id, answer=body)
        return self._send(command, step_id=activation.step_id)

    def _vote(self, activation: Activation, node: Node, answer: Any) -> bool:
        """Have each voter whose word is awaited give the same answer, until it is decided."""
        body = answer if isinstance(answer, dict) else {"decision": answer}
        voted = False
        while (live := self._live(activation)) is not None and (asked := node.kind.asked(node.step, live)):  # type: ignore[attr-defined]
            actor = _actor(asked[0], self.facts.directory)
            command = commands.CompleteStep(
                tenant_id="", run_id=self._run.id, actor=actor, step=activation.id, answer=body
            )
            if not self._send(command, step_id=activation.step_id):
                return False
            voted = True
        return voted

    def _receive(self, activation: Activation, node: Node, payload: Any) -> bool:
        name = node.shown.get("for", {}).get("signal")
        if name is None:
            return self._skip(activation, node.kind.outcomes(node.step)[0])
        command = commands.SendSignal(tenant_id="", run_id=self._run.id, name=name, payload=payload)
        return self._send(command, step_id=activation.step_id)

    def _skip(self, activation: Activation, outcome: str) -> bool:
        command = commands.SkipStep(
            tenant_id="", run_id=self._run.id, step=activation.id, outcome=outcome, reason="simulated"
        )
        return self._send(command, step_id=activation.step_id)

    def _report(self, activation: Activation, answer: Any) -> bool:
        """Report the outside action's end, again and again while it is tried anew, with the clock moved on to it."""
        said = _report_of(answer)
        while (job := self._jobs.get(activation.id)) is not None and self._live(activation) is not None:
            if not self._advance_to(job.due_at):
                return False
            if self._jobs.get(activation.id) is not job:
                continue
            report = commands.ReportAction(
                tenant_id="", run_id=self._run.id, job_id=job.id, activation_id=activation.id, **said
            )
            del self._jobs[activation.id]
            if not self._send(report, step_id=activation.step_id):
                return False
        return True

    # -- time ----------------------------------------------------------------------------------------

    def _let_pass(self, activation: Activation, kind: str) -> bool:
        """Let time pass until this timer has fired, and every other one that is due before it."""
        while (timer := self._timer(activation, kind)) is not None:
            first = min(self._timers.values(), key=lambda t: t.due_at)
            if not self._fire(first if first.due_at < timer.due_at else timer):
                return False
            if self._timer(activation, kind) is not timer:
                break
        return True

    def _advance_to(self, instant: datetime) -> bool:
        """Fire everything due until then and set the clock."""
        while due := [t for t in self._timers.values() if t.due_at <= instant]:
            if not self._fire(min(due, key=lambda t: t.due_at)):
                return False
        self.at = max(self.at, instant)
        return True

    def _fire(self, timer: StartTimer) -> bool:
        self.at = max(self.at, timer.due_at)
        del self._timers[timer.id]
        command = commands.FireTimer(
            tenant_id="", run_id=self._run.id, timer_id=timer.id, kind=timer.kind, activation_id=timer.activation_id
        )
        return self._send(command, step_id=None)

    def _timer(self, activation: Activation, kind: str) -> StartTimer | None:
        mine = (t for t in self._timers.values() if t.activation_id == activation.id and t.kind == kind)
        return next(mine, None)

    # -- deciding, and what it comes to --------------------------------------------------------------

    @property
    def _run(self) -> Run:
        assert self.run is not None
        return self.run

    def _live(self, activation: Activation) -> Activation | None:
        return next((a for a in self._run.open if a.id == activation.id), None)

    def _send(self, command: commands.Command, *, step_id: str | None) -> bool:
        """Whether the command was taken; a refusal ends the walk."""
        if self._left <= 0:
            self._stop(
                "bound_hit", "warning", "The walk was cut off: with these answers the run goes round in circles."
            )
            return False
        self._left -= 1
        try:
            decision = decide(self.graph, self._run, command, self.facts, self.at)
        except Refusal as refusal:
            self.refused = Refused(step_id=step_id, message=refusal.message, issues=refusal.issues)
            return False
        except StepsOutOfBounds as bounds:
            self._stop("automatic_cycle", "error", f"The run never rests: {bounds}.")
            return False
        self._take(decision)
        return True

    def _stop(self, code: str, severity: Any, message: str) -> None:
        if not any(p.code == code for p in self.problems):
            self.problems.append(Problem(severity, code, message))

    def _take(self, decision: Decision) -> None:
        self.run = decision.run
        counters = dict(self.facts.counters)
        for effect in decision.effects:
            match effect:
                case StartTimer():
                    self._timers[effect.id] = effect
                case CancelTimer():
                    self._timers.pop(effect.id, None)
                case RunJob(activation_id=str(activation_id)):
                    self._jobs[activation_id] = effect
                case CancelJob():
                    self._jobs = {a: job for a, job in self._jobs.items() if job.id != effect.id}
                case OfferWork():
                    self._offered[effect.activation_id] = _joined(self._offered, effect)
                case CountUp():
                    counters[effect.name] = effect.value
                case RaiseIncident():
                    self.problems.append(Problem("warning", effect.code, effect.message, "", effect.step_id))
        self.facts = msgspec.structs.replace(self.facts, ticket=decision.ticket, counters=counters)
        for event in decision.events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        self.events.append(Happened(at=self.at, event=event))
        if event.event == "ticket_changed":
            for name, (before, after) in event.data.get("changes", {}).items():
                self._changes[name] = [self._changes.get(name, [before])[0], after]
        if event.event not in ("step_completed", "step_failed") or event.step_id is None:
            return
        node = self.graph.nodes[event.step_id]
        self.path.append(
            Visited(
                step_id=event.step_id,
                name=node.step.title,
                type=node.step.type,
                outcome=event.data.get("outcome", "failed"),
                at=self.at,
                who=self._who(event.activation_id),
                explanation=event.data.get("explanation"),
                changes=self._changes or None,
                late_s=event.data.get("late_s"),
            )
        )
        self._changes = {}

    def _who(self, activation_id: str | None) -> tuple[Somebody, ...]:
        directory = self.facts.directory
        found: list[Somebody] = []
        for key in self._offered.get(activation_id or "", ()):
            known = directory.people.get(key) or directory.groups.get(key)
            found.append(Somebody(id=key, name=known.name if known else key))
        return tuple(found)

    # -- the result ----------------------------------------------------------------------------------

    def simulation(self, problems: Sequence[Problem]) -> Simulation:
        """What it came to."""
        run = self.run
        return Simulation(
            path=tuple(self.path),
            status=run.status if run else "pending",
            at=self.at,
            failure=run.failure if run else None,
            waiting_at=self._awaited(),
            refused=self.refused,
            events=tuple(self.events),
            problems=(*problems, *self.problems),
            ticket=self.facts.ticket,
            variables=run.variables if run else {},
            outputs=run.outputs if run else {},
        )

    def _awaited(self) -> Awaited | None:
        if self.run is None or self.refused is not None or not self.run.open:
            return None
        activation = self.run.open[0]
        node = self.graph.nodes[activation.step_id]
        return Awaited(
            step_id=activation.step_id,
            name=node.step.title,
            type=node.step.type,
            who=self._who(activation.id),
            due_at=activation.due_at,
            awaits={**node.shown, **node.kind.describe_open(node.step, activation)},
        )


NOTHING: Final = object()
"""No answer; None is one (a signal without a payload)."""


class _Answers:
    """What is said to each step; a list is used up one a time, anything else is said every time."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self._taken: dict[str, int] = {}

    def take(self, step_id: str) -> Any:
        """The next answer, NOTHING when there is none (left)."""
        if step_id not in self._said:
            return NOTHING
        said = self._said[step_id]
        if not isinstance(said, list):
            return said
        index = self._taken.get(step_id, 0)
        self._taken[step_id] = index + 1
        return said[index] if index < len(said) else NOTHING


def _report_of(answer: Any) -> dict[str, Any]:
    """The report an answer stands for: `{error, permanent?}`, `{output}`, or plain success."""
    if not isinstance(answer, dict):
        return {"error": answer, "permanent": True} if isinstance(answer, str) else {}
    if answer.get("error") is not None:
        return {"error": str(answer["error"]), "permanent": bool(answer.get("permanent", False))}
    output = answer.get("output")
    return {"output": output if isinstance(output, dict) else {}}


def _actor(user_id: str, directory: Directory) -> Actor:
    person = directory.people.get(user_id)
    return Actor(user_id=user_id, role=person.role, name=person.name) if person else SYSTEM


def _joined(offered: Mapping[str, tuple[str, ...]], effect: OfferWork) -> tuple[str, ...]:
    """Everybody an activation was offered to, in order; an approval narrows down to those who have not voted."""
    return tuple(dict.fromkeys((*offered.get(effect.activation_id, ()), *effect.audience)))
