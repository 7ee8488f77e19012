"""Work is done by who it is for; admins and leads free what is stuck; everybody else is refused and nothing changes."""

from __future__ import annotations

import pytest

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    MAX,
    ROOT,
    Story,
    approves,
    chooses,
    claims,
    issues,
    overrides,
    reassigns,
    releases,
    skips,
    submits,
)
from wayline.core.commands import Command
from wayline.core.facts import Actor

FORM = """
steps:
  - {id: form, type: form, name: The form, assignee: WHO, fields: [{name: a}], next: later}
  - {id: later, type: form, assignee: {user: eve}, fields: [{name: b}]}
"""


def for_(who: str) -> Story:
    return Story(FORM.replace("WHO", who)).starts()


@pytest.mark.parametrize(
    ("assignee", "entitled"),
    [
        ("{user: bo}", [BO]),
        ("{group: service-desk}", [BO, CY, DEE]),
        ("{role: agent}", [BO, CY, DEE, EVE]),
        ("{requester: true}", [ANA]),
        ("{manager_of: requester}", [MAX]),
        ("{query: 'given users [cy@desk.test, eve@desk.test]'}", [CY, EVE]),
        ("{group: service-desk, strategy: round_robin}", [BO]),
    ],
)
def test_whom_it_is_for_completes_it_and_the_admin_and_nobody_else(assignee: str, entitled: list[Actor]) -> None:
    for who in (ANA, BO, CY, DEE, EVE, MAX, ROOT):
        story = for_(assignee)
        if who in entitled or who == ROOT:
            assert story.when(submits(who, "form")).resting_at == ["later"]
        else:
            refusal = story.refuses(submits(who, "form"))
            assert (refusal.kind, refusal.code) == ("forbidden", "not_yours")


def test_a_group_is_its_members_of_now() -> None:
    story = for_("{group: network}")
    assert story.refuses(submits(BO, "form")).kind == "forbidden"
    assert story.when(submits(EVE, "form")).resting_at == ["later"]


def test_a_step_may_be_named_by_itself_or_by_its_visit() -> None:
    story = for_("{user: bo}")
    assert story.when(submits(BO, story.step("form").id)).resting_at == ["later"]


def test_what_has_been_completed_says_by_whom_and_when() -> None:
    story = for_("{user: bo}")
    visit, at = story.step("form").id, story.at
    story.when(submits(BO, "form")).later(hours=1)
    for name in ("form", visit):
        refusal = story.refuses(submits(BO, name))
        assert (refusal.kind, refusal.code) == ("conflict", "already_completed")
        assert refusal.message == "That step has already been completed by Bo."
        assert refusal.details == {"completed_by": "bo", "completed_at": at.isoformat(), "outcome": "submitted"}


@pytest.mark.parametrize(
    "asked",
    [
        submits(BO, "gone"),
        approves(ROOT, "gone"),
        claims(BO, "gone"),
        skips(ROOT, "gone", "x"),
        overrides(ROOT, "gone", "approve"),
        reassigns(ROOT, "gone", user="bo"),
        releases(BO, "0b6c8f8e-0000-4000-8000-00000000000f"),
    ],
)
def test_a_step_there_never_was_is_not_found(asked: Command) -> None:
    assert for_("{user: bo}").refuses(asked).kind == "not_found"


def test_a_step_that_has_not_been_reached_is_a_conflict() -> None:
    refusal = for_("{user: bo}").refuses(submits(EVE, "later"))
    assert (refusal.kind, refusal.code) == ("conflict", "step_not_active")


def test_an_ended_run_takes_nothing_more() -> None:
    story = for_("{user: bo}")
    visit = story.step("form").id
    story.when(skips(ROOT, "form", "submitted"), submits(EVE, "later"))
    assert story.refuses(submits(EVE, "later")).code == "already_completed"
    assert story.refuses(submits(BO, visit)).code == "already_completed"


# -- claiming --------------------------------------------------------------------------------------


def test_claiming_hides_the_work_from_the_others() -> None:
    story = for_("{group: service-desk}").when(claims(BO, "form"))
    assert story.offered("form") == ("bo",)
    assert story.step("form").claimed_by == "bo"
    assert story.refuses(submits(CY, "form")).kind == "forbidden"
    assert story.when(submits(BO, "form")).resting_at == ["later"]


def test_one_of_several_people_claims_it_too() -> None:
    story = for_("{role: agent}").when(claims(EVE, "form"))
    assert story.offered("form") == ("eve",)
    assert story.when(releases(EVE, "form")).offered("form") == ("bo", "cy", "dee", "eve")


def test_what_is_claimed_is_claimed_once() -> None:
    story = for_("{group: service-desk}").when(claims(BO, "form"))
    for who in (BO, CY):
        refusal = story.refuses(claims(who, "form"))
        assert (refusal.code, refusal.details) == ("already_claimed", {"claimed_by": "bo"})


def test_only_whom_it_is_offered_to_claims_it() -> None:
    assert for_("{group: service-desk}").refuses(claims(EVE, "form")).code == "not_yours"
    assert for_("{group: service-desk}").refuses(claims(ROOT, "form")).code == "not_yours"


def test_what_is_addressed_to_one_person_is_not_claimed() -> None:
    assert for_("{user: bo}").refuses(claims(BO, "form")).code == "not_claimable"


