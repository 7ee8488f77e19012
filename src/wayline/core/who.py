"""Who-expressions: one grammar for everybody a step, an escalation or a notification may name.

`{user: x}` · `{group: x}` · `{role: lead, group: x}` · `{role: manager}` · `{requester: true}` · `{assignee: true}` ·
`{owner: true}` · `{manager_of: requester}` · `{field: ticket.custom.owner}` · `{query: "…"}`, each of them with an
optional `strategy` that picks one person of a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from wayline.core.facts import Directory, Facts, Group, Person
from wayline.core.names import look_up
from wayline.core.user_query import QueryError, UserQuery, parse_query

Strategy = Literal["round_robin", "least_loaded", "on_call"]
ON_CALL_LABEL = "on-call"


class Who(BaseModel):
    """One who-expression as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str | None = Field(None, description="A person: id or e-mail.")
    group: str | None = Field(None, description="A group: id, slug or name.")
    role: str | None = Field(None, description="`lead` of the group, or a role of the tenant.")
    requester: Literal[True] | None = Field(None, description="The ticket's requester, else the run's owner.")
    assignee: Literal[True] | None = Field(None, description="Whoever the ticket is assigned to.")
    owner: Literal[True] | None = Field(None, description="The run's owner.")
    manager_of: str | None = Field(
        None, description="The manager of `requester`, `assignee`, `owner`, or of a named person."
    )
    field: str | None = Field(None, description="A name whose value is a person or a group.")
    query: str | None = Field(None, description="A user query.")
    strategy: Strategy | None = Field(None, description="Pick one person of those.")

    @model_validator(mode="after")
    def _one_subject(self) -> Who:
        named = [n for n in _SUBJECTS if getattr(self, n) is not None]
        if set(named) == {"role", "group"}:
            if self.role not in ("lead", "member"):
                raise ValueError("role beside group is `lead` or `member`")
            return self
        if len(named) != 1:
            raise ValueError(f"name exactly one of {', '.join(_SUBJECTS)} (role may go with group)")
        if self.role is not None and self.role not in ("admin", "manager", "agent", "requester"):
            raise ValueError("role is admin, manager, agent or requester; `lead` needs a group")
        if self.query is not None:
            try:
                parse_query(self.query)
            except QueryError as error:
                raise ValueError(str(error)) from error
        return self

    def parsed_query(self) -> UserQuery | None:
        """The query, parsed; None when this is another kind of expression."""
        return parse_query(self.query) if self.query is not None else None


_SUBJECTS = ("user", "group", "role", "requester", "assignee", "owner", "manager_of", "field", "query")


class Audience(msgspec.Struct, frozen=True):
    """Whom an expression means now: people by id, and the group when it means a group as such."""

    user_ids: tuple[str, ...] = ()
    group_id: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What an inbox is looked up by: the group's id, or each person's."""
        return (self.group_id,) if self.group_id else self.user_ids


class Circumstances(msgspec.Struct, frozen=True):
    """What an expression is resolved against: the facts, the run's owner, its names (asked for only when an expression
    needs them: collecting them takes longer than most expressions), and now."""

    facts: Facts
    owner_id: str | None
    names: Callable[[], Mapping[str, Any]]
    at: datetime


def requester_of(circumstances: Circumstances) -> Person | None:
    """The ticket's requester, else the run's owner."""
    ticket = circumstances.facts.ticket
    directory = circumstances.facts.directory
    if ticket is not None and ticket.get("requester"):
        return directory.person(ticket["requester"])
    return directory.person(circumstances.owner_id)


def audience(who: Who, circumstances: Circumstances) -> Audience:
    """Whom the expression means; an empty audience when it means nobody (the caller decides what that is worth)."""
    directory = circumstances.facts.directory
    if who.group is not None:
        group = directory.group(who.group)
        if group is None:
            return Audience()
        return _of_group(who, group, directory)
    if who.user is not None:
        return _people(directory.person(who.user))
    if who.role is not None:
        return Audience(tuple(p.id for p in directory.people.values() if p.role == who.role and p.active))
    if who.requester:
        return _people(requester_of(circumstances))
    if who.owner:
        return _people(directory.person(circumstances.owner_id))
    if who.assignee:
        return _people(_assignee(circumstances))
    if who.manager_of is not None:
        return _people(_manager(who.manager_of, circumstances))
    if who.query is not None:
        return _by_query(who, circumstances)
    return _by_field(who.field or "", circumstances)


def _of_group(who: Who, group: Group, directory: Directory) -> Audience:
    if who.role == "lead":
        return Audience(tuple(directory.active_leads(group)))
    if who.role == "member" or who.strategy:
        return Audience(directory.active_members(group), None if who.role else group.id)
    return Audience(directory.active_members(group), group.id)


def _people(*people: Person | None) -> Audience:
    return Audience(tuple(p.id for p in people if p is not None and p.active))


def _assignee(circumstances: Circumstances) -> Person | None:
    ticket = circumstances.facts.ticket
    return circumstances.facts.directory.person(ticket.get("assignee")) if ticket is not None else None


def _manager(of: str, circumstances: Circumstances) -> Person | None:
    directory = circumstances.facts.directory
    subject = {
        "requester": lambda: requester_of(circumstances),
        "assignee": lambda: _assignee(circumstances),
        "owner": lambda: directory.person(circumstances.owner_id),
    }.get(of, lambda: directory.person(of))()
    return directory.person(subject.manager_id) if subject else None


def _by_query(who: Who, circumstances: Circumstances) -> Audience:
    query = who.parsed_query()
    assert query is not None
    found = query.resolve(
        circumstances.facts.directory, current_user=circumstances.owner_id, context=circumstances.names()
    )
    return Audience(tuple(found))


def _by_field(path: str, circumstances: Circumstances) -> Audience:
    value = look_up(circumstances.names(), path)
    if value is None:
        return Audience()
    directory = circumstances.facts.directory
    names = value if isinstance(value, list | tuple) else [value]
    people = [p for name in names if (p := directory.person(str(name))) is not None]
    if people:
        return _people(*people)
    group = directory.group(str(names[0])) if names else None
    return Audience(directory.active_members(group), group.id) if group else Audience()


class Pick(msgspec.Struct, frozen=True):
    """The person a strategy chose, and the rotation counter it moved: (name, seen, value), or None."""

    user_id: str
    counter: tuple[str, int, int] | None = None


def pick(strategy: Strategy, found: Audience, facts: Facts, at: datetime) -> Pick | None:
    """One of the audience by strategy, passing over who is away while anybody is there; None for nobody.

    round_robin goes through the audience in its stable order, one counter per group; least_loaded takes who has
    fewest open work items, earlier in the order on a tie; on_call takes who carries the label `on-call`, else turns.
    """
    directory = facts.directory
    present = [u for u in found.user_ids if not directory.is_away(u, at)] or list(found.user_ids)
    if not present:
        return None
    if strategy == "least_loaded":
        return Pick(min(present, key=lambda u: facts.open_work.get(u, 0)))
    if strategy == "on_call":
        on_call = [u for u in present if ON_CALL_LABEL in directory.people[u].labels]
        if on_call:
            return Pick(on_call[0])
    name = rotation_name(found)
    seen = facts.counters.get(name, 0)
    return Pick(present[seen % len(present)], (name, seen, seen + 1))


def rotation_name(found: Audience) -> str:
    """The tenant counter that turns for this audience."""
    return f"rotation:{found.group_id or '+'.join(sorted(found.user_ids))}"
