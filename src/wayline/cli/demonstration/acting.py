"""Acts as commands: who somebody is, which run is meant, and what is handed to the door."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import msgspec

from wayline.bootstrap import Wayline
from wayline.cli.demonstration.founding import FOUNDER, TENANT_ID, Cast
from wayline.cli.demonstration.people import MAIL_DOMAIN
from wayline.cli.demonstration.story import (
    ASKED,
    ASSIGNEE,
    Act,
    Answered,
    Attaches,
    Broke,
    Cancels,
    Chooses,
    File,
    Fills,
    Leaves,
    Links,
    Number,
    Person,
    Says,
    Sets,
    Signals,
    Story,
    Takes,
    Votes,
)
from wayline.core import commands
from wayline.core.commands import Command
from wayline.core.facts import Actor, Directory
from wayline.core.run import Activation, Run
from wayline.engine.door import Change, Transaction
from wayline.store import audit, people
from wayline.store.database import new_id
from wayline.store.files import add_file
from wayline.store.runs import list_runs, read_run
from wayline.store.tickets import read_ticket

MAX_RUNS_A_TICKET = 10
MEDIA_TYPES = {"csv": "text/csv"}


class Told(msgspec.Struct):
    """A story as far as it has been told: its ticket, or its run where there is no ticket."""

    story: Story
    ticket_id: str | None = None
    run_id: str | None = None


class Acting:
    """Turns acts into what goes through the door, on the desk as it is at that moment."""

    def __init__(self, wayline: Wayline, cast: Cast) -> None:
        self._wayline = wayline
        self._cast = cast
        self._told: dict[str, Told] = {}

    # -- stories -----------------------------------------------------------------------------------

    def opening(self, story: Story) -> Command:
        """The story's ticket, or its run."""
        actor = self._cast.actors[story.by]
        told = Told(story)
        self._told[story.key] = told
        if story.run_of is None:
            told.ticket_id = new_id()
            return commands.CreateTicket(
                tenant_id=TENANT_ID, actor=actor, ticket_id=told.ticket_id, fields=_named(story.fields)
            )
        told.run_id = new_id()
        return commands.StartRun(
            tenant_id=TENANT_ID,
            actor=actor,
            run_id=told.run_id,
            template_id=self._template_id(story.run_of),
            owner_id=actor.user_id,
            variables=story.fields,
            trigger_type="manual",
            trigger_detail=f"Started by {actor.name}",
        )

    async def do(self, key: str, act: Act) -> None:
        """Have an act of that story done; raises whatever the door refuses."""
        made = _MAKERS[type(act)](self, self._told[key], act)
        for asked in made if isinstance(made, list) else [made]:
            await self._wayline.door.submit(asked)

    def run(self, run_id: str) -> Run:
        """A run as it is now."""
        with self._wayline.database.reader.connect() as connection:
            run = read_run(connection, tenant_id=TENANT_ID, run_id=run_id)
        assert run is not None
        return run

    def answer_at(self, run: Run, step_id: str) -> Answered | Broke:
        """How the system behind a step answers; KeyError when the story of the run does not say."""
        told = next(t for t in self._told.values() if run.id == t.run_id or run.ticket_id == t.ticket_id is not None)
        return told.story.systems[step_id]

    # -- acts --------------------------------------------------------------------------------------

    def _fill(self, told: Told, act: Fills) -> list[Command | Change]:
        run = self._run_of(told, act.template)
        actor = self._actor(told, act.who, run, act.step)
        uploads: list[Command | Change] = []

        def resolved(value: Any) -> Any:
            if isinstance(value, list):
                return [resolved(item) for item in value]
            if isinstance(value, File):
                upload, file_id = self._upload(told, value, actor)
                uploads.append(upload)
                return file_id
            return self._resolved(value)

        form_data = {name: resolved(value) for name, value in act.form.items()}
        return [*uploads, _complete(run, actor, act.step, {"form_data": form_data})]

    def _vote(self, told: Told, act: Votes) -> Command:
        run = self._run_of(told, act.template)
        answer = {"decision": act.decision} | ({"comment": act.comment} if act.comment else {})
        return _complete(run, self._actor(told, act.who, run, act.step), act.step, answer)

    def _choose(self, told: Told, act: Chooses) -> Command:
        run = self._run_of(told, act.template)
        return _complete(run, self._actor(told, act.who, run, act.step), act.step, {"option": act.option})

    def _take(self, told: Told, act: Takes) -> Command:
        run = self._run_of(told, act.template)
        actor = self._actor(told, act.who, run, act.step)
        return commands.ClaimStep(tenant_id=TENANT_ID, actor=actor, run_id=run.id, step=act.step)

    def _signal(self, told: Told, act: Signals) -> Command:
        actor = self._actor(told, act.who)
        run = self._run_of(told, None)
        return commands.SendSignal(tenant_id=TENANT_ID, actor=actor, run_id=run.id, name=act.name, payload=act.payload)

    def _cancel(self, told: Told, act: Cancels) -> Command:
        actor = self._actor(told, act.who)
        run = self._run_of(told, None)
        return commands.CancelRun(tenant_id=TENANT_ID, actor=actor, run_id=run.id, reason=act.reason)

    def _say(self, told: Told, act: Says) -> Command:
        return commands.AddComment(
            tenant_id=TENANT_ID,
            actor=self._actor(told, act.who),
            ticket_id=_ticket_of(told),
            comment_id=new_id(),
            text=act.text,
            visibility="internal" if act.internal else "public",
        )

    def _set(self, told: Told, act: Sets) -> Command:
        return commands.UpdateTicket(
            tenant_id=TENANT_ID,
            actor=self._actor(told, act.who),
            ticket_id=_ticket_of(told),
            changes=_named(act.fields),
        )

    def _attach(self, told: Told, act: Attaches) -> Command | Change:
        return self._upload(told, act.file, self._actor(told, act.who))[0]

    def _link(self, told: Told, act: Links) -> Command:
        return commands.LinkTicket(
            tenant_id=TENANT_ID,
            actor=self._actor(told, act.who),
            ticket_id=_ticket_of(told),
            other_id=_ticket_of(self._told[act.other]),
            kind=act.kind,
        )

    def _leave(self, told: Told, act: Leaves) -> Change:
        user_id, by = self._cast.id_of(act.who), self._cast.actors[FOUNDER]

        def write(tx: Transaction) -> None:
            people.lock_directory(tx.connection, TENANT_ID)
            people.change_user(tx.connection, tenant_id=TENANT_ID, user_id=user_id, fields={"active": False})
            audit.record(
                tx.connection,
                tenant_id=TENANT_ID,
                at=tx.at,
                actor=by,
                action="user.updated",
                subject_id=user_id,
                detail={"active": [True, False]},
            )

        return Change(tenant_id=TENANT_ID, actor=by, write=write)

    # -- who, where, what --------------------------------------------------------------------------

    def _actor(self, told: Told, who: str, run: Run | None = None, step: str = "") -> Actor:
        if who == ASSIGNEE:
            return self._person(self._who_has(told))
        if who == ASKED:
            assert run is not None
            activation = run.activation(step)
            assert activation is not None, f"{told.story.key}: {step} is not open; the run is at {run.open}"
            return self._person(_first_asked(activation, self._directory()))
        return self._cast.actors[who]

    def _person(self, user_id: str) -> Actor:
        return next(actor for actor in self._cast.actors.values() if actor.user_id == user_id)

    def _who_has(self, told: Told) -> str:
        """The ticket's assignee, else the first of its group."""
        with self._wayline.database.reader.connect() as connection:
            ticket = read_ticket(connection, tenant_id=TENANT_ID, name=_ticket_of(told), is_id=True)
        assert ticket is not None
        if ticket["assignee"]:
            return str(ticket["assignee"])
        return self._directory().groups[ticket["group"]].members[0]

    def _directory(self) -> Directory:
        with self._wayline.database.reader.connect() as connection:
            return self._wayline.tenants.current(connection, {TENANT_ID})[TENANT_ID].directory

    def _template_id(self, name: str) -> str:
        with self._wayline.database.reader.connect() as connection:
            head = self._wayline.tenants.current(connection, {TENANT_ID})[TENANT_ID].template_named(name)
        assert head is not None
        return head.id

    def _run_of(self, told: Told, template: str | None) -> Run:
        """The story's run: of that template, or the one it began with."""
        if told.run_id is not None:
            return self.run(told.run_id)
        with self._wayline.database.reader.connect() as connection:
            runs, _ = list_runs(
                connection,
                tenant_id=TENANT_ID,
                ticket_id=told.ticket_id,
                newest_first=False,
                limit=MAX_RUNS_A_TICKET,
                offset=0,
            )
        return next(run for run in runs if template in (None, run.template_name))

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Person):
            return self._cast.id_of(value.key)
        if isinstance(value, Number):
            with self._wayline.database.reader.connect() as connection:
                ticket_id = _ticket_of(self._told[value.of])
                ticket = read_ticket(connection, tenant_id=TENANT_ID, name=ticket_id, is_id=True)
            assert ticket is not None
            return ticket["number"]
        return value

    def _upload(self, told: Told, file: File, actor: Actor) -> tuple[Command | Change, str]:
        """What keeps a file, on the story's ticket where there is one, and the file's id."""
        content = self._wayline.files.keep(io.BytesIO(file.text.encode()))
        file_id = new_id()
        row = {
            "id": file_id,
            "name": file.name,
            "media_type": MEDIA_TYPES.get(file.name.rpartition(".")[2], "text/plain"),
            "size_bytes": content.size_bytes,
            "sha256": content.sha256,
        }
        if told.ticket_id is not None:
            return commands.AttachFile(tenant_id=TENANT_ID, actor=actor, ticket_id=told.ticket_id, file=row), file_id

        def write(tx: Transaction) -> None:
            uploaded = {"tenant_id": TENANT_ID, "ticket_id": None, "uploaded_by": actor.user_id, "created_at": tx.at}
            add_file(tx.connection, {**row, **uploaded})

        return Change(tenant_id=TENANT_ID, actor=actor, write=write), file_id


