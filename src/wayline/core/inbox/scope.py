"""Whom a scope means: the recipients, whoever acts, everybody the run has reached, or a user query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from wayline.core.facts import Directory
from wayline.core.inbox.definition import EVERYBODY, SINK, SOURCE
from wayline.core.inbox.state import Inbox
from wayline.core.refusals import Refusal
from wayline.core.user_query import ContextPath, CurrentUser, Matching, UserQuery, parse_query

MAX_PEOPLE = 50_000


class Activator(msgspec.Struct, frozen=True):
    """Who has set a step going, and whose item it was: at the start the starter and all recipients, at a choice the
    person who chose, twice. Steps that a step triggers have those of the step."""

    source: str | None
    sinks: tuple[str, ...]


class Surroundings(msgspec.Struct, frozen=True):
    """What a scope is resolved against."""

    inbox: Inbox
    activator: Activator
    directory: Directory
    names: Callable[[], Mapping[str, Any]]


def people_of(scope: str, around: Surroundings) -> list[str]:
    """Ids of the active people a scope means, nobody twice; `$all` are whoever has been reached, also if they have left
    since. Refuses more than MAX_PEOPLE, `too_many_people`."""
    if scope == EVERYBODY and (reached := around.inbox.reached):
        return reached
    if scope in (SINK, EVERYBODY):
        found = list(around.activator.sinks)
    elif scope == SOURCE:
        found = [around.activator.source] if around.activator.source is not None else []
    else:
        query = parse_query(scope)
        context = around.names() if _reads_context(query) else {}
        found = query.resolve(around.directory, current_user=around.activator.source, context=context)
    people = around.directory.people
    return require_bounded([u for u in dict.fromkeys(found) if u in people and people[u].active])


def recipients(
    to: str | list[str], directory: Directory, *, source: str | None, context: Mapping[str, Any]
) -> list[str]:
    """Ids of the active people something is sent to; refuses more than MAX_PEOPLE."""
    if isinstance(to, str):
        return require_bounded(parse_query(to).resolve(directory, current_user=source, context=context) if to else [])
    found = (directory.person(name) for name in to)
    return require_bounded(list(dict.fromkeys(person.id for person in found if person is not None)))


def require_bounded(user_ids: list[str]) -> list[str]:
    """The people; refuses more than a run may reach."""
    if len(user_ids) > MAX_PEOPLE:
        said = f"That means {len(user_ids):,} people; a message reaches at most {MAX_PEOPLE:,}."
        raise Refusal("invalid", said, code="too_many_people")
    return user_ids


def _reads_context(query: UserQuery) -> bool:
    return any(isinstance(e, ContextPath) for q in query.qualifiers if isinstance(q, Matching) for e in q.entries)


def depends(scope: str) -> bool:
    """Whether whom a scope means depends on the run or on who asks."""
    if scope in (SINK, SOURCE, EVERYBODY):
        return True
    query = parse_query(scope)
    return _reads_context(query) or any(isinstance(q, CurrentUser) for q in query.qualifiers)
