"""automatic: an action without a person, tried again when it may help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from wayline.core.action import Action, ActionFailed, AnyAction, rendered
from wayline.core.commands import ReportAction
from wayline.core.decision import Deciding
from wayline.core.retry import Retry
from wayline.core.run import Activation
from wayline.core.steps.step_type import Step, StepType
from wayline.core.who import Who


class AutomaticStep(Step):
    """An automatic step as written."""

    type: Literal["automatic"]
    action: AnyAction
    retry: Retry = Retry()
    compensate: AnyAction | None = Field(None, description="Undoes the action when the run is cancelled.")


class Automatic(StepType[AutomaticStep]):
    """Desk actions are done at once; outside ones leave as a job and come back as a report."""

    type = "automatic"
    title = "Automatic"
    summary = "Does something without a person."
    icon = "bolt"
    named_outcomes = ("succeeded", "failed")
    model = AutomaticStep
    can_wait = True
    failing = frozenset({"failed"})

    def waits(self, step: AutomaticStep) -> bool:
        return step.action.queue is not None

    def wait_kind(self, step: AutomaticStep) -> str:
        return f"a job of queue {step.action.queue}"

    def outcomes(self, step: AutomaticStep) -> tuple[str, ...]:
        return ("succeeded", "failed")

    def who(self, step: AutomaticStep) -> Iterable[tuple[str, Who]]:
        return [(f"{where}.{path}", who) for where, action in _actions(step) for path, who in action.who()]

    def texts(self, step: AutomaticStep) -> Iterable[tuple[str, Any]]:
        return [(f"{where}.{path}", text) for where, action in _actions(step) for path, text in action.texts()]

    def provides(self, step: AutomaticStep) -> Iterable[str]:
        return ("*",)

    def activate(self, deciding: Deciding, activation: Activation, step: AutomaticStep) -> None:
        try:
            if step.action.queue is None:
                output = step.action.perform(deciding, activation)
                deciding.finish(activation, "succeeded", output=output)
                return
            action = rendered(step.action, deciding.scope, step=step.id)
        except ActionFailed as error:
            deciding.fail(activation, "action_failed", str(error))
            return
        deciding.run_job(activation, step.action.queue, action, getattr(step.action, "timeout_s", 30.0))
        deciding.note("action_started", f"{step.title}: {step.action.said()}", activation=activation)

    def reopen(self, deciding: Deciding, activation: Activation, step: AutomaticStep) -> None:
        activation.data = {}
        self.activate(deciding, activation, step)

    def report(self, deciding: Deciding, activation: Activation, step: AutomaticStep, report: ReportAction) -> None:
        if report.error is None:
            activation.job = None
            said = f"{step.title}: {step.action.outcome_of(report.output)}"
            deciding.note("action_succeeded", said, activation=activation)
            deciding.finish(activation, "succeeded", output=report.output)
        elif report.permanent or activation.attempt >= step.retry.max_attempts:
            activation.job = None
            data: dict[str, Any] = {"attempt": activation.attempt, "permanent": report.permanent}
            if report.output.get("log"):
                data["log"] = report.output["log"]
            deciding.note("action_failed", f"{step.title}: {report.error}", activation=activation, data=data)
            deciding.fail(activation, "action_failed", report.error)
        else:
            self._try_again(deciding, activation, step, report)

    def _try_again(self, deciding: Deciding, activation: Activation, step: AutomaticStep, report: ReportAction) -> None:
        assert step.action.queue is not None
        try:
            action = rendered(step.action, deciding.scope)
        except ActionFailed as error:
            activation.job = None
            deciding.fail(activation, "action_failed", str(error))
            return
        timeout_s = getattr(step.action, "timeout_s", 30.0)
        deciding.run_job_again(activation, step.action.queue, action, timeout_s, step.retry, report)

    def lasting(self, step: AutomaticStep, output: Mapping[str, Any]) -> str | None:
        if step.action.within_the_run:
            return None
        return f"{step.action.type} was done {'at the desk' if step.action.queue is None else 'outside'}."

    def describe(self, step: AutomaticStep) -> dict[str, Any]:
        return {"action": step.action.type, "max_attempts": step.retry.max_attempts}

    def describe_open(self, step: AutomaticStep, activation: Activation) -> dict[str, Any]:
        return {"attempt": activation.attempt, "next_retry_at": activation.data.get("next_retry_at")}


def _actions(step: AutomaticStep) -> list[tuple[str, Action]]:
    found: list[tuple[str, Action]] = [("action", step.action)]
    return [*found, ("compensate", step.compensate)] if step.compensate is not None else found
