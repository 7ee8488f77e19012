"""Approvals of a run over HTTP: who may see and decide them, and what becomes of the run."""

from __future__ import annotations

from typing import Any

import pytest
from runs_at_a_desk import LOOK, SIGN, begun, get, post, read, refused

from served_desk import Desk, Person
from workflows import publish

NOBODY = "00000000-0000-4000-8000-000000000000"
BOTH = {
    "id": "both",
    "type": "approval",
    "approvers": [{"user": "bo@acme.example"}, {"user": "dee@acme.example"}],
    "rule": "all",
    "timeout_hours": 8,
}
TELL = LOOK | {"id": "tell"}


def asked(desk: Desk, *steps: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run of Ana's that rests at its first step, an approval; the run, and the approval."""
    run = read(desk, desk.ana, begun(desk, desk.ana, publish(desk, list(steps or (SIGN,)))))
    return run, run["approvals"][0]


def decide(desk: Desk, person: Person, run: dict[str, Any], approval: str, word: str, **body: Any) -> Any:
    return post(desk, person, f"/{run['id']}/approvals/{approval}/{word}", body)


def away(desk: Desk, person: Person, substitute: Person) -> None:
    """The person is away now, and the other stands in."""
    now = desk.wayline.clock.now()
    body = {
        "from": f"{now:%Y-%m-%dT00:00:00Z}",
        "to": f"{now.year + 1}-01-01T00:00:00Z",
        "substitute_id": substitute.id,
    }
    answer = desk.client(desk.root).post(f"/api/v1/users/{person.id}/absence", json=body)
    assert answer.status_code == 201, answer.text


# -- what is shown ---------------------------------------------------------------------------------


def test_a_run_that_waits_for_people_to_approve_says_so_and_whom_it_asks(desk: Desk) -> None:
    run, approval = asked(desk, BOTH)

    assert (run["status"], run["current_steps"]) == ("waiting_approval", ["both"])
    assert approval["id"] == run["steps"][0]["id"]
    assert approval["due_at"] > run["started_at"]
    assert approval | {"id": None, "due_at": None} == {
        "id": None,
        "step_id": "both",
        "status": "pending",
        "approvers": [desk.bo.id, desk.dee.id],
        "rule": "all",
        "votes": [],
        "overridden": False,
        "due_at": None,
    }


def test_a_run_with_other_work_open_beside_an_approval_is_running(sqlite_desk: Desk) -> None:
    run = read(sqlite_desk, sqlite_desk.ana, begun(sqlite_desk, sqlite_desk.ana, publish(sqlite_desk, [LOOK, SIGN])))
    assert (run["status"], run["approvals"]) == ("running", [])


# -- deciding --------------------------------------------------------------------------------------


def test_the_run_goes_on_when_the_rule_is_met(desk: Desk) -> None:
    run, approval = asked(desk, BOTH | {"next": "tell"}, TELL)

    first = decide(desk, desk.bo, run, approval["id"], "approve", comment="Fine by me")
    assert first.status_code == 200, first.text
    assert (first.json()["status"], first.json()["approvals"][0]["status"]) == ("waiting_approval", "pending")
    second = decide(desk, desk.dee, run, approval["id"], "approve")
    assert (second.json()["status"], second.json()["current_steps"]) == ("running", ["tell"])

    decided = read(desk, desk.ana, run)["approvals"][0]
    assert decided["status"] == "approved"
    assert [(v["by"], v["on_behalf_of"], v["decision"], v["comment"]) for v in decided["votes"]] == [
        (desk.bo.id, None, "approved", "Fine by me"),
        (desk.dee.id, None, "approved", None),
    ]
    assert decided["votes"][0]["at"] <= decided["votes"][1]["at"]


def test_a_rejection_fails_the_run_where_the_template_leads_no_further(desk: Desk) -> None:
    run, approval = asked(desk)
    rejected = decide(desk, desk.dee, run, approval["id"], "reject", comment="Too dear").json()
    assert (rejected["status"], rejected["approvals"][0]["status"]) == ("failed", "rejected")
    assert (rejected["failure"]["reason"], rejected["failure"]["step_id"]) == ("approval_rejected", "sign")


def test_a_rejection_goes_where_the_template_leads(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, approval = asked(desk, SIGN | {"next": {"rejected": "tell"}}, TELL)
    rejected = decide(desk, desk.dee, run, approval["id"], "reject").json()
    assert (rejected["status"], rejected["current_steps"], rejected["failure"]) == ("running", ["tell"], None)


def test_what_is_decided_is_not_decided_again(desk: Desk) -> None:
    run, approval = asked(desk, SIGN | {"next": "tell"}, TELL)
    assert decide(desk, desk.dee, run, approval["id"], "approve").status_code == 200
    for word in ("approve", "reject"):
        (error,) = refused(decide(desk, desk.dee, run, approval["id"], word), 409, "INVALID_STATE")
        assert "Dee" in error["message"]
        assert error["details"]["completed_by"] == desk.dee.id
    assert read(desk, desk.ana, run)["approvals"][0]["status"] == "approved"


def test_who_has_voted_does_not_vote_twice(desk: Desk) -> None:
    run, approval = asked(desk, BOTH)
    decide(desk, desk.bo, run, approval["id"], "approve")
    (error,) = refused(decide(desk, desk.bo, run, approval["id"], "reject"), 409, "INVALID_STATE")
    assert (error["details"]["reason"], error["details"]["decision"]) == ("already_voted", "approved")


def test_an_approval_there_is_not_is_404(desk: Desk) -> None:
    run, approval = asked(desk, SIGN | {"next": "look"}, LOOK)
    decide(desk, desk.dee, run, approval["id"], "approve")
    form = read(desk, desk.ana, run)["steps"][1]["id"]
    for unknown in ("not-an-id", NOBODY, "sign", form):
        refused(decide(desk, desk.dee, run, unknown, "approve"), 404, "NOT_FOUND")
    other, _ = asked(desk)
    refused(decide(desk, desk.dee, other, approval["id"], "approve"), 404, "NOT_FOUND")
    refused(decide(desk, desk.dee, {"id": NOBODY}, approval["id"], "approve"), 404, "NOT_FOUND")


def test_an_approval_withdrawn_with_its_run_is_cancelled_and_409(desk: Desk) -> None:
    run, approval = asked(desk)
    assert post(desk, desk.ana, f"/{run['id']}/cancel").status_code == 200
    refused(decide(desk, desk.dee, run, approval["id"], "approve"), 409, "INVALID_STATE")
    assert read(desk, desk.ana, run)["approvals"][0]["status"] == "cancelled"


def test_a_comment_the_template_wants_is_asked_for_by_its_field(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, approval = asked(desk, SIGN | {"comment": "required_on_reject"})
    (error,) = refused(decide(desk, desk.dee, run, approval["id"], "reject"), 422, "VALIDATION_ERROR")
    assert error["field"] == "comment"
    for bad in ({"comment": 7}, {"comment": "x" * 10_001}, {"colour": "red"}):
        (error,) = refused(decide(desk, desk.dee, run, approval["id"], "reject", **bad), 422, "VALIDATION_ERROR")
        assert error["field"] in bad
    assert decide(desk, desk.dee, run, approval["id"], "reject", comment="No").status_code == 200


# -- who may ---------------------------------------------------------------------------------------


def test_who_may_see_it_and_is_not_asked_may_not_decide_it(desk: Desk) -> None:
    """Neither its owner, nor an admin: an override has an address of its own, and a reason."""
    run, approval = asked(desk)
    for person in (desk.ana, desk.root):
        (error,) = refused(decide(desk, person, run, approval["id"], "approve"), 403, "FORBIDDEN")
        assert error["details"]["reason"] == "not_a_voter"
    assert read(desk, desk.ana, run)["approvals"][0]["votes"] == []

    steps = f"/api/v1/workflows/instances/{run['id']}/steps"
    body = {"decision": "approve", "reason": "Dee is ill"}
    assert desk.client(desk.root).post(f"{steps}/{approval['id']}/override", json=body).status_code == 200
    overridden = read(desk, desk.ana, run)["approvals"][0]
    assert (overridden["status"], overridden["overridden"], overridden["votes"]) == ("approved", True, [])


def test_an_admin_who_is_asked_votes_like_anybody(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, approval = asked(desk, SIGN | {"approvers": [{"user": desk.root.id}]})
    voted = decide(desk, desk.root, run, approval["id"], "approve").json()
    assert [v["by"] for v in voted["approvals"][0]["votes"]] == [desk.root.id]
    assert voted["approvals"][0]["overridden"] is False


def test_who_is_asked_may_read_the_run_and_change_nothing_else_of_it(desk: Desk) -> None:
    run, approval = asked(desk, BOTH)
    assert read(desk, desk.bo, run) == read(desk, desk.ana, run)
    assert get(desk, desk.bo, f"/{run['id']}/events").status_code == 200
    assert get(desk, desk.bo, "").json()["data"] == []
    for word in ("pause", "resume", "cancel", "retry"):
        (error,) = refused(post(desk, desk.bo, f"/{run['id']}/{word}"), 403, "FORBIDDEN")
        assert error["details"]["reason"] == "not_owner"
    refused(get(desk, desk.cy, f"/{run['id']}"), 404, "NOT_FOUND")
    refused(decide(desk, desk.cy, run, approval["id"], "approve"), 404, "NOT_FOUND")
    refused(decide(desk, desk.zoe, run, approval["id"], "approve"), 404, "NOT_FOUND")


def test_who_was_asked_may_read_it_afterwards(desk: Desk) -> None:
    run, approval = asked(desk, SIGN | {"next": "tell"}, TELL)
    decide(desk, desk.dee, run, approval["id"], "approve")
    assert read(desk, desk.dee, run)["approvals"][0]["status"] == "approved"


def test_who_was_asked_on_an_earlier_round_may_read_it_too(sqlite_desk: Desk) -> None:
    """The approval is visited again and asks somebody else the second time."""
    desk = sqlite_desk
    sign = SIGN | {"approvers": [{"field": "who"}], "next": {"rejected": "other"}}
    other = {
        "id": "other",
        "type": "automatic",
        "action": {"type": "set_variable", "name": "who", "value": desk.cy.id},
        "next": "sign",
    }
    template_id = publish(desk, [sign, other], definition={"variables": {"who": {"type": "string"}}})
    run = read(desk, desk.ana, begun(desk, desk.ana, template_id, who=desk.bo.id))
    first = run["approvals"][0]["id"]
    assert decide(desk, desk.bo, run, first, "reject").status_code == 200

    rounds = read(desk, desk.bo, run)["approvals"]
    assert [(a["status"], a["approvers"]) for a in rounds] == [("rejected", [desk.bo.id]), ("pending", [desk.cy.id])]
    assert decide(desk, desk.cy, run, rounds[1]["id"], "reject").status_code == 200
    assert read(desk, desk.bo, run)["approvals"][0]["id"] == first
    refused(decide(desk, desk.bo, run, first, "approve"), 409, "INVALID_STATE")
    refused(decide(desk, desk.bo, run, NOBODY, "approve"), 404, "NOT_FOUND")


def test_members_of_a_group_that_is_asked_may_see_and_decide(desk: Desk) -> None:
    run, approval = asked(desk, SIGN | {"approvers": [{"group": "service-desk"}], "rule": "any"})
    assert set(approval["approvers"]) == {desk.bo.id, desk.cy.id, desk.dee.id}
    assert read(desk, desk.cy, run)["status"] == "waiting_approval"
    assert decide(desk, desk.cy, run, approval["id"], "approve").json()["status"] == "completed"


def test_a_substitute_may_see_and_decide_and_the_vote_says_for_whom(desk: Desk) -> None:
    run, approval = asked(desk)
    refused(get(desk, desk.cy, f"/{run['id']}"), 404, "NOT_FOUND")
    away(desk, desk.dee, desk.cy)

    assert read(desk, desk.cy, run)["status"] == "waiting_approval"
    voted = decide(desk, desk.cy, run, approval["id"], "approve").json()["approvals"][0]
    assert [(v["by"], v["on_behalf_of"]) for v in voted["votes"]] == [(desk.cy.id, desk.dee.id)]
    assert read(desk, desk.cy, run)["approvals"][0]["status"] == "approved"


def test_a_substitute_with_a_vote_of_their_own_names_whose_the_other_is(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    run, approval = asked(desk, BOTH)
    away(desk, desk.dee, desk.bo)
    assert decide(desk, desk.bo, run, approval["id"], "approve").status_code == 200
    voted = decide(desk, desk.bo, run, approval["id"], "approve", on_behalf_of=desk.dee.id).json()
    assert [v["on_behalf_of"] for v in voted["approvals"][0]["votes"]] == [None, desk.dee.id]
    assert voted["status"] == "completed"


def test_the_requester_may_see_that_they_are_not_asked(sqlite_desk: Desk) -> None:
    """Ana leads nobody and asks for herself: as a member of the group asked she is left out."""
    desk = sqlite_desk
    template_id = publish(desk, [SIGN | {"approvers": [{"group": "service-desk"}], "rule": "any"}])
    run = read(desk, desk.bo, begun(desk, desk.bo, template_id))
    assert set(run["approvals"][0]["approvers"]) == {desk.cy.id, desk.dee.id}
    refused(decide(desk, desk.bo, run, run["approvals"][0]["id"], "approve"), 403, "FORBIDDEN")


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_deciding_takes_the_ability_to_act(sqlite_desk: Desk, word: str) -> None:
    desk = sqlite_desk
    run, approval = asked(desk)
    reader = desk.using(desk.new_token(desk.dee, "run:write"))
    path = f"/api/v1/workflows/{run['id']}/approvals/{approval['id']}/{word}"
    refused(reader.post(path, json={}), 403, "FORBIDDEN")
    actor = desk.using(desk.new_token(desk.dee, "task:act"))
    assert actor.post(path, json={}).status_code == 200
