"""The local driver: timers, jobs and the outbox, driven from their own tables by one thread with an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from datetime import datetime

import structlog

from wayline.actions.addresses import allowed_from
from wayline.actions.catalogue import Surroundings, performers
from wayline.actions.outbound import Outbound
from wayline.actions.webhook import WebhookCalls
from wayline.drivers.chat_book import StoredChatBook
from wayline.drivers.claims import Claims
from wayline.drivers.database_access import DatabaseAccess
from wayline.drivers.escalations import EscalationLoop
from wayline.drivers.holidays import HolidayLoop
from wayline.drivers.jobs import JobLoop
from wayline.drivers.loop import Loop
from wayline.drivers.outbox import OutboxLoop
from wayline.drivers.presence import PresenceLoop
from wayline.drivers.push_book import StoredPushBook
from wayline.drivers.recurring import RecurringLoop
from wayline.drivers.remote_book import StoredRemoteBook
from wayline.drivers.rule_sweeps import SweepLoop
from wayline.drivers.script_jobs import StoredScripts
from wayline.drivers.timers import TimerLoop
from wayline.drivers.webhooks import WebhookLoop
from wayline.engine.door import Door
from wayline.settings import Settings

log = structlog.get_logger(__name__)
STOP_GRACE_S = 5.0
START_TIMEOUT_S = 10.0


class LocalDriver:
    """Starts and stops the loops. The loops themselves are there before, for tests to do single rounds of."""

    def __init__(self, door: Door, settings: Settings, secret_key: bytes) -> None:
        self.access = DatabaseAccess(door)
        self.claims = Claims()
        self.performers = performers(
            Surroundings(
                secret_key=secret_key,
                outbound_allow=allowed_from(settings.outbound_allow),
                smtp_url=settings.smtp_url,
                mail_from=settings.mail_from,
                address=settings.address,
                push_book=StoredPushBook(self.access, secret_key),
                script_book=StoredScripts(self.access),
                chat_book=StoredChatBook(self.access, secret_key),
                remote_book=StoredRemoteBook(self.access, secret_key),
            )
        )
        served = settings.served_task_queues
        self.timers = TimerLoop(door, self.access, self.claims, served)
        self.jobs = JobLoop(door, self.access, self.claims, self.performers, task_queues=served)
        self.presence = PresenceLoop(
            door, self.access, self.claims, task_queues=served, take_tally=self.jobs.take_tally
        )
        self.outbox = OutboxLoop(door, self.access)
        self.webhooks = WebhookLoop(
            door,
            self.access,
            self.claims,
            WebhookCalls(allowed_from(settings.outbound_allow)),
            secret_key=secret_key,
            address=settings.address,
            mail=settings.smtp_url is not None,
        )
        self.sweeps = SweepLoop(door, self.access)
        self.escalations = EscalationLoop(door, self.access)
        self.holidays = HolidayLoop(door, self.access, Outbound(allowed_from(settings.outbound_allow)))
        self.recurring = RecurringLoop(door, self.access)
        self._loops: tuple[Loop, ...] = (
            self.timers,
            self.jobs,
            self.outbox,
            self.webhooks,
            self.sweeps,
            self.escalations,
            self.holidays,
            self.recurring,
            self.presence,
        )
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self._told_to_stop = asyncio.Event()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wayline-driver", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether the loops go round."""
        return self._event_loop is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin driving."""
        self._thread.start()
        self._begun.wait(START_TIMEOUT_S)

    def stop(self) -> None:
        """Take nothing more, finish what is in hand for some seconds, and hand the rest back."""
        self._call(self._told_to_stop.set)
        if self._thread.is_alive():
            self._thread.join()
        self.access.close()

    def wake_at(self, at: datetime) -> None:
        """Something has been committed that is due then. Called by the writer's thread, which must not wait."""
        if any(loop.wants(at) for loop in self._loops):
            self._call(self._wake)

    def _wake(self) -> None:
        for loop in self._loops:
            loop.wake()

    def _call(self, function: object) -> None:
        event_loop = self._event_loop
        if event_loop is not None:
            # It may close in this very moment; then there is nobody left to be told.
            with contextlib.suppress(RuntimeError):
                event_loop.call_soon_threadsafe(function)  # type: ignore[arg-type]

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._drive())
        except Exception:
            log.exception("driver_broke")
        finally:
            self._event_loop = None
            self._begun.set()

    async def _drive(self) -> None:
        self._event_loop = asyncio.get_running_loop()
        self._begun.set()
        rounds = [asyncio.create_task(loop.run(), name=loop.name) for loop in self._loops]
        stopping = asyncio.create_task(self._told_to_stop.wait())
        # A loop ends before it is stopped only by a bug in itself; then the others end too, and readiness says so.
        await asyncio.wait([stopping, *rounds], return_when=asyncio.FIRST_COMPLETED)
        for loop in self._loops:
            loop.stop()
        _, late = await asyncio.wait(rounds, timeout=STOP_GRACE_S)
        for task in (*late, stopping):
            task.cancel()
        ended = await asyncio.gather(*rounds, return_exceptions=True)
        await self.jobs.finish(STOP_GRACE_S)
        await self.webhooks.finish(STOP_GRACE_S)
        await self.holidays.close()
        for performer in self.performers.values():
            await performer.close()
        await self.presence.leave()
        for error in ended:
            if isinstance(error, Exception):
                raise error
