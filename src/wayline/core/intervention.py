"""Interventions: what a remote system asks the desk to decide, the process it goes through, and how its texts read.

A request is a run of a small process that is made from the intervention (`definition_of`): people fill in the fields,
then the answer is sent back. What the remote sent is kept in the run's variables `uid`, `data` and `originator`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from wayline.core import condition
from wayline.core.form_fields import FormField, problems_of
from wayline.core.names import storable
from wayline.core.refusals import Issue
from wayline.core.run import Run
from wayline.core.text import TextError, render, text_problem
from wayline.core.ticket import MAX_TEXT_CHARS, MAX_TITLE_CHARS

MAX_INTERVENTIONS = 200
MAX_FIELDS = 100
MAX_LABELS = 20
MAX_LABEL_CHARS = 200
MAX_TEMPLATE_CHARS = 20_000
MAX_UID_CHARS = 200
MAX_DATA_BYTES = 64 * 1024
MAX_DATA_DEPTH = 20
MAX_REMOTE_TIMEOUT_S = 60
DEFAULT_REMOTE_TIMEOUT_S = 10
TICKET_TYPE = "task"
URGENT = "P1"
PRIVATE_NOTE = (
    "{{ intervention.title }}\nAsked by {{ intervention.name }} as {{ uid }}"
    "{% for field in fields %}\n{{ field.label }}: {{ field.value }}{% endfor %}"
)
"""What the internal note says where the intervention has no text for it."""
ANSWER, EPILOG = "answer", "epilog"
"""The steps of a request: people answer it, and the answer is sent back."""
_encode = msgspec.json.Encoder().encode


class Texts(msgspec.Struct, frozen=True):
    """Templates of what is said on the ticket: the internal note (None: `PRIVATE_NOTE`) and the public reply of the
    beginning, and the public reply of the end. None of the public ones: nothing is said."""

    private: str | None = None
    public: str | None = None
    final: str | None = None


class Intervention(msgspec.Struct, frozen=True):
    """An intervention as administration keeps it. `id` and `queue_id` are numbers at the tenant; `fields` are form
    fields as data; its process is version `definition_version` of the unlisted template `definition_id`."""

    id: int
    name: str
    title: str
    queue_id: int
    fields: list[dict[str, Any]]
    texts: Texts
    labels: list[str]
    remote_enabled: bool
    remote_epilog_url: str | None
    remote_timeout_s: int
    notify_inbox_managers: bool
    create_urgent: bool
    definition_id: str
    definition_version: int


def definition_of(intervention: Intervention) -> dict[str, Any]:
    """The process that its requests go through. Where answers go is looked up when one is sent."""
    step_name = intervention.title if text_is_plain(intervention.title) else intervention.name
    answer = {
        "id": ANSWER,
        "type": "intervention",
        "name": step_name,
        "fields": intervention.fields,
        "tell_managers": intervention.notify_inbox_managers,
    }
    steps = [answer]
    if intervention.remote_enabled:
        answer["next"] = EPILOG
        epilog = {
            "id": EPILOG,
            "type": "epilog",
            "name": "Answer sent back",
            "intervention": intervention.id,
            "called": intervention.name,
            "answer_of": ANSWER,
            "final_text": intervention.texts.final,
        }
        steps.append(epilog)
    return {"name": intervention.name, "steps": steps}


def text_is_plain(text: str) -> bool:
    """Whether a text says the same whatever the request."""
    return "{{" not in text and "{%" not in text and "{#" not in text


# -- what may be kept and asked --------------------------------------------------------------------


def problems_of_texts(title: str, texts: Texts, labels: Sequence[str]) -> Iterator[Issue]:
    """Templates that can never be rendered, by the field they stand in."""
    written = [("title", title), *((f"texts.{name}", text) for name, text in msgspec.structs.asdict(texts).items())]
    written += [(f"labels[{index}]", label) for index, label in enumerate(labels)]
    for path, text in written:
        found = text_problem(text) if text is not None else None
        if found is not None:
            yield Issue(path, f"The text cannot be read: {found.message}", "bad_text")


def problems_of_fields(fields: Sequence[FormField]) -> Iterator[Issue]:
    """What is wrong with fields that are each well-formed."""
    yield from problems_of(fields)
    for index, field in enumerate(fields):
        try:
            if field.show_if is not None:
                condition.parse(field.show_if)
        except condition.ConditionError as error:
            yield Issue(f"fields[{index}].show_if", str(error), "bad_condition")


def problem_of_data(data: Mapping[str, Any]) -> Issue | None:
    """Why a data bag cannot be taken; None when it can."""
    if _depth(data) > MAX_DATA_DEPTH:
        return Issue("data.data", f"At most {MAX_DATA_DEPTH} levels.", "too_deep")
    if len(_encode(data)) > MAX_DATA_BYTES:
        return Issue("data.data", f"At most {MAX_DATA_BYTES // 1024} KiB.", "too_large")
    return None


def _depth(value: Any, so_far: int = 0) -> int:
    if so_far > MAX_DATA_DEPTH or not isinstance(value, Mapping | list):
        return so_far
    inside = value.values() if isinstance(value, Mapping) else value
    return max((_depth(item, so_far + 1) for item in inside), default=so_far + 1)


# -- values and texts ------------------------------------------------------------------------------


def prefilled(fields: Sequence[FormField], data: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows before anybody has edited it: the data bag's values, else the fields' defaults."""
    return {f.name: value for f in fields if (value := data.get(f.name, f.default)) is not None}


