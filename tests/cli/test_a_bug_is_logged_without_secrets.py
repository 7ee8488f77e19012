"""What breaks while a command is at work is logged on standard error, plainly: no value of a variable, no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from served_desk import served_desk
from workflows import publish

WAYLINE = Path(sys.executable).with_name("wayline")
SECRET = "a key that no log may ever show"
BROKEN = {"id": "ask", "type": "form", "fields": []}
"""A step that no version of the format takes: as if another version of the code had stored it."""


def test_a_rule_that_breaks_in_a_replay_spoils_neither_the_counts_nor_the_secrets(
    sqlite_url: str,
    tmp_path: Path,
    draft: Callable[[Path], Path],
    write: Callable[[str, str], Path],
) -> None:
    log = write("desk.csv", "case,activity,at,who\nA,Open,2024-03-01 09:00,Ana\nA,Close,2024-03-01 10:00,Bo\n")
    with served_desk(sqlite_url, tmp_path, secret_key=SECRET) as desk:
        publish(desk, [BROKEN], name="Broken")
        rule = {"name": "R", "trigger": "on_ticket_created", "conditions": {}}
        start = {"type": "start_workflow", "workflow_name": "Broken"}
        answer = desk.client(desk.dee).post("/v1/automation/rules", json={**rule, "action": start})
        assert answer.status_code == 201, answer.text

    told = subprocess.run(
        [str(WAYLINE), "replay", str(log), "--template", str(draft(log)), "--tenant", "Acme", "--json"],
        env={**os.environ, "WAYLINE_DATABASE_URL": sqlite_url, "WAYLINE_SECRET_KEY": SECRET},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith('{"cases": 1')
    assert told.stdout.count("\n") == 1
    assert "rule_broke" in told.stderr
    assert "TemplateInvalid" in told.stderr
    assert SECRET not in told.stderr
