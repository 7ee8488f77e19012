"""Trying cases: a run simulated, or an event shown to rules, and how what came of it differs from what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from wayline.api.simulation import made_up
from wayline.cli.definitions.made_up_desk import actor_of, calendars_of, directory_of, whos_in
from wayline.cli.definitions.tables import Case, Expected, Table
from wayline.core import ticket as desk_tickets
from wayline.core.effects import Send
from wayline.core.facts import Actor, Directory, Facts
from wayline.core.refusals import Refusal
from wayline.core.rule import Rule
from wayline.core.rule_trial import POSITION_LAST, is_swept, occasion
from wayline.core.rules import CompiledRule, Happening, Reacted, RuleSet, evaluations, react
from wayline.core.simulate import Simulation, Visited, simulate
from wayline.core.template import Template


class Definitions(msgspec.Struct, frozen=True):
    """What tables may name: templates and rules that could be read, by name in lower case, and as they were written."""

    templates: Mapping[str, Template]
    written: Mapping[str, dict[str, Any]]
    rules: Sequence[Rule]


class Tried(msgspec.Struct, frozen=True):
    """A case and how it went: `differences` are sentences, none when it went as expected."""

    case: str
    differences: tuple[str, ...]


def try_table(table: Table, known: Definitions) -> list[Tried]:
    """Every case of the table, in order."""
    missing = list(_missing(table, known))
    if missing:
        return [Tried(case.name, tuple(missing)) for case in table.cases]
    return [Tried(case.name, tuple(_tried(table, case, known))) for case in table.cases]


def _missing(table: Table, known: Definitions) -> Iterator[str]:
    if table.template is not None and table.template.strip().lower() not in known.templates:
        yield f"none of the files has a template called {table.template} that can be read"
    names = {rule.name.strip().lower() for rule in known.rules}
    for name in table.rules or ():
        if name.strip().lower() not in names:
            yield f"none of the files has a rule called {name} that can be read"


def _tried(table: Table, case: Case, known: Definitions) -> Iterator[str]:
    try:
        if table.template is not None:
            name = table.template.strip().lower()
            yield from _of_run(case.expect, _simulated(table, case, known.templates[name], known.written[name]))
        else:
            rules = RuleSet(1, _compiled(table, known.rules, case))
            happening, reacted = _reacted(table, case, rules)
            yield from _of_rules(case.expect, rules, happening, reacted)
    except Refusal as refusal:
        yield from (f"{issue.path}: {issue.message}" for issue in refusal.issues)
        if not refusal.issues:
            yield refusal.message


# -- templates -------------------------------------------------------------------------------------


def _simulated(table: Table, case: Case, template: Template, definition: dict[str, Any]) -> Simulation:
    directory = directory_of(table.desk, list(whos_in([template], [])), _people_of(case))
    actor = actor_of(directory, case.actor)
    ticket = _ticket(case, definition, actor, directory)
    return simulate(
        definition,
        at=case.at,
        facts=Facts(directory=directory, ticket=ticket, calendars=calendars_of(table.desk)),
        answers=case.answers,
        outcomes=case.outcomes,
        variables=case.variables,
        owner_id=actor.user_id,
    )


def _of_run(expected: Expected, came: Simulation) -> Iterator[str]:
    if came.refused is not None and expected.refused is None:
        said = "; ".join(f"{issue.path}: {issue.message}" for issue in came.refused.issues) or came.refused.message
        yield f"refused at {came.refused.step_id or 'its start'}: {said}"
    if expected.status is not None and expected.status != came.status:
        why = f" ({came.failure.reason}: {came.failure.message})" if came.failure is not None else ""
        yield f"status: expected {expected.status}, was {came.status}{why}"
    if expected.path is not None and not _same_path(expected.path, came.path):
        was = ", ".join(f"{visit.step_id}: {visit.outcome}" for visit in came.path) or "nothing"
        yield f"path: expected {', '.join(map(_said_step, expected.path)) or 'nothing'}; was {was}"
    ended = {visit.step_id: visit.outcome for visit in came.path}
    for step_id, outcome in expected.outcomes.items():
        if ended.get(step_id) != outcome:
            yield f"outcome of {step_id}: expected {outcome}, was {ended.get(step_id, 'not reached')}"
    waits = came.waiting_at.step_id if came.waiting_at is not None else None
    if "waits" in expected.model_fields_set and expected.waits != waits:
        yield f"waits: expected {expected.waits or 'nowhere'}, was {waits or 'nowhere'}"
    refused = came.refused.step_id if came.refused is not None else None
    if expected.refused is not None and expected.refused != refused:
        yield f"refused: expected at {expected.refused}, was {refused or 'nowhere'}"
    yield from _fields("ticket", expected.ticket, came.ticket or {})
    yield from _fields("variables", expected.variables, came.variables)


def _same_path(expected: Sequence[str | dict[str, str]], came: Sequence[Visited]) -> bool:
    if len(expected) != len(came):
        return False
    return all(
        step == visit.step_id if isinstance(step, str) else step == {visit.step_id: visit.outcome}
        for step, visit in zip(expected, came, strict=True)
    )


def _said_step(step: str | dict[str, str]) -> str:
    return step if isinstance(step, str) else ", ".join(f"{name}: {outcome}" for name, outcome in step.items())


# -- rules -----------------------------------------------------------------------------------------


def _compiled(table: Table, rules: Iterable[Rule], case: Case) -> Iterator[CompiledRule]:
    """The table's rules; of equals in place, those that stand first in the files are asked first."""
    wanted = {name.strip().lower() for name in table.rules or ()}
    for place, rule in enumerate(rules):
        if table.rules is None or rule.name.strip().lower() in wanted:
            yield CompiledRule(
                rule_id=f"{place:06d}",
                definition=rule.definition(),
                position=POSITION_LAST if rule.position is None else rule.position,
                enabled=rule.enabled,
                created_at=case.at,
            )


