"""CEL expressions: compiled once, evaluated often, never raising anything but `ExpressionError`.

CEL (https://cel.dev) has no loops without an end, no clock and no I/O, so an expression is as pure as the rest of the
core. Four traps of the engine below are dealt with here and nowhere else:

* evaluation hands an error back as a *value* of type ERROR; `Expression.evaluate` turns every one into an exception;
* it refuses a Python datetime inside a map or list, but takes a protobuf Timestamp, so instants go in as those;
* it converts a whole variable when any part of it is read, so only the paths an expression names are handed to it;
* a cold environment costs thirty milliseconds and each further one some memory, so they are shared between expressions.

Regular expressions (`matches` here and in conditions) are RE2: linear in the subject, without look-around or
back-references. `(?i)` at the front ignores case.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

EXPRESSION_LENGTH_MAX: Final = 10_000
"""Characters in one expression."""
PATTERN_LENGTH_MAX: Final = 1_000
"""Characters in one regular expression."""
EXPRESSIONS_KEPT: Final = 1_024
"""Compiled expressions and patterns kept, least recently used dropped first; about 4 kB each."""
ENVIRONMENTS_KEPT: Final = 128
"""Environments kept, one for each set of names; about 80 kB each."""

_CONTAINER: Final = "scope"

_TYPE_NAMES: Final = frozenset(
    {"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint", "google"}
)
"""Identifiers CEL knows itself. `type` is missing on purpose: a ticket has a type (see `_declared_name`)."""

_NATIVE: Final = frozenset({str, int, float, bool, type(None), bytes})

_Reads = dict[str, Any]
"""Which parts of the scope are read: name → what below it, None for all of it."""


class ExpressionError(ValueError):
    """An expression that cannot be compiled or cannot be evaluated, in one sentence.

    `line` and `column` count from 1 and are None when the fault has no place in the text (every evaluation error).
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Expression:
    """A compiled expression; safe to share between threads. Made by `compile_expression`."""

    __slots__ = ("_program", "_reads", "names", "paths", "text")

    def __init__(self, text: str, program: Any, reads: frozenset[tuple[str, ...]]) -> None:
        self.text = text
        self.paths = frozenset(".".join(path) for path in reads)
        """Dotted paths read, as far as they are written out: `ticket.custom.price`, but `rows` for `rows[0].price`."""
        self.names = frozenset(path[0] for path in reads)
        """The first part of every path: what a scope must hold."""
        self._program = program
        self._reads = _read_tree(reads)

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The expression's value over `scope`, as a plain Python value.

        Scope values are text, numbers, booleans, None, lists, mappings and datetimes (naive ones are UTC; a date is its
        midnight); anything else is read as its text. Raises ExpressionError for names the scope lacks and for every
        evaluation error: a missing key, kinds that do not go together, a division by zero, too many iterations.
        """
        missing = [name for name in self._reads if name not in scope]
        if missing:
            raise ExpressionError(_unknown_names(missing))
        data = {_declared_name(name): _taken(scope[name], below) for name, below in self._reads.items()}
        return _outcome(self._program, data)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


class Pattern:
    """A compiled RE2 regular expression. Made by `compile_pattern`."""

    __slots__ = ("_program", "text")

    def __init__(self, text: str, program: Any) -> None:
        self.text = text
        self._program = program

    def search(self, subject: str) -> bool:
        """Whether the pattern occurs anywhere in `subject`; time is linear in its length."""
        return bool(_outcome(self._program, {"subject": subject}))


@lru_cache(maxsize=EXPRESSIONS_KEPT)
def compile_expression(text: str) -> Expression:
    """The compiled form of a CEL text; the most recent EXPRESSIONS_KEPT are remembered.

    Names may have any type, as nothing is known of them before evaluation; literals and functions are checked at once.
    Raises ExpressionError with line and column for a syntax error, an unknown function, operators that cannot fit.
    """
    if len(text) > EXPRESSION_LENGTH_MAX:
        raise ExpressionError(f"The expression is longer than {EXPRESSION_LENGTH_MAX} characters.")
    parsed = _compiled(_environment(frozenset()), text, disable_check=True)
    reads = frozenset(path for path in _paths_of(parsed.serialize()) if path[0] not in _TYPE_NAMES)
    names = frozenset(path[0] for path in reads)
    return Expression(text, _compiled(_environment(names), text, disable_check=False), reads)


@lru_cache(maxsize=EXPRESSIONS_KEPT)
def compile_pattern(text: str) -> Pattern:
    """The compiled form of an RE2 pattern. Raises ExpressionError when it is malformed or too long."""
    if len(text) > PATTERN_LENGTH_MAX:
        raise ExpressionError(f"The pattern is longer than {PATTERN_LENGTH_MAX} characters.")
    literal = json.dumps(text, ensure_ascii=False)
    pattern = Pattern(text, _compiled(_environment(frozenset({"subject"})), f"subject.matches({literal})", False))
    pattern.search("")
    return pattern


def _declared_name(name: str) -> str:
    """CEL declares `type` itself, and a ticket has one too: in the container the ticket's is found first."""
    return f"{_CONTAINER}.type" if name == "type" else name


