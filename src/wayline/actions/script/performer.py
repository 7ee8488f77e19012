"""run_script: run a script, and give back what it came to and what it asks for. Nothing is carried out here.

What a script does wrong it would do wrong again: only what was the machine's doing is tried anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from wayline.actions.job import Job
from wayline.actions.script.runner import Ran, run_script
from wayline.core.action import ActionFailed
from wayline.core.script import is_name


class ScriptFailed(ActionFailed):
    """A script did not end well; `ran` has its error, and what it logged until then."""

    def __init__(self, ran: Ran) -> None:
        assert ran.error is not None
        super().__init__(ran.error.said(), permanent=not ran.error.passing)
        self.ran = ran


class Scripts:
    """Performs run_script, each in a thread that waits for its process."""

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{result, log, requests}`, or ActionFailed. A saved script comes with its `text`."""
        script: str = job.action["script"]
        text = job.action.get("text", None if is_name(script) else script)
        if text is None:
            raise ActionFailed(f"there is no script {script.strip()}", permanent=True)
        ran = await asyncio.to_thread(run_script, text, told_to(job.action))
        if ran.error is not None:
            raise ScriptFailed(ran)
        return {"result": ran.result, "log": list(ran.log), "requests": list(ran.requests)}

    async def close(self) -> None:
        """Nothing is kept open."""


def told_to(action: Mapping[str, Any]) -> dict[str, Any]:
    """A script's parameters: what an action of its kind is told by itself, and what was written with it."""
    return {**(action.get("about") or {}), **(action.get("params") or {})}
