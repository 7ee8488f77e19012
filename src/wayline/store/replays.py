"""What a replay of an event log asks of the store: how far each of its runs has come, and what became of them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import activations, runs, template_versions, templates, tickets

RUNS_A_PAGE = 500


class Reached(msgspec.Struct, frozen=True):
    """How far a run has come: its status, and the completed visits to the steps asked about."""

    status: str
    completed: int


class ReplayedRun(msgspec.Struct, frozen=True):
    """A run with its completed visits as (step id, who completed it, when), in their order."""

    id: str
    status: str
    visits: list[tuple[str, str | None, Any]]


_startable = (
    sa.select(templates.c.id, template_versions.c.version, template_versions.c.definition)
    .join(template_versions, template_versions.c.template_id == templates.c.id)
    .where(
        templates.c.tenant_id == sa.bindparam("tenant_id"),
        templates.c.name == sa.bindparam("name"),
        templates.c.status == "published",
        templates.c.is_active,
    )
    .order_by(templates.c.created_at, templates.c.id, template_versions.c.version.desc())
)
_tickets = sa.select(tickets.c.id).where(
    tickets.c.tenant_id == sa.bindparam("tenant_id"), tickets.c.id.in_(sa.bindparam("ids", expanding=True))
)
_reached = (
    sa.select(runs.c.id, runs.c.status, sa.func.count(activations.c.position))
    .select_from(
        runs.outerjoin(
            activations,
            sa.and_(
                activations.c.run_id == runs.c.id,
                activations.c.status == "completed",
                activations.c.step_id.in_(sa.bindparam("step_ids", expanding=True)),
            ),
        )
    )
    .where(runs.c.tenant_id == sa.bindparam("tenant_id"), runs.c.id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(runs.c.id, runs.c.status)
)
_runs_of_version = (
    sa.select(runs.c.id, runs.c.status, runs.c.created_at)
    .where(
        runs.c.tenant_id == sa.bindparam("tenant_id"),
        runs.c.template_id == sa.bindparam("template_id"),
        runs.c.template_version == sa.bindparam("version"),
    )
    .order_by(runs.c.created_at, runs.c.id)
    .limit(RUNS_A_PAGE)
)
_after = sa.tuple_(runs.c.created_at, runs.c.id) > sa.tuple_(
    sa.bindparam("last_at", type_=runs.c.created_at.type), sa.bindparam("last_id", type_=runs.c.id.type)
)
_visits = (
    sa.select(activations.c.run_id, activations.c.step_id, activations.c.completed_by, activations.c.completed_at)
    .where(
        activations.c.tenant_id == sa.bindparam("tenant_id"),
        activations.c.run_id.in_(sa.bindparam("ids", expanding=True)),
        activations.c.status == "completed",
    )
    .order_by(activations.c.run_id, activations.c.position)
)


def startable_version(
    connection: sa.Connection, *, tenant_id: str, definition: dict[str, Any]
) -> tuple[str, int] | None:
    """The template, and its version, that says exactly this and may be started; None when none does."""
    named = {"tenant_id": tenant_id, "name": definition["name"]}
    for template_id, version, written in connection.execute(_startable, named):
        if written == definition:
            return template_id, version
    return None


def existing_tickets(connection: sa.Connection, *, tenant_id: str, ids: list[str]) -> set[str]:
    """Which of these tickets the tenant has."""
    return set(connection.execute(_tickets, {"tenant_id": tenant_id, "ids": ids}).scalars())


def reached(
    connection: sa.Connection, *, tenant_id: str, run_ids: list[str], step_ids: list[str]
) -> dict[str, Reached]:
    """How far those of these runs have come that there are, counting visits to these steps."""
    found = connection.execute(_reached, {"tenant_id": tenant_id, "ids": run_ids, "step_ids": step_ids})
    return {row[0]: Reached(status=row[1], completed=row[2]) for row in found}


def replayed_runs(
    connection: sa.Connection, *, tenant_id: str, template_id: str, version: int
) -> Iterator[ReplayedRun]:
    """Every run of a template's version, the oldest first, a page at a time: memory does not grow with their number."""
    by: dict[str, Any] = {"tenant_id": tenant_id, "template_id": template_id, "version": version}
    page = connection.execute(_runs_of_version, by).all()
    while page:
        visits: dict[str, list[tuple[str, str | None, Any]]] = {row.id: [] for row in page}
        for run_id, *visit in connection.execute(_visits, {"tenant_id": tenant_id, "ids": list(visits)}):
            visits[run_id].append(tuple(visit))
        for row in page:
            yield ReplayedRun(id=row.id, status=row.status, visits=visits[row.id])
        last = {"last_at": page[-1].created_at, "last_id": page[-1].id}
        page = connection.execute(_runs_of_version.where(_after), by | last).all()
