"""Everything outside the run that a decision may read, as a value.

The directory answers who is who at an instant; a ticket is the plain dict the API shows. Facts are gathered by
the door before deciding, so that the decision itself asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Any

import msgspec

from wayline.core.business_time import Calendar
from wayline.core.public_ids import uuid_of
from wayline.core.snapshot import Snapshot

MAX_SUBSTITUTE_CHAIN = 10
MAX_QUEUES = 500
MAX_CATEGORIES = 200


class Actor(msgspec.Struct, frozen=True):
    """Who asks. `user_id` None is the system itself (timers, jobs, triggers), which may do what it was told to."""

    user_id: str | None
    role: str = "system"
    name: str = "Wayline"

    @property
    def is_admin(self) -> bool:
        """Admins and the system may free what is stuck."""
        return self.role in ("admin", "system")


SYSTEM = Actor(user_id=None)


class Person(msgspec.Struct, frozen=True):
    """A user as decisions see one."""

    id: str
    email: str
    name: str
    role: str
    manager_id: str | None = None
    active: bool = True
    labels: tuple[str, ...] = ()
    timezone: str = "UTC"


class Group(msgspec.Struct, frozen=True):
    """A group with its members in a stable order, and which of them lead."""

    id: str
    slug: str
    name: str
    members: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


class Absence(msgspec.Struct, frozen=True):
    """A person is away from `start` until `end`, and `substitute_id` stands in."""

    user_id: str
    start: datetime
    end: datetime
    substitute_id: str | None


class Queue(msgspec.Struct, frozen=True):
    """A queue of tickets: who looks after it, and the address that mail about its tickets comes from (None: the
    desk's own)."""

    id: int
    name: str
    managers: tuple[str, ...] = ()
    outgoing: str | None = None


class Directory:
    """The people of one tenant with its queues and resolution categories, indexed; immutable once built, shared by
    every decision of its version. Queues and categories that are None are not judged: any name may be one."""

    def __init__(
        self,
        *,
        version: int = 0,
        people: Iterable[Person] = (),
        groups: Iterable[Group] = (),
        absences: Iterable[Absence] = (),
        queues: Iterable[Queue] | None = None,
        resolution_categories: Iterable[str] | None = None,
    ) -> None:
        self.version = version
        self.queues: dict[str, Queue] | None = None if queues is None else {q.name: q for q in queues}
        self._queue_names = _by_folded(self.queues)
        self.resolution_categories: dict[str, str] | None = (
            None if resolution_categories is None else {name: name for name in resolution_categories}
        )
        self._category_names = _by_folded(self.resolution_categories)
        self.people: dict[str, Person] = {p.id: p for p in people}
        self.by_email: dict[str, Person] = {p.email.lower(): p for p in self.people.values()}
        self.groups: dict[str, Group] = {g.id: g for g in groups}
        self._by_name: dict[str, Group] = {}
        for group in self.groups.values():
            self._by_name.setdefault(group.name.lower(), group)
        for group in self.groups.values():
            self._by_name[group.slug.lower()] = group
        self._members: dict[str, frozenset[str]] = {g.id: frozenset(g.members) for g in self.groups.values()}
        self._active_members: dict[str, tuple[str, ...]] = {}
        self.groups_of: dict[str, tuple[str, ...]] = _groups_of(self.groups.values())
        self._away: dict[str, list[Absence]] = {}
        self._stands_for: dict[str, list[Absence]] = {}
        for absence in absences:
            self._away.setdefault(absence.user_id, []).append(absence)
            if absence.substitute_id:
                self._stands_for.setdefault(absence.substitute_id, []).append(absence)

    def with_person(self, person: Person) -> Directory:
        """The directory with somebody new in it, who is in no group yet."""
        made = copy(self)
        made.people = {**self.people, person.id: person}
        made.by_email = {**self.by_email, person.email.lower(): person}
        return made

    def person(self, name: str | None) -> Person | None:
        """The active person with this id, `usr_` id or e-mail; None when there is none."""
        if not name:
            return None
        found = self.people.get(name) or self.by_email.get(name.lower()) or self.people.get(name.removeprefix("usr_"))
        found = found or self.people.get(uuid_of("usr", name) or "")
        return found if found and found.active else None

    def group(self, name: str | None) -> Group | None:
        """The group with this id, slug or name."""
        if not name:
            return None
        return self.groups.get(name) or self._by_name.get(name.lower())

    def queue_called(self, name: str) -> str | None:
        """The queue's name as it is written, case aside. A name that none has is a new queue's; None when the desk has
        MAX_QUEUES."""
        return name if self.queues is None else _known_or_new(name, self._queue_names, MAX_QUEUES)

    def queue(self, name: str) -> Queue | None:
        """The queue of exactly this name, as tickets have it."""
        return (self.queues or {}).get(name)

    def category_called(self, name: str) -> str | None:
        """The resolution category's name as it is written, case aside; likewise."""
        return name if self.resolution_categories is None else _known_or_new(name, self._category_names, MAX_CATEGORIES)

    def is_member(self, user_id: str, group_id: str | None) -> bool:
        """Whether the person belongs to the group now."""
        return group_id is not None and user_id in self._members.get(group_id, frozenset())

    def active_members(self, group: Group) -> tuple[str, ...]:
        """Ids of the group's active members, in its stable order. Asked at every step of a group's, so kept."""
        found = self._active_members.get(group.id)
        if found is None:
            found = tuple(m for m in group.members if (p := self.people.get(m)) is not None and p.active)
            self._active_members[group.id] = found
        return found

    def active_leads(self, group: Group) -> list[str]:
        """Ids of the group's active leads, in its stable order."""
        return [m for m in group.leads if (p := self.people.get(m)) is not None and p.active]

    def admins(self) -> list[str]:
        """Ids of the tenant's active admins."""
        return [p.id for p in self.people.values() if p.role == "admin" and p.active]

    def is_away(self, user_id: str, at: datetime) -> bool:
        """Whether the person has an absence covering this instant."""
        return any(a.start <= at < a.end for a in self._away.get(user_id, ()))

    def stands_in_for(self, user_id: str, at: datetime) -> frozenset[str]:
        """Ids of everybody whose work this person may do at this instant, chains followed."""
        if user_id not in self._stands_for:
            return frozenset()
        found: set[str] = set()
        frontier = [user_id]
        for _ in range(MAX_SUBSTITUTE_CHAIN):
            frontier = [
                a.user_id
                for who in frontier
                for a in self._stands_for.get(who, ())
                if a.start <= at < a.end and a.user_id not in found and a.user_id != user_id
            ]
            if not frontier:
                break
            found.update(frontier)
        return frozenset(found)


def _known_or_new(name: str, known: Mapping[str, str], most: int) -> str | None:
    name = name.strip()
    return known.get(name.casefold()) or (name if len(known) < most else None)


def _by_folded(names: Iterable[str] | None) -> dict[str, str]:
    """Names by what they are compared by."""
    return {name.strip().casefold(): name for name in names or ()}


def _groups_of(groups: Iterable[Group]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for group in groups:
        for member in group.members:
            found.setdefault(member, []).append(group.id)
    return {user: tuple(ids) for user, ids in found.items()}


EMPTY_DIRECTORY = Directory()


class Facts(msgspec.Struct, frozen=True):
    """What a decision may know besides the run.

    `ticket` is the ticket as the API shows it, or None; `calendars` by name, `default` among them when the tenant
    has one; `counters` the tenant's rotations; `open_work` the number of open items a person carries, loaded only
    when a template asks for least_loaded; `snapshot` the one that a roll back names, None when there is no such.
    """

    directory: Directory = EMPTY_DIRECTORY
    ticket: Mapping[str, Any] | None = None
    calendars: Mapping[str, Calendar] = {}
    counters: Mapping[str, int] = {}
    open_work: Mapping[str, int] = {}
    snapshot: Snapshot | None = None
