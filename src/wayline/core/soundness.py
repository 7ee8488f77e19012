"""Whether a run can always come to its end: every marking it can be in, explored.

A marking says which steps are open, a step twice when two visits of it are. Today's step types move one token about;
the exploration does not rely on it, so that a step type that forks only has to give moves with several arrivals.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec

from wayline.core.graph import failing_of, outcomes_of, targets_of
from wayline.core.steps.step_type import Step

MAX_STATES = 100_000
"""Markings that are looked at; a template with more is not proved, and `check` says so."""

Marking = tuple[str, ...]
COMPLETED: Marking = ()
FAILED: Marking = ("",)


class Move(msgspec.Struct, frozen=True):
    """What an outcome of a step comes to: the steps arrived at, or the failure of the whole run."""

    outcome: str
    arrivals: tuple[str, ...] = ()
    fails: bool = False


class Entrance(msgspec.Struct, frozen=True):
    """The last move that could have been another: after it the run can never complete. None, None at the start."""

    step_id: str | None
    outcome: str | None


class Exploration(msgspec.Struct, frozen=True):
    """What was found. `traps` are the moves after which completion is out of reach, `deadlocks` markings that rest for
    ever; both are empty when the bound was hit, because then nothing is proved."""

    states_explored: int
    bound_hit: bool
    traps: tuple[Entrance, ...]
    deadlocks: tuple[Marking, ...]

    @property
    def sound(self) -> bool:
        """Every marking that can be reached can still reach completion."""
        return not (self.bound_hit or self.traps or self.deadlocks)


def moves_of(step: Step, known: Container[str]) -> tuple[Move, ...]:
    """Every outcome of the step as a move. A connection to a step that is not `known` counts as an end, as its own
    problem is told elsewhere."""
    targets, failing = targets_of(step), failing_of(step)
    return tuple(
        Move(
            outcome=outcome,
            arrivals=(targets[outcome],) if targets.get(outcome) in known else (),
            fails=outcome not in targets and outcome in failing,
        )
        for outcome in outcomes_of(step)
    )


def explore(moves: Mapping[str, Sequence[Move]], start: str, *, max_states: int = MAX_STATES) -> Exploration:
    """Every marking a run from `start` can be in, and from which of them it can still complete."""
    first: Marking = (start,)
    followers: dict[Marking, dict[Marking, tuple[str, str]]] = {}
    waiting = deque([first])
    seen = {first}
    while waiting:
        marking = waiting.popleft()
        followers[marking] = _followers(marking, moves)
        fresh = followers[marking].keys() - seen
        if len(seen) + len(fresh) > max_states:
            return Exploration(states_explored=len(seen), bound_hit=True, traps=(), deadlocks=())
        seen |= fresh
        waiting.extend(sorted(fresh))
    hopeful = _can_reach(COMPLETED, followers)
    return Exploration(
        states_explored=len(seen),
        bound_hit=False,
        traps=tuple(_entrances(first, followers, hopeful)),
        deadlocks=tuple(m for m, after in followers.items() if m not in (COMPLETED, FAILED) and not after),
    )


def _followers(marking: Marking, moves: Mapping[str, Sequence[Move]]) -> dict[Marking, tuple[str, str]]:
    """The markings one move away, each with a step and an outcome that leads there."""
    if marking == FAILED:
        return {}
    found: dict[Marking, tuple[str, str]] = {}
    for step_id in dict.fromkeys(marking):
        rest = list(marking)
        rest.remove(step_id)
        for move in moves[step_id]:
            after = FAILED if move.fails else tuple(sorted([*rest, *move.arrivals]))
            found.setdefault(after, (step_id, move.outcome))
    return found


def _can_reach(goal: Marking, followers: Mapping[Marking, Iterable[Marking]]) -> set[Marking]:
    before: dict[Marking, list[Marking]] = {}
    for marking, after in followers.items():
        for follower in after:
            before.setdefault(follower, []).append(marking)
    found, frontier = {goal}, [goal]
    while frontier:
        frontier = [m for reached in frontier for m in before.get(reached, ()) if m not in found]
        found.update(frontier)
    return found


def _entrances(
    first: Marking, followers: Mapping[Marking, Mapping[Marking, tuple[str, str]]], hopeful: set[Marking]
) -> list[Entrance]:
    if first not in hopeful:
        return [Entrance(None, None)]
    found = {
        move: None
        for marking, after in followers.items()
        if marking in hopeful
        for follower, move in after.items()
        if follower not in hopeful and follower != FAILED
    }
    return [Entrance(*move) for move in found]


def reached_from(start: str, moves: Mapping[str, Sequence[Move]]) -> set[str]:
    """The steps a run that is at `start` can come to later, `start` among them only when a way leads back."""
    found: set[str] = set()
    frontier = [start]
    while frontier:
        step_id = frontier.pop()
        fresh = {a for move in moves.get(step_id, ()) for a in move.arrivals if a not in found}
        found |= fresh
        frontier.extend(fresh)
    return found


def restless_cycles(moves: Mapping[str, Sequence[Move]]) -> list[list[str]]:
    """A shortest cycle of each group of steps that lead to one another, its first step not repeated at the end.

    Handed only the steps that never wait, these are the cycles a run would walk for ever without resting.
    """
    inner = {s: [a for a in dict.fromkeys(a for m in ms for a in m.arrivals) if a in moves] for s, ms in moves.items()}
    cycles: list[list[str]] = []
    told: set[str] = set()
    for step_id in _tangled(inner):
        if step_id in told:
            continue
        cycle = _way_back(step_id, inner)
        if cycle:
            cycles.append(cycle)
            told |= _group_of(step_id, inner)
    return cycles


def _tangled(after: Mapping[str, Sequence[str]]) -> list[str]:
    """What is left when steps that nothing leads to are taken away again and again, in the order given."""
    arrivals = dict.fromkeys(after, 0)
    for targets in after.values():
        for target in targets:
            arrivals[target] += 1
    free = [s for s, count in arrivals.items() if count == 0]
    gone = set(free)
    while free:
        for target in after[free.pop()]:
            arrivals[target] -= 1
            if arrivals[target] == 0:
                free.append(target)
                gone.add(target)
    return [s for s in after if s not in gone]


def _way_back(step_id: str, after: Mapping[str, Sequence[str]]) -> list[str]:
    """A shortest way from the step to itself, empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = deque([step_id])
    while waiting:
        here = waiting.popleft()
        for target in after[here]:
            if target == step_id:
                way = [here]
                while way[-1] != step_id:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if target not in came_from:
                came_from[target] = here
                waiting.append(target)
    return []


def _group_of(step_id: str, after: Mapping[str, Sequence[str]]) -> set[str]:
    before: dict[str, list[str]] = {s: [] for s in after}
    for step, targets in after.items():
        for target in targets:
            before[target].append(step)
    return _closure(step_id, after) & _closure(step_id, before) | {step_id}


def _closure(step_id: str, after: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    frontier = [step_id]
    while frontier:
        fresh = [t for t in after[frontier.pop()] if t not in found]
        found.update(fresh)
        frontier.extend(fresh)
    return found
