"""The options by which every command that reads an event log is told how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from wayline.eventlog.reading import Case, log_name, measure, parse_mapping, read_cases

LogPath = Annotated[Path, typer.Argument(metavar="LOG", help="An event log, XES or CSV, packed with gzip or not.")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="xes|csv", help="What the log is written in. Default: seen from it.")
]
Mapping = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="case=…,activity=…,at=…,who=…",
        help="Which column or attribute plays which role. Default: XES's own keys; in CSV, well-known names.",
    ),
]
Timezone = Annotated[
    str | None, typer.Option("--timezone", metavar="IANA", help="The zone of times that name none. Default: UTC.")
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Overrides the encoding the log declares. Default for CSV: UTF-8.")
]
AtFormat = Annotated[
    str | None, typer.Option("--at-format", metavar="STRPTIME", help="The form of its times, as %d.%m.%Y %H:%M.")
]
MonthFirst = Annotated[bool, typer.Option("--month-first", help="Read 01/02/2015 as 2 January.")]


@dataclass(frozen=True, kw_only=True)
class LogSource:
    """A log and how to read it. Everything here raises EventLogError."""

    path: Path
    format: str | None = None
    mapping: str | None = None
    timezone: str | None = None
    encoding: str | None = None
    at_format: str | None = None
    month_first: bool = False

    @property
    def name(self) -> str:
        """What to call the log."""
        return log_name(self.path, self.format, self.encoding)

    @property
    def size_bytes(self) -> int:
        """What `Case.bytes_read` counts towards."""
        return measure(self.path)

    def cases(self, on_read: Callable[[int], None] | None = None) -> Iterator[Case]:
        """The cases one after the other; `on_read` is told how many bytes of a CSV have been read before them."""
        return read_cases(
            self.path,
            self.format,
            parse_mapping(self.mapping) if self.mapping else None,
            self.timezone,
            encoding=self.encoding,
            day_first=not self.month_first,
            at_format=self.at_format,
            on_read=on_read,
        )
