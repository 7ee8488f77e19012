"""A script as people write it, to the API or in a file: its name, its text in Starlark, and what it is for.

Whether the text can be read is for a process to say: see `engine.script_keeping`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from wayline.core.names import unkeepable
from wayline.core.refusals import Issue
from wayline.core.script import NAME_LENGTH_MAX, NAME_PATTERN, SOURCE_BYTES_MAX
from wayline.core.template import issues_of

DESCRIPTION_LENGTH_MAX = 10_000


def _bounded(value: Any) -> Any:
    if isinstance(value, str) and len(value.encode("utf-8", "replace")) > SOURCE_BYTES_MAX:
        raise ValueError(f"a script has at most {SOURCE_BYTES_MAX // 1024} KiB")
    return value


ScriptName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=NAME_PATTERN)
]
ScriptText = Annotated[str, Field(min_length=1, max_length=SOURCE_BYTES_MAX), BeforeValidator(_bounded)]
Description = Annotated[str | None, Field(max_length=DESCRIPTION_LENGTH_MAX)]


class ScriptDefinition(BaseModel):
    """A name of one line, which templates and rules call it by, and its text in Starlark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ScriptName
    description: Description = None
    text: ScriptText


def read_script(definition: Any) -> tuple[ScriptDefinition | None, list[Issue]]:
    """The script and no issue, or None and every issue there is."""
    issues = list(unkeepable(definition, ""))
    try:
        script = ScriptDefinition.model_validate(definition)
    except ValidationError as error:
        return None, [*issues, *issues_of(error, written=definition if isinstance(definition, dict) else {})]
    return (None, issues) if issues else (script, [])
