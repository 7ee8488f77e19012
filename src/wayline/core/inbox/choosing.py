"""What people do with entries: choosing a path, locking and unlocking by hand.

An entry is its person's own. A substitute may act in their place, which the timeline tells; the entry, and whoever
counts as the source of what follows, stay the person's. Record 29.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from wayline.core import commands
from wayline.core.facts import Actor, Directory
from wayline.core.inbox.behaviors import handed_over
from wayline.core.inbox.definition import InboxStep, Path
from wayline.core.inbox.entries import change_entry, close_left_visits, visit_at
from wayline.core.inbox.names import names_of
from wayline.core.inbox.scope import Activator, Surroundings
from wayline.core.inbox.state import UNREACHED, Entry
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.run import Activation, Run

if TYPE_CHECKING:
    from wayline.core.decision import Deciding

MAX_DATA_BYTES = 64 * 1024
LOCKERS = ("manager", "admin", "system")
"""Roles that may lock and unlock anybody's entry."""
_encode = msgspec.msgpack.Encoder().encode


def choose(deciding: Deciding, command: commands.ChooseEntry) -> None:
    """Go on along a path. Refuses, in this order: who may not (404, `not_yours`), a paused run (`run_paused`), an entry
    that has left the inbox (`entry_retired`), a locked one (423, `entry_locked`), one that has moved on
    (`entry_moved`), and a path it does not have (`unknown_path`)."""
    run = deciding.run
    entry = _entry(run, command.user_id)
    _require_own(deciding, command.user_id, command.actor)
    visit, step = _place(deciding, command.user_id, entry)
    path = _path(deciding, command, visit, step)
    if len(_encode(command.data)) > MAX_DATA_BYTES:
        raise Refusal("too_large", f"data has at most {MAX_DATA_BYTES // 1024} KiB.", code="data_too_large")
    assert run.inbox is not None
    run.inbox.choice = {"path": path.label, "step": step.id, "by": command.user_id, "data": command.data}
    deciding.keep_answer(step.id, {**command.data, "outcome": path.label})
    deciding.activator = Activator(source=command.user_id, sinks=(command.user_id,))
    _tell(deciding, command, visit, step, path)
    if path.step in deciding.graph.nodes:
        deciding.arrive(path.step)


def _tell(deciding: Deciding, command: commands.ChooseEntry, visit: Activation, step: InboxStep, path: Path) -> None:
    """The choice on the timeline, with what the client is handed for it."""
    by = command.actor
    data: dict[str, Any] = {"entry_of": command.user_id, "path": path.label, "to": path.step}
    if command.data:
        data["data"] = command.data
    if by.user_id != command.user_id:
        data["on_behalf_of"] = command.user_id
    found = step.behavior(path.behavior)
    if found is not None:
        data["behaviors"] = [handed_over(deciding.run, *found, around_choice(deciding, command.user_id))]
    deciding.note("entry_chosen", f"{by.name} chose {path.label}", activation=visit, data=data)


def around_choice(deciding: Deciding, user_id: str) -> Surroundings:
    """What the behaviours of a person's choice are rendered against."""
    run, directory = deciding.run, deciding.facts.directory
    assert run.inbox is not None
    return Surroundings(
        inbox=run.inbox,
        activator=Activator(source=user_id, sinks=(user_id,)),
        directory=directory,
        names=lambda: names_of(run, deciding.scope, directory, user_id),
    )


# -- which entry, and whether it is theirs ---------------------------------------------------------


def _entry(run: Run, user_id: str) -> Entry:
    entry = run.inbox.entries.get(user_id) if run.inbox is not None else None
    if entry is None or entry.visit == UNREACHED:
        raise not_found("Item")
    return entry


