"""Conditions that are checked and not searched by."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def unindexed(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The column in a condition that no index is to be chosen for.

    Without statistics SQLite takes the index with most of a query's columns in it, however many rows those have in
    common; where another one is known to find few, the rest are named so.
    """
    return sa.func.coalesce(column, column)
