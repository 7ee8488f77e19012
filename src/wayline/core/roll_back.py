"""Rolling a run back: it is what it was at a snapshot again, and rests there paused.

History goes on all the while. Sequence numbers are never used twice, visits that are withdrawn stay on record, and what
they had asked for finds nobody when it comes back. What was done outside is not undone by it; the preview says so.
"""

from __future__ import annotations

from wayline.core import commands
from wayline.core.compensation import left_behind
from wayline.core.decision import Deciding
from wayline.core.graph import Graph
from wayline.core.recovery import require_allowed, taken_reports
from wayline.core.refusals import Refusal, not_found
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
    run.closed = [deciding.at_rest(activation, snapshot.at) for activation in snapshot.open]
    run.variables, run.outputs = dict(snapshot.variables), dict(snapshot.outputs)
    run.latest, run.completed = dict(snapshot.latest), list(snapshot.completed)
    run.snapshot, run.chained = snapshot.number, snapshot.depth
    run.status, run.paused_at = "paused", deciding.at
    run.completed_at, run.failure, run.compensation = None, None, None
    deciding.note(
        "run_rolled_back",
        f"Taken back by {command.actor.name} to {_called(deciding.graph, snapshot)}",
        data={"snapshot": snapshot.number, "withdrawn": withdrawn},
    )


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
    node = graph.nodes.get(snapshot.completed[-1])
    return f"“{node.step.title if node else snapshot.completed[-1]}”"
