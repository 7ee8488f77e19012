"""Which column or attribute of a log plays which role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from wayline.eventlog.event import ROLES, EventLogError

XES_KEYS: Final[Mapping[str, str]] = {
    "case": "concept:name",
    "activity": "concept:name",
    "at": "time:timestamp",
    "who": "org:resource",
}
"""IEEE 1849: the concept, time and organizational extensions."""

_KNOWN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "case": (
        "caseconceptname", "caseid", "case", "caseno", "casenumber", "traceid", "trace", "ticketid", "ticket",
        "ticketnumber", "incidentid", "incident", "incidentnumber", "srnumber", "requestid", "processid", "number",
    ),
    "activity": (
        "conceptname", "activity", "activityname", "activityid", "event", "eventname", "eventtype", "task", "taskname",
        "action", "step",
    ),
    "at": (
        "timetimestamp", "timestamp", "completetimestamp", "completetime", "endtimestamp", "endtime", "eventtime",
        "datetime", "at", "time", "date", "starttimestamp", "starttime",
    ),
    "who": (
        "orgresource", "resource", "resourcename", "who", "user", "username", "agent", "performer", "originator",
        "person", "employee", "actor", "assignedto", "assignee", "owner",
    ),
}  # fmt: skip
"""Names other tools give these columns, letters and digits only, the likeliest first."""

_NEXT_ROLE: Final = re.compile(rf",\s*(?=(?:{'|'.join(ROLES)})\s*=)")


def parse_mapping(text: str) -> dict[str, str]:
    """`case=Ticket,activity=Action,at=When,who=Agent` as a mapping of role to column; names may hold commas.

    Raises `unknown_role`.
    """
    mapping = {}
    for pair in _NEXT_ROLE.split(text):
        role, equals, column = pair.partition("=")
        if not equals or not column.strip():
            raise EventLogError("unknown_role", f"{pair!r} is not of the form role=column", "mapping")
        mapping[role.strip()] = column.strip()
    check_roles(mapping)
    return mapping


def check_roles(mapping: Mapping[str, str]) -> None:
    """Raises `unknown_role` unless every key is one of `ROLES`."""
    for role in mapping:
        if role not in ROLES:
            raise EventLogError("unknown_role", f"{role!r} is none of {', '.join(ROLES)}", "mapping")


def xes_keys(mapping: Mapping[str, str]) -> dict[str, str]:
    """Role → attribute key of an XES log: the standard's, where `mapping` names no other."""
    return {**XES_KEYS, **mapping}


def place_columns(columns: tuple[str, ...], mapping: Mapping[str, str], place: str) -> dict[str, int | None]:
    """Role → index of its column: as `mapping` says, otherwise by well-known names.

    A column named in `mapping` is never guessed for another role. `who` is None where no column is it.
    Raises `unknown_column` and `ambiguous_column`, naming the columns there are.
    """
    placed: dict[str, int | None] = {role: _named(columns, role, name, place) for role, name in mapping.items()}
    for role in ROLES:
        if role not in placed:
            placed[role] = _guessed(columns, role, taken=set(placed.values()))
    missing = [role for role in ROLES if placed[role] is None and role != "who"]
    if missing:
        raise EventLogError(
            "unknown_column",
            f"no column is known to be {' or '.join(missing)}; {_listing(columns)}. Name it: {missing[0]}=<column>",
            place,
        )
    return placed


def _named(columns: tuple[str, ...], role: str, name: str, place: str) -> int:
    same = [index for index, column in enumerate(columns) if column == name]
    same = same or [index for index, column in enumerate(columns) if column.casefold() == name.strip().casefold()]
    if not same:
        raise EventLogError("unknown_column", f"there is no column {name!r} ({role}); {_listing(columns)}", place)
    if len(same) > 1:
        raise EventLogError("ambiguous_column", f"{len(same)} columns are called {name!r} ({role})", place)
    return same[0]


def _guessed(columns: tuple[str, ...], role: str, taken: set[int | None]) -> int | None:
    plain = [re.sub(r"[\W_]", "", column).casefold() for column in columns]
    for known in _KNOWN_NAMES[role]:
        for index, name in enumerate(plain):
            if name == known and index not in taken:
                return index
    return None


def _listing(columns: tuple[str, ...]) -> str:
    shown = ", ".join(repr(column) for column in columns[:50])
    return f"the columns are {shown}" + (f" and {len(columns) - 50} more" if len(columns) > 50 else "")
