"""Tenants and accounts from the command line, beside a server that may be running on the same database.

A command writes in one transaction of its own; on SQLite that waits for the server's, and the server notices by the
tenant's directory version.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import typer

from wayline.api.auth import hash_password
from wayline.core import person
from wayline.core.facts import SYSTEM
from wayline.core.refusals import Issue, Refusal, invalid
from wayline.engine.clock import Clock
from wayline.settings import Settings, SettingsInvalid, read_settings
from wayline.store import access, audit, people
from wayline.store.database import Database
from wayline.store.migrate import migrate

DEFAULT_TENANT = "default"
DEFAULT_PLAN = "enterprise"
MAX_TENANT_NAME_CHARS = 200


class Writing(msgspec.Struct, frozen=True):
    """One transaction of a command: where, when, with which settings."""

    connection: sa.Connection
    at: datetime
    settings: Settings

    def note(self, tenant_id: str, action: str, subject_id: str, detail: dict[str, Any]) -> None:
        """Write in the audit that it was done on the command line."""
        audit.record(
            self.connection,
            tenant_id=tenant_id,
            at=self.at,
            actor=SYSTEM,
            action=action,
            subject_id=subject_id,
            detail={**detail, "by": "command line"},
        )


@contextmanager
def writing() -> Iterator[Writing]:
    """A transaction on the migrated database; a refusal inside undoes it, is printed, and ends the command with 1."""
    try:
        settings = read_settings()
        migrate(settings.database_url)
        database = Database(settings.database_url)
        try:
            clock = Clock(settings.test_clock_offset_s)
            clock.follow(database)
            with database.writer.begin() as connection:
                yield Writing(connection=connection, at=clock.now(), settings=settings)
        finally:
            database.close()
    except SettingsInvalid as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    except Refusal as refusal:
        for line in _lines(refusal):
            typer.echo(line, err=True)
        raise typer.Exit(1) from refusal


def _lines(refusal: Refusal) -> list[str]:
    return [f"{i.path}: {i.message}" if i.path else i.message for i in refusal.issues] or [refusal.message]


# -- tenants ---------------------------------------------------------------------------------------


def new_tenant(tx: Writing, *, name: str, plan: str) -> access.Row:
    """A new tenant; refuses a name that is taken."""
    if not 1 <= len(name.strip()) <= MAX_TENANT_NAME_CHARS:
        raise invalid(Issue("NAME", f"A name has 1 to {MAX_TENANT_NAME_CHARS} characters.", "not_a_name"))
    if _named(tx, name) is not None:
        raise Refusal("conflict", f"There is a tenant {name} already.", code="duplicate")
    row = access.add_tenant(tx.connection, name=name.strip(), plan=plan, at=tx.at)
    tx.note(row["id"], "tenant.created", row["id"], {"name": row["name"], "plan": plan})
    return row


def tenant_named(tx: Writing, name: str) -> access.Row:
    """The tenant with this name or id; refuses when there is none."""
    found = _named(tx, name)
    if found is None:
        raise Refusal("not_found", f"There is no tenant {name}; `wayline tenant create` makes one.")
    return found


def tenant_for(tx: Writing, *, name: str | None, email: str) -> access.Row:
    """The tenant a command means: the one named; else the only one that knows the address; else the one called
    `default`, made when there is no tenant at all; else the only one there is. Refuses when it is not clear which."""
    if name is not None:
        return tenant_named(tx, name)
    known = [a["tenant_id"] for a in people.accounts_of(tx.connection, email=email.strip().lower(), tenant=None)]
    tenants = access.list_tenants(tx.connection)
    candidates = [t for t in tenants if t["id"] in known] or tenants
    if not candidates:
        return new_tenant(tx, name=DEFAULT_TENANT, plan=DEFAULT_PLAN)
    default = next((t for t in candidates if t["name"] == DEFAULT_TENANT), None)
    if default is None and len(candidates) > 1:
        names = ", ".join(t["name"] for t in candidates)
        raise Refusal("invalid", f"Say which tenant with --tenant: {names}.")
    return default or candidates[0]


def _named(tx: Writing, name: str) -> access.Row | None:
    wanted = name.strip().lower()
    tenants = access.list_tenants(tx.connection)
    return next((t for t in tenants if wanted in (t["name"].lower(), t["id"])), None)


# -- people ----------------------------------------------------------------------------------------


def new_person(tx: Writing, *, tenant_id: str, fields: dict[str, Any]) -> people.Row:
    """A new person with the fields that are not None; refuses as the API does, every bad field at once."""
    given = {name: value for name, value in fields.items() if value is not None}
    values, issues = person.read_fields(given, creating=True)
    password = values.pop("password", None)
    people.lock_directory(tx.connection, tenant_id)
    if issues:
        raise invalid(*issues)
    people.refuse_taken_email(tx.connection, tenant_id=tenant_id, user_id=None, email=values["email"])
    row = people.add_user(
        tx.connection,
        tenant_id=tenant_id,
        fields=values,
        password_hash=None if password is None else hash_password(password),
        at=tx.at,
    )
    tx.note(tenant_id, "user.created", row["id"], {"email": row["email"], "role": row["role"]})
    return row


def read_password() -> str:
    """The password on standard input, without the line's end."""
    return sys.stdin.readline().rstrip("\r\n")
