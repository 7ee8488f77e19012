"""CastVote counts the word of those who are asked, and takes nobody's place; overriding is a command of its own."""

from __future__ import annotations

import pytest
from desk import ANA, BO, CY, DEE, EVE, ROOT, RUN, TENANT, Story, away

from wayline.core.commands import CastVote, Command
from wayline.core.facts import Actor

ASKED = """
steps:
  - {id: sign, type: approval, approvers: [{user: bo}, {user: cy}], rule: all}
"""
FORM = """
steps:
  - {id: look, type: form, assignee: {user: bo}, fields: [{name: seen, type: checkbox}]}
"""


def votes(who: Actor, approval: str = "sign", decision: str = "approve", **more: str) -> Command:
    return CastVote(tenant_id=TENANT, actor=who, run_id=RUN, approval=approval, decision=decision, **more)


def test_everybody_asked_votes_and_the_rule_decides() -> None:
    story = Story(ASKED).starts()
    story.when(votes(BO, comment="Fine"))
    assert [(v.by, v.decision, v.comment) for v in story.run.open[0].votes] == [("bo", "approved", "Fine")]
    story.when(votes(CY))
    assert story.run.status == "completed"


@pytest.mark.parametrize("who", [ROOT, EVE, ANA], ids=lambda who: who.name)
def test_who_is_not_asked_is_refused_whatever_their_role(who: Actor) -> None:
    story = Story(ASKED).starts()
    refusal = story.refuses(votes(who))
    assert (refusal.kind, refusal.code) == ("forbidden", "not_a_voter")


def test_a_substitute_votes_for_who_is_away() -> None:
    story = Story(ASKED, absences=[away(BO, DEE)]).starts()
    story.when(votes(DEE))
    assert [(v.by, v.voter) for v in story.run.open[0].votes] == [("dee", "bo")]


def test_a_second_vote_says_what_the_first_one_was() -> None:
    story = Story(ASKED).starts()
    story.when(votes(BO))
    refusal = story.refuses(votes(BO, decision="reject"))
    assert (refusal.kind, refusal.code, refusal.details["decision"]) == ("conflict", "already_voted", "approved")


def test_what_is_no_approval_takes_no_vote() -> None:
    story = Story(FORM).starts()
    assert story.refuses(votes(BO, "look")).code == "not_an_approval"
    assert story.refuses(votes(BO, "nothing")).kind == "not_found"
