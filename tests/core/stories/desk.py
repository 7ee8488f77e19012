"""A small desk to tell stories of: commands in, events out, nothing else.

Ana asks, Max is her manager; Bo, Cy and Dee are the service desk, Dee leads it; Eve is at another group; Root is the
admin. Every decision of every story is also held to the core's general promises: see `Story._decide`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import yaml

from wayline.core import commands
from wayline.core.business_time import Calendar, calendar_from
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.commands import Command
from wayline.core.decide import decide, new_run
from wayline.core.decision import Decision
from wayline.core.effects import (
    CancelJob,
    CancelTimer,
    ChangeTicket,
    CommentTicket,
    CountUp,
    Effect,
    FreeJob,
    HoldJob,
    MoveWork,
    Notify,
    OfferWork,
    RaiseIncident,
    RecordVisit,
    RunJob,
    Send,
    StartTimer,
    WithdrawWork,
)
from wayline.core.events import Event
from wayline.core.facts import Absence, Actor, Directory, Facts, Group, Person
from wayline.core.graph import Graph, build
from wayline.core.inbox.state import Dispatch
from wayline.core.refusals import Refusal
from wayline.core.run import Activation, EndedVisit, Run, decode, encode
from wayline.core.snapshot import Delta, Link, Snapshot, snapshot_from, start_of

TENANT = "0b6c8f8e-0000-4000-8000-000000000001"
RUN = "0b6c8f8e-0000-4000-8000-000000000002"
MONDAY_NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)

ANA = Actor(user_id="ana", role="requester", name="Ana")
BO = Actor(user_id="bo", role="agent", name="Bo")
CY = Actor(user_id="cy", role="agent", name="Cy")
DEE = Actor(user_id="dee", role="agent", name="Dee")
EVE = Actor(user_id="eve", role="agent", name="Eve")
MAX = Actor(user_id="max", role="manager", name="Max")
ROOT = Actor(user_id="root", role="admin", name="Root")
EVERYBODY = (ANA, BO, CY, DEE, EVE, MAX, ROOT)

GROUPS = (
    Group(id="g-desk", slug="service-desk", name="Service desk", members=("bo", "cy", "dee"), leads=("dee",)),
    Group(id="g-net", slug="network", name="Network", members=("eve",)),
    Group(id="g-board", slug="board", name="Board", members=("bo", "cy", "dee", "eve", "max")),
    Group(id="g-staff", slug="staff", name="Staff", members=("ana", "bo", "cy")),
    Group(id="g-empty", slug="empty", name="Nobody yet"),
)
OFFICE_HOURS = calendar_from(
    CalendarDefinition.model_validate({"name": "office-hours", "mode": "simple", "timezone": "UTC"})
)
CALENDARS: Mapping[str, Calendar] = {"default": OFFICE_HOURS, "office-hours": OFFICE_HOURS}
TICKET: dict[str, Any] = {
    "id": "t1",
    "number": "REQ-000001",
    "type": "service_request",
    "title": "A new laptop",
    "status": "open",
    "priority": "P3",
    "queue": "Inbox",
    "requester": "ana",
    "group": "g-desk",
    "assignee": None,
    "tags": [],
    "custom": {},
}


def people(*, labels: Mapping[Actor, tuple[str, ...]] | None = None, inactive: Sequence[Actor] = ()) -> list[Person]:
    """Everybody, with labels where a story needs them; the inactive have left."""
    return [
        Person(
            id=one.user_id or "",
            email=f"{one.user_id}@desk.test",
            name=one.name,
            role=one.role,
            manager_id="max" if one == ANA else None,
            labels=(labels or {}).get(one, ()),
            active=one not in inactive,
        )
        for one in EVERYBODY
    ]


def away(who: Actor, substitute: Actor | None = None, *, days: float = 7) -> Absence:
    """From the story's first Monday on, the person is away, and the substitute stands in."""
    return Absence(
        user_id=who.user_id or "",
        start=MONDAY_NINE - timedelta(days=1),
        end=MONDAY_NINE + timedelta(days=days),
        substitute_id=substitute.user_id if substitute else None,
    )


