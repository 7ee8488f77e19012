"""A run as surface 000 shows it: an instance with a step instance for every step of its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wayline.core.graph import Graph, Node
from wayline.core.run import WAITING_APPROVAL, Activation, EndedVisit, Run
from wayline.store.runs import StoredVisit

_STATUS = {"pending": "running"}


def stored_as(status: str | None) -> tuple[str, ...]:
    """The stored statuses that this surface shows as one of its own; none for None."""
    if status == "running":
        return ("pending", "running", WAITING_APPROVAL)
    return () if status is None else (status,)


def needs_history(run: Run) -> bool:
    """Whether some step was visited more than once, so that the stored visits must be read to show them all."""
    return run.visits > len(run.latest) + len(run.open)


def instance(run: Run, graph: Graph, visits: Sequence[StoredVisit] | None = None) -> dict[str, Any]:
    """The instance; `visits` are all ended ones where `needs_history`, else the run itself has them."""
    steps = step_instances(run, graph, ended_visits(run, visits))
    finished = run.ended
    completed = len(graph.nodes) if finished else sum(1 for step_id in graph.nodes if step_id in run.completed)
    if run.status in ("failed", "cancelled"):
        completed = sum(1 for s in graph.nodes if s in run.completed)
    total = len(graph.nodes)
    return {
        "id": run.id,
        "template_id": run.template_id,
        "template_name": run.template_name,
        "template_version": run.template_version,
        "ticket_id": run.ticket_id,
        "status": _STATUS.get(run.status, run.status),
        "progress": {"completed": completed, "total": total, "percent": completed * 100 // total if total else 100},
        "current_steps": sorted(run.current_steps, key=lambda step_id: graph.nodes[step_id].position),
        "variables": run.variables,
        "failure": run.failure,
        "compensation": compensation_of(run),
        "owner_id": run.owner_id,
        "trigger_type": run.trigger_type,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "step_instances": steps,
    }


def ended_visits(run: Run, visits: Sequence[StoredVisit] | None) -> list[tuple[EndedVisit, Mapping[str, Any]]]:
    """Ended visits with what each gave: those that were read, or the latest to each step, which the run itself has."""
    if visits is not None:
        return [(v.visit, v.output) for v in visits]
    return [(v, output_of(run, v)) for v in run.latest.values()]


def output_of(run: Run, visit: EndedVisit) -> dict[str, Any]:
    """What the latest visit to a step gave, its outcome aside."""
    return {} if visit.outcome is None else without_outcome(run.outputs.get(visit.step_id, {}))


def given_by(run: Run) -> Any:
    """What a completed run gave: what each of its steps did, by the step's id, those that gave nothing left out. A run
    without steps gives what the signal that completed it brought. None until it has completed."""
    if run.status != "completed":
        return None
    if run.template_version == 0:
        return run.result
    given = {step_id: without_outcome(run.outputs.get(step_id, {})) for step_id in run.completed}
    return {step_id: output for step_id, output in given.items() if output}


def without_outcome(output: Mapping[str, Any]) -> dict[str, Any]:
    """A step's output as it was given: the run keeps the outcome beside it."""
    return {name: value for name, value in output.items() if name != "outcome"}


def step_instances(
    run: Run, graph: Graph, ended: Sequence[tuple[EndedVisit, Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Every step in template order: its visits in order, or one `pending` or `skipped` when it has had none."""
    shown = []
    for node, visit, output in visits_in_order(run, graph, ended):
        if isinstance(visit, EndedVisit):
            shown.append(_ended(visit, output, node))
        elif node is not None:
            shown.append(_unseen(node, unreached(run)) if visit is None else _open(visit, node, run))
    return shown


def visits_in_order(
    run: Run, graph: Graph, ended: Sequence[tuple[EndedVisit, Mapping[str, Any]]]
) -> Iterator[tuple[Node | None, Activation | EndedVisit | None, Mapping[str, Any]]]:
    """(step, visit, what it gave) in template order: a step's visits in order, or None when it has had none. Visits to
    steps that the version the run was moved to does not have come last, without their step."""
    by_step: dict[str, list[tuple[Activation | EndedVisit, Mapping[str, Any]]]] = {}
    for visit, output in sorted(ended, key=lambda e: e[0].position):
        by_step.setdefault(visit.step_id, []).append((visit, output))
    for activation in run.open:
        by_step.setdefault(activation.step_id, []).append((activation, {}))
    for step_id, node in graph.nodes.items():
        for found, output in by_step.pop(step_id, [(None, {})]):
            yield node, found, output
    for gone in by_step.values():
        for found, output in gone:
            yield None, found, output


def unreached(run: Run) -> str:
    """The status of a step the run has not come to, or never came to."""
    return "skipped" if run.ended else "pending"


def _unseen(node: Node, status: str) -> dict[str, Any]:
    return {
        "id": None,
        "step_id": node.step.id,
        "name": node.step.title,
        "type": node.step.type,
        "status": status,
        "outcome": None,
        "assigned_to": None,
        "assigned_group": None,
        "candidates": [],
        "claimed_by": None,
        "due_at": None,
        "overdue": False,
        "started_at": None,
        "completed_at": None,
        "completed_by": None,
        **node.shown,
    }


def _open(activation: Activation, node: Node, run: Run) -> dict[str, Any]:
    return {
        "id": activation.id,
        "step_id": node.step.id,
        "name": node.step.title,
        "type": node.step.type,
        "status": activation.status,
        "outcome": None,
        "assigned_to": activation.assigned_to,
        "assigned_group": activation.group_id,
        "candidates": activation.candidates,
        "claimed_by": activation.claimed_by,
        "due_at": activation.due_at,
        "overdue": activation.status == "timed_out",
        "started_at": activation.started_at,
        "completed_at": None,
        "completed_by": None,
        **node.shown,
        **node.kind.describe_open(node.step, activation),
    }


def _ended(visit: EndedVisit, output: Mapping[str, Any], node: Node | None) -> dict[str, Any]:
    detail = visit.detail
    shown = {
        "id": visit.id,
        "step_id": visit.step_id,
        "name": node.step.title if node else visit.step_id,
        "type": visit.type,
        "status": visit.status,
        "outcome": visit.outcome,
        "assigned_to": detail.get("assigned_to"),
        "assigned_group": detail.get("group_id"),
        "candidates": detail.get("candidates", []),
        "claimed_by": detail.get("claimed_by"),
        "due_at": detail.get("due_at"),
        "overdue": "late_s" in detail or visit.status == "timed_out",
        "started_at": visit.started_at,
        "completed_at": visit.completed_at,
        "completed_by": visit.completed_by,
        "output": output,
    }
    # A step that is of another type by now has nothing to say about this visit.
    if node is not None and node.step.type == visit.type:
        shown |= node.shown
    if "votes" in detail:
        shown["votes"] = [
            {**vote, "on_behalf_of": vote["voter"] if vote["voter"] != vote["by"] else None} for vote in detail["votes"]
        ]
    if "late_s" in detail:
        shown["late_s"] = detail["late_s"]
    if visit.type == "form" and visit.outcome == "submitted":
        shown["form_data"] = output
    if "error" in output:
        shown["error"] = output["error"]
    return shown


def compensation_of(run: Run) -> dict[str, Any] | None:
    """How far the undoing of a cancelled run is; None for one that undoes nothing."""
    done = run.compensation
    return None if done is None else {"state": done.state, "done": done.done, "total": done.total}
