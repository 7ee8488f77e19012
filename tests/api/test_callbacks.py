"""A callback's address completes its step once, for whoever has it, and says afterwards what it was given."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from executions_at_a_desk import CALL_ME, started
from starlette.testclient import TestClient

from served_desk import Desk
from wayline.core import commands
from wayline.core.public_ids import uuid_of
from workflows import publish

API = "/api/v1/workflows"
SECRET = "hush hush hush"


def waiting(desk: Desk, **for_: Any) -> tuple[str, str]:
    """(workflow id, callback address) of an execution of Ana's that waits to be called back."""
    steps = [{**CALL_ME[0], "for": {"callback": {"secret": SECRET}}}, CALL_ME[1]] if for_ else CALL_ME
    publish(desk, steps, name="Order")
    workflow = started(desk, desk.ana, name="Order")
    return workflow["id"], workflow["waiting_for"][0]["callback_url"]


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["data"] is None
    assert body["errors"][0]["code"] == code
    return dict(body["errors"][0])


def path_of(url: str) -> str:
    assert url.startswith("http://127.0.0.1:8080/api/v1/callbacks/")
    return url.removeprefix("http://127.0.0.1:8080")


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Wayline-Signature": f"sha256={digest}", "Content-Type": "application/json"}


def test_what_is_posted_becomes_the_steps_output(desk: Desk) -> None:
    workflow_id, url = waiting(desk)
    answer = desk.http.post(path_of(url), json={"price": 12})
    assert answer.status_code == 200
    received = answer.json()
    assert received == {
        "run_id": uuid_of("wf", workflow_id),
        "step_id": "vendor",
        "status": "received",
        "output": {"price": 12, "payload": {"price": 12}},
        "received_at": received["received_at"],
    }
    shown = desk.client(desk.ana).get(f"/v1/workflows/{workflow_id}").json()
    assert shown["status"] == "completed"
    assert shown["output"]["vendor"] == {"price": 12, "payload": {"price": 12}}


@pytest.mark.parametrize(
    ("body", "payload"), [(b"", None), (b"[1, 2]", [1, 2]), (b'"yes"', "yes")], ids=["nothing", "a list", "a word"]
)
def test_any_json_will_do(desk: Desk, body: bytes, payload: Any) -> None:
    _, url = waiting(desk)
    answer = desk.http.post(path_of(url), content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["output"] == {"payload": payload}


def test_it_is_done_once_and_says_what_was_received(desk: Desk) -> None:
    _, url = waiting(desk)
    first = desk.http.post(path_of(url), json={"price": 12}).json()
    error = refused(desk.http.post(path_of(url), json={"price": 99}), 409, "INVALID_STATE")
    result = error["details"]["result"]
    assert (result["status"], result["output"]) == ("received", first["output"])
    assert result["received_at"] == first["received_at"]


def test_two_at_once_are_one_that_counts(desk: Desk) -> None:
    workflow_id, _ = waiting(desk)
    run_id = str(uuid_of("wf", workflow_id))
    shown = desk.client(desk.ana).get(f"/v1/workflows/{workflow_id}").json()
    door = desk.wayline.door
    futures = [
        door.submit_soon(
            commands.CompleteCallback(
                tenant_id=desk.tenant_id, run_id=run_id, activation_id=shown["waiting_for"][0]["id"], body=n
            )
        )
        for n in range(10)
    ]
    assert [future.exception() is None for future in futures].count(True) == 1


def test_an_address_we_did_not_make_does_not_exist(desk: Desk) -> None:
    _, url = waiting(desk)
    path = path_of(url)
    forged = path[:-1] + ("A" if path[-1] != "A" else "B")
    for wrong in (forged, path[:-4], "/api/v1/callbacks/x"):
        refused(desk.http.post(wrong, json={}), 404, "NOT_FOUND")
    assert desk.http.post(path, json={}).status_code == 200


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 422, "VALIDATION_ERROR"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'"' + b"x" * 300_000 + b'"', "application/json", 413, "PAYLOAD_TOO_LARGE"),
    ],
    ids=["no json", "a form", "too long"],
)
def test_what_cannot_be_taken_leaves_the_step_waiting(
    sqlite_desk: Desk, content: bytes, media_type: str, status: int, code: str
) -> None:
    _, url = waiting(sqlite_desk)
    answer = sqlite_desk.http.post(path_of(url), content=content, headers={"Content-Type": media_type})
    refused(answer, status, code)
    assert sqlite_desk.http.post(path_of(url), json={}).status_code == 200


