"""The template format: what people write, in YAML or JSON, and its published JSON Schema.

Reading a definition gives every issue at once. Whether a readable template makes sense is `check`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import jsonschema_rs
import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wayline.core.inbox import definition as inbox
from wayline.core.refusals import Issue
from wayline.core.steps.catalogue import STEP_TYPES, offered
from wayline.core.steps.step_type import Step
from wayline.core.ticket import TICKET_TYPES
from wayline.core.validation import issues_of as issues_of

MAX_STEPS = 1000
TRIGGER_WORDS = ("manual", "ticket_type", "ticket_type+subtype")
TicketType = Literal["incident", "change", "problem", "service_request", "task"]


def _trigger_words(schema: dict[str, Any]) -> None:
    """The words a trigger may be written in, in its JSON Schema."""
    schema["properties"]["type"]["enum"] = list(TRIGGER_WORDS)
    schema["anyOf"] = [{"const": "manual"}, {name: schema.pop(name) for name in list(schema) if name != "description"}]


class Trigger(BaseModel):
    """What starts a template by itself: nothing (`manual`), or a ticket of a type, or of a type and subtype."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_trigger_words)

    type: Literal["manual", "ticket_type"] = "manual"
    ticket_type: TicketType | None = None
    subtype: str | None = Field(None, min_length=1, max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _flat_words(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"type": value}
        if isinstance(value, dict) and value.get("type") == "ticket_type+subtype":
            if not value.get("subtype"):
                raise ValueError("ticket_type+subtype needs a subtype")
            value = {**value, "type": "ticket_type"}
        return value

    @model_validator(mode="after")
    def _complete(self) -> Trigger:
        if self.type == "ticket_type" and self.ticket_type is None:
            raise ValueError(f"ticket_type is one of {', '.join(TICKET_TYPES)}")
        if self.type == "manual" and (self.ticket_type or self.subtype):
            raise ValueError("a manual trigger names no ticket type")
        return self

    @property
    def word(self) -> str:
        """The flat word lists are filtered by: manual, ticket_type or ticket_type+subtype."""
        return "ticket_type+subtype" if self.subtype else self.type


class Variable(BaseModel):
    """A declared input: JSON Schema keywords, with `required` and `default` beside them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str | list[str] | None = None
    required: bool = False
    default: Any = None

    @model_validator(mode="after")
    def _is_a_schema(self) -> Variable:
        try:
            _validator(msgspec.json.encode(self.json_schema()))
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            raise ValueError(f"not a JSON Schema: {getattr(error, 'message', error)}") from error
        return self

    def json_schema(self) -> dict[str, Any]:
        """The schema alone, without our own two words."""
        return {k: v for k, v in self.model_dump(exclude_none=True).items() if k not in ("required", "default")}


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> jsonschema_rs.Draft202012Validator:
    """The schema ready to check values; raises ValueError when it is none.

    By itself the library would fetch what `$ref` points to, from files and the network, and match patterns by
    backtracking: here a schema refers only to itself, and patterns are of the kind whose time is linear.
    """
    return jsonschema_rs.Draft202012Validator(
        msgspec.json.decode(schema), retriever=_refuse_to_fetch, pattern_options=jsonschema_rs.RegexOptions()
    )


def _refuse_to_fetch(uri: str) -> Any:
    raise ValueError(f"{uri} is outside the schema")


class TemplateHead(BaseModel):
    """Everything of a template but its steps."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=10_000)
    kind: Literal["workflow", "inbox"] = "workflow"
    task_queue: str = Field("itsm-workflows", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    trigger: Trigger = Trigger()
    variables: dict[str, Variable] = Field(default_factory=dict)
    start: str | None = None
    layout: dict[str, Any] | None = Field(None, description="Canvas positions by step id; never read to decide.")


class Template(BaseModel):
    """A template that could be read."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    head: TemplateHead
    steps: tuple[Any, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return self.head.name

    @property
    def start(self) -> str | None:
        """The step a run starts from, when it is not the first."""
        return self.head.start

    @property
    def is_inbox(self) -> bool:
        """Whether its runs are messages that people hold entries of."""
        return self.head.kind == inbox.KIND


class TemplateInvalid(ValueError):
    """A definition that cannot be read; `issues` are all that is wrong with it."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__("; ".join(f"{i.path}: {i.message}" for i in issues))
        self.issues = issues


def parse_template(definition: Any) -> Template:
    """The template of a definition, or TemplateInvalid with every issue."""
    template, issues = read(definition)
    if issues or template is None:
        raise TemplateInvalid(issues)
    return template


def read(definition: Any) -> tuple[Template | None, list[Issue]]:
    """The template as far as it can be read, and every issue. Steps that cannot be read are left out of it;
    None when nothing is left to look at."""
    if not isinstance(definition, dict):
        return None, [Issue("", "A template is an object with `name` and `steps`.", "not_an_object")]
    definition = normalised(definition)
    issues: list[Issue] = []
    head = None
    try:
        head = TemplateHead.model_validate({k: v for k, v in definition.items() if k != "steps"})
    except ValidationError as error:
        issues += issues_of(error, written=definition)
    is_inbox = definition.get("kind") == inbox.KIND
    steps: Sequence[Step]
    if is_inbox:
        steps = inbox.read_steps(definition.get("steps"), issues, most=MAX_STEPS)
        if definition.get("start") not in (None, inbox.START):
            issues.append(Issue("start", f"An inbox template begins at its step `{inbox.START}`.", "bad_start"))
    else:
        steps = _read_steps(definition.get("steps"), issues)
    if head is None or not steps:
        return None, issues
    return Template(head=head, steps=tuple(steps)), issues


def normalised(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition with the flat trigger words (`trigger_type`, `ticket_type`, `trigger_subtype`) folded into
    `trigger`, and the steps of an inbox template that stand at its top into `steps`."""
    definition = inbox.folded(definition)
    flat = {k: definition[k] for k in ("trigger_type", "ticket_type", "trigger_subtype") if k in definition}
    if not flat:
        return definition
    rest = {k: v for k, v in definition.items() if k not in flat}
    if "trigger" not in rest and flat.get("trigger_type", "manual") is not None:
        trigger = {
            "type": flat.get("trigger_type", "ticket_type" if "ticket_type" in flat else "manual"),
            "ticket_type": flat.get("ticket_type"),
            "subtype": flat.get("trigger_subtype"),
        }
        rest["trigger"] = {k: v for k, v in trigger.items() if v is not None}
    return rest


def _read_steps(raw: Any, issues: list[Issue]) -> list[Step]:
    if not isinstance(raw, list) or not raw:
        issues.append(Issue("steps", "A template needs a list of at least one step.", "no_steps"))
        return []
    if len(raw) > MAX_STEPS:
        issues.append(Issue("steps", f"At most {MAX_STEPS} steps.", "too_many_steps"))
        return []
    steps: list[Step] = []
    seen: set[str] = set()
    for index, item in enumerate(raw):
        step = _read_step(item, f"steps[{index}]", issues)
        if step is None:
            continue
        if step.id in seen:
            issues.append(Issue(f"steps[{index}].id", f"Another step is called {step.id}.", "duplicate_step_id"))
            continue
        seen.add(step.id)
        steps.append(step)
    return steps


def _read_step(item: Any, path: str, issues: list[Issue]) -> Step | None:
    if not isinstance(item, dict):
        issues.append(Issue(path, "A step is an object.", "not_an_object"))
        return None
    written = item.get("type")
    kind = STEP_TYPES.get(written) if isinstance(written, str) else None
    if kind is None:
        known = ", ".join(kind.type for kind in offered())
        issues.append(Issue(f"{path}.type", f"{written!r} is not one of {known}.", "unknown_step_type"))
        return None
    try:
        return kind.model.model_validate(item)
    except ValidationError as error:
        issues += issues_of(error, path, written=item)
        return None


def json_schema() -> dict[str, Any]:
    """The published JSON Schema (2020-12) of the template format, for editors and for the designer."""
    schema = TemplateHead.model_json_schema(ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs", {})
    for kind in offered():
        own = kind.model.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(own.pop("$defs", {}))
        definitions[f"step_{kind.type}"] = own
    entries, of_entries = inbox.steps_schema()
    definitions.update(of_entries)
    steps = {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_STEPS,
        "items": {"oneOf": [{"$ref": f"#/$defs/step_{kind.type}"} for kind in offered()]},
    }
    is_inbox = {"properties": {"kind": {"const": inbox.KIND}}, "required": ["kind"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wayline template",
        **{k: v for k, v in schema.items() if k != "title"},
        "properties": {**schema["properties"], "steps": True},
        "required": [*schema.get("required", []), "steps"],
        "if": is_inbox,
        "then": {"properties": {"steps": entries}},
        "else": {"properties": {"steps": steps}},
        "$defs": definitions,
    }


class VariablesInvalid(ValueError):
    """Inputs that do not fit what the template declares; one issue a variable."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__("; ".join(f"{i.path}: {i.message}" for i in issues))
        self.issues = issues


def validated_variables(template: Template, given: dict[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """The run's variables: what was given, checked against what is declared, defaults filled in.

    `strict` refuses names that are not declared (surface 002); otherwise they are kept as they are.
    """
    declared = template.head.variables
    issues: list[Issue] = []
    values = dict(given)
    for name, variable in declared.items():
        path = f"variables.{name}"
        if name not in values or values[name] is None:
            if variable.default is not None:
                values[name] = variable.default
            elif variable.required:
                issues.append(Issue(path, f"{name} is required.", "required"))
            continue
        for error in _validator(msgspec.json.encode(variable.json_schema())).iter_errors(values[name]):
            issues.append(Issue(path, error.message, "does_not_fit"))
            break
    if strict:
        issues += [Issue(f"variables.{n}", f"{n} is not declared.", "unknown") for n in given if n not in declared]
    if issues:
        raise VariablesInvalid(issues)
    return values
