"""Running a script in a confined process, and never longer, larger or louder than its limits.

Each script has a process of its own, which ends with it: starting one takes some forty milliseconds, and nothing of one
script can be left for the next. It inherits no environment, no open file and no directory. See decision record 25.
"""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from wayline.actions.http_request import cleaned, keepable
from wayline.actions.script import confined
from wayline.core import script as vocabulary

RESULT_BYTES_MAX: Final = 64 * 1024
REQUESTS_BYTES_MAX: Final = 64 * 1024
PARAMS_BYTES_MAX: Final = 256 * 1024
ERROR_CHARS_MAX: Final = 1_000
OUTPUT_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of everything a confined process writes: log lines, requests and result. What writes more is ended."""
_FILE_OF_CHILD = Path(confined.__file__)


class Limits(msgspec.Struct, frozen=True):
    """What one script may take. `steps` are counted a thousand at a time; `cpu_s` is whole seconds of processor time,
    `wall_s` bounds a process that does not get any."""

    steps: int = 10_000_000
    cpu_s: int = 3
    wall_s: float = 15.0
    memory_bytes: int = 128 * 1024 * 1024
    call_depth: int = 100


LIMITS: Final = Limits()


class ScriptError(msgspec.Struct, frozen=True):
    """Why a script did not end well. `passing`: it was the machine's doing, and trying again may help."""

    code: str
    message: str
    line: int | None = None
    column: int | None = None
    passing: bool = False

    def said(self) -> str:
        """The sentence with its line."""
        return self.message if self.line is None else f"Line {self.line}: {self.message}"


class Ran(msgspec.Struct, frozen=True):
    """What came of a script: with an `error` there is no result, and its requests are what it asked for until then,
    which nobody carries out. A request is {do, with}."""

    result: Any = None
    log: tuple[str, ...] = ()
    requests: tuple[dict[str, Any], ...] = ()
    error: ScriptError | None = None
    used: dict[str, int] = {}


class Ending:
    """Lets another thread end a script that nobody waits for any more."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = True
        self._lock = threading.Lock()

    def began(self, process: subprocess.Popen[bytes]) -> None:
        """This is the process."""
        with self._lock:
            self._process = process
            if not self._is_wanted:
                process.kill()

    def end(self) -> None:
        """End it, or have it ended as soon as it begins."""
        with self._lock:
            self._is_wanted = False
            if self._process is not None:
                self._process.kill()


def run_script(text: str, params: Mapping[str, Any], *, limits: Limits = LIMITS, ending: Ending | None = None) -> Ran:
    """Run it to its end or its limits, in this thread's time. Never raises for anything a script does."""
    return _ran(_asked("run", text, limits, params=dict(params)), limits, ending)


def check_script(text: str, *, limits: Limits = LIMITS) -> ScriptError | None:
    """Why a text is no script; None when it is one."""
    return _ran(_asked("check", text, limits), limits).error


def _asked(mode: str, text: str, limits: Limits, *, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "mode": mode,
        "text": text,
        "params": params or {},
        "known": list(dict.fromkeys((*vocabulary.PARAMETERS, *(params or {})))),
        "functions": {
            name: {"arguments": function.arguments, "needed": function.needed}
            for name, function in vocabulary.FUNCTIONS.items()
        },
        "limits": {
            "steps": limits.steps,
            "call_depth": limits.call_depth,
            "requests": vocabulary.REQUESTS_MAX,
            "log_lines": vocabulary.LOG_LINES_MAX,
            "log_line_chars": vocabulary.LOG_LINE_CHARS_MAX,
            "log_chars": vocabulary.LOG_CHARS_MAX,
        },
    }


def _ran(asked: dict[str, Any], limits: Limits, ending: Ending | None = None) -> Ran:
    if len(asked["text"].encode()) > vocabulary.SOURCE_BYTES_MAX:
        return _failed("too_long", f"A script has at most {vocabulary.SOURCE_BYTES_MAX // 1024} KiB.")
    if len(msgspec.json.encode(asked["params"])) > PARAMS_BYTES_MAX:
        return _failed("too_long", f"Its parameters have at most {PARAMS_BYTES_MAX // 1024} KiB.")
    command = confined_command(_FILE_OF_CHILD, limits)
    try:
        ended = in_process(command, msgspec.json.encode(asked), wall_s=limits.wall_s, ending=ending)
    except OSError as error:
        return _failed("not_started", f"Its process could not be started: {error}", passing=True)
    if ended.status == 0 and not ended.cut:
        with contextlib.suppress(msgspec.DecodeError, msgspec.ValidationError):
            return _told(msgspec.json.decode(ended.output))
    return _ended_early(ended, limits)


