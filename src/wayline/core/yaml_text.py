"""YAML as people send it, read into plain JSON values.

As in the YAML 1.2 core schema, `yes`, `on`, `12:30` and `2026-03-02` are texts, so that what is written is what is
meant. It is read event by event, because building nested nodes first lets a small hostile text exhaust the stack or,
by aliases of aliases, the memory.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import yaml

from wayline.core.names import storable

MAX_DEPTH: Final = 200
MAX_VALUES: Final = 500_000
"""Values in one text, each alias counted with everything it stands for."""
MAX_INTEGER_DIGITS: Final = 40
MAX_DOCUMENTS: Final = 1_000
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_NESTING_TAGS = (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
# The C parser is in every wheel, but not in every build of the library.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlUnreadable(ValueError):
    """The text is not YAML, or YAML that says more than JSON can; the message says where."""


def read_yaml(text: str) -> Any:
    """The one document in the text, as JSON has it: keys are texts, an empty text is None. Raises YamlUnreadable."""
    documents = read_yaml_documents(text, most=1)
    return documents[0] if documents else None


def read_yaml_documents(text: str, *, most: int = MAX_DOCUMENTS) -> list[Any]:
    """Every document in the text, at most so many, set apart by `---`. Raises YamlUnreadable."""
    reading = _Reading(most)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reading.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlUnreadable(_at(mark, getattr(error, "problem", None) or str(error))) from error
    except UnicodeError as error:
        raise YamlUnreadable(f"not a text: {error}") from error
    return reading.documents


class _Open:
    """A list or mapping that is not closed yet. `key` is what the next value of a mapping is called."""

    __slots__ = ("anchor", "key", "size", "value")

    def __init__(self, value: Any, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.size = 1


class _Reading:
    def __init__(self, most: int) -> None:
        self.documents: list[Any] = []
        self._most = most
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}

    def take(self, event: Any) -> None:
        """One event of the parser."""
        match event:
            case yaml.DocumentStartEvent():
                if len(self.documents) == self._most:
                    more = "a second document begins" if self._most == 1 else f"more than {self._most} documents"
                    raise YamlUnreadable(_at(event.start_mark, more))
                self.documents.append(None)
                self._anchors = {}
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self._open.pop()
                self._put(done.value, done.size, done.anchor, event)
            case yaml.AliasEvent():
                self._alias(event)

    def _begin(self, event: Any) -> None:
        _refuse_tag(event, _NESTING_TAGS)
        if self._expects_key():
            raise YamlUnreadable(_at(event.start_mark, "a key is a plain text"))
        if len(self._open) == MAX_DEPTH:
            raise YamlUnreadable(_at(event.start_mark, f"nested more than {MAX_DEPTH} levels deep"))
        value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._open.append(_Open(value, event.anchor))

    def _scalar(self, event: Any) -> None:
        if not storable(event.value):
            raise YamlUnreadable(_at(event.start_mark, "characters that no text has"))
        _refuse_tag(event, _TEXT_TAGS)
        if self._expects_key():
            self._name(event)
            return
        is_plain = event.tag is None and event.implicit[0]
        self._put(plain_value(event.value) if is_plain else event.value, 1, event.anchor, event)

    def _name(self, event: Any) -> None:
        if event.value in self._open[-1].value:
            raise YamlUnreadable(_at(event.start_mark, f"{event.value} is written twice"))
        self._open[-1].key = event.value

    def _alias(self, event: Any) -> None:
        if self._expects_key():
            raise YamlUnreadable(_at(event.start_mark, "a key is a plain text"))
        if event.anchor not in self._anchors:
            raise YamlUnreadable(_at(event.start_mark, f"*{event.anchor} stands for nothing that ends before it"))
        value, size = self._anchors[event.anchor]
        self._put(value, size, None, event)

    def _expects_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _put(self, value: Any, size: int, anchor: str | None, event: Any) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._open:
            self.documents[-1] = value
            return
        into = self._open[-1]
        into.size += size
        if into.size > MAX_VALUES:
            raise YamlUnreadable(_at(event.start_mark, f"more than {MAX_VALUES} values"))
        if isinstance(into.value, dict):
            assert into.key is not None
            into.value[into.key] = value
            into.key = None
        else:
            into.value.append(value)


def _refuse_tag(event: Any, known: tuple[str | None, ...]) -> None:
    if event.tag not in known:
        raise YamlUnreadable(_at(event.start_mark, f"the tag {event.tag} means nothing here"))


def plain_value(text: str) -> Any:
    """What a text without quotes stands for."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if len(text) <= MAX_INTEGER_DIGITS and _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _at(mark: Any, problem: str) -> str:
    return problem if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
