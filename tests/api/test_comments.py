"""Comments: said in public or among staff; a customer's answer reopens what waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from served_desk import Desk, Person

TICKETS = "/api/v1/tickets"


def ticket_of(desk: Desk, person: Person, **fields: Any) -> str:
    answer = desk.client(desk.bo).post(TICKETS, json={"title": "No sound", "requester": person.id, **fields})
    assert answer.status_code == 201, answer.text
    return f"{TICKETS}/{answer.json()['data']['id']}"


def say(desk: Desk, person: Person, place: str, text: str, **more: Any) -> dict[str, Any]:
    answer = desk.client(person).post(f"{place}/comments", json={"text": text, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def heard(desk: Desk, person: Person, place: str, query: str = "") -> list[str]:
    return [c["text"] for c in desk.client(person).get(f"{place}/comments?{query}").json()["data"]]


def test_a_comment_says_who_said_what_and_when(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana)
    said = say(desk, desk.bo, place, "Have you tried the plug?")
    assert list(said) == ["id", "ticket_id", "author_id", "author_name", "visibility", "text", "created_at"]
    assert (said["author_id"], said["author_name"], said["visibility"]) == (desk.bo.id, "Bo", "public")
    listed = desk.client(desk.ana).get(f"{place}/comments").json()
    assert listed == {"data": [said], "meta": {"total": 1, "page": 1, "limit": 25, "total_pages": 1}}


def test_comments_come_in_the_order_they_were_made(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana)
    for n in range(5):
        say(desk, desk.bo, place, f"{n}")
    assert heard(desk, desk.bo, place, "limit=2&page=2") == ["2", "3"]
    assert heard(desk, desk.bo, place, "order=desc") == ["4", "3", "2", "1", "0"]


def test_requesters_neither_hear_nor_say_what_is_internal(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana)
    say(desk, desk.bo, place, "She forgot the plug", visibility="internal")
    say(desk, desk.bo, place, "Have you tried the plug?")
    listed = desk.client(desk.ana).get(f"{place}/comments").json()
    assert [c["text"] for c in listed["data"]] == ["Have you tried the plug?"]
    assert listed["meta"]["total"] == 1
    assert len(heard(desk, desk.cy, place)) == 2
    refused = desk.client(desk.ana).post(f"{place}/comments", json={"text": "Psst", "visibility": "internal"})
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (403, "staff_only")


def test_a_customers_public_answer_reopens_what_waits_for_it(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana, status="pending")
    say(desk, desk.bo, place, "Which model is it?")
    assert desk.client(desk.ana).get(place).json()["data"]["status"] == "pending"
    say(desk, desk.ana, place, "The blue one")
    assert desk.client(desk.ana).get(place).json()["data"]["status"] == "open"
    events = desk.client(desk.bo).get(f"{place}/history").json()["data"]
    assert [e["event"] for e in events][-2:] == ["comment_added", "ticket_updated"]
    assert events[-1]["data"] == {"changes": {"status": ["pending", "open"]}}


@pytest.mark.parametrize("status", ["open", "on_hold", "resolved", "closed"])
def test_an_answer_to_what_does_not_wait_changes_no_status(sqlite_desk: Desk, status: str) -> None:
    place = ticket_of(sqlite_desk, sqlite_desk.ana, status=status)
    say(sqlite_desk, sqlite_desk.ana, place, "Thanks")
    assert sqlite_desk.client(sqlite_desk.ana).get(place).json()["data"]["status"] == status


def test_an_internal_comment_of_a_requester_on_the_staff_reopens_nothing(sqlite_desk: Desk) -> None:
    place = ticket_of(sqlite_desk, sqlite_desk.bo, status="pending")
    say(sqlite_desk, sqlite_desk.bo, place, "Note to myself", visibility="internal")
    assert sqlite_desk.client(sqlite_desk.bo).get(place).json()["data"]["status"] == "pending"


def test_a_comment_counts_as_a_change_of_the_ticket(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana)
    before = desk.client(desk.bo).get(place)
    said = say(desk, desk.bo, place, "Hello")
    after = desk.client(desk.bo).get(place)
    assert after.json()["data"]["updated_at"] == said["created_at"] > before.json()["data"]["updated_at"]
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "text", "missing"),
        ({"text": " \n"}, "text", "value_error"),
        ({"text": 7}, "text", "string_type"),
        ({"text": "x" * 100_001}, "text", "string_too_long"),
        ({"text": "a\x00b"}, "text", "unstorable"),
        ({"text": "x", "visibility": "secret"}, "visibility", "literal_error"),
        ({"text": "x", "colour": "red"}, "colour", "extra_forbidden"),
    ],
)
def test_a_bad_comment_is_refused_with_its_fault(desk: Desk, body: Any, path: str, code: str) -> None:
    place = ticket_of(desk, desk.ana)
    answer = desk.client(desk.bo).post(f"{place}/comments", json=body)
    assert answer.status_code == 400
    assert [(i["path"], i["code"]) for i in answer.json()["error"]["details"]["issues"]] == [(path, code)]
    assert heard(desk, desk.bo, place) == []


def test_the_same_key_says_it_once(desk: Desk) -> None:
    place, key = ticket_of(desk, desk.ana), {"Idempotency-Key": "c-1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: desk.client(desk.bo).post(f"{place}/comments", json={"text": "Once"}, headers=key), range(8)
            )
        )
    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert heard(desk, desk.bo, place) == ["Once"]
    other = desk.client(desk.bo).post(f"{place}/comments", json={"text": "Twice"}, headers=key)
    assert other.status_code == 409


def test_comments_made_at_once_are_all_kept(desk: Desk) -> None:
    place = ticket_of(desk, desk.ana)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: say(desk, desk.bo, place, f"{n}"), range(30)))
    assert sorted(heard(desk, desk.bo, place, "limit=100"), key=int) == [f"{n}" for n in range(30)]
    history = desk.client(desk.bo).get(f"{place}/history?limit=100").json()["data"]
    assert [e["seq"] for e in history] == list(range(31))
