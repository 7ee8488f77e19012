"""A run as surface 002 shows it: its steps, the approvals among them, and what drives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from wayline.api.instance_view import (
    compensation_of,
    ended_visits,
    given_by,
    unreached,
    visits_in_order,
    without_outcome,
)
from wayline.core.graph import Graph, Node
from wayline.core.recovery import runner_of
from wayline.core.run import Activation, EndedVisit, Run
from wayline.core.snapshot import Snapshot
from wayline.store.incidents import StoredIncident
from wayline.store.runs import StoredVisit
from wayline.store.snapshots import SnapshotHead
from wayline.store.timeline import TimelineEvent


class Beside(msgspec.Struct, frozen=True):
    """What is shown of a run that its own value does not hold.

    `visits` are the ended ones read from the store, None meaning that the latest to each step will do; `callback_urls`
    by activation; `at` is now.
    """

    at: datetime
    incident: StoredIncident | None = None
    visits: Sequence[StoredVisit] | None = None
    callback_urls: Mapping[str, str] = {}


def run_shown(run: Run, graph: Graph, beside: Beside) -> dict[str, Any]:
    """The run without its events."""
    visits = list(visits_in_order(run, graph, ended_visits(run, beside.visits)))
    return {
        "id": run.id,
        "status": run.standing,
        "template": {"id": run.template_id, "name": run.template_name, "version": run.template_version},
        "trigger_type": run.trigger_type,
        "input": run.input,
        "output": given_by(run),
        "owner": run.owner_id,
        "ticket_id": run.ticket_id,
        "current_steps": sorted(run.current_steps, key=lambda step_id: graph.nodes[step_id].position),
        "steps": [_step(node, visit, output, run, beside) for node, visit, output in visits],
        "approvals": [
            _approval(node, visit, output) for node, visit, output in visits if visit and visit.type == "approval"
        ],
        "failure": run.failure,
        "compensation": compensation_of(run),
        "runner": runner_of(run),
        "incident": _incident(beside.incident),
        "created_at": run.created_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
    }


def event_shown(event: TimelineEvent) -> dict[str, Any]:
    """One event of the timeline; `actor` is the person's id, None for the system."""
    return {
        "seq": event.seq,
        "event": event.event,
        "at": event.at,
        "step_id": event.step_id,
        "actor": event.actor,
        "detail": event.detail,
        "data": event.data,
    }


def _step(
    node: Node | None,
    visit: Activation | EndedVisit | None,
    output: Mapping[str, Any],
    run: Run,
    beside: Beside,
) -> dict[str, Any]:
    """A step in one visit, or not reached."""
    shown = {
        "id": None,
        "step_id": node.step.id if node else None,
        "name": node.step.title if node else None,
        "type": node.step.type if node else None,
        "status": unreached(run),
        "attempt": 0,
        "max_attempts": node.shown.get("max_attempts", 1) if node else 1,
        "next_retry_at": None,
        "started_at": None,
        "completed_at": None,
        "output": None,
        "error": None,
    }
    if visit is not None:
        shown |= {
            "id": visit.id,
            "step_id": visit.step_id,
            "name": node.step.title if node else visit.step_id,
            "type": visit.type,
            "status": visit.status,
            "started_at": visit.started_at,
        }
    if isinstance(visit, Activation):
        shown |= {"attempt": visit.attempt or 1, "next_retry_at": _next_retry(visit, beside.at)}
        if visit.id in beside.callback_urls:
            shown["callback_url"] = beside.callback_urls[visit.id]
    elif visit is not None:
        shown |= {
            "attempt": visit.detail.get("attempt") or 1,
            "completed_at": visit.completed_at,
            "output": None if visit.outcome is None else output,
            "error": output.get("error") if visit.status == "failed" else None,
        }
    return shown


def _next_retry(activation: Activation, at: datetime) -> datetime | None:
    """When the step's action is tried again; None while it is being tried."""
    next_at: datetime | None = activation.data.get("next_retry_at")
    return next_at if next_at is not None and next_at > at else None


def _approval(node: Node | None, visit: Activation | EndedVisit, output: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(visit, Activation):
        approvers, due_at = visit.candidates, visit.due_at
    else:
        approvers, due_at = visit.detail.get("candidates", []), visit.detail.get("due_at")
    return {
        "id": visit.id,
        "step_id": visit.step_id,
        "status": _approval_status(visit),
        "approvers": approvers,
        "rule": node.shown.get("rule") if node else None,
        "votes": [_vote(vote) for vote in votes_of(visit)],
        "overridden": bool(output.get("overridden")),
        "due_at": due_at,
    }


def _approval_status(visit: Activation | EndedVisit) -> str:
    """`cancelled` is every end without a decision: withdrawn with its run, overtaken by its deadline."""
    if isinstance(visit, Activation):
        return "pending"
    return visit.outcome if visit.outcome in ("approved", "rejected") else "cancelled"


def votes_of(visit: Activation | EndedVisit) -> list[dict[str, Any]]:
    """The votes of a visit to an approval: {by, voter, decision, comment, at}."""
    if isinstance(visit, Activation):
        return [{f: getattr(vote, f) for f in vote.__struct_fields__} for vote in visit.votes]
    return list(visit.detail.get("votes", []))


def _vote(vote: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "by": vote["by"],
        "on_behalf_of": vote["voter"] if vote["voter"] != vote["by"] else None,
        "decision": vote["decision"],
        "comment": vote["comment"],
        "at": vote["at"],
    }


def snapshot_head_shown(head: SnapshotHead, graph: Graph) -> dict[str, Any]:
    """A snapshot as lists show it; the start, 0, is no step's."""
    node = graph.nodes.get(head.step_id)
    return {
        "snapshot": head.number,
        "step_id": head.step_id or None,
        "name": node.step.title if node else head.step_id or "Start",
        "outcome": head.outcome,
        "at": head.at,
        "by": head.by,
    }


def snapshot_shown(snapshot: Snapshot, graph: Graph) -> dict[str, Any]:
    """A snapshot in full."""
    last = snapshot.latest[snapshot.completed[-1]] if snapshot.completed else None
    head = SnapshotHead(
        number=snapshot.number,
        step_id=last.step_id if last else "",
        outcome=last.outcome if last else None,
        at=snapshot.at,
        by=last.completed_by if last else None,
    )
    return snapshot_head_shown(head, graph) | {
        "variables": snapshot.variables,
        "output": {step_id: without_outcome(output) for step_id, output in snapshot.outputs.items()},
        "completed_steps": snapshot.completed,
        "current_steps": [*(activation.step_id for activation in snapshot.open), *snapshot.arrivals],
    }


def _incident(incident: StoredIncident | None) -> dict[str, Any] | None:
    if incident is None:
        return None
    return {
        "id": incident.id,
        "code": incident.code,
        "message": incident.message,
        "step_id": incident.step_id,
        "times": incident.times,
        "first_at": incident.first_at,
        "last_at": incident.last_at,
    }
