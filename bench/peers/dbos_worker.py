"""DBOS's worker process: `python -m bench.peers.dbos_worker DATABASE_URL READY_FILE`, until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from dbos import DBOS

from bench.peers.dbos_workflow import QUEUE, VERSION

POOL_SIZE = 40
# LISTEN/NOTIFY is used on PostgreSQL; these intervals are those that did best of the ones tried (0.05–0.3 s).
QUEUE_POLLING_S = 0.1
NOTIFICATION_POLLING_S = 0.1


def launch(database_url: str) -> None:
    """Starts DBOS in this process, quiet, with the request's workflow registered."""
    settings: dict[str, Any] = {
        "name": "bench",
        "system_database_url": database_url,
        "application_version": VERSION,
        "log_level": "ERROR",
        "sys_db_pool_size": POOL_SIZE,
        "notification_listener_polling_interval_sec": NOTIFICATION_POLLING_S,
    }
    DBOS(config=settings)  # type: ignore[arg-type]
    DBOS.launch()


def work_until_asked_to_stop(database_url: str, ready: Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    launch(database_url)
    DBOS.register_queue(QUEUE, polling_interval_sec=QUEUE_POLLING_S)
    ready.touch()
    signal.sigwait({signal.SIGTERM})
    os._exit(0)


if __name__ == "__main__":
    work_until_asked_to_stop(sys.argv[1], Path(sys.argv[2]))
