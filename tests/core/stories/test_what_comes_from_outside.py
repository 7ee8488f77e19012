"""Signals are taken by whoever waits for them, votes sent as signals count at once, callbacks come once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.stories.desk import ANA, BO, CY, DEE, MAX, ROOT, RUN, TENANT, Story, approves, cancels, issues, signals
from wayline.core import commands, signalling
from wayline.core.facts import Actor
from wayline.core.signalling import MAX_BUFFERED_SIGNALS, MAX_PAYLOAD_BYTES

ASKED = """
steps:
  - {id: manager, type: approval, approvers: [{user: max}], next: {approved: done}}
  - {id: done, type: automatic, action: {type: comment, text: ok}}
"""
TWO = """
steps:
  - {id: ask, type: approval, approvers: [{user: max}, {user: bo}], rule: any, next: {approved: again, rejected: again}}
  - {id: again, type: approval, approvers: [{user: max}]}
"""
CALLED_BACK = """
steps:
  - {id: vendor, type: wait, for: {callback: true}, timeout_hours: 4, on_timeout: {then: proceed}, next: done}
  - {id: done, type: automatic, action: {type: comment, text: "{{ steps.vendor.price }}"}}
"""


def says(who: Actor, decision: Any, *, approver: Any = "max", on_behalf: bool = False, **more: Any) -> Any:
    payload = {"approved_by": approver, "decision": decision, **more}
    return commands.SendSignal(
        tenant_id=TENANT, run_id=RUN, actor=who, name="approval_received", payload=payload, on_behalf=on_behalf
    )


def called_back(story: Story, body: Any) -> Any:
    visit = story.step("vendor").id if story.run.open else story.visit("vendor").id
    return commands.CompleteCallback(tenant_id=TENANT, run_id=RUN, activation_id=visit, body=body)


# -- votes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["approve", "approved"])
def test_a_voter_may_decide_by_signal(word: str) -> None:
    story = Story(ASKED).starts().when(says(MAX, word, comment="fine"))
    assert story.status == "completed"
    (vote,) = story.said("vote_cast")
    assert vote.data == {"decision": "approved", "voter": "max", "comment": "fine", "on_behalf_of": None}
    assert [e.data["payload"]["decision"] for e in story.said("signal_received")] == [word]
    assert story.run.signals == []


@pytest.mark.parametrize("word", ["reject", "rejected"])
def test_a_rejection_fails_the_run_as_one_on_the_screen_does(word: str) -> None:
    story = Story(ASKED).starts().when(says(MAX, word))
    assert story.run.failure is not None
    assert story.run.failure.reason == "approval_rejected"


@pytest.mark.parametrize("approver", ["max", "usr_max", "max@desk.test", "MAX@desk.test"])
def test_people_are_named_by_id_or_address(approver: str) -> None:
    assert Story(ASKED).starts().when(says(MAX, "approve", approver=approver)).status == "completed"


def test_voting_for_somebody_else_takes_an_ability() -> None:
    story = Story(ASKED).starts()
    assert story.refuses(says(BO, "approve")).code == "ability"
    assert story.when(says(BO, "approve", on_behalf=True)).status == "completed"


@pytest.mark.parametrize("who", [BO, ROOT], ids=["an agent", "an admin"])
def test_who_is_no_voter_is_refused_and_overrides_nothing(who: Actor) -> None:
    story = Story(ASKED).starts()
    refusal = story.refuses(says(who, "approve", approver=who.user_id))
    assert (refusal.kind, refusal.code) == ("forbidden", "not_a_voter")


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (None, "payload.approved_by"),
        ({"decision": "approve"}, "payload.approved_by"),
        ({"approved_by": 7, "decision": "approve"}, "payload.approved_by"),
        ({"approved_by": "max"}, "payload.decision"),
        ({"approved_by": "max", "decision": "maybe"}, "payload.decision"),
        ({"approved_by": "max", "decision": "approve", "comment": 1}, "payload.comment"),
    ],
    ids=["nothing", "no approver", "a number", "no decision", "another word", "no text"],
)
def test_a_vote_that_cannot_be_read_names_the_field(payload: Any, path: str) -> None:
    refusal = Story(ASKED).starts().refuses(signals("approval_received", payload, who=MAX))
    assert [issue.path for issue in refusal.issues] == [path]


def test_whether_there_is_such_a_person_is_said_to_those_who_may_speak_for_others() -> None:
    story = Story(ASKED).starts()
    assert story.refuses(says(MAX, "approve", approver="nobody@desk.test")).code == "ability"
    assert issues(story.refuses(says(MAX, "approve", approver="nobody@desk.test", on_behalf=True))) == {
        "payload.approved_by": "unknown_person"
    }


def test_an_approval_may_be_named_by_its_id() -> None:
    story = Story("""
steps:
  - {id: ask, type: approval, approvers: [{user: max}], timeout_hours: 1, on_timeout: {then: proceed}, next: ask}
