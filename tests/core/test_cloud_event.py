"""Which events other systems can be told, and how an event looks to them."""

from __future__ import annotations

import typing
from datetime import UTC, datetime

import msgspec

from wayline.core.cloud_event import TYPES, cloud_event, subscribers_of, types_of
from wayline.core.events import EventName

# Told as what they come to, or by nobody but the engine: a ticket's own timeline says that a run has changed it, an
# incident is told from its own row; what a script has done is told of each ticket it has done it to.
NOT_TOLD = {
    "action_started",
    "signal_buffered",
    "held_until_resume",
    "timer_fired",
    "notification_sent",
    "ticket_changed",
    "incident_raised",
    "script_ran",
}


def test_every_event_is_told_under_a_published_type_or_left_out_on_purpose() -> None:
    told = {name: types_of(name, None) for name in typing.get_args(EventName)}
    assert {name for name, types in told.items() if not types} == NOT_TOLD
    assert {t for types in told.values() for t in types} <= set(TYPES)


def test_every_published_type_is_told_of_some_event() -> None:
    names = typing.get_args(EventName)
    told = {t for name in names for step_type in (None, "approval") for t in types_of(name, step_type)}
    # An incident is told when it is raised, and not by an event of a timeline.
    assert told | {"wayline.incident.raised"} == set(TYPES)


def test_an_approval_is_requested_and_decided_where_its_step_moves() -> None:
    assert types_of("step_activated", "approval") == ("wayline.approval.requested", "wayline.step.activated")
    assert types_of("step_completed", "approval") == ("wayline.approval.decided", "wayline.step.completed")
    assert types_of("step_activated", "form") == ("wayline.step.activated",)
    assert types_of("step_failed", "approval") == ("wayline.step.failed",)


def test_subscribers_are_found_by_type() -> None:
    found = subscribers_of([("a", ["wayline.run.failed"]), ("b", ["*"]), ("c", [])])
    assert found["wayline.run.failed"] == ("a", "b")
    assert found["wayline.ticket.created"] == ("b",)
    assert set(found) == set(TYPES)
    assert subscribers_of([]) == {}


def test_an_event_is_a_cloud_event_and_sorts_by_its_sequence() -> None:
    def told(seq: int) -> dict[str, object]:
        return cloud_event(
            told="wayline.run.started",
            source="https://desk.example",
            subject="runs/r",
            subject_id="r",
            seq=seq,
            at=datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
            data={"detail": "Manually initiated"},
        )

    event = told(9)
    assert msgspec.json.decode(msgspec.json.encode(event)) == {
        "specversion": "1.0",
        "id": "r:9:run.started",
        "source": "https://desk.example",
        "type": "wayline.run.started",
        "subject": "runs/r",
        "time": "2026-03-04T09:30:00Z",
        "sequence": "00000000000000000009",
        "datacontenttype": "application/json",
        "data": {"detail": "Manually initiated"},
    }
    assert str(told(9)["sequence"]) < str(told(10)["sequence"])
