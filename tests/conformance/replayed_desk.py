"""Replaying event logs at a served desk, with the command that people use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from wayline.cli.main import application

SECRET = "a key for tests alone"


def draft(log: Path, directory: Path) -> Path:
    """The template that `wayline discover` drafts from a log, as a file."""
    path = directory / "drafted.yaml"
    told = CliRunner().invoke(application("discover"), ["discover", str(log), "-o", str(path)])
    assert told.exit_code == 0, told.output
    return path


def replay(
    database_url: str, log: Path, template: Path, *, tenant: str = "Acme", limit: int | None = None
) -> dict[str, Any]:
    """`wayline replay`, all of it or the first so many cases; answers what it counted."""
    arguments = ["replay", str(log), "--template", str(template), "--tenant", tenant, "--json"]
    arguments += [] if limit is None else ["--limit", str(limit)]
    settings = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_SECRET_KEY": SECRET}
    told = CliRunner().invoke(application("replay"), arguments, env=settings)
    assert told.exit_code == 0, told.output
    counts: dict[str, Any] = json.loads(told.stdout)
    return counts
