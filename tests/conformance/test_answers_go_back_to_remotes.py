"""Answers go back to the remote that asked: signed, under one id, tried again while that may help, recorded once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from other_system import HANG, Dripping, Received, answer
from remotes_at_a_desk import AskedDesk, asked_desk, token_for
from wayline.core.steps.epilog import RETRY
from wayline.store.tables import activations, incidents, jobs, timeline

FINAL = "{{ customer }} gets {{ amount }} by {{ how }} ({{ final.how }}, {{ data.customer }}, {{ ticket.number }})"


@pytest.fixture
def asked(database_url: str, tmp_path: Path) -> Iterator[AskedDesk]:
    with asked_desk(database_url, tmp_path, texts={"final": FINAL}) as found:
        yield found


@pytest.fixture
def asked_here(sqlite_url: str, tmp_path: Path) -> Iterator[AskedDesk]:
    """On SQLite alone, for what no database changes."""
    with asked_desk(sqlite_url, tmp_path, texts={"final": FINAL}, remote_timeout_seconds=1) as found:
        yield found


def rows(asked: AskedDesk, table: sa.Table) -> list[Any]:
    with asked.desk.wayline.database.reader.connect() as connection:
        return list(connection.execute(sa.select(table)))


def results(asked: AskedDesk, ticket_id: str) -> list[Any]:
    """What has been recorded of sending the ticket's answer."""
    run_id = asked.standing(ticket_id)["id"]
    return [row for row in rows(asked, activations) if row.run_id == run_id and row.type == "epilog"]


def public(asked: AskedDesk, ticket_id: str) -> list[str]:
    found = asked.desk.client(asked.desk.bo).get(f"/api/v1/tickets/{ticket_id}/comments").json()["data"]
    return [c["text"] for c in found if c["visibility"] == "public"]


def only(asked: AskedDesk) -> Received:
    (found,) = asked.remote.received
    return found


# -- what is sent ----------------------------------------------------------------------------------


def test_the_answer_is_what_people_made_of_the_data_bag(asked: AskedDesk) -> None:
    ticket_id = asked.ask(note="as it was", amount=12)
    assert asked.submit(ticket_id, amount="13.5", approve=True).status_code == 200
    assert asked.standing(ticket_id)["state"] == "sending"
    assert asked.send() == 1
    sent, standing = only(asked), asked.standing(ticket_id)
    assert (sent.method, sent.path) == ("POST", "/epilog")
    at = sent.json["submitted_at"]
    assert sent.json == {
        "intervention": "refund",
        "uid": "order-1",
        "ticket_id": ticket_id,
        "ticket_number": "TSK-000001",
        "response_id": standing["response_id"],
        "submitted_by": asked.desk.bo.email,
        "submitted_at": at,
        "data": {"data": {"customer": "Eve", "note": "as it was", "amount": 13.5, "approve": True}},
    }
    assert datetime.fromisoformat(at) == datetime.fromisoformat(standing["submitted_at"])
    assert (standing["state"], standing["submitted_by_name"]) == ("taken", "Bo")
    assert asked.ticket(ticket_id)["status"] == "open"


