"""Executions of surface 001: started by name, definition or neither, followed, signalled, cancelled, put away."""

from __future__ import annotations

from typing import Any

import pytest
from executions_at_a_desk import ASK_DEE, LOOK, fields, refused, signalled, started

from served_desk import Desk, served_desk
from wayline.core.public_ids import public_id, uuid_of
from workflows import publish

URL = "/v1/workflows"
NOWHERE = "wf_0000000000000000000000"


def events(workflow: dict[str, Any]) -> list[str]:
    return [event["event"] for event in workflow["timeline"]]


# -- starting --------------------------------------------------------------------------------------


def test_a_published_template_is_started_by_its_name_however_it_is_written(desk: Desk) -> None:
    template_id = publish(desk, LOOK, name="Laptop request")
    workflow = started(desk, desk.ana, name="LAPTOP request", input={"model": "x"})
    assert workflow["name"] == "LAPTOP request"
    assert workflow["id"].startswith("wf_")
    assert workflow["status"] == "active"
    assert workflow["trigger_type"] == "manual"
    assert workflow["task_queue"] == "itsm-workflows"
    assert workflow["template_id"] == template_id
    assert workflow["current_step"] == "look"
    assert workflow["owner"] == public_id("usr", desk.ana.id)
    assert isinstance(workflow["started_at"], int)
    assert workflow["completed_at"] is None
    assert events(workflow)[:2] == ["workflow_started", "activity_started"]
    assert workflow["timeline"][0]["detail"] == "Manually initiated"
    assert workflow["timeline"][1]["detail"] == "Awaiting Look at it"
    assert workflow["timeline_total"] == len(workflow["timeline"])


def test_a_template_may_be_named_exactly(desk: Desk) -> None:
    publish(desk, LOOK, name="Twin")
    second = publish(desk, LOOK, name="Other")
    assert started(desk, desk.bo, name="Twin", template_id=second)["template_id"] == second


def test_an_unknown_template_id_is_422(desk: Desk) -> None:
    for unknown in ("no-id", "0b6c8f8e-0000-4000-8000-000000000002"):
        body = {"name": "Talk", "task_queue": "itsm-workflows", "template_id": unknown}
        refused(desk.client(desk.bo).post(URL, json=body), 422, "TEMPLATE_NOT_FOUND")


def test_another_tenants_template_is_not_found_by_name_or_id(desk: Desk) -> None:
    theirs = publish(desk, LOOK, name="Theirs", tenant_id=desk.zed_id)
    assert started(desk, desk.bo, name="Theirs")["template_id"] is None
    body = {"name": "Talk", "task_queue": "itsm-workflows", "template_id": theirs}
    refused(desk.client(desk.bo).post(URL, json=body), 422, "TEMPLATE_NOT_FOUND")


def test_a_definition_runs_as_it_is_and_is_in_no_list(desk: Desk) -> None:
    workflow = started(desk, desk.dee, name="Once only", definition={"steps": ASK_DEE})
    assert (workflow["current_step"], workflow["template_id"]) == ("manager", None)
    listed = desk.client(desk.dee).get("/api/v1/workflows/templates").json()["data"]
    assert [template["name"] for template in listed] == []
    shown = desk.client(desk.dee).get(f"{URL}/{workflow['id']}").json()
    assert shown["waiting_for"][0]["step"] == "manager"
    assert shown["timeline"][1]["detail"] == "Awaiting Manager approval"


def test_a_definition_with_errors_names_its_fields(desk: Desk) -> None:
    wrong = {"steps": [{"id": "a", "type": "form", "fields": [], "next": "nowhere"}, {"id": "b", "type": "magic"}]}
    body = {"name": "Wrong", "task_queue": "itsm-workflows", "definition": wrong}
    error = refused(desk.client(desk.dee).post(URL, json=body), 400, "VALIDATION_ERROR")
    assert "definition.steps[1].type" in fields(error)


def test_who_may_not_write_templates_may_not_bring_one(desk: Desk) -> None:
    body = {"name": "Mine", "task_queue": "itsm-workflows", "definition": {"steps": LOOK}}
    refused(desk.client(desk.bo).post(URL, json=body), 403, "FORBIDDEN")
    no_writer = desk.using(desk.new_token(desk.dee, "run:write"))
    refused(no_writer.post(URL, json=body), 403, "FORBIDDEN")


