"""Scheduled rules go through the tickets that match, and act once in each spell, whoever sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_rules import add_rule, change, fired, rewrite, say, ticket, toggle, troubles, update
from driven_desk import DrivenDesk, driven_desk

from wayline.bootstrap import Wayline
from wayline.core.commands import SweepTicket
from wayline.drivers.rule_sweeps import LEASE_S, TICKETS_A_PAGE
from wayline.store import rule_sweeps as stored_sweeps
from wayline.store import rules as stored_rules
from wayline.store.rules import StoredRule
from wayline.store.tables import comments, rule_spells, rule_sweeps, runs, tickets
from wayline.store.tickets import load_tickets

NOTE = {"type": "add_comment", "text": "Still there?"}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def scheduled(desk: DrivenDesk, name: str = "Idle", **written: Any) -> StoredRule:
    return add_rule(desk, name, trigger="scheduled", **{"action": NOTE, **written})


def sweep(desk: DrivenDesk, *, hours: float = 0.1) -> int:
    """Time passes, and what is due is swept."""
    desk.pass_time(hours=hours)
    return desk.wait(desk.driver.sweeps.run_once())


def said(desk: DrivenDesk) -> int:
    return len(desk.rows(comments, author_id=None))


# -- when ------------------------------------------------------------------------------------------


def test_it_is_swept_every_five_minutes_unless_it_says_otherwise(desk: DrivenDesk) -> None:
    scheduled(desk)
    scheduled(desk, "Daily", schedule={"cron": "0 9 * * *", "timezone": "Europe/Vienna"})
    assert sweep(desk, hours=0) == 0
    assert sweep(desk, hours=0.1) == 1
    assert sweep(desk, hours=0) == 0
    assert sweep(desk, hours=24) == 2


def test_a_desk_that_was_down_catches_up_once(desk: DrivenDesk) -> None:
    scheduled(desk, schedule={"cron": "0 * * * *"})
    assert sweep(desk, hours=50) == 1
    assert sweep(desk, hours=0) == 0


def test_only_enabled_rules_are_swept(desk: DrivenDesk) -> None:
    rule = scheduled(desk)
    off = toggle(desk, rule, enabled=False)
    assert sweep(desk) == 0
    on = toggle(desk, off, enabled=True)
    assert sweep(desk) == 1
    rewrite(desk, on, trigger="on_comment")
    assert sweep(desk) == 0
    assert desk.rows(rule_sweeps) == []


def test_whoever_dies_over_a_sweep_is_relieved(desk: DrivenDesk) -> None:
    scheduled(desk)
    desk.open_ticket()
    desk.pass_time(hours=1)
    now = desk.wayline.clock.now()
    until = now + timedelta(seconds=LEASE_S)
    taken = change(desk, lambda tx: stored_sweeps.claim(tx.connection, at=now, taken_until=until, limit=10))
    assert len(taken) == 1
    assert sweep(desk, hours=0) == 0
    assert sweep(desk, hours=LEASE_S / 3600) == 1
    assert said(desk) == 1


# -- what ------------------------------------------------------------------------------------------


def test_all_tickets_that_match_are_found_over_many_pages(desk: DrivenDesk) -> None:
    count = TICKETS_A_PAGE + 5
    for n in range(count):
        desk.open_ticket(title=f"T{n}", queue="Spam" if n % 2 else "Inbox")
    scheduled(desk, conditions={"queue": "Spam"}, action={"type": "set_priority", "priority": "P1"})
    scheduled(desk, "All", action={"type": "update_field", "field": "custom.seen", "value": True})
    sweep(desk)
    found = desk.rows(tickets)
    assert {row.queue for row in found if row.priority == "P1"} == {"Spam"}
    assert sum(row.priority == "P1" for row in found) == count // 2
    assert all(row.custom == {"seen": True} for row in found)


def test_tickets_that_have_ended_are_looked_at_when_the_status_is_spoken_of(desk: DrivenDesk) -> None:
    ended = desk.open_ticket(status="resolved")
    scheduled(desk, "open ones", action={"type": "update_field", "field": "custom.a", "value": 1})
    close = {"type": "set_status", "status": "closed"}
    scheduled(desk, "resolved ones", conditions={"status": "resolved", "idle_hours": 72}, action=close)
    sweep(desk)
    assert (ticket(desk, ended).custom, ticket(desk, ended).status) == ({}, "resolved")
    sweep(desk, hours=72)
    assert ticket(desk, ended).status == "closed"


@pytest.mark.parametrize(
    "conditions",
    [
        {"assignee": None},
        {"assignee": [None, "nobody"]},
        {"group": "no uuid at all", "any": [{}]},
        {"priority": ["P3", "P4"], "ticket.type": "incident", "age_hours": 1},
        {"age_hours": {"lt": 100}, "tags": {"contains": "vip"}},
        {"expression": "ticket.priority == 'P3'"},
        {"category": "7"},
        {"not": {"priority": "P1"}},
    ],
    ids=["empty", "empty-or", "no-id", "several", "not-translated", "expression", "number", "not"],
)
def test_what_the_database_leaves_out_does_not_match(desk: DrivenDesk, conditions: dict[str, Any]) -> None:
    """A sweep comes to what asking the rule about each ticket does."""
    ids = [
        desk.open_ticket(),
        desk.open_ticket(priority="P1", tags=["VIP"], category="7"),
        desk.open_ticket(type="task", assignee=desk.bo.id, group="service-desk", tags=["vip"]),
        desk.open_ticket(status="closed"),
    ]
    scheduled(desk, conditions=conditions, action={"type": "update_field", "field": "custom.hit", "value": True})
    desk.pass_time(hours=2)
    with desk.wayline.database.reader.connect() as connection:
        (stored,) = stored_rules.rules_in_order(connection, tenant_id=desk.tenant_id)
        rule = stored_rules.compiled_rule(connection, tenant_id=desk.tenant_id, rule_id=stored.id)
        found = load_tickets(connection, ids)
    assert rule is not None
    now = desk.wayline.clock.now()
    expected = [i for i in ids if rule.matches_at_sweep(found[i].ticket, found[i].last_person_at, now)]
    sweep(desk, hours=0)
    assert [i for i in ids if ticket(desk, i).custom] == expected


def test_a_run_it_starts_is_started_by_a_schedule(desk: DrivenDesk) -> None:
    desk.publish({"id": "ask", "type": "form", "fields": [{"name": "why", "type": "text"}]}, name="Chase")
    ticket_id = desk.open_ticket()
    scheduled(desk, action={"type": "start_workflow", "workflow_name": "Chase"})
    sweep(desk)
    (row,) = desk.rows(runs)
    assert (row.trigger_type, row.ticket_id, row.owner_id) == ("schedule", ticket_id, desk.ana.id)


# -- spells ----------------------------------------------------------------------------------------


def test_an_idle_ticket_is_acted_on_once_a_spell(desk: DrivenDesk) -> None:
    scheduled(desk, conditions={"idle_hours": 24})
    ticket_id = desk.open_ticket()
    sweep(desk, hours=23)
    assert said(desk) == 0
    sweep(desk, hours=1)
    assert said(desk) == 1
    for _ in range(3):
        sweep(desk, hours=30)
    assert said(desk) == 1
    say(desk, ticket_id, "Here I am", desk.ana.actor)
    sweep(desk, hours=23)
    assert said(desk) == 1
    sweep(desk, hours=1)
    assert said(desk) == 2


def test_what_rules_and_runs_do_leaves_a_ticket_idle(desk: DrivenDesk) -> None:
    action = {"type": "set_priority", "priority": "P1"}
    later = desk.publish(
        {"id": "rest", "type": "wait", "for": {"hours": 10}, "next": "now"},
        {"id": "now", "type": "automatic", "action": action},
    )
    add_rule(desk, "other", conditions={"priority": "P1"}, action={"type": "move_queue", "queue": "Spam"})
    scheduled(desk, conditions={"idle_hours": 24})
    ticket_id = desk.open_ticket()
    desk.start(later, ticket_id=ticket_id)
    desk.pass_time(hours=11)
    desk.fire_timers()
    assert ticket(desk, ticket_id).queue == "Spam"
    sweep(desk, hours=13.1)
    assert said(desk) == 1


def test_a_spell_is_over_when_the_conditions_did_not_hold_in_between(desk: DrivenDesk) -> None:
    scheduled(desk, conditions={"priority": "P1"})
    template = desk.publish(
        {"id": "ask", "type": "wait", "for": {"hours": 1}, "next": "down"},
        {"id": "down", "type": "automatic", "action": {"type": "set_priority", "priority": "P4"}, "next": "again"},
        {"id": "again", "type": "wait", "for": {"hours": 1}, "next": "up"},
        {"id": "up", "type": "automatic", "action": {"type": "set_priority", "priority": "P1"}},
    )
    ticket_id = desk.open_ticket(priority="P1")
    desk.start(template, ticket_id=ticket_id)
    sweep(desk)
    assert said(desk) == 1
    for _ in range(2):
        desk.pass_time(hours=1.1)
        desk.fire_timers()
    assert ticket(desk, ticket_id).priority == "P1"
    sweep(desk)
    assert said(desk) == 2


def test_when_a_person_has_acted_it_acts_again(desk: DrivenDesk) -> None:
    scheduled(desk, conditions={"priority": "P1"})
    ticket_id = desk.open_ticket(priority="P1")
    sweep(desk)
    update(desk, ticket_id, title="Still broken")
    sweep(desk)
    sweep(desk)
    assert said(desk) == 2


def test_toggling_keeps_spells_and_new_conditions_begin_anew(desk: DrivenDesk) -> None:
    rule = scheduled(desk, conditions={"priority": "P1"})
    desk.open_ticket(priority="P1")
    sweep(desk)
    on = toggle(desk, toggle(desk, rule, enabled=False), enabled=True)
    sweep(desk)
    assert said(desk) == 1
    renamed = rewrite(desk, on, name="Other name")
    sweep(desk)
    assert said(desk) == 1
    rewrite(desk, renamed, conditions={"priority": ["P1", "P2"]})
    sweep(desk)
    assert said(desk) == 2


def test_two_processes_that_sweep_at_once_act_once(desk: DrivenDesk) -> None:
    rule = scheduled(desk)
    ticket_id = desk.open_ticket()
    other = desk.new_driver()
    desk.pass_time(hours=1)
    taken = desk.wait(desk.driver.sweeps.run_once()) + desk.wait(other.sweeps.run_once())
    assert taken == 1
    command = SweepTicket(tenant_id=desk.tenant_id, rule_id=rule.id, ticket_id=ticket_id)
    futures = [desk.wayline.door.submit_soon(command) for _ in range(5)]
    assert [future.result().event_id for future in futures] == [None] * 5
    assert said(desk) == 1
    other.access.close()


def test_a_sweep_that_meets_a_ticket_again_in_one_batch_acts_once(desk: DrivenDesk) -> None:
    rule = scheduled(desk)
    ticket_id = desk.open_ticket()
    command = SweepTicket(tenant_id=desk.tenant_id, rule_id=rule.id, ticket_id=ticket_id)
    futures = [desk.wayline.door.submit_soon(command) for _ in range(5)]
    acted = [future.result().event_id for future in futures]
    assert len([event_id for event_id in acted if event_id is not None]) == 1
    assert said(desk) == 1
    assert fired(desk) == ["Idle"]


def test_two_servers_on_one_database_act_once(postgresql_url: str, tmp_path: Path) -> None:
    with driven_desk(postgresql_url, tmp_path) as desk:
        rule = scheduled(desk)
        ids = [desk.open_ticket() for _ in range(30)]
        other = Wayline(desk.settings, workers=False, clock=desk.wayline.clock)
        other.start()
        commands = [SweepTicket(tenant_id=desk.tenant_id, rule_id=rule.id, ticket_id=one) for one in ids]
        asked = [door.submit_soon(one) for one in commands for door in (desk.wayline.door, other.door)]
        acted = [future.result().event_id is not None for future in asked]
        other.stop()
        assert sum(acted) == said(desk) == len(desk.rows(rule_spells)) == len(ids)


def test_a_deleted_rule_leaves_no_spells(desk: DrivenDesk) -> None:
    rule = scheduled(desk)
    desk.open_ticket()
    sweep(desk)
    assert len(desk.rows(rule_spells)) == 1
    change(desk, lambda tx: stored_rules.delete_rule(tx.connection, tenant_id=desk.tenant_id, rule_id=rule.id))
    assert (desk.rows(rule_spells), desk.rows(rule_sweeps)) == ([], [])
    assert troubles(desk) == []
