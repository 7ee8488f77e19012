"""What pausing, resuming, retrying and rolling back promise, on either database: what waits in the tables waits there,
nothing that was reported is lost, and a process that was not there before can go on with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from other_system import OtherSystem, answer, other_system
from wayline.bootstrap import Wayline
from wayline.core.commands import (
    CancelRun,
    FireTimer,
    PauseRun,
    ReportAction,
    ResumeRun,
    RetryRun,
    RollBackRun,
    RunCommand,
    SendSignal,
)
from wayline.core.refusals import Refusal
from wayline.core.snapshot import WHOLE_EVERY
from wayline.drivers.jobs import LEASE_S
from wayline.store import jobs as stored_jobs
from wayline.store.snapshots import list_snapshots, read_snapshot, visits_after
from wayline.store.tables import activations, jobs, timers, work_items, work_offers


@pytest.fixture
def inventory() -> Iterator[OtherSystem]:
    """The system that templates call."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


def form(step_id: str = "ask", **more: Any) -> dict[str, Any]:
    who = {"assignee": {"user": "bo@acme.example"}}
    return {"id": step_id, "type": "form", **who, "fields": [{"name": "why", "type": "text"}], **more}


def order(inventory: OtherSystem, **more: Any) -> dict[str, Any]:
    action = {"type": "http_request", "url": f"{inventory.url}/orders", "json": {"model": "15"}}
    retry = {"max_attempts": 2, "initial_s": 60}
    return {"id": "order", "type": "automatic", "action": action, "retry": retry, **more}


def asks(desk: DrivenDesk, kind: type[RunCommand], run_id: str, **said: Any) -> Any:
    return desk.submit(kind(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id, **said))


# -- pause -----------------------------------------------------------------------------------------


def test_the_clocks_of_a_paused_run_are_in_no_table_and_come_back_with_what_was_left(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form(timeout_hours=8)))
    desk.pass_time(hours=3)
    asks(desk, PauseRun, run_id)
    assert desk.rows(timers) == []
    assert desk.rows(work_items)[0].due_at is None
    desk.pass_time(hours=100)
    assert desk.fire_timers() == 0

    asks(desk, ResumeRun, run_id)
    (timer,), (item,) = desk.rows(timers), desk.rows(work_items)
    assert timer.due_at == item.due_at == desk.run(run_id).open[0].due_at
    assert abs(timer.due_at - desk.wayline.clock.now() - timedelta(hours=5)) < timedelta(minutes=1)
    desk.pass_time(hours=6)
    assert desk.fire_timers() == 1
    assert desk.run(run_id).open[0].status == "timed_out"


def test_a_timer_that_fires_just_as_the_run_is_paused_is_not_lost(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form(timeout_hours=1)))
    (timer,) = desk.rows(timers)
    desk.pass_time(hours=2)
    asks(desk, PauseRun, run_id)
    fired = FireTimer(
        tenant_id=desk.tenant_id, run_id=run_id, timer_id=timer.id, kind=timer.kind, activation_id=timer.activation_id
    )
    with pytest.raises(Refusal, match="no longer wanted"):
        desk.submit(fired)
    asks(desk, ResumeRun, run_id)
    assert desk.fire_timers() == 1
    assert desk.run(run_id).open[0].status == "timed_out"


def test_a_job_of_a_paused_run_is_not_begun_and_then_done_once_under_its_id(
    desk: DrivenDesk, inventory: OtherSystem
) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    (job,) = desk.rows(jobs)
    asks(desk, PauseRun, run_id)
    desk.pass_time(hours=10)
    assert desk.do_jobs() == 0

    asks(desk, ResumeRun, run_id)
    assert desk.do_jobs() == 1
    assert [request.headers["idempotency-key"] for request in inventory.received] == [job.id]
    assert desk.run(run_id).status == "completed"
    assert desk.rows(jobs) == []


def test_the_outcome_of_a_job_that_was_under_way_is_kept(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(answer(200, {"order": 7}))
    run_id = desk.start(desk.publish(order(inventory)))

    async def paused_meanwhile() -> None:
        assert await desk.driver.jobs.take() == 1
        pause = PauseRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id)
        await desk.wayline.door.submit(pause)
        await asyncio.gather(*desk.driver.jobs._working)

    desk.wait(paused_meanwhile())
    assert (desk.run(run_id).status, len(desk.run(run_id).held)) == ("paused", 1)
    assert desk.rows(jobs) == []

    asks(desk, ResumeRun, run_id)
    assert desk.run(run_id).status == "completed"
    assert desk.run(run_id).outputs["order"]["body"] == {"order": 7}
    assert len(inventory.received) == 1