def test_a_field_that_people_have_emptied_is_null_and_one_they_leave_alone_stays(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.ask(approve=True)
    assert asked_here.submit(ticket_id, approve=None).status_code == 200
    asked_here.send()
    assert only(asked_here).json["data"]["data"] == {"customer": "Eve", "amount": 12, "approve": None}


def test_the_answer_is_signed_and_shows_the_remotes_token(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    asked.send()
    sent = only(asked)
    assert sent.headers["authorization"] == f"Bearer {asked.token['token']}"
    assert sent.headers["webhook-id"] == asked.standing(ticket_id)["response_id"] == sent.headers["idempotency-key"]
    signed = {name: value for name, value in sent.headers.items() if name.startswith("webhook-")}
    Webhook(asked.token["signing_secret"]).verify(sent.body.decode(), signed)
    earlier = asked.token
    asked.token = token_for(asked.desk, asked.intervention)
    asked.answered("order-2")
    asked.send()
    later = asked.remote.received[1]
    signed = {name: value for name, value in later.headers.items() if name.startswith("webhook-")}
    Webhook(asked.token["signing_secret"]).verify(later.body.decode(), signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(earlier["signing_secret"]).verify(later.body.decode(), signed)


def test_no_job_and_no_timeline_has_the_token_or_the_address(asked: AskedDesk) -> None:
    asked.answered()
    stored = str([row._mapping for table in (jobs, timeline) for row in rows(asked, table)])
    assert asked.token["token"] not in stored
    assert asked.remote.url not in stored


@pytest.mark.parametrize("status", [200, 400])
def test_a_remote_that_says_its_token_back_does_not_tell_staff(asked_here: AskedDesk, status: int) -> None:
    token = asked_here.token["token"]
    said = {"final": True, "data": {"how": token}, "headers": {"authorization": f"Bearer {token}"}}
    asked_here.remote.answers.append(answer(status, said))
    ticket_id = asked_here.answered()
    asked_here.send()
    assert only(asked_here).headers["authorization"] == f"Bearer {token}"
    stored = str([row._mapping for table in (timeline, activations, incidents) for row in rows(asked_here, table)])
    assert "(token)" in stored
    assert token not in stored + str(asked_here.ticket(ticket_id)) + str(public(asked_here, ticket_id))


def test_where_nothing_is_to_be_sent_the_answer_is_the_end(asked_here: AskedDesk) -> None:
    asked_here.update(remote_enabled=False)
    ticket_id = asked_here.answered()
    assert asked_here.standing(ticket_id)["state"] == "answered"
    assert (asked_here.send(), asked_here.remote.received) == (0, [])


def test_a_remote_that_is_switched_off_meanwhile_is_sent_nothing(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    asked_here.update(remote_enabled=False)
    assert asked_here.send() == 1
    assert asked_here.remote.received == []
    assert (asked_here.standing(ticket_id)["state"], rows(asked_here, incidents)) == ("answered", [])


# -- the end ---------------------------------------------------------------------------------------


def test_a_final_answer_is_told_the_customer_and_resolves_the_ticket(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    asked.remote.answers.append(answer(202, {"final": True, "data": {"how": "bank", "customer": "Eva"}}))
    asked.send()
    assert public(asked, ticket_id) == ["Eva gets 12 by bank (bank, Eva, TSK-000001)"]
    assert (asked.ticket(ticket_id)["status"], asked.standing(ticket_id)["state"]) == ("resolved", "final")
    history = asked.desk.client(asked.desk.bo).get(f"/api/v1/tickets/{ticket_id}/history?limit=100").json()["data"]
    said = [event["event"] for event in history]
    assert said.count("action_succeeded") == said.count("run_completed") == 1


def test_a_ticket_that_has_been_closed_meanwhile_stays_closed(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    bo = asked_here.desk.client(asked_here.desk.bo)
    assert bo.patch(f"/api/v1/tickets/{ticket_id}/status", json={"status": "closed"}).status_code == 200
    asked_here.remote.answers.append(answer(200, {"final": True}))
    asked_here.send()
    assert (asked_here.ticket(ticket_id)["status"], asked_here.standing(ticket_id)["state"]) == ("closed", "final")


def test_a_final_text_that_cannot_be_rendered_is_an_incident_and_the_ticket_is_resolved(asked_here: AskedDesk) -> None:
    asked_here.update(texts={"final": "{{ amount | nonsense }}"})
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(answer(200, {"final": True}))
    asked_here.send()
    assert (asked_here.ticket(ticket_id)["status"], public(asked_here, ticket_id)) == ("resolved", [])
    assert [row.code for row in rows(asked_here, incidents)] == ["text_not_rendered"]


LIES: dict[str, bytes] = {
    "no body": answer(204),
    "no JSON": answer(200, b"<html>Thank you</html>", content_type="text/html"),
    "half of it": answer(200, b'{"final": tr', content_type="application/json"),
    "a list": answer(200, [{"final": True}]),
    "a word": answer(200, {"final": "true"}),
    "a number": answer(200, {"final": 1}),
    "not final": answer(200, {"final": False, "data": {"how": "bank"}}),
    "too long": answer(200, {"final": True, "data": {"x": "x" * 200_000}}),
    "too deep": answer(200, b'{"final": true, "data": ' + b'{"x":' * 5000 + b"1" + b"}" * 5001),
    "final elsewhere": answer(200, {"data": {"final": True}}),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_say_final_in_so_many_words_is_taken_and_no_more(asked_here: AskedDesk, lie: str) -> None:
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(LIES[lie])
    asked_here.send()
    assert (asked_here.standing(ticket_id)["state"], asked_here.ticket(ticket_id)["status"]) == ("taken", "open")
    assert (public(asked_here, ticket_id), len(results(asked_here, ticket_id))) == ([], 1)


def test_final_data_that_is_no_object_is_none(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(answer(200, {"final": True, "data": ["\x00", 2**70]}))
    asked_here.send()
    assert asked_here.standing(ticket_id)["state"] == "final"
    assert public(asked_here, ticket_id) == ["Eve gets 12 by  (, Eve, TSK-000001)"]


def test_what_no_database_can_keep_is_replaced(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    said = b'{"final": true, "data": {"how": "b\\u0000nk", "n": 99999999999999999999}}'
    asked.remote.answers.append(answer(200, said, content_type="application/json"))
    asked.send()
    assert public(asked, ticket_id) == ["Eve gets 12 by b\ufffdnk (b\ufffdnk, Eve, TSK-000001)"]


# -- trouble ---------------------------------------------------------------------------------------


def test_a_remote_that_fails_and_recovers_has_one_answer_under_one_id(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    asked.remote.answers += [answer(500), answer(429, retry_after="100"), answer(408), answer(302, location="/x")]
    for attempt in range(1, 5):
        assert asked.send() == 1
        standing = asked.standing(ticket_id)
        assert (standing["state"], standing["attempts"]) == ("sending", attempt + 1)
        assert asked.send() == 0
        wait_s = datetime.fromisoformat(standing["next_attempt_at"]) - asked.desk.wayline.clock.now()
        assert wait_s > timedelta(seconds=98 if attempt == 2 else 3)
        asked.pass_time(wait_s.total_seconds() + 1)
    assert asked.send() == 1
    sent = asked.remote.received
    assert [request.path for request in sent] == ["/epilog"] * 5
    assert {(r.headers["webhook-id"], r.body) for r in sent} == {(sent[0].headers["webhook-id"], sent[0].body)}
    assert (asked.standing(ticket_id)["state"], len(results(asked, ticket_id))) == ("taken", 1)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_a_no_is_for_good_and_shows_on_the_ticket(asked_here: AskedDesk, status: int) -> None:
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(answer(status, {"why": "no such order"}))
    asked_here.send()
    standing = asked_here.standing(ticket_id)
    assert (standing["state"], standing["can_resend"], standing["submitted_by_name"]) == ("failed", True, "Bo")
    assert standing["attempts"] == 1
    assert str(status) in standing["error"]
    assert "no such order" in standing["error"]
    (incident,) = rows(asked_here, incidents)
    assert (incident.code, incident.subject_id, incident.status) == ("epilog_failed", standing["id"], "open")
    history = asked_here.desk.client(asked_here.desk.bo).get(f"/api/v1/tickets/{ticket_id}/history?limit=100")
    assert {"action_failed", "step_failed", "run_failed"} <= {event["event"] for event in history.json()["data"]}


def test_it_is_tried_so_often_and_then_fails(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    for _ in range(RETRY.max_attempts):
        asked_here.remote.answers.append(answer(503))
        assert asked_here.send() == 1
        asked_here.pass_time(RETRY.max_s + 1)
    assert asked_here.send() == 0
    standing = asked_here.standing(ticket_id)
    assert (standing["state"], standing["attempts"]) == ("failed", RETRY.max_attempts)


def test_a_remote_that_is_slow_or_says_its_answer_drop_by_drop_is_tried_again(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    asked_here.remote.answers.append(HANG)
    asked_here.send()
    assert asked_here.standing(ticket_id)["attempts"] == 2
    asked_here.pass_time(60)
    asked_here.remote.answers.append(Dripping(answer(200, {"final": True, "data": {"how": "slowly"}})))
    asked_here.send()
    standing = asked_here.standing(ticket_id)
    assert (standing["state"], standing["attempts"]) == ("sending", 3)
    (last,) = [e for e in history(asked_here, ticket_id) if e["data"].get("attempt") == 3]
    assert "no answer within 1 s" in last["detail"]


def history(asked: AskedDesk, ticket_id: str) -> list[dict[str, Any]]:
    found = asked.desk.client(asked.desk.bo).get(f"/api/v1/tickets/{ticket_id}/history?limit=100")
    return list(found.json()["data"])


def test_an_address_that_has_become_private_is_not_called(asked_here: AskedDesk) -> None:
    ticket_id = asked_here.answered()
    asked_here.forbid_private_addresses()
    asked_here.send()
    assert asked_here.remote.received == []
    standing = asked_here.standing(ticket_id)
    assert (standing["state"], "WAYLINE_OUTBOUND_ALLOW" in standing["error"]) == ("failed", True)


# -- sending again ---------------------------------------------------------------------------------


def test_an_answer_that_failed_is_sent_again_to_where_it_goes_now(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    asked.remote.answers.append(answer(404))
    asked.send()
    before = asked.standing(ticket_id)
    asked.update(remote_epilog_url=f"{asked.remote.url}/elsewhere")
    again = asked.resend(ticket_id)
    assert (again.status_code, again.json()["data"]["state"]) == (200, "sending")
    assert [row.status for row in rows(asked, incidents)] == ["resumed"]
    assert asked.resend(ticket_id).status_code == 409
    assert asked.send() == 1
    first, second = asked.remote.received
    assert (second.path, second.headers["webhook-id"]) == ("/elsewhere", first.headers["webhook-id"])
    assert second.json == first.json
    after = asked.standing(ticket_id)
    assert (after["state"], after["response_id"], after["error"]) == ("taken", before["response_id"], None)
    assert [row.outcome for row in results(asked, ticket_id)] == ["failed", "taken"]


def test_many_who_send_it_again_at_once_send_it_once(asked: AskedDesk) -> None:
    ticket_id = asked.answered()
    asked.remote.answers.append(answer(404))
    asked.send()
    start, found = threading.Barrier(6), []

    def call() -> None:
        start.wait(30)
        found.append(asked.resend(ticket_id).status_code)

    callers = [threading.Thread(target=call) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert sorted(found) == [200, *[409] * 5]
    assert (asked.send(), len(asked.remote.received)) == (1, 2)


def test_who_may_send_it_again(asked_here: AskedDesk) -> None:
    ticket_id, desk = asked_here.answered(), asked_here.desk
    assert asked_here.resend(ticket_id).status_code == 409
    asked_here.remote.answers.append(answer(404))
    asked_here.send()
    assert asked_here.resend(ticket_id, by=desk.ana).status_code == 403
    assert asked_here.resend(ticket_id, by=desk.zack).status_code == 404
    path = f"/api/v1/tickets/{ticket_id}/interventions/{asked_here.standing(ticket_id)['id']}/resend"
    assert desk.using(desk.new_token(desk.bo, "ticket:read")).post(path).status_code == 403
    assert desk.client(desk.bo).post(path.replace(ticket_id, "TSK-000009")).status_code == 404
    assert desk.client(desk.bo).post(path.replace("/interventions/", "/interventions/0")).status_code == 404
    assert desk.http.post(path).status_code == 401
    assert asked_here.resend(ticket_id, by=desk.cy).status_code == 200


def test_an_answer_to_an_intervention_that_is_gone_is_not_sent_again(asked_here: AskedDesk) -> None:
    ticket_id, root = asked_here.answered(), asked_here.desk.client(asked_here.desk.root)
    asked_here.remote.answers.append(answer(404))
    asked_here.send()
    gone = root.post("/api/v1/workflow/interventions/delete", json={"intervention_id": asked_here.intervention["id"]})
    assert gone.status_code == 200
    assert asked_here.resend(ticket_id).json()["error"]["details"]["reason"] == "intervention_gone"
