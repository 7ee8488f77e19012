"""The schema, and why it looks as it does.

**One schema, two databases.** SQLite and PostgreSQL have the same tables. Ids are UUIDs (`uuid` on PostgreSQL, text on
SQLite); instants are whole microseconds since 1970 UTC in a bigint (`to_timestamp(x / 1e6)` shows one), so that both
databases order, compare and round them alike. Documents people write are JSON; values only the engine reads are
msgpack.

**Current state beside history.** `runs.state` is everything a decision needs of a run, one compact value that does
not grow with history. What has happened is written once and never read to decide: `activations` holds ended visits
to steps, `timeline` one row a decision with the events in it, chained by a keyed hash whose head is kept on the
run or ticket. An exception is taking a run back: what it was when a step had been completed is read from the visits up
to that one, and from the little that each row keeps beside its visit for this.

**Hot tables are narrow and empty themselves.** `work_items` and `work_offers` hold open work alone, `timers` and
`jobs` what is still to come; their rows go when the work is done, so their indexes stay as small as the backlog.

**Finding work.** An inbox is read by audience: `work_offers` has a row for each person or group a work item is
offered to, ordered by when it opened; notices are addressed alike. Nothing fans out to the members of a group. It is
counted off an index too; offers that are not marked as the only one of their item are looked through for doubles.

**Messages.** What a step of an inbox run shows is kept once in `entry_faces`, and each person's place in `entries`,
which has those that have left the inbox too; active ones are work items like all others.

**Versions.** `runs`, `tickets` and what people edit carry a version; every update names the one it saw and touches no
row when it has moved on. Every row belongs to a tenant, and every read names it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(sa.TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


Id = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# What people wrote, in the order they wrote it: jsonb would sort the names.
Written = sa.JSON(none_as_null=True)
Bytes = sa.LargeBinary

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: Any) -> sa.Table:
    return sa.Table(name, metadata, *parts)


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant_id", Id, nullable=False)


def _task_queue() -> sa.Column[str]:
    """Which workers may have what belongs to a run. The default is for the rows from before there was a choice: it is
    written with every row."""
    return sa.Column(
        "task_queue", sa.Text, nullable=False, server_default="itsm-workflows", info={"always_written": True}
    )


# -- tenants, people, access -----------------------------------------------------------------------

tenants = _table(
    "tenants",
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("plan", sa.Text, nullable=False),
    # Moves on with every change to people, groups, absences, calendars or templates: caches are keyed by it.
    sa.Column("directory_version", sa.BigInteger, nullable=False, server_default="0"),
    # Moves on with every change to a rule, so that the rules alone are read again.
    sa.Column("rules_version", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", Instant, nullable=False),
)

users = _table(
    "users",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("manager_id", Id),
    sa.Column("labels", Json, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    # Notices to groups from before this instant count as read; None: from before the person came.
    sa.Column("notices_read_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.UniqueConstraint("tenant_id", "email"),
    sa.Index(None, "email"),
)

groups = _table(
    "groups",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("slug", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "slug"),
)

group_members = _table(
    "group_members",
    sa.Column("group_id", Id, primary_key=True),
    sa.Column("user_id", Id, primary_key=True),
    _tenant(),
    sa.Column("role_in_group", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index(None, "tenant_id"),
    sa.Index(None, "user_id"),
)

absences = _table(
    "absences",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("user_id", Id, nullable=False),
    sa.Column("start_at", Instant, nullable=False),
    sa.Column("end_at", Instant, nullable=False),
    sa.Column("substitute_id", Id),
    sa.Index(None, "tenant_id", "end_at"),
    sa.Index(None, "user_id"),
)

# API tokens and web sessions alike; only a hash of the secret is kept.
tokens = _table(
    "tokens",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("user_id", Id, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.Text, nullable=False, unique=True),
    sa.Column("abilities", Json, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("last_used_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Index(None, "tenant_id", "user_id"),
)

audit = _table(
    "audit",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor_id", Id),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text),
    sa.Column("detail", Json, nullable=False),
    sa.Index(None, "tenant_id", "at"),
)

# -- templates -------------------------------------------------------------------------------------

templates = _table(
    "templates",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    # What lists show and filter by, taken from the published version, or from the draft while there is none.
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("trigger_type", sa.Text, nullable=False),
    sa.Column("ticket_type", sa.Text),
    sa.Column("trigger_subtype", sa.Text),
    sa.Column("step_count", sa.Integer, nullable=False),
    # The newest published version; 0 while it has never been published.
    sa.Column("version", sa.Integer, nullable=False),
    # Moves on with every write to the template or its draft; If-Match names it.
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("draft", Written),
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Index(None, "tenant_id", "status"),
    sa.Index(None, "tenant_id", "name"),
)

template_versions = _table(
    "template_versions",
    sa.Column("template_id", Id, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    _tenant(),
    sa.Column("definition", Written, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("published_by", Id),
    sa.Column("published_at", Instant, nullable=False),
)

# -- runs ------------------------------------------------------------------------------------------

runs = _table(
    "runs",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("template_id", Id, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("ticket_id", Id),
    sa.Column("owner_id", Id),
    sa.Column("trigger_type", sa.Text, nullable=False),
    # `Run.standing`: `waiting_approval` while approvals are all a running run waits for, so that lists can ask for it.
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False, server_default=sa.text("false")),
    _task_queue(),
    sa.Column("state", Bytes, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("timeline_head", Bytes, nullable=False),
    # Whether the newest anchor names this head; every decision says no again.
    sa.Column("anchored", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("completed_at", Instant),
    sa.Index(None, "tenant_id", "created_at"),
    # What lists narrow down to where it is rare; the common ones are soon found among the newest.
    sa.Index(
        "ix_runs_of_status",
        "tenant_id",
        "status",
        "created_at",
        sqlite_where=sa.text("status <> 'completed'"),
        postgresql_where=sa.text("status <> 'completed'"),
    ),
    sa.Index(
        "ix_runs_of_task_queue",
        "tenant_id",
        "task_queue",
        "created_at",
        sqlite_where=sa.text("task_queue <> 'itsm-workflows'"),
        postgresql_where=sa.text("task_queue <> 'itsm-workflows'"),
    ),
    sa.Index(
        "ix_runs_archived",
        "tenant_id",
        "created_at",
        sqlite_where=sa.text("archived"),
        postgresql_where=sa.text("archived"),
    ),
    sa.Index(None, "ticket_id"),
    # "What has changed since the last anchor": that alone, however many runs there are.
    sa.Index(
        "ix_runs_unanchored",
        "tenant_id",
        "id",
        sqlite_where=sa.text("NOT anchored"),
        postgresql_where=sa.text("NOT anchored"),
    ),
    # "Is this template in use, does this ticket have a live run": live runs alone, however long the history.
    sa.Index(
        "ix_runs_live",
        "tenant_id",
        "template_id",
        sqlite_where=sa.text("completed_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL"),
    ),
    sa.Index(None, "tenant_id", "template_id", "created_at"),
    # One person's runs, newest first, counted off the index; and those that have ended in one way.
    sa.Index("ix_runs_of_owner", "tenant_id", "owner_id", "created_at", "archived"),
    sa.Index(
        "ix_runs_ended_of_owner",
        "tenant_id",
        "owner_id",
        "status",
        "created_at",
        "archived",
        sqlite_where=sa.text("completed_at IS NOT NULL"),
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    ),
)

activations = _table(
    "activations",
    sa.Column("run_id", Id, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("id", Id, nullable=False),
    _tenant(),
    sa.Column("step_id", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("completed_at", Instant, nullable=False),
    sa.Column("completed_by", Id),
    # Its deadline as it was in the end; None when it had none.
    sa.Column("due_at", Instant),
    sa.Column("detail", Bytes, nullable=False),
    # What a snapshot of the run at this visit's end needs beside the visits themselves; None where there is no such
    # snapshot, because the visit was withdrawn.
    sa.Column("snapshot", Bytes),
    sa.Index(
        "ix_activations_done_by",
        "completed_by",
        "completed_at",
        sqlite_where=sa.text("completed_by IS NOT NULL"),
        postgresql_where=sa.text("completed_by IS NOT NULL"),
    ),
)

# One row a decision: `seq` is the first of its events' numbers. The subject is a run or a ticket.
timeline = _table(
    "timeline",
    sa.Column("subject_id", Id, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _tenant(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor_id", Id),
    sa.Column("events", Bytes, nullable=False),
    sa.Column("hash", Bytes, nullable=False),
)

# Day by day, which runs and tickets had moved on and what their heads were: what they were then, they cannot unsay.
# Chained by a keyed hash like the timelines. `heads` is msgpack: [id as 16 bytes, seq of the last row, its hash].
audit_anchors = _table(
    "audit_anchors",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("subjects", sa.Integer, nullable=False),
    sa.Column("heads", Bytes, nullable=False),
    sa.Column("hash", Bytes, nullable=False),
)

# Where a timeline begins whose older rows have been pruned: `hash` is that of the last row that went, `seq` the next
# row's, `seal` a keyed hash that only this server can make.
timeline_boundaries = _table(
    "timeline_boundaries",
    sa.Column("subject_id", Id, primary_key=True),
    _tenant(),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", Bytes, nullable=False),
    sa.Column("seal", Bytes, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# -- open work -------------------------------------------------------------------------------------

work_items = _table(
    "work_items",
    # The activation's id: one live activation is at most one work item.
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("step_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("template_id", Id, nullable=False),
    sa.Column("ticket_id", Id),
    sa.Column("assigned_to", Id),
    sa.Column("group_id", Id),
    sa.Column("claimed_by", Id),
    sa.Column("due_at", Instant),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Index(None, "run_id"),
    sa.Index(None, "tenant_id", "opened_at"),
)

work_offers = _table(
    "work_offers",
    sa.Column("audience_id", Id, primary_key=True),
    sa.Column("opened_at", Instant, primary_key=True),
    sa.Column("item_id", Id, primary_key=True),
    _tenant(),
    sa.Column("kind", sa.Text, nullable=False),
    # True: nobody else is offered the item, so that it is counted once however it is counted. NULL: others may be.
    sa.Column("alone", sa.Boolean),
    sa.Index(None, "item_id"),
    # Counts and lists of one kind read nothing but this.
    sa.Index("ix_work_offers_of_kind", "tenant_id", "audience_id", "kind", "opened_at", "item_id"),
    sa.Index(
        "ix_work_offers_shared",
        "tenant_id",
        "audience_id",
        "kind",
        "item_id",
        "alone",
        sqlite_where=sa.text("alone IS NULL"),
        postgresql_where=sa.text("alone IS NULL"),
    ),
)

# -- messages: inbox runs, what they show and to whom ----------------------------------------------

dispatches = _table(
    "dispatches",
    # The run's id: a dispatch is a run that somebody has sent.
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("template_id", Id, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    # To whom as it was written: a user query, or a list of people.
    sa.Column("sent_to", Written, nullable=False),
    sa.Column("attributes", Written, nullable=False),
    sa.Column("sender_id", Id),
    sa.Column("by_script", sa.Boolean, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Index(None, "tenant_id", "sent_at", "id"),
    sa.Index(None, "tenant_id", "sender_id", "sent_at", "id"),
)

entry_faces = _table(
    "entry_faces",
    # The activation's id: what one visit to a step shows everybody whose entry it has set.
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("step_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("style", sa.Text, nullable=False),
    sa.Column("subtitle", sa.Text),
    sa.Column("icon", sa.Text),
    sa.Column("summary_title", sa.Text),
    sa.Column("summary", sa.Text),
    sa.Column("paths", Written, nullable=False),
    sa.Column("activated_by", Id),
    sa.Column("activated_at", Instant, nullable=False),
)

entries = _table(
    "entries",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("user_id", Id, nullable=False),
    # NULL: it was sent to them, and no step has been set for them.
    sa.Column("face_id", Id),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    # What locked it: a step, somebody by hand, or nothing.
    sa.Column("lock", sa.Text, nullable=False),
    sa.Column("locked_by", Id),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index(None, "run_id", "user_id", unique=True),
    sa.Index(
        "ix_entries_retired",
        "tenant_id",
        "user_id",
        "changed_at",
        "id",
        sqlite_where=sa.text("status = 'retired'"),
        postgresql_where=sa.text("status = 'retired'"),
    ),
)

# -- what is still to come -------------------------------------------------------------------------

timers = _table(
    "timers",
    sa.Column("id", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("run_id", Id, nullable=False),
    sa.Column("activation_id", Id, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    _task_queue(),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("claim_token", sa.Text),
    sa.Column("lease_until", Instant),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "task_queue", "due_at"),
    sa.Index(None, "run_id"),
)

jobs = _table(
    "jobs",
    sa.Column("id", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("queue", sa.Text, nullable=False),
    # Which workers may have it: those of its run's task queue.
    _task_queue(),
    sa.Column("run_id", Id),
    sa.Column("activation_id", Id),
    sa.Column("action", Bytes, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("timeout_s", sa.Float, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("claim_token", sa.Text),
    sa.Column("lease_until", Instant),
    # Set when a job that no run waits for has failed for good: it stays to be looked at.
    sa.Column("failed_at", Instant),
    sa.Column("error", sa.Text),
    sa.Index(
        "ix_jobs_due",
        "queue",
        "task_queue",
        "due_at",
        sqlite_where=sa.text("failed_at IS NULL"),
        postgresql_where=sa.text("failed_at IS NULL"),
    ),
    sa.Index(None, "run_id"),
)

# Commands for other roots, sent with the transaction that caused them.
outbox = _table(
    "outbox",
    sa.Column("id", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("command", sa.Text, nullable=False),
    sa.Column("body", Bytes, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Index(None, "due_at"),
)

# -- webhooks out ----------------------------------------------------------------------------------

webhooks = _table(
    "webhooks",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", Json, nullable=False),
    # Encrypted under the server's key, for it must be had again to sign with.
    sa.Column("secret", Bytes, nullable=False),
    # active, disabled, or deleted: gone for everybody, its deliveries still to be removed.
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("disabled_reason", sa.Text),
    # Since when every attempt has failed; None while they succeed.
    sa.Column("failing_since", Instant),
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Index(None, "tenant_id", "created_at"),
)

# One row an event and webhook: what is still to be delivered, and afterwards, for a while, how it went. The event is
# read from its timeline when it is sent; `data` (msgpack) holds what no timeline has.
webhook_deliveries = _table(
    "webhook_deliveries",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("webhook_id", Id, nullable=False),
    # The run, ticket or incident it is about, and the event's number in its timeline: their order is kept.
    sa.Column("subject_id", Id, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("data", Bytes),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Instant, nullable=False),
    # While somebody delivers it: when others may take it over.
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("claim_token", sa.Text),
    # Of the last attempt.
    sa.Column("attempted_at", Instant),
    sa.Column("response_status", sa.Integer),
    sa.Column("response_body", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("duration_ms", sa.Integer),
    sa.Index(None, "webhook_id", "created_at"),
    sa.Index(
        "ix_webhook_deliveries_due",
        "webhook_id",
        "due_at",
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    ),
    sa.Index(
        "ix_webhook_deliveries_lane",
        "webhook_id",
        "subject_id",
        "seq",
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    ),
)

# Signals that came with an id, so that the same one sent again is known. They are not kept in the run's state, which
# every decision reads and writes and which must not grow.
signal_ids = _table(
    "signal_ids",
    sa.Column("run_id", Id, primary_key=True),
    sa.Column("signal_id", sa.Text, primary_key=True),
    _tenant(),
    sa.Column("at", Instant, nullable=False),
)

# Processes that do work, and for which task queues; one that has not been seen for a while has gone.
workers = _table(
    "workers",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("task_queues", Json, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Index(None, "seen_at"),
)

# How many jobs have been done, for people to look at: workers add what they did every so often, and what one did just
# before it died is missing.
job_tallies = _table(
    "job_tallies",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("completed", sa.BigInteger, nullable=False),
)

counters = _table(
    "counters",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

incidents = _table(
    "incidents",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    # One row a subject, code and step (the id is made of them): the same trouble again counts up.
    # The subject is a run, ticket, template or job, and its id.
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("step_id", sa.Text),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at", Instant, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Column("closed_by", Id),
    sa.Index(None, "subject_id"),
    sa.Index(None, "tenant_id", "status", "last_at"),
)

idempotency = _table(
    "idempotency",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", Bytes, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", Bytes, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "created_at"),
)

# -- the desk --------------------------------------------------------------------------------------

tickets = _table(
    "tickets",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    # INC-000042 and the like; numbered per tenant and type.
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subtype", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("group_id", Id),
    sa.Column("assignee_id", Id),
    sa.Column("requester_id", Id),
    sa.Column("tags", Json, nullable=False),
    sa.Column("custom", Json, nullable=False),
    sa.Column("resolution_category", sa.Text),
    # How often the customer has begun to wait; since when they wait now, None while they do not; since when that has
    # counted, None while it is held (pending, on hold); and the business time counted before that.
    sa.Column("wait_number", sa.Integer, nullable=False, server_default="0", info={"always_written": True}),
    sa.Column("waiting_since", Instant),
    sa.Column("counting_since", Instant),
    sa.Column("waited_us", sa.BigInteger, nullable=False, server_default="0", info={"always_written": True}),
    # Since when it has been resolved or closed; None while it is neither.
    sa.Column("resolved_at", Instant),
    # When a person last did something to it; None: nobody has since it was created.
    sa.Column("last_person_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("timeline_seq", sa.BigInteger, nullable=False),
    sa.Column("timeline_head", Bytes, nullable=False),
    sa.Column("anchored", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.UniqueConstraint("tenant_id", "number"),
    sa.Index(
        "ix_tickets_unanchored",
        "tenant_id",
        "id",
        sqlite_where=sa.text("NOT anchored"),
        postgresql_where=sa.text("NOT anchored"),
    ),
    sa.Index(None, "tenant_id", "created_at"),
    sa.Index(None, "tenant_id", "status", "created_at"),
    sa.Index(None, "tenant_id", "requester_id", "created_at"),
    sa.Index(None, "tenant_id", "assignee_id", "created_at"),
    sa.Index(None, "tenant_id", "group_id", "created_at"),
    sa.Index(None, "tenant_id", "queue", "created_at"),
    # "Is this category in use, which tickets have it": those that have one alone.
    sa.Index(
        "ix_tickets_of_resolution_category",
        "tenant_id",
        "resolution_category",
        sqlite_where=sa.text("resolution_category IS NOT NULL"),
        postgresql_where=sa.text("resolution_category IS NOT NULL"),
    ),
    sa.Index(
        "ix_tickets_waiting",
        "tenant_id",
        "id",
        sqlite_where=sa.text("waiting_since IS NOT NULL"),
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
    ),
    sa.Index(None, "tenant_id", "updated_at"),
)

comments = _table(
    "comments",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("ticket_id", Id, nullable=False),
    sa.Column("author_id", Id),
    sa.Column("visibility", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "ticket_id", "created_at"),
)

files = _table(
    "files",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    # The content lives under its hash in the data directory.
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("ticket_id", Id),
    sa.Column("uploaded_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "ticket_id"),
)

ticket_links = _table(
    "ticket_links",
    sa.Column("ticket_id", Id, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("other_id", Id, primary_key=True),
    _tenant(),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "other_id"),
)

notifications = _table(
    "notifications",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    # A person, or a group: its members share one row, as they share a work offer.
    sa.Column("audience_id", Id, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("run_id", Id),
    sa.Column("ticket_id", Id),
    sa.Column("item_id", Id),
    sa.Column("created_at", Instant, nullable=False),
    # Of a notice to one person; who of a group has read theirs is in notification_reads.
    sa.Column("read_at", Instant),
    sa.Index(None, "audience_id", "created_at"),
    # "How many has she not read": only what is unread, however long the history.
    sa.Index(
        "ix_notifications_unread",
        "audience_id",
        "created_at",
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    ),
)

notification_reads = _table(
    "notification_reads",
    sa.Column("user_id", Id, primary_key=True),
    sa.Column("notification_id", Id, primary_key=True),
    _tenant(),
    sa.Column("read_at", Instant, nullable=False),
)

# The key that push services know this installation by: one row, made when it is first asked for.
push_keys = _table(
    "push_keys",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    # As browsers take it: base64url of the uncompressed point.
    sa.Column("public_key", sa.Text, nullable=False),
    # Encrypted under the server's key, for it must be had again to sign with.
    sa.Column("private_key", Bytes, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

# The browsers that people want to be told on.
push_subscriptions = _table(
    "push_subscriptions",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("user_id", Id, nullable=False),
    # SHA-256 of the browser's address at its push service: who knows the address may write to it.
    sa.Column("endpoint_hash", Bytes, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("label", sa.Text),
    # The address and the browser's keys, encrypted under the server's key.
    sa.Column("sealed", Bytes, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "endpoint_hash"),
    sa.Index(None, "tenant_id", "user_id", "created_at"),
)

chat_channels = _table(
    "chat_channels",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("name", sa.Text, nullable=False),
    # The name as it is compared: no two differ in case alone.
    sa.Column("folded_name", sa.Text, nullable=False),
    # Where messages go, encrypted under the server's key: chat services hide their keys in addresses.
    sa.Column("sealed_url", Bytes, nullable=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("masked_url", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False),
    # When a message was last tried, and why it was not taken (None: it was).
    sa.Column("tried_at", Instant),
    sa.Column("error", sa.Text),
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "folded_name"),
)

calendars = _table(
    "calendars",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("definition", Json, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)

# What stands at the `ical_url` of a calendar, as it was last fetched: it is kept while it cannot be had anew.
holiday_feeds = _table(
    "holiday_feeds",
    sa.Column("calendar_id", Id, primary_key=True),
    _tenant(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("fetched_at", Instant),
    # Of the last attempt, when that failed.
    sa.Column("failed_at", Instant),
    sa.Column("error", sa.Text),
    # When it is fetched next; while somebody does, when another may.
    sa.Column("due_at", Instant, nullable=False),
    sa.Index(None, "tenant_id"),
    sa.Index(None, "due_at"),
)

# What administrators of a desk set up is numbered per tenant: the numbers are the ids the surface shows, and none is
# given twice. A ticket names its queue and its resolution category by name; a new name is written to both at once.
queues = _table(
    "queues",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("builtin", sa.Boolean, nullable=False),
    sa.Column("outgoing_mailbox", sa.Integer),
    # Counted with every ticket that comes, goes, ends or is opened again: telling them costs the same for ever.
    sa.Column("ticket_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("open_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("tenant_id", "name"),
)

queue_managers = _table(
    "queue_managers",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("queue_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("user_id", Id, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
)

mailboxes = _table(
    "mailboxes",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.UniqueConstraint("tenant_id", "address"),
)

resolution_categories = _table(
    "resolution_categories",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("colour", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)

# What a remote asks of the desk. Its process is kept as versions of a template that no list shows, `definition_id`.
interventions = _table(
    "interventions",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    # The name as it is compared: no two differ in case alone.
    sa.Column("folded_name", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("queue_number", sa.Integer, nullable=False),
    sa.Column("fields", Written, nullable=False),
    # {private, public, final}: templates of what is said on the ticket.
    sa.Column("texts", Written, nullable=False),
    sa.Column("labels", Written, nullable=False),
    sa.Column("remote_enabled", sa.Boolean, nullable=False),
    sa.Column("remote_epilog_url", sa.Text),
    sa.Column("remote_timeout_s", sa.Integer, nullable=False),
    sa.Column("notify_inbox_managers", sa.Boolean, nullable=False),
    sa.Column("create_urgent", sa.Boolean, nullable=False),
    # The remote's token: a hash to know it by, and itself under the server's key, for it is shown to the remote too.
    sa.Column("remote_name", sa.Text),
    sa.Column("token_hash", sa.Text, unique=True),
    sa.Column("token_sealed", Bytes),
    # How many tokens there have been: each comes with a signing secret of its own.
    sa.Column("token_number", sa.Integer, nullable=False),
    sa.Column("definition_id", Id, nullable=False),
    sa.Column("definition_version", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "folded_name"),
)

# What remotes have asked, by what they call it: asked again it is the same ticket.
intervention_requests = _table(
    "intervention_requests",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("intervention_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("ticket_id", Id, nullable=False),
    sa.Column("run_id", Id, nullable=False),
    # What stood in inboxes for it first: whoever comes too late is told who was quicker.
    sa.Column("item_id", Id, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "ticket_id"),
    sa.Index(None, "item_id"),
)

escalations = _table(
    "escalations",
    sa.Column("tenant_id", Id, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("repeat_minutes", sa.Integer),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("queue_number", sa.Integer),
    sa.Column("priority", sa.Text),
    sa.Column("group_id", Id),
)

# The tickets whose customer waits, at desks that escalate: how often each escalation has fired in this wait, and when
# the next one is due; None while no more can come due.
escalation_timers = _table(
    "escalation_timers",
    sa.Column("ticket_id", Id, primary_key=True),
    _tenant(),
    sa.Column("wait_number", sa.Integer, nullable=False),
    sa.Column("fired", Json, nullable=False),
    sa.Column("due_at", Instant),
    sa.Index(None, "due_at"),
)

# Tenants whose waiting tickets are to be timed anew, since their hours or their escalations have changed.
escalation_sweeps = _table(
    "escalation_sweeps",
    sa.Column("tenant_id", Id, primary_key=True),
    # While somebody is at it, when another may take it over.
    sa.Column("due_at", Instant, nullable=False),
    sa.Index(None, "due_at"),
)

views = _table(
    "views",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("user_id", Id, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("screen", sa.Text, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("filters", Json, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "tenant_id", "screen"),
)

# -- automation rules ------------------------------------------------------------------------------

rules = _table(
    "rules",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    # Lower ones are asked first; of equals the older.
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("definition", Written, nullable=False),
    # Of a webhook rule: what its secret address is made of, and the hash it is found by.
    sa.Column("hook_nonce", sa.Text),
    sa.Column("hook_hash", sa.Text, unique=True),
    # Whom the rule acts for when a ticket has no requester.
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(None, "tenant_id", "created_at"),
    sa.Index(None, "tenant_id", "trigger", "position"),
)

# What each rule was, from one version of the tenant's rules until another: an old event's rules can be looked at again.
rule_versions = _table(
    "rule_versions",
    sa.Column("rule_id", Id, primary_key=True),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    _tenant(),
    # The first version it was no more in; None while it is.
    sa.Column("until", sa.BigInteger),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("definition", Written, nullable=False),
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "tenant_id", "since"),
    sa.Index(None, "tenant_id", "until"),
)

# One row a desk event that there were rules for: what they saw of it, and what came of it.
rule_events = _table(
    "rule_events",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("ticket_id", Id),
    sa.Column("at", Instant, nullable=False),
    # Its place among the events of one instant.
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("rules_version", sa.BigInteger, nullable=False),
    # The one rule that a schedule's or a webhook's event is for; None: every rule of the trigger.
    sa.Column("rule_id", Id),
    # When it was written, which for what is told of the past is not when it happened: how long it is kept counts from
    # here.
    sa.Column("kept_at", Instant, nullable=False),
    sa.Column("happening", Bytes, nullable=False),
    sa.Column("verdict", Bytes, nullable=False),
    sa.Index(None, "ticket_id", "at"),
    sa.Index(None, "tenant_id", "trigger", "at"),
    sa.Index(None, "kept_at"),
    sa.Index(
        "ix_rule_events_of_one_rule",
        "rule_id",
        "at",
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    ),
)

# A scheduled rule has acted on a ticket, and does not again until the spell is over.
rule_spells = _table(
    "rule_spells",
    sa.Column("rule_id", Id, primary_key=True),
    sa.Column("ticket_id", Id, primary_key=True),
    _tenant(),
    sa.Column("began_at", Instant, nullable=False),
    sa.Index(None, "ticket_id"),
)

rule_sweeps = _table(
    "rule_sweeps",
    sa.Column("rule_id", Id, primary_key=True),
    _tenant(),
    # While somebody sweeps it, the instant another may take it over.
    sa.Column("due_at", Instant, nullable=False),
    sa.Index(None, "due_at"),
)

# How many events one cause has had, when its chain goes on in later transactions.
rule_chains = _table(
    "rule_chains",
    sa.Column("root_id", Id, primary_key=True),
    _tenant(),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("last_at", Instant, nullable=False),
    sa.Index(None, "last_at"),
)

# -- scripts ---------------------------------------------------------------------------------------

scripts = _table(
    "scripts",
    sa.Column("id", Id, primary_key=True),
    _tenant(),
    sa.Column("name", sa.Text, nullable=False),
    # The name as it is compared: no two differ in case alone.
    sa.Column("folded_name", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_by", Id),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("tenant_id", "folded_name"),
)

# How each script ended that a rule or a run had run, under the id of its job: kept for a month.
script_runs = _table(
    "script_runs",
    sa.Column("id", sa.Text, primary_key=True),
    _tenant(),
    # None: the text stood in the rule or template itself.
    sa.Column("script_id", Id),
    # `rule` or `run`, which one, and what it or its template is called.
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("subject_id", Id, nullable=False),
    sa.Column("subject_name", sa.Text, nullable=False),
    sa.Column("ticket_id", Id),
    # The event that the rule saw.
    sa.Column("event_id", Id),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("outcome", Bytes, nullable=False),
    sa.Column("ended_at", Instant, nullable=False),
    sa.Index(None, "script_id", "ended_at", "id"),
    sa.Index(None, "event_id"),
    sa.Index(None, "ended_at"),
)
