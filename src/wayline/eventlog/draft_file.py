"""Writes a drafted template as a YAML file that people like to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wayline.core.yaml_writing import write_yaml
from wayline.eventlog.discovery import Notes

_SHOWN: Final = 20


def to_yaml(definition: Mapping[str, Any], notes: Notes | None = None) -> str:
    """The definition as YAML, which reads back as the same value, below `notes` as comments."""
    head = "".join(f"# {_one_line(line)}\n" for line in _headlines(notes)) if notes else ""
    return "\n".join(part for part in (head, write_yaml(definition)) if part)


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
