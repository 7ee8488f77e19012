"""Indexes to find one person's runs by, in whatever state."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_runs_of_owner", "runs", ["tenant_id", "owner_id", "created_at", "archived"], unique=False)
    ended = sa.text("completed_at IS NOT NULL")
    op.create_index(
        "ix_runs_ended_of_owner",
        "runs",
        ["tenant_id", "owner_id", "status", "created_at", "archived"],
        unique=False,
        sqlite_where=ended,
        postgresql_where=ended,
    )