@pytest.mark.parametrize("step", ["type: approval, approvers: [{group: service-desk}]", "type: wait, for: {signal: x}"])
def test_votes_and_waits_are_not_claimed(step: str) -> None:
    assert Story(f"steps: [{{id: s, {step}}}]").starts().refuses(claims(BO, "s")).code == "not_claimable"


def test_releasing_gives_it_back() -> None:
    story = for_("{group: service-desk}").when(claims(BO, "form"))
    assert story.refuses(releases(CY, "form")).kind == "forbidden"
    story.when(releases(BO, "form"))
    assert story.offered("form") == ("g-desk",)
    assert story.refuses(releases(BO, "form")).code == "not_claimed"
    assert story.when(claims(CY, "form"), releases(ROOT, "form")).offered("form") == ("g-desk",)


# -- freeing what is stuck -------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ROOT, DEE])
def test_an_admin_or_a_lead_hands_work_over(who: Actor) -> None:
    story = for_("{group: service-desk}").when(claims(BO, "form"), reassigns(who, "form", group="network"))
    assert story.offered("form") == ("g-net",)
    assert story.told("work_offered")[-1] == ("eve",)
    assert story.said("step_reassigned")[0].detail == f"The form: handed over by {who.name}"
    assert story.refuses(submits(BO, "form")).kind == "forbidden"
    assert story.when(submits(EVE, "form")).resting_at == ["later"]


def test_a_lead_frees_the_work_of_a_member_too() -> None:
    assert for_("{user: bo}").when(reassigns(DEE, "form", user="cy")).offered("form") == ("cy",)


@pytest.mark.parametrize("who", [ANA, BO, EVE, MAX])
def test_nobody_else_frees_anything(who: Actor) -> None:
    story = for_("{group: service-desk}")
    for asked in (
        reassigns(who, "form", user="cy"),
        skips(who, "form", "submitted"),
        overrides(who, "form", "approve"),
    ):
        assert story.refuses(asked).code == "not_a_lead"


def test_a_lead_of_another_group_frees_nothing() -> None:
    assert for_("{group: network}").refuses(skips(DEE, "form", "submitted")).code == "not_a_lead"


@pytest.mark.parametrize("to", [{"user": "zoe"}, {"group": "gone"}, {"field": "ticket.assignee"}])
def test_work_is_not_handed_over_to_nobody(to: dict[str, str]) -> None:
    story = for_("{group: service-desk}")
    assert issues(story.refuses(reassigns(ROOT, "form", **to))) == {"to": "nobody"}


@pytest.mark.parametrize("to", [{}, {"user": "bo", "group": "network"}, {"users": ["bo"]}, {"query": "given nothing"}])
def test_what_is_no_who_expression_is_refused(to: dict[str, object]) -> None:
    assert issues(for_("{user: bo}").refuses(reassigns(ROOT, "form", **to))) == {"to": "not_a_who"}


def test_only_peoples_work_is_handed_over() -> None:
    story = Story("steps: [{id: rest, type: wait, for: {hours: 1}}]").starts()
    assert story.refuses(reassigns(ROOT, "rest", user="bo")).code == "not_completable"


@pytest.mark.parametrize("who", [ROOT, DEE])
def test_a_stuck_step_is_skipped_with_an_outcome(who: Actor) -> None:
    story = for_("{group: service-desk}").when(skips(who, "form", "submitted", "nobody is here"))
    assert story.resting_at == ["later"]
    visit = story.visit("form")
    assert (visit.status, visit.outcome, visit.completed_by) == ("skipped", "submitted", who.user_id)
    assert story.said("step_skipped")[0].data == {"outcome": "submitted", "reason": "nobody is here"}
    assert story.tables.inbox.keys() == {story.step("later").id}


def test_a_step_is_skipped_only_with_an_outcome_it_has() -> None:
    refusal = for_("{user: bo}").refuses(skips(ROOT, "form", "approved"))
    assert issues(refusal) == {"outcome": "not_an_outcome"}


def test_anything_that_rests_can_be_skipped() -> None:
    for step, outcome in (
        ("type: wait, for: {hours: 1}", "elapsed"),
        ("type: wait, for: {signal: x}", "received"),
        ("type: approval, approvers: [{user: bo}]", "approved"),
        ("type: automatic, action: {type: http_request, url: 'https://x.test'}", "succeeded"),
        ("type: routing, options: [{label: there}]", "there"),
    ):
        story = Story(f"steps: [{{id: s, {step}}}]").starts().when(skips(ROOT, "s", outcome))
        assert story.status == "completed"
        assert (story.tables.inbox, story.tables.timers, story.tables.jobs) == ({}, {}, {})


def test_skipping_as_rejected_or_failed_fails_the_run_like_the_real_thing() -> None:
    story = Story("steps: [{id: s, type: approval, approvers: [{user: bo}]}]").starts()
    assert story.when(skips(ROOT, "s", "rejected")).status == "failed"
    form = Story(
        "steps: [{id: s, type: form, fields: [{name: a}], timeout_hours: 1, on_timeout: {then: fail}}]"
    ).starts()
    assert form.when(skips(ROOT, "s", "failed")).status == "failed"


def test_a_choice_belongs_to_whom_it_is_offered_to() -> None:
    story = Story("steps: [{id: s, type: routing, assignee: {user: bo}, options: [{label: there}]}]").starts()
    assert story.refuses(chooses(CY, "s", "there")).code == "not_yours"
