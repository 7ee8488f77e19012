"""A run begins at once, or is kept for its instant; one of a series sends for the next as it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from core.stories.desk import (
    ANA,
    MONDAY_NINE,
    RUN,
    TENANT,
    Story,
    cancels,
    fires,
    pauses,
    resumes,
    signals,
)
from wayline.core import commands
from wayline.core.decide import decide, new_run
from wayline.core.effects import Send
from wayline.core.facts import Facts
from wayline.core.graph import Graph, without_steps
from wayline.core.starting import id_sent_for

STEPS = "steps: [{id: rest, type: wait, for: {signal: go}}]"


class Kept(Story):
    """A story whose run begins as the command says; `graph` None is a template of STEPS."""

    def begins(self, graph: Graph | None = None, **said: Any) -> Kept:
        self.graph = graph or self.graph
        command = commands.StartRun(tenant_id=TENANT, run_id=RUN, template_id=RUN, **said)
        self.run = new_run(self.graph, command, version=1, at=self.at, owner_id="ana")
        self._keep(decide(self.graph, self.run, command, Facts(directory=self.directory), self.at))
        return self

    @property
    def sent(self) -> list[Send]:
        return [e for e in self.effects if isinstance(e, Send)]


def kept(**said: Any) -> Kept:
    return Kept(STEPS).begins(**said)


def steered() -> Kept:
    return Kept(STEPS).begins(without_steps("A talk"), unlisted=True)


# -- kept for an instant ---------------------------------------------------------------------------


def test_a_run_that_is_kept_is_pending_until_its_instant() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2))
    assert (story.status, story.resting_at, story.run.started_at) == ("pending", [], None)
    assert story.said("run_scheduled")[0].detail == "Scheduled for 2026-03-02 11:00 UTC"
    assert story.later(hours=1).status == "pending"
    story.later(hours=1)
    assert (story.status, story.resting_at) == ("running", ["rest"])
    assert story.run.started_at == MONDAY_NINE + timedelta(hours=2)
    assert story.sent == []


def test_a_kept_run_can_be_cancelled_and_then_never_begins() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2))
    (timer,) = story.tables.timers.values()
    story.when(cancels(ANA))
    assert (story.status, story.tables.timers) == ("cancelled", {})
    assert story.refuses(fires(timer)).code == "stale_timer"


def test_a_run_begins_once() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2))
    (timer,) = story.tables.timers.values()
    story.later(hours=2)
    assert story.refuses(fires(timer)).code == "stale_timer"


def test_a_signal_that_comes_before_is_there_when_the_run_begins() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2)).when(signals("go"))
    assert story.status == "pending"
    assert story.later(hours=2).status == "completed"


def test_a_kept_run_that_is_paused_begins_when_it_goes_on_and_not_before() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2)).when(pauses(ANA))
    assert story.later(hours=3).status == "paused"
    story.when(resumes(ANA))
    assert story.status == "pending"
    assert story.later().status == "running"


def test_a_kept_run_that_goes_on_in_time_begins_at_its_instant() -> None:
    story = kept(begin_at=MONDAY_NINE + timedelta(hours=2)).when(pauses(ANA)).later(hours=1).when(resumes(ANA))
    assert story.later(hours=0.5).status == "pending"
    story.later(hours=0.5)
    assert (story.status, story.run.started_at) == ("running", MONDAY_NINE + timedelta(hours=2))


# -- series ----------------------------------------------------------------------------------------


def test_a_series_begins_when_its_schedule_says_so_and_sends_for_the_next() -> None:
    story = kept(schedule={"cron": "0 12 * * *", "timezone": "Europe/Berlin"}, variables={"a": 1}, name="Daily")
    assert story.run.begin_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    story.later(hours=2)
    (next_one,) = story.sent
    assert next_one.command == "start_run"
    assert next_one.body["schedule"] == {"cron": "0 12 * * *", "timezone": "Europe/Berlin"}
    assert (next_one.body["variables"], next_one.body["name"]) == ({"a": 1}, "Daily")
    assert story.run.successor == id_sent_for(next_one.id)


def test_one_of_a_series_that_is_cancelled_has_no_next() -> None:
    assert kept(schedule={"cron": "0 12 * * *"}).when(cancels(ANA)).sent == []


# -- runs without steps ----------------------------------------------------------------------------


def test_a_run_without_steps_waits_for_its_signals() -> None:
    story = steered().when(signals("door opened", {"by": "Ana"}), signals("approval_received", "anything"))
    assert (story.status, story.run.signals) == ("running", [])
    assert [e.data["name"] for e in story.said("signal_received")] == ["door opened", "approval_received"]


def test_the_signal_complete_ends_it_with_its_payload() -> None:
    story = steered().when(signals("complete", {"found": 3}))
    assert (story.status, story.run.result) == ("completed", {"found": 3})
    assert story.refuses(signals("complete")).code == "not_running"


def test_the_signal_fail_ends_it_with_its_reason() -> None:
    for payload, reason in (("no stock", "no stock"), ({"reason": "no stock"}, "no stock"), (7, "Failed by signal")):
        story = steered().when(signals("fail", payload))
        assert story.run.failure is not None
        assert (story.status, story.run.failure.reason, story.run.failure.message) == ("failed", "signalled", reason)


def test_it_can_be_cancelled() -> None:
    assert steered().when(cancels(ANA)).status == "cancelled"


def test_it_does_not_end_before_it_has_begun() -> None:
    story = Kept(STEPS).begins(without_steps("A talk"), begin_at=MONDAY_NINE + timedelta(hours=1))
    assert story.refuses(signals("complete")).code == "not_running"
    assert story.when(signals("note")).later(hours=1).when(signals("complete")).status == "completed"
