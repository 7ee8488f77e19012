"""What became true, in the past tense: the timeline's words.

An event is small and for people as well as programs: `detail` is a sentence, `data` what a program wants.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

EventName = Literal[
    "run_scheduled",
    "run_started",
    "run_completed",
    "run_failed",
    "run_cancelled",
    "run_paused",
    "run_resumed",
    "run_retried",
    "run_rolled_back",
    "held_until_resume",
    "run_migrated",
    "step_activated",
    "step_completed",
    "step_failed",
    "step_timed_out",
    "step_escalated",
    "step_skipped",
    "step_reassigned",
    "step_claimed",
    "step_released",
    "vote_cast",
    "vote_overridden",
    "reminder_sent",
    "action_started",
    "action_succeeded",
    "action_failed",
    "action_retried",
    "compensation_started",
    "compensation_completed",
    "signal_received",
    "signal_buffered",
    "timer_fired",
    "notification_sent",
    "ticket_changed",
    "incident_raised",
    "ticket_created",
    "ticket_updated",
    "ticket_escalated",
    "comment_added",
    "attachment_added",
    "link_added",
    "link_removed",
    "rule_fired",
    "script_ran",
    "entry_chosen",
    "entry_moved",
    "entry_retired",
    "entry_locked",
    "entry_unlocked",
    "entry_task_changed",
]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that became true. Its sequence number is the decision's first one plus its place in it."""

    event: EventName
    detail: str
    step_id: str | None = None
    activation_id: str | None = None
    data: dict[str, Any] = {}
