"""Administering webhooks: what passes through the door as a Change."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.facts import SYSTEM
from wayline.core.refusals import Refusal, not_found
from wayline.engine.door import Transaction
from wayline.store import audit, webhook_deliveries, webhooks
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.push_subscriptions import subscriptions_by_person
from wayline.store.tables import jobs, notifications, users
from wayline.store.webhooks import StoredWebhook

MAX_WEBHOOKS = 50
_encode = msgspec.msgpack.Encoder().encode


def known(tx: Transaction, *, tenant_id: str, webhook_id: str) -> StoredWebhook:
    """The tenant's webhook; refuses when there is none."""
    found = webhooks.read_webhook(tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, lock=True)
    if found is None:
        raise not_found("Webhook")
    return found


def subscribe(tx: Transaction, *, tenant_id: str, webhook_id: str, fields: dict[str, Any]) -> StoredWebhook:
    """A new webhook of {name, url, events, secret, created_by}; refuses one too many."""
    if webhooks.count_webhooks(tx.connection, tenant_id=tenant_id) >= MAX_WEBHOOKS:
        raise Refusal("conflict", f"At most {MAX_WEBHOOKS} webhooks; remove one first.", code="too_many_webhooks")
    values = {**fields, "created_at": tx.at, "updated_at": tx.at}
    webhooks.add_webhook(tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, fields=values)
    touch(tx.connection, tenant_id)
    return known(tx, tenant_id=tenant_id, webhook_id=webhook_id)


def change(tx: Transaction, *, tenant_id: str, webhook_id: str, fields: dict[str, Any]) -> StoredWebhook:
    """Change some columns. One that is enabled again begins with a clean record, and what waited is due."""
    before = known(tx, tenant_id=tenant_id, webhook_id=webhook_id)
    if fields.get("status") == webhooks.ACTIVE != before.status:
        fields = {**fields, "failing_since": None, "disabled_reason": None}
    values = {**fields, "updated_at": tx.at}
    webhooks.change_webhook(tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, fields=values)
    touch(tx.connection, tenant_id)
    return known(tx, tenant_id=tenant_id, webhook_id=webhook_id)


def unsubscribe(tx: Transaction, *, tenant_id: str, webhook_id: str) -> StoredWebhook:
    """It is gone for everybody at once; its deliveries are removed bit by bit by a recurring task."""
    before = known(tx, tenant_id=tenant_id, webhook_id=webhook_id)
    gone = {"status": webhooks.DELETED, "secret": b"", "updated_at": tx.at}
    webhooks.change_webhook(tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, fields=gone)
    touch(tx.connection, tenant_id)
    return before


def redeliver(tx: Transaction, *, tenant_id: str, webhook_id: str, delivery_id: str) -> webhook_deliveries.Delivery:
    """Have a delivery made again now; refuses while the webhook is disabled, for nothing would be sent."""
    _require_active(known(tx, tenant_id=tenant_id, webhook_id=webhook_id))
    found = webhook_deliveries.read_delivery(
        tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, delivery_id=delivery_id
    )
    if found is None:
        raise not_found("Delivery")
    webhook_deliveries.deliver_again(tx.connection, tenant_id=tenant_id, delivery_id=delivery_id, at=tx.at)
    return _delivery(tx, tenant_id=tenant_id, webhook_id=webhook_id, delivery_id=delivery_id)


def send_test(tx: Transaction, *, tenant_id: str, webhook_id: str, told: str) -> webhook_deliveries.Delivery:
    """Have an event of type `told` sent that says nothing but that it is a test; refuses while it is disabled."""
    webhook = known(tx, tenant_id=tenant_id, webhook_id=webhook_id)
    _require_active(webhook)
    row = webhook_deliveries.new_delivery(
        tenant_id=tenant_id,
        webhook_id=webhook_id,
        # Alone in its lane: no other event holds a test up, and it holds up none.
        subject_id=new_id(),
        seq=0,
        told=told,
        at=tx.at,
        data={"detail": "A test: somebody asked for it, and nothing has happened.", "webhook": {"id": webhook_id}},
    )
    webhook_deliveries.add_delivery(tx.connection, row)
    return _delivery(tx, tenant_id=tenant_id, webhook_id=webhook_id, delivery_id=row["id"])


def _delivery(tx: Transaction, *, tenant_id: str, webhook_id: str, delivery_id: str) -> webhook_deliveries.Delivery:
    found = webhook_deliveries.read_delivery(
        tx.connection, tenant_id=tenant_id, webhook_id=webhook_id, delivery_id=delivery_id
    )
    assert found is not None
    return found


def _require_active(webhook: StoredWebhook) -> None:
    if webhook.status != webhooks.ACTIVE:
        raise Refusal("conflict", "The webhook is disabled; enable it first.", code="webhook_disabled")


# -- a receiver that does not answer any more ------------------------------------------------------


def disable(tx: Transaction, webhook: StoredWebhook, *, reason: str, mail: bool) -> None:
    """Tell it nothing more until an administrator enables it, and tell the administrators why."""
    tenant_id = webhook.tenant_id
    values = {"status": webhooks.DISABLED, "disabled_reason": reason, "updated_at": tx.at}
    webhooks.change_webhook(tx.connection, tenant_id=tenant_id, webhook_id=webhook.id, fields=values)
    touch(tx.connection, tenant_id)
    audit.record(
        tx.connection,
        tenant_id=tenant_id,
        at=tx.at,
        actor=SYSTEM,
        action="webhook.disabled",
        subject_id=webhook.id,
        detail={"reason": reason},
    )
    _notify_admins(
        tx, tenant_id, title=f"Webhook disabled: {webhook.name}", body=f"{webhook.url}\n\n{reason}", mail=mail
    )


def _notify_admins(tx: Transaction, tenant_id: str, *, title: str, body: str, mail: bool) -> None:
    query = sa.select(users.c.id, users.c.email).where(
        users.c.tenant_id == tenant_id, users.c.role == "admin", users.c.active
    )
    admins = tx.connection.execute(query).all()
    if not admins:
        return
    notice = {"tenant_id": tenant_id, "kind": "webhook_disabled", "title": title, "body": body, "created_at": tx.at}
    tx.connection.execute(
        sa.insert(notifications), [{**notice, "id": new_id(), "audience_id": admin.id} for admin in admins]
    )
    tx.publish(tenant_id, "notification", {"title": title}, frozenset(admin.id for admin in admins))
    said = {"kind": "message", "title": title, "body": body}
    browsers = subscriptions_by_person(tx.connection, tenant_id)
    rows = [
        _job(tx, tenant_id, "push", {"type": "push", "subscription_id": subscription_id, **said})
        for admin in admins
        for subscription_id in browsers.get(admin.id, ())
    ]
    if mail:
        written = {"type": "email", "kind": "message", "subject": title, "text": body}
        rows += [_job(tx, tenant_id, "email", {**written, "to": [admin.email]}) for admin in admins]
    if rows:
        tx.connection.execute(sa.insert(jobs), rows)


def _job(tx: Transaction, tenant_id: str, queue: str, action: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{'mail' if queue == 'email' else queue}:{new_id()}",
        "tenant_id": tenant_id,
        "queue": queue,
        "action": _encode(action),
        "attempt": 1,
        "timeout_s": 30.0,
        "due_at": tx.at,
        "created_at": tx.at,
    }
