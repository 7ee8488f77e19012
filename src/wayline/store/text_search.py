"""Looking for words: which tickets they are in, which templates and people are called so.

A ticket is found when all the words, each as a beginning, are in its title and description or in one of its comments,
or when they are its number. Nothing is stemmed and accents count, so both databases find the same: SQLite in FTS5
tables, PostgreSQL in tables of tsvectors with a GIN index, both kept by triggers (migration 0002 makes them).
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from wayline.core.ticket import number_in
from wayline.store.tables import Id, comments, templates, tickets, users

MAX_WORDS = 16
# How the names of all tables, views and triggers begin that migration 0002 makes; none is in the metadata.
OBJECTS = ("ticket_word", "comment_word")
_WORD = re.compile(r"[^\W_]+")


def words_of(asked: str) -> list[str]:
    """The words somebody looks for; those past the sixteenth are not looked at."""
    return _WORD.findall(asked)[:MAX_WORDS]


def ids_matching(dialect: str, *, tenant_id: str, asked: str, public_only: bool) -> sa.Select[Any] | None:
    """The ids of the tenant's tickets with these words, as a query; None when there is no word to look for. With
    `public_only` nothing is found by what staff said among themselves."""
    words = words_of(asked)
    if not words:
        return None
    matching = _sqlite if dialect == "sqlite" else _postgresql
    in_tickets = sa.select(tickets.c.id).where(
        tickets.c.tenant_id == tenant_id, tickets.c.id.in_(matching("ticket", words))
    )
    in_comments = sa.select(comments.c.ticket_id).where(
        comments.c.tenant_id == tenant_id, comments.c.id.in_(matching("comment", words))
    )
    if public_only:
        in_comments = in_comments.where(comments.c.visibility == "public")
    queries = [in_tickets, in_comments]
    number = number_in(asked)
    if number is not None:
        queries.append(sa.select(tickets.c.id).where(tickets.c.tenant_id == tenant_id, tickets.c.number == number))
    return sa.select(sa.union(*queries).subquery().c[0])


def _sqlite(what: str, words: list[str]) -> sa.Select[Any]:
    rows = sa.table(f"{what}_word_rows", sa.column("id"), sa.column(f"{what}_id"))
    kept = sa.table(f"{what}_words", sa.column("rowid"))
    matches = sa.literal_column(kept.name).op("MATCH")(" ".join(f'"{word}"*' for word in words))
    return sa.select(rows.c[f"{what}_id"]).join_from(kept, rows, rows.c.id == kept.c.rowid).where(matches)


def _postgresql(what: str, words: list[str]) -> sa.Select[Any]:
    kept = sa.table(f"{what}_words", sa.column(f"{what}_id", Id), sa.column("words"))
    asked = sa.func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in words))
    return sa.select(kept.c[f"{what}_id"]).where(kept.c.words.op("@@")(asked))


def find_templates(connection: sa.Connection, *, tenant_id: str, asked: str, limit: int) -> list[dict[str, Any]]:
    """The tenant's templates with all the words somewhere in their name, by name; archived ones are left out."""
    query = sa.select(*(templates.c[name] for name in ("id", "name", "kind", "status", "version"))).where(
        templates.c.tenant_id == tenant_id, templates.c.status != "archived"
    )
    return _called(connection, query, (templates.c.name,), asked, limit)


def find_people(connection: sa.Connection, *, tenant_id: str, asked: str, limit: int) -> list[dict[str, Any]]:
    """The tenant's active people with all the words somewhere in name or e-mail, by name."""
    query = sa.select(*(users.c[name] for name in ("id", "name", "email", "role"))).where(
        users.c.tenant_id == tenant_id, users.c.active
    )
    return _called(connection, query, (users.c.name, users.c.email), asked, limit)


def _called(
    connection: sa.Connection, query: sa.Select[Any], columns: tuple[sa.Column[str], ...], asked: str, limit: int
) -> list[dict[str, Any]]:
    """Looks at every row of the tenant: there are far fewer templates and people than tickets. SQLite knows the case
    of ASCII letters alone."""
    words = asked.split()[:MAX_WORDS]
    if not words:
        return []
    for word in words:
        query = query.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    found = connection.execute(query.order_by(columns[0], query.selected_columns.id).limit(limit))
    return [dict(row._mapping) for row in found]
