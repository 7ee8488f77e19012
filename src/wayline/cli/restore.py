"""`wayline restore`: a copy of the database is put back, brought up to date, and verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wayline.cli.audit import verify_timelines
from wayline.core.refusals import Refusal
from wayline.settings import SettingsInvalid, read_settings
from wayline.store.backup import restore as put_back
from wayline.store.migrate import migrate


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `wayline backup` has made.")],
    replace: Annotated[bool, typer.Option(help="Put it in the place of what the database has now.")] = False,
) -> None:
    """Put a backup back, bring it up to date and verify its timelines. Stop every server on the database before."""
    try:
        settings = read_settings()
        put_back(settings.database_url, file, replace=replace)
        migrate(settings.database_url)
    except (Refusal, SettingsInvalid) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    typer.echo(f"{file} has been put back.")
    verify_timelines()
