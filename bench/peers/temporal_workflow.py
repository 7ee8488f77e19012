"""The request, written for Temporal. Nothing else may be imported here: the worker replays this module."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import activity, workflow

TASK_QUEUE = "bench-requests"


@activity.defn
async def set_field(value: str) -> str:
    """The automatic action: as cheap as an action can be."""
    return value


@workflow.defn
class LaptopRequest:
    """Form → approval → condition → automatic action → end."""

    def __init__(self) -> None:
        self._form: dict[str, Any] | None = None
        self._decision: str | None = None

    @workflow.signal
    def complete_form(self, form: dict[str, Any]) -> None:
        self._form = form

    @workflow.signal
    def decide(self, decision: str) -> None:
        self._decision = decision

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._form is not None)
        await workflow.wait_condition(lambda: self._decision is not None)
        if self._decision != "approve" or self._form is None:
            return "rejected"
        branch = "expensive" if self._form["price"] > 1500 else "ordinary"
        return await workflow.execute_activity(set_field, branch, start_to_close_timeout=timedelta(seconds=30))
