"""Which names a template's conditions and texts may read, and what is wrong with one that nothing answers to."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec

from wayline.core.action import SetVariable
from wayline.core.soundness import Move, reached_from
from wayline.core.steps.catalogue import STEP_TYPES
from wayline.core.steps.step_type import Step
from wayline.core.template import Template
from wayline.core.ticket import WRITABLE

TICKET_ATTRIBUTES = ("id", "number", *WRITABLE, "links", "created_at", "updated_at")
NESTED_ATTRIBUTES = ("custom", "links", "tags")
RUN_NAMES = ("id", "owner", "template")
FRAME_NAMES = ("steps", "variables", "ticket", "run")
"""Names of whole families; whatever else is called so is hidden by them."""
ALWAYS_KEPT = ("outcome", "error")
"""What every step that has ended keeps beside its own fields."""


class Trouble(msgspec.Struct, frozen=True):
    """Why a name is doubtful. `certain` ones cannot mean anything in any run."""

    code: Literal["unknown_name", "not_known_yet", "undeclared_variable"]
    message: str
    certain: bool


class KnownNames:
    """The names of one template, looked at from any of its steps."""

    def __init__(self, template: Template, moves: Mapping[str, Sequence[Move]], step_ids: Collection[str]) -> None:
        self.steps: dict[str, Step] = {step.id: step for step in template.steps}
        self.step_ids = step_ids
        self.declared = tuple(template.head.variables)
        self._moves = moves
        self._later: dict[str, set[str]] = {}

    @cached_property
    def variables(self) -> dict[str, str | None]:
        """Variables by name, with the step that sets one that is not declared."""
        found: dict[str, str | None] = dict.fromkeys(self.declared)
        for step in self.steps.values():
            action = getattr(step, "action", None)
            if isinstance(action, SetVariable):
                found.setdefault(action.name, step.id)
        return found

    @cached_property
    def fields(self) -> dict[str, list[str]]:
        """Form fields by name, with the forms that have them."""
        found: dict[str, list[str]] = {}
        for step in self.steps.values():
            kind = STEP_TYPES[step.type]
            if kind.fields_are_names:
                for name in kind.provides(step):
                    found.setdefault(name, []).append(step.id)
        return found

    def comes_before(self, earlier: str, step_id: str) -> bool:
        """Whether a run can have been at `earlier` when it is at the step."""
        if earlier not in self._later:
            self._later[earlier] = reached_from(earlier, self._moves)
        return step_id in self._later[earlier]

    def trouble(self, name: str, step_id: str, own: Collection[str] = (), *, any_time: bool = False) -> Trouble | None:
        """What is wrong with a dotted name read at a step, None when it may have a value.

        `own` are names the step itself adds (the fields of a form, for its own `show_if`); `any_time` is for what is
        read after the run has ended.
        """
        root, _, rest = name.partition(".")
        reader = _FAMILIES.get(root)
        if reader is not None:
            return reader(self, rest, step_id, any_time)
        if root in own or root in self.variables:
            return None
        forms = self.fields.get(root, [])
        if any(any_time or self.comes_before(form, step_id) for form in forms):
            return None
        if root in TICKET_ATTRIBUTES:
            return _of_ticket(self, name, step_id, any_time)
        if forms:
            titles = " or ".join(f"“{self.steps[form].title}”" for form in forms)
            return Trouble("unknown_name", f"{name} is asked for in {titles}, which does not come before.", True)
        known = [*own, *self.variables, *self.fields, *TICKET_ATTRIBUTES]
        return _unknown(f"{name} is neither a variable, nor an earlier form's field, nor of the ticket", root, known)


def _of_steps(names: KnownNames, path: str, step_id: str, any_time: bool) -> Trouble | None:
    if not path:
        return None
    earlier, _, rest = path.partition(".")
    field = rest.partition(".")[0]
    if earlier not in names.step_ids:
        longer = [i for i in names.step_ids if i.startswith((f"{earlier}-", f"{earlier}."))]
        if longer:
            said = f'There is no step {earlier}; {longer[0]} is written steps["{longer[0]}"] here.'
            return Trouble("unknown_name", said, True)
        return _unknown(f"There is no step {earlier}", earlier, names.step_ids)
    step = names.steps.get(earlier)
    if step is None:
        return None
    provided = [*STEP_TYPES[step.type].provides(step), *ALWAYS_KEPT]
    if field and field not in provided and "*" not in provided:
        return _unknown(f"“{step.title}” gives no {field}", field, provided)
    if not any_time and not names.comes_before(earlier, step_id):
        return Trouble(
            "not_known_yet", f"“{step.title}” does not come before; its {field or 'output'} is empty.", False
        )
    return None


def _of_variables(names: KnownNames, path: str, step_id: str, any_time: bool) -> Trouble | None:
    name = path.partition(".")[0]
    if not name or name in names.variables:
        return None
    said = _unknown(f"The template declares no variable {name}", name, names.variables).message
    return Trouble("undeclared_variable", said, False)


def _of_ticket(names: KnownNames, path: str, step_id: str, any_time: bool) -> Trouble | None:
    attribute, _, rest = path.partition(".")
    if not attribute or (attribute in TICKET_ATTRIBUTES and (not rest or attribute in NESTED_ATTRIBUTES)):
        return None
    if attribute in TICKET_ATTRIBUTES:
        return Trouble("unknown_name", f"The ticket's {attribute} is one value; there is no {rest} below it.", True)
    return _unknown(f"A ticket has no {attribute} (one's own fields are custom.<name>)", attribute, TICKET_ATTRIBUTES)


def _of_run(names: KnownNames, path: str, step_id: str, any_time: bool) -> Trouble | None:
    name = path.partition(".")[0]
    return None if not name or name in RUN_NAMES else _unknown(f"A run has no {name}", name, RUN_NAMES)


_FAMILIES: dict[str, Callable[[KnownNames, str, str, bool], Trouble | None]] = {
    "steps": _of_steps,
    "variables": _of_variables,
    "ticket": _of_ticket,
    "run": _of_run,
}


def _unknown(said: str, name: str, known: Collection[str]) -> Trouble:
    return Trouble("unknown_name", f"{said}.{did_you_mean(name, known)}", True)


def did_you_mean(written: Any, known: Collection[str]) -> str:
    """` Did you mean x?`, or nothing when nothing is like it."""
    near = difflib.get_close_matches(str(written), list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""
