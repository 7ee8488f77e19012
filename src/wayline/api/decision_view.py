"""What a decision link asks, and how it stands: read from the run, in words for the approver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wayline.api.problems import STATUS
from wayline.api.run_view import votes_of
from wayline.core.decision_link import DecisionLink
from wayline.core.facts import Directory, Person
from wayline.core.form_fields import Choice, FormField
from wayline.core.graph import Graph, Node
from wayline.core.run import Activation, EndedVisit, Run
from wayline.core.steps.approval import Approval
from wayline.core.steps.form import FormStep

MAX_VALUE_CHARS = 2_000
Tone = Literal["plain", "good", "bad"]


class Notice(msgspec.Struct, frozen=True):
    """A page that asks nothing: the status it is answered with, and what it says."""

    status: int
    title: str
    text: str
    tone: Tone = "plain"


class Section(msgspec.Struct, frozen=True):
    """Some named values under a heading."""

    title: str
    rows: list[tuple[str, str]]


class Asking(msgspec.Struct, frozen=True):
    """An approval as one approver sees it. `person` None: they have left; `output` is what an ended visit gave."""

    link: DecisionLink
    run: Run
    graph: Graph
    visit: Activation | EndedVisit
    output: Mapping[str, Any]
    directory: Directory
    person: Person | None
    ticket: Mapping[str, Any] | None

    @property
    def node(self) -> Node | None:
        """The step; None when the version the run was moved to does not have it."""
        return self.graph.nodes.get(self.visit.step_id)

    @property
    def title(self) -> str:
        """What is to be decided, as the template names it."""
        return self.node.step.title if self.node else self.visit.step_id

    def name(self, user_id: str | None) -> str:
        """What a person is called, also one who has left."""
        found = self.directory.people.get(user_id or "")
        return found.name if found else "somebody"

    def when(self, at: datetime) -> str:
        """An instant in the approver's own time zone."""
        local = at.astimezone(_zone(self.person))
        return f"{local:%-d %B %Y, %H:%M} {local:%Z}"


def asked_of(
    link: DecisionLink,
    *,
    run: Run,
    graph: Graph,
    ended: Sequence[tuple[EndedVisit, Mapping[str, Any]]],
    directory: Directory,
    ticket: Mapping[str, Any] | None,
) -> Asking | None:
    """What the link asks; None when the run has no such approval. `ended` are the run's past approvals."""
    known: list[tuple[Activation | EndedVisit, Mapping[str, Any]]] = [*((a, {}) for a in run.open), *ended]
    found = next((one for one in known if one[0].id == link.approval_id and one[0].type == "approval"), None)
    if found is None:
        return None
    return Asking(
        link=link,
        run=run,
        graph=graph,
        visit=found[0],
        output=found[1],
        directory=directory,
        person=directory.person(link.user_id),
        ticket=ticket,
    )


# -- how it stands ---------------------------------------------------------------------------------


def notice_on(asking: Asking) -> Notice | None:
    """Why there is nothing for the approver to decide now; None when there is."""
    visit = asking.visit
    if asking.person is None:
        return Notice(STATUS["gone"], "This link is no longer yours", "Your account is not active any more.")
    own = next((vote for vote in votes_of(visit) if vote["voter"] == asking.person.id), None)
    if own is None and asking.person.id not in _candidates(visit):
        return Notice(STATUS["gone"], "Somebody else has been asked", "This decision was handed on to them.")
    if isinstance(visit, EndedVisit):
        return _ended(asking, visit)
    if own is not None:
        return _voted(asking, own)
    if asking.run.status == "paused":
        return Notice(200, "On hold", "The request is paused. This link works again as soon as it goes on.")
    if asking.run.status != "running":
        return _withdrawn(asking)
    if not _is_awaited(asking, visit):
        return Notice(200, "Not your turn yet", "Others decide before you. You will get a mail when it is your turn.")
    return None


def _candidates(visit: Activation | EndedVisit) -> Sequence[str]:
    return visit.candidates if isinstance(visit, Activation) else visit.detail.get("candidates", ())


def _ended(asking: Asking, visit: EndedVisit) -> Notice:
    if visit.outcome not in ("approved", "rejected"):
        return _withdrawn(asking)
    by = asking.name(visit.completed_by) if visit.completed_by else "Wayline"
    without_a_vote = asking.output.get("overridden") or visit.status == "skipped"
    said = f"{by} decided it, without a vote," if without_a_vote else f"{by} gave the decisive vote"
    tone: Tone = "good" if visit.outcome == "approved" else "bad"
    return Notice(200, visit.outcome.capitalize(), f"{said} on {asking.when(visit.completed_at)}.", tone)


