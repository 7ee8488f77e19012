"""send_chat says a message at the service its channel is at, through the guarded client and no other way."""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from other_system import HANG, OtherSystem, answer
from wayline.actions.addresses import Allowed, allowed_from
from wayline.actions.chat.carrying import REQUESTS_MAX, Carrier, Conversation, NoFiles
from wayline.actions.chat.send_chat import Chat, ChatAddress
from wayline.actions.chat.services import SERVICES, Service, plugin_class, read_address, why_not_reached
from wayline.actions.job import Job
from wayline.actions.outbound import Outbound
from wayline.core.action import ActionFailed

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LOOPBACK = allowed_from("127.0.0.0/8")
NOWHERE = allowed_from("")
TENANT = "0b6c8f8e-0000-4000-8000-000000000001"
OUTSIDE = {"socket", "subprocess", "ssl", "smtplib", "asyncio", "aiohttp", "urllib3", "http", "paho", "slixmpp"}
TOKEN = "3ccdd113474722377935511fc85d3dd4"


@dataclass
class OneChannel:
    """A book with one channel in it."""

    url: str
    noted: list[str | None] = field(default_factory=list)

    async def channel(self, *, tenant_id: str, name: str | None, channel_id: str | None) -> ChatAddress | None:
        found = ChatAddress(channel_id="1", name="Desk", url=self.url)
        return found if channel_id == "1" or name in (None, "Desk") else None

    async def note(self, *, tenant_id: str, channel_id: str, at: datetime, error: str | None) -> None:
        self.noted.append(error)


def job(timeout_s: float = 10, **action: Any) -> Job:
    written = {"type": "send_chat", "text": "The printer is on fire.", **action}
    return Job(id="run:0.3:1", tenant_id=TENANT, action=written, attempt=1, timeout_s=timeout_s, at=AT)


def say(url: str, allowed: Allowed = LOOPBACK, book: OneChannel | None = None, **action: Any) -> dict[str, Any]:
    async def saying() -> dict[str, Any]:
        chat = Chat(allowed=allowed, address="https://desk.example", book=book or OneChannel(url))
        try:
            return await chat.perform(job(**action))
        finally:
            await chat.close()

    return asyncio.run(saying())


def failure(url: str, allowed: Allowed = LOOPBACK, **action: Any) -> ActionFailed:
    with pytest.raises(ActionFailed) as raised:
        say(url, allowed, **action)
    return raised.value


# -- what is said ----------------------------------------------------------------------------------


def test_a_message_is_said_as_the_service_takes_it(inventory: OtherSystem) -> None:
    host = f"127.0.0.1:{inventory.port}"
    assert say(f"json://{host}/in", title="Fire") == {"channel": "Desk", "service": "JSON"}
    assert say(f"mmost://{host}/{TOKEN}", title="Fire")["service"] == "Mattermost"
    assert say(f"gotify://{host}/{TOKEN}")["service"] == "Gotify"

    plain, mattermost, gotify = inventory.received
    assert (plain.method, plain.path) == ("POST", "/in")
    assert (plain.json["title"], plain.json["message"]) == ("Fire", "The printer is on fire.")
    assert mattermost.path == f"/hooks/{TOKEN}"
    assert "The printer is on fire." in mattermost.json["text"]
    assert gotify.json["message"] == "The printer is on fire."
    for request in inventory.received:
        assert request.headers["user-agent"].startswith("Wayline/")
        assert request.headers["host"] == host
        assert b"apprise" not in request.body.lower()


def test_credentials_go_in_a_header(inventory: OtherSystem) -> None:
    say(f"json://ana:secret@127.0.0.1:{inventory.port}/in")
    (request,) = inventory.received
    assert request.headers["authorization"].startswith("Basic ")
    assert "secret" not in request.path


def test_a_channel_is_named_or_the_default_one_or_there_is_none(inventory: OtherSystem) -> None:
    url = f"json://127.0.0.1:{inventory.port}/in"
    for named in ({"channel": "Desk"}, {"channel": None}, {"channel": ""}, {"channel_id": "1"}):
        say(url, **named)
    assert len(inventory.received) == 4
    error = failure(url, channel="Elsewhere")
    assert error.permanent
    assert "Elsewhere" in str(error)


