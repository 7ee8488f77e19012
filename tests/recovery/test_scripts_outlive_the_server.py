"""A server that is killed while scripts run leaves none of them half done: what they ask for is there once, and their
processes are gone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from served_process import ServedProcess

from served_desk import seed
from services import free_port
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.tables import incidents, jobs, script_runs, tickets

KEY = "a key for tests alone"
KILLS = 2
TICKETS = 3
DONE_TIMEOUT_S = 60.0
LEASES_PASSED_S = 120
# A tenth of a second of work or so, that a server may be killed in the midst of.
SCRIPT = """
numbers = list(range(100000))
for i in range(60):
  -1 in numbers
title = param("entity")["title"]
core.create_ticket("first of " + title)
core.create_ticket("second of " + title)
core.update_ticket(priority="P1")
"""


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[ServedProcess]:
    served = ServedProcess(database_url=database_url, directory=tmp_path, port=free_port())
    yield served
    if served.process is not None and served.process.poll() is None:
        served.kill()


@pytest.fixture
def wayline(database_url: str, tmp_path: Path) -> Iterator[Wayline]:
    settings = Settings(database_url=database_url, secret_key=KEY, data_dir=tmp_path / "data")
    opened = Wayline(settings, workers=False)
    yield opened
    opened.database.close()


def test_scripts_of_a_killed_server_are_run_again_and_count_once(server: ServedProcess, wayline: Wayline) -> None:
    people = seed(wayline)
    root = people["root"].token
    server.start()
    assert server.call("POST", "/api/v1/scripts", {"name": "Slow", "text": SCRIPT}, token=root)[0] == 201
    action = {"type": "run_script", "script": "Slow"}
    rule = {"name": "R", "trigger": "on_ticket_created", "conditions": {"type": "incident"}, "action": action}
    assert server.call("POST", "/v1/automation/rules", rule, token=root)[0] == 201
    titles = []
    for life in range(KILLS):
        for number in range(TICKETS):
            titles.append(f"{life}-{number}")
            assert server.call("POST", "/api/v1/tickets", {"title": titles[-1]}, token=people["bo"].token)[0] == 201
        assert _wait(lambda: _count(wayline, jobs, jobs.c.claim_token.is_not(None)) > 0)
        server.kill()
        server.settings["WAYLINE_TEST_CLOCK_OFFSET_S"] = str(LEASES_PASSED_S * (life + 1))
        server.start()
    assert _wait(lambda: _count(wayline, jobs) == 0), server.log()
    server.stop()
    with wayline.database.reader.connect() as connection:
        opened = connection.execute(sa.select(tickets.c.title, tickets.c.priority, tickets.c.type)).all()
        troubles = connection.execute(sa.select(incidents)).all()
    asked = [f"{which} of {title}" for title in titles for which in ("first", "second")]
    assert Counter(row.title for row in opened) == Counter([*titles, *asked])
    assert {row.priority for row in opened if row.type == "incident"} == {"P1"}
    assert _count(wayline, script_runs) == len(titles)
    assert troubles == []
    assert _wait(lambda: _confined_processes() == [])


def _wait(until: Callable[[], bool]) -> bool:
    """The server drives on by itself and tells nobody, so its tables are looked at."""
    pause = threading.Event()
    for _ in range(int(DONE_TIMEOUT_S / 0.02)):
        if until():
            return True
        pause.wait(0.02)
    return False


def _count(wayline: Wayline, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    with wayline.database.reader.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one())


def _confined_processes() -> list[str]:
    """The processes of scripts whose server is gone: those of other tests have a parent that lives."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, status = (process / "cmdline").read_bytes(), (process / "stat").read_text()
        except OSError:
            continue
        if b"script/confined.py" in command and status.rpartition(")")[2].split()[1] == "1":
            found.append(process.name)
    return found
