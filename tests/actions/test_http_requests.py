"""http_request calls another system once an attempt, tells failures that may pass from those that will not, and goes
nowhere it may not."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from other_system import HANG, OtherSystem, answer
from wayline.actions.addresses import Allowed, allowed_from
from wayline.actions.http_request import HttpRequests
from wayline.actions.job import Job
from wayline.actions.signature import signature_headers, signing_key
from wayline.core.action import ActionFailed

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = b"the server's key"
LOOPBACK = allowed_from("127.0.0.0/8")
TENANT = "0b6c8f8e-0000-4000-8000-000000000001"


def job(url: str, **action: Any) -> Job:
    written = {"type": "http_request", "method": "POST", "url": url, "headers": {}, **action}
    return Job(id="run:0.3:1", tenant_id=TENANT, action=written, attempt=1, timeout_s=5, at=AT)


def perform(job: Job, allowed: Allowed = LOOPBACK) -> dict[str, Any]:
    async def call() -> dict[str, Any]:
        requests = HttpRequests(secret_key=KEY, allowed=allowed)
        try:
            return await requests.perform(job)
        finally:
            await requests.close()

    return asyncio.run(call())


def failure(job: Job, allowed: Allowed = LOOPBACK) -> ActionFailed:
    with pytest.raises(ActionFailed) as raised:
        perform(job, allowed)
    return raised.value


# -- what is sent ----------------------------------------------------------------------------------


def test_json_is_sent_with_the_jobs_id_as_key_and_signed(inventory: OtherSystem) -> None:
    perform(job(f"{inventory.url}/orders?x=1", json={"model": '15"'}, headers={"X-Desk": "it"}))

    (request,) = inventory.received
    assert (request.method, request.path) == ("POST", "/orders?x=1")
    assert request.json == {"model": '15"'}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-desk"] == "it"
    assert request.headers["idempotency-key"] == "run:0.3:1"
    assert request.headers["host"] == f"127.0.0.1:{inventory.port}"
    signed = signature_headers(signing_key(KEY, TENANT), message_id="run:0.3:1", at=AT, body=request.body)
    assert signed.items() <= request.headers.items()


def test_a_template_cannot_sign_for_us_or_name_another_host(inventory: OtherSystem) -> None:
    perform(job(inventory.url, headers={"Webhook-Signature": "v1,forged", "Idempotency-Key": "mine"}))
    assert inventory.received[0].headers["webhook-signature"] != "v1,forged"
    assert inventory.received[0].headers["idempotency-key"] == "run:0.3:1"

    error = failure(job(inventory.url, headers={"Host": "metadata.internal"}))
    assert error.permanent
    assert "host" in str(error)


def test_a_line_break_in_a_header_sends_nothing(inventory: OtherSystem) -> None:
    assert failure(job(inventory.url, headers={"X-Name": "Ana\r\nX-Admin: yes"})).permanent
    assert failure(job(inventory.url, headers={"X-Name": "Jürgen"})).permanent
    assert inventory.received == []


# -- what comes back -------------------------------------------------------------------------------


def test_json_comes_back_as_values_and_text_as_text(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(201, {"id": 7}, etag='"a"', set_cookie="s=1"))
    inventory.answers.append(answer(200, b"fine", content_type="text/plain"))
    inventory.answers.append(answer(204))

    made = perform(job(inventory.url))
    assert (made["status"], made["body"]) == (201, {"id": 7})
    assert made["headers"] == {"content-type": "application/json", "etag": '"a"'}
    assert perform(job(inventory.url))["body"] == "fine"
    assert perform(job(inventory.url))["body"] is None


def test_what_says_it_is_json_and_is_not_comes_back_as_text(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(200, b"<html>", content_type="application/json"))
    inventory.answers.append(answer(200, b"[" * 60_000, content_type="application/json"))
    inventory.answers.append(answer(200, b"[" * 400 + b"]" * 400, content_type="application/json"))
    assert perform(job(inventory.url))["body"] == "<html>"
    assert perform(job(inventory.url))["body"].startswith("[[[")
    assert perform(job(inventory.url))["body"].startswith("[[[")


def test_what_no_database_keeps_is_replaced(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(200, b'{"a\\u0000": "b\\u0000", "n": [123456789012345678901234567890]}'))
    inventory.answers[-1] = inventory.answers[-1].replace(
        b"Whatever\r\n", b"Fine\r\ncontent-type: application/json\r\n"
    )
    inventory.answers.append(answer(200, b"a\0b\xff", content_type="text/plain"))
    assert perform(job(inventory.url))["body"] == {"a\ufffd": "b\ufffd", "n": ["123456789012345678901234567890"]}
    assert perform(job(inventory.url))["body"] == "a\ufffdb\ufffd"


def test_no_more_of_an_answer_is_kept_than_64_kib(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(200, b"x" * 10_000_000, content_type="text/plain"))
    made = perform(job(inventory.url))
    assert len(made["body"]) == 64 * 1024
    assert made["truncated"]


# -- what fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_not_permanent(inventory: OtherSystem, status: int) -> None:
    inventory.answers.append(answer(status, {"error": "busy"}, retry_after="7"))
    error = failure(job(inventory.url))
    assert not error.permanent
    assert error.retry_after_s == 7
    assert f"answered {status}" in str(error)
    assert "busy" in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_other_refusals_are_permanent(inventory: OtherSystem, status: int) -> None:
    inventory.answers.append(answer(status, b"no such model", content_type="text/plain", retry_after="7"))
    error = failure(job(inventory.url))
    assert error.permanent
    assert error.retry_after_s is None
    assert "no such model" in str(error)


def test_retry_after_may_be_a_date_or_nonsense(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(503, retry_after="Mon, 02 Mar 2026 09:01:30 GMT"))
    inventory.answers.append(answer(503, retry_after="Mon, 02 Mar 2026 08:00:00 GMT"))
    inventory.answers.append(answer(503, retry_after="soon"))
    assert [failure(job(inventory.url)).retry_after_s for _ in range(3)] == [90.0, 0.0, None]


def test_a_redirect_is_not_followed(inventory: OtherSystem) -> None:
    inventory.answers.append(answer(302, location="http://169.254.169.254/latest/meta-data"))
    error = failure(job(inventory.url))
    assert error.permanent
    assert "redirects are not followed" in str(error)
    assert len(inventory.received) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"no HTTP at all, close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: -3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_http_may_pass(inventory: OtherSystem, said: bytes) -> None:
    inventory.answers.append(said)
    assert not failure(job(inventory.url)).permanent


def test_nobody_there_and_no_such_name_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not failure(job(f"http://127.0.0.1:{port}")).permanent
    assert not failure(job("http://no-such-host.invalid/")).permanent


def test_the_caller_limits_the_time(inventory: OtherSystem) -> None:
    inventory.answers.append(HANG)

    async def call() -> None:
        requests = HttpRequests(secret_key=KEY, allowed=LOOPBACK)
        task = asyncio.create_task(requests.perform(job(inventory.url)))
        await asyncio.to_thread(inventory.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        inventory.answers.append(answer(200, {"after": True}))
        assert (await requests.perform(job(inventory.url)))["body"] == {"after": True}
        await requests.close()

    asyncio.run(call())


# -- where it may not go ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0"]
)
def test_this_machine_is_not_called_whatever_it_is_called(inventory: OtherSystem, host: str) -> None:
    error = failure(job(f"http://{host}:{inventory.port}/"), Allowed())
    assert error.permanent
    assert "WAYLINE_OUTBOUND_ALLOW" in str(error)
    assert inventory.received == []


def test_a_name_may_be_allowed(inventory: OtherSystem) -> None:
    url = f"http://localhost:{inventory.port}/"
    assert perform(job(url), allowed_from("localhost"))["status"] == 200
    assert inventory.received[0].headers["host"] == f"localhost:{inventory.port}"
    assert failure(job(url), allowed_from("other.example")).permanent


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.1/", "http://", "gopher://x", "http://a b/", "", "http://u:p@127.0.0.1/"],
)
def test_only_http_urls_without_credentials_are_called(url: str) -> None:
    assert failure(job(url)).permanent
