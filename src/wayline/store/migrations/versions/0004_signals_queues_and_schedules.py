"""Signals known by their ids; the task queue of runs, timers and jobs; who works, and how much has been done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("runs", "timers", "jobs"):
        op.add_column(table, sa.Column("task_queue", sa.Text(), server_default="itsm-workflows", nullable=False))
    op.drop_index(op.f("ix_timers_due_at"), "timers")
    op.create_index(op.f("ix_timers_task_queue_due_at"), "timers", ["task_queue", "due_at"], unique=False)
    op.drop_index("ix_jobs_due", "jobs")
    _create_partial("ix_jobs_due", "jobs", ["queue", "task_queue", "due_at"], "failed_at IS NULL")
    _create_partial("ix_runs_of_status", "runs", ["tenant_id", "status", "created_at"], "status <> 'completed'")
    _create_partial(
        "ix_runs_of_task_queue", "runs", ["tenant_id", "task_queue", "created_at"], "task_queue <> 'itsm-workflows'"
    )
    _create_partial("ix_runs_archived", "runs", ["tenant_id", "created_at"], "archived")
    op.create_table(
        "signal_ids",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "signal_id", name=op.f("pk_signal_ids")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_queues", JSON, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_index(op.f("ix_workers_seen_at"), "workers", ["seen_at"], unique=False)
    op.create_table(
        "job_tallies",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("completed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "queue", name=op.f("pk_job_tallies")),
    )


def _create_partial(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )
