"""What comes to a run from outside by name: signals, votes sent as signals, and callbacks.

A signal goes to the first step that waits for its name; without one it is kept, in the order they came, for the first
that will. A vote counts at once or is refused: nobody decides by leaving word. A run without steps has nothing but its
signals, and two of them end it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.graph import Graph
from wayline.core.refusals import Issue, Refusal, invalid, not_found
from wayline.core.run import Activation, BufferedSignal, Run
from wayline.core.steps.approval import read_decision

APPROVAL_RECEIVED = "approval_received"
COMPLETE, FAIL = "complete", "fail"
MAX_BUFFERED_SIGNALS = 1000
MAX_BUFFERED_BYTES = 1024 * 1024
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_REASON_CHARS = 2000
_encode = msgspec.msgpack.Encoder().encode


def signal(deciding: Deciding, command: commands.SendSignal) -> commands.CastVote | None:
    """Give the signal to whom it is for; answers the vote it stands for, which is then to be cast.

    Refuses an ended run (`not_running`), a payload that is too long, and one more than can be kept.
    """
    run = deciding.run
    if run.ended:
        raise Refusal("conflict", f"The run is {run.status}.", code="not_running", details={"status": run.status})
    require_payload(command)
    if not deciding.graph.nodes:
        _steer(deciding, command)
        return None
    vote = _vote(deciding, command) if command.name == APPROVAL_RECEIVED else None
    deciding.note("signal_received", f"Signal {command.name}", data=_said(command))
    if vote is None and not _taken(deciding, command):
        _keep(deciding, command)
    return vote


def require_payload(command: commands.SendSignal) -> None:
    """Refuse a payload that is too long."""
    if len(_encode(command.payload)) > MAX_PAYLOAD_BYTES:
        raise Refusal("too_large", f"A payload has at most {MAX_PAYLOAD_BYTES // 1024} KiB.", code="payload_too_large")


def _said(command: commands.SendSignal) -> dict[str, Any]:
    return {"name": command.name, "payload": command.payload}


def _taken(deciding: Deciding, command: commands.SendSignal) -> bool:
    for activation in list(deciding.run.open):
        node = deciding.graph.nodes[activation.step_id]
        if node.kind.take_signal(deciding, activation, node.step, command.name, command.payload, command.actor):
            return True
    return False


def _keep(deciding: Deciding, command: commands.SendSignal) -> None:
    kept = deciding.run.signals
    if len(kept) >= MAX_BUFFERED_SIGNALS:
        raise Refusal("conflict", f"{MAX_BUFFERED_SIGNALS} signals are already waiting.", code="too_many_signals")
    size_bytes = sum(len(_encode(s.payload)) for s in kept) + len(_encode(command.payload))
    if size_bytes > MAX_BUFFERED_BYTES:
        said = f"The signals waiting already come to {MAX_BUFFERED_BYTES // 1024} KiB."
        raise Refusal("conflict", said, code="too_many_signals")
    kept.append(BufferedSignal(name=command.name, payload=command.payload, at=deciding.at))
    deciding.note("signal_buffered", f"Kept {command.name} until a step waits for it")


# -- votes -----------------------------------------------------------------------------------------


def _vote(deciding: Deciding, command: commands.SendSignal) -> commands.CastVote | None:
    """The vote the signal stands for; None when no approval is open, but a step waits for a signal of that name."""
    if deciding.run.status == "paused":
        raise Refusal("conflict", "The run is paused.", code="run_paused")
    approvals = [a for a in deciding.run.open if deciding.graph.nodes[a.step_id].kind.decided_by_votes]
    if not approvals and is_awaited(deciding.graph, deciding.run, command):
        return None
    payload = command.payload if isinstance(command.payload, dict) else {}
    voter = _approver(deciding, command, payload)
    return commands.CastVote(
        tenant_id=command.tenant_id,
        run_id=command.run_id,
        actor=voter,
        approval=_approval_meant(deciding, approvals, payload.get("approval_id")),
        decision=_decision(payload),
        comment=_comment(payload),
    )


def is_awaited(graph: Graph, run: Run, command: commands.SendSignal) -> bool:
    """Whether a step waits for a signal of that name, whatever else it might stand for."""
    nodes = [graph.nodes[activation.step_id] for activation in run.open]
    return any(node.kind.awaits_signal(node.step, command.name) for node in nodes)


def _approver(deciding: Deciding, command: commands.SendSignal, payload: dict[str, Any]) -> Actor:
    named = payload.get("approved_by")
    if not isinstance(named, str) or not named:
        raise invalid(Issue("payload.approved_by", "approved_by is a person: an id or an e-mail address.", "required"))
    person = deciding.facts.directory.person(named)
    is_self = person is not None and person.id == command.actor.user_id
    if not is_self and not command.on_behalf:
        # Whether there is such a person is not said: nobody finds out by trying who works here.
        raise Refusal(
            "forbidden",
            "Only a token with the ability signal:on-behalf votes for somebody else.",
            code="ability",
            details={"ability": "signal:on-behalf"},
        )
    if person is None:
        raise invalid(Issue("payload.approved_by", "There is no such person.", "unknown_person"))
    return Actor(user_id=person.id, role=person.role, name=person.name)


def _decision(payload: dict[str, Any]) -> str:
    try:
        return read_decision(payload)
    except Refusal as refusal:
        raise invalid(*(msgspec.structs.replace(i, path=f"payload.{i.path}") for i in refusal.issues)) from refusal


def _comment(payload: dict[str, Any]) -> str | None:
    comment = payload.get("comment")
    if comment is not None and not isinstance(comment, str):
        raise invalid(Issue("payload.comment", "comment is text.", "not_text"))
    return comment


def _approval_meant(deciding: Deciding, approvals: list[Activation], named: Any) -> str:
    """The approval that is named, or the only one there is. One that is not open is left to the refusal that says who
    has decided it."""
    if named is not None:
        others = [a for a in deciding.run.open if a not in approvals and named in (a.id, a.step_id)]
        if not isinstance(named, str) or others:
            raise not_found("Approval")
        return named
    if len(approvals) == 1:
        return approvals[0].id
    if approvals:
        raise Refusal(
            "conflict",
            f"{len(approvals)} approvals are open; say which with approval_id.",
            code="several_approvals",
            details={"approvals": [{"id": a.id, "step_id": a.step_id} for a in approvals]},
        )
    raise Refusal("conflict", "No approval is open.", code="no_open_approval")


# -- runs without steps ----------------------------------------------------------------------------


def _steer(deciding: Deciding, command: commands.SendSignal) -> None:
    run = deciding.run
    ends = command.name in (COMPLETE, FAIL)
    if ends and run.status != "running":
        raise Refusal("conflict", f"The run is {run.status}.", code="not_running", details={"status": run.status})
    deciding.note("signal_received", f"Signal {command.name}", data=_said(command))
    if command.name == COMPLETE:
        run.result = command.payload
        run.status, run.completed_at = "completed", deciding.at
        deciding.note("run_completed", "Completed")
    elif command.name == FAIL:
        deciding.fail_run("signalled", None, _reason(command.payload))


def _reason(payload: Any) -> str:
    """The reason as written, or under one of the names it usually has."""
    if isinstance(payload, dict):
        payload = next((payload[n] for n in ("reason", "message", "error") if isinstance(payload.get(n), str)), None)
    return payload[:MAX_REASON_CHARS] if isinstance(payload, str) and payload.strip() else "Failed by signal"


# -- callbacks -------------------------------------------------------------------------------------


def complete_callback(deciding: Deciding, command: commands.CompleteCallback) -> None:
    """What was posted becomes the step's output; refuses with `already_received` once the visit is over."""
    run = deciding.run
    activation = next((a for a in run.open if a.id == command.activation_id), None)
    if activation is None:
        raise Refusal("conflict", "Nobody waits for that callback any more.", code="already_received")
    if run.status != "running":
        raise Refusal("conflict", f"The run is {run.status}.", code=f"run_{run.status}")
    node = deciding.graph.nodes[activation.step_id]
    if not node.kind.take_callback(deciding, activation, node.step, command.body):
        raise not_found("Callback")
