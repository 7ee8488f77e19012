"""What a step type is: a model of its properties, its outcomes, and what it does when a run visits it.

A step type is one file beside this one and one line in `catalogue.py`. It reads the run through `Deciding`, and
changes it only by calling its methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from wayline.core.facts import Actor
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation
from wayline.core.shorthand import or_one
from wayline.core.who import Audience, Who

if TYPE_CHECKING:
    from wayline.core.decision import Deciding

STEP_ID_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"
MAX_TIMEOUT_HOURS = 24 * 366 * 5


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with a template: where, what, how bad. `path` is JSON-style (`steps[2].approvers[0]`)."""

    severity: Literal["error", "warning"]
    code: str
    message: str
    path: str = ""
    step_id: str | None = None


class OnTimeout(BaseModel):
    """What happens when a step's time is up, besides the step being marked late."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    escalate_to: Who | None = Field(None, description="Who is told, and gets the work when `reassign` is true.")
    notify: list[Who] = Field(default_factory=list, description="Who else is told.", json_schema_extra=or_one)
    reassign: bool = Field(False, description="Hand the work to `escalate_to`.")
    repeat_hours: float | None = Field(None, gt=0, le=MAX_TIMEOUT_HOURS, description="Escalate again every so often.")
    max_repeats: int | None = Field(None, ge=1, le=1000, description="How often at most.")
    then: Literal["wait", "proceed", "fail"] = Field(
        "wait", description="Wait on, go on with outcome `timed_out`, or fail."
    )

    @field_validator("notify", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class Step(BaseModel):
    """What every step has. Subclasses add their type's own properties."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str = Field(pattern=STEP_ID_PATTERN, description="Unique in the template; names the step in `next`.")
    type: str
    name: str | None = Field(None, max_length=200, description="What people see; the id when left out.")
    description: str | None = Field(None, max_length=4000)
    next: str | dict[str, str] | None = Field(None, description="A step id, or a map from outcome to step id.")
    timeout_hours: float | None = Field(None, gt=0, le=MAX_TIMEOUT_HOURS)
    calendar: str | None = Field(None, description="Count the timeout in this calendar's business time.")
    on_timeout: OnTimeout | None = None

    @property
    def title(self) -> str:
        """The name people see."""
        return self.name or self.id


S = TypeVar("S", bound=Step)