# -- what people ask -------------------------------------------------------------------------------


def submits(who: Actor, step: str, **fields: Any) -> Command:
    return completes(who, step, form_data=fields)


def approves(who: Actor, step: str, **said: Any) -> Command:
    return completes(who, step, decision="approve", **said)


def rejects(who: Actor, step: str, **said: Any) -> Command:
    return completes(who, step, decision="reject", **said)


def chooses(who: Actor, step: str, option: Any) -> Command:
    return completes(who, step, option=option)


def completes(who: Actor, step: str, **answer: Any) -> Command:
    return commands.CompleteStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step, answer=answer)


def overrides(who: Actor, step: str, decision: str, reason: str = "urgent") -> Command:
    return commands.OverrideStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step, decision=decision, reason=reason)


def skips(who: Actor, step: str, outcome: str, reason: str = "stuck") -> Command:
    return commands.SkipStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step, outcome=outcome, reason=reason)


def reassigns(who: Actor, step: str, **to: Any) -> Command:
    return commands.ReassignStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step, to=to)


def claims(who: Actor, step: str) -> Command:
    return commands.ClaimStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step)


def releases(who: Actor, step: str) -> Command:
    return commands.ReleaseStep(tenant_id=TENANT, run_id=RUN, actor=who, step=step)


def cancels(who: Actor, reason: str = "") -> Command:
    return commands.CancelRun(tenant_id=TENANT, run_id=RUN, actor=who, reason=reason)


def pauses(who: Actor, reason: str = "") -> Command:
    return commands.PauseRun(tenant_id=TENANT, run_id=RUN, actor=who, reason=reason)


def resumes(who: Actor) -> Command:
    return commands.ResumeRun(tenant_id=TENANT, run_id=RUN, actor=who)


def retries(who: Actor) -> Command:
    return commands.RetryRun(tenant_id=TENANT, run_id=RUN, actor=who)


def rolls_back(who: Actor, snapshot: int) -> Command:
    return commands.RollBackRun(tenant_id=TENANT, run_id=RUN, actor=who, snapshot=snapshot)


def signals(name: str, payload: Any = None, who: Actor = BO) -> Command:
    return commands.SendSignal(tenant_id=TENANT, run_id=RUN, actor=who, name=name, payload=payload)


def fires(timer: StartTimer) -> Command:
    return commands.FireTimer(
        tenant_id=TENANT, run_id=RUN, timer_id=timer.id, kind=timer.kind, activation_id=timer.activation_id
    )


def reports(job: RunJob, **outcome: Any) -> Command:
    return commands.ReportAction(
        tenant_id=TENANT, run_id=RUN, job_id=job.id, activation_id=job.activation_id, **outcome
    )


# -- the story -------------------------------------------------------------------------------------


