"""Workers do the work of their task queues, high priority first; kept starts begin once, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from other_system import other_system
from wayline.core.commands import CancelRun, SendSignal, StartRun
from wayline.core.starting import id_sent_for
from wayline.core.task_queues import HIGH_PRIORITY
from wayline.drivers.local import LocalDriver
from wayline.settings import Settings, SettingsInvalid, read_settings
from wayline.store import workers as stored_workers
from wayline.store.database import new_id
from wayline.store.jobs import claim
from wayline.store.tables import job_tallies, jobs, runs, signal_ids, template_versions, timers, workers

REST = {"id": "rest", "type": "wait", "for": {"hours": 1}}
CALL = {
    "id": "call",
    "type": "automatic",
    "action": {"type": "http_request", "method": "POST", "url": "https://s.test"},
}
HOURLY = {"cron": "0 * * * *", "timezone": "UTC"}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def begun(desk: DrivenDesk, template_id: str, **said: Any) -> str:
    run_id = new_id()
    desk.submit(
        StartRun(tenant_id=desk.tenant_id, actor=desk.ana.actor, run_id=run_id, template_id=template_id, **said)
    )
    return run_id


def serving(desk: DrivenDesk, *names: str) -> LocalDriver:
    """Another process's driver, which serves these task queues alone."""
    settings = desk.settings.model_copy(update={"worker_queues": ",".join(names)})
    return LocalDriver(desk.wayline.door, settings, b"a key for tests alone")


# -- task queues -----------------------------------------------------------------------------------


def test_a_run_and_what_it_waits_for_stay_on_their_queue(desk: DrivenDesk) -> None:
    begun(desk, desk.publish(REST), task_queue="itsm-fleet")
    begun(desk, desk.publish(CALL, definition={"task_queue": "itsm-network"}))
    assert [row.task_queue for row in desk.rows(timers)] == ["itsm-fleet"]
    assert [row.task_queue for row in desk.rows(jobs)] == ["itsm-network"]
    assert sorted(row.task_queue for row in desk.rows(runs)) == ["itsm-fleet", "itsm-network"]


def test_a_worker_leaves_other_queues_alone(desk: DrivenDesk) -> None:
    of_fleet = begun(desk, desk.publish(REST), task_queue="itsm-fleet")
    of_network = begun(desk, desk.publish(REST), task_queue="itsm-network")
    worker = serving(desk, "itsm-fleet")
    desk.pass_time(hours=2)
    assert [desk.wait(worker.timers.run_once()) for _ in range(2)] == [1, 0]
    assert (desk.run(of_fleet).status, desk.run(of_network).status) == ("completed", "running")
    assert desk.fire_timers() == 1
    worker.access.close()


def test_high_priority_goes_before_what_has_waited_longer(desk: DrivenDesk) -> None:
    usual, urgent = desk.publish(CALL), desk.publish(CALL, definition={"task_queue": HIGH_PRIORITY})
    waiting = [begun(desk, usual) for _ in range(3)]
    desk.pass_time(hours=1)
    hurried = begun(desk, urgent)
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        taken = [
            claim(connection, queue="webhook", token=f"w:{n}", at=at, lease_until=at + timedelta(hours=1), limit=1)
            for n in range(4)
        ]
    assert [job.run_id for (job,) in taken] == [hurried, *waiting]


def test_a_queue_that_no_worker_knows_is_the_usual_one(desk: DrivenDesk) -> None:
    run_id = begun(desk, desk.publish(REST, definition={"task_queue": "gone-for-good"}))
    assert desk.run(run_id).task_queue == "itsm-workflows"


def test_unknown_or_unreadable_queues_are_told_by_the_variables_name() -> None:
    for name, value in (("TASK_QUEUES", "Not A Queue"), ("WORKER_QUEUES", "itsm-unheard-of")):
        with pytest.raises(SettingsInvalid, match=f"WAYLINE_{name}"):
            read_settings({f"WAYLINE_{name}": value})
    chosen = {"WAYLINE_TASK_QUEUES": "itsm-night", "WAYLINE_WORKER_QUEUES": "itsm-night, itsm-high-priority"}
    assert read_settings(chosen).served_task_queues == (HIGH_PRIORITY, "itsm-night")
    assert Settings().served_task_queues == Settings().every_task_queue


