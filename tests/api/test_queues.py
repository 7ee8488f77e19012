"""Queues: made, named, emptied and deleted over surface 004; who looks after them, and where their mail comes from."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from administration_at_a_desk import asked, fields, refused
from templates_at_a_desk import created, one_form, started

from served_desk import Desk
from wayline.store.queues import tickets_in

TICKETS = "/api/v1/tickets"
RULES = "/api/v1/automation/rules"


def made(desk: Desk, name: str = "Network", **more: Any) -> dict[str, Any]:
    return dict(asked(desk, "queues/create", {"name": name, **more})["queue"])


def opened(desk: Desk, queue: str = "Network", **more: Any) -> dict[str, Any]:
    answer = desk.client(desk.bo).post(TICKETS, json={"title": "It hums", "queue": queue, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def counts(desk: Desk) -> dict[str, tuple[int, int]]:
    return {
        q["name"]: (q["ticket_count"], q["open_count"]) for q in asked(desk, "queues")["queues"] if q["ticket_count"]
    }


def queue_of(desk: Desk, ticket: dict[str, Any]) -> str:
    return str(desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}").json()["data"]["queue"])


def test_every_desk_has_the_built_in_queues(desk: Desk) -> None:
    assert asked(desk, "queues") == {
        "queues": [
            {
                "id": number,
                "name": name,
                "builtin": True,
                "ticket_count": 0,
                "open_count": 0,
                "outgoing_mailbox_id": None,
            }
            for number, name in enumerate(("Inbox", "Spam", "Trash"), 1)
        ]
    }


def test_queues_are_numbered_per_tenant_and_no_number_is_given_twice(desk: Desk) -> None:
    assert made(desk) == {
        "id": 4,
        "name": "Network",
        "builtin": False,
        "ticket_count": 0,
        "open_count": 0,
        "outgoing_mailbox_id": None,
    }
    asked(desk, "queues/delete", {"queue_id": 4})
    assert made(desk)["id"] == 5
    assert asked(desk, "queues/create", {"name": "Network"}, by=desk.zoe)["queue"]["id"] == 4


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, {"name"}),
        ({"name": "  "}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "Net\nwork"}, {"name"}),
        ({"name": "inbox"}, {"name"}),
        ({"name": "New", "outgoing_mailbox_id": 1}, {"outgoing_mailbox_id"}),
        ({"name": "New", "outgoing_mailbox_id": "1"}, {"outgoing_mailbox_id"}),
        ({"name": "New", "colour": "red"}, {"colour"}),
    ],
)
def test_a_bad_queue_is_refused_field_by_field(desk: Desk, body: dict[str, Any], bad: set[str]) -> None:
    assert fields(refused(desk, "queues/create", body)) == bad


def test_counts_follow_tickets_as_they_come_end_and_move(desk: Desk) -> None:
    made(desk)
    first, second = opened(desk), opened(desk, status="pending")
    opened(desk, "Inbox")
    assert counts(desk) == {"Network": (2, 2), "Inbox": (1, 1)}
    bo = desk.client(desk.bo)
    bo.patch(f"{TICKETS}/{first['id']}", json={"status": "resolved"})
    assert counts(desk) == {"Network": (2, 1), "Inbox": (1, 1)}
    bo.patch(f"{TICKETS}/{first['id']}", json={"queue": "inbox"})
    bo.patch(f"{TICKETS}/{second['id']}", json={"queue": "Inbox", "status": "closed"})
    assert counts(desk) == {"Inbox": (3, 1)}
    bo.patch(f"{TICKETS}/{second['id']}", json={"status": "open"})
    assert counts(desk) == {"Inbox": (3, 2)}


def test_a_ticket_goes_into_a_queue_as_it_is_written_and_founds_one_that_is_new(desk: Desk) -> None:
    made(desk)
    assert opened(desk, "network")["queue"] == "Network"
    bo = desk.client(desk.bo)
    assert opened(desk, " Far End ")["queue"] == "Far End"
    assert opened(desk, "far end")["queue"] == "Far End"
    ticket = opened(desk)
    moved = bo.patch(f"{TICKETS}/{ticket['id']}", json={"queue": "Elsewhere", "resolution_category": "Fixed"})
    assert moved.json()["data"]["queue"] == "Elsewhere"
    assert counts(desk) == {"Network": (1, 1), "Far End": (2, 2), "Elsewhere": (1, 1)}
    categories = desk.client(desk.root).post("/api/v1/workflow/resolution-categories", json={}).json()
    assert [(c["name"], c["in_use"]) for c in categories] == [("Fixed", True)]
    answer = bo.post(TICKETS, json={"title": "Lost", "queue": "x" * 201})
    assert answer.status_code == 400
    assert [i["path"] for i in answer.json()["error"]["details"]["issues"]] == ["queue"]


def test_a_renamed_queue_keeps_its_tickets(desk: Desk) -> None:
    queue, ticket = made(desk), opened(desk)
    other = opened(desk, "Inbox")
    renamed = asked(desk, "queues/update", {"queue_id": queue["id"], "name": "Networks"})["queue"]
    assert (renamed["name"], renamed["ticket_count"], renamed["open_count"]) == ("Networks", 1, 1)
    assert (queue_of(desk, ticket), queue_of(desk, other)) == ("Networks", "Inbox")
    desk.client(desk.bo).patch(f"{TICKETS}/{ticket['id']}", json={"status": "resolved"})
    assert counts(desk) == {"Networks": (1, 0), "Inbox": (1, 1)}
    assert opened(desk, "Networks")["queue"] == "Networks"
    asked(desk, "queues/update", {"queue_id": queue["id"], "name": "NETWORKS"})
    assert queue_of(desk, ticket) == "NETWORKS"


def test_a_built_in_queue_keeps_its_name_and_stays(desk: Desk) -> None:
    assert "built in" in refused(desk, "queues/update", {"queue_id": 1, "name": "Entrance"}, 409)["message"]
    assert "built in" in refused(desk, "queues/delete", {"queue_id": 2}, 409)["message"]


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for path, body in (
        ("queues/update", {"queue_id": 99, "name": "New"}),
        ("queues/delete", {"queue_id": 99}),
        ("queues/move", {"from_queue_id": 1, "to_queue_id": 99}),
    ):
        refused(desk, path, body, 404)
    for path, body in (("queues/update", {"name": "New"}), ("queues/delete", {}), ("queues/move", {"to_queue_id": 1})):
        assert fields(refused(desk, path, body)) <= {"queue_id", "from_queue_id"}


def test_a_queue_with_tickets_is_not_deleted(desk: Desk) -> None:
    queue, ticket = made(desk), opened(desk)
    assert "1 ticket." in refused(desk, "queues/delete", {"queue_id": queue["id"]}, 409)["message"]
    desk.client(desk.bo).patch(f"{TICKETS}/{ticket['id']}", json={"queue": "Trash"})
    assert asked(desk, "queues/delete", {"queue_id": queue["id"]}) == {"deleted": True}


@pytest.mark.parametrize(
    "step",
    [
        {"id": "now", "type": "automatic", "action": {"type": "move_queue", "queue": "network"}},
        {"id": "now", "type": "automatic", "action": {"type": "update_field", "field": "queue", "value": "Network"}},
        {"id": "now", "type": "automatic", "action": {"type": "update_field", "fields": {"queue": "Network"}}},
    ],
)
def test_a_queue_that_a_template_names_keeps_its_name_and_stays(desk: Desk, step: dict[str, Any]) -> None:
    queue = made(desk)
    created(desk, one_form(name="Routes", steps=[step]))
    for path, more in (("queues/delete", {}), ("queues/update", {"name": "Other"})):
        assert "“Routes”" in refused(desk, path, {"queue_id": queue["id"], **more}, 409)["message"]


@pytest.mark.parametrize(
    "rule",
    [
        {"conditions": {"queue": "Network"}},
        {"conditions": {"any": [{"ticket.queue": {"in": ["Spam", "Network"]}}]}},
        {"conditions": {"expression": "ticket.queue == 'Network'"}},
        {"action": {"type": "move_queue", "queue": "Network"}},
    ],
)
def test_a_queue_that_a_rule_names_keeps_its_name_and_stays(desk: Desk, rule: dict[str, Any]) -> None:
    queue = made(desk)
    whole = {"name": "Sorts", "trigger": "on_ticket_created", "action": {"type": "set_priority", "priority": "P1"}}
    answer = desk.client(desk.root).post("/v1/automation/rules", json={**whole, **rule})
    assert answer.status_code in (200, 201), answer.text
    for path, more in (("queues/delete", {}), ("queues/update", {"name": "Other"})):
        assert "“Sorts”" in refused(desk, path, {"queue_id": queue["id"], **more}, 409)["message"]
    assert asked(desk, "queues/update", {"queue_id": queue["id"], "outgoing_mailbox_id": None})["queue"] == queue


def test_a_queue_that_escalates_by_itself_is_not_deleted(desk: Desk) -> None:
    queue = made(desk)
    escalation = {"minutes": 5, "action": "notify", "recipient": "assignee", "queue_id": queue["id"]}
    asked(desk, "escalations/create", escalation)
    assert "the escalation “1”" in refused(desk, "queues/delete", {"queue_id": queue["id"]}, 409)["message"]


def test_all_tickets_of_a_queue_are_moved_each_with_its_history(desk: Desk) -> None:
    queue = made(desk)
    moved = [opened(desk) for _ in range(3)]
    opened(desk, "Inbox")
    assert asked(desk, "queues/move", {"from_queue_id": queue["id"], "to_queue_id": 3}) == {"moved": 3}
    assert counts(desk) == {"Trash": (3, 3), "Inbox": (1, 1)}
    history = desk.client(desk.bo).get(f"{TICKETS}/{moved[0]['id']}/history").json()["data"]
    assert any("Network" in event["detail"] and event["actor_id"] == desk.root.id for event in history)
    assert asked(desk, "queues/move", {"from_queue_id": queue["id"], "to_queue_id": 3}) == {"moved": 0}


def test_the_named_tickets_of_a_queue_are_moved_and_no_others(desk: Desk) -> None:
    queue = made(desk)
    first, second, third = (opened(desk) for _ in range(3))
    elsewhere = opened(desk, "Spam")
    named = [first["id"].upper(), second["number"].lower(), elsewhere["id"]]
    move = {"from_queue_id": queue["id"], "to_queue_id": 1}
    assert asked(desk, "queues/move", {**move, "ticket_ids": named}) == {"moved": 2}
    assert [queue_of(desk, t) for t in (first, second, third, elsewhere)] == ["Inbox", "Inbox", "Network", "Spam"]
    assert asked(desk, "queues/move", {**move, "ticket_ids": []}) == {"moved": 0}


def test_moving_refuses_what_makes_no_sense(desk: Desk) -> None:
    queue = made(desk)
    move = {"from_queue_id": 1, "to_queue_id": queue["id"]}
    assert fields(refused(desk, "queues/move", {**move, "to_queue_id": 1})) == {"to_queue_id"}
    assert fields(refused(desk, "queues/move", {**move, "ticket_ids": "all"})) == {"ticket_ids"}
    refused(desk, "queues/move", {**move, "ticket_ids": ["INC-000009"]}, 404)
    refused(desk, "queues/move", {**move, "ticket_ids": ["nonsense"]}, 404)
    others = desk.client(desk.zoe).post(TICKETS, json={"title": "Theirs"}).json()["data"]
    refused(desk, "queues/move", {**move, "ticket_ids": [others["id"]]}, 404)


def test_templates_and_rules_are_warned_of_queues_that_are_not_there(desk: Desk) -> None:
    steps = [{"id": "now", "type": "automatic", "action": {"type": "move_queue", "queue": "Netwrok"}}]
    problems = created(desk, one_form(name="Routes", steps=steps))["problems"]
    assert "unknown_queue" in [problem["code"] for problem in problems]
    rule = {"name": "Sorts", "trigger": "on_ticket_created", "action": steps[0]["action"]}
    warnings = desk.client(desk.root).post("/v1/automation/rules", json=rule).json()["warnings"]
    assert [warning["code"] for warning in warnings] == ["unknown_queue"]


def test_an_action_that_names_a_new_queue_founds_it(desk: Desk) -> None:
    steps = [{"id": "now", "type": "automatic", "action": {"type": "move_queue", "queue": "Field team"}}]
    template = created(desk, one_form(name="Routes", steps=steps))
    ticket = opened(desk, "Inbox")
    assert started(desk, template["id"], ticket_id=ticket["id"])["status"] == "completed"
    assert queue_of(desk, ticket) == "Field team"
    assert counts(desk) == {"Field team": (1, 1)}


# -- managers --------------------------------------------------------------------------------------


def test_a_queue_has_managers_in_an_order(desk: Desk) -> None:
    client, url = desk.client(desk.root), "/api/v1/queues/1/managers"
    assert client.get(url).json() == {"data": []}
    answer = client.put(url, json={"user_ids": [desk.dee.email, desk.bo.id, desk.bo.id]})
    assert [m["name"] for m in answer.json()["data"]] == ["Dee", "Bo"]
    assert desk.client(desk.dee).get(url).json() == answer.json()
    assert client.put(url, json={"user_ids": []}).json() == {"data": []}


def test_requesters_and_strangers_manage_nothing(desk: Desk) -> None:
    client, url = desk.client(desk.root), "/api/v1/queues/1/managers"
    for stranger in (desk.ana.id, desk.zack.id, "nobody"):
        answer = client.put(url, json={"user_ids": [desk.bo.id, stranger]})
        assert answer.status_code == 400
        assert [i["path"] for i in answer.json()["error"]["details"]["issues"]] == ["user_ids[1]"]
    for queue in ("99", "x", "-1", "1e3"):
        assert client.get(f"/api/v1/queues/{queue}/managers").status_code == 404
        assert client.put(f"/api/v1/queues/{queue}/managers", json={"user_ids": []}).status_code == 404
    assert desk.client(desk.bo).get(url).status_code == 403
    assert desk.client(desk.dee).put(url, json={"user_ids": []}).status_code == 403


# -- mailboxes -------------------------------------------------------------------------------------


def test_mailboxes_are_kept_and_named_by_queues(desk: Desk) -> None:
    client, url = desk.client(desk.root), "/api/v1/mailboxes"
    box = client.post(url, json={"name": "Network team", "address": "Net@Acme.example"}).json()["data"]
    assert box == {"id": 1, "name": "Network team", "address": "net@acme.example"}
    assert client.get(f"{url}/1").json()["data"] == box
    assert client.get(url).json()["data"] == [box]
    assert client.post(url, json={"name": "Other", "address": "net@acme.example"}).status_code == 409
    queue = made(desk, outgoing_mailbox_id=1)
    assert queue["outgoing_mailbox_id"] == 1
    assert client.delete(f"{url}/1").status_code == 409
    asked(desk, "queues/update", {"queue_id": queue["id"], "outgoing_mailbox_id": None})
    changed = client.patch(f"{url}/1", json={"name": "Networks"}).json()["data"]
    assert changed == {**box, "name": "Networks"}
    assert client.delete(f"{url}/1").status_code == 204
    assert client.get(f"{url}/1").status_code == 404


def test_bad_mailboxes_are_refused_and_others_are_nobodys(desk: Desk) -> None:
    client, url = desk.client(desk.root), "/api/v1/mailboxes"
    for body in ({}, {"name": "x", "address": "no address"}, {"name": "", "address": "a@b.example"}):
        assert client.post(url, json=body).status_code == 400
    client.post(url, json={"name": "Ours", "address": "a@b.example"})
    zoe = desk.client(desk.zoe)
    assert zoe.get(f"{url}/1").status_code == 404
    assert zoe.patch(f"{url}/1", json={"name": "Theirs"}).status_code == 404
    assert zoe.delete(f"{url}/1").status_code == 404
    assert desk.client(desk.bo).get(url).status_code == 403


# -- what it costs ---------------------------------------------------------------------------------


def test_counting_reads_the_queues_alone_and_a_queue_is_walked_by_its_index(desk: Desk) -> None:
    opened(desk, "Inbox")
    reader = desk.wayline.database.reader
    read: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        read.append((statement, parameters))

    sa.event.listen(reader, "before_cursor_execute", note)
    asked(desk, "queues")
    counting = [statement for statement, _ in read if "ticket_count" in statement]
    assert len(counting) == 1
    assert not any("tickets" in statement for statement, _ in read)
    read.clear()
    with reader.connect() as connection:
        tickets_in(connection, tenant_id=desk.tenant_id, queue="Inbox", after=None, limit=1)
        ((statement, parameters),) = [one for one in read if "FROM tickets" in one[0]]
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all()
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = connection.exec_driver_sql("EXPLAIN " + statement, parameters).all()
    sa.event.remove(reader, "before_cursor_execute", note)
    assert "ix_tickets_tenant_id_queue_created_at" in str(plan)
