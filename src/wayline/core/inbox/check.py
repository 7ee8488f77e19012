"""What is wrong with an inbox template that could be read, all at once.

| code | severity | |
|---|---|---|
| `unknown_target` | error | a path or `trigger` to no step; a warning where a path's behaviour is all it does |
| `unknown_behavior` | error | a path names none of its step's behaviours |
| `bad_query`, `unknown_query_name` | error | a scope or target that cannot be read, or that names what there is not |
| `bad_text`, `too_deep` | error | a text that cannot be rendered |
| `trigger_cycle` | error | steps that trigger each other without anybody choosing |
| `unknown_script` | error | no script of that name |
| `unknown_rule`, `unknown_template`, `unknown_chat_channel` | warning | |
| `unreachable`, `no_way_to_retire` | warning | nothing leads to it; its entries never leave the inboxes |
| `idle_template`, `no_target`, `no_such_place`, `same_label`, `not_known_yet` | warning | probably not meant so |
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import msgspec

from wayline.core.facts import Directory
from wayline.core.inbox.behaviors import has_place
from wayline.core.inbox.definition import (
    SCOPE_WORDS,
    START,
    Behavior,
    ChatArgs,
    InboxStep,
    NoticeArgs,
    StepAction,
    TriggerArgs,
    actions_of,
)
from wayline.core.script import is_name
from wayline.core.steps.step_type import Problem
from wayline.core.text import text_names, text_problem, texts_in
from wayline.core.user_query import QueryError, parse_query, unknown_names

Severity = Literal["error", "warning"]


class Names(msgspec.Struct, frozen=True):
    """What the desk has by name; None is not judged."""

    directory: Directory | None = None
    templates: Collection[str] | None = None
    rules: Collection[str] | None = None
    scripts: Collection[str] | None = None


class InboxSheet:
    """The steps spread out: what each leads to, by choice or by itself, and where it is written."""

    def __init__(self, steps: Collection[InboxStep], written: Mapping[str, Any], names: Names) -> None:
        self.steps = {step.id: step for step in steps}
        self.written = written
        self.names = names
        self.triggers = {step.id: [t for _, t in _triggered(step)] for step in steps}
        self.leads_to = {step.id: [*(path.step for path in step.face.paths), *self.triggers[step.id]] for step in steps}

    @property
    def reached(self) -> set[str]:
        """The steps a run can come to."""
        return self._from(START)

    def retires(self, key: str) -> bool:
        """Whether entries leave the inbox at a step, or may further on."""
        return any(_is_retiring(self.steps[one]) for one in self._from(key))

    def _from(self, key: str) -> set[str]:
        found: set[str] = set()
        waiting = [key]
        while waiting:
            one = waiting.pop()
            if one in self.steps and one not in found:
                found.add(one)
                waiting += self.leads_to[one]
        return found

    def action_place(self, step: InboxStep, number: int) -> str:
        """Where an action is written."""
        raw = self.written.get(step.id)
        places = actions_of(raw.get("actions")) if isinstance(raw, dict) else []
        return f"actions{places[number][0]}" if number < len(places) else f"actions[{number}]"


def problems_of(sheet: InboxSheet) -> Iterator[Problem]:
    """Every problem beyond the shapes, step by step."""
    reached = sheet.reached
    for step in sheet.steps.values():
        for severity, code, message, place in _of_step(step, sheet, reached):
            where = f"steps.{step.id}.{place}" if place else f"steps.{step.id}"
            yield Problem(severity, code, message, where, step.id)


Fault = tuple[Severity, str, str, str]


def _of_step(step: InboxStep, sheet: InboxSheet, reached: set[str]) -> Iterator[Fault]:
    if step.id not in reached:
        yield "warning", "unreachable", f"Nothing leads to “{step.title}”.", ""
    elif not sheet.retires(step.id):
        said = f"From “{step.title}” on no entry ever leaves the inbox: no step of status retired follows."
        yield "warning", "no_way_to_retire", said, ""
    if step.id != START and step.face.template is not None:
        yield "warning", "idle_template", f"The title is read at `{START}` alone.", "step.template"
    yield from _query_faults(step.face.scope, "step.scope", sheet.names)
    for name, text in step.face.texts():
        yield from _text_faults(text, f"step.{name}", sheet)
    yield from _path_faults(step, sheet)
    for key, behavior in step.behaviors.items():
        yield from _behavior_faults(behavior, f"behaviors.{key}", sheet)
    for number, action in enumerate(step.actions):
        yield from _action_faults(step, action, sheet.action_place(step, number), sheet)
    if _is_in_cycle(step.id, sheet):
        yield "error", "trigger_cycle", f"“{step.title}” triggers itself, without anybody choosing.", "actions"


def _path_faults(step: InboxStep, sheet: InboxSheet) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, path in enumerate(step.face.paths):
        place = f"step.paths[{number}]"
        if path.step not in sheet.written:
            if path.behavior is None:
                yield "error", "unknown_target", f"There is no step {path.step}.", f"{place}.step"
            else:
                said = f"There is no step {path.step}; choosing it does what its behaviour says, and moves nothing."
                yield "warning", "unknown_target", said, f"{place}.step"
        if path.behavior is not None and step.behavior(path.behavior) is None:
            known = ", ".join(step.behaviors) or "none"
            said = f"There is no behaviour {path.behavior} here; there are: {known}."
            yield "error", "unknown_behavior", said, f"{place}.behavior"
        if path.label.casefold() in seen:
            yield "warning", "same_label", f"Another path is called {path.label}; that one is taken.", f"{place}.label"
        seen.add(path.label.casefold())


def _behavior_faults(behavior: Behavior, place: str, sheet: InboxSheet) -> Iterator[Fault]:
    if behavior.target is None:
        yield "warning", "no_target", "Without a target the client has to ask whom to send it to.", place
    else:
        yield from _query_faults(behavior.target, f"{place}.target", sheet.names)
    for number, inside in enumerate(behavior.templates):
        if not has_place(behavior.data, inside):
            yield "warning", "no_such_place", f"There is nothing at {inside} to render.", f"{place}.templates[{number}]"
    for where, text in texts_in(behavior.data, f"{place}.data"):
        if text is None:
            yield "error", "too_deep", "It is nested too deep.", where
        elif any(where.endswith(inside.removeprefix("data.")) for inside in behavior.templates):
            yield from _text_faults(text, where, sheet)
    known = sheet.names.templates
    if behavior.template is not None and known is not None and not _is_known(behavior.template, known):
        said = f"No template called {behavior.template} is published."
        yield "warning", "unknown_template", said, f"{place}.template"


def _action_faults(step: InboxStep, action: StepAction, place: str, sheet: InboxSheet) -> Iterator[Fault]:
    if action.scope is not None:
        yield from _query_faults(action.scope, f"{place}.scope", sheet.names)
    args = action.args
    if isinstance(args, NoticeArgs):
        yield from _text_faults(args.title, f"{place}.args.title", sheet)
        yield from _text_faults(args.body, f"{place}.args.body", sheet)
    elif isinstance(args, ChatArgs):
        yield from _text_faults(args.text, f"{place}.args.text", sheet)
    elif isinstance(args, TriggerArgs):
        yield from _trigger_faults(args, place, sheet)
    elif action.action == "script" and is_name(args):
        scripts = sheet.names.scripts
        if scripts is not None and not _is_known(args, scripts):
            yield "error", "unknown_script", f"There is no script {args}.", f"{place}.args"


def _trigger_faults(args: TriggerArgs, place: str, sheet: InboxSheet) -> Iterator[Fault]:
    if args.step is not None and args.step not in sheet.written:
        yield "error", "unknown_target", f"There is no step {args.step}.", f"{place}.args.step"
    rules = sheet.names.rules
    if args.rule is not None and rules is not None and args.rule not in rules:
        yield "warning", "unknown_rule", f"There is no rule called {args.rule}.", f"{place}.args.rule"


def _query_faults(scope: str, place: str, names: Names) -> Iterator[Fault]:
    if scope in SCOPE_WORDS:
        return
    try:
        parse_query(scope)
    except QueryError as error:
        said = str(error)
        yield "error", "bad_query", f"{said[0].upper()}{said[1:]}.", place
        return
    if names.directory is not None:
        for unknown in unknown_names(scope, names.directory):
            said = f"{unknown.message} (at character {unknown.position})"
            yield unknown.severity, "unknown_query_name", said, place


def _text_faults(text: str, place: str, sheet: InboxSheet) -> Iterator[Fault]:
    fault = text_problem(text)
    if fault is not None:
        line = f" (line {fault.line})" if fault.line else ""
        yield "error", "bad_text", fault.message + line, place
        return
    for name in sorted(text_names(text)):
        root, _, rest = name.partition(".")
        if root == "steps" and rest and rest.partition(".")[0] not in sheet.written:
            yield "warning", "not_known_yet", f"There is no step {rest.partition('.')[0]}.", place


def _triggered(step: InboxStep) -> Iterator[tuple[StepAction, str]]:
    for action in step.actions:
        if isinstance(action.args, TriggerArgs) and action.args.step is not None:
            yield action, action.args.step


def _is_retiring(step: InboxStep) -> bool:
    return step.face.status == "retired" or any(a.action == "status" and a.args == "retired" for a in step.actions)


def _is_in_cycle(key: str, sheet: InboxSheet) -> bool:
    seen: set[str] = set()
    waiting = list(sheet.triggers[key])
    while waiting:
        one = waiting.pop()
        if one == key:
            return True
        if one not in seen:
            seen.add(one)
            waiting += sheet.triggers.get(one, [])
    return False


def _is_known(name: str, known: Collection[str]) -> bool:
    return name.strip().casefold() in {one.casefold() for one in known}
