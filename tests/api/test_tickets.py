"""Tickets: opened, found, changed and told of; by those who may, and by nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from served_desk import Desk, Person, add_categories, add_queues, served_desk
from wayline.api.app import application
from wayline.bootstrap import Wayline
from wayline.settings import Settings
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.tables import incidents, template_versions, templates, tickets
from wayline.store.ticket_lists import TicketFilter, list_tickets, page_of

TICKETS = "/api/v1/tickets"
FIELDS = [
    "id",
    "number",
    "type",
    "subtype",
    "title",
    "description",
    "status",
    "priority",
    "category",
    "queue",
    "group",
    "group_name",
    "assignee",
    "assignee_name",
    "requester",
    "requester_name",
    "tags",
    "custom",
    "links",
    "resolution_category",
    "created_at",
    "updated_at",
]


def opened(client: TestClient, title: str = "Printer is on fire", **fields: Any) -> dict[str, Any]:
    answer = client.post(TICKETS, json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def titles(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"{TICKETS}?{query}")
    assert answer.status_code == 200, answer.text
    return [ticket["title"] for ticket in answer.json()["data"]]


def issues(answer: Any, status: int = 400) -> set[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    return {(i["path"], i["code"]) for i in answer.json()["error"]["details"]["issues"]}


# -- opening ---------------------------------------------------------------------------------------


def test_a_ticket_opens_with_its_defaults(desk: Desk) -> None:
    answer = desk.client(desk.bo).post(TICKETS, json={"title": " Printer is on fire ", "type": "incident"})
    assert answer.status_code == 201
    ticket = answer.json()["data"]
    assert list(ticket) == [*FIELDS, "workflow_instances", "interventions"]
    assert ticket["created_at"] == ticket["updated_at"]
    assert ticket["created_at"].endswith("Z")
    told = {name: value for name, value in ticket.items() if name not in ("id", "created_at", "updated_at")}
    assert told == {
        "number": "INC-000001",
        "type": "incident",
        "subtype": None,
        "title": "Printer is on fire",
        "description": None,
        "status": "open",
        "priority": "P3",
        "category": "incident",
        "queue": "Inbox",
        "group": None,
        "group_name": None,
        "assignee": None,
        "assignee_name": None,
        "requester": desk.bo.id,
        "requester_name": "Bo",
        "tags": [],
        "custom": {},
        "links": [],
        "resolution_category": None,
        "workflow_instances": [],
        "interventions": [],
    }


def test_each_type_counts_for_itself(desk: Desk) -> None:
    kinds = ("incident", "change", "problem", "service_request", "task", "task")
    numbers = [opened(desk.client(desk.bo), type=kind)["number"] for kind in kinds]
    assert numbers == ["INC-000001", "CHG-000001", "PRB-000001", "REQ-000001", "TSK-000001", "TSK-000002"]
    assert opened(desk.client(desk.bo))["type"] == "incident"


def test_every_field_is_taken_and_given_back(desk: Desk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Laptops")
    add_categories(desk.wayline, desk.tenant_id, "none yet")
    fields = {
        "type": "service_request",
        "subtype": "laptop",
        "description": "One with keys",
        "status": "pending",
        "priority": "P1",
        "category": "hardware",
        "queue": "Laptops",
        "group": desk.service_desk_id,
        "assignee": desk.cy.id,
        "requester": desk.ana.id,
        "tags": ["vip", "new hire"],
        "custom": {"floor": 3, "badge": {"colour": "blue"}, "when": None},
        "resolution_category": "none yet",
    }
    ticket = opened(desk.client(desk.bo), "A laptop", **fields)
    assert {name: ticket[name] for name in fields} == fields
    assert (ticket["group_name"], ticket["assignee_name"], ticket["requester_name"]) == ("Service desk", "Cy", "Ana")
    read = desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}").json()["data"]
    assert read == ticket


@pytest.mark.parametrize(
    ("word", "priority"), [("critical", "P1"), ("high", "P2"), ("medium", "P3"), ("low", "P4"), ("P2", "P2")]
)
def test_priorities_have_words(sqlite_desk: Desk, word: str, priority: str) -> None:
    assert opened(sqlite_desk.client(sqlite_desk.bo), priority=word)["priority"] == priority


def test_people_and_groups_are_named_as_people_name_them(desk: Desk) -> None:
    ticket = opened(
        desk.client(desk.bo), assignee_id="CY@acme.example", group_id="service-desk", requester=desk.ana.email
    )
    assert (ticket["assignee"], ticket["group"], ticket["requester"]) == (desk.cy.id, desk.service_desk_id, desk.ana.id)


def test_everything_wrong_with_a_ticket_is_said_at_once(desk: Desk) -> None:
    bad = {"type": "wish", "title": " ", "priority": "P9", "assignee": desk.zack.id, "tags": "vip", "colour": "red"}
    answer = desk.client(desk.bo).post(TICKETS, json=bad)
    assert issues(answer) == {
        ("type", "invalid"),
        ("title", "required"),
        ("priority", "invalid"),
        ("assignee", "invalid"),
        ("tags", "invalid"),
        ("colour", "unknown_field"),
    }
    assert titles(desk.client(desk.bo)) == []


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"title": "nul \x00"}, "title", "unstorable"),
        ({"title": "x", "custom": {"a": [{"b": "\x00"}]}}, "custom.a[0].b", "unstorable"),
        ({"title": "x", "custom": {"a": 10**30}}, "custom.a", "out_of_range"),
        ({}, "title", "required"),
    ],
)
def test_what_no_database_can_keep_is_refused_with_its_place(desk: Desk, body: Any, path: str, code: str) -> None:
    assert issues(desk.client(desk.bo).post(TICKETS, json=body)) == {(path, code)}


def test_numbers_are_distinct_and_without_gaps_however_many_open_at_once(desk: Desk) -> None:
    client = desk.client(desk.bo)
    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(lambda i: opened(client, f"Ticket {i}")["number"], range(30)))
    assert sorted(numbers) == [f"INC-{n:06d}" for n in range(1, 31)]


def test_two_processes_on_one_database_number_without_gaps(postgresql_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=postgresql_url, secret_key="a key for tests alone", data_dir=tmp_path)
    beside = TestClient(application(Wayline(settings, workers=False)))
    with served_desk(postgresql_url, tmp_path) as desk, beside as other:
        other.headers["Authorization"] = f"Bearer {desk.bo.token}"
        clients = [desk.client(desk.bo), other]
        with ThreadPoolExecutor(10) as pool:
            numbers = list(pool.map(lambda i: opened(clients[i % 2], f"Ticket {i}")["number"], range(40)))
        assert sorted(numbers) == [f"INC-{n:06d}" for n in range(1, 41)]


# -- templates -------------------------------------------------------------------------------------

ONE_FORM = {
    "name": "Ask",
    "trigger": {"type": "ticket_type", "ticket_type": "incident"},
    "steps": [
        {"id": "ask", "type": "form", "assignee": {"requester": True}, "fields": [{"name": "why", "type": "text"}]}
    ],
}


def published(desk: Desk, name: str, definition: Any, *, version: int = 1, subtype: str | None = None) -> str:
    """A published template on incidents, its definition as given, however broken; without a version when None."""
    template_id, at = new_id(), desk.wayline.clock.now()
    head = {
        "id": template_id,
        "tenant_id": desk.tenant_id,
        "name": name,
        "kind": "process",
        "status": "published",
        "is_active": True,
        "trigger_type": "ticket_type",
        "ticket_type": "incident",
        "trigger_subtype": subtype,
        "step_count": 1,
        "version": version,
        "revision": 1,
        "created_at": at,
        "updated_at": at,
    }
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.insert(templates).values(head))
        if definition is not None:
            row = {"template_id": template_id, "version": version, "tenant_id": desk.tenant_id, "published_at": at}
            connection.execute(sa.insert(template_versions).values({**row, "definition": definition}))
        touch(connection, desk.tenant_id)
    return template_id


def test_a_ticket_starts_the_templates_of_its_type(desk: Desk) -> None:
    published(desk, "Ask", ONE_FORM)
    published(desk, "Ask about laptops", ONE_FORM, subtype="laptop")
    plain = opened(desk.client(desk.bo), requester=desk.ana.id)
    assert len(plain["workflow_instances"]) == 1
    assert opened(desk.client(desk.bo), type="task")["workflow_instances"] == []
    instance = desk.client(desk.ana).get(f"/api/v1/workflows/instances/{plain['workflow_instances'][0]}")
    assert instance.json()["data"]["ticket_id"] == plain["id"]
    read = desk.client(desk.ana).get(f"{TICKETS}/{plain['number']}").json()["data"]
    assert read["workflow_instances"] == plain["workflow_instances"]


def test_a_broken_or_missing_template_never_stops_a_ticket(desk: Desk) -> None:
    published(desk, "Broken", {"name": "Broken", "steps": [{"id": 1, "type": "no such type"}]})
    published(desk, "Missing", None)
    published(desk, "Ask", ONE_FORM)
    ticket = opened(desk.client(desk.bo))
    assert ticket["number"] == "INC-000001"
    assert len(ticket["workflow_instances"]) == 1
    with desk.wayline.database.reader.connect() as connection:
        raised = connection.execute(sa.select(incidents.c.subject, incidents.c.code)).all()
    assert raised == [("template", "start_failed")] * 2


# -- one key, one ticket ---------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_stored_answer(desk: Desk) -> None:
    client, key = desk.client(desk.bo), {"Idempotency-Key": "k-1"}
    first = client.post(TICKETS, json={"title": "Once"}, headers=key)
    second = client.post(TICKETS, json={"title": "Once"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert titles(client) == ["Once"]


def test_the_same_key_with_another_body_is_a_conflict(desk: Desk) -> None:
    client, key = desk.client(desk.bo), {"Idempotency-Key": "k-1"}
    assert client.post(TICKETS, json={"title": "Once"}, headers=key).status_code == 201
    answer = client.post(TICKETS, json={"title": "Twice"}, headers=key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert answer.json()["error"]["details"]["reason"] == "key_reused"
    assert titles(client) == ["Once"]


def test_a_key_is_its_senders_and_its_tenants(desk: Desk) -> None:
    key, body = {"Idempotency-Key": "k-1"}, {"title": "Once"}
    assert desk.client(desk.bo).post(TICKETS, json=body, headers=key).status_code == 201
    assert desk.client(desk.ana).post(TICKETS, json=body, headers=key).status_code == 409
    assert desk.client(desk.zack).post(TICKETS, json=body, headers=key).status_code == 201


def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    client, key = desk.client(desk.bo), {"Idempotency-Key": "k-1"}
    assert client.post(TICKETS, json={"title": ""}, headers=key).status_code == 400
    assert client.post(TICKETS, json={"title": "Once"}, headers=key).status_code == 201


def test_the_same_request_many_times_at_once_opens_one_ticket(desk: Desk) -> None:
    client, key = desk.client(desk.bo), {"Idempotency-Key": "k-1"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: client.post(TICKETS, json={"title": "Once"}, headers=key), range(20)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert titles(client) == ["Once"]


# -- reading ---------------------------------------------------------------------------------------


def test_a_ticket_is_named_by_id_or_number(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo))
    for name in (ticket["id"], ticket["id"].upper(), "INC-000001", "inc-1"):
        assert desk.client(desk.bo).get(f"{TICKETS}/{name}").json()["data"]["id"] == ticket["id"]
        assert desk.client(desk.bo).get(f"{TICKETS}/{name}/history").status_code == 200
        assert desk.client(desk.bo).get(f"/api/v1/workflows/ticket/{name}").status_code == 200


@pytest.mark.parametrize("name", ["INC-000002", "XYZ-1", "nonsense", "%00", "INC-%F0%9F%98%80", "INC-²"])
def test_what_names_no_ticket_is_not_found(desk: Desk, name: str) -> None:
    opened(desk.client(desk.bo))
    answer = desk.client(desk.bo).get(f"{TICKETS}/{name}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert desk.client(desk.bo).get(f"/api/v1/workflows/ticket/{name}").status_code == 404


# -- changing --------------------------------------------------------------------------------------


def test_some_fields_change_and_custom_merges(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo), custom={"floor": 3, "room": 7}, description="Smoke")
    changes = {"priority": "high", "custom": {"room": None, "desk": 1}, "description": None, "tags": ["hot"]}
    answer = desk.client(desk.cy).patch(f"{TICKETS}/{ticket['number']}", json=changes)
    assert answer.status_code == 200
    changed = answer.json()["data"]
    assert (changed["priority"], changed["description"], changed["tags"]) == ("P2", None, ["hot"])
    assert changed["custom"] == {"floor": 3, "desk": 1}
    assert changed["updated_at"] > ticket["updated_at"]
    assert changed == desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}").json()["data"]


def test_a_bad_change_changes_nothing_and_names_every_fault(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo))
    answer = desk.client(desk.bo).patch(
        f"{TICKETS}/{ticket['id']}", json={"priority": "P1", "status": "broken", "type": "task", "number": "INC-7"}
    )
    assert issues(answer) == {("status", "invalid"), ("type", "immutable"), ("number", "unknown_field")}
    assert desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}").json()["data"]["priority"] == "P3"


def test_status_and_assignment_have_their_own_calls(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo))
    place = f"{TICKETS}/{ticket['number']}"
    client = desk.client(desk.bo)
    assert client.patch(f"{place}/status", json={"status": "resolved"}).json()["data"]["status"] == "resolved"
    given = client.patch(f"{place}/assign", json={"assignee_id": desk.cy.id, "group_id": desk.service_desk_id})
    assert (given.json()["data"]["assignee"], given.json()["data"]["group"]) == (desk.cy.id, desk.service_desk_id)
    taken = client.patch(f"{place}/assign", json={"assignee_id": None}).json()["data"]
    assert (taken["assignee"], taken["group"]) == (None, desk.service_desk_id)
    assert issues(client.patch(f"{place}/status", json={"status": "asleep"})) == {("status", "invalid")}
    assert issues(client.patch(f"{place}/status", json={})) == {("status", "missing")}
    assert issues(client.patch(f"{place}/assign", json={})) == {("", "required")}
    assert issues(client.patch(f"{place}/assign", json={"assignee_id": desk.zack.id})) == {("assignee_id", "invalid")}


def test_a_stale_change_is_refused_when_the_caller_says_what_it_saw(desk: Desk) -> None:
    place = f"{TICKETS}/{opened(desk.client(desk.bo))['id']}"
    client = desk.client(desk.bo)
    seen = {"If-Match": client.get(place).headers["ETag"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: client.patch(place, json={"title": f"Title {i}"}, headers=seen), range(8)))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 7
    fresh = {"If-Match": client.get(place).headers["ETag"]}
    assert client.patch(place, json={"title": "Mine"}, headers=fresh).status_code == 200
    assert issues(client.patch(place, json={"title": "Mine"}, headers={"If-Match": "soon"})) == {
        ("If-Match", "invalid")
    }


# -- who may what ----------------------------------------------------------------------------------


def test_tenants_never_meet(desk: Desk) -> None:
    ours, theirs = opened(desk.client(desk.bo), "Ours"), opened(desk.client(desk.zack), "Theirs")
    assert ours["number"] == theirs["number"] == "INC-000001"
    assert titles(desk.client(desk.root)) == ["Ours"]
    assert titles(desk.client(desk.zoe)) == ["Theirs"]
    assert desk.client(desk.zack).get(f"{TICKETS}/INC-000001").json()["data"]["id"] == theirs["id"]
    for call, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "Taken"}),
        ("PATCH", "/status", {"status": "closed"}),
        ("PATCH", "/assign", {"assignee_id": None}),
        ("GET", "/comments", None),
        ("POST", "/comments", {"text": "Hello"}),
        ("GET", "/history", None),
        ("GET", "/links", None),
        ("POST", "/links", {"number": "INC-000001"}),
        ("GET", "/attachments", None),
    ):
        answer = desk.client(desk.zoe).request(call, f"{TICKETS}/{ours['id']}{path}", json=body)
        assert answer.status_code == 404, (call, path)


RIGHTS = [
    # call, path, body: requester on their own, requester on another's, agent, manager, admin
    ("GET", "", None, (200, 404, 200, 200, 200)),
    ("PATCH", "", {"title": "Corrected"}, (200, 404, 200, 200, 200)),
    ("PATCH", "", {"priority": "P1"}, (200, 404, 200, 200, 200)),
    ("PATCH", "", {"assignee": None}, (403, 404, 200, 200, 200)),
    ("PATCH", "", {"status": "closed"}, (403, 404, 200, 200, 200)),
    ("PATCH", "/status", {"status": "closed"}, (403, 403, 200, 200, 200)),
    ("PATCH", "/assign", {"assignee_id": None}, (403, 403, 200, 200, 200)),
    ("GET", "/comments", None, (200, 404, 200, 200, 200)),
    ("POST", "/comments", {"text": "Hello"}, (201, 404, 201, 201, 201)),
    ("POST", "/comments", {"text": "Hm", "visibility": "internal"}, (403, 404, 201, 201, 201)),
    ("GET", "/history", None, (200, 404, 200, 200, 200)),
    ("GET", "/links", None, (200, 404, 200, 200, 200)),
    ("GET", "/attachments", None, (200, 404, 200, 200, 200)),
]


@pytest.mark.parametrize(("call", "path", "body", "statuses"), RIGHTS)
def test_each_role_may_what_it_may(
    sqlite_desk: Desk, call: str, path: str, body: Any, statuses: tuple[int, int, int, int, int]
) -> None:
    desk = sqlite_desk
    own = opened(desk.client(desk.ana))["id"]
    others = opened(desk.client(desk.bo))["id"]
    asked: list[tuple[Person, str]] = [
        (desk.ana, own),
        (desk.ana, others),
        (desk.cy, others),
        (desk.dee, others),
        (desk.root, others),
    ]
    answered = tuple(desk.client(p).request(call, f"{TICKETS}/{t}{path}", json=body).status_code for p, t in asked)
    assert answered == statuses


def test_what_requesters_open_is_theirs_and_the_desk_decides_the_rest(desk: Desk) -> None:
    ticket = opened(desk.client(desk.ana), requester=desk.bo.id, priority="high", custom={"floor": 3})
    assert (ticket["requester"], ticket["priority"]) == (desk.ana.id, "P2")
    staffs = {"assignee": desk.bo.id, "group_id": desk.service_desk_id, "queue": "VIP", "status": "resolved"}
    answer = desk.client(desk.ana).post(TICKETS, json={"title": "Now", **staffs})
    assert issues(answer, 403) == {(name, "staff_only") for name in staffs}
    assert titles(desk.client(desk.ana)) == ["Printer is on fire"]


def test_requesters_find_their_own_and_staff_everything(desk: Desk) -> None:
    opened(desk.client(desk.ana), "Ana’s")
    opened(desk.client(desk.bo), "For Ana", requester=desk.ana.id)
    opened(desk.client(desk.bo), "Bo’s")
    assert titles(desk.client(desk.ana)) == ["For Ana", "Ana’s"]
    assert titles(desk.client(desk.ana), f"requester={desk.bo.id}") == []
    assert desk.client(desk.ana).get(TICKETS).json()["meta"]["total"] == 2
    for person in (desk.bo, desk.dee, desk.root):
        assert titles(desk.client(person)) == ["Bo’s", "For Ana", "Ana’s"]


@pytest.mark.parametrize(
    ("abilities", "reads", "creates", "changes"),
    [
        (("ticket:read",), 200, 403, 403),
        (("ticket:write",), 200, 201, 200),
        (("create-ticket",), 403, 201, 403),
        (("run:write",), 403, 403, 403),
        (("*",), 200, 201, 200),
    ],
)
def test_a_token_needs_the_ability(
    sqlite_desk: Desk, abilities: tuple[str, ...], reads: int, creates: int, changes: int
) -> None:
    desk = sqlite_desk
    place = f"{TICKETS}/{opened(desk.client(desk.bo))['id']}"
    client = desk.using(desk.new_token(desk.bo, *abilities))
    assert client.get(TICKETS).status_code == client.get(place).status_code == reads
    assert client.get(f"{place}/history").status_code == client.get("/api/v1/search?q=x").status_code == reads
    assert client.post(TICKETS, json={"title": "x"}).status_code == creates
    assert client.patch(place, json={"title": "y"}).status_code == changes


def test_nobody_is_told_to_sign_in(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.http.get(TICKETS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


# -- finding ---------------------------------------------------------------------------------------


@pytest.fixture
def full_desk(desk: Desk) -> Desk:
    """Four tickets that differ in everything."""
    add_queues(desk.wayline, desk.tenant_id, "A, B", "Ground")
    add_categories(desk.wayline, desk.tenant_id, "blown over")
    client = desk.client(desk.bo)
    opened(client, "Fire", priority="P1", tags=["hot", "vip"], assignee=desk.bo.id, requester=desk.ana.id, queue="A, B")
    opened(client, "Water", type="task", subtype="pipe", category="wet", status="pending", group=desk.service_desk_id)
    opened(client, "Earth", type="problem", priority="P4", assignee=desk.cy.id, tags=["vip"], queue="Ground")
    opened(client, "Air", status="closed", resolution_category="blown over", subtype="fan", requester=desk.ana.id)
    return desk


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "Air Earth Water Fire"),
        ("status=open", "Earth Fire"),
        ("status=pending,closed", "Air Water"),
        ("type=incident", "Air Fire"),
        ("type=task,problem", "Earth Water"),
        ("subtype=pipe", "Water"),
        ("subtype=none", "Earth Fire"),
        ("subtype=none,fan", "Air Earth Fire"),
        ("priority=P1", "Fire"),
        ("priority=critical,low", "Earth Fire"),
        ("category=wet,problem", "Earth Water"),
        ("queue=Ground", "Earth"),
        ("group=service-desk", "Water"),
        ("group=none", "Air Earth Fire"),
        ("assignee=none", "Air Water"),
        ("assignee=me", "Fire"),
        ("assignee=cy@acme.example,none", "Air Earth Water"),
        ("requester=ana@acme.example", "Air Fire"),
        ("resolution_category=blown over", "Air"),
        ("resolution_category=none&status=open", "Earth Fire"),
        ("tag=vip", "Earth Fire"),
        ("tag=hot,cold", "Fire"),
        ("number=INC-2,TSK-000001", "Air Water"),
        ("status=open&tag=vip&assignee=me", "Fire"),
        ("created_after=2020-01-01T00:00:00Z", "Air Earth Water Fire"),
        ("created_before=2020-01-01", ""),
        ("updated_after=2999-01-01T00:00:00Z", ""),
        ("sort=created_at&order=asc", "Fire Water Earth Air"),
        ("sort=title&order=asc", "Air Earth Fire Water"),
        ("sort=priority&order=asc", "Fire Water Air Earth"),
        ("sort=number", "Water Earth Air Fire"),
        ("sort=status&order=asc", "Air Fire Earth Water"),
        ("sort=updated_at", "Air Earth Water Fire"),
        ("q=FIRE", "Fire"),
        ("q=inc-2", "Air"),
    ],
)
def test_every_field_filters_and_lists_sort(full_desk: Desk, query: str, found: str) -> None:
    assert titles(full_desk.client(full_desk.bo), query) == found.split()
    total = full_desk.client(full_desk.bo).get(f"{TICKETS}?{query}&limit=1").json()["meta"]["total"]
    assert total == len(found.split())


def test_instants_bound_the_list_and_leave_themselves_out(desk: Desk) -> None:
    first, second = opened(desk.client(desk.bo), "First"), opened(desk.client(desk.bo), "Second")
    assert titles(desk.client(desk.bo), f"created_after={first['created_at']}") == ["Second"]
    assert titles(desk.client(desk.bo), f"created_before={second['created_at']}") == ["First"]


def test_every_bad_filter_is_named(desk: Desk) -> None:
    query = "status=asleep&type=wish&priority=P9&assignee=eve@acme.example&group=nobodys&number=7&page=0&sort=mood"
    paging = issues(desk.client(desk.bo).get(f"{TICKETS}?{query}"))
    assert {path for path, _ in paging} == {"page", "sort"}
    answer = desk.client(desk.bo).get(f"{TICKETS}?{query.replace('page=0&sort=mood', '')}")
    assert issues(answer) == {
        (name, "unknown_value") for name in ("status", "type", "priority", "assignee", "group", "number")
    }
    assert issues(desk.client(desk.bo).get(f"{TICKETS}?queue=%00")) == {("queue", "unstorable")}
    assert issues(desk.client(desk.bo).get(f"{TICKETS}?created_after=yesterday")) == {
        ("created_after", "datetime_from_date_parsing")
    }


def test_pages_hold_together(desk: Desk) -> None:
    for n in range(7):
        opened(desk.client(desk.bo), f"Ticket {n}", type="task" if n % 2 else "incident")
    answer = desk.client(desk.bo).get(f"{TICKETS}?limit=3&page=3").json()
    assert [t["title"] for t in answer["data"]] == ["Ticket 0"]
    assert answer["meta"] == {"total": 7, "page": 3, "limit": 3, "total_pages": 3}
    assert desk.client(desk.bo).get(f"{TICKETS}?type=task&limit=1").json()["meta"]["total"] == 3
    assert desk.client(desk.bo).get(f"{TICKETS}?type=problem").json()["meta"]["total"] == 0
    assert desk.client(desk.bo).get(f"{TICKETS}?page=9").json()["data"] == []
    seen = [t for page in (1, 2, 3, 4) for t in titles(desk.client(desk.bo), f"limit=2&page={page}&sort=priority")]
    assert sorted(seen) == [f"Ticket {n}" for n in range(7)]


def test_items_of_the_list_are_whole_tickets(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo), assignee=desk.cy.id)
    del ticket["workflow_instances"], ticket["interventions"]
    assert desk.client(desk.bo).get(TICKETS).json()["data"] == [ticket]


# -- what has happened -----------------------------------------------------------------------------


def history(desk: Desk, person: Person, ticket: dict[str, Any], query: str = "limit=100") -> list[dict[str, Any]]:
    answer = desk.client(person).get(f"{TICKETS}/{ticket['id']}/history?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_the_history_is_complete_and_in_order(desk: Desk) -> None:
    published(desk, "Ask", ONE_FORM)
    ticket = opened(desk.client(desk.ana))
    place, bo = f"{TICKETS}/{ticket['id']}", desk.client(desk.bo)
    bo.patch(place, json={"priority": "P1"})
    bo.patch(place, json={"priority": "P1"})
    bo.patch(f"{place}/assign", json={"assignee_id": desk.bo.id})
    bo.post(f"{place}/comments", json={"text": "On it"})
    run = ticket["workflow_instances"][0]
    desk.client(desk.ana).post(
        f"/api/v1/workflows/instances/{run}/steps/ask/complete", json={"form_data": {"why": "because"}}
    )
    bo.patch(f"{place}/status", json={"status": "resolved"})

    events = history(desk, desk.bo, ticket)
    of_ticket = [e for e in events if e["run_id"] is None]
    assert [e["event"] for e in of_ticket] == [
        "ticket_created",
        "ticket_updated",
        "ticket_updated",
        "comment_added",
        "ticket_updated",
    ]
    assert [e["seq"] for e in of_ticket] == [0, 1, 2, 3, 4]
    of_run = [e for e in events if e["run_id"] == run]
    assert len(of_ticket) + len(of_run) == len(events)
    assert (of_run[0]["event"], of_run[-1]["event"]) == ("run_started", "run_completed")
    assert [e["seq"] for e in of_run] == list(range(len(of_run)))
    assert [e["at"] for e in events] == sorted(e["at"] for e in events)
    assert events[1]["run_id"] == run
    assert of_ticket[1]["data"] == {"changes": {"priority": ["P3", "P1"]}}
    assert (of_ticket[1]["actor_id"], of_ticket[1]["actor_name"]) == (desk.bo.id, "Bo")


def test_the_history_pages_both_ways(desk: Desk) -> None:
    ticket = opened(desk.client(desk.bo))
    for n in range(5):
        desk.client(desk.bo).patch(f"{TICKETS}/{ticket['id']}", json={"title": f"Title {n}"})
    whole = history(desk, desk.bo, ticket)
    assert len(whole) == 6
    assert [e for p in (1, 2, 3) for e in history(desk, desk.bo, ticket, f"limit=2&page={p}")] == whole
    assert history(desk, desk.bo, ticket, "order=desc") == whole[::-1]
    meta = desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}/history?limit=4").json()["meta"]
    assert meta == {"total": 6, "page": 1, "limit": 4, "total_pages": 2}


def test_requesters_read_no_internal_history(desk: Desk) -> None:
    ticket = opened(desk.client(desk.ana))
    place, bo = f"{TICKETS}/{ticket['id']}", desk.client(desk.bo)
    bo.post(f"{place}/comments", json={"text": "Psst", "visibility": "internal"})
    bo.post(f"{place}/links", json={"number": opened(bo)["number"]})
    bo.post(f"{place}/comments", json={"text": "Hello"})
    assert [e["event"] for e in history(desk, desk.ana, ticket)] == ["ticket_created", "comment_added"]
    assert len(history(desk, desk.bo, ticket)) == 4


# -- what it costs ---------------------------------------------------------------------------------


def many_tickets(desk: Desk, count: int) -> None:
    at = desk.wayline.clock.now()
    rows = [
        {
            "id": new_id(),
            "tenant_id": desk.zed_id if n % 3 == 0 else desk.tenant_id,
            "number": f"INC-{n:06d}",
            "type": "incident",
            "title": f"Ticket {n}",
            "status": ("open", "closed", "closed")[n % 3],
            "priority": "P3",
            "category": "incident",
            "queue": "Inbox",
            "requester_id": desk.ana.id if n % 50 == 1 else desk.bo.id,
            "tags": [],
            "custom": {},
            "created_at": at - timedelta(minutes=count - n),
            "updated_at": at - timedelta(minutes=n),
            "version": 1,
            "timeline_seq": 1,
            "timeline_head": b"",
        }
        for n in range(count)
    ]
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.insert(tickets), rows)
        connection.execute(sa.text("ANALYZE"))


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        ({}, "created_at", "ix_tickets_tenant_id_created_at"),
        ({}, "updated_at", "ix_tickets_tenant_id_updated_at"),
        ({}, "status", "ix_tickets_tenant_id_status_created_at"),
        ({"requester_id": True}, "created_at", "ix_tickets_tenant_id_requester_id_created_at"),
    ],
)
def test_the_first_page_walks_an_index(desk: Desk, wanted: dict[str, Any], sort: str, index: str) -> None:
    many_tickets(desk, 6_000)
    conditions = [tickets.c.tenant_id == desk.tenant_id]
    if wanted:
        conditions.append(tickets.c.requester_id == desk.ana.id)
    query = page_of(conditions, sort=sort, descending=True).limit(25)
    plan = explained(desk, query)
    assert index in plan
    # At most the ties of the first column are sorted.
    assert "Seq Scan" not in plan
    assert "FOR ORDER BY" not in plan
    assert plan.count("Sort  ") == plan.count("Incremental Sort  ")


def explained(desk: Desk, query: sa.Select[Any]) -> str:
    database = desk.wayline.database
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.reader.connect() as connection:
        compiled = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {compiled}"))


def test_the_total_of_all_tickets_is_read_off_the_counters(desk: Desk) -> None:
    opened(desk.client(desk.bo))
    with desk.wayline.database.reader.connect() as connection:
        seen: list[str] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
        page = {"sort": "created_at", "descending": True, "limit": 1, "offset": 0}
        _, total = list_tickets(connection, tenant_id=desk.tenant_id, wanted=TicketFilter(), **page)
    assert total == 1
    assert not any("count(" in statement.lower() for statement in seen)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_ticket_without_a_category_has_its_types(desk: Desk, nothing: str | None) -> None:
    client = desk.client(desk.bo)
    ticket = opened(client, "Printer", category="hardware")
    changed = client.patch(f"/api/v1/tickets/{ticket['id']}", json={"category": nothing})
    assert changed.status_code == 200
    assert changed.json()["data"]["category"] == "incident"


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_ticket_is_always_in_a_queue(sqlite_desk: Desk, nothing: str | None) -> None:
    client = sqlite_desk.client(sqlite_desk.bo)
    ticket = opened(client, "Printer")
    answer = client.patch(f"/api/v1/tickets/{ticket['id']}", json={"queue": nothing})
    assert answer.status_code == 400
    assert [i["path"] for i in answer.json()["error"]["details"]["issues"]] == ["queue"]
