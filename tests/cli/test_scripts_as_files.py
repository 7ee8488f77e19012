"""Scripts are checked, applied and exported like templates and rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from served_desk import Desk, served_desk
from wayline.cli.main import application

Wayline = Callable[..., Result]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "scripts.md"
(GREET,) = re.findall(r"^```yaml file\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
RULE = "{name: Greeting, trigger: on_ticket_created, action: {type: run_script, script: GREET}}"
STEP = "{name: T, steps: [{id: a, type: automatic, action: {type: run_script, script: Greet}}]}"


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with served_desk(database_url, tmp_path) as desk:
        yield desk


@pytest.fixture
def wayline(database_url: str, tmp_path: Path) -> Wayline:
    """A command about Acme, on the desk's database."""

    def run(command: str, *arguments: object) -> Result:
        env = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_DATA_DIR": str(tmp_path / "data")}
        named = [command, *map(str, arguments), *(() if command == "check" else ("--tenant", "Acme"))]
        return CliRunner().invoke(application(command), named, env=env)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A script, with a rule and a template that run it."""
    found = tmp_path / "desk"
    found.mkdir()
    for name, text in (("greet", GREET), ("rule", RULE), ("template", STEP)):
        (found / f"{name}.yaml").write_text(text)
    return found


def test_a_script_is_applied_with_what_runs_it_and_again_without_change(
    desk: Desk, wayline: Wayline, folder: Path
) -> None:
    said = wayline("apply", folder, "--json")
    assert said.exit_code == 0, said.output
    applied = {(each["kind"], each["name"], each["result"]) for each in json.loads(said.stdout)["applied"]}
    assert applied == {("script", "Greet", "created"), ("rule", "Greeting", "created"), ("template", "T", "created")}
    (script,) = desk.client(desk.root).get("/api/v1/scripts").json()["data"]
    kept = desk.client(desk.root).get(f"/api/v1/scripts/{script['id']}").json()["data"]
    assert kept["text"] == 'core.log("hello", param("userId"))\nresult = 1\n'

    again = wayline("apply", folder, "--json")
    assert {each["result"] for each in json.loads(again.stdout)["applied"]} == {"unchanged"}
    (folder / "greet.yaml").write_text(GREET.replace("hello", "good day"))
    planned = wayline("apply", folder, "--dry-run", "--json")
    assert [each["result"] for each in json.loads(planned.stdout)["applied"]] == ["updated", "unchanged", "unchanged"]
    assert wayline("apply", folder).exit_code == 0
    assert desk.client(desk.root).get(f"/api/v1/scripts/{script['id']}").json()["data"]["version"] == 2


def test_what_is_exported_says_the_same_when_it_is_applied(
    desk: Desk, wayline: Wayline, folder: Path, tmp_path: Path
) -> None:
    wayline("apply", folder)
    out = tmp_path / "out"
    assert wayline("export", out).exit_code == 0
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.yaml")) == [
        "rules/greeting.yaml",
        "scripts/greet.yaml",
        "t.yaml",
    ]
    assert "text: |" in (out / "scripts" / "greet.yaml").read_text()
    again = wayline("apply", out, "--json")
    assert {each["result"] for each in json.loads(again.stdout)["applied"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("written", "place", "code"),
    [
        ('{name: Bad, text: "x = ("}', "text", "syntax"),
        ('{name: "fail()", text: "x = 1"}', "name", "string_pattern_mismatch"),
        ('{name: Bad, text: "x = 1", colour: red}', "colour", "extra_forbidden"),
        ('{name: R, trigger: on_comment, action: {type: run_script, script: "x = ("}}', "actions[0].script", "syntax"),
        (
            '{name: T, steps: [{id: a, type: automatic, action: {type: run_script, script: "x = ("}}]}',
            "steps[0].action.script",
            "syntax",
        ),
    ],
)
def test_texts_that_cannot_be_read_are_found_by_check(
    wayline: Wayline, tmp_path: Path, written: str, place: str, code: str
) -> None:
    (tmp_path / "one.yaml").write_text(written)
    said = wayline("check", tmp_path / "one.yaml", "--json")
    assert said.exit_code == 1
    assert [(p["path"], p["code"]) for p in json.loads(said.stdout)["problems"]] == [(place, code)]


def test_a_script_that_nobody_keeps_and_no_file_holds_is_an_error(desk: Desk, wayline: Wayline, folder: Path) -> None:
    (folder / "greet.yaml").unlink()
    said = wayline("apply", folder, "--json")
    assert said.exit_code == 1
    found = {(p["path"], p["code"]) for p in json.loads(said.stdout)["problems"]}
    assert found == {("actions[0].script", "unknown_script"), ("steps[0].action.script", "unknown_script")}
    assert desk.client(desk.root).get("/v1/automation/rules").json()["data"] == []
