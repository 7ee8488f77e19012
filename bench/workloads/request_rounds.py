"""The rounds W1 and W2 share: every contender carries out the request once a round, in an order that rotates."""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load import LoadPlan, LoadReport, median_report
from bench.machine import busy_share
from bench.peers.dbos_peer import measure_dbos_postgresql, measure_dbos_sqlite
from bench.peers.temporal_peer import DEFAULT_PRAGMAS, WAL_PRAGMAS, measure_temporal
from bench.services import Cluster, postgresql
from bench.wayline_load import WRITES, WaylineReport, measure_wayline

WAYLINE_DATABASE = "bench_wayline"
WAYLINE_PLAN = LoadPlan(warmup_s=3.0, window_s=10.0)
DBOS_PLAN = LoadPlan(warmup_s=4.0, window_s=12.0)
TEMPORAL_PLAN = LoadPlan(warmup_s=5.0, window_s=15.0)

W1_CONTENDERS = (
    "wayline_sqlite",
    "temporal",
    "temporal_wal",
    "dbos_postgresql_one_process",
    "dbos_postgresql_worker_and_client",
    "dbos_sqlite",
)
W2_CONTENDERS = (
    "wayline_postgresql",
    "wayline_sqlite",
    "dbos_postgresql_one_process",
    "dbos_postgresql_worker_and_client",
)
PEERS = tuple(name for name in W1_CONTENDERS if not name.startswith("wayline"))


@dataclass
class Rounds:
    """Reports by contender, one a round, the PostgreSQL settings all of them met, and how busy (0–1) the machine
    was with other work before each measurement."""

    reports: dict[str, list[LoadReport]] = field(default_factory=dict)
    noop: dict[str, list[LoadReport]] = field(default_factory=dict)
    postgresql: dict[str, str] = field(default_factory=dict)
    busy_before: list[float] = field(default_factory=list)

    def rate(self, contender: str) -> float:
        """Requests a second, the median over the rounds."""
        return statistics.median(report.requests_per_s for report in self.reports[contender])

    def best_rate(self, *contenders: str) -> float:
        """The rate of whichever arrangement of one peer did best."""
        return max(self.rate(contender) for contender in contenders)

    def median(self, contender: str) -> LoadReport:
        return median_report(self.reports[contender])

    def of_noop(self, contender: str, calls: Sequence[str] | None = None) -> float:
        """Calls/s (all four, or those of the names in `calls`) over no-op POSTs/s, the median of each round's ratio."""
        share = 1.0 if calls is None else len(calls) / len(self.reports[contender][0].calls)
        pairs = zip(self.reports[contender], self.noop[contender], strict=True)
        return statistics.median(report.calls_per_s * share / noop.calls_per_s for report, noop in pairs)

    def of_noop_writes_only(self, contender: str) -> float:
        return self.of_noop(contender, WRITES)

    def details(self) -> dict[str, Any]:
        """Medians of every contender, every round's rate, the settings of PostgreSQL and the machine's other work."""
        return {
            "busy_before": [round(share, 2) for share in self.busy_before],
            "postgresql": self.postgresql,
            "rounds_requests_per_s": {
                name: [report.requests_per_s for report in reports] for name, reports in self.reports.items()
            },
            "medians": {name: self.median(name).as_json() for name in self.reports},
            "noop_calls_per_s": {
                name: statistics.median(report.calls_per_s for report in reports) for name, reports in self.noop.items()
            },
        }


def run_rounds(contenders: Sequence[str], *, rounds: int) -> Rounds:
    """Runs each contender once a round, each time on an empty database. Raises ServiceFailed, BadAnswer."""
    seen = Rounds()
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(postgresql())
        seen.postgresql = cluster.settings()
        measures = _measures(cluster)
        for number in range(rounds):
            for contender in _rotated(contenders, number):
                _measure_one(contender, measures[contender], seen, number)
    return seen


def _rotated(contenders: Sequence[str], number: int) -> list[str]:
    """Another contender goes first in every round, so that none always follows the same neighbour's load."""
    begin = number % len(contenders)
    return [*contenders[begin:], *contenders[:begin]]


def _measure_one(
    contender: str, measure: Callable[[Path], LoadReport | WaylineReport], seen: Rounds, number: int
) -> None:
    seen.busy_before.append(busy_share())
    with tempfile.TemporaryDirectory(prefix="bench-round-", ignore_cleanup_errors=True) as place:
        report = measure(Path(place))
    if isinstance(report, WaylineReport):
        seen.noop.setdefault(contender, []).append(report.noop)
        report = report.requests
    seen.reports.setdefault(contender, []).append(report)
    said = f"  round {number + 1}  {contender:<36} {report.requests_per_s:>8.1f} requests/s"
    print(f"{said}   machine busy before: {seen.busy_before[-1]:.0%}", file=sys.stderr, flush=True)


def _measures(cluster: Cluster) -> Mapping[str, Callable[[Path], LoadReport | WaylineReport]]:
    def wayline_postgresql(place: Path) -> WaylineReport:
        cluster.fresh_database(WAYLINE_DATABASE)
        url = cluster.url(WAYLINE_DATABASE, scheme="postgresql+psycopg")
        return measure_wayline(place, WAYLINE_PLAN, url)

    return {
        "wayline_sqlite": lambda place: measure_wayline(place, WAYLINE_PLAN, f"sqlite:///{place / 'wayline.db'}"),
        "wayline_postgresql": wayline_postgresql,
        "temporal": lambda place: measure_temporal(place, TEMPORAL_PLAN, pragmas=DEFAULT_PRAGMAS),
        "temporal_wal": lambda place: measure_temporal(place, TEMPORAL_PLAN, pragmas=WAL_PRAGMAS),
        "dbos_postgresql_one_process": lambda place: measure_dbos_postgresql(place, DBOS_PLAN, cluster, "one_process"),
        "dbos_postgresql_worker_and_client": lambda place: measure_dbos_postgresql(
            place, DBOS_PLAN, cluster, "worker_and_client"
        ),
        "dbos_sqlite": lambda place: measure_dbos_sqlite(place, DBOS_PLAN),
    }
