"""Showing on the terminal how far a log has been worked through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from wayline.cli.log_options import LogSource
from wayline.eventlog.event import Case

CASES_A_REPORT = 100
"""Telling the bar of every single case would cost more than reading it."""


@contextmanager
def following(source: LogSource, console: Console, doing: str) -> Iterator[Iterator[Case]]:
    """The source's cases, with a bar of how much of the file they have come to; no bar where nobody watches."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[cases]:,} cases"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    total = source.size_bytes
    with progress:
        task = progress.add_task(doing, total=total, cases=0)
        yield _reported(source, progress, task, doing)
        progress.update(task, completed=total)


def _reported(source: LogSource, progress: Progress, task: TaskID, doing: str) -> Iterator[Case]:
    # A CSV is read whole before its first case, so its bar fills twice.
    read = source.cases(on_read=lambda done: progress.update(task, description="Sorting", completed=done))
    for number, case in enumerate(read, start=1):
        if number % CASES_A_REPORT == 1:
            progress.update(task, description=doing, completed=case.bytes_read, cases=number)
        yield case
