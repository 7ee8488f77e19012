"""What happened on a desk in a window of time, counted: for those who lead it.

A report about runs speaks of those *created* in the window, through `runs(tenant_id, created_at)` and the key of
`activations`, whatever became of them since; work people did is found by when they did it, through
`activations(completed_by, completed_at)`; what is open is read from the tables that hold open work alone. So no report
grows with the history before its window, and none needs an index that writing would pay for.

Percentiles are nearest-rank: the smallest value that at least so many of a hundred do not exceed. They are found by
ranking in the database, alike on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from itertools import groupby
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from wayline.core.run import WAITING_APPROVAL
from wayline.core.ticket import ENDED_STATUSES, STATUSES
from wayline.store.names import names_of
from wayline.store.tables import (
    EPOCH,
    activations,
    group_members,
    groups,
    runs,
    templates,
    tickets,
    users,
    work_items,
)

MAX_RUNS = 100_000
"""Visits are read of at most so many runs of a window, the newest; a report says when there were more."""
MAX_ROWS = 1_000
"""Templates, pairs of steps and hand-offs listed at most, the most frequent first."""
MAX_VARIANTS_KEPT = 10_000
"""Distinct ways through a template told apart at most; what comes beyond is counted as `others`."""
MAX_VARIANTS_SHOWN = 20
MAX_VARIANT_STEPS = 200
RUNS_A_PAGE = 500

OPEN_STATUSES = tuple(status for status in STATUSES if status not in ENDED_STATUSES)
_DAY = sa.literal_column(str(86_400_000_000), sa.BigInteger)  # not bound: SELECT and GROUP BY must say the same
_LATE = activations.c.due_at.is_not(None) & (
    (activations.c.status == "timed_out") | (activations.c.completed_at > activations.c.due_at)
)
_MET = activations.c.due_at.is_not(None) & (activations.c.status == "completed") & ~_LATE
_JUDGED = _MET | (_LATE & activations.c.status.in_(("completed", "timed_out", "failed")))
T = TypeVar("T")


class Window(msgspec.Struct, frozen=True):
    """From `start` on, up to but not including `end`."""

    start: datetime
    end: datetime

    @property
    def days(self) -> Iterator[date]:
        """Every day, by UTC, that is in it in part at least."""
        day = self.start.date()
        while datetime(day.year, day.month, day.day, tzinfo=UTC) < self.end:
            yield day
            day += timedelta(days=1)

    def holds(self, instant: sa.Column[Any]) -> sa.ColumnElement[bool]:
        """Whether an instant is in it."""
        return (instant >= self.start) & (instant < self.end)


class Day(msgspec.Struct):
    """One day, by UTC."""

    day: date
    tickets_opened: int = 0
    tickets_resolved: int = 0
    runs_started: int = 0


class OpenTickets(msgspec.Struct, frozen=True):
    """How many open tickets are alike."""

    status: str
    priority: str
    queue: str
    tickets: int


class Totals(msgspec.Struct, frozen=True):
    """The window in single numbers. `runs_…` are the runs created in it, by what they are now; times are seconds,
    None where nothing was measured. What is open is open at the time of reading."""

    tickets_opened: int
    tickets_resolved: int
    tickets_open: int
    resolution_time_p50_s: float | None
    resolution_time_p90_s: float | None
    runs_started: int
    runs_running: int
    runs_paused: int
    runs_completed: int
    runs_failed: int
    runs_cancelled: int
    cycle_time_p50_s: float | None
    cycle_time_p90_s: float | None
    work_open: int
    work_overdue: int


class Overview(msgspec.Struct, frozen=True):
    """The desk at a glance."""

    totals: Totals
    days: list[Day]
    open: list[OpenTickets]


class TemplateFigures(msgspec.Struct, frozen=True):
    """What became of a template's runs.

    Cycle time is that of completed runs, in seconds, from creation to completion. `rejection_rate` is the share of its
    decided approvals that were rejected. `sla` is the share `met` of `deadlines`: visits to steps that were done within
    their deadline, of those that were done or ran past it. None where there is nothing to divide by.
    """

    template_id: str
    name: str | None
    started: int
    running: int
    paused: int
    completed: int
    failed: int
    cancelled: int
    cycle_time_p50_s: float | None
    cycle_time_p90_s: float | None
    approvals: int
    rejected: int
    rejection_rate: float | None
    deadlines: int
    met: int
    sla: float | None
    open: int
    overdue: int


class StepFigures(msgspec.Struct):
    """How a step fares. `visits` are those that are over; waiting time is that of visits that ended with an outcome, in
    seconds, from when the run came to the step until it left. `timed_out` visits went past their deadline, whatever
    came then. `open` and `overdue` are people's work that waits there now, the oldest since `open_since`."""

    step_id: str
    type: str | None = None
    visits: int = 0
    waiting_time_p50_s: float | None = None
    waiting_time_p90_s: float | None = None
    timed_out: int = 0
    timed_out_share: float | None = None
    open: int = 0
    overdue: int = 0
    open_since: datetime | None = None
    outcomes: dict[str, int] = {}


