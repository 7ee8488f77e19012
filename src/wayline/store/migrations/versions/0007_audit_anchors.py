"""Daily anchors of the timelines' heads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

ID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    op.create_table(
        "audit_anchors",
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=False),
        sa.Column("heads", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_audit_anchors")),
    )
    op.create_table(
        "timeline_boundaries",
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_timeline_boundaries")),
    )
    for table in ("runs", "tickets"):
        op.add_column(table, sa.Column("anchored", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        op.create_index(
            f"ix_{table}_unanchored",
            table,
            ["tenant_id", "id"],
            unique=False,
            sqlite_where=sa.text("NOT anchored"),
            postgresql_where=sa.text("NOT anchored"),
        )
