"""Who is away is stood in for: their work is the substitute's too; the record keeps who was asked and who did it."""

from __future__ import annotations

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    MAX,
    Story,
    approves,
    away,
    chooses,
    claims,
    rejects,
    submits,
)
from wayline.core.facts import Absence

FORM = "steps: [{id: form, type: form, assignee: {user: bo}, fields: [{name: a}]}]"


def voting(*absences: Absence, approvers: str = "[{user: bo}, {user: cy}]", rule: str = "all") -> Story:
    template = f"steps: [{{id: boss, type: approval, rule: {rule}, approvers: {approvers}}}]"
    return Story(template, absences=absences).starts()


def test_a_substitute_votes_for_the_absent_person_and_both_are_kept() -> None:
    story = voting(away(BO, EVE)).when(approves(EVE, "boss"))
    vote = story.step("boss").votes[0]
    assert (vote.by, vote.voter, vote.on_behalf_of) == ("eve", "bo", "bo")
    story.when(approves(CY, "boss"))
    assert [(v["by"], v["on_behalf_of"]) for v in story.run.outputs["boss"]["votes"]] == [("eve", "bo"), ("cy", None)]


def test_the_absent_person_may_still_vote_themselves() -> None:
    story = voting(away(BO, EVE)).when(approves(BO, "boss"))
    assert story.step("boss").votes[0].on_behalf_of is None
    assert story.refuses(approves(EVE, "boss")).code == "not_a_voter"


def test_once_a_substitute_has_voted_the_absent_person_is_told_who_did() -> None:
    story = voting(away(BO, EVE)).when(approves(EVE, "boss"))
    refusal = story.refuses(rejects(BO, "boss"))
    assert refusal.code == "already_voted"
    assert refusal.message == "Eve has already decided: approved."
    assert refusal.details["by"] == "eve"


def test_a_voter_who_is_a_substitute_too_casts_their_own_vote_first() -> None:
    story = voting(away(BO, CY)).when(approves(CY, "boss"))
    assert [v.voter for v in story.step("boss").votes] == ["cy"]


def test_a_second_click_of_a_substitute_is_not_the_absent_persons_vote() -> None:
    story = voting(away(BO, CY)).when(approves(CY, "boss"))
    refusal = story.refuses(approves(CY, "boss"))
    assert refusal.code == "already_voted"
    assert refusal.details["on_behalf_of"] == ["bo"]
    assert story.when(approves(CY, "boss", on_behalf_of="bo@desk.test")).status == "completed"


def test_a_substitute_of_two_names_the_second() -> None:
    story = voting(away(BO, EVE), away(CY, EVE)).when(approves(EVE, "boss"))
    assert story.refuses(approves(EVE, "boss")).code == "already_voted"
    assert story.refuses(approves(EVE, "boss", on_behalf_of="bo")).code == "already_voted"
    assert story.when(approves(EVE, "boss", on_behalf_of="cy")).status == "completed"


def test_nobody_votes_on_behalf_of_who_is_not_theirs_to_stand_for() -> None:
    story = voting(away(BO, EVE))
    assert story.refuses(approves(CY, "boss", on_behalf_of="bo")).kind == "forbidden"
    assert story.refuses(approves(EVE, "boss", on_behalf_of="cy")).kind == "forbidden"
    assert story.refuses(approves(EVE, "boss", on_behalf_of="zoe")).kind == "forbidden"


def test_a_chain_of_substitutes_is_followed() -> None:
    story = voting(away(BO, CY), away(CY, DEE), away(DEE, EVE), approvers="[{user: bo}]")
    assert story.when(approves(EVE, "boss")).run.outputs["boss"]["votes"][0]["on_behalf_of"] == "bo"


def test_a_chain_ends_where_nobody_is_away() -> None:
    story = voting(away(BO, CY), approvers="[{user: bo}]")
    assert story.refuses(approves(DEE, "boss")).code == "not_a_voter"


def test_a_circle_of_substitutes_harms_nobody() -> None:
    story = voting(away(BO, CY), away(CY, DEE), away(DEE, BO), approvers="[{user: bo}]")
    assert story.refuses(approves(EVE, "boss")).code == "not_a_voter"
    assert story.when(approves(DEE, "boss")).status == "completed"


def test_a_substitute_stands_in_only_while_the_absence_lasts() -> None:
    story = voting(away(BO, EVE, days=1), approvers="[{user: bo}]").later(days=1)
    assert story.refuses(approves(EVE, "boss")).code == "not_a_voter"


def test_a_substitute_never_decides_their_own_request() -> None:
    assert voting(away(BO, ANA)).refuses(approves(ANA, "boss")).code == "not_a_voter"


def test_in_sequence_a_substitute_has_the_turn_of_the_person_they_stand_for() -> None:
    template = "steps: [{id: boss, type: approval, order: sequential, approvers: [{user: bo}, {user: cy}]}]"
    story = Story(template, absences=[away(CY, EVE)]).starts()
    assert story.refuses(approves(EVE, "boss")).code == "not_a_voter"
    assert story.when(approves(BO, "boss"), approves(EVE, "boss")).status == "completed"


def test_a_substitute_fills_a_form_and_the_record_says_for_whom() -> None:
    story = Story(FORM, absences=[away(BO, EVE)]).starts().when(submits(EVE, "form", a="x"))
    visit = story.visit("form")
    assert visit.completed_by == "eve"
    assert (visit.detail["assigned_to"], visit.detail["on_behalf_of"]) == ("bo", "bo")
    assert story.said("step_completed")[0].data["on_behalf_of"] == "bo"


def test_who_does_their_own_work_does_it_for_nobody_else() -> None:
    story = Story(FORM, absences=[away(BO, EVE)]).starts().when(submits(BO, "form"))
    assert "on_behalf_of" not in story.visit("form").detail


def test_a_substitute_of_a_member_claims_the_groups_work() -> None:
    template = "steps: [{id: form, type: form, assignee: {group: service-desk}, fields: [{name: a}]}]"
    story = Story(template, absences=[away(BO, EVE)]).starts().when(claims(EVE, "form"))
    assert story.offered("form") == ("eve",)
    assert story.refuses(submits(BO, "form")).code == "not_yours"
    assert story.when(submits(EVE, "form")).status == "completed"


def test_a_substitute_chooses_where_the_ticket_goes() -> None:
    template = """
steps:
  - {id: where, type: routing, assignee: {user: bo}, options: [{label: here}, {label: there}]}
"""
    story = Story(template, absences=[away(BO, MAX)]).starts().when(chooses(MAX, "where", "there"))
    assert story.path == [("where", "there")]
