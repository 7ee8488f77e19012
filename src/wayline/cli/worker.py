"""`wayline worker`: timers, jobs and the outbox, without the API."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from wayline import logs
from wayline.bootstrap import Wayline
from wayline.settings import SettingsInvalid, read_settings
from wayline.store.migrate import migrate as migrate_store


def worker(
    queues: Annotated[
        str,
        typer.Option(
            "--queues", help="Task queues whose work alone this one does, with commas. [WAYLINE_WORKER_QUEUES]"
        ),
    ] = "",
) -> None:
    """Run every loop beside servers started with `--no-workers`, on one PostgreSQL database, until told to stop."""
    try:
        settings = read_settings(worker_queues=queues) if queues else read_settings()
    except SettingsInvalid as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong
    logs.configure(settings.log_level)
    migrate_store(settings.database_url)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    wayline = Wayline(settings, workers=True)
    wayline.start()
    try:
        told.wait()
    finally:
        wayline.stop()
