"""Task queues: which part of the desk's work a run belongs to, so that workers can be set apart for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from wayline.core.run import DEFAULT_TASK_QUEUE

HIGH_PRIORITY = "itsm-high-priority"
"""Its work is taken before all other."""
TASK_QUEUES = (DEFAULT_TASK_QUEUE, "itsm-accessories", "itsm-fleet", "itsm-network", HIGH_PRIORITY)
"""Those that every installation has."""
MAX_TASK_QUEUES = 50
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def names_in(written: str) -> tuple[str, ...]:
    """The names in a list with commas, each once; raises ValueError naming one that is none."""
    names = tuple(dict.fromkeys(name for part in written.split(",") if (name := part.strip())))
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no task queue: lower-case letters, digits and hyphens, at most 63")
    if len(names) > MAX_TASK_QUEUES:
        raise ValueError(f"at most {MAX_TASK_QUEUES} task queues")
    return names


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The names, the one that goes before all others first."""
    return tuple(sorted(dict.fromkeys(names), key=lambda name: name != HIGH_PRIORITY))


def due_first(due: Mapping[str, datetime], at: datetime) -> list[str]:
    """The queues with something due by then, in the order they are looked after: high priority, then whoever has
    waited longest."""
    waiting = [name for name, due_at in due.items() if due_at <= at]
    return sorted(waiting, key=lambda name: (name != HIGH_PRIORITY, due[name]))
