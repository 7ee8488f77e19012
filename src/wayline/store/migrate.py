"""Bringing a database to the newest schema.

Alembic is loaded when there is something to migrate, and only then: it takes as long to load as the rest of a command,
and nearly every start finds the schema as it should be.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa

from wayline.store.database import Database

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x5741594C
_revisions = sa.table("alembic_version", sa.column("version_num"))


def migrate(database_url: str) -> None:
    """Create or upgrade the schema; safe to run from several processes at once (the others wait)."""
    database = Database(database_url)
    try:
        with database.reader.connect() as connection:
            if is_current(connection):
                return
        with database.writer.begin() as connection:
            if not database.is_sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            _upgrade(connection)
    finally:
        database.close()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has this version's schema."""
    if not sa.inspect(connection).has_table(_revisions.name):
        return False
    return connection.execute(sa.select(_revisions.c.version_num)).scalars().all() == [newest_revision()]


@cache
def newest_revision() -> str:
    """The last of the migrations, whose files' names begin with their revision."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
