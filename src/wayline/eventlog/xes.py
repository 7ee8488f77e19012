"""Reads XES (IEEE 1849) logs as a stream: never more than one case in memory.

Expat is driven directly: it tells the byte at which it stands, which error places need, and it is several times faster
than building elements to throw them away. Against hostile files any document type is refused before a single
declaration of it is read, so there are no entities to expand and nothing external to fetch; depth, attributes, events
and the length of one tag are bounded.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from xml.parsers import expat

from wayline.eventlog.event import MAX_EVENTS_PER_CASE, MAX_NAME_CHARS, Case, Event, EventLogError
from wayline.eventlog.source import PIECE_BYTES, Source
from wayline.eventlog.stamps import StampStyle, iso_utc, read_stamp

MAX_DEPTH: Final = 64
MAX_ATTRIBUTES: Final = 10_000
"""Per event, case, list or log."""
MAX_TAG_BYTES: Final = 4 * 1024 * 1024
"""Longest single tag, attribute values included: expat keeps an unfinished one in memory."""

PLACEHOLDER: Final = "__INVALID__"
"""What OpenXES declares as the global default of an attribute that has none."""

_TYPES: Final = frozenset({"string", "date", "int", "float", "boolean", "id", "list", "container"})
_MAX_TAGS_REMEMBERED: Final = 1_000
_WRONG_ENCODING: Final = frozenset({18, 19})
_ENDS_EARLY: Final = frozenset({3, 5, 6, 20})
_INVALID_TOKEN: Final = 4
_UNBOUND_PREFIX: Final = 27
"""The five above: expat.h, `enum XML_Error`."""


@dataclass(slots=True)
class _Attribute:
    """An attribute whose element is still open; `inner` collects the ones inside it."""

    type: str
    key: str
    text: str | None
    inner: list[tuple[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An event whose case may not have told its id yet."""

    activity: str
    at: Any
    who: str | None
    attributes: dict[str, Any]


