"""A closed loop of clients: each begins its next request as soon as the last one has ended."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

CLIENTS = 64
DRAIN_LIMIT_S = 120.0


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """How long one round loads one contender: `warmup_s` unmeasured, then `window_s` measured, both in seconds."""

    warmup_s: float
    window_s: float
    clients: int = CLIENTS


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What one round saw.

    Rates are per second inside the window, latencies in milliseconds of what ended inside it, `acknowledged` counts
    every request from first to last, warm-up and drain included, so that it can be compared with what was stored.
    """

    requests_per_s: float
    acknowledged: int
    client_cpu_us_per_request: float
    request_p50_ms: float
    request_p99_ms: float
    calls_per_s: float
    call_p50_ms: float
    call_p99_ms: float
    calls: dict[str, dict[str, float]]

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass
class Recorder:
    """Collects end times (monotonic seconds) and durations (seconds) of requests and of the calls inside them."""

    requests: list[tuple[float, float]] = field(default_factory=list)
    calls: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def request_ended(self, begun_at: float) -> None:
        now = time.perf_counter()
        self.requests.append((now, now - begun_at))

    def call_ended(self, name: str, begun_at: float) -> float:
        """Notes one call and returns the instant it ended, which is when the next one begins."""
        now = time.perf_counter()
        self.calls.setdefault(name, []).append((now, now - begun_at))
        return now


Request = Callable[[int, Recorder], Awaitable[None]]


async def run_load(request: Request, plan: LoadPlan) -> LoadReport:
    """Runs `request(client_number, recorder)` on all clients through warm-up and window; each finishes its last one.

    The first failure of any client ends the load and is raised, as is TimeoutError when the drain takes too long.
    """
    recorder = Recorder()
    cpu_before_s = time.process_time()
    window_from = time.perf_counter() + plan.warmup_s
    window_to = window_from + plan.window_s
    try:
        async with asyncio.timeout(plan.warmup_s + plan.window_s + DRAIN_LIMIT_S), asyncio.TaskGroup() as clients:
            for number in range(plan.clients):
                clients.create_task(_repeat(request, number, recorder, until=window_to))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    cpu_s = time.process_time() - cpu_before_s
    return _summarise(recorder, window_from=window_from, window_to=window_to, cpu_s=cpu_s)


async def _repeat(request: Request, number: int, recorder: Recorder, *, until: float) -> None:
    while (begun_at := time.perf_counter()) < until:
        await request(number, recorder)
        recorder.request_ended(begun_at)


def _summarise(recorder: Recorder, *, window_from: float, window_to: float, cpu_s: float) -> LoadReport:
    def inside(samples: Iterable[tuple[float, float]]) -> list[float]:
        return [duration for ended_at, duration in samples if window_from <= ended_at < window_to]

    window_s = window_to - window_from
    requests = inside(recorder.requests)
    by_name = {name: inside(samples) for name, samples in recorder.calls.items()}
    calls = [duration for durations in by_name.values() for duration in durations]
    return LoadReport(
        requests_per_s=round(len(requests) / window_s, 2),
        acknowledged=len(recorder.requests),
        client_cpu_us_per_request=round(cpu_s / max(1, len(recorder.requests)) * 1e6, 1),
        request_p50_ms=percentile_ms(requests, 0.5),
        request_p99_ms=percentile_ms(requests, 0.99),
        calls_per_s=round(len(calls) / window_s, 2),
        call_p50_ms=percentile_ms(calls, 0.5),
        call_p99_ms=percentile_ms(calls, 0.99),
        calls={
            name: {"p50_ms": percentile_ms(durations, 0.5), "p99_ms": percentile_ms(durations, 0.99)}
            for name, durations in by_name.items()
        },
    )


def percentile_ms(durations_s: Sequence[float], share: float) -> float:
    """The duration that `share` (0–1) of the samples do not exceed, in milliseconds; 0.0 when there are none."""
    if not durations_s:
        return 0.0
    ordered = sorted(durations_s)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000, 3)


def median_report(rounds: Sequence[LoadReport]) -> LoadReport:
    """Each figure is its own median over the rounds; `acknowledged` is the sum."""

    def middle(name: str) -> float:
        return round(statistics.median(getattr(report, name) for report in rounds), 3)

    names = rounds[0].calls
    return LoadReport(
        requests_per_s=middle("requests_per_s"),
        acknowledged=sum(report.acknowledged for report in rounds),
        client_cpu_us_per_request=middle("client_cpu_us_per_request"),
        request_p50_ms=middle("request_p50_ms"),
        request_p99_ms=middle("request_p99_ms"),
        calls_per_s=middle("calls_per_s"),
        call_p50_ms=middle("call_p50_ms"),
        call_p99_ms=middle("call_p99_ms"),
        calls={
            name: {
                unit: round(statistics.median(report.calls[name][unit] for report in rounds), 3)
                for unit in ("p50_ms", "p99_ms")
            }
            for name in names
        },
    )
