"""epilog: the answer to an intervention goes back to the remote that asked, which may say that this was the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from wayline.core.commands import ReportAction
from wayline.core.decision import Deciding
from wayline.core.effects import CommentTicket
from wayline.core.intervention import MAX_REMOTE_TIMEOUT_S, edited, said, scope_of
from wayline.core.retry import Retry
from wayline.core.run import Activation
from wayline.core.steps.step_type import Problem, Step, StepType, not_for_templates
from wayline.core.ticket import ENDED_STATUSES

ACTION = "intervention_epilog"
QUEUE = "webhook"
RETRY = Retry(max_attempts=12, initial_s=5, backoff=3, max_s=3600)
"""The last attempt comes some five hours after the first."""
JOB_TIMEOUT_S = MAX_REMOTE_TIMEOUT_S + 10.0
"""The remote's own limit is looked up when the answer is sent, and is shorter."""


class EpilogStep(Step):
    """Which intervention (its number, and what it is called), which step has the answer, and the text of the end."""

    type: Literal["epilog"]
    intervention: int
    called: str
    answer_of: str
    final_text: str | None = None


class Epilog(StepType[EpilogStep]):
    """Leaves as a job and comes back as a report. It ends as `taken` once, whichever attempt that was."""

    type = "epilog"
    title = "Epilog"
    summary = "The answer is sent back to the remote system."
    icon = "send"
    named_outcomes = ("taken", "failed")
    model = EpilogStep
    offered = False
    can_wait = True
    failing = frozenset({"failed"})

    def outcomes(self, step: EpilogStep) -> tuple[str, ...]:
        return self.named_outcomes

    def problems(self, step: EpilogStep) -> Iterable[Problem]:
        yield not_for_templates(step)

    def activate(self, deciding: Deciding, activation: Activation, step: EpilogStep) -> None:
        deciding.run_job(activation, QUEUE, _action(deciding, step), JOB_TIMEOUT_S)
        deciding.note("action_started", f"{step.title}: to {step.called}", activation=activation)

    def reopen(self, deciding: Deciding, activation: Activation, step: EpilogStep) -> None:
        activation.data = {}
        self.activate(deciding, activation, step)

    def report(self, deciding: Deciding, activation: Activation, step: EpilogStep, report: ReportAction) -> None:
        if report.error is None:
            activation.job = None
            self._taken(deciding, activation, step, report.output)
        elif report.permanent or activation.attempt >= RETRY.max_attempts:
            activation.job = None
            data = {"attempt": activation.attempt, "permanent": report.permanent}
            deciding.note("action_failed", f"{step.title}: {report.error}", activation=activation, data=data)
            message = f"The answer to {step.called} could not be sent back: {report.error}"
            deciding.incident("epilog_failed", message, activation)
            deciding.fail(activation, "epilog_failed", report.error)
        else:
            deciding.run_job_again(activation, QUEUE, _action(deciding, step), JOB_TIMEOUT_S, RETRY, report)

    def _taken(self, deciding: Deciding, activation: Activation, step: EpilogStep, output: Mapping[str, Any]) -> None:
        if "status" not in output:
            detail = f"{step.title}: the remote is switched off, nothing was sent"
        elif output.get("final"):
            detail = f"{step.title}: {step.called} has taken it and is done"
        else:
            detail = f"{step.title}: {step.called} has taken it"
        deciding.note("action_succeeded", detail, activation=activation)
        if output.get("final"):
            self._conclude(deciding, activation, step, output.get("data") or {})
        deciding.finish(activation, "taken", output=dict(output), detail=detail)

    def _conclude(self, deciding: Deciding, activation: Activation, step: EpilogStep, told: Mapping[str, Any]) -> None:
        """Say how it ended, and resolve the ticket. A text that cannot be rendered is an incident and stops nothing."""
        if step.final_text is not None:
            rendered = said(step.final_text, _scope(deciding, step, told))
            if rendered.problem is not None:
                message = f"The final text of {step.called} cannot be rendered: {rendered.problem}"
                deciding.incident("text_not_rendered", message, activation)
            elif rendered.text:
                deciding.effects.append(CommentTicket(text=rendered.text, visibility="public"))
        ticket = deciding.ticket
        if ticket is not None and ticket["status"] not in ENDED_STATUSES:
            deciding.change_ticket({"status": "resolved"})
            deciding.note("ticket_changed", "Ticket: status resolved", activation=activation)

    def lasting(self, step: EpilogStep, output: Mapping[str, Any]) -> str | None:
        return "The answer was sent to the remote system."

    def describe_open(self, step: EpilogStep, activation: Activation) -> dict[str, Any]:
        return {"attempt": activation.attempt, "next_retry_at": activation.data.get("next_retry_at")}


def _action(deciding: Deciding, step: EpilogStep) -> dict[str, Any]:
    """What is to be sent; where to, and with which token, is known to the worker alone."""
    run, ticket = deciding.run, deciding.ticket or {}
    answered = run.latest[step.answer_of]
    person = deciding.facts.directory.people.get(answered.completed_by or "")
    body = {
        "intervention": step.called,
        "uid": run.variables["uid"],
        "ticket_id": run.ticket_id,
        "ticket_number": ticket.get("number"),
        "response_id": answered.id,
        "submitted_by": person.email if person is not None else None,
        "submitted_at": answered.completed_at,
        "data": {"data": _edited(deciding, step)},
    }
    return {"type": ACTION, "intervention": step.intervention, "body": body}


def _edited(deciding: Deciding, step: EpilogStep) -> dict[str, Any]:
    run = deciding.run
    fields = deciding.graph.nodes[step.answer_of].step.fields  # type: ignore[attr-defined]
    return edited(fields, run.variables["data"], run.outputs[step.answer_of])


def _scope(deciding: Deciding, step: EpilogStep, told: Mapping[str, Any]) -> dict[str, Any]:
    asked = deciding.graph.nodes[step.answer_of].step
    names = scope_of(
        name=step.called,
        title=str((deciding.ticket or {}).get("title", step.called)),
        variables=deciding.run.variables,
        data={**_edited(deciding, step), **told},
        fields=asked.fields,  # type: ignore[attr-defined]
        ticket=deciding.ticket,
    )
    return names | {"final": dict(told)}
