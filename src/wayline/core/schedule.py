"""Schedules: a cron line read in a time zone, and the instants it means.

cronsim counts wall-clock time the way Debian's cron does: on the night the clocks go back a fixed hour comes once, and
one that is skipped in spring comes when the clocks have moved.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, model_validator


class Schedule(BaseModel):
    """When something happens again and again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str = Field("*/5 * * * *", max_length=200, description="Five fields: minute, hour, day, month, weekday.")
    timezone: str = Field("UTC", max_length=64, description="The IANA time zone the cron line is read in.")

    @model_validator(mode="after")
    def _can_be_read(self) -> Schedule:
        try:
            zone = _zone(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{self.timezone!r} is not a time zone") from error
        try:
            if len(self.cron.split()) != 5:
                raise CronSimError("it has five fields")
            next(CronSim(self.cron, datetime(2024, 1, 1, tzinfo=zone)))
        except (CronSimError, StopIteration) as error:
            said = str(error) or "no instant fits it"
            raise ValueError(f"{self.cron!r} is no cron line: {said}") from error
        return self

    def after(self, at: datetime) -> datetime:
        """The first instant later than `at`, in UTC."""
        return next(CronSim(self.cron, at.astimezone(_zone(self.timezone)))).astimezone(UTC)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
