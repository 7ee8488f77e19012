"""Search: the same words find the same on both databases, and nobody finds what they may not see."""

from __future__ import annotations

from typing import Any

import pytest

from served_desk import Desk

TICKETS = "/api/v1/tickets"
BORROW = {
    "name": "Borrow 100% of a laptop",
    "trigger": {"type": "manual"},
    "steps": [
        {"id": "ask", "type": "form", "assignee": {"requester": True}, "fields": [{"name": "why", "type": "text"}]}
    ],
}


def opened(desk: Desk, title: str, **fields: Any) -> str:
    answer = desk.client(desk.bo).post(TICKETS, json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["number"]


@pytest.fixture
def full_desk(desk: Desk) -> Desk:
    """Some tickets, the first of them Ana's, with something said on it."""
    number = opened(desk, "Printer on floor 3 jams", requester=desk.ana.id)
    opened(desk, "VPN is slow", description="Since the upgrade of gateway-7.example.com to 2.4.1")
    opened(desk, "Grüße aus der Küche", description="Kaffeemaschine_defekt (E-42)")
    opened(desk, "Отказ принтера")
    for text, visibility in (("Paper tray is bent", "public"), ("Caller was rude", "internal")):
        desk.client(desk.bo).post(f"{TICKETS}/{number}/comments", json={"text": text, "visibility": visibility})
    return desk


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("printer", ["INC-000001"]),
        ("PRINT", ["INC-000001"]),
        ("jams printer", ["INC-000001"]),
        ("printer vpn", []),
        ("rinter", []),
        ("floor 3", ["INC-000001"]),
        ("upgrade", ["INC-000002"]),
        ("gateway", ["INC-000002"]),
        ("gateway-7", ["INC-000002"]),
        ("example", ["INC-000002"]),
        ("7.example.com", ["INC-000002"]),
        ("2.4.1", ["INC-000002"]),
        ("küche", ["INC-000003"]),
        ("KÜCHE grüsse", []),
        ("grüße", ["INC-000003"]),
        ("defekt", ["INC-000003"]),
        ("(e-42)", ["INC-000003"]),
        ("принтера", ["INC-000004"]),
        ("ОТКАЗ", ["INC-000004"]),
        ("tray", ["INC-000001"]),
        ("rude", ["INC-000001"]),
        ("inc-000002", ["INC-000002"]),
        ("INC-4", ["INC-000004"]),
        ("INC-99", []),
        ("nothing like it", []),
        ("!!! \"' -- * ( ) : & | \\", []),
        ("printer' OR 1=1", []),
        ('"printer', ["INC-000001"]),
        ("NEAR(printer)", []),
        ("printer*", ["INC-000001"]),
        ("title:printer", []),
    ],
)
def test_words_find_tickets(full_desk: Desk, words: str, found: list[str]) -> None:
    listed = full_desk.client(full_desk.bo).get(TICKETS, params={"q": words, "order": "asc"})
    assert listed.status_code == 200, listed.text
    assert [t["number"] for t in listed.json()["data"]] == found
    assert listed.json()["meta"]["total"] == len(found)
    searched = full_desk.client(full_desk.bo).get("/api/v1/search", params={"q": words})
    assert searched.status_code == 200, searched.text
    assert sorted(t["number"] for t in searched.json()["data"]["tickets"]) == found


def test_no_word_is_no_filter(full_desk: Desk) -> None:
    for words in ("", "  "):
        assert full_desk.client(full_desk.bo).get(TICKETS, params={"q": words}).json()["meta"]["total"] == 4


def test_words_filter_along_with_everything_else(full_desk: Desk) -> None:
    opened(full_desk, "Another printer", status="closed")
    listed = full_desk.client(full_desk.bo).get(TICKETS, params={"q": "printer", "status": "closed"}).json()
    assert [t["title"] for t in listed["data"]] == ["Another printer"]


def test_changed_texts_are_found_by_their_new_words_alone(desk: Desk) -> None:
    number = opened(desk, "Printer jams", description="On floor 3")
    desk.client(desk.bo).patch(f"{TICKETS}/{number}", json={"title": "Scanner jams", "description": None})
    desk.client(desk.bo).patch(f"{TICKETS}/{number}", json={"priority": "P1"})
    for words, total in (("printer", 0), ("floor", 0), ("scanner", 1), ("jams", 1)):
        listed = desk.client(desk.bo).get(TICKETS, params={"q": words}).json()
        assert (words, listed["meta"]["total"]) == (words, total)


def test_requesters_find_their_own_tickets_and_nothing_said_among_staff(full_desk: Desk) -> None:
    for words, found in (("printer", 1), ("vpn", 0), ("tray", 1), ("rude", 0), ("INC-2", 0)):
        listed = full_desk.client(full_desk.ana).get(TICKETS, params={"q": words}).json()
        assert (words, listed["meta"]["total"]) == (words, found)
        answer = full_desk.client(full_desk.ana).get("/api/v1/search", params={"q": words}).json()["data"]
        assert len(answer["tickets"]) == found


def test_another_tenants_words_are_not_found(full_desk: Desk) -> None:
    for words in ("printer", "tray", "INC-1", "Bo"):
        answer = full_desk.client(full_desk.zoe).get("/api/v1/search", params={"q": words}).json()["data"]
        assert answer == {"tickets": [], "templates": [], "people": []}


def test_people_and_templates_are_found_by_those_who_may(desk: Desk) -> None:
    made = desk.client(desk.root).post("/api/v1/workflows/templates", json=BORROW)
    assert made.status_code == 201, made.text
    for person, templates, people in (
        (desk.root, ["Borrow 100% of a laptop"], ["Bo"]),
        (desk.dee, ["Borrow 100% of a laptop"], ["Bo"]),
        (desk.cy, [], ["Bo"]),
        (desk.ana, [], []),
    ):
        found = desk.client(person).get("/api/v1/search?q=BO").json()["data"]
        assert [t["name"] for t in found["templates"]] == templates
        assert [p["name"] for p in found["people"]] == people
    for words, count in (("0%", 1), ("1_0", 0), ("laptop borrow", 1)):
        found = desk.client(desk.root).get("/api/v1/search", params={"q": words}).json()["data"]
        assert len(found["templates"]) == count
    by_mail = desk.client(desk.root).get("/api/v1/search", params={"q": "cy@acme"}).json()["data"]["people"]
    assert [p["email"] for p in by_mail] == [desk.cy.email]


def test_ten_of_a_kind_newest_first(desk: Desk) -> None:
    for n in range(12):
        opened(desk, f"Printer {n}")
    found = desk.client(desk.bo).get("/api/v1/search?q=printer").json()["data"]["tickets"]
    assert [t["title"] for t in found] == [f"Printer {n}" for n in range(11, 1, -1)]


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=" + "x" * 501])
def test_a_search_looks_for_something(sqlite_desk: Desk, query: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.bo).get(f"/api/v1/search{query}")
    assert answer.status_code == 400
    assert [i["path"] for i in answer.json()["error"]["details"]["issues"]] == ["q"]
