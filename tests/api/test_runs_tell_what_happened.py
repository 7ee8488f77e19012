"""The timeline of a run over HTTP: every event once, in order, a window at a time."""

from __future__ import annotations

from typing import Any

import pytest
from runs_at_a_desk import SIGN, begun, get, post, read, refused

from served_desk import Desk
from wayline.core.commands import SendSignal
from workflows import publish

WAIT = {"id": "hold", "type": "wait", "for": {"signal": "never"}}


@pytest.fixture
def run(desk: Desk) -> dict[str, Any]:
    """A run of Ana's with six events: begun, at rest, and two signals, each received and kept."""
    begun_run = begun(desk, desk.ana, publish(desk, [WAIT]))
    for name in ("first", "second"):
        signal = SendSignal(tenant_id=desk.tenant_id, run_id=begun_run["id"], actor=desk.bo.actor, name=name)
        desk.wayline.door.submit_and_wait(signal)
    return begun_run


def test_events_are_told_in_order_with_who_and_what(desk: Desk, run: dict[str, Any]) -> None:
    answer = get(desk, desk.ana, f"/{run['id']}/events").json()
    assert [(e["seq"], e["event"], e["actor"]) for e in answer["data"]] == [
        (0, "run_started", desk.ana.id),
        (1, "step_activated", desk.ana.id),
        (2, "signal_received", desk.bo.id),
        (3, "signal_buffered", desk.bo.id),
        (4, "signal_received", desk.bo.id),
        (5, "signal_buffered", desk.bo.id),
    ]
    assert answer["meta"] == {"pagination": {"total_count": 6, "limit": 20, "offset": 0, "has_more": False}}
    assert answer["data"][1]["step_id"] == "hold"
    assert answer["data"][2]["data"] == {"name": "first", "payload": None}
    assert all(event["detail"] and event["at"] for event in answer["data"])
    full = read(desk, desk.ana, run)
    assert (full["events"], full["events_total"]) == (answer["data"], 6)


def test_a_window_begins_inside_a_decision_as_well(desk: Desk, run: dict[str, Any]) -> None:
    """Events are stored by decision, two in each of these; the window cuts where it is told to."""
    for offset in range(7):
        for limit in (1, 2, 3, 5):
            answer = get(desk, desk.ana, f"/{run['id']}/events", offset=offset, limit=limit).json()
            assert [e["seq"] for e in answer["data"]] == list(range(6))[offset : offset + limit]
            assert answer["meta"]["pagination"]["has_more"] is (offset + limit < 6)


def test_one_may_ask_for_what_came_after_an_event(desk: Desk, run: dict[str, Any]) -> None:
    def after(seq: int, **more: int) -> list[int]:
        answer = get(desk, desk.ana, f"/{run['id']}/events", after_seq=seq, **more).json()
        return [e["seq"] for e in answer["data"]]

    assert after(-1) == [0, 1, 2, 3, 4, 5]
    assert after(2) == [3, 4, 5]
    assert after(2, limit=2) == [3, 4]
    assert after(2, limit=2, offset=1) == [4, 5]
    assert after(5) == after(2**53) == []


@pytest.mark.parametrize(("name", "value"), [("after_seq", -2), ("after_seq", "x"), ("limit", 101), ("offset", -1)])
def test_a_bad_window_is_named(sqlite_desk: Desk, name: str, value: Any) -> None:
    desk = sqlite_desk
    begun_run = begun(desk, desk.ana, publish(desk, [SIGN]))
    errors = refused(get(desk, desk.ana, f"/{begun_run['id']}/events", **{name: value}), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in errors] == [name]


def test_a_long_history_shows_its_latest_events_with_the_run(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    begun_run = begun(desk, desk.ana, publish(desk, [WAIT]))
    for number in range(501):
        signal = SendSignal(tenant_id=desk.tenant_id, run_id=begun_run["id"], name=f"s{number}")
        asked = desk.wayline.door.submit_soon(signal)
    asked.result()
    full = read(desk, desk.ana, begun_run)
    assert full["events_total"] == 1004
    assert [e["seq"] for e in full["events"]] == list(range(4, 1004))


def test_the_runs_last_decision_is_its_heartbeat(desk: Desk) -> None:
    begun_run = begun(desk, desk.ana, publish(desk, [SIGN]))
    first = read(desk, desk.ana, begun_run)
    assert first["runner"] == {"state": "active", "heartbeat_at": first["started_at"]}
    desk.wayline.clock.advance(60)
    assert post(desk, desk.ana, f"/{begun_run['id']}/pause").status_code == 200
    paused = read(desk, desk.ana, begun_run)
    assert paused["runner"] == {"state": "hibernating", "heartbeat_at": paused["events"][-1]["at"]}
    assert paused["runner"]["heartbeat_at"] > first["runner"]["heartbeat_at"]
