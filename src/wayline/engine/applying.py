"""Taking over a decision: its run, its events and its effects become rows of the working set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from wayline.core import decision_link, effects
from wayline.core import ticket as desk
from wayline.core.commands import Command, ReportAction
from wayline.core.decision import Decision
from wayline.core.facts import SYSTEM
from wayline.core.refusals import Refusal
from wayline.core.run import DEFAULT_TASK_QUEUE
from wayline.engine import messages
from wayline.engine.chains import BEGINNING, begun_by
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import HeldRun, HeldTicket, WorkingSet, commented
from wayline.store import runs as stored_runs
from wayline.store.database import new_id
from wayline.store.jobs import FAR
from wayline.store.tables import activations, jobs, notifications, outbox, timeline, timers
from wayline.store.timeline import row_of

_encode = msgspec.msgpack.Encoder().encode
MAX_MAIL_ADDRESSES = 500


class About(msgspec.Struct, frozen=True):
    """What people are told about: a run, a ticket, or both; the name of who tells them, which is a template or a rule;
    and the task queue of the mails."""

    run_id: str | None
    ticket_id: str | None
    name: str
    kind: Literal["template", "rule"] = "template"
    task_queue: str = DEFAULT_TASK_QUEUE


class Telling(msgspec.Struct, frozen=True):
    """Who tells people something, about what and when."""

    tenant: TenantFacts
    about: About
    at: datetime


class _Applying(msgspec.Struct, frozen=True):
    """Whose effects are being applied."""

    tenant: TenantFacts
    held: HeldRun
    command: Command
    at: datetime

    @property
    def about(self) -> About:
        run = self.held.stored.run
        return About(run.id, run.ticket_id, run.template_name, task_queue=run.task_queue)


def take_over(
    work: WorkingSet, tenant: TenantFacts, held: HeldRun, decision: Decision, command: Command, at: datetime
) -> None:
    """Make a decision the run's state: its value, its row of the timeline, and every effect.

    `half_applied` stands while it lasts, so that a bug in here is known to have spoilt the batch.
    """
    work.half_applied = True
    run = decision.run
    # What a person has asked for is a cause of its own.
    outer_cause, work.cause = work.cause, run.cause if command.actor.user_id is None else None
    held.stored.run = run
    held.dirty = True
    row = row_of(
        work.key,
        held.stored.head,
        tenant_id=tenant.id,
        subject_id=run.id,
        seq=run.seq - len(decision.events),
        at=at,
        actor_id=command.actor.user_id,
        events=decision.events,
    )
    held.stored.head = row["hash"]
    work.changes.insert(timeline, row)
    work.tell_webhooks(tenant.id, run.id, row["seq"], decision.events, command, held.graph)
    context = _Applying(tenant=tenant, held=held, command=command, at=at)
    for effect in decision.effects:
        _APPLIERS[type(effect)](work, context, effect)
    if run.ended and run.ticket_id is not None:
        work.live_templates.discard((run.ticket_id, run.template_id))
    work.show_rules_run(held, row["seq"], decision.events, command, at)
    work.cause = outer_cause
    work.live.append(
        (
            tenant.id,
            "run.changed",
            {"id": run.id, "status": run.status, "ticket_id": run.ticket_id, "owner": run.owner_id},
            None,
        )
    )
    work.half_applied = False


def _start_timer(work: WorkingSet, context: _Applying, effect: effects.StartTimer) -> None:
    work.timers[effect.id] = {
        "id": effect.id,
        "tenant_id": context.tenant.id,
        "run_id": context.held.stored.run.id,
        "activation_id": effect.activation_id,
        "kind": effect.kind,
        "task_queue": context.held.stored.run.task_queue,
        "due_at": effect.due_at,
    }
    work.wake(effect.due_at)


def _cancel_timer(work: WorkingSet, context: _Applying, effect: effects.CancelTimer) -> None:
    if work.timers.pop(effect.id, None) is None:
        work.changes.delete(timers, effect.id)


def _run_job(work: WorkingSet, context: _Applying, effect: effects.RunJob) -> None:
    # The row of a job that is tried again is still there, unless what was reported had to wait for a paused run.
    if effect.attempt > 1 and isinstance(context.command, ReportAction):
        work.changes.moved_jobs = [row for row in work.changes.moved_jobs if row["b_id"] != effect.id]
        work.changes.retried_jobs.append(
            {
                "b_id": effect.id,
                "v_action": _encode(effect.action),
                "v_attempt": effect.attempt,
                "v_due_at": effect.due_at,
            }
        )
    else:
        work.add_job(
            context.tenant.id,
            effect.id,
            queue=effect.queue,
            task_queue=context.held.stored.run.task_queue,
            action=effect.action,
            due_at=effect.due_at,
            run_id=context.held.stored.run.id,
            activation_id=effect.activation_id,
            timeout_s=effect.timeout_s,
            attempt=effect.attempt,
        )
    work.wake(effect.due_at)


def _cancel_job(work: WorkingSet, context: _Applying, effect: effects.CancelJob) -> None:
    if work.jobs.pop(effect.id, None) is None:
        work.changes.delete(jobs, effect.id)


def _hold_job(work: WorkingSet, context: _Applying, effect: effects.HoldJob) -> None:
    _move_job(work, effect.id, FAR)


def _free_job(work: WorkingSet, context: _Applying, effect: effects.FreeJob) -> None:
    _move_job(work, effect.id, effect.due_at)
    work.wake(effect.due_at)


def _move_job(work: WorkingSet, job_id: str, due_at: datetime) -> None:
    """Only due jobs are taken: one that is held is due when it is freed. A worker that has it keeps it."""
    if job_id in work.jobs:
        work.jobs[job_id]["due_at"] = due_at
        return
    retried = [row for row in work.changes.retried_jobs if row["b_id"] == job_id]
    if retried:
        retried[-1]["v_due_at"] = due_at
    else:
        work.changes.moved_jobs.append({"b_id": job_id, "v_due_at": due_at})


def _move_work(work: WorkingSet, context: _Applying, effect: effects.MoveWork) -> None:
    row = work.items.get(effect.activation_id)
    if row is not None:
        row["due_at"] = effect.due_at
    else:
        work.changes.moved_items.append({"b_id": effect.activation_id, "v_due_at": effect.due_at})
    work.live.append(
        (context.tenant.id, "inbox.changed", {"item_id": effect.activation_id}, frozenset(effect.audience))
    )


def _offer_work(work: WorkingSet, context: _Applying, effect: effects.OfferWork) -> None:
    run = context.held.stored.run
    row = {
        "id": effect.activation_id,
        "tenant_id": context.tenant.id,
        "run_id": run.id,
        "step_id": effect.step_id,
        "kind": effect.kind,
        "title": effect.title,
        "template_id": run.template_id,
        "ticket_id": run.ticket_id,
        "assigned_to": effect.assigned_to,
        "group_id": effect.group_id,
        "claimed_by": effect.claimed_by,
        "due_at": effect.due_at,
        "opened_at": effect.opened_at,
    }
    work.items[effect.activation_id] = row
    keys = dict.fromkeys(effect.audience)
    work.offers[effect.activation_id] = [
        {
            "audience_id": key,
            "opened_at": effect.opened_at,
            "item_id": effect.activation_id,
            "tenant_id": context.tenant.id,
            "kind": effect.kind,
            "alone": True if len(keys) == 1 else None,
        }
        for key in keys
    ]
    work.count_work(context.tenant.id, effect.assigned_to)
    group = (effect.group_id,) if effect.group_id else ()
    audience = frozenset((*effect.audience, *group))
    work.live.append((context.tenant.id, "inbox.changed", {"item_id": effect.activation_id}, audience))


def _withdraw_work(work: WorkingSet, context: _Applying, effect: effects.WithdrawWork) -> None:
    work.items[effect.activation_id] = None
    work.offers.pop(effect.activation_id, None)
    work.live.append(
        (context.tenant.id, "inbox.changed", {"item_id": effect.activation_id}, frozenset(effect.audience))
    )


def _record_visit(work: WorkingSet, context: _Applying, effect: effects.RecordVisit) -> None:
    run = context.held.stored.run
    work.changes.insert(activations, stored_runs.visit_row(run, effect.visit, effect.output, effect.delta))


def notify(work: WorkingSet, context: _Applying | Telling, effect: effects.Notify) -> None:
    """Put it before the people it is for, by the ways that its channel names."""
    about = context.about
    if effect.channel != "email":
        for audience_id in effect.audience:
            work.changes.insert(
                notifications,
                {
                    "id": new_id(),
                    "tenant_id": context.tenant.id,
                    "audience_id": audience_id,
                    "kind": effect.kind,
                    "title": effect.title,
                    "body": effect.body,
                    "run_id": about.run_id,
                    "ticket_id": about.ticket_id,
                    "item_id": effect.activation_id,
                    "created_at": context.at,
                },
            )
        told = frozenset(effect.audience)
        work.live.append((context.tenant.id, "notification", {"title": effect.title}, told))
    if work.mail and effect.channel in ("all", "email"):
        _send_mail(work, context, effect)
    if context.tenant.push_subscriptions and effect.channel in ("all", "push"):
        _push(work, context, effect)


def _push(work: WorkingSet, context: _Applying | Telling, effect: effects.Notify) -> None:
    """A job for each browser that the people have asked to be told on."""
    about = context.about
    action = {
        "type": "push",
        "kind": effect.kind,
        "title": effect.title,
        "body": effect.body,
        "run_id": about.run_id,
        "ticket_id": about.ticket_id,
        "item_id": effect.activation_id,
    }
    for user_id in effect.user_ids:
        for subscription_id in context.tenant.push_subscriptions.get(user_id, ()):
            work.add_job(
                context.tenant.id,
                f"push:{new_id()}",
                queue="push",
                task_queue=about.task_queue,
                action={**action, "subscription_id": subscription_id},
                due_at=context.at,
            )


def _send_mail(work: WorkingSet, context: _Applying | Telling, effect: effects.Notify) -> None:
    people = context.tenant.directory.people
    to = [people[u].email for u in effect.user_ids if u in people] + list(effect.addresses)
    if not to:
        return
    about = context.about
    action = {
        "type": "email",
        "kind": effect.kind,
        "subject": effect.title,
        "text": effect.body,
        "run_id": about.run_id,
        "ticket_id": about.ticket_id,
        "item_id": effect.activation_id,
        about.kind: about.name,
    }
    sender = _sender(work, context)
    if sender is not None:
        action["from"] = sender
    voters = _voters(context, effect)
    # A mail for each: nobody sees who else got one, and an address that fails is tried again alone.
    for address in list(dict.fromkeys(to))[:MAX_MAIL_ADDRESSES]:
        mail = {**action, "to": [address], **voters.get(address, {})}
        work.add_job(
            context.tenant.id,
            f"mail:{new_id()}",
            queue="email",
            task_queue=about.task_queue,
            action=mail,
            due_at=context.at,
        )


def _sender(work: WorkingSet, context: _Applying | Telling) -> str | None:
    """The address of the mailbox that the ticket's queue sends from; None: the desk's own."""
    held = work.tickets.get(context.about.ticket_id or "")
    queue = context.tenant.directory.queue(held.stored.ticket["queue"]) if held is not None else None
    return queue.outgoing if queue is not None else None


_DECIDED_BY_LINK = ("approval_requested", "approval_reminder")


def _voters(context: _Applying | Telling, effect: effects.Notify) -> dict[str, dict[str, Any]]:
    """What the mail of each approver says beside, by address: who decides by its link, and until when it is good."""
    if effect.kind not in _DECIDED_BY_LINK:
        return {}
    people, ends_at_s = context.tenant.directory.people, int((context.at + decision_link.LASTS).timestamp())
    return {people[u].email: {"voter": {"user_id": u, "ends_at_s": ends_at_s}} for u in effect.user_ids if u in people}


def _on_ticket(work: WorkingSet, context: _Applying) -> HeldTicket:
    ticket_id = context.held.stored.run.ticket_id
    assert ticket_id is not None
    return work.tickets[ticket_id]


def _change_ticket(work: WorkingSet, context: _Applying, effect: effects.ChangeTicket) -> None:
    held = _on_ticket(work, context)
    template = context.held.stored.run.template_name
    event = desk.updated(held.stored.ticket, effect.changes, msgspec.structs.replace(SYSTEM, name=template))
    work.change_ticket(held, effect.changes, context.at)
    work.note_ticket(
        held.stored, [event], context.command, context.at, by=msgspec.structs.replace(SYSTEM, name=template)
    )
    work.count_work(context.tenant.id, effect.changes.get("assignee"))


def _comment_ticket(work: WorkingSet, context: _Applying, effect: effects.CommentTicket) -> None:
    held = _on_ticket(work, context)
    comment = work.comment(held, new_id(), effect.text, effect.visibility, None, context.at)
    work.change_ticket(held, {}, context.at)
    template = context.held.stored.run.template_name
    said = commented(template, comment)
    work.note_ticket(
        held.stored, [said], context.command, context.at, by=msgspec.structs.replace(SYSTEM, name=template)
    )


def _send(work: WorkingSet, context: _Applying, effect: effects.Send) -> None:
    """A series goes on by itself, and is no chain: its next run comes when its schedule says so."""
    if effect.command not in BEGINNING or effect.body.get("schedule") is not None:
        send(work, context.tenant.id, effect, context.at)
        return
    outer, run = work.cause, context.held.stored.run
    try:
        work.cause = begun_by(work, run, outer)
    except Refusal as refusal:
        work.raise_incident(context.tenant.id, "run", run.id, code="chain_cut", message=refusal.message[:2000])
        return
    send(work, context.tenant.id, effect, context.at)
    work.cause = outer


def send(work: WorkingSet, tenant_id: str, effect: effects.Send, at: datetime) -> None:
    """Hand a command to the outbox, with the cause that it goes on with."""
    body = effect.body
    if work.cause is not None:
        body = {**body, "cause": work.cause}
        work.spread(tenant_id, work.cause.root)
    work.changes.insert(
        outbox,
        {"id": effect.id, "tenant_id": tenant_id, "command": effect.command, "body": _encode(body), "due_at": at},
    )
    work.wake(at)


def _count_up(work: WorkingSet, context: _Applying, effect: effects.CountUp) -> None:
    count_up(work, context.tenant.id, effect)


def count_up(work: WorkingSet, tenant_id: str, effect: effects.CountUp) -> None:
    """Move a counter of the tenant on."""
    key = (tenant_id, effect.name)
    work.counters_seen.setdefault(key, None)
    work.counters[key] = effect.value


def _show_face(work: WorkingSet, context: _Applying, effect: effects.ShowFace) -> None:
    messages.show_face(work, context.held.stored.run, effect, context.at)


def _change_entries(work: WorkingSet, context: _Applying, effect: effects.ChangeEntries) -> None:
    messages.change_entries(work, context.held.stored.run, effect, context.at)


def _record_dispatch(work: WorkingSet, context: _Applying, effect: effects.RecordDispatch) -> None:
    messages.record_dispatch(work, context.held.stored.run, effect, context.at)


def _raise_incident(work: WorkingSet, context: _Applying, effect: effects.RaiseIncident) -> None:
    work.raise_incident(
        context.tenant.id,
        "run",
        context.held.stored.run.id,
        code=effect.code,
        message=effect.message,
        step_id=effect.step_id,
    )


_APPLIERS: dict[type[Any], Callable[[WorkingSet, _Applying, Any], None]] = {
    effects.StartTimer: _start_timer,
    effects.CancelTimer: _cancel_timer,
    effects.RunJob: _run_job,
    effects.CancelJob: _cancel_job,
    effects.HoldJob: _hold_job,
    effects.FreeJob: _free_job,
    effects.MoveWork: _move_work,
    effects.OfferWork: _offer_work,
    effects.WithdrawWork: _withdraw_work,
    effects.Notify: notify,
    effects.ChangeTicket: _change_ticket,
    effects.CommentTicket: _comment_ticket,
    effects.Send: _send,
    effects.CountUp: _count_up,
    effects.RecordVisit: _record_visit,
    effects.ShowFace: _show_face,
    effects.ChangeEntries: _change_entries,
    effects.RecordDispatch: _record_dispatch,
    effects.RaiseIncident: _raise_incident,
}
