"""Everybody keeps the browsers they are told on, and nobody sees or touches another's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from browser import Browser, as_text
from served_desk import Desk, Person
from wayline.engine.push_subscriptions import SUBSCRIPTIONS_MAX

PATH = "/api/v1/push/subscriptions"


def subscribed(desk: Desk, person: Person, browser: Browser, status: int = 201, **said: Any) -> dict[str, Any]:
    answer = desk.client(person).post(PATH, json=browser.subscription | said)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found["data"] if status == 201 else found["error"]


def listed(desk: Desk, person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.client(person).get(PATH).json()["data"]
    return found


def test_the_key_is_the_same_for_everybody_and_is_a_point_browsers_take(desk: Desk) -> None:
    keys = {desk.client(person).get("/api/v1/push/key").json()["data"]["key"] for person in (desk.ana, desk.zoe)}
    assert len(keys) == 1
    point = base64.urlsafe_b64decode(f"{keys.pop()}=")
    assert (len(point), point[0]) == (65, 4)


def test_a_browser_is_kept_shown_without_its_secrets_and_removed(desk: Desk) -> None:
    browser = Browser("https://push.example/send/very-secret-place")
    made = subscribed(desk, desk.ana, browser, label=" Phone ", expirationTime=4_102_444_800_000)
    assert (made["host"], made["label"], made["expires_at"]) == ("push.example", "Phone", "2100-01-01T00:00:00Z")
    answer = desk.client(desk.ana).get(PATH)
    assert answer.json()["data"] == [made]
    assert answer.json()["meta"]["total"] == 1
    assert "very-secret-place" not in answer.text
    assert browser.subscription["keys"]["auth"] not in answer.text
    assert desk.client(desk.ana).delete(f"{PATH}/{made['id']}").status_code == 204
    assert listed(desk, desk.ana) == []
    assert desk.client(desk.ana).delete(f"{PATH}/{made['id']}").status_code == 404


def test_the_same_browser_again_is_the_same_one(desk: Desk) -> None:
    browser = Browser("https://push.example/send/one")
    first = subscribed(desk, desk.ana, browser)
    assert subscribed(desk, desk.ana, browser) == first
    named = subscribed(desk, desk.ana, browser, label="Desktop")
    assert named == first | {"label": "Desktop"}
    assert listed(desk, desk.ana) == [named]


def test_a_browser_that_somebody_else_signs_in_on_tells_them_and_not_the_first(desk: Desk) -> None:
    browser = Browser("https://push.example/send/one")
    before = subscribed(desk, desk.ana, browser)
    after = subscribed(desk, desk.bo, browser)
    assert after["id"] != before["id"]
    assert listed(desk, desk.ana) == []
    assert listed(desk, desk.bo) == [after]


def test_who_only_knows_the_address_cannot_take_it_over(desk: Desk) -> None:
    subscribed(desk, desk.ana, Browser("https://push.example/send/one"))
    error = subscribed(desk, desk.bo, Browser("https://push.example/send/one"), status=409)
    assert error["details"]["reason"] == "endpoint_taken"
    assert len(listed(desk, desk.ana)) == 1


def test_another_tenant_knows_nothing_of_it(desk: Desk) -> None:
    browser = Browser("https://push.example/send/one")
    mine = subscribed(desk, desk.ana, browser)
    theirs = subscribed(desk, desk.zack, browser)
    assert theirs["id"] != mine["id"]
    assert listed(desk, desk.ana) == [mine]
    assert desk.client(desk.zack).delete(f"{PATH}/{mine['id']}").status_code == 404
    assert desk.client(desk.zoe).delete(f"{PATH}/{mine['id']}").status_code == 404


def test_not_even_an_admin_sees_or_removes_anothers(desk: Desk) -> None:
    made = subscribed(desk, desk.ana, Browser("https://push.example/send/one"))
    assert listed(desk, desk.root) == []
    assert desk.client(desk.root).delete(f"{PATH}/{made['id']}").status_code == 404


def test_so_many_browsers_and_no_more(sqlite_desk: Desk) -> None:
    for number in range(SUBSCRIPTIONS_MAX):
        subscribed(sqlite_desk, sqlite_desk.ana, Browser(f"https://push.example/send/{number}"))
    error = subscribed(sqlite_desk, sqlite_desk.ana, Browser("https://push.example/send/more"), status=409)
    assert error["details"] == {"limit": SUBSCRIPTIONS_MAX, "reason": "too_many_subscriptions"}
    subscribed(sqlite_desk, sqlite_desk.bo, Browser("https://push.example/send/more"))


def test_a_key_makes_one_of_two_requests(desk: Desk) -> None:
    browser = Browser("https://push.example/send/one")
    headers = {"Idempotency-Key": "once"}
    ana = desk.client(desk.ana)
    first, again = (ana.post(PATH, json=browser.subscription, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    other = ana.post(PATH, json=Browser("https://push.example/send/two").subscription, headers=headers)
    assert other.status_code == 409


def changed(**fields: Any) -> dict[str, Any]:
    return Browser("https://push.example/send/one").subscription | fields


KEYS = changed()["keys"]
NO_POINT = as_text(b"\x04" + b"\x01" * 64)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "endpoint"),
        (changed(endpoint="http://push.example/send"), "endpoint"),
        (changed(endpoint="https://localhost/send"), "endpoint"),
        (changed(endpoint="https://10.0.0.1/send"), "endpoint"),
        (changed(endpoint="https://169.254.169.254/latest"), "endpoint"),
        (changed(endpoint="https://ana:secret@push.example/"), "endpoint"),
        (changed(endpoint="ftp://push.example/"), "endpoint"),
        (changed(endpoint="https://push.example/" + "x" * 2000), "endpoint"),
        (changed(endpoint=7), "endpoint"),
        (changed(keys=None), "keys"),
        (changed(keys={"auth": KEYS["auth"]}), "keys.p256dh"),
        (changed(keys=KEYS | {"p256dh": "AAAA"}), "keys.p256dh"),
        (changed(keys=KEYS | {"p256dh": NO_POINT}), "keys.p256dh"),
        (changed(keys=KEYS | {"p256dh": "not base64!"}), "keys.p256dh"),
        (changed(keys=KEYS | {"auth": "AAAA"}), "keys.auth"),
        (changed(keys=KEYS | {"auth": "é" * 22}), "keys.auth"),
        (changed(expirationTime="soon"), "expirationTime"),
        (changed(expirationTime=-1), "expirationTime"),
        (changed(expirationTime=1e300), "expirationTime"),
        (changed(label=""), "label"),
        (changed(label="x" * 101), "label"),
    ],
)
def test_what_could_never_be_told_is_refused(sqlite_desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.ana).post(PATH, json=body)
    assert answer.status_code == 400, answer.text
    assert field in [issue["path"] for issue in answer.json()["error"]["details"]["issues"]]


def test_what_browsers_say_beside_is_passed_over(sqlite_desk: Desk) -> None:
    subscribed(
        sqlite_desk, sqlite_desk.ana, Browser("https://push.example/send/one"), options={"userVisibleOnly": True}
    )


def test_nobody_is_refused_for_nobody(sqlite_desk: Desk) -> None:
    nobody = sqlite_desk.http
    assert nobody.get("/api/v1/push/key").status_code == 401
    assert nobody.get(PATH).status_code == 401
    assert nobody.post(PATH, json=changed()).status_code == 401
    assert nobody.delete(f"{PATH}/{sqlite_desk.ana.id}").status_code == 401
