"""The format of tests: a table of cases for one template, or for rules, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.refusals import Issue
from wayline.core.rule import TriggerWord
from wayline.core.template import issues_of

USUAL_INSTANT: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""When cases happen that do not say: a Monday morning."""
CASES_MAX: Final = 1_000
Word = Annotated[str, StringConstraints(min_length=1, max_length=320)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonAtDesk(_Written):
    """Somebody; `manager` is another one's e-mail."""

    email: Word
    name: str | None = None
    role: str = "agent"
    manager: Word | None = None
    labels: tuple[str, ...] = ()


class GroupAtDesk(_Written):
    """A group by its slug, and who is in it, by e-mail."""

    members: tuple[Word, ...] = ()
    leads: tuple[Word, ...] = ()


class DeskOfTable(_Written):
    """Who and what there is. Whatever the definitions name and this does not is made up: each group gets a lead and two
    members, each person a manager."""

    people: tuple[PersonAtDesk, ...] = ()
    groups: dict[str, GroupAtDesk] = {}
    calendars: tuple[CalendarDefinition, ...] = ()


class Expected(_Written):
    """What must come of a case; what is left out may be anything.

    Of a run: its `status`; its `path`, each step by id or as `{step: outcome}`; where it `waits`; where it is `refused`
    an answer; `outcomes` of single steps. Of rules: which of them fire, by name and in order, and the workflows that
    they start. Of either: fields of the ticket, and of the run's variables, afterwards.
    """

    status: str | None = None
    path: tuple[str | dict[str, str], ...] | None = None
    outcomes: dict[str, str] = {}
    waits: str | None = None
    refused: str | None = None
    fires: tuple[str, ...] | None = None
    starts: tuple[str, ...] | None = None
    ticket: dict[str, Any] = {}
    variables: dict[str, Any] = {}

    @model_validator(mode="after")
    def _something(self) -> Expected:
        if not self.model_fields_set:
            raise ValueError("expect something")
        return self


class Case(_Written):
    """One line of the table. `ticket` has the fields it is opened with; `answers` and `outcomes` are what people and
    the outside say, as in a simulation; `event` is the trigger of the rules that see it."""

    name: Word
    at: AwareDatetime = USUAL_INSTANT
    ticket: dict[str, Any] | None = None
    variables: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    outcomes: dict[str, str | list[str]] = {}
    event: TriggerWord | None = None
    changes: dict[str, Any] = Field({}, description="What the event does to the ticket.")
    comment: dict[str, Any] | None = None
    payload: Any = None
    run: dict[str, Any] | None = None
    step: dict[str, Any] | None = None
    actor: str | None = Field(None, description="Who does it, by e-mail.")
    idle_hours: float = Field(0, ge=0, description="For how long nobody has acted on the ticket.")
    age_hours: float = Field(0, ge=0, description="For how long there has been the ticket.")
    expect: Expected


class Table(_Written):
    """Cases for a template, by its name, or for rules: all that are given, or those named in `rules`."""

    name: Word | None = None
    template: Word | None = None
    rules: tuple[Word, ...] | None = None
    desk: DeskOfTable = DeskOfTable()
    cases: tuple[Case, ...] = Field(min_length=1, max_length=CASES_MAX)

    @model_validator(mode="after")
    def _of_one_kind(self) -> Table:
        if self.template is not None and self.rules is not None:
            raise ValueError("a table is about a template or about rules")
        for case in self.cases:
            if (case.event is None) == (self.template is None):
                wrong = "names no event" if self.template is None else "has an event, which is for rules"
                raise ValueError(f"the case {case.name!r} {wrong}")
        return self


def read_table(definition: Any) -> tuple[Table | None, list[Issue]]:
    """The table, or None and every issue there is."""
    try:
        return Table.model_validate(definition), []
    except ValidationError as error:
        return None, issues_of(error, written=definition)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a table, for editors."""
    schema = Table.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Wayline tests"}
