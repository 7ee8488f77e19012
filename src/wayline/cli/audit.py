"""`wayline audit`: whether what runs and tickets went through is what was written down at the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console

from wayline.settings import Settings, SettingsInvalid, read_settings
from wayline.store import access
from wayline.store.anchors import anchors
from wayline.store.database import Database
from wayline.store.migrate import is_current
from wayline.store.verification import Finding, Scope, Verified, has_anchor, verify

app = typer.Typer(no_args_is_help=True, help="Whether the record of what happened is as it was written.")
MAX_FINDINGS = 10_000
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
Tenant = Annotated[str | None, typer.Option("--tenant", help="One tenant alone, by name or id.")]


class _Fault(Exception):
    """Why nothing can be verified, for whoever has called the command."""


class _Reading(msgspec.Struct, frozen=True):
    """A database as it is at one instant."""

    connection: sa.Connection
    settings: Settings


@app.command("verify")
def verify_timelines(
    tenant: Tenant = None,
    run: Annotated[str | None, typer.Option(help="One run or ticket alone, by its id.")] = None,
    anchor: Annotated[
        list[str] | None, typer.Option(help="The hash of an anchor noted elsewhere, which must be there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify every timeline; ends with 1 when anything is not as it was written."""
    with _reading() as reading:
        scope = Scope(tenant_id=_tenant_id(reading.connection, tenant), subject_id=_subject_id(run))
        key = _existing_key(reading.settings)
        verified = Verified()
        findings: list[Finding] = []
        console = Console(stderr=True)
        with console.status("Verifying …") as status:
            found = verify(
                reading.connection,
                key=key,
                scope=scope,
                verified=verified,
                on_progress=lambda so_far: status.update(
                    f"Verifying … {so_far.rows:,} rows, {so_far.anchors:,} anchors"
                ),
            )
            for finding in (*_unfound(reading.connection, anchor or []), *_bounded(found)):
                findings.append(finding)
                if not as_json:
                    typer.echo(_line(finding))
        if run is not None and not verified.subjects and not findings:
            raise _Fault(f"There is no run or ticket {run}.")
    if as_json:
        typer.echo(msgspec.json.encode(_report(verified, findings)).decode())
    else:
        _conclude(verified, findings)
    if findings:
        raise typer.Exit(1)


@app.command("anchors")
def list_anchors(tenant: Tenant = None) -> None:
    """Print every anchor: tenant, number, instant, how many runs and tickets it names, hash. Kept elsewhere, a hash
    proves later that nothing before it has changed."""
    with _reading() as reading:
        for anchor in anchors(reading.connection, tenant_id=_tenant_id(reading.connection, tenant)):
            at = f"{anchor.at:%Y-%m-%dT%H:%M:%SZ}"
            typer.echo(f"{anchor.tenant_id}  {anchor.number:>5}  {at}  {anchor.subjects:>5}  {anchor.hash.hex()}")


@contextmanager
def _reading() -> Iterator[_Reading]:
    """The database in one transaction that sees it as it is now; a fault is printed and ends the command with 2."""
    try:
        settings = read_settings()
        database = Database(settings.database_url)
        if database.is_sqlite and not Path(database.url.database or "").exists():
            raise _Fault(f"There is no database {database.url.database}.")
        try:
            options: dict[str, Any] = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
            with database.reader.connect().execution_options(**options) as connection:
                if not is_current(connection):
                    raise _Fault("The database has another version's schema; run wayline migrate first.")
                yield _Reading(connection=connection, settings=settings)
        finally:
            database.close()
    except (_Fault, SettingsInvalid) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault


def _tenant_id(connection: sa.Connection, name: str | None) -> str | None:
    if name is None:
        return None
    wanted = name.strip().lower()
    for tenant in access.list_tenants(connection):
        if wanted in (tenant["name"].lower(), tenant["id"]):
            return str(tenant["id"])
    raise _Fault(f"There is no tenant {name}.")


def _subject_id(written: str | None) -> str | None:
    if written is None:
        return None
    subject_id = written.strip().lower()
    if not UUID.fullmatch(subject_id):
        raise _Fault(f"{written} is no id of a run or ticket.")
    return subject_id


def _existing_key(settings: Settings) -> bytes:
    """The server's key; a new one, made here, would fit nothing."""
    if not settings.secret_key and not (settings.files_dir / "secret-key").exists():
        raise _Fault(f"Set WAYLINE_SECRET_KEY: there is no key in {settings.files_dir}.")
    return settings.key()


def _unfound(connection: sa.Connection, hashes: list[str]) -> Iterator[Finding]:
    for written in hashes:
        try:
            hash_ = bytes.fromhex(written.strip())
        except ValueError as error:
            raise _Fault(f"{written} is no hash of an anchor.") from error
        if not has_anchor(connection, hash_):
            message = f"there is no anchor with the hash {written.strip()}"
            yield Finding("", "anchor", "", None, "anchor_missing", message)


def _bounded(found: Iterator[Finding]) -> Iterator[Finding]:
    for number, finding in enumerate(found, 1):
        yield finding
        if number == MAX_FINDINGS:
            return


def _line(finding: Finding) -> str:
    place = f" at {finding.seq}" if finding.seq is not None else ""
    return f"{finding.code:<15} {finding.subject} {finding.subject_id}{place}: {finding.message}"


def _report(verified: Verified, findings: list[Finding]) -> dict[str, Any]:
    return {
        "verified": not findings,
        "subjects": verified.subjects,
        "rows": verified.rows,
        "anchors": verified.anchors,
        "findings": findings,
    }


def _conclude(verified: Verified, findings: list[Finding]) -> None:
    looked_at = f"{verified.subjects:,} runs and tickets, {verified.rows:,} rows, {verified.anchors:,} anchors"
    if not findings:
        typer.echo(f"Everything is as it was written: {looked_at}.")
        return
    counted = "1 finding" if len(findings) == 1 else f"{len(findings):,} findings"
    most = ", and perhaps more," if len(findings) >= MAX_FINDINGS else ""
    typer.echo(f"{counted}{most} in {looked_at}.", err=True)
    if verified.rows and verified.changed_rows == verified.rows:
        typer.echo("Not one row fits. Is WAYLINE_SECRET_KEY the one the server runs with?", err=True)
