"""A schedule's instants are those of the wall clock, each once, also in the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wayline.core.schedule import Schedule


def instants(schedule: Schedule, at: datetime, count: int) -> list[str]:
    found = []
    for _ in range(count):
        at = schedule.after(at)
        found.append(f"{at:%m-%d %H:%M}")
    return found


def test_the_next_instant_is_later_than_now() -> None:
    every_five = Schedule()
    assert instants(every_five, datetime(2026, 1, 1, tzinfo=UTC), 2) == ["01-01 00:05", "01-01 00:10"]


def test_half_past_two_comes_once_in_the_night_it_is_twice() -> None:
    daily = Schedule(cron="30 2 * * *", timezone="Europe/Vienna")
    assert instants(daily, datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == ["10-25 00:30", "10-26 01:30"]


def test_half_past_two_is_not_left_out_in_the_night_it_is_not() -> None:
    daily = Schedule(cron="30 2 * * *", timezone="Europe/Vienna")
    assert instants(daily, datetime(2026, 3, 28, 12, tzinfo=UTC), 2) == ["03-29 01:00", "03-30 00:30"]


def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        Schedule(timezone="Mars/Olympus")