class XesReader:
    """Cases out of one XES source.

    `keys` maps each role to an attribute key (`columns.xes_keys`). `encoding` overrides what the file declares; bytes
    in error places are then counted in the log's UTF-8 form. Attributes that the log declares global fill the gaps of
    events and cases that lack them, save for the time and the case's id: a default is no observation.
    """

    def __init__(self, source: Source, keys: Mapping[str, str], style: StampStyle, encoding: str | None = None) -> None:
        self._source = source
        self._case_key, self._activity_key = keys["case"], keys["activity"]
        self._at_key, self._who_key = keys["at"], keys["who"]
        self._style = style
        self._encoding = encoding
        self._parser = self._guarded_parser()
        self._fed_bytes = 0

        self._tags: dict[str, str] = {}
        self._depth = 0
        self._ignored_depth = 0
        self._open: list[_Attribute] = []

        self._log: dict[str, Any] = {}
        self._defaults: dict[str, dict[str, Any]] = {"event": {}, "trace": {}}
        self._global: tuple[str, dict[str, Any]] | None = None
        self._trace: dict[str, Any] | None = None
        self._event: dict[str, Any] | None = None
        self._event_byte = 0
        self._drafts: list[_Draft] = []
        self._position = 0
        self._whole: list[tuple[str, dict[str, Any], tuple[Event, ...], int]] = []

    def cases(self) -> Iterator[Case]:
        """The cases in the order of the file; EventLogError comes after the last whole case before the fault."""
        for fault in self._steps():
            for id_, attributes, events, position in self._whole:
                yield Case(id_, attributes, events, position, self._source.bytes_read)
            self._whole.clear()
            if fault is not None:
                raise fault

    def log_name(self) -> str | None:
        """The name the log gives itself, reading no further than its first case; None when it gives none."""
        for fault in self._steps():
            if fault is not None:
                raise fault
            if self._position:
                break
        name = self._log.get("concept:name")
        return name if isinstance(name, str) and name.strip() and name != PLACEHOLDER else None

    # -- from bytes to elements

    def _guarded_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8" if self._encoding else None, namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.EntityDeclHandler = self._refuse_doctype
        parser.ExternalEntityRefHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        return parser

    def _refuse_doctype(self, *_: object) -> NoReturn:
        self._refuse("doctype_refused", "document types and entities are refused: a log needs none, an attack does")

    def _steps(self) -> Iterator[EventLogError | None]:
        """Parses piece by piece: None after each, or the fault that ends it."""
        try:
            for piece in self._pieces():
                self._feed(piece, final=False)
                yield None
            self._feed(b"", final=True)
        except EventLogError as fault:
            yield fault
        else:
            yield None

    def _pieces(self) -> Iterator[bytes]:
        try:
            yield from self._source.pieces() if self._encoding is None else self._in_utf8(self._encoding)
        except EventLogError as fault:
            if fault.code not in ("cut_short", "corrupt_gzip", "unreadable"):
                raise
            raise EventLogError(fault.code, fault.message, self._place(self._source.unpacked_bytes)) from fault

    def _in_utf8(self, encoding: str) -> Iterator[bytes]:
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            for piece in self._source.pieces():
                yield decoder.decode(piece).encode()
            yield decoder.decode(b"", final=True).encode()
        except LookupError:
            self._refuse("unknown_encoding", f"no encoding is called {encoding!r}")
        except UnicodeError as wrong:
            self._refuse("wrong_encoding", f"it is not written in {encoding}: {wrong}")

    def _feed(self, piece: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(piece, final)
        except expat.ExpatError as wrong:
            self._malformed(wrong, piece)
        except (LookupError, ValueError) as unknown:
            if self._depth:
                raise  # not about the declaration on top, so a fault of ours
            self._refuse("unknown_encoding", f"the encoding it declares cannot be read ({unknown}); name one")
        self._fed_bytes += len(piece)
        if self._fed_bytes - self._parser.CurrentByteIndex > MAX_TAG_BYTES + PIECE_BYTES:
            self._refuse("too_long", f"one tag is longer than {MAX_TAG_BYTES:,} bytes")

    def _malformed(self, wrong: expat.ExpatError, piece: bytes) -> NoReturn:
        index = max(self._parser.ErrorByteIndex, 0)
        byte = piece[index - self._fed_bytes] if 0 <= index - self._fed_bytes < len(piece) else 0
        if wrong.code in _WRONG_ENCODING:
            code, message = "wrong_encoding", "it is not written in the encoding it declares"
        elif wrong.code == _INVALID_TOKEN and byte >= 0x80:
            code, message = "wrong_encoding", f"byte {byte:#04x} does not belong to the encoding it declares; name one"
        elif wrong.code == _UNBOUND_PREFIX:
            code, message = "undeclared_namespace", "a namespace prefix is used that is not declared"
        elif wrong.code in _ENDS_EARLY and not piece:
            code, message = "cut_short", "the file ends in the middle of the log"
        else:
            code, message = "malformed_xml", f"it is not well-formed XML: {expat.ErrorString(wrong.code)}"
        raise EventLogError(code, message, self._place(index)) from wrong

    # -- from elements to cases

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("too_deep", f"elements are nested deeper than {MAX_DEPTH}")
        if self._ignored_depth:
            return
        tag = self._tags.get(name) or self._local(name)
        if tag in _TYPES:
            self._open.append(_Attribute(tag, attributes.get("key", ""), attributes.get("value")))
        elif tag == "event":
            self._start_event()
        elif tag == "trace":
            self._start_trace()
        elif tag == "global" and self._depth == 2:
            self._global = (attributes.get("scope", "event"), {})
        elif tag == "log" or self._depth == 1:
            self._start_log(tag)
        elif tag != "values":  # the wrapper of a list's values says nothing itself
            self._ignored_depth = self._depth

    def _end(self, name: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._ignored_depth:
            if depth == self._ignored_depth:
                self._ignored_depth = 0
            return
        tag = self._tags.get(name) or self._local(name)
        if tag in _TYPES:
            self._end_attribute(self._open.pop())
        elif tag == "event":
            self._end_event()
        elif tag == "trace":
            self._end_trace()
        elif tag == "global":
            self._end_global()

    def _local(self, name: str) -> str:
        """The name without its namespace: logs are written with the standard's, with others and with none."""
        tag = name.rpartition(" ")[2]
        if len(self._tags) < _MAX_TAGS_REMEMBERED:
            self._tags[name] = tag
        return tag

    def _start_log(self, tag: str) -> None:
        if tag != "log" or self._depth != 1:
            self._refuse("not_xes", f"<{tag}> stands where the <log> of an XES file should be the outermost element")

    def _start_trace(self) -> None:
        if self._depth != 2:
            self._refuse("not_xes", "a <trace> stands somewhere else than directly inside <log>")
        self._trace = {}
        self._drafts = []
        self._position += 1

    def _start_event(self) -> None:
        if self._trace is None or self._depth != 3:
            self._refuse("event_outside_case", "an <event> stands somewhere else than directly inside a <trace>")
        self._event = {}
        self._event_byte = self._parser.CurrentByteIndex

    def _end_global(self) -> None:
        assert self._global is not None
        scope, values = self._global
        if scope in self._defaults:
            self._defaults[scope].update({key: value for key, value in values.items() if value != PLACEHOLDER})
        self._global = None

    def _end_attribute(self, attribute: _Attribute) -> None:
        entries = self._entries(attribute)
        if self._open:
            parent = self._open[-1]
            parent.inner.extend(entries[:1] if parent.type in ("list", "container") else entries)
            self._bounded(len(parent.inner))
            return
        if not attribute.key:
            self._refuse("not_xes", f"a <{attribute.type}> has no key")
        owner = self._owner()
        owner.update(entries)
        self._bounded(len(owner))

    def _entries(self, attribute: _Attribute) -> list[tuple[str, Any]]:
        """The attribute's own value first, then what is nested in it under `key.inner`; nothing if it has no value."""
        if attribute.type == "list":
            return [(attribute.key, [value for _, value in attribute.inner])]
        if attribute.type == "container":
            return [(attribute.key, dict(attribute.inner))]
        nested = [(f"{attribute.key}.{key}", value) for key, value in attribute.inner]
        if attribute.text is None:
            return nested
        return [(attribute.key, self._plain(attribute, attribute.text)), *nested]

    def _plain(self, attribute: _Attribute, text: str) -> Any:
        """The value its type promises; the text itself where it breaks the promise, for no count hangs on it."""
        if attribute.type in ("string", "id") or attribute.key == self._at_key:
            return text
        try:
            if attribute.type == "date":
                return iso_utc(read_stamp(text, self._style))
            if attribute.type == "int":
                return int(text)
            if attribute.type == "float":
                return float(text) if math.isfinite(float(text)) else text
        except ValueError:
            return text
        return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)

    def _owner(self) -> dict[str, Any]:
        if self._event is not None:
            return self._event
        if self._trace is not None:
            return self._trace
        return self._log if self._global is None else self._global[1]

    def _bounded(self, attributes: int) -> None:
        if attributes > MAX_ATTRIBUTES:
            self._refuse("too_many_attributes", f"there are more than {MAX_ATTRIBUTES:,} attributes in one place")

    def _end_event(self) -> None:
        assert self._event is not None
        if len(self._drafts) >= MAX_EVENTS_PER_CASE:
            self._refuse("case_too_long", f"the case has more than {MAX_EVENTS_PER_CASE:,} events")
        attributes = self._event
        stamp = attributes.pop(self._at_key, None)
        for key, value in self._defaults["event"].items():
            if key != self._at_key:
                attributes.setdefault(key, value)
        activity = self._name("activity", attributes.pop(self._activity_key, None))
        who = self._name("who", attributes.pop(self._who_key, None))
        at = self._instant(stamp)
        if activity is None:
            self._refuse("missing_activity", f"the event has no {self._activity_key!r}; name another: activity=<key>")
        self._drafts.append(_Draft(activity, at, who, attributes))
        self._event = None

    def _instant(self, stamp: Any) -> Any:
        if stamp is None or not str(stamp).strip():
            self._refuse("missing_time", f"the event has no {self._at_key!r}; name another: at=<key>")
        try:
            return read_stamp(str(stamp), self._style)
        except ValueError as unreadable:
            self._refuse("bad_time", f"{str(stamp)[:100]!r} is not read as a time: {unreadable}")

    def _name(self, role: str, value: Any) -> str | None:
        text = "" if value is None else str(value)
        if len(text) > MAX_NAME_CHARS:
            self._refuse("too_long", f"its {role} has more than {MAX_NAME_CHARS:,} characters")
        return text if text.strip() else None

    def _end_trace(self) -> None:
        assert self._trace is not None
        attributes = self._trace
        id_ = self._name("case", attributes.pop(self._case_key, None))
        if id_ is None:
            self._refuse("missing_case", f"the case has no {self._case_key!r}; name another: case=<key>")
        for key, value in self._defaults["trace"].items():
            if key != self._case_key:
                attributes.setdefault(key, value)
        events = tuple(Event(id_, draft.activity, draft.at, draft.who, draft.attributes) for draft in self._drafts)
        self._whole.append((id_, attributes, events, self._position))
        self._trace = None
        self._drafts = []

    # -- where it went wrong

    def _refuse(self, code: str, message: str) -> NoReturn:
        index = self._event_byte if self._event is not None else max(self._parser.CurrentByteIndex, 0)
        raise EventLogError(code, message, self._place(index))

    def _place(self, index: int) -> str:
        where = f"({self._source.at_byte(index)})"
        if self._trace is None:
            after = f", after case {self._position}" if self._position else ""
            return f"{self._source.name}{after} {where}"
        id_ = self._trace.get(self._case_key)
        case = f"case {str(id_)[:100]!r}" if id_ is not None else f"case number {self._position}"
        if self._event is not None or self._drafts:
            number = len(self._drafts) + (self._event is not None)
            return self._source.place(f"{'' if self._event is not None else 'after '}event {number} of {case} {where}")
        return self._source.place(f"{case} {where}")
