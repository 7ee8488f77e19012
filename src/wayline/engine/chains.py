"""Runs that begin tickets and other runs: each is a link of a chain, and a chain has an end (DESIGN §4, "Rule chains";
decision record 0021)."""

from __future__ import annotations

from typing import Final

from wayline.core.cause import DEPTH_MAX, EVENTS_PER_ROOT_MAX, Cause
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.engine.working_set import WorkingSet

BEGINNING: Final = frozenset({"create_ticket", "start_run", "create_dispatch"})
"""Commands of the outbox that begin a ticket or a run."""


def begun_by(work: WorkingSet, run: Run, cause: Cause | None) -> Cause:
    """The cause of what the run begins now, on the account of `cause`, or else on its own. Raises a Refusal
    (`chain_too_long`) where the chain has to end."""
    cause = cause or Cause(run.id)
    further = cause.begun_by(run.id, run.template_id, run.template_name)
    if cause.runs >= DEPTH_MAX:
        raise _too_long(further, f"runs that begin one another end after {DEPTH_MAX}")
    if not work.cascade.count(cause):
        raise _too_long(further, f"one cause has at most {EVENTS_PER_ROOT_MAX:,} events")
    work.spread(run.tenant_id, cause.root)
    return further


def _too_long(cause: Cause, why: str) -> Refusal:
    return Refusal("conflict", f"{cause.said()} was ended: {why}.", code="chain_too_long")
