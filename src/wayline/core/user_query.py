"""User queries: the one-line language that says which people a scope, a dispatch or a who-expression means.

Qualifiers side by side narrow, commas inside brackets widen:

    given groups [on-call, "Field, north"] given roles [agent] except users [$context.declined_by]

`all users` · `current user` · `given|except users|groups|roles|labels|leads [name, …]`. A name is written bare, or in
single or double quotes when it holds a comma, a bracket, or a space at an end (a backslash keeps the next character).
`$context.<path>` stands for what the run's data holds there. Source of the rule: contract 003, "User queries".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec

from wayline.core.facts import Directory, Group, Person
from wayline.core.names import look_up

MAX_QUERY_CHARACTERS = 20_000
MAX_CACHED_QUERIES = 1_024
MAX_SHOWN_CHARACTERS = 200

ROLES = ("admin", "manager", "agent", "requester")
SCOPES = ("$sink", "$source", "$all")

Kind = Literal["users", "groups", "roles", "labels", "leads"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class QueryError(ValueError):
    """A query that cannot be read.

    `position` counts characters from 0 and is where the reader stopped; the length of the text means its end.
    """

    def __init__(self, message: str, position: int, text: str = "") -> None:
        self.message = message
        self.position = position
        where = f"{message} at character {position}"
        super().__init__(f"{where}: {_shown(text, position)}" if text else where)


def _shown(text: str, position: int) -> str:
    if len(text) <= MAX_SHOWN_CHARACTERS:
        return text
    start = max(0, min(position - MAX_SHOWN_CHARACTERS // 2, len(text) - MAX_SHOWN_CHARACTERS))
    end = start + MAX_SHOWN_CHARACTERS
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


class Name(msgspec.Struct, frozen=True):
    """A name as written, quotes removed."""

    text: str


class ContextPath(msgspec.Struct, frozen=True):
    """A place in the run's data, dots between its parts, whose value names people or groups."""

    path: str


Entry = Name | ContextPath


class AllUsers(msgspec.Struct, frozen=True):
    """Everybody: the neutral element."""


class CurrentUser(msgspec.Struct, frozen=True):
    """Whoever the query is resolved for."""


class Matching(msgspec.Struct, frozen=True):
    """People whom any of the entries matches, or, with `given` False, everybody else."""

    given: bool
    kind: Kind
    entries: tuple[Entry, ...]

    @property
    def names(self) -> list[str]:
        """The names written out; what the run's data would add is not known here."""
        return [entry.text for entry in self.entries if isinstance(entry, Name)]


Qualifier = AllUsers | CurrentUser | Matching


class UnknownName(msgspec.Struct, frozen=True):
    """A name in a query that the directory lacks, so that it matches nobody: where it stands (characters from 0), and a
    sentence. Groups and roles are made on purpose, and a wrong one is an error; people come and go, and a label is
    there once somebody carries it."""

    kind: Kind
    name: str
    position: int
    message: str

    @property
    def severity(self) -> Literal["error", "warning"]:
        """Whether what names it can be published."""
        return "warning" if self.kind in ("users", "labels") else "error"


class UserQuery(msgspec.Struct, frozen=True):
    """A query as read: every qualifier must hold. `str(query)` writes it so that it reads back equal."""

    qualifiers: tuple[Qualifier, ...]

    @property
    def users(self) -> frozenset[str]:
        """Users named literally, as written."""
        return self._named("users")

    @property
    def groups(self) -> frozenset[str]:
        """Groups named literally, for their members or for their leads, as written."""
        return self._named("groups", "leads")

    @property
    def roles(self) -> frozenset[str]:
        """Roles named literally, as written."""
        return self._named("roles")

    def resolve(self, directory: Directory, *, current_user: str | None, context: Mapping[str, Any]) -> list[str]:
        """Ids of the active people meant, in the directory's order, nobody twice.

        `current_user` is an id or e-mail, None when nobody asks (then `current user` means nobody). A name or a
        place in `context` that leads nowhere matches nobody; the caller decides what an empty list is worth.
        """
        found = {person.id for person in directory.people.values() if person.active}
        for qualifier in self.qualifiers:
            match qualifier:
                case CurrentUser():
                    asking = directory.person(current_user)
                    found &= {asking.id} if asking else set()
                case Matching(given=True):
                    found &= _matched(qualifier, directory, context)
                case Matching(given=False):
                    found -= _matched(qualifier, directory, context)
        return [user_id for user_id in directory.people if user_id in found]

    def __str__(self) -> str:
        return " ".join(_written(qualifier) for qualifier in self.qualifiers)

    def _named(self, *kinds: Kind) -> frozenset[str]:
        return frozenset(name for q in self._matching() if q.kind in kinds for name in q.names)

    def _matching(self) -> Iterator[Matching]:
        return (q for q in self.qualifiers if isinstance(q, Matching))


