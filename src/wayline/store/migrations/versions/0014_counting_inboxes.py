"""Indexes to count what is offered to somebody by, and a mark on the offers that are the only ones of their items."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("work_offers", sa.Column("alone", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE work_offers SET alone = true "
        "WHERE item_id IN (SELECT item_id FROM work_offers GROUP BY item_id HAVING count(*) = 1)"
    )
    op.create_index(
        "ix_work_offers_of_kind",
        "work_offers",
        ["tenant_id", "audience_id", "kind", "opened_at", "item_id"],
        unique=False,
    )
    shared = sa.text("alone IS NULL")
    op.create_index(
        "ix_work_offers_shared",
        "work_offers",
        ["tenant_id", "audience_id", "kind", "item_id", "alone"],
        unique=False,
        sqlite_where=shared,
        postgresql_where=shared,
    )
