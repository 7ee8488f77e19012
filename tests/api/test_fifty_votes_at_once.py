"""Fifty people approve at the same moment: one outcome, and forty-nine who are told politely that it is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from runs_at_a_desk import begun, read

from served_desk import Desk, Person, add_person
from wayline.store.directory import touch
from workflows import publish

VOTERS = 50


def test_fifty_votes_over_http_are_one_outcome_and_forty_nine_refusals(desk: Desk) -> None:
    voters = _voters(desk)
    run = _waiting_for(desk, voters)
    approval = run["approvals"][0]["id"]
    address = f"/api/v1/workflows/{run['id']}/approvals/{approval}/approve"
    answers = _all_at_once(desk, voters, lambda voter: (address, {"comment": f"{voter.name} agrees"}))

    assert Counter(answer.status_code for answer in answers.values()) == {200: 1, 409: VOTERS - 1}
    (first,) = (voter for voter, answer in answers.items() if answer.status_code == 200)
    assert answers[first].json()["status"] == "completed"
    for voter, answer in answers.items():
        if voter is not first:
            (error,) = answer.json()["errors"]
            assert (error["code"], error["details"]["completed_by"]) == ("INVALID_STATE", first.id)
            assert first.name in error["message"]
    _one_outcome(desk, run, first, comment=f"{first.name} agrees")


def test_fifty_votes_by_signal_are_one_outcome_and_forty_nine_refusals(desk: Desk) -> None:
    voters = _voters(desk)
    run = _waiting_for(desk, voters)
    listed = desk.client(desk.root).get("/v1/workflows", params={"limit": 1})
    assert listed.status_code == 200, listed.text
    (workflow,) = listed.json()["data"]

    def vote(voter: Person) -> tuple[str, dict[str, Any]]:
        payload = {"approved_by": voter.email, "decision": "approve"}
        return f"/v1/workflows/{workflow['id']}/signal", {"signal_name": "approval_received", "payload": payload}

    answers = _all_at_once(desk, voters, vote)
    assert Counter(answer.status_code for answer in answers.values()) == {200: 1, 409: VOTERS - 1}
    (first,) = (voter for voter, answer in answers.items() if answer.status_code == 200)
    told = answers[first].json()
    assert (told["id"], told["signal_name"], told["accepted"]) == (workflow["id"], "approval_received", True)
    assert (told["status"], told["current_step"]) == ("completed", None)
    for voter, answer in answers.items():
        if voter is not first:
            assert answer.json()["success"] is False
            assert answer.json()["error"]["code"] == "CONFLICT"
            assert answer.json()["error"]["message"]
    _one_outcome(desk, run, first, comment=None)


def _voters(desk: Desk) -> list[Person]:
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        voters = [add_person(connection, desk.tenant_id, f"Voter{n}", "agent", at) for n in range(VOTERS)]
        touch(connection, desk.tenant_id)
    return voters


def _waiting_for(desk: Desk, voters: list[Person]) -> dict[str, Any]:
    """A run of Ana's that any of them may decide."""
    approvers = [{"user": voter.email} for voter in voters]
    sign = {"id": "sign", "type": "approval", "name": "Sign it off", "approvers": approvers, "rule": "any"}
    return read(desk, desk.ana, begun(desk, desk.ana, publish(desk, [sign])))


def _all_at_once(
    desk: Desk, voters: list[Person], vote: Callable[[Person], tuple[str, dict[str, Any]]]
) -> dict[Person, Any]:
    """Everybody's answer: all wait for each other, then ask."""
    together = Barrier(VOTERS)
    clients = {voter: desk.client(voter) for voter in voters}

    def ask(voter: Person) -> Any:
        address, body = vote(voter)
        together.wait(timeout=60)
        return clients[voter].post(address, json=body)

    with ThreadPoolExecutor(VOTERS) as pool:
        return dict(zip(voters, pool.map(ask, voters), strict=True))


def _one_outcome(desk: Desk, run: dict[str, Any], first: Person, *, comment: str | None) -> None:
    decided = read(desk, desk.ana, run)
    (approval,) = decided["approvals"]
    assert (decided["status"], approval["status"]) == ("completed", "approved")
    votes = [(vote["by"], vote["decision"], vote["comment"]) for vote in approval["votes"]]
    assert votes == [(first.id, "approved", comment)]
    assert [event["event"] for event in decided["events"]].count("run_completed") == 1
