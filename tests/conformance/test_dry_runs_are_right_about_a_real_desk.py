"""What a dry run says would happen at a desk where years have gone by is what then happens, and saying it does nothing:
no row of any table is another one, no mail goes out, no other system is called.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from helpdesk_cases import LoggedCase, logged_cases
from replayed_desk import SECRET, draft, replay
from thirty_rules import QUEUES, RULES, TEMPLATES

from other_system import OtherSystem, other_system
from served_desk import Desk, add_queues, served_desk
from services import SmtpServer
from wayline.drivers.local import LocalDriver
from wayline.store.tables import comments, metadata, notifications, runs, templates, tickets, tokens
from wayline.store.timeline import read_timeline
from workflows import publish

RULES_AT = "/v1/automation/rules"
EARLIER_CASES = 60
"""Cases that have gone by before there are rules: from then on most of the log's people are known."""
CASES = 24
"""Cases that are tried and then happen."""
OPENING = [rule for rule in RULES if rule["trigger"] == "on_ticket_created" and rule.get("enabled", True)]
LAST_CASES = 22
"""Cases that are over when it is asked what rules would do about them: those before the first on which rules go on and
on until they are cut, which no dry run can know."""
STARTED_BY = {"Second look": "Rare things are looked at twice", "Call back": "Sevens are lucky"}
"""Which rule starts which template when a ticket is opened."""
Deeds = list[tuple[Any, ...]]


def test_what_is_said_of_tickets_before_they_are_opened_is_what_their_opening_does(
    database_url: str, tmp_path: Path, helpdesk: Path
) -> None:
    with served_desk(database_url, tmp_path) as desk:
        template = draft(helpdesk, tmp_path)
        replay(database_url, helpdesk, template, limit=EARLIER_CASES)
        rule_ids = _with_rules(desk)
        earlier, later = _cases(helpdesk)
        known = {case.begun_by for case in earlier}
        cases = [case for case in later if case.begun_by in known]

        before = _state(desk)
        said = {
            (case.name, rule["name"]): _tried_on(desk, case, rule_ids[rule["name"]])
            for case in cases
            for rule in OPENING
        }
        assert _state(desk) == before

        replay(database_url, helpdesk, template, limit=EARLIER_CASES + CASES)
        happened = {case.name: _what_happened(desk, case.name) for case in cases}
        for (case, rule), trial in said.items():
            pair, deeds = happened[case][rule]
            assert (trial["matched"], trial["clauses"]) == (pair["matched"], pair["clauses"]), (case, rule)
            assert _deeds_said(trial["would"]) == deeds, (case, rule)
        assert {rule for (_, rule), trial in said.items() if trial["would"]} >= {
            "Product three has a queue",
            "Customers of the first hour",
            "The thirties",
            "Of 2012",
            "Sevens are lucky",
        }


def test_what_is_said_of_the_last_tickets_is_what_has_happened_to_them(
    sqlite_url: str, tmp_path: Path, helpdesk: Path
) -> None:
    """The rules were there already: each is tried on the last event of its trigger, and did then what is said now."""
    with served_desk(sqlite_url, tmp_path) as desk:
        rule_ids = _with_rules(desk)
        replay(sqlite_url, helpdesk, draft(helpdesk, tmp_path), limit=LAST_CASES)
        before = _state(desk)
        compared: set[str] = set()
        for rule in (rule for rule in RULES if rule.get("enabled", True)):
            rule_id = rule_ids[rule["name"]]
            newest: dict[str, Any] = {}
            for pair in _all_evaluations(desk, rule_id=rule_id):
                newest.setdefault(pair["ticket_id"], pair)
            tried = _dry_run(desk, rule_id=rule_id, last=LAST_CASES)
            assert len(tried) == LAST_CASES
            for trial in (trial for trial in tried if trial["ticket_id"] in newest):
                happened = newest[trial["ticket_id"]]
                found = (happened["matched"], happened["clauses"])
                assert (trial["matched"], trial["clauses"]) == found, (rule["name"], trial["ticket_id"])
                compared.add(rule["trigger"])
        assert compared == {"on_ticket_created", "on_ticket_updated", "on_comment", "on_run_ended"}
        assert _state(desk) == before


