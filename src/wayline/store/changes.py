"""Everything one batch writes, collected in memory and flushed with one statement a table, in one fixed order."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from wayline.core.escalation import EscalationTimer
from wayline.store.bulk import BulkDelete, BulkInsert, BulkUpdate, Row, together
from wayline.store.entries import move_items, update_entries
from wayline.store.escalations import put_timers
from wayline.store.queues import Counted, count
from wayline.store.tables import (
    activations,
    comments,
    counters,
    dispatches,
    entries,
    entry_faces,
    escalation_timers,
    files,
    idempotency,
    incidents,
    intervention_requests,
    jobs,
    notifications,
    outbox,
    rule_chains,
    rule_events,
    rule_spells,
    runs,
    signal_ids,
    template_versions,
    ticket_links,
    tickets,
    timeline,
    timers,
    webhook_deliveries,
    work_items,
    work_offers,
)


class Overtaken(Exception):
    """A row had moved on when it was written: somebody else decided in between. The batch is decided again."""


RUN_COLUMNS = ("template_version", "status", "state", "version", "timeline_head", "anchored", "completed_at")
TICKET_COLUMNS = (
    "subtype",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "queue",
    "group_id",
    "assignee_id",
    "requester_id",
    "tags",
    "custom",
    "resolution_category",
    "resolved_at",
    "last_person_at",
    "wait_number",
    "waiting_since",
    "counting_since",
    "waited_us",
    "updated_at",
    "version",
    "timeline_seq",
    "timeline_head",
    "anchored",
)
_SEEN = {"id": "id", "version": "version"}
_update_runs = BulkUpdate(runs, keys=_SEEN, columns=RUN_COLUMNS)
_update_tickets = BulkUpdate(tickets, keys=_SEEN, columns=TICKET_COLUMNS)
_retry_jobs = (
    sa.update(jobs)
    .where(jobs.c.id == sa.bindparam("b_id"))
    .values(
        action=sa.bindparam("v_action"),
        attempt=sa.bindparam("v_attempt"),
        due_at=sa.bindparam("v_due_at"),
        claim_token=None,
        lease_until=None,
    )
)
_hold_jobs = sa.update(jobs).where(jobs.c.id == sa.bindparam("b_id")).values(due_at=sa.bindparam("v_due_at"))
_move_items = (
    sa.update(work_items).where(work_items.c.id == sa.bindparam("b_id")).values(due_at=sa.bindparam("v_due_at"))
)
_count_up = BulkUpdate(counters, keys={"tenant_id": "tenant_id", "name": "name", "seen": "value"}, columns=("value",))
_inserts = {
    t: BulkInsert(t)
    for t in (
        tickets,
        runs,
        activations,
        timeline,
        work_items,
        work_offers,
        timers,
        jobs,
        comments,
        files,
        ticket_links,
        notifications,
        outbox,
        counters,
        idempotency,
        template_versions,
        signal_ids,
        webhook_deliveries,
        rule_events,
        rule_spells,
        intervention_requests,
        dispatches,
        entry_faces,
        entries,
    )
}
_unlink = sa.delete(ticket_links).where(
    *(ticket_links.c[name] == sa.bindparam(f"b_{name}") for name in ("ticket_id", "kind", "other_id"))
)
_deletes = {
    (c.table, c.name): BulkDelete(c)
    for c in (
        work_offers.c.item_id,
        work_items.c.id,
        timers.c.id,
        jobs.c.id,
        outbox.c.id,
        escalation_timers.c.ticket_id,
    )
}


def _raise_incident(dialect: str) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(incidents)
    return statement.on_conflict_do_update(
        index_elements=[incidents.c.id],
        set_={
            "times": incidents.c.times + 1,
            "last_at": statement.excluded.last_at,
            "message": statement.excluded.message,
            "status": "open",
            "closed_by": None,
        },
    )


_raise_incidents: dict[str, Any] = {name: _raise_incident(name) for name in ("sqlite", "postgresql")}


_end_spells = sa.delete(rule_spells).where(
    *(rule_spells.c[name] == sa.bindparam(f"b_{name}") for name in ("rule_id", "ticket_id"))
)


def _count_chain(dialect: str) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(rule_chains)
    counted = {"events": rule_chains.c.events + statement.excluded.events, "last_at": statement.excluded.last_at}
    return statement.on_conflict_do_update(index_elements=[rule_chains.c.root_id], set_=counted)


_count_chains: dict[str, Any] = {name: _count_chain(name) for name in ("sqlite", "postgresql")}


class Changes:
    """What is to be written."""

    def __init__(self) -> None:
        self.new: dict[sa.Table, list[Row]] = defaultdict(list)
        self.gone: dict[tuple[sa.Table, str], list[str]] = defaultdict(list)
        self.changed_runs: list[Row] = []
        self.changed_tickets: list[Row] = []
        self.retried_jobs: list[Row] = []
        self.moved_jobs: list[Row] = []
        self.moved_items: list[Row] = []
        self.changed_entries: list[Row] = []
        self.moved_entries: list[Row] = []
        self.counted: list[Row] = []
        self.incidents: list[Row] = []
        self.unlinked: list[Row] = []
        self.ended_spells: list[Row] = []
        self.chains: list[Row] = []
        self.queue_counts: dict[Counted, tuple[int, int]] = {}
        self.escalation_timers: list[tuple[str, str, EscalationTimer]] = []

    def insert(self, table: sa.Table, row: Row) -> None:
        """Write a new row."""
        self.new[table].append(row)

    def delete(self, table: sa.Table, key: str, column: str = "id") -> None:
        """Remove the rows with this key."""
        self.gone[(table, column)].append(key)

    def count_in_queue(self, queue: Counted, of_all: int, of_open: int) -> None:
        """Add to how many tickets, and how many open ones, a queue has."""
        before = self.queue_counts.get(queue, (0, 0))
        self.queue_counts[queue] = (before[0] + of_all, before[1] + of_open)

    def unlink(self, key: Row) -> None:
        """Remove a ticket's link."""
        self.unlinked.append({f"b_{name}": value for name, value in key.items()})

    def flush(self, connection: sa.Connection) -> None:
        """Write everything; raises Overtaken when a row was changed by somebody else since it was read."""
        self._write_rare(connection)
        if self.queue_counts and not count(connection, self.queue_counts):
            raise Overtaken
        with together(connection):
            for table in (tickets, runs, activations, timeline):
                self._insert(connection, table)
            updates = [
                (statement.execute(connection, rows), len(rows))
                for statement, rows in ((_update_runs, self.changed_runs), (_update_tickets, self.changed_tickets))
                if rows
            ]
            for (table, column), keys in self.gone.items():
                _deletes[(table, column)].execute(connection, keys)
            for table in _INSERTED_LAST:
                self._insert(connection, table)
            if self.counted:
                counted = sorted(self.counted, key=_counter_key)
                updates.append((_count_up.execute(connection, counted), len(counted)))
        if any(cursor.rowcount != rows for cursor, rows in updates):
            raise Overtaken

    def _write_rare(self, connection: sa.Connection) -> None:
        if self.retried_jobs:
            connection.execute(_retry_jobs, self.retried_jobs)
        if self.moved_jobs:
            connection.execute(_hold_jobs, self.moved_jobs)
        if self.moved_items:
            connection.execute(_move_items, self.moved_items)
        if self.changed_entries:
            update_entries.execute(connection, self.changed_entries)
        if self.moved_entries:
            move_items.execute(connection, self.moved_entries)
        if self.unlinked:
            connection.execute(_unlink, self.unlinked)
        if self.ended_spells:
            connection.execute(_end_spells, self.ended_spells)
        if self.chains:
            connection.execute(_count_chains[connection.dialect.name], self.chains)
        if self.escalation_timers:
            put_timers(connection, self.escalation_timers)
        if self.incidents:
            connection.execute(_raise_incidents[connection.dialect.name], self.incidents)

    def _insert(self, connection: sa.Connection, table: sa.Table) -> None:
        rows = self.new.get(table)
        if rows:
            _inserts[table].execute(connection, rows)


# Counters come last: they are what transactions most often wait for each other at.
_INSERTED_LAST = (
    work_items,
    work_offers,
    timers,
    jobs,
    comments,
    files,
    ticket_links,
    notifications,
    outbox,
    webhook_deliveries,
    rule_events,
    rule_spells,
    dispatches,
    entry_faces,
    entries,
    intervention_requests,
    idempotency,
    template_versions,
    signal_ids,
    counters,
)


def _counter_key(row: Row) -> tuple[str, str]:
    return row["b_tenant_id"], row["b_name"]
