"""Remotes ask: once a key, once a uid, for whoever it is, and only through the intervention that is theirs."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from administration_at_a_desk import set_plan
from test_openapi import fits

from remotes_at_a_desk import ASK, EVE, ask, asked, kept, request, token_for
from served_desk import Desk
from wayline.core.facts import SYSTEM
from wayline.core.intervention import MAX_DATA_BYTES, MAX_DATA_DEPTH
from wayline.engine.door import Change
from wayline.store.idempotency import has_older, prune
from wayline.store.people import add_user
from wayline.store.tables import incidents, notifications, tickets, users

TICKETS = "/api/v1/tickets"
KEY = "/api/idempotency_key"


def shop(desk: Desk, **changes: Any) -> Any:
    """A client that calls as the remote of an intervention."""
    return desk.using(token_for(desk, kept(desk, **changes))["token"])


def rows(desk: Desk, table: sa.Table, *conditions: Any) -> list[Any]:
    with desk.wayline.database.reader.connect() as connection:
        return list(connection.execute(sa.select(table).where(*conditions)))


def shown(desk: Desk, ticket_id: str) -> dict[str, Any]:
    return dict(desk.client(desk.bo).get(f"{TICKETS}/{ticket_id}").json()["data"])


def comments(desk: Desk, ticket_id: str) -> set[tuple[str, str]]:
    found = desk.client(desk.bo).get(f"{TICKETS}/{ticket_id}/comments").json()["data"]
    return {(c["visibility"], c["text"]) for c in found}


# -- who may ask -----------------------------------------------------------------------------------


def test_a_token_with_the_ability_asks_and_so_does_the_remotes_own(desk: Desk) -> None:
    remote = shop(desk)
    of_agent = desk.using(desk.new_token(desk.bo, "create-ticket"))
    assert {asked(remote, request("a"))["ticket_number"], asked(of_agent, request("b"))["ticket_number"]} == {
        "TSK-000001",
        "TSK-000002",
    }
    lacking = ask(desk.using(desk.new_token(desk.root, "ticket:read")), request("c"))
    assert (lacking.status_code, "create-ticket" in lacking.json()["message"]) == (403, True)
    assert ask(desk.http, request("c")).status_code == 401
    assert ask(desk.using("wlr_nobody"), request("c")).status_code == 401
    assert ask(desk.client(desk.zoe), request("c")).json()["errors"].keys() == {"intervention"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", TICKETS),
        ("POST", TICKETS),
        ("GET", "/api/v1/inbox"),
        ("GET", "/api/v1/auth/me"),
        ("POST", "/api/v1/workflow/interventions"),
        ("POST", "/v1/workflows"),
    ],
)
def test_a_remotes_token_does_nothing_else(sqlite_desk: Desk, method: str, path: str) -> None:
    assert shop(sqlite_desk).request(method, path, json={"title": "Mine"}).status_code == 401


def test_a_remotes_token_is_for_its_intervention_alone(desk: Desk) -> None:
    remote = shop(desk)
    kept(desk, name="other")
    for name in ("other", "none"):
        answer = ask(remote, {**request(), "intervention": name})
        assert (answer.status_code, answer.json()) == (403, {"message": "This token is for another intervention."})
    assert ask(remote, {**request(), "intervention": " REFUND "}).status_code == 201


def test_a_plan_without_interventions_has_no_remotes(desk: Desk) -> None:
    remote = shop(desk)
    set_plan(desk, "community")
    answer = remote.post(ASK, json={})
    assert (answer.status_code, "interventions" in answer.json()["message"]) == (403, True)


def test_requesters_ask_for_themselves_alone(desk: Desk) -> None:
    kept(desk)
    ana = desk.client(desk.ana)
    assert ask(ana, request()).status_code == 403
    mine = asked(ana, {**request(), "originator_email_address": desk.ana.email.upper()})
    assert shown(desk, mine["ticket_id"])["requester"] == desk.ana.id


# -- what is taken ---------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    return {"x": nested(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        ({"originator_email_address": "nobody"}, "originator_email_address"),
        ({"originator_email_address": None}, "originator_email_address"),
        ({"originator_email_address": f"{'a' * 250}@shop.example"}, "originator_email_address"),
        ({"intervention": "unknown"}, "intervention"),
        ({"intervention": None}, "intervention"),
        ({"uid": ""}, "uid"),
        ({"uid": "  "}, "uid"),
        ({"uid": "x" * 201}, "uid"),
        ({"uid": "\x00"}, "uid"),
        ({"queue_name": "Inbox"}, "queue_name"),
        ({"data": None}, "data"),
        ({"data": {}}, "data.data"),
        ({"data": {"data": []}}, "data.data"),
        ({"data": {"data": {}, "more": 1}}, "data.more"),
        ({"data": {"data": {"x": "x" * MAX_DATA_BYTES}}}, "data.data"),
        ({"data": {"data": nested(MAX_DATA_DEPTH + 1)}}, "data.data"),
        ({"data": {"data": {"x": 2**70}}}, "data.data.x"),
    ],
)
def test_a_bad_request_names_its_field_and_leaves_nothing(sqlite_desk: Desk, changes: dict[str, Any], bad: str) -> None:
    kept(sqlite_desk)
    answer = ask(sqlite_desk.client(sqlite_desk.bo), {**request(), **changes})
    assert (answer.status_code, set(answer.json()["errors"])) == (422, {bad})
    assert rows(sqlite_desk, tickets) == []
    assert rows(sqlite_desk, users, users.c.email == EVE) == []


def test_every_field_that_is_missing_is_named(sqlite_desk: Desk) -> None:
    answer = ask(shop(sqlite_desk), {})
    assert set(answer.json()["errors"]) == {"originator_email_address", "intervention", "uid", "data"}


def test_as_much_as_may_be_is_taken(sqlite_desk: Desk) -> None:
    bag = {"x": "x" * (MAX_DATA_BYTES - 200), "y": nested(MAX_DATA_DEPTH - 2)}
    assert ask(shop(sqlite_desk), {**request(), "data": {"data": bag}}).status_code == 201


# -- once ------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_asked(desk: Desk) -> None:
    answer = shop(desk).post(ASK, json=request())
    assert (answer.status_code, answer.json()) == (400, {"message": "Send an Idempotency-Key."})
    assert rows(desk, tickets) == []


def test_the_same_key_is_the_same_answer_and_another_body_is_refused(desk: Desk) -> None:
    remote = shop(desk)
    key = remote.post(KEY).json()
    assert key["ok"] is True
    named = key["data"]["idempotency_key"]
    assert remote.post(KEY).json()["data"]["idempotency_key"] != named
    first, second = ask(remote, request(), key=named), ask(remote, request(), key=named)
    assert (first.json(), first.status_code) == (second.json(), second.status_code)
    assert second.headers["idempotent-replayed"] == "true"
    assert ask(remote, request("another"), key=named).status_code == 409
    assert len(rows(desk, tickets)) == 1


def test_a_key_is_known_for_a_day(desk: Desk) -> None:
    remote, wayline = shop(desk), desk.wayline
    first = ask(remote, request("a"), key="k").json()
    wayline.clock.advance(timedelta(hours=23, minutes=59).total_seconds())
    before = wayline.clock.now() - timedelta(hours=24)
    with wayline.database.writer.begin() as connection:
        assert not has_older(connection, before)
    assert ask(remote, request("a"), key="k").json() == first
    wayline.clock.advance(120)
    with wayline.database.writer.begin() as connection:
        prune(connection, wayline.clock.now() - timedelta(hours=24), limit=10)
    assert ask(remote, request("b"), key="k").status_code == 201


def test_a_second_call_while_the_first_is_in_flight_is_refused(desk: Desk) -> None:
    remote, door = shop(desk), desk.wayline.door
    held, free = threading.Event(), threading.Event()

    def hold(transaction: Any) -> None:
        held.set()
        assert free.wait(30)

    holding = door.submit_soon(Change(tenant_id=None, actor=SYSTEM, write=hold))
    assert held.wait(30)
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(ask(remote, request(), key="k")))
    first.start()
    try:
        in_flight = desk.app.app.state.keys_in_flight  # type: ignore[attr-defined]
        pause = threading.Event()
        while not in_flight:
            pause.wait(0.01)
        second = ask(remote, request(), key="k")
    finally:
        free.set()
    assert (second.status_code, second.headers["retry-after"]) == (409, "2")
    holding.result(30)
    first.join(30)
    assert answers[0].status_code == 201
    assert ask(remote, request(), key="k").json() == answers[0].json()


def test_a_known_uid_is_answered_with_its_ticket_whatever_else_is_said(desk: Desk) -> None:
    remote = shop(desk)
    first = asked(remote, request(amount=1))
    again = asked(remote, {**request(amount=2), "originator_email_address": "else@shop.example"})
    assert again == first
    assert len(rows(desk, tickets)) == 1
    assert rows(desk, users, users.c.email == "else@shop.example") == []
    other = desk.using(token_for(desk, kept(desk, name="other"))["token"])
    assert asked(other, {**request(), "intervention": "other"}) != first


def test_many_calls_with_one_uid_at_once_are_one_ticket(desk: Desk) -> None:
    token = token_for(desk, kept(desk))["token"]
    start, found = threading.Barrier(8), []

    def call() -> None:
        client = desk.using(token)
        start.wait(30)
        found.append(ask(client, request()))

    calls = [threading.Thread(target=call) for _ in range(8)]
    for one in calls:
        one.start()
    for one in calls:
        one.join(60)
    assert [answer.status_code for answer in found] == [201] * 8
    assert len({answer.text for answer in found}) == 1
    assert len(rows(desk, tickets)) == 1
    assert len(rows(desk, users, users.c.email == EVE)) == 1


# -- what comes of it ------------------------------------------------------------------------------


def test_the_written_fields_alone_make_a_ticket_with_a_note_of_what_is_asked(desk: Desk) -> None:
    ticket = shown(desk, asked(shop(desk), request(approve=True))["ticket_id"])
    said = {name: ticket[name] for name in ("type", "title", "queue", "priority", "status", "tags", "requester_name")}
    assert said == {
        "type": "task",
        "title": "Refund for Eve",
        "queue": "Inbox",
        "priority": "P3",
        "status": "open",
        "tags": [],
        "requester_name": "eve",
    }
    note = "Refund for Eve\nAsked by refund as order-1\nAmount: 12\nApprove: true"
    assert comments(desk, ticket["id"]) == {("internal", note)}
    (found,) = ticket["interventions"]
    assert (found["state"], found["uid"], found["intervention"]) == ("waiting", "order-1", "refund")
    assert ticket["workflow_instances"] == [found["id"]]


def test_texts_and_labels_are_rendered_with_the_data_bag(desk: Desk) -> None:
    texts = {"private": "{{ data.customer }} wants {{ amount }} ({{ uid }}, {{ ticket.number }})"}
    texts["public"] = "Dear {{ originator.name }}, {{ intervention.title }} is being looked at."
    remote = shop(desk, texts=texts, labels=["shop", "{{ customer }}", "{{ nothing }}", "{{ customer }}"])
    ticket = shown(desk, asked(remote, request())["ticket_id"])
    assert ticket["tags"] == ["shop", "Eve"]
    assert comments(desk, ticket["id"]) == {
        ("internal", "Eve wants 12 (order-1, TSK-000001)"),
        ("public", "Dear eve, Refund for Eve is being looked at."),
    }


def test_a_text_that_cannot_be_rendered_is_an_incident_and_stops_nothing(desk: Desk) -> None:
    remote = shop(
        desk, texts={"private": "{{ amount | nonsense }}", "public": "{{ amount / 0 }}"}, labels=["{{ 1/0 }}"]
    )
    ticket = shown(desk, asked(remote, request())["ticket_id"])
    ((visibility, note),) = comments(desk, ticket["id"])
    assert (visibility, note.splitlines()[0]) == ("internal", "Refund for Eve")
    (incident,) = rows(desk, incidents)
    assert (incident.subject, incident.subject_id, incident.code) == ("ticket", ticket["id"], "text_not_rendered")
    assert all(name in incident.message for name in ("texts.private", "texts.public", "labels[0]"))


def test_urgent_ones_are_urgent_and_managers_are_told_where_it_says_so(desk: Desk) -> None:
    root = desk.client(desk.root)
    managers = root.put("/api/v1/queues/1/managers", json={"user_ids": [desk.dee.id]})
    assert managers.is_success, managers.text
    quiet = shown(desk, asked(shop(desk), request())["ticket_id"])
    assert (quiet["priority"], rows(desk, notifications)) == ("P3", [])
    loud = shop(desk, name="urgent", create_urgent=True, notify_inbox_managers=True)
    ticket = shown(desk, asked(loud, {**request(), "intervention": "urgent"})["ticket_id"])
    assert ticket["priority"] == "P1"
    assert [(n.audience_id, n.ticket_id) for n in rows(desk, notifications)] == [(desk.dee.id, ticket["id"])]


def test_an_originator_the_desk_knows_is_the_requester_and_one_who_has_left_is_refused(desk: Desk) -> None:
    remote = shop(desk)
    known = asked(remote, {**request("a"), "originator_email_address": desk.ana.email.title()})
    assert shown(desk, known["ticket_id"])["requester"] == desk.ana.id
    first, second = asked(remote, request("b")), asked(remote, request("c"))
    assert shown(desk, first["ticket_id"])["requester"] == shown(desk, second["ticket_id"])["requester"]
    (eve,) = rows(desk, users, users.c.email == EVE)
    assert (eve.role, eve.password_hash, eve.tenant_id) == ("requester", None, desk.tenant_id)
    assert desk.client(desk.root).patch(f"/api/v1/users/{eve.id}", json={"active": False}).is_success
    assert set(ask(remote, request("d")).json()["errors"]) == {"originator_email_address"}


def test_a_neighbours_person_of_the_same_address_is_somebody_else(desk: Desk) -> None:
    with desk.wayline.database.writer.begin() as connection:
        fields = {"email": EVE, "name": "Zed's Eve", "role": "requester", "manager_id": None, "labels": []}
        fields |= {"active": True, "timezone": "UTC", "locale": "en"}
        at = desk.wayline.clock.now()
        add_user(connection, tenant_id=desk.zed_id, fields=fields, password_hash=None, at=at)
    assert shown(desk, asked(shop(desk), request())["ticket_id"])["requester_name"] == "eve"


def test_what_remotes_are_answered_is_as_the_document_says(sqlite_desk: Desk) -> None:
    remote = shop(sqlite_desk)
    document = sqlite_desk.http.get("/openapi.json").json()
    operation = document["paths"][ASK]["post"]
    (key,) = [p for p in operation["parameters"] if p["name"] == "Idempotency-Key"]
    assert key["required"] is True
    answers = [ask(remote, request(), key="k"), ask(remote, {}), remote.post(ASK, json=request())]
    answers += [ask(remote, request("x"), key="k"), ask(sqlite_desk.http, {})]
    assert [answer.status_code for answer in answers] == [201, 422, 400, 409, 401]
    for answer in answers:
        fits(document, answer.json(), operation["responses"][str(answer.status_code)])
    fits(document, remote.post(KEY).json(), document["paths"][KEY]["post"]["responses"]["200"])
