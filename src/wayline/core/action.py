"""Actions: what an automatic step or a rule does without a person.

Desk actions change the ticket, its people or the run's variables, inside the decision. Outside actions are
rendered here and handed to a worker's queue; the packages under `wayline.actions` perform them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wayline.core import effects
from wayline.core.effects import Effect
from wayline.core.events import EventName
from wayline.core.facts import Facts
from wayline.core.refusals import Refusal
from wayline.core.run import Activation
from wayline.core.script import PARAMETER_PATTERN, SOURCE_BYTES_MAX, called, said_of
from wayline.core.shorthand import or_one
from wayline.core.text import TextError, render, render_value
from wayline.core.ticket import PRIORITIES, STATUSES, changes_to
from wayline.core.who import Audience, Who

SETTABLE_FIELDS = (
    "title",
    "description",
    "subtype",
    "category",
    "status",
    "priority",
    "queue",
    "group",
    "assignee",
    "tags",
    "resolution_category",
)
MAX_OUTSIDE_TIMEOUT_S = 300.0
MAX_CHAT_CHARS = 10_000
TASK_QUEUE_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"


class ActionFailed(Exception):
    """An action could not be done. `permanent` ones are not tried again; `retry_after_s` is the callee's wish."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class Acting(Protocol):
    """On whose account an action is done: a run's decision, or a rule that sees an event. Both own a copy of the
    ticket that the action may change, and a list of effects that it may add to."""

    facts: Facts
    ticket: dict[str, Any] | None
    effects: list[Effect]

    @property
    def scope(self) -> dict[str, Any]:
        """Names as texts see them."""

    @property
    def ticket_id(self) -> str | None:
        """The ticket it is about."""

    @property
    def owner_id(self) -> str | None:
        """Who owns what it starts."""

    @property
    def requester_id(self) -> str | None:
        """Whose request it is about."""

    def find(self, who: Who) -> Audience:
        """Whom an expression means now."""

    def change_ticket(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Write fields of the ticket now; returns what really changed, from → to."""

    def set_variable(self, name: str, value: Any) -> None:
        """Give a variable of the run a new value; raises ActionFailed where there is none."""

    def note(
        self,
        event: EventName,
        detail: str,
        *,
        activation: Activation | None = None,
        step_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Say on the timeline what has been done."""

    def effect_id(self) -> str:
        """The id of the effect that is added next."""


class Action(BaseModel):
    """What every action has. `queue` None: it is done at once, at the desk. `within_the_run`: nothing but the run knows
    of it. `verbatim` fields hold no placeholders."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    queue: ClassVar[str | None] = None
    within_the_run: ClassVar[bool] = False
    verbatim: ClassVar[frozenset[str]] = frozenset()
    type: str

    def texts(self) -> Iterable[tuple[str, Any]]:
        """Values with placeholders, by the field they stand in."""
        return ()

    def who(self) -> Iterable[tuple[str, Who]]:
        """Who-expressions, by the field they stand in."""
        return ()

    def said(self) -> str:
        """What it is called where it is told that it has begun."""
        return self.type

    def outcome_of(self, output: Mapping[str, Any]) -> str:
        """What it came to, where it is told that it has been done outside."""
        return "done"

    def told(self, scope: dict[str, Any], place: Mapping[str, str]) -> dict[str, Any]:
        """What a worker is told of an outside action beside what was written. `place` is where it stands: {step: id} or
        {rule: name}."""
        return {}

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        """Do a desk action now and return its output; raises ActionFailed."""
        raise NotImplementedError


class UpdateField(Action):
    """Set one field (`field`, `value`) or several (`fields`) of the ticket; `custom.<name>` for one's own."""

    type: Literal["update_field", "set_field"]
    field: str | None = None
    value: Any = None
    fields: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _settable(self) -> UpdateField:
        if (self.field is None) == (self.fields is None):
            raise ValueError("give either `field` and `value`, or `fields`")
        for name in self.changes():
            if name not in SETTABLE_FIELDS and not name.startswith("custom."):
                raise ValueError(f"{name} is not one of {', '.join(SETTABLE_FIELDS)} or custom.<name>")
        return self

    def changes(self) -> dict[str, Any]:
        """Field → value as written."""
        return self.fields if self.fields is not None else {self.field or "": self.value}

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("fields" if self.fields is not None else "value", self.changes())]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        return _change(acting, _render_value(self.changes(), acting.scope))


class SetStatus(Action):
    """Set the ticket's status."""

    type: Literal["set_status"]
    status: Literal[STATUSES]  # type: ignore[valid-type]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        return _change(acting, {"status": self.status})


class SetPriority(Action):
    """Set the ticket's priority."""

    type: Literal["set_priority"]
    priority: str

    @model_validator(mode="after")
    def _known(self) -> SetPriority:
        if self.priority not in PRIORITIES:
            raise ValueError(f"priority is one of {', '.join(PRIORITIES)}")
        return self

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        return _change(acting, {"priority": PRIORITIES[self.priority]})


