"""Deliveries: one row an event and webhook, waiting to be sent, and afterwards the log of how that went.

A *lane* is what one webhook is told of one run, ticket or incident; within a lane the order of events is kept. Whoever
sends takes rows of a lane under a token and moves their `due_at` to when others may take them over: a row is due when
it is to be looked at, whatever for. Every later write names the token.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.cloud_event import subscribers_of
from wayline.store.database import new_id
from wayline.store.tables import webhook_deliveries, webhooks
from wayline.store.webhooks import ACTIVE, subscriptions

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
INCIDENT = "wayline.incident.raised"
MAX_ERROR_CHARS = 500
MAX_COUNTED = 10_000
_encode = msgspec.msgpack.Encoder().encode
_d = webhook_deliveries.c


class Waiting(msgspec.Struct, frozen=True):
    """A delivery still to be made. `data` is msgpack, or None: the event is in its timeline."""

    id: str
    tenant_id: str
    webhook_id: str
    subject_id: str
    seq: int
    type: str
    data: bytes | None
    attempts: int
    created_at: datetime
    due_at: datetime


class Due(msgspec.Struct, frozen=True):
    """An active webhook with something to be looked at, and since when it has been failing."""

    webhook_id: str
    due_at: datetime
    failing_since: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """How one delivery went; `due_at` is when it is tried again, None: never. `error` None: it has arrived."""

    delivery: Waiting
    at: datetime
    duration_ms: int
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    due_at: datetime | None = None


_waiting = [_d[name] for name in Waiting.__struct_fields__]
# Spelled out, and no parameter: only so do both databases see that the indexes of what is pending will do.
_is_pending = _d.status == sa.literal_column(f"'{PENDING}'")
_soonest = sa.select(sa.func.min(_d.due_at)).where(_d.webhook_id == webhooks.c.id, _is_pending).scalar_subquery()


def new_delivery(
    *,
    tenant_id: str,
    webhook_id: str,
    subject_id: str,
    seq: int,
    told: str,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The row of an event to be told."""
    return {
        "id": new_id(),
        "tenant_id": tenant_id,
        "webhook_id": webhook_id,
        "subject_id": subject_id,
        "seq": seq,
        "type": told,
        "data": None if data is None else _encode(data),
        "status": PENDING,
        "created_at": at,
        "due_at": at,
    }