# -- the process -----------------------------------------------------------------------------------


class Ended(msgspec.Struct, frozen=True):
    """How a process ended: its exit status (negative: the signal), what it wrote, and why it was ended, if it was."""

    status: int
    output: bytes
    cut: str | None = None


def confined_command(program: Path, limits: Limits) -> list[str]:
    """The command that runs a program of ours confined: no environment is read, no site, nothing is written."""
    found = importlib.util.find_spec("starlark")
    assert found is not None
    assert found.origin is not None
    packages = str(Path(found.origin).parent.parent)
    flags = ("-I", "-S", "-B", "-X", "utf8")
    return [sys.executable, *flags, str(program), packages, str(limits.memory_bytes), str(limits.cpu_s)]


def in_process(command: Sequence[str], written: bytes, *, wall_s: float, ending: Ending | None = None) -> Ended:
    """Have a process read `written`, and see it through: it is ended when it takes too long or writes too much, and it
    is always waited for. Raises OSError when it cannot be started."""
    process = subprocess.Popen(  # noqa: S603 - our own program, with no argument of anybody's
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
    if ending is not None:
        ending.began(process)
    cut: list[str] = []
    timer = threading.Timer(wall_s, _end, (process, cut, "time"))
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdout:
            # One that has ended, or been ended, reads no more.
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(written)
            output = process.stdout.read(OUTPUT_BYTES_MAX + 1)
        if len(output) > OUTPUT_BYTES_MAX:
            _end(process, cut, "output")
        process.wait()
    finally:
        timer.cancel()
        _end(process, cut, "time")
        status = process.wait()
    return Ended(status=status, output=output, cut=cut[0] if cut else None)


def _end(process: subprocess.Popen[bytes], cut: list[str], why: str) -> None:
    """End a process that goes on, and say why."""
    if process.poll() is None:
        cut.append(why)
        process.kill()


# -- what came of it -------------------------------------------------------------------------------


def _told(told: dict[str, Any]) -> Ran:
    """What the process told, in a form that can be kept."""
    error = told.get("error")
    log = tuple(cleaned(line) for line in told["log"])
    used = told["used"]
    if error is not None:
        found = msgspec.convert(error, ScriptError)
        message = cleaned(found.message[:ERROR_CHARS_MAX])
        return Ran(error=msgspec.structs.replace(found, message=message), log=log, used=used)
    try:
        result, requests = keepable(told["result"]), tuple(keepable(told["requests"]))
    except ValueError as fault:
        return Ran(error=ScriptError("not_json", f"Its result cannot be told: {fault}."), log=log, used=used)
    for name, value, most in (("result", result, RESULT_BYTES_MAX), ("requests", requests, REQUESTS_BYTES_MAX)):
        if len(msgspec.json.encode(value)) > most:
            too_much = ScriptError("too_much_output", f"Its {name} may have {most // 1024} KiB.")
            return Ran(error=too_much, log=log, used=used)
    return Ran(result=result, log=log, requests=requests, used=used)


def _ended_early(ended: Ended, limits: Limits) -> Ran:
    """A process that has told nothing: what ended it."""
    said = ended.output[-4000:].decode("utf-8", "replace")
    if ended.cut == "output":
        return _failed("too_much_output", "It writes more than a script may.")
    if ended.cut == "time":
        return _failed("out_of_time", f"It was not done within {limits.wall_s:g} s.", passing=True)
    if ended.status in (-signal.SIGXCPU, -signal.SIGKILL) and "memory" not in said:
        return _failed("out_of_time", f"It takes more than {limits.cpu_s} s of processor time.")
    if "memory" in said.lower():
        mib = limits.memory_bytes // 1024 // 1024
        return _failed("out_of_memory", f"It needs more than the {mib} MiB that a script may have.")
    return _failed("crashed", "It brought its process down, as what is nested very deeply does.")


def _failed(code: str, message: str, *, passing: bool = False) -> Ran:
    return Ran(error=ScriptError(code, message, passing=passing))
