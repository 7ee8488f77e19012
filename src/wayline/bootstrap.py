"""The only place that wires: settings in, a running Wayline out."""

from __future__ import annotations

from wayline.drivers.local import LocalDriver
from wayline.engine.clock import Clock
from wayline.engine.door import Door
from wayline.engine.live import Live
from wayline.engine.tenant_facts import TenantCache
from wayline.settings import Settings
from wayline.store.database import Database
from wayline.store.file_contents import DirectoryContents, FileContents
from wayline.store.s3_contents import S3Contents, s3_address


class Wayline:
    """Everything that runs in one process. `workers` False leaves timers, jobs and the outbox to other processes."""

    def __init__(self, settings: Settings, *, workers: bool = True, clock: Clock | None = None) -> None:
        self.settings = settings
        self.secret_key = settings.key()
        self.database = Database(settings.database_url)
        self.clock = clock or Clock(settings.test_clock_offset_s)
        self.files = _files(settings, self.clock)
        self.live = Live()
        self.tenants = TenantCache()
        self.door = Door(
            self.database,
            clock=self.clock,
            live=self.live,
            secret_key=self.secret_key,
            mail=settings.smtp_url is not None,
            task_queues=settings.every_task_queue,
        )
        self.driver = LocalDriver(self.door, settings, self.secret_key) if workers else None
        if self.driver is not None:
            self.door.on_due = self.driver.wake_at

    def start(self) -> None:
        """Open the door and begin driving."""
        self.clock.follow(self.database)
        self.door.open()
        if self.driver is not None:
            self.driver.start()

    def stop(self) -> None:
        """Finish what is in hand, hand back the rest, and let go of the database."""
        if self.driver is not None:
            self.driver.stop()
        self.door.close()
        self.database.close()


def _files(settings: Settings, clock: Clock) -> FileContents:
    if settings.s3_url is not None:
        return S3Contents(s3_address(settings.s3_url), clock.now)
    return DirectoryContents(settings.files_dir / "files")
