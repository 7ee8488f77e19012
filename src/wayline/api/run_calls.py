"""What every call about one run of surface 002 has in common: which run, who may see and change it, how it is shown.

A run is its owner's. Admins may do all that the owner may; whom it asks to approve may read it and decide, no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from starlette.responses import Response

from wayline.api.callbacks import callback_urls
from wayline.api.endpoint import Call
from wayline.api.instance_view import needs_history
from wayline.api.instances import run_of
from wayline.api.problems import json
from wayline.api.run_view import Beside, run_shown, votes_of
from wayline.core.commands import RunCommand
from wayline.core.graph import Graph
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import Activation, EndedVisit, Run
from wayline.store.incidents import open_incidents_of
from wayline.store.runs import latest_visits

MAX_VISITS_SHOWN = 1000


class SeenRun(msgspec.Struct, frozen=True):
    """A run the caller may see; `is_mine` says that they may do with it what owners and admins may."""

    run: Run
    is_mine: bool


# -- who may ---------------------------------------------------------------------------------------


async def visible_run(call: Call) -> SeenRun:
    """The run in the path. One that the caller neither owns nor administers nor is asked to approve does not exist."""
    run = await run_of(call, call.id("id", "Run"))
    if run is None:
        raise not_found("Run")
    if call.caller.role == "admin" or run.owner_id == call.caller.user_id:
        return SeenRun(run, is_mine=True)
    if not await _is_asked(call, run):
        raise not_found("Run")
    return SeenRun(run, is_mine=False)


async def own_run(call: Call) -> SeenRun:
    """The run in the path, for who may change it: its owner and admins."""
    seen = await visible_run(call)
    if not seen.is_mine:
        raise Refusal("forbidden", "Only its owner or an admin may do that.", code="not_owner")
    return seen


async def _is_asked(call: Call, run: Run) -> bool:
    """Whether the run asks the caller to approve, or somebody they stand in for now, or has asked or heard them."""
    if _asks(run.open, await call.read(_voices_of, call)) or _asks(run.latest.values(), {call.caller.user_id}):
        return True
    return _asks(await earlier_approvals(call, run), {call.caller.user_id})


def _voices_of(connection: sa.Connection, call: Call) -> set[str]:
    """The caller, and everybody they stand in for at this instant."""
    tenant_id, me = call.caller.tenant_id, call.caller.user_id
    directory = call.wayline.tenants.current(connection, {tenant_id})[tenant_id].directory
    return {me, *directory.stands_in_for(me, call.wayline.clock.now())}


def _asks(visits: Iterable[Activation | EndedVisit], voices: set[str]) -> bool:
    """Whether one of these is an approval by one of these people."""
    for visit in visits:
        if visit.type != "approval":
            continue
        asked = visit.candidates if isinstance(visit, Activation) else visit.detail.get("candidates", ())
        if not voices.isdisjoint([*asked, *(vote["by"] for vote in votes_of(visit))]):
            return True
    return False


async def earlier_approvals(call: Call, run: Run) -> list[EndedVisit]:
    """The approvals that the run's own value may have forgotten because their steps were visited again."""
    if not needs_history(run):
        return []
    found = await call.read(
        latest_visits, tenant_id=call.caller.tenant_id, run_id=run.id, limit=MAX_VISITS_SHOWN, type="approval"
    )
    return [one.visit for one in found]


# -- how it is shown -------------------------------------------------------------------------------


def shown(call: Call, seen: SeenRun, graph: Graph, **beside: Any) -> dict[str, Any]:
    """The run; the addresses it waits to be called back at are secrets, for its owner and admins alone."""
    urls = callback_urls(call.wayline, seen.run, graph) if seen.is_mine else {}
    return run_shown(seen.run, graph, Beside(at=call.wayline.clock.now(), callback_urls=urls, **beside))


def to_run(call: Call, run: Run) -> dict[str, Any]:
    """What every command to the run carries."""
    return {"tenant_id": call.caller.tenant_id, "actor": call.caller.actor, "run_id": run.id}


async def carried_out(call: Call, seen: SeenRun, command: RunCommand) -> Response:
    """Have the command decided; shows the run as it is then, with the incident it had."""
    incidents = await call.read(open_incidents_of, tenant_id=call.caller.tenant_id, subject_ids=[seen.run.id])
    incident = incidents.get(seen.run.id)
    return await call.submit(
        command,
        lambda answer: json(shown(call, SeenRun(answer.run, seen.is_mine), answer.graph, incident=incident)),
    )
