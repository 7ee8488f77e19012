"""Nothing: a place that was kept for interventions and landed empty. They come with 0015, so that databases that have
passed this one get them too."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass
