"""Saved scripts as rows, and the record of what scripts came to when rules and runs had them run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.script import of_name
from wayline.core.script_mentions import scripts_mentioned
from wayline.store.groups import definitions_in_use
from wayline.store.tables import rules, script_runs, scripts


class StoredScript(msgspec.Struct, frozen=True):
    """A script as people keep it; `version` counts its changes from 1."""

    id: str
    name: str
    description: str | None
    text: str
    version: int
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class ScriptRun(msgspec.Struct, frozen=True):
    """How a script ended that a rule or a run had run. `outcome` is {result, log, requests} with what became of each
    request, or {error, log}. `script_id` None: it was a text of its own."""

    id: str
    script_id: str | None
    subject: str
    subject_id: str
    subject_name: str
    ticket_id: str | None
    event_id: str | None
    status: str
    outcome: dict[str, Any]
    ended_at: datetime


_columns = [scripts.c[name] for name in StoredScript.__struct_fields__]
_heads = [sa.literal("").label("text") if column is scripts.c.text else column for column in _columns]
RUNS_COUNTED = 10_000
_run_columns = [script_runs.c[name] for name in ScriptRun.__struct_fields__]


def list_scripts(
    connection: sa.Connection, *, tenant_id: str, q: str | None, descending: bool, limit: int, offset: int
) -> tuple[list[StoredScript], int]:
    """A page of the tenant's scripts by name, without their texts, and how many there are in all."""
    conditions = [scripts.c.tenant_id == tenant_id]
    if q:
        conditions.append(scripts.c.folded_name.contains(of_name(q), autoescape=True))
    total = connection.execute(sa.select(sa.func.count()).select_from(scripts).where(*conditions)).scalar_one()
    order = scripts.c.folded_name.desc() if descending else scripts.c.folded_name
    query = sa.select(*_heads).where(*conditions).order_by(order).limit(limit).offset(offset)
    return [StoredScript(*row) for row in connection.execute(query)], total


def script_names(connection: sa.Connection, tenant_id: str) -> tuple[str, ...]:
    """The names of the tenant's scripts."""
    query = sa.select(scripts.c.name).where(scripts.c.tenant_id == tenant_id).order_by(scripts.c.folded_name)
    return tuple(connection.execute(query).scalars())


def every_script(connection: sa.Connection, tenant_id: str) -> list[StoredScript]:
    """All of the tenant's scripts, by name."""
    query = sa.select(*_columns).where(scripts.c.tenant_id == tenant_id).order_by(scripts.c.folded_name)
    return [StoredScript(*row) for row in connection.execute(query)]


def read_script(
    connection: sa.Connection, *, tenant_id: str, script_id: str, lock: bool = False
) -> StoredScript | None:
    """One of the tenant's; None when it has none of that id."""
    query = sa.select(*_columns).where(*_of(tenant_id, script_id))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else StoredScript(*row)


def script_called(connection: sa.Connection, *, tenant_id: str, name: str) -> StoredScript | None:
    """The tenant's script of that name, case aside."""
    query = sa.select(*_columns).where(scripts.c.tenant_id == tenant_id, scripts.c.folded_name == of_name(name))
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredScript(*row)


def count_scripts(connection: sa.Connection, tenant_id: str) -> int:
    """How many the tenant has."""
    query = sa.select(sa.func.count()).select_from(scripts).where(scripts.c.tenant_id == tenant_id)
    return connection.execute(query).scalar_one()


def insert_script(connection: sa.Connection, *, tenant_id: str, script: StoredScript) -> None:
    """A new script."""
    row = {**msgspec.structs.asdict(script), "tenant_id": tenant_id, "folded_name": of_name(script.name)}
    connection.execute(sa.insert(scripts).values(row))


def update_script(connection: sa.Connection, *, tenant_id: str, script: StoredScript) -> None:
    """Write a script's name, description, text and version."""
    row = {name: getattr(script, name) for name in ("name", "description", "text", "version", "updated_at")}
    statement = sa.update(scripts).where(*_of(tenant_id, script.id))
    connection.execute(statement.values(**row, folded_name=of_name(script.name)))


def delete_script(connection: sa.Connection, *, tenant_id: str, script_id: str) -> None:
    """Remove a script; what it came to is kept as long as anything of its kind."""
    connection.execute(sa.delete(scripts).where(*_of(tenant_id, script_id)))