class MoveQueue(Action):
    """Move the ticket to a queue."""

    type: Literal["move_queue"]
    queue_name: str = Field(alias="queue", min_length=1)

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        return _change(acting, {"queue": self.queue_name})


class Assign(Action):
    """Assign the ticket to a person or a group."""

    type: Literal["assign"]
    to: Who

    def who(self) -> Iterable[tuple[str, Who]]:
        return [("to", self.to)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        found = acting.find(self.to)
        if not found.keys:
            raise ActionFailed("nobody to assign to", permanent=True)
        if found.group_id:
            return _change(acting, {"group": found.group_id, "assignee": None})
        return _change(acting, {"assignee": found.user_ids[0]})


class AddComment(Action):
    """Say something on the ticket."""

    type: Literal["add_comment", "comment"]
    text: str = Field(min_length=1, max_length=100_000)
    visibility: Literal["public", "internal"] = "internal"

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("text", self.text)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        _ticket(acting)
        text = rendered_text(self.text, acting.scope)
        acting.effects.append(effects.CommentTicket(text=text, visibility=self.visibility))
        return {"text": text}


class SetVariable(Action):
    """Give a variable of the run a value."""

    within_the_run: ClassVar[bool] = True
    type: Literal["set_variable"]
    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    value: Any

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("value", self.value)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        value = _render_value(self.value, acting.scope)
        acting.set_variable(self.name, value)
        return {self.name: value}


class SendNotification(Action):
    """Tell people something: in the app, by e-mail and on their devices (`all`), or by one of these ways. `push` is in
    the app and on the devices that asked for it."""

    type: Literal["send_notification"]
    to: list[Who | str] = Field(
        min_length=1, description="Who-expressions, or e-mail addresses.", json_schema_extra=or_one
    )
    subject: str | None = Field(None, max_length=500)
    message: str = Field(max_length=100_000)
    channel: Literal["all", "in_app", "email", "push"] = "all"

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("to"), dict | str):
            return {**value, "to": [value["to"]]}
        return value

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("subject", self.subject or ""), ("message", self.message)]

    def who(self) -> Iterable[tuple[str, Who]]:
        return [(f"to[{i}]", w) for i, w in enumerate(self.to) if isinstance(w, Who)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        people: dict[str, None] = {}
        addresses: list[str] = []
        for target in self.to:
            if isinstance(target, Who):
                people.update(dict.fromkeys(acting.find(target).user_ids))
                continue
            address = rendered_text(target, acting.scope).strip()
            person = acting.facts.directory.person(address)
            if person is not None:
                people[person.id] = None
            elif "@" in address:
                addresses.append(address)
            else:
                raise ActionFailed(f"{address!r} is neither a person nor an e-mail address", permanent=True)
        if not people and not addresses:
            raise ActionFailed("nobody to tell", permanent=True)
        title = rendered_text(self.subject or self.message[:120], acting.scope)
        body = rendered_text(self.message, acting.scope)
        acting.effects.append(
            effects.Notify(
                user_ids=tuple(people),
                kind="message",
                title=title,
                body=body,
                channel=self.channel,
                addresses=tuple(addresses),
                activation_id=activation.id if activation else None,
            )
        )
        acting.note("notification_sent", f"Told {len(people) + len(addresses)} people: {title}", activation=activation)
        return {"to": [*people, *addresses]}


class CreateTicket(Action):
    """Open another ticket; it is decided on its own, right after."""

    type: Literal["create_ticket"]
    ticket_type: Literal["incident", "change", "problem", "service_request", "task"] = "task"
    title: str = Field(min_length=1, max_length=500)
    fields: dict[str, Any] = Field(default_factory=dict)

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("title", self.title), ("fields", self.fields)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        scope = acting.scope
        fields = {
            **_render_value(self.fields, scope),
            "type": self.ticket_type,
            "title": rendered_text(self.title, scope),
        }
        fields.setdefault("requester", acting.requester_id)
        effect_id = acting.effect_id()
        acting.effects.append(effects.Send(id=effect_id, command="create_ticket", body={"fields": fields}))
        return {"requested": effect_id}


class StartWorkflow(Action):
    """Start another template's run; it is decided on its own, right after."""

    type: Literal["start_workflow", "start_run"]
    workflow_name: str = Field(min_length=1, description="The published template's name.")
    task_queue: str | None = Field(None, pattern=TASK_QUEUE_PATTERN, description="Instead of the template's own.")
    input: dict[str, Any] = Field(default_factory=dict)

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("input", self.input)]

    def perform(self, acting: Acting, activation: Activation | None) -> dict[str, Any]:
        effect_id = acting.effect_id()
        body = {
            "template_name": self.workflow_name,
            "task_queue": self.task_queue,
            "variables": _render_value(self.input, acting.scope),
            "ticket_id": acting.ticket_id,
            "owner_id": acting.owner_id,
        }
        acting.effects.append(effects.Send(id=effect_id, command="start_run", body=body))
        return {"requested": effect_id}


