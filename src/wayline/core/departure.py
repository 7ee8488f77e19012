"""A person leaves: what becomes of the work their runs await from them.

A voter is replaced by the heir, or abstains while others are still to vote. What was claimed goes to the heir, or back
to its group. What nobody else could do goes to the heir, else to the leaver's manager, else to the admins. Messages are
nobody else's: they are withdrawn.
"""

from __future__ import annotations

from typing import Any

import msgspec

from wayline.core.commands import ReassignStep, ReleaseStep, RunCommand, WithdrawEntry
from wayline.core.facts import Actor, Directory
from wayline.core.run import Activation, Run
from wayline.core.steps.catalogue import STEP_TYPES


class Leaving(msgspec.Struct, frozen=True):
    """Who leaves, who takes over (None: nobody was named), and who arranges it. The leaver is inactive by now."""

    user_id: str
    heir_id: str | None
    actor: Actor
    directory: Directory


def awaits(activation: Activation, user_id: str) -> bool:
    """Whether the activation waits for this person by name."""
    if activation.claimed_by is not None:
        return activation.claimed_by == user_id
    voted = any(vote.voter == user_id for vote in activation.votes)
    return activation.assigned_to == user_id or (user_id in activation.candidates and not voted)


def handed_over(run: Run, leaving: Leaving) -> list[RunCommand]:
    """What passes on every open step of the run that waits for the leaver, and their entry; steps others can do anyway
    stay."""
    found = [_command(run, a, leaving) for a in run.open if awaits(a, leaving.user_id)]
    if holds_entry(run, leaving.user_id):
        found.append(
            WithdrawEntry(tenant_id=run.tenant_id, actor=leaving.actor, run_id=run.id, user_id=leaving.user_id)
        )
    return [command for command in found if command is not None]


def holds_entry(run: Run, user_id: str) -> bool:
    """Whether a message of the run stands in this person's inbox."""
    entry = run.inbox.entries.get(user_id) if run.inbox is not None else None
    return entry is not None and entry.active


def _command(run: Run, activation: Activation, leaving: Leaving) -> RunCommand | None:
    if STEP_TYPES[activation.type].decided_by_votes:
        return _to_people(run, activation, leaving, _voters_left(activation, leaving))
    if leaving.heir_id is None and activation.claimed_by and _others(activation, leaving):
        return ReleaseStep(tenant_id=run.tenant_id, actor=leaving.actor, run_id=run.id, step=activation.id)
    if not activation.claimed_by and not activation.assigned_to and _others(activation, leaving):
        return None
    return _to_people(run, activation, leaving, [leaving.heir_id] if leaving.heir_id else [])


def _voters_left(activation: Activation, leaving: Leaving) -> list[str]:
    voted = {vote.voter for vote in activation.votes}
    waiting = [leaving.heir_id if u == leaving.user_id else u for u in activation.candidates if u not in voted]
    people = leaving.directory.people
    return list(dict.fromkeys(u for u in waiting if u is not None and u not in voted and people[u].active))


def _others(activation: Activation, leaving: Leaving) -> bool:
    """Whether somebody else could do it: a member of its group, or another candidate."""
    directory = leaving.directory
    group = directory.groups.get(activation.group_id or "")
    others = {*activation.candidates, *(directory.active_members(group) if group else ())}
    return any(directory.people[u].active for u in others if u in directory.people and u != leaving.user_id)


def _to_people(run: Run, activation: Activation, leaving: Leaving, user_ids: list[str]) -> ReassignStep:
    return ReassignStep(
        tenant_id=run.tenant_id,
        actor=leaving.actor,
        run_id=run.id,
        step=activation.id,
        to=_named(user_ids) if user_ids else _last_resort(leaving),
    )


def _named(user_ids: list[str]) -> dict[str, Any]:
    return {"user": user_ids[0]} if len(user_ids) == 1 else {"query": f"given users [{', '.join(user_ids)}]"}


def _last_resort(leaving: Leaving) -> dict[str, Any]:
    manager = leaving.directory.person(leaving.directory.people[leaving.user_id].manager_id)
    return {"user": manager.id} if manager else {"role": "admin"}
