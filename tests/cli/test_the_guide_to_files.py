"""What the guide to rules and templates as files tells its reader to type works as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wayline.cli.main import COMMANDS, application

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "rules-and-templates-as-files.md"


def test_its_commands_work_on_its_files(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYLINE_DATABASE_URL", sqlite_url)
    text = GUIDE.read_text()
    files = re.findall(r"as `(desk/\S+)`:\n\n```yaml\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert [name for name, _ in files] == ["desk/loan.yaml", "desk/rules.yaml", "desk/tests.yaml"]
    for name, content in files:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content)
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    told = [_run(line) for block in blocks for line in block.splitlines()]
    assert [said[-1] for said in told] == [
        "3 files: 0 errors, 0 warnings.",
        "4 cases: 4 as expected, 0 not.",
        "This was a dry run: nothing was written.",
        "3 definitions: 3 created, 0 updated, 0 unchanged.",
        "3 files in out, 3 written, the rest as they were.",
        "3 definitions: 0 created, 0 updated, 3 unchanged.",
    ]
    assert Path("out/loan-of-a-device.yaml").is_file()
    assert Path("out/rules/forgotten-tickets.yaml").is_file()


def _run(command: str) -> list[str]:
    told = CliRunner().invoke(application(*COMMANDS), shlex.split(command)[1:])
    assert told.exit_code == 0, told.output
    return told.stdout.splitlines()