class Pair(msgspec.Struct, frozen=True):
    """How often a step ended directly after another of its run, and the mean seconds between the two ends."""

    from_step: str
    to_step: str
    count: int
    mean_s: float


class Variant(msgspec.Struct):
    """One way through: the steps in the order in which they ended, cut at MAX_VARIANT_STEPS of `length`."""

    steps: tuple[str, ...]
    length: int
    runs: int = 0
    share: float = 0.0


class HandOff(msgspec.Struct, frozen=True):
    """How often a run's work went from one person to another."""

    from_id: str
    from_name: str | None
    to_id: str
    to_name: str | None
    count: int


class Flow(msgspec.Struct, frozen=True):
    """How runs went through a template.

    `pairs` and `hand_offs` are of every run, `variants` of runs that have ended: `ended` of them, `distinct` ways,
    `others` runs beyond those that were told apart.
    """

    pairs: list[Pair]
    ended: int
    distinct: int
    others: int
    variants: list[Variant]
    hand_offs_total: int
    hand_offs: list[HandOff]


class PersonFigures(msgspec.Struct):
    """What somebody did: steps completed (approvals they decided among them), how many past the deadline, and how often
    their work went on to another person or came from one."""

    user_id: str
    name: str
    active: bool
    done: int = 0
    approvals: int = 0
    late: int = 0
    handed_over: int = 0
    taken_over: int = 0


class GroupFigures(msgspec.Struct, frozen=True):
    """What the present members of a group did, in whatever group's name; a person of two groups counts in both."""

    group_id: str
    name: str
    members: int
    done: int
    approvals: int
    late: int


class People(msgspec.Struct, frozen=True):
    """Who did the work."""

    people: list[PersonFigures]
    groups: list[GroupFigures]
    hand_offs_total: int
    hand_offs: list[HandOff]


def read_as_one(connection: sa.Connection) -> None:
    """Have everything this connection reads be of the same instant; to be called before it reads."""
    if connection.dialect.name == "postgresql":  # SQLite's readers see one snapshot as it is
        connection.execution_options(isolation_level="REPEATABLE READ")


def count_runs(connection: sa.Connection, *, tenant_id: str, window: Window, template_id: str | None = None) -> int:
    """How many runs, of a template or of all, were created in the window."""
    query = sa.select(sa.func.count()).select_from(runs).where(*_created(tenant_id, window, template_id))
    return connection.execute(query).scalar_one()


# -- the desk at a glance --------------------------------------------------------------------------


