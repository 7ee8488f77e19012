"""A run as surface 001 shows it: a workflow object, with its timeline in that surface's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wayline.api.executions_conventions import seconds
from wayline.api.instance_view import compensation_of, given_by
from wayline.core.graph import Graph
from wayline.core.public_ids import public_id
from wayline.core.run import WAITING_APPROVAL, Run
from wayline.store.timeline import TimelineEvent

STATUSES: Mapping[str, tuple[str, ...]] = {
    "draft": ("pending",),
    "active": ("running", WAITING_APPROVAL),
    "paused": ("paused",),
    "completed": ("completed",),
    "failed": ("failed", "cancelled"),
    "archived": (),
}
"""This surface's statuses, and the stored ones each stands for. Archived ones are marked, whatever they ended as."""
TRIGGER_TYPES: Mapping[str, tuple[str, ...]] = {
    "automatic": ("ticket", "rule"),
    "manual": ("api", "manual"),
    "scheduled": ("schedule",),
    "event_based": ("signal", "webhook"),
}
"""This surface's trigger types, and the internal ones each stands for."""
_STATUS_OF = {stored: shown for shown, kept in STATUSES.items() for stored in kept}
_TRIGGER_OF = {stored: shown for shown, kept in TRIGGER_TYPES.items() for stored in kept}
_EVENTS = {
    **{
        f"run_{what}": f"workflow_{what}"
        for what in (
            "scheduled",
            "started",
            "completed",
            "failed",
            "cancelled",
            "paused",
            "resumed",
            "retried",
            "rolled_back",
            "migrated",
        )
    },
    **{f"step_{what}": f"activity_{what}" for what in ("completed", "failed", "timed_out", "escalated", "skipped")},
    **{f"step_{what}": f"activity_{what}" for what in ("reassigned", "claimed", "released")},
    "step_activated": "activity_started",
    "action_retried": "activity_retried",
}
LATEST_EVENTS = 20
"""So many events a run has in a list."""


def status_of(run: Run, *, archived: bool) -> str:
    """The run's status in this surface's word."""
    return "archived" if archived else _STATUS_OF[run.standing]


def execution(
    run: Run, graph: Graph, events: Sequence[TimelineEvent], *, archived: bool, urls: Mapping[str, str]
) -> dict[str, Any]:
    """The workflow object with these events of its timeline; `urls` are callback addresses by live visit."""
    return {
        "id": public_id("wf", run.id),
        "name": run.name or run.template_name,
        "status": status_of(run, archived=archived),
        "trigger_type": _TRIGGER_OF[run.trigger_type],
        "task_queue": run.task_queue,
        "template_id": None if run.unlisted else run.template_id,
        "template_version": None if run.unlisted else run.template_version,
        "ticket_id": run.ticket_id,
        "owner": public_id("usr", run.owner_id) if run.owner_id else None,
        "input": run.input,
        "output": given_by(run),
        "failure": run.failure,
        "compensation": compensation_of(run),
        "current_step": current_step(run, graph),
        "waiting_for": [_waiting(a, urls) for a in run.open],
        "start_at": seconds(run.begin_at),
        "schedule": run.schedule,
        "next_id": public_id("wf", run.successor) if run.successor else None,
        "created_at": seconds(run.created_at),
        "started_at": seconds(run.started_at),
        "completed_at": seconds(run.completed_at),
        "timeline": [event_shown(event) for event in events],
        "timeline_total": run.seq,
    }


def event_shown(event: TimelineEvent) -> dict[str, Any]:
    """One event of the timeline. `actor` is who caused it, None for the engine itself."""
    return {
        "event": _EVENTS.get(event.event, event.event),
        "timestamp": seconds(event.at),
        "detail": event.detail,
        "seq": event.seq,
        "step": event.step_id,
        "actor": public_id("usr", event.actor) if event.actor else None,
        "data": event.data,
    }


def progress(run: Run, graph: Graph, *, archived: bool, at: datetime) -> dict[str, Any]:
    """What is cheap to poll. `elapsed_seconds` is how long the run has been going, or went; 0 before it begins."""
    until = run.completed_at or at
    elapsed_s = (until - run.started_at).total_seconds() if run.started_at else 0
    return {
        "id": public_id("wf", run.id),
        "status": status_of(run, archived=archived),
        "current_step": current_step(run, graph),
        "steps_completed": sum(1 for step_id in graph.nodes if step_id in run.completed),
        "steps_total": len(graph.nodes),
        "started_at": seconds(run.started_at),
        "elapsed_seconds": max(0, int(elapsed_s)),
    }


def current_step(run: Run, graph: Graph) -> str | None:
    """The step the run is at: of several the first in its template; None when it rests at none."""
    return min(run.current_steps, key=lambda s: graph.nodes[s].position, default=None)


def _waiting(activation: Any, urls: Mapping[str, str]) -> dict[str, Any]:
    shown = {
        "id": activation.id,
        "step": activation.step_id,
        "type": activation.type,
        "since": seconds(activation.started_at),
        "due_at": seconds(activation.due_at),
    }
    return shown | {"callback_url": urls[activation.id]} if activation.id in urls else shown
