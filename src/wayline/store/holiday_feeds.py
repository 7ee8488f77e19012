"""What stands at the holiday addresses of calendars, as it was last fetched, and when each is fetched again."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from wayline.store.tables import holiday_feeds

ERROR_CHARS = 1_000


class Feed(msgspec.Struct, frozen=True):
    """An address that is being read, by whoever took it until `due_at`."""

    calendar_id: str
    tenant_id: str
    url: str
    due_at: datetime


class FeedState(msgspec.Struct, frozen=True):
    """How reading an address has gone: when it last could be, and when and why it could not since."""

    fetched_at: datetime | None
    failed_at: datetime | None
    error: str | None


def follow(connection: sa.Connection, *, tenant_id: str, calendar_id: str, url: str | None, at: datetime) -> None:
    """Have this address read for a calendar, from now on; None: none. What another address said is forgotten."""
    mine = holiday_feeds.c.calendar_id == calendar_id
    known = connection.execute(sa.select(holiday_feeds.c.url).where(mine)).scalar_one_or_none()
    if known == url:
        return
    connection.execute(sa.delete(holiday_feeds).where(mine))
    if url is not None:
        row = {"calendar_id": calendar_id, "tenant_id": tenant_id, "url": url, "due_at": at}
        connection.execute(sa.insert(holiday_feeds).values(row))


def texts_of(connection: sa.Connection, tenant_id: str) -> dict[str, str]:
    """What has been read for the tenant's calendars, by calendar."""
    query = sa.select(holiday_feeds.c.calendar_id, holiday_feeds.c.text).where(
        holiday_feeds.c.tenant_id == tenant_id, holiday_feeds.c.text.is_not(None)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def state_of(connection: sa.Connection, *, tenant_id: str, calendar_id: str) -> FeedState | None:
    """How reading the calendar's address has gone; None when it has none."""
    query = sa.select(holiday_feeds.c.fetched_at, holiday_feeds.c.failed_at, holiday_feeds.c.error).where(
        holiday_feeds.c.tenant_id == tenant_id, holiday_feeds.c.calendar_id == calendar_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else FeedState(*row)


def soonest(connection: sa.Connection) -> datetime | None:
    """When the next address is to be read."""
    return connection.execute(sa.select(sa.func.min(holiday_feeds.c.due_at))).scalar_one_or_none()


def claim(connection: sa.Connection, *, at: datetime, lasts: timedelta, limit: int) -> list[Feed]:
    """Take some addresses that are to be read, and nobody else has them for so long."""
    query = (
        sa.select(holiday_feeds.c.calendar_id, holiday_feeds.c.tenant_id, holiday_feeds.c.url)
        .where(holiday_feeds.c.due_at <= at)
        .order_by(holiday_feeds.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [Feed(*row, at + lasts) for row in connection.execute(query)]
    if found:
        taken = holiday_feeds.c.calendar_id.in_([feed.calendar_id for feed in found])
        connection.execute(sa.update(holiday_feeds).where(taken).values(due_at=at + lasts))
    return found


def keep_text(connection: sa.Connection, feed: Feed, *, text: str, at: datetime, next_at: datetime) -> bool:
    """Keep what was read; answers whether it says something new. Nothing is kept that is no longer wanted."""
    mine = _mine(feed)
    known = connection.execute(sa.select(holiday_feeds.c.text).where(*mine)).one_or_none()
    if known is None:
        return False
    connection.execute(
        sa.update(holiday_feeds)
        .where(*mine)
        .values(text=text, fetched_at=at, failed_at=None, error=None, due_at=next_at)
    )
    return bool(known[0] != text)


def note_failure(connection: sa.Connection, feed: Feed, *, error: str, at: datetime, next_at: datetime) -> None:
    """It could not be read: what was read before stays."""
    connection.execute(
        sa.update(holiday_feeds).where(*_mine(feed)).values(failed_at=at, error=error[:ERROR_CHARS], due_at=next_at)
    )


def _mine(feed: Feed) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        holiday_feeds.c.calendar_id == feed.calendar_id,
        holiday_feeds.c.url == feed.url,
        holiday_feeds.c.due_at == feed.due_at,
    )