def test_a_driver_says_that_it_is_there_and_when_it_goes(desk: DrivenDesk) -> None:
    worker = serving(desk, "itsm-fleet")
    desk.wait(worker.presence.run_once())
    (row,) = desk.rows(workers)
    assert (row.id, row.task_queues) == (worker.claims.boot_id, ["itsm-fleet"])
    desk.pass_time(seconds=20)
    desk.wait(worker.presence.run_once())
    (again,) = desk.rows(workers)
    assert again.seen_at > row.seen_at
    desk.wait(worker.presence.leave())
    assert desk.rows(workers) == []
    worker.access.close()


def test_a_worker_that_has_died_is_forgotten(desk: DrivenDesk) -> None:
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        stored_workers.say_so(connection, worker_id="dead", task_queues=[], at=at, gone_before=at)
    desk.pass_time(hours=2)
    desk.wait(desk.driver.presence.run_once())
    assert [row.id for row in desk.rows(workers)] == [desk.driver.claims.boot_id]


def test_jobs_that_are_done_are_counted(database_url: str, tmp_path: Path) -> None:
    with other_system() as other, driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as desk:
        template_id = desk.publish({**CALL, "action": {**CALL["action"], "url": other.url}})
        for _ in range(2):
            begun(desk, template_id)
        desk.do_jobs()
        for _ in range(2):
            desk.wait(desk.driver.presence.run_once())
        assert [(row.queue, row.completed) for row in desk.rows(job_tallies)] == [("webhook", 2)]


# -- kept starts -----------------------------------------------------------------------------------


def test_a_kept_run_begins_at_its_instant_in_whatever_process(desk: DrivenDesk) -> None:
    begin_at = desk.wayline.clock.now() + timedelta(hours=1)
    run_id = begun(desk, desk.publish(REST), begin_at=begin_at)
    assert (desk.run(run_id).status, desk.fire_timers()) == ("pending", 0)
    desk.pass_time(hours=1)
    other = desk.new_driver()
    assert desk.wait(other.timers.run_once()) == 1
    assert desk.fire_timers() == 0
    assert desk.events(run_id) == ["run_scheduled", "run_started", "step_activated"]
    assert desk.run(run_id).status == "running"
    other.access.close()


def test_a_cancelled_draft_leaves_no_timer(desk: DrivenDesk) -> None:
    run_id = begun(desk, desk.publish(REST), begin_at=desk.wayline.clock.now() + timedelta(hours=1))
    desk.submit(CancelRun(tenant_id=desk.tenant_id, run_id=run_id))
    assert desk.rows(timers) == []
    desk.pass_time(hours=2)
    assert (desk.fire_timers(), desk.run(run_id).status) == (0, "cancelled")


def next_hour(desk: DrivenDesk) -> datetime:
    return desk.wayline.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def go_on(desk: DrivenDesk) -> None:
    while desk.fire_timers() + desk.send_commands():
        pass


def test_a_series_goes_on_one_instant_after_another(desk: DrivenDesk) -> None:
    first = begun(desk, desk.publish(CALL), schedule=HOURLY, variables={"a": 1}, name="Hourly")
    assert desk.run(first).begin_at == next_hour(desk)
    for _ in range(3):
        desk.pass_time(hours=1)
        go_on(desk)
    found = sorted(desk.rows(runs), key=lambda row: row.created_at)
    assert [row.status for row in found] == ["running", "running", "running", "pending"]
    last = desk.run(found[-1].id)
    assert (last.name, last.variables, last.trigger_type) == ("Hourly", {"a": 1}, "api")
    assert desk.run(first).successor == found[1].id
    assert last.begin_at == next_hour(desk)


def test_a_desk_that_was_down_catches_up_once(desk: DrivenDesk) -> None:
    begun(desk, desk.publish(CALL), schedule=HOURLY)
    desk.pass_time(hours=49)
    go_on(desk)
    assert sorted(row.status for row in desk.rows(runs)) == ["pending", "running"]


