"""`wayline test`: tables of cases for templates and rules in files."""

# ruff: noqa: PT028 - `test` is a command
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from wayline.cli.definitions.documents import Document, documents_of, files_in
from wayline.cli.definitions.problems import Found, errors_in, line_of, many, named, problems_of
from wayline.cli.definitions.problems import as_json as problems_as_json
from wayline.cli.definitions.tables import Table, json_schema, read_table
from wayline.cli.definitions.trials import Definitions, Tried, try_table
from wayline.core.rule import parse_rule
from wayline.core.template import parse_template

FAILED = 1
NOTHING_TO_TEST = 2
Results = list[tuple[Document, Tried]]


def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Templates, rules and tables of cases: files, and folders of them."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a table, and test nothing.")
    ] = False,
) -> None:
    """Try the templates and rules of these files on the cases in their tables, with nothing written and no database.

    Ends with 1 when a case goes otherwise than expected or a file has an error, and with 2 when there is no table.
    """
    if schema:
        typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=2))
        return
    documents = [each for file in files_in(paths or []) for each in documents_of(file)]
    if not any(each.kind == "test" or each.unreadable for each in documents):
        typer.echo(f"There is no table of cases in {', '.join(map(str, paths or [])) or 'nothing'}.", err=True)
        raise typer.Exit(NOTHING_TO_TEST)
    found = [(each, problem) for each in documents for problem in problems_of(each) if problem.severity == "error"]
    broken = {id(document) for document, _ in found}
    results = _results([each for each in documents if id(each) not in broken])
    _tell(found, results, as_json=as_json)
    if found or any(tried.differences for _, tried in results):
        raise typer.Exit(FAILED)


def _results(documents: Sequence[Document]) -> Results:
    templates = {each.name.lower(): each.content for each in documents if each.kind == "template"}
    known = Definitions(
        templates={name: parse_template(content) for name, content in templates.items()},
        written=templates,
        rules=[parse_rule(each.content) for each in documents if each.kind == "rule"],
    )
    return [
        (document, tried)
        for document in documents
        if document.kind == "test"
        for tried in try_table(_table(document), known)
    ]


def _table(document: Document) -> Table:
    table, _ = read_table(document.content)
    assert table is not None
    return table


def _tell(found: Found, results: Results, *, as_json: bool) -> None:
    failed = sum(bool(tried.differences) for _, tried in results)
    if as_json:
        typer.echo(json.dumps(_as_json(found, results), ensure_ascii=False, indent=2))
        return
    for document, problem in found:
        typer.echo(line_of(document.label, problem))
    for document, tried in results:
        typer.echo(f"{'FAILED' if tried.differences else 'ok':<6}  {document.label}: {tried.case}")
        for difference in tried.differences:
            typer.echo(f"        {difference}")
    told = f"{many(len(results), 'case')}: {len(results) - failed:,} as expected, {failed:,} not"
    typer.echo(f"{told}, {many(errors_in(found), 'error')} in files." if found else f"{told}.")


def _as_json(found: Found, results: Results) -> dict[str, Any]:
    return {
        "problems": problems_as_json(found),
        "cases": [
            {**named(document), "case": tried.case, "ok": not tried.differences, "differences": list(tried.differences)}
            for document, tried in results
        ],
    }
