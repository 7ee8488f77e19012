"""A run that begins tickets or other runs is a link of a chain; the chain has ten of them, and one cause has so many
events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_rules import troubles
from driven_desk import DrivenDesk, driven_desk

from wayline.core.cause import DEPTH_MAX, EVENTS_PER_ROOT_MAX
from wayline.store.tables import incidents, rule_chains, runs, templates

ROUNDS = 40


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def act(**action: Any) -> dict[str, Any]:
    return {"id": "act", "type": "automatic", "action": action}


def settle(desk: DrivenDesk) -> None:
    """Everything that is due is done, as often as it may come."""
    for _ in range(ROUNDS):
        if not desk.send_commands() + desk.do_jobs():
            return
        desk.pass_time(seconds=60)
    raise AssertionError("it does not end")


BEGIN_AGAIN = {
    "a step": {"type": "start_workflow", "workflow_name": "Again"},
    "a script": {"type": "run_script", "script": "core.start_workflow('Again')"},
}


@pytest.mark.parametrize("how", BEGIN_AGAIN)
def test_a_template_that_begins_itself_is_ended_and_the_incident_names_the_chain(desk: DrivenDesk, how: str) -> None:
    desk.start(desk.publish(act(**BEGIN_AGAIN[how]), name="Again"))
    settle(desk)
    begun = desk.rows(runs)
    assert len(begun) == 1 + DEPTH_MAX
    (row,) = desk.rows(incidents)
    assert row.subject == "run"
    chain = " → ".join(["“Again”"] * (DEPTH_MAX + 1))
    assert f"{chain} was ended: runs that begin one another end after {DEPTH_MAX}." in row.message


def test_a_chain_of_ten_is_carried_through(desk: DrivenDesk) -> None:
    for place in range(DEPTH_MAX):
        begin = {"type": "start_workflow", "workflow_name": f"T{place + 1}"}
        desk.publish(act(**begin), name=f"T{place}")
    desk.publish(act(type="set_variable", name="done", value=True), name=f"T{DEPTH_MAX}")
    (first,) = desk.rows(templates, name="T0")
    desk.start(first.id)
    settle(desk)
    assert sorted(row.status for row in desk.rows(runs)) == ["completed"] * (DEPTH_MAX + 1)
    assert troubles(desk) == []


def test_a_tree_of_runs_is_ended_by_its_size(desk: DrivenDesk) -> None:
    text = "for _ in range(2):\n    core.start_workflow('Tree')"
    root = desk.start(desk.publish(act(type="run_script", script=text), name="Tree"))
    desk.do_jobs()
    (chain,) = desk.rows(rule_chains, root_id=root)
    assert chain.events == 2
    desk.write(rule_chains.update().values(events=EVENTS_PER_ROOT_MAX - 3))
    settle(desk)
    assert len(desk.rows(runs)) == 1 + 2 + 3
    assert all(f"one cause has at most {EVENTS_PER_ROOT_MAX:,} events" in row.message for row in desk.rows(incidents))
    assert desk.rows(incidents)
