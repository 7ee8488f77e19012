"""The rule format: what people write, in YAML or JSON, and its published JSON Schema.

    name: VIPs first
    trigger: on_ticket_created
    conditions: {priority: [P3, P4], custom.vip: true}
    actions:
      - {type: set_priority, priority: P1}
      - {type: start_workflow, workflow_name: VIP care, task_queue: itsm-high-priority}

Reading a definition gives every issue at once: one that cannot be read cannot be saved. Whether it makes sense at a
particular desk is `rule_check`'s business, and a matter of warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from wayline.core import condition, effects
from wayline.core.action import (
    Acting,
    Action,
    ActionFailed,
    AddComment,
    Assign,
    CreateTicket,
    HttpRequest,
    MoveQueue,
    RunScript,
    SendChat,
    SendNotification,
    SetPriority,
    SetStatus,
    StartWorkflow,
    UpdateField,
    rendered_text,
)
from wayline.core.names import unkeepable
from wayline.core.refusals import Issue
from wayline.core.schedule import Schedule
from wayline.core.template import issues_of
from wayline.core.text import VALUE_DEPTH_MAX, text_problem, texts_in
from wayline.core.who import Audience, Who

TriggerWord = Literal[
    "on_ticket_created", "on_ticket_updated", "on_comment", "on_run_ended", "on_step_overdue", "scheduled", "webhook"
]
TRIGGERS: Final[tuple[str, ...]] = get_args(TriggerWord)
ACTIONS_MAX: Final = 20
"""Actions in one rule."""
NAME_LENGTH_MAX: Final = 200
POSITION_MAX: Final = 1_000_000_000


class Escalate(Action):
    """Tell the people above that the ticket needs them: `to`, else the leads of its group, else the admins. With
    `reassign` it is also theirs."""

    type: Literal["escalate"]
    to: Who | None = None
    message: str | None = Field(None, max_length=10_000)
    reassign: bool = False

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("message", self.message or "")]

    def who(self) -> Iterable[tuple[str, Who]]:
        return [("to", self.to)] if self.to is not None else []

    def perform(self, acting: Acting, activation: Any) -> dict[str, Any]:
        if acting.ticket is None:
            raise ActionFailed("there is no ticket here", permanent=True)
        found = acting.find(self.to) if self.to is not None else _above(acting)
        if not found.user_ids:
            raise ActionFailed("nobody to escalate to", permanent=True)
        title = f"{acting.ticket['number']} needs you: {acting.ticket['title']}"
        body = rendered_text(self.message or "", acting.scope)
        acting.effects.append(
            effects.Notify(
                user_ids=found.user_ids, kind="ticket_escalated", title=title, body=body, group_id=found.group_id
            )
        )
        if self.reassign:
            named = {"group": found.group_id, "assignee": None} if found.group_id else {"assignee": found.user_ids[0]}
            acting.change_ticket(named)
        return {"to": list(found.keys)}


def _above(acting: Acting) -> Audience:
    directory = acting.facts.directory
    group = directory.groups.get((acting.ticket or {}).get("group") or "")
    leads = directory.active_leads(group) if group is not None else []
    return Audience(tuple(leads or directory.admins()))


RuleAction = Annotated[
    UpdateField
    | SetStatus
    | SetPriority
    | MoveQueue
    | Assign
    | AddComment
    | SendNotification
    | Escalate
    | CreateTicket
    | StartWorkflow
    | HttpRequest
    | SendChat
    | RunScript,
    Field(discriminator="type"),
]


class Rule(BaseModel):
    """A rule as written: when this happens, and the ticket is like that, do these things."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=NAME_LENGTH_MAX)
    description: str | None = Field(None, max_length=10_000)
    trigger: TriggerWord
    conditions: dict[str, Any] = Field(default_factory=dict, description="All tickets when empty.")
    actions: list[RuleAction] = Field(
        min_length=1, max_length=ACTIONS_MAX, description="Done in this order; `action` is the first."
    )
    schedule: Schedule | None = Field(None, description="Of a `scheduled` rule; every five minutes when left out.")
    stop: bool = Field(False, description="When the rule has fired, no later rule sees the event.")
    enabled: bool = True
    position: int | None = Field(
        None, ge=0, le=POSITION_MAX, description="Lower ones are asked first; last when left out."
    )

    _written: list[Any] = PrivateAttr(default_factory=list)

    @model_validator(mode="wrap")
    @classmethod
    def _actions_as_written(cls, value: Any, read: ModelWrapValidatorHandler[Rule]) -> Rule:
        rule = read(value)
        if isinstance(value, dict):
            rule._written = value.get("actions") or [value["action"]]
        return rule

    @model_validator(mode="before")
    @classmethod
    def _one_action_or_several(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value.get("conditions", ...) is None:
            value = {name: item for name, item in value.items() if name != "conditions"}
        if "action" not in value:
            return value
        rest = {name: item for name, item in value.items() if name != "action"}
        several = rest.get("actions")
        if several is None:
            return {**rest, "actions": [value["action"]]}
        if isinstance(several, list) and several[:1] == [value["action"]]:
            return rest
        raise PydanticCustomError("two_actions", "give either action, or actions whose first it is")

    @model_validator(mode="after")
    def _schedule_belongs(self) -> Rule:
        if self.schedule is not None and self.trigger != "scheduled":
            raise PydanticCustomError("no_schedule", "only a scheduled rule has a schedule")
        return self

    @property
    def when(self) -> Schedule:
        """The schedule it is swept by."""
        return self.schedule or Schedule()

    def definition(self) -> dict[str, Any]:
        """What the rule says, as plain JSON in a fixed order, its actions as they were written; whether it is enabled,
        and its place, stand beside it."""
        written = self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"enabled", "position"})
        written |= {"conditions": self.conditions, "actions": self._written or written["actions"]}
        if not self.stop:
            written.pop("stop", None)
        return {name: written[name] for name in _DEFINED if written.get(name) is not None}


