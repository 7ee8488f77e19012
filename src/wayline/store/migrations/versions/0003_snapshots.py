"""What a run was at each completed step."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("activations", sa.Column("snapshot", sa.LargeBinary(), nullable=True))