def overview(connection: sa.Connection, *, tenant_id: str, window: Window, at: datetime) -> Overview:
    """The desk in the window; what is overdue is so at `at`."""
    opened = (tickets.c.tenant_id == tenant_id) & window.holds(tickets.c.created_at)
    # Resolved in the window is changed since its start, which there is an index for.
    resolved = (
        (tickets.c.tenant_id == tenant_id)
        & (tickets.c.updated_at >= window.start)
        & window.holds(tickets.c.resolved_at)
    )
    created = sa.and_(*_created(tenant_id, window))
    days = {day: Day(day) for day in window.days}
    for name, instant, which in (
        ("tickets_opened", tickets.c.created_at, opened),
        ("tickets_resolved", tickets.c.resolved_at, resolved),
        ("runs_started", runs.c.created_at, created),
    ):
        for day, count in _by_day(connection, instant, which):
            setattr(days[day], name, count)
    still_open = _open_tickets(connection, tenant_id)
    statuses = sa.select(runs.c.status, sa.func.count()).where(created).group_by(runs.c.status)
    by_status = {row[0]: row[1] for row in connection.execute(statuses)}
    completed = created & (runs.c.status == "completed")
    cycle = _percentiles_of_all(connection, _between(runs.c.created_at, runs.c.completed_at), completed)
    resolution = _percentiles_of_all(connection, _between(tickets.c.created_at, tickets.c.resolved_at), resolved)
    work = connection.execute(
        sa.select(sa.func.count(), sa.func.count().filter(work_items.c.due_at < at)).where(
            work_items.c.tenant_id == tenant_id
        )
    ).one()
    totals = Totals(
        tickets_opened=sum(d.tickets_opened for d in days.values()),
        tickets_resolved=sum(d.tickets_resolved for d in days.values()),
        tickets_open=sum(row.tickets for row in still_open),
        resolution_time_p50_s=resolution[0],
        resolution_time_p90_s=resolution[1],
        **{f"runs_{name}": count for name, count in _by_face(by_status).items()},
        cycle_time_p50_s=cycle[0],
        cycle_time_p90_s=cycle[1],
        work_open=work[0],
        work_overdue=work[1],
    )
    return Overview(totals=totals, days=list(days.values()), open=still_open)


def _by_day(
    connection: sa.Connection, instant: sa.Column[Any], which: sa.ColumnElement[bool]
) -> Iterator[tuple[date, int]]:
    day = _micros(instant) // _DAY
    for number, count in connection.execute(sa.select(day, sa.func.count()).where(which).group_by(day)):
        yield (EPOCH + timedelta(days=number)).date(), count


def _open_tickets(connection: sa.Connection, tenant_id: str) -> list[OpenTickets]:
    alike = (tickets.c.status, tickets.c.priority, tickets.c.queue)
    query = (
        sa.select(*alike, sa.func.count())
        .where(tickets.c.tenant_id == tenant_id, tickets.c.status.in_(OPEN_STATUSES))
        .group_by(*alike)
        .order_by(*alike)
    )
    return [OpenTickets(*row) for row in connection.execute(query)]


def _by_face(by_status: dict[str, int]) -> dict[str, int]:
    """Runs by the status the desk's own surface shows: one that is pending, or waits for approvals, there runs."""
    return {
        "started": sum(by_status.values()),
        "running": sum(by_status.get(status, 0) for status in ("pending", "running", WAITING_APPROVAL)),
        **{status: by_status.get(status, 0) for status in ("paused", "completed", "failed", "cancelled")},
    }


# -- templates and their steps ---------------------------------------------------------------------


def template_figures(
    connection: sa.Connection, *, tenant_id: str, window: Window, at: datetime, max_runs: int = MAX_RUNS
) -> list[TemplateFigures]:
    """Every template that had runs created in the window, the one with most of them first; at most MAX_ROWS."""
    created = _created(tenant_id, window)
    by_status: dict[str, dict[str, int]] = {}
    counted = sa.select(runs.c.template_id, runs.c.status, sa.func.count()).where(*created)
    for template_id, status, count in connection.execute(counted.group_by(runs.c.template_id, runs.c.status)):
        by_status.setdefault(template_id, {})[status] = count
    cycle = _percentiles(
        connection,
        sa.select(runs.c.template_id, _between(runs.c.created_at, runs.c.completed_at)).where(
            *created, runs.c.status == "completed"
        ),
    )
    visits = _visits_by_template(connection, tenant_id=tenant_id, window=window, max_runs=max_runs)
    waiting = _open_work(connection, work_items.c.template_id, tenant_id=tenant_id, at=at)
    most = sorted(by_status, key=lambda t: (-sum(by_status[t].values()), t))[:MAX_ROWS]
    known = sa.select(templates.c.id, templates.c.name).where(templates.c.tenant_id == tenant_id)
    names = {row[0]: row[1] for row in connection.execute(known)}
    found = []
    for template_id in most:
        approvals, rejected, deadlines, met = visits.get(template_id, (0, 0, 0, 0))
        p50, p90 = cycle.get(template_id, (None, None))
        still_open, overdue, _ = waiting.get(template_id, (0, 0, None))
        found.append(
            TemplateFigures(
                template_id=template_id,
                name=names.get(template_id),
                **_by_face(by_status[template_id]),
                cycle_time_p50_s=p50,
                cycle_time_p90_s=p90,
                approvals=approvals,
                rejected=rejected,
                rejection_rate=_share(rejected, approvals),
                deadlines=deadlines,
                met=met,
                sla=_share(met, deadlines),
                open=still_open,
                overdue=overdue,
            )
        )
    return found


