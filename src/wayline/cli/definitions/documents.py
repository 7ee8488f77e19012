"""The documents in files that people wrote: which there are, and which kind of thing each defines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from wayline.cli.definition_file import ENDINGS, DefinitionUnreadable, read_definitions

Kind = Literal["template", "rule", "script", "test"]


class Document(msgspec.Struct, frozen=True):
    """One document of a file: the `place`th of `of`. `unreadable` says why a file could not be read; then it stands for
    the whole file and has no content."""

    file: Path
    content: Any
    place: int = 1
    of: int = 1
    unreadable: str | None = None

    @property
    def label(self) -> str:
        """The file, and which document of it when there are several: `rules.yaml#2`."""
        return str(self.file) if self.of == 1 else f"{self.file}#{self.place}"

    @property
    def kind(self) -> Kind:
        """What it defines: tests have `cases`, rules an `action` or `actions`, scripts a `text`; none has steps,
        the rest is a template."""
        written = self.content
        if isinstance(written, Mapping) and "steps" not in written:
            if "cases" in written:
                return "test"
            if "action" in written or "actions" in written:
                return "rule"
            if "text" in written:
                return "script"
        return "template"

    @property
    def name(self) -> str:
        """What the definition calls itself; empty when it does not say."""
        written = self.content.get("name") if isinstance(self.content, Mapping) else None
        return written.strip() if isinstance(written, str) else ""


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files, each once. What is named as a file is taken as it is, that it may be missed; in folders, what ends
    like a definition."""
    return list(dict.fromkeys(_files(paths)))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in ENDINGS and inner.is_file())
        else:
            yield path


def documents_of(file: Path) -> list[Document]:
    """Every document of the file; one that says why, when it cannot be read."""
    try:
        found = read_definitions(file)
    except DefinitionUnreadable as wrong:
        return [Document(file=file, content=None, unreadable=str(wrong))]
    return [Document(file=file, content=content, place=place, of=len(found)) for place, content in enumerate(found, 1)]
