"""`wayline check`: what is wrong with template files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from wayline.cli.definition_file import ENDINGS, DefinitionUnreadable, read_definition
from wayline.core.check import check as check_definition
from wayline.core.steps.step_type import Problem

NOTHING_TO_CHECK = 2


def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Template files, YAML or JSON, and folders of them.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Check template files and print every problem with its file, place, code and message.

    Ends with 1 when any of them is an error, and with 2 when there is nothing to check.
    """
    files = list(dict.fromkeys(_files(paths)))
    if not files:
        typer.echo(f"There is no {', '.join(ENDINGS)} file in {', '.join(map(str, paths))}.", err=True)
        raise typer.Exit(NOTHING_TO_CHECK)
    found = [(file, problem) for file in files for problem in problems_of(file)]
    errors = sum(problem.severity == "error" for _, problem in found)
    if as_json:
        typer.echo(json.dumps(_as_json(files, found), ensure_ascii=False, indent=2))
    else:
        for file, problem in found:
            typer.echo(line_of(str(file), problem))
        typer.echo(f"{_many(len(files), 'file')}: {_many(errors, 'error')}, {_many(len(found) - errors, 'warning')}.")
    if errors:
        raise typer.Exit(1)


def problems_of(file: Path) -> tuple[Problem, ...]:
    """Every problem of one file; that it cannot be read is one of them."""
    try:
        return check_definition(read_definition(file)).problems
    except DefinitionUnreadable as wrong:
        return (Problem("error", "unreadable", str(wrong)),)


def line_of(file: str, problem: Problem) -> str:
    """One problem on one line: `file: error at steps[2].next: message (code)`."""
    place = f" at {problem.path}" if problem.path else ""
    return f"{file}: {problem.severity}{place}: {' '.join(problem.message.split())} ({problem.code})"


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """What is named as a file is taken as it is, that it may be missed; in folders, what ends like a template."""
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in ENDINGS and inner.is_file())
        else:
            yield path


def _as_json(files: list[Path], found: list[tuple[Path, Problem]]) -> dict[str, Any]:
    return {
        "files": [str(file) for file in files],
        "problems": [{"file": str(file), **msgspec.to_builtins(problem)} for file, problem in found],
    }


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