def _visits_by_template(
    connection: sa.Connection, *, tenant_id: str, window: Window, max_runs: int
) -> dict[str, tuple[int, int, int, int]]:
    """(approvals decided, rejected, visits with a deadline that was met or not, met) by template."""
    cohort = _cohort(tenant_id, window, max_runs=max_runs)
    approval = activations.c.type == "approval"
    query = (
        sa.select(
            cohort.c.template_id,
            sa.func.count().filter(approval & activations.c.outcome.in_(("approved", "rejected"))),
            sa.func.count().filter(approval & (activations.c.outcome == "rejected")),
            sa.func.count().filter(_JUDGED),
            sa.func.count().filter(_MET),
        )
        .select_from(cohort.join(activations, activations.c.run_id == cohort.c.id))
        .where(activations.c.tenant_id == tenant_id)
        .group_by(cohort.c.template_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(query)}


def step_figures(
    connection: sa.Connection,
    *,
    tenant_id: str,
    template_id: str,
    window: Window,
    at: datetime,
    max_runs: int = MAX_RUNS,
) -> dict[str, StepFigures]:
    """Every step of the template that was visited by runs created in the window, or where work waits now, by id."""
    cohort = _cohort(tenant_id, window, template_id=template_id, max_runs=max_runs)
    visits = cohort.join(activations, activations.c.run_id == cohort.c.id)
    mine = activations.c.tenant_id == tenant_id
    kinds = (activations.c.step_id, activations.c.type, activations.c.outcome)
    query = (
        sa.select(*kinds, sa.func.count(), sa.func.count().filter(_LATE))
        .select_from(visits)
        .where(mine)
        .group_by(*kinds)
        .order_by(*kinds)
    )
    found: dict[str, StepFigures] = {}
    for step_id, kind, outcome, count, late in connection.execute(query):
        step = found.setdefault(step_id, StepFigures(step_id))
        step.type = kind
        step.visits += count
        step.timed_out += late
        if outcome is not None:
            step.outcomes = {**step.outcomes, outcome: count + step.outcomes.get(outcome, 0)}
    waited = (
        sa.select(activations.c.step_id, _between(activations.c.started_at, activations.c.completed_at))
        .select_from(visits)
        .where(mine, activations.c.outcome.is_not(None))
    )
    for step_id, (p50, p90) in _percentiles(connection, waited).items():
        found[step_id].waiting_time_p50_s, found[step_id].waiting_time_p90_s = p50, p90
    waiting = _open_work(connection, work_items.c.step_id, tenant_id=tenant_id, at=at, template_id=template_id)
    for step_id, (count, overdue, since) in waiting.items():
        step = found.setdefault(step_id, StepFigures(step_id))
        step.open, step.overdue, step.open_since = count, overdue, since
    for step in found.values():
        step.timed_out_share = _share(step.timed_out, step.visits)
    return found


def _open_work(
    connection: sa.Connection, by: sa.Column[Any], *, tenant_id: str, at: datetime, template_id: str | None = None
) -> dict[str, tuple[int, int, datetime | None]]:
    """(open work items, overdue ones at `at`, since when the oldest waits), by a column of theirs."""
    query = sa.select(
        by,
        sa.func.count(),
        sa.func.count().filter(work_items.c.due_at < at),
        sa.func.min(work_items.c.opened_at, type_=work_items.c.opened_at.type),
    ).where(work_items.c.tenant_id == tenant_id)
    if template_id is not None:
        query = query.where(work_items.c.template_id == template_id)
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query.group_by(by))}


