"""Notices: what people and their groups were told, and what of it somebody has read.

A notice to a person carries when it was read. A notice to a group is read by each member for themselves: it is read
when it is older than `users.notices_read_until`, or has a row in `notification_reads`. The mark moves up whenever
nothing is left unread, so that counting never goes back further than the oldest notice still unread.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.store.tables import group_members, notification_reads, notifications, users

Row = dict[str, Any]
MAX_UNREAD_COUNTED = 1_000


class Reader(msgspec.Struct, frozen=True):
    """Whose notices: the person, their groups, and the instant until which the groups' count as read."""

    tenant_id: str
    user_id: str
    group_ids: tuple[str, ...]
    read_until: datetime

    @property
    def audiences(self) -> tuple[str, ...]:
        """What their notices are addressed to."""
        return (self.user_id, *self.group_ids)


def reader_of(connection: sa.Connection, *, tenant_id: str, user_id: str) -> Reader:
    """The person as a reader, as of now."""
    query = sa.select(sa.func.coalesce(users.c.notices_read_until, users.c.created_at)).where(
        users.c.id == user_id, users.c.tenant_id == tenant_id
    )
    until: datetime = connection.execute(query).scalar_one()
    mine = sa.select(group_members.c.group_id).where(
        group_members.c.user_id == user_id, group_members.c.tenant_id == tenant_id
    )
    groups = tuple(sorted(connection.execute(mine).scalars()))
    return Reader(tenant_id=tenant_id, user_id=user_id, group_ids=groups, read_until=until)


def list_notifications(
    connection: sa.Connection,
    reader: Reader,
    *,
    unread_only: bool,
    q: str | None = None,
    newest_first: bool = True,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """A page of the reader's notices, each with `unread`, and how many there are in all; `q` is a part of the title."""
    conditions = [notifications.c.tenant_id == reader.tenant_id, notifications.c.audience_id.in_(reader.audiences)]
    if unread_only:
        conditions = [*conditions, _unread(reader)]
    if q:
        conditions = [*conditions, sa.func.lower(notifications.c.title).contains(q.lower(), autoescape=True)]
    by = (notifications.c.created_at, notifications.c.id)
    total = connection.execute(sa.select(sa.func.count()).select_from(notifications).where(*conditions)).scalar_one()
    query = (
        sa.select(notifications, _unread(reader).label("unread"))
        .where(*conditions)
        .order_by(*(column.desc() if newest_first else column for column in by))
        .limit(limit)
        .offset(offset)
    )
    return [dict(row._mapping) for row in connection.execute(query)], total


def count_unread(connection: sa.Connection, reader: Reader) -> int:
    """How many notices the reader has not read, counted up to MAX_UNREAD_COUNTED."""
    some = _unread_ids(reader).limit(MAX_UNREAD_COUNTED).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def mark_read(connection: sa.Connection, reader: Reader, *, ids: Collection[str] | None, at: datetime) -> int:
    """Mark these notices, or with `ids` None all, as read; answers how many the reader had not read before."""
    wanted = _unread_ids(reader)
    if ids is not None:
        wanted = wanted.where(notifications.c.id.in_(ids))
    found = connection.execute(wanted.add_columns(notifications.c.audience_id)).all()
    _mark_own(connection, reader, ids=[row.id for row in found if row.audience_id == reader.user_id], at=at)
    if ids is not None:
        _mark_of_groups(connection, reader, [row.id for row in found if row.audience_id != reader.user_id], at)
    if ids is None or not count_unread(connection, reader):
        _move_up(connection, reader, at)
    return len(found)


def _unread(reader: Reader) -> sa.ColumnElement[bool]:
    """Two ranges of the index of what is unread: the person's own, and what their groups were told since the mark."""
    seen = sa.exists().where(
        notification_reads.c.user_id == reader.user_id, notification_reads.c.notification_id == notifications.c.id
    )
    own = notifications.c.audience_id == reader.user_id
    of_groups = sa.and_(
        notifications.c.audience_id.in_(reader.group_ids), notifications.c.created_at > reader.read_until, ~seen
    )
    return sa.and_(notifications.c.read_at.is_(None), sa.or_(own, of_groups))


def _unread_ids(reader: Reader) -> sa.Select[Any]:
    return sa.select(notifications.c.id).where(notifications.c.tenant_id == reader.tenant_id, _unread(reader))


def _mark_own(connection: sa.Connection, reader: Reader, *, ids: list[str], at: datetime) -> None:
    if ids:
        connection.execute(
            sa.update(notifications)
            .where(notifications.c.id == sa.bindparam("b_id"), notifications.c.audience_id == reader.user_id)
            .values(read_at=at),
            [{"b_id": notice_id} for notice_id in ids],
        )


def _mark_of_groups(connection: sa.Connection, reader: Reader, ids: list[str], at: datetime) -> None:
    if ids:
        row = {"user_id": reader.user_id, "tenant_id": reader.tenant_id, "read_at": at}
        connection.execute(sa.insert(notification_reads), [{**row, "notification_id": i} for i in ids])


def _move_up(connection: sa.Connection, reader: Reader, at: datetime) -> None:
    """Everything until now is read; what said so for single notices is no longer needed."""
    named = (users.c.id == reader.user_id, users.c.tenant_id == reader.tenant_id)
    connection.execute(sa.update(users).where(*named).values(notices_read_until=at))
    connection.execute(
        sa.delete(notification_reads).where(
            notification_reads.c.user_id == reader.user_id, notification_reads.c.read_at <= at
        )
    )
