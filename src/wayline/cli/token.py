"""`wayline token`: credentials for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from wayline.api.auth import ABILITIES, abilities_of, new_secret
from wayline.cli.accounts import Writing, new_person, tenant_for, writing
from wayline.cli.user import Role
from wayline.core.refusals import Issue, Refusal, invalid
from wayline.store import access, people

app = typer.Typer(no_args_is_help=True, help="Credentials for programs.")
NAME = "Command line"


@app.callback()
def _tokens() -> None:
    """Credentials for programs."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="Whose it is; they are made when they are new.")],
    role: Annotated[Role | None, typer.Option(help="Their role when they are new; admin when left out.")] = None,
    abilities: Annotated[str, typer.Option(help="What it lets do, separated by commas; `*` is all.")] = "*",
    tenant: Annotated[str | None, typer.Option(help="Name or id; needed when there are several.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = NAME,
) -> None:
    """Create a token without an end and print it, alone. It is shown this once."""
    secret, secret_hash = new_secret()
    wanted = sorted({a.strip() for a in abilities.split(",") if a.strip()})
    with writing() as tx:
        tenant_id = tenant_for(tx, name=tenant, email=email)["id"]
        owner = _owner(tx, tenant_id=tenant_id, email=email, role=role.value if role else None)
        _refuse_beyond(owner["role"], wanted)
        row = access.add_token(
            tx.connection,
            tenant_id=tenant_id,
            user_id=owner["id"],
            kind="api",
            name=name,
            secret_hash=secret_hash,
            abilities=wanted,
            at=tx.at,
            expires_at=None,
        )
        tx.note(tenant_id, "token.created", row["id"], {"user_id": owner["id"], "name": name, "abilities": wanted})
    typer.echo(secret)


def _owner(tx: Writing, *, tenant_id: str, email: str, role: str | None) -> people.Row:
    """The person with this address, made when there is none; refuses another role than they have."""
    found = people.user_with_email(tx.connection, tenant_id=tenant_id, email=email.strip().lower())
    if found is None:
        return new_person(tx, tenant_id=tenant_id, fields={"email": email, "role": role or Role.admin.value})
    if role not in (None, found["role"]):
        raise Refusal("conflict", f"{found['email']} has the role {found['role']}; a token does not change it.")
    if not found["active"]:
        raise Refusal("conflict", f"{found['email']} is not active.")
    return found


def _refuse_beyond(role: str, wanted: list[str]) -> None:
    unknown = [a for a in wanted if a not in ABILITIES]
    beyond = [a for a in wanted if a in ABILITIES and a not in abilities_of(role)]
    issues = [Issue("--abilities", f"{a} is none; there are {', '.join(ABILITIES)}.") for a in unknown]
    issues += [Issue("--abilities", f"The role {role} does not allow {a}.") for a in beyond]
    if not wanted:
        issues.append(Issue("--abilities", "Name at least one."))
    if issues:
        raise invalid(*issues)
