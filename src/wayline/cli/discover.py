"""`wayline discover`: an event log in, a draft template out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wayline.cli.definitions.problems import line_of
from wayline.cli.log_options import AtFormat, Encoding, Format, LogPath, LogSource, Mapping, MonthFirst, Timezone
from wayline.cli.log_progress import following
from wayline.core.check import check
from wayline.eventlog.discovery import Draft
from wayline.eventlog.discovery import discover as draft_from
from wayline.eventlog.draft_file import to_yaml
from wayline.eventlog.event import EventLogError

UNUSABLE_LOG = 2


def discover(
    log: LogPath,
    format: Format = None,
    map: Mapping = None,
    timezone: Timezone = None,
    encoding: Encoding = None,
    at_format: AtFormat = None,
    month_first: MonthFirst = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file to write. Default: standard output.")
    ] = None,
) -> None:
    """Draft a template from an event log: its activities become steps, what followed what becomes their options."""
    source = LogSource(
        path=log,
        format=format,
        mapping=map,
        timezone=timezone,
        encoding=encoding,
        at_format=at_format,
        month_first=month_first,
    )
    console = Console(stderr=True)
    try:
        name = source.name
        with following(source, console, "Reading") as cases:
            draft = draft_from(cases, name=name)
    except EventLogError as wrong:
        typer.echo(f"{wrong} ({wrong.code})", err=True)
        raise typer.Exit(UNUSABLE_LOG) from wrong
    _write(to_yaml(draft.definition, draft.notes), output)
    _tell(draft, output)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as failed:
        typer.echo(f"{output}: it cannot be written: {failed.strerror or failed}", err=True)
        raise typer.Exit(1) from failed


def _tell(draft: Draft, output: Path | None) -> None:
    counts = draft.notes.counts
    typer.echo(
        f"“{draft.definition['name']}”: {len(draft.definition['steps']):,} steps from {counts['cases']:,} cases "
        f"and {counts['events']:,} events.",
        err=True,
    )
    for warning in draft.notes.warnings:
        typer.echo(warning, err=True)
    place = str(output) if output is not None else "the draft"
    for problem in check(draft.definition).problems:
        typer.echo(line_of(place, problem), err=True)
