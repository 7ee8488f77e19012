"""Runs over HTTP, begun and read: whose they are, what is shown of them, and what cannot be begun."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from runs_at_a_desk import CALL, LOOK, RUNS, SIGN, begun, get, post, read, refused

from served_desk import Desk
from wayline.core.commands import ReportAction
from workflows import LAPTOP, publish

COST_CENTRE = {"cost_centre": {"type": "string", "required": True}, "rooms": {"type": "integer", "default": 2}}
NOBODY = "00000000-0000-4000-8000-000000000000"


def complete(desk: Desk, run: dict[str, Any], step: str, **answer: Any) -> None:
    path = f"/api/v1/workflows/instances/{run['id']}/steps/{step}/complete"
    answered = desk.client(desk.bo).post(path, json=answer)
    assert answered.status_code == 200, answered.text


# -- beginning one ---------------------------------------------------------------------------------


def test_a_run_is_answered_as_it_was_created_and_has_begun_by_the_next_read(desk: Desk) -> None:
    template_id = publish(desk, [LOOK, SIGN | {"next": None}], name="Look", definition={"variables": COST_CENTRE})

    created = begun(desk, desk.ana, template_id, cost_centre="4711")

    assert created["status"] == "pending"
    assert created["template"] == {"id": template_id, "name": "Look", "version": 1}
    assert created["trigger_type"] == "api"
    assert created["input"] == {"cost_centre": "4711", "rooms": 2}
    assert (created["owner"], created["ticket_id"]) == (desk.ana.id, None)
    assert (created["current_steps"], created["approvals"]) == ([], [])
    assert [(s["step_id"], s["status"], s["id"], s["attempt"]) for s in created["steps"]] == [
        ("look", "pending", None, 0),
        ("sign", "pending", None, 0),
    ]
    assert (created["started_at"], created["completed_at"], created["output"], created["failure"]) == (None,) * 4
    assert "events" not in created

    run = read(desk, desk.ana, created)
    assert (run["status"], run["current_steps"]) == ("running", ["look"])
    assert run["created_at"] == created["created_at"]
    assert run["started_at"] is not None
    assert [event["event"] for event in run["events"]] == ["run_started", "step_activated"]
    assert run["events"][0]["detail"] == "Started by Ana"


def test_a_key_makes_one_run_of_two_requests(desk: Desk) -> None:
    body = {"template_id": publish(desk, [LOOK])}
    first = post(desk, desk.ana, "", body, **{"Idempotency-Key": "k-1"})
    second = post(desk, desk.ana, "", body, **{"Idempotency-Key": "k-1"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert get(desk, desk.ana, "").json()["meta"]["pagination"]["total_count"] == 1
    other = post(desk, desk.ana, "", body | {"input": {}}, **{"Idempotency-Key": "k-1"})
    refused(other, 409, "INVALID_STATE")


def test_every_bad_input_is_an_error_of_its_own(desk: Desk) -> None:
    template_id = publish(desk, [LOOK], definition={"variables": COST_CENTRE})
    answer = post(desk, desk.ana, "", {"template_id": template_id, "input": {"rooms": "two", "colour": "red"}})
    errors = refused(answer, 422, "VALIDATION_ERROR")
    assert {error["field"] for error in errors} == {"input.cost_centre", "input.rooms", "input.colour"}
    assert all(error["message"] for error in errors)
    assert get(desk, desk.ana, "").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "template_id"),
        ({"template_id": 7}, "template_id"),
        ({"template_id": NOBODY, "input": []}, "input"),
        ({"template_id": NOBODY, "owner": "ana"}, "owner"),
    ],
    ids=["no template", "a number", "a list for input", "a field there is not"],
)
def test_a_body_that_is_not_as_it_should_be_names_the_field(sqlite_desk: Desk, body: Any, field: str) -> None:
    errors = refused(post(sqlite_desk, sqlite_desk.ana, "", body), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in errors] == [field]


def test_what_is_not_json_is_422(sqlite_desk: Desk) -> None:
    client = sqlite_desk.client(sqlite_desk.ana)
    refused(client.post(RUNS, content=b"{", headers={"Content-Type": "application/json"}), 422, "VALIDATION_ERROR")
    refused(client.post(RUNS, content=b"a", headers={"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_template_there_is_not_is_404_and_one_that_is_not_published_409(desk: Desk) -> None:
    """To those who may read templates: to Ana and Bo one that is not published does not exist."""
    root = desk.client(desk.root)
    draft = {"name": "Half done", "steps": [LOOK], "is_active": False}
    draft_id = root.post("/api/v1/workflows/templates", json=draft).json()["data"]["id"]
    of_zed = publish(desk, [LOOK], tenant_id=desk.zed_id)

    for unknown in ("nonsense", NOBODY, of_zed):
        refused(post(desk, desk.ana, "", {"template_id": unknown}), 404, "NOT_FOUND")
    switched_off = publish(desk, [LOOK], is_active=False)
    for template_id, state in ((draft_id, "draft"), (switched_off, "inactive")):
        (error,) = refused(post(desk, desk.dee, "", {"template_id": template_id}), 409, "INVALID_STATE")
        assert f"is {state}" in error["message"]
        assert error["details"]["state"] == state
        refused(post(desk, desk.ana, "", {"template_id": template_id}), 404, "NOT_FOUND")
        refused(post(desk, desk.bo, "", {"template_id": template_id}), 404, "NOT_FOUND")


def test_it_takes_a_credential_with_the_ability(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    body = {"template_id": publish(desk, [LOOK])}
    refused(desk.http.post(RUNS, json=body), 401, "UNAUTHORIZED")
    refused(desk.http.get(RUNS), 401, "UNAUTHORIZED")
    reader, actor = desk.using(desk.new_token(desk.ana, "run:read")), desk.using(desk.new_token(desk.ana, "task:act"))
    refused(reader.post(RUNS, json=body), 403, "FORBIDDEN")
    refused(actor.get(RUNS), 403, "FORBIDDEN")
    run = begun(desk, desk.ana, body["template_id"])
    assert reader.get(f"{RUNS}/{run['id']}").status_code == 200
    for word in ("pause", "resume", "cancel", "retry"):
        refused(reader.post(f"{RUNS}/{run['id']}/{word}"), 403, "FORBIDDEN")


# -- what is shown ---------------------------------------------------------------------------------


def test_a_completed_run_shows_what_its_steps_gave(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, LAPTOP))
    complete(desk, run, "details", form_data={"model": '13"', "price": 900})
    complete(desk, run, "hand-over", option="Post")

    run = read(desk, desk.ana, run)
    assert (run["status"], run["current_steps"]) == ("completed", [])
    assert run["output"] == {
        "details": {"model": '13"', "price": 900},
        "order": {"ordered": '13"'},
        "hand-over": {"option": "Post"},
    }
    assert {s["step_id"]: s["status"] for s in run["steps"]} == {
        "details": "completed",
        "worth-asking": "completed",
        "manager": "skipped",
        "order": "completed",
        "hand-over": "completed",
        "tell": "skipped",
    }
    details = run["steps"][0]
    assert (details["name"], details["type"]) == ("Confirm the model", "form")
    assert details["output"] == {"model": '13"', "price": 900}
    assert details["started_at"] < details["completed_at"] <= run["completed_at"]
    assert (details["attempt"], details["max_attempts"], details["error"]) == (1, 1, None)


def test_the_input_stays_as_it_was_given(sqlite_desk: Desk) -> None:
    """A step gives the variable another value; 000 shows the value, 002 the input."""
    desk = sqlite_desk
    change = {"id": "change", "type": "automatic", "action": {"type": "set_variable", "name": "size", "value": "XL"}}
    declared = {"size": {"type": "string"}}
    run = begun(desk, desk.ana, publish(desk, [change], definition={"variables": declared}), size="S")
    assert read(desk, desk.ana, run)["input"] == {"size": "S"}
    instance = desk.client(desk.ana).get(f"{RUNS}/instances/{run['id']}").json()["data"]
    assert instance["variables"] == {"size": "XL"}


def test_a_failing_action_shows_its_attempts_and_in_the_end_its_error(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [CALL]))
    assert _reported(desk, run, "503 Service Unavailable")["attempt"] == 2
    step = read(desk, desk.ana, run)["steps"][0]
    assert (step["status"], step["attempt"], step["max_attempts"]) == ("active", 2, 3)
    assert step["next_retry_at"] > step["started_at"]
    desk.wayline.clock.advance(timedelta(hours=1).total_seconds())
    assert read(desk, desk.ana, run)["steps"][0]["next_retry_at"] is None

    _reported(desk, run, "503 Service Unavailable")
    step = _reported(desk, run, "500 Broken")
    assert (step["status"], step["attempt"], step["error"]) == ("failed", 3, "500 Broken")
    shown = read(desk, desk.ana, run)
    assert shown["status"] == "failed"
    assert shown["failure"] == {"reason": "action_failed", "step_id": "call", "message": "500 Broken"}
    assert (shown["output"], shown["incident"]) == (None, None)


def _reported(desk: Desk, run: dict[str, Any], error: str) -> dict[str, Any]:
    """The run's one action has ended so; its step then."""
    step = read(desk, desk.ana, run)["steps"][0]
    started = read(desk, desk.ana, run)["events"][0]["seq"]
    report = ReportAction(
        tenant_id=desk.tenant_id,
        run_id=run["id"],
        job_id=f"{run['id']}:0.{started}:0",
        activation_id=step["id"],
        error=error,
    )
    desk.wayline.door.submit_and_wait(report)
    return dict(read(desk, desk.ana, run)["steps"][0])


