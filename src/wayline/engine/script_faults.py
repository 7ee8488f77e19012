"""Texts of scripts that stand in templates and rules themselves: where they are, and why one is none.

Whether there is a script of some name is asked in `core.check` and `core.rule_check`; reading a text takes a process,
which the core has not got.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wayline.core.refusals import Issue
from wayline.core.script import is_name
from wayline.core.steps.step_type import Problem
from wayline.engine.script_keeping import fault_of_text

_OF_ACTIONS = ("action", "actions", "compensate")


def template_faults(definition: Any) -> list[Problem]:
    """Every script of a template's steps that cannot be read, as an error at its place."""
    steps = definition.get("steps") if isinstance(definition, Mapping) else None
    found: list[Problem] = []
    if isinstance(steps, list):
        named = [(f"steps[{index}]", step.get("id"), step) for index, step in enumerate(steps) if _is(step)]
    else:
        named = [(f"steps.{key}", key, step) for key, step in steps.items()] if isinstance(steps, Mapping) else []
    for where, step_id, step in named:
        for issue in _faults(step, where):
            said = step_id if isinstance(step_id, str) else None
            found.append(Problem("error", issue.code, issue.message, issue.path, said))
    return found


def rule_faults(definition: Any) -> list[Issue]:
    """Every script of a rule's actions that cannot be read."""
    if not isinstance(definition, Mapping):
        return []
    several = definition.get("actions", [definition.get("action")])
    return list(_faults({"actions": several}, ""))


def _is(value: Any) -> bool:
    return isinstance(value, Mapping)


def _faults(holder: Any, where: str) -> Iterator[Issue]:
    for path, text in _texts(holder, where):
        fault = fault_of_text(text)
        if fault is not None:
            yield Issue(path, fault.said(), fault.code)


def _texts(holder: Any, where: str) -> Iterator[tuple[str, str]]:
    """The texts in the actions of a step or rule, each with its place."""
    if not _is(holder):
        return
    for key in _OF_ACTIONS:
        value = holder.get(key)
        path = f"{where}.{key}" if where else key
        if isinstance(value, list):
            several = [(f"{path}[{index}]", one, None) for index, one in enumerate(value)]
        elif _is(value) and "type" not in value and "action" not in value:
            several = [(f"{path}.{name}", one, name) for name, one in value.items()]
        else:
            several = [(path, value, None)]
        for place, action, name in several:
            yield from _text_of(action, place, name)


def _text_of(action: Any, place: str, name: str | None) -> Iterator[tuple[str, str]]:
    """The text that an action runs: a rule's or step's own `script`, or the `args` of an inbox step's action."""
    if not _is(action):
        return
    if action.get("type") == "run_script":
        field = "script"
    elif action.get("action", name) == "script":
        field = "args"
    else:
        return
    text = action.get(field)
    if isinstance(text, str) and text and not is_name(text):
        yield f"{place}.{field}", text
