"""Queues, resolution categories, escalations and what customers wait for."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass
