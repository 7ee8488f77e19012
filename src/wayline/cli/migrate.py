"""`wayline migrate`: bring the database to this version's schema."""

from __future__ import annotations

import typer

from wayline.settings import read_settings
from wayline.store.migrate import migrate as migrate_store


def migrate() -> None:
    """Create or upgrade the schema. Safe to run from several machines at once."""
    settings = read_settings()
    migrate_store(settings.database_url)
    typer.echo("The database is up to date.")
