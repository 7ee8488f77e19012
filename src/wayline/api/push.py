"""Being told on one's browsers (Web Push): everybody keeps their own subscriptions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from wayline.actions.addresses import allowed_from
from wayline.actions.push import PushAddress, why_no_address
from wayline.actions.webhook import MAX_URL_CHARS, why_not_called
from wayline.api.answer_shapes import one, page
from wayline.api.endpoint import Call, Paging, Resource, page_of
from wayline.api.problems import data, issue, json
from wayline.engine import push_subscriptions as subscribing
from wayline.engine.door import Change, Transaction
from wayline.engine.push_subscriptions import Browser
from wayline.store.push_subscriptions import StoredKey, StoredSubscription, list_subscriptions, read_key

resource = Resource("Notifications")
MAX_KEY_CHARS = 200
MAX_LABEL_CHARS = 100
LAST_MS = 7_258_118_400_000
"""The year 2200, in milliseconds."""


class BrowserKeys(BaseModel):
    """The browser's public key and the secret it shares, both base64url."""

    model_config = ConfigDict(extra="ignore")

    p256dh: str = Field(min_length=1, max_length=MAX_KEY_CHARS)
    auth: str = Field(min_length=1, max_length=MAX_KEY_CHARS)


class NewSubscription(BaseModel):
    """A browser's `PushSubscription` as its `toJSON()` gives it; `label` is what its owner calls the browser. What
    browsers will say beside this is passed over."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str = Field(min_length=1, max_length=MAX_URL_CHARS)
    expirationTime: float | None = Field(
        None, ge=0, le=LAST_MS, description="When the browser ends it, in milliseconds since 1970; null: it does not."
    )
    keys: BrowserKeys
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LABEL_CHARS)] | None = (
        None
    )


class SubscriptionList(Paging):
    """One's own, the newest first."""

    sort: Literal["created_at"] = "created_at"


@resource.endpoint("GET", "/push/key", answer=one("PushKey"))
async def get_push_key(call: Call) -> Response:
    """What a browser subscribes with (`applicationServerKey`, base64url): the same for everybody, and for as long as
    the server's secret key is."""
    secret_key = call.wayline.secret_key
    kept = await call.read_one(read_key)
    if kept is not None and subscribing.is_usable(kept, secret_key):
        return _shown_key(kept)
    change = Change(
        tenant_id=None, actor=call.caller.actor, write=lambda tx: subscribing.make_key(tx, secret_key=secret_key)
    )
    return _shown_key(await call.wayline.door.submit(change))


def _shown_key(key: StoredKey) -> Response:
    return data({"key": key.public_key})


@resource.endpoint("GET", "/push/subscriptions", query=SubscriptionList, answer=page("PushSubscription"))
async def list_push_subscriptions(call: Call) -> Response:
    """The caller's browsers that are told. Never their addresses or keys."""
    query: SubscriptionList = call.query
    found, total = await call.read(
        list_subscriptions,
        tenant_id=call.caller.tenant_id,
        user_id=call.caller.user_id,
        newest_first=query.order == "desc",
        limit=query.limit,
        offset=query.offset,
    )
    return json(page_of([_shown(subscription) for subscription in found], total, query))


@resource.endpoint(
    "POST", "/push/subscriptions", body=NewSubscription, answer=one("PushSubscription"), status=201, refusals=(409,)
)
async def create_push_subscription(call: Call) -> Response:
    """Tell the caller on this browser from now on. A browser that subscribes again stays the same one."""
    body: NewSubscription = call.body
    browser = _browser(call, body)

    def write(tx: Transaction) -> StoredSubscription:
        return subscribing.subscribe(
            tx,
            tenant_id=call.caller.tenant_id,
            actor=call.caller.actor,
            browser=browser,
            secret_key=call.wayline.secret_key,
        )

    return await call.submit(_change(call, write), lambda subscription: data(_shown(subscription), 201))


@resource.endpoint("DELETE", "/push/subscriptions/{id}", status=204)
async def delete_push_subscription(call: Call) -> Response:
    """Tell the caller on this browser no more."""
    subscription_id = call.id("id", "Subscription")

    def write(tx: Transaction) -> None:
        subscribing.unsubscribe(
            tx, tenant_id=call.caller.tenant_id, actor=call.caller.actor, subscription_id=subscription_id
        )

    return await call.submit(_change(call, write), lambda _: Response(status_code=204))


def _browser(call: Call, body: NewSubscription) -> Browser:
    """What the body says, refused where nothing could ever be sent to it."""
    address = PushAddress(endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth)
    refused = why_not_called(allowed_from(call.wayline.settings.outbound_allow), body.endpoint)
    if refused is not None:
        raise issue("endpoint", refused, "not_callable")
    amiss = why_no_address(address)
    if amiss is not None:
        raise issue(*amiss, "not_a_key")
    ends_ms = body.expirationTime
    return Browser(
        address=address,
        host=urlsplit(body.endpoint).hostname or "",
        label=body.label,
        expires_at=None if ends_ms is None else datetime.fromtimestamp(int(ends_ms) // 1000, UTC),
    )


def _shown(subscription: StoredSubscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "host": subscription.host,
        "label": subscription.label,
        "expires_at": subscription.expires_at,
        "created_at": subscription.created_at,
    }


def _change(call: Call, write: Any) -> Change:
    return Change(tenant_id=call.caller.tenant_id, actor=call.caller.actor, write=write)
