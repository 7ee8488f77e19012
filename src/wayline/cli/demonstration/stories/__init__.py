"""What has happened at the desk, a file a kind of work."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.stories import access, changes, hardware, incidents, joiners, problems, software
from wayline.cli.demonstration.story import Story

_KINDS = (hardware, software, access, joiners, incidents, changes, problems)


def stories(days: Days) -> Iterator[Story]:
    """Every story, as it looks from `days.now`."""
    for kind in _KINDS:
        yield from kind.stories(days)
