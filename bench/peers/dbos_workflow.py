"""The request, written for DBOS."""

from __future__ import annotations

from dbos import DBOS

from bench.request import APPROVAL, EXPENSIVE_ABOVE

NAME = "laptop_request"
QUEUE = "bench-requests"
VERSION = "1"
FORM_TOPIC = "form"
DECISION_TOPIC = "decision"
WAIT_LIMIT_S = 600


@DBOS.step()
async def set_field(value: str) -> str:
    """The automatic action: as cheap as an action can be."""
    return value


@DBOS.workflow(name=NAME)
async def laptop_request() -> str:
    """Form → approval → condition → automatic action → end."""
    form = await DBOS.recv_async(FORM_TOPIC, timeout_seconds=WAIT_LIMIT_S)
    decision = await DBOS.recv_async(DECISION_TOPIC, timeout_seconds=WAIT_LIMIT_S)
    if decision != APPROVAL:
        return "rejected"
    return await set_field("expensive" if form["price"] > EXPENSIVE_ABOVE else "ordinary")