def test_a_failure_reported_to_a_paused_run_is_tried_again_under_the_same_key(
    desk: DrivenDesk, inventory: OtherSystem
) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    (job,) = desk.rows(jobs)
    asks(desk, PauseRun, run_id)
    failed = ReportAction(
        tenant_id=desk.tenant_id, run_id=run_id, job_id=job.id, activation_id=job.activation_id, error="busy"
    )
    desk.submit(failed)
    assert desk.rows(jobs) == []
    asks(desk, ResumeRun, run_id)
    (again,) = desk.rows(jobs)
    assert (again.id, again.attempt, again.claim_token) == (job.id, 2, None)
    desk.pass_time(hours=1)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"


def test_a_worker_that_dies_during_a_pause_has_its_job_done_after_it(desk: DrivenDesk, inventory: OtherSystem) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    now = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        until = now + timedelta(seconds=LEASE_S)
        assert stored_jobs.claim(connection, queue="webhook", token="the dead", at=now, lease_until=until, limit=1)
    asks(desk, PauseRun, run_id)
    desk.pass_time(hours=1)
    desk.do_recurring()
    assert desk.do_jobs() == 0

    asks(desk, ResumeRun, run_id)
    desk.pass_time(seconds=10)
    desk.do_recurring()
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"


def test_a_job_that_an_incident_held_is_not_begun_in_a_paused_run(desk: DrivenDesk, inventory: OtherSystem) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    desk.write(sa.update(jobs).values(claim_token=stored_jobs.HELD, lease_until=stored_jobs.FAR))
    asks(desk, PauseRun, run_id)

    def incident_resumed() -> int:
        with desk.wayline.database.writer.begin() as connection:
            now = desk.wayline.clock.now()
            return stored_jobs.resume(connection, tenant_id=desk.tenant_id, run_id=run_id, at=now)

    assert (incident_resumed(), desk.do_jobs()) == (1, 0)
    asks(desk, ResumeRun, run_id)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"


def test_a_paused_run_is_resumed_by_a_process_that_never_saw_it(desk: DrivenDesk) -> None:
    first = {"id": "first", "type": "wait", "for": {"signal": "go"}, "next": "ask"}
    run_id = desk.start(desk.publish(first, form(timeout_hours=4)))
    asks(desk, PauseRun, run_id)
    asks(desk, SendSignal, run_id, name="go", payload={"n": 1})
    assert desk.run(run_id).open[0].step_id == "first"

    desk.wayline.stop()
    desk.wayline = Wayline(desk.settings, workers=False)
    desk.wayline.start()
    desk.driver = desk.new_driver()
    asks(desk, ResumeRun, run_id)
    run = desk.run(run_id)
    assert ([a.step_id for a in run.open], run.outputs["first"]["n"]) == (["ask"], 1)
    assert len(desk.rows(timers)) == 1


def test_a_paused_run_is_cancelled_with_everything_it_had(desk: DrivenDesk, inventory: OtherSystem) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    asks(desk, PauseRun, run_id)
    asks(desk, CancelRun, run_id)
    assert (desk.run(run_id).status, desk.rows(jobs), desk.rows(timers)) == ("cancelled", [], [])


# -- retry -----------------------------------------------------------------------------------------


def test_a_failed_run_is_tried_again_with_a_new_job(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers += [answer(404), answer(200, {"order": 8})]
    run_id = desk.start(desk.publish(order(inventory)))
    desk.do_jobs()
    assert desk.run(run_id).status == "failed"

    asks(desk, RetryRun, run_id)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"
    assert len({request.headers["idempotency-key"] for request in inventory.received}) == 2
    assert [v.visit.status for v in desk.visits(run_id)] == ["failed", "completed"]


def test_work_that_was_cancelled_is_in_the_inbox_again(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form()))
    asks(desk, CancelRun, run_id)
    assert desk.rows(work_offers) == []
    asks(desk, RetryRun, run_id)
    (offer,) = desk.rows(work_offers)
    assert offer.audience_id == desk.bo.id
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "after all"})
    assert desk.run(run_id).status == "completed"


def test_an_ended_run_does_not_come_to_life_beside_another_on_its_ticket(desk: DrivenDesk) -> None:
    template_id, ticket_id = desk.publish(form(next="again"), form("again")), desk.open_ticket()
    first = desk.start(template_id, ticket_id=ticket_id)
    asks(desk, CancelRun, first)
    second = desk.start(template_id, ticket_id=ticket_id)
    with pytest.raises(Refusal) as refused:
        asks(desk, RetryRun, first)
    assert refused.value.code == "already_active"

    asks(desk, CancelRun, second)
    asks(desk, RetryRun, first)
    with pytest.raises(Refusal) as refused:
        desk.start(template_id, ticket_id=ticket_id)
    assert refused.value.code == "already_active"
    desk.complete(desk.bo.actor, first, "ask", form_data={"why": "x"})
    asks(desk, RollBackRun, first, snapshot=2)
    assert desk.run(first).status == "paused"


# -- roll back -------------------------------------------------------------------------------------


