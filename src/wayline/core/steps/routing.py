"""routing: hands the ticket on, by itself or by a person's choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation
from wayline.core.steps.step_type import Problem, Step, StepType
from wayline.core.who import Strategy, Who


class Option(BaseModel):
    """One way a person may send it: its label is the outcome."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(min_length=1, max_length=300)
    to: Who | None = None
    next: str | None = None


class RoutingStep(Step):
    """A routing as written: `to` for an automatic one, `options` for a person's choice."""

    type: Literal["routing"]
    to: Who | None = None
    strategy: Strategy | None = None
    options: list[Option] = Field(default_factory=list, max_length=2000)
    assignee: Who | None = Field(None, description="Who chooses among the options.")

    @model_validator(mode="after")
    def _one_way(self) -> RoutingStep:
        if bool(self.options) == (self.to is not None):
            raise ValueError("give either `to` or `options`")
        if self.strategy is not None and self.to is None:
            raise ValueError("a strategy goes with `to`")
        return self

    @property
    def destination(self) -> Who | None:
        """`to`, with the step's own strategy folded in."""
        if self.to is None or self.strategy is None:
            return self.to
        return self.to.model_copy(update={"strategy": self.strategy})


class Routing(StepType[RoutingStep]):
    """Sets the ticket's group and assignee."""

    type = "routing"
    title = "Routing"
    summary = "Hands the ticket to a group or person."
    icon = "route"
    named_outcomes = ("routed",)
    model = RoutingStep
    waits_for_people = True
    can_wait = True

    def waits(self, step: RoutingStep) -> bool:
        return bool(step.options)

    def outcomes(self, step: RoutingStep) -> tuple[str, ...]:
        return tuple(o.label for o in step.options) or ("routed",)

    def connections(self, step: RoutingStep) -> dict[str, str]:
        return {o.label: o.next for o in step.options if o.next is not None}

    def who(self, step: RoutingStep) -> Iterable[tuple[str, Who]]:
        found = [(f"options[{i}].to", o.to) for i, o in enumerate(step.options) if o.to is not None]
        if step.destination is not None:
            found.append(("to", step.destination))
        if step.assignee is not None:
            found.append(("assignee", step.assignee))
        return found

    def provides(self, step: RoutingStep) -> Iterable[str]:
        return ("group", "assignee", "option")

    def problems(self, step: RoutingStep) -> Iterable[Problem]:
        seen: set[str] = set()
        for index, option in enumerate(step.options):
            if option.label in seen:
                yield Problem(
                    "error",
                    "duplicate_label",
                    f"The label {option.label} is taken.",
                    f"options[{index}].label",
                    step.id,
                )
            seen.add(option.label)

    def activate(self, deciding: Deciding, activation: Activation, step: RoutingStep) -> None:
        if not step.options:
            assert step.destination is not None
            output = self._hand_over(deciding, activation, step, step.destination)
            deciding.finish(activation, "routed", output=output)
            return
        deciding.offer(activation, self.type, deciding.responsible(activation, step.assignee))

    def complete(
        self, deciding: Deciding, activation: Activation, step: RoutingStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        label = answer.get("option")
        option = next((o for o in step.options if o.label == label), None)
        if option is None:
            known = ", ".join(o.label for o in step.options[:20])
            raise Refusal(
                "invalid",
                f"option is one of {known}.",
                issues=[Issue("option", f"option is one of {known}.", "not_an_option")],
            )
        output: dict[str, Any] = {"option": option.label}
        if option.to is not None:
            output |= self._hand_over(deciding, activation, step, option.to)
        deciding.finish(
            activation,
            option.label,
            output=output,
            by=actor,
            detail=f"{step.title}: {actor.name} chose “{option.label}”",
        )

    def _hand_over(self, deciding: Deciding, activation: Activation, step: RoutingStep, to: Who) -> dict[str, Any]:
        found = deciding.find(to)
        group = deciding.facts.directory.group(to.group) if to.group else None
        group_id = found.group_id or (group.id if group else None)
        named = found.user_ids[:1] if group_id is None else found.user_ids
        person = named[0] if len(named) == 1 and not found.group_id else None
        if group_id is None and person is None:
            deciding.incident("nobody_to_route_to", f"“{step.title}” leads to nobody.", activation)
            return {"group": None, "assignee": None}
        changes: dict[str, Any] = {"assignee": person}
        if group_id is not None:
            changes["group"] = group_id
        if deciding.ticket is not None:
            changed = deciding.change_ticket(changes)
            if changed:
                deciding.note(
                    "ticket_changed", f"Routed to {self._name(deciding, group_id, person)}", data={"changes": changed}
                )
        if found.user_ids:
            deciding.notify_all(found, "ticket_routed", step.title, activation=activation)
        return {"group": group_id, "assignee": person}

    def _name(self, deciding: Deciding, group_id: str | None, person_id: str | None) -> str:
        directory = deciding.facts.directory
        parts = [directory.people[person_id].name] if person_id else []
        parts += [directory.groups[group_id].name] if group_id else []
        return ", ".join(parts)

    def lasting(self, step: RoutingStep, output: Mapping[str, Any]) -> str | None:
        return "The ticket was handed on." if output.get("group") or output.get("assignee") else None

    def describe(self, step: RoutingStep) -> dict[str, Any]:
        return {"options": [o.label for o in step.options]} if step.options else {}