_DEFINED = ("name", "description", "trigger", "schedule", "conditions", "actions", "stop")


class RuleInvalid(ValueError):
    """A definition that cannot be read; `issues` are all that is wrong with it."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__("; ".join(f"{i.path}: {i.message}" for i in issues))
        self.issues = issues


def parse_rule(definition: Any) -> Rule:
    """The rule of a definition, or RuleInvalid with every issue."""
    rule, issues = read_rule(definition)
    if rule is None:
        raise RuleInvalid(issues)
    return rule


def read_rule(definition: Any) -> tuple[Rule | None, list[Issue]]:
    """The rule and no issue, or None and every issue there is."""
    if not isinstance(definition, dict):
        return None, [Issue("", "A rule is an object with `name`, `trigger` and `action`.", "not_an_object")]
    rule, issues = None, list(unkeepable(definition, ""))
    try:
        rule = Rule.model_validate(definition)
    except ValidationError as error:
        issues += _issues(error, definition)
    issues += _condition_issues(definition.get("conditions"))
    if rule is not None:
        issues += _text_issues(rule, in_list="actions" in definition)
    return (rule, []) if rule is not None and not issues else (None, issues)


def _issues(error: ValidationError, definition: dict[str, Any]) -> list[Issue]:
    """A missing action is one issue, and an only one is `action`, as it was written."""
    if "action" in definition and "actions" not in definition:
        found = issues_of(error, written={**definition, "actions": [definition["action"]]})
        found = [Issue(i.path.replace("actions[0]", "action", 1), i.message, i.code) for i in found]
    else:
        found = issues_of(error, written=definition)
    return [Issue(_OF_THE_WHOLE.get(i.code, i.path), i.message, i.code) if not i.path else _said_of(i) for i in found]


_OF_THE_WHOLE = {"no_schedule": "schedule", "two_actions": "action"}


def _said_of(issue: Issue) -> Issue:
    is_missing = (issue.path, issue.code) == ("actions", "missing")
    return Issue("action", issue.message, issue.code) if is_missing else issue


def _condition_issues(conditions: Any) -> list[Issue]:
    if not isinstance(conditions, dict):
        return []
    return [Issue(i.path, i.message, i.code) for i in condition.condition_problems(conditions, "conditions")]


def _text_issues(rule: Rule, *, in_list: bool) -> Iterator[Issue]:
    for path, text in texts_of(rule, in_list=in_list):
        if text is None:
            yield Issue(path, f"Nested more than {VALUE_DEPTH_MAX} levels deep.", "too_deep")
        elif (fault := text_problem(text)) is not None:
            yield Issue(path, fault.message + (f" (line {fault.line})" if fault.line else ""), "bad_text")


def texts_of(rule: Rule, *, in_list: bool = True) -> Iterator[tuple[str, str | None]]:
    """Every text with its path (`actions[0].message`, or `action.message`); None for what is nested too deep."""
    for index, action in enumerate(rule.actions):
        where = f"actions[{index}]" if in_list else "action"
        for path, value in action.texts():
            yield from texts_in(value, f"{where}.{path}")


def json_schema() -> dict[str, Any]:
    """The published JSON Schema (2020-12) of the rule format, for editors."""
    schema = Rule.model_json_schema(ref_template="#/$defs/{model}")
    conditions = condition.json_schema()["$defs"]
    properties = schema["properties"]
    properties["conditions"] = {**properties["conditions"], "$ref": "#/$defs/condition"}
    for name in ("type", "additionalProperties"):
        properties["conditions"].pop(name, None)
    properties["action"] = {**properties["actions"]["items"], "description": "Instead of `actions`, when it is one."}
    required = [name for name in schema["required"] if name != "actions"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Wayline rule",
        "required": required,
        "anyOf": [{"required": ["action"]}, {"required": ["actions"]}],
        "$defs": {**schema["$defs"], **conditions},
    }
