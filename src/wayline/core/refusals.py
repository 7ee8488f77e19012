"""Anticipated noes.

A refusal is an answer, not a fault: it carries a code a program can act on and a sentence a person can read,
and whoever raises it has written nothing. The surfaces translate `kind` into their own status and envelope.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["invalid", "forbidden", "license", "not_found", "conflict", "locked", "too_large", "overloaded"]


class Issue(msgspec.Struct, frozen=True):
    """One thing wrong with one field: where (`a.b[0]`), what (a sentence), and a code."""

    path: str
    message: str
    code: str = "invalid"


class Refusal(Exception):
    """The command was understood and declined.

    `kind` picks the status on every surface (`invalid` 400/422, `forbidden` and `license` 403, `not_found` 404,
    `conflict` 409, `locked` 423, `too_large` 413, `overloaded` 429); `code` is more exact than the kind; `details` is
    JSON-able.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        issues: tuple[Issue, ...] | list[Issue] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code or kind
        self.details = details or {}
        self.issues = tuple(issues)


def not_found(what: str) -> Refusal:
    """The refusal for a thing that is absent, or that the caller may not know to exist."""
    return Refusal("not_found", f"{what} not found.")


def invalid(*issues: Issue) -> Refusal:
    """The refusal for bad input, with every bad field at once."""
    message = issues[0].message if len(issues) == 1 else f"{len(issues)} fields need attention."
    return Refusal("invalid", message, issues=issues)
