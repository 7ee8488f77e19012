"""Who may see a run on surface 002, and who may change it: its owner, admins, and, for reading, whom it asks."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from wayline.api.endpoint import Call
from wayline.api.instance_view import needs_history
from wayline.api.instances import run_of
from wayline.api.run_view import votes_of
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import Activation, EndedVisit, Run
from wayline.store.runs import latest_visits

MAX_VISITS_SHOWN = 1000


class SeenRun(msgspec.Struct, frozen=True):
    """A run the caller may see; `is_mine` says that they may do with it what owners and admins may."""

    run: Run
    is_mine: bool


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


async def own_run(call: Call) -> Run:
    """The run in the path, for who may change it: its owner and admins."""
    seen = await visible_run(call)
    if not seen.is_mine:
        raise Refusal("forbidden", "Only its owner or an admin may do that.", code="not_owner")
    return seen.run


async def _is_asked(call: Call, run: Run) -> bool:
    """Whether the run asks the caller to approve, or somebody they stand in for now, or has asked or heard them."""
    if _asks(run.open, await call.read(_voices_of, call)) or _asks(run.latest.values(), {call.caller.user_id}):
        return True
    if not needs_history(run):
        return False
    earlier = await call.read(
        latest_visits, tenant_id=call.caller.tenant_id, run_id=run.id, limit=MAX_VISITS_SHOWN, type="approval"
    )
    return _asks([found.visit for found in earlier], {call.caller.user_id})


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
