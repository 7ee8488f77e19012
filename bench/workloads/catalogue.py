"""Every workload `python -m bench` can run, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bench.result import Result
from bench.workloads.request_rounds import W1_CONTENDERS, W2_CONTENDERS, run_rounds
from bench.workloads.w1_sqlite import judge_w1
from bench.workloads.w2_postgresql import judge_w2
from bench.workloads.w4_rules import measure_w4
from bench.workloads.w6_inbox import measure_w6
from bench.workloads.w8_replay import measure_w8

Measure = Callable[[Sequence[str], int], Iterable[Result]]


def _measure_requests(chosen: Sequence[str], rounds: int) -> Iterable[Result]:
    """W1 and W2 share their rounds: what both need is measured once a round."""
    needed = [*(W1_CONTENDERS if "W1" in chosen else ()), *(W2_CONTENDERS if "W2" in chosen else ())]
    seen = run_rounds(list(dict.fromkeys(needed)), rounds=rounds)
    if "W1" in chosen:
        yield judge_w1(seen)
    if "W2" in chosen:
        yield judge_w2(seen)


def _measure_rules(_chosen: Sequence[str], rounds: int) -> Iterable[Result]:
    yield measure_w4(rounds=rounds)


def _measure_inbox(_chosen: Sequence[str], rounds: int) -> Iterable[Result]:
    yield measure_w6(rounds=rounds)


def _measure_replay(_chosen: Sequence[str], rounds: int) -> Iterable[Result]:
    yield measure_w8(rounds=rounds)


# Workloads measured together stand together.
WORKLOADS: dict[tuple[str, ...], Measure] = {
    ("W1", "W2"): _measure_requests,
    ("W4",): _measure_rules,
    ("W6",): _measure_inbox,
    ("W8",): _measure_replay,
}
NAMES = tuple(name for together in WORKLOADS for name in together)
