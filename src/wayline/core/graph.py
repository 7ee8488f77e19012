"""A template version made ready for deciding: each step with its type, its connections resolved, what it waits for.

A graph is built once per version and shared by every run pinned to it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from wayline.core.action import Action
from wayline.core.inbox.definition import START
from wayline.core.inbox.step_type import ENTRY
from wayline.core.steps.catalogue import STEP_TYPES
from wayline.core.steps.step_type import Step, StepType
from wayline.core.template import Template, TemplateHead, parse_template


class Node(msgspec.Struct, frozen=True):
    """One step, ready: `targets` maps outcomes to step ids. An outcome without a target ends its branch, or the whole
    run when it is a `failing` one."""

    step: Step
    kind: StepType[Any]
    targets: dict[str, str]
    waits: bool
    position: int
    compensate: Action | None
    shown: dict[str, Any]
    failing: frozenset[str]


class Graph(msgspec.Struct, frozen=True):
    """A whole version. `nodes` keeps the template's order."""

    template: Template
    nodes: dict[str, Node]
    start: str
    strategies: frozenset[str]


def build(definition: dict[str, Any]) -> Graph:
    """The graph of a definition; raises TemplateInvalid with every issue when it cannot be read."""
    return graph_of(parse_template(definition))


def graph_of(template: Template) -> Graph:
    """The graph of a template that could be read."""
    nodes = {
        step.id: Node(
            step=step,
            kind=kind_of(step),
            targets=targets_of(step),
            waits=kind_of(step).waits(step),
            position=position,
            compensate=getattr(step, "compensate", None),
            shown=kind_of(step).describe(step),
            failing=failing_of(step),
        )
        for position, step in enumerate(template.steps)
    }
    return Graph(
        template=template,
        nodes=nodes,
        start=START if template.is_inbox else template.start or template.steps[0].id,
        strategies=frozenset(
            who.strategy for node in nodes.values() for _, who in whos_of(node.step) if who.strategy is not None
        ),
    )


def without_steps(name: str) -> Graph:
    """The graph of a run that nothing but its signals moves."""
    template = Template(head=TemplateHead(name=name), steps=())
    return Graph(template=template, nodes={}, start="", strategies=frozenset())


def kind_of(step: Step) -> StepType[Any]:
    """The type of a step, those of inbox templates among them."""
    return ENTRY if step.type == ENTRY.type else STEP_TYPES[step.type]


def outcomes_of(step: Step) -> tuple[str, ...]:
    """Every outcome the step can end with, `timed_out` among them when it may go on late."""
    found = kind_of(step).outcomes(step)
    if step.timeout_hours is not None and step.on_timeout is not None and "timed_out" not in found:
        if step.on_timeout.then == "proceed":
            found = (*found, "timed_out")
        elif step.on_timeout.then == "fail" and "failed" not in found:
            found = (*found, "failed")
    return found


def failing_of(step: Step) -> frozenset[str]:
    """The outcomes that end the run when nothing connects them: the type's own, and `failed` of whatever type."""
    return kind_of(step).failing | {"failed"}


def targets_of(step: Step) -> dict[str, str]:
    """Outcome → step id. A plain `next` is taken by every outcome but the failing ones; `default` by all the rest."""
    own = kind_of(step).connections(step)
    outcomes, failing = outcomes_of(step), failing_of(step)
    targets: dict[str, str] = {}
    for outcome in outcomes:
        target = own.get(outcome)
        if target is None and isinstance(step.next, dict):
            target = step.next.get(outcome, step.next.get("default"))
        elif target is None and isinstance(step.next, str) and outcome not in failing:
            target = step.next
        if target is not None:
            targets[outcome] = target
    return targets


def whos_of(step: Step) -> list[tuple[str, Any]]:
    """Every who-expression of a step with its path inside it, those of the timeout among them."""
    found = list(kind_of(step).who(step))
    if step.on_timeout is not None:
        if step.on_timeout.escalate_to is not None:
            found.append(("on_timeout.escalate_to", step.on_timeout.escalate_to))
        found += [(f"on_timeout.notify[{i}]", who) for i, who in enumerate(step.on_timeout.notify)]
    return found
