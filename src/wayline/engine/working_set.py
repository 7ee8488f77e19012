"""Everything one batch of commands touches: loaded in a handful of queries, changed in memory, written at the end."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core import commands, waiting
from wayline.core import ticket as desk
from wayline.core.cause import Cause
from wayline.core.cloud_event import types_of
from wayline.core.commands import Command, RunCommand
from wayline.core.escalation import EscalationTimer, timed
from wayline.core.events import Event
from wayline.core.facts import Actor, Facts
from wayline.core.graph import Graph
from wayline.core.inbox.state import Entry
from wayline.core.refusals import not_found
from wayline.core.rules import Cascade
from wayline.core.run import DEFAULT_TASK_QUEUE
from wayline.core.task_queues import TASK_QUEUES
from wayline.engine import happenings
from wayline.engine.answers import LiveChange
from wayline.engine.tenant_facts import GraphCache, TenantCache, TenantFacts
from wayline.store import escalations as stored_escalations
from wayline.store import jobs as stored_jobs
from wayline.store import outbox as stored_outbox
from wayline.store import rule_events as stored_rule_events
from wayline.store import rule_sweeps as stored_rule_sweeps
from wayline.store import runs as stored_runs
from wayline.store import signal_ids as stored_signals
from wayline.store import tickets as stored_tickets
from wayline.store.changes import Changes, Overtaken
from wayline.store.directory import touch
from wayline.store.entries import change_of
from wayline.store.interventions import Request
from wayline.store.queues import insert_queue, is_open
from wayline.store.resolution_categories import FIRST_COLOUR, hold_categories, insert_category
from wayline.store.runs import StoredRun
from wayline.store.tables import (
    comments,
    counters,
    entries,
    escalation_timers,
    jobs,
    runs,
    tickets,
    timeline,
    timers,
    webhook_deliveries,
    work_items,
    work_offers,
)
from wayline.store.tickets import StoredTicket, Ticket
from wayline.store.timeline import row_of
from wayline.store.webhook_deliveries import INCIDENT, incident_deliveries, new_delivery
from wayline.store.workload import open_work_of, rotations_of

_encode = msgspec.msgpack.Encoder().encode
# What brings an ended run to life again.
REVIVING = (commands.RetryRun, commands.RollBackRun)
SCRIPTS = (commands.ReportScript, commands.FinishScript)
_HANDED_ON = frozenset({"queue", "group", "assignee"})


class HeldRun(msgspec.Struct):
    """A run in this batch's hands. `seen_version` 0 means it is not stored yet."""

    stored: StoredRun
    seen_version: int
    graph: Graph
    dirty: bool = False


class HeldTicket(msgspec.Struct):
    """A ticket in this batch's hands; likewise. `seen` is what it was when it was read."""

    stored: StoredTicket
    seen_version: int
    dirty: bool = False
    seen: Ticket | None = None


