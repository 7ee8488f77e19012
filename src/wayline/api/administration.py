"""Administrative writes: a function on a transaction, the audit row beside it, and access looked up again after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import StringConstraints
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call
from wayline.engine.door import Change, Transaction
from wayline.store import audit

ADMIN = ("admin",)
# An id as a filter of a list, in the spelling it is kept in.
IdFilter = Annotated[str, StringConstraints(pattern=ID_PATTERN.pattern, to_lower=True)]


def note(tx: Transaction, call: Call, action: str, subject_id: str, detail: Mapping[str, Any] | None = None) -> None:
    """Write in the audit what the caller has just done (`user.updated`) to what."""
    audit.record(
        tx.connection,
        tenant_id=call.caller.tenant_id,
        at=tx.at,
        actor=call.caller.actor,
        action=action,
        subject_id=subject_id,
        detail=detail,
    )


async def administer(call: Call, write: Callable[[Transaction], Any], render: Callable[[Any], Response]) -> Response:
    """Do an administrative write of the caller's and render its answer; whoever calls next is looked up again."""
    change = Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)
    try:
        return await call.submit(change, render)
    finally:
        call.request.app.state.callers.forget()


def is_administrator(call: Call) -> bool:
    """Whether the caller's role and credential both let them administer."""
    return call.caller.role == "admin" and call.caller.can("admin")
