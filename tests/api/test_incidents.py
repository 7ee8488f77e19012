"""Incidents: seen by admins, resumed or dismissed; what was held is due again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from templates_at_a_desk import created, one_form, started

from served_desk import Desk
from wayline.core.commands import FireTimer
from wayline.store import jobs as stored_jobs
from wayline.store import outbox as stored_outbox
from wayline.store import timers as stored_timers
from wayline.store.database import new_id
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.tables import jobs, outbox, runs, timers

INCIDENTS = "/api/v1/incidents"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def raised(desk: Desk, *, tenant_id: str | None = None, times: int = 1, **fields: Any) -> str:
    """An incident; answers its id."""
    now = desk.wayline.clock.now()
    row = incident_row(
        **{
            "tenant_id": tenant_id or desk.tenant_id,
            "subject": "run",
            "subject_id": new_id(),
            "code": "decision_broken",
            "message": "A decision broke: KeyError: 'x'",
            "at": now,
            **fields,
        }
    )
    with desk.wayline.database.writer.begin() as connection:
        for _ in range(times):
            raise_incident(connection, row)
    return str(row["id"])


def late_run(desk: Desk) -> str:
    """A run with a timer."""
    definition = one_form()
    definition["steps"][0]["timeout_hours"] = 1
    return str(started(desk, created(desk, definition)["id"])["id"])


def listed(desk: Desk, query: str = "") -> list[dict[str, Any]]:
    answer = desk.client(desk.root).get(f"{INCIDENTS}?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_open_incidents_are_listed_with_what_they_are_about(desk: Desk) -> None:
    run_id = late_run(desk)
    raised(desk, subject_id=run_id, step_id="ask", times=3)
    raised(desk, subject="calendar", code="calendar_unreadable", at=LONG_AGO)
    first, second = listed(desk)
    assert (first["subject"], first["subject_id"], first["subject_name"]) == ("run", run_id, "Ask")
    assert (first["step_id"], first["code"], first["times"], first["status"]) == ("ask", "decision_broken", 3, "open")
    assert second["code"] == "calendar_unreadable"
    assert listed(desk, "order=asc")[0] == second


def test_the_list_is_narrowed_down(desk: Desk) -> None:
    one = raised(desk, subject_id="one")
    two = raised(desk, subject="job", subject_id="two", code="job_failed", message="SMTP said 550%")
    gone = raised(desk, subject_id="gone")
    desk.client(desk.root).post(f"{INCIDENTS}/{gone}/dismiss")
    for query, expected in (
        ("", {one, two}),
        ("status=all", {one, two, gone}),
        ("status=dismissed", {gone}),
        ("status=resumed", set()),
        ("subject=job", {two}),
        ("subject_id=one", {one}),
        ("code=job_failed", {two}),
        ("q=smtp", {two}),
        ("q=%25", {two}),
    ):
        assert {incident["id"] for incident in listed(desk, query)} == expected, query
    assert desk.client(desk.root).get(f"{INCIDENTS}?limit=1").json()["meta"]["total_pages"] == 2
    assert desk.client(desk.root).get(f"{INCIDENTS}?status=lost").status_code == 400


def test_resuming_makes_a_held_timer_due(desk: Desk) -> None:
    run_id = late_run(desk)
    incident = raised(desk, subject_id=run_id)
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(timers).values(due_at=LONG_AGO))
        now = desk.wayline.clock.now()
        until = now + timedelta(seconds=30)
        (timer,) = stored_timers.claim(connection, token="t", at=now, lease_until=until, limit=9)
        stored_timers.hold(connection, "t", {timer.id: 5})
        assert stored_timers.soonest(connection) == {}
    answer = desk.client(desk.root).post(f"{INCIDENTS}/{incident}/resume")
    assert (answer.json()["data"]["status"], answer.json()["data"]["due_again"]) == ("resumed", 1)
    assert answer.json()["data"]["closed_by"] == desk.root.id
    with desk.wayline.database.reader.connect() as connection:
        row = connection.execute(sa.select(timers)).one()
    assert (row.claim_token, row.lease_until, row.attempts) == (None, None, 0)
    assert row.due_at <= desk.wayline.clock.now()
    assert listed(desk) == []


def test_resuming_makes_held_jobs_and_commands_of_the_run_due(desk: Desk) -> None:
    run_id, other_id = late_run(desk), late_run(desk)
    incident = raised(desk, subject_id=run_id)
    with desk.wayline.database.writer.begin() as connection:
        for owner in (run_id, other_id):
            connection.execute(sa.insert(jobs).values(**a_job(desk, f"{owner}:0.1:0", run_id=owner)))
            row = {"id": f"{owner}:0.1:1", "tenant_id": desk.tenant_id, "command": "start_run", "body": b""}
            connection.execute(sa.insert(outbox).values(**row, due_at=LONG_AGO))
            stored_outbox.hold(connection, f"{owner}:0.1:1")
    answer = desk.client(desk.root).post(f"{INCIDENTS}/{incident}/resume")
    assert answer.json()["data"]["due_again"] == 2
    with desk.wayline.database.reader.connect() as connection:
        held = connection.execute(sa.select(jobs.c.id).where(jobs.c.claim_token.is_not(None))).scalars().all()
        later = sa.select(outbox.c.id).where(outbox.c.due_at > desk.wayline.clock.now())
        waiting = connection.execute(later).scalars().all()
    assert (held, waiting) == ([f"{other_id}:0.1:0"], [f"{other_id}:0.1:1"])


def test_resuming_a_failed_job_begins_it_anew(desk: Desk) -> None:
    incident = raised(desk, subject="job", subject_id="mail:1", code="job_failed")
    with desk.wayline.database.writer.begin() as connection:
        job = a_job(desk, "mail:1") | {"claim_token": None, "failed_at": LONG_AGO, "error": "550", "attempt": 8}
        connection.execute(sa.insert(jobs).values(**job))
    assert desk.client(desk.root).post(f"{INCIDENTS}/{incident}/resume").json()["data"]["due_again"] == 1
    with desk.wayline.database.reader.connect() as connection:
        row = connection.execute(sa.select(jobs)).one()
    assert (row.failed_at, row.error, row.attempt) == (None, None, 1)


def test_dismissing_leaves_what_is_held(desk: Desk) -> None:
    incident = raised(desk, subject="job", subject_id="mail:1", code="job_failed")
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.insert(jobs).values(**a_job(desk, "mail:1")))
    answer = desk.client(desk.root).post(f"{INCIDENTS}/{incident}/dismiss")
    assert (answer.json()["data"]["status"], answer.json()["data"]["due_again"]) == ("dismissed", 0)
    with desk.wayline.database.reader.connect() as connection:
        assert connection.execute(sa.select(jobs.c.claim_token)).scalar_one() == stored_jobs.HELD


def test_an_incident_is_closed_once_and_opens_again_with_the_same_trouble(desk: Desk) -> None:
    incident = raised(desk, subject_id="one")
    client = desk.client(desk.root)
    assert client.post(f"{INCIDENTS}/{incident}/dismiss").status_code == 200
    for way in ("resume", "dismiss"):
        refused = client.post(f"{INCIDENTS}/{incident}/{way}")
        assert (refused.status_code, refused.json()["error"]["details"]["status"]) == (409, "dismissed")
    assert raised(desk, subject_id="one") == incident
    (again,) = listed(desk)
    assert (again["status"], again["times"], again["closed_by"]) == ("open", 2, None)


def test_a_run_whose_decision_broke_goes_on_once_it_is_mended(desk: Desk) -> None:
    """The run's state is spoilt by hand, its timer breaks the decision, and after mending it fires."""
    run_id = late_run(desk)
    database = desk.wayline.database
    with database.reader.connect() as connection:
        whole = connection.execute(sa.select(runs.c.state)).scalar_one()
        timer = connection.execute(sa.select(timers)).one()
    spoil(desk, whole.replace(b"\xa3ask", b"\xa3axe"))
    fire = FireTimer(
        tenant_id=desk.tenant_id, run_id=run_id, timer_id=timer.id, kind=timer.kind, activation_id=timer.activation_id
    )
    with pytest.raises(KeyError):
        desk.wayline.door.submit_and_wait(fire)
    (incident,) = listed(desk)
    assert (incident["subject_id"], incident["code"]) == (run_id, "decision_broken")
    spoil(desk, whole)
    assert desk.client(desk.root).post(f"{INCIDENTS}/{incident['id']}/resume").status_code == 200
    desk.wayline.door.submit_and_wait(fire)
    seen = desk.client(desk.root).get(f"/api/v1/workflows/instances/{run_id}").json()["data"]
    assert seen["step_instances"][0]["overdue"] is True


