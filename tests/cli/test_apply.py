"""`wayline apply` brings files into a desk, all of them or none, and leaves alone what says nothing new."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from served_desk import Desk, served_desk
from wayline.cli.main import application
from wayline.store.database import Database
from wayline.store.tables import audit, rules, template_versions, templates, tenants

Apply = Callable[..., Result]
Write = Callable[[str, str], Path]

LOAN = """
name: Loan of a beamer
steps:
  - {id: ask, type: form, assignee: {group: service-desk}, fields: [{name: days, type: number}], next: tell}
  - {id: tell, type: automatic, action: {type: add_comment, text: "For {{ days }} days."}}
"""
BADGE = "{name: Badge, steps: [{id: a, type: form, assignee: {requester: true}, fields: [{name: x, type: text}]}]}"
BROKEN = (
    "{name: Broken, steps: [{id: a, type: form, assignee: {group: nobody}, fields: [{name: x, type: text}], next: b}]}"
)
VIP = """
name: VIPs first
trigger: on_ticket_created
conditions: {custom.vip: true}
action: {type: set_priority, priority: P1}
"""
RULES = "/v1/automation/rules"


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk whose server is running while the command does its work."""
    with served_desk(database_url, tmp_path) as desk:
        yield desk


@pytest.fixture
def apply(database_url: str, tmp_path: Path) -> Apply:
    """The command, on the desk's database, as an engine of its own."""

    def run(*arguments: object, tenant: str | None = "Acme") -> Result:
        env = {"WAYLINE_DATABASE_URL": database_url, "WAYLINE_DATA_DIR": str(tmp_path / "data")}
        named = ["--tenant", tenant] if tenant else []
        return CliRunner().invoke(application("apply"), ["apply", *map(str, arguments), *named], env=env)

    return run


def test_what_is_applied_is_published_at_the_desk_that_is_being_served(desk: Desk, apply: Apply, write: Write) -> None:
    told = apply(write("loan.yaml", LOAN))
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[-1] == "1 definition: 1 created, 0 updated, 0 unchanged."
    (listed,) = desk.client(desk.dee).get("/api/v1/workflows/templates").json()["data"]
    assert (listed["name"], listed["status"], listed["is_active"], listed["version"]) == (
        "Loan of a beamer",
        "published",
        True,
        1,
    )
    begun = desk.client(desk.bo).post("/api/v1/workflows/instantiate", json={"template_id": listed["id"]})
    assert begun.status_code == 201, begun.text
    assert desk.client(desk.zoe).get("/api/v1/workflows/templates").json()["data"] == []


