"""Trying a rule out on tickets there are or an event somebody makes up: nothing is written, sent or started."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from wayline.api.answer_shapes import several
from wayline.api.endpoint import ID_PATTERN, Call, Resource
from wayline.api.problems import json
from wayline.api.rule_view import clauses_shown
from wayline.api.rules import READ_ONLY
from wayline.api.simulation import made_up
from wayline.api.template_calls import WRITERS, facts_of
from wayline.core import ticket as desk_tickets
from wayline.core.public_ids import uuid_of
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.rule_trial import POSITION_LAST, Trial, occasion, sees_alone, try_out
from wayline.core.rules import CompiledRule, Happening, RuleSet
from wayline.core.ticket import number_in
from wayline.engine.rule_publishing import parsed, written
from wayline.engine.rule_trials import Desk, actor_of, desk_of, event_of, is_in_spell, with_rule
from wayline.store.rules import StoredRule, read_rule
from wayline.store.tickets import StoredTicket
from wayline.store.trial_tickets import latest_tickets, tickets_named

resource = Resource("Automation rules", prefix="/v1/automation")
TICKETS_MAX = 1_000
"""Tickets in one dry run."""
LAST = 100
TRIED_RULE_ID = "00000000-0000-4000-8000-000000000003"


class SaidInTrial(BaseModel):
    """A comment that is made up."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=100_000)
    visibility: Literal["public", "internal"] = "public"


class TrialEvent(BaseModel):
    """An event that is made up: `ticket` is one nobody opened, `ticket_id` a real one (id or number); with neither
    there is none. `changes` are what the event does to it. `trigger` may be left out: it is the rule's."""

    model_config = ConfigDict(extra="forbid")

    trigger: str | None = Field(None, max_length=100)
    ticket: dict[str, Any] | None = None
    ticket_id: str | None = Field(None, max_length=100)
    changes: dict[str, Any] = Field(default_factory=dict)
    comment: SaidInTrial | None = None
    payload: Any = None
    run: dict[str, Any] | None = None
    step: dict[str, Any] | None = None
    actor: str | None = Field(None, max_length=320, description="Who does it, by id or e-mail; else the caller.")
    at: AwareDatetime | None = Field(None, description="When it happens; now, when left out.")

    @model_validator(mode="after")
    def _one_ticket(self) -> TrialEvent:
        if self.ticket is not None and self.ticket_id is not None:
            raise ValueError("give either ticket or ticket_id")
        return self


class DryRun(BaseModel):
    """What to try: a `rule` as somebody would write it, or one there is; and on what: the `last` so many tickets,
    `ticket_ids` (ids or numbers), or an `event`. A disabled rule is tried as if it were enabled."""

    model_config = ConfigDict(extra="forbid")

    rule: dict[str, Any] | None = None
    rule_id: str | None = Field(None, max_length=100)
    last: int | None = Field(None, ge=1, le=TICKETS_MAX, description=f"{LAST} when nothing is said.")
    ticket_ids: list[Annotated[str, Field(max_length=100)]] | None = Field(None, min_length=1, max_length=TICKETS_MAX)
    event: TrialEvent | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> DryRun:
        if (self.rule is None) == (self.rule_id is None):
            raise ValueError("give either rule or rule_id")
        if sum(given is not None for given in (self.last, self.ticket_ids, self.event)) > 1:
            raise ValueError("give one of last, ticket_ids and event")
        return self


