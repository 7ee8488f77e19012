"""What every call of surface 001 has in common: ids in paths, lists that go on after an id, times in whole seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from wayline.api.endpoint import Call
from wayline.api.problems import issue, json
from wayline.core.public_ids import Prefix, uuid_of
from wayline.core.refusals import not_found


class PageAfter(BaseModel):
    """The query of a list: newest first, `limit` at a time, from after the thing with the id `starting_after`."""

    limit: int = Field(10, ge=1, le=100)
    starting_after: str | None = Field(None, max_length=100, description="The last id of the page before.")


def id_in_path(call: Call, prefix: Prefix, what: str, name: str = "id") -> str:
    """The UUID of the thing named in the path; a malformed id is a thing that does not exist."""
    found = uuid_of(prefix, call.path(name))
    if found is None:
        raise not_found(what)
    return found


def starting_after(query: PageAfter, prefix: Prefix) -> str | None:
    """The UUID a list goes on after; None from the beginning. Refuses what is no id of that kind."""
    if query.starting_after is None:
        return None
    found = uuid_of(prefix, query.starting_after)
    if found is None:
        raise issue("starting_after", f"starting_after is an id: {prefix}_…", "not_an_id")
    return found


def not_in_list() -> Exception:
    """The refusal for a `starting_after` that names nothing the caller may see."""
    return issue("starting_after", "starting_after names nothing in this list.", "unknown_id")


def seconds(at: datetime | None) -> int | None:
    """Whole seconds since 1970, as this surface tells time."""
    return None if at is None else int(at.timestamp())


def listed(items: Sequence[Any], limit: int) -> Response:
    """A list of which one more than `limit` was asked for, to see whether there is more."""
    return json({"has_more": len(items) > limit, "data": list(items[:limit])})