@lru_cache(maxsize=ENVIRONMENTS_KEPT)
def _environment(names: frozenset[str]) -> Any:
    variables = {_declared_name(name): cel.Type.DYN for name in sorted(names)}
    return cel.NewEnv(variables=variables, container=_CONTAINER)


def _compiled(environment: Any, text: str, disable_check: bool) -> Any:
    try:
        return environment.compile(text, disable_check=disable_check)
    except (RuntimeError, TypeError) as fault:
        raise _compile_error(str(fault)) from None


def _outcome(program: Any, data: dict[str, Any]) -> Any:
    try:
        value = program.eval(data=data)
        found = value.value() if value.type() == cel.Type.ERROR else value.plain_value()
    except (RuntimeError, TypeError, ValueError, OverflowError) as fault:
        raise ExpressionError(_evaluation_sentence(str(fault))) from None
    if value.type() == cel.Type.ERROR:
        raise ExpressionError(_evaluation_sentence(str(found)))
    return _plain(found)


# What goes in and what comes out


def _read_tree(paths: Iterable[tuple[str, ...]]) -> _Reads:
    """Paths as a tree; a path that is read whole swallows those below it."""
    tree: _Reads = {}
    for path in sorted(paths):
        branch = tree
        *above, last = path
        for part in above:
            below = branch.setdefault(part, {})
            if below is None:
                break
            branch = below
        else:
            branch[last] = None
    return tree


def _taken(value: Any, reads: _Reads | None) -> Any:
    if reads is None or not isinstance(value, Mapping):
        return _cel_value(value)
    return {key: _taken(value[key], below) for key, below in reads.items() if key in value}


def _cel_value(value: Any) -> Any:
    if type(value) in _NATIVE:
        return value
    if isinstance(value, Mapping):
        return {str(key): _cel_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cel_value(item) for item in value]
    if isinstance(value, dt.datetime):
        return _timestamp(value)
    if isinstance(value, dt.date):
        return _timestamp(dt.datetime(value.year, value.month, value.day))
    if isinstance(value, dt.timedelta):
        duration = Duration()
        duration.FromTimedelta(value)
        return duration
    return str(value)


def _timestamp(instant: dt.datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(instant)
    return timestamp


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, cel.Type):
        return value.name()
    return value


# Errors as sentences

_PLACE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.+)")
_STATUS: Final = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_NO_OVERLOAD: Final = re.compile(r"No matching overloads found : ([^(]+)(?:\((.*)\))?")
_CHECKED_OVERLOAD: Final = re.compile(r"found no matching overload for '([^']+)' applied to '\((.*)\)'")
_OPERATOR: Final = re.compile(r"^_?(?:([^\w\s]+)|@(in))_?$")
_MISSING_KEY: Final = re.compile(r'Key not found in map : "?(.*?)"?$')
_KIND_WORDS: Final = {
    "a whole number": ("int", "int64", "uint", "uint64"),
    "a decimal number": ("double",),
    "text": ("string",),
    "true/false": ("bool",),
    "nothing": ("null", "null_type"),
    "a list": ("list",),
    "a map": ("map",),
    "an instant": ("timestamp", "google.protobuf.Timestamp"),
    "a duration": ("duration", "google.protobuf.Duration"),
    "a value": ("dyn",),
}
_WORDS: Final = {kind: words for words, kinds in _KIND_WORDS.items() for kind in kinds}


def _compile_error(raw: str) -> ExpressionError:
    place = _PLACE.search(raw)
    if place is None:
        if "incompatible function arguments" in raw:
            return ExpressionError("The expression holds a character that is not valid text.")
        if "recursion limit" in raw:
            return ExpressionError("The expression is nested too deeply.")
        return ExpressionError(f"The expression is not valid: {_bare(raw)}.")
    line, column, detail = int(place[1]), int(place[2]), _bare(place[3])
    if line < 1:
        return ExpressionError("The expression is nested too deeply.")
    return ExpressionError(_compile_sentence(detail), line, column)


