"""The event loop and the writer share one core.

Python runs one thread at a time. When the two threads that work all the time stand on different cores, every hand-over
between them is an interrupt to the other core and cold caches there; on one core it is a switch. Serving a request was
measured a sixth quicker for it on SQLite and a third on PostgreSQL (docs/decisions/0015). Threads that wait for a
database or compute without the interpreter may run anywhere.

A core somebody else keeps busy would be a bad place to stay at, so it is looked at again every few seconds. Where the
system cannot place threads (anything but Linux) nothing is done.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

LOOK_AGAIN_S = 5.0
# Of the time between two looks, so much was spent waiting for the core: somebody else wants it too.
CROWDED = 0.2
P = ParamSpec("P")
T = TypeVar("T")

_everywhere: frozenset[int] = frozenset()
_free = threading.local()


def stay_on_one_core() -> None:
    """Put this thread, and those it starts from now on, on one core, and move them when it gets crowded.

    To be called by the event loop's thread before it has started others.
    """
    global _everywhere
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if len(cores) < 2 or not _waiting_of(os.getpid()).exists():
        return
    _everywhere = frozenset(cores)
    os.sched_setaffinity(0, {random.choice(sorted(cores))})  # noqa: S311
    looking = threading.Thread(target=_look_again, args=(os.getpid(),), name="wayline-cores", daemon=True)
    looking.start()


def on_any_core(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the function in a thread of a pool, which may run wherever there is room."""
    if _everywhere and not getattr(_free, "yes", False):
        os.sched_setaffinity(0, _everywhere)
        _free.yes = True
    return function(*args, **kwargs)


def _look_again(loop_thread: int) -> None:
    os.sched_setaffinity(0, _everywhere)
    pause = threading.Event()
    waited_s, idle_s = _waited_s(loop_thread), _idle_s()
    while not pause.wait(LOOK_AGAIN_S):
        waited_before_s, idle_before_s = waited_s, idle_s
        waited_s, idle_s = _waited_s(loop_thread), _idle_s()
        idle = {core: (idle_s[core] - idle_before_s[core]) / LOOK_AGAIN_S for core in _everywhere}
        (here,) = os.sched_getaffinity(loop_thread)
        better = decide_core(here=here, waited=(waited_s - waited_before_s) / LOOK_AGAIN_S, idle=idle)
        # Two servers that crowd each other must not both move, time and again, to the same place.
        if better != here and random.random() < 0.5:  # noqa: S311
            _move(here, better)


def decide_core(*, here: int, waited: float, idle: Mapping[int, float]) -> int:
    """The core to be on: this one, unless it is crowded and another was idle for longer than this one's threads waited.

    `waited` is the share (0–1) of the time the loop was ready to run and did not, `idle` the share each core did
    nothing.
    """
    best = max(idle, key=lambda core: (idle[core], core == here))
    return best if waited > CROWDED and idle[best] > waited else here


def _move(here: int, better: int) -> None:
    """Move every thread that was put here."""
    for thread in map(int, os.listdir("/proc/self/task")):
        try:
            if os.sched_getaffinity(thread) == {here}:
                os.sched_setaffinity(thread, {better})
        except ProcessLookupError:
            continue  # it has just ended


def _waited_s(thread: int) -> float:
    """Seconds a thread was ready to run and did not, since it began (proc(5): the second number, nanoseconds)."""
    return int(_waiting_of(thread).read_text().split()[1]) / 1e9


def _waiting_of(thread: int) -> Path:
    return Path(f"/proc/self/task/{thread}/schedstat")


def _idle_s() -> dict[int, float]:
    """Seconds each core has done nothing since the machine started (proc(5), stat)."""
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    return {int(name[3:]): int(rest[3]) / ticks_per_s for name, *rest in lines if name[:3] == "cpu" and name != "cpu"}
