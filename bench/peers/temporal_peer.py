"""Temporal's development server on a file, measured in one round."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.load import LoadPlan, LoadReport
from bench.processes import run_once
from bench.services import temporal_server

# As the server starts by default, and with the write-ahead log, still fsyncing every commit.
DEFAULT_PRAGMAS: Sequence[str] = ()
WAL_PRAGMAS: Sequence[str] = ("journal_mode=wal", "synchronous=full")
DRAIN_ALLOWANCE_S = 180.0


def measure_temporal(place: Path, plan: LoadPlan, *, pragmas: Sequence[str]) -> LoadReport:
    """One round on a new database file in `place`. Raises ServiceFailed."""
    with temporal_server(place / "temporal.db", pragmas=pragmas) as address:
        words = json.dumps(
            {"address": address, "warmup_s": plan.warmup_s, "window_s": plan.window_s, "clients": plan.clients}
        )
        printed = run_once(
            [sys.executable, "-m", "bench.peers.temporal_load", words],
            limit_s=plan.warmup_s + plan.window_s + DRAIN_ALLOWANCE_S,
        )
    return LoadReport(**json.loads(printed.splitlines()[-1]))