def edited(fields: Sequence[FormField], data: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The data bag with what people have made of the fields; one they have emptied is null."""
    return {**data, **{field.name: answer.get(field.name) for field in fields}}


def scope_of(
    *,
    name: str,
    title: str,
    variables: Mapping[str, Any],
    data: Mapping[str, Any],
    fields: Sequence[FormField],
    ticket: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Names as the texts see them: those of the data bag, and beside them our own, which go before."""
    shown = [{"name": f.name, "label": f.label or f.name, "value": data.get(f.name)} for f in fields]
    return {
        **data,
        "data": dict(data),
        "uid": variables.get("uid"),
        "originator": variables.get("originator") or {},
        "intervention": {"name": name, "title": title},
        "fields": shown,
        "ticket": dict(ticket) if ticket is not None else {},
    }


class Rendered(msgspec.Struct, frozen=True):
    """A text as it reads; `problem` says why it could not be rendered, and `text` is then empty."""

    text: str = ""
    problem: str | None = None


def said(template: str, scope: Mapping[str, Any]) -> Rendered:
    """The template's text without blanks around it, cut to what a comment may have."""
    try:
        text = render(template, scope).strip()
    except TextError as error:
        return Rendered(problem=error.message)
    return Rendered(text[:MAX_TEXT_CHARS]) if storable(text) else Rendered(problem="it has characters no text has")


class Opening(msgspec.Struct, frozen=True):
    """What the ticket of a request begins with, and which texts could not be rendered (by what they are of, why)."""

    title: str
    labels: list[str]
    problems: dict[str, str]


def opening_of(intervention: Intervention, scope: Mapping[str, Any]) -> Opening:
    """The ticket's title and labels. One that cannot be rendered never stops the request: the title is then the
    intervention's name, and a label is left out."""
    problems: dict[str, str] = {}
    title = _kept(said(intervention.title, scope), "title", problems).split("\n")[0][:MAX_TITLE_CHARS]
    labels: dict[str, None] = {}
    for index, template in enumerate(intervention.labels):
        label = _kept(said(template, scope), f"labels[{index}]", problems)[:MAX_LABEL_CHARS].strip()
        if label:
            labels[label] = None
    return Opening(title=title.strip() or intervention.name, labels=list(labels), problems=problems)


def comments_of(intervention: Intervention, scope: Mapping[str, Any], problems: dict[str, str]) -> Iterator[Any]:
    """(text, visibility) of what is said at the beginning; adds to `problems` what could not be rendered."""
    note = _kept(said(intervention.texts.private or PRIVATE_NOTE, scope), "texts.private", problems)
    yield note or said(PRIVATE_NOTE, scope).text or intervention.name, "internal"
    reply = _kept(said(intervention.texts.public or "", scope), "texts.public", problems)
    if reply:
        yield reply, "public"


def _kept(rendered: Rendered, path: str, problems: dict[str, str]) -> str:
    if rendered.problem is not None:
        problems[path] = rendered.problem
    return rendered.text


# -- how a request stands --------------------------------------------------------------------------

State = Literal["waiting", "paused", "sending", "answered", "taken", "final", "failed", "cancelled"]


class Standing(msgspec.Struct, frozen=True):
    """How a request stands. `waiting` for people, `sending` the answer (`next_attempt_at`: again then), `failed` to
    (`error`; it can be sent again), `taken` by the remote or `final`, which resolved the ticket; `answered` where
    nothing is sent. `response_id` is the answer's, the same however often it is sent; `attempts`
    counts them since it was submitted or last sent again, the coming one too."""

    state: State
    item_id: str | None = None
    response_id: str | None = None
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    error: str | None = None


def standing_of(run: Run) -> Standing:
    """How the request stands that this run is."""
    answered = run.latest.get(ANSWER)
    open_step = run.open[0] if run.open else None
    if answered is None or answered.outcome is None or (open_step is not None and open_step.step_id == ANSWER):
        waits = run.status in ("pending", "running")
        state: State = "waiting" if waits else "paused" if run.status == "paused" else "cancelled"
        return Standing(state, item_id=open_step.id if waits and open_step is not None else None)
    sent = run.outputs.get(EPILOG, {})
    held = open_step or next(iter(run.closed), None)
    return Standing(
        _state_of_answered(run, sent),
        response_id=answered.id,
        submitted_by=answered.completed_by,
        submitted_at=answered.completed_at,
        attempts=held.attempt if held is not None and not run.ended else _attempts_made(run),
        next_attempt_at=held.data.get("next_retry_at") if held is not None and run.status == "running" else None,
        error=run.failure.message if run.failure is not None else None,
    )


def _attempts_made(run: Run) -> int:
    """How often the answer was sent by the visit that is over."""
    visit = run.latest.get(EPILOG)
    return int(visit.detail.get("attempt", 0)) if visit is not None else 0


def _state_of_answered(run: Run, sent: Mapping[str, Any]) -> State:
    if run.status == "running":
        return "sending"
    if run.status in ("paused", "failed", "cancelled"):
        return run.status
    if sent.get("final"):
        return "final"
    return "taken" if sent.get("status") else "answered"


def may_be_sent_again(run: Run) -> bool:
    """Whether its answer could not be sent back, so that somebody may have it tried again."""
    return run.status == "failed" and run.failure is not None and run.failure.step_id == EPILOG
