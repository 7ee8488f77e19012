"""The confined process: one script, read from standard input and run; what came of it, written to standard output.

It is started as a plain file with an interpreter that reads no environment and no site packages, and imports nothing of
Wayline's: what it has to know is told to it. Before it reads the script it takes away from itself what a script has no
use for: memory beyond a bound, processor time, open files, files to write, processes to start. The language has no way
out to begin with; this is for the day that somebody finds one.

In: {mode: run|check, text, params, known, functions, limits}. Out: {result, log, requests, used}, or the same with an
`error` {code, message, line?, column?} in place of the result.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any

FILE_NAME = "script"
TICK_STEPS = 1000
"""How many steps the interpreter takes between two looks at whether to go on."""
_PLACE = re.compile(rf"^ *--> {FILE_NAME}:(\d+):(\d+)", re.MULTILINE)
_SAID = re.compile(r"^error: (.*)$", re.MULTILINE)
_CODES = (
    ("Starlark call stack overflow", "too_deep", "Its functions call each other too deeply."),
    ("`load` is not allowed", "not_allowed", "A script cannot load anything."),
    ("Variable `", "unknown_name", None),
    ("Parse error: ", "syntax", None),
)


class Asked(Exception):
    """What the script has asked for cannot be taken as a request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def main() -> None:
    """Confine this process, run what is asked, and say what came of it."""
    sys.path.insert(0, sys.argv[1])
    import starlark

    sys.path.clear()
    _confine(memory_bytes=int(sys.argv[2]), cpu_s=int(sys.argv[3]))
    asked = json.loads(sys.stdin.buffer.read())
    told = Script(starlark, asked).told()
    sys.stdout.buffer.write(json.dumps(told).encode())
    sys.stdout.buffer.flush()


def _confine(*, memory_bytes: int, cpu_s: int) -> None:
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


