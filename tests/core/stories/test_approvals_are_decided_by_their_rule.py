"""An approval is decided by its rule: no sooner, no later, and by nobody's silence."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stories.desk import BO, CY, DEE, EVE, MAX, ROOT, Story, approves, completes, issues, overrides, rejects
from wayline.core.steps.approval import AtLeast, Percent, needed_of

BOARD = (BO, CY, DEE, EVE, MAX)


def an_approval(properties: str = "", *, approvers: str = "[{group: board}]") -> Story:
    return Story(f"""
steps:
  - id: board
    type: approval
    name: The board
    approvers: {approvers}
{properties}
    next: {{approved: yes-then, rejected: no-then}}
  - {{id: yes-then, type: automatic, action: {{type: comment, text: approved}}}}
  - {{id: no-then, type: automatic, action: {{type: comment, text: rejected}}}}
""").starts()


def after(rule: str, votes: str) -> str | None:
    """The comment made once the board has voted `y` or `n` in turn, or None while it is open."""
    story = an_approval(f"    rule: {rule}")
    for who, vote in zip(BOARD, votes, strict=False):
        story.when(approves(who, "board") if vote == "y" else rejects(who, "board"))
    return story.comments[0] if story.status == "completed" else None


@pytest.mark.parametrize(
    ("rule", "votes", "decided"),
    [
        ("all", "yyyy", None),
        ("all", "yyyyy", "approved"),
        ("all", "yyn", "rejected"),
        ("any", "y", "approved"),
        ("any", "nnnn", None),
        ("any", "nnnny", "approved"),
        ("any", "nnnnn", "rejected"),
        ("majority", "yy", None),
        ("majority", "yyy", "approved"),
        ("majority", "ynyny", "approved"),
        ("majority", "nn", None),
        ("majority", "nnn", "rejected"),
        ("{at_least: 2}", "y", None),
        ("{at_least: 2}", "yny", "approved"),
        ("{at_least: 2}", "nnn", None),
        ("{at_least: 2}", "nnnn", "rejected"),
        ("{percent: 50}", "yy", None),
        ("{percent: 50}", "yyy", "approved"),
        ("{percent: 40}", "yy", "approved"),
        ("{percent: 41}", "yy", None),
        ("{percent: 1}", "y", "approved"),
        ("{percent: 100}", "yyyyy", "approved"),
        ("{percent: 50}", "nn", None),
        ("{percent: 50}", "nnn", "rejected"),
    ],
)
def test_a_rule_decides_with_exactly_the_votes_it_names(rule: str, votes: str, decided: str | None) -> None:
    assert after(rule, votes) == decided


def test_a_majority_of_an_even_number_is_more_than_half() -> None:
    story = an_approval("    rule: majority", approvers="[{user: bo}, {user: cy}, {user: dee}, {user: eve}]")
    story.when(approves(BO, "board"), approves(CY, "board"))
    assert story.resting_at == ["board"]
    assert story.when(approves(DEE, "board")).comments == ["approved"]


@given(voters=st.integers(0, 200), percent=st.floats(0.01, 100))
def test_percent_rounds_up_and_never_asks_for_nobody(voters: int, percent: float) -> None:
    needed = needed_of(Percent(percent=percent), voters)
    assert needed >= 1
    assert needed * 100 >= voters * percent - 1e-6
    assert needed == 1 or (needed - 1) * 100 < voters * percent


def test_a_share_that_is_whole_is_not_rounded_up_by_floating_point() -> None:
    assert needed_of(Percent(percent=70), 10) == 7
    assert needed_of(Percent(percent=28), 25) == 7
    assert needed_of(Percent(percent=100 / 3), 3) == 1


@pytest.mark.parametrize(
    ("rule", "reject_rule", "votes", "decided"),
    [
        ("majority", "any", "yn", "rejected"),
        ("all", "impossible", "n", "rejected"),
        ("any", "impossible", "nnnn", None),
        ("any", "any", "n", "rejected"),
        ("majority", "{at_least: 2}", "n", None),
        ("majority", "{at_least: 2}", "nn", "rejected"),
        ("any", "{at_least: 4}", "nnny", "approved"),
        ("{at_least: 4}", "{at_least: 5}", "nn", "rejected"),
    ],
)
def test_a_reject_rule_decides_sooner_but_never_keeps_an_impossible_approval_open(
    rule: str, reject_rule: str, votes: str, decided: str | None
) -> None:
    assert after(f"{rule}\n    reject_rule: {reject_rule}", votes) == decided


@pytest.mark.parametrize("rule", ["all", "any", "majority", "{at_least: 3}", "{percent: 60}"])
def test_whatever_is_voted_the_board_decides_at_the_latest_with_its_last_vote(rule: str) -> None:
    for votes in product("yn", repeat=5):
        story = an_approval(f"    rule: {rule}")
        for who, vote in zip(BOARD, votes, strict=True):
            if story.status == "running":
                story.when(approves(who, "board") if vote == "y" else rejects(who, "board"))
        assert story.status == "completed"


def test_the_votes_and_how_it_was_decided_are_kept() -> None:
    story = an_approval("    rule: majority\n    comment: optional")
    story.when(approves(BO, "board", comment="fine"), rejects(CY, "board"), approves(DEE, "board"))
    story.when(approves(EVE, "board"))
    kept = story.run.outputs["board"]
    assert kept["decision"] == "approved"
    assert kept["overridden"] is False
    assert [(v["by"], v["decision"], v["comment"]) for v in kept["votes"]] == [
        ("bo", "approved", "fine"),
        ("cy", "rejected", None),
        ("dee", "approved", None),
        ("eve", "approved", None),
    ]
    assert story.said("step_completed")[0].detail == "The board: approved (3 of 5)"
    assert story.visit("board").detail["candidates"] == ["bo", "cy", "dee", "eve", "max"]


def test_any_of_the_words_for_yes_and_no_will_do() -> None:
    for word, comment in {"approve": "approved", "approved": "approved", "rejected": "rejected"}.items():
        assert an_approval().when(overrides(ROOT, "board", word)).comments == [comment]
        story = an_approval("    rule: any\n    reject_rule: any")
        assert story.when(completes(BO, "board", decision=word)).comments == [comment]
    for nonsense in ("maybe", None, True):
        assert issues(an_approval().refuses(completes(BO, "board", decision=nonsense))) == {
            "decision": "not_a_decision"
        }


def test_a_comment_may_be_required_of_everybody_or_of_who_rejects() -> None:
    story = an_approval("    comment: required_on_reject\n    rule: any")
    assert issues(story.refuses(rejects(BO, "board", comment="  "))) == {"comment": "required"}
    story.when(rejects(BO, "board", comment="too dear"), approves(CY, "board"))
    assert story.comments == ["approved"]
    assert issues(an_approval("    comment: required").refuses(approves(BO, "board"))) == {"comment": "required"}
    assert issues(an_approval().refuses(approves(BO, "board", comment=5))) == {"comment": "not_text"}


@pytest.mark.parametrize("approvers", ["[{group: empty}]", "[{group: gone}]", "[{user: zoe@desk.test}]"])
@pytest.mark.parametrize("rule", ["all", "any", "majority", "{percent: 1}"])
def test_without_voters_it_is_an_incident_and_never_passes_in_silence(approvers: str, rule: str) -> None:
    story = an_approval(f"    rule: {rule}", approvers=approvers)
    assert story.resting_at == ["board"]
    assert story.incidents == ["approval_undecidable"]
    assert story.told("approval_undecidable") == [("root",)]
    assert story.offered("board") == ("root",)
    story.when(approves(ROOT, "board", comment="I looked into it"))
    assert story.run.outputs["board"]["overridden"] is True
    assert story.run.outputs["board"]["votes"] == []


def test_a_rule_that_needs_more_people_than_there_are_is_an_incident_and_a_yes_is_no_rejection() -> None:
    story = an_approval("    rule: {at_least: 3}", approvers="[{user: bo}, {user: cy}]")
    assert story.incidents == ["approval_undecidable"]
    story.when(approves(BO, "board"), approves(CY, "board"))
    assert story.resting_at == ["board"]
    assert story.when(overrides(ROOT, "board", "approve")).comments == ["approved"]


def test_a_rejection_without_a_connection_fails_the_run() -> None:
    story = Story("""
steps:
  - {id: boss, type: approval, approvers: [{user: bo}], next: done}
  - {id: done, type: automatic, action: {type: comment, text: done}}
""").starts()
    story.when(rejects(BO, "boss"))
    assert story.status == "failed"
    assert story.run.failure is not None
    assert (story.run.failure.reason, story.run.failure.step_id) == ("approval_rejected", "boss")
    assert story.comments == []


def test_at_least_nobody_cannot_be_written() -> None:
    with pytest.raises(ValueError):
        AtLeast(at_least=0)
