"""A run as a whole over HTTP: held, going on, ended, tried again, taken back; and what its state does not allow."""

from __future__ import annotations

from typing import Any

import pytest
from runs_at_a_desk import CALL, LOOK, SIGN, begun, get, post, read, refused

from served_desk import Desk, Person
from wayline.core.commands import ReportAction
from workflows import publish

UNDO = {"type": "set_variable", "name": "undone", "value": "yes"}
DO = {"id": "do", "type": "automatic", "action": {"type": "set_variable", "name": "done", "value": "yes"}}
BROKEN = CALL | {"id": "broken", "action": CALL["action"] | {"url": "{{ nowhere() }}"}}
TWICE = [LOOK | {"next": "sign"}, SIGN | {"next": {"approved": "check"}}, LOOK | {"id": "check"}]
ALLOWED = {
    "running": {"pause", "cancel", "rollback"},
    "waiting_approval": {"pause", "cancel", "rollback"},
    "paused": {"resume", "cancel", "rollback"},
    "completed": {"rollback"},
    "failed": {"retry", "rollback"},
    "cancelled": {"retry"},
}
BODIES: dict[str, Any] = {"rollback": {"snapshot": 0}}


def ask(desk: Desk, person: Person, run: dict[str, Any], word: str, **body: Any) -> Any:
    return post(desk, person, f"/{run['id']}/{word}", body)


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def complete(desk: Desk, run: dict[str, Any], step: str, **form_data: Any) -> Any:
    path = f"/api/v1/workflows/instances/{run['id']}/steps/{step}/complete"
    return desk.client(desk.bo).post(path, json={"form_data": form_data or {"seen": "all"}})


def approve(desk: Desk, run: dict[str, Any]) -> dict[str, Any]:
    approval = read(desk, desk.ana, run)["approvals"][-1]["id"]
    return done(post(desk, desk.dee, f"/{run['id']}/approvals/{approval}/approve"))


def in_state(desk: Desk, state: str) -> dict[str, Any]:
    """A run of Ana's in that state."""
    run = begun(desk, desk.ana, publish(desk, {"waiting_approval": [SIGN], "failed": [BROKEN]}.get(state, [LOOK])))
    if state == "completed":
        assert complete(desk, run, "look").status_code == 200
    elif state in ("paused", "cancelled"):
        done(ask(desk, desk.ana, run, {"paused": "pause", "cancelled": "cancel"}[state]))
    assert read(desk, desk.ana, run)["status"] == state
    return run


# -- what a state allows ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(ALLOWED))
def test_each_state_allows_what_it_allows_and_names_it_else(sqlite_desk: Desk, state: str) -> None:
    desk = sqlite_desk
    for word in ("pause", "resume", "cancel", "retry", "rollback"):
        run = in_state(desk, state)
        answer = ask(desk, desk.ana, run, word, **BODIES.get(word, {}))
        if word in ALLOWED[state]:
            assert answer.status_code == 200, f"{word} of {state}: {answer.text}"
            continue
        (error,) = refused(answer, 409, "INVALID_STATE")
        internal = "running" if state == "waiting_approval" else state
        assert error["details"]["state"] == internal
        assert set(error["details"]["allowed"]) == ALLOWED[state]
        assert internal in error["message"]
        assert read(desk, desk.ana, run)["status"] == state


def test_only_owners_and_admins_do_any_of_it(desk: Desk) -> None:
    for word in ("pause", "resume", "cancel"):
        run = in_state(desk, "waiting_approval") if word != "resume" else in_state(desk, "paused")
        refused(ask(desk, desk.bo, run, word), 404, "NOT_FOUND")
        assert done(ask(desk, desk.root, run, word))["id"] == run["id"]
    run = in_state(desk, "waiting_approval")
    for word in ("pause", "cancel", "rollback"):
        refused(ask(desk, desk.dee, run, word, **BODIES.get(word, {})), 403, "FORBIDDEN")
    dry = post(desk, desk.dee, f"/{run['id']}/rollback?dry_run=true", {"snapshot": 0})
    refused(dry, 403, "FORBIDDEN")
    assert get(desk, desk.dee, f"/{run['id']}/snapshots").status_code == 200


