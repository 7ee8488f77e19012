"""The desk that files are applied to: a tenant, and an engine of the command's own beside a running server's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from wayline.bootstrap import Wayline
from wayline.cli.accounts import tenant_for, tenant_named, writing
from wayline.settings import read_settings
from wayline.store import access

TenantName = Annotated[
    str | None, typer.Option("--tenant", help="Name or id. Default: the only one there is, or `default`.")
]


def tenant_to_write(name: str | None) -> str:
    """The id of the tenant of that name or id; None is the only one or `default`, made when there is none at all.

    Migrates the database. When it is not clear which tenant is meant, the command ends.
    """
    with writing() as tx:
        return str(tenant_for(tx, name=name, email="")["id"])


def tenant_to_read(name: str | None) -> str | None:
    """The same, but none is made: None when there is no tenant and none was named."""
    with writing() as tx:
        if name is not None:
            return str(tenant_named(tx, name)["id"])
        return str(tenant_for(tx, name=None, email="")["id"]) if access.list_tenants(tx.connection) else None


@contextmanager
def engine() -> Iterator[Wayline]:
    """The engine alone, its door open. It is told of no mail server."""
    wayline = Wayline(read_settings(smtp_url=None), workers=False)
    wayline.start()
    try:
        yield wayline
    finally:
        wayline.stop()