def incident_deliveries(incident: dict[str, Any], webhook_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The rows that tell these webhooks of an incident, given as its row."""
    told = {name: incident[name] for name in ("id", "subject", "subject_id", "step_id", "code", "message")}
    at: datetime = incident["last_at"]
    return [
        new_delivery(
            tenant_id=incident["tenant_id"],
            webhook_id=webhook_id,
            subject_id=incident["id"],
            seq=int(at.timestamp() * 1_000_000),
            told=INCIDENT,
            at=at,
            data={"detail": incident["message"], "incident": told},
        )
        for webhook_id in webhook_ids
    ]


def tell_of_incident(connection: sa.Connection, incident: dict[str, Any]) -> None:
    """Have an incident that no decision raised told to whoever asked for it."""
    wanted = subscribers_of(subscriptions(connection, incident["tenant_id"])).get(INCIDENT, ())
    rows = incident_deliveries(incident, wanted)
    if rows:
        connection.execute(sa.insert(webhook_deliveries), rows)


def add_delivery(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Have one event told."""
    connection.execute(sa.insert(webhook_deliveries).values(row))


# -- sending ---------------------------------------------------------------------------------------


def soonest(connection: sa.Connection) -> list[Due]:
    """The active webhooks with something still to come, and when that is due: one look into the index a webhook."""
    by_webhook = sa.select(webhooks.c.id, _soonest.label("due_at"), webhooks.c.failing_since)
    found = connection.execute(by_webhook.where(webhooks.c.status == ACTIVE))
    return [Due(*row) for row in found if row.due_at is not None]


def lock_webhook(connection: sa.Connection, webhook_id: str) -> bool:
    """Be the only one to take deliveries of an active webhook until the transaction ends; False when somebody else is.

    Two who took rows of one lane at once could each hold what the other's must wait for.
    """
    query = sa.select(webhooks.c.id).where(webhooks.c.id == webhook_id, webhooks.c.status == ACTIVE)
    return connection.execute(query.with_for_update(skip_locked=True)).first() is not None


def due_lanes(connection: sa.Connection, *, webhook_id: str, at: datetime, rows: int) -> list[str]:
    """Subjects of the deliveries that are due, the longest due first; at most `rows` deliveries are looked at."""
    query = (
        sa.select(_d.subject_id)
        .where(_d.webhook_id == webhook_id, _is_pending, _d.due_at <= at)
        .order_by(_d.due_at)
        .limit(rows)
    )
    return list(dict.fromkeys(connection.execute(query).scalars()))


def lane(
    connection: sa.Connection, *, webhook_id: str, subject_id: str, at: datetime, holding_since: datetime, rows: int
) -> list[Waiting]:
    """What waits in a lane, in order: what is due, and what is not but holds up the others, being younger than
    `holding_since`."""
    query = (
        sa.select(*_waiting)
        .where(*_in_lane(webhook_id, subject_id), sa.or_(_d.due_at <= at, _d.created_at > holding_since))
        .order_by(_d.seq, _d.type)
        .limit(rows)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def take(connection: sa.Connection, *, ids: Sequence[str], token: str, until: datetime) -> None:
    """Take these until then."""
    connection.execute(sa.update(webhook_deliveries).where(_d.id.in_(ids)).values(claim_token=token, due_at=until))


def postpone(connection: sa.Connection, *, webhook_id: str, subject_id: str, at: datetime, until: datetime) -> None:
    """Look at what is due in a lane again then."""
    statement = sa.update(webhook_deliveries).where(*_in_lane(webhook_id, subject_id), _d.due_at <= at)
    connection.execute(statement.values(due_at=until))


def renew(connection: sa.Connection, *, ids: Sequence[str], token: str, until: datetime) -> None:
    """Say that these are still being sent."""
    statement = sa.update(webhook_deliveries).where(_d.id.in_(ids), _d.claim_token == token)
    connection.execute(statement.values(due_at=until))


def settle(connection: sa.Connection, token: str, attempt: Attempt) -> bool:
    """Write down how it went; False when it has been taken over by somebody else."""
    status = DELIVERED if attempt.error is None else PENDING if attempt.due_at is not None else FAILED
    statement = (
        sa.update(webhook_deliveries)
        .where(_d.id == attempt.delivery.id, _d.claim_token == token)
        .values(
            status=status,
            claim_token=None,
            attempts=_d.attempts + 1,
            due_at=attempt.due_at or _d.due_at,
            attempted_at=attempt.at,
            duration_ms=attempt.duration_ms,
            response_status=attempt.response_status,
            response_body=attempt.response_body,
            error=None if attempt.error is None else attempt.error[:MAX_ERROR_CHARS],
        )
    )
    return connection.execute(statement).rowcount == 1


def hand_back(connection: sa.Connection, *, ids: Sequence[str], token: str, due_at: datetime) -> None:
    """Give back what was taken and not tried."""
    if ids:
        statement = sa.update(webhook_deliveries).where(_d.id.in_(ids), _d.claim_token == token)
        connection.execute(statement.values(claim_token=None, due_at=due_at))


def bring_forward(connection: sa.Connection, *, webhook_id: str, subject_id: str, at: datetime) -> None:
    """Look now at what came into a lane while it was held up."""
    untried = (_d.claim_token.is_(None), _d.attempts == 0, _d.due_at > at)
    connection.execute(
        sa.update(webhook_deliveries).where(*_in_lane(webhook_id, subject_id), *untried).values(due_at=at)
    )


def _in_lane(webhook_id: str, subject_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (_d.webhook_id == webhook_id, _d.subject_id == subject_id, _is_pending)


# -- the log ---------------------------------------------------------------------------------------


class Delivery(msgspec.Struct, frozen=True):
    """A delivery as administrators see it; what is said of an attempt is said of the last one."""

    id: str
    webhook_id: str
    subject_id: str
    seq: int
    type: str
    status: str
    attempts: int
    created_at: datetime
    due_at: datetime
    attempted_at: datetime | None
    response_status: int | None
    response_body: str | None
    error: str | None
    duration_ms: int | None


_shown = [_d[name] for name in Delivery.__struct_fields__]


def list_deliveries(
    connection: sa.Connection, *, tenant_id: str, webhook_id: str, status: str | None, limit: int, offset: int
) -> tuple[list[Delivery], int]:
    """A page of a webhook's deliveries, the newest first, and how many there are in all, counted up to MAX_COUNTED."""
    conditions = [_d.webhook_id == webhook_id, _d.tenant_id == tenant_id]
    if status is not None:
        conditions.append(_d.status == status)
    counted = sa.select(_d.id).where(*conditions).limit(MAX_COUNTED).subquery()
    total = connection.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one()
    query = sa.select(*_shown).where(*conditions).order_by(_d.created_at.desc(), _d.id.desc())
    found = [Delivery(*row) for row in connection.execute(query.limit(limit).offset(offset))]
    return found, max(total, offset + len(found) if found else 0)


def read_delivery(connection: sa.Connection, *, tenant_id: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    """One of them."""
    named = (_d.id == delivery_id, _d.webhook_id == webhook_id, _d.tenant_id == tenant_id)
    row = connection.execute(sa.select(*_shown).where(*named)).one_or_none()
    return None if row is None else Delivery(*row)


def deliver_again(connection: sa.Connection, *, tenant_id: str, delivery_id: str, at: datetime) -> None:
    """Have a delivery sent now, under the same id; one that is being sent at this moment is sent again."""
    named = (_d.id == delivery_id, _d.tenant_id == tenant_id)
    connection.execute(sa.update(webhook_deliveries).where(*named).values(status=PENDING, due_at=at, claim_token=None))


def has_older(connection: sa.Connection, *, webhook_id: str, before: datetime) -> bool:
    """Whether there is anything for `prune` to do."""
    query = sa.select(sa.literal(1)).where(_d.webhook_id == webhook_id, _d.created_at < before).limit(1)
    return connection.execute(query).first() is not None


def prune(connection: sa.Connection, *, webhook_id: str, before: datetime, limit: int) -> int:
    """Remove up to `limit` deliveries of events from before then, made or not; answers how many."""
    old = sa.select(_d.id).where(_d.webhook_id == webhook_id, _d.created_at < before).order_by(_d.created_at)
    return connection.execute(sa.delete(webhook_deliveries).where(_d.id.in_(old.limit(limit)))).rowcount
