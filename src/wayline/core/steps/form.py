"""form: a person fills fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.form_fields import MAX_FIELDS, FormField, problems_of, validated
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation
from wayline.core.steps.step_type import Problem, Step, StepType
from wayline.core.who import Who


class FormStep(Step):
    """A form as written."""

    type: Literal["form"]
    assignee: Who | None = Field(None, description="Who fills it; the ticket's assignee or group when left out.")
    fields: list[FormField] = Field(min_length=1, max_length=MAX_FIELDS)


class Form(StepType[FormStep]):
    """Offered to its assignee until somebody entitled submits it."""

    type = "form"
    title = "Form"
    summary = "A person fills in fields."
    icon = "forms"
    named_outcomes = ("submitted",)
    model = FormStep
    waits_for_people = True
    can_wait = True
    fields_are_names = True

    def outcomes(self, step: FormStep) -> tuple[str, ...]:
        return ("submitted",)

    def who(self, step: FormStep) -> Iterable[tuple[str, Who]]:
        return [("assignee", step.assignee)] if step.assignee else []

    def conditions(self, step: FormStep) -> Iterable[tuple[str, Any]]:
        return [(f"fields[{i}].show_if", f.show_if) for i, f in enumerate(step.fields) if f.show_if]

    def provides(self, step: FormStep) -> Iterable[str]:
        return [f.name for f in step.fields]

    def problems(self, step: FormStep) -> Iterable[Problem]:
        for found in problems_of(step.fields):
            yield Problem("error", found.code, found.message, found.path, step.id)

    def activate(self, deciding: Deciding, activation: Activation, step: FormStep) -> None:
        deciding.offer(activation, self.type, deciding.responsible(activation, step.assignee))

    def complete(
        self, deciding: Deciding, activation: Activation, step: FormStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        given = answer.get("form_data")
        if not isinstance(given, dict):
            raise Refusal(
                "invalid",
                "form_data is an object of field values.",
                issues=[Issue("form_data", "form_data is an object of field values.", "required")],
            )
        data = validated(step.fields, given, deciding.scope, deciding.facts.directory)
        deciding.finish(
            activation,
            "submitted",
            output=data,
            by=actor,
            detail=f"{step.title} submitted by {actor.name}",
        )

    def describe(self, step: FormStep) -> dict[str, Any]:
        return {"fields": [f.model_dump(mode="json", exclude_defaults=True) | {"type": f.type} for f in step.fields]}
