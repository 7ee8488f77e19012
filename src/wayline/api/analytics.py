"""Analytics: what the desk and its workflows came to in a window of time, for those who lead it.

Each report is JSON, or, with `format=csv`, one of its tables. Both say as of when: `as_of`, and the header `X-As-Of`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from wayline.api.endpoint import JSON_TYPE, Call, Resource
from wayline.api.problems import data, issue
from wayline.core.refusals import not_found
from wayline.engine.tenant_facts import GraphCache
from wayline.store import analytics
from wayline.store.analytics import MAX_RUNS, MAX_VARIANTS_SHOWN, StepFigures, Window
from wayline.store.templates import StoredTemplate, read_template

resource = Resource("Analytics")
LEADS = ("manager", "admin")
TYPES = (JSON_TYPE, "text/csv")
ABILITY = "workflow:read"
DEFAULT_DAYS = 30
MAX_DAYS = 366
YEARS = range(1970, 9999)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def _utc(instant: datetime) -> datetime:
    """The instant in UTC, which is also meant where no zone is written."""
    if instant.year not in YEARS:
        raise ValueError(f"The year is between {YEARS[0]} and {YEARS[-1]}.")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]


class Report(BaseModel):
    """What every report takes: from when on (30 days before `to`), until when (now), and as what it is answered."""

    since: Instant | None = Field(None, alias="from")
    to: Instant | None = None
    format: Literal["json", "csv"] = "json"


class OverviewReport(Report):
    """`table`: which one a CSV answer is."""

    table: Literal["days", "open", "totals"] = "days"


class TemplatesReport(Report):
    """`table`: which one a CSV answer is."""

    table: Literal["templates"] = "templates"


class StepsReport(Report):
    """`table`: which one a CSV answer is."""

    table: Literal["steps", "outcomes"] = "steps"


class FlowReport(Report):
    """`table`: which one a CSV answer is."""

    table: Literal["pairs", "variants", "hand_offs"] = "pairs"


class PeopleReport(Report):
    """`table`: which one a CSV answer is."""

    table: Literal["people", "groups", "hand_offs"] = "people"


class ShownStep(msgspec.Struct, frozen=True):
    """A step with its figures; `in_template` False: the published version has it no more."""

    name: str
    in_template: bool
    figures: StepFigures


class Table(msgspec.Struct, frozen=True):
    """One table of a report."""

    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


Tables = dict[str, Callable[[], Table]]


@resource.endpoint("GET", "/analytics/overview", ability=ABILITY, roles=LEADS, query=OverviewReport, media_types=TYPES)
async def analytics_overview(call: Call) -> Response:
    """The desk at a glance: tickets and runs in the window, day by day (UTC), and what is open and overdue now.

    Runs count by what became of those created in the window; `cycle_time` is that of the completed ones, by nearest
    rank. CSV tables: `days`, `open`, `totals`.
    """
    as_of, window = _window(call)
    found = await call.read(_overview, tenant_id=call.caller.tenant_id, window=window, at=as_of)
    totals = msgspec.structs.asdict(found.totals)
    shown = {
        "totals": totals,
        "open_tickets": {
            f"by_{name}": _summed((getattr(row, name), row.tickets) for row in found.open)
            for name in ("status", "priority", "queue")
        },
        "days": found.days,
    }
    return _answer(
        call,
        "overview",
        as_of,
        window,
        shown,
        {
            "days": lambda: _flat(analytics.Day, found.days),
            "open": lambda: _flat(analytics.OpenTickets, found.open),
            "totals": lambda: Table(("measure", "value"), list(totals.items())),
        },
    )


@resource.endpoint(
    "GET", "/analytics/templates", ability=ABILITY, roles=LEADS, query=TemplatesReport, media_types=TYPES
)
async def analytics_templates(call: Call) -> Response:
    """Each template with runs created in the window: what became of them, cycle time, rejection rate, SLA.

    `sla` is the share of steps done within their deadline. `complete` is false when the window has more runs than
    visits are read of, and the newest were taken.
    """
    as_of, window = _window(call)
    found = await call.read(_templates, tenant_id=call.caller.tenant_id, window=window, at=as_of)
    shown = {"complete": sum(t.started for t in found) <= MAX_RUNS, "templates": found}
    tables: Tables = {"templates": lambda: _flat(analytics.TemplateFigures, found)}
    return _answer(call, "templates", as_of, window, shown, tables)


@resource.endpoint(
    "GET",
    "/analytics/templates/{id}/steps",
    ability=ABILITY,
    roles=LEADS,
    query=StepsReport,
    media_types=TYPES,
    refusals=(404,),
)
async def analytics_steps(call: Call) -> Response:
    """Where runs of a template wait: every step in its order, with visits, waiting time, lateness and outcomes.

    Steps the published version no longer has come last. CSV tables: `steps`, `outcomes`.
    """
    as_of, window = _window(call)
    template, runs, steps = await call.read(
        _steps,
        tenant_id=call.caller.tenant_id,
        template_id=call.id("id", "Template"),
        window=window,
        at=as_of,
        graphs=call.wayline.door.graphs,
    )
    rows = [_step_row(step) for step in steps]
    shown = {
        **_of_template(template, runs),
        "steps": [{**row, "outcomes": step.figures.outcomes} for row, step in zip(rows, steps, strict=True)],
    }
    outcomes = [
        (step.figures.step_id, outcome, count) for step in steps for outcome, count in step.figures.outcomes.items()
    ]
    return _answer(
        call,
        "steps",
        as_of,
        window,
        shown,
        {
            "steps": lambda: Table(tuple(_STEP_COLUMNS), [tuple(row.values()) for row in rows]),
            "outcomes": lambda: Table(("step_id", "outcome", "count"), outcomes),
        },
    )


@resource.endpoint(
    "GET",
    "/analytics/templates/{id}/flow",
    ability=ABILITY,
    roles=LEADS,
    query=FlowReport,
    media_types=TYPES,
    refusals=(404,),
)
async def analytics_flow(call: Call) -> Response:
    """How runs of a template flow: which step ends after which, the commonest ways through, and hand-offs.

    A hand-off is work of a run going from one person to another, whatever Wayline did in between. CSV tables: `pairs`,
    `variants`, `hand_offs`.
    """
    as_of, window = _window(call)
    template, runs, found = await call.read(
        _flow, tenant_id=call.caller.tenant_id, template_id=call.id("id", "Template"), window=window
    )
    shown = {
        **_of_template(template, runs),
        "pairs": found.pairs,
        "variants": {
            "runs": found.ended,
            "distinct": found.distinct,
            "others": found.others,
            "top": found.variants[:MAX_VARIANTS_SHOWN],
        },
        "hand_offs": {"total": found.hand_offs_total, "top": found.hand_offs},
    }
    variants = [(" > ".join(v.steps), v.length, v.runs, v.share) for v in found.variants]
    return _answer(
        call,
        "flow",
        as_of,
        window,
        shown,
        {
            "pairs": lambda: _flat(analytics.Pair, found.pairs),
            "variants": lambda: Table(("steps", "length", "runs", "share"), variants),
            "hand_offs": lambda: _flat(analytics.HandOff, found.hand_offs),
        },
    )


@resource.endpoint("GET", "/analytics/people", ability=ABILITY, roles=LEADS, query=PeopleReport, media_types=TYPES)
async def analytics_people(call: Call) -> Response:
    """The work people did in the window, by person and by the groups they are in, and how it was handed on.

    CSV tables: `people`, `groups`, `hand_offs`.
    """
    as_of, window = _window(call)
    found = await call.read(_people, tenant_id=call.caller.tenant_id, window=window)
    shown = {
        "people": found.people,
        "groups": found.groups,
        "hand_offs": {"total": found.hand_offs_total, "top": found.hand_offs},
    }
    return _answer(
        call,
        "people",
        as_of,
        window,
        shown,
        {
            "people": lambda: _flat(analytics.PersonFigures, found.people),
            "groups": lambda: _flat(analytics.GroupFigures, found.groups),
            "hand_offs": lambda: _flat(analytics.HandOff, found.hand_offs),
        },
    )


# -- the window ------------------------------------------------------------------------------------


def _window(call: Call) -> tuple[datetime, Window]:
    """As of when the report is, and the window asked for; refuses one that is empty or too long."""
    as_of = call.wayline.clock.now()
    query: Report = call.query
    end = query.to or as_of
    start = query.since or end - timedelta(days=DEFAULT_DAYS)
    if start >= end:
        named = "from" if query.since is not None else "to"
        raise issue(named, "`from` comes before `to`, which is now where it is left out.", "empty_window")
    if end - start > timedelta(days=MAX_DAYS):
        raise issue("from", f"A window has at most {MAX_DAYS} days.", "window_too_long")
    return as_of, Window(start, end)


# -- reading ---------------------------------------------------------------------------------------


def _overview(connection: sa.Connection, **asked: Any) -> analytics.Overview:
    analytics.read_as_one(connection)
    return analytics.overview(connection, **asked)


def _templates(connection: sa.Connection, **asked: Any) -> list[analytics.TemplateFigures]:
    analytics.read_as_one(connection)
    return analytics.template_figures(connection, **asked)


def _steps(
    connection: sa.Connection, *, tenant_id: str, template_id: str, window: Window, at: datetime, graphs: GraphCache
) -> tuple[StoredTemplate, int, list[ShownStep]]:
    analytics.read_as_one(connection)
    template, runs = _template(connection, tenant_id=tenant_id, template_id=template_id, window=window)
    figures = analytics.step_figures(connection, tenant_id=tenant_id, template_id=template_id, window=window, at=at)
    nodes = graphs.get(connection, template_id, template.version).nodes if template.version else {}
    shown = []
    for step_id, node in nodes.items():
        known = figures.pop(step_id, None) or StepFigures(step_id)
        known.type = node.step.type
        shown.append(ShownStep(node.step.title, True, known))
    return template, runs, [*shown, *(ShownStep(step_id, False, f) for step_id, f in sorted(figures.items()))]


def _flow(
    connection: sa.Connection, *, tenant_id: str, template_id: str, window: Window
) -> tuple[StoredTemplate, int, analytics.Flow]:
    analytics.read_as_one(connection)
    template, runs = _template(connection, tenant_id=tenant_id, template_id=template_id, window=window)
    return (
        template,
        runs,
        analytics.flow(connection, tenant_id=tenant_id, template_id=template_id, window=window),
    )


def _people(connection: sa.Connection, **asked: Any) -> analytics.People:
    analytics.read_as_one(connection)
    return analytics.people(connection, **asked)


def _template(
    connection: sa.Connection, *, tenant_id: str, template_id: str, window: Window
) -> tuple[StoredTemplate, int]:
    template = read_template(connection, tenant_id=tenant_id, template_id=template_id)
    if template is None:
        raise not_found("Template")
    return template, analytics.count_runs(connection, tenant_id=tenant_id, template_id=template_id, window=window)


# -- showing ---------------------------------------------------------------------------------------


def _of_template(template: StoredTemplate, runs: int) -> dict[str, Any]:
    return {"template_id": template.id, "name": template.name, "runs": runs, "complete": runs <= MAX_RUNS}


def _step_row(step: ShownStep) -> dict[str, Any]:
    """The step's figures, its outcomes aside, in the order of the columns."""
    figures = msgspec.structs.asdict(step.figures)
    named = {"name": step.name, "in_template": step.in_template}
    return {column: named[column] if column in named else figures[column] for column in _STEP_COLUMNS}


_STEP_COLUMNS = (
    "step_id",
    "name",
    "in_template",
    *(field for field in StepFigures.__struct_fields__ if field not in ("step_id", "outcomes")),
)


def _answer(call: Call, name: str, as_of: datetime, window: Window, shown: dict[str, Any], tables: Tables) -> Response:
    query: Any = call.query
    if query.format == "json":
        return data({"as_of": as_of, "from": window.start, "to": window.end, **shown})
    text = _csv(tables[query.table]())
    filename = f"{name}-{query.table}-{as_of:%Y-%m-%d}.csv"
    return Response(
        text,
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{filename}"', "X-As-Of": as_of.isoformat()},
    )


def _summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in counts:
        found[name] = found.get(name, 0) + count
    return found


def _flat(kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> Table:
    return Table(kind.__struct_fields__, [msgspec.structs.astuple(row) for row in rows])


def _csv(table: Table) -> str:
    """RFC 4180 with a header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A cell as it is written: nothing for None, instants in ISO 8601, and no text that a spreadsheet would run."""
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else value
