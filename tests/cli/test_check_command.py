"""`wayline check` tells every problem of every file at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Wayline = Callable[..., Result]
Write = Callable[[str, str], Path]
CHECKOUT = Path(__file__).resolve().parents[2]

GOOD = "{name: Fine, steps: [{id: a, type: form, assignee: {requester: true}, fields: [{name: x, type: text}]}]}"
LOOSE = (
    "{name: Loose, steps: ["
    "{id: a, type: form, assignee: {requester: true}, fields: [{name: x, type: text}]}, "
    "{id: b, type: form, assignee: {requester: true}, fields: [{name: y, type: text}]}]}"
)
BAD = """
name: Bad
steps:
  - {id: a, type: form, assignee: {requester: true}, fields: [{name: x, type: text}], next: nowhere}
  - {id: b, type: dance}
"""


def test_templates_without_problems_are_quiet(wayline: Wayline, write: Write) -> None:
    told = wayline("check", write("fine.yaml", GOOD))
    assert (told.exit_code, told.stdout) == (0, "1 file: 0 errors, 0 warnings.\n")


def test_every_problem_has_its_file_place_message_and_code(wayline: Wayline, write: Write) -> None:
    bad = write("bad.yaml", BAD)
    told = wayline("check", bad)
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    assert any(
        line.startswith(f"{bad}: error at steps[0].next: ") and line.endswith("(unknown_target)") for line in lines
    )
    assert any(
        line.startswith(f"{bad}: error at steps[1].type: ") and line.endswith("(unknown_step_type)") for line in lines
    )


def test_warnings_do_not_fail(wayline: Wayline, write: Write) -> None:
    told = wayline("check", write("loose.yaml", LOOSE))
    assert told.exit_code == 0
    assert "(unreachable)" in told.stdout


def test_a_folder_stands_for_the_templates_in_it(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    write("all/one.yaml", GOOD)
    write("all/deep/two.YML", GOOD)
    write("all/three.json", json.dumps({"name": "Three", "steps": []}))
    write("all/readme.txt", "no template")
    told = wayline("check", tmp_path / "all")
    assert told.exit_code == 1
    assert told.stdout.splitlines()[-1] == "3 files: 1 error, 0 warnings."


def test_a_file_is_checked_once_however_often_it_is_named(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    fine = write("fine.yaml", GOOD)
    assert wayline("check", fine, tmp_path, fine).stdout == "1 file: 0 errors, 0 warnings.\n"


def test_problems_as_json(wayline: Wayline, write: Write) -> None:
    fine, bad = write("fine.yaml", GOOD), write("bad.yaml", BAD)
    told = wayline("check", fine, bad, "--json")
    assert told.exit_code == 1
    said = json.loads(told.stdout)
    assert said["files"] == [str(fine), str(bad)]
    assert {(p["file"], p["severity"], p["path"], p["code"]) for p in said["problems"]} == {
        (str(bad), "error", "steps[0].next", "unknown_target"),
        (str(bad), "error", "steps[1].type", "unknown_step_type"),
    }


def test_what_cannot_be_read_is_a_problem_like_any_other(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for file, said in (
        (write("not.yaml", "a: [1,\n b"), "neither YAML nor JSON: line 3, column 1: "),
        (write("twice.yaml", "a: 1\na: 2"), "line 2, column 1: a is written twice"),
        (tmp_path / "missing.yaml", "it cannot be opened: No such file or directory"),
        (tmp_path / "binary.yaml", "it is not UTF-8"),
    ):
        told = wayline("check", file)
        assert told.exit_code == 1
        assert told.stdout.startswith(f"{file}: error: ")
        assert said in told.stdout
        assert "(unreadable)" in told.stdout


def test_rules_are_checked_too(wayline: Wayline, write: Write) -> None:
    fine = "{name: VIPs, trigger: on_comment, conditions: {colour: red}, action: {type: set_priority, priority: P1}}"
    path = write("rules.yaml", f"{fine}\n---\n{fine.replace('P1', 'P9').replace('on_comment', 'never')}\n")
    told = wayline("check", path)
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    assert lines[0].startswith(f"{path}#1: warning at conditions: ")
    assert lines[0].endswith("(unknown_name)")
    assert {line.split(": ")[1] for line in lines[1:-1]} == {"error at trigger", "error at action"}
    assert lines[-1] == "1 file: 2 errors, 1 warning."


def test_nothing_to_check_is_no_success(wayline: Wayline, tmp_path: Path) -> None:
    told = wayline("check", tmp_path)
    assert told.exit_code == 2
    assert "There is no .yaml, .yml, .json file" in told.stderr


def test_the_examples_pass(wayline: Wayline) -> None:
    assert wayline("check", CHECKOUT / "examples").exit_code == 0
