"""Webhooks out: who is told of what, and how that went. For administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from wayline.actions.addresses import allowed_from
from wayline.actions.webhook import key_of, new_secret, shown_key, why_not_called
from wayline.api.administration import ADMIN, note
from wayline.api.answer_shapes import bare, sliced
from wayline.api.endpoint import Call, Resource
from wayline.api.problems import issue, json
from wayline.api.runs_conventions import Slice, listed
from wayline.core.cloud_event import EVERYTHING, TEST_TYPE, TYPES
from wayline.core.refusals import Issue, invalid, not_found
from wayline.engine import webhooks as administering
from wayline.engine.door import Change, Transaction
from wayline.store.database import new_id
from wayline.store.sealing import seal
from wayline.store.webhook_deliveries import Delivery, list_deliveries
from wayline.store.webhooks import ACTIVE, DISABLED, StoredWebhook, list_webhooks, read_webhook

resource = Resource("Webhooks")
ABILITY = "webhook:manage"
MAX_NAME_CHARS = 200
MAX_URL_CHARS = 2000
MAX_SECRET_CHARS = 300


def _published(events: list[str]) -> list[str]:
    unknown = [ascii(name) for name in events if name not in TYPES and name != EVERYTHING]
    if unknown:
        raise ValueError(f"there is no event {', '.join(unknown)}; GET /api/v1/webhooks/events lists them")
    return [EVERYTHING] if EVERYTHING in events else list(dict.fromkeys(events))


Events = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=len(TYPES) + 1,
        json_schema_extra={"items": {"type": "string", "enum": [EVERYTHING, *TYPES]}},
    ),
    AfterValidator(_published),
]
Url = Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARS)]
Secret = Annotated[str, Field(min_length=1, max_length=MAX_SECRET_CHARS)]


class NewWebhook(BaseModel):
    """Where to, and of what (`["*"]`: of everything). Without a `secret` one is made; it is shown once."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    events: Events
    name: str | None = Field(None, min_length=1, max_length=MAX_NAME_CHARS)
    secret: Secret | None = None


class WebhookChanges(BaseModel):
    """What is left out stays. A secret is replaced at once."""

    model_config = ConfigDict(extra="forbid")

    url: Url = ""
    events: Events = Field(default_factory=list)
    name: str = Field("", min_length=1, max_length=MAX_NAME_CHARS)
    enabled: bool = True
    secret: Secret = ""


class DeliveryList(Slice):
    """`status` leaves those that wait (`pending`), have arrived (`delivered`), or were given up (`failed`)."""

    status: Literal["pending", "delivered", "failed"] | None = None


@resource.endpoint("GET", "/webhooks", ability=ABILITY, roles=ADMIN, query=Slice, answer=sliced("Webhook"))
async def list_all_webhooks(call: Call) -> Response:
    """The tenant's webhooks, the newest first. Never their secrets."""
    query: Slice = call.query
    found, total = await call.read(
        list_webhooks, tenant_id=call.caller.tenant_id, limit=query.limit, offset=query.offset
    )
    return listed([shown(webhook) for webhook in found], total, query)


@resource.endpoint("GET", "/webhooks/events", ability=ABILITY, roles=ADMIN, query=Slice, answer=sliced("WebhookEvent"))
async def list_event_types(call: Call) -> Response:
    """Every event there is to be told of."""
    query: Slice = call.query
    every = [{"type": name, "description": said} for name, said in TYPES.items()]
    return listed(every[query.offset : query.offset + query.limit], len(every), query)


@resource.endpoint(
    "POST",
    "/webhooks",
    ability=ABILITY,
    roles=ADMIN,
    body=NewWebhook,
    status=201,
    answer=bare("NewWebhookShown"),
    refusals=(409,),
)
async def create_webhook(call: Call) -> Response:
    """A new webhook. Its `secret` is shown this once: it is not told again, not even for an Idempotency-Key."""
    body: NewWebhook = call.body
    _require_callable(call, body.url)
    key = new_secret() if body.secret is None else _key_of(body.secret)
    webhook_id = new_id()
    fields = {
        "name": body.name or body.url[:MAX_NAME_CHARS],
        "url": body.url,
        "events": body.events,
        "secret": seal(call.wayline.secret_key, key, belongs_to=webhook_id),
        "created_by": call.caller.user_id,
    }

    def write(tx: Transaction) -> StoredWebhook:
        webhook = administering.subscribe(tx, tenant_id=call.caller.tenant_id, webhook_id=webhook_id, fields=fields)
        note(tx, call, "webhook.created", webhook_id, {"url": webhook.url, "events": webhook.events})
        return webhook

    response = await call.submit(_change(call, write), lambda webhook: json(shown(webhook) | {"secret": None}, 201))
    return _with_secret(response, key)


@resource.endpoint("GET", "/webhooks/{id}", ability=ABILITY, roles=ADMIN, answer=bare("Webhook"))
async def get_webhook(call: Call) -> Response:
    """One webhook."""
    return json(shown(await _readable(call)))