def test_a_secret_wants_what_is_posted_signed(desk: Desk) -> None:
    _, url = waiting(desk, secret=SECRET)
    body = b'{"price": 12}'

    def post(headers: dict[str, str]) -> Any:
        return desk.http.post(path_of(url), content=body, headers=headers)

    plain = {"Content-Type": "application/json"}
    refused(post(plain), 401, "UNAUTHORIZED")
    refused(post(signed(body, "another secret")), 401, "UNAUTHORIZED")
    refused(post(signed(b'{"price": 13}')), 401, "UNAUTHORIZED")
    assert post(signed(body)).status_code == 200
    refused(post(plain), 401, "UNAUTHORIZED")
    assert refused(post(signed(body)), 409, "INVALID_STATE")["details"]["result"]["output"]["price"] == 12


def test_a_paused_run_keeps_it_until_it_goes_on(desk: Desk) -> None:
    workflow_id, url = waiting(desk)
    of_run: dict[str, Any] = {"tenant_id": desk.tenant_id, "run_id": uuid_of("wf", workflow_id)}
    desk.wayline.door.submit_and_wait(commands.PauseRun(**of_run))
    held = desk.http.post(path_of(url), json={"price": 12}).json()
    assert (held["status"], held["output"]) == ("held", None)
    refused(desk.http.post(path_of(url), json={"price": 99}), 409, "INVALID_STATE")
    run = desk.wayline.door.submit_and_wait(commands.ResumeRun(**of_run)).run
    assert (run.status, run.outputs["vendor"]["price"]) == ("completed", 12)


def test_a_cancelled_run_waits_for_nothing(desk: Desk) -> None:
    workflow_id, url = waiting(desk)
    desk.client(desk.ana).post(f"/v1/workflows/{workflow_id}/cancel")
    error = refused(desk.http.post(path_of(url), json={}), 409, "INVALID_STATE")
    assert error["details"]["result"]["status"] == "cancelled"


def test_the_address_is_for_the_owner_and_admins_on_every_surface(desk: Desk) -> None:
    workflow_id, url = waiting(desk)
    run_id = uuid_of("wf", workflow_id)

    def addresses(client: TestClient) -> list[Any]:
        in_001 = client.get(f"/v1/workflows/{workflow_id}").json()["waiting_for"][0]
        in_000 = client.get(f"/api/v1/workflows/instances/{run_id}").json()["data"]["step_instances"][0]
        return [in_001.get("callback_url"), in_000.get("callback_url")]

    assert addresses(desk.client(desk.ana)) == [url, url]
    assert addresses(desk.client(desk.root)) == [url, url]
    assert addresses(desk.client(desk.bo)) == [None, None]
    in_002 = desk.client(desk.ana).get(f"/api/v1/workflows/{run_id}").json()["steps"][0]
    assert in_002["callback_url"] == url


def test_the_secret_is_in_no_answer(desk: Desk) -> None:
    workflow_id, _ = waiting(desk, secret=SECRET)
    run_id = uuid_of("wf", workflow_id)
    client = desk.client(desk.ana)
    for path in (
        f"/v1/workflows/{workflow_id}",
        f"/api/v1/workflows/instances/{run_id}",
        f"/api/v1/workflows/{run_id}",
    ):
        assert SECRET not in client.get(path).text
