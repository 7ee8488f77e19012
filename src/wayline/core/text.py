"""Text with `{{ … }}`: minijinja, for subjects, messages, URLs and bodies that people write into templates and rules.

Choices, all of them for text that is read by people or sent as data:

* A name that is not known, and None, read as nothing at all; `text_names` lets `check` find misspelt ones beforehand.
* Plain text: nothing is escaped. `| escape` and `| tojson` are there for whoever writes HTML or JSON.
* true and false are lower case, a list is its members with commas between, a mapping is JSON, an instant is ISO 8601 in
  UTC; `| date("%d.%m.%Y %H:%M", "Europe/Vienna")` writes it as people do.
* `{% if %}`, `{% for %}` and `{% raw %}` are the only statements. Assignment and macros are what lets a short text grow
  without bound in memory; with them and the few filters that do the same left out, fuel and the limits below hold.
* A template sees read-only views of the scope: it can neither change a value nor call a method of a Python object
  (a dict has `pop`, a datetime has `now`), so rendering is as pure as the rest of the core.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, Sequence, Set, ValuesView
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import minijinja

from wayline.core.names import storable, unkeepable, walk

TEMPLATE_LENGTH_MAX: Final = 50_000
"""Characters in one template."""
OUTPUT_LENGTH_MAX: Final = 1_000_000
"""Characters one template may write."""
FUEL: Final = 20_000
"""Instructions one rendering may take; a turn of a loop takes about five."""
JOINS_MAX: Final = 100
"""`~` and `+` in one template."""
PRODUCTS_MAX: Final = 10
"""`*` in one template; on text it repeats."""
BRACKETS_MAX: Final = 6
"""Brackets within brackets; writing a list as text doubles its quotes at every level."""
VALUE_DEPTH_MAX: Final = 50
"""Levels of lists and mappings `render_value` goes down."""
TEMPLATES_KEPT: Final = 2_048
"""Templates whose examination is remembered, least recently used dropped first."""
DATE_PATTERN_LENGTH_MAX: Final = 100
"""Characters in the pattern of the `date` filter."""

_STATEMENTS: Final = frozenset({"if", "elif", "else", "endif", "for", "endfor", "raw", "endraw"})
_UNBOUNDED_FILTERS: Final = ("format", "indent", "batch", "slice", "pprint", "wordwrap")
_UNBOUNDED_GLOBALS: Final = ("debug", "namespace", "dict", "cycler", "joiner")
_INDEX: Final = re.compile(r"\d{1,9}")


class TextError(ValueError):
    """A template that cannot be read or rendered, in one sentence. `line` counts from 1, None when there is none."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def render(template: str, scope: Mapping[str, Any]) -> str:
    """The text of `template` over `scope`.

    Raises TextError: bad syntax, an unknown filter or function, an operation that does not fit its values, a limit hit,
    a text that cannot be kept.
    """
    if not _has_markup(template):
        return template
    examined = _examined(template)
    try:
        rendered = _engine().render_str(template, **_context(examined.names, scope))
    except _FAULTS as fault:
        raise _text_error(fault) from None
    if len(rendered) > OUTPUT_LENGTH_MAX:
        raise _too_long()
    if not storable(rendered):
        raise TextError("It contains characters that no text has.")
    return rendered


def render_value(value: Any, scope: Mapping[str, Any]) -> Any:
    """`value` with every string in its lists and mappings rendered; keys stay as they are.

    A string that is one `{{ … }}` and nothing else gives the value itself: numbers stay numbers, lists stay lists, what
    is not known gives None. Raises TextError as `render` does.
    """
    return _rendered(value, scope, VALUE_DEPTH_MAX)


def text_names(template: str) -> frozenset[str]:
    """The dotted names a template reads, best effort: `rows` for `rows[0].price`, nothing for what a loop defines.

    A function that does not exist is among them. A template that cannot be read has no names.
    """
    if not _has_markup(template):
        return frozenset()
    try:
        return _examined(template).paths
    except TextError:
        return frozenset()


def text_problem(template: str) -> TextError | None:
    """Why a template can never be rendered (syntax, length, statements that are not allowed), or None.

    Unknown filters show only when rendering gets to them.
    """
    if not _has_markup(template):
        return None
    try:
        _examined(template)
    except TextError as problem:
        return problem
    return None


