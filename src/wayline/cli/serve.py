"""`wayline serve`: the API, the web app and every loop in one process."""

from __future__ import annotations

import contextlib
import gc
import socket
import sys
from typing import Annotated

import typer
import uvicorn
from uvicorn.main import STARTUP_FAILURE

from wayline import logs
from wayline.api.app import application
from wayline.bootstrap import Wayline
from wayline.engine.one_core import stay_on_one_core
from wayline.settings import Settings, read_settings
from wayline.store.migrate import migrate as migrate_store

GRACE_S = 20


def serve(
    no_workers: Annotated[
        bool, typer.Option("--no-workers", help="Leave timers and jobs to `wayline worker`.")
    ] = False,
) -> None:
    """Serve the API and the web app, and run every loop. The database is brought up to date first."""
    run_server(read_settings(), workers=not no_workers)


def run_server(settings: Settings, *, workers: bool = True) -> None:
    """Serve until told to stop."""
    logs.configure(settings.log_level)
    migrate_store(settings.database_url)
    _tune()
    wayline = Wayline(settings, workers=workers)
    config = uvicorn.Config(
        application(wayline),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level=settings.log_level,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, wayline)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class _Server(uvicorn.Server):
    """A server that ends live streams before it waits for open answers: they would last for ever."""

    def __init__(self, config: uvicorn.Config, wayline: Wayline) -> None:
        super().__init__(config)
        self._wayline = wayline

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._wayline.live.close()
        await super().shutdown(sockets)


def _tune() -> None:
    """What lives as long as the process is left out of garbage collections, and they come less often: a batch makes
    many small values that reference counting frees. Threads change hands sooner, so that the writer does not keep the
    event loop waiting for the five milliseconds Python would."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.001)
    stay_on_one_core()