def test_no_mail_goes_out_and_nobody_is_called_until_it_happens(
    database_url: str, tmp_path: Path, smtp_server: SmtpServer
) -> None:
    settings = {"smtp_url": smtp_server.url, "outbound_allow": "127.0.0.0/8"}
    with other_system() as other, served_desk(database_url, tmp_path, **settings) as desk:
        subscribed = {"url": f"{other.url}/told", "events": ["wayline.ticket.created", "wayline.run.started"]}
        assert desk.client(desk.root).post("/api/v1/webhooks", json=subscribed).status_code == 201
        publish(desk, TEMPLATES["Call back"], name="Call back")
        rule_id = _saved(desk, _rule_that_reaches_out(other))
        fields = {"title": "The lift is stuck", "type": "incident", "priority": "P2"}

        before = _state(desk)
        event = {"ticket": fields, "actor": desk.ana.email}
        (said,) = [trial["would"] for trial in _dry_run(desk, rule_id=rule_id, event=event)]
        asyncio.run(_drive(desk))
        assert _state(desk) == before
        assert (smtp_server.messages, other.received) == ([], [])

        opened = desk.client(desk.ana).post("/api/v1/tickets", json=fields)
        assert opened.status_code == 201, opened.text
        asyncio.run(_drive(desk))
        by_mail, called, started = said
        mails = [(mail["X-Envelope-To"], mail["Subject"]) for mail in smtp_server.messages]
        assert (by_mail["to"], by_mail["subject"]) == (["lifts@else.example"], "The lift is stuck")
        assert (by_mail["to"][0], by_mail["subject"]) in mails
        calls = {request.path: request.json for request in other.received if request.path != "/told"}
        assert {called["url"].removeprefix(other.url): called["json"]} == calls
        told = sorted(request.json["type"] for request in other.received if request.path == "/told")
        assert told == ["wayline.run.started", "wayline.ticket.created"]
        assert started["workflow_name"] == "Call back"


def _cases(log: Path) -> tuple[list[LoggedCase], list[LoggedCase]]:
    cases = list(islice(logged_cases(log), EARLIER_CASES + CASES))
    return cases[:EARLIER_CASES], cases[EARLIER_CASES:]


def _rule_that_reaches_out(other: OtherSystem) -> dict[str, Any]:
    mail = {"type": "send_notification", "to": "lifts@else.example", "subject": "{{ ticket.title }}", "message": "Go"}
    call = {"type": "http_request", "url": f"{other.url}/lifts", "json": {"stuck": "{{ ticket.title }}"}}
    start = {"type": "start_workflow", "workflow_name": "Call back"}
    conditions = {"title": {"contains": "lift"}, "priority": ["P1", "P2"]}
    return {"name": "Lifts", "trigger": "on_ticket_created", "conditions": conditions, "actions": [mail, call, start]}


async def _drive(desk: Desk) -> None:
    """Everything there is to send is sent."""
    driver = LocalDriver(desk.wayline.door, desk.wayline.settings, SECRET.encode())
    for loop in (driver.outbox, driver.jobs, driver.webhooks):
        await loop.run_once()
    for performer in driver.performers.values():
        await performer.close()
    await driver.webhooks.finish(0)
    driver.access.close()


# -- trying ----------------------------------------------------------------------------------------


def _with_rules(desk: Desk) -> dict[str, str]:
    """The thirty rules and what they need, at this desk; answers the rules' ids by name."""
    add_queues(desk.wayline, desk.tenant_id, *QUEUES)
    for name, steps in TEMPLATES.items():
        publish(desk, steps, name=name)
    return {rule["name"]: _saved(desk, rule) for rule in RULES}


def _saved(desk: Desk, rule: dict[str, Any]) -> str:
    answer = desk.client(desk.dee).post(RULES_AT, json=rule)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _tried_on(desk: Desk, case: LoggedCase, rule_id: str) -> dict[str, Any]:
    """What a rule would do if somebody opened the ticket that the log tells of."""
    actor = f"{case.begun_by.lower().replace(' ', '-')}@example.org"
    fields = {"type": "task", "title": case.name, "custom": case.attributes}
    (trial,) = _dry_run(
        desk, rule_id=rule_id, event={"ticket": fields, "actor": actor, "at": case.begun_at.isoformat()}
    )
    return trial


