"""What the local driver promises, on either database: what is due happens, once, also when workers die on the way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from other_system import HANG, OtherSystem, answer, other_system
from services import SmtpServer
from wayline.core.commands import CancelRun, CompleteStep, CreateTicket, ReportAction
from wayline.core.refusals import Refusal
from wayline.drivers.job_queues import QUEUES
from wayline.drivers.jobs import LEASE_S
from wayline.drivers.timers import LEASE_S as TIMER_LEASE_S
from wayline.drivers.timers import MAX_ATTEMPTS
from wayline.engine.door import IdempotencyKey
from wayline.store import jobs as stored_jobs
from wayline.store import outbox as stored_outbox
from wayline.store import timers as stored_timers
from wayline.store.tables import idempotency, incidents, jobs, notifications, outbox, runs, tickets, timers, users


@pytest.fixture
def inventory() -> Iterator[OtherSystem]:
    """The system that templates call."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


@pytest.fixture
def mailing_desk(database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, smtp_url=smtp_server.url, public_url="https://desk.example") as driven:
        yield driven


def form(step_id: str = "ask", **more: Any) -> dict[str, Any]:
    who = {"assignee": {"user": "bo@acme.example"}}
    return {"id": step_id, "type": "form", **who, "fields": [{"name": "why", "type": "text"}], **more}


def wait(hours: float, **more: Any) -> dict[str, Any]:
    return {"id": "pause", "type": "wait", "for": {"hours": hours}, **more}


def order(inventory: OtherSystem, *, retry: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    action = {"type": "http_request", "url": f"{inventory.url}/orders", "json": {"model": "15"}, **more}
    return {
        "id": "order",
        "type": "automatic",
        "action": action,
        "retry": retry or {"max_attempts": 3, "initial_s": 60},
    }


def endless() -> list[dict[str, Any]]:
    """Steps that never rest: whoever decides to take them meets a bug in the template."""
    action = {"type": "set_variable", "name": "n", "value": "1"}
    return [
        {"id": "round", "type": "automatic", "action": action, "next": "and-round"},
        {"id": "and-round", "type": "automatic", "action": action, "next": "round"},
    ]


# -- timers ----------------------------------------------------------------------------------------


def test_a_deadline_passes_and_escalates(desk: DrivenDesk) -> None:
    on_timeout = {"escalate_to": {"role": "lead", "group": "service-desk"}}
    run_id = desk.start(desk.publish(form(timeout_hours=8, on_timeout=on_timeout)))

    desk.pass_time(hours=7.9)
    assert desk.fire_timers() == 0
    desk.pass_time(hours=0.2)
    assert desk.fire_timers() == 1

    assert desk.run(run_id).open[0].status == "timed_out"
    assert [n.kind for n in desk.rows(notifications, audience_id=desk.dee.id)] == ["step_overdue"]
    assert desk.rows(timers) == []
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "late"})
    assert desk.run(run_id).status == "completed"


def test_waits_elapse_one_after_the_other(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(wait(2, next="then"), {**wait(1), "id": "then"}))
    desk.pass_time(hours=2)
    assert desk.fire_timers() == 1
    assert desk.fire_timers() == 0
    assert desk.run(run_id).status == "running"
    desk.pass_time(hours=1)
    assert desk.fire_timers() == 1
    assert desk.run(run_id).status == "completed"


def test_a_deadline_that_was_met_never_fires(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form(timeout_hours=1)))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    assert desk.rows(timers) == []
    desk.pass_time(hours=2)
    assert desk.fire_timers() == 0
    assert "step_timed_out" not in desk.events(run_id)


def test_many_timers_due_at_once_all_fire(desk: DrivenDesk) -> None:
    template_id = desk.publish(wait(1))
    started = [desk.start(template_id) for _ in range(30)]
    desk.pass_time(hours=1)
    assert desk.fire_timers() == 30
    assert {desk.run(run_id).status for run_id in started} == {"completed"}


