"""What became of each event at each rule, and why: computed again, on asking, from what was kept of the event."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from threading import Lock
from typing import Any

import msgspec
import sqlalchemy as sa
from pydantic import Field, model_validator
from starlette.responses import Response

from wayline.api.answer_shapes import listed_after
from wayline.api.endpoint import Call, Resource
from wayline.api.executions_conventions import PageAfter, listed, not_in_list, seconds
from wayline.api.problems import issue
from wayline.api.rule_view import clauses_shown
from wayline.api.ticket_access import STAFF, visible_ticket
from wayline.core.public_ids import public_id, uuid_of
from wayline.core.refusals import not_found
from wayline.core.rules import Evaluation, RuleSet, evaluations
from wayline.store.rule_events import KeptEvent, Place, read_event, read_events
from wayline.store.rules import Lifetime, lifetime_of, rule_set_at
from wayline.store.scripts import runs_about

resource = Resource("Automation rules", prefix="/v1/automation")
EVENTS_A_READ = 50
RULE_SETS_KEPT = 4
"""A desk's ten thousand rules take some ten megabytes."""


class EvaluationList(PageAfter):
    """Whose evaluations: of a ticket (id or number), of a rule, or of both."""

    ticket_id: str | None = Field(None, max_length=100)
    rule_id: str | None = Field(None, max_length=100)

    @model_validator(mode="after")
    def _of_something(self) -> EvaluationList:
        if self.ticket_id is None and self.rule_id is None:
            raise ValueError("give ticket_id, rule_id, or both")
        return self


class Pair(msgspec.Struct, frozen=True):
    """An event and what one rule made of it."""

    event: KeptEvent
    evaluation: Evaluation


@resource.endpoint(
    "GET",
    "/evaluations",
    ability="ticket:read",
    roles=STAFF,
    query=EvaluationList,
    answer=listed_after("RuleEvaluation"),
    refusals=(400, 404),
)
async def list_evaluations(call: Call) -> Response:
    """Every pair of an event and a rule of its trigger, fired or not, and why; newest events first, the rules of one
    event in the order they were asked in."""
    query: EvaluationList = call.query
    ticket_id = (await visible_ticket(call, query.ticket_id)).ticket["id"] if query.ticket_id is not None else None
    rule_id = uuid_of("rule", query.rule_id) if query.rule_id is not None else None
    if query.rule_id is not None and rule_id is None:
        raise not_found("Rule")
    asked = _Asked(call.request.app.state.past_rules, call.caller.tenant_id, ticket_id, rule_id, _cursor(query))
    found = await call.read(_page, asked=asked, limit=query.limit + 1)
    scripts = await _scripts_of(call, found)
    return listed([_shown(pair, scripts) for pair in found], query.limit)


class PastRules:
    """Rules as they were, by tenant and version; a version never changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], RuleSet] = OrderedDict()
        self._lock = Lock()

    def at(self, connection: sa.Connection, tenant_id: str, version: int) -> RuleSet:
        """The tenant's rules at a version."""
        key = (tenant_id, version)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = rule_set_at(connection, tenant_id, version, current=False)
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > RULE_SETS_KEPT:
                    self._kept.popitem(last=False)
        return found


class _Asked(msgspec.Struct, frozen=True):
    """What is asked for. `after` is the event and the rule of the last pair of the page before."""

    past: PastRules
    tenant_id: str
    ticket_id: str | None
    rule_id: str | None
    after: tuple[str, str] | None


def _cursor(query: EvaluationList) -> tuple[str, str] | None:
    """The pair a page goes on after: its id is the event's and the rule's, set apart by a dot."""
    if query.starting_after is None:
        return None
    event_id, _, rule = query.starting_after.partition(".")
    rule_id = uuid_of("rule", rule)
    event = uuid_of("rule", f"rule_{event_id}")
    if rule_id is None or event is None:
        raise issue("starting_after", "starting_after is the id of a pair in this list.", "not_an_id")
    return event, rule_id


Scripts = dict[tuple[str, str], list[dict[str, Any]]]
"""How scripts have ended, by the event and the rule that had them run."""


