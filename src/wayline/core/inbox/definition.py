"""How an inbox template is written: an object with a step a key, beginning at `start`. Contract 003."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wayline.core.inbox.state import TASK_STATES, TaskState
from wayline.core.refusals import Issue
from wayline.core.shorthand import or_one
from wayline.core.steps.step_type import STEP_ID_PATTERN, Step
from wayline.core.validation import issues_of

KIND = "inbox"
START = "start"
SINK, SOURCE, EVERYBODY = "$sink", "$source", "$all"
SCOPE_WORDS = (SINK, SOURCE, EVERYBODY)
MAX_PATHS = 50
MAX_ACTIONS = 50
MAX_BEHAVIORS = 50
MAX_TEXT_CHARS = 10_000
HEAD_WORDS = frozenset({"trigger", "variables", "layout"})
"""Objects beside the steps that are none, where the steps are written at the top."""

NameStyle = Literal["danger", "success", "info", "dark", "warning"]
ActionName = Literal["status", "task", "lock", "unlock", "script", "notify", "trigger", "chat"]
ACTIONS: tuple[ActionName, ...] = get_args(ActionName)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Path(_Part):
    """One way on from a step: what it is called, the step it leads to, and the behaviour the client is handed."""

    label: str = Field(min_length=1, max_length=100)
    step: str = Field(description="The key of the step that is activated.")
    behavior: str | None = Field(None, description="A behaviour of this step, by its key or its handle.")
    icon: str | None = Field(None, max_length=100)


class Face(_Part):
    """What a step shows, and whose entries it sets."""

    template: str | None = Field(None, max_length=MAX_TEXT_CHARS, description="The title; read at `start` alone.")
    name: str | None = Field(None, max_length=MAX_TEXT_CHARS, description="The label.")
    name_style: NameStyle = Field("info", alias="nameStyle")
    description: str | None = Field(None, max_length=MAX_TEXT_CHARS, description="The subtitle.")
    scope: str = Field(SINK, description="Whose entries it sets: $sink, $source, $all or a user query.")
    status: Literal["active", "retired"] | None = Field(
        None, description="Whether they are in the inbox. Left out, it stays as it was; a new entry is active."
    )
    paths: list[Path] = Field(default_factory=list, max_length=MAX_PATHS)
    icon: str | None = Field(None, max_length=MAX_TEXT_CHARS)
    summary_title: str | None = Field(None, alias="summaryTitle", max_length=MAX_TEXT_CHARS)
    summary: str | None = Field(None, max_length=MAX_TEXT_CHARS)

    def texts(self) -> Iterator[tuple[str, str]]:
        """What may have placeholders, with its place."""
        for name in ("template", "name", "description", "icon", "summaryTitle", "summary"):
            text = getattr(self, "summary_title" if name == "summaryTitle" else name)
            if text is not None:
                yield name, text


class Behavior(_Part):
    """What the client does when a path that names it is chosen: send another dispatch.

    `target` is whom to, `fields` what the person fills first (handed on as it is), `templates` the places inside `data`
    that are rendered. The dispatch is of `template`, which left out is the run's own.
    """

    behavior: Literal["dispatch"] = "dispatch"
    handle: str | None = Field(None, min_length=1, max_length=100, description="Another name; the key when left out.")
    target: str | None = Field(None, description="$sink, $source, $all or a user query.")
    fields: Any = None
    data: dict[str, Any] = Field(default_factory=dict)
    templates: list[str] = Field(default_factory=list, max_length=100, json_schema_extra=or_one)
    template: str | None = Field(None, max_length=200, description="The template's id or name.")

    @field_validator("templates", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class NoticeArgs(_Part):
    """What a `notify` says."""

    title: str = Field(min_length=1, max_length=1_000)
    body: str = Field("", max_length=MAX_TEXT_CHARS)


class ChatArgs(_Part):
    """What a `chat` says, and where; None is the default channel."""

    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    channel: str | None = Field(None, min_length=1, max_length=200)


class TriggerArgs(_Part):
    """What a `trigger` sets going: a rule by its name, or a step of this run."""

    rule: str | None = Field(None, min_length=1, max_length=200)
    step: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> TriggerArgs:
        if (self.rule is None) == (self.step is None):
            raise ValueError("give either rule or step")
        return self


_SHORT = {"notify": "title", "chat": "text"}
"""Where args that are one text go."""
_ARGS: dict[str, type[_Part]] = {"notify": NoticeArgs, "chat": ChatArgs, "trigger": TriggerArgs}


class StepAction(_Part):
    """Something the server does as the step is activated, for the people of `scope`: left out, those of the step.

    `args`: status: active or retired. task: a state. script: its name or text. notify: {title, body?}. trigger: {rule}
    or {step}. chat: {text, channel?}. lock, unlock: none.
    """

    action: ActionName
    scope: str | None = None
    args: Any = None

    @model_validator(mode="after")
    def _args_fit(self) -> StepAction:
        object.__setattr__(self, "args", _fitting(self.action, self.args))
        return self


def _fitting(action: ActionName, args: Any) -> Any:
    """The arguments as their action wants them; raises ValueError."""
    if action in ("lock", "unlock"):
        if args not in (None, {}, []):
            raise ValueError(f"{action} has no args")
        return None
    if action == "status" and args not in ("active", "retired"):
        raise ValueError("args of status is active or retired")
    if action == "task" and args not in get_args(TaskState):
        raise ValueError(f"args of task is one of {', '.join(TASK_STATES)}")
    if action == "script" and not (isinstance(args, str) and args.strip()):
        raise ValueError("args of script is the name or the text of one")
    if action not in _ARGS:
        return args
    written = {_SHORT[action]: args} if isinstance(args, str) and action in _SHORT else args
    try:
        return _ARGS[action].model_validate(written)
    except ValidationError as error:
        said = "; ".join(f"{issue.path}: {issue.message}".removeprefix(": ") for issue in issues_of(error))
        raise ValueError(f"args of {action}: {said}") from error


class InboxStep(Step):
    """One step: what it shows, what clients do, what the server does. `id` is its key."""

    type: Literal["entry"] = "entry"
    face: Face
    behaviors: dict[str, Behavior] = Field(default_factory=dict, max_length=MAX_BEHAVIORS)
    actions: list[StepAction] = Field(default_factory=list, max_length=MAX_ACTIONS)

    @property
    def title(self) -> str:
        """The name people see, as written."""
        return self.face.name or self.id

    def behavior(self, named: str | None) -> tuple[str, Behavior] | None:
        """The behaviour of that handle, else of that key, with its key."""
        if named is None:
            return None
        for key, behavior in self.behaviors.items():
            if behavior.handle == named:
                return key, behavior
        return (named, self.behaviors[named]) if named in self.behaviors else None

    def path(self, named: str) -> Path | None:
        """The path of that label, else the first to that step, else that of the label case aside."""
        for matches in (
            lambda p: p.label == named,
            lambda p: p.step == named,
            lambda p: p.label.casefold() == named.casefold(),
        ):
            found = next(filter(matches, self.face.paths), None)
            if found is not None:
                return found
        return None


class _WrittenStep(_Part):
    """A step as it stands under its key."""

    step: Face
    behaviors: dict[str, Behavior] = Field(default_factory=dict, max_length=MAX_BEHAVIORS)
    actions: list[StepAction] = Field(default_factory=list, max_length=MAX_ACTIONS)

    @field_validator("actions", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [action for _, action in actions_of(value)] if isinstance(value, dict) else value


def actions_of(written: Any) -> list[tuple[str, Any]]:
    """Actions as a list with the place of each: they may be a list, or an object keyed by action or by any name."""
    if isinstance(written, list):
        return [(f"[{place}]", action) for place, action in enumerate(written)]
    if not isinstance(written, dict):
        return []
    found = []
    for name, value in written.items():
        whole = value if isinstance(value, dict) and value.keys() <= {"action", "scope", "args"} else {"args": value}
        found.append((f".{name}", whole if "action" in whole else {"action": name, **whole}))
    return found


def folded(definition: dict[str, Any]) -> dict[str, Any]:
    """An inbox definition whose steps stand at its top, with them under `steps`; anything else as it is."""
    if definition.get("kind") != KIND or "steps" in definition:
        return definition
    steps = steps_at_top(definition)
    if not steps:
        return definition
    return {**{name: value for name, value in definition.items() if name not in steps}, "steps": steps}


def steps_at_top(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The values that look like steps: objects with an object `step`."""
    return {
        name: value
        for name, value in definition.items()
        if name not in HEAD_WORDS and isinstance(value, dict) and isinstance(value.get("step"), dict)
    }


