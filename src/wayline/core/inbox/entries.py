"""Changing entries, and the visits they are at: a visit lasts while somebody's active entry is at it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from wayline.core.effects import CancelJob, ChangeEntries, EntryChange
from wayline.core.inbox.state import Entry
from wayline.core.run import Activation

if TYPE_CHECKING:
    from wayline.core.decision import Deciding

MAX_NAMED = 50
"""People named in one event of the timeline; of more it tells the number."""
LEFT = "left"
"""The outcome of a visit that nobody is at any more."""
_position = attrgetter("position")


def change_entry(deciding: Deciding, user_id: str, after: Entry) -> None:
    """Write a person's entry, and count it where it is. One that leaves the inbox is not locked any more; that of
    somebody who has left does not come back, for nobody could ever choose on it."""
    inbox = deciding.run.inbox
    assert inbox is not None
    before = inbox.entries.get(user_id)
    if after.active and not (before is not None and before.active) and has_left(deciding, user_id):
        after = msgspec.structs.replace(after, active=False)
    if not after.active and after.lock:
        after = msgspec.structs.replace(after, lock="", locked_by=None)
    deciding.entries_before.setdefault(user_id, before)
    inbox.entries[user_id] = after
    if before is not None and before.active:
        _count(deciding, before.visit, -1)
    if after.active:
        _count(deciding, after.visit, 1)


def has_left(deciding: Deciding, user_id: str) -> bool:
    """Whether the person is not active at the desk any more."""
    person = deciding.facts.directory.people.get(user_id)
    return person is None or not person.active


def _count(deciding: Deciding, position: int, by: int) -> None:
    visit = visit_at(deciding, position)
    if visit is not None:
        visit.data["active"] += by


def visit_at(deciding: Deciding, position: int) -> Activation | None:
    """The live visit at that place among the run's; None when it is over. Later ones stand behind earlier ones, and
    there may be one a person."""
    live = deciding.run.open
    place = bisect_left(live, position, key=_position)
    return live[place] if place < len(live) and live[place].position == position else None


def close_left_visits(deciding: Deciding) -> None:
    """End the visits that nobody's active entry is at any more."""
    for visit in [visit for visit in deciding.run.open if not visit.data["active"]]:
        deciding.end_visit(visit, LEFT)


def retire_all(deciding: Deciding) -> None:
    """Take every entry out of the inboxes and drop what is under way: the run ends."""
    inbox = deciding.run.inbox
    assert inbox is not None
    for user_id, entry in [(u, e) for u, e in inbox.entries.items() if e.active]:
        change_entry(deciding, user_id, msgspec.structs.replace(entry, active=False))
    deciding.effects += [CancelJob(id=job_id) for job_id in inbox.jobs]
    inbox.jobs = {}


def tell_of_entries(deciding: Deciding) -> None:
    """What the decision made of entries, as one effect: each person's from what it was before to what it is now."""
    inbox = deciding.run.inbox
    if inbox is None or not deciding.entries_before:
        return
    found = [
        EntryChange(user_id, before, after)
        for user_id, before in deciding.entries_before.items()
        if (after := inbox.entries.get(user_id)) is not None and after != before
    ]
    deciding.entries_before.clear()
    if found:
        deciding.effects.append(ChangeEntries(changes=tuple(found)))


def list_said(user_ids: Collection[str]) -> list[str]:
    """The people an event names."""
    return list(islice(user_ids, MAX_NAMED))