# -- how runs flow ---------------------------------------------------------------------------------


def flow(
    connection: sa.Connection, *, tenant_id: str, template_id: str, window: Window, max_runs: int = MAX_RUNS
) -> Flow:
    """How the runs of a template that were created in the window went through it.

    Visits that ended without an outcome (their run was cancelled) are no part of it. Steps follow one another by when
    they ended.
    """
    cohort = _cohort(tenant_id, window, template_id=template_id, max_runs=max_runs)
    visits = (
        sa.select(
            activations.c.run_id,
            activations.c.position,
            activations.c.step_id,
            activations.c.completed_at,
            activations.c.completed_by,
        )
        .select_from(cohort.join(activations, activations.c.run_id == cohort.c.id))
        .where(activations.c.tenant_id == tenant_id, activations.c.outcome.is_not(None))
        .subquery()
    )
    ended = connection.execute(sa.select(cohort.c.id).where(cohort.c.completed_at.is_not(None))).scalars().all()
    variants = _Variants()
    for way in _ways(connection, tenant_id=tenant_id, run_ids=ended):
        variants.add(way)
    passed = _HandOffs(_passed_on(connection, visits))
    return Flow(
        pairs=_pairs(connection, visits),
        ended=variants.runs,
        distinct=len(variants.kept),
        others=variants.others,
        variants=variants.most_frequent(),
        hand_offs_total=passed.total,
        hand_offs=passed.named(connection, tenant_id),
    )


def _pairs(connection: sa.Connection, visits: sa.Subquery) -> list[Pair]:
    in_order = sa.select(
        visits.c.step_id.label("after"),
        visits.c.completed_at,
        _before(visits, visits.c.step_id).label("before"),
        _before(visits, visits.c.completed_at).label("before_at"),
    ).subquery()
    follows = sa.select(
        in_order.c.before, in_order.c.after, _between(in_order.c.before_at, in_order.c.completed_at).label("took")
    ).subquery()
    count = sa.func.count()
    query = (
        sa.select(follows.c.before, follows.c.after, count, sa.func.sum(follows.c.took))
        .where(follows.c.before.is_not(None))
        .group_by(follows.c.before, follows.c.after)
        .order_by(count.desc(), follows.c.before, follows.c.after)
        .limit(MAX_ROWS)
    )
    return [
        Pair(from_step=before, to_step=after, count=times, mean_s=_seconds(int(took) / times))
        for before, after, times, took in connection.execute(query)
    ]


def _ways(connection: sa.Connection, *, tenant_id: str, run_ids: Sequence[str]) -> Iterator[list[str]]:
    """The steps of each run that has any, in the order in which they ended; a page of runs in memory at a time."""
    for start in range(0, len(run_ids), RUNS_A_PAGE):
        query = (
            sa.select(activations.c.run_id, activations.c.step_id)
            .where(
                activations.c.run_id.in_(run_ids[start : start + RUNS_A_PAGE]),
                activations.c.tenant_id == tenant_id,
                activations.c.outcome.is_not(None),
            )
            .order_by(activations.c.run_id, activations.c.completed_at, activations.c.position)
        )
        for _, rows in groupby(connection.execute(query), key=lambda row: row[0]):
            yield [row[1] for row in rows]


class _Variants:
    """Counts ways through; its memory has an end however many runs there are."""

    def __init__(self) -> None:
        self.runs = 0
        self.others = 0
        self.kept: dict[bytes, Variant] = {}

    def add(self, way: list[str]) -> None:
        self.runs += 1
        digest = blake2b("\0".join(way).encode(), digest_size=16).digest()
        variant = self.kept.get(digest)
        if variant is None:
            if len(self.kept) == MAX_VARIANTS_KEPT:
                self.others += 1
                return
            variant = self.kept[digest] = Variant(tuple(way[:MAX_VARIANT_STEPS]), len(way))
        variant.runs += 1

    def most_frequent(self) -> list[Variant]:
        shown = sorted(self.kept.values(), key=lambda v: (-v.runs, v.steps))[:MAX_VARIANTS_SHOWN]
        for variant in shown:
            variant.share = _share(variant.runs, self.runs) or 0.0
        return shown


