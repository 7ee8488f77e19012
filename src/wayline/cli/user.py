"""`wayline user`: the people of a tenant."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wayline.api.login import invitation_link
from wayline.cli.accounts import new_person, read_password, tenant_for, writing
from wayline.store import access

app = typer.Typer(no_args_is_help=True, help="The people of a tenant.")


class Role(StrEnum):
    """What a person may do."""

    requester = "requester"
    agent = "agent"
    manager = "manager"
    admin = "admin"


@app.callback()
def _people() -> None:
    """The people of a tenant."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="Their address; what they sign in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.")],
    tenant: Annotated[str | None, typer.Option(help="Name or id; needed when there are several.")] = None,
    name: Annotated[str | None, typer.Option(help="What they are called.")] = None,
    password: Annotated[str | None, typer.Option(help="`-` reads it from standard input.")] = None,
) -> None:
    """Create a person. Without a password, prints a link with which they set one within a week."""
    if password not in (None, "-"):
        typer.echo(
            "Write the password to standard input and give `--password -`; here, others could read it.", err=True
        )
        raise typer.Exit(2)
    fields = {"email": email, "role": role.value, "name": name, "password": read_password() if password else None}
    with writing() as tx:
        tenant_id = tenant_for(tx, name=tenant, email=email)["id"]
        row = new_person(tx, tenant_id=tenant_id, fields=fields)
        said = f"{row['email']} can sign in."
        if password is None:
            said, secret_hash = invitation_link(tx.settings.address)
            access.add_invitation(
                tx.connection, tenant_id=tenant_id, user_id=row["id"], secret_hash=secret_hash, at=tx.at
            )
    typer.echo(said)
