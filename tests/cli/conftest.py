"""What tests of commands on event logs and templates share: logs small enough to read, and the command itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from wayline.cli.main import COMMANDS, application

WAYLINE = Path(sys.executable).with_name("wayline")


@pytest.fixture
def wayline() -> Callable[..., Result]:
    """A command in this process."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(application(*COMMANDS), [str(argument) for argument in arguments])

    return run


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., Result]:
    """`wayline replay` in this process, on a database."""

    def run(database_url: str, *arguments: object, **environment: str) -> Result:
        env = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_DATA_DIR": str(tmp_path), **environment}
        return CliRunner().invoke(application("replay"), ["replay", *map(str, arguments)], env=env)

    return run


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a command as a process of its own, on a database."""

    def start(database_url: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(WAYLINE), *map(str, arguments)],
            env={**os.environ, "WAYLINE_DATABASE_URL": database_url},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def draft(wayline: Callable[..., Result], tmp_path: Path) -> Callable[[Path], Path]:
    """The template that `discover` drafts from a log, as a file."""

    def discover(log: Path) -> Path:
        path = tmp_path / f"{log.stem}.template.yaml"
        told = wayline("discover", log, "-o", path)
        assert told.exit_code == 0, told.output
        return path

    return discover


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file of that name and content."""

    def put(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return put
