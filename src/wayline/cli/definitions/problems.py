"""What is wrong with documents, as the commands tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from wayline.cli.definitions.documents import Document
from wayline.cli.definitions.tables import read_table
from wayline.core.check import Desk, check
from wayline.core.names import unkeepable
from wayline.core.refusals import Issue
from wayline.core.rule import Rule, read_rule
from wayline.core.rule_check import rule_warnings
from wayline.core.script_definition import ScriptDefinition, read_script
from wayline.core.steps.step_type import Problem
from wayline.engine.script_faults import rule_faults, template_faults
from wayline.engine.script_keeping import fault_of_text

Found = list[tuple[Document, Problem]]
RuleFound = tuple[Rule | None, tuple[Problem, ...]]


def _any_desk(rule: Rule) -> list[Issue]:
    return rule_warnings(rule, Desk())


def problems_of(document: Document) -> tuple[Problem, ...]:
    """Every problem that can be seen without a desk; that the file cannot be read is one of them."""
    unread = reading_problems(document)
    if unread or document.kind == "template":
        return unread or (*check(document.content).problems, *template_faults(document.content))
    if document.kind == "test":
        issues = read_table(document.content)[1]
        return tuple(Problem("error", issue.code, issue.message, issue.path) for issue in issues)
    return script_problems(document)[1] if document.kind == "script" else rule_problems(document)[1]


def script_problems(document: Document) -> tuple[ScriptDefinition | None, tuple[Problem, ...]]:
    """The script, None when it is none, and its problems: a text that cannot be read is one."""
    script, issues = read_script(document.content)
    fault = fault_of_text(script.text) if script is not None else None
    if fault is not None:
        script, issues = None, [Issue("text", fault.said(), fault.code)]
    return script, tuple(Problem("error", issue.code, issue.message, issue.path) for issue in issues)


def rule_problems(document: Document, doubts: Callable[[Rule], list[Issue]] = _any_desk) -> RuleFound:
    """The rule, None when it cannot be read, and its problems; `doubts` are those of a particular desk."""
    rule, issues = read_rule(document.content)
    issues = issues or rule_faults(document.content)
    errors = tuple(Problem("error", issue.code, issue.message, issue.path) for issue in issues)
    warned = () if rule is None else doubts(rule)
    return rule, (*errors, *(Problem("warning", issue.code, issue.message, issue.path) for issue in warned))


def reading_problems(document: Document) -> tuple[Problem, ...]:
    """Why the document could not be kept at all, whatever it says."""
    if document.unreadable is not None:
        return (Problem("error", "unreadable", document.unreadable),)
    return tuple(Problem("error", i.code, i.message, i.path) for i in unkeepable(document.content, ""))


def errors_in(found: Found) -> int:
    """How many of the problems are errors."""
    return sum(problem.severity == "error" for _, problem in found)


def line_of(label: str, problem: Problem) -> str:
    """One problem on one line: `file: error at steps[2].next: message (code)`."""
    place = f" at {problem.path}" if problem.path else ""
    return f"{label}: {problem.severity}{place}: {' '.join(problem.message.split())} ({problem.code})"


def summary(files: Sequence[Any], found: Found) -> str:
    """The line below all problems."""
    errors = errors_in(found)
    return f"{many(len(files), 'file')}: {many(errors, 'error')}, {many(len(found) - errors, 'warning')}."


def as_json(found: Iterable[tuple[Document, Problem]]) -> list[dict[str, Any]]:
    """The problems as objects: file, document (when it has several), severity, code, message, path, step_id."""
    return [{**named(document), **msgspec.to_builtins(problem)} for document, problem in found]


def named(document: Document) -> dict[str, Any]:
    """Where a document is written, as JSON."""
    return {"file": str(document.file)} | ({"document": document.place} if document.of > 1 else {})


def namesakes(documents: Iterable[Document]) -> Iterator[tuple[Document, Problem]]:
    """Documents that define what another one has defined already: only one of them can be meant."""
    first: dict[tuple[str, str], Document] = {}
    for document in documents:
        if not document.name:
            continue
        other = first.setdefault((document.kind, document.name.lower()), document)
        if other is not document:
            said = f"{other.label} has a {document.kind} of this name too."
            yield document, Problem("error", "defined_twice", said, "name")


def many(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
