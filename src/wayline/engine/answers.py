"""What the door answers, by what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from wayline.core.events import Event
from wayline.core.facts import Directory
from wayline.core.graph import Graph
from wayline.core.run import Run
from wayline.store.timeline import TimelineEvent, numbered


class RunAnswer(msgspec.Struct, frozen=True):
    """A run command's answer: the run as it is now, and the graph it walks. `created` is StartRun's alone: the run
    before its first step; `repeated` SendSignal's: the signal had come before, and did nothing now. `events` are what
    became true at `at`, by whom.
    """

    run: Run
    graph: Graph
    created: Run | None = None
    repeated: bool = False
    events: Sequence[Event] = ()
    at: datetime | None = None
    actor_id: str | None = None

    @property
    def said(self) -> list[TimelineEvent]:
        """What the command added to the timeline."""
        assert self.at is not None
        return numbered(self.events, seq=self.run.seq - len(self.events), at=self.at, actor_id=self.actor_id)


class TicketAnswer(msgspec.Struct, frozen=True):
    """A ticket command's answer: the ticket as it is now, the people it names, and the runs it started."""

    ticket: Mapping[str, Any]
    directory: Directory
    run_ids: tuple[str, ...] = ()


class ReactionAnswer(msgspec.Struct, frozen=True):
    """SweepTicket's and ReceiveHook's answer: the event that rules have seen, None when there was none to be seen; and
    the runs they started."""

    event_id: str | None
    run_ids: tuple[str, ...] = ()


class CommentAnswer(msgspec.Struct, frozen=True):
    """AddComment's answer."""

    comment: Mapping[str, Any]


class InterventionAnswer(msgspec.Struct, frozen=True):
    """RequestIntervention's answer: the ticket that stands for what was asked, whether it is new or was there."""

    ticket_id: str
    number: str
    uid: str


class FileAnswer(msgspec.Struct, frozen=True):
    """AttachFile's answer: the file's row."""

    file: Mapping[str, Any]


Answer = ReactionAnswer | RunAnswer | TicketAnswer | CommentAnswer | datetime | FileAnswer | InterventionAnswer
LiveChange = tuple[str, str, dict[str, Any], frozenset[str] | None]
