"""W8: a public service-desk log drafted into a template and replayed as runs, on SQLite."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.processes import ServiceFailed, run_once
from bench.result import Result, at_most, judged
from bench.services import beside_python

LOG_NAME = "helpdesk.xes.gz"
REPLAY_LIMIT_S = 600.0
# Counted by a script that knows nothing of Wayline; see the data set's own description.
EXPECTED = {"cases": 4_580, "events": 21_348}
MUST = {"seconds": at_most(20)}
AIM = {"seconds": at_most(6)}
COMPARISON = (
    "No peer: none of them reads event logs. seconds is the replay's own figure, from the log's first byte to the last "
    "commit; process_s adds the interpreter's start. Each round replays into a new SQLite file; the counts it reports "
    "are compared with an independent script's."
)


def measure_w8(*, rounds: int) -> Result:
    """Replays the log `rounds` times. Raises ServiceFailed when the log is missing or the counts are wrong."""
    log = _find_log()
    seen = [_replay(log, number) for number in range(rounds)]
    figures = {
        "seconds": round(statistics.median(seconds for seconds, _, _ in seen), 3),
        "process_s": round(statistics.median(process_s for _, process_s, _ in seen), 3),
        **EXPECTED,
    }
    details = {"rounds_seconds": [seconds for seconds, _, _ in seen], "reported": seen[-1][2]}
    return judged("W8", figures, must=MUST, aim=AIM, comparison=COMPARISON, details=details)


def _find_log() -> Path:
    """The log under WAYLINE_TEST_DATA, else in `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    for folder in (os.environ.get("WAYLINE_TEST_DATA"), str(beside)):
        if folder and (path := Path(folder) / LOG_NAME).exists():
            return path
    raise ServiceFailed(f"{LOG_NAME} not found: name its folder in WAYLINE_TEST_DATA")


def _replay(log: Path, number: int) -> tuple[float, float, dict[str, Any]]:
    """The replay's own seconds, the process's wall seconds, and what it reported."""
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as place:
        env = {
            "WAYLINE_DATABASE_URL": f"sqlite:///{Path(place) / 'wayline.db'}",
            "WAYLINE_DATA_DIR": str(Path(place) / "wayline-data"),
            "WAYLINE_SECRET_KEY": os.urandom(32).hex(),
        }
        command = beside_python("wayline")
        template = Path(place) / "template.yaml"
        run_once([command, "migrate"], env=env, limit_s=REPLAY_LIMIT_S)
        template.write_text(run_once([command, "discover", log], env=env, limit_s=REPLAY_LIMIT_S))
        begun_at = time.perf_counter()
        printed = run_once([command, "replay", log, "--template", template, "--json"], env=env, limit_s=REPLAY_LIMIT_S)
        process_s = time.perf_counter() - begun_at
    reported = json.loads(printed)
    _check_counts(reported)
    print(f"  round {number + 1}  replay {reported['seconds']:.2f} s, process {process_s:.2f} s", file=sys.stderr)
    return float(reported["seconds"]), process_s, reported


def _check_counts(reported: Mapping[str, Any]) -> None:
    counts = reported.get("counts", reported)
    wrong = {name: counts.get(name) for name, expected in EXPECTED.items() if counts.get(name) != expected}
    if wrong:
        raise ServiceFailed(f"the replay counted {wrong}, an independent script {EXPECTED}")