def _dry_run(desk: Desk, **body: Any) -> list[dict[str, Any]]:
    answer = desk.client(desk.dee).post(f"{RULES_AT}/dry-run", json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def _state(desk: Desk) -> str:
    """A hash of every row of every table. When a token was last used is left out: that is noted whatever it is for."""
    digest = hashlib.sha256()
    with desk.wayline.database.reader.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column is not tokens.c.last_used_at]
            rows = sorted(map(repr, connection.execute(sa.select(*columns))))
            digest.update(f"{table.name}: {rows}".encode())
    return digest.hexdigest()


def _deeds_said(would: list[dict[str, Any]]) -> Deeds:
    """What is said, as what is found when it has happened: an action that changes nothing leaves nothing."""
    deeds: Deeds = []
    for action in would:
        if "changes" in action:
            deeds.append(("changed", action["changes"]))
        elif "text" in action:
            deeds.append(("said", action["text"], action["visibility"]))
        elif "subject" in action:
            deeds.append(("told", action["to"], action["subject"]))
        elif "workflow_name" in action:
            deeds.append(("started", action["workflow_name"].lower(), action["input"]))
    return deeds


# -- what happened ---------------------------------------------------------------------------------


def _what_happened(desk: Desk, title: str) -> dict[str, tuple[dict[str, Any], Deeds]]:
    """What each rule saw of the ticket's opening, and what it did about it."""
    (ticket_id,) = _column(desk, sa.select(tickets.c.id).where(tickets.c.title == title))
    pairs = [one for one in _evaluations(desk, ticket_id=ticket_id, limit=100) if one["event"] == "on_ticket_created"]
    deeds = _deeds(desk, ticket_id, pairs[0]["event_id"])
    return {pair["rule_name"]: (pair, deeds[pair["rule_name"]]) for pair in pairs}


def _deeds(desk: Desk, ticket_id: str, event_id: str) -> dict[str, Deeds]:
    """By rule, as the ticket's timeline has it, and with the messages and runs of the ticket."""
    found: dict[str, Deeds] = defaultdict(list)
    rule = None
    with desk.wayline.database.reader.connect() as connection:
        said = {row.id: row for row in connection.execute(sa.select(comments).where(comments.c.ticket_id == ticket_id))}
        for event in read_timeline(connection, tenant_id=desk.tenant_id, subject_id=ticket_id):
            if event.event == "rule_fired":
                rule = event.detail.split("“")[1].split("”")[0] if event.data["event_id"] == event_id else None
            elif rule is not None and event.event == "ticket_updated":
                found[rule].append(("changed", event.data["changes"]))
            elif rule is not None and event.event == "comment_added":
                comment = said[event.data["id"]]
                found[rule].append(("said", comment.text, comment.visibility))
        told = sa.select(notifications).where(notifications.c.ticket_id == ticket_id, notifications.c.kind == "message")
        for row in connection.execute(told):
            found["What is urgent is told"].append(("told", [row.audience_id], row.title))
        started = (
            sa.select(templates.c.name)
            .join(runs, runs.c.template_id == templates.c.id)
            .join(tickets, tickets.c.id == runs.c.ticket_id)
        )
        at_once = started.where(tickets.c.id == ticket_id, runs.c.created_at == tickets.c.created_at)
        for name in connection.execute(at_once).scalars():
            if name in STARTED_BY:
                found[STARTED_BY[name]].append(("started", name.lower(), {}))
    return found


def _evaluations(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    answer = desk.client(desk.bo).get("/v1/automation/evaluations", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def _all_evaluations(desk: Desk, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := _evaluations(desk, limit=100, **query, **({"starting_after": found[-1]["id"]} if found else {})):
        found += page
    return found


def _column(desk: Desk, query: sa.Select[Any]) -> list[Any]:
    with desk.wayline.database.reader.connect() as connection:
        return list(connection.execute(query).scalars())
