"""Every periodic task, listed once: what it does and how often. Each process with workers does all of them; doing one
twice at the same time is harmless."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.job_queues import QUEUES
from wayline.drivers.loop import Loop, log
from wayline.engine.door import Door, Transaction
from wayline.store import anchors, idempotency, jobs, rule_events, scripts, timers, webhook_deliveries, webhooks

KEYS_KEPT = timedelta(hours=24)
KEYS_A_WRITE = 1000
RULE_EVENTS_KEPT = timedelta(days=30)
RULE_EVENTS_A_WRITE = 1000
SCRIPT_RUNS_KEPT = timedelta(days=30)
SCRIPT_RUNS_A_WRITE = 1000
DELIVERIES_KEPT = timedelta(days=14)
DELIVERIES_A_WRITE = 1000
WEBHOOKS_A_READ = 500
ANCHORED_EVERY = timedelta(hours=24)
FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Task(msgspec.Struct, frozen=True):
    """Something done every so often. `do` answers how much there was to do."""

    name: str
    every_s: float
    do: Callable[[Door, DatabaseAccess], Awaitable[int]]


async def free_lapsed_timers(door: Door, access: DatabaseAccess) -> int:
    """Timers whose claimant died can be claimed again."""
    now, task_queues = door.clock.now(), door.task_queues
    if not await access.read(lambda connection: timers.lapsed(connection, now, task_queues)):
        return 0
    return await access.write(
        lambda transaction: timers.free_lapsed(transaction.connection, transaction.at, task_queues)
    )


async def free_lapsed_jobs(door: Door, access: DatabaseAccess) -> int:
    """Jobs whose worker died can be taken again."""
    queues, now, task_queues = list(QUEUES), door.clock.now(), door.task_queues
    if not await access.read(lambda connection: jobs.lapsed(connection, queues, now, task_queues)):
        return 0
    return await access.write(
        lambda transaction: jobs.free_lapsed(transaction.connection, queues, transaction.at, task_queues)
    )


async def prune_idempotency_keys(door: Door, access: DatabaseAccess) -> int:
    """Keys older than a day are forgotten, some at a time, so that no commit is kept waiting."""
    before, pruned = door.clock.now() - KEYS_KEPT, 0
    while await access.read(lambda connection: idempotency.has_older(connection, before)):
        pruned += await access.write(
            lambda transaction: idempotency.prune(transaction.connection, before, limit=KEYS_A_WRITE)
        )
    return pruned


async def prune_webhook_deliveries(door: Door, access: DatabaseAccess) -> int:
    """Deliveries are kept for two weeks, made or not; those of a deleted webhook go at once, and then itself."""
    old, pruned = door.clock.now() - DELIVERIES_KEPT, 0
    after_id: str | None = None
    while found := await access.read(partial(webhooks.of_any_tenant, after_id=after_id, limit=WEBHOOKS_A_READ)):
        for webhook_id, status in found:
            deleted = status == webhooks.DELETED
            before = FAR if deleted else old
            while await access.read(partial(webhook_deliveries.has_older, webhook_id=webhook_id, before=before)):
                pruned += await access.write(partial(_prune_deliveries, webhook_id=webhook_id, before=before))
            if deleted:
                await access.write(partial(_forget_webhook, webhook_id=webhook_id))
        after_id = found[-1][0]
    return pruned


def _prune_deliveries(transaction: Transaction, *, webhook_id: str, before: datetime) -> int:
    return webhook_deliveries.prune(
        transaction.connection, webhook_id=webhook_id, before=before, limit=DELIVERIES_A_WRITE
    )


def _forget_webhook(transaction: Transaction, *, webhook_id: str) -> None:
    webhooks.forget(transaction.connection, webhook_id)


async def anchor_timelines(door: Door, access: DatabaseAccess) -> int:
    """Once a day for each tenant, what its timelines have come to is written down; answers how many moved on. The log
    is told too, for whoever reads it elsewhere later."""
    subjects = 0
    for tenant_id in await access.read(partial(anchors.due_tenants, before=door.clock.now() - ANCHORED_EVERY)):
        while (anchor := await access.write(partial(_anchor, key=door.secret_key, tenant_id=tenant_id))) is not None:
            log.info("timelines_anchored", tenant_id=tenant_id, number=anchor.number, hash=anchor.hash.hex())
            subjects += anchor.subjects
            if anchor.subjects < anchors.MAX_SUBJECTS:
                break
    return subjects


def _anchor(transaction: Transaction, *, key: bytes, tenant_id: str) -> anchors.Anchor | None:
    return anchors.anchor_changes(transaction.connection, key=key, tenant_id=tenant_id, at=transaction.at)


async def prune_rule_events(door: Door, access: DatabaseAccess) -> int:
    """What rules came to is forgotten after a month, some at a time."""
    before, pruned = door.clock.now() - RULE_EVENTS_KEPT, 0
    while await access.read(lambda connection: rule_events.has_older(connection, before)):
        pruned += await access.write(
            lambda transaction: rule_events.prune(transaction.connection, before, limit=RULE_EVENTS_A_WRITE)
        )
    return pruned


async def prune_script_runs(door: Door, access: DatabaseAccess) -> int:
    """How scripts have ended is forgotten after a month, some at a time."""
    before, pruned = door.clock.now() - SCRIPT_RUNS_KEPT, 0
    while await access.read(lambda connection: scripts.has_older(connection, before)):
        pruned += await access.write(
            lambda transaction: scripts.prune(transaction.connection, before, limit=SCRIPT_RUNS_A_WRITE)
        )
    return pruned


async def follow_the_clock(door: Door, access: DatabaseAccess) -> int:
    """This process keeps the database's time."""
    await access.call(lambda: door.clock.follow(door.database))
    return 0


TASKS = (
    Task("free_lapsed_timers", 5, free_lapsed_timers),
    Task("free_lapsed_jobs", 5, free_lapsed_jobs),
    Task("prune_idempotency_keys", 600, prune_idempotency_keys),
    Task("anchor_timelines", 900, anchor_timelines),
    Task("prune_webhook_deliveries", 3600, prune_webhook_deliveries),
    Task("prune_rule_events", 600, prune_rule_events),
    Task("prune_script_runs", 600, prune_script_runs),
    Task("follow_the_clock", 60, follow_the_clock),
)


def decide_due(tasks: tuple[Task, ...], next_at: dict[str, datetime], now: datetime) -> list[Task]:
    """Those whose instant has come; one that has never been done is due."""
    return [task for task in tasks if next_at.get(task.name, now) <= now]


class RecurringLoop(Loop):
    """Does each task when its time has come."""

    name = "recurring"

    def __init__(self, door: Door, access: DatabaseAccess, tasks: tuple[Task, ...] = TASKS) -> None:
        super().__init__(door, access)
        self._tasks = tasks
        self._next_at: dict[str, datetime] = {}

    async def soonest(self) -> datetime | None:
        now = self.door.clock.now()
        return min((self._next_at.get(task.name, now) for task in self._tasks), default=None)

    async def run_once(self) -> int:
        """Do what is due; answers how many tasks that was. One that fails waits for its next time."""
        due = decide_due(self._tasks, self._next_at, self.door.clock.now())
        for task in due:
            self._next_at[task.name] = self.door.clock.now() + timedelta(seconds=task.every_s)
            try:
                done = await task.do(self.door, self.access)
            except Exception:
                log.exception("recurring_task_failed", task=task.name)
            else:
                if done:
                    log.info("recurring_task_done", task=task.name, done=done)
        return len(due)
