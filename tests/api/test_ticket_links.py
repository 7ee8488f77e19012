"""Links: made once, seen from both sides, removed from either."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from served_desk import Desk

TICKETS = "/api/v1/tickets"


@pytest.fixture
def place(desk: Desk) -> str:
    """The path of INC-000001; there are INC-000002 and CHG-000001 too."""
    for title, kind in (("Printer is on fire", "incident"), ("Smoke", "incident"), ("A new printer", "change")):
        assert desk.client(desk.bo).post(TICKETS, json={"title": title, "type": kind}).status_code == 201
    return f"{TICKETS}/INC-000001"


def link(desk: Desk, place: str, number: str, kind: str = "relates_to") -> Any:
    return desk.client(desk.bo).post(f"{place}/links", json={"number": number, "kind": kind})


def seen(desk: Desk, place: str) -> list[tuple[str, str]]:
    listed = desk.client(desk.bo).get(f"{place}/links").json()["data"]
    assert desk.client(desk.bo).get(place).json()["data"]["links"] == listed
    return [(one["kind"], one["number"]) for one in listed]


@pytest.mark.parametrize(
    ("kind", "inverse"),
    [
        ("relates_to", "relates_to"),
        ("blocks", "blocked_by"),
        ("caused_by", "causes"),
        ("duplicate_of", "duplicated_by"),
        ("parent_of", "child_of"),
    ],
)
def test_a_link_is_seen_made_and_removed_from_both_sides(desk: Desk, place: str, kind: str, inverse: str) -> None:
    other = f"{TICKETS}/CHG-000001"
    for here, there, said, answered in ((place, other, kind, inverse), (other, place, inverse, kind)):
        number = there.rpartition("/")[2]
        made = link(desk, here, number, said)
        assert made.status_code == 201, made.text
        assert made.json()["data"]["kind"] == said
        assert made.json()["data"]["number"] == number
        assert seen(desk, here) == [(said, number)]
        assert seen(desk, there) == [(answered, here.rpartition("/")[2])]
        assert desk.client(desk.bo).get(f"{here}/links").json()["data"] == [made.json()["data"]]
        removed = desk.client(desk.bo).delete(f"{there}/links/{here.rpartition('/')[2]}")
        assert (removed.status_code, removed.content) == (204, b"")
        assert seen(desk, here) == seen(desk, there) == []


def test_the_other_ticket_is_named_by_id_too(desk: Desk, place: str) -> None:
    other = desk.client(desk.bo).get(f"{TICKETS}/INC-000002").json()["data"]["id"]
    assert desk.client(desk.bo).post(f"{place}/links", json={"ticket_id": other}).status_code == 201
    assert desk.client(desk.bo).delete(f"{place}/links/{other}").status_code == 204


def test_lists_of_tickets_carry_their_links(desk: Desk, place: str) -> None:
    link(desk, place, "INC-000002", "blocks")
    listed = desk.client(desk.bo).get(f"{TICKETS}?type=incident").json()["data"]
    assert [[(one["kind"], one["number"]) for one in t["links"]] for t in listed] == [
        [("blocked_by", "INC-000001")],
        [("blocks", "INC-000002")],
    ]


def test_linking_twice_is_a_conflict_from_either_side(desk: Desk, place: str) -> None:
    assert link(desk, place, "INC-000002", "blocks").status_code == 201
    assert link(desk, place, "INC-000002", "blocks").status_code == 409
    assert link(desk, f"{TICKETS}/INC-000002", "INC-000001", "blocked_by").status_code == 409
    assert link(desk, place, "INC-000002").status_code == 201
    assert link(desk, f"{TICKETS}/INC-000002", "INC-000001").status_code == 409
    assert sorted(seen(desk, place)) == [("blocks", "INC-000002"), ("relates_to", "INC-000002")]


def test_of_many_who_link_at_once_one_does(desk: Desk, place: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: link(desk, place, "INC-000002").status_code, range(12)))
    assert sorted(statuses) == [201] + [409] * 11
    assert seen(desk, place) == [("relates_to", "INC-000002")]


def test_one_of_several_links_is_removed_by_its_kind(desk: Desk, place: str) -> None:
    link(desk, place, "INC-000002", "blocks")
    link(desk, place, "INC-000002", "caused_by")
    unclear = desk.client(desk.bo).delete(f"{place}/links/INC-000002")
    assert (unclear.status_code, unclear.json()["error"]["details"]["reason"]) == (409, "several_links")
    assert desk.client(desk.bo).delete(f"{place}/links/INC-000002?kind=child_of").status_code == 404
    assert desk.client(desk.bo).delete(f"{place}/links/INC-000002?kind=blocks").status_code == 204
    assert seen(desk, place) == [("caused_by", "INC-000002")]


def test_bad_links_are_refused(desk: Desk, place: str) -> None:
    client = desk.client(desk.bo)
    assert link(desk, place, "INC-000001").json()["error"]["details"]["issues"][0]["code"] == "same_ticket"
    assert link(desk, place, "INC-000009").status_code == 404
    assert link(desk, place, "INC-000002", "envies").status_code == 400
    assert client.post(f"{place}/links", json={}).status_code == 400
    assert client.post(f"{place}/links", json={"number": "INC-2", "ticket_id": "INC-2"}).status_code == 400
    assert client.delete(f"{place}/links/INC-000002").status_code == 404
    assert seen(desk, place) == []


def test_links_are_in_the_history(desk: Desk, place: str) -> None:
    link(desk, place, "INC-000002", "blocks")
    desk.client(desk.bo).delete(f"{place}/links/INC-000002")
    events = desk.client(desk.bo).get(f"{place}/history").json()["data"]
    assert [(e["event"], e["detail"]) for e in events[1:]] == [
        ("link_added", "blocks INC-000002"),
        ("link_removed", "no longer blocks INC-000002"),
    ]


def test_the_same_key_links_once(desk: Desk, place: str) -> None:
    key = {"Idempotency-Key": "l-1"}
    answers = [
        desk.client(desk.bo).post(f"{place}/links", json={"number": "INC-000002"}, headers=key) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].content == answers[1].content


def test_requesters_see_links_among_their_own_and_make_none(desk: Desk, place: str) -> None:
    mine = desk.client(desk.ana).post(TICKETS, json={"title": "Mine"}).json()["data"]["number"]
    also = desk.client(desk.ana).post(TICKETS, json={"title": "Also mine"}).json()["data"]["number"]
    link(desk, f"{TICKETS}/{mine}", "INC-000001", "blocks")
    link(desk, f"{TICKETS}/{mine}", also, "blocks")
    shown = desk.client(desk.ana).get(f"{TICKETS}/{mine}").json()["data"]["links"]
    assert [one["number"] for one in shown] == [also]
    assert len(desk.client(desk.bo).get(f"{TICKETS}/{mine}").json()["data"]["links"]) == 2
    refused = desk.client(desk.ana).post(f"{TICKETS}/{mine}/links", json={"number": also})
    assert refused.status_code == 403
    assert desk.client(desk.ana).delete(f"{TICKETS}/{mine}/links/{also}").status_code == 403


def test_no_link_leads_to_another_tenant(desk: Desk, place: str) -> None:
    theirs = desk.client(desk.zack).post(TICKETS, json={"title": "Theirs"}).json()["data"]
    refused = desk.client(desk.bo).post(f"{place}/links", json={"ticket_id": theirs["id"]})
    assert refused.status_code == 404
    assert desk.client(desk.zack).get(f"{place}/links").json()["data"] == []
