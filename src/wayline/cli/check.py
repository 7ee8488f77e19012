"""`wayline check`: what is wrong with template and rule files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from wayline.cli.definition_file import ENDINGS
from wayline.cli.definitions.documents import documents_of, files_in
from wayline.cli.definitions.problems import as_json as problems_as_json
from wayline.cli.definitions.problems import errors_in, line_of, problems_of, summary

NOTHING_TO_CHECK = 2


def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Template and rule files, YAML or JSON, and folders of them.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check files and print every problem with its file, place, code and message.

    Ends with 1 when any of them is an error, and with 2 when there is nothing to check.
    """
    files = files_in(paths)
    if not files:
        typer.echo(f"There is no {', '.join(ENDINGS)} file in {', '.join(map(str, paths))}.", err=True)
        raise typer.Exit(NOTHING_TO_CHECK)
    documents = [document for file in files for document in documents_of(file)]
    found = [(document, problem) for document in documents for problem in problems_of(document)]
    if as_json:
        said = {"files": [str(file) for file in files], "problems": problems_as_json(found)}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for document, problem in found:
            typer.echo(line_of(document.label, problem))
        typer.echo(summary(files, found))
    if errors_in(found):
        raise typer.Exit(1)
