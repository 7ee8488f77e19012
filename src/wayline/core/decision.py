"""One decision in the making, and what it comes to.

`Deciding` is the only thing step types may change a run through. It owns a private copy of the run, collects
events and effects in order, and numbers them; `result` freezes it into a Decision. Nothing in here reads a clock
or asks anybody: all it knows came in as values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from wayline.core.business_time import ALWAYS, Calendar, add
from wayline.core.clocks import at_rest, start_clocks
from wayline.core.effects import (
    CancelJob,
    CancelTimer,
    ChangeTicket,
    CountUp,
    Effect,
    MoveWork,
    Notify,
    OfferWork,
    RaiseIncident,
    RecordVisit,
    RunJob,
    StartTimer,
    WithdrawWork,
)
from wayline.core.events import Event, EventName
from wayline.core.facts import Actor, Facts
from wayline.core.inbox.entries import retire_all, tell_of_entries
from wayline.core.inbox.scope import Activator
from wayline.core.inbox.state import Entry
from wayline.core.refusals import Refusal
from wayline.core.retry import Retry, delay_before
from wayline.core.run import (
    Activation,
    EndedVisit,
    Failure,
    Run,
    Timer,
    Undoable,
    activation_id,
)
from wayline.core.snapshot import delta_of, number_of
from wayline.core.who import Audience, Circumstances, Who, audience, pick, requester_of

if TYPE_CHECKING:
    from wayline.core.commands import ReportAction
    from wayline.core.graph import Graph
    from wayline.core.steps.step_type import Step

MAX_STEPS_A_DECISION = 1000
MAX_IN_FLIGHT = 100


class StepsOutOfBounds(RuntimeError):
    """A run took more steps in one decision than any sound template does: a bug in it, made an incident."""


class Decision(msgspec.Struct, frozen=True):
    """The run as it is now, what became true, and what must happen."""

    run: Run
    events: Sequence[Event]
    effects: Sequence[Effect]
    ticket: Mapping[str, Any] | None


class Deciding:
    """The working set of one decision."""

    def __init__(self, graph: Graph, run: Run, facts: Facts, at: datetime) -> None:
        self.graph = graph
        self.run = run.copy()
        self.facts = facts
        self.at = at
        self.ticket: dict[str, Any] | None = dict(facts.ticket) if facts.ticket is not None else None
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        # Of an inbox run: who has set steps going, and what the entries that have changed were before.
        self.activator: Activator | None = None
        self.entries_before: dict[str, Entry | None] = {}
        self._steps_taken = 0
        self._variables_changed = False
        self._arrivals: list[str] = []
        self._scope: dict[str, Any] | None = None
        self._counters: dict[str, int] = {}

    # -- the frame: arriving and leaving ---------------------------------------------------------

    def arrive(self, step_id: str) -> None:
        """The run comes to a step; it is visited by `settle`, after what is going on now."""
        self._arrivals.append(step_id)

    def settle(self) -> None:
        """Visit every step that has been arrived at until the run rests, then see whether it has ended."""
        run = self.run
        while True:
            while self._arrivals and not run.ended:
                self._take_a_step(self._arrivals[0])
                self._visit(self._arrivals.pop(0))
            if run.open or self._arrivals or run.status != "running" or not self.graph.nodes:
                return
            if run.inbox is not None and run.inbox.jobs:
                return
            if not (run.redo or run.closed or run.arrivals):
                break
            self._take_up()
        run.status = "completed"
        run.completed_at = self.at
        self.note("run_completed", "Completed")

    def _take_a_step(self, step_id: str) -> None:
        self._steps_taken += 1
        if self._steps_taken > MAX_STEPS_A_DECISION:
            raise StepsOutOfBounds(f"more than {MAX_STEPS_A_DECISION} steps in one decision, last {step_id}")

    def _visit(self, step_id: str) -> None:
        node = self.graph.nodes[step_id]
        position = self.run.visits
        self.run.visits = position + 1
        activation = Activation(
            id=activation_id(self.run.id, position),
            position=position,
            step_id=step_id,
            type=node.step.type,
            started_at=self.at,
        )
        self.run.open.append(activation)
        if node.waits:
            self.note("step_activated", f"Awaiting {node.step.title}", activation=activation)
            self._start_deadline(activation, node.step)
        node.kind.activate(self, activation, node.step)

    def _take_up(self) -> None:
        """Go on where the run was left: what must be done again comes first, one step at a time."""
        run = self.run
        if run.redo:
            self.arrive(run.redo[0])
            return
        reopened = [self._visit_again(activation) for activation in run.closed]
        self._arrivals += run.arrivals
        run.closed, run.arrivals = [], []
        for activation in reopened:
            if all(activation is not a for a in run.open):
                continue
            node = self.graph.nodes[activation.step_id]
            self.note("step_activated", f"Awaiting {node.step.title} again", activation=activation)
            start_clocks(self, activation)
            node.kind.reopen(self, activation, node.step)

    def _visit_again(self, left: Activation) -> Activation:
        """A visit of its own to a step as it was left: the same people and votes, and what was left of its time."""
        self._take_a_step(left.step_id)
        position = self.run.visits
        self.run.visits = position + 1
        activation = left.copy()
        activation.id, activation.position = activation_id(self.run.id, position), position
        activation.started_at, activation.job, activation.attempt = self.at, None, 0
        self.run.open.append(activation)
        return activation

    def finish(
        self,
        activation: Activation,
        outcome: str,
        *,
        output: dict[str, Any] | None = None,
        by: Actor | None = None,
        detail: str | None = None,
        data: dict[str, Any] | None = None,
        status: str = "completed",
    ) -> None:
        """The step ends with an outcome, its output is kept, and the run goes where the outcome leads."""
        node = self.graph.nodes[activation.step_id]
        visit = self._leave(activation, status=status, outcome=outcome, by=by)
        self.run.outputs[activation.step_id] = {**(output or {}), "outcome": outcome}
        self._scope = None
        self._complete(activation.step_id)
        said = detail or f"{node.step.title}: {outcome.replace('_', ' ')}"
        if activation.late_s is not None:
            data = {**(data or {}), "late_s": activation.late_s}
        if activation.on_behalf_of is not None:
            data = {**(data or {}), "on_behalf_of": activation.on_behalf_of}
        self.note("step_completed", said, activation=activation, data={"outcome": outcome, **(data or {})})
        if status == "completed" and outcome == "succeeded" and node.compensate is not None:
            self.run.compensable.append(Undoable(activation.step_id, output or {}))
        target = None if self.run.redo else node.targets.get(outcome)
        if target is not None:
            self.arrive(target)
        elif outcome in node.failing:
            self._keep(visit, output)
            reason = "approval_rejected" if outcome == "rejected" else "step_failed"
            self.fail_run(reason, activation.step_id, (data or {}).get("error") or said)
            return
        self._keep_snapshot(visit, output)

    def end_visit(self, activation: Activation, outcome: str) -> None:
        """A visit is over and leads nowhere by itself; no snapshot is made of it."""
        self._keep(self._leave(activation, status="completed", outcome=outcome))
        self._complete(activation.step_id)
        title = self.graph.nodes[activation.step_id].step.title
        self.note("step_completed", f"{title}: {outcome}", activation=activation, data={"outcome": outcome})

    def fail(self, activation: Activation, reason: str, message: str) -> None:
        """The step fails for good; without a `failed` connection the run fails with it."""
        node = self.graph.nodes[activation.step_id]
        output = {"error": message}
        visit = self._leave(activation, status="failed", outcome="failed")
        self.run.outputs[activation.step_id] = {**output, "outcome": "failed"}
        self._scope = None
        self.note("step_failed", f"{node.step.title} failed: {message}", activation=activation, data={"reason": reason})
        target = None if self.run.redo else node.targets.get("failed")
        if target is not None:
            self._complete(activation.step_id)
            self.arrive(target)
            self._keep_snapshot(visit, output)
        else:
            self._keep(visit, output)
            self.fail_run(reason, activation.step_id, message)

    def _keep_snapshot(self, visit: EndedVisit, output: dict[str, Any] | None) -> None:
        """Keep an ended visit as a point the run can be taken back to; what is only done again is none."""
        run = self.run
        if run.redo:
            run.redo = run.redo[1:]
            self._keep(visit, output)
            return
        delta = delta_of(run, visit, arrivals=self._arrivals, variables_changed=self._variables_changed)
        self._variables_changed = False
        run.snapshot = number_of(visit)
        run.chained = run.chained + 1 if delta.whole is None else 0
        self.effects.append(RecordVisit(visit=visit, output=output or {}, delta=delta))

    def _keep(self, visit: EndedVisit, output: dict[str, Any] | None = None) -> None:
        self.effects.append(RecordVisit(visit=visit, output=output or {}))

    def _complete(self, step_id: str) -> None:
        """The step completed latest stands last, so that its answers win over those of the same name."""
        if step_id in self.run.completed:
            self.run.completed.remove(step_id)
        self.run.completed.append(step_id)

    def fail_run(self, reason: str, step_id: str | None, message: str) -> None:
        """The run ends as failed: whatever is open is withdrawn. A retry goes on from the step."""
        self.leave_off()
        if step_id is not None and not self.run.redo:
            self.run.arrivals = [step_id, *self.run.arrivals]
        self.run.status = "failed"
        self.run.completed_at = self.at
        self.run.failure = Failure(reason=reason, step_id=step_id, message=message)
        self.note("run_failed", message, step_id=step_id, data={"reason": reason})

    def leave_off(self) -> None:
        """End every live activation without an outcome, and keep where the run was for whoever takes it up again."""
        run = self.run
        if run.begin_timer is not None:
            self.effects.append(CancelTimer(id=run.begin_timer))
            run.begin_timer = None
        run.arrivals = [*run.arrivals, *self._arrivals]
        self._arrivals.clear()
        if run.inbox is not None:
            retire_all(self)
        elif not run.redo:
            run.closed = [*run.closed, *(at_rest(self, activation) for activation in run.open)]
        for activation in list(run.open):
            self._keep(self._leave(activation, status="cancelled", outcome=None))

    def _leave(
        self,
        activation: Activation,
        *,
        status: str,
        outcome: str | None,
        by: Actor | None = None,
    ) -> EndedVisit:
        node = self.graph.nodes[activation.step_id]
        for timer in activation.timers:
            self.effects.append(CancelTimer(id=timer))
        if activation.job is not None:
            self.effects.append(CancelJob(id=activation.job))
            if node.compensate is not None:
                self._leave_behind(activation.job, activation.step_id)
        if node.kind.waits_for_people and node.waits:
            self.effects.append(WithdrawWork(activation_id=activation.id, audience=_audience_of(activation)))
        self.run.open.remove(activation)
        visit = EndedVisit(
            id=activation.id,
            position=activation.position,
            step_id=activation.step_id,
            type=activation.type,
            status=status,
            outcome=outcome,
            started_at=activation.started_at,
            completed_at=self.at,
            completed_by=by.user_id if by else None,
            detail=_detail_of(activation),
        )
        self.run.latest[activation.step_id] = visit
        return visit

    def _leave_behind(self, job: str, step_id: str) -> None:
        """Nobody waits for the job any more; should it have effect all the same, that can be undone. Most never report:
        the oldest give way."""
        in_flight = self.run.in_flight
        in_flight[job] = step_id
        while len(in_flight) > MAX_IN_FLIGHT:
            del in_flight[next(iter(in_flight))]

    def attempt(self, do: Callable[[], None]) -> Refusal | None:
        """Do something in which a refusal does not undo the whole decision: what it had begun is as if it had not been.
        Answers the refusal; None when it was let through."""
        run, ticket = self.run.copy(), dict(self.ticket) if self.ticket is not None else None
        events, effects, counters = len(self.events), len(self.effects), dict(self._counters)
        try:
            do()
        except Refusal as refusal:
            self.run, self.ticket, self._counters, self._scope = run, ticket, counters, None
            del self.events[events:], self.effects[effects:]
            self._arrivals.clear()
            return refusal
        return None

    # -- words -----------------------------------------------------------------------------------

    def note(
        self,
        event: EventName,
        detail: str,
        *,
        activation: Activation | None = None,
        step_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Add to the timeline."""
        self.events.append(
            Event(
                event=event,
                detail=detail,
                step_id=activation.step_id if activation else step_id,
                activation_id=activation.id if activation else None,
                data=data or {},
            )
        )

    def effect_id(self) -> str:
        """The next effect's id: run, epoch, the sequence number this decision starts at, and its place in it."""
        return f"{self.run.id}:{self.run.epoch}.{self.run.seq}:{len(self.effects)}"

    # -- names -----------------------------------------------------------------------------------

    @property
    def scope(self) -> dict[str, Any]:
        """Names as conditions and texts see them: variables, then earlier outputs' fields, then the ticket's."""
        if self._scope is None:
            self._scope = scope_of(self.run, self.ticket, self.graph)
        return self._scope

    def recall(self, undoable: Undoable) -> None:
        """Until something changes, `steps.<id>` means what that visit gave, not the latest one."""
        names = scope_of(self.run, self.ticket, self.graph)
        names["steps"] = {**self.run.outputs, undoable.step_id: undoable.output}
        self._scope = names

    @property
    def circumstances(self) -> Circumstances:
        """What a who-expression is resolved against."""
        return Circumstances(facts=self._facts_now, owner_id=self.run.owner_id, names=lambda: self.scope, at=self.at)

    @property
    def _facts_now(self) -> Facts:
        if self.ticket is None and not self._counters:
            return self.facts
        return msgspec.structs.replace(
            self.facts, ticket=self.ticket, counters={**self.facts.counters, **self._counters}
        )

    @property
    def ticket_id(self) -> str | None:
        """The run's ticket."""
        return self.run.ticket_id

    @property
    def owner_id(self) -> str | None:
        """The run's owner."""
        return self.run.owner_id

    @cached_property
    def requester_id(self) -> str | None:
        """Whose request this is: the ticket's requester, else the owner."""
        found = requester_of(self.circumstances)
        return found.id if found else None

    def keep_answer(self, step_id: str, output: dict[str, Any]) -> None:
        """What somebody has answered at a step that is not over by that: the latest answer counts."""
        self.run.outputs[step_id] = output
        self._complete(step_id)
        self._scope = None

    # -- people ----------------------------------------------------------------------------------

    def find(self, who: Who, *, without: str | None = None) -> Audience:
        """Whom an expression means; with a strategy, the one person it picks, never the one to do `without`."""
        circumstances = self.circumstances
        found = audience(who, circumstances)
        if without is not None:
            found = Audience(tuple(u for u in found.user_ids if u != without), found.group_id)
        if who.strategy is None:
            return found
        chosen = pick(who.strategy, found, circumstances.facts, self.at)
        if chosen is None:
            return Audience()
        if chosen.counter is not None:
            name, _, value = chosen.counter
            self._counters[name] = value
            self.effects.append(CountUp(*chosen.counter))
        return Audience((chosen.user_id,))

    def responsible(self, activation: Activation, who: Who | None) -> Audience:
        """Whom a step is handed to: its own expression, else the ticket's assignee, its group, or the requester.

        Nobody is an incident, and the admins get the work.
        """
        written = [who] if who is not None else [Who(assignee=True), Who(field="ticket.group"), Who(requester=True)]
        for one in written:
            found = self.find(one)
            if found.user_ids:
                return found
        title = self.graph.nodes[activation.step_id].step.title
        self.incident("nobody_responsible", f"Nobody can be found to do “{title}”.", activation)
        return Audience(tuple(self.facts.directory.admins()))

    def offer(self, activation: Activation, kind: str, found: Audience) -> None:
        """Put the activation into inboxes and tell its people."""
        activation.assigned_to = found.user_ids[0] if len(found.user_ids) == 1 and not found.group_id else None
        activation.group_id = found.group_id
        activation.candidates = [] if found.group_id or activation.assigned_to else [*found.user_ids]
        self.offer_again(activation, kind)
        title = self.graph.nodes[activation.step_id].step.title
        self.notify_all(found, "work_offered", title, activation=activation)

    def offer_again(self, activation: Activation, kind: str, only: tuple[str, ...] | None = None) -> None:
        """Show the activation in the inboxes it belongs to now, or in those of `only`."""
        keys: tuple[str, ...]
        if only is not None:
            keys = only
        elif activation.claimed_by:
            keys = (activation.claimed_by,)
        elif activation.group_id:
            keys = (activation.group_id,)
        elif activation.candidates:
            keys = tuple(activation.candidates)
        else:
            keys = (activation.assigned_to,) if activation.assigned_to else ()
        self.effects.append(
            OfferWork(
                activation_id=activation.id,
                step_id=activation.step_id,
                kind=kind,
                title=self.graph.nodes[activation.step_id].step.title,
                opened_at=activation.started_at,
                audience=keys,
                assigned_to=activation.assigned_to,
                group_id=activation.group_id,
                claimed_by=activation.claimed_by,
                due_at=activation.due_at,
            )
        )

    def notify(
        self,
        user_ids: Sequence[str],
        kind: str,
        title: str,
        body: str = "",
        *,
        activation: Activation | None = None,
        group_id: str | None = None,
    ) -> None:
        """Tell people; nobody to tell is no effect."""
        if user_ids:
            self.effects.append(
                Notify(
                    user_ids=tuple(dict.fromkeys(user_ids)),
                    kind=kind,
                    title=title,
                    body=body,
                    activation_id=activation.id if activation else None,
                    group_id=group_id,
                )
            )

    def notify_all(self, found: Audience, kind: str, title: str, *, activation: Activation) -> None:
        """Tell a group as one, or each person of an audience that is none."""
        self.notify(found.user_ids, kind, title, activation=activation, group_id=found.group_id)

    def tell_again(self, activation: Activation) -> None:
        """Tell the activation's people that it is theirs to do once more."""
        named = activation.claimed_by or activation.assigned_to
        group = self.facts.directory.groups.get(activation.group_id or "") if named is None else None
        people = self.facts.directory.active_members(group) if group else [named] if named else activation.candidates
        found = Audience(tuple(people), group.id if group else None)
        self.notify_all(found, "work_offered", self.graph.nodes[activation.step_id].step.title, activation=activation)

    def may_act(self, activation: Activation, actor: Actor) -> str | None:
        """On whose behalf this actor may do the work: their own id, that of a person they stand in for, or None.

        Admins are not asked here: what they do to others' work is recorded as theirs.
        """
        if actor.user_id is None:
            return None
        if activation.claimed_by:
            entitled = {activation.claimed_by}
        else:
            entitled = set(activation.candidates)
            if activation.assigned_to:
                entitled.add(activation.assigned_to)
        directory = self.facts.directory
        if actor.user_id in entitled:
            return actor.user_id
        if not activation.claimed_by and directory.is_member(actor.user_id, activation.group_id):
            return actor.user_id
        for absent in sorted(directory.stands_in_for(actor.user_id, self.at)):
            if absent in entitled:
                return absent
            if not activation.claimed_by and directory.is_member(absent, activation.group_id):
                return absent
        return None

    def incident(self, code: str, message: str, activation: Activation | None = None) -> None:
        """Flag the run for a person's eye; the run itself goes on or waits as it would."""
        step_id = activation.step_id if activation else None
        self.effects.append(RaiseIncident(code=code, message=message, step_id=step_id))
        self.note("incident_raised", message, activation=activation, data={"code": code})

    def incident_at(self, step_id: str, code: str, message: str) -> None:
        """Flag the run for what has happened at a step it may not be at any more."""
        self.effects.append(RaiseIncident(code=code, message=message, step_id=step_id))
        self.note("incident_raised", message, step_id=step_id, data={"code": code})

    # -- time ------------------------------------------------------------------------------------

    def calendar(self, name: str | None) -> Calendar:
        """The tenant's calendar of that name (`default` is its standard hours); all hours when there is none."""
        return ALWAYS if name is None else self.facts.calendars.get(name, ALWAYS)

    def after(self, hours: float, calendar: str | None = None) -> datetime:
        """The instant so many hours from now, counted in a calendar's business time when one is named."""
        if calendar is None:
            return self.at + timedelta(hours=hours)
        return add(self.calendar(calendar), self.at, hours * 3600)

    def start_timer(
        self,
        activation: Activation,
        kind: str,
        due_at: datetime,
        *,
        calendar: str | None = None,
        fixed: bool = False,
    ) -> str:
        """Have `fire` called on this activation at an instant; returns the timer's id.

        `calendar` is the one whose business time the span was counted in; a `fixed` instant is not moved by a pause.
        """
        effect_id = self.effect_id()
        self.effects.append(StartTimer(id=effect_id, due_at=due_at, kind=kind, activation_id=activation.id))
        activation.timers[effect_id] = Timer(kind, due_at, calendar, fixed)
        return effect_id

    def move_work(self, activation: Activation) -> None:
        """Show the activation's deadline as it is now in the inboxes it is in."""
        node = self.graph.nodes[activation.step_id]
        if node.kind.waits_for_people and node.waits:
            self.effects.append(MoveWork(activation.id, activation.due_at, _audience_of(activation)))

    def _start_deadline(self, activation: Activation, step: Step) -> None:
        if step.timeout_hours is None:
            return
        activation.due_at = self.after(step.timeout_hours, step.calendar)
        self.start_timer(activation, "deadline", activation.due_at, calendar=step.calendar)

    # -- the desk and the outside ----------------------------------------------------------------

    def run_job(self, activation: Activation, queue: str, action: dict[str, Any], timeout_s: float) -> None:
        """Hand an outside action to the workers of a queue."""
        effect_id = self.effect_id()
        activation.job = effect_id
        activation.attempt = 1
        self.effects.append(
            RunJob(
                id=effect_id,
                queue=queue,
                action=action,
                due_at=self.at,
                activation_id=activation.id,
                timeout_s=timeout_s,
            )
        )

    def run_job_again(
        self,
        activation: Activation,
        queue: str,
        action: dict[str, Any],
        timeout_s: float,
        retry: Retry,
        report: ReportAction,
    ) -> None:
        """Have the action that was reported as failed tried again, under the same id, after the pause that is due."""
        delay_s = delay_before(retry, activation.attempt, report.job_id, report.retry_after_s)
        due_at = self.at + timedelta(seconds=delay_s)
        activation.attempt += 1
        activation.data["next_retry_at"] = due_at
        self.effects.append(
            RunJob(
                id=report.job_id,
                queue=queue,
                action=action,
                due_at=due_at,
                attempt=activation.attempt,
                activation_id=activation.id,
                timeout_s=timeout_s,
            )
        )
        title = self.graph.nodes[activation.step_id].step.title
        self.note(
            "action_retried",
            f"{title}: {report.error}; attempt {activation.attempt} in {delay_s:.0f} s",
            activation=activation,
            data={"attempt": activation.attempt, "delay_s": round(delay_s, 3)},
        )

    def change_ticket(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Write fields of the run's ticket now; returns what really changed, from → to."""
        assert self.ticket is not None
        changed = {k: [self.ticket.get(k), v] for k, v in changes.items() if self.ticket.get(k) != v}
        if changed:
            self.ticket.update({k: v[1] for k, v in changed.items()})
            self.effects.append(ChangeTicket(changes={k: v[1] for k, v in changed.items()}))
            self._scope = None
        return changed

    def set_variable(self, name: str, value: Any) -> None:
        """Give a variable of the run a new value."""
        if self.run.given is None:
            self.run.given = dict(self.run.variables)
        self._variables_changed = True
        self.run.variables[name] = value
        self._scope = None

    # -- the end ---------------------------------------------------------------------------------

    def result(self) -> Decision:
        """What it came to; the run's sequence numbers move on by the number of events."""
        tell_of_entries(self)
        assert self.events or not self.effects, "effects without an event would give their ids to the next decision"
        self.run.seq += len(self.events)
        self.run.decided_at = self.at
        return Decision(run=self.run, events=self.events, effects=self.effects, ticket=self.ticket)


def _audience_of(activation: Activation) -> tuple[str, ...]:
    named = (activation.claimed_by, activation.assigned_to, activation.group_id, *activation.candidates)
    return tuple(dict.fromkeys(name for name in named if name is not None))


_FRAME_KEYS = ("id", "position", "step_id", "type", "started_at", "timers", "stopped", "job", "status")


def _detail_of(activation: Activation) -> dict[str, Any]:
    detail: dict[str, Any] = msgspec.to_builtins(activation, builtin_types=(datetime,))
    for key in _FRAME_KEYS:
        detail.pop(key, None)
    return detail


def scope_of(run: Run, ticket: Mapping[str, Any] | None, graph: Graph) -> dict[str, Any]:
    """The names of a run: `steps.<id>.<field>`, `ticket.<attr>` and `variables.<name>` always work; a bare name is a
    variable, else an earlier form's field (the latest answer wins), else a ticket attribute."""
    names: dict[str, Any] = {}
    if ticket is not None:
        names.update(ticket)
        names.update({f"custom.{k}": v for k, v in (ticket.get("custom") or {}).items()})
    for step_id in run.completed:
        node = graph.nodes.get(step_id)
        if node is not None and node.kind.fields_are_names:
            names.update(run.outputs.get(step_id, {}))
    names.pop("outcome", None)
    names.update(run.variables)
    names["steps"] = run.outputs
    names["variables"] = run.variables
    names["ticket"] = ticket or {}
    names["run"] = {"id": run.id, "owner": run.owner_id, "template": run.template_name}
    return names
