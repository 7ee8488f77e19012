"""Work for a group is one notice to the group; what names people tells each of them (decision 6)."""

from __future__ import annotations

from core.stories.desk import BO, Story, chooses
from wayline.core.effects import Notify


def notices(story: Story, kind: str) -> list[tuple[str, ...]]:
    """Whom the notices of that kind are addressed to, in order."""
    return [effect.audience for effect in story.effects if isinstance(effect, Notify) and effect.kind == kind]


def asked(assignee: str) -> Story:
    return Story(f"steps: [{{id: pick, type: routing, assignee: {assignee}, options: [{{label: Done}}]}}]").starts()


def test_a_group_as_such_is_told_once_and_its_members_are_known_for_mail() -> None:
    story = asked("{group: service-desk}")
    assert notices(story, "work_offered") == [("g-desk",)]
    assert story.told("work_offered") == [("bo", "cy", "dee")]


def test_the_leads_of_a_group_are_people() -> None:
    assert notices(asked("{role: lead, group: service-desk}"), "work_offered") == [("dee",)]


def test_the_one_whom_a_strategy_picks_is_a_person() -> None:
    assert notices(asked("{group: service-desk, strategy: round_robin}"), "work_offered") == [("bo",)]


def test_a_ticket_routed_to_a_group_is_one_notice() -> None:
    story = Story("""
steps:
  - {id: pick, type: routing, assignee: {user: bo}, options: [{label: Onward, to: {group: service-desk}}]}
""").starts()
    assert notices(story.when(chooses(BO, "pick", "Onward")), "ticket_routed") == [("g-desk",)]


def test_voters_are_asked_one_by_one() -> None:
    story = Story("steps: [{id: vote, type: approval, approvers: [{group: service-desk}]}]").starts()
    assert notices(story, "approval_requested") == [("bo", "cy", "dee")]
