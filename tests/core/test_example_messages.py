"""The example messages are what they seem: free of problems, and each of their paths leads on."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from example_desk import DIRECTORY, EXAMPLES

from wayline.core.check import check

MESSAGES = sorted((EXAMPLES[0].parent / "messages").glob("*.yaml"))
DEFINITIONS: dict[str, dict[str, Any]] = {path.stem: yaml.safe_load(path.read_text()) for path in MESSAGES}
MAX_LINES = 60


def test_there_are_some() -> None:
    assert DEFINITIONS


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_message_has_no_problem_at_all(name: str) -> None:
    definition = DEFINITIONS[name]
    checked = check(definition, directory=DIRECTORY, templates=[definition["name"]], rules=[], scripts=[])
    assert checked.problems == ()
    assert checked.sound
    assert checked.states_explored == len(definition["steps"])


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_message_is_short_is_kept_under_its_name_and_begins_by_saying_what_it_shows(name: str) -> None:
    lines = next(path for path in MESSAGES if path.stem == name).read_text().splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0].startswith("# Shows: ")
    assert name == "-".join(DEFINITIONS[name]["name"].lower().split())
