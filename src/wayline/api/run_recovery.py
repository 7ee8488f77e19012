"""What owners and admins do about a run as a whole: hold it, have it go on, end it, try it again, take it back."""

from __future__ import annotations

import re

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import bare, either, sliced
from wayline.api.endpoint import Call, Resource
from wayline.api.instances import graph_of
from wayline.api.problems import json
from wayline.api.run_calls import carried_out, own_run, to_run, visible_run
from wayline.api.run_view import snapshot_head_shown, snapshot_shown
from wayline.api.runs_conventions import Slice, listed
from wayline.core import commands
from wayline.core.graph import Graph
from wayline.core.recovery import require_allowed
from wayline.core.refusals import not_found
from wayline.core.roll_back import RollBackPreview, preview_roll_back
from wayline.core.run import Run
from wayline.core.snapshot import Snapshot
from wayline.store.snapshots import SnapshotHead, list_snapshots, read_snapshot, visits_after

resource = Resource("Runs")
MAX_SNAPSHOT = 2**53
_NUMBER = re.compile(r"[0-9]{1,15}")


class Reason(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=2_000)


class RollBack(BaseModel):
    """Where to: a snapshot's number, 0 being the start."""

    model_config = ConfigDict(extra="forbid")

    snapshot: int = Field(ge=0, le=MAX_SNAPSHOT)


class RollBackQuery(BaseModel):
    """Whether to do it, or to see what it would come to."""

    dry_run: bool = False


# -- stopping and going on -------------------------------------------------------------------------


@resource.endpoint(
    "POST", "/workflows/{id}/pause", ability="run:write", body=Reason, answer=bare("Run"), refusals=(409,)
)
async def pause_run(call: Call) -> Response:
    """Hold a live run where it is: deadlines stand still, and nobody can do its steps until it goes on."""
    seen = await own_run(call)
    return await carried_out(call, seen, commands.PauseRun(**to_run(call, seen.run), reason=call.body.reason))


@resource.endpoint("POST", "/workflows/{id}/resume", ability="run:write", answer=bare("Run"), refusals=(409,))
async def resume_run(call: Call) -> Response:
    """Have a paused run go on; what came for it meanwhile takes effect."""
    seen = await own_run(call)
    return await carried_out(call, seen, commands.ResumeRun(**to_run(call, seen.run)))


@resource.endpoint(
    "POST", "/workflows/{id}/cancel", ability="run:write", body=Reason, answer=bare("Run"), refusals=(409,)
)
async def cancel_run(call: Call) -> Response:
    """End a live run at once. What its completed steps did is undone where the template says how: `compensation`."""
    seen = await own_run(call)
    return await carried_out(call, seen, commands.CancelRun(**to_run(call, seen.run), reason=call.body.reason))


@resource.endpoint("POST", "/workflows/{id}/retry", ability="run:write", answer=bare("Run"), refusals=(409,))
async def retry_run(call: Call) -> Response:
    """Have a failed run go on from the step it failed at, or a cancelled one from where it was."""
    seen = await own_run(call)
    return await carried_out(call, seen, commands.RetryRun(**to_run(call, seen.run)))


# -- going back ------------------------------------------------------------------------------------


@resource.endpoint("GET", "/workflows/{id}/snapshots", ability="run:read", query=Slice, answer=sliced("SnapshotHead"))
async def list_run_snapshots(call: Call) -> Response:
    """Where the run can be taken back to, in the order its steps were reached: its start, which is 0, and what it was
    at every completed step."""
    run = (await visible_run(call)).run
    heads, total = await call.read(_heads_of, run, call.query)
    graph = await graph_of(call, run)
    return listed([snapshot_head_shown(head, graph) for head in heads], total, call.query)


def _heads_of(connection: sa.Connection, run: Run, query: Slice) -> tuple[list[SnapshotHead], int]:
    """A slice of the snapshots, the start among them where the run has begun."""
    if run.started_at is None or not _has_steps(run):
        return [], 0
    start = SnapshotHead(number=0, step_id="", outcome=None, at=run.started_at, by=None)
    first = [start] if query.offset == 0 else []
    found, total = list_snapshots(
        connection,
        tenant_id=run.tenant_id,
        run_id=run.id,
        limit=query.limit - len(first),
        offset=max(0, query.offset - 1),
    )
    return [*first, *found], total + 1


def _has_steps(run: Run) -> bool:
    """Whether there is anywhere to go back to: a run that has nothing but its signals was never anywhere else."""
    return run.template_version > 0


@resource.endpoint("GET", "/workflows/{id}/snapshots/{n}", ability="run:read", answer=bare("Snapshot"))
async def get_run_snapshot(call: Call) -> Response:
    """What the run was at a snapshot: what its steps had given by then, and where it would go on from there."""
    run = (await visible_run(call)).run
    graph, written = await graph_of(call, run), call.path("n")
    if not _NUMBER.fullmatch(written):
        raise not_found("Snapshot")
    return json(snapshot_shown(await call.read(_snapshot_of, run, graph, int(written)), graph))


def _snapshot_of(connection: sa.Connection, run: Run, graph: Graph, number: int) -> Snapshot:
    found = None
    if run.started_at is not None and _has_steps(run):
        found = read_snapshot(connection, run, number, first_step=graph.start)
    if found is None:
        raise not_found("Snapshot")
    return found


@resource.endpoint(
    "POST",
    "/workflows/{id}/rollback",
    ability="run:write",
    query=RollBackQuery,
    body=RollBack,
    answer=either("Run", "RollBackPreview"),
    refusals=(409,),
)
async def roll_back_run(call: Call) -> Response:
    """Take the run back to a snapshot, and leave it paused there.

    With `dry_run=true` nothing is done: the answer says what would be withdrawn and forgotten, and what was done
    outside and is not undone by it.
    """
    seen = await own_run(call)
    snapshot: int = call.body.snapshot
    if not _has_steps(seen.run):
        raise not_found("Snapshot")
    if call.query.dry_run:
        return json(await call.read(_preview_of, seen.run, await graph_of(call, seen.run), snapshot))
    return await carried_out(call, seen, commands.RollBackRun(**to_run(call, seen.run), snapshot=snapshot))


def _preview_of(connection: sa.Connection, run: Run, graph: Graph, number: int) -> RollBackPreview:
    require_allowed(run, "rollback")
    snapshot = _snapshot_of(connection, run, graph, number)
    later = [(found.visit, found.output) for found in visits_after(connection, run, snapshot)]
    return preview_roll_back(graph, run, snapshot, later)
