"""Files: kept once, given back as they were to those who may, and never anything a machine runs by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from served_desk import Desk, served_desk
from wayline.store.tables import idempotency

TICKETS = "/api/v1/tickets"
LOG = b"12:00 smoke\n12:01 fire\n"


@pytest.fixture
def place(desk: Desk) -> str:
    """The path of a ticket of Ana's."""
    return place_on(desk)


def place_on(desk: Desk) -> str:
    ticket = desk.client(desk.ana).post(TICKETS, json={"title": "Printer is on fire"}).json()["data"]
    return f"{TICKETS}/{ticket['number']}"


def send(
    client: TestClient, path: str, content: bytes = LOG, name: str = "log.txt", kind: str = "text/plain", **more: Any
) -> Any:
    return client.post(path, files={"file": (name, content, kind)}, **more)


def kept_files(desk: Desk) -> list[Path]:
    return sorted(p for p in (desk.wayline.settings.files_dir / "files").rglob("*") if p.is_file())


def test_a_file_comes_back_as_it_was(desk: Desk, place: str) -> None:
    sent = send(desk.client(desk.ana), f"{place}/attachments")
    assert sent.status_code == 201, sent.text
    file = sent.json()["data"]
    assert list(file) == [
        "id",
        "name",
        "media_type",
        "size_bytes",
        "sha256",
        "ticket_id",
        "uploaded_by",
        "uploaded_by_name",
        "created_at",
        "url",
    ]
    assert (file["name"], file["media_type"], file["size_bytes"]) == ("log.txt", "text/plain", len(LOG))
    assert file["sha256"] == hashlib.sha256(LOG).hexdigest()
    assert (file["uploaded_by"], file["uploaded_by_name"]) == (desk.ana.id, "Ana")

    got = desk.client(desk.bo).get(file["url"])
    assert (got.status_code, got.content) == (200, LOG)
    assert got.headers["Content-Type"].partition(";")[0] == "text/plain"
    assert got.headers["Content-Length"] == str(len(LOG))
    assert got.headers["Content-Disposition"] == "attachment; filename=\"log.txt\"; filename*=UTF-8''log.txt"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]


def test_a_tickets_files_are_listed_and_in_its_history(desk: Desk, place: str) -> None:
    first = send(desk.client(desk.ana), f"{place}/attachments", name="a.txt").json()["data"]
    second = send(desk.client(desk.bo), f"{place}/attachments", name="b.txt").json()["data"]
    listed = desk.client(desk.ana).get(f"{place}/attachments").json()
    assert listed == {"data": [first, second], "meta": {"total": 2, "page": 1, "limit": 25, "total_pages": 1}}
    assert desk.client(desk.ana).get(f"{place}/attachments?order=desc&limit=1").json()["data"] == [second]
    events = desk.client(desk.ana).get(f"{place}/history").json()["data"]
    assert [e["detail"] for e in events[1:]] == ["Ana attached a.txt", "Bo attached b.txt"]


def test_the_same_content_is_there_once(desk: Desk, place: str) -> None:
    for path, name in (
        (f"{place}/attachments", "a.txt"),
        (f"{place}/attachments", "b.txt"),
        ("/api/v1/files", "c.txt"),
    ):
        assert send(desk.client(desk.ana), path, name=name).status_code == 201
    digest = hashlib.sha256(LOG).hexdigest()
    [kept] = kept_files(desk)
    assert kept == desk.wayline.settings.files_dir / "files" / digest[:2] / digest[2:4] / digest
    assert kept.read_bytes() == LOG


def test_the_same_content_arriving_many_times_at_once_is_there_once(desk: Desk, place: str) -> None:
    content = b"x" * 1_000_000
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: send(desk.client(desk.bo), f"{place}/attachments", content), range(8)))
    assert {s.status_code for s in sent} == {201}
    assert len(kept_files(desk)) == 1
    assert desk.client(desk.bo).get(f"{place}/attachments").json()["meta"]["total"] == 8


def test_an_empty_file_is_a_file(desk: Desk, place: str) -> None:
    file = send(desk.client(desk.ana), f"{place}/attachments", b"").json()["data"]
    assert file["size_bytes"] == 0
    assert desk.client(desk.ana).get(file["url"]).content == b""


def test_who_may_not_see_the_ticket_may_not_have_its_files(desk: Desk, place: str) -> None:
    url = send(desk.client(desk.bo), f"{place}/attachments").json()["data"]["url"]
    for person, status in ((desk.ana, 200), (desk.bo, 200), (desk.cy, 200), (desk.dee, 200), (desk.zoe, 404)):
        assert desk.client(person).get(url).status_code == status
    others = desk.client(desk.bo).post(TICKETS, json={"title": "Bo’s own"}).json()["data"]["number"]
    hidden = send(desk.client(desk.bo), f"{TICKETS}/{others}/attachments").json()["data"]["url"]
    assert desk.client(desk.ana).get(hidden).status_code == 404
    assert send(desk.client(desk.ana), f"{TICKETS}/{others}/attachments").status_code == 404
    assert desk.client(desk.ana).get(f"{TICKETS}/{others}/attachments").status_code == 404
    assert desk.http.get(url).status_code == 401


