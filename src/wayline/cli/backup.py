"""`wayline backup`: a copy of the whole database, made while it is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wayline.core.refusals import Refusal
from wayline.settings import SettingsInvalid, read_settings
from wayline.store.backup import back_up


def backup(
    file: Annotated[Path, typer.Argument(help="The new file: SQLite's own form, or pg_dump's custom one.")],
) -> None:
    """Copy the database to a file. What was uploaded and the secret key are in the data directory: copy that too, and
    keep the key apart from the backup."""
    try:
        settings = read_settings()
        back_up(settings.database_url, file)
    except (Refusal, SettingsInvalid) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    typer.echo(f"{file}: {file.stat().st_size:,} bytes. Not in it: {settings.files_dir}")