def texts_in(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str | None]]:
    """Every string in a value with its path; None for what is nested too deep to be rendered."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list | tuple):
        if depth == VALUE_DEPTH_MAX:
            yield path, None
            return
        inside = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in inside:
            yield from texts_in(item, f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}", depth + 1)


def _has_markup(template: str) -> bool:
    return "{{" in template or "{%" in template or "{#" in template


def _rendered(value: Any, scope: Mapping[str, Any], depth: int) -> Any:
    if isinstance(value, str):
        return _rendered_text(value, scope)
    if depth == 0:
        raise TextError(f"The value is nested more than {VALUE_DEPTH_MAX} levels deep.")
    if isinstance(value, Mapping):
        return {key: _rendered(item, scope, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(item, scope, depth - 1) for item in value]
    return value


def _rendered_text(text: str, scope: Mapping[str, Any]) -> Any:
    if not _has_markup(text):
        return text
    examined = _examined(text)
    if examined.path is not None:
        return walk(scope, examined.path)
    if examined.expression is None:
        return render(text, scope)
    try:
        found = _engine().eval_expr(examined.expression, **_context(examined.names, scope))
    except _FAULTS as fault:
        raise _text_error(fault) from None
    if isinstance(found, str) and len(found) > OUTPUT_LENGTH_MAX:
        raise _too_long()
    return _kept(_unwrapped(found))


def _kept(value: Any) -> Any:
    """The value an expression came to; refuses what no database keeps, which `"\\u0000"` and sums may come to."""
    issue = next(unkeepable(value, ""), None)
    if issue is not None:
        raise TextError(issue.message)
    if isinstance(value, float) and not math.isfinite(value):
        raise TextError("It comes to a number without end.")
    return value


# Examination: once for every template, before anything of it runs


class _Examined:
    """What is known of a template without rendering it.

    `names` are the scope's names it reads, `paths` the same with their dots; `expression` is what stands in the one
    `{{ … }}` it consists of; `path` the same when it is names and dots only.
    """

    __slots__ = ("expression", "names", "path", "paths")

    def __init__(self, paths: frozenset[str], expression: str | None, path: tuple[str, ...] | None) -> None:
        self.paths = paths
        self.names = frozenset(path.partition(".")[0] for path in paths)
        self.expression = expression
        self.path = path


_PATH: Final = re.compile(r"[^\W\d]\w*(?:\.\w+)*")
_LITERALS: Final = frozenset({"true", "false", "none", "True", "False", "None"})


@lru_cache(maxsize=TEMPLATES_KEPT)
def _examined(template: str) -> _Examined:
    if len(template) > TEMPLATE_LENGTH_MAX:
        raise TextError(f"The text is longer than {TEMPLATE_LENGTH_MAX} characters.")
    try:
        paths = frozenset(_engine().undeclared_variables_in_str(template, nested=True))
    except _FAULTS as fault:
        raise _text_error(fault) from None
    tags = list(_tags(template))
    _refuse_growth(tags)
    expression = _sole_expression(template, tags)
    sole_path = expression is not None and _PATH.fullmatch(expression) and expression not in _LITERALS
    return _Examined(paths, expression, tuple(expression.split(".")) if sole_path and expression else None)


class _Tag:
    """One `{{ … }}` or `{% … %}`: where it is, what is in it, and its operators and brackets outside quotes."""

    __slots__ = ("body", "deepest", "end", "is_statement", "line", "operators", "start")

    def __init__(self, template: str, start: int) -> None:
        self.start = start
        self.line = template.count("\n", 0, start) + 1
        self.is_statement = template.startswith("{%", start)
        self.operators = ""
        self.deepest = 0
        inside = start + (3 if template[start + 2 : start + 3] in ("-", "+") else 2)
        closing = self._closing(template, inside)
        self.body = template[inside : closing.start() if closing else len(template)].strip()
        self.end = closing.end() if closing else len(template)

    def _closing(self, template: str, at: int) -> re.Match[str] | None:
        """Reads up to the end of the tag, noting operators and brackets on the way."""
        last, depth = "%" if self.is_statement else "}", 0
        while token := _TOKEN.search(template, at):
            found, at = token[0], token.end()
            if found[0] in "\"'":
                continue
            if depth == 0 and len(found) > 1 and found[-2] == last:
                return token
            at = token.start() + 1
            if found[0] in "([{":
                depth += 1
                self.deepest = max(self.deepest, depth)
            elif found[0] in ")]}":
                depth -= 1
            elif found[0] in "~+*":
                self.operators += found[0]
        return None

    @property
    def word(self) -> str:
        return self.body.partition(" ")[0].strip()


_OPENING: Final = re.compile(r"\{\{|\{%|\{#")
_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[-+]?[%}]\}|[~+*()\[\]{}]", re.S)
_ENDRAW: Final = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_ARGUMENT: Final = r"(?:\w+\s*=\s*)?(?:\"[^\"]*\"|'[^']*'|-?[\w.]+|\[\s*\])"
_ARGUMENTS: Final = rf"\(\s*(?:{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*)?\s*\)"
_INDEXED: Final = r"\[\s*(?:-?\w+|\"[^\"]*\"|'[^']*')\s*\]"
_LOOP: Final = re.compile(
    rf"for\s+\w+(?:\s*,\s*\w+)*\s+in\s+\w+(?:\.\w+|{_INDEXED})*(?:{_ARGUMENTS})?"
    rf"(?:\s*\|\s*\w+(?:{_ARGUMENTS})?)*(?:\s+if\s.*)?",
    re.S,
)


def _tags(template: str) -> Iterator[_Tag]:
    """The tags of a template that is known to be well formed; comments and raw text are passed over."""
    at = 0
    while opening := _OPENING.search(template, at):
        if opening[0] == "{#":
            closing = template.find("#}", opening.end())
            at = len(template) if closing < 0 else closing + 2
            continue
        tag = _Tag(template, opening.start())
        yield tag
        at = tag.end
        if tag.is_statement and tag.word == "raw":
            end = _ENDRAW.search(template, at)
            at = len(template) if end is None else end.end()


def _refuse_growth(tags: Sequence[_Tag]) -> None:
    """Refuses what could take memory without bound before fuel or the output limit notice."""
    operators = "".join(tag.operators for tag in tags)
    if operators.count("*") > PRODUCTS_MAX or len(operators) > JOINS_MAX:
        raise TextError(f"The text has more than {PRODUCTS_MAX} products or {JOINS_MAX} joins of values.")
    for tag in tags:
        if tag.deepest > BRACKETS_MAX:
            raise TextError(f"Brackets are nested more than {BRACKETS_MAX} deep.", tag.line)
        if tag.is_statement and tag.word not in _STATEMENTS:
            raise TextError(f"'{tag.word}' is not allowed here: only if, for and raw are.", tag.line)
        if tag.is_statement and tag.word == "for" and not _LOOP.fullmatch(tag.body):
            raise TextError("A loop goes over a name with its filters, such as 'for row in rows | sort'.", tag.line)


def _sole_expression(template: str, tags: Sequence[_Tag]) -> str | None:
    if len(tags) != 1 or tags[0].is_statement:
        return None
    around = template[: tags[0].start] + template[tags[0].end :]
    return None if around.strip() else tags[0].body


# What a template sees: views that cannot change what they show


class _MappingView(Mapping[Any, Any]):
    """Has `get`, `items`, `keys` and `values`, which read only."""

    __slots__ = ("_of",)

    def __init__(self, of: Mapping[Any, Any]) -> None:
        self._of = of

    def __getitem__(self, key: Any) -> Any:
        return _viewed(self._of[key])

    def __contains__(self, key: Any) -> bool:
        return key in self._of

    def __iter__(self) -> Iterator[Any]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __eq__(self, other: object) -> bool:
        return bool(self._of == _unwrapped(other))

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return _printed(self._of)


class _SequenceView:
    """Registered as a sequence, not derived from it, so that no method is there to be called."""

    __slots__ = ("_of",)

    def __init__(self, of: Sequence[Any]) -> None:
        self._of = of

    def __getitem__(self, index: int) -> Any:
        return _viewed(self._of[index])

    def __iter__(self) -> Iterator[Any]:
        return (_viewed(item) for item in self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __eq__(self, other: object) -> bool:
        return bool(self._of == _unwrapped(other))

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return _printed(self._of)


Sequence.register(_SequenceView)


def _context(names: frozenset[str], scope: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _viewed(scope[name]) for name in names if name in scope}


def _viewed(value: Any) -> Any:
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Mapping):
        return _MappingView(value)
    if isinstance(value, list | tuple):
        return _SequenceView(value)
    if isinstance(value, set | frozenset):
        return _SequenceView(sorted(value, key=str))
    return _scalar_text(value)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, _MappingView | _SequenceView):
        return value._of
    if isinstance(value, dict):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_unwrapped(item) for item in value]
    return value


def _printed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Mapping):
        return _json(value)
    if callable(value):
        return ""
    if isinstance(value, Sequence | Set | KeysView | ItemsView | ValuesView) and not isinstance(value, str):
        return ", ".join(_printed(_unwrapped(item)) for item in value)
    return _scalar_text(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        instant = value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return instant.isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(_unwrapped(value), ensure_ascii=False, default=_json_default)


def _json_default(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return _scalar_text(_unwrapped(value)) if not isinstance(value, _MappingView | _SequenceView) else _unwrapped(value)


# The engine: one a thread, because minijinja holds a lock while it calls back into Python


class _Engines(threading.local):
    engine: minijinja.Environment | None = None


_engines = _Engines()
_FAULTS: Final = (
    minijinja.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)


def _engine() -> minijinja.Environment:
    if _engines.engine is None:
        _engines.engine = _new_engine()
    return _engines.engine


def _new_engine() -> minijinja.Environment:
    engine = minijinja.Environment(
        fuel=FUEL,
        debug=False,
        pycompat=False,
        undefined_behavior="chainable",
        keep_trailing_newline=True,
        auto_escape_callback=_never_escape,
        finalizer=_counted,
        filters=_FILTERS,
    )
    for name in _UNBOUNDED_FILTERS:
        engine.remove_filter(name)
    for name in _UNBOUNDED_GLOBALS:
        engine.remove_global(name)
    return engine


def _never_escape(name: str) -> bool:
    return False


@minijinja.pass_state
def _counted(state: Any, value: Any) -> str:
    """Every value on its way to the page: as people read it, and counted, so that a loop stops at the output limit."""
    text = value if type(value) is str else _printed(value)
    written = (state.get_temp("written") or 0) + len(text)
    if written > OUTPUT_LENGTH_MAX:
        raise _too_long()
    state.set_temp("written", written)
    return text


def _bounded(text: str) -> str:
    if len(text) > OUTPUT_LENGTH_MAX:
        raise _too_long()
    return text


def _json_filter(value: Any) -> str:
    return _bounded(_json(value))


def _string(value: Any) -> str:
    return _bounded(_printed(value))


def _join(value: Any, separator: str = "", attribute: str | None = None) -> str:
    parts = [_printed(_part(item, attribute)) for item in (value or ())]
    if sum(map(len, parts)) + len(separator) * len(parts) > OUTPUT_LENGTH_MAX:
        raise _too_long()
    return separator.join(parts)


def _part(item: Any, attribute: str | None) -> Any:
    plain = _unwrapped(item)
    if attribute is None:
        return plain
    return walk(plain, tuple(attribute.split("."))) if isinstance(plain, Mapping) else None


def _replace(value: Any, old: str, new: str) -> str:
    text = _printed(value)
    if len(text) + text.count(old) * len(new) > OUTPUT_LENGTH_MAX:
        raise _too_long()
    return text.replace(old, new)


def _date(value: Any, pattern: str = "%Y-%m-%d", zone: str = "UTC") -> str:
    """An ISO 8601 text (or one that already was an instant) as people write it; nothing stays nothing."""
    if value is None or value == "":
        return ""
    if len(pattern) > DATE_PATTERN_LENGTH_MAX:
        raise TextError(f"The date pattern is longer than {DATE_PATTERN_LENGTH_MAX} characters.")
    try:
        instant = dt.datetime.fromisoformat(str(value))
    except ValueError:
        raise TextError(f"'{str(value)[:40]}' is not a date.") from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    try:
        return instant.astimezone(ZoneInfo(zone)).strftime(pattern)
    except (KeyError, ValueError, OSError):
        raise TextError(f"'{zone[:40]}' is not a time zone.") from None


_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "tojson": _json_filter,
    "join": _join,
    "replace": _replace,
    "string": _string,
    "date": _date,
}


def _too_long() -> TextError:
    return TextError(f"The text would be longer than {OUTPUT_LENGTH_MAX} characters.")


_KINDS: Final = {
    "OutOfFuel": "The text takes too many steps to write.",
    "TemplateNotFound": "A text cannot include another.",
}


def _text_error(fault: Exception) -> TextError:
    if isinstance(fault, TextError):
        return fault
    if isinstance(fault, AttributeError):
        return TextError(f"There is no function '{fault.name}' here.")
    if not isinstance(fault, minijinja.TemplateError):
        return TextError(f"The text cannot be written: {fault}.")
    detail = fault.detail or fault.message.partition(" (in ")[0]
    sentence = _KINDS.get(fault.kind) or f"The text cannot be read: {detail}."
    return TextError(sentence, fault.line)
