"""run_script: run a script, and give back what it came to and what it asks for. Nothing is carried out here.

What a script does wrong it would do wrong again: only what was the machine's doing is tried anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from wayline.actions.job import Job
from wayline.actions.script.runner import Ending, Ran, run_script
from wayline.core.action import ActionFailed
from wayline.core.script import is_name


class ScriptFailed(ActionFailed):
    """A script did not end well; `ran` has its error, and what it logged until then."""

    def __init__(self, ran: Ran, script_id: str | None) -> None:
        assert ran.error is not None
        super().__init__(ran.error.said(), permanent=not ran.error.passing)
        self.ran = ran
        self.script_id = script_id


class ScriptBook(Protocol):
    """The scripts that people keep."""

    async def called(self, *, tenant_id: str, name: str) -> tuple[str, str] | None:
        """(id, text) of the tenant's script of that name, case aside, as it is now; None when there is none."""
        ...


class Scripts:
    """Performs run_script, each in a thread that waits for its process."""

    def __init__(self, book: ScriptBook) -> None:
        self._book = book

    async def perform(self, job: Job) -> dict[str, Any]:
        """`{result, log, requests, script_id}`, or ActionFailed; `script_id` None for a text of its own."""
        script: str = job.action["script"]
        script_id, text = None, script
        if is_name(script):
            found = await self._book.called(tenant_id=job.tenant_id, name=script)
            if found is None:
                raise ActionFailed(f"there is no script {script.strip()}", permanent=True)
            script_id, text = found
        ending = Ending()
        try:
            ran = await asyncio.to_thread(run_script, text, told_to(job.action), ending=ending)
        except asyncio.CancelledError:
            ending.end()
            raise
        if ran.error is not None:
            raise ScriptFailed(ran, script_id)
        return {"result": ran.result, "log": list(ran.log), "requests": list(ran.requests), "script_id": script_id}

    async def close(self) -> None:
        """Nothing is kept open."""


def told_to(action: Mapping[str, Any]) -> dict[str, Any]:
    """A script's parameters: what an action of its kind is told by itself, and what was written with it."""
    return {**(action.get("about") or {}), **(action.get("params") or {})}