""")
    story.starts()
    activation = story.step("ask")
    assert story.refuses(says(MAX, "approve", approval_id="no-such")).kind == "not_found"
    assert story.when(says(MAX, "approve", approval_id=activation.id)).resting_at == ["ask"]
    refusal = story.refuses(says(MAX, "approve", approval_id=activation.id))
    assert (refusal.kind, refusal.code) == ("conflict", "already_completed")


def test_several_open_approvals_need_the_id() -> None:
    story = Story(ASKED).starts()
    first = story.step("manager")
    story.run.open.append(msgspec.structs.replace(first, id="the-other", position=1))
    refusal = story.refuses(says(MAX, "approve"))
    assert (refusal.kind, refusal.code) == ("conflict", "several_approvals")
    assert [one["id"] for one in refusal.details["approvals"]] == [first.id, "the-other"]
    story.when(says(MAX, "approve", approval_id="the-other"))
    assert [a.id for a in story.run.open] == [first.id]


def test_a_second_vote_of_the_same_person_is_none() -> None:
    story = Story(TWO.replace("rule: any", "rule: all")).starts().when(says(MAX, "approve"))
    assert story.refuses(says(MAX, "approve")).code == "already_voted"


def test_a_vote_without_an_open_approval_is_refused_and_never_kept() -> None:
    story = Story("""
steps:
  - {id: first, type: wait, for: {signal: go}, next: ask}
  - {id: ask, type: approval, approvers: [{user: max}]}
""").starts()
    assert story.refuses(says(MAX, "approve")).code == "no_open_approval"
    assert story.when(signals("go")).resting_at == ["ask"]


def test_a_step_that_waits_for_that_very_name_gets_it() -> None:
    story = Story("steps: [{id: first, type: wait, for: {signal: approval_received}}]").starts()
    assert story.when(signals("approval_received", {"anything": 1})).status == "completed"


def test_a_form_is_no_approval() -> None:
    story = Story("""
steps:
  - {id: form, type: form, assignee: {user: bo}, fields: [{name: a, type: text}], next: ask}
  - {id: ask, type: approval, approvers: [{user: max}]}
""").starts()
    assert story.refuses(says(MAX, "approve", approval_id="form")).kind == "not_found"


# -- what is kept ----------------------------------------------------------------------------------


def test_so_many_signals_are_kept_and_no_more() -> None:
    story = Story("steps: [{id: rest, type: wait, for: {signal: go}}]").starts()
    story.when(*(signals("other", n) for n in range(MAX_BUFFERED_SIGNALS)))
    assert story.refuses(signals("other")).code == "too_many_signals"
    assert story.when(signals("go")).status == "completed"


def test_so_many_bytes_are_kept_and_no_more() -> None:
    story = Story("steps: [{id: rest, type: wait, for: {signal: go}}]").starts()
    long = "x" * (MAX_PAYLOAD_BYTES - 10)
    story.when(*(signals("other", long) for _ in range(4)))
    assert story.refuses(signals("other", long)).code == "too_many_signals"
    assert signalling.MAX_BUFFERED_BYTES == 4 * MAX_PAYLOAD_BYTES


def test_a_payload_that_is_too_long_is_refused() -> None:
    story = Story("steps: [{id: rest, type: wait, for: {signal: go}}]").starts()
    assert story.refuses(signals("go", "x" * MAX_PAYLOAD_BYTES)).kind == "too_large"


# -- callbacks -------------------------------------------------------------------------------------


def test_what_is_posted_becomes_the_steps_output() -> None:
    story = Story(CALLED_BACK).starts()
    story.when(called_back(story, {"price": 12}))
    assert story.path[0] == ("vendor", "received")
    assert story.run.outputs["vendor"] == {"price": 12, "payload": {"price": 12}, "outcome": "received"}
    assert story.comments == ["12"]


def test_what_is_no_object_is_the_payload() -> None:
    story = Story(CALLED_BACK.replace(".price", ".payload")).starts()
    story.when(called_back(story, [1, 2]))
    assert story.run.outputs["vendor"] == {"payload": [1, 2], "outcome": "received"}


def test_a_callback_comes_once() -> None:
    story = Story(CALLED_BACK).starts()
    again = called_back(story, {"price": 12})
    story.when(again)
    assert story.refuses(again).code == "already_received"


def test_a_callback_that_comes_too_late_is_refused() -> None:
    story = Story(CALLED_BACK).starts()
    late = called_back(story, {})
    assert story.later(hours=4).path[0] == ("vendor", "timed_out")
    assert story.refuses(late).code == "already_received"


def test_a_step_that_waits_for_a_signal_has_no_address() -> None:
    story = Story("steps: [{id: vendor, type: wait, for: {signal: go}}]").starts()
    assert story.refuses(called_back(story, {})).kind == "not_found"


def test_a_cancelled_run_is_called_back_no_more() -> None:
    story = Story(CALLED_BACK).starts()
    late = called_back(story, {})
    assert story.when(cancels(ANA)).refuses(late).code == "already_received"


def test_the_secret_of_a_callback_is_not_shown() -> None:
    story = Story(CALLED_BACK.replace("callback: true", "callback: {secret: hush-hush-hush}"))
    assert story.graph.nodes["vendor"].shown == {"for": {"callback": True}}


def test_an_approval_given_on_the_screen_and_by_signal_count_alike() -> None:
    story = Story("""
steps:
  - {id: ask, type: approval, approvers: [{user: max}, {user: dee}, {user: cy}]}
""").starts()
    story.when(approves(DEE, "ask"), says(CY, "approve", approver="cy"))
    assert [v.voter for v in story.step("ask").votes] == ["dee", "cy"]
