"""Approving and rejecting what a run asks, on surface 002: the votes of those who are asked, and nobody's override."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.api.answer_shapes import bare
from wayline.api.endpoint import Call, Resource
from wayline.api.run_calls import carried_out, earlier_approvals, to_run, visible_run
from wayline.core.commands import CastVote
from wayline.core.refusals import not_found
from wayline.core.run import Activation, EndedVisit, Run

resource = Resource("Runs")


class Word(BaseModel):
    """What a voter says to their decision."""

    model_config = ConfigDict(extra="forbid")

    comment: str | None = Field(None, max_length=10_000)
    on_behalf_of: str | None = Field(
        None, max_length=320, description="Whose vote a substitute casts, when they have one of their own."
    )


@resource.endpoint(
    "POST",
    "/workflows/{id}/approvals/{approval_id}/approve",
    ability="task:act",
    body=Word,
    answer=bare("Run"),
    refusals=(409,),
)
async def approve(call: Call) -> Response:
    """Vote for it. Only those asked can; an admin who is not overrides on the instance, which is recorded as that."""
    return await _vote(call, "approved")


@resource.endpoint(
    "POST",
    "/workflows/{id}/approvals/{approval_id}/reject",
    ability="task:act",
    body=Word,
    answer=bare("Run"),
    refusals=(409,),
)
async def reject(call: Call) -> Response:
    """Vote against it. When that decides it, the run fails as `approval_rejected` unless the template leads on."""
    return await _vote(call, "rejected")


async def _vote(call: Call, decision: str) -> Response:
    seen = await visible_run(call)
    approval_id = call.id("approval_id", "Approval")
    if not await _is_approval(call, seen.run, approval_id):
        raise not_found("Approval")
    word: Word = call.body
    vote = CastVote(
        **to_run(call, seen.run),
        approval=approval_id,
        decision=decision,
        comment=word.comment,
        on_behalf_of=word.on_behalf_of,
    )
    return await carried_out(call, seen, vote)


async def _is_approval(call: Call, run: Run, approval_id: str) -> bool:
    """Whether the run has, or had, an approval of that id."""
    known: list[Activation | EndedVisit] = [*run.open, *run.latest.values()]
    if any(visit.id == approval_id and visit.type == "approval" for visit in known):
        return True
    return any(visit.id == approval_id for visit in await earlier_approvals(call, run))
