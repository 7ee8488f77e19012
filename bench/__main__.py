"""`python -m bench [--only W1,W8] [--rounds 3] [--out FILE]`: measures, judges, and writes the report."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from bench.client import BadAnswer
from bench.processes import ServiceFailed
from bench.report import write_json, write_peers_alone, write_table
from bench.result import Result
from bench.workloads.catalogue import NAMES, WORKLOADS
from bench.workloads.request_rounds import PEERS, run_rounds

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "bench" / "results" / "latest.json"
TABLE = ROOT / "docs" / "performance.md"
MOST_ROUNDS = 25


def main() -> int:
    """0 when every chosen workload could be measured, 1 when one could not; reaching a target does not matter here."""
    for asked_to_end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked_to_end, _leave_in_order)
    arguments = _arguments()
    if arguments.peers:
        return _measure_peers_alone(arguments.rounds, arguments.out)
    results, failures = _measure(arguments.only, arguments.rounds)
    if results:
        _publish(write_json(arguments.out, results), arguments.out)
    for result in results:
        print(f"{result.workload}  must {result.must}  aim {result.aim}  {dict(result.figures)}")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=NAMES, help=f"a selection of {','.join(NAMES)}")
    parser.add_argument("--rounds", type=_rounds, default=3, help="rounds a contender, at least 1; 3 or more to report")
    parser.add_argument("--out", type=Path, default=OUT, help="where the results go (JSON)")
    parser.add_argument("--peers", action="store_true", help="only the peers of W1 and W2, without Wayline")
    return parser.parse_args()


def _names(written: str) -> tuple[str, ...]:
    names = tuple(name.strip().upper() for name in written.split(",") if name.strip())
    if not names or (unknown := [name for name in names if name not in NAMES]):
        raise argparse.ArgumentTypeError(f"{unknown if names else 'nothing'} chosen; there are {', '.join(NAMES)}")
    return names


def _rounds(written: str) -> int:
    rounds = int(written)
    if not 1 <= rounds <= MOST_ROUNDS:
        raise argparse.ArgumentTypeError(f"rounds are 1 to {MOST_ROUNDS}")
    return rounds


def _leave_in_order(_signal: int, _frame: FrameType | None) -> None:
    """Turns the signal into an exit that passes through every `finally`, so that no process stays behind."""
    sys.exit(143)


def _measure(chosen: Sequence[str], rounds: int) -> tuple[list[Result], list[str]]:
    results: list[Result] = []
    failures: list[str] = []
    for together, measure in WORKLOADS.items():
        selected = [name for name in together if name in chosen]
        if not selected:
            continue
        print(f"{', '.join(selected)}: {rounds} rounds", file=sys.stderr, flush=True)
        try:
            results += measure(selected, rounds)
        except (ServiceFailed, BadAnswer, TimeoutError) as failure:
            failures.append(f"{', '.join(selected)} could not be measured: {failure}")
    return results, failures


def _measure_peers_alone(rounds: int, out: Path) -> int:
    seen = run_rounds(PEERS, rounds=rounds)
    _publish(write_peers_alone(out, seen.details()), out)
    return 0


def _publish(document: Mapping[str, Any], out: Path) -> None:
    """Writes the table, unless the results went to a place of their own."""
    if out.resolve() == OUT:
        write_table(TABLE, document)


if __name__ == "__main__":
    sys.exit(main())
