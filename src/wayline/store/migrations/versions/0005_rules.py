"""Automation rules, their spells and what they came to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.add_column("tenants", sa.Column("rules_version", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("last_person_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE tickets SET last_person_at = updated_at")
    _create_rules()
    _create_rule_versions()
    _create_rule_events()
    _create_sweeping()


def _create_rules() -> None:
    op.create_table(
        "rules",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("hook_nonce", sa.Text(), nullable=True),
        sa.Column("hook_hash", sa.Text(), nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
        sa.UniqueConstraint("hook_hash", name=op.f("uq_rules_hook_hash")),
    )
    op.create_index(op.f("ix_rules_tenant_id_created_at"), "rules", ["tenant_id", "created_at"], unique=False)
    op.create_index(
        op.f("ix_rules_tenant_id_trigger_position"), "rules", ["tenant_id", "trigger", "position"], unique=False
    )


def _create_rule_versions() -> None:
    op.create_table(
        "rule_versions",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "since", name=op.f("pk_rule_versions")),
    )
    op.create_index(op.f("ix_rule_versions_tenant_id_since"), "rule_versions", ["tenant_id", "since"], unique=False)
    op.create_index(op.f("ix_rule_versions_tenant_id_until"), "rule_versions", ["tenant_id", "until"], unique=False)


def _create_rule_events() -> None:
    op.create_table(
        "rule_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", ID, nullable=True),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("happening", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_events")),
    )
    op.create_index(op.f("ix_rule_events_ticket_id_at"), "rule_events", ["ticket_id", "at"], unique=False)
    op.create_index(
        op.f("ix_rule_events_tenant_id_trigger_at"), "rule_events", ["tenant_id", "trigger", "at"], unique=False
    )
    op.create_index(op.f("ix_rule_events_kept_at"), "rule_events", ["kept_at"], unique=False)
    op.create_index(
        "ix_rule_events_of_one_rule",
        "rule_events",
        ["rule_id", "at"],
        unique=False,
        sqlite_where=sa.text("rule_id IS NOT NULL"),
        postgresql_where=sa.text("rule_id IS NOT NULL"),
    )


def _create_sweeping() -> None:
    op.create_table(
        "rule_spells",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "ticket_id", name=op.f("pk_rule_spells")),
    )
    op.create_index(op.f("ix_rule_spells_ticket_id"), "rule_spells", ["ticket_id"], unique=False)
    op.create_table(
        "rule_sweeps",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_rule_sweeps")),
    )
    op.create_index(op.f("ix_rule_sweeps_due_at"), "rule_sweeps", ["due_at"], unique=False)
    op.create_table(
        "rule_chains",
        sa.Column("root_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("root_id", name=op.f("pk_rule_chains")),
    )
    op.create_index(op.f("ix_rule_chains_last_at"), "rule_chains", ["last_at"], unique=False)