@resource.endpoint(
    "POST",
    "/rules/dry-run",
    ability="workflow:read",
    roles=WRITERS,
    body=DryRun,
    answer=several("RuleTrial"),
    refusals=(404,),
)
async def dry_run_rule(call: Call) -> Response:
    """What a rule would do, and why: for each ticket whether it matches, what every clause saw, and what each action
    would do. Nothing is written, sent or started.

    A ticket there is is seen as it was when an event of the rule's trigger last happened to it; by a scheduled rule, or
    without such an event, as it is now. The desk's other rules are asked too, in their places, since what they change
    is seen by those after them.
    """
    body: DryRun = call.body
    tenant = await facts_of(call)
    stored = await call.read(_stored, call, body) if body.rule_id is not None else None
    at = call.wayline.clock.now()
    rule = compiled(stored, body.rule, at)
    found = await call.read(
        _try_all, call=call, body=body, rule=rule, is_saved=stored is not None, tenant=tenant, at=at
    )
    return json({"data": [shown(ticket_id, trial) for ticket_id, trial in found]})


def _stored(connection: sa.Connection, call: Call, body: DryRun) -> StoredRule:
    rule_id = uuid_of("rule", body.rule_id or "")
    found = read_rule(connection, tenant_id=call.caller.tenant_id, rule_id=rule_id) if rule_id is not None else None
    if found is None:
        raise not_found("Rule")
    return found


def compiled(stored: StoredRule | None, rule: dict[str, Any] | None, at: datetime) -> CompiledRule:
    """The rule to be tried, ready to be asked. One that is not saved is asked where it says, else last, and acts on
    nobody's behalf."""
    if stored is not None:
        definition, position = stored.definition, stored.position
        rule_id, created_at, author_id = stored.id, stored.created_at, stored.created_by
        parsed(written(stored))
    else:
        given = {name: value for name, value in (rule or {}).items() if name not in READ_ONLY}
        try:
            read = parsed({"name": "The rule that is tried", **given})
        except Refusal as refusal:
            issues = [Issue(f"rule.{i.path}" if i.path else "rule", i.message, i.code) for i in refusal.issues]
            raise invalid(*issues) from refusal
        definition, position = read.definition(), read.position if read.position is not None else POSITION_LAST
        rule_id, created_at, author_id = TRIED_RULE_ID, at, None
    return CompiledRule(
        rule_id=rule_id,
        definition=definition,
        position=position,
        enabled=True,
        created_at=created_at,
        author_id=author_id,
    )


# -- trying ----------------------------------------------------------------------------------------


def _try_all(
    connection: sa.Connection,
    *,
    call: Call,
    body: DryRun,
    rule: CompiledRule,
    is_saved: bool,
    tenant: Any,
    at: datetime,
) -> list[tuple[str | None, Trial]]:
    desk = desk_of(connection, tenant)
    rules = with_rule(tenant.rules, rule)
    if body.event is not None:
        if body.event.trigger not in (None, rule.trigger):
            said = f"The rule's trigger is {rule.trigger}; it is not asked about {body.event.trigger}."
            raise invalid(Issue("event.trigger", said, "other_trigger"))
        happening = _made_up(connection, call, desk, rule, body.event, at)
        real = happening.ticket["id"] if happening.ticket is not None and body.event.ticket is None else None
        return [(real, _tried(desk, rules, rule, happening))]
    found: list[tuple[str | None, Trial]] = []
    for stored in _tickets(connection, call, body):
        trial = _tried(desk, rules, rule, event_of(connection, desk, rule, stored, at=at))
        if is_saved and rule.trigger == "scheduled" and trial.matched and is_in_spell(connection, rule.id, stored):
            trial = Trial(matched=True, clauses=trial.clauses, detail="It has acted in this spell already.")
        found.append((stored.ticket["id"], trial))
    return found


def _tried(desk: Desk, rules: RuleSet, rule: CompiledRule, happening: Happening) -> Trial:
    return try_out(rules, rule.id, happening, facts=desk.facts, templates=desk.templates)


