"""`wayline replay`: an event log through the door, every case a ticket with a run."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from wayline.bootstrap import Wayline
from wayline.cli.definition_file import DefinitionUnreadable, read_definition
from wayline.cli.log_options import AtFormat, Encoding, Format, LogPath, LogSource, Mapping, MonthFirst, Timezone
from wayline.cli.log_progress import following
from wayline.cli.replaying.cases import Played
from wayline.cli.replaying.desk import checked, find_template, find_tenant, groups_by_step
from wayline.cli.replaying.driving import Driver
from wayline.cli.replaying.people import LogPeople
from wayline.cli.replaying.stopped import ReplayStopped
from wayline.cli.replaying.tally import tally
from wayline.core.refusals import Refusal
from wayline.engine.clock import monotonic_s
from wayline.eventlog.event import EventLogError
from wayline.eventlog.reading import measure
from wayline.eventlog.route import Route
from wayline.settings import read_settings
from wayline.store.exclusive import exclusively

LOCK: Final = "replay"
STOPPED: Final = 1
UNUSABLE_LOG: Final = 2
INTERRUPTED: Final = 130


def replay(
    log: LogPath,
    template: Annotated[
        Path, typer.Option("--template", help="The template to replay it on, as `discover` drafts it.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    format: Format = None,
    map: Mapping = None,
    timezone: Timezone = None,
    encoding: Encoding = None,
    at_format: AtFormat = None,
    month_first: MonthFirst = False,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Name or id. Default: the only one there is, or `default`.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Replay the first so many cases alone.")] = None,
) -> None:
    """Replay an event log: each case becomes a ticket and a run, each event is done by whom the log names, at its time.

    Interrupted and started again it goes on where it was. Prints what the database then holds. No mail is sent.
    """
    source = LogSource(
        path=log,
        format=format,
        mapping=map,
        timezone=timezone,
        encoding=encoding,
        at_format=at_format,
        month_first=month_first,
    )
    console = Console(stderr=True)
    began_s = monotonic_s()
    with _ending(console, template):
        _spare_the_collector()
        counts = _replay(source, read_definition(template), tenant=tenant, limit=limit, console=console)
    counts["seconds"] = round(monotonic_s() - began_s, 3)
    if as_json:
        typer.echo(json.dumps(counts, ensure_ascii=False))
    else:
        _show(counts, Console())


def _replay(
    source: LogSource, definition: Any, *, tenant: str | None, limit: int | None, console: Console
) -> dict[str, Any]:
    template = checked(definition)
    route = Route(template.definition)
    measure(source.path)  # that the log is not there is told before a database is made
    tenant_id = find_tenant(tenant)
    with _wayline() as wayline:
        door = wayline.door
        published = find_template(door, tenant_id, template, note=f"For the replay of {source.path.name}")
        people = LogPeople(door, tenant_id, groups_by_step(template.definition))
        played = Played(
            tenant_id=tenant_id,
            template_id=published.template_id,
            template_version=published.version,
            ticket_type=template.ticket_type,
            detail=f"Replayed from {source.path.name}",
            route=route,
            actor=people.actor,
        )
        driver = Driver(door, played, people)
        with following(source, console, "Replaying") as cases:
            driver.drive(islice(cases, limit))
        _tell(driver, console)
        with wayline.database.reader.connect() as connection:
            return tally(
                connection, tenant_id=tenant_id, published=published, route=route, unknown_id=people.unknown_id
            )


def _spare_the_collector() -> None:
    """Nothing imported is ever garbage, and reference counting frees what a command leaves behind: looking for cycles
    as often as Python does by itself would be a fifth of the work."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@contextmanager
def _wayline() -> Iterator[Wayline]:
    """The engine alone, its door open, while no other replay goes on in this database; raises `already_replaying`.

    It is told of no mail server, so nobody is sent a mail about what happened years ago.
    """
    wayline = Wayline(read_settings(smtp_url=None), workers=False)
    with exclusively(wayline.database, LOCK) as alone:
        if not alone:
            wayline.database.close()
            raise ReplayStopped("already_replaying", "another replay is going on in this database")
        wayline.start()
        try:
            yield wayline
        finally:
            wayline.stop()


@contextmanager
def _ending(console: Console, template: Path) -> Iterator[None]:
    """What stops a replay, told in one line."""
    try:
        yield
    except EventLogError as wrong:
        code, message = UNUSABLE_LOG, f"{wrong} ({wrong.code})"
    except DefinitionUnreadable as wrong:
        code, message = UNUSABLE_LOG, f"{template}: {wrong}"
    except ReplayStopped as stopped:
        code, message = STOPPED, f"{stopped} ({stopped.code})"
    except Refusal as refusal:
        code, message = STOPPED, f"{refusal.message} ({refusal.code})"
    except KeyboardInterrupt:
        code, message = INTERRUPTED, "Interrupted. What is stored stays; start it again to go on."
    else:
        return
    console.print(message, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _tell(driver: Driver, console: Console) -> None:
    if driver.empty_cases:
        console.print(f"Cases without any event, left out: {driver.empty_cases:,}.")
    if driver.ended_early:
        console.print(f"Runs that ended before their case did, left as they are: {driver.ended_early:,}.")


def _show(counts: dict[str, Any], console: Console) -> None:
    totals = Table(show_header=False, box=None, pad_edge=False)
    for name in ("cases", "events", "variants", "directly_follows", "hand_offs", "longest_case", "resources"):
        totals.add_row(name.replace("_", " ").capitalize(), f"{counts[name]:,}")
    for status, number in counts["runs"].items():
        totals.add_row(f"Runs {status}", f"{number:,}")
    totals.add_row("Seconds", f"{counts['seconds']:,.1f}")
    activities = Table("Activity", "Events", box=None, pad_edge=False)
    activities.columns[1].justify = "right"
    for activity, number in counts["activities"].items():
        activities.add_row(activity, f"{number:,}")
    console.print(totals, "", activities)