class Tables:
    """What effects leave behind, kept naively: work items, timers and jobs as a store would have them."""

    def __init__(self) -> None:
        self.inbox: dict[str, OfferWork] = {}
        self.timers: dict[str, StartTimer] = {}
        self.jobs: dict[str, RunJob] = {}
        self.held_jobs: set[str] = set()
        self.counters: dict[str, int] = {}
        self.visits: list[EndedVisit] = []
        self.outputs: list[dict[str, Any]] = []
        self.snapshots: dict[int, Link] = {}
        self.effect_ids: set[str] = set()

    def apply(self, effect: Effect) -> None:
        """Write one effect; a new timer, job or sending never has an id that was used before."""
        if isinstance(effect, StartTimer | Send) or (isinstance(effect, RunJob) and effect.attempt == 1):
            assert effect.id not in self.effect_ids, f"{effect.id} was used before"
            self.effect_ids.add(effect.id)
        match effect:
            case OfferWork():
                self.inbox[effect.activation_id] = effect
            case WithdrawWork():
                self.inbox.pop(effect.activation_id, None)
            case StartTimer():
                self.timers[effect.id] = effect
            case CancelTimer():
                self.timers.pop(effect.id, None)
            case RunJob():
                self.jobs[effect.id] = effect
                self.held_jobs.discard(effect.id)
            case CancelJob():
                self.jobs.pop(effect.id, None)
                self.held_jobs.discard(effect.id)
            case HoldJob():
                self.held_jobs.add(effect.id)
            case FreeJob():
                assert effect.id in self.jobs, "a job that is freed is still there"
                self.held_jobs.discard(effect.id)
                self.jobs[effect.id] = msgspec.structs.replace(self.jobs[effect.id], due_at=effect.due_at)
            case MoveWork():
                item = self.inbox[effect.activation_id]
                self.inbox[effect.activation_id] = msgspec.structs.replace(item, due_at=effect.due_at)
            case CountUp():
                assert self.counters.get(effect.name, 0) == effect.seen
                self.counters[effect.name] = effect.value
            case RecordVisit():
                self.visits.append(effect.visit)
                self.outputs.append(effect.output)
                if effect.delta is not None:
                    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(effect.delta), type=Delta)
                    self.snapshots[effect.visit.position + 1] = Link(effect.visit, effect.output, stored)
            case _:
                pass

    def snapshot(self, number: int, start: Snapshot) -> Snapshot | None:
        """The snapshot of that number, read back through those it builds on to a whole one."""
        chain: list[Link] = []
        at = number
        while at != 0:
            if at not in self.snapshots:
                return None
            chain.append(self.snapshots[at])
            at = 0 if chain[-1].delta.whole is not None else chain[-1].parent
        return snapshot_from(chain[::-1], start) if chain else start