def uses_of(connection: sa.Connection, *, tenant_id: str, name: str) -> dict[str, list[str]]:
    """Names of the templates, as published or as a live run walks them, and of the rules that run the script; a kind
    without any is left out."""
    of_rules = sa.select(rules.c.name, rules.c.definition).where(rules.c.tenant_id == tenant_id)
    written = {
        "templates": list(definitions_in_use(connection, tenant_id=tenant_id)),
        "rules": [(row[0], row[1]) for row in connection.execute(of_rules.order_by(rules.c.position))],
    }
    found = {
        kind: list(dict.fromkeys(title for title, said in several if of_name(name) in scripts_mentioned(said)))
        for kind, several in written.items()
    }
    return {kind: titles for kind, titles in found.items() if titles}


def _of(tenant_id: str, script_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return scripts.c.id == script_id, scripts.c.tenant_id == tenant_id


# -- what they came to -----------------------------------------------------------------------------


def rules_run(
    *, job_id: str, script_id: str | None, origin: Mapping[str, Any], status: str, outcome: dict[str, Any], at: datetime
) -> ScriptRun:
    """How a script ended that a rule had run: `origin` as in `core.commands.FinishScript`."""
    return ScriptRun(
        id=job_id,
        script_id=script_id,
        subject="rule",
        subject_id=origin["rule"]["id"],
        subject_name=origin["rule"]["name"],
        ticket_id=origin.get("ticket_id"),
        event_id=origin.get("event_id"),
        status=status,
        outcome=outcome,
        ended_at=at,
    )


def run_row(*, tenant_id: str, run: ScriptRun) -> dict[str, Any]:
    """The row of a script that has ended."""
    return {
        **msgspec.structs.asdict(run),
        "tenant_id": tenant_id,
        "outcome": msgspec.msgpack.encode(run.outcome),
    }


def insert_run(connection: sa.Connection, *, tenant_id: str, run: ScriptRun) -> None:
    """Keep how a script ended; a job that is done again after it failed keeps its latest end."""
    connection.execute(sa.delete(script_runs).where(script_runs.c.id == run.id))
    connection.execute(sa.insert(script_runs).values(run_row(tenant_id=tenant_id, run=run)))


def list_runs(
    connection: sa.Connection, *, tenant_id: str, script_id: str, limit: int, offset: int
) -> tuple[list[ScriptRun], int]:
    """A page of what a script came to, the newest first, and how many there are in all, counted up to RUNS_COUNTED."""
    of_script = (script_runs.c.tenant_id == tenant_id, script_runs.c.script_id == script_id)
    counted = sa.select(script_runs.c.id).where(*of_script).limit(RUNS_COUNTED).subquery()
    total = connection.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one()
    order = (script_runs.c.ended_at.desc(), script_runs.c.id.desc())
    query = sa.select(*_run_columns).where(*of_script).order_by(*order).limit(limit).offset(offset)
    return [_run_of(row) for row in connection.execute(query)], total


def runs_about(connection: sa.Connection, *, tenant_id: str, event_ids: Collection[str]) -> list[ScriptRun]:
    """What the scripts came to that rules had run about these events."""
    query = sa.select(*_run_columns).where(script_runs.c.tenant_id == tenant_id, script_runs.c.event_id.in_(event_ids))
    return [_run_of(row) for row in connection.execute(query.order_by(script_runs.c.id))]


def _run_of(row: Any) -> ScriptRun:
    fields = dict(row._mapping)
    return ScriptRun(**{**fields, "outcome": msgspec.msgpack.decode(fields["outcome"])})


def has_older(connection: sa.Connection, before: datetime) -> bool:
    """Whether there is anything to prune."""
    query = sa.select(sa.literal(1)).where(script_runs.c.ended_at < before).limit(1)
    return connection.execute(query).first() is not None


def prune(connection: sa.Connection, before: datetime, *, limit: int) -> int:
    """Forget how scripts ended before an instant, at most `limit` of them; answers how many."""
    oldest = sa.select(script_runs.c.id).where(script_runs.c.ended_at < before).limit(limit)
    return connection.execute(sa.delete(script_runs).where(script_runs.c.id.in_(oldest))).rowcount
