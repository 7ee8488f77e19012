"""`wayline tenant`: the organisations on this installation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wayline.cli.accounts import new_tenant, tenant_named, writing
from wayline.store import access

app = typer.Typer(no_args_is_help=True, help="The organisations on this installation.")


class Plan(StrEnum):
    """What a tenant may have."""

    community = "community"
    business = "business"
    enterprise = "enterprise"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    plan: Annotated[Plan, typer.Option(help="What it may have.")] = Plan.enterprise,
) -> None:
    """Create a tenant; prints its id."""
    with writing() as tx:
        row = new_tenant(tx, name=name, plan=plan.value)
    typer.echo(row["id"])


@app.command("list")
def list_all() -> None:
    """Print every tenant: id, plan, name."""
    with writing() as tx:
        rows = access.list_tenants(tx.connection)
    for row in rows:
        typer.echo(f"{row['id']}  {row['plan']:<10}  {row['name']}")


@app.command("plan")
def change_plan(
    name: Annotated[str, typer.Argument(help="The tenant's name or id.")],
    plan: Annotated[Plan, typer.Argument(help="The plan it has from now on.")],
) -> None:
    """Put a tenant on another plan. What exists beyond its limits stays."""
    with writing() as tx:
        row = tenant_named(tx, name)
        access.change_plan(tx.connection, tenant_id=row["id"], plan=plan.value)
        tx.note(row["id"], "tenant.plan_changed", row["id"], {"changes": {"plan": [row["plan"], plan.value]}})
    typer.echo(f"{row['name']} is on the plan {plan.value}.")
