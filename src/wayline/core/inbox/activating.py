"""Coming to a step of an inbox run: whose entries it sets, what they show from now on, and what the server does.

What a step shows is rendered once, for everybody whose entry it sets. A visit to it lasts while somebody's active entry
is at it. Its actions are done in order; steps that they trigger follow when they all are done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from wayline.core.effects import Notify, RecordDispatch, Send, ShowFace
from wayline.core.inbox.definition import EVERYBODY, SINK, ChatArgs, InboxStep, NoticeArgs, StepAction, TriggerArgs
from wayline.core.inbox.entries import change_entry, close_left_visits, has_left, list_said, visit_at
from wayline.core.inbox.jobs import run_outside
from wayline.core.inbox.names import names_of, person_shown
from wayline.core.inbox.scope import Activator, Surroundings, people_of, recipients
from wayline.core.inbox.state import UNREACHED, Dispatch, Entry, Inbox, as_shown
from wayline.core.run import Activation
from wayline.core.text import TextError, render
from wayline.core.user_query import QueryError

if TYPE_CHECKING:
    from wayline.core.decision import Deciding

MAX_TITLE_CHARS = 500
MAX_LABEL_CHARS = 200
MAX_SHOWN_CHARS = 10_000
NOTICE_KIND = "entry"
TO = "to"
"""The variable that says to whom, where a run was not dispatched."""


def activate(deciding: Deciding, visit: Activation, step: InboxStep) -> None:
    """Set the entries the step is for, and do its actions."""
    inbox = _inbox_of(deciding)
    if deciding.activator is None:
        deciding.activator = _begin(deciding, visit, step)
    names = names_of(deciding.run, deciding.scope, deciding.facts.directory, deciding.activator.source)
    visit.data = {"face": _face(deciding, visit, step, names), "active": 0}
    found = _people(deciding, visit, step.face.scope)
    if not inbox.reached and deciding.activator.sinks == () and step.face.scope not in (SINK, EVERYBODY):
        deciding.activator = msgspec.structs.replace(deciding.activator, sinks=tuple(found))
    _set(deciding, visit, step, found)
    if visit.position == 0:
        _tell_of_the_unreached(deciding, visit)
    for action in step.actions:
        acting = _Acting(deciding, visit, step, action, names, found)
        _DOERS[action.action](acting)
    close_left_visits(deciding)


def _inbox_of(deciding: Deciding) -> Inbox:
    inbox = deciding.run.inbox
    assert inbox is not None
    return inbox


# -- the beginning ---------------------------------------------------------------------------------


def _begin(deciding: Deciding, visit: Activation, step: InboxStep) -> Activator:
    """Who started it and to whom it goes; the title is rendered here and never again."""
    run, inbox, directory = deciding.run, _inbox_of(deciding), deciding.facts.directory
    names = names_of(run, deciding.scope, directory, inbox.source)
    sent = inbox.dispatch or Dispatch()
    rendered = _rendered(deciding, visit, step.face.template, names, most=MAX_TITLE_CHARS, name="template")
    inbox.title = sent.title or rendered or run.template_name
    to = sent.to if inbox.dispatch is not None else _written_to(run.variables.get(TO))
    try:
        sinks = recipients(to, directory, source=inbox.source, context=names)
    except QueryError as error:
        deciding.incident("bad_query", f"“{to}” says to whom, and cannot be read: {error}.", visit)
        sinks = []
    for user_id in sinks:
        change_entry(deciding, user_id, Entry(visit=UNREACHED, active=False))
    if inbox.dispatch is not None:
        deciding.effects.append(
            RecordDispatch(
                title=inbox.title,
                to=as_shown(sent.to),
                attributes=sent.attributes,
                due_at=sent.due_at,
                by_script=sent.by_script,
                sender=inbox.source,
            )
        )
        inbox.dispatch = msgspec.structs.replace(sent, to="")
    if to and not sinks and step.face.scope not in (SINK, EVERYBODY):
        deciding.incident("nobody_reached", f"It was sent to {_said_to(to)}, which is nobody.", visit)
    return Activator(source=inbox.source, sinks=tuple(sinks))


def _written_to(value: Any) -> str | list[str]:
    """To whom a variable says it goes: a user query, or a list of people."""
    if isinstance(value, str):
        return value.strip()
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else ""


def _said_to(to: str | list[str]) -> str:
    return f"“{to}”" if isinstance(to, str) else f"{len(to)} people by name"


def _tell_of_the_unreached(deciding: Deciding, visit: Activation) -> None:
    """Whom it was sent to and the first step is not for: nobody learns of that by themselves."""
    entries = _inbox_of(deciding).entries.values()
    unreached = sum(entry.visit == UNREACHED for entry in entries)
    if unreached:
        said = f"{unreached} of the people it was sent to are not in the scope of “{visit.step_id}” and have no entry."
        deciding.incident("recipients_not_reached", said, visit)


# -- whom ------------------------------------------------------------------------------------------


def _people(deciding: Deciding, visit: Activation, scope: str) -> list[str]:
    """Whom a scope means now; nobody is an incident."""
    inbox, directory = _inbox_of(deciding), deciding.facts.directory
    activator = deciding.activator
    assert activator is not None
    around = Surroundings(
        inbox=inbox,
        activator=activator,
        directory=directory,
        names=lambda: names_of(deciding.run, deciding.scope, directory, activator.source),
    )
    found = people_of(scope, around)
    if not found:
        deciding.incident("nobody_reached", f"The scope {scope} of “{visit.step_id}” means nobody.", visit)
    return found


# -- what it shows ---------------------------------------------------------------------------------


def _face(deciding: Deciding, visit: Activation, step: InboxStep, names: Mapping[str, Any]) -> dict[str, Any]:
    """What the step shows, rendered, kept and told.

    A message that a script sent shows its title, label and subtitle; any other its summary and icon too, the attributes
    it was sent with before the step's own.
    """
    inbox, written = _inbox_of(deciding), step.face
    sent = inbox.dispatch or Dispatch()

    def shown(name: str, text: str | None, most: int = MAX_SHOWN_CHARS) -> str | None:
        return _rendered(deciding, visit, text, names, most=most, name=name)

    def told(name: str, text: str | None) -> str | None:
        if sent.by_script:
            return None
        own = sent.attributes.get(name)
        return str(own)[:MAX_SHOWN_CHARS] if own not in (None, "") else shown(name, text)

    face: dict[str, Any] = {
        "title": inbox.title,
        "label": shown("name", written.name, MAX_LABEL_CHARS) or step.id,
        "style": written.name_style,
        "subtitle": shown("description", written.description),
        "icon": told("icon", written.icon),
        "summary_title": told("summaryTitle", written.summary_title),
        "summary": told("summary", written.summary),
        "paths": [{"label": path.label, "step": path.step, "icon": path.icon} for path in written.paths],
    }
    activator = deciding.activator
    deciding.effects.append(
        ShowFace(
            activation_id=visit.id,
            step_id=step.id,
            by=activator.source if activator is not None else None,
            **{**face, "paths": tuple(face["paths"])},
        )
    )
    return face


def _rendered(
    deciding: Deciding, visit: Activation, text: str | None, names: Mapping[str, Any], *, most: int, name: str
) -> str | None:
    """The text over the names, cut where it is too long; one that cannot be rendered is an incident and stays away."""
    if text is None:
        return None
    try:
        return render(text, names)[:most]
    except TextError as error:
        deciding.incident("bad_text", f"{name} of “{visit.step_id}” cannot be rendered: {error.message}", visit)
        return None


# -- entries ---------------------------------------------------------------------------------------


def _set(deciding: Deciding, visit: Activation, step: InboxStep, found: Collection[str]) -> None:
    """These people's entries come to this step; who has none gets one."""
    inbox, status = _inbox_of(deciding), step.face.status
    new = 0
    for user_id in found:
        before = inbox.entries.get(user_id)
        is_new = before is None or before.visit == UNREACHED
        new += is_new
        active = status != "retired" if is_new or status is not None else before.active  # type: ignore[union-attr]
        after = msgspec.structs.replace(before or Entry(visit=visit.position), visit=visit.position, active=active)
        change_entry(deciding, user_id, after)
    if not found:
        return
    said = f"{visit.data['face']['label']}: set for {len(found)} {'person' if len(found) == 1 else 'people'}"
    detail = {"reached": len(found), "new": new, "people": list_said(found)}
    deciding.note("entry_moved", said, activation=visit, data=detail)
    if status == "retired":
        deciding.note("entry_retired", f"Retired {len(found)}", activation=visit, data={"people": list_said(found)})