# -- pause and resume ------------------------------------------------------------------------------


def test_a_paused_run_takes_nothing_until_it_goes_on(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [LOOK]))
    paused = done(ask(desk, desk.ana, run, "pause", reason="Waiting for the budget"))
    assert (paused["status"], paused["runner"]["state"], paused["current_steps"]) == ("paused", "hibernating", ["look"])
    assert read(desk, desk.ana, run)["events"][-1]["detail"] == "Paused by Ana: Waiting for the budget"
    assert complete(desk, run, "look").status_code == 409

    resumed = done(ask(desk, desk.ana, run, "resume"))
    assert (resumed["status"], resumed["runner"]["state"]) == ("running", "active")
    assert complete(desk, run, "look").status_code == 200
    assert read(desk, desk.ana, run)["status"] == "completed"


def test_what_is_left_of_a_deadline_stands_still(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [SIGN | {"timeout_hours": 8}]))
    due_at = read(desk, desk.ana, run)["approvals"][0]["due_at"]
    done(ask(desk, desk.ana, run, "pause"))
    desk.wayline.clock.advance(3600)
    done(ask(desk, desk.ana, run, "resume"))
    assert read(desk, desk.ana, run)["approvals"][0]["due_at"] > due_at


def test_an_approval_of_a_paused_run_waits(desk: Desk) -> None:
    run = in_state(desk, "waiting_approval")
    approval = read(desk, desk.ana, run)["approvals"][0]["id"]
    done(ask(desk, desk.ana, run, "pause"))
    (error,) = refused(post(desk, desk.dee, f"/{run['id']}/approvals/{approval}/approve"), 409, "INVALID_STATE")
    assert error["details"]["reason"] == "run_paused"
    done(ask(desk, desk.ana, run, "resume"))
    assert approve(desk, run)["status"] == "completed"


# -- cancel and retry ------------------------------------------------------------------------------


def test_a_cancelled_run_shows_how_its_steps_are_undone(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [DO | {"compensate": UNDO, "next": "look"}, LOOK]))
    cancelled = done(ask(desk, desk.ana, run, "cancel", reason="No budget"))
    assert (cancelled["status"], cancelled["current_steps"]) == ("cancelled", [])
    assert cancelled["compensation"] == {"state": "completed", "done": 1, "total": 1}
    assert cancelled["completed_at"] is not None
    assert {s["step_id"]: s["status"] for s in cancelled["steps"]} == {"do": "completed", "look": "cancelled"}
    assert [e["detail"] for e in read(desk, desk.ana, run)["events"] if e["event"] == "run_cancelled"] == [
        "Cancelled by Ana: No budget"
    ]


def test_while_it_is_undone_it_is_not_tried_again(desk: Desk) -> None:
    outside = CALL["action"]
    run = begun(desk, desk.ana, publish(desk, [DO | {"compensate": outside, "next": "look"}, LOOK]))
    cancelled = done(ask(desk, desk.ana, run, "cancel"))
    assert cancelled["compensation"] == {"state": "running", "done": 0, "total": 1}
    (error,) = refused(ask(desk, desk.ana, run, "retry"), 409, "INVALID_STATE")
    assert error["details"]["reason"] == "compensating"


def test_a_failed_run_goes_on_from_the_step_it_failed_at(desk: Desk) -> None:
    run = begun(desk, desk.ana, publish(desk, [DO | {"next": "call"}, CALL]))
    step = read(desk, desk.ana, run)["steps"][1]
    _report(desk, run, step, error="401 Unauthorized", permanent=True)
    failed = read(desk, desk.ana, run)
    assert (failed["status"], failed["failure"]["step_id"]) == ("failed", "call")

    retried = done(ask(desk, desk.ana, run, "retry"))
    assert (retried["status"], retried["failure"], retried["current_steps"]) == ("running", None, ["call"])
    calls = [s for s in read(desk, desk.ana, run)["steps"] if s["step_id"] == "call"]
    assert [s["status"] for s in calls] == ["failed", "active"]
    assert calls[0]["error"] == "401 Unauthorized"
    _report(desk, run, calls[1], output={"ordered": True})
    completed = read(desk, desk.ana, run)
    assert (completed["status"], completed["output"]["call"]) == ("completed", {"ordered": True})


