"""What rules promise at a real desk, on either database: an event is shown to them in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from desk_rules import add_rule, change, fired, history, kept, say, ticket, toggle, troubles, update
from driven_desk import DrivenDesk, driven_desk

from served_desk import add_queues
from services import SmtpServer
from wayline.core.commands import ReceiveHook
from wayline.store import rules as stored_rules
from wayline.store.database import new_id
from wayline.store.rules import rule_set_at
from wayline.store.tables import (
    comments,
    incidents,
    jobs,
    notifications,
    outbox,
    rule_chains,
    rule_events,
    rule_versions,
    runs,
    tenants,
    tickets,
)

AUTOMATIC = {"id": "now", "type": "automatic", "action": {"type": "set_priority", "priority": "P1"}}
NOTE = {"type": "add_comment", "text": "noted"}
FORM = {"id": "ask", "type": "form", "fields": [{"name": "why", "type": "text"}]}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        add_queues(driven.wayline, driven.tenant_id, "Network", "Urgent")
        yield driven


# -- what they see ---------------------------------------------------------------------------------


def test_a_new_ticket_is_as_the_rules_have_made_it(desk: DrivenDesk) -> None:
    condition = {"title": {"contains": "vpn"}}
    add_rule(desk, trigger="on_ticket_created", conditions=condition, action={"type": "set_priority", "priority": "P1"})
    assert ticket(desk, desk.open_ticket(title="VPN is down")).priority == "P1"
    assert ticket(desk, desk.open_ticket(title="A mouse")).priority == "P3"


def test_the_caller_is_answered_with_what_the_rules_have_made_of_it(desk: DrivenDesk) -> None:
    add_rule(desk, "Moved", conditions={"changed": "queue"}, action={"type": "set_priority", "priority": "P2"})
    answer = update(desk, desk.open_ticket(), queue="Spam")
    assert (answer.ticket["queue"], answer.ticket["priority"]) == ("Spam", "P2")


def test_earlier_rules_are_seen_by_later_ones_and_stop_ends_the_event(desk: DrivenDesk) -> None:
    on = {"trigger": "on_ticket_created"}
    add_rule(desk, "first", **on, action={"type": "update_field", "field": "queue", "value": "Spam"})
    urgent = {"type": "set_priority", "priority": "P1"}
    add_rule(desk, "second", **on, conditions={"queue": "Spam"}, stop=True, action=urgent)
    add_rule(desk, "third", **on, action={"type": "update_field", "field": "category", "value": "never"})
    row = ticket(desk, desk.open_ticket())
    assert (row.queue, row.priority, row.category) == ("Spam", "P1", "incident")
    assert fired(desk) == ["first", "second"]


def test_a_disabled_rule_sees_nothing_and_an_enabled_one_sees_again(desk: DrivenDesk) -> None:
    rule = add_rule(desk, trigger="on_ticket_created", action={"type": "set_priority", "priority": "P1"})
    off = toggle(desk, rule, enabled=False)
    assert ticket(desk, desk.open_ticket()).priority == "P3"
    toggle(desk, off, enabled=True)
    assert ticket(desk, desk.open_ticket()).priority == "P1"


def test_a_deleted_rule_is_gone(desk: DrivenDesk) -> None:
    rule = add_rule(desk, trigger="on_ticket_created", action={"type": "set_priority", "priority": "P1"})
    desk.open_ticket()
    change(desk, lambda tx: stored_rules.delete_rule(tx.connection, tenant_id=desk.tenant_id, rule_id=rule.id))
    assert ticket(desk, desk.open_ticket()).priority == "P3"


def test_comments_are_seen_with_who_said_them(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        trigger="on_comment",
        conditions={"comment.text": {"contains": "urgent"}, "actor.role": "requester"},
        action={"type": "add_comment", "text": "Noted: {{ comment.text }}"},
    )
    ticket_id = desk.open_ticket()
    say(desk, ticket_id, "this is URGENT", desk.ana.actor)
    say(desk, ticket_id, "urgent indeed", desk.bo.actor)
    assert sorted(row.text for row in desk.rows(comments)) == [
        "Noted: this is URGENT",
        "this is URGENT",
        "urgent indeed",
    ]


def test_the_end_of_a_run_is_seen(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        trigger="on_run_ended",
        conditions={"run.template": "Care", "run.status": "completed"},
        action={"type": "set_status", "status": "resolved"},
    )
    ticket_id = desk.open_ticket()
    desk.start(desk.publish(AUTOMATIC, name="Care"), ticket_id=ticket_id)
    assert ticket(desk, ticket_id).status == "resolved"


def test_an_overdue_step_is_seen(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        trigger="on_step_overdue",
        conditions={"step.id": "ask"},
        action={"type": "add_comment", "text": "{{ step.name }} of {{ run.template }} is late"},
    )
    ticket_id = desk.open_ticket()
    desk.start(desk.publish({**FORM, "timeout_hours": 1}, name="Care"), ticket_id=ticket_id)
    desk.pass_time(hours=2)
    desk.fire_timers()
    assert [row.text for row in desk.rows(comments)] == ["ask of Care is late"]


def test_a_change_made_by_a_run_is_seen_like_any_other(desk: DrivenDesk) -> None:
    add_rule(desk, conditions={"priority": {"changed_to": "P1"}}, action={"type": "move_queue", "queue": "Trash"})
    ticket_id = desk.open_ticket()
    desk.start(desk.publish(AUTOMATIC), ticket_id=ticket_id)
    assert ticket(desk, ticket_id).queue == "Trash"


def test_an_update_that_changes_nothing_is_no_event(desk: DrivenDesk) -> None:
    add_rule(desk, action={"type": "add_comment", "text": "again"})
    ticket_id = desk.open_ticket(priority="P1")
    update(desk, ticket_id, priority="P1")
    assert kept(desk) == []


def test_what_is_posted_to_a_hook_is_the_payload(desk: DrivenDesk) -> None:
    rule = add_rule(
        desk,
        trigger="webhook",
        conditions={"payload.level": {"ge": 3}},
        action={"type": "add_comment", "text": "{{ payload.said }}"},
    )
    other = add_rule(desk, "other", trigger="webhook", action={"type": "add_comment", "text": "not mine"})
    ticket_id = desk.open_ticket()
    for level in (5, 1):
        hook = ReceiveHook(
            tenant_id=desk.tenant_id,
            rule_id=rule.id,
            event_id=new_id(),
            payload={"level": level, "said": "on fire"},
            ticket_id=ticket_id,
        )
        assert desk.submit(hook).event_id == hook.event_id
    assert [row.text for row in desk.rows(comments)] == ["on fire"]
    assert other.id not in {firing.rule_id for event in kept(desk) for firing in event.reaction.firings}


def test_a_hook_may_start_a_run_without_a_ticket(desk: DrivenDesk) -> None:
    desk.publish(FORM, name="Look into it")
    rule = add_rule(desk, trigger="webhook", action={"type": "start_workflow", "workflow_name": "look into it"})
    hook = ReceiveHook(tenant_id=desk.tenant_id, rule_id=rule.id, event_id=new_id(), payload={})
    (run_id,) = desk.submit(hook).run_ids
    run = desk.run(run_id)
    assert (run.trigger_type, run.ticket_id, run.owner_id) == ("webhook", None, desk.root.id)


# -- what they do ----------------------------------------------------------------------------------


def test_the_timeline_of_the_ticket_says_that_a_rule_acted(desk: DrivenDesk) -> None:
    rule = add_rule(desk, "VIPs first", trigger="on_ticket_created", action={"type": "set_priority", "priority": "P1"})
    ticket_id = desk.open_ticket()
    told = [(event.event, event.actor, event.detail) for event in history(desk, ticket_id)][1:]
    assert told == [
        ("rule_fired", None, "Rule “VIPs first”: set_priority"),
        ("ticket_updated", None, "Rule “VIPs first”: priority P3 → P1"),
    ]
    assert history(desk, ticket_id)[1].data["rule_id"] == rule.id


def test_people_are_told_in_the_app(desk: DrivenDesk) -> None:
    action = {"type": "send_notification", "to": [{"requester": True}], "message": "We have {{ number }}."}
    rule = add_rule(desk, trigger="on_ticket_created", action=action)
    ticket_id = desk.open_ticket()
    (row,) = desk.rows(notifications)
    assert (row.audience_id, row.body, row.ticket_id, row.run_id) == (
        desk.ana.id,
        f"We have {ticket(desk, ticket_id).number}.",
        ticket_id,
        None,
    )
    assert rule.name not in row.body


def test_people_are_told_by_mail_whose_rule_it_was(database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> None:
    with driven_desk(database_url, tmp_path, smtp_url=smtp_server.url) as desk:
        action = {"type": "send_notification", "to": "else@where.example", "subject": "Hello", "message": "{{ title }}"}
        add_rule(desk, "Greeter", trigger="on_ticket_created", action=action)
        desk.open_ticket(title="A mouse")
        desk.do_jobs()
    (mail,) = smtp_server.messages
    assert (mail["Subject"], mail["To"]) == ("Hello", "else@where.example")
    text = mail.get_body(("plain",)).get_content()
    assert "A mouse" in text
    assert "From the rule “Greeter”." in text


def test_long_descriptions_are_kept_small_and_whole(desk: DrivenDesk) -> None:
    description = "It prints nothing but stripes. " * 1_000
    add_rule(desk, conditions={"description": {"contains": "stripes"}}, action=NOTE)
    update(desk, desk.open_ticket(description=description), title="The printer")
    (row,) = desk.rows(rule_events)
    assert len(row.happening) < 2_000
    assert kept(desk)[0].happening.ticket["description"] == description


def test_what_rules_came_to_is_forgotten_after_a_month(desk: DrivenDesk) -> None:
    desk.publish(FORM, name="Care")
    add_rule(desk, action={"type": "start_workflow", "workflow_name": "Care"})
    update(desk, desk.open_ticket(), title="A mouse")
    desk.pass_time(hours=29 * 24)
    desk.do_recurring()
    assert (len(desk.rows(rule_events)), len(desk.rows(rule_chains))) == (1, 1)
    desk.pass_time(hours=2 * 24)
    desk.do_recurring()
    assert (desk.rows(rule_events), desk.rows(rule_chains)) == ([], [])


def test_an_escalation_reaches_the_leads_and_hands_over_when_asked(desk: DrivenDesk) -> None:
    action = {"type": "escalate", "reassign": True, "message": "Please look."}
    add_rule(desk, conditions={"changed": "title"}, action=action)
    ticket_id = desk.open_ticket(group="service-desk")
    update(desk, ticket_id, title="Still down")
    (row,) = desk.rows(notifications)
    assert (row.audience_id, row.kind, row.body) == (desk.dee.id, "ticket_escalated", "Please look.")
    assert ticket(desk, ticket_id).assignee_id == desk.dee.id


def test_one_s_own_fields_are_written_beside_each_other(desk: DrivenDesk) -> None:
    on = {"trigger": "on_ticket_created"}
    add_rule(desk, "a", **on, action={"type": "update_field", "fields": {"custom.a": "1"}})
    add_rule(desk, "b", **on, action={"type": "update_field", "fields": {"custom.b": "{{ custom.a }}2"}})
    assert ticket(desk, desk.open_ticket(custom={"mine": True})).custom == {"mine": True, "a": "1", "b": "12"}


def test_a_call_to_another_system_is_a_job_with_a_name_that_does_not_change(desk: DrivenDesk) -> None:
    action = {"type": "http_request", "url": "http://127.0.0.1:9/{{ number }}", "json": {"title": "{{ title }}"}}
    rule = add_rule(desk, trigger="on_ticket_created", action=action)
    desk.open_ticket()
    (event,) = kept(desk)
    (job,) = desk.rows(jobs)
    assert job.id == f"{rule.id}:{event.id}:0"
    assert (job.queue, job.run_id) == ("webhook", None)


def test_another_ticket_leaves_by_the_outbox_and_comes_once(desk: DrivenDesk) -> None:
    action = {"type": "create_ticket", "ticket_type": "task", "title": "Call about {{ number }}"}
    add_rule(desk, "Follow up", trigger="on_ticket_created", conditions={"type": "incident"}, action=action)
    ticket_id = desk.open_ticket()
    assert len(desk.rows(outbox)) == 1
    desk.send_commands()
    (task,) = desk.rows(tickets, type="task")
    assert (task.title, task.requester_id) == (f"Call about {ticket(desk, ticket_id).number}", desk.ana.id)
    assert history(desk, task.id)[0].detail == f"{task.number} opened by Rule “Follow up”"
    assert desk.rows(outbox) == []


def test_a_run_is_started_in_the_same_transaction(desk: DrivenDesk) -> None:
    desk.publish(FORM, name="VIP care")
    action = {
        "type": "start_workflow",
        "workflow_name": "vip CARE",
        "task_queue": "itsm-high-priority",
        "input": {"why": "{{ title }}"},
    }
    add_rule(desk, "VIPs first", trigger="on_ticket_created", action=action)
    ticket_id = desk.open_ticket(title="Help")
    (row,) = desk.rows(runs)
    run = desk.run(row.id)
    assert (run.ticket_id, run.owner_id, run.trigger_type) == (ticket_id, desk.ana.id, "rule")
    assert (run.variables, run.task_queue) == ({"why": "Help"}, "itsm-high-priority")
    assert (
        history(desk, row.id)[0].detail == f"Started by rule “VIPs first” for ticket {ticket(desk, ticket_id).number}"
    )


def test_a_ticket_has_a_run_of_a_template_once_at_a_time(desk: DrivenDesk) -> None:
    desk.publish(FORM, name="Care")
    add_rule(desk, "R", action={"type": "start_workflow", "workflow_name": "Care"})
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, title="One")
    update(desk, ticket_id, title="Two")
    assert len(desk.rows(runs)) == 1
    assert troubles(desk) == []
    (done,) = kept(desk)[-1].reaction.firings[0].done
    assert done.error == "“Care” could not be started: That ticket already has an active instance of this template."


def test_a_run_that_ends_may_be_followed_by_another_of_its_kind(desk: DrivenDesk) -> None:
    template_id = desk.publish(FORM, name="Care")
    again = {"type": "start_workflow", "workflow_name": "Care"}
    add_rule(desk, trigger="on_run_ended", conditions={"actor.role": {"ne": "system"}}, action=again)
    ticket_id = desk.open_ticket()
    run_id = desk.start(template_id, ticket_id=ticket_id)
    desk.complete(desk.root.actor, run_id, "ask", form_data={"why": "done"})
    assert sorted(row.status for row in desk.rows(runs)) == ["completed", "running"]


# -- what goes wrong -------------------------------------------------------------------------------


def test_an_unknown_workflow_is_an_incident_and_the_ticket_is_there(desk: DrivenDesk) -> None:
    action = {"type": "start_workflow", "workflow_name": "Nowhere"}
    rule = add_rule(desk, "Lost", trigger="on_ticket_created", action=action)
    ticket_id = desk.open_ticket()
    assert ticket(desk, ticket_id).status == "open"
    (row,) = desk.rows(incidents)
    assert (row.subject, row.subject_id, row.code) == ("rule", rule.id, "unknown_workflow")
    assert row.message == f"“Lost” about {ticket(desk, ticket_id).number}: no published template is called “Nowhere”"


def test_an_action_that_fails_leaves_the_others_alone(desk: DrivenDesk) -> None:
    nobody = {"type": "assign", "to": {"user": "nobody@acme.example"}}
    on = {"trigger": "on_ticket_created"}
    add_rule(desk, "one", **on, actions=[nobody, {"type": "set_priority", "priority": "P1"}])
    add_rule(desk, "two", **on, action={"type": "move_queue", "queue": "Spam"})
    row = ticket(desk, desk.open_ticket())
    assert (row.priority, row.queue) == ("P1", "Spam")
    assert troubles(desk) == [("rule", "rule_failed")]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"actions": [{"type": "from_the_future"}]}, "rule_broken"),
        ({"conditions": {"priority": {"resembles": "P1"}}}, "rule_unreadable"),
    ],
    ids=["actions", "conditions"],
)
def test_a_rule_that_cannot_be_read_stops_nobody(desk: DrivenDesk, part: dict[str, Any], code: str) -> None:
    broken = add_rule(desk, "broken", trigger="on_ticket_created", action={"type": "set_priority", "priority": "P1"})
    written = {**broken.definition, **part}
    desk.write(sa.update(rule_versions).where(rule_versions.c.rule_id == broken.id).values(definition=written))
    add_rule(desk, "whole", trigger="on_ticket_created", action={"type": "move_queue", "queue": "Spam"})
    assert ticket(desk, desk.open_ticket()).queue == "Spam"
    desk.open_ticket()
    (row,) = desk.rows(incidents)
    assert (row.subject_id, row.code) == (broken.id, code)
    assert row.times == (1 if code == "rule_unreadable" else 2)


# -- chains ----------------------------------------------------------------------------------------


def step_on(desk: DrivenDesk, place: int, **more: Any) -> None:
    """The rule that turns custom.n = place into place + 1."""
    action = {"type": "update_field", "field": "custom.n", "value": place + 1}
    add_rule(desk, str(place), conditions={"custom.n": place}, action=action, **more)


def test_rules_that_build_on_each_other_are_each_asked_once(desk: DrivenDesk) -> None:
    for place in range(15):
        step_on(desk, place)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, custom={"n": 0})
    assert ticket(desk, ticket_id).custom == {"n": 15}
    assert fired(desk) == [str(place) for place in range(15)]
    assert len(kept(desk)) == 2


def test_a_chain_of_ten_rules_is_carried_through(desk: DrivenDesk) -> None:
    for place in range(10):
        step_on(desk, place, position=100 - place)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, custom={"n": 0})
    assert ticket(desk, ticket_id).custom == {"n": 10}
    assert [len(event.happening.cause.chain) for event in kept(desk)] == list(range(11))
    assert troubles(desk) == []


def test_the_eleventh_rule_of_a_chain_is_cut_and_the_incident_names_the_chain(desk: DrivenDesk) -> None:
    for place in range(11):
        step_on(desk, place, position=100 - place)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, custom={"n": 0})
    assert ticket(desk, ticket_id).custom == {"n": 10}
    (row,) = desk.rows(incidents)
    chain = " → ".join(f"“{place}”" for place in range(10))
    number = ticket(desk, ticket_id).number
    assert row.code == "chain_cut"
    assert row.message == f"{chain} was ended before “10” about {number}: chains of rules end after 10"


def test_two_rules_that_undo_each_other_come_to_an_end(desk: DrivenDesk) -> None:
    for name, seen, wanted in (("up", "P1", "P2"), ("down", "P2", "P1")):
        conditions = {"priority": {"changed_to": seen}}
        add_rule(desk, name, conditions=conditions, action={"type": "set_priority", "priority": wanted})
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, priority="P1")
    assert (fired(desk).count("up"), fired(desk).count("down")) == (6, 5)
    (row,) = desk.rows(incidents)
    assert row.message.startswith("“up” and “down” → “up” → “down” → “up”")


def test_a_chain_through_runs_is_bounded_too(desk: DrivenDesk) -> None:
    count = {"type": "update_field", "field": "custom.n", "value": "{{ (custom.n or 0) + 1 }}"}
    desk.publish({"id": "now", "type": "automatic", "action": count}, name="Count")
    action = {"type": "start_workflow", "workflow_name": "Count"}
    add_rule(desk, "again", conditions={"changed": "custom"}, action=action)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, custom={"n": 0})
    assert ticket(desk, ticket_id).custom == {"n": 10}
    assert troubles(desk) == [("rule", "chain_cut")]


def test_a_chain_through_runs_that_rest_is_bounded_too(desk: DrivenDesk) -> None:
    count = {"type": "update_field", "field": "custom.n", "value": "{{ (custom.n or 0) + 1 }}"}
    desk.publish(
        {"id": "rest", "type": "wait", "for": {"hours": 1}, "next": "now"},
        {"id": "now", "type": "automatic", "action": count},
        name="Count",
    )
    action = {"type": "start_workflow", "workflow_name": "Count"}
    add_rule(desk, "again", conditions={"changed": "custom"}, action=action)
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, custom={"n": 0})
    for _ in range(15):
        desk.pass_time(hours=1.1)
        desk.fire_timers()
    assert ticket(desk, ticket_id).custom == {"n": 10}
    assert troubles(desk) == [("rule", "chain_cut")]


def test_a_chain_of_tickets_that_open_tickets_is_bounded_too(desk: DrivenDesk) -> None:
    action = {"type": "create_ticket", "ticket_type": "task", "title": "And another"}
    add_rule(desk, "more", trigger="on_ticket_created", action=action)
    desk.open_ticket()
    for _ in range(15):
        desk.send_commands()
    assert len(desk.rows(tickets)) == 11
    assert troubles(desk) == [("rule", "chain_cut")]
    assert [row.events for row in desk.rows(rule_chains)] == [11]


# -- what it costs ---------------------------------------------------------------------------------


def test_without_rules_nothing_is_kept(desk: DrivenDesk) -> None:
    update(desk, desk.open_ticket(), priority="P1")
    assert kept(desk) == []


def test_rules_are_taken_over_change_by_change_and_come_to_the_same(desk: DrivenDesk) -> None:
    rules = [
        add_rule(desk, f"R{n}", conditions={"queue": f"Q{n}"}, action={"type": "set_priority", "priority": "P1"})
        for n in range(5)
    ]
    ticket_id = desk.open_ticket()
    update(desk, ticket_id, title="so that the rules are at hand")
    toggle(desk, rules[1], enabled=False)
    change(desk, lambda tx: stored_rules.delete_rule(tx.connection, tenant_id=desk.tenant_id, rule_id=rules[2].id))
    change(
        desk,
        lambda tx: stored_rules.reorder_rules(
            tx.connection, tenant_id=desk.tenant_id, ids=[rules[4].id, rules[0].id], at=tx.at
        ),
    )
    update(desk, ticket_id, title="and again")
    held = desk.wayline.door.tenants._kept[desk.tenant_id].rules
    with desk.wayline.database.reader.connect() as connection:
        version = connection.execute(sa.select(tenants.c.rules_version).where(tenants.c.id == desk.tenant_id)).scalar()
        fresh = rule_set_at(connection, desk.tenant_id, version)
        before = rule_set_at(connection, desk.tenant_id, 5, current=False)
    assert held.version == fresh.version == 8
    assert [rule.name for rule in held.in_order("on_ticket_updated")] == ["R4", "R1", "R3", "R0"]
    assert [rule.name for rule in fresh.in_order("on_ticket_updated")] == ["R4", "R1", "R3", "R0"]
    assert [rule.name for rule in before.in_order("on_ticket_updated")] == ["R0", "R1", "R2", "R3", "R4"]
