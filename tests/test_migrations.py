"""A migrated database has the schema of `tables.py`, and the full-text objects that no portable schema describes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from wayline.core.run import Timer, decode
from wayline.store.database import Database, new_id
from wayline.store.migrate import MIGRATIONS, is_current, migrate, newest_revision
from wayline.store.tables import metadata, runs, tickets
from wayline.store.text_search import OBJECTS, ids_matching

TRIGGERS = {f"{what}_words_{done}" for what in ("ticket", "comment") for done in ("added", "changed", "removed")}

TRIGGERS_OF = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture
def migrated(bare_database_url: str) -> Iterator[sa.Connection]:
    migrate(bare_database_url)
    database = Database(bare_database_url)
    with database.reader.connect() as connection:
        yield connection
    database.close()


def test_the_migrated_schema_is_the_one_in_the_tables(migrated: sa.Connection) -> None:
    def is_of_metadata(_object: Any, name: str | None, _kind: str, _reflected: bool, _compared: Any) -> bool:
        return not (name or "").startswith(OBJECTS)

    options = {"include_object": is_of_metadata, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(migrated, opts=options)
    assert compare_metadata(context, metadata) == []


def test_columns_are_nullable_and_typed_as_in_the_tables(migrated: sa.Connection) -> None:
    inspector = sa.inspect(migrated)
    for table in metadata.sorted_tables:
        found = {
            c["name"]: (str(c["type"].compile(migrated.dialect)), c["nullable"])
            for c in inspector.get_columns(table.name)
        }
        wanted = {c.name: (_type_in(c, migrated.dialect), c.nullable) for c in table.columns}
        assert found == wanted, table.name


def _type_in(column: sa.Column[Any], dialect: sa.Dialect) -> str:
    written = column.type.compile(dialect)
    return {"FLOAT": "DOUBLE PRECISION"}.get(written, written) if dialect.name == "postgresql" else written


def test_the_full_text_objects_are_there_and_no_others(migrated: sa.Connection) -> None:
    inspector = sa.inspect(migrated)
    beside = {*inspector.get_table_names(), *inspector.get_view_names()} - set(metadata.tables) - {"alembic_version"}
    assert {"ticket_words", "comment_words"} <= beside
    assert {name for name in beside if not name.startswith(OBJECTS)} == set()
    assert set(migrated.execute(sa.text(TRIGGERS_OF[migrated.dialect.name])).scalars()) == TRIGGERS


def test_migrating_again_changes_nothing(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    for _ in range(2):
        migrate(bare_database_url)
        with database.reader.connect() as connection:
            assert is_current(connection)
    database.close()


def test_the_newest_revision_is_the_one_alembic_ends_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest_revision()]


def test_texts_from_before_full_text_are_found_after_it(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    tenant_id, ticket_id = new_id(), new_id()
    with database.writer.begin() as connection:
        _upgrade(connection, "0001")
        connection.execute(sa.insert(tickets).values(_ticket(tenant_id, ticket_id)))
    migrate(bare_database_url)
    with database.reader.connect() as connection:
        query = ids_matching(connection.dialect.name, tenant_id=tenant_id, asked="paper jam", public_only=False)
        assert query is not None
        assert connection.execute(query).scalars().all() == [ticket_id]
    database.close()


def test_a_run_from_before_pauses_knows_its_timers_after_the_migration(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    ids = {name: new_id() for name in ("tenant", "template", "run")}
    due_at = datetime(2026, 1, 9, 12, tzinfo=UTC)
    with database.writer.begin() as connection:
        _upgrade(connection, "0002")
        _put_a_run_from_before(connection, ids, due_at)
    migrate(bare_database_url)
    with database.reader.connect() as connection:
        (state,) = connection.execute(sa.select(runs.c.state).where(runs.c.id == ids["run"])).scalars()
    assert [(a.step_id, a.timers) for a in decode(state).open] == [
        ("ask", {"t1": Timer("deadline", due_at, "office-hours"), "t2": Timer("escalation", due_at, "office-hours")}),
        ("hours", {"t3": Timer("elapsed", due_at, "default")}),
        ("until", {"t4": Timer("elapsed", due_at, None, fixed=True)}),
        ("go", {}),
    ]
    database.close()


def _put_a_run_from_before(connection: sa.Connection, ids: dict[str, str], due_at: datetime) -> None:
    """A live run as version 0002 kept it: its visits have the ids of their timers alone."""
    steps = [
        {"id": "ask", "type": "form", "calendar": "office-hours"},
        {"id": "hours", "type": "wait", "for": {"business_hours": 3}},
        {"id": "until", "type": "wait", "for": {"until": due_at.isoformat()}},
        {"id": "go", "type": "wait", "for": {"signal": "go"}},
    ]
    waiting = {"ask": ["t1", "t2"], "hours": ["t3"], "until": ["t4"], "go": []}
    visit = {"id": new_id(), "position": 0, "type": "wait", "started_at": due_at}
    state = {
        "id": ids["run"],
        "tenant_id": ids["tenant"],
        "template_id": ids["template"],
        "template_version": 1,
        "template_name": "Before",
        "created_at": due_at,
        "status": "running",
        "open": [visit | {"step_id": name} | ({"timers": t} if t else {}) for name, t in waiting.items()],
    }
    row = {"template_id": ids["template"], "template_version": 1, "trigger_type": "api", "status": "running"}
    row |= {"id": ids["run"], "tenant_id": ids["tenant"], "state": msgspec.msgpack.encode(state), "version": 1}
    _insert(connection, "runs", row | {"timeline_head": b"", "created_at": due_at})
    version = {"template_id": ids["template"], "version": 1, "tenant_id": ids["tenant"], "published_at": due_at}
    _insert(connection, "template_versions", version | {"definition": {"name": "Before", "steps": steps}})
    for number, kind in enumerate(["deadline", "escalation", "elapsed", "elapsed"], 1):
        timer = {"id": f"t{number}", "tenant_id": ids["tenant"], "run_id": ids["run"], "activation_id": visit["id"]}
        _insert(connection, "timers", timer | {"kind": kind, "due_at": due_at})


def _insert(connection: sa.Connection, table: str, row: dict[str, Any]) -> None:
    """Write a row of a table that may have had fewer columns then."""
    columns = {name: metadata.tables[table].c[name] for name in row}
    then = sa.table(table, *(sa.column(name, column.type) for name, column in columns.items()))
    connection.execute(sa.insert(then).values(row))


def _upgrade(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _ticket(tenant_id: str, ticket_id: str) -> dict[str, Any]:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return {
        "id": ticket_id,
        "tenant_id": tenant_id,
        "number": "INC-000001",
        "type": "incident",
        "title": "Paper jam",
        "status": "open",
        "priority": "P3",
        "category": "incident",
        "queue": "Inbox",
        "tags": [],
        "custom": {},
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "timeline_seq": 0,
        "timeline_head": b"",
    }


def test_a_database_nobody_migrated_is_not_current(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    with database.reader.connect() as connection:
        assert not is_current(connection)
    database.close()
