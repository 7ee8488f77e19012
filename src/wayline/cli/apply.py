"""`wayline apply`: templates and rules from files into the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wayline.cli.definition_file import ENDINGS
from wayline.cli.definitions import applying
from wayline.cli.definitions.applying import Applied, Batch
from wayline.cli.definitions.desk import TenantName, engine, tenant_to_read, tenant_to_write
from wayline.cli.definitions.documents import Document, documents_of, files_in
from wayline.cli.definitions.problems import as_json as problems_as_json
from wayline.cli.definitions.problems import line_of, many, summary
from wayline.core.refusals import Refusal

REFUSED = 1
NOTHING_TO_APPLY = 2


def apply(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Template and rule files, YAML or JSON, and folders of them.")
    ],
    tenant: TenantName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Publish the templates and save the rules and scripts of these files, beside a running server or without one.

    What says the same as the desk's newest version is left alone, so that applying twice is applying once. Definitions
    are known by their names; none is ever deleted. All files are applied or, when any has an error, none: it ends with
    1 then, and with 2 when there is nothing to apply.
    """
    files = files_in(paths)
    documents = [each for file in files for each in documents_of(file) if each.kind != "test"]
    if not documents:
        typer.echo(f"There is nothing to apply in {', '.join(map(str, paths))} ({', '.join(ENDINGS)}).", err=True)
        raise typer.Exit(NOTHING_TO_APPLY)
    batch, applied = _apply(documents, tenant=tenant, dry_run=dry_run)
    _tell(files, batch, applied, dry_run=dry_run, as_json=as_json)
    if batch.refused:
        raise typer.Exit(REFUSED)


def _apply(documents: Sequence[Document], *, tenant: str | None, dry_run: bool) -> tuple[Batch, list[Applied]]:
    tenant_id = tenant_to_read(tenant)
    with engine() as wayline:
        batch = applying.batch_of(documents, wayline, tenant_id)
        if batch.refused:
            return batch, []
        if dry_run:
            return batch, applying.would_apply(batch, wayline, tenant_id)
        try:
            return batch, applying.apply(batch, wayline, tenant_id or tenant_to_write(tenant))
        except Refusal as refusal:
            typer.echo(f"Nothing was applied: {refusal.message} ({refusal.code})", err=True)
            raise typer.Exit(REFUSED) from refusal


def _tell(files: list[Path], batch: Batch, applied: list[Applied], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        said = {
            "dry_run": dry_run,
            "applied": applying.as_json(applied),
            "problems": problems_as_json(batch.found),
        }
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for document, problem in batch.found:
        typer.echo(line_of(document.label, problem), err=True)
    if batch.refused:
        typer.echo(f"{summary(files, batch.found)} Nothing was applied.", err=True)
        return
    for line in _table(applied):
        typer.echo(line)
    if dry_run:
        typer.echo("This was a dry run: nothing was written.")


def _table(applied: Sequence[Applied]) -> list[str]:
    """A line a document, in columns: what became of it, its kind, its name, where it is written; then how many."""
    rows = [(each.result, each.kind, each.name, each.document.label) for each in applied]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    counts = [f"{sum(row[0] == result for row in rows):,} {result}" for result in ("created", "updated", "unchanged")]
    return [*lines, f"{many(len(rows), 'definition')}: {', '.join(counts)}."]
