"""The steps of inbox templates, as the frame of every run knows a step type. They are in no palette."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wayline.core.facts import Actor
from wayline.core.inbox.activating import activate
from wayline.core.inbox.definition import InboxStep
from wayline.core.refusals import Refusal
from wayline.core.run import Activation
from wayline.core.steps.step_type import StepType

if TYPE_CHECKING:
    from wayline.core.decision import Deciding


class EntryType(StepType[InboxStep]):
    """A step that people hold an entry of. It is gone on from by choosing, never completed, skipped or handed on."""

    model = InboxStep
    type = "entry"
    title = "Entry"
    summary = "Shows people a message with paths to choose from."
    icon = "inbox"
    can_wait = True
    fields_are_names = True

    def outcomes(self, step: InboxStep) -> tuple[str, ...]:
        """The labels of its paths."""
        return tuple(path.label for path in step.face.paths)

    def connections(self, step: InboxStep) -> dict[str, str]:
        """Where its paths lead."""
        return {path.label: path.step for path in step.face.paths}

    def wait_kind(self, step: InboxStep) -> str:
        """Which choice there is: people have been shown it, so that it stays the same in another version."""
        return f"a choice of {', '.join(path.label for path in step.face.paths) or 'nothing'}"

    def texts(self, step: InboxStep) -> Iterable[tuple[str, str]]:
        """What it shows."""
        return step.face.texts()

    def activate(self, deciding: Deciding, activation: Activation, step: InboxStep) -> None:
        """Set the entries it is for."""
        activate(deciding, activation, step)

    def require_free_to_decide(self, deciding: Deciding, activation: Activation, step: InboxStep, actor: Actor) -> None:
        """Nobody skips it for others."""
        raise Refusal("conflict", f"“{step.title}” is gone on from by choosing.", code="not_skippable")

    def describe(self, step: InboxStep) -> dict[str, Any]:
        """Its paths."""
        return {"paths": [{"label": path.label, "step": path.step} for path in step.face.paths]}

    def describe_open(self, step: InboxStep, activation: Activation) -> dict[str, Any]:
        """What it shows, and how many active entries are at it."""
        face = activation.data["face"]
        return {"label": face["label"], "subtitle": face["subtitle"], "entries": activation.data["active"]}


ENTRY = EntryType()
