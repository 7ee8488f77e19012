"""How a run begins: at once, or at an instant it is kept for; and how one of a series sees to the next.

A run that is kept is pending, and a timer of its own brings it on. One of a series sends for its successor as it
begins: whatever was missed meanwhile, the next instant is counted from then, so that a desk that was down catches up
once and not as often as it was down for.
"""

from __future__ import annotations

import uuid
from typing import Any

from wayline.core import commands
from wayline.core.decision import Deciding
from wayline.core.effects import Send, StartTimer
from wayline.core.refusals import Refusal
from wayline.core.schedule import Schedule

BEGIN = "begin"
"""The kind of timer that brings a pending run on. It belongs to no visit: the run's own id stands in its place."""


def id_sent_for(effect_id: str) -> str:
    """The id of what a command of the outbox makes: the same for the same effect, however often it is sent."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, effect_id))


def start(deciding: Deciding, command: commands.StartRun) -> None:
    """Begin, or keep the run for the instant it is to begin at."""
    run = deciding.run
    if run.status != "pending" or run.begin_timer is not None:
        raise Refusal("conflict", f"The run is {run.status}; it has begun.", code="already_started")
    begin_at = command.begin_at
    if begin_at is None and command.schedule is not None:
        begin_at = Schedule.model_validate(command.schedule).after(deciding.at)
    if begin_at is None or (begin_at <= deciding.at and command.schedule is None):
        _begin(deciding, command.trigger_detail or "Manually initiated")
        return
    run.begin_at, run.begin_timer = begin_at, deciding.effect_id()
    deciding.effects.append(StartTimer(id=run.begin_timer, due_at=begin_at, kind=BEGIN, activation_id=run.id))
    said = f"Scheduled for {begin_at:%Y-%m-%d %H:%M} UTC"
    deciding.note("run_scheduled", said, data={"start_at": begin_at.isoformat(), "schedule": command.schedule})


def come_due(deciding: Deciding, command: commands.FireTimer) -> None:
    """The instant a pending run was kept for has come."""
    run = deciding.run
    if run.status != "pending" or run.begin_timer != command.timer_id:
        raise Refusal("conflict", "That timer is no longer wanted.", code="stale_timer")
    run.begin_timer = None
    if run.schedule is not None:
        _send_for_the_next(deciding, run.schedule)
    _begin(deciding, "Started on schedule")


def _begin(deciding: Deciding, said: str) -> None:
    run = deciding.run
    run.status = "running"
    run.started_at = deciding.at
    deciding.note("run_started", said, data={"template": run.template_name, "version": run.template_version})
    if deciding.graph.nodes:
        deciding.arrive(deciding.graph.start)


def _send_for_the_next(deciding: Deciding, schedule: dict[str, Any]) -> None:
    run = deciding.run
    effect_id = deciding.effect_id()
    run.successor = id_sent_for(effect_id)
    body = {
        "template_id": run.template_id,
        "unlisted": run.unlisted,
        "template_version": run.template_version if run.unlisted else None,
        "name": run.name,
        "task_queue": run.task_queue,
        "ticket_id": run.ticket_id,
        "owner_id": run.owner_id,
        "variables": run.input,
        "trigger_type": run.trigger_type,
        "schedule": schedule,
    }
    deciding.effects.append(Send(id=effect_id, command="start_run", body=body))
