"""`wayline demo`: a desk worth looking at, made when it is missing, and served."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from wayline.cli.demonstration.building import NotADemo, build
from wayline.cli.demonstration.people import COLLEAGUES, COMPANY, LOGINS, PASSWORD
from wayline.cli.demonstration.tokens import keep_tokens
from wayline.cli.serve import run_server
from wayline.engine.clock import monotonic_s
from wayline.settings import PREFIX, Settings, SettingsInvalid, read_settings
from wayline.store.database import Database
from wayline.store.exclusive import exclusively
from wayline.store.migrate import migrate

PLACE: Final = Path("var/demo")
LOCK: Final = "demo"


def demo(
    reset: Annotated[bool, typer.Option("--reset", help="Forget the demo desk there is and make a new one.")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Make the desk and do not serve it.")] = False,
) -> None:
    """Make a demo desk with three weeks of tickets behind it, if there is none, and serve it.

    It lies under var/demo, in SQLite unless WAYLINE_DATABASE_URL names another database of its own. No mail is sent.
    """
    settings = _settings()
    if not no_serve:
        _require_free_port(settings)
    with _alone(settings):
        token = _prepare(settings, reset=reset)
        if no_serve:
            return
        typer.echo(_welcome(settings, token))
        run_server(settings)


def _settings() -> Settings:
    """The environment's, with the demo's own places where it names none; never a mail server."""
    own: dict[str, Any] = {"smtp_url": None}
    if not os.environ.get(f"{PREFIX}DATABASE_URL"):
        own["database_url"] = f"sqlite:///{PLACE}/wayline.db"
    if not os.environ.get(f"{PREFIX}DATA_DIR"):
        own["data_dir"] = PLACE
    try:
        return read_settings(**own)
    except SettingsInvalid as wrong:
        raise _stop(str(wrong)) from wrong


def _require_free_port(settings: Settings) -> None:
    """Say so before the desk is made, and not in the server's words, when somebody else has the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as taken:
            raise _stop(
                f"Port {settings.port} on {settings.host} cannot be used: {taken.strerror}.\n"
                f"Is the demo running already? Take another port with `make run PORT={settings.port + 1}` "
                f"or WAYLINE_PORT={settings.port + 1}."
            ) from taken


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Migrate, and keep other demos off this database for as long as the block lasts."""
    migrate(settings.database_url)
    database = Database(settings.database_url)
    try:
        with exclusively(database, LOCK) as alone:
            if not alone:
                raise _stop("The demo is running already, on this very database. Stop it first.")
            yield
    finally:
        database.close()


def _prepare(settings: Settings, *, reset: bool) -> Path:
    """The desk and its tokens; answers where the first token is."""
    began_s = monotonic_s()
    try:
        built = build(settings, anew=reset)
    except NotADemo as wrong:
        raise _stop(f"Nothing was made: {wrong}.") from wrong
    token = keep_tokens(settings)
    if built.anew:
        typer.echo(f"Made the demo desk of {COMPANY} in {monotonic_s() - began_s:.1f} s.")
    else:
        typer.echo(f"The demo desk of {COMPANY} is there already. `wayline demo --reset` makes a new one.")
    return token


def _welcome(settings: Settings, token: Path) -> str:
    people = {colleague.key: colleague for colleague in COLLEAGUES}
    logins = "\n".join(f"  {people[login.key].email:<24} {login.sees}" for login in LOGINS)
    lines = [
        "",
        f"Wayline serves the demo on {settings.address}",
        "",
        f"Log in as one of these; everybody's password is {PASSWORD}",
        logins,
        "",
        "Try it from another terminal, in this directory:",
        "",
        curl(settings.address, token),
        "",
        "This is a demo: the password is public. Do not put it on a network, and nothing real into it.",
    ]
    if not _is_loopback(settings.host):
        lines.append(f"WARNING: it listens on {settings.host}, so others can reach it, and log in.")
    return "\n".join([*lines, "Ctrl-C ends it.", ""])


def curl(address: str, token: Path) -> str:
    """The command that opens a ticket, on one line, to be pasted."""
    body = '{"type":"service_request","subtype":"laptop","title":"Laptop for a new starter"}'
    return (
        f'curl -s -X POST {address}/api/v1/tickets -H "Authorization: Bearer $(cat {token})" '
        f"-H 'content-type: application/json' -d '{body}'"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _stop(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
