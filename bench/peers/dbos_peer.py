"""DBOS on PostgreSQL and on SQLite, measured in one round."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Literal

from bench.load import LoadPlan, LoadReport
from bench.processes import run_once, running
from bench.services import Cluster

Arrangement = Literal["one_process", "worker_and_client"]
DATABASE = "bench_dbos"
DRAIN_ALLOWANCE_S = 180.0


def measure_dbos_postgresql(place: Path, plan: LoadPlan, cluster: Cluster, arrangement: Arrangement) -> LoadReport:
    """One round on a new database of `cluster`. Raises ServiceFailed."""
    cluster.fresh_database(DATABASE)
    url = cluster.url(DATABASE)
    with contextlib.ExitStack() as stack:
        if arrangement == "worker_and_client":
            ready = place / "dbos-worker.ready"
            worker = [sys.executable, "-m", "bench.peers.dbos_worker", url, str(ready)]
            stack.enter_context(running(worker, log=place / "dbos-worker.log", ready=ready.exists))
        return _load(url, plan, arrangement)


def measure_dbos_sqlite(place: Path, plan: LoadPlan) -> LoadReport:
    """One round on a new file, switched to the write-ahead log first, which is faster than what DBOS begins with."""
    path = place / "dbos.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
    return _load(f"sqlite:///{path}", plan, "one_process")


def _load(url: str, plan: LoadPlan, arrangement: Arrangement) -> LoadReport:
    words = json.dumps(
        {
            "database_url": url,
            "arrangement": arrangement,
            "warmup_s": plan.warmup_s,
            "window_s": plan.window_s,
            "clients": plan.clients,
        }
    )
    printed = run_once(
        [sys.executable, "-m", "bench.peers.dbos_load", words],
        limit_s=plan.warmup_s + plan.window_s + DRAIN_ALLOWANCE_S,
    )
    return LoadReport(**json.loads(printed.splitlines()[-1]))