class WorkingSet:
    """The rows, facts and changes of one transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        *,
        tenants: TenantCache,
        graphs: GraphCache,
        at: datetime,
        secret_key: bytes,
        mail: bool,
        shared: bool,
        task_queues: Collection[str] = TASK_QUEUES,
    ) -> None:
        self.connection = connection
        self.tenant_cache = tenants
        self.graph_cache = graphs
        self.at = at
        self.key = secret_key
        self.mail = mail
        self.shared = shared
        self.task_queues = task_queues
        self.tenants: dict[str, TenantFacts] = {}
        self.runs: dict[str, HeldRun] = {}
        self.tickets: dict[str, HeldTicket] = {}
        self.live_templates: set[tuple[str, str]] = set()
        self.links: dict[tuple[str, str, str], bool] = {}
        # What remotes have asked in this batch, by tenant, intervention and uid; and tickets that were handed on.
        self.requested: dict[tuple[str, int, str], Request] = {}
        self.moved: set[str] = set()
        self.counters: dict[tuple[str, str], int] = {}
        self.counters_seen: dict[tuple[str, str], int | None] = {}
        self.open_work: dict[str, dict[str, int]] = {}
        self.items: dict[str, dict[str, Any] | None] = {}
        self.offers: dict[str, list[dict[str, Any]]] = {}
        self.stored_items: set[str] = set()
        # Entries that have changed: their rows, and what they were before the batch; and active ones at another step.
        self.entries: dict[str, tuple[dict[str, Any], Entry | None]] = {}
        self.moved_entries: dict[str, str] = {}
        self.timers: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.claims: dict[str, str | None] = {}
        self.sent: set[str] = set()
        self.signal_ids: set[tuple[str, str]] = set()
        self.changes = Changes()
        self.live: list[LiveChange] = []
        # True while a decision's effects are being taken over: a bug then spoils the whole batch.
        self.half_applied = False
        self.soonest: datetime | None = None
        # Events that rules have not seen yet, and what the chain is that events belong to just now.
        self.cascade = Cascade(self._events_of_chain)
        self.cause: Cause | None = None
        self._spreading: dict[str, str] = {}
        self.spells: dict[tuple[str, str], datetime | None] = {}
        self.live_templates_known: set[str] = set()
        # Tickets that are to be timed whether or not they change.
        self.to_time: set[str] = set()
        self.escalation_timers: dict[str, EscalationTimer] = {}
        self.stored_timers: dict[str, EscalationTimer] = {}
        self.cut: set[tuple[str, str]] = set()

    def load(self, wanted: Sequence[Command]) -> None:
        """Read everything the commands name. On a shared database roots are locked in id order, tickets first."""
        self.tenants = self.tenant_cache.current(self.connection, {c.tenant_id for c in wanted})
        self._flag_unreadable()
        sent = sorted({c.effect_id for c in wanted if c.effect_id is not None})
        if sent:
            self.sent = stored_outbox.waiting(self.connection, sent, lock=self.shared)
        run_ids = list({c.run_id for c in wanted if isinstance(c, RunCommand)})
        ticket_ids = {t for c in wanted if (t := getattr(c, "ticket_id", None)) is not None}
        ticket_ids |= {t for c in wanted if isinstance(c, SCRIPTS) for t in c.ticket_ids}
        ticket_ids -= {c.ticket_id for c in wanted if isinstance(c, commands.CreateTicket)}
        if run_ids and self.shared:
            roots = stored_runs.tickets_of_runs(self.connection, run_ids)
            ticket_ids |= {t for t in roots.values() if t is not None}
        if ticket_ids and self.shared:
            stored_runs.lock_tickets(self.connection, sorted(ticket_ids))
        if run_ids:
            self._load_runs(run_ids)
            ticket_ids |= {t for h in self.runs.values() if (t := h.stored.run.ticket_id) is not None}
        if ticket_ids:
            for ticket_id, stored in stored_tickets.load_tickets(self.connection, list(ticket_ids)).items():
                self.tickets[ticket_id] = HeldTicket(stored, stored.version, seen=stored.ticket)
        starting = [c.ticket_id for c in wanted if isinstance(c, commands.StartRun) and c.ticket_id is not None]
        reviving = [self._ticket_of_ended(c.run_id) for c in wanted if isinstance(c, REVIVING)]
        starting += [ticket_id for ticket_id in reviving if ticket_id is not None]
        if starting:
            self.live_templates = stored_runs.live_templates(self.connection, starting)
        reporting = (commands.ReportAction, commands.FinishScript)
        reported = sorted({c.job_id for c in wanted if isinstance(c, reporting) and c.claim_token})
        if reported:
            self.claims = stored_jobs.claim_tokens(self.connection, reported, lock=self.shared)
        named = [(c.run_id, c.signal_id) for c in wanted if isinstance(c, commands.SendSignal) and c.signal_id]
        if named:
            self.signal_ids = stored_signals.known(self.connection, named)
        escalating = [c.ticket_id for c in wanted if isinstance(c, commands.EscalateTicket)]
        if escalating:
            self.stored_timers = stored_escalations.timers_of(self.connection, escalating)
            self.escalation_timers = dict(self.stored_timers)
        self._load_numbers(wanted)
        sweeps = [(c.rule_id, c.ticket_id) for c in wanted if isinstance(c, commands.SweepTicket)]
        if sweeps:
            self.spells = stored_rule_sweeps.spells_of(self.connection, sweeps)

    def _ticket_of_ended(self, run_id: str) -> str | None:
        held = self.runs.get(run_id)
        return held.stored.run.ticket_id if held is not None and held.stored.run.ended else None

    def _flag_unreadable(self) -> None:
        for tenant in self.tenants.values():
            for calendar_id, message in self.tenant_cache.to_flag(tenant).items():
                self.raise_incident(
                    tenant.id, "calendar", calendar_id, code="calendar_unreadable", message=message[:2000]
                )
            for rule_id, message in self.tenant_cache.rules_to_flag(tenant).items():
                self.raise_incident(tenant.id, "rule", rule_id, code="rule_unreadable", message=message[:2000])

    def _load_runs(self, run_ids: list[str]) -> None:
        for run_id, stored in stored_runs.load_runs(self.connection, run_ids, lock=self.shared).items():
            run = stored.run
            self.runs[run_id] = HeldRun(
                stored=stored,
                seen_version=stored.version,
                graph=self.graph_cache.get(self.connection, run.template_id, run.template_version),
            )
            self.stored_items.update(a.id for a in run.open)

    def load_more_runs(self, run_ids: Collection[str]) -> None:
        """Read runs that no command names; the tickets they belong to are held already."""
        missing = [run_id for run_id in run_ids if run_id not in self.runs]
        if missing:
            self._load_runs(missing)

    def _load_numbers(self, wanted: Sequence[Command]) -> None:
        creating = [
            c
            for c in wanted
            if isinstance(c, commands.CreateTicket)
            or (isinstance(c, SCRIPTS) and any(request["do"] == "create_ticket" for request in c.asked))
        ]
        if not creating:
            return
        tenant_ids = sorted({c.tenant_id for c in creating})
        names = [f"number:{kind}" for kind in desk.PREFIXES]
        found = stored_tickets.load_counters(self.connection, tenant_ids, names, lock=self.shared)
        for tenant_id in tenant_ids:
            for name in names:
                self.counters_seen[(tenant_id, name)] = found.get((tenant_id, name))
                self.counters[(tenant_id, name)] = found.get((tenant_id, name), 0)

    def ticket(self, tenant: TenantFacts, ticket_id: str) -> HeldTicket:
        held = self.tickets.get(ticket_id)
        if held is None or held.stored.tenant_id != tenant.id:
            raise not_found("Ticket")
        return held

    def facts(self, tenant: TenantFacts, held: HeldRun) -> Facts:
        ticket_id = held.stored.run.ticket_id
        ticket = self.tickets[ticket_id].stored.ticket if ticket_id in self.tickets else None
        strategies = held.graph.strategies
        return Facts(
            directory=tenant.directory,
            ticket=ticket,
            calendars=tenant.calendars,
            counters=self.rotations(tenant.id) if strategies else {},
            open_work=self.workload(tenant) if "least_loaded" in strategies else {},
        )

    def rotations(self, tenant_id: str) -> dict[str, int]:
        """Where the tenant's turns have come to, by name."""
        marker = (tenant_id, "rotations")
        if marker not in self.counters_seen:
            self.counters_seen[marker] = 0
            for name, value in rotations_of(self.connection, tenant_id).items():
                self.counters_seen[(tenant_id, name)] = value
                self.counters[(tenant_id, name)] = value
        return {name: value for (t, name), value in self.counters.items() if t == tenant_id}

    def workload(self, tenant: TenantFacts) -> dict[str, int]:
        """How many open work items each person has."""
        if tenant.id not in self.open_work:
            self.open_work[tenant.id] = open_work_of(self.connection, tenant.id)
        return self.open_work[tenant.id]

    def change_ticket(self, held: HeldTicket, changes: Mapping[str, Any], at: datetime) -> None:
        if "status" in changes:
            before, hours = held.stored.ticket["status"], self.tenants[held.stored.tenant_id].hours
            held.stored.wait = waiting.moved(
                held.stored.wait, before=before, after=changes["status"], at=at, calendar=hours
            )
        if not _HANDED_ON.isdisjoint(changes) and self.tenants[held.stored.tenant_id].has_interventions:
            self.moved.add(held.stored.ticket["id"])
        held.stored.ticket = {**held.stored.ticket, **changes, "updated_at": at}
        held.stored.resolved_at = desk.resolved_since(held.stored.ticket["status"], held.stored.resolved_at, at)
        held.dirty = True
        ticket = held.stored.ticket
        self.live.append(
            (held.stored.tenant_id, "ticket.changed", {"id": ticket["id"], "owner": ticket["requester"]}, None)
        )

    def note_ticket(
        self,
        stored: StoredTicket,
        events: list[Event],
        command: Command,
        at: datetime,
        by: Actor | None = None,
        *,
        shown: bool = True,
    ) -> None:
        """Say something on a ticket's timeline, and show it to the rules. `by` is who did it, when that is not who asks
        but what they have set going."""
        if by is None and command.actor.user_id is not None:
            stored.last_person_at = at
        row = row_of(
            self.key,
            stored.head,
            tenant_id=stored.tenant_id,
            subject_id=stored.ticket["id"],
            seq=stored.seq,
            at=at,
            actor_id=command.actor.user_id,
            events=events,
        )
        self.tell_webhooks(stored.tenant_id, stored.ticket["id"], stored.seq, events, command)
        stored.head = row["hash"]
        if shown:
            self._show_rules_ticket(stored, events, by or command.actor, at)
        stored.seq += len(events)
        self.changes.insert(timeline, row)

    def _show_rules_ticket(self, stored: StoredTicket, events: list[Event], actor: Actor, at: datetime) -> None:
        tenant = self.tenants.get(stored.tenant_id)
        if tenant is None or not tenant.rules.triggers:
            return
        for seq, event in enumerate(events, stored.seq):
            trigger = happenings.ON_TICKET.get(event.event)
            if trigger in tenant.rules.triggers:
                comment = self.changes.new[comments][-1] if trigger == "on_comment" else None
                happening = happenings.of_ticket(
                    trigger, event, stored, seq=seq, actor=actor, cause=self.cause, comment=comment, at=at
                )
                self.cascade.add(happening)

    def show_rules_run(
        self, held: HeldRun, first_seq: int, events: Sequence[Event], command: Command, at: datetime
    ) -> None:
        """Show what a run has come to, to the rules that look at that."""
        run = held.stored.run
        tenant = self.tenants.get(run.tenant_id)
        if tenant is None or not tenant.rules.triggers:
            return
        ticket = self.tickets.get(run.ticket_id or "")
        for seq, event in enumerate(events, first_seq):
            trigger = happenings.ON_RUN.get(event.event)
            if trigger in tenant.rules.triggers:
                happening = happenings.of_run(
                    trigger,
                    event,
                    run,
                    held.graph,
                    ticket.stored if ticket is not None else None,
                    seq=seq,
                    actor=command.actor,
                    cause=self.cause,
                    at=at,
                )
                self.cascade.add(happening)

    def _events_of_chain(self, root: str) -> int:
        return stored_rule_events.events_of_chain(self.connection, root)

    def spread(self, tenant_id: str, root: str) -> None:
        """The chain goes on in later transactions: how many events it has had by now has to be kept."""
        self._spreading[root] = tenant_id

    def tell_webhooks(
        self,
        tenant_id: str,
        subject_id: str,
        first_seq: int,
        events: Sequence[Event],
        command: Command,
        graph: Graph | None = None,
    ) -> None:
        """Have events told to the webhooks that asked for them. What somebody tells of the past is no news."""
        tenant = self.tenants.get(tenant_id)
        if tenant is None or not tenant.subscribers or command.at is not None:
            return
        for seq, event in enumerate(events, first_seq):
            step = graph.nodes.get(event.step_id) if graph is not None and event.step_id is not None else None
            for told in types_of(event.event, step.step.type if step is not None else None):
                for webhook_id in tenant.subscribers.get(told, ()):
                    row = new_delivery(
                        tenant_id=tenant_id,
                        webhook_id=webhook_id,
                        subject_id=subject_id,
                        seq=seq,
                        told=told,
                        at=self.at,
                    )
                    self.changes.insert(webhook_deliveries, row)
                    self.wake(self.at)

    def comment(
        self, held: HeldTicket, comment_id: str, text: str, visibility: str, author_id: str | None, at: datetime
    ) -> dict[str, Any]:
        row = {
            "id": comment_id,
            "tenant_id": held.stored.tenant_id,
            "ticket_id": held.stored.ticket["id"],
            "author_id": author_id,
            "visibility": visibility,
            "text": text,
            "created_at": at,
        }
        self.changes.insert(comments, row)
        if visibility == "public" and author_id is not None:
            ticket, wait = held.stored.ticket, held.stored.wait
            is_theirs = author_id == ticket["requester"]
            held.stored.wait = waiting.begun(wait, status=ticket["status"], at=at) if is_theirs else waiting.ended(wait)
        return row

    def raise_incident(
        self, tenant_id: str, subject: str, subject_id: str, *, code: str, message: str, step_id: str | None = None
    ) -> None:
        incident_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{subject_id}:{code}:{step_id or ''}"))
        row = {
            "id": incident_id,
            "tenant_id": tenant_id,
            "subject": subject,
            "subject_id": subject_id,
            "step_id": step_id,
            "code": code,
            "message": message,
            "status": "open",
            "times": 1,
            "first_at": self.at,
            "last_at": self.at,
            "closed_by": None,
        }
        self.changes.incidents.append(row)
        tenant = self.tenants.get(tenant_id)
        for delivery in incident_deliveries(row, tenant.subscribers.get(INCIDENT, ()) if tenant is not None else ()):
            self.changes.insert(webhook_deliveries, delivery)
            self.wake(self.at)
        self.live.append((tenant_id, "incident.raised", {"id": incident_id, "code": code}, None))

    def wake(self, at: datetime) -> None:
        if self.soonest is None or at < self.soonest:
            self.soonest = at

    def add_job(
        self,
        tenant_id: str,
        job_id: str,
        *,
        queue: str,
        task_queue: str = DEFAULT_TASK_QUEUE,
        action: dict[str, Any],
        due_at: datetime,
        run_id: str | None = None,
        activation_id: str | None = None,
        timeout_s: float = 30.0,
        attempt: int = 1,
    ) -> None:
        self.jobs[job_id] = {
            "id": job_id,
            "tenant_id": tenant_id,
            "queue": queue,
            "task_queue": task_queue,
            "run_id": run_id,
            "activation_id": activation_id,
            "action": _encode(action),
            "attempt": attempt,
            "timeout_s": timeout_s,
            "due_at": due_at,
            "created_at": self.at,
        }
        self.wake(due_at)

    def count_work(self, tenant_id: str, user_id: Any) -> None:
        counted = self.open_work.get(tenant_id)
        if counted is not None and user_id:
            counted[user_id] = counted.get(user_id, 0) + 1

    def end_spell(self, rule_id: str, ticket_id: str) -> None:
        """The rule may act on the ticket again."""
        self.changes.ended_spells.append({"b_rule_id": rule_id, "b_ticket_id": ticket_id})
        self.spells[(rule_id, ticket_id)] = None

    def _end_spells(self) -> None:
        """Spells whose conditions do not hold any more, now that their ticket has changed, are over."""
        sweeping = {t.id for t in self.tenants.values() if "scheduled" in t.rules.triggers}
        changed = {
            ticket_id: held
            for ticket_id, held in self.tickets.items()
            if sweeping and held.dirty and held.seen_version and held.stored.tenant_id in sweeping
        }
        if not changed:
            return
        for rule_id, ticket_id in stored_rule_sweeps.spells_of_tickets(self.connection, list(changed)):
            stored = changed[ticket_id].stored
            rule = self.tenants[stored.tenant_id].rules.rules.get(rule_id)
            if rule is not None and not rule.matches_at_sweep(stored.ticket, stored.last_person_at, self.at):
                self.end_spell(rule_id, ticket_id)

    def _found_names(self) -> None:
        """A queue or resolution category comes to be when a ticket first names it."""
        founded: dict[tuple[str, str, str], str] = {}
        for held in self.tickets.values():
            if not held.dirty:
                continue
            directory = self.tenants[held.stored.tenant_id].directory
            for field, known in (("queue", directory.queues), ("resolution_category", directory.resolution_categories)):
                name = held.stored.ticket[field]
                if known is None or name is None or name in known:
                    continue
                called = founded.setdefault((held.stored.tenant_id, field, name.casefold()), name)
                if called != name:
                    held.stored.ticket = {**held.stored.ticket, field: called}
        for (tenant_id, field, _), name in sorted(founded.items()):
            if field == "queue":
                insert_queue(self.connection, tenant_id=tenant_id, name=name, outgoing_mailbox_id=None)
            else:
                insert_category(self.connection, tenant_id=tenant_id, name=name, colour=FIRST_COLOUR)
            touch(self.connection, tenant_id)

    def _count_queues(self) -> None:
        """What has come into a queue, gone out of it, ended there or been opened again."""
        for held in self.tickets.values():
            if not held.dirty:
                continue
            tenant_id, now = held.stored.tenant_id, _place_of(held.stored.ticket)
            before = _place_of(held.seen) if held.seen is not None else None
            if before == now:
                continue
            if before is not None:
                self.changes.count_in_queue((tenant_id, before[0]), -1, -before[1])
            self.changes.count_in_queue((tenant_id, now[0]), 1, now[1])

    def _hold_categories(self) -> None:
        """Categories that tickets have been given stay as they are until this is committed."""
        given: dict[str, set[str]] = {}
        for held in self.tickets.values():
            name = held.stored.ticket["resolution_category"]
            if held.dirty and name is not None and (held.seen is None or held.seen["resolution_category"] != name):
                given.setdefault(held.stored.tenant_id, set()).add(name)
        for tenant_id, names in sorted(given.items()):
            if not hold_categories(self.connection, tenant_id, names):
                raise Overtaken

    def _time_escalations(self) -> None:
        """When tickets escalate next, now that they have changed. Where nothing escalates this costs nothing."""
        wanted = {
            ticket_id: held
            for ticket_id, held in self.tickets.items()
            if ticket_id in self.to_time or (held.dirty and self.tenants[held.stored.tenant_id].escalations)
        }
        unread = [i for i, held in wanted.items() if held.seen_version and i not in self.to_time]
        read = stored_escalations.timers_of(self.connection, unread) if unread else {}
        known, before = self.escalation_timers | read, self.stored_timers | read
        changed: list[tuple[str, str, EscalationTimer]] = []
        for ticket_id, held in wanted.items():
            tenant, stored = self.tenants[held.stored.tenant_id], held.stored
            timer = timed(known.get(ticket_id), tenant.escalations, stored.ticket, stored.wait, calendar=tenant.hours)
            if timer is not None and timer != before.get(ticket_id):
                changed.append((tenant.id, ticket_id, timer))
            if timer is None and ticket_id in before:
                self.changes.delete(escalation_timers, ticket_id, "ticket_id")
            if timer is not None and timer.due_at is not None:
                self.wake(timer.due_at)
        self.changes.escalation_timers += changed

    def flush(self) -> None:
        """Turn what was decided into rows and write them."""
        changes = self.changes
        self._end_spells()
        self._found_names()
        self._count_queues()
        self._hold_categories()
        self._time_escalations()
        for held in self.runs.values():
            if held.dirty and held.seen_version == 0:
                changes.insert(runs, stored_runs.row_of(held.stored.run, version=1, head=held.stored.head))
            elif held.dirty:
                changes.changed_runs.append(
                    stored_runs.change_of(held.stored.run, seen_version=held.seen_version, head=held.stored.head)
                )
        for held_ticket in self.tickets.values():
            if held_ticket.dirty and held_ticket.seen_version == 0:
                held_ticket.stored.version = 1
                changes.insert(tickets, stored_tickets.row_of(held_ticket.stored))
            elif held_ticket.dirty:
                changes.changed_tickets.append(stored_tickets.change_of(held_ticket.stored, held_ticket.seen_version))
        self._flush_items()
        self._flush_entries()
        for timer in self.timers.values():
            changes.insert(timers, timer)
        for job in self.jobs.values():
            changes.insert(jobs, job)
        self._flush_counters()
        self._flush_chains()
        changes.flush(self.connection)
        for tenant in self.tenants.values():
            if tenant.unreadable_calendars or tenant.rules.unreadable:
                self.tenant_cache.flagged(tenant)

    def _flush_items(self) -> None:
        for item_id, row in self.items.items():
            if item_id in self.stored_items:
                self.changes.delete(work_items, item_id)
                self.changes.delete(work_offers, item_id, "item_id")
            if row is not None:
                self.changes.insert(work_items, row)
                for offer in self.offers.get(item_id, ()):
                    self.changes.insert(work_offers, offer)

    def _flush_entries(self) -> None:
        for row, before in self.entries.values():
            if before is None:
                self.changes.insert(entries, row)
            else:
                self.changes.changed_entries.append(change_of(row))
        self.changes.moved_entries = [
            {"b_id": item_id, "v_step_id": step_id}
            for item_id, step_id in self.moved_entries.items()
            if item_id not in self.items
        ]

    def _flush_chains(self) -> None:
        for root, tenant_id in self._spreading.items():
            events = self.cascade.events.get(root, 0) - self.cascade.before.get(root, 0)
            self.changes.chains.append({"root_id": root, "tenant_id": tenant_id, "events": events, "last_at": self.at})

    def _flush_counters(self) -> None:
        for (tenant_id, name), value in self.counters.items():
            seen = self.counters_seen.get((tenant_id, name))
            if value == (seen or 0):
                continue
            if seen is None:
                self.changes.insert(counters, {"tenant_id": tenant_id, "name": name, "value": value})
            else:
                self.changes.counted.append(
                    {"b_tenant_id": tenant_id, "b_name": name, "b_seen": seen, "v_value": value}
                )


def _place_of(ticket: Ticket) -> tuple[str, int]:
    """The queue a ticket counts in, and 1 while it is open there."""
    return ticket["queue"], int(is_open(ticket["status"]))


def commented(author: str, comment: Mapping[str, Any]) -> Event:
    """The event of a comment."""
    data = {"id": comment["id"], "visibility": comment["visibility"]}
    return Event("comment_added", f"{author} commented", data=data)
