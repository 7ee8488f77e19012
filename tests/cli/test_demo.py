"""`wayline demo` makes a desk worth looking at, once, and what README says to try on it works as written there."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import yaml
from typer.testing import Result

from services import SharedServices, free_port
from wayline.cli.demonstration.building import build
from wayline.cli.demonstration.people import COLLEAGUES, LOGINS, PASSWORD, TEAMS
from wayline.settings import read_settings
from wayline.store.database import Database
from wayline.store.migrate import migrate
from wayline.store.tables import (
    absences,
    activations,
    calendars,
    comments,
    files,
    group_members,
    groups,
    incidents,
    jobs,
    outbox,
    runs,
    template_versions,
    templates,
    ticket_links,
    tickets,
    tokens,
    users,
)

ROOT = Path(__file__).resolve().parents[2]
WAYLINE = Path(sys.executable).with_name("wayline")
EXAMPLES = [
    yaml.safe_load(path.read_text())
    for folder in ("examples", "examples/messages")
    for path in sorted((ROOT / folder).glob("*.yaml"))
]
A_SUNDAY_NIGHT = datetime(2026, 3, 8, 2, 30, tzinfo=UTC)
BUILT_ONCE = (users, groups, group_members, absences, calendars, templates, template_versions, tickets, runs, comments)
LIMIT_S = 120.0


@dataclass(frozen=True)
class Demo:
    """A demo in a directory of its own: its database, what was printed, and how many rows there were then."""

    place: Path
    database_url: str
    printed: str
    rows: Counter[str]
    rows_on_another_day: Counter[str]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "WAYLINE_DATABASE_URL": self.database_url}


@dataclass(frozen=True)
class Served:
    """The same, served."""

    demo: Demo
    url: str
    printed: str

    def token(self, name: str) -> str:
        return (self.demo.place / "var" / "demo" / name).read_text().strip()

    def get(self, path: str, *, who: str = "tokens/ruth") -> Any:
        answer = httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token(who)}"}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str) -> list[dict[str, Any]]:
        """A whole list, page after page."""
        found: list[dict[str, Any]] = []
        page, pages = 1, 1
        while page <= pages:
            answer = self.get(f"{path}{'&' if '?' in path else '?'}page={page}&limit=50")
            found += answer["data"]
            page, pages = page + 1, answer["meta"]["total_pages"]
        return found

    def shell(self, script: str) -> str:
        """What a script of README prints, in the demo's directory, its port put in."""
        done = subprocess.run(
            ["sh", "-eu", "-c", script.replace("http://127.0.0.1:8080", self.url)],
            cwd=self.demo.place,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def demo(
    request: pytest.FixtureRequest, shared_services: SharedServices, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """Built as on a Sunday night in March, and then anew, as an operator does it, today."""
    place = tmp_path_factory.mktemp("demo")
    if request.param == "sqlite":
        url = shared_services.new_sqlite_database(place / "wayline.db", migrated=False)
    else:
        url = shared_services.new_postgresql_database(migrated=False)
    migrate(url)
    settings = read_settings({}, database_url=url, data_dir=place / "var" / "demo")
    build(settings, now=A_SUNDAY_NIGHT)
    on_another_day = rows_of(url)
    done = subprocess.run(
        [WAYLINE, "demo", "--no-serve", "--reset"],
        cwd=place,
        env={**os.environ, "WAYLINE_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    yield Demo(place, url, done.stdout, rows_of(url), on_another_day)
    if request.param == "postgresql":
        shared_services.drop_postgresql_database(url)


@pytest.fixture(scope="module")
def served(demo: Demo) -> Iterator[Served]:
    port = free_port()
    process = subprocess.Popen(
        [WAYLINE, "demo"],
        cwd=demo.place,
        env={**demo.environment, "WAYLINE_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = ""
    while "Uvicorn running" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    yield Served(demo, f"http://127.0.0.1:{port}", printed)
    process.terminate()
    assert process.wait(timeout=30) in (0, -15)
    process.stdout.close()


def rows_of(database_url: str) -> Counter[str]:
    database = Database(database_url)
    with database.reader.connect() as connection:
        counted = (*BUILT_ONCE, activations, files, ticket_links, jobs, outbox, incidents, tokens)
        found = {t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in counted}
    database.close()
    return Counter(found)


def steps_of(instance: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in instance["step_instances"] if step["status"] != "pending"]


# -- what there is ---------------------------------------------------------------------------------


def test_it_says_that_it_has_made_a_desk(demo: Demo) -> None:
    assert re.search(r"Made the demo desk of Marlow Instruments in \d+\.\d s\.", demo.printed)


def test_the_desk_is_the_same_on_any_day(demo: Demo) -> None:
    """Started anew it has nothing of the desk before, and what depends on working days depends on nothing else."""
    told = {table.name for table in BUILT_ONCE} | {"activations", "files", "ticket_links"}
    assert {n: demo.rows[n] for n in told} == {n: demo.rows_on_another_day[n] for n in told}
    assert demo.rows["users"] == len(COLLEAGUES)
    assert demo.rows["groups"] == len(TEAMS)
    assert demo.rows["tickets"] >= 45


def test_nothing_is_left_undone_and_nothing_went_wrong(demo: Demo) -> None:
    assert (demo.rows["jobs"], demo.rows["outbox"], demo.rows["incidents"]) == (0, 0, 0)


def test_a_second_start_adds_nothing(demo: Demo, served: Served) -> None:
    assert "is there already" in served.printed
    again = rows_of(demo.database_url)
    assert {t.name: again[t.name] for t in BUILT_ONCE if t not in (tickets, runs)} == {
        t.name: demo.rows[t.name] for t in BUILT_ONCE if t not in (tickets, runs)
    }
    assert again["tokens"] - len(LOGINS) <= demo.rows["tokens"]


def test_every_example_is_published_without_a_problem(served: Served) -> None:
    published = served.every("/api/v1/workflows/templates")
    assert {t["name"]: t["status"] for t in published} == {e["name"]: "published" for e in EXAMPLES}
    for template in published:
        detail = served.get(f"/api/v1/workflows/templates/{template['id']}")["data"]
        assert detail["problems"] == [], template["name"]
        assert detail["version"] == 1


def test_runs_are_in_every_stage(served: Served) -> None:
    instances = served.every("/api/v1/workflows/instances")
    by_status = Counter(i["status"] for i in instances)
    assert set(by_status) == {"running", "completed", "failed", "cancelled"}
    assert by_status["failed"] == 1
    (failed,) = (i for i in instances if i["status"] == "failed")
    assert failed["failure"]["message"] == "nobody to tell"
    open_now = [s for i in instances if i["status"] == "running" for s in steps_of(i) if s["completed_at"] is None]
    waiting = Counter(s["type"] for s in open_now)
    assert min(waiting[t] for t in ("form", "approval", "routing", "wait")) >= 2
    assert any(s["status"] == "active" and s["votes"] for s in open_now if s["type"] == "approval")
    assert {s["type"] for s in open_now if s["status"] == "timed_out"} >= {"form", "approval", "routing"}
    assert all(s["overdue"] for s in open_now if s["status"] == "timed_out")
    assert {s["step_id"] for s in open_now if s["type"] == "wait"} >= {"parcel", "badge", "window", "last_day_over"}
    ended = [s for i in instances for s in steps_of(i) if s["completed_at"] is not None]
    assert {s["outcome"] for s in ended} >= {"approved", "rejected", "submitted", "succeeded", "received", "elapsed"}
    assert {s["status"] for s in ended} >= {"completed", "timed_out", "failed", "cancelled"}


def test_a_message_is_under_way(served: Served) -> None:
    (message,) = served.every("/api/v1/dispatches")
    assert (message["title"], message["status"]) == ("Warehouse Hamburg is down", "active")
    tasks = message["counts"]["tasks"]
    assert (tasks["declined"], tasks["in_progress"]) == (1, 1)


def test_a_remote_waits_for_an_answer(served: Served) -> None:
    (asked,) = (t for t in served.every("/api/v1/tickets") if "offer" in t["tags"])
    assert (asked["title"], asked["queue"]) == ("Take the offer for 25 × docking station?", "Purchasing")
    (request,) = served.get(f"/api/v1/tickets/{asked['id']}")["data"]["interventions"]
    assert (request["intervention"], request["state"]) == ("supplier-offer", "waiting")


def test_tickets_are_of_every_type_status_and_priority(served: Served) -> None:
    found = served.every("/api/v1/tickets")
    assert {t["type"] for t in found} == {"incident", "change", "problem", "service_request", "task"}
    assert {t["status"] for t in found} == {
        "new",
        "open",
        "in_progress",
        "pending",
        "on_hold",
        "resolved",
        "closed",
        "cancelled",
    }
    assert {t["priority"] for t in found} == {"P1", "P2", "P3", "P4"}
    opened = sorted(datetime.fromisoformat(t["created_at"]) for t in found)
    assert (opened[-1] - opened[0]).days >= 18
    assert served.demo.rows["comments"] >= 30
    assert served.demo.rows["ticket_links"] >= 3


# -- who may look ----------------------------------------------------------------------------------


def test_everybody_it_names_can_log_in_and_has_work_waiting(served: Served) -> None:
    for login in LOGINS:
        email = f"{login.key}@marlow.example"
        assert email in served.printed
        answer = httpx.post(f"{served.url}/api/v1/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
        assert answer.status_code == 200, answer.text
        assert served.get("/api/v1/auth/me", who=f"tokens/{login.key}")["data"]["email"] == email
        assert served.get("/api/v1/inbox", who=f"tokens/{login.key}")["data"], f"nothing waits for {login.key}"


def test_a_substitute_finds_what_was_asked_of_somebody_who_is_away(served: Served) -> None:
    inbox = served.get("/api/v1/inbox", who="tokens/irene")["data"]
    assert "Laptop for image processing" in [item["ticket"]["title"] for item in inbox]


def test_tokens_are_for_their_owner_alone(served: Served) -> None:
    place = served.demo.place / "var" / "demo"
    kept = [place / "token", *(place / "tokens").iterdir()]
    assert len(kept) == len(LOGINS) + 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


# -- what one is told to try -----------------------------------------------------------------------


def scripts_of_the_readme() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "curl" in block]


def test_the_first_command_of_the_readme_opens_a_ticket_that_starts_a_process(served: Served) -> None:
    opened = json.loads(served.shell(scripts_of_the_readme()[0]))["data"]
    assert opened["number"].startswith("REQ-")
    assert len(opened["workflow_instances"]) == 1


def test_the_command_it_prints_does_the_same(served: Served) -> None:
    (printed,) = re.findall(r"^curl .*$", served.printed, re.MULTILINE)
    assert served.url in printed
    assert len(json.loads(served.shell(printed))["data"]["workflow_instances"]) == 1


def test_the_walk_through_of_the_readme_goes_as_it_says(served: Served) -> None:
    _, walk = scripts_of_the_readme()
    answers = [json.loads(line) for line in served.shell(walk).splitlines()]
    assert not [answer for answer in answers if "error" in answer]
    submitted, asked, approved, shown, overdue = answers
    assert submitted["data"]["current_steps"] == ["manager"]
    assert submitted["data"]["id"] in [item["run"]["id"] for item in asked["data"]]
    assert "manager" not in approved["data"]["current_steps"]
    outcomes = {s["step_id"]: s["outcome"] for s in shown["data"]["step_instances"]}
    assert outcomes["details"] == "submitted"
    assert outcomes["manager"] == "approved"
    assert [item for item in overdue["data"] if item["due_at"] and item["due_at"] < datetime.now(UTC).isoformat()]


# -- what it refuses -------------------------------------------------------------------------------


def test_a_second_demo_on_the_same_database_is_refused(served: Served) -> None:
    done = subprocess.run(
        [WAYLINE, "demo", "--reset", "--no-serve"],
        cwd=served.demo.place,
        env=served.demo.environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 1
    assert "running already" in done.stderr


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [WAYLINE, "demo"],
            cwd=tmp_path,
            env={**os.environ, "WAYLINE_PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "make run PORT=" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_used_for_something_else_is_left_alone(
    sqlite_url: str,
    tmp_path: Path,
    wayline: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAYLINE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("WAYLINE_DATA_DIR", str(tmp_path / "data"))
    assert wayline("tenant", "create", "Acme").exit_code == 0
    before = rows_of(sqlite_url)
    refused = wayline("demo", "--reset", "--no-serve")
    assert refused.exit_code == 1
    assert "Acme" in refused.output
    assert rows_of(sqlite_url) == before
