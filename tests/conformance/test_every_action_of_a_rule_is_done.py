"""Each action that the surface of rules lists is saved as it is written there, and done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_rules import add_rule, ticket
from driven_desk import DrivenDesk, driven_desk
from test_chat_messages_reach_their_channel import channel

from other_system import OtherSystem, other_system
from served_desk import add_queues
from wayline.store.tables import comments, incidents, notifications, runs, tickets

FORM = {"id": "ask", "type": "form", "fields": [{"name": "why", "type": "text"}]}


@pytest.fixture
def service() -> Iterator[OtherSystem]:
    """Whatever is called outside."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        add_queues(driven.wayline, driven.tenant_id, "Network")
        yield driven


def after(desk: DrivenDesk, **action: Any) -> Any:
    """The ticket that a rule with this one action saw come in."""
    add_rule(desk, trigger="on_ticket_created", action=action)
    ticket_id = desk.open_ticket(title="VPN", group=desk.service_desk_id)
    desk.send_commands()
    desk.do_jobs()
    assert [row.message for row in desk.rows(incidents)] == []
    return ticket(desk, ticket_id)


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ({"type": "update_field", "field": "category", "value": "network"}, "category", "network"),
        ({"type": "update_field", "fields": {"tags": ["vpn"], "priority": "P2"}}, "tags", ["vpn"]),
        ({"type": "update_field", "field": "custom.site", "value": "Rome"}, "custom", {"site": "Rome"}),
        ({"type": "move_queue", "queue": "network"}, "queue", "Network"),
        ({"type": "set_priority", "priority": "critical"}, "priority", "P1"),
    ],
)
def test_what_changes_the_ticket(desk: DrivenDesk, action: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(after(desk, **action), field) == value


def test_assign_gives_it_to_somebody(desk: DrivenDesk) -> None:
    assert after(desk, type="assign", to={"user": desk.bo.email}).assignee_id == desk.bo.id


def test_add_comment_says_something_on_it(desk: DrivenDesk) -> None:
    seen = after(desk, type="add_comment", text="About {{ title }}", visibility="public")
    (said,) = desk.rows(comments, ticket_id=seen.id)
    assert (said.text, said.visibility) == ("About VPN", "public")


def test_start_workflow_starts_a_run_on_it(desk: DrivenDesk) -> None:
    desk.publish(FORM, name="Look into it")
    seen = after(desk, type="start_workflow", workflow_name="look into it", task_queue="itsm-network", input={})
    (run,) = desk.rows(runs)
    assert (run.ticket_id, run.task_queue) == (seen.id, "itsm-network")


@pytest.mark.parametrize("channel_name", ["all", "in_app", "push", None])
def test_send_notification_tells_people(desk: DrivenDesk, channel_name: str | None) -> None:
    written = {"channel": channel_name} if channel_name else {}
    after(desk, type="send_notification", to={"user": desk.bo.email}, subject="{{ title }}", message="Look", **written)
    (notice,) = desk.rows(notifications, audience_id=desk.bo.id)
    assert (notice.title, notice.body) == ("VPN", "Look")


def test_escalate_tells_the_leads_of_its_group(desk: DrivenDesk) -> None:
    seen = after(desk, type="escalate")
    (notice,) = desk.rows(notifications, kind="ticket_escalated")
    assert notice.audience_id == desk.dee.id
    assert seen.assignee_id is None


def test_escalate_may_hand_it_over(desk: DrivenDesk) -> None:
    assert after(desk, type="escalate", to={"user": desk.root.email}, reassign=True).assignee_id == desk.root.id


def test_escalate_tells_the_admins_where_there_are_no_leads(desk: DrivenDesk) -> None:
    add_rule(desk, trigger="on_ticket_created", action={"type": "escalate", "message": "Help"})
    desk.open_ticket()
    (notice,) = desk.rows(notifications, kind="ticket_escalated")
    assert (notice.audience_id, notice.body) == (desk.root.id, "Help")


def test_create_ticket_opens_another(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        trigger="on_ticket_created",
        conditions={"type": "incident"},
        action={"type": "create_ticket", "ticket_type": "task", "title": "Follow up {{ number }}"},
    )
    desk.open_ticket()
    desk.send_commands()
    (opened,) = desk.rows(tickets, type="task")
    assert opened.title == "Follow up INC-000001"


def test_http_request_calls_another_system(desk: DrivenDesk, service: OtherSystem) -> None:
    after(desk, type="http_request", method="POST", url=f"{service.url}/vpn", json={"number": "{{ number }}"})
    assert service.received[0].json == {"number": "INC-000001"}


def test_send_chat_says_something_in_a_channel(desk: DrivenDesk, service: OtherSystem) -> None:
    channel(desk, service)
    after(desk, type="send_chat", channel="Desk", text="{{ number }}")
    assert service.received[0].json["message"] == "INC-000001"