def test_how_it_went_is_noted(inventory: OtherSystem) -> None:
    book = OneChannel(f"json://127.0.0.1:{inventory.port}/in")
    say("", book=book)
    inventory.answers.append(answer(500))
    with pytest.raises(ActionFailed):
        say("", book=book)
    inventory.answers.append(answer(404))
    assert "answered 404" in say("", book=book, test=True)["error"]
    assert [error and error[:12] for error in book.noted] == [None, "answered 500", "answered 404"]


# -- what fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (301, True), (429, False), (500, False), (503, False)],
)
def test_what_may_pass_is_not_permanent(inventory: OtherSystem, status: int, permanent: bool) -> None:
    inventory.answers.append(answer(status, retry_after="7", location=f"{inventory.url}/elsewhere"))
    error = failure(f"json://127.0.0.1:{inventory.port}/in")
    assert error.permanent is permanent
    assert error.retry_after_s == (None if permanent else 7)
    assert len(inventory.received) == 1


def test_of_several_rooms_the_first_that_did_not_take_it_says_why(inventory: OtherSystem) -> None:
    inventory.answers += [answer(503, retry_after="9"), answer(200)]
    error = failure(f"mmost://127.0.0.1:{inventory.port}/{TOKEN}?channels=one,two")
    assert len(inventory.received) == 2
    assert (error.permanent, error.retry_after_s) == (False, 9)


def test_a_service_that_takes_it_and_says_no_has_not_taken_it(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(200, {"status": "error", "message": "Unauthorized"}))
    error = failure(f"rocket://ana:secret@127.0.0.1:{inventory.port}/room")
    assert error.permanent
    assert "Rocket.Chat did not take it" in str(error)
    assert "Unauthorized" in str(error)


def test_a_service_that_says_nothing_is_left_in_time_and_may_be_asked_again(inventory: OtherSystem) -> None:
    inventory.answers.append(HANG)
    error = failure(f"json://127.0.0.1:{inventory.port}/in", timeout_s=0.4)
    assert not error.permanent
    assert "in time" in str(error)


def test_a_service_that_is_not_there_may_be_asked_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure(f"json://127.0.0.1:{taken.getsockname()[1]}/in")
    assert not error.permanent


def test_more_than_is_kept_of_an_answer_is_not_read(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(400, b"x" * 10_000_000, content_type="text/plain"))
    assert len(str(failure(f"json://127.0.0.1:{inventory.port}/in"))) < 300


def test_a_message_that_is_too_long_is_cut_and_said_once(inventory: OtherSystem) -> None:
    say(f"mmost://127.0.0.1:{inventory.port}/{TOKEN}?overflow=split", text="ü" * 9_999)
    (request,) = inventory.received
    assert len(request.json["text"]) <= 4_000


# -- where nothing is said -------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["json", "jsons", "mmost", "mmosts", "gotify", "ntfy", "rockets", "nctalk"])
def test_inside_nothing_is_said(inventory: OtherSystem, schema: str) -> None:
    before = "ana:secret@" if schema in ("rockets", "nctalk") else ""
    end = "room" if schema in ("ntfy", "rockets", "nctalk") else TOKEN
    error = failure(f"{schema}://{before}127.0.0.1:{inventory.port}/{end}", NOWHERE)
    assert error.permanent
    assert "may not be called" in str(error)
    assert inventory.received == []


def test_where_a_name_leads_is_judged_when_it_is_called(inventory: OtherSystem) -> None:
    async def asked() -> ActionFailed | None:
        outbound, loop = Outbound(NOWHERE), asyncio.get_running_loop()
        talk = Conversation(outbound, NOWHERE, loop, time_s=loop.time, ends_s=loop.time() + 5)
        with pytest.raises(requests.ConnectionError):  # a name of the loopback address that looks like any other
            await asyncio.to_thread(talk.carry, "post", f"https://0x7f.1:{inventory.port}/", {})
        await outbound.close()
        return talk.failure

    refused = asyncio.run(asked())
    assert refused is not None
    assert refused.permanent
    assert "0x7f.1 is at 127.0.0.1" in str(refused)
    assert inventory.received == []


def test_a_redirect_leads_nowhere(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(307, location="http://169.254.169.254/latest"))
    assert failure(f"json://127.0.0.1:{inventory.port}/in?redirect=yes").permanent
    assert len(inventory.received) == 1


