"""A wait rests for a time, until an instant, or until somebody signals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.stories.desk import MONDAY_NINE, Story, fires, signals


def waiting(for_: str, properties: str = "", **variables: Any) -> Story:
    return Story(f"""
steps:
  - {{id: rest, type: wait, for: {for_}, {properties} next: done}}
  - {{id: done, type: automatic, action: {{type: comment, text: "{{{{ steps.rest.payload }}}}"}}}}
""").starts(**variables)


def due(story: Story) -> datetime:
    (timer,) = story.tables.timers.values()
    return timer.due_at


def test_hours_are_hours_of_the_clock() -> None:
    story = waiting("{hours: 30.5}")
    assert due(story) == MONDAY_NINE + timedelta(hours=30.5)
    assert story.later(hours=30).resting_at == ["rest"]
    assert story.later(hours=1).path[0] == ("rest", "elapsed")
    assert story.tables.timers == {}


def test_business_hours_are_counted_on_the_calendar() -> None:
    assert due(waiting("{business_hours: 10, calendar: office-hours}")).date().isoformat() == "2026-03-03"
    assert due(waiting("{business_hours: 10}")) == due(waiting("{business_hours: 10, calendar: office-hours}"))


@pytest.mark.parametrize(
    ("until", "instant"),
    [
        ("2026-03-05T10:00:00Z", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("'2026-03-05T10:00:00+01:00'", datetime(2026, 3, 5, 9, tzinfo=UTC)),
        ("'2026-03-05'", datetime(2026, 3, 5, tzinfo=UTC)),
        ("'{{ when }}'", datetime(2026, 4, 1, 8, tzinfo=UTC)),
        ("'{{ when }}T12:00'", None),
    ],
)
def test_an_instant_may_be_written_or_rendered(until: str, instant: datetime | None) -> None:
    story = waiting(f"{{until: {until}}}", when="2026-04-01T08:00:00Z")
    if instant is None:
        assert story.status == "failed"
    else:
        assert due(story) == instant


def test_an_instant_that_has_passed_is_due_at_once() -> None:
    assert waiting("{until: 2020-01-01T00:00:00Z}").later().path[0] == ("rest", "elapsed")


@pytest.mark.parametrize("text", ["soon", "32.13.2026", "{{ ticket.title }}", "{{ 1 / 0 }}"])
def test_a_text_that_is_no_instant_fails_the_run_with_the_reason(text: str) -> None:
    story = waiting(f"{{until: '{text}'}}")
    assert story.status == "failed"
    assert story.run.failure is not None
    assert (story.run.failure.reason, story.run.failure.step_id) == ("not_an_instant", "rest")
    assert story.tables.timers == {}


def test_a_signal_is_taken_by_the_step_that_waits_for_it() -> None:
    story = waiting("{signal: delivered}").when(signals("delivered", {"by": "van"}))
    assert story.path[0] == ("rest", "received")
    assert story.run.outputs["rest"] == {"by": "van", "payload": {"by": "van"}, "outcome": "received"}
    assert story.status == "completed"


def test_a_signal_of_another_name_is_kept_and_takes_nothing() -> None:
    story = waiting("{signal: delivered}").when(signals("lost"))
    assert story.resting_at == ["rest"]
    assert [s.name for s in story.run.signals] == ["lost"]
    assert story.said("signal_buffered")


def test_a_signal_that_came_before_is_taken_on_arrival() -> None:
    story = Story("""
steps:
  - {id: first, type: wait, for: {signal: go}, next: second}
  - {id: second, type: wait, for: {signal: delivered}}
""").starts()
    story.when(signals("delivered", 1), signals("delivered", 2), signals("go"))
    assert story.status == "completed"
    assert story.run.outputs["second"]["payload"] == 1
    assert [s.payload for s in story.run.signals] == [2]


def test_one_signal_is_taken_by_one_step() -> None:
    story = Story("""
steps:
  - {id: first, type: wait, for: {signal: go}, next: second}
  - {id: second, type: wait, for: {signal: go}}
""").starts()
    assert story.when(signals("go")).resting_at == ["second"]
    assert story.when(signals("go")).status == "completed"


def test_a_signal_to_a_run_that_has_ended_is_refused() -> None:
    story = waiting("{signal: go}").when(signals("go"))
    assert story.refuses(signals("go")).code == "not_running"


def test_a_wait_for_a_signal_may_run_out() -> None:
    story = waiting("{signal: go}", "timeout_hours: 2, on_timeout: {then: proceed},").later(hours=2)
    assert story.path[0] == ("rest", "timed_out")
    assert story.status == "completed"


def test_a_timer_fires_once() -> None:
    story = waiting("{hours: 1}")
    (timer,) = story.tables.timers.values()
    story.later(hours=1)
    assert story.refuses(fires(timer)).code == "stale_timer"
