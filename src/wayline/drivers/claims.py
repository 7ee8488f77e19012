"""Tokens that say who has taken a row: one a claim, told apart from those of every other process and earlier life."""

from __future__ import annotations

import itertools
import uuid


class Claims:
    """Hands out tokens: this process's boot id and a number."""

    def __init__(self) -> None:
        self.boot_id = uuid.uuid4().hex
        self._numbers = itertools.count(1)

    def token(self) -> str:
        """A token that nobody has had."""
        return f"{self.boot_id}:{next(self._numbers)}"