class Script:
    """One script, with what it has asked for so far."""

    def __init__(self, starlark: Any, asked: Mapping[str, Any]) -> None:
        self._starlark = starlark
        self._text: str = asked["text"]
        self._is_check = asked["mode"] == "check"
        self._params: dict[str, Any] = asked.get("params", {})
        self._known: list[str] = asked.get("known", [])
        self._functions: dict[str, Any] = asked.get("functions", {})
        self._limits: dict[str, int] = asked["limits"]
        self._requests: list[dict[str, Any]] = []
        self._log: list[str] = []
        self._log_chars = 0
        self._ticks = 0
        self._refused: Asked | None = None

    def told(self) -> dict[str, Any]:
        """Run it, and what came of it."""
        told: dict[str, Any] = {}
        try:
            told["result"] = self._evaluate()
        except self._starlark.StarlarkError as error:
            told["error"] = self._error(str(error))
        except ValueError:
            told["error"] = {"code": "not_json", "message": "Its result cannot be told: a number in it is too long."}
        except MemoryError:
            told["error"] = {"code": "out_of_memory", "message": "It needs more memory than a script may have."}
        return {**told, "log": self._log, "requests": self._requests, "used": self._used()}

    def _evaluate(self) -> Any:
        starlark = self._starlark
        dialect = starlark.Dialect.extended()
        dialect.enable_load = dialect.enable_load_reexport = False
        dialect.enable_top_level_stmt = dialect.enable_f_strings = dialect.enable_keyword_only_arguments = True
        tree = starlark.parse(FILE_NAME, self._text, dialect)
        if self._is_check:
            return None
        more = starlark.LibraryExtension
        names = starlark.Globals.extended_by([more.StructType, more.Json, more.Map, more.Filter])
        module = starlark.Module()
        module.add_callable("param", self._param)
        module.add_callable("print", self._keep_line)
        module.add_callable("_log", self._keep_line)
        for name in self._functions:
            module.add_callable(f"_{name}", self._asking(name))
        members = ", ".join(f"{name} = _{name}" for name in (*self._functions, "log"))
        starlark.eval(module, starlark.parse("desk", f"core = struct({members})", dialect), names)
        options = starlark.EvalOptions(
            check_cancelled=self._has_taken_enough, max_callstack_size=self._limits["call_depth"]
        )
        starlark.eval_with(options, module, tree, names)
        return module["result"]

    def _has_taken_enough(self) -> bool:
        self._ticks += 1
        return self._ticks * TICK_STEPS > self._limits["steps"]

    # -- what a script may call ------------------------------------------------------------------

    def _param(self, name: Any) -> Any:
        if name not in self._known:
            raise self._refuse("unknown_parameter", f"There is no parameter {name}; there are {_listed(self._known)}.")
        return self._params.get(name)

    def _keep_line(self, *words: Any) -> None:
        if len(self._log) >= self._limits["log_lines"]:
            raise self._refuse("too_much_output", f"A script logs at most {self._limits['log_lines']} lines.")
        line = " ".join(word if isinstance(word, str) else json.dumps(word) for word in words)
        line = line[: self._limits["log_line_chars"]]
        self._log_chars += len(line)
        if self._log_chars > self._limits["log_chars"]:
            raise self._refuse("too_much_output", f"A script logs at most {self._limits['log_chars']:,} characters.")
        self._log.append(line)

    def _asking(self, name: str) -> Callable[..., Any]:
        function = self._functions[name]

        def ask(*given: Any, **named: Any) -> str | None:
            if len(self._requests) >= self._limits["requests"]:
                raise self._refuse("too_many_requests", f"A script asks for at most {self._limits['requests']} things.")
            arguments = dict(zip(function["arguments"], given, strict=False))
            twice = sorted(arguments.keys() & named.keys())
            fault = (
                f"it takes {len(function['arguments'])} arguments at most"
                if len(given) > len(function["arguments"])
                else f"{twice[0]} is given twice"
                if twice
                else fault_of(function, {**arguments, **named})
            )
            if fault is not None:
                raise self._refuse("bad_request", f"core.{name}: {fault}.")
            self._requests.append({"do": name, "with": {**arguments, **named}})
            return handle_of(len(self._requests)) if name == "create_ticket" else None

        return ask

    def _refuse(self, code: str, message: str) -> Asked:
        self._refused = Asked(code, message)
        return self._refused

    # -- what went wrong -------------------------------------------------------------------------

    def _error(self, said: str) -> dict[str, Any]:
        place = _PLACE.search(said)
        where = {"line": int(place[1]), "column": int(place[2])} if place is not None else {}
        if self._refused is not None:
            return {"code": self._refused.code, "message": self._refused.message, **where}
        if self._ticks * TICK_STEPS > self._limits["steps"]:
            message = f"It takes more than {self._limits['steps']:,} steps."
            return {"code": "too_many_steps", "message": message, **where}
        found = _SAID.search(said)
        if found is None:
            return {"code": "not_json", "message": f"Its result cannot be told: {said.splitlines()[0]}.", **where}
        for sign, code, own in _CODES:
            if found[1].startswith(sign):
                return {"code": code, "message": own or found[1].removeprefix("Parse error: "), **where}
        return {"code": "failed", "message": found[1].removeprefix("fail: "), **where}

    def _used(self) -> dict[str, int]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {"steps": self._ticks * TICK_STEPS, "cpu_ms": round((used.ru_utime + used.ru_stime) * 1000)}


def handle_of(place: int) -> str:
    """What the ticket is called that the request in this place (from 1) will open."""
    return f"asked:{place}"


def fault_of(function: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with the arguments of a call, None when nothing is: `function` is {arguments: {name: kind},
    needed: [name]}. An argument that is None counts as left out."""
    for name, value in arguments.items():
        if name not in function["arguments"]:
            return f"it has no argument {name}; there are {_listed(function['arguments'])}"
        if value is not None and not _KINDS[function["arguments"][name]][0](value):
            return f"{name} is {_KINDS[function['arguments'][name]][1]}"
    missing = [name for name in function["needed"] if arguments.get(name) in (None, "")]
    return f"{missing[0]} is needed" if missing else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": (_is_text, "a text"),
    "ticket": (_is_text, "a text: a ticket's id or number"),
    "people": (lambda value: _is_text(value) or (_are_texts(value) and bool(value)), "a text, or a list of texts"),
    "texts": (_are_texts, "a list of texts"),
    "object": (lambda value: isinstance(value, dict), "an object"),
}


def _listed(names: Any) -> str:
    return ", ".join(names)


if __name__ == "__main__":
    main()
