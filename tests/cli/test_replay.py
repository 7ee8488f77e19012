"""`wayline replay` makes a ticket and a run of every case, and what the store then holds is what the log says."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import Result

from helpdesk_counts import WHAT_AN_INDEPENDENT_SCRIPT_COUNTS
from wayline.store.database import Database
from wayline.store.exclusive import exclusively
from wayline.store.tables import (
    activations,
    group_members,
    groups,
    jobs,
    notifications,
    runs,
    template_versions,
    templates,
    tenants,
    tickets,
    timeline,
    users,
    work_items,
)

Replay = Callable[..., Result]
Draft = Callable[[Path], Path]
Begin = Callable[..., "subprocess.Popen[str]"]
Write = Callable[[str, str], Path]
PATIENCE_S = 120.0

DESK = """case,activity,at,who
A,Open,2024-03-01 09:00,Ana
A,Work,2024-03-01 09:30,Bo
A,Close,2024-03-01 10:00,Bo
B,Open,2024-03-02 09:00,Ana
B,Close,2024-03-02 09:00,
"""


class Stored:
    """What a database holds, asked directly."""

    def __init__(self, database_url: str) -> None:
        self.database = Database(database_url)

    def close(self) -> None:
        self.database.close()

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        with self.database.reader.connect() as connection:
            return list(connection.execute(query))

    def number(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        return int(self.rows(sa.select(sa.func.count()).select_from(table).where(*conditions))[0][0])


@pytest.fixture
def stored(database_url: str) -> Iterator[Stored]:
    with closing(Stored(database_url)) as found:
        yield found


def counts_of(told: Result) -> dict[str, Any]:
    """What `--json` printed, without how long it took."""
    assert told.exit_code == 0, told.output
    return counts_in(told.stdout)


def counts_in(printed: str) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads(printed)
    assert counts.pop("seconds") > 0
    return counts


def interrupted(process: subprocess.Popen[str], stored: Stored, by: signal.Signals, *, at_runs: int) -> int:
    """Send the signal once so many runs are stored; answers how many were when the process had gone."""
    deadline = time.monotonic() + PATIENCE_S
    while stored.number(runs) < at_runs:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
    process.send_signal(by)
    process.communicate()
    return stored.number(runs)


def test_the_whole_log_whatever_interrupts_it(
    database_url: str, stored: Stored, begin: Begin, replay: Replay, draft: Draft, helpdesk: Path
) -> None:
    command = (helpdesk, "--template", draft(helpdesk), "--json")

    killed = begin(database_url, "replay", *command)
    after_kill = interrupted(killed, stored, signal.SIGKILL, at_runs=500)
    assert killed.returncode == -signal.SIGKILL
    assert 500 <= after_kill < 4580

    stopped = begin(database_url, "replay", *command)
    after_stop = interrupted(stopped, stored, signal.SIGINT, at_runs=after_kill + 500)
    assert stopped.returncode == 130
    assert after_kill < after_stop < 4580

    expected = {**WHAT_AN_INDEPENDENT_SCRIPT_COUNTS, "runs": {"completed": 4580}}
    counts = counts_of(replay(database_url, *command))
    assert counts == expected
    assert list(counts["activities"]) == list(WHAT_AN_INDEPENDENT_SCRIPT_COUNTS["activities"])

    rows = {table.name: stored.number(table) for table in (tickets, runs, activations, timeline, notifications, users)}
    assert rows == {
        "tickets": 4580,
        "runs": 4580,
        "activations": 21348 + 4580,  # the condition a case begins with is a visit too
        "timeline": 21348 + 2 * 4580,
        "notifications": 21348,  # the group is told once of each step
        "users": 22,
    }
    assert stored.number(work_items) == 0

    assert counts_of(replay(database_url, *command)) == expected
    assert rows == {table.name: stored.number(table) for table in map(runs.metadata.tables.__getitem__, rows)}


def test_tickets_runs_and_visits_are_as_the_log_tells(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    assert counts_of(replay(database_url, log, "--template", draft(log), "--json")) == {
        "cases": 2,
        "events": 5,
        "activities": {"Close": 2, "Open": 2, "Work": 1},
        "variants": 2,
        "directly_follows": 3,
        "hand_offs": 1,
        "longest_case": 3,
        "resources": 2,
        "runs": {"completed": 2},
    }
    opened = datetime(2024, 3, 1, 9, tzinfo=UTC)
    query = sa.select(tickets).order_by(tickets.c.title)
    (a, b) = stored.rows(query)
    assert (a.title, a.type, a.created_at, b.title) == ("A", "task", opened, "B")
    visits = stored.rows(
        sa.select(activations.c.step_id, activations.c.outcome, activations.c.completed_at, users.c.name)
        .join(runs, runs.c.id == activations.c.run_id)
        .outerjoin(users, users.c.id == activations.c.completed_by)
        .where(runs.c.ticket_id == a.id)
        .order_by(activations.c.position)
    )
    assert [tuple(visit) for visit in visits] == [
        ("begin", "open", opened, None),
        ("open", "Work", opened, "Ana"),
        ("work", "Close", opened.replace(minute=30), "Bo"),
        ("close", "End", opened.replace(hour=10), "Bo"),
    ]
    (first,) = stored.rows(sa.select(runs).where(runs.c.ticket_id == a.id))
    assert (first.status, first.created_at, first.completed_at) == ("completed", opened, opened.replace(hour=10))


def test_the_logs_people_are_agents_of_a_reserved_domain_in_the_templates_group(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("people.csv", DESK + "C,Open,2024-03-03 09:00,ana\nC,Close,2024-03-03 10:00,unknown\n")
    assert counts_of(replay(database_url, log, "--template", draft(log), "--json"))["resources"] == 4
    people = stored.rows(sa.select(users.c.name, users.c.email, users.c.role).order_by(users.c.name))
    assert sorted(person.name for person in people) == ["Ana", "Bo", "Unknown", "ana", "unknown"]
    assert {person.role for person in people} == {"agent"}
    assert len({person.email for person in people}) == 5
    assert all(person.email.endswith("@example.org") for person in people)
    assert "bo@example.org" in {person.email for person in people}
    (group,) = stored.rows(sa.select(groups.c.id, groups.c.slug))
    assert group.slug == "event-log"
    assert stored.number(group_members, group_members.c.group_id == group.id) == 5
    assert {row[0] for row in stored.rows(sa.select(notifications.c.audience_id))} == {group.id}


def test_a_tenant_is_made_when_there_is_none_and_the_template_published_once(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    template = draft(log)
    for _ in range(2):
        assert replay(database_url, log, "--template", template).exit_code == 0
    (tenant,) = stored.rows(sa.select(tenants.c.name, tenants.c.plan))
    assert tuple(tenant) == ("default", "enterprise")
    (published,) = stored.rows(sa.select(templates))
    assert (published.name, published.status, published.version, published.is_active) == ("Desk", "published", 1, True)

    template.write_text(template.read_text().replace("Where the case begins", "The beginning"))
    assert replay(database_url, log, "--template", template).exit_code == 0
    assert stored.number(template_versions) == 2
    assert stored.number(tickets) == 4


def test_a_tenant_may_be_named_and_must_be_when_it_is_not_clear_which(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    command = (log, "--template", draft(log), "--json")
    for name in ("North", "South", "North"):
        assert counts_of(replay(database_url, *command, "--tenant", name))["cases"] == 2
    assert {row[0] for row in stored.rows(sa.select(tenants.c.name))} == {"North", "South"}
    assert stored.number(tickets) == 4
    told = replay(database_url, *command)
    assert told.exit_code == 1
    assert "--tenant: North, South" in told.stderr


def test_a_limit_replays_the_first_cases_and_the_rest_follows(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    command = (log, "--template", draft(log), "--json")
    assert counts_of(replay(database_url, *command, "--limit", 1))["cases"] == 1
    assert counts_of(replay(database_url, *command))["cases"] == 2
    assert stored.number(tickets) == 2


def test_without_json_the_counts_are_a_table(
    sqlite_url: str, replay: Replay, draft: Callable[..., Path], write: Write
) -> None:
    log = write("desk.csv", DESK)
    told = replay(sqlite_url, log, "--template", draft(log))
    assert told.exit_code == 0
    assert told.stderr == ""
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert {"Cases 2", "Events 5", "Hand offs 1", "Runs completed 2", "Close 2", "Work 1"} <= set(lines)


def test_equal_ids_and_equal_or_backward_times_are_taken_as_the_log_has_them(
    sqlite_url: str, replay: Replay, draft: Draft, write: Write
) -> None:
    events = [("Open", "10:00"), ("Work", "09:00"), ("Work", "09:00"), ("Close", "11:00")]
    trace = '<trace><string key="concept:name" value="Same"/>' + "".join(
        f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="2024-03-01T{at}:00Z"/>'
        '<string key="org:resource" value="Ana"/></event>'
        for name, at in events
    ) + "</trace>"  # fmt: skip
    log = write("same.xes", f'<log>{trace * 2}<trace><string key="concept:name" value="Empty"/></trace></log>')
    told = replay(sqlite_url, log, "--template", draft(log), "--json")
    counts = counts_of(told)
    assert (counts["cases"], counts["events"], counts["runs"]) == (2, 8, {"completed": 2})
    assert told.stderr == "Cases without any event, left out: 1.\n"


def test_what_a_log_says_of_a_case_is_on_its_ticket_within_bounds(
    sqlite_url: str, replay: Replay, draft: Draft, write: Write
) -> None:
    columns = ["priority", *(f"extra {number}" for number in range(60))]
    head = "case,activity,at,who," + ",".join(columns)
    log = write("wide.csv", f"{head}\n1,Open,2024-03-01 09:00,Ana,{'high ' * 200},{','.join('x' for _ in range(60))}\n")
    assert replay(sqlite_url, log, "--template", draft(log)).exit_code == 0
    with closing(Stored(sqlite_url)) as stored:
        ((custom,),) = stored.rows(sa.select(tickets.c.custom))
    assert len(custom) == 50
    assert len(custom["priority"]) == 500
    assert custom["extra 3"] == "x"


def test_a_log_that_has_grown_is_replayed_from_its_first_new_case(
    sqlite_url: str, replay: Replay, draft: Draft, write: Write
) -> None:
    template = draft(write("all.csv", DESK))
    log = write("growing.csv", "".join(DESK.splitlines(keepends=True)[:4]))
    command = (log, "--template", template, "--json")
    assert counts_of(replay(sqlite_url, *command))["cases"] == 1
    log.write_text(DESK)
    counts = counts_of(replay(sqlite_url, *command))
    assert (counts["cases"], counts["runs"]) == (2, {"completed": 2})


def test_an_ended_run_is_left_as_it_is_when_its_case_has_gone_on(
    sqlite_url: str, replay: Replay, draft: Draft, write: Write
) -> None:
    template = draft(write("twice.csv", DESK + "B,Open,2024-03-04 09:00,Ana\nB,Close,2024-03-04 10:00,Ana\n"))
    log = write("growing.csv", DESK)
    assert counts_of(replay(sqlite_url, log, "--template", template, "--json"))["events"] == 5
    log.write_text(DESK + "B,Open,2024-03-04 09:00,Ana\nB,Close,2024-03-04 10:00,Ana\n")
    told = replay(sqlite_url, log, "--template", template, "--json")
    assert counts_of(told)["events"] == 5
    assert told.stderr == "Runs that ended before their case did, left as they are: 1.\n"


def test_a_template_that_does_not_fit_stops_the_replay_at_the_event(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    template = draft(write("desk.csv", DESK))
    for extra, said in (
        ("C,Open,2024-03-03 09:00,Ana\nC,Dance,2024-03-03 10:00,Bo\n", "case 'C', event 2 ('Dance')"),
        ("C,Open,2024-03-03 09:00,Ana\nC,Open,2024-03-03 10:00,Bo\n", "case 'C', event 1 ('Open')"),
    ):
        told = replay(database_url, write("other.csv", DESK + extra), "--template", template, "--json")
        assert (told.exit_code, told.stdout) == (1, "")
        assert said in told.stderr
        assert told.stderr.count("\n") == 1
    assert stored.number(runs, runs.c.status == "completed") == 2


def test_work_that_is_somebody_elses_stops_the_replay_at_the_event(
    sqlite_url: str, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    template = draft(log)
    template.write_text(
        template.read_text().replace("assignee: {group: event-log}", "assignee: {user: ana@example.org}")
    )
    told = replay(sqlite_url, log, "--template", template)
    assert told.exit_code == 1
    assert told.stderr == "case 'A', event 2 ('Work'): “Work” is not yours to complete. (not_yours)\n"


def test_a_template_with_errors_is_not_replayed_on(bare_sqlite_url: str, replay: Replay, write: Write) -> None:
    log = write("desk.csv", DESK)
    bad = replay(bare_sqlite_url, log, "--template", write("bad.yaml", "{name: Bad, steps: [{id: a, type: x}]}"))
    assert bad.exit_code == 1
    assert "(bad_template)" in bad.stderr
    none = replay(bare_sqlite_url, log, "--template", "none.yaml")
    assert none.exit_code == 2
    assert none.stderr == "none.yaml: it cannot be opened: No such file or directory\n"
    assert not Path(bare_sqlite_url.removeprefix("sqlite:///")).exists()


def test_one_replay_at_a_time(database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write) -> None:
    log = write("desk.csv", DESK)
    command = (log, "--template", draft(log))
    with exclusively(stored.database, "replay") as alone:
        assert alone
        told = replay(database_url, *command)
        assert told.exit_code == 1
        assert told.stderr == "another replay is going on in this database (already_replaying)\n"
    assert replay(database_url, *command).exit_code == 0


def test_nobody_is_sent_a_mail_about_what_happened_years_ago(
    database_url: str, stored: Stored, replay: Replay, draft: Draft, write: Write
) -> None:
    log = write("desk.csv", DESK)
    told = replay(database_url, log, "--template", draft(log), WAYLINE_SMTP_URL="smtp://127.0.0.1:1")
    assert told.exit_code == 0
    assert stored.number(jobs) == 0
