"""Letting live runs follow another version of their template."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call, Resource
from wayline.api.problems import issue, json
from wayline.api.template_calls import WRITERS, template_of
from wayline.core import commands
from wayline.core.graph import Graph
from wayline.core.migration import Obstacle, verdict
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.engine.door import Change, Transaction
from wayline.store import audit
from wayline.store.runs import load_runs
from wayline.store.templates import live_run_ids

resource = Resource("Templates")
MAX_RUNS_A_MIGRATION = 1000


class Migration(BaseModel):
    """Which runs are to follow which version; with `dry_run` none does, and the verdicts are told."""

    model_config = ConfigDict(extra="forbid")

    to_version: int = Field(ge=1, le=2**31 - 1)
    run_ids: list[str] | Literal["all"] | None = Field(None, max_length=MAX_RUNS_A_MIGRATION)
    all: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Migration:
        if self.wants_all == isinstance(self.run_ids, list):
            raise ValueError("give either run_ids or all: true")
        return self

    @property
    def wants_all(self) -> bool:
        """Whether every live run is meant."""
        return self.all or self.run_ids == "all"


class Moved(msgspec.Struct, frozen=True):
    """What became of one run. `obstacles` say why it cannot move; `moved` is never true of a dry run."""

    run_id: str
    from_version: int | None
    to_version: int
    movable: bool
    moved: bool
    obstacles: tuple[Obstacle, ...] = ()


@resource.endpoint(
    "POST",
    "/workflows/templates/{id}/migrate-runs",
    ability="workflow:write",
    roles=WRITERS,
    body=Migration,
    refusals=(400, 404),
)
async def migrate_runs(call: Call) -> Response:
    """Let live runs go on by another version, each at once or not at all, with a verdict for every one of them. Moving
    back is the same with the earlier version."""
    body: Migration = call.body
    template_id = (await template_of(call)).template.id
    tenant_id = call.caller.tenant_id
    new_graph = await _graph(call, template_id, body.to_version)
    if new_graph is None:
        raise issue("to_version", f"There is no version {body.to_version}.", "unknown_version")
    run_ids, total = await _meant(call, template_id, body)
    stored = await call.read(load_runs, [r for r in run_ids if ID_PATTERN.fullmatch(r)], lock=False)
    found = {
        run_id: item.run
        for run_id, item in stored.items()
        if item.run.tenant_id == tenant_id and item.run.template_id == template_id
    }
    moves = [await _verdict(call, run_id, found.get(run_id), new_graph, body.to_version) for run_id in run_ids]
    if not body.dry_run:
        moves = list(await asyncio.gather(*(_move(call, move) for move in moves)))
        await _record_migration(call, template_id, body.to_version, moves)
    answer = {
        "to_version": body.to_version,
        "dry_run": body.dry_run,
        "movable": sum(move.movable for move in moves),
        "moved": sum(move.moved for move in moves),
        "remaining": total - len(run_ids),
        "runs": moves,
    }
    return json({"data": answer})


async def _meant(call: Call, template_id: str, body: Migration) -> tuple[list[str], int]:
    """The runs, each once, and how many are meant; of very many, those that began first."""
    if not body.wants_all:
        assert isinstance(body.run_ids, list)
        named = list(dict.fromkeys(run_id.lower() for run_id in body.run_ids))
        return named, len(named)
    return await call.read(
        live_run_ids,
        tenant_id=call.caller.tenant_id,
        template_id=template_id,
        not_version=body.to_version,
        limit=MAX_RUNS_A_MIGRATION,
    )


async def _verdict(call: Call, run_id: str, run: Run | None, new_graph: Graph, to_version: int) -> Moved:
    obstacles: tuple[Obstacle, ...]
    if run is None:
        obstacles = (Obstacle("not_found", "The template has no such run."),)
    elif run.template_version == to_version:
        obstacles = (Obstacle("already_there", f"The run is at version {to_version} already."),)
    else:
        old_graph = await _graph(call, run.template_id, run.template_version)
        assert old_graph is not None
        obstacles = verdict(run, old_graph, new_graph)
    return Moved(
        run_id=run_id,
        from_version=run.template_version if run else None,
        to_version=to_version,
        movable=not obstacles,
        moved=False,
        obstacles=obstacles,
    )


async def _move(call: Call, move: Moved) -> Moved:
    """Move one run; what has happened to it since the verdict is a verdict too."""
    if not move.movable:
        return move
    command = commands.MigrateRun(
        tenant_id=call.caller.tenant_id, actor=call.caller.actor, run_id=move.run_id, to_version=move.to_version
    )
    try:
        await call.wayline.door.submit(command)
    except Refusal as refusal:
        told = refusal.details.get("obstacles") or [{"code": refusal.code, "message": refusal.message}]
        return msgspec.structs.replace(move, movable=False, obstacles=tuple(Obstacle(**one) for one in told))
    return msgspec.structs.replace(move, moved=True)


async def _record_migration(call: Call, template_id: str, to_version: int, moves: list[Moved]) -> None:
    moved = [move.run_id for move in moves if move.moved]
    if not moved:
        return

    def write(tx: Transaction) -> None:
        audit.record(
            tx.connection,
            tenant_id=call.caller.tenant_id,
            at=tx.at,
            actor=call.caller.actor,
            action="template.runs_migrated",
            subject_id=template_id,
            detail={"to_version": to_version, "runs": moved},
        )

    await call.wayline.door.submit(Change(call.caller.tenant_id, call.caller.actor, write))


async def _graph(call: Call, template_id: str, version: int) -> Graph | None:
    graphs = call.wayline.door.graphs
    kept = graphs.kept(template_id, version)
    if kept is not None:
        return kept
    try:
        return await call.read(graphs.get, template_id, version)
    except KeyError:
        return None
