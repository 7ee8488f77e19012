"""The history of a ticket: its own timeline and those of its runs, as one."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import msgspec
import sqlalchemy as sa

from wayline.store.timeline import TimelineEvent, read_timeline


class HistoryEvent(msgspec.Struct, frozen=True):
    """An event, and the run it happened in; None when it happened to the ticket itself."""

    run_id: str | None
    event: TimelineEvent


def read_history(
    connection: sa.Connection, *, tenant_id: str, ticket_id: str, run_ids: Sequence[str]
) -> list[HistoryEvent]:
    """All events of the ticket and of these runs, oldest first; at one instant the ticket's own come first, and no
    timeline's order is ever changed. Costs what the ticket has been through, not what the desk has."""
    timelines = [
        [HistoryEvent(run_id=run_id, event=event) for event in _whole_timeline(connection, tenant_id, subject_id)]
        for subject_id, run_id in [(ticket_id, None), *((r, r) for r in run_ids)]
    ]
    return list(heapq.merge(*timelines, key=lambda found: found.event.at))


def _whole_timeline(connection: sa.Connection, tenant_id: str, subject_id: str) -> Iterator[TimelineEvent]:
    seen = -1
    while events := read_timeline(connection, tenant_id=tenant_id, subject_id=subject_id, after_seq=seen):
        yield from events
        seen = events[-1].seq
