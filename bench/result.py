"""What a workload hands to the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Holds = Callable[[float], bool]


def at_least(limit: float) -> Holds:
    """A ratio or rate that must not be below `limit`."""
    return lambda figure: figure >= limit


def at_most(limit: float) -> Holds:
    """A time, size or growth that must not be above `limit`."""
    return lambda figure: figure <= limit


@dataclass(frozen=True, kw_only=True)
class Result:
    """One workload's outcome: its figures by name (units end the names), whether they reach what they must and what
    they aim at, and a note on what was and was not equal in the comparison."""

    workload: str
    must: bool
    aim: bool
    figures: Mapping[str, Any]
    comparison: str
    details: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "must": self.must,
            "aim": self.aim,
            "figures": dict(self.figures),
            "comparison": self.comparison,
            "details": dict(self.details),
        }


def judged(
    workload: str,
    figures: Mapping[str, Any],
    *,
    must: Mapping[str, Holds],
    aim: Mapping[str, Holds],
    comparison: str,
    details: Mapping[str, Any] | None = None,
) -> Result:
    """The result of `figures`: `must` and `aim` name the figures that count and what each has to satisfy."""
    return Result(
        workload=workload,
        must=all(holds(figures[name]) for name, holds in must.items()),
        aim=all(holds(figures[name]) for name, holds in aim.items()),
        figures=figures,
        comparison=comparison,
        details=details or {},
    )
