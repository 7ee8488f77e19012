"""Dispatches over HTTP: who sends what to whom, and how everybody stands to it."""

from __future__ import annotations

from typing import Any

import pytest
from messages_at_a_desk import OUTAGE, choose, inbox, published, sent
from test_instances import get, post

from served_desk import Desk


def test_a_dispatch_stands_in_its_recipients_inboxes_and_goes_when_it_is_done(desk: Desk) -> None:
    published(desk)
    answer = sent(desk, desk.dee, to="given groups [service-desk]")
    assert {e["user"]["name"] for e in answer["entries"]} == {"Bo", "Cy", "Dee"}
    assert answer["dispatch"]["counts"]["tasks"] == {"open": 3}
    assert answer["run"]["id"] == answer["dispatch"]["id"]

    (item,) = inbox(desk, desk.bo)
    assert (item["kind"], item["title"], item["label"]) == ("entry", "Outage at Rome", "New")
    assert (item["label_style"], item["subtitle"], item["icon"]) == ("info", "Can you take it?", "bolt")
    assert [(p["label"], p["disabled"]) for p in item["paths"]] == [("Accept", False), ("Pass", False)]
    assert (item["locked_by"], item["run"]["template_name"]) == (None, "Outage")

    taken = choose(desk, desk.bo, item, "Accept").json()["data"]
    assert (taken["label"], taken["subtitle"], taken["task"]) == ("Taken", "Bo has it", "accepted")
    (theirs,) = inbox(desk, desk.cy)
    assert (theirs["label"], theirs["step_id"], theirs["locked_by"]["name"]) == ("Taken", "accepted", "Bo")
    assert [p["disabled"] for p in theirs["paths"]] == [True]
    refused = choose(desk, desk.cy, theirs, "Done")
    assert (refused.status_code, refused.json()["error"]["code"]) == (423, "LOCKED")
    assert refused.json()["error"]["details"]["locked_by"]["name"] == "Bo"
    moved = choose(desk, desk.bo, item, "Accept")
    assert (moved.status_code, moved.json()["error"]["details"]["label"]) == (409, "Taken")

    assert choose(desk, desk.bo, item, "done").status_code == 200
    for person in (desk.bo, desk.cy, desk.dee):
        assert inbox(desk, person) == []
        (gone,) = inbox(desk, person, "status=retired")
        assert (gone["kind"], gone["label"], gone["status"]) == ("entry", "Done", "retired")
    assert choose(desk, desk.bo, item, "Done").status_code == 409
    whole = get(desk, desk.dee, f"/dispatches/{answer['dispatch']['id']}").json()["data"]
    assert (whole["status"], whole["run"]["status"]) == ("retired", "completed")
    assert {r["user"]["name"]: r["task"] for r in whole["recipients"]} == {
        "Bo": "accepted",
        "Cy": "open",
        "Dee": "open",
    }


def test_people_are_named_by_id_or_address_and_the_title_and_deadline_are_the_senders(desk: Desk) -> None:
    published(desk)
    answer = sent(
        desk,
        desk.bo,
        to=[desk.ana.email, desk.cy.id, desk.cy.email],
        title="Fire drill",
        due_at="2031-01-01T10:00:00+01:00",
        attributes={"icon": "fire"},
    )
    assert answer["dispatch"]["counts"]["total"] == 2
    (item,) = inbox(desk, desk.ana)
    assert (item["title"], item["icon"], item["due_at"]) == ("Fire drill", "fire", "2031-01-01T09:00:00Z")
    shown = get(desk, desk.bo, f"/dispatches/{answer['dispatch']['id']}").json()["data"]
    assert (shown["title"], shown["due_at"]) == ("Fire drill", "2031-01-01T09:00:00Z")
    assert (shown["to"], shown["data"]) == ([desk.ana.email, desk.cy.id, desk.cy.email], {"site": "Rome"})
    assert (shown["sender"]["name"], shown["sent_by"]) == ("Bo", "person")


