"""Thirty rules are active while years of a real help desk go by. What every rule made of every event, fired or not and
why, is what a naive desk says that knows nothing of Wayline; and so are the tickets, comments and runs they leave.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from helpdesk_cases import LoggedCase, logged_cases
from naive_desk import Happened, Judged, NaiveDesk
from replayed_desk import draft, replay
from thirty_rules import (
    ENDLESS_ECHO,
    ENDLESS_GAME,
    EXPRESSIONS,
    HELPDESK,
    QUEUES,
    RULES,
    TEMPLATES,
    WHAT_RUNS_DO,
)

from served_desk import Desk, add_queues, served_desk
from wayline.core.rules import Evaluation, RuleSet, evaluations
from wayline.store.rule_events import KeptEvent, Place, read_events
from wayline.store.rules import rule_set_at
from wayline.store.tables import comments, incidents, notifications, rule_events, rules, runs, templates, tickets
from workflows import publish

EVENTS_A_READ = 2_000
CASES_ASKED_FOR = 12
"""Cases whose evaluations are asked for over HTTP, page by page."""
PAGES_MAX = 4


@pytest.mark.parametrize(
    ("database", "cases"), [("sqlite", None), ("postgresql", 150)], ids=["sqlite-whole-log", "postgresql-150-cases"]
)
def test_every_rule_makes_of_every_event_what_a_naive_desk_makes_of_it(
    database: str, cases: int | None, request: pytest.FixtureRequest, tmp_path: Path, helpdesk: Path
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    with served_desk(url, tmp_path) as desk:
        add_queues(desk.wayline, desk.tenant_id, *QUEUES)
        rule_ids = {rule["name"]: _saved(desk, rule) for rule in RULES}
        for name, steps in TEMPLATES.items():
            publish(desk, steps, name=name)
        replay(url, helpdesk, draft(helpdesk, tmp_path), tenant="Acme", limit=cases)

        expected = {case.name: Expected(case) for case in islice(logged_cases(helpdesk), cases)}
        numbers = _compare_pairs(desk, expected)
        _compare_what_is_left(desk, expected)
        _compare_over_http(desk, expected, rule_ids)
        _every_rule_was_put_to_the_test(numbers)


class Expected:
    """What the naive desk makes of a case: what came of its opening, and what came of the end of its run."""

    def __init__(self, case: LoggedCase) -> None:
        custom = {f"custom.{name}": value for name, value in case.attributes.items()}
        ticket = {
            "title": case.name,
            "type": "task",
            "category": "task",
            "status": "open",
            "priority": "P3",
            "queue": "Inbox",
            "tags": [],
            "requester": case.begun_by,
            "created_at": case.begun_at,
            **custom,
        }
        self.case = case
        self.desk = NaiveDesk(RULES, runs=WHAT_RUNS_DO, expressions=EXPRESSIONS, ticket=ticket)
        self.opened = self.desk.happens("on_ticket_created", case.begun_at, created=True, actor={"name": case.begun_by})
        run = {"template": HELPDESK, "status": "completed"}
        self.ended = self.desk.happens("on_run_ended", case.ended_at, actor={"name": case.ended_by}, run=run)

    @property
    def is_endless(self) -> bool:
        """Whether it is one of the two tickets on which rules go on until they are cut."""
        return self.case.attributes["customer"] in (ENDLESS_ECHO, ENDLESS_GAME)

    @property
    def pairs(self) -> list[tuple[Happened, Judged]]:
        """Every pair there is, in order."""
        return [(event, judged) for event, found in self.opened + self.ended for judged in found]


# -- pair by pair ----------------------------------------------------------------------------------


def _compare_pairs(desk: Desk, expected: dict[str, Expected]) -> Counter[tuple[str, str]]:
    """Compares every pair of an event and a rule; answers how often each rule came to what."""
    rule_set = _rule_set(desk)
    numbers: Counter[tuple[str, str]] = Counter()
    titles = {row.id: row.title for row in _rows(desk, sa.select(tickets.c.id, tickets.c.title))}
    assert sorted(titles.values()) == sorted(expected)
    chains = _chains(desk)
    assert len(chains) == 2 * len(expected)
    for (ticket_id, trigger), events in chains.items():
        case = expected[titles[ticket_id]]
        wanted = case.opened if trigger == "on_ticket_created" else case.ended
        assert [event.trigger for event in events] == [event.trigger for event, _ in wanted], case.case
        for event, (happened, judged) in zip(events, wanted, strict=True):
            assert (event.at, event.happening.cause.depth) == (happened.at, happened.depth)
            found = [_told(one) for one in evaluations(rule_set, event.happening, event.reaction)]
            assert found == [_wanted(one) for one in judged], (case.case, event.happening)
            numbers.update((one.rule, one.reason) for one in judged)
    return numbers


def _chains(desk: Desk) -> dict[tuple[str, str], list[KeptEvent]]:
    """The kept events of each ticket by what their chain began with, in the order that the rules saw them in."""
    chains: dict[str, list[KeptEvent]] = defaultdict(list)
    for event in _events(desk):
        chains[event.happening.cause.root].append(event)
    found: dict[tuple[str, str], list[KeptEvent]] = {}
    for root, events in chains.items():
        events.sort(key=lambda event: event.place)
        assert (events[0].id, events[0].happening.cause.depth) == (root, 0)
        found[(str(events[0].ticket_id), events[0].trigger)] = events
    return found


def _events(desk: Desk) -> Iterator[KeptEvent]:
    after = None
    while True:
        with desk.wayline.database.reader.connect() as connection:
            page = read_events(connection, tenant_id=desk.tenant_id, after=after, limit=EVENTS_A_READ)
        yield from page
        if len(page) < EVENTS_A_READ:
            return
        after = Place(at=page[-1].at, place=page[-1].place, id=page[-1].id)


def _rule_set(desk: Desk) -> RuleSet:
    """The rules as they were all the time: no event has seen other ones."""
    (version,) = {row[0] for row in _rows(desk, sa.select(rule_events.c.rules_version).distinct())}
    with desk.wayline.database.reader.connect() as connection:
        return rule_set_at(connection, desk.tenant_id, version, current=False)


Told = tuple[str, str, bool, str | None, list[tuple[str, str, bool]], list[bool]]
"""Rule, reason, whether it matched, who stopped it, its clauses, and which of its actions could not be done."""


def _told(found: Evaluation) -> Told:
    clauses = [(clause.field, clause.op, clause.holds) for clause in found.clauses]
    stopped_by = found.detail.split("“")[1].split("”")[0] if found.reason == "stopped" else None
    failed = [done.error is not None for done in found.done]
    return found.rule_name, found.reason, found.matched, stopped_by, clauses, failed


def _wanted(judged: Judged) -> Told:
    has_matched = judged.reason in ("matched", "cut")
    return judged.rule, judged.reason, has_matched, judged.stopped_by, judged.clauses, judged.failed


def _every_rule_was_put_to_the_test(numbers: Counter[tuple[str, str]]) -> None:
    """Or the comparison would have said little: each rule that is on has fired, and not fired."""
    for rule in RULES:
        reasons = {reason for name, reason in numbers if name == rule["name"]}
        if rule.get("enabled", True):
            assert "matched" in reasons, rule["name"]
            assert "conditions_false" in reasons, rule["name"]
        else:
            assert reasons == {"disabled"}, rule["name"]
    assert {reason for _, reason in numbers} == {"matched", "conditions_false", "disabled", "stopped", "cut"}


# -- what is left in the end -----------------------------------------------------------------------


def _compare_what_is_left(desk: Desk, expected: dict[str, Expected]) -> None:
    """Tickets, comments, runs, notifications and incidents are those of the naive desk."""
    title_of = {}
    for row in _rows(desk, sa.select(tickets)):
        case = expected[row.title]
        title_of[row.id] = row.title
        left = {name: getattr(row, name) for name in ("type", "subtype", "category", "status", "priority", "queue")}
        left |= {"tags": row.tags, "has_assignee": row.assignee_id is not None}
        left |= {f"custom.{name}": value for name, value in row.custom.items()}
        ticket = case.desk.ticket
        wanted = {name: ticket.get(name) for name in left if name != "has_assignee"}
        wanted["has_assignee"] = "assignee" in ticket
        wanted |= {name: value for name, value in ticket.items() if name.startswith("custom.")}
        assert left == wanted, row.title

    said = Counter((title_of[row.ticket_id], row.text) for row in _rows(desk, sa.select(comments)))
    assert said == Counter((name, text) for name, case in expected.items() for text in case.desk.comments)

    started = sa.select(runs.c.ticket_id, templates.c.name).join(templates, templates.c.id == runs.c.template_id)
    found = Counter((title_of[row.ticket_id], row.name.lower()) for row in _rows(desk, started))
    wanted_runs = Counter((name, template) for name, case in expected.items() for template in case.desk.started)
    assert found == wanted_runs + Counter((name, HELPDESK.lower()) for name in expected)

    told = sa.select(notifications).where(notifications.c.kind == "message")
    assert len(_rows(desk, told)) == sum(case.desk.told for case in expected.values())

    cut = {judged.rule for case in expected.values() for _, judged in case.pairs if judged.reason == "cut"}
    rule_named = {row.id: row.name for row in _rows(desk, sa.select(rules.c.id, rules.c.name))}
    reported = [(row.code, rule_named[row.subject_id]) for row in _rows(desk, sa.select(incidents))]
    assert sorted(reported) == sorted(("chain_cut", name) for name in cut)


# -- what is told of it ----------------------------------------------------------------------------


def _compare_over_http(desk: Desk, expected: dict[str, Expected], rule_ids: dict[str, str]) -> None:
    """Whoever asks for a ticket's evaluations, or a rule's, is told the same, newest events first."""
    ids = {row.title: row.id for row in _rows(desk, sa.select(tickets.c.title, tickets.c.id))}
    never_ending = [name for name, case in expected.items() if case.is_endless]
    for name in {*list(expected)[:CASES_ASKED_FOR], *never_ending}:
        chain = expected[name].opened + expected[name].ended
        wanted = [_shown(event, one) for event, found in reversed(chain) for one in found]
        asked, has_more = _asked_for(desk, ticket_id=ids[name])
        assert [_as_shown(one) for one in asked] == wanted[: len(asked)], name
        assert has_more == (len(asked) < len(wanted)), name

    newest_first = sorted(expected.values(), key=lambda case: case.case.begun_at, reverse=True)
    wanted_ids = [(ids[case.case.name], case.opened[0][1]) for case in newest_first]
    rule = "Our own tickets are no customer's"
    asked, _ = _asked_for(desk, rule_id=rule_ids[rule])
    found = [(one["ticket_id"], one["code"]) for one in asked]
    assert (
        found == [(id_, one.reason) for id_, judged in wanted_ids for one in judged if one.rule == rule][: len(found)]
    )


def _asked_for(desk: Desk, **query: str) -> tuple[list[dict[str, Any]], bool]:
    """The first pages, and whether there are more."""
    found: list[dict[str, Any]] = []
    for _ in range(PAGES_MAX):
        after = {"starting_after": found[-1]["id"]} if found else {}
        answer = desk.client(desk.bo).get("/v1/automation/evaluations", params={"limit": 100, **query, **after})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        if not answer.json()["has_more"]:
            return found, False
    return found, True


def _shown(event: Happened, judged: Judged) -> tuple[Any, ...]:
    has_matched = judged.reason in ("matched", "cut")
    holds = [held for _, _, held in judged.clauses]
    return event.trigger, int(event.at.timestamp()), judged.rule, judged.reason, has_matched, holds, judged.failed


def _as_shown(told: dict[str, Any]) -> tuple[Any, ...]:
    holds = [clause["holds"] for clause in told["clauses"]]
    failed = ["error" in action for action in told["actions"]]
    return told["event"], told["at"], told["rule_name"], told["code"], told["matched"], holds, failed


# -- the desk --------------------------------------------------------------------------------------


def _saved(desk: Desk, rule: dict[str, Any]) -> str:
    answer = desk.client(desk.dee).post("/v1/automation/rules", json=rule)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _rows(desk: Desk, query: sa.Select[Any]) -> list[Any]:
    with desk.wayline.database.reader.connect() as connection:
        return list(connection.execute(query))
