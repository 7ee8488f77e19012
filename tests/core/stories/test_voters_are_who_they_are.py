"""Who votes is settled when the approval opens; each person is asked once, in turn where there is an order, and nobody
decides their own request."""

from __future__ import annotations

from typing import Any

import pytest

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    GROUPS,
    MAX,
    ROOT,
    Story,
    approves,
    overrides,
    people,
    reassigns,
    rejects,
    skips,
)
from wayline.core.commands import Command
from wayline.core.facts import Actor, Directory


def asking(approvers: str, properties: str = "", **more: Any) -> Story:
    return Story(
        f"""
steps:
  - {{id: boss, type: approval, name: The boss, approvers: {approvers}, {properties} next: done}}
  - {{id: done, type: automatic, action: {{type: comment, text: done}}}}
""",
        **more,
    ).starts()


def test_everybody_asked_is_told_and_has_it_in_their_inbox() -> None:
    story = asking("[{user: bo}, {user: cy@desk.test}]")
    assert story.offered("boss") == ("bo", "cy")
    assert story.told("approval_requested") == [("bo", "cy")]


def test_who_has_voted_no_longer_has_it_in_their_inbox() -> None:
    story = asking("[{user: bo}, {user: cy}]").when(approves(BO, "boss"))
    assert story.offered("boss") == ("cy",)


def test_the_manager_of_the_requester_is_asked() -> None:
    assert asking("[{manager_of: requester}]").offered("boss") == ("max",)


def test_a_group_is_asked_as_it_was_when_the_approval_opened() -> None:
    story = asking("[{group: service-desk}]")
    joined = [
        type(g)(id=g.id, slug=g.slug, name=g.name, members=("eve",), leads=()) if g.id == "g-desk" else g
        for g in GROUPS
    ]
    story.directory = Directory(people=people(), groups=joined)
    assert story.refuses(approves(EVE, "boss")).code == "not_a_voter"
    assert story.when(approves(BO, "boss"), approves(CY, "boss"), approves(DEE, "boss")).status == "completed"


def test_a_person_is_asked_once_whatever_they_stand_for() -> None:
    story = asking("[{group: service-desk}, {role: lead, group: service-desk}, {user: bo}, {group: board}]")
    assert story.step("boss").candidates == ["bo", "cy", "dee", "eve", "max"]


def test_who_has_left_is_not_asked() -> None:
    assert asking("[{group: service-desk}]", known=people(inactive=[CY])).step("boss").candidates == ["bo", "dee"]


def test_a_second_vote_is_refused_and_told_when_the_first_was_cast() -> None:
    story = asking("[{user: bo}, {user: cy}]").when(approves(BO, "boss"))
    first = story.at
    story.later(hours=1)
    refusal = story.refuses(rejects(BO, "boss"))
    assert (refusal.kind, refusal.code) == ("conflict", "already_voted")
    assert refusal.message == "Bo has already decided: approved."
    assert refusal.details == {"decision": "approved", "by": "bo", "voter": "bo", "at": first.isoformat()}


def test_who_is_not_asked_cannot_vote_whatever_they_say() -> None:
    story = asking("[{user: bo}]")
    assert story.refuses(approves(CY, "boss")).kind == "forbidden"
    assert story.refuses(approves(CY, "boss", comment=5)).kind == "forbidden"
    assert story.refuses(approves(CY, "boss", on_behalf_of="bo")).kind == "forbidden"


# -- in order --------------------------------------------------------------------------------------


def test_in_sequence_one_is_asked_after_the_other() -> None:
    story = asking("[{user: cy}, {user: bo}]", "order: sequential,")
    assert story.offered("boss") == ("cy",)
    refusal = story.refuses(approves(BO, "boss"))
    assert (refusal.kind, refusal.code) == ("conflict", "not_your_turn")
    story.when(approves(CY, "boss"))
    assert story.offered("boss") == ("bo",)
    assert story.told("approval_requested") == [("cy",), ("bo",)]
    assert story.when(approves(BO, "boss")).status == "completed"


def test_in_sequence_who_comes_after_a_decisive_rejection_is_never_asked() -> None:
    story = asking("[{user: cy}, {user: bo}]", "order: sequential,").when(rejects(CY, "boss"))
    assert story.status == "failed"
    assert story.told("approval_requested") == [("cy",)]


# -- one's own request -----------------------------------------------------------------------------


def test_the_requester_is_left_out_of_their_group() -> None:
    assert asking("[{group: staff}]").step("boss").candidates == ["bo", "cy"]


def test_a_turn_never_falls_on_the_requester() -> None:
    for _ in range(3):
        assert asking("[{group: staff, strategy: round_robin}]").step("boss").candidates == ["bo"]


def test_the_requester_decides_when_named_in_person() -> None:
    assert asking("[{user: ana}]").when(approves(ANA, "boss")).status == "completed"


def test_the_requester_decides_when_the_template_allows_it() -> None:
    story = asking("[{group: staff}]", "allow_self: true,")
    assert story.step("boss").candidates == ["ana", "bo", "cy"]
    story.when(approves(ANA, "boss"))