# -- who did the work ------------------------------------------------------------------------------


def people(connection: sa.Connection, *, tenant_id: str, window: Window) -> People:
    """The work people did in the window, whenever its run began; who did nothing is not listed."""
    mine = (
        (users.c.tenant_id == tenant_id)
        & (activations.c.tenant_id == tenant_id)
        & activations.c.completed_by.is_not(None)
        & window.holds(activations.c.completed_at)
    )
    visits = (
        sa.select(
            activations.c.run_id,
            activations.c.position,
            activations.c.completed_at,
            activations.c.completed_by,
            (activations.c.type == "approval").label("approval"),
            _LATE.label("late"),
        )
        .select_from(users.join(activations, activations.c.completed_by == users.c.id))
        .where(mine)
        .subquery()
    )
    # Read once, for the hand-offs and for the work alike: finding it by person is what takes the time.
    neighbours = sa.select(visits, _before(visits, visits.c.completed_by).label("before")).subquery()
    pair = (neighbours.c.before, neighbours.c.completed_by)
    count = sa.func.count()
    query = (
        sa.select(*pair, count, count.filter(neighbours.c.approval), count.filter(neighbours.c.late))
        .group_by(*pair)
        .order_by(count.desc(), *pair)
    )
    known = sa.select(users.c.id, users.c.name, users.c.active).where(users.c.tenant_id == tenant_id)
    everybody = {row[0]: PersonFigures(*row) for row in connection.execute(known)}
    passed = _HandOffs(_credited(connection.execute(query), everybody))
    found = {p.user_id: p for p in sorted(everybody.values(), key=lambda p: (-p.done, p.name, p.user_id)) if p.done}
    for user_id, person in found.items():
        person.handed_over = passed.over.get(user_id, 0)
        person.taken_over = passed.taken.get(user_id, 0)
    return People(
        people=list(found.values()),
        groups=_groups(connection, tenant_id, found),
        hand_offs_total=passed.total,
        hand_offs=passed.named(connection, tenant_id),
    )


def _credited(rows: Iterable[Any], people: dict[str, PersonFigures]) -> Iterator[tuple[str, str, int]]:
    """The hand-offs among (who before, who, how often, approvals, late); what was done is added to who did it."""
    for before, user_id, count, approvals, late in rows:
        person = people[user_id]
        person.done += count
        person.approvals += approvals
        person.late += late
        if before is not None and before != user_id:
            yield before, user_id, count


def _groups(connection: sa.Connection, tenant_id: str, done: dict[str, PersonFigures]) -> list[GroupFigures]:
    """Every group, the one whose members did most first."""
    query = (
        sa.select(groups.c.id, groups.c.name, group_members.c.user_id)
        .select_from(groups.outerjoin(group_members, group_members.c.group_id == groups.c.id))
        .where(groups.c.tenant_id == tenant_id)
        .order_by(groups.c.id)
    )
    found = []
    for (group_id, name), rows in groupby(connection.execute(query), key=lambda row: (row[0], row[1])):
        members = [row[2] for row in rows if row[2] is not None]
        theirs = [done[user_id] for user_id in members if user_id in done]
        found.append(
            GroupFigures(
                group_id=group_id,
                name=name,
                members=len(members),
                done=sum(p.done for p in theirs),
                approvals=sum(p.approvals for p in theirs),
                late=sum(p.late for p in theirs),
            )
        )
    return sorted(found, key=lambda g: (-g.done, g.name, g.group_id))


def _passed_on(connection: sa.Connection, visits: sa.Subquery) -> Iterator[tuple[str, str, int]]:
    """(from, to, how often) two different people did neighbouring work of a run, the most frequent first.

    What Wayline did itself in between (a condition, an action) hides no hand-off.
    """
    neighbours = (
        sa.select(_before(visits, visits.c.completed_by).label("before"), visits.c.completed_by.label("after"))
        .where(visits.c.completed_by.is_not(None))
        .subquery()
    )
    count = sa.func.count()
    query = (
        sa.select(neighbours.c.before, neighbours.c.after, count)
        .where(neighbours.c.before != neighbours.c.after)
        .group_by(neighbours.c.before, neighbours.c.after)
        .order_by(count.desc(), neighbours.c.before, neighbours.c.after)
    )
    for row in connection.execute(query):
        yield row[0], row[1], row[2]


