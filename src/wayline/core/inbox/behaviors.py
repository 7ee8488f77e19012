"""What a client is handed for a path that names a behaviour: a dispatch that is ready to be sent."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from wayline.core.inbox.definition import Behavior, InboxStep
from wayline.core.inbox.scope import Surroundings, depends, people_of
from wayline.core.run import Run
from wayline.core.text import TextError, render_value
from wayline.core.user_query import QueryError


def handed_over(run: Run, key: str, behavior: Behavior, around: Surroundings) -> dict[str, Any]:
    """The behaviour rendered for whoever chooses: {name, handle, behavior, fields, body}.

    `body` is what to post to `/dispatches`: {template, to, data}; `to` is a user query where that says it for anybody,
    else the people it means now, and None when there is no target. What the person fills in goes into `data`.
    """
    return {
        "name": key,
        "handle": behavior.handle or key,
        "behavior": behavior.behavior,
        "fields": behavior.fields,
        "body": {
            "template": behavior.template or run.template_id,
            "to": _target(behavior.target, around),
            "data": _data(behavior, around.names()),
        },
    }


def behaviors_of(run: Run, step: InboxStep, around: Surroundings) -> list[dict[str, Any]]:
    """Those that the paths of a step name, each once, in their order."""
    found = {named[0]: named[1] for path in step.face.paths if (named := step.behavior(path.behavior)) is not None}
    return [handed_over(run, key, behavior, around) for key, behavior in found.items()]


def _target(target: str | None, around: Surroundings) -> str | list[str] | None:
    if target is None:
        return None
    try:
        return people_of(target, around) if depends(target) else target
    except QueryError:
        return []


def _data(behavior: Behavior, names: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the places that `templates` names rendered; everything else is as it was written."""
    data = copy.deepcopy(behavior.data)
    for place in behavior.templates:
        parts = place.removeprefix("data.").split(".")
        holder = _walk(data, parts[:-1])
        last: Any = int(parts[-1]) if isinstance(holder, list) and parts[-1].isdigit() else parts[-1]
        if isinstance(holder, list) and not (isinstance(last, int) and last < len(holder)):
            continue
        if not isinstance(holder, dict | list) or (isinstance(holder, dict) and last not in holder):
            continue
        try:
            holder[last] = render_value(holder[last], names)
        except TextError as error:
            holder[last] = f"({error.message})"
    return data


def _walk(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def has_place(data: Mapping[str, Any], place: str) -> bool:
    """Whether `place` leads to something inside the data."""
    return _walk(data, place.removeprefix("data.").split(".")) is not None
