"""`wayline export`: the desk's templates and rules as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wayline.cli.definitions.desk import TenantName, engine, tenant_to_read
from wayline.cli.definitions.exporting import exported_from
from wayline.cli.definitions.problems import many

NOTHING_TO_EXPORT = 2


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; made when it is missing.")],
    tenant: TenantName = None,
) -> None:
    """Write each published template to a file of its own in DIR, each rule to one in DIR/rules, and each script to one
    in DIR/scripts, as YAML.

    The same definition gives the same bytes. A file that says the same already is left alone, and none is deleted.
    Drafts, archived templates and comments are not written. Ends with 2 when there is nothing to export.
    """
    tenant_id = tenant_to_read(tenant)
    if tenant_id is None:
        typer.echo("There is no tenant yet, so there is nothing to export.", err=True)
        raise typer.Exit(NOTHING_TO_EXPORT)
    with engine() as wayline, wayline.database.reader.connect() as connection:
        exported = exported_from(connection, tenant_id)
    for name in exported.left_out:
        typer.echo(f"An older one called {name} is left out: a file cannot tell them apart.", err=True)
    if not exported.files:
        typer.echo("There is nothing to export: no published template, no rule and no script.", err=True)
        raise typer.Exit(NOTHING_TO_EXPORT)
    written = sum(_put(folder / path, text) for path, text in exported.files.items())
    typer.echo(f"{many(len(exported.files), 'file')} in {folder}, {written:,} written, the rest as they were.")


def _put(path: Path, text: str) -> bool:
    """Write the file unless it says this already."""
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True