def _tickets(connection: sa.Connection, call: Call, body: DryRun) -> list[StoredTicket]:
    """The tickets in the order they were asked for, newest first when they were not named."""
    tenant_id = call.caller.tenant_id
    if body.ticket_ids is None:
        return latest_tickets(connection, tenant_id=tenant_id, limit=body.last or LAST)
    names = [_named(name) for name in body.ticket_ids]
    found = _by_name(connection, tenant_id, [name for name in names if name is not None])
    unknown = [
        Issue(f"ticket_ids[{place}]", "There is no such ticket.", "unknown_ticket")
        for place, name in enumerate(names)
        if name not in found
    ]
    if unknown:
        raise invalid(*unknown)
    return list({found[name].ticket["id"]: found[name] for name in names if name is not None}.values())


def _named(name: str) -> str | None:
    """A ticket's id or number as it is kept; None when it is neither."""
    return name.lower() if ID_PATTERN.fullmatch(name) else number_in(name)


def _by_name(connection: sa.Connection, tenant_id: str, names: list[str]) -> dict[str, StoredTicket]:
    ids = [name for name in names if ID_PATTERN.fullmatch(name)]
    numbers = [name for name in names if not ID_PATTERN.fullmatch(name)]
    found = tickets_named(connection, tenant_id=tenant_id, ids=ids, numbers=numbers)
    return {name: stored for stored in found for name in (stored.ticket["id"], stored.ticket["number"])}


def _made_up(
    connection: sa.Connection, call: Call, desk: Desk, rule: CompiledRule, event: TrialEvent, now: datetime
) -> Happening:
    at = event.at or now
    stored = _real(connection, call, event)
    person = desk.tenant.directory.person(event.actor) if event.actor is not None else None
    if event.actor is not None and person is None:
        raise invalid(Issue("event.actor", "There is no such person.", "unknown_user"))
    actor = actor_of(desk, person.id if person is not None else call.caller.user_id)
    ticket = stored.ticket if stored is not None else None
    if event.ticket is not None:
        ticket = _opened(call, desk, event.ticket, at)
    ticket, before = _changed(desk, ticket, event.changes)
    return occasion(
        rule.trigger,
        rule_id=sees_alone(rule),
        ticket=ticket,
        at=at,
        before=before,
        last_person_at=stored.last_person_at if stored is not None and rule.trigger == "scheduled" else at,
        actor={} if rule.trigger in ("scheduled", "webhook") else actor,
        comment=None if event.comment is None else {**event.comment.model_dump(), "id": None, "author": actor["id"]},
        run=event.run,
        step=event.step,
        payload=event.payload,
    )


def _real(connection: sa.Connection, call: Call, event: TrialEvent) -> StoredTicket | None:
    if event.ticket_id is None:
        return None
    name = _named(event.ticket_id)
    found = _by_name(connection, call.caller.tenant_id, [name] if name is not None else [])
    if name not in found:
        raise invalid(Issue("event.ticket_id", "There is no such ticket.", "unknown_ticket"))
    return found[name]


def _opened(call: Call, desk: Desk, fields: dict[str, Any], at: datetime) -> dict[str, Any]:
    try:
        return made_up(fields, {}, actor=call.caller.actor, directory=desk.tenant.directory, at=at)
    except Refusal as refusal:
        raise invalid(*(Issue(f"event.{i.path}", i.message, i.code) for i in refusal.issues)) from refusal


def _changed(
    desk: Desk, ticket: dict[str, Any] | None, changes: dict[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The ticket after the event, and what it changed, field → earlier value."""
    if ticket is None or not changes:
        return ticket, {}
    try:
        found = desk_tickets.changes_to(ticket, changes, directory=desk.tenant.directory)
    except Refusal as refusal:
        raise invalid(*(Issue(f"event.changes.{i.path}", i.message, i.code) for i in refusal.issues)) from refusal
    return {**ticket, **found}, {name: ticket.get(name) for name in found}


def shown(ticket_id: str | None, trial: Trial) -> dict[str, Any]:
    """One ticket's part of the answer."""
    return {
        "ticket_id": ticket_id,
        "matched": trial.matched,
        "clauses": clauses_shown(trial.clauses),
        "would": list(trial.would),
    }
