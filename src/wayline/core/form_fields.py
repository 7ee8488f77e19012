"""The fields of a form: what may be declared of one, and which values fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wayline.core import condition
from wayline.core.expression import ExpressionError, Pattern, compile_pattern
from wayline.core.facts import Directory
from wayline.core.names import storable
from wayline.core.refusals import Issue, Refusal
from wayline.core.shorthand import both_names

FIELD_TYPES = (
    "text",
    "textarea",
    "number",
    "checkbox",
    "select",
    "multiselect",
    "date",
    "datetime",
    "email",
    "user",
    "file",
)
MAX_FIELDS = 200
MAX_TEXT_CHARS = 100_000
MAX_PATTERN_CHARS = 500
MAX_NUMBER = 2**53
"""Beyond it, JSON and the browsers' numbers lose digits; the run's encoding ends at 2**64."""
RESERVED_NAMES = frozenset({"outcome"})
"""What a step's output holds besides its fields."""


class Choice(BaseModel):
    """An option with a label of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str | int | float
    label: str | None = None


class FormField(BaseModel):
    """One field of a form.

    `minimum` and `maximum` bound a number's value or how many options are chosen; `min_length` and `max_length` a
    text's length. `pattern` is an RE2 pattern that the whole text must fit, as in HTML.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, json_schema_extra=both_names)

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    label: str | None = Field(None, max_length=200)
    type: Literal[FIELD_TYPES] = "text"  # type: ignore[valid-type]
    required: bool = False
    help: str | None = Field(None, max_length=1000)
    placeholder: str | None = Field(None, max_length=200)
    default: Any = None
    options: list[Choice | str | int | float] = Field(default_factory=list)
    minimum: float | None = Field(None, alias="min")
    maximum: float | None = Field(None, alias="max")
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=1, le=MAX_TEXT_CHARS)
    pattern: str | None = Field(None, max_length=MAX_PATTERN_CHARS)
    multiple: bool = Field(False, description="Several files.")
    show_if: dict[str, Any] | None = Field(None, description="A condition over this form's fields and earlier names.")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                compile_pattern(value)
            except ExpressionError as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _options_where_needed(self) -> FormField:
        if self.type in ("select", "multiselect") and not self.options:
            raise ValueError(f"a {self.type} field needs options")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        return self

    def choices(self) -> list[Any]:
        """The values that may be chosen."""
        return [o.value if isinstance(o, Choice) else o for o in self.options]


def problems_of(fields: Sequence[FormField]) -> list[Issue]:
    """What is wrong with fields that are each well-formed: paths are those of a list called `fields`."""
    found: list[Issue] = []
    seen: set[str] = set()
    for index, field in enumerate(fields):
        path = f"fields[{index}].name"
        if field.name in seen:
            found.append(Issue(path, f"Two fields are called {field.name}.", "duplicate_field"))
        seen.add(field.name)
        if field.name in RESERVED_NAMES:
            message = f"{field.name} is what the step ends with; call the field something else."
            found.append(Issue(path, message, "reserved_name"))
    return found


def validated(
    fields: Sequence[FormField], given: Mapping[str, Any], scope: Mapping[str, Any], directory: Directory
) -> dict[str, Any]:
    """The form's values, each of its field's type; raises a refusal with one issue a bad field.

    A field that `show_if` hides is neither required nor kept. Fields are looked at in order, so a field may hang on
    one above it.
    """
    issues: list[Issue] = []
    names = {**scope}
    kept: dict[str, Any] = {}
    declared = {f.name for f in fields}
    issues += [
        Issue(f"form_data.{name}", f"{name} is not a field of this form.", "unknown_field")
        for name in given
        if name not in declared
    ]
    for field in fields:
        names[field.name] = given.get(field.name, field.default)
    for field in fields:
        if field.show_if is not None and not condition.holds(condition.parse(field.show_if), names):
            names[field.name] = None
            continue
        value = given.get(field.name, field.default)
        path = f"form_data.{field.name}"
        label = field.label or field.name
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            if field.required:
                issues.append(Issue(path, f"{label} is required.", "required"))
            continue
        try:
            kept[field.name] = _value_of(field, value, directory)
        except _Bad as bad:
            issues.append(Issue(path, f"{label}: {bad}", bad.code))
            continue
        if field.type == "checkbox" and field.required and kept[field.name] is not True:
            issues.append(Issue(path, f"{label} must be ticked.", "required"))
    if issues:
        message = issues[0].message if len(issues) == 1 else f"{len(issues)} fields need attention."
        raise Refusal("invalid", message, issues=issues)
    return kept