def test_a_key_makes_one_dispatch_of_several_requests(desk: Desk) -> None:
    published(desk)
    body = {"template": "Outage", "to": "given groups [service-desk]", "data": {"site": "Rome"}}
    client = desk.client(desk.dee)
    answers = [client.post("/api/v1/dispatches", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(inbox(desk, desk.bo)) == 1
    other = client.post("/api/v1/dispatches", json={**body, "title": "x"}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 409


def test_who_sent_it_sees_it_and_so_do_managers_and_nobody_else(desk: Desk) -> None:
    published(desk)
    mine = sent(desk, desk.bo, to=[desk.cy.id])["dispatch"]["id"]
    sent(desk, desk.cy, to=[desk.bo.id])
    for person, seen in ((desk.bo, 1), (desk.cy, 1), (desk.dee, 2), (desk.root, 2), (desk.ana, 0), (desk.zoe, 0)):
        answer = get(desk, person, "/dispatches").json()
        assert (len(answer["data"]), answer["meta"]["total"]) == (seen, seen), person.name
    for person, status in ((desk.bo, 200), (desk.dee, 200), (desk.cy, 404), (desk.ana, 404), (desk.zoe, 404)):
        assert get(desk, person, f"/dispatches/{mine}").status_code == status, person.name
    assert get(desk, desk.bo, "/dispatches/nonsense").status_code == 404
    assert len(get(desk, desk.dee, "/dispatches?q=ROME").json()["data"]) == 2
    assert get(desk, desk.dee, "/dispatches?q=paris").json()["data"] == []


def test_recipients_come_in_pages_and_by_the_state_of_their_task(desk: Desk) -> None:
    published(desk)
    dispatch = sent(desk, desk.dee, to="all users")["dispatch"]
    (item,) = inbox(desk, desk.bo)
    choose(desk, desk.bo, item, "Accept")
    address = f"/dispatches/{dispatch['id']}"
    pages = [get(desk, desk.dee, f"{address}?limit=2&page={n}").json() for n in (1, 2, 3)]
    assert [len(page["data"]["recipients"]) for page in pages] == [2, 2, 1]
    assert pages[0]["meta"] == {"total": 5, "page": 1, "limit": 2, "total_pages": 3}
    assert len({r["user"]["id"] for page in pages for r in page["data"]["recipients"]}) == 5
    accepted = get(desk, desk.dee, f"{address}?task=accepted").json()
    assert ([r["user"]["name"] for r in accepted["data"]["recipients"]], accepted["meta"]["total"]) == (["Bo"], 1)
    assert get(desk, desk.dee, f"{address}?task=asleep").status_code == 400


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"to": "given groups [service-desk"}, "to"),
        ({"to": "given groups [sheep]"}, "to"),
        ({"to": ""}, "to"),
        ({"to": []}, "to"),
        ({"to": ["nobody@acme.example"]}, "to[0]"),
        ({"to": 5}, "to"),
        ({"to": None}, "to"),
        ({"attributes": []}, "attributes"),
        ({"data": "x"}, "data"),
        ({"data": {}}, "variables.site"),
        ({"title": ""}, "title"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": "2031-01-01T10:00:00"}, "due_at"),
        ({"template": ""}, "template"),
        ({"priority": 1}, "priority"),
    ],
)
def test_a_bad_body_is_refused_at_its_place(sqlite_desk: Desk, change: dict[str, Any], place: str) -> None:
    published(sqlite_desk, {**OUTAGE, "variables": {"site": {"type": "string", "required": True}}})
    body = {"template": "Outage", "to": [sqlite_desk.bo.id], "data": {"site": "Rome"}, **change}
    answer = post(sqlite_desk, sqlite_desk.dee, "/dispatches", {k: v for k, v in body.items() if v is not None})
    assert answer.status_code == 400, answer.text
    places = {issue["path"] for issue in answer.json()["error"]["details"]["issues"]}
    assert {place} <= places | {found.partition(".")[0] for found in places}
    assert inbox(sqlite_desk, sqlite_desk.bo) == []


def test_too_much_is_refused(sqlite_desk: Desk) -> None:
    published(sqlite_desk)
    body = {"template": "Outage", "to": [sqlite_desk.bo.id], "attributes": {"text": "x" * 300_000}}
    answer = post(sqlite_desk, sqlite_desk.dee, "/dispatches", body)
    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (413, "data_too_large")
    many = post(sqlite_desk, sqlite_desk.dee, "/dispatches", {**body, "attributes": {}, "to": ["x@y.zz"] * 50_001})
    assert (many.status_code, many.json()["error"]["details"]["issues"][0]["code"]) == (400, "too_many_people")


