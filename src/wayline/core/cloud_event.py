"""What other systems are told: which of our events, under which type, as CloudEvents 1.0.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
The types are published: one may be added, none changes its meaning or goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

TYPES: Mapping[str, str] = {
    "wayline.run.scheduled": "A run is to begin at a later instant.",
    "wayline.run.started": "A run has begun.",
    "wayline.run.completed": "A run has come to its end.",
    "wayline.run.failed": "A run has failed, and why.",
    "wayline.run.cancelled": "Somebody has cancelled a run.",
    "wayline.run.paused": "A run is held.",
    "wayline.run.resumed": "A run that was held goes on.",
    "wayline.run.retried": "A failed or cancelled run goes on from where it failed.",
    "wayline.run.rolled_back": "A run has gone back to an earlier step.",
    "wayline.run.migrated": "A run goes on with another version of its template.",
    "wayline.step.activated": "A step waits for something: a person, an answer, a time.",
    "wayline.step.completed": "A step has ended, and with which outcome.",
    "wayline.step.failed": "A step has failed for good.",
    "wayline.step.timed_out": "A step's time is up.",
    "wayline.step.escalated": "Somebody has been told that a step is late.",
    "wayline.step.skipped": "An administrator has skipped a step.",
    "wayline.step.reassigned": "A step has been handed to somebody else.",
    "wayline.step.claimed": "A member of the group has taken a step.",
    "wayline.step.released": "A step that was taken has been given back.",
    "wayline.approval.requested": "A decision is asked for.",
    "wayline.approval.voted": "An approver has decided.",
    "wayline.approval.overridden": "An administrator has decided in place of the approvers.",
    "wayline.approval.reminded": "Approvers who have not decided have been reminded.",
    "wayline.approval.decided": "The approvers' rule is met, or cannot be met any more.",
    "wayline.action.succeeded": "An automatic action is done.",
    "wayline.action.failed": "An automatic action has failed.",
    "wayline.action.retried": "An automatic action has failed and will be tried again.",
    "wayline.compensation.started": "A cancelled run's steps are being undone.",
    "wayline.compensation.completed": "A cancelled run's steps are undone, or could not be.",
    "wayline.signal.received": "A run has got a signal.",
    "wayline.ticket.created": "A ticket is new.",
    "wayline.ticket.updated": "A ticket has changed: each field before and after.",
    "wayline.ticket.escalated": "A ticket has been escalated.",
    "wayline.ticket.commented": "Somebody has commented on a ticket. The text is fetched by whoever may read it.",
    "wayline.ticket.file_attached": "A file has been attached to a ticket.",
    "wayline.ticket.linked": "A ticket has been linked to another one.",
    "wayline.ticket.unlinked": "A ticket's link has been removed.",
    "wayline.entry.chosen": "Somebody has chosen a path on their entry, and which.",
    "wayline.entry.moved": "A step has been set for people, and for how many.",
    "wayline.entry.retired": "Entries have left inboxes.",
    "wayline.entry.locked": "Entries have been locked.",
    "wayline.entry.unlocked": "Entries have been unlocked.",
    "wayline.entry.task_changed": "The tasks of a dispatch have another state.",
    "wayline.rule.fired": "An automation rule has acted on a ticket, and what it did.",
    "wayline.incident.raised": "Something needs an administrator's eye.",
}
"""Every type that can be subscribed to, and what it says."""
TEST_TYPE = "wayline.webhook.test"
"""Sent when somebody asks for it, whatever is subscribed to."""
EVERYTHING = "*"

_OF_EVENT: Mapping[str, str] = {
    **{
        f"{family}_{what}": f"wayline.{family}.{what}"
        for family, named in {
            "run": "scheduled started completed failed cancelled paused resumed retried rolled_back migrated",
            "step": "activated completed failed timed_out escalated skipped reassigned claimed released",
            "action": "succeeded failed retried",
            "compensation": "started completed",
            "signal": "received",
            "ticket": "created updated escalated",
            "rule": "fired",
            "entry": "chosen moved retired locked unlocked task_changed",
        }.items()
        for what in named.split()
    },
    "vote_cast": "wayline.approval.voted",
    "vote_overridden": "wayline.approval.overridden",
    "reminder_sent": "wayline.approval.reminded",
    "comment_added": "wayline.ticket.commented",
    "attachment_added": "wayline.ticket.file_attached",
    "link_added": "wayline.ticket.linked",
    "link_removed": "wayline.ticket.unlinked",
}
_OF_APPROVALS: Mapping[str, str] = {
    "step_activated": "wayline.approval.requested",
    "step_completed": "wayline.approval.decided",
}

Subscribers = Mapping[str, tuple[str, ...]]
"""Ids of webhooks by the type they are to be told."""


def types_of(event: str, step_type: str | None) -> tuple[str, ...]:
    """The types an event of a timeline is told under: none, one, or two of them where an approval's step moves."""
    told = _OF_EVENT.get(event)
    if step_type == "approval" and event in _OF_APPROVALS:
        return (_OF_APPROVALS[event], _OF_EVENT[event])
    return () if told is None else (told,)


def subscribers_of(subscriptions: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """By type, from (webhook's id, the types it asked for or `*`); empty when nobody subscribes."""
    found: dict[str, tuple[str, ...]] = {}
    for webhook_id, wanted in subscriptions:
        asked = frozenset(wanted)
        for told in TYPES:
            if told in asked or EVERYTHING in asked:
                found[told] = (*found.get(told, ()), webhook_id)
    return found


def cloud_event(
    *,
    told: str,
    source: str,
    subject: str,
    subject_id: str,
    seq: int,
    at: datetime,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """The event in CloudEvents' JSON format, the same however often it is made.

    `id` is unique with `source`; `sequence` orders the events of one subject as texts (the extension of that name).
    """
    return {
        "specversion": "1.0",
        "id": f"{subject_id}:{seq}:{told.removeprefix('wayline.')}",
        "source": source,
        "type": told,
        "subject": subject,
        "time": at,
        "sequence": f"{seq:020d}",
        "datacontenttype": "application/json",
        "data": dict(data),
    }
