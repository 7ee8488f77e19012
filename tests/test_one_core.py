"""A server's threads share a core, leave a crowded one, and let others' work run anywhere."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from wayline.engine.one_core import decide_core

# Asks the kernel, from a process of its own: placing threads cannot be undone for the tests that come after.
PLACED = """
import os, threading
from wayline.engine.one_core import on_any_core, stay_on_one_core

cores = os.sched_getaffinity(0)
stay_on_one_core()
here = os.sched_getaffinity(0)
seen = {}
started = [
    threading.Thread(target=lambda: seen.update(writer=os.sched_getaffinity(0))),
    threading.Thread(target=lambda: seen.update(pool=on_any_core(os.sched_getaffinity, 0))),
]
for thread in started:
    thread.start()
    thread.join()
assert len(here) == 1 and here < cores, here
assert seen == {"writer": here, "pool": cores}, seen
"""


def test_threads_started_later_share_the_core_and_those_of_a_pool_may_run_anywhere() -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.fail("this needs a machine with two cores")
    done = subprocess.run([sys.executable, "-c", PLACED], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("waited", "idle", "core"),
    [
        (0.01, {0: 0.0, 1: 0.9}, 0),
        (0.40, {0: 0.0, 1: 0.9}, 1),
        (0.40, {0: 0.0, 1: 0.3}, 0),
        (0.40, {0: 0.0, 1: 0.5, 2: 0.8}, 2),
        (0.40, {0: 0.9, 1: 0.9}, 0),
    ],
    ids=["not crowded", "crowded", "the other is busy too", "the idlest", "no better one"],
)
def test_a_crowded_core_is_left_for_one_with_room(waited: float, idle: dict[int, float], core: int) -> None:
    assert decide_core(here=0, waited=waited, idle=idle) == core
