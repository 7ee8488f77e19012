"""Driving a log's cases through the door, beginning with what is not there yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import Any, Final

from wayline.cli.replaying.cases import CaseIds, Played, beginning, ids_of, step
from wayline.cli.replaying.people import LogPeople
from wayline.cli.replaying.stopped import ReplayStopped
from wayline.core.commands import Command
from wayline.core.refusals import Refusal
from wayline.core.run import ENDED
from wayline.engine.door import Door
from wayline.eventlog.event import Case, EventLogError
from wayline.store.replays import Reached, existing_tickets, reached

MAX_IN_FLIGHT: Final = 2_000
"""Commands handed over and not yet answered: enough to fill the door's batches, few enough to stay small."""
CASES_A_CHUNK: Final = 500
EVENTS_A_CHUNK: Final = 5_000
"""A chunk is looked up in the store at once. It holds at least one case, however long."""


class Driver:
    """Hands commands to the door in the log's order and watches what becomes of them."""

    def __init__(self, door: Door, played: Played, people: LogPeople) -> None:
        self.empty_cases = 0
        self.ended_early = 0
        self._door = door
        self._played = played
        self._people = people
        self._in_flight: deque[tuple[Future[Any], Case, int]] = deque()
        self._steps = [played.route.step_of(activity) for activity in played.route.activities]

    def drive(self, cases: Iterable[Case]) -> None:
        """Replay what of these cases has not been replayed, and return when all of it is stored.

        `empty_cases` then says how many had no event, which makes them neither ticket nor run; `ended_early` how many
        runs ended before their case did, so that the rest of it cannot be replayed.
        Raises ReplayStopped, and EventLogError for the log's own faults after what came before them is stored.
        """
        try:
            for chunk in _chunks(cases):
                self._drive_chunk(chunk)
        finally:
            self._wait(down_to=0)

    def _drive_chunk(self, chunk: list[Case]) -> None:
        with_events = [case for case in chunk if case.events]
        self.empty_cases += len(chunk) - len(with_events)
        try:
            self._people.enrol(with_events, self._played.route)
        except EventLogError as misfit:
            raise self._find_misfit(with_events) from misfit
        wanted = [(case, ids_of(case, self._played.template_id)) for case in with_events]
        tickets, runs = self._look_up([ids for _, ids in wanted])
        for case, ids in wanted:
            self._drive_case(case, ids, has_ticket=ids.ticket_id in tickets, run=runs.get(ids.run_id))

    def _look_up(self, ids: list[CaseIds]) -> tuple[set[str], dict[str, Reached]]:
        tenant_id = self._played.tenant_id
        with self._door.database.reader.connect() as connection:
            tickets = existing_tickets(connection, tenant_id=tenant_id, ids=[i.ticket_id for i in ids])
            if not tickets:
                return tickets, {}
            run_ids = [i.run_id for i in ids]
            return tickets, reached(connection, tenant_id=tenant_id, run_ids=run_ids, step_ids=self._steps)

    def _drive_case(self, case: Case, ids: CaseIds, *, has_ticket: bool, run: Reached | None) -> None:
        if run is not None and run.status in ENDED:
            self.ended_early += run.completed < len(case.events)
            return
        if run is None:
            for command in beginning(case, ids, self._played, with_ticket=not has_ticket):
                self._submit(command, case, 0)
        done = 0 if run is None else run.completed
        if done >= len(case.events):
            raise ReplayStopped("run_went_on", f"case {case.id!r}: its run has gone further than the log tells")
        for index in range(done, len(case.events)):
            try:
                command = step(case, index, ids, self._played)
            except EventLogError as misfit:
                raise _stopped(case, index, misfit.code, str(misfit)) from misfit
            self._submit(command, case, index)

    def _find_misfit(self, cases: list[Case]) -> ReplayStopped:
        """The first event that the template has no step for."""
        for case in cases:
            for index, event in enumerate(case.events):
                try:
                    self._played.route.step_of(event.activity)
                except EventLogError as misfit:
                    return _stopped(case, index, misfit.code, str(misfit))
        raise AssertionError("every activity has a step")

    def _submit(self, command: Command, case: Case, index: int) -> None:
        if len(self._in_flight) >= MAX_IN_FLIGHT:
            self._wait(down_to=MAX_IN_FLIGHT // 2)
        self._in_flight.append((self._door.submit_soon(command), case, index))

    def _wait(self, *, down_to: int) -> None:
        while len(self._in_flight) > down_to:
            answer, case, index = self._in_flight.popleft()
            try:
                answer.result()
            except Refusal as refusal:
                self._in_flight.clear()
                raise _stopped(case, index, refusal.code, refusal.message) from refusal


def _stopped(case: Case, index: int, code: str, message: str) -> ReplayStopped:
    activity = case.events[index].activity
    return ReplayStopped(code, f"case {case.id!r}, event {index + 1} ({activity!r}): {message}")


def _chunks(cases: Iterable[Case]) -> Iterator[list[Case]]:
    chunk: list[Case] = []
    events = 0
    for case in cases:
        chunk.append(case)
        events += len(case.events)
        if len(chunk) >= CASES_A_CHUNK or events >= EVENTS_A_CHUNK:
            yield chunk
            chunk, events = [], 0
    if chunk:
        yield chunk
