"""Interventions, and what remotes have asked of the desk through them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.create_table(
        "interventions",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("queue_number", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("remote_enabled", sa.Boolean(), nullable=False),
        sa.Column("remote_epilog_url", sa.Text(), nullable=True),
        sa.Column("remote_timeout_s", sa.Integer(), nullable=False),
        sa.Column("notify_inbox_managers", sa.Boolean(), nullable=False),
        sa.Column("create_urgent", sa.Boolean(), nullable=False),
        sa.Column("remote_name", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("token_number", sa.Integer(), nullable=False),
        sa.Column("definition_id", ID, nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_interventions")),
        sa.UniqueConstraint("tenant_id", "folded_name", name=op.f("uq_interventions_tenant_id_folded_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_interventions_token_hash")),
    )
    op.create_table(
        "intervention_requests",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("intervention_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "intervention_number", "uid", name=op.f("pk_intervention_requests")),
    )
    op.create_index(op.f("ix_intervention_requests_ticket_id"), "intervention_requests", ["ticket_id"], unique=False)
    op.create_index(op.f("ix_intervention_requests_item_id"), "intervention_requests", ["item_id"], unique=False)
