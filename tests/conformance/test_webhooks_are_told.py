"""Webhooks hear of what they asked for: signed, in order, at least once, and never at the expense of anybody else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import SECRET, DrivenDesk, driven_desk
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from other_system import HANG, OtherSystem, Received, answer, other_system
from services import SmtpServer
from wayline.actions.webhook import shown_key
from wayline.core.cloud_event import TEST_TYPE
from wayline.core.commands import AddComment, CreateTicket, UpdateTicket
from wayline.drivers import webhooks as driving
from wayline.drivers.recurring import DELIVERIES_KEPT
from wayline.engine import webhooks as administering
from wayline.engine.door import Change
from wayline.store import webhook_deliveries as stored
from wayline.store.database import new_id
from wayline.store.incidents import incident_row, raise_incident
from wayline.store.sealing import seal
from wayline.store.tables import audit, jobs, notifications, timeline, webhook_deliveries, webhooks

NINE = datetime(2026, 3, 4, 9, tzinfo=UTC)
KEY = b"thirty-two bytes to sign with..."


@pytest.fixture
def receiver() -> Iterator[OtherSystem]:
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8", public_url="https://desk.example") as driven:
        yield driven


def subscribe(desk: DrivenDesk, receiver: OtherSystem, *events: str, path: str = "/hook", **fields: Any) -> str:
    """A webhook of Acme's; answers its id."""
    webhook_id = new_id()
    values = {
        "name": "Inventory",
        "url": f"{receiver.url}{path}",
        "events": list(events or ("*",)),
        "secret": seal(SECRET.encode(), KEY, belongs_to=webhook_id),
        "created_by": desk.root.id,
        **fields,
    }
    tenant_id = desk.tenant_id
    change(desk, lambda tx: administering.subscribe(tx, tenant_id=tenant_id, webhook_id=webhook_id, fields=values))
    return webhook_id


def change(desk: DrivenDesk, write: Any) -> Any:
    return desk.submit(Change(tenant_id=desk.tenant_id, actor=desk.root.actor, write=write))


def form(**more: Any) -> dict[str, Any]:
    who = {"assignee": {"user": "bo@acme.example"}}
    return {"id": "ask", "type": "form", "name": "Ask", **who, "fields": [{"name": "why", "type": "text"}], **more}


def approval(**more: Any) -> dict[str, Any]:
    return {"id": "agree", "type": "approval", "name": "Agree", "approvers": [{"user": "dee@acme.example"}], **more}


def tell_all(desk: DrivenDesk) -> None:
    while desk.tell_webhooks():
        pass


def told(receiver: OtherSystem) -> list[str]:
    return [request.json["type"].removeprefix("wayline.") for request in receiver.received]


def deliveries(desk: DrivenDesk, webhook_id: str | None = None, **where: Any) -> list[Any]:
    named = {"webhook_id": webhook_id} if webhook_id is not None else {}
    return sorted(desk.rows(webhook_deliveries, **named, **where), key=lambda row: (row.subject_id, row.seq, row.type))


def webhook(desk: DrivenDesk, webhook_id: str) -> Any:
    (row,) = desk.rows(webhooks, id=webhook_id)
    return row


# -- what is told ----------------------------------------------------------------------------------


def test_a_run_is_told_from_its_start_to_its_end(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver)
    run_id = desk.start(desk.publish(form(next="agree"), approval()))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "broken"})
    desk.complete(desk.dee.actor, run_id, "agree", decision="approve")
    tell_all(desk)
    assert told(receiver) == [
        "run.started",
        "step.activated",
        "step.completed",
        "approval.requested",
        "step.activated",
        "approval.voted",
        "approval.decided",
        "step.completed",
        "run.completed",
    ]
    sequences = [request.json["sequence"] for request in receiver.received]
    assert sequences == sorted(sequences)
    assert {row.status for row in deliveries(desk)} == {"delivered"}


