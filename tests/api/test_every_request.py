"""What holds for every request, whatever it asks: headers, HEAD, sizes, spellings no program expects."""

from __future__ import annotations

import pytest
from asgi_calls import send_without_end
from structlog.testing import capture_logs

from served_desk import PASSWORD, Desk
from wayline.api.endpoint import MAX_BODY_BYTES

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/docs", 200),
        ("GET", "/api/v1/tickets", 401),
        ("GET", "/no-such-thing", 404),
        ("GET", "/v1/no-such-thing", 404),
        ("PUT", "/api/v1/tickets", 405),
    ],
)
def test_every_answer_has_security_headers_and_an_id(sqlite_desk: Desk, method: str, path: str, status: int) -> None:
    answer = sqlite_desk.http.request(method, path, follow_redirects=False)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert len(answer.headers["x-request-id"]) == 16


def test_head_has_the_headers_of_get_and_no_body(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    shown, bare = root.get("/api/v1/auth/me"), root.head("/api/v1/auth/me")
    assert bare.status_code == 200
    assert bare.content == b""
    assert bare.headers["content-length"] == shown.headers["content-length"]


def test_head_of_a_stream_without_end_ends(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.root).head("/api/v1/live")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("path", ["tickets/{}", "inbox/{}", "dispatches/{}", "scripts/{}", "workflows/templates/{}"])
def test_an_id_with_a_line_end_behind_it_is_no_id(desk: Desk, path: str) -> None:
    answer = desk.client(desk.root).get("/api/v1/" + path.format(f"{desk.ana.id}%0A"))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "key"), [("/api/v1/tickets", {}), ("/api/v1/users/x/invitation", {"idempotency-key": "k"})]
)
def test_a_body_is_refused_as_soon_as_it_is_too_large(sqlite_desk: Desk, path: str, key: dict[str, str]) -> None:
    path = path.replace("/x/", f"/{sqlite_desk.ana.id}/")
    headers = {"authorization": f"Bearer {sqlite_desk.root.token}", "content-type": "application/json", **key}
    status, taken_bytes = send_without_end(sqlite_desk, "POST", path, headers)
    assert status == 413
    assert taken_bytes <= MAX_BODY_BYTES + 65_536


@pytest.mark.parametrize("odd", [b"\xe9", b"\xff\xfe", b"\x7f", b"caf\xc3\xa9"])
def test_headers_beyond_ascii_are_refused_not_broken(sqlite_desk: Desk, odd: bytes) -> None:
    browser = sqlite_desk.new_client()
    browser.post("/api/v1/auth/login", json={"email": sqlite_desk.bo.email, "password": PASSWORD})
    token = f"Bearer {sqlite_desk.bo.token}".encode()
    title = {"title": "Printer"}
    assert browser.post("/api/v1/tickets", json=title, headers={b"X-CSRF-Token": odd}).status_code == 403
    nobody = sqlite_desk.new_client()
    assert nobody.get("/api/v1/auth/me", headers={b"Authorization": b"Bearer " + odd}).status_code == 401
    assert nobody.get("/api/v1/auth/me", headers={b"Cookie": b"wayline_session=" + odd}).status_code == 401
    opened = nobody.post("/api/v1/tickets", json=title, headers={b"Authorization": token}).json()["data"]["number"]
    stale = nobody.patch(f"/api/v1/tickets/{opened}", json=title, headers={b"Authorization": token, b"If-Match": odd})
    assert stale.status_code == 400
    keyed = nobody.post("/api/v1/tickets", json=title, headers={b"Authorization": token, b"Idempotency-Key": odd})
    assert keyed.status_code in (201, 400)


def test_a_key_used_for_another_request_is_a_refusal_and_no_fault(desk: Desk) -> None:
    root = desk.client(desk.root)
    with capture_logs() as logged:
        answers = [
            root.post(path, json={"name": name}, headers={"Idempotency-Key": f"the same {path}"}).status_code
            for path in ("/api/v1/groups", "/api/v1/tokens")
            for name in ("First", "First", "Second")
        ]
    assert answers == [201, 201, 409, 201, 201, 409]
    assert logged == []