class Story:
    """One run, told command by command. Times move only by `later`."""

    def __init__(
        self,
        template: str,
        *,
        absences: Sequence[Absence] = (),
        known: Sequence[Person] | None = None,
        open_work: Mapping[str, int] | None = None,
    ) -> None:
        self.graph: Graph = build({"name": "A story", **yaml.safe_load(template)})
        self.directory = Directory(people=people() if known is None else known, groups=GROUPS, absences=absences)
        self.open_work = dict(open_work or {})
        self.at = MONDAY_NINE
        self.ticket: dict[str, Any] | None = None
        self.tables = Tables()
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.last: Decision | None = None
        self.run: Run

    def starts(
        self,
        *,
        ticket: dict[str, Any] | None = None,
        owner: Actor | None = None,
        source: Actor | None = None,
        dispatch: Dispatch | None = None,
        **variables: Any,
    ) -> Story:
        """The run begins: on Ana's ticket unless another, or none at all (`ticket={}`), is given."""
        self.ticket = copy.deepcopy({**TICKET, **ticket} if ticket else TICKET) if ticket != {} else None
        command = commands.StartRun(
            tenant_id=TENANT,
            run_id=RUN,
            template_id="0b6c8f8e-0000-4000-8000-000000000003",
            ticket_id="t1" if self.ticket else None,
            variables=variables,
            source_id=source.user_id if source else None,
            dispatch=dispatch,
        )
        owner_id = owner.user_id if owner else None
        self.run = new_run(self.graph, command, version=1, at=self.at, owner_id=owner_id)
        return self.when(command)

    def when(self, *asked: Command) -> Story:
        """The commands are decided one after the other, and what they come to is kept."""
        for command in asked:
            self._keep(self._decide(command))
        return self

    def refuses(self, command: Command) -> Refusal:
        """The refusal the command meets; a command that is let through fails the story."""
        try:
            self._decide(command)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{command} was not refused")

    def later(self, *, hours: float = 0, days: float = 0) -> Story:
        """Time passes; timers that come due on the way fire at their instant, in order."""
        until = self.at + timedelta(hours=hours, days=days)
        while due := [t for t in self.tables.timers.values() if t.due_at <= until]:
            timer = min(due, key=lambda t: (t.due_at, t.id))
            self.at = max(self.at, timer.due_at)
            del self.tables.timers[timer.id]
            self.when(fires(timer))
        self.at = until
        return self

    def reported(self, **outcome: Any) -> Story:
        """The one job there is ends: `output=…`, or `error=…` with `permanent` or `retry_after_s`."""
        job = self.job
        del self.tables.jobs[job.id]
        return self.when(reports(job, **outcome))

    def _decide(self, command: Command) -> Decision:
        """Decide, and hold the core to what it promises of every decision: the same inputs give the same decision,
        no input is changed, not even on a refusal, and the run survives being stored."""
        facts = Facts(
            directory=self.directory,
            ticket=self.ticket,
            calendars=CALENDARS,
            counters=dict(self.tables.counters),
            open_work=self.open_work,
            snapshot=self.snapshot(command.snapshot) if isinstance(command, commands.RollBackRun) else None,
        )
        run, given = copy.deepcopy(self.run), copy.deepcopy((command, self.ticket, self.tables.counters))
        try:
            decision = decide(self.graph, self.run, command, facts, self.at)
            assert decide(self.graph, self.run, command, facts, self.at) == decision
        finally:
            assert self.run == run
            assert (command, self.ticket, self.tables.counters) == given
        assert decode(encode(decision.run)) == decision.run
        assert decision.run.seq == run.seq + len(decision.events)
        assert decision.events
        return decision

    def snapshot(self, number: int) -> Snapshot | None:
        """The run's snapshot of that number; 0 is its start."""
        return self.tables.snapshot(number, start_of(self.run, self.graph.start))

    def _keep(self, decision: Decision) -> None:
        self.run, self.last = decision.run, decision
        self.ticket = dict(decision.ticket) if decision.ticket is not None else None
        self.events += decision.events
        self.effects += decision.effects
        for effect in decision.effects:
            self.tables.apply(effect)

    # -- what became of it -------------------------------------------------------------------------

    @property
    def status(self) -> str:
        return self.run.status

    @property
    def resting_at(self) -> list[str]:
        """The steps the run waits at."""
        return [a.step_id for a in self.run.open]

    @property
    def path(self) -> list[tuple[str, str | None]]:
        """Every ended visit: the step and its outcome."""
        return [(v.step_id, v.outcome) for v in self.tables.visits]

    @property
    def job(self) -> RunJob:
        """The one job that is waiting."""
        (job,) = self.tables.jobs.values()
        return job

    def step(self, step_id: str) -> Activation:
        """The one live visit to a step."""
        (found,) = [a for a in self.run.open if a.step_id == step_id]
        return found

    def visit(self, step_id: str) -> EndedVisit:
        """The latest ended visit to a step."""
        return [v for v in self.tables.visits if v.step_id == step_id][-1]

    def offered(self, step_id: str) -> tuple[str, ...]:
        """Whose inboxes hold the step now."""
        found = [item for item in self.tables.inbox.values() if item.step_id == step_id]
        return found[0].audience if found else ()

    def said(self, event: str) -> list[Event]:
        """Every event of that name, in order."""
        return [e for e in self.events if e.event == event]

    def told(self, kind: str) -> list[tuple[str, ...]]:
        """Whom each notification of that kind went to, in order."""
        return [e.user_ids for e in self.effects if isinstance(e, Notify) and e.kind == kind]

    @property
    def incidents(self) -> list[str]:
        """The codes of the incidents raised."""
        return [e.code for e in self.effects if isinstance(e, RaiseIncident)]

    @property
    def comments(self) -> list[str]:
        return [e.text for e in self.effects if isinstance(e, CommentTicket)]

    @property
    def ticket_changes(self) -> list[dict[str, Any]]:
        return [e.changes for e in self.effects if isinstance(e, ChangeTicket)]


def issues(refusal: Refusal) -> dict[str, str]:
    """Where → which code, of a refusal for bad input."""
    assert refusal.kind == "invalid"
    return {issue.path: issue.code for issue in refusal.issues}


def as_data(value: Any) -> Any:
    """A value as plain data, to compare or to read."""
    return msgspec.to_builtins(value, builtin_types=(datetime,))
