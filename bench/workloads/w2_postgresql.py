"""W2: the request over HTTP on PostgreSQL with one API process, against DBOS on the same cluster and against W1."""

from __future__ import annotations

from bench.result import Result, at_least, judged
from bench.workloads.request_rounds import Rounds

CONTENDER = "wayline_postgresql"
MUST = {"vs_dbos_postgresql": at_least(6), "of_w1": at_least(0.55)}
AIM = {"vs_dbos_postgresql": at_least(16), "of_w1": at_least(0.75)}
COMPARISON = (
    "Equal: the same PostgreSQL cluster with its default settings (fsync and synchronous_commit on), a new database "
    "each round, 64 closed-loop clients, everything on the same two cores, one Wayline API process. Not equal: as in "
    "W1, Wayline is called over HTTP with authentication and validation, DBOS through its SDK with neither; DBOS is "
    "measured with workflows beside the clients and with a worker process reached through DBOSClient, and the faster "
    "counts. of_w1 is calls/s over those of the same server on SQLite in the same run. The no-op "
    "of of_noop is W1's. p50_ms and p99_ms are per call."
)


def judge_w2(rounds: Rounds) -> Result:
    own = rounds.median(CONTENDER)
    dbos = rounds.best_rate("dbos_postgresql_one_process", "dbos_postgresql_worker_and_client")
    figures = {
        "requests_per_s": own.requests_per_s,
        "vs_dbos_postgresql": round(own.requests_per_s / dbos, 2),
        "of_w1": round(own.calls_per_s / rounds.median("wayline_sqlite").calls_per_s, 3),
        "of_noop": round(rounds.of_noop(CONTENDER), 3),
        "of_noop_writes_only": round(rounds.of_noop_writes_only(CONTENDER), 3),
        "p50_ms": own.call_p50_ms,
        "p99_ms": own.call_p99_ms,
        "request_p50_ms": own.request_p50_ms,
        "request_p99_ms": own.request_p99_ms,
    }
    return judged("W2", figures, must=MUST, aim=AIM, comparison=COMPARISON, details=rounds.details())