def test_with_neither_it_has_no_steps(desk: Desk) -> None:
    workflow = started(desk, desk.bo, name="Door watch", input={"door": 3})
    assert (workflow["status"], workflow["current_step"]) == ("active", None)
    assert (workflow["name"], workflow["input"]) == ("Door watch", {"door": 3})
    assert events(workflow) == ["workflow_started"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": "", "task_queue": "itsm-workflows"}, "name"),
        ({"name": "  ", "task_queue": "itsm-workflows"}, "name"),
        ({"name": "x" * 201, "task_queue": "itsm-workflows"}, "name"),
        ({"name": "Talk"}, "task_queue"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "trigger_type": "magic"}, "trigger_type"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "input": []}, "input"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "more": 1}, "more"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "trigger_type": "scheduled"}, "start_at"),
        (
            {"name": "Talk", "task_queue": "itsm-workflows", "trigger_type": "manual", "start_at": 4102444800},
            "start_at",
        ),
        ({"name": "Talk", "task_queue": "itsm-workflows", "start_at": "soon"}, "start_at"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "start_at": -1}, "start_at"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "start_at": 1e30}, "start_at"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "start_at": True}, "start_at"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "schedule": {"cron": "61 * * * *"}}, "schedule"),
        ({"name": "Talk", "task_queue": "itsm-workflows", "schedule": {"timezone": "Nowhere/Else"}}, "schedule"),
        (
            {"name": "Talk", "task_queue": "itsm-workflows", "template_id": "x", "definition": {"steps": LOOK}},
            "template_id",
        ),
    ],
    ids=[
        "nothing",
        "no name",
        "a blank name",
        "a long name",
        "no queue",
        "a trigger",
        "an input",
        "a stranger",
        "never",
        "manual and timed",
        "a word",
        "before 1970",
        "after all time",
        "a truth",
        "a cron",
        "a zone",
        "both",
    ],
)
def test_what_cannot_be_started_names_the_field(sqlite_desk: Desk, body: dict[str, Any], path: str) -> None:
    error = refused(sqlite_desk.client(sqlite_desk.dee).post(URL, json=body), 400, "VALIDATION_ERROR")
    assert path in fields(error)


def test_inputs_that_do_not_fit_are_named(desk: Desk) -> None:
    publish(desk, LOOK, name="Costly", definition={"variables": {"cost": {"type": "integer", "required": True}}})
    body = {"name": "Costly", "task_queue": "itsm-workflows", "input": {"cost": "much"}}
    error = refused(desk.client(desk.bo).post(URL, json=body), 400, "VALIDATION_ERROR")
    assert fields(error) == ["input.cost"]


def test_a_task_queue_that_nobody_has_is_422(desk: Desk) -> None:
    body = {"name": "Talk", "task_queue": "itsm-nowhere"}
    error = refused(desk.client(desk.bo).post(URL, json=body), 422, "UNKNOWN_TASK_QUEUE")
    assert "itsm-high-priority" in error["details"]["known"]


def test_the_task_queue_that_is_asked_for_goes_before_the_templates(desk: Desk) -> None:
    publish(desk, LOOK, name="Fleet", definition={"task_queue": "itsm-fleet"})
    assert started(desk, desk.bo, name="Fleet", task_queue="itsm-network")["task_queue"] == "itsm-network"
    in_desk = desk.client(desk.bo).post(
        "/api/v1/workflows/instantiate",
        json={"template_id": started(desk, desk.bo, name="Fleet")["template_id"]},
    )
    run_id = in_desk.json()["data"]["id"]
    shown = desk.client(desk.bo).get(f"{URL}/{public_id('wf', run_id)}").json()
    assert shown["task_queue"] == "itsm-fleet"


