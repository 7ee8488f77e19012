"""What is committed can be used anywhere: locks are hashed and name no index, documents link to what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from wayline.cli.main import COMMANDS, application
from wayline.core.check import check
from wayline.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["runtime", "test", "bench"]
FOR_TESTS_ONLY = {"test_clock_offset_s"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, flags=re.MULTILINE))


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_and_hashed(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    requirements = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    assert requirements
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_machine(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|\s/", text)


@pytest.mark.parametrize("larger", ["test", "bench"])
def test_a_larger_lock_has_the_versions_of_the_smaller_one(larger: str) -> None:
    assert pins("runtime").items() <= pins(larger).items()


def test_a_link_in_a_document_leads_to_a_file() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in LINK.findall(document.read_text())
        if "://" not in target and not target.startswith("#")
        if not (document.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `WAYLINE_([A-Z0-9_]+)` \| ([^|]*) \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    fields = {name: field for name, field in Settings.model_fields.items() if name not in FOR_TESTS_ONLY}
    assert sorted(rows) == sorted(name.upper() for name in fields)
    for name, field in fields.items():
        if field.default not in (None, ""):
            assert rows[name.upper()].startswith(f"`{field.default}`"), f"{PREFIX}{name.upper()}"


def test_the_template_in_the_readme_is_sound() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    checked = check(yaml.safe_load(example))
    assert checked.sound
    assert checked.errors == ()


def commands_of_the_readme() -> list[str]:
    return re.findall(r"^\| `wayline ([a-z]+(?: [a-z]+)?)", (ROOT / "README.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", commands_of_the_readme())
def test_a_command_the_readme_lists_exists(command: str) -> None:
    result = CliRunner().invoke(application(*COMMANDS), [*command.split(), "--help"])
    assert result.exit_code == 0, result.output