def test_a_step_visited_again_is_shown_again_in_full_and_latest_in_lists(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    again = {"id": "more", "type": "condition", "branches": [{"label": "no", "when": {"seen": "no"}, "next": "look"}]}
    run = begun(desk, desk.ana, publish(desk, [LOOK | {"next": "more"}, again]))
    complete(desk, run, "look", form_data={"seen": "no"})

    full = read(desk, desk.ana, run)
    assert [(s["step_id"], s["status"]) for s in full["steps"]] == [
        ("look", "completed"),
        ("look", "active"),
        ("more", "completed"),
    ]
    (listed,) = get(desk, desk.ana, "").json()["data"]
    assert [(s["step_id"], s["status"]) for s in listed["steps"]] == [
        ("look", "completed"),
        ("look", "active"),
        ("more", "completed"),
    ]
    complete(desk, run, "look", form_data={"seen": "no"})
    assert [s["status"] for s in read(desk, desk.ana, run)["steps"]].count("completed") == 4
    (listed,) = get(desk, desk.ana, "").json()["data"]
    assert [s["status"] for s in listed["steps"]].count("completed") == 2
    assert "events" not in listed


def test_an_incident_shows_on_its_run_until_it_is_closed(desk: Desk) -> None:
    nobody = SIGN | {"approvers": [{"field": "ticket.custom.owner"}]}
    run = begun(desk, desk.ana, publish(desk, [nobody]))

    incident = read(desk, desk.ana, run)["incident"]
    assert (incident["code"], incident["step_id"], incident["times"]) == ("approval_undecidable", "sign", 1)
    assert get(desk, desk.ana, "").json()["data"][0]["incident"] == incident
    closed = desk.client(desk.root).post(f"/api/v1/incidents/{incident['id']}/dismiss", json={})
    assert closed.status_code == 200, closed.text
    assert read(desk, desk.ana, run)["incident"] is None


def test_what_started_a_run_is_told(desk: Desk) -> None:
    by_ticket = {"type": "ticket_type", "ticket_type": "task"}
    template_id = publish(desk, [LOOK], trigger=by_ticket)
    ticket = desk.client(desk.ana).post("/api/v1/tickets", json={"type": "task", "title": "Move"}).json()["data"]
    (run_id,) = ticket["workflow_instances"]
    run = read(desk, desk.ana, {"id": run_id})
    assert (run["trigger_type"], run["ticket_id"], run["owner"]) == ("ticket", ticket["id"], desk.ana.id)

    by_hand = desk.client(desk.bo).post(f"{RUNS}/instantiate", json={"template_id": template_id}).json()["data"]
    assert read(desk, desk.bo, by_hand)["trigger_type"] == "manual"


def test_a_run_without_steps_is_shown_with_what_ended_it(desk: Desk) -> None:
    """Begun on surface 001, where a run may have nothing but its signals."""
    ana = desk.client(desk.ana)
    body = {"name": "Nightly import", "task_queue": "itsm-workflows", "trigger_type": "event_based"}
    execution = ana.post("/v1/workflows", json=body)
    assert execution.status_code == 201, execution.text
    (run,) = get(desk, desk.ana, "").json()["data"]
    assert (run["status"], run["steps"], run["approvals"], run["current_steps"]) == ("running", [], [], [])
    assert run["template"]["version"] == 0
    assert get(desk, desk.ana, f"/{run['id']}/snapshots").json()["data"] == []
    refused(get(desk, desk.ana, f"/{run['id']}/snapshots/0"), 404, "NOT_FOUND")
    refused(post(desk, desk.ana, f"/{run['id']}/rollback", {"snapshot": 0}), 404, "NOT_FOUND")

    signal = {"signal_name": "complete", "payload": ["a", "b"]}
    ended = ana.post(f"/v1/workflows/{execution.json()['id']}/signal", json=signal)
    assert ended.status_code == 200, ended.text
    assert (read(desk, desk.ana, run)["status"], read(desk, desk.ana, run)["output"]) == ("completed", ["a", "b"])


# -- whose it is -----------------------------------------------------------------------------------


def test_a_list_holds_ones_own_runs_and_admins_may_ask_for_all(desk: Desk) -> None:
    template_id = publish(desk, [LOOK])
    of_ana, of_bo = begun(desk, desk.ana, template_id), begun(desk, desk.bo, template_id)

    assert [r["id"] for r in get(desk, desk.ana, "").json()["data"]] == [of_ana["id"]]
    assert [r["id"] for r in get(desk, desk.bo, "").json()["data"]] == [of_bo["id"]]
    assert get(desk, desk.root, "").json()["data"] == []
    everybodys = get(desk, desk.root, "", owner="all").json()
    assert [r["id"] for r in everybodys["data"]] == [of_bo["id"], of_ana["id"]]
    assert everybodys["meta"] == {"pagination": {"total_count": 2, "limit": 20, "offset": 0, "has_more": False}}
    for other in (desk.ana, desk.bo, desk.dee):
        refused(get(desk, other, "", owner="all"), 403, "FORBIDDEN")
    assert get(desk, desk.zoe, "", owner="all").json()["data"] == []


def test_anothers_run_does_not_exist_but_for_admins(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [LOOK]))
    for other in (desk.bo, desk.cy, desk.dee, desk.zoe):
        refused(get(desk, other, f"/{run['id']}"), 404, "NOT_FOUND")
        refused(get(desk, other, f"/{run['id']}/events"), 404, "NOT_FOUND")
        refused(post(desk, other, f"/{run['id']}/cancel"), 404, "NOT_FOUND")
    assert read(desk, desk.root, run)["id"] == run["id"]
    for unknown in ("not-an-id", NOBODY):
        refused(get(desk, desk.root, f"/{unknown}"), 404, "NOT_FOUND")
    assert read(desk, desk.ana, {"id": run["id"].upper()})["id"] == run["id"]


