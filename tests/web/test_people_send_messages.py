"""Messages in the web app: written, sent, answered in inboxes, and watched."""

from __future__ import annotations

from pathlib import Path

from desk_in_a_browser import run_in_a_browser


def test_a_message_is_sent_once_and_its_answers_are_seen_as_they_come(sqlite_url: str, tmp_path: Path) -> None:
    run_in_a_browser(sqlite_url, tmp_path, "messages")