def _matched(qualifier: Matching, directory: Directory, context: Mapping[str, Any]) -> set[str]:
    names = [name for entry in qualifier.entries for name in _names_of(entry, context)]
    match qualifier.kind:
        case "users":
            return {person.id for name in names if (person := directory.person(name)) is not None}
        case "groups":
            return {member for group in _groups(names, directory) for member in group.members}
        case "leads":
            return {lead for group in _groups(names, directory) for lead in group.leads}
        case "roles":
            roles = {name.lower() for name in names}
            return {person.id for person in directory.people.values() if person.role.lower() in roles}
        case "labels":
            labels = {name.lower() for name in names}
            return {person.id for person in directory.people.values() if not labels.isdisjoint(_labels(person))}


def _names_of(entry: Entry, context: Mapping[str, Any]) -> list[str]:
    if isinstance(entry, Name):
        return [entry.text]
    value = look_up(context, entry.path)
    values = value if isinstance(value, list | tuple) else [value]
    return [name for one in values if (name := _name_in(one)) is not None]


def _name_in(value: Any) -> str | None:
    """The name a value of the run's data stands for: text, a whole number, or a record's `id`; else None."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def _groups(names: Iterable[str], directory: Directory) -> list[Group]:
    return [group for name in names if (group := directory.group(name)) is not None]


def _labels(person: Person) -> set[str]:
    return {label.lower() for label in person.labels}


def _why_unknown(kind: Kind, name: str, directory: Directory) -> str | None:
    match kind:
        case "users":
            return None if directory.person(name) else f"user {name} does not exist or is not active"
        case "groups" | "leads":
            return None if directory.group(name) else f"group {name} does not exist"
        case "roles":
            return None if name.lower() in ROLES else f"role {name} does not exist"
        case "labels":
            carried = any(name.lower() in _labels(person) for person in directory.people.values() if person.active)
            return None if carried else f"label {name} is carried by nobody"


def _written(qualifier: Qualifier) -> str:
    match qualifier:
        case AllUsers():
            return "all users"
        case CurrentUser():
            return "current user"
        case Matching(given, kind, entries):
            return f"{'given' if given else 'except'} {kind} [{', '.join(map(_written_entry, entries))}]"


def _written_entry(entry: Entry) -> str:
    if isinstance(entry, ContextPath):
        return f"$context.{entry.path}"
    if _BARE_NAME.fullmatch(entry.text) and entry.text == entry.text.strip():
        return entry.text
    return '"' + entry.text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def describe(query: UserQuery) -> str:
    """The query as an English sentence without its full stop, to show beside the text that was typed."""
    asking = any(isinstance(q, CurrentUser) for q in query.qualifiers)
    clauses = [_described(q) for q in query.qualifiers if isinstance(q, Matching) and q.entries]
    subject = "The current user" if asking else "Everybody"
    if not clauses:
        return subject
    return f"{subject}{', if that person ' if asking else ' who '}{_listed(clauses, 'and')}"


def _described(qualifier: Matching) -> str:
    verb = _VERBS[qualifier.kind][0 if qualifier.given else 1]
    entries = [_written_entry(e) if isinstance(e, Name) else f"whatever {e.path} holds" for e in qualifier.entries]
    return f"{verb} {_listed(entries, 'or')}"


_VERBS: dict[Kind, tuple[str, str]] = {
    "users": ("is", "is not"),
    "groups": ("is in group", "is not in group"),
    "roles": ("has role", "does not have role"),
    "labels": ("carries label", "does not carry label"),
    "leads": ("leads group", "does not lead group"),
}


def _listed(parts: list[str], last: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def parse_query(text: str) -> UserQuery:
    """Read a query; QueryError with the place where it stops making sense."""
    return _read_query(text)[0]


def unknown_names(text: str, directory: Directory) -> list[UnknownName]:
    """Every name written out in a query that the directory lacks, once, where it first stands; raises QueryError."""
    found: dict[str, UnknownName] = {}
    for kind, name, position in _read_query(text)[1]:
        said = _why_unknown(kind, name, directory)
        if said is not None:
            found.setdefault(said, UnknownName(kind, name, position, f"{said[0].upper()}{said[1:]}."))
    return list(found.values())


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Where a position is, as people count: line and column, from 1."""
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


NamePlace = tuple[Kind, str, int]


