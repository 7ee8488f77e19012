"""A clock that stands still until it is moved, so that a past can be lived through in a moment."""

from __future__ import annotations

from datetime import datetime

from wayline.engine.clock import Clock
from wayline.store.database import Database


class StoryClock(Clock):
    """Shows the instant it was last moved to (aware UTC)."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def now(self) -> datetime:
        """The instant of the story."""
        return self._at

    def follow(self, database: Database) -> None:
        """It follows nobody."""

    def move_to(self, at: datetime) -> None:
        """Let it be this instant; it never goes back."""
        if at < self._at:
            raise ValueError(f"the story is at {self._at} and cannot go back to {at}")
        self._at = at
