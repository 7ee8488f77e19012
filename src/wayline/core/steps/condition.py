"""condition: the first branch whose condition holds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from wayline.core import condition
from wayline.core.decision import Deciding
from wayline.core.run import Activation
from wayline.core.steps.step_type import Problem, Step, StepType


class Branch(BaseModel):
    """One way on: its label is the outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(min_length=1, max_length=100)
    when: dict[str, Any]
    next: str | None = None


class ConditionStep(Step):
    """A condition as written."""

    type: Literal["condition"]
    branches: list[Branch] = Field(min_length=1, max_length=2000)
    otherwise: str | None = Field(None, description="The step when no branch holds.")


class Condition(StepType[ConditionStep]):
    """Decides at once, and keeps why."""

    type = "condition"
    title = "Condition"
    summary = "Takes the first branch whose condition holds."
    icon = "arrows-split"
    named_outcomes = ("otherwise",)
    model = ConditionStep

    def outcomes(self, step: ConditionStep) -> tuple[str, ...]:
        return (*(b.label for b in step.branches), "otherwise")

    def connections(self, step: ConditionStep) -> dict[str, str]:
        own = {b.label: b.next for b in step.branches if b.next is not None}
        return own | ({"otherwise": step.otherwise} if step.otherwise is not None else {})

    def conditions(self, step: ConditionStep) -> Iterable[tuple[str, Any]]:
        return [(f"branches[{i}].when", b.when) for i, b in enumerate(step.branches)]

    def provides(self, step: ConditionStep) -> Iterable[str]:
        return ()

    def problems(self, step: ConditionStep) -> Iterable[Problem]:
        seen: set[str] = {"otherwise"}
        for index, branch in enumerate(step.branches):
            if branch.label in seen:
                yield Problem(
                    "error",
                    "duplicate_label",
                    f"The label {branch.label} is taken.",
                    f"branches[{index}].label",
                    step.id,
                )
            seen.add(branch.label)

    def activate(self, deciding: Deciding, activation: Activation, step: ConditionStep) -> None:
        explained: list[dict[str, Any]] = []
        scope = deciding.scope
        for branch in step.branches:
            verdict = condition.evaluate(_compiled(msgspec.json.encode(branch.when)), scope)
            if len(explained) < MAX_EXPLAINED_BRANCHES or verdict.holds:
                clauses = msgspec.to_builtins(verdict.clauses)
                explained.append({"label": branch.label, "holds": verdict.holds, "clauses": clauses})
            if verdict.holds:
                self._take(deciding, activation, step, branch.label, explained)
                return
        self._take(deciding, activation, step, "otherwise", explained)

    def _take(
        self,
        deciding: Deciding,
        activation: Activation,
        step: ConditionStep,
        label: str,
        explained: list[dict[str, Any]],
    ) -> None:
        deciding.finish(
            activation, label, detail=f"{step.title}: took the branch “{label}”", data={"explanation": explained}
        )

    def describe(self, step: ConditionStep) -> dict[str, Any]:
        return {"branches": [b.label for b in step.branches]}


MAX_EXPLAINED_BRANCHES = 20


@lru_cache(maxsize=4096)
def _compiled(when: bytes) -> condition.Condition:
    return condition.parse(msgspec.json.decode(when))