def test_naming_a_role_that_is_the_requester_names_nobody_in_person() -> None:
    story = asking("[{requester: true}]")
    assert story.incidents == ["approval_undecidable"]


def test_without_a_ticket_the_owner_is_whose_request_it_is() -> None:
    story = Story("steps: [{id: boss, type: approval, approvers: [{group: staff}]}]")
    assert story.starts(ticket={}, owner=BO).step("boss").candidates == ["ana", "cy"]


@pytest.mark.parametrize("freed", [overrides(ROOT, "boss", "approve"), skips(ROOT, "boss", "approved")])
def test_an_admin_frees_no_approval_of_their_own_request(freed: Command) -> None:
    story = Story("steps: [{id: boss, type: approval, approvers: [{user: bo}]}]").starts(ticket={"requester": "root"})
    assert story.refuses(freed).code == "own_request"
    assert story.refuses(approves(ROOT, "boss")).code == "own_request"


def test_a_lead_cannot_hand_the_approval_of_their_own_request_to_themselves() -> None:
    story = Story("steps: [{id: boss, type: approval, approvers: [{user: bo}]}]").starts(ticket={"requester": "dee"})
    assert story.refuses(reassigns(DEE, "boss", user="dee")).code == "invalid"
    assert story.when(reassigns(DEE, "boss", user="cy")).offered("boss") == ("cy",)


# -- overriding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [ROOT, DEE])
def test_an_admin_or_a_lead_overrides_and_it_is_no_vote(who: Actor) -> None:
    story = asking("[{user: bo}, {user: cy}]").when(
        approves(BO, "boss"), overrides(who, "boss", "approve", "he is ill")
    )
    assert story.status == "completed"
    kept = story.run.outputs["boss"]
    assert kept["overridden"] is True
    assert [v["by"] for v in kept["votes"]] == ["bo"]
    event = story.said("vote_overridden")[0]
    assert event.detail == f"{who.name} overrode the vote: approved, he is ill"
    assert len(story.said("vote_cast")) == 1
    assert story.visit("boss").completed_by == who.user_id


def test_an_admin_who_is_nobodys_voice_overrides_by_deciding() -> None:
    story = asking("[{user: bo}]").when(approves(ROOT, "boss"))
    assert story.run.outputs["boss"]["overridden"] is True
    assert story.said("vote_cast") == []


def test_an_admin_who_is_asked_votes_like_anybody() -> None:
    story = asking("[{user: root}, {user: bo}]").when(approves(ROOT, "boss"))
    assert story.resting_at == ["boss"]
    assert story.said("vote_overridden") == []


@pytest.mark.parametrize("who", [BO, EVE, MAX, ANA])
def test_nobody_else_overrides(who: Actor) -> None:
    story = asking("[{user: bo}, {user: cy}]")
    assert story.refuses(overrides(who, "boss", "approve")).code == "not_a_lead"


def test_only_an_approval_is_overridden() -> None:
    story = Story("steps: [{id: form, type: form, fields: [{name: a}]}]").starts()
    assert story.refuses(overrides(ROOT, "form", "approve")).code == "not_an_approval"


# -- handing over ----------------------------------------------------------------------------------


def test_handing_over_asks_others_in_place_of_those_who_have_not_voted() -> None:
    story = asking("[{user: bo}, {user: cy}]").when(approves(BO, "boss"), reassigns(DEE, "boss", user="eve"))
    assert story.offered("boss") == ("eve",)
    assert story.refuses(approves(CY, "boss")).code == "not_a_voter"
    assert story.when(approves(EVE, "boss")).status == "completed"


def test_handing_over_to_who_has_voted_already_is_refused() -> None:
    story = asking("[{user: bo}, {user: cy}]").when(approves(BO, "boss"))
    assert story.refuses(reassigns(DEE, "boss", user="bo")).code == "invalid"


def test_handing_over_to_fewer_than_the_rule_needs_is_an_incident() -> None:
    story = asking("[{group: board}]", "rule: {at_least: 3},").when(reassigns(ROOT, "boss", user="bo"))
    assert story.incidents == ["approval_undecidable"]


def test_handing_over_when_the_votes_cast_already_suffice_decides_it() -> None:
    story = asking("[{group: board}]", "rule: majority,").when(approves(BO, "boss"), approves(CY, "boss"))
    assert story.when(reassigns(ROOT, "boss", user="eve")).status == "completed"


# -- reminding -------------------------------------------------------------------------------------


def test_those_who_have_not_voted_are_reminded_every_so_often() -> None:
    story = asking("[{user: bo}, {user: cy}]", "reminder_hours: 24,").later(hours=25).when(approves(BO, "boss"))
    story.later(hours=48)
    assert story.told("approval_reminder") == [("bo", "cy"), ("cy",), ("cy",)]
    story.when(approves(CY, "boss"))
    assert story.tables.timers == {}


def test_in_sequence_only_whose_turn_it_is_is_reminded() -> None:
    story = asking("[{user: bo}, {user: cy}]", "order: sequential, reminder_hours: 1,").later(hours=1)
    assert story.told("approval_reminder") == [("bo",)]
