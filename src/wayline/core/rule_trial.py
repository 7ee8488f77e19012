"""Trying a rule out: what it would do about an event, with nothing done.

The event is shown to all rules of the desk, since those that are asked earlier may change the ticket or stop the event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from wayline.core import effects
from wayline.core.cause import Cause
from wayline.core.condition import Clause
from wayline.core.effects import Effect
from wayline.core.facts import Facts
from wayline.core.rules import CompiledRule, Done, Happening, Reaction, RuleSet, Wanted, evaluations, react
from wayline.core.ticket import ENDED_STATUSES

TRIAL_EVENT_ID: Final = "00000000-0000-4000-8000-000000000002"
POSITION_LAST: Final = 2**62
"""Of a rule that is tried and names no place: after all others."""


class Trial(msgspec.Struct, frozen=True):
    """Whether the rule would act, what its conditions saw, and what each of its actions would do: {action, …}, with
    `error` where it could not be done. `detail` is the reason as a sentence."""

    matched: bool
    clauses: tuple[Clause, ...]
    detail: str
    would: tuple[dict[str, Any], ...] = ()


def occasion(
    trigger: str,
    *,
    ticket: dict[str, Any] | None,
    at: datetime,
    before: dict[str, Any] | None = None,
    last_person_at: datetime | None = None,
    rule_id: str | None = None,
    **families: Any,
) -> Happening:
    """An event to try rules on: all of its trigger, or the one with that id. `before` is what the event changed, field
    → earlier value; None that it changed nothing, or made the ticket. `families` are its actor, comment, run, step and
    payload."""
    return Happening(
        id=TRIAL_EVENT_ID,
        trigger=trigger,
        at=at,
        cause=Cause(TRIAL_EVENT_ID),
        ticket=ticket,
        before=None if trigger == "on_ticket_created" else before or {},
        last_person_at=last_person_at,
        rule_id=rule_id,
        **families,
    )


def sees_alone(rule: CompiledRule) -> str | None:
    """The rule's id when its events are for it alone, as those of schedules and webhooks are."""
    return rule.id if rule.trigger in ("scheduled", "webhook") else None


def is_swept(rule: CompiledRule, ticket: Mapping[str, Any] | None) -> bool:
    """Whether a scheduled rule looks at the ticket: at one that has ended only if its conditions speak of that."""
    return ticket is None or rule.narrowed.with_ended or ticket["status"] not in ENDED_STATUSES


def try_out(
    rules: RuleSet,
    rule_id: str,
    happening: Happening,
    *,
    facts: Callable[[frozenset[str]], Facts],
    templates: Collection[str] | None = None,
) -> Trial:
    """What the rule with this id, one of `rules`, would do about the event. `templates` are the names of those that can
    be started; None: any."""
    if happening.trigger == "scheduled" and not is_swept(rules.rules[rule_id], happening.ticket):
        return Trial(matched=False, clauses=(), detail="The ticket has ended, and the conditions do not speak of that.")
    reacted = react(rules, happening, facts=facts)
    (found,) = evaluations(rules, happening, reacted.reaction, only=rule_id)
    done = next((firing.done for firing in reacted.reaction.firings if firing.rule_id == rule_id), ())
    ticket = _as_seen(happening, reacted.reaction, rule_id)
    wanted = [one for one in reacted.wanted if one.rule.id == rule_id]
    known = None if templates is None else {name.strip().lower() for name in templates}
    return Trial(
        matched=found.matched,
        clauses=found.clauses,
        detail=found.detail,
        would=tuple(_would(done, wanted, ticket, known)),
    )


def _as_seen(happening: Happening, reaction: Reaction, rule_id: str) -> dict[str, Any]:
    """The ticket as the rules before this one left it."""
    ticket = dict(happening.ticket or {})
    for firing in reaction.firings:
        if firing.rule_id == rule_id:
            break
        ticket |= firing.changes
    return ticket


def _would(
    done: tuple[Done, ...], wanted: list[Wanted], ticket: dict[str, Any], templates: Collection[str] | None
) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(done):
        said: dict[str, Any] = {"action": one.action}
        if one.error is not None:
            yield said | {"error": one.error}
            continue
        for effect in (each.effect for each in wanted if each.action == place):
            said |= _told(effect, ticket)
            if isinstance(effect, effects.ChangeTicket):
                ticket = _changed(ticket, effect.changes)
        if templates is not None and said.get("workflow_name", "").strip().lower() not in {"", *templates}:
            said["error"] = f"no published template is called “{said['workflow_name']}”"
        yield said


def _changed(ticket: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The ticket after a change; of `custom` the change names only what becomes different, None for what goes."""
    if "custom" not in changes:
        return {**ticket, **changes}
    own = {**(ticket.get("custom") or {}), **changes["custom"]}
    return {**ticket, **changes, "custom": {name: value for name, value in own.items() if value is not None}}


_SHOWN_OF_JOBS = ("method", "url", "json", "body", "channel", "title", "text", "script", "params")


def _told(effect: Effect, ticket: Mapping[str, Any]) -> dict[str, Any]:
    """An effect in the words that the action is written in; fields of the ticket as [from, to]."""
    match effect:
        case effects.ChangeTicket():
            before, after = ticket, _changed(ticket, effect.changes)
            return {"changes": {name: [before.get(name), after[name]] for name in effect.changes}}
        case effects.CommentTicket():
            return {"text": effect.text, "visibility": effect.visibility}
        case effects.Notify():
            to = [*effect.audience, *effect.addresses]
            return {"to": to, "subject": effect.title, "message": effect.body, "channel": effect.channel}
        case effects.Send(command="start_run"):
            body = effect.body
            return {
                "workflow_name": body["template_name"],
                "task_queue": body["task_queue"],
                "input": body["variables"],
            }
        case effects.Send():
            return {"fields": effect.body["fields"]}
        case effects.RunJob():
            return {name: effect.action[name] for name in _SHOWN_OF_JOBS if name in effect.action}
    return {}
