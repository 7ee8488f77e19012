"""wayline worker does the work of the task queues it is told to, and says so when there is no such queue."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WAYLINE = Path(sys.executable).with_name("wayline")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(["--queues", "itsm-unheard-of"], {}), ([], {"WAYLINE_WORKER_QUEUES": "itsm-unheard-of"})],
    ids=["option", "variable"],
)
def test_a_queue_there_is_not_ends_it_with_a_sentence(
    arguments: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    ended = subprocess.run(
        [WAYLINE, "worker", *arguments],
        env={"WAYLINE_DATABASE_URL": f"sqlite:///{tmp_path}/w.db", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("WAYLINE_WORKER_QUEUES: there is no task queue itsm-unheard-of")
    assert "Traceback" not in ended.stderr