# -- actions ---------------------------------------------------------------------------------------


class _Acting(msgspec.Struct, frozen=True):
    """One action of a step being done; `set_for` are whom the step is for."""

    deciding: Any
    visit: Activation
    step: InboxStep
    action: StepAction
    names: Mapping[str, Any]
    set_for: list[str]

    @property
    def people(self) -> list[str]:
        """Whom the action is for: its own scope, else the step's."""
        scope = self.action.scope
        return self.set_for if scope is None else _people(self.deciding, self.visit, scope)

    def entries(self) -> list[tuple[str, Entry]]:
        """The entries that the action is for."""
        held = _inbox_of(self.deciding).entries
        return [(u, e) for u in self.people if (e := held.get(u)) is not None and e.visit != UNREACHED]

    def change(self, **values: Any) -> list[str]:
        """Give those entries other values; answers whose have changed."""
        changed = []
        for user_id, entry in self.entries():
            after = msgspec.structs.replace(entry, **values)
            if after != entry:
                change_entry(self.deciding, user_id, after)
                changed.append(user_id)
        return changed

    def text(self, text: str, most: int = MAX_SHOWN_CHARS) -> str:
        return _rendered(self.deciding, self.visit, text, self.names, most=most, name=self.action.action) or ""

    def note(self, event: Any, said: str, people: Collection[str], **data: Any) -> None:
        if people:
            data["people"] = list_said(people)
            self.deciding.note(event, f"{said} {len(people)}", activation=self.visit, data=data)


