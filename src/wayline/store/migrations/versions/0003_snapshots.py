"""What a run was at each completed step."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
