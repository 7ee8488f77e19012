"""Queues, resolution categories, escalations and what customers wait for.

Every tenant gets the built-in queues. What tickets called their queue or resolution category until now becomes one, and
who waits at an open ticket is read off its comments.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BUILTIN = ("Inbox", "Spam", "Trash")
GREY = "#8a94a0"
ENDED = ("resolved", "closed", "cancelled")
HELD = ("pending", "on_hold")


def upgrade() -> None:
    _add_to_tickets()
    _create_queues()
    _create_escalations()
    _found_queues()
    _found_categories()
    _begin_waits()


def _add_to_tickets() -> None:
    op.add_column("tickets", sa.Column("wait_number", sa.Integer(), server_default="0", nullable=False))
    op.add_column("tickets", sa.Column("waiting_since", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("counting_since", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("waited_us", sa.BigInteger(), server_default="0", nullable=False))
    _create_partial(
        "ix_tickets_of_resolution_category", ["tenant_id", "resolution_category"], "resolution_category IS NOT NULL"
    )
    _create_partial("ix_tickets_waiting", ["tenant_id", "id"], "waiting_since IS NOT NULL")


def _create_partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "tickets", columns, unique=False, sqlite_where=condition, postgresql_where=condition)


def _create_queues() -> None:
    op.create_table(
        "queues",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("builtin", sa.Boolean(), nullable=False),
        sa.Column("outgoing_mailbox", sa.Integer(), nullable=True),
        sa.Column("ticket_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("open_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_queues")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_queues_tenant_id_name")),
    )
    op.create_table(
        "queue_managers",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("queue_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "queue_number", "user_id", name=op.f("pk_queue_managers")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("tenant_id", "address", name=op.f("uq_mailboxes_tenant_id_address")),
    )
    op.create_table(
        "resolution_categories",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_resolution_categories")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_resolution_categories_tenant_id_name")),
    )


def _create_escalations() -> None:
    op.create_table(
        "holiday_feeds",
        sa.Column("calendar_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("calendar_id", name=op.f("pk_holiday_feeds")),
    )
    op.create_index(op.f("ix_holiday_feeds_tenant_id"), "holiday_feeds", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_holiday_feeds_due_at"), "holiday_feeds", ["due_at"], unique=False)
    op.create_table(
        "escalations",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("repeat_minutes", sa.Integer(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("queue_number", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("group_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_escalations")),
    )
    op.create_table(
        "escalation_timers",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("wait_number", sa.Integer(), nullable=False),
        sa.Column("fired", JSON, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_escalation_timers")),
    )
    op.create_index(op.f("ix_escalation_timers_due_at"), "escalation_timers", ["due_at"], unique=False)
    op.create_table(
        "escalation_sweeps",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_escalation_sweeps")),
    )
    op.create_index(op.f("ix_escalation_sweeps_due_at"), "escalation_sweeps", ["due_at"], unique=False)


# -- what is there already -------------------------------------------------------------------------

_tenants = sa.table("tenants", sa.column("id", ID))
_tickets = sa.table(
    "tickets",
    *(sa.column(name, ID) for name in ("id", "tenant_id", "requester_id")),
    *(sa.column(name, sa.Text()) for name in ("queue", "status", "resolution_category")),
    *(sa.column(name, sa.BigInteger()) for name in ("created_at", "wait_number", "waiting_since", "counting_since")),
)
_comments = sa.table(
    "comments",
    *(sa.column(name, ID) for name in ("ticket_id", "author_id")),
    sa.column("visibility", sa.Text()),
    sa.column("created_at", sa.BigInteger()),
)
_queues = sa.table(
    "queues",
    sa.column("tenant_id", ID),
    sa.column("number", sa.Integer()),
    sa.column("name", sa.Text()),
    sa.column("builtin", sa.Boolean()),
    sa.column("ticket_count", sa.BigInteger()),
    sa.column("open_count", sa.BigInteger()),
)
_categories = sa.table(
    "resolution_categories",
    sa.column("tenant_id", ID),
    sa.column("number", sa.Integer()),
    sa.column("name", sa.Text()),
    sa.column("colour", sa.Text()),
    sa.column("position", sa.Integer()),
)
_counters = sa.table(
    "counters", sa.column("tenant_id", ID), sa.column("name", sa.Text()), sa.column("value", sa.BigInteger())
)


def _found_queues() -> None:
    connection = op.get_bind()
    is_open = sa.case((_tickets.c.status.in_(ENDED), 0), else_=1)
    counted = sa.select(_tickets.c.tenant_id, _tickets.c.queue, sa.func.count(), sa.func.sum(is_open))
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for tenant_id, name, tickets, open_ones in connection.execute(
        counted.group_by(_tickets.c.tenant_id, _tickets.c.queue).order_by(_tickets.c.queue)
    ):
        found.setdefault(tenant_id, {})[name] = (tickets, int(open_ones))
    for (tenant_id,) in connection.execute(sa.select(_tenants.c.id)).all():
        rows = list(_queues_of(tenant_id, found.get(tenant_id, {})))
        connection.execute(sa.insert(_queues), rows)
        _count(tenant_id, "id:queue", len(rows))


def _queues_of(tenant_id: str, counts: dict[str, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for number, name in enumerate((*BUILTIN, *(n for n in counts if n not in BUILTIN)), 1):
        tickets, open_ones = counts.get(name, (0, 0))
        yield {
            "tenant_id": tenant_id,
            "number": number,
            "name": name,
            "builtin": name in BUILTIN,
            "ticket_count": tickets,
            "open_count": open_ones,
        }


def _found_categories() -> None:
    connection = op.get_bind()
    named = sa.select(_tickets.c.tenant_id, _tickets.c.resolution_category).where(
        _tickets.c.resolution_category.is_not(None), _tickets.c.resolution_category != ""
    )
    found: dict[str, list[str]] = {}
    for tenant_id, name in connection.execute(named.distinct().order_by(_tickets.c.resolution_category)):
        found.setdefault(tenant_id, []).append(name)
    for tenant_id, names in found.items():
        rows = [
            {"tenant_id": tenant_id, "number": number, "name": name, "colour": GREY, "position": number}
            for number, name in enumerate(names, 1)
        ]
        connection.execute(sa.insert(_categories), rows)
        _count(tenant_id, "id:resolution_category", len(rows))


def _count(tenant_id: str, name: str, value: int) -> None:
    op.get_bind().execute(sa.insert(_counters).values(tenant_id=tenant_id, name=name, value=value))


def _begin_waits() -> None:
    """A customer whose last word has had no answer waits since then. Time on hold until now counts."""
    connection = op.get_bind()
    is_open = _tickets.c.status.not_in(ENDED)
    asked, answered = _last_word(by_requester=True), _last_word(by_requester=False)
    connection.execute(
        sa.update(_tickets)
        .where(is_open)
        .values(wait_number=1, waiting_since=sa.func.coalesce(asked, _tickets.c.created_at))
    )
    connection.execute(
        sa.update(_tickets).where(is_open, answered >= _tickets.c.waiting_since).values(waiting_since=None)
    )
    connection.execute(
        sa.update(_tickets)
        .where(_tickets.c.waiting_since.is_not(None), _tickets.c.status.not_in(HELD))
        .values(counting_since=_tickets.c.waiting_since)
    )


def _last_word(*, by_requester: bool) -> Any:
    theirs = _comments.c.author_id == _tickets.c.requester_id
    others = sa.or_(_tickets.c.requester_id.is_(None), _comments.c.author_id != _tickets.c.requester_id)
    return (
        sa.select(sa.func.max(_comments.c.created_at))
        .where(
            _comments.c.ticket_id == _tickets.c.id,
            _comments.c.visibility == "public",
            _comments.c.author_id.is_not(None),
            theirs if by_requester else others,
        )
        .correlate(_tickets)
        .scalar_subquery()
    )
