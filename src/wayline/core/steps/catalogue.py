"""Every step type there is. A new one is a file beside this and its line here."""

from __future__ import annotations

from typing import Any

from wayline.core.steps.approval import Approval
from wayline.core.steps.automatic import Automatic
from wayline.core.steps.condition import Condition
from wayline.core.steps.epilog import Epilog
from wayline.core.steps.form import Form
from wayline.core.steps.intervention import Intervention
from wayline.core.steps.routing import Routing
from wayline.core.steps.step_type import StepType
from wayline.core.steps.wait import Wait

STEP_TYPES: dict[str, StepType[Any]] = {
    kind.type: kind
    for kind in (
        Form(),
        Approval(),
        Condition(),
        Routing(),
        Automatic(),
        Wait(),
        Intervention(),
        Epilog(),
    )
}


def offered() -> tuple[StepType[Any], ...]:
    """The step types that templates may have."""
    return tuple(kind for kind in STEP_TYPES.values() if kind.offered)


def palette() -> list[dict[str, Any]]:
    """Every step type that templates may have, for people and programs: name, words, outcomes and the JSON Schema of
    its properties."""
    return [
        {
            "type": kind.type,
            "name": kind.title,
            "description": kind.summary,
            "icon": kind.icon,
            "waits_for_people": kind.waits_for_people,
            "outcomes": list(kind.named_outcomes),
            "schema": kind.model.model_json_schema(ref_template="#/$defs/{model}"),
        }
        for kind in offered()
    ]