def test_a_rejected_run_asks_again_when_it_is_retried(desk: Desk) -> None:
    run = in_state(desk, "waiting_approval")
    first = read(desk, desk.ana, run)["approvals"][0]["id"]
    rejected = done(post(desk, desk.dee, f"/{run['id']}/approvals/{first}/reject"))
    assert rejected["failure"]["reason"] == "approval_rejected"
    done(ask(desk, desk.ana, run, "retry"))
    asked = read(desk, desk.ana, run)
    assert asked["status"] == "waiting_approval"
    assert [a["status"] for a in asked["approvals"]] == ["rejected", "pending"]
    assert approve(desk, run)["status"] == "completed"


def _report(desk: Desk, run: dict[str, Any], step: dict[str, Any], **outcome: Any) -> None:
    """The step's action has ended so."""
    with desk.wayline.database.reader.connect() as connection:
        job = connection.exec_driver_sql(f"SELECT id FROM jobs WHERE activation_id = '{step['id']}'").scalar_one()
    report = ReportAction(tenant_id=desk.tenant_id, run_id=run["id"], job_id=job, activation_id=step["id"], **outcome)
    desk.wayline.door.submit_and_wait(report)


# -- snapshots and rolling back --------------------------------------------------------------------


@pytest.fixture
def run(desk: Desk) -> dict[str, Any]:
    """A run of Ana's past a form and an approval, at another form."""
    begun_run = begun(
        desk, desk.ana, publish(desk, TWICE, definition={"variables": {"size": {"type": "string"}}}), size="S"
    )
    complete(desk, begun_run, "look", seen="a mouse")
    approve(desk, begun_run)
    return begun_run


def test_there_is_a_snapshot_at_the_start_and_at_every_completed_step(desk: Desk, run: dict[str, Any]) -> None:
    listed = get(desk, desk.ana, f"/{run['id']}/snapshots").json()
    assert [(s["snapshot"], s["step_id"], s["name"], s["outcome"], s["by"]) for s in listed["data"]] == [
        (0, None, "Start", None, None),
        (1, "look", "Look at it", "submitted", desk.bo.id),
        (2, "sign", "Sign it off", "approved", desk.dee.id),
    ]
    assert listed["meta"] == {"pagination": {"total_count": 3, "limit": 20, "offset": 0, "has_more": False}}
    for offset in range(4):
        for limit in (1, 2):
            part = get(desk, desk.ana, f"/{run['id']}/snapshots", offset=offset, limit=limit).json()
            assert part["data"] == listed["data"][offset : offset + limit]
            assert part["meta"]["pagination"]["has_more"] is (offset + limit < 3)


def test_a_snapshot_says_what_the_run_was(desk: Desk, run: dict[str, Any]) -> None:
    heads = get(desk, desk.ana, f"/{run['id']}/snapshots").json()["data"]
    found = [get(desk, desk.ana, f"/{run['id']}/snapshots/{n}").json() for n in range(3)]
    assert [{name: one[name] for name in heads[0]} for one in found] == heads
    assert [(one["completed_steps"], one["current_steps"]) for one in found] == [
        ([], ["look"]),
        (["look"], ["sign"]),
        (["look", "sign"], ["check"]),
    ]
    assert found[0]["output"] == {}
    assert found[1]["output"] == {"look": {"seen": "a mouse"}}
    assert all(one["variables"] == {"size": "S"} for one in found)
    for unknown in ("3", "99", "-1", "x", "1.5", "9" * 40):
        refused(get(desk, desk.ana, f"/{run['id']}/snapshots/{unknown}"), 404, "NOT_FOUND")