def loop() -> list[dict[str, Any]]:
    """A form, and the choice to fill it again."""
    one = form("one", next="two")
    two = {
        "id": "two",
        "type": "routing",
        "assignee": {"user": "bo@acme.example"},
        "options": [{"label": "more", "next": "one"}, {"label": "enough"}],
    }
    return [one, two]


def go_round(desk: DrivenDesk, run_id: str, times: int) -> None:
    for n in range(times):
        desk.complete(desk.bo.actor, run_id, "one", form_data={"why": str(n)})
        desk.complete(desk.bo.actor, run_id, "two", option="more")


def test_a_run_goes_back_to_any_snapshot_and_on_from_there(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(*loop()))
    go_round(desk, run_id, 40)
    for number, why in ((79, "39"), (63, "31"), (65, "32"), (3, "1"), (1, "0")):
        asks(desk, RollBackRun, run_id, snapshot=number)
        run = desk.run(run_id)
        assert (run.status, run.outputs["one"]["why"], run.arrivals) == ("paused", why, ["two"])
    assert desk.rows(work_items) == []

    asks(desk, ResumeRun, run_id)
    desk.complete(desk.bo.actor, run_id, "two", option="enough")
    assert desk.run(run_id).status == "completed"
    assert desk.run(run_id).outputs["one"]["why"] == "0"


def test_the_start_and_what_is_not_there(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(*loop()))
    go_round(desk, run_id, 1)
    for number in (3, 1000, -5):
        with pytest.raises(Refusal) as refused:
            asks(desk, RollBackRun, run_id, snapshot=number)
        assert refused.value.kind == "not_found"
    asks(desk, RollBackRun, run_id, snapshot=0)
    assert desk.run(run_id).outputs == {}


def test_snapshots_are_listed_and_read_a_page_at_a_time(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(*loop()))
    go_round(desk, run_id, 3)
    run = desk.run(run_id)
    with desk.wayline.database.reader.connect() as connection:
        heads, total = list_snapshots(connection, tenant_id=desk.tenant_id, run_id=run_id, limit=2, offset=1)
        snapshot = read_snapshot(connection, run, 3, first_step="one")
        assert snapshot is not None
        later = visits_after(connection, run, snapshot)
        elsewhere = list_snapshots(connection, tenant_id="0b6c8f8e-0000-4000-8000-000000000009", run_id=run_id, limit=9)
    assert ([(head.number, head.step_id) for head in heads], total) == ([(2, "two"), (3, "one")], 6)
    assert (snapshot.outputs["one"]["why"], snapshot.arrivals) == ("1", ["two"])
    assert sorted(v.visit.position + 1 for v in later) == [4, 5, 6]
    assert elsewhere == ([], 0)


def test_what_was_waiting_is_withdrawn_and_what_comes_of_it_is_harmless(
    desk: DrivenDesk, inventory: OtherSystem
) -> None:
    run_id = desk.start(desk.publish(form(next="order"), order(inventory)))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "x"})
    (job,) = desk.rows(jobs)
    asks(desk, RollBackRun, run_id, snapshot=1)
    assert desk.rows(jobs) == []
    late = ReportAction(
        tenant_id=desk.tenant_id, run_id=run_id, job_id=job.id, activation_id=job.activation_id, output={"late": True}
    )
    with pytest.raises(Refusal, match="Nobody waits"):
        desk.submit(late)
    asks(desk, ResumeRun, run_id)
    (fresh,) = desk.rows(jobs)
    assert (fresh.id != job.id, fresh.id.split(":")[1].split(".")[0]) == (True, "1")
    desk.do_jobs()
    assert desk.run(run_id).status == "completed"


# -- what it costs ---------------------------------------------------------------------------------


def test_a_snapshot_is_a_small_part_of_the_row_its_visit_has_anyway(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(*loop()))
    go_round(desk, run_id, 61)
    rows = desk.rows(activations, run_id=run_id)
    assert len(rows) == 122
    sizes = [len(row.snapshot) for row in rows]
    assert sum(size > 40 for size in sizes) == 122 // WHOLE_EVERY
    assert max(sizes) < 2000


def test_a_snapshot_is_found_by_the_key_of_its_row_and_lists_by_that_of_their_run(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(*loop()))
    go_round(desk, run_id, 2)
    database, asked = desk.wayline.database, []
    sa.event.listen(database.reader, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    with database.reader.connect() as connection:
        snapshot = read_snapshot(connection, desk.run(run_id), 3, first_step="one")
        assert snapshot is not None
        list_snapshots(connection, tenant_id=desk.tenant_id, run_id=run_id, limit=20)
        visits_after(connection, desk.run(run_id), snapshot)
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    asked = [(text, values) for text, values in asked if "FROM activations" in text]
    assert len(asked) >= 6
    with database.writer.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for text, values in asked:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + text, values))
            assert "pk_activations" in plan or "sqlite_autoindex_activations_1" in plan
