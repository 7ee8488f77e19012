"""The secret addresses of webhook rules: whoever has one may post to it, and the rule sees what was posted.

No other credential is asked for. An address that is nobody's, and that of a rule that is disabled, do not exist.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from wayline.api.endpoint import ID_PATTERN, Call, Resource, decoded_json, media_type_of
from wayline.api.problems import json
from wayline.core.commands import ReceiveHook
from wayline.core.facts import SYSTEM
from wayline.core.refusals import Refusal, not_found
from wayline.core.ticket import number_in
from wayline.engine.answers import ReactionAnswer
from wayline.engine.door import IdempotencyKey, StoredAnswer
from wayline.engine.rule_publishing import hook_hash
from wayline.store.database import new_id
from wayline.store.rules import StoredRule, find_by_hook
from wayline.store.ticket_lists import find_ticket

resource = Resource("Automation rules", prefix="/v1/automation")
PAYLOAD_MAX_BYTES = 256 * 1024
SECRET_MAX_CHARS = 100


async def _not_too_often(call: Call) -> None:
    call.request.app.state.limits.count_hook(call.path("secret")[:SECRET_MAX_CHARS])


@resource.endpoint(
    "POST",
    "/hooks/{secret}",
    public=True,
    status=202,
    answer={"$ref": "#/components/schemas/HookReceived"},
    admit=_not_too_often,
    refusals=(400, 404, 409, 413, 415, 429),
)
async def receive_hook(call: Call) -> Response:
    """Show the rule what is posted: any JSON, `payload` to its conditions and actions. A `ticket_id` in it (id or
    number) makes the event that ticket's, when there is such a ticket; else the rule has none.

    An `Idempotency-Key` makes one event of several requests.
    """
    rule = await call.read_one(_rule_of, call.path("secret"))
    if rule is None:
        client = call.request.client
        call.request.app.state.limits.count_hook_missed(client.host if client else "")
        raise not_found("Hook")
    raw = await call.content()
    if len(raw) > PAYLOAD_MAX_BYTES:
        raise Refusal("too_large", f"At most {PAYLOAD_MAX_BYTES // 1024} KiB.")
    payload = decoded_json(raw, media_type_of(call)) if raw else {}
    command = ReceiveHook(
        tenant_id=rule.tenant_id,
        actor=SYSTEM,
        rule_id=rule.id,
        event_id=new_id(),
        payload=payload,
        ticket_id=await call.read_one(_ticket_in, rule.tenant_id, payload),
    )
    return await _submit(call, rule, command, raw)


def _rule_of(connection: sa.Connection, secret: str) -> StoredRule | None:
    rule = find_by_hook(connection, hook_hash(secret)) if len(secret) <= SECRET_MAX_CHARS else None
    return rule if rule is not None and rule.enabled and rule.trigger == "webhook" else None


def _ticket_in(connection: sa.Connection, tenant_id: str, payload: Any) -> str | None:
    """The id of the ticket that the payload names, when it is one of the tenant's."""
    written = payload.get("ticket_id") if isinstance(payload, dict) else None
    if not isinstance(written, str):
        return None
    ticket_id = written.lower() if ID_PATTERN.fullmatch(written) else None
    number = number_in(written)
    if ticket_id is None and number is None:
        return None
    found = find_ticket(connection, tenant_id=tenant_id, ticket_id=ticket_id, number=number)
    return None if found is None else str(found.ticket["id"])


async def _submit(call: Call, rule: StoredRule, command: ReceiveHook, raw: bytes) -> Response:
    """Have the event decided; keys are the rule's own, apart from those of people's requests."""
    written = call.request.headers.get("idempotency-key")
    door = call.wayline.door
    if written is None:
        return _received(await door.submit(command))
    key = IdempotencyKey(tenant_id=rule.tenant_id, key=f"hook {rule.id} {written}", request=raw)
    answer = await door.submit(command, key=key, render=lambda answer: (202, bytes(_received(answer).body)))
    if isinstance(answer, StoredAnswer):
        headers = {"Idempotent-Replayed": "true"}
        return Response(answer.body, status_code=answer.status, media_type="application/json", headers=headers)
    return _received(answer)


def _received(answer: ReactionAnswer) -> Response:
    return json({"accepted": True, "event_id": answer.event_id}, 202)
