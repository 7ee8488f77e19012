"""Definitions as YAML that people like to read, and always the same YAML for the same definition.

What is small stands on one line, what is long has lines of its own, and reading the text gives the same value again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import yaml

from wayline.core.yaml_text import plain_value

ONE_LINE_CHARS: Final = 100
"""A value inside a step or a rule that is no longer than this stays on one line."""
_SEPARATED: Final = "steps"
"""Entries of this list are set apart by blank lines."""


class _OneLine(dict[str, Any]):
    """A mapping written as `{label: Closed, next: closed}`."""


class _OneLineList(list[Any]):
    """A list written as `[dock, monitor]`."""


class _Writer(yaml.SafeDumper):
    """Safe YAML that indents lists below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write_yaml(definition: Mapping[str, Any]) -> str:
    """The definition, of JSON values, as YAML that `read_yaml` reads back as the same value."""
    entries = definition.get(_SEPARATED)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return _written(definition)
    names = list(definition)
    place = names.index(_SEPARATED)
    heading = f"{_SEPARATED}:\n"
    first, *others = (_written({_SEPARATED: [entry]}).removeprefix(heading) for entry in entries)
    around = ({name: definition[name] for name in some} for some in (names[:place], names[place + 1 :]))
    above, below = (_written(part) if part else None for part in around)
    return "\n".join(part for part in (above, heading + first, *others, below) if part is not None)


def _written(definition: Mapping[str, Any]) -> str:
    styled = {name: _steps(value) if name == _SEPARATED else _styled(value) for name, value in definition.items()}
    return yaml.dump(
        styled, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=False
    )


def _steps(value: Any) -> Any:
    """Each step keeps lines of its own, however small it is."""
    if not isinstance(value, list) or not any(isinstance(entry, Mapping) for entry in value):
        return _styled(value)
    return [
        {name: _styled(inner) for name, inner in entry.items()} if isinstance(entry, Mapping) else _styled(entry)
        for entry in value
    ]


def _styled(value: Any) -> Any:
    """A list of mappings has a line for each; anything else is on one line when it fits."""
    if isinstance(value, list) and any(isinstance(entry, Mapping | list) for entry in value):
        return [_styled(entry) for entry in value]
    if isinstance(value, Mapping):
        return _on_one_line(value) if _fits(value) else {name: _styled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return _OneLineList(value) if _fits(value) else value
    return value


def _on_one_line(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _OneLine({name: _on_one_line(inner) for name, inner in value.items()})
    return _OneLineList(_on_one_line(entry) for entry in value) if isinstance(value, list) else value


def _fits(value: Any) -> bool:
    return (_chars(value, ONE_LINE_CHARS) or math.inf) <= ONE_LINE_CHARS


def _chars(value: Any, most: int) -> int | None:
    """About how many characters the value takes on one line; None when a text in it has several, or it is longer than
    `most`, and then the rest is not looked at."""
    if isinstance(value, str):
        return None if "\n" in value else len(value)
    if not isinstance(value, Mapping | list):
        return 5
    total = 2
    for entry in value.items() if isinstance(value, Mapping) else enumerate(value):
        name, inner = entry
        chars = _chars(inner, most - total)
        if chars is None:
            return None
        total += chars + 2 + (len(name) + 2 if isinstance(name, str) else 0)
        if total > most:
            return None
    return total


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    """In the plain style only where every reader of YAML, of 1.1 and of 1.2, takes it for this text.

    PyYAML loses line and other separators unless the text is quoted so that they are escaped, and block texts that
    begin with a blank; blank lines at a block's end would run into those between steps.
    """
    style = None
    if "\n" in text and text.replace("\n", "").isprintable() and text[0] not in " \n" and not text.endswith("\n\n"):
        style = "|"
    elif not text.isprintable():
        style = '"'
    elif not isinstance(plain_value(text), str):
        style = "'"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)
_Writer.add_representer(
    _OneLine,
    lambda writer, value: writer.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True),
)
_Writer.add_representer(
    _OneLineList,
    lambda writer, value: writer.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True),
)
