"""The command line: `wayline COMMAND`. One module a command; only the one that is called is loaded."""

from __future__ import annotations

import importlib
import sys

import typer

from wayline import logs

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "migrate",
    "tenant",
    "user",
    "token",
    "check",
    "test",
    "apply",
    "export",
    "discover",
    "replay",
    "audit",
    "backup",
    "restore",
)


def application(*names: str) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_about)
    for name in names:
        module = importlib.import_module(f"wayline.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name=name)(getattr(module, name))
    return app


def _about() -> None:
    """A workflow engine for IT service desks."""


def main() -> None:
    """Run the command line."""
    # Whatever a command says of itself goes to standard error, and no value of a variable with it; a server's settings
    # may want to hear more.
    logs.configure("warning")
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    application(*([wanted] if wanted in COMMANDS else COMMANDS))()