def test_two_processes_begin_one(desk: DrivenDesk) -> None:
    first = begun(desk, desk.publish(CALL), schedule=HOURLY)
    desk.pass_time(hours=1)
    others = [desk.new_driver() for _ in range(2)]
    assert sum(desk.wait(driver.timers.run_once()) for driver in others) == 1
    for driver in others:
        desk.wait(driver.outbox.run_once())
        desk.wait(driver.outbox.run_once())
        driver.access.close()
    assert len(desk.rows(runs)) == 2
    assert desk.events(first).count("run_started") == 1


def test_a_series_with_a_definition_of_its_own_shares_it(desk: DrivenDesk) -> None:
    run_id = new_id()
    desk.submit(
        StartRun(
            tenant_id=desk.tenant_id,
            actor=desk.ana.actor,
            run_id=run_id,
            template_id=run_id,
            template_version=1,
            unlisted=True,
            definition={"name": "Own", "steps": [REST]},
            schedule=HOURLY,
        )
    )
    desk.pass_time(hours=1)
    go_on(desk)
    assert [row.template_id for row in desk.rows(template_versions)] == [run_id]
    assert {row.template_id for row in desk.rows(runs)} == {run_id}
    assert len(desk.rows(runs)) == 2


def test_a_cancelled_draft_ends_the_series(desk: DrivenDesk) -> None:
    first = begun(desk, desk.publish(CALL), schedule=HOURLY)
    desk.pass_time(hours=1)
    go_on(desk)
    successor = desk.run(first).successor
    assert successor is not None
    desk.submit(CancelRun(tenant_id=desk.tenant_id, run_id=successor))
    desk.pass_time(hours=5)
    go_on(desk)
    assert len(desk.rows(runs)) == 2


def test_the_next_of_a_series_has_the_id_its_effect_gives_it() -> None:
    assert id_sent_for("a:0.1:0") == id_sent_for("a:0.1:0") != id_sent_for("a:0.2:0")


# -- signals ---------------------------------------------------------------------------------------


def test_a_signal_id_counts_once_among_many_at_once(desk: DrivenDesk) -> None:
    run_id = begun(desk, desk.publish({"id": "rest", "type": "wait", "for": {"signal": "never"}}))
    signal = SendSignal(tenant_id=desk.tenant_id, run_id=run_id, name="go", signal_id="s-1")
    answers = [future.result() for future in [desk.wayline.door.submit_soon(signal) for _ in range(20)]]
    assert [answer.repeated for answer in answers].count(False) == 1
    assert len(desk.run(run_id).signals) == 1
    assert len(desk.rows(signal_ids)) == 1


def test_a_signal_that_was_refused_may_come_again(desk: DrivenDesk) -> None:
    ask = {"id": "ask", "type": "approval", "approvers": [{"user": "dee@acme.example"}]}
    run_id = begun(desk, desk.publish({"id": "go", "type": "wait", "for": {"signal": "go"}, "next": "ask"}, ask))
    payload = {"approved_by": "dee@acme.example", "decision": "approve"}
    vote = SendSignal(
        tenant_id=desk.tenant_id,
        actor=desk.dee.actor,
        run_id=run_id,
        name="approval_received",
        payload=payload,
        signal_id="v-1",
    )
    with pytest.raises(Exception, match="No approval is open"):
        desk.submit(vote)
    desk.submit(SendSignal(tenant_id=desk.tenant_id, run_id=run_id, name="go"))
    assert desk.submit(vote).run.status == "completed"
    assert desk.submit(vote).repeated is True


@pytest.mark.parametrize("table", ["timers", "jobs"])
def test_what_is_due_is_found_by_an_index(desk: DrivenDesk, table: str) -> None:
    """However many others wait on other queues, no row of theirs is looked at."""
    with desk.wayline.database.reader.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET enable_seqscan = off"))
        queue = "queue = 'email' AND failed_at IS NULL AND " if table == "jobs" else ""
        explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        query = f"{explain} SELECT min(due_at) FROM {table} WHERE {queue}task_queue = 'x' AND claim_token IS NULL"
        plan = " ".join(str(row) for row in connection.execute(sa.text(query)))
    assert ("ix_jobs_due" if table == "jobs" else "ix_timers_task_queue_due_at") in plan
