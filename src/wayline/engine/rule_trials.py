"""Events to try rules on: what last happened to tickets there are, or what somebody makes up. Nothing is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.facts import Facts
from wayline.core.rule_trial import occasion, sees_alone
from wayline.core.rules import CompiledRule, Happening, RuleSet
from wayline.engine.happenings import ON_TICKET, event_id
from wayline.engine.tenant_facts import TenantFacts
from wayline.store.comments import list_comments
from wayline.store.rule_events import read_event, read_events
from wayline.store.rule_sweeps import spells_of
from wayline.store.tickets import StoredTicket
from wayline.store.timeline import TimelineEvent
from wayline.store.trial_tickets import as_of_latest
from wayline.store.workload import open_work_of, rotations_of

_OF_TRIGGER = {trigger: event for event, trigger in ON_TICKET.items()}


class Desk(msgspec.Struct, frozen=True):
    """What a trial needs of the desk: its facts, its turns and its workload as they are."""

    tenant: TenantFacts
    counters: dict[str, int]
    open_work: dict[str, int]

    def facts(self, strategies: frozenset[str]) -> Facts:
        """What actions may know."""
        return Facts(
            directory=self.tenant.directory,
            calendars=self.tenant.calendars,
            counters=self.counters,
            open_work=self.open_work,
        )

    @property
    def templates(self) -> list[str]:
        """Names of what can be started."""
        return [head.name for head in self.tenant.templates.values()]


def desk_of(connection: sa.Connection, tenant: TenantFacts) -> Desk:
    """The desk as the connection sees it."""
    return Desk(
        tenant=tenant, counters=rotations_of(connection, tenant.id), open_work=open_work_of(connection, tenant.id)
    )


def with_rule(rules: RuleSet, rule: CompiledRule) -> RuleSet:
    """The desk's rules with this one among them, enabled whether or not it is."""
    return rules.changed(rules.version, {rule.id: rule})


def event_of(
    connection: sa.Connection, desk: Desk, rule: CompiledRule, stored: StoredTicket, *, at: datetime
) -> Happening:
    """What the rule would have seen of the ticket: the last event of its trigger, with the ticket as it was then. A
    scheduled rule sees the ticket now, and so does any other when there was no such event."""
    if rule.trigger in _OF_TRIGGER:
        found = as_of_latest(connection, stored, _OF_TRIGGER[rule.trigger])
        if found is not None:
            seen = read_event(
                connection, tenant_id=desk.tenant.id, event_id=event_id(stored.ticket["id"], found[0].seq)
            )
            # What rules were shown is what there was to see: all that they changed about one event is one event.
            return _happened(connection, desk, rule, stored, *found) if seen is None else seen.happening
    if rule.trigger != "scheduled":
        kept = read_events(
            connection,
            tenant_id=desk.tenant.id,
            ticket_id=stored.ticket["id"],
            triggers=[rule.trigger],
            limit=1,
        )
        if kept:
            return msgspec.structs.replace(kept[0].happening, rule_id=sees_alone(rule))
    return occasion(
        rule.trigger,
        ticket=stored.ticket,
        at=at,
        last_person_at=stored.last_person_at,
        rule_id=sees_alone(rule),
    )


def _happened(
    connection: sa.Connection,
    desk: Desk,
    rule: CompiledRule,
    stored: StoredTicket,
    event: TimelineEvent,
    ticket: dict[str, Any],
) -> Happening:
    before = None
    if rule.trigger == "on_ticket_updated":
        before = {name: change[0] for name, change in event.data["changes"].items()}
    families: dict[str, Any] = {"actor": actor_of(desk, event.actor)}
    if rule.trigger == "on_comment":
        families["comment"] = _latest_comment(connection, stored)
    by_person = event.at if event.actor is not None else stored.last_person_at
    return occasion(rule.trigger, ticket=ticket, before=before, at=event.at, last_person_at=by_person, **families)


def _latest_comment(connection: sa.Connection, stored: StoredTicket) -> dict[str, Any] | None:
    found, _ = list_comments(
        connection,
        tenant_id=stored.tenant_id,
        ticket_id=stored.ticket["id"],
        public_only=False,
        newest_first=True,
        limit=1,
        offset=0,
    )
    said = ({name: one[name] for name in ("id", "text", "visibility")} | {"author": one["author_id"]} for one in found)
    return next(said, None)


def actor_of(desk: Desk, user_id: str | None) -> dict[str, Any]:
    """Who did it, as rules see that; nobody is the system."""
    person = desk.tenant.directory.people.get(user_id or "")
    if person is None:
        return {"id": user_id, "role": "system", "name": "Wayline"}
    return {"id": person.id, "role": person.role, "name": person.name}


def is_in_spell(connection: sa.Connection, rule_id: str, stored: StoredTicket) -> bool:
    """Whether a scheduled rule has acted on the ticket already, and no person has since."""
    pair = (rule_id, stored.ticket["id"])
    began_at, person_at = spells_of(connection, [pair])[pair], stored.last_person_at
    return began_at is not None and (person_at is None or person_at <= began_at)