_MAKERS: dict[type[Act], Callable[[Acting, Told, Any], Any]] = {
    Fills: Acting._fill,
    Votes: Acting._vote,
    Chooses: Acting._choose,
    Takes: Acting._take,
    Signals: Acting._signal,
    Cancels: Acting._cancel,
    Says: Acting._say,
    Sets: Acting._set,
    Attaches: Acting._attach,
    Links: Acting._link,
    Leaves: Acting._leave,
}


def _complete(run: Run, actor: Actor, step: str, answer: dict[str, Any]) -> Command:
    return commands.CompleteStep(tenant_id=TENANT_ID, actor=actor, run_id=run.id, step=step, answer=answer)


def _ticket_of(told: Told) -> str:
    assert told.ticket_id is not None, f"{told.story.key} has no ticket"
    return told.ticket_id


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """A ticket's fields with people by their addresses."""
    return {
        name: f"{value}@{MAIL_DOMAIN}" if name in ("assignee", "requester") and "@" not in value else value
        for name, value in fields.items()
    }


def _first_asked(activation: Activation, directory: Directory) -> str:
    """Whom an open step waits for: who has taken it, who was named, the first who has not voted, or of its group."""
    voted = {vote.voter for vote in activation.votes}
    named = [activation.claimed_by, activation.assigned_to, *(u for u in activation.candidates if u not in voted)]
    group = directory.groups.get(activation.group_id or "")
    return next(u for u in [*named, *(group.members if group else ())] if u is not None)