@resource.endpoint("PATCH", "/webhooks/{id}", ability=ABILITY, roles=ADMIN, body=WebhookChanges, answer=bare("Webhook"))
async def update_webhook(call: Call) -> Response:
    """Change it. Enabled again, it is told what has waited, and nothing of what happened while it was disabled."""
    webhook_id, tenant_id = call.id("id", "Webhook"), call.caller.tenant_id
    given = call.body.model_dump(exclude_unset=True)
    if "url" in given:
        _require_callable(call, given["url"])
    fields = {name: given[name] for name in ("name", "url", "events") if name in given}
    if "enabled" in given:
        fields["status"] = ACTIVE if given["enabled"] else DISABLED
        fields["disabled_reason"] = None if given["enabled"] else f"Disabled by {call.caller.name}."
    if "secret" in given:
        fields["secret"] = seal(call.wayline.secret_key, _key_of(given["secret"]), belongs_to=webhook_id)
    told = {name: value for name, value in given.items() if name != "secret"}

    def write(tx: Transaction) -> StoredWebhook:
        webhook = administering.change(tx, tenant_id=tenant_id, webhook_id=webhook_id, fields=fields)
        note(tx, call, "webhook.updated", webhook_id, {**told, "secret_replaced": "secret" in given})
        return webhook

    response = await call.submit(_change(call, write), lambda webhook: json(shown(webhook)))
    _wake(call)
    return response


@resource.endpoint("DELETE", "/webhooks/{id}", ability=ABILITY, roles=ADMIN, status=204)
async def delete_webhook(call: Call) -> Response:
    """Remove it, with what waits to be delivered and the log of what was."""
    webhook_id = call.id("id", "Webhook")

    def write(tx: Transaction) -> None:
        gone = administering.unsubscribe(tx, tenant_id=call.caller.tenant_id, webhook_id=webhook_id)
        note(tx, call, "webhook.deleted", webhook_id, {"url": gone.url, "name": gone.name})

    return await call.submit(_change(call, write), lambda _: Response(status_code=204))


@resource.endpoint(
    "POST", "/webhooks/{id}/test", ability=ABILITY, roles=ADMIN, status=202, answer=bare("WebhookDelivery")
)
async def test_webhook(call: Call) -> Response:
    """Have an event of type `wayline.webhook.test` sent; what came of it is among the deliveries."""
    webhook_id, tenant_id = call.id("id", "Webhook"), call.caller.tenant_id

    def write(tx: Transaction) -> Delivery:
        note(tx, call, "webhook.tested", webhook_id)
        return administering.send_test(tx, tenant_id=tenant_id, webhook_id=webhook_id, told=TEST_TYPE)

    response = await call.submit(_change(call, write), lambda delivery: json(shown_delivery(delivery), 202))
    _wake(call)
    return response


@resource.endpoint(
    "GET",
    "/webhooks/{id}/deliveries",
    ability=ABILITY,
    roles=ADMIN,
    query=DeliveryList,
    answer=sliced("WebhookDelivery"),
)
async def list_webhook_deliveries(call: Call) -> Response:
    """What it was told and what it answered, the newest first, for two weeks; counted up to 10,000."""
    query: DeliveryList = call.query
    webhook = await _readable(call)
    found, total = await call.read(
        list_deliveries,
        tenant_id=call.caller.tenant_id,
        webhook_id=webhook.id,
        status=query.status,
        limit=query.limit,
        offset=query.offset,
    )
    return listed([shown_delivery(delivery) for delivery in found], total, query)


@resource.endpoint(
    "POST",
    "/webhooks/{id}/deliveries/{did}/redeliver",
    ability=ABILITY,
    roles=ADMIN,
    status=202,
    answer=bare("WebhookDelivery"),
)
async def redeliver(call: Call) -> Response:
    """Have one delivery made again, under the same `webhook-id`, so that the receiver can tell."""
    webhook_id, delivery_id = call.id("id", "Webhook"), call.id("did", "Delivery")
    named = {"tenant_id": call.caller.tenant_id, "webhook_id": webhook_id, "delivery_id": delivery_id}

    def write(tx: Transaction) -> Delivery:
        delivery = administering.redeliver(tx, **named)
        note(tx, call, "webhook.redelivered", webhook_id, {"delivery_id": delivery_id})
        return delivery

    response = await call.submit(_change(call, write), lambda delivery: json(shown_delivery(delivery), 202))
    _wake(call)
    return response


def shown(webhook: StoredWebhook) -> dict[str, Any]:
    """A webhook as administrators see it."""
    fields = msgspec.structs.asdict(webhook)
    return {name: value for name, value in fields.items() if name != "tenant_id"} | {
        "enabled": webhook.status == ACTIVE
    }


def shown_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery; `next_attempt_at` is None when there will be none."""
    fields = msgspec.structs.asdict(delivery)
    due_at = fields.pop("due_at")
    return fields | {"next_attempt_at": due_at if delivery.status == "pending" else None}


async def _readable(call: Call) -> StoredWebhook:
    found = await call.read_one(read_webhook, tenant_id=call.caller.tenant_id, webhook_id=call.id("id", "Webhook"))
    if found is None:
        raise not_found("Webhook")
    return found


def _require_callable(call: Call, url: str) -> None:
    refused = why_not_called(allowed_from(call.wayline.settings.outbound_allow), url)
    if refused is not None:
        raise issue("url", refused, "not_callable")


def _key_of(secret: str) -> bytes:
    try:
        return key_of(secret)
    except ValueError as error:
        raise invalid(Issue("secret", str(error), "weak_secret")) from error


def _with_secret(response: Response, key: bytes) -> Response:
    """The answer with the secret put in, unless it is the stored answer to an earlier request."""
    if "idempotent-replayed" in response.headers:
        return response
    answer = json({**msgspec.json.decode(response.body), "secret": shown_key(key)}, response.status_code)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _change(call: Call, write: Any) -> Change:
    return Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)


def _wake(call: Call) -> None:
    """Something is due now that no decision has written."""
    door = call.wayline.door
    if door.on_due is not None:
        door.on_due(door.clock.now())
