"""When Marlow Instruments works, and the instants of its stories: working days ago, minutes ago, days ahead.

Deadlines run in business time. A story is therefore told in working days and not in dates: whatever day the demo is
built on, what is overdue in it is overdue, and what is not is not.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wayline.core.business_time import Calendar, add, calendar_from, is_open
from wayline.core.calendar_definition import CalendarDefinition

ZONE = "Europe/Berlin"
_MORNING, _AFTERNOON, _SHORT_AFTERNOON = [480, 720], [780, 1020], [780, 960]

OFFICE_HOURS: dict[str, Any] = {
    "name": "office-hours",
    "timezone": ZONE,
    "mode": "per_day",
    "days": {
        "mon": [_MORNING, _AFTERNOON],
        "tue": [_MORNING, _AFTERNOON],
        "wed": [_MORNING, _AFTERNOON],
        "thu": [_MORNING, _AFTERNOON],
        "fri": [_MORNING, _SHORT_AFTERNOON],
    },
    "holidays": {"country": "DE", "region": "BY"},
}
FOLLOW_THE_SUN: dict[str, Any] = {"name": "follow-the-sun", "timezone": "UTC", "mode": "always"}


class Days:
    """The instants of a desk that is looked at `now` (aware)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._zone = ZoneInfo(ZONE)
        self._calendar: Calendar = calendar_from(CalendarDefinition.model_validate(OFFICE_HOURS))
        self._working_days: list[date] = []

    def on(self, days_ago: int, clock: str) -> datetime:
        """`HH:MM` in Berlin, so many working days before today; 1 is the last one that is over."""
        wall = datetime.combine(self._working_day(days_ago), time.fromisoformat(clock), self._zone)
        return wall.astimezone(UTC)

    def ago(self, minutes: float) -> datetime:
        """So many minutes ago."""
        return self.now - timedelta(minutes=minutes)

    def lately(self, minutes: float) -> datetime:
        """So many minutes of office hours ago: on a Sunday, on Friday."""
        return add(self._calendar, self.now, -minutes * 60)

    def ahead(self, days: int) -> date:
        """The date so many days from today."""
        return (self.now + timedelta(days=days)).astimezone(self._zone).date()

    @property
    def quarter(self) -> str:
        """The quarter it is, as `2026-Q1`."""
        today = self.ahead(0)
        return f"{today.year}-Q{(today.month + 2) // 3}"

    def _working_day(self, days_ago: int) -> date:
        while len(self._working_days) < days_ago:
            before = self._working_days[-1] if self._working_days else self.ahead(0)
            self._working_days.append(self._open_day_before(before))
        return self._working_days[days_ago - 1]

    def _open_day_before(self, day: date) -> date:
        while True:
            day -= timedelta(days=1)
            if is_open(self._calendar, datetime.combine(day, time(9), self._zone)):
                return day