def test_a_ticket_named_in_the_input_is_attached_when_there_is_one(desk: Desk) -> None:
    ticket = desk.client(desk.ana).post("/api/v1/tickets", json={"title": "Ink"}).json()["data"]
    for name in (ticket["id"], ticket["number"]):
        workflow = started(desk, desk.bo, trigger_type="automatic", input={"ticket_id": name})
        assert workflow["ticket_id"] == ticket["id"]
        assert workflow["trigger_type"] == "automatic"
        assert workflow["timeline"][0]["detail"] == f"Triggered by ticket {ticket['number']}"
    for name in ("INC-999999", "elsewhere", 7, None):
        workflow = started(desk, desk.bo, input={"ticket_id": name})
        assert (workflow["ticket_id"], workflow["input"]) == (None, {"ticket_id": name})


def test_a_ticket_one_may_not_see_is_not_attached(desk: Desk) -> None:
    ticket = desk.client(desk.bo).post("/api/v1/tickets", json={"title": "Ink"}).json()["data"]
    assert started(desk, desk.ana, input={"ticket_id": ticket["id"]})["ticket_id"] is None


@pytest.mark.parametrize("kind", ["automatic", "manual", "event_based"])
def test_how_it_was_triggered_is_kept(sqlite_desk: Desk, kind: str) -> None:
    assert started(sqlite_desk, sqlite_desk.bo, trigger_type=kind)["trigger_type"] == kind


def test_the_same_key_starts_one(desk: Desk) -> None:
    body, key = {"name": "Talk", "task_queue": "itsm-workflows"}, {"Idempotency-Key": "k-1"}
    client = desk.client(desk.bo)
    first, second = (client.post(URL, json=body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    refused(client.post(URL, json={**body, "name": "Other"}, headers=key), 409, "CONFLICT")
    assert len(client.get(URL).json()["data"]) == 1


# -- kept for later --------------------------------------------------------------------------------


@pytest.mark.parametrize("start_at", [4102444800, "2100-01-01T00:00:00Z", "2100-01-01T01:00:00+01:00", "2100-01-01"])
def test_a_start_in_the_future_is_a_draft(desk: Desk, start_at: Any) -> None:
    workflow = started(desk, desk.bo, start_at=start_at, trigger_type="scheduled")
    assert (workflow["status"], workflow["trigger_type"]) == ("draft", "scheduled")
    assert (workflow["start_at"], workflow["started_at"]) == (4102444800, None)
    assert workflow["timeline"][0]["detail"] == "Scheduled for 2100-01-01 00:00 UTC"


def test_a_schedule_makes_a_draft_of_its_first_instant(desk: Desk) -> None:
    schedule = {"cron": "0 6 * * 1", "timezone": "Europe/Berlin"}
    workflow = started(desk, desk.bo, schedule=schedule)
    assert (workflow["status"], workflow["schedule"]) == ("draft", schedule)
    assert workflow["start_at"] > workflow["created_at"]


def test_a_draft_can_be_cancelled(desk: Desk) -> None:
    workflow = started(desk, desk.bo, start_at=4102444800)
    answer = desk.client(desk.bo).post(f"{URL}/{workflow['id']}/cancel").json()
    assert (answer["status"], answer["timeline"][0]["event"]) == ("failed", "workflow_cancelled")


def test_a_start_in_the_past_begins_at_once(desk: Desk) -> None:
    assert started(desk, desk.bo, start_at=86400)["status"] == "active"


# -- lists -----------------------------------------------------------------------------------------


def test_a_list_goes_on_after_an_id_newest_first(desk: Desk) -> None:
    made = [started(desk, desk.bo, name=f"Talk {n}")["id"] for n in range(5)]
    client = desk.client(desk.bo)
    first = client.get(URL, params={"limit": 2}).json()
    second = client.get(URL, params={"limit": 2, "starting_after": first["data"][-1]["id"]}).json()
    third = client.get(URL, params={"limit": 2, "starting_after": second["data"][-1]["id"]}).json()
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    assert [one["id"] for page in (first, second, third) for one in page["data"]] == made[::-1]


def test_ten_are_shown_unless_asked_otherwise(sqlite_desk: Desk) -> None:
    for _ in range(11):
        started(sqlite_desk, sqlite_desk.bo)
    page = sqlite_desk.client(sqlite_desk.bo).get(URL).json()
    assert (len(page["data"]), page["has_more"]) == (10, True)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "cancelled"}, "status"),
        ({"trigger_type": "api"}, "trigger_type"),
        ({"starting_after": "x"}, "starting_after"),
        ({"starting_after": "rule_0000000000000000000000"}, "starting_after"),
        ({"starting_after": NOWHERE}, "starting_after"),
    ],
    ids=["none", "too many", "a word", "a status", "a trigger", "no id", "a rule's", "nobody's"],
)
def test_a_list_cannot_be_asked_for_so(sqlite_desk: Desk, query: dict[str, Any], path: str) -> None:
    error = refused(sqlite_desk.client(sqlite_desk.bo).get(URL, params=query), 400, "VALIDATION_ERROR")
    assert fields(error) == [path]