def test_timers_of_a_process_that_died_are_fired_by_another(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(wait(1)))
    desk.pass_time(hours=1)
    now = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        until = now + timedelta(seconds=TIMER_LEASE_S)
        assert stored_timers.claim(connection, token="the dead", at=now, lease_until=until, limit=10)

    desk.do_recurring()
    assert desk.fire_timers() == 0
    desk.pass_time(seconds=TIMER_LEASE_S + 1)
    desk.do_recurring()
    assert desk.fire_timers() == 1
    assert desk.run(run_id).status == "completed"


def test_a_timer_that_breaks_is_held_with_an_incident_and_others_go_on(desk: DrivenDesk) -> None:
    broken = desk.start(desk.publish(wait(1, next="round"), *endless()))
    sound = desk.start(desk.publish(wait(1)))
    desk.pass_time(hours=1)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert desk.fire_timers() == (2 if attempt == 1 else 1)
        assert desk.fire_timers() == 0
        desk.pass_time(hours=1)

    assert desk.run(sound).status == "completed"
    assert desk.run(broken).status == "running"
    (held,) = desk.rows(timers)
    assert (held.attempts, held.claim_token) == (MAX_ATTEMPTS, "held")
    (incident,) = desk.rows(incidents, subject_id=broken)
    assert (incident.code, incident.status) == ("decision_broken", "open")
    assert "StepsOutOfBounds" in incident.message

    with desk.wayline.database.writer.begin() as connection:
        now = desk.wayline.clock.now()
        assert stored_timers.resume(connection, tenant_id=desk.tenant_id, run_id=broken, at=now) == 1
    assert desk.fire_timers() == 1


# -- outside actions -------------------------------------------------------------------------------


