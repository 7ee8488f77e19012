"""Being told on one's browsers: what passes through the door as a Change."""

from __future__ import annotations

from datetime import datetime

import msgspec

from wayline.actions.push import PushAddress, new_key
from wayline.core.facts import Actor
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Transaction
from wayline.store import audit
from wayline.store import push_subscriptions as stored
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.push_subscriptions import StoredKey, StoredSubscription
from wayline.store.sealing import SealBroken, seal, unseal

SUBSCRIPTIONS_MAX = 20
"""Browsers of one person."""
KEY_BELONGS_TO = "push key"


class Browser(msgspec.Struct, frozen=True):
    """What a browser says of itself; `label` is what its owner calls it."""

    address: PushAddress
    host: str
    label: str | None
    expires_at: datetime | None


def is_usable(key: StoredKey, secret_key: bytes) -> bool:
    """Whether its private half can be had: it was sealed under this secret key."""
    try:
        unseal(secret_key, key.private_key, belongs_to=KEY_BELONGS_TO)
    except SealBroken:
        return False
    return True


def make_key(tx: Transaction, *, secret_key: bytes) -> StoredKey:
    """The installation's key for push services; made when there is none, or none that can be used."""
    kept = stored.read_key(tx.connection, lock=True)
    if kept is not None and is_usable(kept, secret_key):
        return kept
    if kept is not None:
        stored.delete_key(tx.connection)
    public_key, private_key = new_key()
    sealed = seal(secret_key, private_key, belongs_to=KEY_BELONGS_TO)
    return stored.keep_key(tx.connection, StoredKey(public_key, sealed), at=tx.at)


def subscribe(
    tx: Transaction, *, tenant_id: str, actor: Actor, browser: Browser, secret_key: bytes
) -> StoredSubscription:
    """Tell the person on this browser from now on. A browser that says so again keeps its id; one that somebody else
    was told on is theirs no more. Refuses one too many, and an address of somebody else's without their keys."""
    assert actor.user_id is not None
    endpoint = browser.address.endpoint
    before = stored.subscription_at(tx.connection, tenant_id=tenant_id, endpoint=endpoint)
    if before is not None and _is_told_already(before, actor, browser, secret_key):
        return before  # browsers say so whenever a page is opened: nobody's cache is to be read anew for that
    touch(tx.connection, tenant_id)
    before = stored.subscription_at(tx.connection, tenant_id=tenant_id, endpoint=endpoint)
    mine = before is not None and before.user_id == actor.user_id
    if before is not None:
        if not mine and _address_of(before, secret_key) not in (None, browser.address):
            raise Refusal("conflict", "That address belongs to another browser.", code="endpoint_taken")
        stored.delete_subscription(tx.connection, tenant_id=tenant_id, subscription_id=before.id)
    _require_room(tx, tenant_id, actor.user_id)
    subscription_id = before.id if before is not None and mine else new_id()
    written = StoredSubscription(
        id=subscription_id,
        user_id=actor.user_id,
        host=browser.host,
        label=browser.label,
        sealed=seal(secret_key, msgspec.json.encode(browser.address), belongs_to=subscription_id),
        expires_at=browser.expires_at,
        created_at=before.created_at if before is not None and mine else tx.at,
    )
    stored.insert_subscription(tx.connection, tenant_id=tenant_id, endpoint=endpoint, subscription=written)
    if not mine:
        _note(tx, tenant_id, actor, "push.subscribed", written)
    return written


def unsubscribe(tx: Transaction, *, tenant_id: str, actor: Actor, subscription_id: str) -> None:
    """Tell the person on this browser no more; refuses one that is not theirs."""
    found = stored.read_subscription(
        tx.connection, tenant_id=tenant_id, subscription_id=subscription_id, user_id=actor.user_id
    )
    if found is None:
        raise not_found("Subscription")
    forget(tx, tenant_id=tenant_id, subscription_id=subscription_id, actor=actor)


def forget(tx: Transaction, *, tenant_id: str, subscription_id: str, actor: Actor) -> None:
    """The subscription is gone, whoever says so; nothing happens when it was gone before."""
    found = stored.read_subscription(tx.connection, tenant_id=tenant_id, subscription_id=subscription_id)
    if found is None:
        return
    touch(tx.connection, tenant_id)
    stored.delete_subscription(tx.connection, tenant_id=tenant_id, subscription_id=subscription_id)
    _note(tx, tenant_id, actor, "push.unsubscribed", found)


def _require_room(tx: Transaction, tenant_id: str, user_id: str) -> None:
    if stored.count_subscriptions(tx.connection, tenant_id=tenant_id, user_id=user_id) >= SUBSCRIPTIONS_MAX:
        raise Refusal(
            "conflict",
            f"At most {SUBSCRIPTIONS_MAX} browsers a person; remove one first.",
            code="too_many_subscriptions",
            details={"limit": SUBSCRIPTIONS_MAX},
        )


def _address_of(subscription: StoredSubscription, secret_key: bytes) -> PushAddress | None:
    """What is kept of the browser, which alone knows the secret it shares; None when it was kept under another key, so
    that nothing can be sent to it."""
    try:
        opened = unseal(secret_key, subscription.sealed, belongs_to=subscription.id)
    except SealBroken:
        return None
    return msgspec.json.decode(opened, type=PushAddress)


def _is_told_already(before: StoredSubscription, actor: Actor, browser: Browser, secret_key: bytes) -> bool:
    said = (before.user_id, before.label, before.expires_at) == (actor.user_id, browser.label, browser.expires_at)
    return said and _address_of(before, secret_key) == browser.address


def _note(tx: Transaction, tenant_id: str, actor: Actor, action: str, subscription: StoredSubscription) -> None:
    audit.record(
        tx.connection,
        tenant_id=tenant_id,
        at=tx.at,
        actor=actor,
        action=action,
        subject_id=subscription.id,
        detail={"user_id": subscription.user_id, "host": subscription.host, "label": subscription.label},
    )