@lru_cache(maxsize=MAX_CACHED_QUERIES)
def _read_query(text: str) -> tuple[UserQuery, tuple[NamePlace, ...]]:
    """The query, and where each name in it stands."""
    if len(text) > MAX_QUERY_CHARACTERS:
        raise QueryError(f"a user query has at most {MAX_QUERY_CHARACTERS} characters", MAX_QUERY_CHARACTERS, text)
    reader = _Reader(text)
    qualifiers = [_read_qualifier(reader)]
    while reader.peek():
        qualifiers.append(_read_qualifier(reader))
    return UserQuery(tuple(qualifiers)), tuple(reader.names)


class _Reader:
    """The text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.names: list[NamePlace] = []

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """What the pattern matches here, read past; None when it does not match."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.position = found.end()
        return found.group()

    def peek(self) -> str:
        """The next character that is not a space, spaces read past; "" at the end."""
        self.take(_SPACE)
        return self.text[self.position : self.position + 1]

    def word(self) -> tuple[str, int]:
        """The next word in lower case, read past, and where it starts; "" when a bracket or the end comes first."""
        self.take(_SPACE)
        start = self.position
        return (self.take(_WORD) or "").lower(), start

    def error(self, message: str, position: int | None = None) -> QueryError:
        return QueryError(message, self.position if position is None else position, self.text)


_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\s\[\],]+")
_BARE_NAME = re.compile(r"""[^\s\[\],"'$][^\[\],]*""")
_DOLLAR_WORD = re.compile(r"\$[^\s\[\],]*")
_QUOTED = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)


def _read_qualifier(reader: _Reader) -> Qualifier:
    word, start = reader.word()
    match word:
        case "all":
            _expect_word(reader, "users", after="all")
            return AllUsers()
        case "current":
            _expect_word(reader, "user", after="current")
            return CurrentUser()
        case "given" | "except" as verb:
            return _read_matching(reader, verb)
        case _ if word in SCOPES:
            raise reader.error(f"`{word}` is a scope keyword, not a user query", start)
    raise reader.error("expected `all users`, `current user`, `given` or `except`", start)


def _expect_word(reader: _Reader, word: str, after: str) -> None:
    found, start = reader.word()
    if found != word:
        raise reader.error(f"expected `{word}` after `{after}`", start)


def _read_matching(reader: _Reader, verb: str) -> Matching:
    word, start = reader.word()
    kind = next((k for k in KINDS if k == word), None)
    if kind is None:
        raise reader.error(f"expected {_listed([f'`{k}`' for k in KINDS], 'or')} after `{verb}`", start)
    entries = _read_brackets(reader, kind, after=f"{verb} {kind}")
    return Matching(given=verb == "given", kind=kind, entries=entries)


def _read_brackets(reader: _Reader, kind: Kind, after: str) -> tuple[Entry, ...]:
    if reader.peek() != "[":
        raise reader.error(f"expected `[` after `{after}`")
    opened = reader.position
    reader.position += 1
    if reader.peek() == "]":
        if after.startswith("given"):
            raise reader.error(f"`{after}` needs at least one name", opened)
        reader.position += 1
        return ()
    entries = [_read_entry(reader, kind)]
    while reader.peek() == ",":
        reader.position += 1
        entries.append(_read_entry(reader, kind))
    if reader.peek() != "]":
        raise reader.error("expected `,` or `]`")
    reader.position += 1
    return tuple(entries)


def _read_entry(reader: _Reader, kind: Kind) -> Entry:
    first = reader.peek()
    start = reader.position
    if first == "$":
        return _read_path(reader, start)
    name = _read_quoted(reader, start) if first in ("'", '"') else _read_bare(reader)
    reader.names.append((kind, name.text, start))
    return name


def _read_bare(reader: _Reader) -> Name:
    name = reader.take(_BARE_NAME)
    if name is None:
        raise reader.error("expected a name")
    return Name(name.rstrip())


def _read_quoted(reader: _Reader, start: int) -> Name:
    quoted = reader.take(_QUOTED)
    if quoted is None:
        raise reader.error("unclosed quote", start)
    name = re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)
    if not name:
        raise reader.error("expected a name between the quotes", start)
    return Name(name)


def _read_path(reader: _Reader, start: int) -> ContextPath:
    word = reader.take(_DOLLAR_WORD) or ""
    if word.lower() in SCOPES:
        raise reader.error(f"`{word.lower()}` is a scope keyword, not a user query", start)
    keyword, _, path = word.partition(".")
    if keyword.lower() != "$context" or not all(path.split(".")):
        raise reader.error("expected `$context.` and a path (quote a name that starts with `$`)", start)
    return ContextPath(path)
