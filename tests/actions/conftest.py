"""Fixtures of the outside actions' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from other_system import OtherSystem, other_system


@pytest.fixture
def inventory() -> Iterator[OtherSystem]:
    """The system that templates call."""
    with other_system() as system:
        yield system