def _status(acting: _Acting) -> None:
    """Retire entries, or bring retired ones back: to where they were, or to this step when nobody is there any more."""
    if acting.action.args == "retired":
        acting.note("entry_retired", "Retired", acting.change(active=False))
        return
    away = [(user_id, entry) for user_id, entry in acting.entries() if not entry.active]
    back = [(user_id, entry) for user_id, entry in away if not has_left(acting.deciding, user_id)]
    for user_id, entry in back:
        place = entry.visit if visit_at(acting.deciding, entry.visit) is not None else acting.visit.position
        change_entry(acting.deciding, user_id, msgspec.structs.replace(entry, active=True, visit=place))
    acting.note("entry_moved", "Brought back", [user_id for user_id, _ in back])


def _task(acting: _Acting) -> None:
    state = acting.action.args
    acting.note("entry_task_changed", f"Task {state.replace('_', ' ')}:", acting.change(task=state), state=state)


def _lock(acting: _Acting) -> None:
    by = acting.deciding.activator.source
    acting.note("entry_locked", "Locked", acting.change(lock="step", locked_by=by), by=by)


def _unlock(acting: _Acting) -> None:
    acting.note("entry_unlocked", "Unlocked", acting.change(lock="", locked_by=None))


def _notify(acting: _Acting) -> None:
    args: NoticeArgs = acting.action.args
    known = acting.deciding.facts.directory.people
    people = [user_id for user_id in acting.people if user_id in known and known[user_id].active]
    if people:
        title, body = acting.text(args.title, MAX_TITLE_CHARS), acting.text(args.body)
        acting.deciding.effects.append(
            Notify(user_ids=tuple(people), kind=NOTICE_KIND, title=title, body=body, channel="push")
        )
        acting.note("notification_sent", f"Told “{title}” to", people)


def _script(acting: _Acting) -> None:
    """Have the script run; what it is told is what its parameters are."""
    deciding, run = acting.deciding, acting.deciding.run
    choice = _inbox_of(deciding).choice
    activator: Activator = deciding.activator
    entity = {
        "run_id": run.id,
        "template": run.template_name,
        "ticket_id": run.ticket_id,
        "title": _inbox_of(deciding).title,
        "source": person_shown(deciding.facts.directory, activator.source),
    }
    params = {
        "userId": activator.source,
        "from": choice.get("step"),
        "to": acting.step.id,
        "payload": choice.get("data") or acting.names["dispatch"],
        "entity": entity,
        "rule": run.cause.rule_name if run.cause is not None else None,
        "step": acting.step.id,
    }
    action = {"type": "run_script", "script": acting.action.args, "params": params}
    run_outside(deciding, acting.visit, "script", action)


def _chat(acting: _Acting) -> None:
    args: ChatArgs = acting.action.args
    action = {"type": "send_chat", "channel": args.channel, "text": acting.text(args.text)}
    run_outside(acting.deciding, acting.visit, "chat", action)


def _trigger(acting: _Acting) -> None:
    args: TriggerArgs = acting.action.args
    deciding = acting.deciding
    if args.step is not None:
        deciding.arrive(args.step)
        return
    payload = {
        "run_id": deciding.run.id,
        "step": acting.step.id,
        "source": deciding.activator.source,
        "choice": _inbox_of(deciding).choice,
        "dispatch": dict(acting.names["dispatch"]),
    }
    body = {"rule_name": args.rule, "ticket_id": deciding.run.ticket_id, "payload": payload}
    deciding.effects.append(Send(id=deciding.effect_id(), command="fire_rule", body=body))


_DOERS: dict[str, Callable[[_Acting], None]] = {
    "status": _status,
    "task": _task,
    "lock": _lock,
    "unlock": _unlock,
    "notify": _notify,
    "script": _script,
    "chat": _chat,
    "trigger": _trigger,
}
