"""Trying a user query out: whom it means just now."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from wayline.api.answer_shapes import one
from wayline.api.endpoint import Call, Resource
from wayline.api.problems import data
from wayline.api.template_calls import facts_of
from wayline.core.facts import Directory
from wayline.core.refusals import Issue, Refusal
from wayline.core.user_query import (
    MAX_QUERY_CHARACTERS,
    QueryError,
    describe,
    line_and_column,
    parse_query,
    unknown_names,
)

resource = Resource("User queries")
STAFF = ("agent", "manager", "admin")
SHOWN = 50


class Preview(BaseModel):
    """A query as it is written in a scope, and what `$context.<path>` is to be read from."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARACTERS)
    context: dict[str, Any] = Field(default_factory=dict)


@resource.endpoint(
    "POST", "/user-queries/preview", roles=STAFF, body=Preview, answer=one("UserQueryPreview"), refusals=(400,)
)
async def preview_user_query(call: Call) -> Response:
    """Whom a query means: how many, the first fifty by name, and the query in words. `current user` is the caller.

    400 names the place of what cannot be read, and of groups and roles there are none of: what names them could not be
    published either. Users and labels that mean nobody just now are `warnings`.
    """
    body: Preview = call.body
    directory = (await facts_of(call)).directory
    return data(await run_in_threadpool(_previewed, body, directory, call.caller.user_id))


def _previewed(body: Preview, directory: Directory, asking: str) -> dict[str, Any]:
    try:
        query = parse_query(body.query)
    except QueryError as error:
        raise _refused(body.query, [(error.message, error.position, "bad_query")]) from error
    unknown = unknown_names(body.query, directory)
    errors = [(each.message, each.position, f"unknown_{each.kind}") for each in unknown if each.severity == "error"]
    if errors:
        raise _refused(body.query, errors)
    found = [directory.people[i] for i in query.resolve(directory, current_user=asking, context=body.context)]
    first = sorted(found, key=lambda person: (person.name.casefold(), person.id))[:SHOWN]
    return {
        "count": len(found),
        "users": [{"id": person.id, "name": person.name, "email": person.email} for person in first],
        "description": f"{describe(query)}.",
        "warnings": [{"message": each.message, **_place(body.query, each.position)} for each in unknown],
    }


def _refused(text: str, faults: list[tuple[str, int, str]]) -> Refusal:
    """Every fault with its place; the first one's place beside them, for whoever moves a cursor there."""
    issues = []
    for message, position, code in faults:
        place = _place(text, position)
        said = f"{message.rstrip('.')} (line {place['line']}, column {place['column']})."
        issues.append(Issue("query", f"{said[0].upper()}{said[1:]}", code))
    message = issues[0].message if len(issues) == 1 else f"{len(issues)} places need attention."
    return Refusal("invalid", message, code=faults[0][2], details=_place(text, faults[0][1]), issues=issues)


def _place(text: str, position: int) -> dict[str, int]:
    """Characters from 0, line and column from 1."""
    line, column = line_and_column(text, position)
    return {"position": position, "line": line, "column": column}
