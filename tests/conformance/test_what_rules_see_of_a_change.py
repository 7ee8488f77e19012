"""What rules see of a change: `changed` is about the event, and never about what an earlier rule made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_rules import add_rule, fired, ticket, update
from driven_desk import DrivenDesk, driven_desk

from wayline.store.tables import comments


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def test_a_rule_may_change_the_ticket_and_comment_on_it_while_others_look_at_both(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        "Both",
        "on_ticket_created",
        actions=[{"type": "set_priority", "priority": "P1"}, {"type": "add_comment", "text": "Urgent"}],
    )
    add_rule(desk, "Seen changed", conditions={"changed": "priority"}, action={"type": "move_queue", "queue": "Spam"})
    add_rule(desk, "Seen said", "on_comment", action={"type": "update_field", "field": "custom.said", "value": True})

    row = ticket(desk, desk.open_ticket())
    assert (row.priority, row.queue, row.custom) == ("P1", "Spam", {"said": True})
    assert [comment.text for comment in desk.rows(comments)] == ["Urgent"]
    assert fired(desk) == ["Both", "Seen said", "Seen changed"]


@pytest.mark.parametrize("field", ["subtype", "custom.route"])
def test_what_an_earlier_rule_changed_is_an_event_of_its_own(desk: DrivenDesk, field: str) -> None:
    """Whoever looks for that field to change is asked about that event, be it the ticket's own or one's own field."""
    add_rule(
        desk,
        "Routed",
        conditions={"changed": "custom.site"},
        action={"type": "update_field", "field": field, "value": "by van"},
    )
    noted = {"type": "add_comment", "text": "It goes {{ %s }}" % field}  # noqa: UP031
    add_rule(desk, "Noted", conditions={"changed": field}, action=noted)

    ticket_id = desk.open_ticket(custom={"site": "Rome"})
    update(desk, ticket_id, custom={"site": "Turin"})
    assert fired(desk) == ["Routed", "Noted"]
    assert [comment.text for comment in desk.rows(comments)] == ["It goes by van"]