def test_each_status_lists_its_own(desk: Desk) -> None:
    client = desk.client(desk.bo)
    made = {
        "draft": started(desk, desk.bo, start_at=4102444800)["id"],
        "active": started(desk, desk.bo)["id"],
        "completed": started(desk, desk.bo)["id"],
        "failed": started(desk, desk.bo)["id"],
        "cancelled": started(desk, desk.bo)["id"],
        "archived": started(desk, desk.bo)["id"],
    }
    publish(desk, ASK_DEE, name="Ask")
    asked = started(desk, desk.bo, name="Ask")["id"]
    signalled(client, made["completed"], "complete")
    signalled(client, made["failed"], "fail", "no stock")
    client.post(f"{URL}/{made['cancelled']}/cancel")
    signalled(client, made["archived"], "complete")
    assert client.post(f"{URL}/{made['archived']}/archive").json()["status"] == "archived"

    def listed(**query: Any) -> list[str]:
        page = client.get(URL, params=query).json()
        assert {one["status"] for one in page["data"]} <= {query.get("status", one["status"]) for one in page["data"]}
        return [one["id"] for one in page["data"]]

    assert listed(status="draft") == [made["draft"]]
    assert listed(status="active") == [asked, made["active"]]
    assert listed(status="paused") == []
    assert listed(status="completed") == [made["completed"]]
    assert listed(status="failed") == [made["cancelled"], made["failed"]]
    assert listed(status="archived") == [made["archived"]]
    assert listed() == [asked, *(made[name] for name in ("cancelled", "failed", "completed", "active", "draft"))]


def test_a_list_is_narrowed_down_to_a_task_queue_and_a_trigger(desk: Desk) -> None:
    client = desk.client(desk.bo)
    fleet = started(desk, desk.bo, task_queue="itsm-fleet")["id"]
    usual = started(desk, desk.bo, trigger_type="event_based")["id"]
    for query, ids in (
        ({"task_queue": "itsm-fleet"}, [fleet]),
        ({"task_queue": "itsm-workflows"}, [usual]),
        ({"task_queue": "itsm-nowhere"}, []),
        ({"task_queue": "itsm-fleet", "status": "active"}, [fleet]),
        ({"trigger_type": "event_based"}, [usual]),
        ({"trigger_type": "scheduled"}, []),
    ):
        assert [one["id"] for one in client.get(URL, params=query).json()["data"]] == ids


def test_a_list_shows_the_latest_twenty_events_and_how_many_there_are(desk: Desk) -> None:
    workflow = started(desk, desk.bo)
    for n in range(30):
        assert signalled(desk.client(desk.bo), workflow["id"], f"step {n}").status_code == 200
    other = started(desk, desk.bo)
    page = desk.client(desk.bo).get(URL).json()["data"]
    assert [one["id"] for one in page] == [other["id"], workflow["id"]]
    assert [one["timeline_total"] for one in page] == [1, 31]
    assert [event["data"]["name"] for event in page[1]["timeline"]] == [f"step {n}" for n in range(10, 30)]
    whole = desk.client(desk.bo).get(f"{URL}/{workflow['id']}").json()
    assert [event["seq"] for event in whole["timeline"]] == list(range(31))


