"""One-click decisions: the personal link of an approval's mail, looked at any number of times and decided by once.

Dee is asked; nobody here has signed in. What the page looks like is for eyes; what it says, asks and takes is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
import sqlalchemy as sa
from runs_at_a_desk import LOOK, SIGN, begun, post, read

from served_desk import Desk, Person, served_desk
from services import SmtpServer
from wayline.actions.email import Mail
from wayline.actions.job import Job
from wayline.api.app import path_to_log
from wayline.api.limits import LINKS_OF_A_CLIENT
from wayline.core.decision_link import LASTS, DecisionLink, opened, sealed
from wayline.store.tables import jobs
from workflows import publish

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOTH = SIGN | {"approvers": [{"user": "bo@acme.example"}, {"user": "dee@acme.example"}]}
ONE_BY_ONE = BOTH | {"order": "sequential"}


class Page(HTMLParser):
    """What a reader sees of a page, and what its form would send."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.status = answer.status_code
        self.text = ""
        self.buttons: list[tuple[str | None, str | None]] = []
        self.tags: list[str] = []
        self._hidden = 0
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.feed(answer.text)
        self.text = re.sub(r"\s+", " ", self.text).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden += tag in ("style", "title")
        if tag == "button":
            self.buttons.append((dict(attrs)["name"], dict(attrs)["value"]))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += f" {data}"


def link_of(desk: Desk, run: dict[str, Any], person: Person, *, place: int = -1, **lasts: float) -> str:
    """The path of the person's link to the run's (latest) approval."""
    approval = read(desk, desk.root, run)["approvals"][place]
    link = DecisionLink(
        tenant_id=desk.tenant_id,
        run_id=run["id"],
        approval_id=approval["id"],
        user_id=person.id,
        ends_at=desk.wayline.clock.now() + (timedelta(**lasts) if lasts else LASTS),
    )
    return f"/decide/{sealed(desk.wayline.secret_key, link)}"


def look(desk: Desk, path: str) -> Page:
    return Page(desk.http.get(path))


def decide(desk: Desk, path: str, decision: str = "approve", **form: str) -> Any:
    body = urlencode({"decision": decision, **form})
    return desk.http.post(path, content=body, headers=FORM, follow_redirects=False)


def asked(desk: Desk, *steps: dict[str, Any], **given: Any) -> tuple[dict[str, Any], str]:
    """A run of Ana's that rests at an approval of Dee's, and Dee's link."""
    run = begun(desk, desk.ana, publish(desk, list(steps or (SIGN,)), name="Laptop request"), **given)
    return run, link_of(desk, run, desk.dee)


def votes(desk: Desk, run: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(v["by"], v["decision"], v["comment"]) for v in read(desk, desk.ana, run)["approvals"][0]["votes"]]


# -- looking ---------------------------------------------------------------------------------------


def test_looking_shows_what_is_asked_and_decides_nothing(desk: Desk) -> None:
    run, path = asked(desk)
    before = read(desk, desk.ana, run)
    for _ in range(3):
        page = look(desk, path)
        assert desk.http.head(path).status_code == 200
        assert desk.http.head(path).content == b""
    assert page.status == 200
    for said in ("Dee, your decision is asked for", "Sign it off", "Laptop request", "Requested by Ana"):
        assert said in page.text
    assert page.buttons == [("decision", "approve"), ("decision", "reject")]
    assert read(desk, desk.ana, run) == before


def test_the_ticket_and_what_was_filled_in_are_shown(desk: Desk) -> None:
    fields = [
        {"name": "model", "label": "Model", "type": "select", "options": [{"value": "a1", "label": "Air 13"}]},
        {"name": "price", "label": "Price", "type": "number"},
        {"name": "urgent", "type": "checkbox"},
        {"name": "needed_by", "type": "date"},
        {"name": "for_whom", "label": "For", "type": "user"},
        {"name": "colours", "type": "multiselect", "options": ["red", "blue"]},
        {"name": "why", "type": "textarea"},
        {"name": "rest", "type": "text"},
    ]
    trigger = {"type": "ticket_type", "ticket_type": "task"}
    publish(desk, [LOOK | {"fields": fields, "next": "sign"}, SIGN], trigger=trigger)
    asked_for = {"type": "task", "title": "A <b>laptop</b>"}
    ticket = desk.client(desk.ana).post("/api/v1/tickets", json=asked_for).json()["data"]
    run = {"id": ticket["workflow_instances"][0]}
    answers = {
        "model": "a1",
        "price": 1200,
        "urgent": True,
        "needed_by": "2031-03-05",
        "for_whom": desk.cy.id,
        "colours": ["red", "blue"],
        "why": "<script>alert(1)</script>",
    }
    path = f"/api/v1/workflows/instances/{run['id']}/steps/look/complete"
    assert desk.client(desk.bo).post(path, json={"form_data": answers}).status_code == 200

    answer = desk.http.get(link_of(desk, run, desk.dee))
    page = Page(answer)
    assert f"Ticket {ticket['number']} · A <b>laptop</b>" in page.text
    for said in (
        "Look at it",
        "Model Air 13",
        "Price 1200",
        "Urgent Yes",
        "Needed by 5 March 2031",
        "For Cy",
        "Colours red, blue",
        "Why <script>alert(1)</script>",
    ):
        assert said in page.text
    assert "<script" not in answer.text
    assert not {"script", "b", "img", "link"} & set(page.tags)


