"""Signals, callbacks, task queues and scheduled starts."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