def test_requesters_see_their_own_and_staff_everybodys(desk: Desk) -> None:
    anas, bos = started(desk, desk.ana)["id"], started(desk, desk.bo)["id"]
    assert [one["id"] for one in desk.client(desk.ana).get(URL).json()["data"]] == [anas]
    assert [one["id"] for one in desk.client(desk.cy).get(URL).json()["data"]] == [bos, anas]
    refused(desk.client(desk.ana).get(f"{URL}/{bos}"), 404, "NOT_FOUND")
    refused(desk.client(desk.ana).get(URL, params={"starting_after": bos}), 400, "VALIDATION_ERROR")


# -- one of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workflow_id", [NOWHERE, "x", "rule_0000000000000000000000", "wf_"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/status"), ("POST", "/cancel"), ("POST", "/archive"), ("POST", "/signal")],
)
def test_what_there_is_not_is_404(sqlite_desk: Desk, workflow_id: str, method: str, path: str) -> None:
    body = {"signal_name": "x"} if path == "/signal" else {}
    content = {"json": body} if method == "POST" else {}
    answer = sqlite_desk.client(sqlite_desk.bo).request(method, f"{URL}/{workflow_id}{path}", **content)
    refused(answer, 404, "NOT_FOUND")


def test_a_uuid_is_the_same_thing_by_its_other_name(desk: Desk) -> None:
    workflow = started(desk, desk.bo)
    other_name = uuid_of("wf", workflow["id"])
    assert desk.client(desk.bo).get(f"{URL}/{other_name}").json()["id"] == workflow["id"]


