"""Telling webhooks: a lane at a time is taken, its events are sent in order, and how it went is written down once.

The table of deliveries is the queue `webhook`: a job beside each would double what a decision writes. An event that
was not taken is sent again after longer and longer pauses, up to a day, for a week. Later ones of its lane wait for it
for HOLD, and then go past. A webhook that has failed for a week is disabled, and its administrators are told. A
receiver that is failing gets one lane at a time, so that one which hangs keeps nobody else's from being told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from wayline.actions.webhook import WebhookCalls
from wayline.core.action import ActionFailed
from wayline.core.cloud_event import TEST_TYPE, cloud_event
from wayline.core.retry import Retry, delay_before
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.job_queues import QUEUES
from wayline.drivers.loop import Loop
from wayline.engine.clock import monotonic_s
from wayline.engine.door import Door, Transaction
from wayline.engine.webhooks import disable
from wayline.store import webhook_deliveries as stored
from wayline.store.sealing import SealBroken, unseal
from wayline.store.subjects import Subject, about
from wayline.store.timeline import read_events
from wayline.store.webhook_deliveries import Attempt, Due, Waiting
from wayline.store.webhooks import ACTIVE, StoredWebhook, note_failure, note_success, read_webhook, sealed_secret

log = structlog.get_logger(__name__)
LANES = QUEUES["webhook"]
LANES_A_WEBHOOK = 8
EVENTS_A_LANE = 20
ROWS_LOOKED_AT = 200
ATTEMPT_S = 15.0
EVENT_GONE = "its event cannot be read any more"
LEASE_S = 60.0
RENEW_EVERY_S = 20.0
# A burst of commits is one look, and the events of one run are sent together.
LOOK_EVERY_S = 0.05
HOLD = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=7)
BACKOFF = Retry(max_attempts=100, initial_s=10, backoff=4, max_s=86_400)


class Next(Enum):
    """What becomes of a lane that has something due."""

    SEND = "send"
    WAIT = "wait"


class LaneStep(msgspec.Struct, frozen=True):
    """What is sent of a lane now, or until when it waits."""

    next: Next
    send: tuple[Waiting, ...] = ()
    until: datetime | None = None


def decide_lane(waiting: Sequence[Waiting], *, at: datetime) -> LaneStep:
    """`waiting` is in order, the earliest first. What is due is sent up to the first that is not, as long as that one
    is young enough to hold the others up."""
    send: list[Waiting] = []
    for delivery in waiting:
        if delivery.due_at > at:
            let_past = delivery.created_at + HOLD
            if let_past <= at:
                continue
            return _sent(send) if send else LaneStep(Next.WAIT, until=min(delivery.due_at, let_past))
        send.append(delivery)
        if len(send) == EVENTS_A_LANE:
            break
    return _sent(send)


def _sent(send: list[Waiting]) -> LaneStep:
    return LaneStep(Next.SEND, send=tuple(send))


def decide_retry(delivery: Waiting, *, at: datetime, retry_after_s: float | None) -> datetime | None:
    """When a delivery whose attempt has failed is tried again; None: never, for its event is too old by now."""
    if at - delivery.created_at >= GIVEN_UP_AFTER:
        return None
    return at + timedelta(seconds=delay_before(BACKOFF, delivery.attempts + 1, delivery.id, retry_after_s))


def decide_disabling(failing_since: datetime | None, failed: Attempt) -> str | None:
    """Why a webhook is to be disabled after an attempt that failed; None: it is not."""
    if failed.response_status == 410:
        return "It answered 410: it is gone for good."
    if failing_since is not None and failed.at - failing_since >= GIVEN_UP_AFTER:
        return f"Every attempt has failed for {GIVEN_UP_AFTER.days} days. The last one: {failed.error}"
    return None


class _Lane(msgspec.Struct, frozen=True):
    """Deliveries taken together, under one token."""

    token: str
    deliveries: tuple[Waiting, ...]

    @property
    def webhook_id(self) -> str:
        return self.deliveries[0].webhook_id

    @property
    def subject_id(self) -> str:
        return self.deliveries[0].subject_id

    @property
    def ids(self) -> list[str]:
        return [delivery.id for delivery in self.deliveries]


class _Prepared(msgspec.Struct, frozen=True):
    """What a lane needs to be sent: its webhook, the stored secret, and an event a delivery (None: it is not there)."""

    webhook: StoredWebhook | None
    secret: bytes
    events: list[dict[str, Any] | None]


class WebhookLoop(Loop):
    """Sends what is due, to many receivers at once."""

    name = "webhooks"

    def __init__(
        self,
        door: Door,
        access: DatabaseAccess,
        claims: Claims,
        calls: WebhookCalls,
        *,
        secret_key: bytes,
        address: str,
        mail: bool,
    ) -> None:
        super().__init__(door, access)
        self._claims = claims
        self._calls = calls
        self._secret_key = secret_key
        self._address = address
        self._mail = mail
        self._sending: dict[asyncio.Task[None], _Lane] = {}

    async def soonest(self) -> datetime | None:
        """Of the webhooks that there is room for; a lane that ends wakes the loop."""
        return min((due.due_at for due in await self._due()), default=None)

    async def run_once(self) -> int:
        """Take what is due and there is room for, and see it through; answers how many lanes were looked at."""
        taken = await self.take()
        await asyncio.gather(*self._sending)
        return taken

    async def take(self) -> int:
        """Take what is due and there is room for, and begin; answers how many lanes were looked at."""
        at, looked_at = self.door.clock.now(), 0
        for due in await self._due():
            room = self._room(due)
            if due.due_at <= at and room > 0:
                lanes, seen = await self.access.write(partial(self._claim, webhook_id=due.webhook_id, room=room))
                looked_at += seen
                for lane in lanes:
                    self._begin(lane)
        return looked_at

    async def run(self) -> None:
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            await super().run()
        finally:
            renewing.cancel()

    async def finish(self, grace_s: float) -> None:
        """Wait so long for what is being sent, then leave off and hand the rest back."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace_s)
        left = list(self._sending.values())
        tasks = list(self._sending)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if left:
            await self.access.write(lambda transaction: _hand_back(transaction, left))
        await self._calls.close()

    async def _round(self) -> float:
        rest_s = await super()._round()
        await self._rest(LOOK_EVERY_S, self._stopped)
        return rest_s

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            lanes = list(self._sending.values())
            try:
                if lanes:
                    await self.access.write(partial(_renew, lanes=lanes))
            except Exception:
                # The lease outlasts another try; should it pass, somebody else sends the events again.
                log.exception("webhook_leases_not_renewed")

    async def _due(self) -> list[Due]:
        found = await self.access.read(stored.soonest)
        return [due for due in found if self._room(due) > 0]

    def _room(self, due: Due) -> int:
        busy = Counter(lane.webhook_id for lane in self._sending.values())
        most = LANES_A_WEBHOOK if due.failing_since is None else 1
        return min(most - busy[due.webhook_id], LANES - len(self._sending))

    def _claim(self, transaction: Transaction, *, webhook_id: str, room: int) -> tuple[list[_Lane], int]:
        """Take up to so many lanes of a webhook, and put off those that have to wait; also answers how many lanes were
        looked at."""
        connection, at = transaction.connection, transaction.at
        if not stored.lock_webhook(connection, webhook_id):
            return [], 0
        lanes: list[_Lane] = []
        seen = 0
        for subject_id in stored.due_lanes(connection, webhook_id=webhook_id, at=at, rows=ROWS_LOOKED_AT):
            if len(lanes) == room:
                break
            seen += 1
            in_lane = {"webhook_id": webhook_id, "subject_id": subject_id}
            waiting = stored.lane(connection, **in_lane, at=at, holding_since=at - HOLD, rows=EVENTS_A_LANE)
            step = decide_lane(waiting, at=at)
            if step.until is not None:
                stored.postpone(connection, **in_lane, at=at, until=step.until)
            elif step.send:
                lane = _Lane(token=self._claims.token(), deliveries=step.send)
                stored.take(connection, ids=lane.ids, token=lane.token, until=at + timedelta(seconds=LEASE_S))
                lanes.append(lane)
        return lanes, seen

    def _begin(self, lane: _Lane) -> None:
        task = asyncio.create_task(self._send(lane), name=f"webhook {lane.webhook_id}")
        self._sending[task] = lane
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        lane = self._sending.pop(task)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhook_lane_not_settled", webhook_id=lane.webhook_id, exc_info=error)

    # -- one lane --------------------------------------------------------------------------------

    async def _send(self, lane: _Lane) -> None:
        prepared = await self.access.read(lambda connection: self._prepare(connection, lane))
        if prepared.webhook is None:  # it has been deleted meanwhile
            return
        attempts: list[Attempt] = []
        for delivery, event in zip(lane.deliveries, prepared.events, strict=True):
            attempts.append(await self._attempt(prepared.webhook, prepared.secret, delivery, event))
            if attempts[-1].error is not None:
                break
        await self.access.write(lambda transaction: self._settle(transaction, lane, attempts))

    def _prepare(self, connection: sa.Connection, lane: _Lane) -> _Prepared:
        first = lane.deliveries[0]
        webhook = read_webhook(connection, tenant_id=first.tenant_id, webhook_id=lane.webhook_id)
        if webhook is None:
            return _Prepared(webhook=None, secret=b"", events=[])
        subject = about(connection, tenant_id=first.tenant_id, subject_id=lane.subject_id)
        return _Prepared(
            webhook=webhook,
            secret=sealed_secret(connection, tenant_id=first.tenant_id, webhook_id=lane.webhook_id),
            events=[self._event(connection, delivery, subject) for delivery in lane.deliveries],
        )

    def _event(self, connection: sa.Connection, delivery: Waiting, subject: Subject | None) -> dict[str, Any] | None:
        if delivery.data is not None:
            is_test = delivery.type == TEST_TYPE
            about_id = f"webhooks/{delivery.webhook_id}" if is_test else f"incidents/{delivery.subject_id}"
            data = msgspec.msgpack.decode(delivery.data)
            return self._told(delivery, subject=about_id, at=delivery.created_at, data=data)
        named = {"tenant_id": delivery.tenant_id, "subject_id": delivery.subject_id}
        try:
            events = read_events(connection, **named, from_seq=delivery.seq, limit=1)
        except msgspec.DecodeError:
            log.exception("webhook_event_unreadable", delivery_id=delivery.id)
            return None
        if subject is None or not events or events[0].seq != delivery.seq:
            return None
        event = events[0]
        data = {name: getattr(event, name) for name in ("seq", "event", "detail", "step_id", "activation_id", "actor")}
        data |= {"data": event.data, subject.kind: subject.shown}
        return self._told(delivery, subject=f"{subject.kind}s/{delivery.subject_id}", at=event.at, data=data)

    def _told(self, delivery: Waiting, *, subject: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
        return cloud_event(
            told=delivery.type,
            source=self._address,
            subject=subject,
            subject_id=delivery.subject_id,
            seq=delivery.seq,
            at=at,
            data=data,
        )

    async def _attempt(
        self, webhook: StoredWebhook, secret: bytes, delivery: Waiting, event: dict[str, Any] | None
    ) -> Attempt:
        at, begun_s = self.door.clock.now(), monotonic_s()
        if event is None:
            return Attempt(delivery=delivery, at=at, duration_ms=0, error=EVENT_GONE)
        status: int | None = None
        body: str | None = None
        error: str | None = None
        retry_after_s: float | None = None
        try:
            key = unseal(self._secret_key, secret, belongs_to=webhook.id)
            async with asyncio.timeout(ATTEMPT_S):
                answered = await self._calls.tell(webhook.url, key, message_id=delivery.id, event=event, at=at)
            status, body, error, retry_after_s = answered.status, answered.body, answered.error, answered.retry_after_s
        except SealBroken:
            error = "its secret cannot be opened with this server's key; give it a new one"
        except ActionFailed as failure:
            error = str(failure)
        except TimeoutError:
            error = f"no answer within {ATTEMPT_S:g} s"
        except Exception as bug:
            log.exception("webhook_attempt_broke", delivery_id=delivery.id)
            error = f"sending it broke: {type(bug).__name__}"
        return Attempt(
            delivery=delivery,
            at=at,
            duration_ms=round((monotonic_s() - begun_s) * 1000),
            response_status=status,
            response_body=body,
            error=error,
            due_at=None if error is None else decide_retry(delivery, at=at, retry_after_s=retry_after_s),
        )

    def _settle(self, transaction: Transaction, lane: _Lane, attempts: list[Attempt]) -> None:
        connection = transaction.connection
        named = {"tenant_id": lane.deliveries[0].tenant_id, "webhook_id": lane.webhook_id}
        webhook = read_webhook(connection, tenant_id=named["tenant_id"], webhook_id=lane.webhook_id, lock=True)
        settled = [attempt for attempt in attempts if stored.settle(connection, lane.token, attempt)]
        last = attempts[-1]
        untried = lane.ids[len(attempts) :]
        stored.hand_back(connection, ids=untried, token=lane.token, due_at=last.due_at or transaction.at)
        if last.due_at is None:
            stored.bring_forward(connection, webhook_id=lane.webhook_id, subject_id=lane.subject_id, at=transaction.at)
        if webhook is None or not settled or last.error == EVENT_GONE:
            return
        if last.error is None:
            note_success(connection, **named)
            return
        if len(attempts) > 1:  # those before it have arrived just now
            note_success(connection, **named)
        note_failure(connection, **named, at=last.at)
        reason = decide_disabling(webhook.failing_since if len(attempts) == 1 else None, last)
        if reason is not None and webhook.status == ACTIVE:
            disable(transaction, webhook, reason=reason, mail=self._mail)


def _hand_back(transaction: Transaction, lanes: list[_Lane]) -> None:
    for lane in lanes:
        stored.hand_back(transaction.connection, ids=lane.ids, token=lane.token, due_at=transaction.at)


def _renew(transaction: Transaction, lanes: list[_Lane]) -> None:
    until = transaction.at + timedelta(seconds=LEASE_S)
    for lane in lanes:
        stored.renew(transaction.connection, ids=lane.ids, token=lane.token, until=until)
