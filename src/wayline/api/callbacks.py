"""Callbacks: the one-time addresses that waiting steps give others to post to.

Whoever has the address may post once; no other credential is asked for. A step that names a secret also wants what is
posted signed with it. Posting again is refused, and told what was received.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from starlette.responses import Response

from wayline.api.answer_shapes import bare
from wayline.api.endpoint import Call, Resource, decoded_json, media_type_of
from wayline.api.problems import Unauthorized, json
from wayline.core.callback_token import callback_token, visit_of
from wayline.core.commands import CompleteCallback
from wayline.core.graph import Graph
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import Run, activation_id
from wayline.core.signalling import MAX_PAYLOAD_BYTES
from wayline.core.steps.wait import WaitStep, callback_secret
from wayline.engine.answers import RunAnswer
from wayline.store.runs import StoredVisit, read_run_by_id, read_visit

if TYPE_CHECKING:
    from wayline.bootstrap import Wayline

resource = Resource("Callbacks")
SIGNATURE_HEADER = "x-wayline-signature"
SIGNATURE_SCHEME = "sha256="


class _Wanted(msgspec.Struct, frozen=True):
    """What an address stands for: the visit, and the run it is of."""

    run: Run
    graph: Graph
    activation_id: str
    step_id: str
    ended: StoredVisit | None


def callback_urls(wayline: Wayline, run: Run, graph: Graph) -> dict[str, str]:
    """The addresses of the live visits that wait to be called back, by activation."""
    base = f"{wayline.settings.address}{resource.prefix}/callbacks/"
    return {
        a.id: base + callback_token(wayline.secret_key, run_id=run.id, position=a.position)
        for a in run.open
        if a.type == "wait" and _awaits_callback(graph, a.step_id)
    }


def is_mine(call: Call, run: Run) -> bool:
    """Whether the caller may do with the run what its owner may, and so may have the addresses it waits at."""
    return call.caller.role == "admin" or run.owner_id == call.caller.user_id


def _awaits_callback(graph: Graph, step_id: str) -> bool:
    step = graph.nodes[step_id].step
    return isinstance(step, WaitStep) and bool(step.for_.callback)


@resource.endpoint(
    "POST",
    "/callbacks/{token}",
    public=True,
    answer=bare("CallbackReceived"),
    refusals=(400, 401, 404, 409, 413, 415),
)
async def receive_callback(call: Call) -> Response:
    """Complete a step that waits to be called back. The body, any JSON, becomes its output.

    It is done once: again it is 409, with what was received. A step with a secret wants the header
    `X-Wayline-Signature: sha256=<HMAC-SHA256 of the body under the secret, in hex>`, else 401. A paused run keeps the
    body until it goes on (`held`).
    """
    wanted = await _wanted(call)
    raw = await call.content()
    _require_signature(call, wanted, raw)
    if wanted.ended is not None:
        raise _received_before(wanted.ended)
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise Refusal("too_large", f"At most {MAX_PAYLOAD_BYTES // 1024} KiB.")
    command = CompleteCallback(
        tenant_id=wanted.run.tenant_id,
        run_id=wanted.run.id,
        activation_id=wanted.activation_id,
        body=decoded_json(raw, media_type_of(call)) if raw else None,
    )
    try:
        answer: RunAnswer = await call.wayline.door.submit(command)
    except Refusal as refusal:
        if refusal.code == "already_received":
            await _tell_what_was_received(call, refusal)
        raise
    return json(_received(answer.run, wanted))


async def _wanted(call: Call) -> _Wanted:
    """What the address stands for; one that we did not make, or that waits for no callback, does not exist."""
    visit = visit_of(call.wayline.secret_key, call.path("token"))
    if visit is None:
        raise not_found("Callback")
    return await call.read(_read_wanted, call.wayline, *visit)


def _read_wanted(connection: sa.Connection, wayline: Wayline, run_id: str, position: int) -> _Wanted:
    run = read_run_by_id(connection, run_id)
    if run is None:
        raise not_found("Callback")
    graph = wayline.door.graphs.get(connection, run.template_id, run.template_version)
    visit_id = activation_id(run_id, position)
    live = next((a for a in run.open if a.id == visit_id), None)
    ended = None
    if live is None:
        ended = read_visit(connection, tenant_id=run.tenant_id, run_id=run_id, position=position)
    step_id = live.step_id if live else ended.visit.step_id if ended else None
    if step_id is None or step_id not in graph.nodes or not _awaits_callback(graph, step_id):
        raise not_found("Callback")
    return _Wanted(run=run, graph=graph, activation_id=visit_id, step_id=step_id, ended=ended)


def _require_signature(call: Call, wanted: _Wanted, raw: bytes) -> None:
    secret = callback_secret(wanted.graph.nodes[wanted.step_id].step)
    if secret is None:
        return
    expected = SIGNATURE_SCHEME + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    given = call.request.headers.get(SIGNATURE_HEADER, "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Unauthorized("What is posted here is signed: X-Wayline-Signature: sha256=<HMAC of the body, in hex>.")


def _received(run: Run, wanted: _Wanted) -> dict[str, Any]:
    """What became of the body: the step's output, or that it is kept until the run goes on."""
    visit = run.latest.get(wanted.step_id)
    if visit is None or visit.id != wanted.activation_id:
        return {"run_id": run.id, "step_id": wanted.step_id, "status": "held", "output": None, "received_at": None}
    output = {name: value for name, value in run.outputs.get(wanted.step_id, {}).items() if name != "outcome"}
    return {
        "run_id": run.id,
        "step_id": wanted.step_id,
        "status": visit.outcome or visit.status,
        "output": output,
        "received_at": visit.completed_at,
    }


async def _tell_what_was_received(call: Call, refusal: Refusal) -> None:
    """Somebody was quicker: what they sent stands, once it can be read."""
    wanted = await _wanted(call)
    if wanted.ended is not None:
        refusal.details |= _received_before(wanted.ended).details


def _received_before(ended: StoredVisit) -> Refusal:
    """The refusal that says how the visit ended, and with what."""
    visit = ended.visit
    result = {
        "step_id": visit.step_id,
        "status": visit.outcome or visit.status,
        "output": ended.output,
        "received_at": visit.completed_at,
    }
    said = "That callback has been received." if visit.outcome == "received" else "Nobody waits for it any more."
    return Refusal("conflict", said, code="already_received", details={"result": result})
