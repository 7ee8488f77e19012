"""What the guide to event logs tells its reader to type works as it is written."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wayline.cli.main import COMMANDS, application

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "event-logs.md"


def test_its_commands_work_on_its_log(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYLINE_DATABASE_URL", sqlite_url)
    blocks = re.findall(r"^```(csv|sh)\n(.*?)^```$", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
    (log,) = [text for kind, text in blocks if kind == "csv"]
    Path("printers.csv").write_text(log)
    commands = [line for kind, text in blocks if kind == "sh" for line in text.splitlines()]
    assert len(commands) == 3
    for command in commands:
        told = CliRunner().invoke(application(*COMMANDS), shlex.split(command)[1:])
        assert told.exit_code == 0, told.output
    assert "Runs completed    2" in told.stdout
    assert os.path.exists("printers.yaml")
