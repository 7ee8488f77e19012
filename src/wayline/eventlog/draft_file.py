"""Writes a drafted template as a YAML file that people like to read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from wayline.eventlog.discovery import Notes

_SHORT: Final = frozenset({"trigger", "assignee", "when", "first_activity"})
"""Mappings under these keys are small and stand on one line; so do the entries of the lists below."""
_SHORT_ENTRIES: Final = frozenset({"branches", "options"})
_SHOWN: Final = 20


class _OneLine(dict[str, Any]):
    """A mapping written as `{label: Closed, next: closed}`."""


class _Writer(yaml.SafeDumper):
    """Safe YAML that indents lists below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.ScalarNode:
    """PyYAML loses line and other separators unless the text is quoted so that they are escaped."""
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Writer.add_representer(str, _text)
_Writer.add_representer(
    _OneLine,
    lambda writer, value: writer.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True),
)


def to_yaml(definition: Mapping[str, Any], notes: Notes | None = None) -> str:
    """The definition as YAML, which reads back as the same value, below `notes` as comments."""
    head = "".join(f"# {_one_line(line)}\n" for line in _headlines(notes)) if notes else ""
    above = {key: value for key, value in definition.items() if key != "steps"}
    steps = [_written({"steps": [step]}).removeprefix("steps:\n") for step in definition.get("steps", ())]
    return "\n".join(part for part in (head, _written(above), *_headed("steps:\n", steps)) if part)


def _headed(heading: str, parts: list[str]) -> list[str]:
    return [heading + parts[0], *parts[1:]] if parts else []


def _written(value: Mapping[str, Any]) -> str:
    return yaml.dump(
        _styled(value), Dumper=_Writer, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=False
    )


def _styled(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        styled = {name: _styled(inner, name) for name, inner in value.items()}
        return _OneLine(styled) if key in _SHORT or key in _SHORT_ENTRIES else styled
    if isinstance(value, list):
        return [_styled(entry, key) for entry in value]
    return value


def _headlines(notes: Notes) -> Iterator[str]:
    counts = notes.counts
    yield "Drafted from an event log; every case of it can be replayed on this template."
    yield (
        f"{counts['cases']:,} cases, {counts['events']:,} events, {len(counts['activities']):,} activities, "
        f"{counts['resources']:,} people,"
    )
    yield (
        f"{counts['variants']:,} variants, {counts['directly_follows']:,} transitions, "
        f"{counts['hand_offs']:,} hand-offs, longest case {counts['longest_case']:,} events."
    )
    yield f"Begins with: {_tally(notes.starts)}"
    yield f"Ends with: {_tally(notes.ends)}"
    yield from notes.warnings[:_SHOWN]


def _tally(often: Mapping[str, int]) -> str:
    shown = ", ".join(f"{name} {number:,}" for name, number in list(often.items())[:_SHOWN])
    return shown + (f" and {len(often) - _SHOWN:,} more" if len(often) > _SHOWN else "")


def _one_line(text: str) -> str:
    """No name in a log may end a comment: whatever YAML could take for a line's end or refuse becomes a blank."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
