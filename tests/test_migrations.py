"""A migrated database has the schema of `tables.py`, and the full-text objects that no portable schema describes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from wayline.store.database import Database, new_id
from wayline.store.migrate import MIGRATIONS, is_current, migrate, newest_revision
from wayline.store.tables import metadata, tickets
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