def test_of_very_many_named_people_the_first_are_shown_and_all_are_reached(desk: Desk) -> None:
    published(desk)
    names = [desk.bo.id, *[desk.cy.email] * 200, desk.ana.id]
    answer = sent(desk, desk.dee, to=names)["dispatch"]
    assert (answer["to"], answer["counts"]["total"]) == (names[:100], 3)
    assert get(desk, desk.dee, f"/dispatches/{answer['id']}").json()["data"]["to"] == names[:100]


def test_what_is_no_published_inbox_template_is_not_found(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    body = {"to": [desk.bo.id], "data": {"site": "Rome"}}
    answer = post(desk, desk.dee, "/dispatches", {"template": "Outage", **body})
    assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (404, "unknown_template")
    draft = post(desk, desk.root, "/workflows/templates", {**OUTAGE, "is_active": False}).json()["data"]
    assert post(desk, desk.dee, "/dispatches", {"template": draft["id"], **body}).status_code == 404
    steps = [{"id": "a", "type": "automatic", "action": {"type": "comment", "text": "x"}}]
    plain = post(desk, desk.root, "/workflows/templates", {"name": "Plain", "steps": steps}).json()["data"]
    assert post(desk, desk.dee, "/dispatches", {"template": plain["id"], **body}).status_code == 404
    assert post(desk, desk.zoe, "/dispatches", {"template": draft["id"], "to": [desk.zoe.id]}).status_code == 404


def test_requesters_send_none_and_a_token_needs_the_ability(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    published(desk)
    body = {"template": "Outage", "to": [desk.bo.id], "data": {"site": "Rome"}}
    assert post(desk, desk.ana, "/dispatches", body).status_code == 403
    weak = desk.using(desk.new_token(desk.dee, "task:act"))
    assert weak.post("/api/v1/dispatches", json=body).status_code == 403
    assert weak.get("/api/v1/dispatches").status_code == 403
    assert desk.http.post("/api/v1/dispatches", json=body).status_code == 401
    reading = desk.using(desk.new_token(desk.dee, "run:read"))
    assert reading.get("/api/v1/dispatches").status_code == 200


def test_whom_it_was_sent_to_and_who_is_not_reached_is_shown_and_flagged(desk: Desk) -> None:
    start = {**OUTAGE["start"], "step": {**OUTAGE["start"]["step"], "scope": "given groups [service-desk]"}}
    published(desk, {**OUTAGE, "start": start})
    answer = sent(desk, desk.dee, to=[desk.ana.id])
    assert answer["dispatch"]["counts"] | {"tasks": {}} == {
        "total": 4,
        "active": 3,
        "retired": 0,
        "unreached": 1,
        "tasks": {},
    }
    (unreached,) = (entry for entry in answer["entries"] if entry["status"] == "unreached")
    assert (unreached["user"]["name"], unreached["label"]) == ("Ana", None)
    assert inbox(desk, desk.ana) == []
    incidents = get(desk, desk.root, "/incidents").json()["data"]
    assert {i["code"] for i in incidents} == {"recipients_not_reached"}


def test_a_query_that_means_nobody_is_an_incident_and_no_silence(desk: Desk) -> None:
    published(desk)
    answer = sent(desk, desk.dee, to="given labels [asleep]")
    assert (answer["entries"], answer["run"]["status"]) == ([], "completed")
    incidents = get(desk, desk.root, "/incidents").json()["data"]
    assert [i["code"] for i in incidents] == ["nobody_reached"]


def test_staff_are_told_what_can_be_sent_and_which_data_it_asks_for(desk: Desk) -> None:
    asks = {"site": {"type": "string", "required": True}}
    outage = published(desk, OUTAGE | {"variables": asks, "description": "Something is down"})
    published(desk, OUTAGE | {"name": "Another"})
    kept_back = published(desk, OUTAGE | {"name": "Not yet", "is_active": False})
    found = get(desk, desk.bo, "/dispatches/templates?order=asc").json()["data"]
    assert [(each["name"], set(each["variables"])) for each in found] == [("Another", set()), ("Outage", {"site"})]
    assert (found[1]["id"], found[1]["description"]) == (outage, "Something is down")
    assert kept_back not in [each["id"] for each in found]
    assert get(desk, desk.bo, "/dispatches/templates?q=down").json()["meta"]["total"] == 1
    assert get(desk, desk.ana, "/dispatches/templates").status_code == 403
    assert get(desk, desk.zoe, "/dispatches/templates").json()["data"] == []
