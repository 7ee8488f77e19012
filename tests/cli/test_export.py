"""`wayline export` writes a desk's definitions to files that bring the same desk about, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from served_desk import Desk, add_group, served_desk
from wayline.cli.definitions.exporting import file_name
from wayline.cli.main import application
from wayline.store.directory import touch
from workflows import publish

Wayline = Callable[..., Result]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GROUPS = (
    "service-desk-leads",
    "deskside",
    "network",
    "security",
    "change-advisory-board",
    "major-incident",
    "problem-managers",
    "facilities",
    "finance",
)
FORM: dict[str, Any] = {
    "id": "a",
    "type": "form",
    "assignee": {"requester": True},
    "fields": [{"name": "x", "type": "text"}],
}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A served desk with the groups that the examples name."""
    with served_desk(database_url, tmp_path) as desk:
        at = desk.wayline.clock.now()
        with desk.wayline.database.writer.begin() as connection:
            for name in GROUPS:
                add_group(connection, desk.tenant_id, name, {desk.dee: "lead", desk.bo: "member"}, at)
            touch(connection, desk.tenant_id)
        yield desk


@pytest.fixture
def wayline(database_url: str, tmp_path: Path) -> Wayline:
    """A command about Acme, on the desk's database."""

    def run(command: str, *arguments: object, tenant: str = "Acme") -> Result:
        env = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_DATA_DIR": str(tmp_path / "data")}
        named = [command, *map(str, arguments), "--tenant", tenant]
        return CliRunner().invoke(application(command), named, env=env)

    return run


def test_the_examples_come_back_as_they_went_in(desk: Desk, wayline: Wayline, tmp_path: Path) -> None:
    applied = wayline("apply", EXAMPLES)
    assert applied.exit_code == 0, applied.output
    first, second = tmp_path / "first", tmp_path / "second"
    assert wayline("export", first).exit_code == 0
    again = wayline("apply", first)
    assert "0 created, 0 updated" in again.stdout.splitlines()[-1], again.output
    assert wayline("export", second).exit_code == 0
    assert _files(first) == _files(second)
    assert {path.name for path in EXAMPLES.glob("*.yaml")} <= {path.name for path in first.iterdir()}


@pytest.mark.parametrize(
    "text",
    [
        "Grüße aus Zürich, 東京 und 🛠",
        "two\nlines",
        "two lines and a blank one\n\nand an end\n",
        "ends with blank lines\n\n\n",
        "  begins with blanks\nand: goes on",
        "trailing blanks  \nand a tab\there",
        "{{ ticket.title }}: 'quoted' and \"quoted\" # no comment",
        "yes",
        "1e3",
        "2026-03-02",
        "\u2028separated\u0085",
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_a_text_survives_whatever_is_in_it(desk: Desk, wayline: Wayline, tmp_path: Path, text: str) -> None:
    steps = [{**FORM, "next": "b"}, {"id": "b", "type": "automatic", "action": {"type": "add_comment", "text": text}}]
    publish(desk, steps, name="Say it", definition={"description": text})
    first, second = tmp_path / "first", tmp_path / "second"
    wayline("export", first)
    assert "1 unchanged" in wayline("apply", first).stdout
    assert wayline("apply", first, tenant="Zed").exit_code == 0
    wayline("export", second, tenant="Zed")
    assert _files(first) == _files(second)


def test_rules_come_back_as_they_went_in(desk: Desk, wayline: Wayline, tmp_path: Path) -> None:
    dee = desk.client(desk.dee)
    for rule in (
        {"name": "VIPs first", "conditions": {"any": [{"custom.vip": True}, {"priority": "P1"}]}, "stop": True},
        {"name": "Off", "enabled": False, "description": "two\nlines\n"},
        {"name": "Nightly", "trigger": "scheduled", "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Rome"}},
        {"name": "From outside", "trigger": "webhook", "conditions": {"payload.kind": ["yes", "1e3"]}, "position": 40},
    ):
        action = {"type": "send_notification", "to": "ops@acme.example", "message": "{{ ticket.number }}:\n\nlook\n"}
        answer = dee.post("/v1/automation/rules", json={"trigger": "on_comment", "action": action, **rule})
        assert answer.status_code == 201, answer.text
    first, second = tmp_path / "first", tmp_path / "second"
    assert wayline("export", first).exit_code == 0
    assert set(_files(first)) == {f"rules/{name}.yaml" for name in ("vips-first", "off", "nightly", "from-outside")}
    assert "0 created, 0 updated, 4 unchanged" in wayline("apply", first).stdout
    assert "4 created" in wayline("apply", first, tenant="Zed").stdout
    assert wayline("export", second, tenant="Zed").exit_code == 0
    assert _files(first) == _files(second)


def test_a_second_export_leaves_files_alone_that_say_the_same(desk: Desk, wayline: Wayline, tmp_path: Path) -> None:
    publish(desk, [FORM], name="Badge")
    wayline("export", tmp_path / "out")
    stamp = (tmp_path / "out" / "badge.yaml").stat().st_mtime_ns
    told = wayline("export", tmp_path / "out")
    assert told.stdout == f"1 file in {tmp_path / 'out'}, 0 written, the rest as they were.\n"
    assert (tmp_path / "out" / "badge.yaml").stat().st_mtime_ns == stamp


def test_names_that_make_the_same_file_get_a_number(desk: Desk, wayline: Wayline, tmp_path: Path) -> None:
    publish(desk, [FORM], name="Badge?")
    publish(desk, [FORM], name="Badge!")
    wayline("export", tmp_path / "out")
    assert {name: text.splitlines()[0] for name, text in _files(tmp_path / "out").items()} == {
        "badge.yaml": "name: Badge!",
        "badge-2.yaml": "name: Badge?",
    }


def test_of_two_with_one_name_the_newer_is_written_and_the_other_told_of(
    desk: Desk, wayline: Wayline, tmp_path: Path
) -> None:
    publish(desk, [FORM], name="Badge", definition={"description": "the older"})
    publish(desk, [FORM], name="badge", definition={"description": "the newer"})
    told = wayline("export", tmp_path / "out")
    assert told.stderr == "An older one called Badge is left out: a file cannot tell them apart.\n"
    ((_, text),) = _files(tmp_path / "out").items()
    assert "the newer" in text


def test_nothing_of_another_tenant_is_written(desk: Desk, wayline: Wayline, tmp_path: Path) -> None:
    publish(desk, [FORM], name="Badge")
    told = wayline("export", tmp_path / "out", tenant="Zed")
    assert told.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Laptop Provisioning - New Hire", "laptop-provisioning-new-hire"),
        ("../../etc/passwd", "etc-passwd"),
        ("Über uns", "über-uns"),
        ("東京", "東京"),
        ("…", "unnamed"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_file_is_named_after_what_is_in_it(name: str, file: str) -> None:
    assert file_name(name) == file


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
