"""What waits on each task queue and job queue, who works, and failed jobs that are tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from executions_at_a_desk import fields, refused, started

from served_desk import Desk, served_desk
from wayline.store import workers as stored
from wayline.store.database import new_id
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.tables import incidents, jobs
from workflows import publish

FIVE = ["itsm-high-priority", "itsm-workflows", "itsm-accessories", "itsm-fleet", "itsm-network"]
ORDER = [
    {"id": "order", "type": "automatic", "action": {"type": "http_request", "method": "POST", "url": "https://s.test/"}}
]


def add_job(desk: Desk, job_id: str, *, tenant_id: str | None = None, **values: Any) -> None:
    now = desk.wayline.clock.now()
    row = {
        "id": job_id,
        "tenant_id": tenant_id or desk.tenant_id,
        "queue": "email",
        "task_queue": "itsm-workflows",
        "action": msgspec.msgpack.encode({"type": "email"}),
        "attempt": 8,
        "timeout_s": 30.0,
        "due_at": now,
        "created_at": now,
        **values,
    }
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.insert(jobs).values(row))


def task_queues(desk: Desk) -> dict[str, dict[str, Any]]:
    page = desk.client(desk.bo).get("/v1/task-queues").json()
    assert page["has_more"] is False
    return {one.pop("name"): one for one in page["data"]}


def job_queues(desk: Desk) -> dict[str, dict[str, int]]:
    page = desk.client(desk.bo).get("/v1/job-queues").json()
    return {one.pop("name"): one for one in page["data"]}


NOTHING = {"depth": 0, "workers": 0, "oldest_waiting_at": None, "oldest_waiting_seconds": None}
NO_JOBS = {"waiting": 0, "active": 0, "delayed": 0, "failed": 0, "completed": 0}


def test_five_task_queues_are_there_from_the_start(desk: Desk) -> None:
    assert task_queues(desk) == dict.fromkeys(FIVE, NOTHING)
    assert list(task_queues(desk)) == FIVE


def test_others_are_there_when_they_are_set_up(sqlite_url: str, tmp_path: Any) -> None:
    with served_desk(sqlite_url, tmp_path, task_queues="itsm-night") as desk:
        assert list(task_queues(desk)) == [*FIVE, "itsm-night"]


def test_a_runs_jobs_wait_on_its_task_queue(desk: Desk) -> None:
    publish(desk, ORDER, name="Order")
    started(desk, desk.bo, name="Order", task_queue="itsm-fleet")
    desk.wayline.clock.advance(60)
    of_fleet = task_queues(desk)["itsm-fleet"]
    assert (of_fleet["depth"], of_fleet["workers"]) == (1, 0)
    assert 60 <= of_fleet["oldest_waiting_seconds"] <= 65
    assert task_queues(desk)["itsm-workflows"] == NOTHING
    assert job_queues(desk)["webhook"] == {**NO_JOBS, "waiting": 1}


def test_a_kept_start_waits_on_its_task_queue_once_it_is_due(desk: Desk) -> None:
    now = int(desk.wayline.clock.now().timestamp())
    started(desk, desk.bo, task_queue="itsm-network", start_at=now + 100)
    assert task_queues(desk)["itsm-network"]["depth"] == 0
    desk.wayline.clock.advance(101)
    assert task_queues(desk)["itsm-network"]["depth"] == 1


def test_workers_count_while_they_are_seen(desk: Desk) -> None:
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        for worker_id, names in (("one", FIVE), ("two", ["itsm-fleet"])):
            stored.say_so(connection, worker_id=worker_id, task_queues=names, at=at, gone_before=at)
    assert [task_queues(desk)[name]["workers"] for name in ("itsm-fleet", "itsm-network")] == [2, 1]
    desk.wayline.clock.advance(31)
    assert task_queues(desk)["itsm-fleet"]["workers"] == 0


def test_jobs_are_counted_by_what_became_of_them(desk: Desk) -> None:
    now = desk.wayline.clock.now()
    add_job(desk, "due")
    add_job(desk, "later", due_at=now + timedelta(hours=1))
    add_job(desk, "taken", claim_token="w:1", lease_until=now + timedelta(hours=1))
    add_job(desk, "failed", failed_at=now, error="no route")
    add_job(desk, "held", claim_token="held")
    add_job(desk, "theirs", tenant_id=desk.zed_id)
    with desk.wayline.database.writer.begin() as connection:
        stored.add_up(connection, {(desk.tenant_id, "email"): 2, (desk.zed_id, "email"): 9})
        stored.add_up(connection, {(desk.tenant_id, "email"): 3})
    counts = job_queues(desk)
    assert counts["email"] == {"waiting": 1, "active": 1, "delayed": 1, "failed": 2, "completed": 5}
    assert len(counts) == 12
    assert counts["report"] == NO_JOBS


def test_failed_jobs_are_shown_page_by_page_with_what_is_wrong(desk: Desk) -> None:
    now = desk.wayline.clock.now()
    for n in range(3):
        add_job(desk, f"mail:{n}", failed_at=now, error=f"no route {n}")
    add_job(desk, "push:1", queue="push", failed_at=now, error="gone")
    add_job(desk, "mail:theirs", tenant_id=desk.zed_id, failed_at=now, error="secret")
    client = desk.client(desk.bo)
    first = client.get("/v1/job-queues/email/failed", params={"limit": 2}).json()
    assert [(job["id"], job["error"]) for job in first["data"]] == [("mail:0", "no route 0"), ("mail:1", "no route 1")]
    assert first["has_more"] is True
    rest = client.get("/v1/job-queues/email/failed", params={"limit": 2, "starting_after": "mail:1"}).json()
    assert ([job["id"] for job in rest["data"]], rest["has_more"]) == (["mail:2"], False)
    assert rest["data"][0]["attempts"] == 8
    assert rest["data"][0]["failed_at"] == int(now.timestamp())


def test_failed_jobs_are_tried_again_and_their_incidents_closed(desk: Desk) -> None:
    now = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        for tenant_id, job_id in ((desk.tenant_id, "mail:1"), (desk.zed_id, "mail:theirs")):
            row = incident_row(
                tenant_id=tenant_id, subject="job", subject_id=job_id, code="job_failed", message="no", at=now
            )
            raise_incident(connection, row)
    add_job(desk, "mail:1", failed_at=now, error="no route")
    add_job(desk, "push:1", queue="push", failed_at=now, error="gone")
    add_job(desk, "mail:theirs", tenant_id=desk.zed_id, failed_at=now, error="no route")
    root = desk.client(desk.root)
    answer = root.post("/v1/job-queues/email/retry-failed")
    assert answer.json() == {"name": "email", "retried": 1, "has_more": False}
    assert root.post("/v1/job-queues/email/retry-failed").json()["retried"] == 0
    counts = job_queues(desk)
    assert (counts["email"], counts["push"]["failed"]) == ({**NO_JOBS, "waiting": 1}, 1)
    with desk.wayline.database.reader.connect() as connection:
        found = connection.execute(sa.select(incidents.c.subject_id, incidents.c.status).order_by("subject_id"))
        assert [tuple(row) for row in found] == [("mail:1", "resumed"), ("mail:theirs", "open")]
        attempts = connection.execute(sa.select(jobs.c.attempt).where(jobs.c.id == "mail:1")).scalar_one()
        assert attempts == 1


@pytest.mark.parametrize("path", ["/v1/task-queues", "/v1/job-queues", "/v1/job-queues/email/failed"])
def test_staff_look_and_requesters_do_not(desk: Desk, path: str) -> None:
    assert desk.client(desk.bo).get(path).status_code == 200
    refused(desk.client(desk.ana).get(path), 403, "FORBIDDEN")
    refused(desk.http.get(path), 401, "UNAUTHORIZED")
    refused(desk.using(desk.new_token(desk.bo, "ticket:read")).get(path), 403, "FORBIDDEN")


def test_admins_alone_have_jobs_tried_again(desk: Desk) -> None:
    for person in (desk.ana, desk.bo, desk.dee):
        refused(desk.client(person).post("/v1/job-queues/email/retry-failed"), 403, "FORBIDDEN")


def test_a_job_queue_there_is_not_is_404(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    refused(root.get(f"/v1/job-queues/{new_id()}/failed"), 404, "NOT_FOUND")
    refused(root.post("/v1/job-queues/e-mail/retry-failed"), 404, "NOT_FOUND")
    error = refused(root.get("/v1/job-queues/email/failed", params={"limit": 0}), 400, "VALIDATION_ERROR")
    assert fields(error) == ["limit"]