def test_what_the_run_was_given_is_shown(sqlite_desk: Desk) -> None:
    declared = {"variables": {"cost_centre": {"type": "string"}}}
    template_id = publish(sqlite_desk, [SIGN], definition=declared)
    run = begun(sqlite_desk, sqlite_desk.ana, template_id, cost_centre="4711")
    assert "Cost centre 4711" in look(sqlite_desk, link_of(sqlite_desk, run, sqlite_desk.dee)).text


def test_the_page_is_kept_nowhere_and_told_to_nobody(sqlite_desk: Desk) -> None:
    _, path = asked(sqlite_desk)
    for answer in (sqlite_desk.http.get(path), decide(sqlite_desk, path), sqlite_desk.http.get("/decide/forged")):
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert headers.get_list("referrer-policy") == ["no-referrer"]
        (policy,) = headers.get_list("content-security-policy")
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "noindex" in headers["x-robots-tag"]
        assert "set-cookie" not in headers
        assert headers["x-frame-options"] == "DENY"


# -- deciding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "decided", "status"), [("approve", "approved", "completed"), ("reject", "rejected", "failed")]
)
def test_posting_decides_and_later_looks_say_what_and_by_whom(desk: Desk, word: str, decided: str, status: str) -> None:
    run, path = asked(desk)
    answer = decide(desk, path, word, comment=" Because\r\nof it ")
    assert (answer.status_code, answer.headers["location"]) == (303, path)

    shown = read(desk, desk.ana, run)
    assert (shown["status"], shown["approvals"][0]["status"]) == (status, decided)
    assert votes(desk, run) == [(desk.dee.id, decided, "Because\nof it")]
    page = look(desk, path)
    assert (page.status, page.buttons) == (200, [])
    assert decided.capitalize() in page.text
    assert "Dee gave the decisive vote" in page.text
    assert "Because of it" in page.text


def test_it_is_decided_once(desk: Desk) -> None:
    run, path = asked(desk, SIGN | {"next": "look"}, LOOK)
    assert decide(desk, path, "approve").status_code == 303
    for word in ("approve", "reject"):
        again = decide(desk, path, word)
        assert again.status_code == 409
        assert "Approved" in Page(again).text
    assert votes(desk, run) == [(desk.dee.id, "approved", None)]


def test_who_has_voted_while_others_are_asked_sees_how_far_it_is(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [BOTH]))
    of_bo, of_dee = link_of(desk, run, desk.bo), link_of(desk, run, desk.dee)
    assert decide(desk, of_bo).status_code == 303

    page = look(desk, of_bo)
    assert (page.status, page.buttons) == (200, [])
    assert "You approved this" in page.text
    assert "1 of 2 have decided so far" in page.text
    assert decide(desk, of_bo, "reject").status_code == 409
    assert "Bo approved" in look(desk, of_dee).text
    assert decide(desk, of_dee).status_code == 303
    assert read(desk, desk.ana, run)["status"] == "completed"


def test_a_wanted_comment_is_asked_for_and_what_was_written_stays(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, path = asked(desk, SIGN | {"comment": "required_on_reject"})
    refused = decide(desk, path, "reject", comment="  ")
    page = Page(refused)
    assert (page.status, len(page.buttons)) == (400, 2)
    assert "A comment is required." in page.text
    assert votes(desk, run) == []
    assert decide(desk, path, "reject", comment="Too dear").status_code == 303


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("decision=maybe", FORM, 400),
        ("", FORM, 400),
        ("comment=x", FORM, 400),
        ("decision=approve&comment=" + "x" * 10_001, FORM, 400),
        ("decision=approve&comment=%00", FORM, 400),
        ("&".join(f"a{n}=1" for n in range(20)), FORM, 400),
        (b"decision=approve&comment=\xff", FORM, 400),
        ('{"decision": "approve"}', {"Content-Type": "application/json"}, 415),
        ("x" * (2 * 1024 * 1024 + 1), FORM, 413),
    ],
    ids=["maybe", "nothing", "no decision", "too long", "a NUL", "many fields", "not UTF-8", "JSON", "two megabytes"],
)
def test_what_the_form_does_not_send_decides_nothing(
    sqlite_desk: Desk, body: Any, headers: dict[str, str], status: int
) -> None:
    run, path = asked(sqlite_desk)
    answer = sqlite_desk.http.post(path, content=body, headers=headers, follow_redirects=False)
    assert Page(answer).status == status
    assert votes(sqlite_desk, run) == []