class HttpRequest(Action):
    """Call another system. A status of 2xx is success; 4xx but 408, 425 and 429 is permanent."""

    queue: ClassVar[str | None] = "webhook"
    type: Literal["http_request"]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str = Field(min_length=1, max_length=4000)
    headers: dict[str, str] = Field(default_factory=dict)
    json_: Any = Field(None, alias="json")
    body: str | None = None
    timeout_s: float = Field(30.0, gt=0, le=MAX_OUTSIDE_TIMEOUT_S)

    @model_validator(mode="after")
    def _one_body(self) -> HttpRequest:
        if self.json_ is not None and self.body is not None:
            raise ValueError("give either json or body")
        if "{{" not in self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("url begins with http:// or https://")
        return self

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("url", self.url), ("headers", self.headers), ("json", self.json_), ("body", self.body or "")]


class SendChat(Action):
    """Say something in a chat channel of the desk: the one of that name, or the desk's own when none is named."""

    queue: ClassVar[str | None] = "chat"
    type: Literal["send_chat"]
    channel: str | None = Field(None, min_length=1, max_length=200, description="The channel's name.")
    text: str = Field(min_length=1, max_length=MAX_CHAT_CHARS)
    title: str | None = Field(None, max_length=500)

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("channel", self.channel or ""), ("text", self.text), ("title", self.title or "")]


class RunScript(Action):
    """Run a script: the saved one of that name, or a text of its own. `params` are what it is told beside what every
    script is told; what it asks of the desk is done when it has ended well."""

    queue: ClassVar[str | None] = "script"
    verbatim: ClassVar[frozenset[str]] = frozenset({"script"})
    type: Literal["run_script"]
    script: str = Field(min_length=1, max_length=SOURCE_BYTES_MAX, description="A saved script's name, or a text.")
    params: dict[Annotated[str, Field(pattern=PARAMETER_PATTERN)], Any] = Field(default_factory=dict)

    def texts(self) -> Iterable[tuple[str, Any]]:
        return [("params", self.params)]

    def said(self) -> str:
        return f"{self.type} {called(self.script)}"

    def outcome_of(self, output: Mapping[str, Any]) -> str:
        return said_of(output["requests"]) if output.get("requests") else "done"

    def told(self, scope: dict[str, Any], place: Mapping[str, str]) -> dict[str, Any]:
        by = scope["actor"].get("id") if "rule" in place else scope["run"]["owner"]
        payload = scope.get("payload") if "rule" in place else scope["variables"]
        return {"about": {"userId": by, "payload": payload, "entity": scope["ticket"] or None, **place}}


AnyAction = Annotated[
    UpdateField
    | SetStatus
    | SetPriority
    | MoveQueue
    | Assign
    | AddComment
    | SetVariable
    | SendNotification
    | CreateTicket
    | StartWorkflow
    | HttpRequest
    | SendChat
    | RunScript,
    Field(discriminator="type"),
]


def rendered(action: Action, scope: dict[str, Any], **place: str) -> dict[str, Any]:
    """An outside action as a worker gets it: every placeholder filled; raises ActionFailed on a bad text. `place` is
    where the action stands: `step` its id, or `rule` its name."""
    written = action.model_dump(mode="json", by_alias=True, exclude_none=True)
    plain = {name: written.pop(name) for name in ("type", *action.verbatim)}
    return {**plain, **_render_value(written, scope), **action.told(scope, place)}


def _ticket(acting: Acting) -> dict[str, Any]:
    if acting.ticket is None:
        raise ActionFailed("there is no ticket here", permanent=True)
    return acting.ticket


def _change(acting: Acting, changes: dict[str, Any]) -> dict[str, Any]:
    ticket = _ticket(acting)
    wanted = {k: v for k, v in changes.items() if not k.startswith("custom.")}
    own = {k.removeprefix("custom."): v for k, v in changes.items() if k.startswith("custom.")}
    if own:
        wanted["custom"] = own
    try:
        found = changes_to(ticket, wanted, directory=acting.facts.directory)
    except Refusal as refusal:
        raise ActionFailed("; ".join(i.message for i in refusal.issues) or refusal.message, permanent=True) from refusal
    changed = acting.change_ticket(found)
    if changed:
        said = ", ".join(f"{name} {after}" for name, (_, after) in changed.items() if name != "custom") or "own fields"
        acting.note("ticket_changed", f"Ticket: {said}", data={"changes": changed})
    return {"changed": sorted(changed)}


def rendered_text(text: str, scope: dict[str, Any]) -> str:
    """A text with its placeholders filled; raises ActionFailed on a bad one."""
    try:
        return render(text, scope)
    except TextError as error:
        raise ActionFailed(str(error), permanent=True) from error


def _render_value(value: Any, scope: dict[str, Any]) -> Any:
    try:
        return render_value(value, scope)
    except TextError as error:
        raise ActionFailed(str(error), permanent=True) from error
