"""W1: the request over HTTP on SQLite with 64 clients, against Temporal's development server and DBOS."""

from __future__ import annotations

from bench.result import Result, at_least, judged
from bench.workloads.request_rounds import Rounds

CONTENDER = "wayline_sqlite"
MUST = {"vs_temporal": at_least(25), "vs_dbos_postgresql": at_least(12), "of_noop": at_least(0.40)}
AIM = {"vs_temporal": at_least(60), "vs_dbos_postgresql": at_least(25), "of_noop": at_least(0.60)}
COMPARISON = (
    "Equal: the same logical request, 64 closed-loop clients on the same two cores, empty databases, commits fsynced "
    "before the answer (seen by strace for both settings of Temporal's file; DBOS: PostgreSQL defaults, SQLite with "
    "synchronous=FULL). "
    "Not equal: Wayline's clients speak HTTP with a bearer token, its forms are validated, its audit trail is written "
    "and its status is read by a call; the peers are driven through their SDKs without authentication or validation, "
    "their messages are sent without waiting for the step that wants them, and their end is awaited (Temporal: long "
    "poll; DBOS: in memory or by polling the result). vs_temporal is against the development server with "
    "--db-filename and its default settings (a rollback journal), vs_temporal_wal against journal_mode=wal with "
    "synchronous=full; both without the workflow sandbox and with the worker beside the clients. DBOS on PostgreSQL "
    "is measured with workflows beside the clients and with a worker process reached through DBOSClient: the faster "
    "counts. DBOS on SQLite is given the write-ahead log. of_noop counts all four calls of a request (three "
    "acknowledged writes and the read) per no-op POST of the same server, of_noop_writes_only the three writes alone. "
    "The no-op is an authenticated POST with a validated JSON body whose command passes through the same door and "
    "writes nothing: what a request costs beyond it is deciding, storing and fsync; a bare handler would be quicker. "
    "p50_ms and p99_ms are per call, request_… per request of four calls. details.busy_before is the share (0–1) "
    "of the cores that other work took before each measurement."
)


def judge_w1(rounds: Rounds) -> Result:
    own = rounds.median(CONTENDER)
    dbos = rounds.best_rate("dbos_postgresql_one_process", "dbos_postgresql_worker_and_client")
    figures = {
        "requests_per_s": own.requests_per_s,
        "vs_temporal": round(own.requests_per_s / rounds.rate("temporal"), 2),
        "vs_temporal_wal": round(own.requests_per_s / rounds.rate("temporal_wal"), 2),
        "vs_dbos_postgresql": round(own.requests_per_s / dbos, 2),
        "vs_dbos_sqlite": round(own.requests_per_s / rounds.rate("dbos_sqlite"), 2),
        "of_noop": round(rounds.of_noop(CONTENDER), 3),
        "of_noop_writes_only": round(rounds.of_noop_writes_only(CONTENDER), 3),
        "p50_ms": own.call_p50_ms,
        "p99_ms": own.call_p99_ms,
        "request_p50_ms": own.request_p50_ms,
        "request_p99_ms": own.request_p99_ms,
        "client_cpu_us_per_call": round(own.client_cpu_us_per_request / len(own.calls), 1),
    }
    return judged("W1", figures, must=MUST, aim=AIM, comparison=COMPARISON, details=rounds.details())