def test_a_vote_by_link_is_its_persons_own_and_nobody_elses(desk: Desk) -> None:
    """Bo stands in for Dee: his link is for his own vote, and casts no second one in her name."""
    run = begun(desk, desk.ana, publish(desk, [BOTH | {"rule": "all"}]))
    now = desk.wayline.clock.now()
    away = {"from": f"{now:%Y-%m-%dT00:00:00Z}", "to": f"{now.year + 1}-01-01T00:00:00Z", "substitute_id": desk.bo.id}
    assert desk.client(desk.root).post(f"/api/v1/users/{desk.dee.id}/absence", json=away).status_code == 201
    path = link_of(desk, run, desk.bo)
    assert decide(desk, path).status_code == 303
    assert decide(desk, path).status_code == 409
    assert votes(desk, run) == [(desk.bo.id, "approved", None)]


def test_an_admins_link_votes_and_never_overrides(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run = begun(desk, desk.ana, publish(desk, [SIGN]))
    assert decide(desk, link_of(desk, run, desk.root)).status_code == 410
    assert read(desk, desk.ana, run)["approvals"][0]["status"] == "pending"


# -- links that ask nothing ------------------------------------------------------------------------


def both_ways(desk: Desk, path: str) -> tuple[int, int, str]:
    """The status of looking, that of deciding, and what the page says; it has no buttons."""
    page, decided = look(desk, path), Page(decide(desk, path))
    assert (page.buttons, decided.buttons) == ([], [])
    assert page.text == decided.text
    return page.status, decided.status, page.text


def test_a_forged_link_is_404(desk: Desk) -> None:
    run, path = asked(desk)
    token = path.rpartition("/")[2]
    link = opened(desk.wayline.secret_key, token)
    assert link is not None
    elsewhere = msgspec.structs.replace(link, tenant_id=desk.zed_id)
    no_approval = msgspec.structs.replace(link, approval_id=link.run_id)
    for forged in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:-1],
        "x",
        sealed(b"another key", link),
        sealed(desk.wayline.secret_key, elsewhere),
        sealed(desk.wayline.secret_key, no_approval),
    ):
        looked, decided, text = both_ways(desk, f"/decide/{forged}")
        assert (looked, decided) == (404, 404)
        assert "not valid" in text
        assert "Sign it off" not in text
    assert votes(desk, run) == []


def test_a_link_ends(desk: Desk) -> None:
    run, path = asked(desk)
    desk.wayline.clock.advance(LASTS.total_seconds() - 60)
    assert look(desk, path).status == 200
    desk.wayline.clock.advance(60)
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (410, 410)
    assert "This link has ended" in text
    assert votes(desk, run) == []


def test_a_withdrawn_approval_says_so(desk: Desk) -> None:
    run, path = asked(desk)
    assert post(desk, desk.ana, f"/{run['id']}/cancel").status_code == 200
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (410, 410)
    assert "no longer needed" in text
    assert "cancelled" in text


def test_an_approval_given_to_somebody_else_says_so(desk: Desk) -> None:
    run, path = asked(desk)
    steps = f"/api/v1/workflows/instances/{run['id']}/steps/sign"
    handed = desk.client(desk.root).post(f"{steps}/reassign", json={"to": {"user": desk.cy.id}})
    assert handed.status_code == 200, handed.text
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (410, 410)
    assert "Somebody else has been asked" in text
    assert "Sign it off" not in text
    assert decide(desk, link_of(desk, run, desk.cy)).status_code == 303


