"""The web app as people use it: a real browser, a real server."""

from __future__ import annotations

from pathlib import Path

from desk_in_a_browser import run_in_a_browser


def test_work_goes_from_hand_to_hand_and_nothing_typed_is_lost(database_url: str, tmp_path: Path) -> None:
    run_in_a_browser(database_url, tmp_path, "journey", "inbox", "typed-text")


def test_nobody_is_kept_out(sqlite_url: str, tmp_path: Path) -> None:
    run_in_a_browser(sqlite_url, tmp_path, "accessibility")