def _compile_sentence(detail: str) -> str:
    if "'<EOF>'" in detail and "mismatched" in detail:
        return "The expression ends too early."
    if function := re.match(r"undeclared reference to '([^']+)'", detail):
        return f"There is no function '{function[1]}'."
    if overload := _CHECKED_OVERLOAD.search(detail):
        return _does_not_fit(overload[1], overload[2])
    return f"The expression is not valid: {detail.partition(' expecting ')[0].removeprefix('Syntax error: ')}."


def _evaluation_sentence(raw: str) -> str:
    bare = _bare(raw)
    if overload := _NO_OVERLOAD.search(bare):
        return _does_not_fit(overload[1].strip(), overload[2] or "")
    if key := _MISSING_KEY.search(bare):
        return f"There is no '{key[1]}' to read."
    if "non-message type" in bare:
        return "The expression reads a part of something that has no parts."
    if "invalid regular expression: " in bare:
        return f"The pattern is not valid: {bare.partition('invalid regular expression: ')[2]}."
    if "Iteration budget" in bare:
        return "The expression takes too many iterations."
    return f"The expression cannot be evaluated: {bare}."


def _does_not_fit(function: str, kinds: str) -> str:
    if function == "<jump_condition>":
        return "What stands before '?' is not true or false."
    operator = _OPERATOR.match(function)
    name = (operator[1] or operator[2]) if operator else function
    if not kinds and name == "in":
        return "'in' looks into lists and maps only."
    if not kinds:
        return f"'{name}' works on true and false only."
    words = [_WORDS.get(kind, kind) for kind in re.split(r",\s*", kinds)]
    return f"'{name}' does not work on {' and '.join(words)}."


def _unknown_names(missing: list[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in sorted(missing))
    return f"The expression uses {listed}, which {'is' if len(missing) == 1 else 'are'} not known here."


def _bare(raw: str) -> str:
    return _STATUS.sub("", raw.strip().partition("\n")[0]).strip().rstrip(".")


# Names, read off the syntax tree. The engine shows its tree only in serialised form (the wire format of
# cel.expr.ParsedExpr, field numbers in cel/expr/syntax.proto of the CEL specification), so that is what is walked.

_IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 4, 5, 6, 7, 8, 9


def _paths_of(serialised: bytes) -> Iterator[tuple[str, ...]]:
    parsed = _message(serialised, 2)
    yield from _paths(_message(parsed, 2), frozenset())


def _paths(expr: bytes, bound: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """Every path read in `expr`, except those that begin with a name bound by a comprehension around it."""
    for number, content in _fields(expr):
        if not isinstance(content, bytes):
            continue
        if number == _IDENT:
            name = _message(content, 1).decode()
            if name not in bound:
                yield (name.removeprefix("."),)
        elif number == _SELECT:
            yield from _select_paths(content, bound)
        elif number == _CALL:
            yield from _child_paths(content, (1, 3), bound)
        elif number == _LIST:
            yield from _child_paths(content, (1,), bound)
        elif number == _STRUCT:
            for entry in _messages(content, 2):
                yield from _child_paths(entry, (3, 4), bound)
        elif number == _COMPREHENSION:
            yield from _child_paths(content, (2, 4), bound)
            inner = bound | {_message(content, which).decode() for which in (1, 3, 8)}
            yield from _child_paths(content, (5, 6, 7), inner)


def _select_paths(select: bytes, bound: frozenset[str]) -> Iterator[tuple[str, ...]]:
    operand, fields = _message(select, 1), [_message(select, 2).decode()]
    while below := _message(operand, _SELECT):
        operand = _message(below, 1)
        fields.append(_message(below, 2).decode())
    if ident := _message(operand, _IDENT):
        name = _message(ident, 1).decode()
        if name not in bound:
            yield (name.removeprefix("."), *reversed(fields))
    else:
        yield from _paths(operand, bound)


def _child_paths(node: bytes, numbers: tuple[int, ...], bound: frozenset[str]) -> Iterator[tuple[str, ...]]:
    for number, content in _fields(node):
        if number in numbers and isinstance(content, bytes):
            yield from _paths(content, bound)


def _message(data: bytes, number: int) -> bytes:
    return next(_messages(data, number), b"")


def _messages(data: bytes, number: int) -> Iterator[bytes]:
    return (content for found, content in _fields(data) if found == number and isinstance(content, bytes))


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            number, at = _varint(data, at)
            yield tag >> 3, number
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = 8 if wire == 1 else 4
        yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