def test_the_proxy_of_the_environment_is_not_asked(inventory: OtherSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    say(f"json://127.0.0.1:{inventory.port}/in")
    assert len(inventory.received) == 1


def test_one_message_takes_so_many_requests(inventory: OtherSystem) -> None:
    rooms = "/".join(f"room{n}" for n in range(REQUESTS_MAX + 5))
    error = failure(f"mmost://127.0.0.1:{inventory.port}/{TOKEN}?channels={rooms.replace('/', ',')}")
    assert error.permanent
    assert len(inventory.received) == REQUESTS_MAX


# -- which services there are ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "exec://touch /tmp/x",
        "dbus://",
        "windows://",
        "macosx://",
        "gnome://",
        "rsyslog://127.0.0.1",
        "mailto://ana:secret@example.org",
        "mqtt://127.0.0.1/topic",
        "irc://127.0.0.1/room",
        "xmpp://ana:secret@127.0.0.1",
        "file:///etc/passwd",
        "http://127.0.0.1/hook",
        "https://example.org/hook",
        "slack://x",
        "://",
        "",
        "json",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?TEMPLATE=http://169.254.169.254/",
        "jsons://example.org/" + "x" * 3000,
    ],
)
def test_what_is_no_channel_of_a_service_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        read_address(url, address="https://desk.example")
    assert "secret" not in str(refused.value)
    assert "TIiajk" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "service", "masked"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "Slack", "slack://…"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "Slack", "slack://…"),
        ("https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord", "discord://…"),
        (f"mmosts://chat.example.org:8443/{TOKEN}", "Mattermost", "mmosts://chat.example.org:8443/…"),
        ("jsons://ana:secret@example.org/hook/secret", "JSON", "jsons://example.org/…"),
    ],
)
def test_of_an_address_no_more_is_shown_than_where_it_is(url: str, service: str, masked: str) -> None:
    reached = read_address(f" {url} ", address="https://desk.example")
    assert (reached.service.name, reached.masked) == (service, masked)
    assert why_not_reached(NOWHERE, reached) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "[::1]", "printer.local", "intranet"])
def test_a_private_host_is_refused_when_the_channel_is_written_down(host: str) -> None:
    for schema in ("jsons", "mmosts", "gotifys"):
        reached = read_address(f"{schema}://{host}/{TOKEN}", address="https://desk.example")
        assert why_not_reached(NOWHERE, reached) is not None
        assert (
            why_not_reached(allowed_from("localhost printer.local intranet 127.0.0.1 10.0.0.0/8 ::1"), reached) is None
        )


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.module)
def test_a_plug_in_has_no_other_way_out(service: Service) -> None:
    found = plugin_class(service)
    module = importlib.import_module(found.__module__)
    assert isinstance(module.requests, Carrier)
    assert getattr(module, "AppriseAttachment", NoFiles) is NoFiles
    imported = {
        getattr(value, "__name__", "").partition(".")[0] for value in vars(module).values() if _is_module(value)
    }
    assert not imported & OUTSIDE
    of = found.secure_protocol
    known = {*(of if isinstance(of, tuple) else (of,)), *([found.protocol] if found.protocol else [])}
    assert set(service.schemas) == known


def _is_module(value: Any) -> bool:
    return type(value).__name__ == "module"


def test_plug_ins_cannot_ask_past_the_carrier() -> None:
    carrier = Carrier()
    for name in ("Session", "session", "sessions", "api", "adapters"):
        with pytest.raises(AttributeError):
            getattr(carrier, name)
    assert carrier.RequestException is requests.RequestException
    with pytest.raises(RuntimeError):
        carrier.post("http://127.0.0.1/")


def test_who_is_not_waited_for_any_more_asks_nothing(inventory: OtherSystem) -> None:
    async def late() -> None:
        outbound, loop = Outbound(LOOPBACK), asyncio.get_running_loop()
        talk = Conversation(outbound, LOOPBACK, loop, time_s=loop.time, ends_s=loop.time() - 1)
        with pytest.raises(requests.ConnectionError, match="in time"):
            await asyncio.to_thread(talk.carry, "post", inventory.url, {})
        await outbound.close()

    asyncio.run(late())
    assert inventory.received == []


def test_what_plug_ins_log_is_not_kept(inventory: OtherSystem, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    inventory.answers.append(answer(403))
    failure(f"mmost://127.0.0.1:{inventory.port}/{TOKEN}")
    assert TOKEN not in caplog.text