class _HandOffs:
    """Hand-offs summed up by person, and the most frequent kept."""

    def __init__(self, passed_on: Iterable[tuple[str, str, int]]) -> None:
        self.total = 0
        self.over: dict[str, int] = {}
        self.taken: dict[str, int] = {}
        self._kept: list[tuple[str, str, int]] = []
        for before, after, count in passed_on:
            self.total += count
            self.over[before] = self.over.get(before, 0) + count
            self.taken[after] = self.taken.get(after, 0) + count
            if len(self._kept) < MAX_ROWS:
                self._kept.append((before, after, count))

    def named(self, connection: sa.Connection, tenant_id: str) -> list[HandOff]:
        ids = {user_id for before, after, _ in self._kept for user_id in (before, after)}
        names = names_of(connection, tenant_id=tenant_id, user_ids=ids)
        return [
            HandOff(from_id=before, from_name=names.get(before), to_id=after, to_name=names.get(after), count=count)
            for before, after, count in self._kept
        ]


# -- what they are made of -------------------------------------------------------------------------


def _created(tenant_id: str, window: Window, template_id: str | None = None) -> list[sa.ColumnElement[bool]]:
    conditions = [runs.c.tenant_id == tenant_id, window.holds(runs.c.created_at)]
    return conditions if template_id is None else [*conditions, runs.c.template_id == template_id]


def _cohort(tenant_id: str, window: Window, *, max_runs: int, template_id: str | None = None) -> sa.Subquery:
    """The newest runs created in the window, at most so many."""
    return (
        sa.select(runs.c.id, runs.c.template_id, runs.c.completed_at)
        .where(*_created(tenant_id, window, template_id))
        .order_by(runs.c.created_at.desc())
        .limit(max_runs)
        .subquery()
    )


def _before(visits: sa.Subquery, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """What a column says of the visit that ended last before this one, in the same run."""
    return sa.func.lag(column, type_=column.type).over(
        partition_by=visits.c.run_id, order_by=[visits.c.completed_at, visits.c.position]
    )


def _percentiles_of_all(
    connection: sa.Connection, value: sa.ColumnElement[int], which: sa.ColumnElement[bool]
) -> tuple[float | None, float | None]:
    everything = sa.literal_column("0", sa.Integer)
    return _percentiles(connection, sa.select(everything, value).where(which)).get(0, (None, None))


def _percentiles(
    connection: sa.Connection, measured: sa.Select[Any, int]
) -> dict[Any, tuple[float | None, float | None]]:
    """The 50th and 90th percentile in seconds, by key, of a selection of (key, microseconds)."""
    key, value = (column.label(name) for column, name in zip(measured.selected_columns, ("key", "value"), strict=True))
    plain = measured.with_only_columns(key, value).subquery()
    rank = sa.func.row_number().over(partition_by=plain.c.key, order_by=plain.c.value)
    of = sa.func.count().over(partition_by=plain.c.key)
    ranked = sa.select(plain, (rank * 100).label("rank"), of.label("of")).subquery()
    least = sa.func.min(ranked.c.value)
    query = sa.select(
        ranked.c.key,
        least.filter(ranked.c.rank >= ranked.c.of * 50),
        least.filter(ranked.c.rank >= ranked.c.of * 90),
    ).group_by(ranked.c.key)
    return {row[0]: (_seconds(row[1]), _seconds(row[2])) for row in connection.execute(query)}


def _micros(instant: Any) -> sa.ColumnElement[int]:
    return sa.type_coerce(instant, sa.BigInteger)


def _between(first: Any, last: Any) -> sa.ColumnElement[int]:
    """Microseconds from one instant to another."""
    return _micros(last) - _micros(first)


def _seconds(micros: float) -> float:
    return round(micros / 1e6, 3)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
