"""migration: taking a live run to another version of its template. Editing a template never does that by itself.

A run may move when all that it rests at, or will go on from, is there in the other version, of the same type and
waiting for the same kind of thing. What is open stays as it is: its people, votes and deadline; the other version
decides what comes after it. A paused run moves like any other, and stays paused.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wayline.core.decision import Decision
from wayline.core.events import Event
from wayline.core.facts import Actor
from wayline.core.graph import Graph
from wayline.core.refusals import Refusal
from wayline.core.run import Activation, Run
from wayline.core.snapshot import WHOLE_EVERY
from wayline.core.template import VariablesInvalid, validated_variables


class Obstacle(msgspec.Struct, frozen=True):
    """One thing that keeps a run from moving. `step_id` None: it concerns the run as a whole."""

    code: str
    message: str
    step_id: str | None = None


def verdict(run: Run, old_graph: Graph, new_graph: Graph) -> tuple[Obstacle, ...]:
    """Everything that keeps the run from going on by `new_graph`; empty when it may move.

    | code | |
    |---|---|
    | `run_ended` | nothing is left to go on with |
    | `other_kind` | only one of the versions is an inbox template |
    | `step_gone`, `other_type`, `other_wait` | a step it rests at or goes on from is not there, or is something else |
    | `not_undoable` | a completed step that would be undone at a cancel could not be any more |
    | `variable_missing` | the version declares a variable that the run has no fitting value for |
    """
    if run.ended:
        return (Obstacle("run_ended", f"The run is {run.status}."),)
    if old_graph.template.is_inbox != new_graph.template.is_inbox:
        return (Obstacle("other_kind", "A message cannot go on as another kind of template, nor the other way."),)
    return (
        *(found for a in (*run.open, *run.closed) for found in _of_open(a, old_graph, new_graph)),
        *_of_arrivals(run, old_graph, new_graph),
        *_of_undoing(run, old_graph, new_graph),
        *_of_variables(run, new_graph),
    )


def migrated(run: Run, old_graph: Graph, new_graph: Graph, *, to_version: int, actor: Actor) -> Decision:
    """The run as it goes on by `new_graph`, its version `to_version`, with the event that says so.

    Values the version declares defaults for are filled in. Raises a refusal, `not_movable`, with every obstacle in its
    details, or `already_there`. Moving back is the same with the versions exchanged.
    """
    if run.template_version == to_version:
        raise Refusal("conflict", f"The run is at version {to_version} already.", code="already_there")
    obstacles = verdict(run, old_graph, new_graph)
    if obstacles:
        raise Refusal(
            "conflict",
            " ".join(obstacle.message for obstacle in obstacles),
            code="not_movable",
            details={"obstacles": [msgspec.to_builtins(obstacle) for obstacle in obstacles]},
        )
    variables = validated_variables(new_graph.template, run.variables)
    moved = msgspec.structs.replace(
        run.copy(),
        template_version=to_version,
        template_name=new_graph.template.name,
        variables=variables,
        given=run.input,
        # Values that no step has given are told by no chain of snapshots: the next one holds everything.
        chained=run.chained if variables == run.variables else WHOLE_EVERY,
        seq=run.seq + 1,
    )
    said = Event(
        "run_migrated",
        f"{actor.name} moved the run from version {run.template_version} to {to_version}",
        data={"from_version": run.template_version, "to_version": to_version},
    )
    return Decision(run=moved, events=[said], effects=[], ticket=None)


def _of_open(activation: Activation, old_graph: Graph, new_graph: Graph) -> Iterator[Obstacle]:
    old, new = old_graph.nodes[activation.step_id], new_graph.nodes.get(activation.step_id)
    step_id, title = activation.step_id, old.step.title
    if new is None:
        yield Obstacle("step_gone", f"“{title}” is open and not in that version.", step_id)
    elif new.step.type != old.step.type:
        said = f"“{title}” is open as {old.step.type}, and {new.step.type} in that version."
        yield Obstacle("other_type", said, step_id)
    elif not new.waits or new.kind.wait_kind(new.step) != old.kind.wait_kind(old.step):
        there = new.kind.wait_kind(new.step) if new.waits else "nothing"
        said = f"“{title}” waits for {old.kind.wait_kind(old.step)}, and for {there} in that version."
        yield Obstacle("other_wait", said, step_id)


def _of_arrivals(run: Run, old_graph: Graph, new_graph: Graph) -> Iterator[Obstacle]:
    for step_id in dict.fromkeys([*run.redo, *run.arrivals]):
        if step_id not in new_graph.nodes:
            title = old_graph.nodes[step_id].step.title
            yield Obstacle("step_gone", f"“{title}” comes next and is not in that version.", step_id)


def _of_undoing(run: Run, old_graph: Graph, new_graph: Graph) -> Iterator[Obstacle]:
    done = [*(undoable.step_id for undoable in run.compensable), *run.in_flight.values()]
    for step_id in dict.fromkeys(done):
        new = new_graph.nodes.get(step_id)
        if new is None or new.compensate is None:
            title = old_graph.nodes[step_id].step.title
            yield Obstacle("not_undoable", f"“{title}” is done, and that version does not say how to undo it.", step_id)


def _of_variables(run: Run, new_graph: Graph) -> Iterator[Obstacle]:
    try:
        validated_variables(new_graph.template, run.variables)
    except VariablesInvalid as error:
        for issue in error.issues:
            yield Obstacle("variable_missing", issue.message)
