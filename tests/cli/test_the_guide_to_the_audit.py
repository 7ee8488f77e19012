"""The commands of the guide to the audit work as written, and it knows every kind of finding."""

from __future__ import annotations

import re
import shlex
import typing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from served_desk import served_desk
from wayline.cli.main import COMMANDS, application
from wayline.store.verification import Code

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "audit.md").read_text()


def test_its_commands_work(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLINE_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("WAYLINE_SECRET_KEY", "a key for tests alone")
    commands = "".join(re.findall(r"^```sh\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)).splitlines()
    assert len(commands) == 4
    with served_desk(sqlite_url, tmp_path) as desk:
        assert desk.client(desk.ana).post("/api/v1/tickets", json={"type": "task", "title": "Ink"}).is_success
        for command in commands:
            told = CliRunner().invoke(application(*COMMANDS), shlex.split(command)[1:])
            assert told.exit_code == 0, told.output


def test_it_knows_every_kind_of_finding() -> None:
    table = "".join(re.findall(r"^(\| `.*) \|$", GUIDE, flags=re.MULTILINE))
    assert set(re.findall(r"`([a-z_]+)`", table)) == set(typing.get_args(Code))