def test_incidents_are_for_admins_of_the_tenant(desk: Desk) -> None:
    incident = raised(desk)
    theirs = raised(desk, tenant_id=desk.zed_id)
    assert desk.http.get(INCIDENTS).status_code == 401
    for person in (desk.ana, desk.bo, desk.dee):
        assert desk.client(person).get(INCIDENTS).status_code == 403
        assert desk.client(person).post(f"{INCIDENTS}/{incident}/resume").status_code == 403
    assert desk.using(desk.new_token(desk.root, "workflow:write")).get(INCIDENTS).status_code == 403
    assert [i["id"] for i in listed(desk)] == [incident]
    for name in (theirs, "nothing", new_id()):
        assert desk.client(desk.root).post(f"{INCIDENTS}/{name}/resume").status_code == 404


def a_job(desk: Desk, job_id: str, *, run_id: str | None = None) -> dict[str, Any]:
    """A job that is held."""
    return {
        "id": job_id,
        "tenant_id": desk.tenant_id,
        "queue": "email",
        "run_id": run_id,
        "action": b"",
        "attempt": 1,
        "timeout_s": 30.0,
        "due_at": LONG_AGO,
        "created_at": LONG_AGO,
        "claim_token": stored_jobs.HELD,
        "lease_until": stored_jobs.FAR,
    }


def spoil(desk: Desk, state: bytes) -> None:
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(runs).values(state=state))
