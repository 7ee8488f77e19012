"""The designer as people use it: by mouse, by keys alone, and two at once."""

from __future__ import annotations

from pathlib import Path

from desk_in_a_browser import run_in_a_browser


def test_workflows_are_designed_and_nothing_typed_is_lost(database_url: str, tmp_path: Path) -> None:
    run_in_a_browser(database_url, tmp_path, "designer")