def test_a_list_is_a_window_on_the_newest_first(desk: Desk) -> None:
    template_id = publish(desk, [LOOK])
    runs = [begun(desk, desk.ana, template_id)["id"] for _ in range(5)][::-1]

    page = get(desk, desk.ana, "", limit=2, offset=1).json()
    assert [r["id"] for r in page["data"]] == runs[1:3]
    assert page["meta"] == {"pagination": {"total_count": 5, "limit": 2, "offset": 1, "has_more": True}}
    last = get(desk, desk.ana, "", limit=2, offset=3).json()
    assert [r["id"] for r in last["data"]] == runs[3:]
    assert last["meta"]["pagination"]["has_more"] is False
    beyond = get(desk, desk.ana, "", offset=99).json()
    assert (beyond["data"], beyond["meta"]["pagination"]["has_more"]) == ([], False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", 0), ("limit", 101), ("limit", "x"), ("offset", -1), ("status", "active"), ("owner", "bo")],
)
def test_a_bad_window_or_filter_is_named(sqlite_desk: Desk, name: str, value: Any) -> None:
    errors = refused(get(sqlite_desk, sqlite_desk.root, "", **{name: value}), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in errors] == [name]


def test_lists_are_narrowed_by_status(desk: Desk) -> None:
    """A run of each status there is but `pending`, which lasts no longer than the answer to its creation."""
    looking, signing = publish(desk, [LOOK]), publish(desk, [SIGN])
    failing = publish(desk, [CALL | {"action": CALL["action"] | {"url": "{{ nowhere() }}"}}])
    runs = {
        "running": begun(desk, desk.ana, looking),
        "waiting_approval": begun(desk, desk.ana, signing),
        "failed": begun(desk, desk.ana, failing),
        "completed": begun(desk, desk.ana, looking),
        "cancelled": begun(desk, desk.ana, signing),
        "paused": begun(desk, desk.ana, signing),
    }
    complete(desk, runs["completed"], "look", form_data={"seen": "all"})
    assert post(desk, desk.ana, f"/{runs['cancelled']['id']}/cancel").status_code == 200
    assert post(desk, desk.ana, f"/{runs['paused']['id']}/pause").status_code == 200

    for status, run in runs.items():
        for person, query in ((desk.ana, {}), (desk.root, {"owner": "all"})):
            found = get(desk, person, "", status=status, **query).json()
            assert [(r["id"], r["status"]) for r in found["data"]] == [(run["id"], status)], status
            assert found["meta"]["pagination"]["total_count"] == 1
    assert get(desk, desk.ana, "", status="pending").json()["data"] == []


def test_what_waits_for_approval_is_running_to_the_desk(desk: Desk) -> None:
    """One state machine: surface 000 knows no `waiting_approval`, neither in what it shows nor in its filter."""
    begun(desk, desk.ana, publish(desk, [SIGN]))
    instances = desk.client(desk.ana).get(f"{RUNS}/instances", params={"status": "running"}).json()
    assert [i["status"] for i in instances["data"]] == ["running"]
    overview = desk.client(desk.dee).get("/api/v1/analytics/overview")
    assert overview.status_code == 200
    assert overview.json()["data"]["totals"]["runs_running"] == 1
