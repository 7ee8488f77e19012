"""The help-desk log read with nothing but Python's XML parser, for those who must not trust Wayline's reader."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

XES = "{http://www.xes-standard.org/}"
NOT_OF_THE_CASE = ("concept:name", "org:resource", "time:timestamp")


@dataclass(frozen=True)
class LoggedCase:
    """A case: what its first event says of it, who began and who ended it, and when."""

    name: str
    attributes: dict[str, str]
    begun_by: str
    begun_at: datetime
    ended_by: str
    ended_at: datetime


def logged_cases(path: Path) -> Iterator[LoggedCase]:
    """Every case, in the log's order."""
    with gzip.open(path) as log:
        for _, element in iterparse(log):
            if element.tag == f"{XES}trace":
                yield _case(element)
                element.clear()


def _case(trace: Element) -> LoggedCase:
    events = [_said(event) for event in trace.findall(f"{XES}event")]
    first, last = events[0], events[-1]
    return LoggedCase(
        name=_said(trace)["concept:name"],
        attributes={name: value for name, value in first.items() if name not in NOT_OF_THE_CASE},
        begun_by=first["org:resource"],
        begun_at=datetime.fromisoformat(first["time:timestamp"]),
        ended_by=last["org:resource"],
        ended_at=datetime.fromisoformat(last["time:timestamp"]),
    )


def _said(element: Element) -> dict[str, str]:
    return {part.attrib["key"]: part.attrib["value"] for part in element if "key" in part.attrib}