def test_applying_again_changes_nothing(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("loan.yaml", LOAN)
    apply(path)
    before = _rows(desk)
    told = apply(path)
    assert told.stdout.splitlines() == [
        f"unchanged  template  Loan of a beamer  {path}",
        "1 definition: 0 created, 0 updated, 1 unchanged.",
    ]
    assert _rows(desk) == before


def test_what_has_changed_becomes_the_next_version_of_the_same_template(desk: Desk, apply: Apply, write: Write) -> None:
    apply(write("loan.yaml", LOAN))
    told = apply(write("renamed-file.yaml", LOAN.replace("For", "It is yours for")), "--json")
    (applied,) = json.loads(told.stdout)["applied"]
    assert (applied["result"], applied["version"], applied["kind"]) == ("updated", 2, "template")
    (listed,) = desk.client(desk.dee).get("/api/v1/workflows/templates").json()["data"]
    assert (listed["id"], listed["version"]) == (applied["id"], 2)
    versions = desk.client(desk.dee).get(f"/api/v1/workflows/templates/{listed['id']}/versions").json()["data"]
    assert [version["note"] for version in versions] == ["From renamed-file.yaml", "From loan.yaml"]


def test_one_error_in_one_file_keeps_all_of_them_out(desk: Desk, apply: Apply, write: Write, tmp_path: Path) -> None:
    write("all/badge.yaml", BADGE)
    broken = write("all/broken.yaml", BROKEN)
    unreadable = write("all/unreadable.yaml", "a: [")
    before = _rows(desk)
    told = apply(tmp_path / "all")
    assert told.exit_code == 1
    assert told.stdout == ""
    lines = told.stderr.splitlines()
    assert any(line.startswith(f"{broken}: error at steps[0].assignee.group: ") for line in lines)
    assert any(line.startswith(f"{broken}: error at steps[0].next: ") for line in lines)
    assert any(line.startswith(f"{unreadable}: error: ") and line.endswith("(unreadable)") for line in lines)
    assert lines[-1] == "3 files: 3 errors, 0 warnings. Nothing was applied."
    assert _rows(desk) == before


def test_problems_as_json(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("two.yaml", f"{BADGE}\n---\n{BROKEN}\n")
    told = apply(path, "--json")
    assert told.exit_code == 1
    said = json.loads(told.stdout)
    assert said["applied"] == []
    assert {(p["file"], p["document"], p["path"], p["code"]) for p in said["problems"]} == {
        (str(path), 2, "steps[0].assignee.group", "unknown_group"),
        (str(path), 2, "steps[0].next", "unknown_target"),
    }


def test_a_dry_run_says_what_would_be_done_and_does_nothing(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("loan.yaml", LOAN)
    apply(path)
    before = _rows(desk)
    told = apply(
        write("loan.yaml", LOAN.replace("For", "Yours for")), write("badge.yaml", BADGE), "--dry-run", "--json"
    )
    said = json.loads(told.stdout)
    assert [(each["name"], each["result"]) for each in said["applied"]] == [
        ("Loan of a beamer", "updated"),
        ("Badge", "created"),
    ]
    assert said["dry_run"] is True
    assert _rows(desk) == before


def test_files_that_define_the_same_twice_are_refused(desk: Desk, apply: Apply, write: Write) -> None:
    told = apply(write("one.yaml", BADGE), write("two.yaml", BADGE.replace("Badge", "BADGE")))
    assert told.exit_code == 1
    assert "(defined_twice)" in told.stderr


def test_a_template_may_name_one_that_is_applied_with_it(desk: Desk, apply: Apply, write: Write) -> None:
    starts = "{name: Both, steps: [{id: a, type: automatic, action: {type: start_workflow, workflow_name: Badge}}]}"
    assert apply(write("both.yaml", starts), write("badge.yaml", BADGE)).stderr == ""
    assert "(unknown_template)" in apply(write("both.yaml", starts.replace("Badge", "Gone"))).stderr


def test_a_number_too_large_to_keep_is_an_error_of_its_file(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("large.yaml", BADGE.replace("name: x", "name: x, maximum: 99999999999999999999"))
    told = apply(path)
    assert told.exit_code == 1
    assert f"{path}: error at steps[0].fields[0].maximum: Integers have at most 64 bits. (out_of_range)" in told.stderr


def test_a_template_that_was_archived_is_left_so_and_another_one_made(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("badge.yaml", BADGE)
    first = json.loads(apply(path, "--json").stdout)["applied"][0]["id"]
    assert desk.client(desk.dee).delete(f"/api/v1/workflows/templates/{first}").status_code == 204
    (applied,) = json.loads(apply(path, "--json").stdout)["applied"]
    assert applied["result"] == "created"
    assert applied["id"] != first


def test_rules_are_applied_beside_templates(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("desk.yaml", f"{VIP}---\n{BADGE}\n")
    told = apply(path)
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        f"created  template  Badge       {path}#2",
        f"created  rule      VIPs first  {path}#1",
        "2 definitions: 2 created, 0 updated, 0 unchanged.",
    ]
    (rule,) = desk.client(desk.dee).get(RULES).json()["data"]
    assert (rule["name"], rule["enabled"], rule["conditions"]) == ("VIPs first", True, {"custom.vip": True})


def test_a_rule_that_says_the_same_is_left_alone(desk: Desk, apply: Apply, write: Write) -> None:
    apply(write("vip.yaml", VIP))
    before = _rows(desk)
    assert apply(write("vip.yaml", VIP)).stdout.startswith("unchanged  rule")
    assert _rows(desk) == before
    told = apply(write("vip.yaml", VIP.replace("P1", "P2")), "--json")
    (applied,) = json.loads(told.stdout)["applied"]
    assert (applied["result"], applied["version"]) == ("updated", 2)
    assert desk.client(desk.dee).get(f"{RULES}/{applied['id']}").json()["action"]["priority"] == "P2"


def test_a_file_that_does_not_say_whether_a_rule_is_enabled_leaves_it_as_it_is(
    desk: Desk, apply: Apply, write: Write
) -> None:
    apply(write("vip.yaml", VIP))
    dee = desk.client(desk.dee)
    (rule,) = dee.get(RULES).json()["data"]
    dee.post(f"{RULES}/{rule['id']}/toggle")
    assert apply(write("vip.yaml", VIP)).stdout.startswith("unchanged")
    assert apply(write("vip.yaml", f"{VIP}enabled: true")).stdout.startswith("updated")
    assert dee.get(f"{RULES}/{rule['id']}").json()["enabled"] is True


def test_an_error_in_a_rule_keeps_templates_out_too(desk: Desk, apply: Apply, write: Write, tmp_path: Path) -> None:
    write("all/badge.yaml", BADGE)
    bad = write("all/bad.yaml", VIP.replace("on_ticket_created", "on_full_moon").replace("set_priority", "dance"))
    before = _rows(desk)
    told = apply(tmp_path / "all")
    assert told.exit_code == 1
    assert f"{bad}: error at trigger: " in told.stderr
    assert f"{bad}: error at action: " in told.stderr
    assert _rows(desk) == before


def test_a_rule_may_start_what_is_applied_with_it(desk: Desk, apply: Apply, write: Write) -> None:
    starts = VIP.replace("{type: set_priority, priority: P1}", "{type: start_workflow, workflow_name: Badge}")
    rule = write("rule.yaml", starts)
    told = apply(rule, "--dry-run")
    assert told.exit_code == 0
    assert f"{rule}: warning at actions[0].workflow_name: " in told.stderr
    assert apply(rule, write("badge.yaml", BADGE)).stderr == ""


def test_a_rule_for_a_task_queue_there_is_none_of_is_an_error(desk: Desk, apply: Apply, write: Write) -> None:
    starts = "{type: start_workflow, workflow_name: Badge, task_queue: itsm-nowhere}"
    told = apply(write("rule.yaml", VIP.replace("{type: set_priority, priority: P1}", starts)))
    assert told.exit_code == 1
    assert "(unknown_task_queue)" in told.stderr


def test_which_tenant_is_meant_must_be_clear(desk: Desk, apply: Apply, write: Write) -> None:
    path = write("badge.yaml", BADGE)
    for tenant, said in (
        (None, "Say which tenant with --tenant: Acme, Zed."),
        ("Nowhere", "There is no tenant Nowhere"),
    ):
        told = apply(path, tenant=tenant)
        assert told.exit_code == 1
        assert said in told.stderr


def test_the_plans_limit_holds_for_files_too(desk: Desk, apply: Apply, write: Write, tmp_path: Path) -> None:
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(tenants).where(tenants.c.id == desk.tenant_id).values(plan="community"))
    for number in range(60):
        write(f"many/{number}.yaml", BADGE.replace("Badge", f"Badge {number}"))
    told = apply(tmp_path / "many")
    assert told.exit_code == 1
    assert told.stderr.startswith("Nothing was applied: The community plan has room for")
    assert desk.client(desk.dee).get("/api/v1/workflows/templates").json()["meta"]["total"] == 0


def test_the_first_definitions_of_an_empty_database_make_a_tenant(
    database_url: str, apply: Apply, write: Write
) -> None:
    path = write("badge.yaml", BADGE)
    assert apply(path, "--dry-run", tenant=None).exit_code == 0
    assert _names_of_tenants(database_url) == []
    assert apply(path, tenant=None).exit_code == 0
    assert _names_of_tenants(database_url) == ["default"]


def test_nothing_to_apply_is_no_success(apply: Apply, tmp_path: Path) -> None:
    assert apply(tmp_path).exit_code == 2


def _rows(desk: Desk) -> list[Any]:
    """Everything that applying may write."""
    with desk.wayline.database.reader.connect() as connection:
        return [
            connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            for table in (templates, template_versions, rules, audit, tenants)
        ]


def _names_of_tenants(database_url: str) -> list[str]:
    database = Database(database_url)
    try:
        with database.reader.connect() as connection:
            return list(connection.execute(sa.select(tenants.c.name)).scalars())
    finally:
        database.close()