class StepType(Generic[S]):
    """One kind of step. Stateless; the catalogue holds one instance of each.

    `named_outcomes` are those every step of the type has; branches and options add labels of their own.
    `failing` ones end the run when nothing connects them. `decided_by_votes`: its people are voters, who are asked
    by name, so nobody claims the work. `fields_are_names`: what it gave can be read by bare field names later. One that
    is not `offered` stands in processes that Wayline makes itself, and people cannot write it into theirs.
    """

    model: ClassVar[type[Step]]
    type: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    icon: ClassVar[str]
    offered: ClassVar[bool] = True
    waits_for_people: ClassVar[bool] = False
    decided_by_votes: ClassVar[bool] = False
    fields_are_names: ClassVar[bool] = False
    can_wait: ClassVar[bool] = False
    named_outcomes: ClassVar[tuple[str, ...]] = ()
    failing: ClassVar[frozenset[str]] = frozenset()

    def outcomes(self, step: S) -> tuple[str, ...]:
        """Every outcome the step can end with, `timed_out` left out (the frame adds it)."""
        raise NotImplementedError

    def connections(self, step: S) -> dict[str, str]:
        """Outcome → step id where the type keeps connections of its own (branches, options)."""
        return {}

    def waits(self, step: S) -> bool:
        """Whether the run rests at this step until something happens."""
        return self.can_wait

    def wait_kind(self, step: S) -> str:
        """What the run rests for at this step, in a word. An open visit may go on by another version of the template
        only where the word is the same there: what it holds (timers, votes, offers) is of that kind."""
        return self.type

    def who(self, step: S) -> Iterable[tuple[str, Who]]:
        """Every who-expression of the step's own properties, with its path inside the step."""
        return ()

    def conditions(self, step: S) -> Iterable[tuple[str, Any]]:
        """Every raw condition, with its path inside the step."""
        return ()

    def texts(self, step: S) -> Iterable[tuple[str, str]]:
        """Every text with placeholders, with its path inside the step."""
        return ()

    def provides(self, step: S) -> Iterable[str]:
        """Names under `steps.<id>` that later steps may read."""
        return ()

    def problems(self, step: S) -> Iterable[Problem]:
        """What is wrong with the properties beyond their shape; paths are inside the step."""
        return ()

    def activate(self, deciding: Deciding, activation: Activation, step: S) -> None:
        """The run has arrived: finish the activation at once, or leave it waiting for something."""
        raise NotImplementedError

    def reopen(self, deciding: Deciding, activation: Activation, step: S) -> None:
        """The run is taken up again where it was left: people, votes and data of the activation are as they were, and
        its timers run on. People are asked again; what waits for something else begins anew, but starts no timer that
        it had."""
        if self.waits_for_people:
            deciding.offer_again(activation, self.type)
            deciding.tell_again(activation)
        else:
            self.activate(deciding, activation, step)

    def complete(
        self, deciding: Deciding, activation: Activation, step: S, answer: dict[str, Any], actor: Actor
    ) -> None:
        """A person has answered."""
        raise Refusal("conflict", f"Step {step.id} is not for people to complete.", code="not_completable")

    def require_entitled(self, deciding: Deciding, activation: Activation, step: S, actor: Actor) -> str | None:
        """On whose behalf the actor may answer, None for an admin's own say; refuses everybody else."""
        behalf = deciding.may_act(activation, actor)
        if behalf is None and not actor.is_admin:
            raise Refusal("forbidden", f"“{step.title}” is not yours to complete.", code="not_yours")
        return behalf

    def require_free_to_decide(self, deciding: Deciding, activation: Activation, step: S, actor: Actor) -> None:
        """Refuse an admin or a lead who must keep out of this one, whatever their rights."""

    def vote(self, deciding: Deciding, activation: Activation, step: S, answer: dict[str, Any], actor: Actor) -> None:
        """A person who is asked has voted: `{decision, comment, on_behalf_of}`."""
        raise Refusal("conflict", f"“{step.title}” is not an approval.", code="not_an_approval")

    def override(
        self, deciding: Deciding, activation: Activation, step: S, decision: str, reason: str, actor: Actor
    ) -> None:
        """An admin or a lead decides in place of the votes."""
        raise Refusal("conflict", f"“{step.title}” is not an approval.", code="not_an_approval")

    def hand_to(self, deciding: Deciding, activation: Activation, step: S, found: Audience) -> None:
        """Other people are to do it; refuses when that leaves nobody."""
        if not found.keys:
            raise nobody_to_hand_to()
        activation.claimed_by = None
        deciding.offer(activation, self.type, found)

    def look_again(self, deciding: Deciding, activation: Activation, step: S) -> bool:
        """The run's ticket is with other people now: whether that changes whom the work is offered to; if so it has."""
        return False

    def report(self, deciding: Deciding, activation: Activation, step: S, report: Any) -> None:
        """An outside action of this activation has ended."""
        raise Refusal("conflict", f"Step {step.id} runs no action.", code="not_an_action")

    def fire(self, deciding: Deciding, activation: Activation, step: S, kind: str) -> None:
        """A timer of the type's own kind is due (timeouts are the frame's)."""

    def take_signal(
        self, deciding: Deciding, activation: Activation, step: S, name: str, payload: Any, actor: Actor
    ) -> bool:
        """Whether this activation was waiting for that signal; if so it has been taken."""
        return False

    def awaits_signal(self, step: S, name: str) -> bool:
        """Whether a live visit waits for a signal of that name."""
        return False

    def take_callback(self, deciding: Deciding, activation: Activation, step: S, body: Any) -> bool:
        """Whether this activation was waiting to be called back; if so it has been."""
        return False

    def lasting(self, step: S, output: Mapping[str, Any]) -> str | None:
        """What a completed visit that gave `output` did beyond the run, in a sentence: taking the run back does not
        undo it. None when there is nothing."""
        return None

    def describe(self, step: S) -> dict[str, Any]:
        """What the surfaces show of the step beyond the frame's fields (form fields, options), whatever its runs do."""
        return {}

    def describe_open(self, step: S, activation: Activation) -> dict[str, Any]:
        """What they show of a live visit besides (votes, attempts)."""
        return {}


def nobody_to_hand_to() -> Refusal:
    """The refusal for handing work to a who-expression that means nobody who may do it."""
    return Refusal("invalid", "That means nobody.", issues=[Issue("to", "That means nobody who may do it.", "nobody")])


def not_for_templates(step: Step) -> Problem:
    """The problem of a step whose type people cannot write into a template."""
    return Problem("error", "unknown_step_type", f"{step.type} is not a type for templates.", "type", step.id)
