"""W6: the first page of an inbox, at a desk with a million open work items of which ten thousand are the caller's."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import uvloop

from bench.client import BadAnswer, Connection
from bench.inbox_rows import KINDS, Filled, fill
from bench.load import percentile_ms
from bench.machine import busy_share
from bench.result import Result, at_most, judged
from bench.services import Cluster, postgresql
from bench.wayline_server import Desk, wayline

CLIENTS = 8
A_CLIENT_ASKS_EVERY_S = 0.2
WARMUP_S, WINDOW_S = 3.0, 10.0
PAGE = 25
FIRST_PAGE = f"/api/v1/inbox?limit={PAGE}"
OF_ONE_KIND = f"{FIRST_PAGE}&kind={KINDS[1]}"
DATABASE = "bench_inbox"
MUST = {"sqlite_p95_ms": at_most(20), "postgresql_p95_ms": at_most(20)}
AIM = {"sqlite_p95_ms": at_most(5), "postgresql_p95_ms": at_most(5)}
COMPARISON = (
    "No peer: none of them has inboxes. The desk has 1,000,000 open work items, written in bulk as the door writes "
    "them; 10,000 are offered to the caller's five groups, 1,000 of these to two of them, and belong to tickets. "
    "Measured is GET /api/v1/inbox?limit=25 with a bearer token, from the instant it was to be sent until the last "
    "byte: 25 items newest first, and exact counts by kind. 8 clients ask five times a second each, which leaves the "
    "machine idle for most of the time; a closed loop would measure a queue. Both servers have the defaults; "
    "PostgreSQL's tables were vacuumed once after they were filled, as autovacuum does by itself within minutes. "
    "The figures are the medians of the rounds' percentiles; of_one_kind is the page of approvals alone."
)


class _Item(msgspec.Struct):
    id: str
    opened_at: str


class _Meta(msgspec.Struct):
    total: int
    counts: dict[str, int]


class _Page(msgspec.Struct):
    data: list[_Item]
    meta: _Meta


_page = msgspec.json.Decoder(_Page)


@dataclass
class _Seen:
    """Percentiles in milliseconds, one a round, by what was asked for."""

    p50: dict[str, list[float]] = field(default_factory=dict)
    p95: dict[str, list[float]] = field(default_factory=dict)
    worst: dict[str, list[float]] = field(default_factory=dict)

    def add(self, path: str, durations_s: list[float]) -> None:
        self.p50.setdefault(path, []).append(percentile_ms(durations_s, 0.5))
        self.p95.setdefault(path, []).append(percentile_ms(durations_s, 0.95))
        self.worst.setdefault(path, []).append(percentile_ms(durations_s, 1.0))


def measure_w6(*, rounds: int) -> Result:
    """Fills a desk on each database and asks both, alternating. Raises ServiceFailed, and BadAnswer when what is
    counted or shown is not what was written."""
    return uvloop.run(_measure(rounds))


async def _measure(rounds: int) -> Result:
    seen = {"sqlite": _Seen(), "postgresql": _Seen()}
    filled_s: dict[str, float] = {}
    busy_before: list[float] = []
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(postgresql())
        cluster.fresh_database(DATABASE)
        urls = _urls(stack, cluster)
        desks: dict[str, tuple[Desk, Filled]] = {}
        for name, (place, url) in urls.items():
            desk = stack.enter_context(wayline(place, url))
            begun_at = time.perf_counter()
            desks[name] = desk, await fill(desk, url)
            filled_s[name] = round(time.perf_counter() - begun_at, 1)
        with psycopg.connect(cluster.url(DATABASE), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        for number in range(rounds):
            for name, (desk, filled) in desks.items():
                busy_before.append(busy_share())
                for path in (FIRST_PAGE, OF_ONE_KIND):
                    seen[name].add(path, await _asked(desk, filled, path))
                said = f"  round {number + 1}  {name:<10}  p95 {seen[name].p95[FIRST_PAGE][-1]:.2f} ms"
                print(f"{said}   machine busy before: {busy_before[-1]:.0%}", file=sys.stderr, flush=True)
    return _judged(seen, {"filled_s": filled_s, "busy_before": [round(share, 2) for share in busy_before]})


def _urls(stack: contextlib.ExitStack, cluster: Cluster) -> dict[str, tuple[Path, str]]:
    places = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-inbox-"))) for _ in range(2)]
    return {
        "sqlite": (places[0], f"sqlite:///{places[0] / 'wayline.db'}"),
        "postgresql": (places[1], cluster.url(DATABASE, scheme="postgresql+psycopg")),
    }


def _judged(seen: dict[str, _Seen], details: dict[str, Any]) -> Result:
    figures = {
        f"{name}_{which}_ms": round(statistics.median(values[FIRST_PAGE]), 3)
        for name, found in seen.items()
        for which, values in (("p95", found.p95), ("p50", found.p50))
    }
    details = {
        **details,
        "rounds_p95_ms": {name: found.p95[FIRST_PAGE] for name, found in seen.items()},
        "rounds_worst_ms": {name: found.worst[FIRST_PAGE] for name, found in seen.items()},
        "of_one_kind_p95_ms": {name: statistics.median(found.p95[OF_ONE_KIND]) for name, found in seen.items()},
    }
    return judged("W6", figures, must=MUST, aim=AIM, comparison=COMPARISON, details=details)


async def _asked(desk: Desk, filled: Filled, path: str) -> list[float]:
    """Seconds from when each request was to be sent until it was answered, of those inside the window."""
    request = desk.approver().get(path)
    connections = list(await asyncio.gather(*(Connection.open(desk.port) for _ in range(CLIENTS))))
    try:
        begun_at = time.perf_counter()
        each = [
            _ask_steadily(connection, request, filled, path, begun_at + A_CLIENT_ASKS_EVERY_S * number / CLIENTS)
            for number, connection in enumerate(connections)
        ]
        return [duration for durations in await asyncio.gather(*each) for duration in durations]
    finally:
        for connection in connections:
            connection.close()


async def _ask_steadily(
    connection: Connection, request: bytes, filled: Filled, path: str, first_at: float
) -> list[float]:
    durations: list[float] = []
    for number in range(round((WARMUP_S + WINDOW_S) / A_CLIENT_ASKS_EVERY_S)):
        due_at = first_at + number * A_CLIENT_ASKS_EVERY_S
        await asyncio.sleep(max(0.0, due_at - time.perf_counter()))
        body = (await connection.call(request)).expect(200)
        if number * A_CLIENT_ASKS_EVERY_S >= WARMUP_S:
            durations.append(time.perf_counter() - due_at)
        _check(_page.decode(body), filled, path)
    return durations


def _check(page: _Page, filled: Filled, path: str) -> None:
    expected = filled.total if path == FIRST_PAGE else filled.counts[KINDS[1]]
    opened = [item.opened_at for item in page.data]
    if (page.meta.total, page.meta.counts) != (expected, filled.counts) or len(page.data) != PAGE:
        raise BadAnswer(f"{path}: {page.meta} and {len(page.data)} items, not {filled.counts}")
    if opened != sorted(opened, reverse=True):
        raise BadAnswer(f"{path}: not the newest first")
