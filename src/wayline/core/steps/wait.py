"""wait: the run rests for a time, until an instant, or until somebody signals or calls back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.run import Activation
from wayline.core.steps.step_type import MAX_TIMEOUT_HOURS, Problem, Step, StepType
from wayline.core.text import TextError, render


class Callback(BaseModel):
    """A callback that is to be signed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: str = Field(
        min_length=8,
        max_length=200,
        description="What is posted is then signed with it: X-Wayline-Signature: sha256=<HMAC of the body, in hex>.",
    )


class WaitFor(BaseModel):
    """What is awaited: exactly one of these (`calendar` goes with `business_hours`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: float | None = Field(None, gt=0, le=MAX_TIMEOUT_HOURS)
    business_hours: float | None = Field(None, gt=0, le=MAX_TIMEOUT_HOURS)
    calendar: str | None = None
    until: datetime | str | None = Field(None, description="An instant (ISO 8601), or text that renders to one.")
    signal: str | None = Field(None, min_length=1, max_length=200)
    callback: Literal[True] | Callback | None = Field(None, description="A one-time URL for others to post to.")

    @model_validator(mode="after")
    def _one(self) -> WaitFor:
        named = [n for n in ("hours", "business_hours", "until", "signal", "callback") if getattr(self, n) is not None]
        if len(named) != 1:
            raise ValueError("give exactly one of hours, business_hours, until, signal, callback")
        if self.calendar is not None and self.business_hours is None:
            raise ValueError("a calendar goes with business_hours")
        return self


class WaitStep(Step):
    """A wait as written."""

    type: Literal["wait"]
    for_: WaitFor = Field(alias="for")


class Wait(StepType[WaitStep]):
    """Ends with `elapsed` or `received`; with `failed` when a text does not render to an instant."""

    type = "wait"
    title = "Wait"
    summary = "Rests for a time, or until a signal or callback comes."
    icon = "clock"
    named_outcomes = ("elapsed", "received")
    model = WaitStep
    can_wait = True
    failing = frozenset({"failed"})

    def outcomes(self, step: WaitStep) -> tuple[str, ...]:
        if step.for_.signal or step.for_.callback:
            return ("received",)
        until = step.for_.until
        return ("elapsed", "failed") if isinstance(until, str) and _instant(until) is None else ("elapsed",)

    def wait_kind(self, step: WaitStep) -> str:
        if step.for_.signal is not None:
            return "signal"
        return "callback" if step.for_.callback else "time"

    def texts(self, step: WaitStep) -> Iterable[tuple[str, str]]:
        return [("for.until", step.for_.until)] if isinstance(step.for_.until, str) else []

    def provides(self, step: WaitStep) -> Iterable[str]:
        return ("payload", "*") if step.for_.signal or step.for_.callback else ()

    def problems(self, step: WaitStep) -> Iterable[Problem]:
        until = step.for_.until
        if isinstance(until, str) and "{{" not in until and _instant(until) is None:
            yield Problem("error", "not_an_instant", f"{until!r} is not an instant.", "for.until", step.id)

    def activate(self, deciding: Deciding, activation: Activation, step: WaitStep) -> None:
        wanted = step.for_
        if wanted.signal is not None:
            self._take_buffered(deciding, activation, step)
        elif not wanted.callback:
            due_at = self._due_at(deciding, step)
            if isinstance(due_at, str):
                deciding.fail(activation, "not_an_instant", due_at)
                return
            activation.due_at = due_at if activation.due_at is None else activation.due_at
            calendar = (wanted.calendar or "default") if wanted.business_hours is not None else None
            deciding.start_timer(activation, "elapsed", due_at, calendar=calendar, fixed=wanted.until is not None)

    def reopen(self, deciding: Deciding, activation: Activation, step: WaitStep) -> None:
        """Time goes on with what was left of it."""
        if self.wait_kind(step) != "time":
            self.activate(deciding, activation, step)

    def _due_at(self, deciding: Deciding, step: WaitStep) -> datetime | str:
        wanted = step.for_
        if wanted.hours is not None:
            return deciding.after(wanted.hours)
        if wanted.business_hours is not None:
            return deciding.after(wanted.business_hours, wanted.calendar or "default")
        if isinstance(wanted.until, datetime):
            return wanted.until if wanted.until.tzinfo else wanted.until.replace(tzinfo=UTC)
        assert wanted.until is not None
        try:
            text = render(wanted.until, deciding.scope)
        except TextError as error:
            return str(error)
        return _instant(text) or f"{text!r} is not an instant."

    def _take_buffered(self, deciding: Deciding, activation: Activation, step: WaitStep) -> None:
        for signal in deciding.run.signals:
            if signal.name == step.for_.signal:
                deciding.run.signals.remove(signal)
                self._receive(deciding, activation, step, signal.payload)
                return

    def _receive(self, deciding: Deciding, activation: Activation, step: WaitStep, payload: Any) -> None:
        fields = payload if isinstance(payload, dict) else {}
        detail = f"{step.title}: received {step.for_.signal or 'the callback'}"
        deciding.finish(activation, "received", output={**fields, "payload": payload}, detail=detail)

    def take_signal(
        self, deciding: Deciding, activation: Activation, step: WaitStep, name: str, payload: Any, actor: Actor
    ) -> bool:
        if not self.awaits_signal(step, name):
            return False
        self._receive(deciding, activation, step, payload)
        return True

    def awaits_signal(self, step: WaitStep, name: str) -> bool:
        return step.for_.signal == name

    def take_callback(self, deciding: Deciding, activation: Activation, step: WaitStep, body: Any) -> bool:
        if not step.for_.callback:
            return False
        self._receive(deciding, activation, step, body)
        return True

    def fire(self, deciding: Deciding, activation: Activation, step: WaitStep, kind: str) -> None:
        if kind == "elapsed":
            deciding.finish(activation, "elapsed", detail=f"{step.title}: time has passed")

    def describe(self, step: WaitStep) -> dict[str, Any]:
        shown = step.for_.model_dump(mode="json", exclude_none=True)
        return {"for": shown | {"callback": True} if step.for_.callback else shown}


def callback_secret(step: Step) -> str | None:
    """What a callback to this step is signed with; None where it is not."""
    callback = step.for_.callback if isinstance(step, WaitStep) else None
    return callback.secret if isinstance(callback, Callback) else None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
