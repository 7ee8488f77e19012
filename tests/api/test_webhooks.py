"""Webhooks over HTTP: for administrators, on surface 002's terms; a secret is shown once."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from served_desk import Desk, served_desk
from wayline.core.cloud_event import TYPES
from wayline.store.sealing import unseal
from wayline.store.tables import audit, idempotency, webhook_deliveries, webhooks

API = "/api/v1/webhooks"
NOBODYS = "00000000-0000-4000-8000-000000000000"
WANTED = {"url": "https://hooks.example/wayline", "events": ["wayline.run.started", "wayline.ticket.created"]}


def created(desk: Desk, **fields: Any) -> dict[str, Any]:
    answer = desk.client(desk.root).post(API, json={**WANTED, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: Any, status: int) -> list[dict[str, Any]]:
    assert answer.status_code == status, answer.text
    assert answer.json()["data"] is None
    return list(answer.json()["errors"])


def test_a_webhook_is_created_and_its_secret_shown_once(desk: Desk) -> None:
    root = desk.client(desk.root)
    answer = root.post(API, json=WANTED)
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    key = base64.b64decode(made.pop("secret").removeprefix("whsec_"))
    assert len(key) == 32
    assert {name: made[name] for name in ("url", "events", "status", "enabled", "created_by")} == {
        **WANTED,
        "status": "active",
        "enabled": True,
        "created_by": desk.root.id,
    }
    assert root.get(f"{API}/{made['id']}").json() == made
    assert root.get(API).json() == {
        "data": [made],
        "meta": {"pagination": {"total_count": 1, "limit": 20, "offset": 0, "has_more": False}},
    }
    (row,) = rows(desk, webhooks)
    assert key not in row.secret
    assert unseal(desk.wayline.secret_key, row.secret, belongs_to=made["id"]) == key


def rows(desk: Desk, table: sa.Table) -> list[Any]:
    with desk.wayline.database.reader.connect() as connection:
        return list(connection.execute(sa.select(table)))


def test_a_secret_of_ones_own_is_taken(desk: Desk) -> None:
    own = "whsec_" + base64.b64encode(b"k" * 24).decode()
    assert created(desk, secret=own)["secret"] == own
    plain = created(desk, secret="sixteen letters!")["secret"]
    assert base64.b64decode(plain.removeprefix("whsec_")) == b"sixteen letters!"


def test_everything_is_one_star(desk: Desk) -> None:
    assert created(desk, events=["wayline.run.started", "*"])["events"] == ["*"]


def test_a_secret_is_kept_nowhere_in_clear(desk: Desk) -> None:
    """Not in the audit, and not in the answer kept for an Idempotency-Key."""
    root = desk.client(desk.root)
    first = root.post(API, json=WANTED, headers={"Idempotency-Key": "one"}).json()
    again = root.post(API, json=WANTED, headers={"Idempotency-Key": "one"})
    assert again.status_code == 201
    assert again.json() == {**first, "secret": None}
    secret = first["secret"]
    changed = root.patch(f"{API}/{first['id']}", json={"secret": "another long enough secret"})
    assert changed.status_code == 200
    assert "secret" not in changed.json()
    kept = str([tuple(row) for table in (audit, idempotency, webhooks) for row in rows(desk, table)])
    for clear in (secret, secret.removeprefix("whsec_"), "another long enough secret"):
        assert clear not in kept
    assert len(rows(desk, webhooks)) == 1


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"url": "http://hooks.example/"}, "url", "https://"),
        ({"url": "https://10.0.0.1/"}, "url", "private"),
        ({"url": "https://localhost/"}, "url", "private"),
        ({"url": None}, "url", "string"),
        ({"events": []}, "events", "at least 1"),
        ({"events": ["wayline.run.begun"]}, "events", "wayline.run.begun"),
        ({"events": "*"}, "events", "list"),
        ({"secret": "short"}, "secret", "16"),
        ({"secret": "whsec_%%%"}, "secret", "base64"),
        ({"name": ""}, "name", "at least 1"),
        ({"colour": "red"}, "colour", "permitted"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value,
)
def test_what_cannot_be_is_refused_with_its_field(desk: Desk, fields: Any, field: str, said: str) -> None:
    (error,) = refused(desk.client(desk.root).post(API, json={**WANTED, **fields}), 422)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
    assert said in error["message"]
    made = created(desk)
    if fields != {"url": None}:
        assert refused(desk.client(desk.root).patch(f"{API}/{made['id']}", json=fields), 422)[0]["field"] == field


def test_an_address_and_events_are_required(sqlite_desk: Desk) -> None:
    errors = refused(sqlite_desk.client(sqlite_desk.root).post(API, json={}), 422)
    assert {error["field"] for error in errors} == {"url", "events"}


def test_an_operator_allows_hosts_inside(sqlite_url: str, tmp_path: Path) -> None:
    with served_desk(sqlite_url, tmp_path, outbound_allow="hooks.inside, 10.0.0.0/8") as desk:
        assert created(desk, url="http://hooks.inside/a")["url"] == "http://hooks.inside/a"
        assert created(desk, url="http://10.1.2.3:9000/")["enabled"]


def test_a_webhook_is_changed(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk, name="Inventory")
    changed = root.patch(f"{API}/{made['id']}", json={"events": ["*"], "enabled": False}).json()
    assert (changed["events"], changed["enabled"], changed["status"]) == (["*"], False, "disabled")
    assert changed["disabled_reason"] == "Disabled by Root."
    assert changed["name"] == "Inventory"
    changed = root.patch(f"{API}/{made['id']}", json={"enabled": True, "name": "Stock", "url": "https://b.example"})
    assert {n: changed.json()[n] for n in ("name", "url", "enabled", "disabled_reason")} == {
        "name": "Stock",
        "url": "https://b.example",
        "enabled": True,
        "disabled_reason": None,
    }


def test_a_webhook_is_deleted(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk)
    assert root.delete(f"{API}/{made['id']}").status_code == 204
    refused(root.get(f"{API}/{made['id']}"), 404)
    refused(root.delete(f"{API}/{made['id']}"), 404)
    refused(root.patch(f"{API}/{made['id']}", json={"enabled": True}), 404)
    assert root.get(API).json()["data"] == []


def test_a_list_is_given_in_slices(desk: Desk) -> None:
    made = [created(desk, name=str(number))["id"] for number in range(3)]
    page = desk.client(desk.root).get(API, params={"limit": 2}).json()
    assert [webhook["id"] for webhook in page["data"]] == made[:0:-1]
    assert page["meta"]["pagination"] == {"total_count": 3, "limit": 2, "offset": 0, "has_more": True}
    page = desk.client(desk.root).get(API, params={"limit": 2, "offset": 2}).json()
    assert [webhook["id"] for webhook in page["data"]] == made[:1]
    assert page["meta"]["pagination"]["has_more"] is False
    for wrong in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "many"}):
        refused(desk.client(desk.root).get(API, params=wrong), 422)


def test_there_are_fifty_at_most(sqlite_desk: Desk) -> None:
    for _ in range(50):
        created(sqlite_desk)
    (error,) = refused(sqlite_desk.client(sqlite_desk.root).post(API, json=WANTED), 409)
    assert error["code"] == "INVALID_STATE"


def test_every_event_is_listed_with_what_it_says(sqlite_desk: Desk) -> None:
    found = sqlite_desk.client(sqlite_desk.root).get(f"{API}/events", params={"limit": 100}).json()["data"]
    assert {entry["type"]: entry["description"] for entry in found} == TYPES


def test_the_api_description_names_every_event(sqlite_desk: Desk) -> None:
    schemas = sqlite_desk.http.get("/openapi.json").json()["components"]["schemas"]
    for body in ("NewWebhook", "WebhookChanges"):
        assert schemas[body]["properties"]["events"]["items"]["enum"] == ["*", *TYPES]


# -- deliveries ------------------------------------------------------------------------------------


def test_a_test_and_its_repetition_are_in_the_log(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk)
    answer = root.post(f"{API}/{made['id']}/test")
    assert answer.status_code == 202
    sent = answer.json()
    assert (sent["type"], sent["status"], sent["attempts"]) == ("wayline.webhook.test", "pending", 0)
    assert sent["next_attempt_at"] is not None
    with desk.wayline.database.writer.begin() as connection:
        fields = {"status": "delivered", "attempts": 1, "response_status": 200, "response_body": "ok"}
        connection.execute(sa.update(webhook_deliveries).values(**fields, duration_ms=12))
    (logged,) = root.get(f"{API}/{made['id']}/deliveries").json()["data"]
    assert (logged["id"], logged["status"], logged["response_status"]) == (sent["id"], "delivered", 200)
    assert (logged["response_body"], logged["duration_ms"], logged["next_attempt_at"]) == ("ok", 12, None)
    again = root.post(f"{API}/{made['id']}/deliveries/{sent['id']}/redeliver")
    assert again.status_code == 202
    assert (again.json()["id"], again.json()["status"], again.json()["attempts"]) == (sent["id"], "pending", 1)


def test_what_happens_on_the_desk_is_in_the_log(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk)
    for title in ("One", "Two", "Three"):
        assert desk.client(desk.ana).post("/api/v1/tickets", json={"type": "incident", "title": title}).is_success
    page = root.get(f"{API}/{made['id']}/deliveries", params={"limit": 2}).json()
    assert page["meta"]["pagination"] == {"total_count": 3, "limit": 2, "offset": 0, "has_more": True}
    assert {entry["type"] for entry in page["data"]} == {"wayline.ticket.created"}
    assert [e["created_at"] for e in page["data"]] == sorted((e["created_at"] for e in page["data"]), reverse=True)
    found = lambda status: root.get(f"{API}/{made['id']}/deliveries", params={"status": status})  # noqa: E731
    assert len(found("pending").json()["data"]) == 3
    assert found("failed").json()["data"] == []
    refused(found("lost"), 422)


def test_a_disabled_webhook_is_told_nothing_on_demand(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk)
    sent = root.post(f"{API}/{made['id']}/test").json()
    root.patch(f"{API}/{made['id']}", json={"enabled": False})
    (error,) = refused(root.post(f"{API}/{made['id']}/test"), 409)
    assert error["code"] == "INVALID_STATE"
    assert "disabled" in error["message"]
    refused(root.post(f"{API}/{made['id']}/deliveries/{sent['id']}/redeliver"), 409)


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    root = desk.client(desk.root)
    made, other = created(desk), created(desk)
    sent = root.post(f"{API}/{made['id']}/test").json()
    for path in (NOBODYS, "nothing"):
        refused(root.get(f"{API}/{path}"), 404)
        refused(root.get(f"{API}/{path}/deliveries"), 404)
        refused(root.post(f"{API}/{path}/test"), 404)
        refused(root.post(f"{API}/{made['id']}/deliveries/{path}/redeliver"), 404)
    refused(root.post(f"{API}/{other['id']}/deliveries/{sent['id']}/redeliver"), 404)


# -- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ana", "bo", "dee"])
def test_webhooks_are_for_administrators(desk: Desk, who: str) -> None:
    made = created(desk)
    client = desk.client(getattr(desk, who))
    for method, path in (
        ("GET", API),
        ("POST", API),
        ("GET", f"{API}/events"),
        ("GET", f"{API}/{made['id']}"),
        ("PATCH", f"{API}/{made['id']}"),
        ("DELETE", f"{API}/{made['id']}"),
        ("POST", f"{API}/{made['id']}/test"),
        ("GET", f"{API}/{made['id']}/deliveries"),
    ):
        (error,) = refused(client.request(method, path), 403)
        assert error["code"] == "FORBIDDEN"
    refused(desk.http.get(API), 401)


def test_a_token_needs_the_ability(desk: Desk) -> None:
    narrow, fitting, wide = (desk.new_token(desk.root, a) for a in ("run:write", "webhook:manage", "admin"))
    refused(desk.using(narrow).get(API), 403)
    assert desk.using(fitting).get(API).status_code == 200
    assert desk.using(wide).get(API).status_code == 200
    refused(desk.using(desk.new_token(desk.bo, "webhook:manage")).get(API), 403)


def test_another_tenants_webhooks_are_not_there(desk: Desk) -> None:
    made = created(desk)
    sent = desk.client(desk.root).post(f"{API}/{made['id']}/test").json()
    zoe = desk.client(desk.zoe)
    assert zoe.get(API).json()["data"] == []
    refused(zoe.get(f"{API}/{made['id']}"), 404)
    refused(zoe.patch(f"{API}/{made['id']}", json={"enabled": False}), 404)
    refused(zoe.delete(f"{API}/{made['id']}"), 404)
    refused(zoe.get(f"{API}/{made['id']}/deliveries"), 404)
    refused(zoe.post(f"{API}/{made['id']}/deliveries/{sent['id']}/redeliver"), 404)


def test_what_is_done_to_webhooks_is_audited(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = created(desk)
    root.patch(f"{API}/{made['id']}", json={"name": "Stock"})
    sent = root.post(f"{API}/{made['id']}/test").json()
    root.post(f"{API}/{made['id']}/deliveries/{sent['id']}/redeliver")
    root.delete(f"{API}/{made['id']}")
    found = root.get("/api/v1/audit", params={"subject": "webhook", "order": "asc"}).json()["data"]
    assert [entry["action"] for entry in found] == [
        "webhook.created",
        "webhook.updated",
        "webhook.tested",
        "webhook.redelivered",
        "webhook.deleted",
    ]
    assert {entry["actor"]["name"] for entry in found} == {"Root"}