def _voted(asking: Asking, own: Mapping[str, Any]) -> Notice:
    who = "You" if own["by"] == own["voter"] else f"{asking.name(own['by'])}, standing in for you,"
    votes, of = len(votes_of(asking.visit)), len(_candidates(asking.visit))
    tone: Tone = "good" if own["decision"] == "approved" else "bad"
    text = f"{asking.when(own['at'])}. {votes} of {of} have decided so far."
    return Notice(200, f"{who} {own['decision']} this", text, tone)


def _withdrawn(asking: Asking) -> Notice:
    why = {
        "cancelled": "The request was cancelled.",
        "failed": "The request has ended without it.",
        "completed": "The request has ended without it.",
    }.get(asking.run.status, "The request has gone on without it.")
    return Notice(STATUS["gone"], "Your decision is no longer needed", why)


def _is_awaited(asking: Asking, visit: Activation) -> bool:
    """Whether it is the approver's turn; where everybody is asked at once it always is."""
    node = asking.node
    if node is None or not isinstance(node.kind, Approval):
        return False
    return asking.link.user_id in node.kind.asked(node.step, visit)  # type: ignore[arg-type]


# -- what is shown of it ---------------------------------------------------------------------------


def facts_of(asking: Asking) -> Section:
    """What it is about: the ticket, who wants it, by when."""
    ticket, rows = asking.ticket, []
    requester = (ticket or {}).get("requester") or asking.run.owner_id
    if ticket is not None:
        rows.append(("Ticket", f"{ticket['number']} · {ticket['title']}"))
    if requester is not None:
        rows.append(("Requested by", asking.name(requester)))
    rows.append(("Process", asking.run.template_name))
    visit = asking.visit
    if isinstance(visit, Activation) and visit.due_at is not None:
        rows.append(("Decide by", asking.when(visit.due_at)))
    if isinstance(visit, Activation) and len(visit.candidates) > 1:
        rows.append(("Approvals needed", f"{visit.data.get('needed')} of {len(visit.candidates)}"))
    return Section("", rows)


def sections_of(asking: Asking) -> list[Section]:
    """What has been said in the run so far: what it was given, and what people filled in, form by form."""
    run = asking.run
    given = [(_spoken(name), _shown(asking, value)) for name, value in run.input.items()]
    found = [Section("Given at the start", given)] if given else []
    for node in asking.graph.nodes.values():
        if isinstance(node.step, FormStep) and node.step.id in run.completed:
            rows = list(_answers(asking, node.step, run.outputs.get(node.step.id, {})))
            found += [Section(node.step.title, rows)] if rows else []
    return found


def _answers(asking: Asking, step: FormStep, output: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in step.fields:
        if field.name in output:
            yield field.label or _spoken(field.name), _shown(asking, output[field.name], field)


def said_so_far(asking: Asking) -> list[tuple[str, str, str | None]]:
    """(who, what and when, comment) of every vote there is."""
    found = []
    for vote in votes_of(asking.visit):
        who = asking.name(vote["by"])
        if vote["voter"] != vote["by"]:
            who += f" for {asking.name(vote['voter'])}"
        found.append((who, f"{vote['decision']} · {asking.when(vote['at'])}", vote["comment"]))
    return found


def _spoken(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shown(asking: Asking, value: Any, field: FormField | None = None) -> str:
    """A value as a person reads it, cut at MAX_VALUE_CHARS."""
    if value is None or value in ("", []):
        return "—"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return _cut(", ".join(_shown(asking, one, field) for one in value))
    if field is not None and field.type in _IN_WORDS:
        try:
            return _cut(_IN_WORDS[field.type](asking, field, str(value)))
        except (ValueError, OverflowError):
            # Answered by another version of the template, where the field was of another type; or by the year 9999.
            return _cut(str(value))
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _cut(msgspec.json.encode(value).decode())


def _label_of(field: FormField, value: str) -> str:
    labels = {str(c.value): c.label for c in field.options if isinstance(c, Choice)}
    return labels.get(value) or value


_IN_WORDS: dict[str, Callable[[Asking, FormField, str], str]] = {
    "select": lambda asking, field, value: _label_of(field, value),
    "multiselect": lambda asking, field, value: _label_of(field, value),
    "user": lambda asking, field, value: asking.name(value),
    "file": lambda asking, field, value: "A file, to be seen in Wayline",
    "date": lambda asking, field, value: f"{date.fromisoformat(value):%-d %B %Y}",
    "datetime": lambda asking, field, value: asking.when(datetime.fromisoformat(value)),
}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"


def _zone(person: Person | None) -> tzinfo:
    try:
        return ZoneInfo(person.timezone) if person else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
