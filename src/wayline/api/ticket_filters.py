"""The query of the ticket list, and the filter it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from wayline.api.endpoint import ID_PATTERN, Call, Paging
from wayline.api.ticket_access import only_of
from wayline.core.refusals import Issue, invalid
from wayline.core.ticket import PRIORITIES, STATUSES, TICKET_TYPES, number_in
from wayline.store.names import groups_called, people_called
from wayline.store.ticket_lists import TicketFilter, Values

MAX_VALUES = 100
NONE = "none"
_Words = Field(None, max_length=4_000)


class TicketList(Paging):
    """Filters of the ticket list. Several values of one filter are separated by commas and widen it; several filters
    narrow the list. `none` finds what is empty; `me` is the caller; people are named by id or e-mail, groups by id or
    slug. `q` looks for words in title, description and comments, and for a number."""

    sort: Literal["created_at", "updated_at", "priority", "number", "title", "status"] = "created_at"
    number: str | None = _Words
    type: str | None = _Words
    subtype: str | None = _Words
    status: str | None = _Words
    priority: str | None = _Words
    category: str | None = _Words
    queue: str | None = _Words
    group: str | None = _Words
    assignee: str | None = _Words
    requester: str | None = _Words
    resolution_category: str | None = _Words
    tag: str | None = _Words
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None

    @field_validator("created_after", "created_before", "updated_after", "updated_before")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


async def filter_of(call: Call, query: TicketList) -> TicketFilter:
    """The filter of a query; raises a refusal naming every value that cannot be."""
    read = _Reader(query)
    values: dict[str, Values] = {}
    values |= read.each("number", number_in, "is no ticket number")
    values |= read.each("type", _one_of(TICKET_TYPES), f"is none of {', '.join(TICKET_TYPES)}")
    values |= read.each("status", _one_of(STATUSES), f"is none of {', '.join(STATUSES)}")
    values |= read.each("priority", _priority, f"is none of {', '.join(PRIORITIES)}")
    values |= read.each("category", str, "")
    values |= read.each("queue", str, "")
    values |= read.each("subtype", str, "", may_be_none=True)
    values |= read.each("resolution_category", str, "", may_be_none=True)
    emails = await _ids(call, people_called, "emails", read.names("assignee", "requester"))
    slugs = await _ids(call, groups_called, "slugs", read.names("group"))
    for name in ("assignee", "requester"):
        values |= read.each(name, _person(call.caller.user_id, emails), "is nobody here", may_be_none=True)
    values |= read.each("group", lambda word: _id(word, slugs), "is no group here", may_be_none=True)
    if read.issues:
        raise invalid(*read.issues)
    return TicketFilter(
        values={_COLUMNS.get(name, name): wanted for name, wanted in values.items()},
        tags=tuple(_words(query.tag)),
        created_after=query.created_after,
        created_before=query.created_before,
        updated_after=query.updated_after,
        updated_before=query.updated_before,
        words=(query.q or "").strip() or None,
        requester_id=only_of(call),
    )


_COLUMNS = {"group": "group_id", "assignee": "assignee_id", "requester": "requester_id"}


class _Reader:
    """Reads the filters of one query, collecting what is wrong with them."""

    def __init__(self, query: TicketList) -> None:
        self._query = query
        self.issues: list[Issue] = []

    def names(self, *filters: str) -> set[str]:
        """The words of these filters that are no ids."""
        return {w for name in filters for w in _words(getattr(self._query, name)) if not _is_id(w)}

    def each(
        self, name: str, meant: Callable[[str], str | None], fault: str, *, may_be_none: bool = False
    ) -> dict[str, Values]:
        """What the words of a filter mean, under its name; nothing when it is not given."""
        words = _words(getattr(self._query, name))
        if len(words) > MAX_VALUES:
            self.issues.append(Issue(name, f"At most {MAX_VALUES} values.", "too_many"))
            return {}
        found: list[str | None] = []
        for word in words:
            if may_be_none and word == NONE:
                found.append(None)
                continue
            value = meant(word)
            if value is None:
                self.issues.append(Issue(name, f"{word!r} {fault}.", "unknown_value"))
            found.append(value)
        return {name: tuple(found)} if found else {}


def _words(given: str | None) -> list[str]:
    return list(dict.fromkeys(w for part in (given or "").split(",") if (w := part.strip())))


def _one_of(known: tuple[str, ...]) -> Callable[[str], str | None]:
    return lambda word: word if word in known else None


def _priority(word: str) -> str | None:
    return PRIORITIES.get(word) or PRIORITIES.get(word.lower()) or PRIORITIES.get(word.upper())


def _person(caller_id: str, emails: dict[str, str]) -> Callable[[str], str | None]:
    return lambda word: caller_id if word == "me" else _id(word, emails)


def _id(word: str, called: dict[str, str]) -> str | None:
    return _bare(word) if _is_id(word) else called.get(word.lower())


def _is_id(word: str) -> bool:
    return ID_PATTERN.fullmatch(_bare(word)) is not None


def _bare(word: str) -> str:
    return word.removeprefix("usr_").lower()


async def _ids(call: Call, query: Any, argument: str, names: Iterable[str]) -> dict[str, str]:
    wanted = {n for n in names if n not in (NONE, "me")}
    if not wanted:
        return {}
    found: dict[str, str] = await call.read(query, tenant_id=call.caller.tenant_id, **{argument: wanted})
    return found