def test_a_forms_file_is_for_its_sender_and_staff(desk: Desk) -> None:
    sent = send(desk.client(desk.ana), "/api/v1/files", name="photo.png", kind="image/png")
    assert sent.status_code == 201
    file = sent.json()["data"]
    assert (file["ticket_id"], file["uploaded_by"]) == (None, desk.ana.id)
    own = send(desk.client(desk.bo), "/api/v1/files").json()["data"]["url"]
    assert desk.client(desk.ana).get(file["url"]).status_code == 200
    assert desk.client(desk.cy).get(file["url"]).status_code == 200
    assert desk.client(desk.ana).get(own).status_code == 404
    assert desk.client(desk.zoe).get(file["url"]).status_code == 404
    assert desk.client(desk.ana).get("/api/v1/files/nonsense").status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("setup.exe", "application/octet-stream", LOG),
        ("Report.PDF.SCR", "application/pdf", LOG),
        ("page.html", "text/plain", LOG),
        ("page.txt", "text/html; charset=utf-8", LOG),
        ("drawing.svg", "image/svg+xml", LOG),
        ("notes.txt", "text/plain", b"\n <!DOCTYPE html><script>alert(1)</script>"),
        ("notes.txt", "text/plain", b"\xef\xbb\xbf<HTML>"),
        ("notes.txt", "text/plain", b"MZ\x90\x00\x03"),
        ("notes.txt", "text/plain", b"\x7fELF\x02\x01"),
    ],
)
def test_programs_and_pages_are_not_taken(sqlite_desk: Desk, name: str, kind: str, content: bytes) -> None:
    place = place_on(sqlite_desk)
    answer = send(sqlite_desk.client(sqlite_desk.bo), f"{place}/attachments", content, name, kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert kept_files(sqlite_desk) == []
    assert sqlite_desk.client(sqlite_desk.bo).get(f"{place}/attachments").json()["data"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\report.pdf", "report.pdf"),
        ("über uns.txt", "über uns.txt"),
        ("a%22b.txt", "a%22b.txt"),
        ("...", "file"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
    ],
)
def test_names_are_names_and_not_paths(sqlite_desk: Desk, sent: str, kept: str) -> None:
    file = send(sqlite_desk.client(sqlite_desk.bo), "/api/v1/files", name=sent).json()["data"]
    assert file["name"] == kept
    said = sqlite_desk.client(sqlite_desk.bo).get(file["url"]).headers["Content-Disposition"]
    assert said.startswith('attachment; filename="')
    assert "\n" not in said
    assert said.count('"') == 2


def test_what_is_no_form_with_a_file_is_refused(desk: Desk, place: str) -> None:
    client, path = desk.client(desk.bo), f"{place}/attachments"
    assert client.post(path, json={"file": "x"}).status_code == 415
    assert client.post(path, files={"photo": ("a.txt", LOG)}).json()["error"]["details"]["issues"][0]["path"] == "file"
    assert client.post(path, files={"file": (None, LOG)}).status_code == 400
    two = [("file", ("a.txt", LOG)), ("file", ("b.txt", LOG))]
    assert client.post(path, files=two).status_code == 400
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        broken = client.post(path, content=b"nonsense", headers={"Content-Type": content_type})
        assert broken.status_code == 400, broken.text
    assert client.get(path).json()["data"] == []


@pytest.fixture
def small_desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    with served_desk(sqlite_url, tmp_path, max_upload_mb=1) as served:
        yield served


def test_a_file_has_a_largest_size(small_desk: Desk) -> None:
    path = f"{place_on(small_desk)}/attachments"
    client = small_desk.client(small_desk.bo)
    limit = 1024 * 1024
    assert send(client, path, b"x" * limit).status_code == 201
    for size in (limit + 1, limit * 2):
        answer = send(client, path, b"x" * size)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert len(kept_files(small_desk)) == 1


def test_a_sender_that_does_not_say_how_much_it_sends_is_stopped(small_desk: Desk) -> None:
    given: list[int] = []

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(64):
            given.append(1)
            yield b"x" * 64 * 1024
        yield b"\r\n--x--\r\n"

    answer = small_desk.client(small_desk.bo).post(
        "/api/v1/files", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413
    assert kept_files(small_desk) == []


def test_the_same_key_and_file_attach_once(desk: Desk, place: str) -> None:
    client, key = desk.client(desk.bo), {"Idempotency-Key": "f-1"}
    for path in (f"{place}/attachments", "/api/v1/files"):
        own_key = {"Idempotency-Key": f"f-{path}"}
        answers = [send(client, path, headers=own_key) for _ in range(2)]
        assert [a.status_code for a in answers] == [201, 201]
        assert answers[0].content == answers[1].content
    assert client.get(f"{place}/attachments").json()["meta"]["total"] == 1
    assert send(client, f"{place}/attachments", headers=key).status_code == 201
    assert send(client, f"{place}/attachments", b"other", headers=key).status_code == 409
    assert send(client, f"{place}/attachments", name="other.txt", headers=key).status_code == 409


def test_a_key_another_process_is_just_using_gives_that_ones_answer(postgresql_url: str, tmp_path: Path) -> None:
    key = {"Idempotency-Key": "f-1"}
    with served_desk(postgresql_url, tmp_path) as desk, ThreadPoolExecutor(1) as pool:
        first = send(desk.client(desk.bo), "/api/v1/files", headers=key)
        other = sa.create_engine(desk.wayline.database.url)
        with other.begin() as connection:
            answered = dict(connection.execute(sa.select(idempotency)).one()._mapping)
            connection.execute(sa.delete(idempotency))
        with other.begin() as connection:
            connection.execute(sa.insert(idempotency).values(answered))
            second = pool.submit(send, desk.client(desk.bo), "/api/v1/files", headers=key)
            blocked = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not connection.execute(blocked).scalar_one() and not second.done():
                pass
        assert second.result().status_code == 201
        assert second.result().content == first.content
        other.dispose()


def test_what_was_kept_is_still_there_when_the_server_comes_back(desk: Desk, place: str) -> None:
    file = send(desk.client(desk.bo), f"{place}/attachments").json()["data"]
    again = type(desk.wayline.files)(desk.wayline.settings.files_dir / "files")
    with again.open(file["sha256"]) as content:
        assert content.read() == LOG