def _require_own(deciding: Deciding, user_id: str, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id == user_id:
        return
    if user_id not in deciding.facts.directory.stands_in_for(actor.user_id, deciding.at):
        raise Refusal("forbidden", "It is somebody else's.", code="not_yours")


def _place(deciding: Deciding, user_id: str, entry: Entry) -> tuple[Activation, InboxStep]:
    """Where an entry is that may be chosen on, else the refusal that says why it may not."""
    run = deciding.run
    if run.status == "paused":
        raise Refusal("conflict", "The run is paused; it goes on when it is resumed.", code="run_paused")
    visit = visit_at(deciding, entry.visit)
    if run.ended or not entry.active or visit is None:
        raise Refusal("conflict", "It has left the inbox.", code="entry_retired", details={"status": run.status})
    if entry.lock:
        raise locked(entry, visit, deciding.facts.directory)
    return visit, deciding.graph.nodes[visit.step_id].step  # type: ignore[return-value]


def locked(entry: Entry, visit: Activation, directory: Directory) -> Refusal:
    """The refusal that says who has locked it, and where it stands."""
    by = directory.people.get(entry.locked_by or "")
    name = by.name if by is not None else "Wayline"
    shown = {"id": entry.locked_by, "name": name}
    return Refusal(
        "locked", f"{name} has locked it.", code="entry_locked", details={"locked_by": shown, **_where(visit)}
    )


def _where(visit: Activation) -> dict[str, Any]:
    return {"step": visit.step_id, "label": visit.data["face"]["label"]}


def _path(deciding: Deciding, command: commands.ChooseEntry, visit: Activation, step: InboxStep) -> Path:
    """The path that is meant; one that the entry had, or may come to have, elsewhere says where it is now."""
    path = step.path(command.path)
    if command.seen_step not in (None, step.id):
        _refuse_moved(visit)
    if path is not None:
        return path
    others = (node.step for node in deciding.graph.nodes.values() if node.step.id != step.id)
    if any(isinstance(other, InboxStep) and other.path(command.path) is not None for other in others):
        _refuse_moved(visit)
    known = ", ".join(p.label for p in step.face.paths) or "none"
    raise invalid(Issue("path", f"There is no path {command.path} here; there are: {known}.", "unknown_path"))


def _refuse_moved(visit: Activation) -> NoReturn:
    where: Mapping[str, Any] = _where(visit)
    raise Refusal("conflict", f"It has moved on to {where['label']}.", code="entry_moved", details=dict(where))


# -- locking by hand -------------------------------------------------------------------------------


def lock(deciding: Deciding, command: commands.LockEntry) -> None:
    """Lock an entry: its person may, whoever started the run, managers and admins. Refuses one that is locked (423)."""
    entry, visit = _held(deciding, command.user_id, command.actor)
    if entry.lock:
        raise locked(entry, visit, deciding.facts.directory)
    by = command.actor
    change_entry(deciding, command.user_id, msgspec.structs.replace(entry, lock="hand", locked_by=by.user_id))
    data = {"by": by.user_id, "people": [command.user_id]}
    deciding.note("entry_locked", f"Locked by {by.name}", activation=visit, data=data)


def unlock(deciding: Deciding, command: commands.UnlockEntry) -> None:
    """Unlock an entry: whoever has locked it by hand may, and whoever started the run, managers and admins; what a step
    has locked only these. Refuses one that is not locked."""
    entry, visit = _held(deciding, command.user_id, command.actor)
    if not entry.lock:
        raise Refusal("conflict", "It is not locked.", code="not_locked")
    actor = command.actor
    is_own = entry.lock == "hand" and entry.locked_by == actor.user_id
    if not is_own and not _supervises(deciding, actor):
        raise locked(entry, visit, deciding.facts.directory)
    change_entry(deciding, command.user_id, msgspec.structs.replace(entry, lock="", locked_by=None))
    data = {"people": [command.user_id]}
    deciding.note("entry_unlocked", f"Unlocked by {actor.name}", activation=visit, data=data)


def withdraw(deciding: Deciding, command: commands.WithdrawEntry) -> None:
    """The entry of somebody who has left goes, and their task is cancelled unless it had come to an end; managers and
    admins may. Nobody inherits it."""
    if command.actor.role not in LOCKERS:
        raise Refusal("forbidden", "Only a manager or an admin may do that.", code="not_a_supervisor")
    entry, visit = _held(deciding, command.user_id, command.actor)
    task = entry.task if entry.task in ("declined", "done", "failed") else "cancelled"
    change_entry(deciding, command.user_id, msgspec.structs.replace(entry, active=False, task=task))
    data = {"people": [command.user_id]}
    deciding.note("entry_retired", f"Withdrawn by {command.actor.name}", activation=visit, data=data)
    close_left_visits(deciding)


def _held(deciding: Deciding, user_id: str, actor: Actor) -> tuple[Entry, Activation]:
    run = deciding.run
    entry = _entry(run, user_id)
    if not _supervises(deciding, actor):
        _require_own(deciding, user_id, actor)
    visit = visit_at(deciding, entry.visit)
    if run.ended or not entry.active or visit is None:
        raise Refusal("conflict", "It has left the inbox.", code="entry_retired", details={"status": run.status})
    return entry, visit


def _supervises(deciding: Deciding, actor: Actor) -> bool:
    """Managers, admins, and whoever started the run; a requester whose ticket did has no say in what staff are sent."""
    run = deciding.run
    source = run.inbox.source if run.inbox is not None else None
    is_its_starter = actor.user_id is not None and actor.user_id in (source, run.owner_id)
    return actor.role in LOCKERS or (is_its_starter and actor.role != "requester")
