"""Finds the way of a case through a template drafted from a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wayline.eventlog.discovery import FIRST_ACTIVITY, step_name
from wayline.eventlog.event import EventLogError


class Route:
    """Looks up, for a template definition, which step an activity is and which option leads from one to the next.

    Works for any template whose routing steps are named after the log's activities, so a draft may be edited before it
    is replayed. Raises `ambiguous_step` when two of them have the same name.
    """

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._template = str(definition.get("name", "template"))
        self._step_of: dict[str, str] = {}
        self._activity_of: dict[str, str] = {}
        self._label_of: dict[tuple[str, str | None], str] = {}
        for step in definition.get("steps", ()):
            if step.get("type") == "routing" and "options" in step:
                self._add(step)

    def _add(self, step: Mapping[str, Any]) -> None:
        id_, activity = step["id"], step.get("name", step["id"])
        if activity in self._step_of:
            raise EventLogError("ambiguous_step", f"two steps are called {activity!r}", self._template)
        self._step_of[activity] = id_
        self._activity_of[id_] = activity
        for option in step["options"]:
            self._label_of.setdefault((id_, option.get("next")), option["label"])

    @property
    def activities(self) -> tuple[str, ...]:
        """The activities it has steps for, in template order."""
        return tuple(self._step_of)

    def step_of(self, activity: str) -> str:
        """The id of the activity's step. Raises `unknown_activity`."""
        try:
            return self._step_of[step_name(activity)]
        except KeyError:
            message = f"no routing step is called {activity!r}"
            raise EventLogError("unknown_activity", message, self._template) from None

    def activity_of(self, step_id: str) -> str | None:
        """The activity whose step has this id, as `step_name` has it; None for a step that is none, as `begin`."""
        return self._activity_of.get(step_id)

    def option_for(self, activity: str, next_activity: str | None) -> str:
        """The label to pick on the activity's step to go on to the next one; None is the end of the case.

        Raises `unknown_activity`, and `unknown_transition` when the template has no such option.
        """
        target = None if next_activity is None else self.step_of(next_activity)
        label = self._label_of.get((self.step_of(activity), target))
        if label is None:
            then = "the end" if next_activity is None else repr(next_activity)
            raise EventLogError("unknown_transition", f"no option leads from {activity!r} to {then}", self._template)
        return label

    def variables(self, first_activity: str) -> dict[str, str]:
        """What to start a run with whose case begins with this activity. Raises `unknown_activity`."""
        self.step_of(first_activity)
        return {FIRST_ACTIVITY: first_activity}
