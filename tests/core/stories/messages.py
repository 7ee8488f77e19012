"""Stories of inbox runs: who holds which entry, and what they do with it."""

from __future__ import annotations

from typing import Any

from core.stories.desk import RUN, TENANT, Story
from wayline.core import commands
from wayline.core.commands import Command
from wayline.core.effects import ChangeEntries, Notify, RunJob, Send, ShowFace
from wayline.core.facts import Actor
from wayline.core.inbox.state import UNREACHED, Dispatch


class Message(Story):
    """One message, told command by command. The steps are written without name and kind."""

    def __init__(self, steps: str, **around: Any) -> None:
        indented = "\n".join(f"  {line}" for line in steps.splitlines())
        super().__init__(f"kind: inbox\nsteps:\n{indented}\n", **around)

    def sent(self, to: str | list[str], *, by: Actor, **sent: Any) -> Message:
        """It is dispatched; `data` and what else a dispatch has."""
        data = sent.pop("data", {})
        dispatch = Dispatch(to=to, **sent)
        self.starts(ticket={}, owner=by, dispatch=dispatch, **data)
        return self

    def at_step(self, who: Actor) -> str | None:
        """The step a person's entry shows; None when they have no entry in the inbox."""
        entry = self.entry(who)
        if entry is None or not entry.active:
            return None
        (visit,) = [v for v in self.run.open if v.position == entry.visit]
        return visit.step_id

    @property
    def inboxes(self) -> dict[str, str]:
        """The step that everybody's active entry shows, by person."""
        at = {v.position: v.step_id for v in self.run.open}
        return {u: at[e.visit] for u, e in self.held.items() if e.active}

    @property
    def held(self) -> dict[str, Any]:
        """Everybody's entry, by person."""
        assert self.run.inbox is not None
        return {u: e for u, e in self.run.inbox.entries.items() if e.visit != UNREACHED}

    def entry(self, who: Actor) -> Any:
        """A person's entry; None for none."""
        return self.held.get(who.user_id or "")

    @property
    def locked(self) -> dict[str, str | None]:
        """Who has locked whose entry."""
        return {u: e.locked_by for u, e in self.held.items() if e.lock}

    @property
    def faces(self) -> list[ShowFace]:
        """What was shown, visit by visit."""
        return [e for e in self.effects if isinstance(e, ShowFace)]

    @property
    def pushed(self) -> list[tuple[tuple[str, ...], str, str]]:
        """Notices by push: to whom, title and body."""
        return [(e.user_ids, e.title, e.body) for e in self.effects if isinstance(e, Notify) and e.channel == "push"]

    @property
    def jobs(self) -> list[RunJob]:
        """Every job there was, in order."""
        return [e for e in self.effects if isinstance(e, RunJob)]

    @property
    def sendings(self) -> list[Send]:
        """Everything that left for the outbox."""
        return [e for e in self.effects if isinstance(e, Send)]

    @property
    def written(self) -> list[ChangeEntries]:
        """What was written of entries, decision by decision."""
        return [e for e in self.effects if isinstance(e, ChangeEntries)]


def chooses(who: Actor, path: str, *, of: Actor | None = None, seen: str | None = None, **data: Any) -> Command:
    """A person takes a path on their own entry, or on that of somebody else."""
    user_id = (of or who).user_id or ""
    return commands.ChooseEntry(
        tenant_id=TENANT, run_id=RUN, actor=who, user_id=user_id, path=path, data=data, seen_step=seen
    )


def locks(who: Actor, *, of: Actor | None = None) -> Command:
    return commands.LockEntry(tenant_id=TENANT, run_id=RUN, actor=who, user_id=(of or who).user_id or "")


def unlocks(who: Actor, *, of: Actor | None = None) -> Command:
    return commands.UnlockEntry(tenant_id=TENANT, run_id=RUN, actor=who, user_id=(of or who).user_id or "")
