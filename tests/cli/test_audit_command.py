"""`wayline audit`: says what is not as it was written, and ends with 1; beside a server that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from served_desk import Desk, served_desk
from wayline.cli.main import COMMANDS, application
from wayline.store.anchors import anchor_changes
from wayline.store.tables import audit_anchors, tickets, timeline

KEY = "a key for tests alone"


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with served_desk(database_url, tmp_path) as served:
        yield served


def audit(desk: Desk, *words: str, **environment: str) -> Result:
    """The command, in the environment the server runs in."""
    settings = {"WAYLINE_DATABASE_URL": desk.wayline.settings.database_url, "WAYLINE_SECRET_KEY": KEY, **environment}
    return CliRunner().invoke(application(*COMMANDS), ["audit", *words], env=settings)


def opened(desk: Desk) -> str:
    """The id of a ticket that Ana has opened and Bo has changed."""
    ticket = desk.client(desk.ana).post("/api/v1/tickets", json={"type": "incident", "title": "Printer"}).json()["data"]
    changed = desk.client(desk.bo).patch(f"/api/v1/tickets/{ticket['id']}", json={"priority": "P1"})
    assert changed.status_code == 200, changed.text
    return str(ticket["id"])


def write(desk: Desk, statement: sa.Executable) -> None:
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(statement)


def test_an_untouched_database_is_as_it_was_written(desk: Desk) -> None:
    opened(desk)
    told = audit(desk, "verify")
    assert told.exit_code == 0, told.output
    assert told.stdout == "Everything is as it was written: 1 runs and tickets, 2 rows, 0 anchors.\n"
    report = json.loads(audit(desk, "verify", "--json").stdout)
    assert report == {"verified": True, "subjects": 1, "rows": 2, "anchors": 0, "findings": []}


def test_what_was_tampered_with_is_named_and_the_command_fails(desk: Desk) -> None:
    ticket_id = opened(desk)
    write(desk, sa.update(timeline).where(timeline.c.seq == 1).values(actor_id=desk.cy.id))
    told = audit(desk, "verify")
    assert told.exit_code == 1
    assert told.stdout == (f"changed         ticket {ticket_id} at 1: the row is not the one that was written here\n")
    assert "1 finding in" in told.stderr
    report = json.loads(audit(desk, "verify", "--json").stdout)
    (finding,) = report["findings"]
    assert report["verified"] is False
    assert (finding["tenant_id"], finding["subject"], finding["subject_id"], finding["seq"], finding["code"]) == (
        desk.tenant_id,
        "ticket",
        ticket_id,
        1,
        "changed",
    )


def test_one_tenant_or_one_run_is_verified_alone(desk: Desk) -> None:
    ticket_id, other_id = opened(desk), opened(desk)
    write(desk, sa.update(timeline).where(timeline.c.subject_id == ticket_id).values(actor_id=None))
    assert audit(desk, "verify", "--run", ticket_id.upper()).exit_code == 1
    assert audit(desk, "verify", "--run", other_id).exit_code == 0
    assert audit(desk, "verify", "--tenant", "acme").exit_code == 1
    assert audit(desk, "verify", "--tenant", desk.zed_id).exit_code == 0


def test_a_ticket_that_is_gone_is_found_when_asked_for_by_name(desk: Desk) -> None:
    ticket_id = opened(desk)
    anchored(desk)
    write(desk, sa.delete(timeline))
    write(desk, sa.delete(tickets))
    told = audit(desk, "verify", "--run", ticket_id)
    assert told.exit_code == 1
    assert told.stdout.startswith(f"deleted         timeline {ticket_id} at 1: it was there on ")


def anchored(desk: Desk) -> str:
    """The hash of a new anchor."""
    with desk.wayline.database.writer.begin() as connection:
        at = desk.wayline.clock.now()
        anchor = anchor_changes(connection, key=KEY.encode(), tenant_id=desk.tenant_id, at=at)
    assert anchor is not None
    return anchor.hash.hex()


def test_an_anchor_noted_elsewhere_must_be_there(desk: Desk) -> None:
    opened(desk)
    noted = anchored(desk)
    (line,) = audit(desk, "anchors", "--tenant", "Acme").stdout.splitlines()
    assert line.split()[0] == desk.tenant_id
    assert line.split()[-1] == noted
    assert audit(desk, "anchors", "--tenant", "Zed").stdout == ""
    assert audit(desk, "verify", "--anchor", noted).exit_code == 0
    write(desk, sa.delete(audit_anchors))
    assert audit(desk, "verify").exit_code == 0
    told = audit(desk, "verify", "--anchor", noted)
    assert told.exit_code == 1
    assert f"there is no anchor with the hash {noted}" in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tenant", "Nobody"], "There is no tenant Nobody."),
        (["--run", "printer"], "printer is no id"),
        (["--run", "00000000-0000-4000-8000-000000000000"], "There is no run or ticket"),
        (["--anchor", "xyz"], "xyz is no hash"),
    ],
    ids=["tenant", "no-id", "run", "anchor"],
)
def test_what_cannot_be_verified_ends_with_2(desk: Desk, words: list[str], said: str) -> None:
    told = audit(desk, "verify", *words)
    assert told.exit_code == 2
    assert said in told.stderr


def test_another_key_is_guessed_at_from_every_row(desk: Desk) -> None:
    opened(desk)
    told = audit(desk, "verify", WAYLINE_SECRET_KEY="another key altogether")
    assert told.exit_code == 1
    assert "Is WAYLINE_SECRET_KEY the one the server runs with?" in told.stderr


def test_a_key_is_not_made_up(sqlite_url: str, tmp_path: Path) -> None:
    environment = {"WAYLINE_DATABASE_URL": sqlite_url, "WAYLINE_DATA_DIR": str(tmp_path / "none")}
    told = CliRunner().invoke(application("audit"), ["audit", "verify"], env={**environment, "WAYLINE_SECRET_KEY": ""})
    assert told.exit_code == 2
    assert "Set WAYLINE_SECRET_KEY" in told.stderr
    assert not (tmp_path / "none").exists()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    environment = {"WAYLINE_DATABASE_URL": f"sqlite:///{tmp_path}/none.db", "WAYLINE_SECRET_KEY": KEY}
    told = CliRunner().invoke(application("audit"), ["audit", "verify"], env=environment)
    assert told.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_our_schema_is_refused(bare_postgresql_url: str) -> None:
    environment = {"WAYLINE_DATABASE_URL": bare_postgresql_url, "WAYLINE_SECRET_KEY": KEY}
    told = CliRunner().invoke(application("audit"), ["audit", "verify"], env=environment)
    assert told.exit_code == 2
    assert "wayline migrate" in told.stderr
