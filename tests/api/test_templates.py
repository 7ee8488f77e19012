"""Templates: listed, created, looked at, changed, switched off, archived, checked."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from templates_at_a_desk import TEMPLATES, broken, created, issues, laptop, one_form, started

from served_desk import Desk

NOBODY_ID = "00000000-0000-4000-8000-00000000ffff"


def test_a_template_is_published_at_once(desk: Desk) -> None:
    made = created(desk, laptop(), is_active=True)
    assert (made["status"], made["version"], made["revision"], made["is_active"]) == ("published", 1, 1, True)
    assert (made["trigger_type"], made["ticket_type"], made["trigger_subtype"]) == (
        "ticket_type+subtype",
        "service_request",
        "laptop",
    )
    assert made["trigger"] == {"type": "ticket_type", "ticket_type": "service_request", "subtype": "laptop"}
    assert (made["name"], made["description"], made["kind"]) == (
        "Laptop request",
        "From the wish to the laptop.",
        "workflow",
    )
    assert (made["step_count"], made["active_instances"], made["task_queue"]) == (5, 0, "itsm-workflows")
    assert made["created_by"] == desk.root.id
    assert made["problems"] == []
    assert made["draft"] is None
    seen = desk.client(desk.dee).get(f"{TEMPLATES}/{made['id']}")
    assert seen.json()["data"] == made
    assert seen.headers["etag"] == '"1"'


def test_a_definition_comes_back_as_it_was_written(desk: Desk) -> None:
    variables = {"zone": {"type": "string"}, "a": {"type": "string"}, "middle": {"type": "string"}}
    definition = laptop(variables=variables, layout={"details": {"x": 1.5, "y": 2}})
    made = created(desk, definition)
    seen = desk.client(desk.root).get(f"{TEMPLATES}/{made['id']}").json()["data"]["definition"]
    assert seen == definition
    assert list(seen["variables"]) == ["zone", "a", "middle"]


def test_a_template_may_be_written_in_yaml(desk: Desk) -> None:
    text = yaml.safe_dump({**laptop(), "is_active": False}, sort_keys=False)
    answer = desk.client(desk.root).post(TEMPLATES, content=text, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201
    assert answer.json()["data"]["definition"] == laptop()
    assert answer.json()["data"]["status"] == "draft"
    bad = desk.client(desk.root).post(
        TEMPLATES, content="name: x\nname: y\n", headers={"Content-Type": "application/yaml"}
    )
    assert issues(bad) == [("", "not_yaml")]
    assert "line 2" in bad.json()["error"]["message"]
    assert (
        desk.client(desk.root).post(TEMPLATES, content="<x/>", headers={"Content-Type": "text/xml"}).status_code == 415
    )


def test_the_definition_may_be_sent_as_a_whole(desk: Desk) -> None:
    answer = desk.client(desk.root).post(TEMPLATES, json={"definition": laptop(), "name": "Another name"})
    assert answer.json()["data"]["definition"] == laptop(name="Another name")


def test_flat_trigger_words_are_taken_too(desk: Desk) -> None:
    words = {"trigger_type": "ticket_type+subtype", "ticket_type": "incident", "trigger_subtype": "vpn"}
    made = created(desk, one_form(), **words)
    assert made["trigger"] == {"type": "ticket_type", "ticket_type": "incident", "subtype": "vpn"}
    assert {name: made[name] for name in words} == words


def test_every_problem_of_a_definition_is_told_at_once_and_nothing_is_saved(desk: Desk) -> None:
    answer = desk.client(desk.root).post(TEMPLATES, json=broken())
    found = issues(answer)
    assert ("steps[0].next", "unknown_target") in found
    assert ("steps[0].assignee.group", "unknown_group") in found
    assert any(path.startswith("steps[1].fields[0].type") for path, _ in found)
    assert {p["severity"] for p in answer.json()["error"]["details"]["problems"]} >= {"error"}
    assert desk.client(desk.root).get(TEMPLATES).json()["meta"]["total"] == 0


def test_what_is_no_definition_at_all_is_refused(desk: Desk) -> None:
    client = desk.client(desk.root)
    assert ("name", "missing") in issues(client.post(TEMPLATES, json={}))
    assert issues(client.post(TEMPLATES, json=[1]))
    assert issues(client.post(TEMPLATES, json={**one_form(), "is_active": "perhaps"}))[0][0] == "is_active"
    assert issues(client.post(TEMPLATES, json={**one_form(), "colour": "red"}))[0][0] == "colour"
    assert issues(client.post(TEMPLATES, json={**one_form(), "steps": "none"})) == [("steps", "no_steps")]
    assert issues(client.post(TEMPLATES, json=one_form("a\x00b")))[0][0] == "name"


def test_the_same_key_creates_one_template(desk: Desk) -> None:
    client = desk.client(desk.root)
    first = client.post(TEMPLATES, json=one_form(), headers={"Idempotency-Key": "k1"})
    again = client.post(TEMPLATES, json=one_form(), headers={"Idempotency-Key": "k1"})
    other = client.post(TEMPLATES, json=one_form("Other"), headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json() == again.json()
    assert client.get(TEMPLATES).json()["meta"]["total"] == 1


def test_a_template_of_a_name_that_is_taken_gets_a_warning(desk: Desk) -> None:
    created(desk, one_form("Ask"))
    again = created(desk, one_form("ask"))
    assert [(p["severity"], p["code"], p["path"]) for p in again["problems"]] == [("warning", "duplicate_name", "name")]


def test_the_list_says_what_there_is(desk: Desk) -> None:
    first = created(desk, laptop())
    second = created(desk, one_form("Ask"), is_active=False)
    started(desk, first["id"])
    listed = desk.client(desk.dee).get(TEMPLATES).json()
    assert listed["meta"] == {"total": 2, "page": 1, "limit": 25, "total_pages": 1}
    assert [(t["id"], t["step_count"], t["active_instances"], t["status"]) for t in listed["data"]] == [
        (second["id"], 1, 0, "draft"),
        (first["id"], 5, 1, "published"),
    ]
    assert "definition" not in listed["data"][0]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("is_active=true", ["Laptop request", "VPN 100%"]),
        ("is_active=false", ["Draft", "Off"]),
        ("status=draft", ["Draft"]),
        ("status=published", ["Laptop request", "Off", "VPN 100%"]),
        ("status=archived", ["Old"]),
        ("status=all", ["Draft", "Laptop request", "Off", "Old", "VPN 100%"]),
        ("trigger_type=manual", ["Draft", "Off"]),
        ("trigger_type=ticket_type", ["VPN 100%"]),
        ("trigger_type=ticket_type%2Bsubtype", ["Laptop request"]),
        ("trigger_type=ticket_type+subtype", ["Laptop request"]),
        ("ticket_type=incident", ["VPN 100%"]),
        ("trigger_subtype=laptop", ["Laptop request"]),
        ("kind=inbox", []),
        ("q=LAPTOP", ["Laptop request"]),
        ("q=wish", ["Laptop request"]),
        ("q=100%25", ["VPN 100%"]),
        ("q=%25", ["VPN 100%"]),
        ("limit=2&page=2", ["Off", "VPN 100%"]),
    ],
)
def test_the_list_is_narrowed_down(sqlite_desk: Desk, query: str, names: list[str]) -> None:
    desk = sqlite_desk
    _a_few(desk)
    listed = desk.client(desk.root).get(f"{TEMPLATES}?sort=name&order=asc&{query}")
    assert [t["name"] for t in listed.json()["data"]] == names, listed.text


def test_the_list_is_narrowed_down_on_either_database(desk: Desk) -> None:
    _a_few(desk)
    client = desk.client(desk.root)
    for query, count in (("q=LAPTOP", 1), ("q=%25", 1), ("status=all&q=o", 3), ("sort=updated_at&order=asc", 4)):
        assert client.get(f"{TEMPLATES}?{query}").json()["meta"]["total"] == count, query


def _a_few(desk: Desk) -> None:
    created(desk, laptop())
    created(desk, one_form("VPN 100%", trigger={"type": "ticket_type", "ticket_type": "incident"}))
    created(desk, one_form("Draft"), is_active=False)
    off = created(desk, one_form("Off"))
    old = created(desk, one_form("Old"))
    client = desk.client(desk.root)
    assert client.put(f"{TEMPLATES}/{off['id']}", json={"is_active": False}).status_code == 200
    assert client.delete(f"{TEMPLATES}/{old['id']}").status_code == 204


def test_a_bad_filter_is_refused(desk: Desk) -> None:
    client = desk.client(desk.root)
    found = issues(client.get(f"{TEMPLATES}?status=gone&limit=1000&sort=colour&is_active=perhaps"))
    assert {path for path, _ in found} == {"status", "limit", "sort", "is_active"}


def test_a_change_is_published_as_the_next_version(desk: Desk) -> None:
    made = created(desk, laptop())
    run = started(desk, made["id"])
    answer = desk.client(desk.dee).put(f"{TEMPLATES}/{made['id']}", json={"name": "Laptops", "note": "Shorter"})
    after = answer.json()["data"]
    assert (after["version"], after["revision"], after["name"]) == (2, 2, "Laptops")
    assert after["definition"] == laptop(name="Laptops")
    seen = desk.client(desk.root).get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]
    assert (seen["template_version"], seen["template_name"]) == (1, "Laptop request")
    assert started(desk, made["id"])["template_version"] == 2


def test_a_change_that_changes_nothing_makes_no_version(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    assert client.put(f"{TEMPLATES}/{made['id']}", json=laptop()).json()["data"]["version"] == 1
    everything = client.put(f"{TEMPLATES}/{made['id']}", json=made).json()["data"]
    assert (everything["version"], everything["revision"]) == (1, 1)


def test_what_was_read_may_be_sent_back_with_one_thing_changed(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    after = client.put(f"{TEMPLATES}/{made['id']}", json={**made, "name": "Laptops"}).json()["data"]
    assert after["definition"] == laptop(name="Laptops")
    inside = {**after, "definition": laptop(name="Notebooks")}
    assert client.put(f"{TEMPLATES}/{made['id']}", json=inside).json()["data"]["name"] == "Notebooks"


def test_null_takes_a_field_away(desk: Desk) -> None:
    made = created(desk, laptop())
    after = desk.client(desk.root).put(f"{TEMPLATES}/{made['id']}", json={"description": None}).json()["data"]
    assert after["description"] is None
    assert "description" not in after["definition"]


@pytest.mark.parametrize(
    ("change", "trigger"),
    [
        ({"trigger_type": "manual"}, {"type": "manual"}),
        ({"trigger_type": "ticket_type"}, {"type": "ticket_type", "ticket_type": "service_request"}),
        ({"ticket_type": "task"}, {"type": "ticket_type", "ticket_type": "task", "subtype": "laptop"}),
        ({"trigger_subtype": "pc"}, {"type": "ticket_type", "ticket_type": "service_request", "subtype": "pc"}),
        ({"trigger_subtype": None}, {"type": "ticket_type", "ticket_type": "service_request"}),
        ({"trigger": {"type": "manual"}, "ticket_type": "task"}, {"type": "manual"}),
    ],
)
def test_flat_words_change_the_trigger(sqlite_desk: Desk, change: dict[str, Any], trigger: dict[str, Any]) -> None:
    desk = sqlite_desk
    made = created(desk, laptop())
    after = desk.client(desk.root).put(f"{TEMPLATES}/{made['id']}", json=change)
    assert after.json()["data"]["trigger"] == trigger, after.text


def test_a_change_with_errors_is_refused_and_leaves_it_as_it_was(desk: Desk) -> None:
    made = created(desk, laptop())
    refused = desk.client(desk.root).put(f"{TEMPLATES}/{made['id']}", json={"steps": broken()["steps"]})
    assert ("steps[0].next", "unknown_target") in issues(refused)
    assert desk.client(desk.root).get(f"{TEMPLATES}/{made['id']}").json()["data"] == made


def test_switching_off_makes_no_version_and_starts_nothing(desk: Desk) -> None:
    made = created(desk, laptop())
    run = started(desk, made["id"])
    client = desk.client(desk.root)
    off = client.put(f"{TEMPLATES}/{made['id']}", json={"is_active": False}).json()["data"]
    assert (off["is_active"], off["version"], off["revision"], off["status"]) == (False, 1, 2, "published")
    refused = client.post("/api/v1/workflows/instantiate", json={"template_id": made["id"]})
    assert refused.status_code == 404
    assert client.get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]["status"] == "running"
    on = client.put(f"{TEMPLATES}/{made['id']}", json={"is_active": True}).json()["data"]
    assert (on["is_active"], on["version"]) == (True, 1)
    started(desk, made["id"])


def test_a_stale_revision_is_refused_with_the_current_one(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    url = f"{TEMPLATES}/{made['id']}"
    assert client.put(url, json={"name": "Two"}, headers={"If-Match": "1"}).json()["data"]["revision"] == 2
    for header in ("1", '"1"', 'W/"1"'):
        stale = client.put(url, json={"name": "Three"}, headers={"If-Match": header})
        assert stale.status_code == 409
        assert stale.json()["error"]["code"] == "CONFLICT"
        assert stale.json()["error"]["details"]["revision"] == 2
    assert client.delete(url, headers={"If-Match": "1"}).status_code == 409
    assert issues(client.put(url, json={}, headers={"If-Match": "soon"})) == [("If-Match", "not_a_revision")]
    assert client.put(url, json={"name": "Three"}, headers={"If-Match": "*"}).json()["data"]["version"] == 3


def test_archiving_waits_for_what_runs_and_keeps_what_ran(desk: Desk) -> None:
    made = created(desk, one_form())
    run = started(desk, made["id"])
    client = desk.client(desk.root)
    in_use = client.delete(f"{TEMPLATES}/{made['id']}")
    assert in_use.status_code == 409
    assert in_use.json()["error"]["details"]["active_instances"] == 1
    assert client.post(f"/api/v1/workflows/instances/{run['id']}/cancel", json={}).status_code == 200
    assert client.delete(f"{TEMPLATES}/{made['id']}").status_code == 204
    assert client.delete(f"{TEMPLATES}/{made['id']}").status_code == 204
    assert client.get(TEMPLATES).json()["meta"]["total"] == 0
    archived = client.get(f"{TEMPLATES}/{made['id']}").json()["data"]
    assert (archived["status"], archived["is_active"], archived["version"]) == ("archived", False, 1)
    assert client.get(f"/api/v1/workflows/instances/{run['id']}").json()["data"]["template_version"] == 1
    assert client.post("/api/v1/workflows/instantiate", json={"template_id": made["id"]}).status_code == 404


def test_an_archived_template_changes_only_by_coming_back(desk: Desk) -> None:
    made = created(desk, one_form())
    client = desk.client(desk.root)
    client.delete(f"{TEMPLATES}/{made['id']}")
    refused = client.put(f"{TEMPLATES}/{made['id']}", json={"name": "New"})
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "archived")
    assert client.put(f"{TEMPLATES}/{made['id']}/draft", json=one_form()).status_code == 409
    back = client.put(f"{TEMPLATES}/{made['id']}", json={"is_active": True}).json()["data"]
    assert (back["status"], back["is_active"], back["version"]) == ("published", True, 1)
    started(desk, made["id"])


def test_checking_saves_nothing(desk: Desk) -> None:
    client = desk.client(desk.dee)
    fine = client.post(f"{TEMPLATES}/check", json=laptop()).json()["data"]
    assert (fine["problems"], fine["sound"]) == ([], True)
    assert fine["states_explored"] > 5
    bad = client.post(f"{TEMPLATES}/check", json=broken()).json()["data"]
    assert {"severity", "code", "message", "path", "step_id"} == set(bad["problems"][0])
    assert ("error", "unknown_target", "a") in [(p["severity"], p["code"], p["step_id"]) for p in bad["problems"]]
    assert bad["sound"] is False
    text = yaml.safe_dump(laptop())
    in_yaml = client.post(f"{TEMPLATES}/check", content=text, headers={"Content-Type": "application/yaml"})
    assert in_yaml.json()["data"]["sound"] is True
    assert client.get(TEMPLATES).json()["meta"]["total"] == 0


def test_who_may_what(desk: Desk) -> None:
    made = created(desk, one_form(), person=desk.dee)
    url = f"{TEMPLATES}/{made['id']}"
    assert desk.http.get(TEMPLATES).status_code == 401
    for person in (desk.ana, desk.bo):
        client = desk.client(person)
        for answer in (client.get(TEMPLATES), client.get(url), client.post(TEMPLATES, json={}), client.delete(url)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    reader = desk.using(desk.new_token(desk.root, "workflow:read"))
    assert reader.get(url).status_code == 200
    assert reader.post(f"{TEMPLATES}/check", json=one_form()).status_code == 200
    assert reader.put(url, json={"name": "x"}).status_code == 403
    assert desk.using(desk.new_token(desk.root, "workflow:write")).get(url).status_code == 200
    assert desk.using(desk.new_token(desk.root, "run:write")).get(url).status_code == 403


def test_nobody_sees_another_tenants_templates(desk: Desk) -> None:
    made = created(desk, one_form())
    stranger = desk.client(desk.zoe)
    url = f"{TEMPLATES}/{made['id']}"
    assert stranger.get(TEMPLATES).json()["data"] == []
    for answer in (
        stranger.get(url),
        stranger.put(url, json={"name": "x"}),
        stranger.delete(url),
        stranger.get(f"{url}/draft"),
        stranger.put(f"{url}/draft", json=one_form()),
        stranger.post(f"{url}/publish", json={}),
        stranger.get(f"{url}/versions"),
        stranger.get(f"{url}/versions/1"),
        stranger.post(f"{url}/simulate", json={}),
        stranger.post(f"{url}/migrate-runs", json={"to_version": 1, "all": True}),
    ):
        assert answer.status_code == 404, answer.text


def test_a_malformed_or_unknown_id_is_no_template(desk: Desk) -> None:
    client = desk.client(desk.root)
    for name in ("nothing", NOBODY_ID, "123"):
        answer = client.get(f"{TEMPLATES}/{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
        assert client.delete(f"{TEMPLATES}/{name}").status_code == 404
        assert client.put(f"{TEMPLATES}/{name}", json={}).status_code == 404


def test_a_new_ticket_starts_what_was_published_for_it(desk: Desk) -> None:
    made = created(desk, laptop())
    ticket = {"type": "service_request", "subtype": "laptop", "title": "A laptop, please"}
    answer = desk.client(desk.ana).post("/api/v1/tickets", json=ticket)
    if answer.status_code == 404:
        pytest.skip("there are no tickets to open yet")
    assert len(answer.json()["data"]["workflow_instances"]) == 1
    listed = desk.client(desk.root).get(TEMPLATES).json()["data"]
    assert [(t["id"], t["active_instances"]) for t in listed] == [(made["id"], 1)]


def test_every_write_is_in_the_audit(desk: Desk) -> None:
    from wayline.store.audit import list_audit

    made = created(desk, one_form())
    client = desk.client(desk.root)
    client.put(f"{TEMPLATES}/{made['id']}", json={"name": "Two"})
    client.put(f"{TEMPLATES}/{made['id']}", json={"name": "Two"})
    client.put(f"{TEMPLATES}/{made['id']}/draft", json=one_form("Three"))
    client.post(f"{TEMPLATES}/{made['id']}/publish", json={"note": "Now"})
    client.put(f"{TEMPLATES}/{made['id']}/draft", json=one_form("Four"))
    client.delete(f"{TEMPLATES}/{made['id']}/draft")
    client.delete(f"{TEMPLATES}/{made['id']}")
    with desk.wayline.database.reader.connect() as connection:
        rows, _ = list_audit(
            connection,
            tenant_id=desk.tenant_id,
            subject="template",
            subject_id=made["id"],
            newest_first=False,
            limit=100,
            offset=0,
        )
    assert [row["action"].partition(".")[2] for row in rows] == [
        "created",
        "updated",
        "draft_saved",
        "published",
        "draft_saved",
        "draft_dropped",
        "archived",
    ]
    assert {row["actor_id"] for row in rows} == {desk.root.id}
