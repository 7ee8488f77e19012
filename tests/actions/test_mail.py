"""E-mails say what they are about and lead to where it is dealt with; nothing a person wrote changes their headers."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP as SmtpProtocol

from services import ControllerOnFreePort, SmtpServer
from wayline.actions.email import Mail, mail_server
from wayline.actions.job import Job
from wayline.actions.mail_text import SUBJECTS, message_of
from wayline.core.action import ActionFailed
from wayline.core.decision_link import DecisionLink, opened

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESS = "https://desk.example"
KEY = b"a key for tests alone"


def job(**action: Any) -> Job:
    written = {"type": "email", "to": ["ana@acme.example"], "kind": "message", "subject": "Hello", "text": "", **action}
    return Job(id="mail:1", tenant_id="acme", action=written, attempt=1, timeout_s=10, at=AT)


def send(job: Job, url: str | None) -> dict[str, Any]:
    return asyncio.run(
        Mail(smtp_url=url, mail_from="Desk <desk@acme.example>", address=ADDRESS, secret_key=KEY).perform(job)
    )


def failure(job: Job, url: str | None) -> ActionFailed:
    with pytest.raises(ActionFailed) as raised:
        send(job, url)
    return raised.value


def message(**action: Any) -> Any:
    return message_of(job(**action).action, job_id="mail:1", at=AT, mail_from="desk@acme.example", address=ADDRESS)


# -- what it says ----------------------------------------------------------------------------------


def test_a_mail_arrives_as_text_and_html_with_a_link(smtp_server: SmtpServer) -> None:
    action = {
        "kind": "approval_requested",
        "subject": "A <new> laptop",
        "item_id": "i1",
        "run_id": "r1",
        "template": "L",
    }
    send(job(**action), smtp_server.url)

    (received,) = smtp_server.wait_for_messages(1)
    assert received["Subject"] == "Approval requested: A <new> laptop"
    assert received["From"] == "Desk <desk@acme.example>"
    assert received["X-Envelope-To"] == "ana@acme.example"
    assert received["Auto-Submitted"] == "auto-generated"
    text = received.get_body(("plain",)).get_content()
    assert "https://desk.example/approvals/i1" in text
    assert "A <new> laptop" in text
    html = received.get_body(("html",)).get_content()
    assert 'href="https://desk.example/approvals/i1"' in html
    assert "A &lt;new&gt; laptop" in html


def test_an_approvers_mail_has_their_own_link_to_decide_by(smtp_server: SmtpServer) -> None:
    ids = {name: f"0b6c8f8e-0000-4000-8000-00000000000{n}" for n, name in enumerate(("acme", "run", "item", "bo"))}
    ends_at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    asked = job(
        kind="approval_requested",
        subject="A laptop",
        run_id=ids["run"],
        item_id=ids["item"],
        voter={"user_id": ids["bo"], "ends_at_s": int(ends_at.timestamp())},
    )
    send(msgspec.structs.replace(asked, tenant_id=ids["acme"]), smtp_server.url)

    (received,) = smtp_server.wait_for_messages(1)
    text = received.get_body(("plain",)).get_content()
    (token,) = re.findall(r"https://desk\.example/decide/(\S+)", text)
    assert opened(KEY, token) == DecisionLink(ids["acme"], ids["run"], ids["item"], ids["bo"], ends_at)
    assert f"https://desk.example/approvals/{ids['item']}" in text
    assert "It works until 1 April 2026." in text
    html = received.get_body(("html",)).get_content()
    assert f'href="https://desk.example/decide/{token}"' in html
    assert f'href="https://desk.example/approvals/{ids["item"]}"' in html


def test_a_mail_to_whom_no_decision_is_asked_of_has_no_such_link() -> None:
    assert "/decide/" not in str(message(kind="approval_undecidable", subject="T", item_id="i", run_id="r"))


def test_each_kind_has_its_subject_and_its_page() -> None:
    assert {kind: message(kind=kind, subject="T")["Subject"] for kind in SUBJECTS} == {
        "work_offered": "Work for you: T",
        "approval_requested": "Approval requested: T",
        "approval_undecidable": "Nobody can decide: T",
        "approval_reminder": "Reminder: T waits for your decision",
        "step_overdue": "Overdue: T",
        "ticket_routed": "A ticket has come to you: T",
        "ticket_escalated": "Escalated: T",
        "escalation": "Waiting too long: T",
        "message": "T",
    }
    assert message(kind="something_new", subject="T")["Subject"] == "T"
    places = {"item_id": "i", "ticket_id": "t", "run_id": "r"}
    assert f"{ADDRESS}/inbox/i" in str(message(kind="work_offered", **places))
    assert f"{ADDRESS}/tickets/t" in str(message(kind="step_overdue", **places))
    assert f"{ADDRESS}/runs/r" in str(message(kind="message", run_id="r"))


def test_the_same_job_has_the_same_message_id() -> None:
    assert message()["Message-ID"] == message(text="again")["Message-ID"]
    other = message_of(job().action, job_id="mail:2", at=AT, mail_from="desk@acme.example", address=ADDRESS)
    assert other["Message-ID"] != message()["Message-ID"]


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00", "\x85"])
def test_a_line_break_in_a_title_begins_no_header(smtp_server: SmtpServer, breaks: str) -> None:
    send(job(subject=f"Laptop{breaks}Bcc: eve@evil.example", template=f"L{breaks}X-Evil: 1"), smtp_server.url)

    (received,) = smtp_server.wait_for_messages(1)
    assert received["Subject"] == "Laptop Bcc: eve@evil.example"
    assert received["Bcc"] is None
    assert received["X-Evil"] is None
    assert received["X-Envelope-To"] == "ana@acme.example"


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@acme.example\r\nBcc: eve@evil.example", "ana@acme.example, eve@evil.example", "a b@c"]
)
def test_what_is_no_address_is_not_written_to(smtp_server: SmtpServer, address: str) -> None:
    assert failure(job(to=[address]), smtp_server.url).permanent
    assert smtp_server.messages == []


def test_long_and_empty_texts_are_fine() -> None:
    assert len(message(kind="work_offered", subject="x" * 5000)["Subject"]) == 200
    assert message(subject="", text="")["Subject"] == "Message"
    assert message(subject="Ä" * 50, text="ü\r\n\r\nö")["Subject"] == "Ä" * 50


# -- what fails ------------------------------------------------------------------------------------


class Grudging(SmtpServer):
    """A mail server that says no at a chosen point, with a chosen answer."""

    def __init__(self, point: str, said: str, only: str = "") -> None:
        super().__init__()
        self.point, self.said, self.only = point, said, only

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.point == "MAIL":
            return self.said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.point == "RCPT" and self.only in address:
            return self.said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return self.said if self.point == "DATA" else await super().handle_DATA(server, session, envelope)


@contextmanager
def grudging(point: str, said: str, only: str = "") -> Iterator[Grudging]:
    server = Grudging(point, said, only)
    controller = ControllerOnFreePort(server, hostname="127.0.0.1")
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@pytest.mark.parametrize("point", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("said", "permanent"), [("550 no such person", True), ("451 try later", False)])
def test_a_no_for_good_is_told_from_a_no_for_now(point: str, said: str, permanent: bool) -> None:
    with grudging(point, said) as server:
        error = failure(job(), server.url)
    assert error.permanent is permanent
    assert said.partition(" ")[2] in str(error)


def test_what_some_have_got_is_not_sent_again() -> None:
    with grudging("RCPT", "451 try later", only="bo@") as server:
        error = failure(job(to=["ana@acme.example", "bo@acme.example"]), server.url)
    assert error.permanent
    assert "bo@acme.example" in str(error)
    assert server.messages[0]["X-Envelope-To"] == "ana@acme.example"


def test_no_server_may_pass_and_none_set_up_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not failure(job(), f"smtp://127.0.0.1:{port}").permanent
    assert failure(job(), None).permanent


def test_a_login_is_made_and_one_that_is_refused_may_be_put_right() -> None:
    given: list[Any] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        given.append((data.login, data.password))
        return AuthResult(success=data.password == b"pass word/1")

    class Controller(ControllerOnFreePort):
        def factory(self) -> SmtpProtocol:
            return SmtpProtocol(self.handler, authenticator=check, auth_required=True, auth_require_tls=False)

    server = SmtpServer()
    controller = Controller(server, hostname="127.0.0.1")
    controller.start()
    try:
        send(job(), f"smtp://desk:pass%20word%2F1@127.0.0.1:{controller.port}")
        assert not failure(job(), f"smtp://desk:wrong@127.0.0.1:{controller.port}").permanent
    finally:
        controller.stop()
    assert given[0] == (b"desk", b"pass word/1")
    assert len(server.messages) == 1


def test_starttls_that_is_required_and_not_offered_sends_nothing(smtp_server: SmtpServer) -> None:
    assert not failure(job(), f"{smtp_server.url}?starttls=required").permanent
    assert smtp_server.messages == []
    send(job(), f"{smtp_server.url}?starttls=never")


def test_mail_server_addresses_are_read() -> None:
    server = mail_server("smtps://u%40x:p@mail.example")
    assert (server.host, server.port, server.implicit_tls, server.user) == ("mail.example", 465, True, "u@x")
    assert mail_server("smtp://mail.example:587?starttls=required").starttls == "required"
    for bad in ("http://mail.example", "smtp://", "smtp://mail.example?starttls=maybe"):
        with pytest.raises(ValueError):
            mail_server(bad)