def test_zed_sees_none_of_it(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    zoe = desk.client(desk.zoe)
    assert zoe.get(URL).json() == {"has_more": False, "data": []}
    refused(zoe.get(f"{URL}/{workflow_id}"), 404, "NOT_FOUND")
    refused(zoe.get(f"{URL}/{workflow_id}/status"), 404, "NOT_FOUND")
    refused(zoe.post(f"{URL}/{workflow_id}/cancel"), 404, "NOT_FOUND")
    refused(zoe.post(f"{URL}/{workflow_id}/archive"), 404, "NOT_FOUND")
    refused(signalled(zoe, workflow_id, "complete"), 404, "NOT_FOUND")
    refused(zoe.get(URL, params={"starting_after": workflow_id}), 400, "VALIDATION_ERROR")


def test_nobody_is_told_to_sign_in(desk: Desk) -> None:
    refused(desk.http.get(URL), 401, "UNAUTHORIZED")
    refused(desk.http.post(URL, json={"name": "Talk", "task_queue": "itsm-workflows"}), 401, "UNAUTHORIZED")


def test_a_token_needs_the_ability(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    reader = desk.using(desk.new_token(desk.bo, "run:read"))
    assert reader.get(f"{URL}/{workflow_id}").status_code == 200
    body = {"name": "Talk", "task_queue": "itsm-workflows"}
    refused(reader.post(URL, json=body), 403, "FORBIDDEN")
    refused(reader.post(f"{URL}/{workflow_id}/cancel"), 403, "FORBIDDEN")
    refused(signalled(reader, workflow_id, "x"), 403, "FORBIDDEN")
    refused(desk.using(desk.new_token(desk.bo, "signal")).get(URL), 403, "FORBIDDEN")
    assert signalled(desk.using(desk.new_token(desk.bo, "signal")), workflow_id, "x").status_code == 200


# -- status ----------------------------------------------------------------------------------------


def test_the_status_says_where_it_is_and_for_how_long(desk: Desk) -> None:
    publish(desk, [{**LOOK[0], "next": "manager"}, *ASK_DEE], name="Two")
    workflow = started(desk, desk.ana, name="Two")
    desk.wayline.clock.advance(90)
    status = desk.client(desk.ana).get(f"{URL}/{workflow['id']}/status").json()
    assert status == {
        "id": workflow["id"],
        "status": "active",
        "current_step": "look",
        "steps_completed": 0,
        "steps_total": 2,
        "started_at": workflow["started_at"],
        "elapsed_seconds": status["elapsed_seconds"],
    }
    assert 90 <= status["elapsed_seconds"] <= 95


def test_a_status_that_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    workflow_id = started(desk, desk.ana)["id"]
    client = desk.client(desk.ana)
    first = client.get(f"{URL}/{workflow_id}/status")
    known = {"If-None-Match": first.headers["etag"]}
    again = client.get(f"{URL}/{workflow_id}/status", headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    signalled(client, workflow_id, "complete")
    changed = client.get(f"{URL}/{workflow_id}/status", headers=known)
    assert (changed.status_code, changed.json()["status"]) == (200, "completed")
    client.post(f"{URL}/{workflow_id}/archive")
    archived = client.get(f"{URL}/{workflow_id}/status", headers={"If-None-Match": changed.headers["etag"]})
    assert (archived.status_code, archived.json()["status"]) == (200, "archived")


def test_an_unchanged_status_is_no_secret_to_guess(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    etag = desk.client(desk.bo).get(f"{URL}/{workflow_id}/status").headers["etag"]
    for outsider in (desk.ana, desk.zoe):
        answer = desk.client(outsider).get(f"{URL}/{workflow_id}/status", headers={"If-None-Match": etag})
        refused(answer, 404, "NOT_FOUND")


# -- signals ---------------------------------------------------------------------------------------


def test_a_signal_is_accepted_and_stands_in_the_timeline(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    client = desk.client(desk.bo)
    assert signalled(client, workflow_id, "door opened", {"by": "Ana"}).json() == {
        "id": workflow_id,
        "signal_name": "door opened",
        "accepted": True,
        "repeated": False,
        "status": "active",
        "current_step": None,
    }
    last = client.get(f"{URL}/{workflow_id}").json()["timeline"][-1]
    assert (last["event"], last["detail"]) == ("signal_received", "Signal door opened")
    assert last["data"] == {"name": "door opened", "payload": {"by": "Ana"}}
    assert last["actor"] == public_id("usr", desk.bo.id)


def test_complete_and_fail_end_a_run_without_steps(desk: Desk) -> None:
    client = desk.client(desk.bo)
    done, failed = started(desk, desk.bo)["id"], started(desk, desk.bo)["id"]
    assert signalled(client, done, "complete", {"found": 3}).json()["status"] == "completed"
    assert signalled(client, failed, "fail", {"reason": "no stock"}).json()["status"] == "failed"
    assert client.get(f"{URL}/{done}").json()["output"] == {"found": 3}
    shown = client.get(f"{URL}/{failed}").json()
    assert (shown["failure"]["message"], events(shown)[-1]) == ("no stock", "workflow_failed")
    error = refused(signalled(client, done, "complete"), 409, "CONFLICT")
    assert error["details"]["reason"] == "not_running"


def test_a_step_that_waits_takes_its_signal(desk: Desk) -> None:
    publish(desk, [{"id": "rest", "type": "wait", "for": {"signal": "go"}, "next": "look"}, *LOOK], name="Rest")
    workflow_id = started(desk, desk.bo, name="Rest")["id"]
    answer = signalled(desk.client(desk.bo), workflow_id, "go", {"n": 1}).json()
    assert (answer["current_step"], answer["status"]) == ("look", "active")


def test_the_same_signal_id_counts_once_even_after_the_end(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    client = desk.client(desk.bo)
    assert signalled(client, workflow_id, "complete", 1, signal_id="s-1").json()["repeated"] is False
    again = signalled(client, workflow_id, "complete", 2, signal_id="s-1")
    assert (again.status_code, again.json()["repeated"], again.json()["status"]) == (200, True, "completed")
    assert client.get(f"{URL}/{workflow_id}").json()["output"] == 1
    refused(signalled(client, workflow_id, "complete", 2, signal_id="s-2"), 409, "CONFLICT")


def test_a_signal_id_is_one_runs_own(desk: Desk) -> None:
    client = desk.client(desk.bo)
    for workflow_id in (started(desk, desk.bo)["id"], started(desk, desk.bo)["id"]):
        assert signalled(client, workflow_id, "x", signal_id="s-1").json()["repeated"] is False


@pytest.mark.parametrize(
    ("body", "path"),
    [({}, "signal_name"), ({"signal_name": ""}, "signal_name"), ({"signal_name": "x", "more": 1}, "more")],
    ids=["nothing", "no name", "a stranger"],
)
def test_a_signal_that_cannot_be_read_names_the_field(sqlite_desk: Desk, body: dict[str, Any], path: str) -> None:
    workflow_id = started(sqlite_desk, sqlite_desk.bo)["id"]
    answer = sqlite_desk.client(sqlite_desk.bo).post(f"{URL}/{workflow_id}/signal", json=body)
    assert fields(refused(answer, 400, "VALIDATION_ERROR")) == [path]


def test_a_payload_that_is_too_long_is_413(sqlite_desk: Desk) -> None:
    workflow_id = started(sqlite_desk, sqlite_desk.bo)["id"]
    answer = signalled(sqlite_desk.client(sqlite_desk.bo), workflow_id, "x", "y" * 300_000)
    refused(answer, 413, "PAYLOAD_TOO_LARGE")


# -- votes by signal -------------------------------------------------------------------------------


def asked(desk: Desk) -> str:
    publish(desk, ASK_DEE, name="Ask")
    return str(started(desk, desk.ana, name="Ask")["id"])


@pytest.mark.parametrize("name", ["id", "email", "usr"])
def test_an_approver_decides_by_signal(desk: Desk, name: str) -> None:
    workflow_id = asked(desk)
    approver = {"id": desk.dee.id, "email": desk.dee.email, "usr": public_id("usr", desk.dee.id)}[name]
    payload = {"approved_by": approver, "decision": "approved"}
    answer = signalled(desk.client(desk.dee), workflow_id, "approval_received", payload)
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_a_rejection_by_signal_fails_the_execution(desk: Desk) -> None:
    workflow_id = asked(desk)
    payload = {"approved_by": desk.dee.email, "decision": "rejected", "comment": "too dear"}
    assert signalled(desk.client(desk.dee), workflow_id, "approval_received", payload).json()["status"] == "failed"
    shown = desk.client(desk.dee).get(f"{URL}/{workflow_id}").json()
    assert shown["failure"]["reason"] == "approval_rejected"


def test_speaking_for_somebody_else_takes_the_ability(desk: Desk) -> None:
    workflow_id = asked(desk)
    payload = {"approved_by": desk.dee.email, "decision": "approve"}
    refused(signalled(desk.client(desk.bo), workflow_id, "approval_received", payload), 403, "FORBIDDEN")
    without = desk.using(desk.new_token(desk.root, "signal", "run:read"))
    refused(signalled(without, workflow_id, "approval_received", payload), 403, "FORBIDDEN")
    with_it = desk.using(desk.new_token(desk.root, "signal", "signal:on-behalf"))
    assert signalled(with_it, workflow_id, "approval_received", payload).json()["status"] == "completed"


def test_who_is_not_asked_does_not_vote(desk: Desk) -> None:
    workflow_id = asked(desk)
    for person in (desk.cy, desk.root):
        payload = {"approved_by": person.id, "decision": "approve"}
        refused(signalled(desk.client(person), workflow_id, "approval_received", payload), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (None, "payload.approved_by"),
        ({"decision": "approve"}, "payload.approved_by"),
        ({"approved_by": "nobody@acme.example", "decision": "approve"}, "payload.approved_by"),
        ({"approved_by": "zoe@zed.example", "decision": "approve"}, "payload.approved_by"),
        ({"approved_by": "dee@acme.example", "decision": "maybe"}, "payload.decision"),
    ],
    ids=["nothing", "no approver", "a stranger", "a neighbour", "another word"],
)
def test_a_vote_that_cannot_be_read_names_the_field(sqlite_desk: Desk, payload: Any, path: str) -> None:
    answer = signalled(sqlite_desk.client(sqlite_desk.root), asked(sqlite_desk), "approval_received", payload)
    assert fields(refused(answer, 400, "VALIDATION_ERROR")) == [path]


def test_a_vote_with_nothing_to_decide_is_409(desk: Desk) -> None:
    publish(desk, LOOK, name="Look")
    workflow_id = started(desk, desk.dee, name="Look")["id"]
    payload = {"approved_by": desk.dee.email, "decision": "approve"}
    error = refused(signalled(desk.client(desk.dee), workflow_id, "approval_received", payload), 409, "CONFLICT")
    assert error["details"]["reason"] == "no_open_approval"


# -- the end ---------------------------------------------------------------------------------------


def test_cancelling_answers_with_what_it_added(desk: Desk) -> None:
    publish(desk, LOOK, name="Look")
    workflow_id = started(desk, desk.ana, name="Look")["id"]
    answer = desk.client(desk.ana).post(f"{URL}/{workflow_id}/cancel", json={"reason": "bought elsewhere"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["status"]) == (workflow_id, "failed")
    assert isinstance(body["cancelled_at"], int)
    assert [event["event"] for event in body["timeline"]] == ["workflow_cancelled"]
    assert body["timeline"][0]["detail"] == "Cancelled by Ana: bought elsewhere"
    error = refused(desk.client(desk.ana).post(f"{URL}/{workflow_id}/cancel"), 409, "CONFLICT")
    assert "cancelled" in error["message"]
    refused(signalled(desk.client(desk.ana), workflow_id, "x"), 409, "CONFLICT")


def test_its_owner_or_an_admin_ends_it(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    refused(desk.client(desk.cy).post(f"{URL}/{workflow_id}/cancel"), 403, "FORBIDDEN")
    assert desk.client(desk.root).post(f"{URL}/{workflow_id}/cancel").status_code == 200
    refused(desk.client(desk.cy).post(f"{URL}/{workflow_id}/archive"), 403, "FORBIDDEN")
    assert desk.client(desk.bo).post(f"{URL}/{workflow_id}/archive").status_code == 200


def test_what_goes_on_is_not_archived(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    error = refused(desk.client(desk.bo).post(f"{URL}/{workflow_id}/archive"), 409, "CONFLICT")
    assert error["details"]["status"] == "active"


def test_what_is_archived_leaves_every_list_but_its_own(desk: Desk) -> None:
    workflow_id = started(desk, desk.bo)["id"]
    client = desk.client(desk.bo)
    signalled(client, workflow_id, "complete")
    for _ in range(2):
        answer = client.post(f"{URL}/{workflow_id}/archive")
        assert (answer.status_code, answer.json()["status"]) == (200, "archived")
    assert client.get(URL).json()["data"] == []
    assert client.get(URL, params={"status": "completed"}).json()["data"] == []
    assert [one["status"] for one in client.get(URL, params={"status": "archived"}).json()["data"]] == ["archived"]
    assert client.get("/api/v1/workflows/instances").json()["data"] == []
    in_000 = client.get("/api/v1/workflows/instances", params={"archived": True}).json()["data"]
    assert [one["id"] for one in in_000] == [uuid_of("wf", workflow_id)]
    assert client.get(f"{URL}/{workflow_id}").json()["status"] == "archived"


def test_what_is_tried_again_comes_back_into_the_lists(desk: Desk) -> None:
    publish(desk, LOOK, name="Look")
    workflow_id = started(desk, desk.bo, name="Look")["id"]
    client = desk.client(desk.bo)
    client.post(f"{URL}/{workflow_id}/cancel")
    assert client.post(f"{URL}/{workflow_id}/archive").json()["status"] == "archived"
    run_id = uuid_of("wf", workflow_id)
    assert client.post(f"/api/v1/workflows/{run_id}/retry").status_code == 200
    assert [(one["id"], one["status"]) for one in client.get(URL).json()["data"]] == [(workflow_id, "active")]


def test_a_run_without_steps_goes_by_its_name_on_every_surface(desk: Desk) -> None:
    run_id = uuid_of("wf", started(desk, desk.bo, name="Door watch")["id"])
    in_000 = desk.client(desk.bo).get(f"/api/v1/workflows/instances/{run_id}").json()["data"]
    assert (in_000["template_name"], in_000["status"], in_000["step_instances"]) == ("Door watch", "running", [])
    in_002 = desk.client(desk.bo).get(f"/api/v1/workflows/{run_id}").json()
    assert (in_002["template"]["name"], in_002["status"], in_002["steps"]) == ("Door watch", "running", [])


def test_more_task_queues_can_be_set_up(database_url: str, tmp_path: Any) -> None:
    with served_desk(database_url, tmp_path, task_queues="itsm-night, itsm-day") as desk:
        assert started(desk, desk.bo, task_queue="itsm-night")["task_queue"] == "itsm-night"