def _reacted(table: Table, case: Case, rules: RuleSet) -> tuple[Happening, Reacted]:
    whos = list(whos_in([], [rule.rule for rule in rules.rules.values()]))
    directory = directory_of(table.desk, whos, _people_of(case))
    actor = actor_of(directory, case.actor)
    ticket, before = _ticket(case, {}, actor, directory), None
    if ticket is not None and case.changes:
        changes = desk_tickets.changes_to(ticket, case.changes, directory=directory)
        ticket, before = {**ticket, **changes}, {name: ticket.get(name) for name in changes}
    assert case.event is not None
    alone = case.event in ("scheduled", "webhook")
    happening = occasion(
        case.event,
        ticket=ticket,
        at=case.at,
        before=before,
        last_person_at=case.at - timedelta(hours=case.idle_hours),
        actor={} if alone else {"id": actor.user_id, "role": actor.role, "name": actor.name},
        comment=None if case.comment is None else {"author": actor.user_id, "visibility": "public", **case.comment},
        run=case.run,
        step=case.step,
        payload=case.payload,
    )
    facts = Facts(directory=directory, calendars=calendars_of(table.desk))
    if case.event == "scheduled":
        rules = RuleSet(1, [rule for rule in rules.rules.values() if is_swept(rule, ticket)])
    return happening, react(rules, happening, facts=lambda strategies: facts)


def _of_rules(expected: Expected, rules: RuleSet, happening: Happening, reacted: Reacted) -> Iterator[str]:
    fired = [rules.rules[firing.rule_id].name for firing in reacted.reaction.firings]
    if expected.fires is not None and list(expected.fires) != fired:
        yield f"fires: expected {', '.join(expected.fires) or 'none'}; was {', '.join(fired) or 'none'}"
        yield from _why(set(expected.fires) ^ set(fired), rules, happening, reacted)
    starts = [
        wanted.effect.body["template_name"]
        for wanted in reacted.wanted
        if isinstance(wanted.effect, Send) and wanted.effect.command == "start_run"
    ]
    if expected.starts is not None and list(expected.starts) != starts:
        yield f"starts: expected {', '.join(expected.starts) or 'nothing'}; was {', '.join(starts) or 'nothing'}"
    ticket = dict(happening.ticket or {})
    for firing in reacted.reaction.firings:
        ticket |= firing.changes
    yield from _fields("ticket", expected.ticket, ticket)
    for broken in reacted.broken:
        yield f"“{broken.rule.name}” could not be carried through: {broken.message}"


def _why(names: set[str], rules: RuleSet, happening: Happening, reacted: Reacted) -> Iterator[str]:
    """What the rules saw that were not expected to do what they did."""
    for found in evaluations(rules, happening, reacted.reaction):
        if found.rule_name in names:
            seen = "; ".join(
                f"{clause.path} {clause.op} {clause.expected!r}: saw {clause.seen!r}"
                for clause in found.clauses
                if clause.holds == found.matched
            )
            yield f"“{found.rule_name}”: {found.detail}" + (f" {seen}" if seen else "")


# -- what both have in common ----------------------------------------------------------------------


def _people_of(case: Case) -> list[str]:
    ticket = case.ticket or {}
    named = [case.actor, *(ticket.get(name) for name in ("requester", "assignee"))]
    return [name for name in named if isinstance(name, str)]


def _ticket(case: Case, definition: dict[str, Any], actor: Actor, directory: Directory) -> dict[str, Any] | None:
    if case.ticket is None:
        return None
    made_at = case.at - timedelta(hours=case.age_hours)
    return made_up(case.ticket, definition, actor=actor, directory=directory, at=made_at)


def _fields(of: str, expected: Mapping[str, Any], came: Mapping[str, Any]) -> Iterator[str]:
    for name, value in expected.items():
        was = _field(came, name)
        if was != value:
            yield f"{of}.{name}: expected {value!r}, was {was!r}"


def _field(came: Mapping[str, Any], name: str) -> Any:
    if name.startswith("custom."):
        return (came.get("custom") or {}).get(name.removeprefix("custom."))
    return came.get(name)
