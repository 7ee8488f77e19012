"""A job as an action sees it, and what every performer of actions promises.

`perform` does what the job's action says and returns its output, a JSON-able dict that the run keeps. It raises
ActionFailed for what may go wrong; anything else it raises is a bug. It may be called more than once with the same job
(a worker may die between doing and reporting), so the job's id goes to the other side as the key that tells a
repetition. Who calls ends it after `timeout_s`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec


class Job(msgspec.Struct, frozen=True):
    """What is to be done. `attempt` counts from 1; `at` is the instant this attempt began, aware UTC."""

    id: str
    tenant_id: str
    action: dict[str, Any]
    attempt: int
    timeout_s: float
    at: datetime


class Performer(Protocol):
    """Does one type of action, any number of them at a time, on one event loop."""

    async def perform(self, job: Job) -> dict[str, Any]:
        """Do it and return the output; raises ActionFailed."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
