"""Child processes that end when the benchmark ends, whichever way it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0


class ServiceFailed(Exception):
    """A process the benchmark needs ended early or did not become ready; the message holds the end of its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    stop_with: signal.Signals = signal.SIGTERM,
    as_user: str | None = None,
    ready_limit_s: float = READY_LIMIT_S,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` until the block ends, entered once `ready()` is true.

    `env` is added to the present environment; `as_user` (only when root) names whom it runs as. Raises ServiceFailed.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_bound_to_parent(stop_with, as_user), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=None if as_user is None else "/",
        )
    try:
        _await_ready(process, ready, log, ready_limit_s)
        yield process
    finally:
        stop(process, stop_with)


def _bound_to_parent(stop_with: signal.Signals, as_user: str | None) -> list[str]:
    """A prefix that has the kernel signal the child when we die; empty where setpriv is missing and not needed."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if as_user is not None:
            raise ServiceFailed("setpriv (package util-linux) is needed to leave root")
        return []
    whom = [] if as_user is None else ["--reuid", as_user, "--regid", as_user, "--clear-groups"]
    return [setpriv, "--pdeathsig", stop_with.name.removeprefix("SIG"), *whom]


def _await_ready(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not ready():
        if process.poll() is not None:
            raise ServiceFailed(f"{process.args!r} ended with {process.returncode}:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise ServiceFailed(f"{process.args!r} was not ready after {limit_s:g} s:\n{_tail(log)}")
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], stop_with: signal.Signals = signal.SIGTERM) -> None:
    """Asks the process to end with `stop_with`, and kills it when it has not after STOP_LIMIT_S."""
    if process.poll() is not None:
        return
    process.send_signal(stop_with)
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_LIMIT_S)


def run_once(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, limit_s: float, as_user: str | None = None
) -> str:
    """Runs `command` to its end within `limit_s` and returns its stdout. Raises ServiceFailed."""
    full = [*_bound_to_parent(signal.SIGTERM, as_user), *map(str, command)]
    try:
        done = subprocess.run(
            full,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
            env={**os.environ, **(env or {})},
            cwd=None if as_user is None else "/",
        )
    except subprocess.TimeoutExpired as expired:
        raise ServiceFailed(f"{full!r} had not ended after {limit_s:g} s") from expired
    if done.returncode != 0:
        raise ServiceFailed(f"{full!r} ended with {done.returncode}:\n{done.stderr[-2000:]}{done.stdout[-2000:]}")
    return done.stdout


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