def test_an_outside_action_is_done_and_its_output_kept(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(answer(201, {"order": 7}))
    template_id = desk.publish({**order(inventory), "next": "tell"}, form("tell"))
    run_id = desk.start(template_id)
    (job,) = desk.rows(jobs)

    assert desk.do_jobs() == 1

    assert desk.run(run_id).outputs["order"]["body"] == {"order": 7}
    assert desk.run(run_id).open[0].step_id == "tell"
    assert desk.rows(jobs) == []
    (request,) = inventory.received
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == job.id
    assert desk.do_jobs() == 0


def test_a_failure_that_may_pass_is_tried_again_under_the_same_key(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers += [answer(503), b"nonsense, close\r\n\r\n", answer(200, {})]
    run_id = desk.start(desk.publish(order(inventory, retry={"max_attempts": 3, "initial_s": 60, "backoff": 2})))

    assert desk.do_jobs() == 1
    assert desk.do_jobs() == 0
    desk.pass_time(seconds=61)
    assert desk.do_jobs() == 1
    desk.pass_time(seconds=61)
    assert desk.do_jobs() == 0
    desk.pass_time(seconds=60)
    assert desk.do_jobs() == 1

    assert desk.run(run_id).status == "completed"
    assert desk.events(run_id).count("action_retried") == 2
    assert len({request.headers["idempotency-key"] for request in inventory.received}) == 1
    assert len(inventory.received) == 3


def test_the_other_sides_wish_to_wait_is_honoured(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(answer(429, retry_after="600"))
    desk.start(desk.publish(order(inventory)))
    desk.do_jobs()
    desk.pass_time(seconds=599)
    assert desk.do_jobs() == 0
    desk.pass_time(seconds=2)
    assert desk.do_jobs() == 1


def test_a_failure_for_good_is_not_tried_again(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(answer(404))
    run_id = desk.start(desk.publish(order(inventory)))
    desk.do_jobs()
    assert desk.run(run_id).status == "failed"
    assert "answered 404" in desk.run(run_id).failure.message
    assert desk.rows(jobs) == []


def test_attempts_come_to_an_end(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers += [answer(500)] * 9
    run_id = desk.start(desk.publish(order(inventory)))
    for _ in range(9):
        desk.do_jobs()
        desk.pass_time(hours=1)
    assert len(inventory.received) == 3
    assert desk.run(run_id).status == "failed"


def test_a_slow_answer_is_not_waited_for(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(HANG)
    run_id = desk.start(desk.publish(order(inventory, retry={"max_attempts": 1}, timeout_s=0.2)))
    desk.do_jobs()
    assert desk.run(run_id).failure.message == "not done within 0.2 s"


def test_an_answer_that_lies_harms_nobody(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(
        answer(200, b'{"n": 99999999999999999999, "t": "a\\u0000"}', content_type="application/json")
    )
    inventory.answers.append(answer(200, b"\xff\0{", content_type="application/json"))
    template_id = desk.publish(order(inventory))
    first, second = desk.start(template_id), desk.start(template_id)
    desk.do_jobs()
    assert {desk.run(first).status, desk.run(second).status} == {"completed"}


def test_only_allowed_addresses_are_called(database_url: str, tmp_path: Path, inventory: OtherSystem) -> None:
    with driven_desk(database_url, tmp_path) as desk:
        run_id = desk.start(desk.publish(order(inventory)))
        desk.do_jobs()
        assert desk.run(run_id).status == "failed"
        assert "WAYLINE_OUTBOUND_ALLOW" in desk.run(run_id).failure.message
    assert inventory.received == []


def test_a_queue_does_so_many_at_a_time_and_the_rest_after(desk: DrivenDesk, inventory: OtherSystem) -> None:
    template_id = desk.publish(order(inventory))
    for _ in range(QUEUES["webhook"] + 3):
        desk.start(template_id)
    assert desk.do_jobs() == QUEUES["webhook"]
    assert desk.do_jobs() == 3


# -- workers that die, and workers that stop -------------------------------------------------------


def claimed_by_the_dead(desk: DrivenDesk) -> stored_jobs.ClaimedJob:
    """A job as a worker had it that died with it."""
    now = desk.wayline.clock.now()
    until = now + timedelta(seconds=LEASE_S)
    with desk.wayline.database.writer.begin() as connection:
        (job,) = stored_jobs.claim(connection, queue="webhook", token="the dead", at=now, lease_until=until, limit=10)
    return job


def report_of(desk: DrivenDesk, job: stored_jobs.ClaimedJob, **outcome: Any) -> ReportAction:
    return ReportAction(
        tenant_id=desk.tenant_id,
        run_id=job.run_id or "",
        job_id=job.id,
        activation_id=job.activation_id,
        claim_token=job.claim_token,
        **outcome,
    )


def test_a_dead_workers_job_is_taken_again_and_its_own_report_is_stale(
    desk: DrivenDesk, inventory: OtherSystem
) -> None:
    run_id = desk.start(desk.publish({**order(inventory), "next": "tell"}, form("tell")))
    job = claimed_by_the_dead(desk)
    desk.do_recurring()
    assert desk.do_jobs() == 0

    desk.pass_time(seconds=LEASE_S + 1)
    desk.do_recurring()
    inventory.answers.append(answer(200, {"by": "the living"}))
    assert desk.do_jobs() == 1

    with pytest.raises(Refusal) as refused:
        desk.submit(report_of(desk, job, output={"body": {"by": "the dead"}}))
    assert refused.value.code == "stale_report"
    assert desk.run(run_id).outputs["order"]["body"] == {"by": "the living"}


def test_a_late_report_does_not_pass_for_the_next_attempts(desk: DrivenDesk, inventory: OtherSystem) -> None:
    run_id = desk.start(desk.publish(order(inventory)))
    job = claimed_by_the_dead(desk)
    desk.pass_time(seconds=LEASE_S + 1)
    desk.do_recurring()
    inventory.answers.append(answer(503))
    desk.do_jobs()

    with pytest.raises(Refusal) as refused:
        desk.submit(report_of(desk, job, output={}))
    assert refused.value.code == "stale_report"
    assert desk.run(run_id).status == "running"

    desk.pass_time(seconds=61)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"


def test_an_action_that_succeeds_after_the_cancel_is_undone(desk: DrivenDesk, inventory: OtherSystem) -> None:
    undo = {"type": "http_request", "method": "DELETE", "url": f"{inventory.url}/orders/{{{{ steps.order.body.id }}}}"}
    run_id = desk.start(desk.publish({**order(inventory), "compensate": undo}))
    job = claimed_by_the_dead(desk)
    desk.submit(CancelRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id))
    assert desk.rows(jobs) == []

    desk.submit(report_of(desk, job, output={"body": {"id": 7}}))
    assert desk.do_jobs() == 1

    assert [(r.method, r.path) for r in inventory.received] == [("DELETE", "/orders/7")]
    assert desk.run(run_id).compensation.state == "completed"


def test_two_workers_do_nothing_twice(desk: DrivenDesk, inventory: OtherSystem) -> None:
    template_id = desk.publish(order(inventory))
    started = [desk.start(template_id) for _ in range(20)]
    other = desk.new_driver()

    async def both() -> list[int]:
        found = list(await asyncio.gather(desk.driver.jobs.run_once(), other.jobs.run_once()))
        for performer in other.performers.values():
            await performer.close()
        return found

    assert sum(desk.wait(both())) == 20
    other.stop()
    assert len({request.headers["idempotency-key"] for request in inventory.received}) == 20
    assert len(inventory.received) == 20
    assert {desk.run(run_id).status for run_id in started} == {"completed"}


def test_a_long_action_keeps_its_lease(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(HANG)
    desk.start(desk.publish(order(inventory)))
    assert desk.wait(desk.driver.jobs.take()) == 1
    for _ in range(3):
        desk.pass_time(seconds=LEASE_S - 1)
        desk.wait(desk.driver.jobs.renew())
        desk.do_recurring()
        assert desk.rows(jobs)[0].claim_token is not None
    desk.wait(desk.driver.jobs.finish(0))


def test_a_worker_that_stops_hands_back_what_it_has_not_done(desk: DrivenDesk, inventory: OtherSystem) -> None:
    inventory.answers.append(HANG)
    run_id = desk.start(desk.publish(order(inventory)))
    assert desk.wait(desk.driver.jobs.take()) == 1
    desk.wait(desk.driver.jobs.finish(0.05))

    (job,) = desk.rows(jobs)
    assert (job.claim_token, job.lease_until) == (None, None)
    assert desk.do_jobs() == 1
    assert desk.run(run_id).status == "completed"


def test_a_running_driver_is_prompt_and_stops_within_seconds(desk: DrivenDesk, inventory: OtherSystem) -> None:
    """No round is asked for here: the driver's own thread is woken by the commit."""
    driver = desk.new_driver()
    desk.wayline.door.on_due = driver.wake_at
    driver.start()
    assert driver.is_running
    template_id = desk.publish(order(inventory))
    for count in range(1, 4):
        desk.start(template_id)
        # Far less than the two seconds after which an idle driver looks by itself.
        inventory.wait_for(count, timeout_s=1.5)
    driver.stop()
    assert not driver.is_running
    assert all(row.claim_token is None for row in desk.rows(jobs))


# -- mail ------------------------------------------------------------------------------------------


def recipients(smtp_server: SmtpServer) -> list[str]:
    return sorted(message["X-Envelope-To"] for message in smtp_server.messages)


def test_mail_reaches_the_right_people_once(mailing_desk: DrivenDesk, smtp_server: SmtpServer) -> None:
    desk = mailing_desk
    run_id = desk.start(desk.publish(form(assignee={"group": "service-desk"}, name="Fix the printer")))
    assert desk.do_jobs() == 3
    assert desk.do_jobs() == 0

    assert recipients(smtp_server) == ["bo@acme.example", "cy@acme.example", "dee@acme.example"]
    assert {message["Subject"] for message in smtp_server.messages} == {"Work for you: Fix the printer"}
    item_id = desk.run(run_id).open[0].id
    assert f"https://desk.example/inbox/{item_id}" in smtp_server.messages[0].as_string().replace("=\n", "")
    assert desk.rows(jobs) == []


def test_a_message_reaches_people_and_bare_addresses(mailing_desk: DrivenDesk, smtp_server: SmtpServer) -> None:
    desk = mailing_desk
    to = [{"requester": True}, "partner@elsewhere.example"]
    action = {"type": "send_notification", "to": to, "subject": "Ready", "message": "Fetch it.\n\nToday."}
    desk.start(desk.publish({"id": "tell", "type": "automatic", "action": action}))
    desk.do_jobs()
    assert recipients(smtp_server) == ["ana@acme.example", "partner@elsewhere.example"]
    assert {m["Subject"] for m in smtp_server.messages} == {"Ready"}
    assert "Fetch it." in smtp_server.messages[0].get_body(("plain",)).get_content()


def test_a_mail_server_that_is_away_loses_nothing(database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> None:
    with driven_desk(database_url, tmp_path, smtp_url="smtp://127.0.0.1:1") as desk:
        desk.start(desk.publish(form()))
        desk.do_jobs()
        (job,) = desk.rows(jobs)
        assert (job.attempt, job.claim_token, job.failed_at) == (2, None, None)
        assert desk.do_jobs() == 0
        desk.pass_time(hours=1)
        desk.settings = desk.settings.model_copy(update={"smtp_url": smtp_server.url})
        returned = desk.new_driver()
        assert desk.wait(returned.jobs.run_once()) == 1
        returned.stop()
        assert recipients(smtp_server) == ["bo@acme.example"]
        assert desk.rows(jobs) == []


def test_an_address_that_is_none_fails_alone_and_is_told(mailing_desk: DrivenDesk, smtp_server: SmtpServer) -> None:
    desk = mailing_desk
    desk.write(sa.update(users).where(users.c.id == desk.cy.id).values(email="cy@@acme"))
    desk.write(sa.text("UPDATE tenants SET directory_version = directory_version + 1"))
    desk.start(desk.publish(form(assignee={"group": "service-desk"})))
    assert desk.do_jobs() == 3

    assert recipients(smtp_server) == ["bo@acme.example", "dee@acme.example"]
    (job,) = desk.rows(jobs)
    assert job.failed_at is not None
    assert "cy@@acme" in job.error
    (incident,) = desk.rows(incidents)
    assert (incident.subject, incident.subject_id, incident.code) == ("job", job.id, "job_failed")
    desk.pass_time(hours=24)
    assert desk.do_jobs() == 0

    with desk.wayline.database.writer.begin() as connection:
        now = desk.wayline.clock.now()
        assert stored_jobs.resume(connection, tenant_id=desk.tenant_id, job_id=job.id, at=now) == 1
    assert desk.do_jobs() == 1


# -- commands for others ---------------------------------------------------------------------------


def act(**action: Any) -> dict[str, Any]:
    return {"id": "act", "type": "automatic", "action": action}


def test_a_ticket_is_opened_exactly_once(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(act(type="create_ticket", title="Fetch the old one", ticket_type="task")))
    (sent,) = desk.rows(outbox)

    assert desk.send_commands() == 1

    (ticket,) = desk.rows(tickets)
    assert ticket.id == str(uuid.uuid5(uuid.NAMESPACE_OID, sent.id))
    assert (ticket.number, ticket.title, ticket.requester_id) == ("TSK-000001", "Fetch the old one", desk.ana.id)
    assert desk.rows(outbox) == []
    assert desk.send_commands() == 0
    with pytest.raises(Refusal) as refused:
        desk.submit(
            CreateTicket(
                tenant_id=desk.tenant_id,
                ticket_id=ticket.id,
                fields={"type": "task", "title": "Again"},
                effect_id=sent.id,
            )
        )
    assert refused.value.code == "already_done"
    assert len(desk.rows(tickets)) == 1
    assert desk.run(run_id).status == "completed"


def test_two_processes_send_a_command_once(desk: DrivenDesk) -> None:
    template_id = desk.publish(act(type="create_ticket", title="Once"))
    for _ in range(10):
        desk.start(template_id)
    other = desk.new_driver()

    async def both() -> None:
        await asyncio.gather(desk.driver.outbox.run_once(), other.outbox.run_once())

    desk.wait(both())
    other.stop()
    assert len(desk.rows(tickets)) == 10
    assert desk.rows(outbox) == []
    assert desk.rows(incidents) == []


def test_another_template_is_started_by_its_name(desk: DrivenDesk) -> None:
    variables = {"model": {"type": "string"}}
    called = desk.publish(form("unpack"), name="Unpack", variables=variables)
    ticket_id = desk.open_ticket()
    desk.start(
        desk.publish(act(type="start_workflow", workflow_name="unpack ", input={"model": "15"}), name="Caller"),
        ticket_id=ticket_id,
    )
    assert desk.send_commands() == 1
    (row,) = desk.rows(runs, template_id=called)
    run = desk.run(row.id)
    assert (run.ticket_id, run.owner_id, run.variables) == (ticket_id, desk.ana.id, {"model": "15"})


def test_a_template_that_is_not_there_is_an_incident_and_waits_for_it(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(act(type="start_workflow", workflow_name="Unpack"), name="Caller"))
    assert desk.send_commands() == 1
    (incident,) = desk.rows(incidents)
    assert (incident.subject, incident.subject_id, incident.code) == ("run", run_id, "not_sent")
    assert "Unpack" in incident.message
    desk.pass_time(hours=100)
    assert desk.send_commands() == 0

    called = desk.publish(form("unpack"), name="Unpack")
    with desk.wayline.database.writer.begin() as connection:
        now = desk.wayline.clock.now()
        assert stored_outbox.resume(connection, tenant_id=desk.tenant_id, run_id=run_id, at=now) == 1
    assert desk.send_commands() == 1
    assert len(desk.rows(runs, template_id=called)) == 1
    assert desk.rows(outbox) == []


def test_a_command_that_breaks_is_tried_again_and_then_held(desk: DrivenDesk) -> None:
    desk.publish(*endless(), name="Endless")
    run_id = desk.start(desk.publish(act(type="start_workflow", workflow_name="Endless"), name="Caller"))
    for _ in range(8):
        desk.send_commands()
        desk.pass_time(hours=1)
    (sent,) = desk.rows(outbox)
    assert sent.due_at.year == 9999
    assert [i.code for i in desk.rows(incidents, subject_id=run_id)] == ["not_sent"]


# -- recurring -------------------------------------------------------------------------------------


def test_idempotency_keys_are_forgotten_after_a_day(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form()))
    done = CompleteStep(
        tenant_id=desk.tenant_id, actor=desk.bo.actor, run_id=run_id, step="ask", answer={"form_data": {}}
    )
    key = IdempotencyKey(tenant_id=desk.tenant_id, key="k1", request=b"r")
    desk.wayline.door.submit_and_wait(done, key=key, render=lambda _: (200, b"{}"))

    desk.pass_time(hours=23)
    desk.do_recurring()
    assert len(desk.rows(idempotency)) == 1
    desk.pass_time(hours=2)
    desk.do_recurring()
    assert desk.rows(idempotency) == []


def test_a_driver_goes_on_when_the_database_comes_back(
    postgresql_url: str, tmp_path: Path, inventory: OtherSystem
) -> None:
    with driven_desk(postgresql_url, tmp_path, outbound_allow="127.0.0.0/8") as desk:
        template_id = desk.publish(order(inventory))
        driver = desk.new_driver()
        desk.wayline.door.on_due = driver.wake_at
        driver.start()
        for count in range(1, 4):
            everybody_else = "pid <> pg_backend_pid() AND datname = current_database()"
            desk.write(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {everybody_else}"))
            desk.start(template_id)
            inventory.wait_for(count)
        assert driver.is_running
        driver.stop()