class _Bad(ValueError):
    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def _value_of(field: FormField, value: Any, directory: Directory) -> Any:
    if field.type == "number":
        return _number(field, value)
    if field.type == "checkbox":
        if not isinstance(value, bool):
            raise _Bad("true or false.", "not_a_boolean")
        return value
    if field.type == "multiselect":
        return _several(field, value)
    if field.type == "select":
        return _chosen(field, value)
    if field.type == "file":
        return _files(field, value)
    if not isinstance(value, str) or not storable(value):
        raise _Bad("text is expected.", "not_text")
    return _text(field, value, directory)


def _number(field: FormField, value: Any) -> int | float:
    if isinstance(value, str):
        if "_" in value:
            raise _Bad("a number is expected.", "not_a_number")
        try:
            value = float(value) if any(c in value for c in ".eE") else int(value)
        except ValueError as error:
            raise _Bad("a number is expected.", "not_a_number") from error
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise _Bad("a number is expected.", "not_a_number")
    if abs(value) > MAX_NUMBER:
        raise _Bad(f"at most {MAX_NUMBER} either way.", "too_large")
    if field.minimum is not None and value < field.minimum:
        raise _Bad(f"at least {field.minimum:g}.", "too_small")
    if field.maximum is not None and value > field.maximum:
        raise _Bad(f"at most {field.maximum:g}.", "too_large")
    return value


def _chosen(field: FormField, value: Any) -> Any:
    choices = field.choices()
    if not isinstance(value, bool):
        for choice in choices:
            if choice == value or str(choice) == value:
                return choice
    raise _Bad(f"one of {', '.join(str(c) for c in choices)}.", "not_an_option")


def _several(field: FormField, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Bad("a list of options is expected.", "not_a_list")
    chosen = list(dict.fromkeys(_chosen(field, v) for v in value))
    if field.minimum is not None and len(chosen) < field.minimum:
        raise _Bad(f"choose at least {field.minimum:g}.", "too_few")
    if field.maximum is not None and len(chosen) > field.maximum:
        raise _Bad(f"choose at most {field.maximum:g}.", "too_many")
    return chosen


def _files(field: FormField, value: Any) -> Any:
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(v, str) and v for v in names):
        raise _Bad("the id of an uploaded file is expected.", "not_a_file")
    if len(names) > 1 and not field.multiple:
        raise _Bad("only one file.", "too_many")
    return names if field.multiple else names[0]


def _text(field: FormField, value: str, directory: Directory) -> str:
    if len(value) > (field.max_length or MAX_TEXT_CHARS):
        raise _Bad(f"at most {field.max_length or MAX_TEXT_CHARS} characters.", "too_long")
    if field.min_length is not None and len(value) < field.min_length:
        raise _Bad(f"at least {field.min_length} characters.", "too_short")
    if field.type == "date":
        return _parsed(date.fromisoformat, value, "a date such as 2026-03-31 is expected.", "not_a_date").isoformat()
    if field.type == "datetime":
        instant = _parsed(
            datetime.fromisoformat, value, "an instant such as 2026-03-31T09:00:00Z is expected.", "not_a_datetime"
        )
        return str((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).isoformat())
    if field.type == "email":
        try:
            return validate_email(value, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError as error:
            raise _Bad("an e-mail address is expected.", "not_an_email") from error
    if field.type == "user":
        person = directory.person(value)
        if person is None:
            raise _Bad("nobody of that name is known.", "unknown_user")
        return person.id
    if field.pattern is not None and not _whole(field.pattern).search(value):
        raise _Bad("does not have the expected form.", "pattern")
    return value


def _whole(pattern: str) -> Pattern:
    return compile_pattern(rf"\A(?:{pattern})\z")


def _parsed(parse: Any, value: str, message: str, code: str) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise _Bad(message, code) from error