def is_bare_graph(definition: Mapping[str, Any]) -> bool:
    """Whether it is nothing but steps, as the contract writes a graph."""
    return START in definition and "steps" not in definition and len(steps_at_top(definition)) == len(definition)


def read_steps(raw: Any, issues: list[Issue], *, most: int) -> list[InboxStep]:
    """The steps that can be read; what is wrong with the others is added to the issues."""
    if not isinstance(raw, dict) or not raw:
        issues.append(Issue("steps", f"An inbox template needs an object of steps, `{START}` among them.", "no_steps"))
        return []
    if len(raw) > most:
        issues.append(Issue("steps", f"At most {most} steps.", "too_many_steps"))
        return []
    if START not in raw:
        issues.append(Issue("steps", f"There is no step `{START}`, where every run begins.", "no_start"))
    steps = []
    for key, written in raw.items():
        path = f"steps.{key}"
        if not isinstance(written, dict):
            issues.append(Issue(path, "A step is an object with `step`.", "not_an_object"))
            continue
        try:
            read = _WrittenStep.model_validate(written)
            steps.append(InboxStep(id=key, face=read.step, behaviors=read.behaviors, actions=read.actions))
        except ValidationError as error:
            issues += [_as_written(issue, path, written) for issue in issues_of(error, path)]
    return steps


def _as_written(issue: Issue, path: str, written: dict[str, Any]) -> Issue:
    """The place of a fault: an action of an object has a name and no number, a step's own name is its key."""
    if issue.path == f"{path}.id":
        return Issue(path, f"A key is letters, digits, dots, dashes: {STEP_ID_PATTERN}", "bad_key")
    prefix = f"{path}.actions["
    if isinstance(written.get("actions"), dict) and issue.path.startswith(prefix):
        number, _, rest = issue.path.removeprefix(prefix).partition("]")
        place = actions_of(written["actions"])[int(number)][0]
        return Issue(f"{path}.actions{place}{rest}", issue.message, issue.code)
    return issue


def steps_schema() -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON Schema of `steps`, and the definitions it refers to."""
    own = _WrittenStep.model_json_schema(ref_template="#/$defs/{model}")
    definitions = own.pop("$defs", {})
    actions = own["properties"]["actions"]
    by_name = {"type": "object", "maxProperties": MAX_ACTIONS}
    own["properties"]["actions"] = {"anyOf": [{k: v for k, v in actions.items() if k != "default"}, by_name]}
    definitions["inbox_step"] = own
    names = {"pattern": STEP_ID_PATTERN}
    schema = {
        "type": "object",
        "required": [START],
        "propertyNames": names,
        "additionalProperties": {"$ref": "#/$defs/inbox_step"},
    }
    return schema, definitions
