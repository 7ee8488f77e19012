"""The clocks of a run: the timers of its visits, and what becomes of them while it stands still.

Time that was counted is kept as what is left of it, in the business time it was counted in. An instant that somebody
named stays that instant.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from wayline.core.business_time import add, between
from wayline.core.effects import CancelTimer
from wayline.core.run import Activation, StoppedTimer, Timer

if TYPE_CHECKING:
    from wayline.core.decision import Deciding


def stop_clocks(deciding: Deciding, activation: Activation) -> None:
    """The activation's timers stand still; its deadline, if it had one left, is no instant for the time being."""
    for timer in activation.timers:
        deciding.effects.append(CancelTimer(id=timer))
    rested = at_rest(deciding, activation)
    activation.timers, activation.stopped, activation.due_at = {}, rested.stopped, rested.due_at


def start_clocks(deciding: Deciding, activation: Activation) -> None:
    """The activation's timers run on with what was left of them."""
    stopped, activation.stopped = activation.stopped, []
    for timer in stopped:
        due_at = timer.fixed_at or add(deciding.calendar(timer.calendar), deciding.at, timer.left_s)
        is_fixed = timer.fixed_at is not None
        deciding.start_timer(activation, timer.kind, due_at, calendar=timer.calendar, fixed=is_fixed)
        if timer.sets_due_at:
            activation.due_at = due_at


def at_rest(deciding: Deciding, activation: Activation, at: datetime | None = None) -> Activation:
    """A copy of the activation whose timers stand still as of an instant (None: now)."""
    rested = activation.copy()
    rested.stopped += [_stopped(deciding, timer, activation, at or deciding.at) for timer in activation.timers.values()]
    rested.timers = {}
    if any(timer.sets_due_at for timer in rested.stopped):
        rested.due_at = None
    return rested


def _stopped(deciding: Deciding, timer: Timer, activation: Activation, at: datetime) -> StoppedTimer:
    if timer.fixed:
        return StoppedTimer(timer.kind, fixed_at=timer.due_at)
    left_s = between(deciding.calendar(timer.calendar), at, timer.due_at) if timer.due_at > at else 0.0
    return StoppedTimer(timer.kind, left_s, timer.calendar, sets_due_at=timer.due_at == activation.due_at)
