"""Rolling a run back: it is what it was at a snapshot again, and rests there paused.

History goes on all the while. Sequence numbers are never used twice, visits that are withdrawn stay on record, and what
they had asked for finds nobody when it comes back. What was done outside is not undone by it; the preview says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.clocks import at_rest
from wayline.core.compensation import left_behind
from wayline.core.decision import Deciding
from wayline.core.graph import Graph
from wayline.core.recovery import require_allowed, taken_reports
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import Activation, EndedVisit, Run, Vote
from wayline.core.snapshot import Snapshot


def roll_back(deciding: Deciding, command: commands.RollBackRun) -> None:
    """The run is what it was at the snapshot, which the facts hold, and rests there paused.

    Signals that have come stay as they are, and so does what must be undone at a cancel: what happened outside has
    happened. Refuses a snapshot there is none of (404), and one at a step this version does not have.
    """
    run, snapshot = deciding.run, deciding.facts.snapshot
    require_allowed(run, "rollback")
    if snapshot is None:
        raise not_found("Snapshot")
    _require_steps(deciding.graph, snapshot)
    withdrawn = [activation.step_id for activation in run.open]
    run.epoch += 1
    deciding.leave_off()
    left_behind(deciding, taken_reports(run))
    run.redo, run.arrivals = [], list(snapshot.arrivals)
    run.closed = [at_rest(deciding, activation, snapshot.at) for activation in snapshot.open]
    run.variables = {**_defaults(deciding.graph), **snapshot.variables}
    run.outputs = dict(snapshot.outputs)
    run.latest, run.completed = dict(snapshot.latest), list(snapshot.completed)
    run.snapshot, run.chained = snapshot.number, snapshot.depth
    run.status, run.paused_at = "paused", deciding.at
    run.completed_at, run.failure, run.compensation, run.result = None, None, None, None
    deciding.note(
        "run_rolled_back",
        f"Taken back by {command.actor.name} to {_called(deciding.graph, snapshot)}",
        data={"snapshot": snapshot.number, "withdrawn": withdrawn},
    )


def _defaults(graph: Graph) -> dict[str, Any]:
    """What the version declares values for: a snapshot from before the run was moved to it has none of them."""
    declared = graph.template.head.variables
    return {name: variable.default for name, variable in declared.items() if variable.default is not None}


def _require_steps(graph: Graph, snapshot: Snapshot) -> None:
    steps = [*(activation.step_id for activation in snapshot.open), *snapshot.arrivals]
    gone = [step_id for step_id in steps if step_id not in graph.nodes]
    if gone:
        raise Refusal(
            "conflict",
            f"The run's version has no step {', '.join(gone)}, where it was at that snapshot.",
            code="step_gone",
            details={"steps": gone},
        )


def _called(graph: Graph, snapshot: Snapshot) -> str:
    if not snapshot.completed:
        return "its start"
    return f"“{_title(graph, snapshot.completed[-1])}”"


# -- the preview -----------------------------------------------------------------------------------


class WithdrawnVisit(msgspec.Struct, frozen=True):
    """An open visit that would end; `is_work` when it stands in inboxes."""

    id: str
    step_id: str
    name: str
    is_work: bool


class WithdrawnVote(msgspec.Struct, frozen=True):
    """A vote that would no longer count."""

    step_id: str
    voter: str
    decision: str
    at: datetime


class Forgotten(msgspec.Struct, frozen=True):
    """What a completed step gave, and would be as if it had never been; `fields` are the names of it."""

    step_id: str
    name: str
    outcome: str | None
    completed_at: datetime
    completed_by: str | None
    fields: tuple[str, ...]


class Lasting(msgspec.Struct, frozen=True):
    """Something that was done and stays done. `at` None: it is being done now; `compensate`: the template says how it
    is undone, which a cancel would do and a roll back does not."""

    step_id: str
    name: str
    what: str
    at: datetime | None
    compensate: bool = False


class RollBackPreview(msgspec.Struct, frozen=True):
    """What taking a run back would come to. It would go on from `goes_on_at`, once it is resumed."""

    snapshot: int
    at: datetime
    goes_on_at: tuple[str, ...]
    withdrawn: tuple[WithdrawnVisit, ...]
    votes: tuple[WithdrawnVote, ...]
    forgotten: tuple[Forgotten, ...]
    cannot_be_undone: tuple[Lasting, ...]


def preview_roll_back(
    graph: Graph, run: Run, snapshot: Snapshot, later: Sequence[tuple[EndedVisit, Mapping[str, Any]]]
) -> RollBackPreview:
    """What rolling the run back to the snapshot would come to; `later` are the visits that have ended since, with what
    they gave. Raises the refusals that rolling back would meet."""
    require_allowed(run, "rollback")
    _require_steps(graph, snapshot)
    since = sorted(later, key=lambda one: one[0].position)
    return RollBackPreview(
        snapshot=snapshot.number,
        at=snapshot.at,
        goes_on_at=(*(activation.step_id for activation in snapshot.open), *snapshot.arrivals),
        withdrawn=tuple(_withdrawn(graph, activation) for activation in run.open),
        votes=tuple(_votes(run, snapshot, since)),
        forgotten=tuple(_forgotten(graph, visit, output) for visit, output in since if visit.outcome is not None),
        cannot_be_undone=tuple(_lasting(graph, run, snapshot, since)),
    )


def _withdrawn(graph: Graph, activation: Activation) -> WithdrawnVisit:
    node = graph.nodes[activation.step_id]
    return WithdrawnVisit(activation.id, activation.step_id, node.step.title, node.kind.waits_for_people)


def _votes(
    run: Run, snapshot: Snapshot, since: Sequence[tuple[EndedVisit, Mapping[str, Any]]]
) -> Iterator[WithdrawnVote]:
    kept = {(a.id, vote.voter) for a in snapshot.open for vote in a.votes}
    cast = [(v.id, v.step_id, msgspec.convert(v.detail.get("votes", []), list[Vote])) for v, _ in since]
    cast += [(activation.id, activation.step_id, activation.votes) for activation in run.open]
    for visit_id, step_id, votes in cast:
        for vote in votes:
            if (visit_id, vote.voter) not in kept:
                yield WithdrawnVote(step_id, vote.voter, vote.decision, vote.at)


def _forgotten(graph: Graph, visit: EndedVisit, output: Mapping[str, Any]) -> Forgotten:
    return Forgotten(
        visit.step_id,
        _title(graph, visit.step_id),
        visit.outcome,
        visit.completed_at,
        visit.completed_by,
        tuple(output),
    )


def _lasting(
    graph: Graph, run: Run, snapshot: Snapshot, since: Sequence[tuple[EndedVisit, Mapping[str, Any]]]
) -> Iterator[Lasting]:
    for visit, output in since:
        node = graph.nodes.get(visit.step_id)
        if node is None or node.step.type != visit.type:
            continue
        what = node.kind.lasting(node.step, output) if visit.status == "completed" else None
        if what is not None:
            compensate = node.compensate is not None
            yield Lasting(visit.step_id, node.step.title, what, visit.completed_at, compensate)
        if node.kind.waits_for_people and node.waits and visit.started_at >= snapshot.at:
            yield Lasting(visit.step_id, node.step.title, "People were told that it waits for them.", visit.started_at)
    for activation in run.open:
        node = graph.nodes[activation.step_id]
        if activation.job is not None:
            what = "The action is under way and may have its effect all the same."
            yield Lasting(activation.step_id, node.step.title, what, None, node.compensate is not None)
        if node.kind.waits_for_people and activation.started_at >= snapshot.at:
            what = "People were told that it waits for them."
            yield Lasting(activation.step_id, node.step.title, what, activation.started_at)


def _title(graph: Graph, step_id: str) -> str:
    node = graph.nodes.get(step_id)
    return node.step.title if node is not None else step_id