def test_a_preview_names_what_is_lost_and_what_stays_done(desk: Desk, run: dict[str, Any]) -> None:
    before = read(desk, desk.ana, run)
    preview = done(post(desk, desk.ana, f"/{run['id']}/rollback?dry_run=true", {"snapshot": 1}))
    assert (preview["snapshot"], preview["goes_on_at"]) == (1, ["sign"])
    assert [(w["step_id"], w["is_work"]) for w in preview["withdrawn"]] == [("check", True)]
    assert [(v["step_id"], v["voter"], v["decision"]) for v in preview["votes"]] == [("sign", desk.dee.id, "approved")]
    assert [(f["step_id"], f["outcome"]) for f in preview["forgotten"]] == [("sign", "approved")]
    assert "sign" in {u["step_id"] for u in preview["cannot_be_undone"]}
    assert read(desk, desk.ana, run) == before


def test_a_run_that_is_taken_back_rests_paused_and_goes_on_from_there(desk: Desk, run: dict[str, Any]) -> None:
    before = read(desk, desk.ana, run)
    back = done(ask(desk, desk.ana, run, "rollback", snapshot=1))
    assert back["status"] == "paused"
    after = read(desk, desk.ana, run)
    assert after["events"][: len(before["events"])] == before["events"]
    assert after["events"][-1]["event"] == "run_rolled_back"

    resumed = done(ask(desk, desk.ana, run, "resume"))
    assert (resumed["status"], resumed["current_steps"]) == ("waiting_approval", ["sign"])
    approve(desk, run)
    assert complete(desk, run, "check").status_code == 200
    assert read(desk, desk.ana, run)["status"] == "completed"


@pytest.mark.parametrize("query", ["", "?dry_run=true"], ids=["done", "dry"])
def test_what_cannot_be_taken_back_to_is_refused(desk: Desk, run: dict[str, Any], query: str) -> None:
    path = f"/{run['id']}/rollback{query}"
    refused(post(desk, desk.ana, path, {"snapshot": 3}), 404, "NOT_FOUND")
    for bad in ({}, {"snapshot": -1}, {"snapshot": "first"}, {"snapshot": None}):
        (error,) = refused(post(desk, desk.ana, path, bad), 422, "VALIDATION_ERROR")
        assert error["field"] == "snapshot"
    done(ask(desk, desk.ana, run, "cancel"))
    (error,) = refused(post(desk, desk.ana, path, {"snapshot": 1}), 409, "INVALID_STATE")
    assert error["details"]["state"] == "cancelled"


# -- callbacks -------------------------------------------------------------------------------------


def test_the_address_of_a_callback_is_for_the_owner_and_admins_alone(desk: Desk) -> None:
    """Whoever has it may complete the step, so a voter, who may read the run, does not get it."""
    wait = {"id": "order", "type": "wait", "for": {"callback": True}}
    template_id = publish(desk, [SIGN | {"next": "order"}, wait])
    begun_run = begun(desk, desk.ana, template_id)
    approve(desk, begun_run)

    url = read(desk, desk.ana, begun_run)["steps"][1]["callback_url"]
    assert read(desk, desk.root, begun_run)["steps"][1]["callback_url"] == url
    assert get(desk, desk.ana, "").json()["data"][0]["steps"][1]["callback_url"] == url
    assert "callback_url" not in read(desk, desk.dee, begun_run)["steps"][1]
    assert url.rpartition("/")[2] not in get(desk, desk.dee, f"/{begun_run['id']}/events").text

    received = desk.http.post(url.partition("/api")[1] + url.partition("/api")[2], json={"number": 7})
    assert received.status_code == 200, received.text
    step = read(desk, desk.ana, begun_run)["steps"][1]
    assert (step["status"], step["output"]["number"]) == ("completed", 7)
    assert "callback_url" not in step
