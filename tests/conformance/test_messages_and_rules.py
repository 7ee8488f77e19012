"""Messages and rules: a rule sends one in its author's name, and what people choose makes rules act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from desk_rules import add_rule, fired, ticket, toggle, troubles, update
from driven_desk import DrivenDesk, driven_desk

from served_desk import Person
from wayline.core.commands import ChooseEntry
from wayline.core.starting import id_sent_for
from wayline.store.tables import dispatches, entries, entry_faces, outbox, runs, templates, work_items


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def message(desk: DrivenDesk, *, scope: str = "given groups [service-desk]", actions: Any = ()) -> str:
    """Somebody is asked to come, and whoever does makes something happen; answers the template's id."""
    paths = [{"label": "Come", "step": "came"}]
    steps = {
        "start": {
            "step": {
                "template": "{{ dispatch.place }}",
                "name": "New",
                "description": "{{ source.name }} asks",
                "summary": "S",
                "scope": scope,
                "paths": paths,
            }
        },
        "came": {"step": {"name": "Came", "status": "retired", "scope": "$all"}, "actions": list(actions)},
    }
    return desk.publish(name="Call", definition={"name": "Call", "kind": "inbox", "steps": steps})


def chooses(desk: DrivenDesk, person: Person, run_id: str, path: str = "Come", **data: Any) -> None:
    desk.submit(
        ChooseEntry(
            tenant_id=desk.tenant_id, actor=person.actor, run_id=run_id, user_id=person.id, path=path, data=data
        )
    )


def only_run(desk: DrivenDesk) -> str:
    (row,) = desk.rows(runs)
    return str(row.id)


def test_a_rule_that_starts_one_speaks_in_its_authors_name(desk: DrivenDesk) -> None:
    message(desk, scope="$source")
    action = {"type": "start_workflow", "workflow_name": "Call", "input": {"place": "{{ title }}"}}
    add_rule(desk, trigger="on_ticket_created", actions=[action])
    desk.open_ticket(title="The gate")
    run = desk.run(only_run(desk))
    assert (run.trigger_type, run.owner_id) == ("rule", desk.ana.id)
    (item,) = desk.rows(work_items)
    assert (item.assigned_to, item.title, item.kind) == (desk.root.id, "The gate", "entry")
    (face,) = desk.rows(entry_faces)
    assert (face.subtitle, face.summary) == ("Root asks", "S")


def test_a_choice_fires_a_rule_by_its_name_about_the_runs_ticket(desk: DrivenDesk) -> None:
    template_id = message(desk, actions=[{"action": "trigger", "args": {"rule": "Somebody came"}}])
    text = "{{ payload.choice.data.note }} from {{ payload.step }}"
    add_rule(
        desk,
        "Somebody came",
        trigger="on_step_overdue",
        conditions={"status": "in_progress"},
        actions=[{"type": "set_priority", "priority": "P1"}, {"type": "comment", "text": text}],
    )
    ticket_id = desk.open_ticket()
    run_id = desk.start(template_id, ticket_id=ticket_id)
    chooses(desk, desk.bo, run_id, note="on my way")
    assert desk.run(run_id).status == "completed"
    assert desk.send_commands() == 1
    assert fired(desk) == []
    update(desk, ticket_id, status="in_progress")

    second = desk.start(template_id, ticket_id=ticket_id)
    chooses(desk, desk.bo, second, note="on my way")
    desk.send_commands()
    assert desk.send_commands() == 0
    assert fired(desk) == ["Somebody came"]
    assert ticket(desk, ticket_id).priority == "P1"


def test_a_rule_that_is_gone_by_then_is_an_incident_of_the_run(desk: DrivenDesk) -> None:
    rule = add_rule(desk, "Gone", trigger="webhook", actions=[{"type": "create_ticket", "title": "x"}])
    template_id = message(desk, actions=[{"action": "trigger", "args": {"rule": "Gone"}}])
    toggle(desk, rule, enabled=False)
    run_id = desk.start(template_id)
    chooses(desk, desk.cy, run_id)
    desk.send_commands()
    assert ("run", "not_sent") in troubles(desk)
    assert desk.run(run_id).status == "completed"


def test_messages_and_rules_that_send_for_each_other_come_to_an_end(desk: DrivenDesk) -> None:
    """The message fires the rule as it begins, and the rule starts the message."""
    step = {"name": "New", "scope": "given groups [service-desk]"}
    steps = {"start": {"step": step, "actions": {"trigger": {"args": {"rule": "R"}}}}}
    desk.publish(name="Call", definition={"name": "Call", "kind": "inbox", "steps": steps})
    add_rule(desk, "R", trigger="webhook", actions=[{"type": "start_workflow", "workflow_name": "Call"}])
    (template,) = desk.rows(templates)
    desk.start(template.id)
    for _ in range(30):
        if not desk.send_commands():
            break
    assert desk.send_commands() == 0
    assert ("rule", "chain_cut") in troubles(desk)
    assert 2 < len(desk.rows(runs)) <= 12


def test_the_outbox_sends_a_dispatch_once(desk: DrivenDesk) -> None:
    template_id = message(desk, scope="$sink")
    body = {
        "template": "call",
        "to": [desk.bo.email],
        "attributes": {"place": "Rome"},
        "data": {},
        "title": None,
        "owner_id": desk.dee.id,
    }

    row = {
        "id": "r:e:0",
        "tenant_id": desk.tenant_id,
        "command": "create_dispatch",
        "body": msgspec.msgpack.encode(body),
        "due_at": desk.wayline.clock.now(),
    }
    desk.write(sa.insert(outbox).values(row))
    assert desk.send_commands() == 1
    assert desk.send_commands() == 0
    (sent,) = desk.rows(dispatches)
    assert (sent.id, sent.template_id, sent.by_script) == (id_sent_for("r:e:0"), template_id, True)
    (face,) = desk.rows(entry_faces)
    assert (face.title, face.subtitle, face.summary) == ("Rome", "Dee asks", None)
    assert [row.user_id for row in desk.rows(entries)] == [desk.bo.id]