def test_who_has_left_decides_nothing(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    _, path = asked(desk)
    assert desk.client(desk.root).post(f"/api/v1/users/{desk.dee.id}/deactivate", json={}).status_code == 200
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (410, 410)
    assert "not active any more" in text


def test_a_paused_run_takes_no_decision_until_it_goes_on(desk: Desk) -> None:
    run, path = asked(desk)
    assert post(desk, desk.ana, f"/{run['id']}/pause").status_code == 200
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (200, 409)
    assert "On hold" in text
    assert post(desk, desk.ana, f"/{run['id']}/resume").status_code == 200
    assert decide(desk, path).status_code == 303


def test_who_is_asked_later_waits_for_their_turn(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run = begun(desk, desk.ana, publish(desk, [ONE_BY_ONE]))
    path = link_of(desk, run, desk.dee)
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (200, 409)
    assert "Not your turn yet" in text
    assert decide(desk, link_of(desk, run, desk.bo)).status_code == 303
    assert decide(desk, path).status_code == 303


def test_an_override_is_told_as_one(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, path = asked(desk)
    steps = f"/api/v1/workflows/instances/{run['id']}/steps/sign"
    overridden = desk.client(desk.root).post(f"{steps}/override", json={"decision": "approve", "reason": "Urgent"})
    assert overridden.status_code == 200, overridden.text
    looked, decided, text = both_ways(desk, path)
    assert (looked, decided) == (200, 409)
    assert "Root decided it, without a vote" in text


def test_each_round_of_an_approval_has_links_of_its_own(sqlite_desk: Desk) -> None:
    """Rejected and asked again: the first mail's link tells of the first round, and decides nothing of the second."""
    desk = sqlite_desk
    run, first = asked(desk, SIGN | {"next": {"rejected": "look"}}, LOOK | {"next": "sign"})
    assert decide(desk, first, "reject").status_code == 303
    path = f"/api/v1/workflows/instances/{run['id']}/steps/look/complete"
    assert desk.client(desk.bo).post(path, json={"form_data": {"seen": "all"}}).status_code == 200
    second = link_of(desk, run, desk.dee)
    assert second != first
    assert decide(desk, first, "approve").status_code == 409
    assert "Rejected" in look(desk, first).text
    assert decide(desk, second, "approve").status_code == 303


# -- limits, and the mail --------------------------------------------------------------------------


def test_a_client_that_tries_too_often_has_to_wait(sqlite_desk: Desk) -> None:
    # The allowance fills up again while they are made, so that a slow machine may make a few more.
    answers = [sqlite_desk.http.get("/decide/guess") for _ in range(2 * LINKS_OF_A_CLIENT)]
    assert {answer.status_code for answer in answers[:LINKS_OF_A_CLIENT]} == {404}
    limited = next(answer for answer in answers if answer.status_code != 404)
    assert Page(limited).status == 429
    assert int(limited.headers["retry-after"]) >= 1


@pytest.fixture
def mailing_desk(database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> Iterator[Desk]:
    with served_desk(database_url, tmp_path, smtp_url=smtp_server.url, public_url="https://desk.example") as served:
        yield served


def test_the_mail_of_an_approver_leads_to_their_page(mailing_desk: Desk, smtp_server: SmtpServer) -> None:
    """What the engine has written for the mail worker is performed, and what arrives is followed."""
    desk = mailing_desk
    run = begun(desk, desk.ana, publish(desk, [BOTH]))
    for name, action in mail_jobs(desk):
        send(desk, name, action)
    received = {m["X-Envelope-To"]: m for m in smtp_server.wait_for_messages(2)}
    for person in (desk.bo, desk.dee):
        text = received[person.email].get_body(("plain",)).get_content()
        (path,) = re.findall(r"https://desk\.example(/decide/\S+)", text)
        assert f"{person.name}, your decision is asked for" in look(desk, path).text
        assert decide(desk, path).status_code == 303
    assert [by for by, _, _ in votes(desk, run)] == [desk.bo.id, desk.dee.id]


def test_no_table_has_a_link(mailing_desk: Desk) -> None:
    desk = mailing_desk
    begun(desk, desk.ana, publish(desk, [BOTH]))
    assert len(mail_jobs(desk)) == 2
    assert not any("decide" in str(action) for _, action in mail_jobs(desk))


def mail_jobs(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    with desk.wayline.database.reader.connect() as connection:
        rows = connection.execute(sa.select(jobs.c.id, jobs.c.action).where(jobs.c.queue == "email"))
        return [(row.id, msgspec.msgpack.decode(row.action)) for row in rows]


def send(desk: Desk, name: str, action: dict[str, Any]) -> None:
    settings = desk.wayline.settings
    mail = Mail(
        smtp_url=settings.smtp_url,
        mail_from=settings.mail_from,
        address=settings.address,
        secret_key=desk.wayline.secret_key,
    )
    at = desk.wayline.clock.now()
    job = Job(id=name, tenant_id=desk.tenant_id, action=action, attempt=1, timeout_s=10, at=at)
    assert desk.http.portal is not None
    desk.http.portal.call(mail.perform, job)


def test_no_log_has_a_link() -> None:
    """What is logged of a request that breaks is its path, with the name of the secret in the secret's place."""
    scope = {"path": "/decide/abc", "path_params": {"token": "abc"}}
    assert path_to_log(scope) == "/decide/{token}"
    assert path_to_log({"path": "/api/v1/tickets/7", "path_params": {"id": "7"}}) == "/api/v1/tickets/7"
    assert path_to_log({"path": "/nowhere"}) == "/nowhere"
