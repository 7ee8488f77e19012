"""Tenants, people and tokens from the command line, beside a server that is running."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from served_desk import PASSWORD, served_desk
from wayline.cli.main import COMMANDS, application

ME = "/api/v1/auth/me"


def run(database_url: str, *command: str, given: str | None = None) -> Result:
    return CliRunner().invoke(
        application(*COMMANDS), list(command), input=given, env={"WAYLINE_DATABASE_URL": database_url}
    )


def done(database_url: str, *command: str, given: str | None = None) -> str:
    """The standard output of a command that must succeed."""
    result = run(database_url, *command, given=given)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_token_is_printed_alone_and_makes_tenant_and_admin(bare_database_url: str, tmp_path: Path) -> None:
    printed = done(bare_database_url, "token", "create", "--email", "Root@desk.local")
    assert re.fullmatch(r"wl_[\w-]+\n", printed)
    with served_desk(bare_database_url, tmp_path) as desk:
        me = desk.using(printed.strip()).get(ME).json()["data"]
    assert (me["email"], me["role"], me["tenant"]["name"], me["plan"]) == (
        "root@desk.local",
        "admin",
        "default",
        "enterprise",
    )
    assert "admin" in me["may"]


def test_a_running_server_knows_the_new_at_once(database_url: str, tmp_path: Path) -> None:
    with served_desk(database_url, tmp_path) as desk:
        printed = done(
            database_url, "token", "create", "--email", "eve@acme.example", "--role", "agent", "--tenant", "acme"
        )
        eve = desk.using(printed.strip())
        assert eve.get(ME).json()["data"]["tenant"]["name"] == "Acme"
        ticket = {"type": "task", "title": "T", "assignee_id": "eve@acme.example"}
        assert eve.post("/api/v1/tickets", json=ticket).status_code == 201
        actions = desk.client(desk.root).get("/api/v1/audit").json()["data"]
        assert [(a["action"], a["actor"]) for a in actions] == [("token.created", None), ("user.created", None)]


def test_another_token_of_somebody_known(database_url: str, tmp_path: Path) -> None:
    with served_desk(database_url, tmp_path) as desk:
        printed = done(
            database_url, "token", "create", "--email", "BO@acme.example", "--abilities", "ticket:read, signal"
        )
        me = desk.using(printed.strip()).get(ME).json()["data"]
        assert (me["id"], me["abilities"]) == (desk.bo.id, ["signal", "ticket:read"])


def test_abilities_beyond_the_role_are_refused(database_url: str, tmp_path: Path) -> None:
    with served_desk(database_url, tmp_path):
        pass
    result = run(database_url, "token", "create", "--email", "bo@acme.example", "--abilities", "admin,fly")
    assert result.exit_code == 1
    assert "fly is none" in result.stderr
    assert "The role agent does not allow admin." in result.stderr
    assert result.stdout == ""
    result = run(database_url, "token", "create", "--email", "bo@acme.example", "--role", "admin")
    assert (result.exit_code, "has the role agent" in result.stderr) == (1, True)


def test_a_tenant_is_created_listed_and_put_on_a_plan(database_url: str) -> None:
    tenant_id = done(database_url, "tenant", "create", "Globex", "--plan", "community").strip()
    assert done(database_url, "tenant", "list") == f"{tenant_id}  community   Globex\n"
    again = run(database_url, "tenant", "create", "globex")
    assert (again.exit_code, again.stderr) == (1, "There is a tenant globex already.\n")
    done(database_url, "tenant", "plan", "Globex", "business")
    assert "business" in done(database_url, "tenant", "list")


def test_a_new_person_gets_a_link_to_set_a_password(database_url: str, tmp_path: Path) -> None:
    with served_desk(database_url, tmp_path) as desk:
        link = done(
            database_url, "user", "create", "--email", "eve@acme.example", "--role", "agent", "--tenant", "Acme"
        )
        secret = re.fullmatch(r"http://127\.0\.0\.1:8080/invitation\?token=(\S+)\n", link)
        assert secret is not None
        taken = desk.http.post("/api/v1/auth/invitation", json={"token": secret[1], "password": PASSWORD})
        assert taken.json()["data"]["user"]["email"] == "eve@acme.example"


def test_a_new_person_with_a_password_signs_in(database_url: str, tmp_path: Path) -> None:
    with served_desk(database_url, tmp_path) as desk:
        command = ["user", "create", "--email", "eve@zed.example", "--role", "admin", "--tenant", "Zed"]
        done(database_url, *command, "--name", "Eve", "--password", "-", given=f"{PASSWORD}\n")
        login = desk.http.post("/api/v1/auth/login", json={"email": "eve@zed.example", "password": PASSWORD})
        assert login.json()["data"]["user"]["name"] == "Eve"


def test_a_password_is_no_argument(database_url: str) -> None:
    result = run(database_url, "user", "create", "--email", "e@x.example", "--role", "agent", "--password", "hunter22")
    assert (result.exit_code, "standard input" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["--email", "bo@acme.example", "--role", "agent", "--tenant", "Acme"], "email: Somebody has that address"),
        (["--email", "nonsense", "--role", "agent", "--tenant", "Acme"], "email: An e-mail address is expected."),
        (["--email", "x@acme.example", "--role", "agent", "--tenant", "Initech"], "There is no tenant Initech"),
        (["--email", "x@acme.example", "--role", "agent"], "Say which tenant with --tenant: Acme, Zed."),
    ],
)
def test_what_cannot_be_is_said(sqlite_url: str, tmp_path: Path, command: list[str], said: str) -> None:
    with served_desk(sqlite_url, tmp_path):
        pass
    result = run(sqlite_url, "user", "create", *command)
    assert result.exit_code == 1
    assert said in result.stderr