async def _scripts_of(call: Call, pairs: list[Pair]) -> Scripts:
    event_ids = {pair.event.id for pair in pairs if any(one.action == "run_script" for one in pair.evaluation.done)}
    found: Scripts = {}
    if event_ids:
        for run in await call.read(runs_about, tenant_id=call.caller.tenant_id, event_ids=event_ids):
            told = {"status": run.status, "error": run.outcome.get("error")}
            found.setdefault((run.event_id or "", run.subject_id), []).append(
                told | {"log": run.outcome.get("log") or [], "requests": run.outcome.get("requests") or []}
            )
    return found


def _shown(pair: Pair, scripts: Scripts) -> dict[str, Any]:
    """A pair; with `scripts` where the rule had some run and they have ended."""
    event, found = pair.event, pair.evaluation
    rule = public_id("rule", found.rule_id)
    ended = scripts.get((event.id, found.rule_id))
    return ({"scripts": ended} if ended else {}) | {
        "id": f"{public_id('rule', event.id).removeprefix('rule_')}.{rule}",
        "event": event.trigger,
        "event_id": event.id,
        "ticket_id": event.ticket_id,
        "rule_id": rule,
        "rule_name": found.rule_name,
        "matched": found.matched,
        "clauses": clauses_shown(found.clauses),
        "reason": found.detail,
        "code": found.reason,
        "actions": [
            {"action": one.action} | ({"error": one.error} if one.error is not None else {}) for one in found.done
        ],
        "at": seconds(event.at),
    }


# -- a page ----------------------------------------------------------------------------------------


def _page(connection: sa.Connection, *, asked: _Asked, limit: int) -> list[Pair]:
    """The pairs after the cursor, at most `limit`."""
    life = None
    if asked.rule_id is not None:
        life = lifetime_of(connection, tenant_id=asked.tenant_id, rule_id=asked.rule_id)
        if life is None:
            raise not_found("Rule")
    pairs = (pair for event in _events(connection, asked, life) for pair in _pairs(connection, asked, event))
    return list(islice(pairs, limit))


def _events(connection: sa.Connection, asked: _Asked, life: Lifetime | None) -> Iterator[KeptEvent]:
    """The events in question, newest first: that of the cursor, then those after it."""
    after = None
    if asked.after is not None:
        event = read_event(connection, tenant_id=asked.tenant_id, event_id=asked.after[0])
        if event is None or asked.ticket_id not in (None, event.ticket_id):
            raise not_in_list()
        yield event
        after = _place(event)
    while True:
        page = read_events(
            connection,
            tenant_id=asked.tenant_id,
            ticket_id=asked.ticket_id,
            life=life,
            after=after,
            limit=EVENTS_A_READ,
        )
        yield from page
        if len(page) < EVENTS_A_READ:
            return
        after = _place(page[-1])


def _place(event: KeptEvent) -> Place:
    return Place(at=event.at, place=event.place, id=event.id)


def _pairs(connection: sa.Connection, asked: _Asked, event: KeptEvent) -> Iterator[Pair]:
    rules = _rules(connection, asked, event)
    found = evaluations(rules, event.happening, event.reaction, only=asked.rule_id)
    if asked.after is not None and asked.after[0] == event.id:
        for evaluation in found:
            if evaluation.rule_id == asked.after[1]:
                break
        else:
            raise not_in_list()
    for evaluation in found:
        yield Pair(event, evaluation)


def _rules(connection: sa.Connection, asked: _Asked, event: KeptEvent) -> RuleSet:
    """The rules that the event was shown to; when one is asked about, that one and those that had a say in it."""
    if asked.rule_id is None:
        return asked.past.at(connection, asked.tenant_id, event.rules_version)
    reaction = event.reaction
    involved = {asked.rule_id, reaction.stopped_by, *reaction.cut, *(firing.rule_id for firing in reaction.firings)}
    ids = [rule_id for rule_id in involved if rule_id is not None]
    return rule_set_at(connection, asked.tenant_id, event.rules_version, current=False, ids=ids)
