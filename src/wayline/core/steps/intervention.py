"""intervention: people answer what a remote system asks, in a form that its data bag has filled in beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.form_fields import FormField, validated
from wayline.core.intervention import MAX_FIELDS, prefilled
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation
from wayline.core.steps.step_type import Problem, Step, StepType, not_for_templates
from wayline.core.who import Audience


class InterventionStep(Step):
    """The fields to be edited, and whether the queue's managers are told that somebody asks."""

    type: Literal["intervention"]
    fields: list[FormField] = Field(max_length=MAX_FIELDS)
    tell_managers: bool = False


class Intervention(StepType[InterventionStep]):
    """Offered to whoever works the ticket's queue, until one of them submits it."""

    type = "intervention"
    title = "Intervention"
    summary = "People answer what a remote system asks."
    icon = "message-question"
    named_outcomes = ("submitted",)
    model = InterventionStep
    offered = False
    waits_for_people = True
    can_wait = True
    fields_are_names = True

    def outcomes(self, step: InterventionStep) -> tuple[str, ...]:
        return ("submitted",)

    def provides(self, step: InterventionStep) -> Iterable[str]:
        return [f.name for f in step.fields]

    def problems(self, step: InterventionStep) -> Iterable[Problem]:
        yield not_for_templates(step)

    def activate(self, deciding: Deciding, activation: Activation, step: InterventionStep) -> None:
        activation.data["values"] = prefilled(step.fields, deciding.run.variables["data"])
        self._offer_to(deciding, activation, crew_of(deciding))
        if step.tell_managers:
            deciding.notify(managers_of(deciding), "work_offered", step.title, activation=activation)

    def _offer_to(self, deciding: Deciding, activation: Activation, people: tuple[str, ...]) -> None:
        """Unlike other work it is told to nobody by that: many may do it, and requests may be many."""
        activation.assigned_to = people[0] if len(people) == 1 else None
        activation.group_id, activation.claimed_by = None, None
        activation.candidates = [] if len(people) == 1 else [*people]
        deciding.offer_again(activation, self.type)

    def reopen(self, deciding: Deciding, activation: Activation, step: InterventionStep) -> None:
        if _is_anybodys(activation):
            self._offer_to(deciding, activation, crew_of(deciding))
        else:
            deciding.offer_again(activation, self.type)

    def look_again(self, deciding: Deciding, activation: Activation, step: InterventionStep) -> bool:
        crew = crew_of(deciding)
        known = activation.candidates or ([activation.assigned_to] if activation.assigned_to else [])
        if not _is_anybodys(activation) or set(crew) == set(known):
            return False
        self._offer_to(deciding, activation, crew)
        return True

    def hand_to(self, deciding: Deciding, activation: Activation, step: InterventionStep, found: Audience) -> None:
        super().hand_to(deciding, activation, step, found)
        activation.data["handed_over"] = True

    def require_entitled(
        self, deciding: Deciding, activation: Activation, step: InterventionStep, actor: Actor
    ) -> str | None:
        if _is_anybodys(activation) and actor.user_id in crew_of(deciding):
            return actor.user_id
        return super().require_entitled(deciding, activation, step, actor)

    def require_free_to_decide(
        self, deciding: Deciding, activation: Activation, step: InterventionStep, actor: Actor
    ) -> None:
        raise Refusal("conflict", "A request is answered or cancelled; it is not skipped.", code="not_skippable")

    def complete(
        self, deciding: Deciding, activation: Activation, step: InterventionStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        given = answer.get("form_data")
        if not isinstance(given, dict):
            message = "form_data is an object of field values; those left out stay as they were filled in."
            raise Refusal("invalid", message, issues=[Issue("form_data", message, "required")])
        values = {**activation.data["values"], **given}
        output = validated(step.fields, values, deciding.scope, deciding.facts.directory)
        detail = f"{step.title} answered by {actor.name}"
        deciding.finish(activation, "submitted", output=output, by=actor, detail=detail)

    def describe(self, step: InterventionStep) -> dict[str, Any]:
        return {"fields": [_shown(field) for field in step.fields]}

    def describe_open(self, step: InterventionStep, activation: Activation) -> dict[str, Any]:
        values = activation.data["values"]
        return {"fields": [_shown(field) | {"value": values.get(field.name)} for field in step.fields]}


def _is_anybodys(activation: Activation) -> bool:
    """Whether it goes with the ticket: nobody has taken it, nor has anybody handed it to somebody."""
    return activation.claimed_by is None and not activation.data.get("handed_over")


def _shown(field: FormField) -> dict[str, Any]:
    return field.model_dump(mode="json", exclude_defaults=True) | {"type": field.type}


def crew_of(deciding: Deciding) -> tuple[str, ...]:
    """Who may answer: the ticket's assignee, its group's members and its queue's managers; when these are nobody, all
    agents and managers of the desk, and failing them its admins."""
    ticket, directory = deciding.ticket or {}, deciding.facts.directory
    assignee, group = directory.person(ticket.get("assignee")), directory.group(ticket.get("group"))
    people = [assignee.id] if assignee is not None else []
    people += directory.active_members(group) if group is not None else ()
    people += managers_of(deciding)
    people = people or [p.id for p in directory.people.values() if p.role in ("agent", "manager") and p.active]
    return tuple(dict.fromkeys(people or directory.admins()))


def managers_of(deciding: Deciding) -> tuple[str, ...]:
    """The active managers of the ticket's queue."""
    directory = deciding.facts.directory
    queue = directory.queue((deciding.ticket or {}).get("queue", ""))
    return tuple(m for m in queue.managers if directory.person(m) is not None) if queue is not None else ()