def test_an_event_is_a_signed_cloud_event(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.step.completed")
    run_id = desk.start(desk.publish(form(), name="Laptop request"))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "broken"})
    tell_all(desk)
    (request,) = receiver.received
    (row,) = deliveries(desk)
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["webhook-id"] == row.id
    assert verified(request) == request.json
    event = request.json
    data = event.pop("data")
    assert event.pop("time").endswith("Z")
    assert event == {
        "specversion": "1.0",
        "id": f"{run_id}:2:step.completed",
        "source": "https://desk.example",
        "type": "wayline.step.completed",
        "subject": f"runs/{run_id}",
        "sequence": f"{2:020d}",
        "datacontenttype": "application/json",
    }
    assert data["event"] == "step_completed"
    assert (data["step_id"], data["actor"], data["data"]["outcome"]) == ("ask", desk.bo.id, "submitted")
    assert data["run"]["id"] == run_id
    assert data["run"]["template"]["name"] == "Laptop request"
    assert data["run"]["owner"] == desk.ana.id


def verified(request: Received, key: bytes = KEY) -> Any:
    """What the standard's own library makes of it; the clock of these tests is the machine's."""
    return Webhook(shown_key(key)).verify(request.body, request.headers)


def test_another_key_or_another_body_is_not_ours(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    desk.start(desk.publish(form()))
    tell_all(desk)
    (request,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        verified(request, b"another thirty-two bytes of key.")
    with pytest.raises(WebhookVerificationError):
        Webhook(shown_key(KEY)).verify(request.body.replace(b"run", b"ran"), request.headers)


def test_tickets_are_told_without_what_was_said_on_them(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.ticket.created", "wayline.ticket.updated", "wayline.ticket.commented")
    ticket_id = desk.open_ticket(title="Printer")
    by = {"tenant_id": desk.tenant_id, "actor": desk.bo.actor, "ticket_id": ticket_id}
    desk.submit(UpdateTicket(**by, changes={"priority": "P1"}))
    desk.submit(AddComment(**by, comment_id=new_id(), text="the password is swordfish", visibility="internal"))
    tell_all(desk)
    assert told(receiver) == ["ticket.created", "ticket.updated", "ticket.commented"]
    created, updated, commented = (request.json["data"] for request in receiver.received)
    assert created["ticket"] == {"id": ticket_id, "number": "INC-000001", "type": "incident"}
    assert updated["data"]["changes"] == {"priority": ["P3", "P1"]}
    assert "swordfish" not in json.dumps(commented)


def test_an_incident_is_told_whoever_raises_it(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.incident.raised")
    run_id = desk.start(desk.publish(approval(approvers=[{"group": "nobody-there"}])))
    row = incident_row(
        tenant_id=desk.tenant_id, subject="job", subject_id="mail:1", code="not_sent", message="No", at=now(desk)
    )
    change(desk, lambda tx: raise_incident(tx.connection, row))
    tell_all(desk)
    found = {request.json["data"]["incident"]["subject"]: request.json for request in receiver.received}
    assert set(found) == {"run", "job"}
    assert found["run"]["data"]["incident"]["subject_id"] == run_id
    assert found["job"]["data"]["incident"]["code"] == "not_sent"
    assert found["job"]["subject"] == f"incidents/{row['id']}"


def now(desk: DrivenDesk) -> Any:
    return desk.wayline.clock.now()


def test_only_what_was_asked_for_is_told(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.completed", path="/ends")
    subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed", path="/both")
    run_id = desk.start(desk.publish(form()))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    found = sorted((request.path, request.json["type"]) for request in receiver.received)
    assert found == [
        ("/both", "wayline.run.completed"),
        ("/both", "wayline.run.started"),
        ("/ends", "wayline.run.completed"),
    ]


def test_another_tenants_webhook_hears_nothing(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = new_id()
    zed = {"name": "Zed", "url": receiver.url, "events": ["*"], "created_by": None}
    zed |= {"secret": seal(SECRET.encode(), KEY, belongs_to=webhook_id)}
    write = lambda tx: administering.subscribe(tx, tenant_id=desk.zed_id, webhook_id=webhook_id, fields=zed)  # noqa: E731
    desk.submit(Change(tenant_id=desk.zed_id, actor=desk.zoe.actor, write=write))
    desk.start(desk.publish(form()))
    tell_all(desk)
    assert receiver.received == []
    assert deliveries(desk) == []


def test_what_is_told_of_the_past_is_no_news(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver)
    long_ago = now(desk) - timedelta(days=300)
    fields = {"type": "incident", "title": "Replayed"}
    desk.submit(
        CreateTicket(tenant_id=desk.tenant_id, actor=desk.ana.actor, ticket_id=new_id(), fields=fields, at=long_ago)
    )
    assert deliveries(desk) == []


def test_a_tenant_without_webhooks_writes_nothing_for_them(desk: DrivenDesk) -> None:
    run_id = desk.start(desk.publish(form()))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    assert desk.rows(webhook_deliveries) == []


def test_a_decision_that_is_not_committed_tells_nothing(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver)
    ticket_id = desk.open_ticket()
    tell_all(desk)
    before = len(receiver.received)
    with pytest.raises(Exception, match="priority"):
        desk.submit(
            UpdateTicket(
                tenant_id=desk.tenant_id, actor=desk.bo.actor, ticket_id=ticket_id, changes={"priority": "P99"}
            )
        )
    tell_all(desk)
    assert len(receiver.received) == before


# -- receivers that do not take it -----------------------------------------------------------------


def test_what_is_not_taken_is_sent_again_later_and_later_under_the_same_id(
    desk: DrivenDesk, receiver: OtherSystem
) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    receiver.answers += [answer(500, {"error": "down"}), answer(404), b"nonsense, close\r\n\r\n"]
    desk.start(desk.publish(form()))
    tell_all(desk)
    (row,) = deliveries(desk)
    assert (row.status, row.attempts, row.response_status) == ("pending", 1, 500)
    assert row.error == "answered 500"
    assert row.response_body == '{"error": "down"}'
    assert webhook(desk, webhook_id).failing_since is not None
    pauses = []
    for _ in range(2):
        due_at = deliveries(desk)[0].due_at
        pauses.append((due_at - now(desk)).total_seconds())
        tell_all(desk)
        assert len(receiver.received) == len(pauses)
        desk.pass_time(seconds=pauses[-1] + 0.1)
        tell_all(desk)
    assert 7 < pauses[0] <= 10 < 30 < pauses[1] <= 40
    (row,) = deliveries(desk)
    assert (row.status, row.attempts, row.response_status) == ("pending", 3, None)
    assert row.error.startswith("no answer")
    desk.pass_time(hours=1)
    tell_all(desk)
    (row,) = deliveries(desk)
    assert (row.status, row.attempts, row.response_status, row.error) == ("delivered", 4, 200, None)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.received}) > 1
    assert webhook(desk, webhook_id).failing_since is None


def test_a_receiver_says_when_to_come_again(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(answer(429, None, retry_after="600"))
    desk.start(desk.publish(form()))
    tell_all(desk)
    desk.pass_time(seconds=590)
    tell_all(desk)
    assert len(receiver.received) == 1
    desk.pass_time(seconds=11)
    tell_all(desk)
    assert len(receiver.received) == 2


def test_pauses_grow_up_to_a_day() -> None:
    waiting = delivery(attempts=50)
    due_at = driving.decide_retry(waiting, at=waiting.created_at + timedelta(days=3), retry_after_s=None)
    assert due_at is not None
    assert timedelta(hours=19) < due_at - (waiting.created_at + timedelta(days=3)) <= timedelta(days=1)


def test_a_redirect_is_not_followed(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(answer(307, None, location=f"{receiver.url}/elsewhere"))
    desk.start(desk.publish(form()))
    tell_all(desk)
    assert [request.path for request in receiver.received] == ["/hook"]
    (row,) = deliveries(desk)
    assert (row.status, row.response_status, row.error) == (
        "pending",
        307,
        "answered 307 (redirects are not followed)",
    )


def test_a_long_answer_is_cut(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(answer(200, b"\x00so " + b"long " * 100_000))
    desk.start(desk.publish(form()))
    tell_all(desk)
    (row,) = deliveries(desk)
    assert row.status == "delivered"
    assert row.response_body.startswith("\ufffdso long long")
    assert row.response_body.endswith("…")
    assert len(row.response_body) == 2001


def test_a_receiver_that_says_nothing_is_left_after_a_while(
    desk: DrivenDesk, receiver: OtherSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "ATTEMPT_S", 0.2)
    subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(HANG)
    desk.start(desk.publish(form()))
    tell_all(desk)
    (row,) = deliveries(desk)
    assert (row.status, row.response_status, row.error) == ("pending", None, "no answer within 0.2 s")
    assert row.duration_ms >= 200


def test_a_private_address_is_not_called(database_url: str, tmp_path: Path, receiver: OtherSystem) -> None:
    """What an operator does not allow any more is not called, however it came into the table."""
    with driven_desk(database_url, tmp_path) as desk:
        subscribe(desk, receiver, "wayline.run.started")
        desk.start(desk.publish(form()))
        tell_all(desk)
        (row,) = deliveries(desk)
        assert receiver.received == []
        assert (row.status, row.attempts) == ("pending", 1)
        assert "https://" in row.error


def test_a_secret_sealed_with_another_key_signs_nothing(desk: DrivenDesk, receiver: OtherSystem) -> None:
    other_id = new_id()
    subscribe(desk, receiver, "wayline.run.started", secret=seal(SECRET.encode(), KEY, belongs_to=other_id))
    desk.start(desk.publish(form()))
    tell_all(desk)
    assert receiver.received == []
    assert "secret cannot be opened" in deliveries(desk)[0].error


@pytest.mark.parametrize("loss", ["deleted", "unreadable"])
def test_an_event_that_is_gone_from_its_timeline_is_nobodys_fault(
    desk: DrivenDesk, receiver: OtherSystem, loss: str
) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    run_id = desk.start(desk.publish(form()))
    if loss == "deleted":
        desk.write(sa.delete(timeline).where(timeline.c.subject_id == run_id))
    else:
        desk.write(sa.update(timeline).values(events=b"\xc1"))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    assert told(receiver) == ["run.completed"]
    assert [(row.status, row.error) for row in deliveries(desk)] == [
        ("failed", "its event cannot be read any more"),
        ("delivered", None),
    ]
    assert webhook(desk, webhook_id).failing_since is None


# -- order -----------------------------------------------------------------------------------------


def test_later_events_of_a_run_wait_for_the_one_that_is_tried_again(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    receiver.answers.append(answer(503))
    template_id = desk.publish(form())
    held_up, other = desk.start(template_id), desk.start(template_id)
    tell_all(desk)
    for run_id in (held_up, other):
        desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    failed = receiver.received[0].json["subject"].removeprefix("runs/")
    going_on = other if failed == held_up else held_up
    assert seen(receiver, going_on) == ["run.started", "run.completed"]
    assert seen(receiver, failed) == ["run.started"]
    desk.pass_time(seconds=11)
    tell_all(desk)
    assert seen(receiver, failed) == ["run.started", "run.started", "run.completed"]


def test_events_of_one_decision_wait_for_the_first_of_them(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started", "wayline.step.activated")
    receiver.answers.append(answer(503))
    run_id = desk.start(desk.publish(form()))
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started"]
    assert [row.attempts for row in deliveries(desk)] == [1, 0]
    desk.pass_time(seconds=11)
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started", "run.started", "step.activated"]


def seen(receiver: OtherSystem, run_id: str) -> list[str]:
    return [r.json["type"].removeprefix("wayline.") for r in receiver.received if run_id in r.json["subject"]]


class Gate(deque[bytes]):
    """Answers that are given when the gate is opened."""

    def __init__(self) -> None:
        super().__init__([answer(200)])
        self.open = threading.Event()

    def popleft(self) -> bytes:
        self.open.wait(10)
        return super().popleft()


def test_an_event_that_comes_while_its_run_is_being_told_follows_at_once(
    desk: DrivenDesk, receiver: OtherSystem
) -> None:
    subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    receiver.answers = gate = Gate()
    run_id = desk.start(desk.publish(form()))

    async def complete_meanwhile() -> None:
        await desk.driver.webhooks.take()
        await asyncio.to_thread(desk.complete, desk.bo.actor, run_id, "ask", form_data={})
        await desk.driver.webhooks.take()
        gate.open.set()
        await desk.driver.webhooks.run_once()

    desk.wait(complete_meanwhile())
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started", "run.completed"]


def test_after_an_hour_later_events_go_past(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    run_id = desk.start(desk.publish(form()))
    receiver.answers += [answer(503)] * 6
    for _ in range(6):
        tell_all(desk)
        tried_until = now(desk)
        desk.pass_time(seconds=(deliveries(desk)[0].due_at - now(desk)).total_seconds() + 0.1)
    assert seen(receiver, run_id) == ["run.started"] * 6
    (held_up,) = deliveries(desk)
    # The clock goes back to the last attempt, which was within the hour.
    desk.pass_time(seconds=(tried_until - now(desk)).total_seconds())
    assert tried_until < held_up.created_at + driving.HOLD < held_up.due_at

    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started"] * 6
    desk.pass_time(seconds=(held_up.created_at + driving.HOLD - now(desk)).total_seconds() + 0.1)
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started"] * 6 + ["run.completed"]
    desk.pass_time(hours=24)
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started"] * 6 + ["run.completed", "run.started"]


def delivery(*, due_s: float = 0, age_s: float = 0, attempts: int = 0, name: str = "a") -> driving.Waiting:
    return driving.Waiting(
        id=name,
        tenant_id="t",
        webhook_id="w",
        subject_id="s",
        seq=0,
        type="wayline.run.started",
        data=None,
        attempts=attempts,
        created_at=NINE - timedelta(seconds=age_s),
        due_at=NINE + timedelta(seconds=due_s),
    )


def test_a_lane_is_sent_up_to_the_first_that_is_not_due() -> None:
    due, later = delivery(name="due"), delivery(name="later", due_s=30)
    assert driving.decide_lane([due, later, due], at=NINE).send == (due,)
    step = driving.decide_lane([later, due], at=NINE)
    assert (step.next, step.until) == (driving.Next.WAIT, later.due_at)


def test_a_lane_waits_no_longer_than_the_hold() -> None:
    stuck = delivery(due_s=7200, age_s=1800)
    assert driving.decide_lane([stuck, delivery()], at=NINE).until == NINE + timedelta(seconds=1800)
    due, old = delivery(), delivery(due_s=7200, age_s=3600)
    assert driving.decide_lane([old, due], at=NINE).send == (due,)


def test_a_lane_is_sent_some_events_at_a_time() -> None:
    many = [delivery(name=str(number)) for number in range(50)]
    assert len(driving.decide_lane(many, at=NINE).send) == driving.EVENTS_A_LANE


def test_one_run_with_many_events_is_told_them_in_order(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.ticket.updated")
    ticket_id = desk.open_ticket()
    for number in range(45):
        changes = {"title": f"Title {number}"}
        desk.submit(UpdateTicket(tenant_id=desk.tenant_id, actor=desk.bo.actor, ticket_id=ticket_id, changes=changes))
    tell_all(desk)
    titles = [request.json["data"]["data"]["changes"]["title"][1] for request in receiver.received]
    assert titles == [f"Title {number}" for number in range(45)]


# -- several processes, and processes that die -----------------------------------------------------


def test_two_processes_send_each_event_once_and_in_order(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver)
    template_id = desk.publish(form())
    run_ids = [desk.start(template_id) for _ in range(12)]
    for run_id in run_ids:
        desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    other = desk.new_driver()

    async def both() -> int:
        return sum(await asyncio.gather(desk.driver.webhooks.run_once(), other.webhooks.run_once()))

    try:
        while desk.wait(both()):
            pass
    finally:
        desk.wait(other.webhooks.finish(0))
        other.access.close()
    for run_id in run_ids:
        assert seen(receiver, run_id) == ["run.started", "step.activated", "step.completed", "run.completed"]
    assert len({r.headers["webhook-id"] for r in receiver.received}) == len(receiver.received)


def test_what_a_dead_process_had_taken_is_sent_by_another(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    run_id = desk.start(desk.publish(form()))
    at = now(desk)
    with desk.wayline.database.writer.begin() as connection:
        taken = [row.id for row in deliveries(desk)]
        until = at + timedelta(seconds=driving.LEASE_S)
        stored.take(connection, ids=taken, token="a process that has died", until=until)
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    assert receiver.received == []
    desk.pass_time(seconds=driving.LEASE_S + 1)
    tell_all(desk)
    assert seen(receiver, run_id) == ["run.started", "run.completed"]
    assert [row.claim_token for row in deliveries(desk, webhook_id)] == [None, None]


def test_who_has_lost_a_delivery_writes_nothing_down(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    desk.start(desk.publish(form()))
    (row,) = deliveries(desk)
    waiting = driving.Waiting(**{name: getattr(row, name) for name in driving.Waiting.__struct_fields__})
    attempt = driving.Attempt(delivery=waiting, at=now(desk), duration_ms=1, error="lost")
    with desk.wayline.database.writer.begin() as connection:
        stored.take(connection, ids=[row.id], token="mine", until=now(desk))
        assert not stored.settle(connection, "yours", attempt)
        assert stored.settle(connection, "mine", attempt)


def test_a_process_that_stops_hands_back_what_it_is_sending(desk: DrivenDesk, receiver: OtherSystem) -> None:
    subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(HANG)
    desk.start(desk.publish(form()))

    async def begin_and_stop() -> None:
        await desk.driver.webhooks.take()
        await asyncio.to_thread(receiver.wait_for, 1)
        await desk.driver.webhooks.finish(0)

    desk.wait(begin_and_stop())
    (row,) = deliveries(desk)
    assert (row.status, row.claim_token, row.attempts) == ("pending", None, 0)


def test_a_receiver_that_hangs_keeps_no_other_waiting(desk: DrivenDesk, receiver: OtherSystem) -> None:
    with other_system() as good:
        hanging = subscribe(desk, receiver, "wayline.run.started")
        subscribe(desk, good, "wayline.run.started")
        receiver.answers += [HANG] * 100
        template_id = desk.publish(form())
        for _ in range(40):
            desk.start(template_id)

        async def send() -> int:
            while not all(row.status == "delivered" for row in deliveries(desk) if row.webhook_id != hanging):
                await desk.driver.webhooks.take()
                await asyncio.sleep(0)
            busy = len(receiver.received)
            await desk.driver.webhooks.finish(0)
            return busy

        assert desk.wait(send()) <= driving.LANES_A_WEBHOOK
        assert len(good.received) == 40


# -- a receiver that is gone -----------------------------------------------------------------------


def test_after_a_week_of_failure_a_webhook_is_disabled_and_its_administrators_are_told(
    desk: DrivenDesk, receiver: OtherSystem
) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    receiver.answers += [answer(503)] * 100
    desk.start(desk.publish(form()))
    begun = now(desk)
    while webhook(desk, webhook_id).status == "active":
        assert now(desk) - begun < timedelta(days=9)
        tell_all(desk)
        desk.pass_time(hours=6)
    assert now(desk) - begun > timedelta(days=7)
    (row,) = deliveries(desk)
    assert row.status == "failed"
    assert "for 7 days" in webhook(desk, webhook_id).disabled_reason
    (notice,) = desk.rows(notifications, kind="webhook_disabled")
    assert notice.audience_id == desk.root.id
    assert notice.title == "Webhook disabled: Inventory"
    assert [entry.subject_id for entry in desk.rows(audit, action="webhook.disabled")] == [webhook_id]

    before = len(receiver.received)
    desk.start(desk.publish(form(), name="Another"))
    tell_all(desk)
    assert len(deliveries(desk)) == 1
    assert len(receiver.received) == before


def test_an_attempt_that_succeeds_in_between_begins_the_week_anew(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    template_id = desk.publish(form())
    for _ in range(9):
        receiver.answers += [answer(503), answer(200)]
        desk.start(template_id)
        tell_all(desk)
        assert webhook(desk, webhook_id).failing_since is not None
        desk.pass_time(hours=24)
        tell_all(desk)
        assert webhook(desk, webhook_id).failing_since is None
    assert webhook(desk, webhook_id).status == "active"


def test_a_receiver_that_says_it_is_gone_is_disabled_at_once(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(answer(410))
    desk.start(desk.publish(form()))
    tell_all(desk)
    assert webhook(desk, webhook_id).status == "disabled"
    assert len(desk.rows(notifications, kind="webhook_disabled")) == 1


def test_administrators_are_told_by_mail_too(
    database_url: str, tmp_path: Path, smtp_server: SmtpServer, receiver: OtherSystem
) -> None:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8", smtp_url=smtp_server.url) as desk:
        subscribe(desk, receiver, "wayline.ticket.created")
        receiver.answers.append(answer(410))
        desk.open_ticket()
        tell_all(desk)
        (job,) = desk.rows(jobs, queue="email")
        assert b"root@acme.example" in job.action
        assert desk.do_jobs() == 1
        assert desk.rows(jobs) == []


def test_what_waited_while_it_was_disabled_is_told_when_it_is_enabled(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started", "wayline.run.completed")
    run_id = desk.start(desk.publish(form()))
    named = {"tenant_id": desk.tenant_id, "webhook_id": webhook_id}
    change(desk, lambda tx: administering.change(tx, **named, fields={"status": "disabled"}))
    desk.complete(desk.bo.actor, run_id, "ask", form_data={})
    tell_all(desk)
    assert receiver.received == []
    change(desk, lambda tx: administering.change(tx, **named, fields={"status": "active"}))
    tell_all(desk)
    assert told(receiver) == ["run.started"]


def test_a_test_is_sent_past_whatever_waits(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    receiver.answers.append(answer(503))
    desk.start(desk.publish(form()))
    tell_all(desk)
    named = {"tenant_id": desk.tenant_id, "webhook_id": webhook_id}
    change(desk, lambda tx: administering.send_test(tx, **named, told=TEST_TYPE))
    tell_all(desk)
    assert told(receiver) == ["run.started", "webhook.test"]
    event = verified(receiver.received[-1])
    assert (event["subject"], event["data"]["webhook"]) == (f"webhooks/{webhook_id}", {"id": webhook_id})


# -- upkeep ----------------------------------------------------------------------------------------


def test_deliveries_are_kept_for_two_weeks(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    template_id = desk.publish(form())
    desk.start(template_id)
    tell_all(desk)
    desk.pass_time(hours=24 * 8)
    desk.start(template_id)
    tell_all(desk)
    desk.do_recurring()
    assert len(deliveries(desk)) == 2
    desk.pass_time(seconds=DELIVERIES_KEPT.total_seconds() - 8 * 24 * 3600 + 1)
    desk.do_recurring()
    assert len(deliveries(desk, webhook_id)) == 1


def test_a_deleted_webhook_leaves_nothing(desk: DrivenDesk, receiver: OtherSystem) -> None:
    webhook_id = subscribe(desk, receiver, "wayline.run.started")
    desk.start(desk.publish(form()))
    named = {"tenant_id": desk.tenant_id, "webhook_id": webhook_id}
    change(desk, lambda tx: administering.unsubscribe(tx, **named))
    tell_all(desk)
    assert receiver.received == []
    assert webhook(desk, webhook_id).secret == b""
    desk.do_recurring()
    assert desk.rows(webhooks) == desk.rows(webhook_deliveries) == []
