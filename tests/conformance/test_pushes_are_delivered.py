"""Whoever has asked for it is told on their browsers, each message readable by that browser alone; a browser that is
gone is told no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from driven_desk import DrivenDesk, driven_desk

from browser import Browser, signed_claims
from other_system import OtherSystem, answer, other_system
from served_desk import Person
from wayline.actions.push import MAX_PAYLOAD_BYTES, PushAddress
from wayline.bootstrap import Wayline
from wayline.core.facts import SYSTEM
from wayline.engine import push_subscriptions as subscribing
from wayline.engine import webhooks
from wayline.engine.door import Change, Transaction
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.push_subscriptions import StoredSubscription
from wayline.store.tables import incidents, jobs, notifications, push_keys, push_subscriptions, users

KEY = b"a key for tests alone"


@pytest.fixture
def service() -> Iterator[OtherSystem]:
    """The push service of everybody's browser."""
    with other_system() as system:
        yield system


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path, outbound_allow="127.0.0.0/8") as driven:
        yield driven


def subscribing_at(person: Person, browser: Browser, expires_at: datetime | None = None) -> Change:
    keys = browser.subscription["keys"]
    address = PushAddress(endpoint=browser.endpoint, p256dh=keys["p256dh"], auth=keys["auth"])
    told = subscribing.Browser(address=address, host="127.0.0.1", label=None, expires_at=expires_at)

    def write(tx: Transaction) -> StoredSubscription:
        return subscribing.subscribe(tx, tenant_id=person.tenant_id, actor=person.actor, browser=told, secret_key=KEY)

    return Change(tenant_id=person.tenant_id, actor=person.actor, write=write)


def subscribe(
    desk: DrivenDesk, person: Person, browser: Browser, expires_at: datetime | None = None
) -> StoredSubscription:
    subscribed: StoredSubscription = desk.submit(subscribing_at(person, browser, expires_at))
    return subscribed


def making_a_key() -> Change:
    return Change(tenant_id=None, actor=SYSTEM, write=lambda tx: subscribing.make_key(tx, secret_key=KEY))


def public_key(desk: DrivenDesk) -> str:
    return str(desk.submit(making_a_key()).public_key)


def notice(desk: DrivenDesk, *to: Person, channel: str = "all", message: str = "Look at it.", **said: Any) -> None:
    """Have a run tell people something."""
    action = {
        "type": "send_notification",
        "to": [{"user": person.id} for person in to],
        "subject": said.get("subject", "Printer"),
        "message": message,
        "channel": channel,
    }
    desk.start(desk.publish({"id": "tell", "type": "automatic", "action": action}))


def test_a_notice_reaches_each_browser_encrypted_for_it_alone(desk: DrivenDesk, service: OtherSystem) -> None:
    key = public_key(desk)
    desktop, phone, other = (Browser.at(service, name) for name in ("desktop", "phone", "other"))
    subscribe(desk, desk.bo, desktop)
    subscribe(desk, desk.bo, phone)
    subscribe(desk, desk.cy, other)
    notice(desk, desk.bo, subject="Printer on fire", message="Third floor.")
    assert desk.do_jobs() == 2

    received = {request.path: request for request in service.received}
    assert sorted(received) == ["/send/desktop", "/send/phone"]
    told = desktop.read(received["/send/desktop"])
    assert (told["title"], told["body"], told["kind"]) == ("Printer on fire", "Third floor.", "message")
    assert told["url"].endswith(f"/runs/{told['run_id']}")
    assert phone.read(received["/send/phone"])["id"] != told["id"]
    with pytest.raises(Exception, match="Decryption error"):
        phone.read(received["/send/desktop"])
    headers = received["/send/desktop"].headers
    assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "normal")
    claims = signed_claims(received["/send/desktop"], key)
    at = desk.wayline.clock.now()
    assert claims["aud"] == service.url
    assert claims["sub"].startswith("mailto:")
    assert at.timestamp() < claims["exp"] <= (at + timedelta(hours=24)).timestamp()
    assert b"Printer" not in received["/send/desktop"].body


@pytest.mark.parametrize(
    ("channel", "pushes", "notices"), [("all", 1, 1), ("push", 1, 1), ("in_app", 0, 1), ("email", 0, 0)]
)
def test_what_is_told_where_is_the_channels_to_say(
    desk: DrivenDesk, service: OtherSystem, channel: str, pushes: int, notices: int
) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    notice(desk, desk.bo, channel=channel)
    desk.do_jobs()
    assert len(service.received) == pushes
    assert len(desk.rows(notifications, audience_id=desk.bo.id)) == notices


def test_work_for_a_group_reaches_the_browsers_of_its_members_at_once(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    for person in (desk.bo, desk.cy, desk.ana):
        subscribe(desk, person, Browser.at(service, person.name.lower()))
    sign = {"id": "sign", "type": "approval", "approvers": [{"group": "service-desk"}], "rule": "any"}
    desk.start(desk.publish(sign))
    desk.do_jobs()
    assert {request.path for request in service.received} == {"/send/bo", "/send/cy"}
    assert {request.headers["urgency"] for request in service.received} == {"high"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_told_no_more(desk: DrivenDesk, service: OtherSystem, status: int) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    service.answers.append(answer(status))
    notice(desk, desk.bo)
    desk.do_jobs()
    assert desk.rows(push_subscriptions) == []
    assert desk.rows(jobs) == []
    assert desk.rows(incidents) == []
    notice(desk, desk.bo)
    assert desk.do_jobs() == 0


def test_a_subscription_past_its_end_is_gone(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service), expires_at=desk.wayline.clock.now() + timedelta(hours=1))
    desk.pass_time(hours=2)
    notice(desk, desk.bo)
    desk.do_jobs()
    assert service.received == []
    assert desk.rows(push_subscriptions) == []


def test_a_service_that_is_busy_is_asked_again_when_it_says(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browser = Browser.at(service)
    subscribe(desk, desk.bo, browser)
    service.answers += [answer(429, retry_after="120"), answer(503)]
    notice(desk, desk.bo)
    assert desk.do_jobs() == 1
    desk.pass_time(seconds=100)
    assert desk.do_jobs() == 0
    desk.pass_time(seconds=60)
    assert desk.do_jobs() == 1
    desk.pass_time(hours=1)
    assert desk.do_jobs() == 1
    first, second, third = service.received
    assert browser.read(first) == browser.read(second) == browser.read(third)
    assert desk.rows(jobs) == []
    assert len(desk.rows(push_subscriptions)) == 1


def test_a_message_that_is_refused_for_good_is_one_incident_until_the_browser_comes_again(
    desk: DrivenDesk, service: OtherSystem
) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    service.answers.append(answer(403, b"BadJwtToken", content_type="text/plain"))
    notice(desk, desk.bo)
    desk.do_jobs()
    (incident,) = desk.rows(incidents)
    assert incident.code == "job_failed"
    assert "BadJwtToken" in incident.message
    assert desk.rows(push_subscriptions) == []
    notice(desk, desk.bo)
    assert desk.do_jobs() == 0
    subscribe(desk, desk.bo, Browser.at(service))
    notice(desk, desk.bo)
    assert desk.do_jobs() == 1
    assert len(desk.rows(incidents)) == 1


def test_a_long_message_is_cut_to_what_services_take(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browser = Browser.at(service)
    subscribe(desk, desk.bo, browser)
    notice(desk, desk.bo, subject="Ü" * 400, message="ß“\x07" * 30_000)
    desk.do_jobs()
    (request,) = service.received
    assert MAX_PAYLOAD_BYTES * 0.8 < len(request.body) < 4096
    told = browser.read(request)
    assert told["body"].endswith("…")
    assert len(told["title"]) == 200


def test_a_redirect_is_not_followed(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    service.answers.append(answer(307, location=f"{service.url}/elsewhere"))
    notice(desk, desk.bo)
    desk.do_jobs()
    assert [request.path for request in service.received] == ["/send/one"]


def test_where_a_browser_leads_inside_nothing_is_sent_and_it_is_forgotten(
    database_url: str, tmp_path: Path, service: OtherSystem
) -> None:
    with driven_desk(database_url, tmp_path) as desk:
        public_key(desk)
        subscribe(desk, desk.bo, Browser.at(service))
        subscribe(desk, desk.bo, Browser(endpoint=f"https://localhost:{service.port}/send/two"))
        # A name that is resolved to the loopback address, as far as anybody can tell only when it is called.
        subscribe(desk, desk.bo, Browser(endpoint=f"https://0x7f.1:{service.port}/send/three"))
        notice(desk, desk.bo)
        desk.do_jobs()
        assert service.received == []
        assert desk.rows(push_subscriptions) == []
        assert len(desk.rows(incidents)) == 3


def test_administrators_are_told_of_a_webhook_that_is_disabled(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browser = Browser.at(service)
    subscribe(desk, desk.root, browser)
    subscribe(desk, desk.bo, Browser.at(service, "bo"))
    fields = {"name": "Hook", "url": "https://hooks.example/", "events": ["*"], "secret": b"", "created_by": None}

    def write(tx: Transaction) -> None:
        webhook = webhooks.subscribe(tx, tenant_id=desk.tenant_id, webhook_id=new_id(), fields=fields)
        webhooks.disable(tx, webhook, reason="It is gone.", mail=False)

    desk.submit(Change(tenant_id=desk.tenant_id, actor=SYSTEM, write=write))
    desk.do_jobs()
    (request,) = service.received
    assert browser.read(request)["title"] == "Webhook disabled: Hook"


def test_the_same_browser_at_two_tenants_is_told_by_each_of_its_own(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browser = Browser.at(service)
    subscribe(desk, desk.bo, browser)
    zack = desk.zack
    subscribe(desk, zack, browser)
    notice(desk, desk.bo)
    desk.do_jobs()
    assert len(service.received) == 1
    kept = [row.user_id for row in desk.rows(push_subscriptions)]
    assert sorted(kept) == sorted([desk.bo.id, zack.id])


def test_who_has_left_is_told_nothing(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    notice(desk, desk.bo)
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(users).where(users.c.id == desk.bo.id).values(active=False))
        touch(connection, desk.tenant_id)
    desk.do_jobs()
    assert service.received == []


def test_the_key_is_made_once_and_kept_sealed(desk: DrivenDesk) -> None:
    assert public_key(desk) == public_key(desk)
    (row,) = desk.rows(push_keys)
    assert b"PRIVATE" not in row.private_key
    assert row.private_key[:2] != b"\x30\x81"  # as an unsealed one begins


def test_no_address_or_key_of_a_browser_stands_open_in_a_table(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    browser = Browser.at(service, "a-secret-place")
    subscribe(desk, desk.bo, browser)
    notice(desk, desk.bo)
    with desk.wayline.database.reader.connect() as connection:
        for table in (push_subscriptions, jobs):
            for row in connection.execute(sa.select(table)):
                kept = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row)
                assert b"a-secret-place" not in kept
                assert browser.subscription["keys"]["auth"].encode() not in kept


def test_under_another_secret_key_it_fails_and_says_why(desk: DrivenDesk, service: OtherSystem) -> None:
    public_key(desk)
    subscription = subscribe(desk, desk.bo, Browser.at(service))
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(push_subscriptions).values(sealed=subscription.sealed[::-1]))
    notice(desk, desk.bo)
    desk.do_jobs()
    (incident,) = desk.rows(incidents)
    assert "WAYLINE_SECRET_KEY" in incident.message
    assert desk.rows(push_subscriptions) == []


def test_a_key_that_cannot_be_opened_is_replaced_when_it_is_asked_for(desk: DrivenDesk, service: OtherSystem) -> None:
    before = public_key(desk)
    subscribe(desk, desk.bo, Browser.at(service))
    desk.write(sa.update(push_keys).values(private_key=b"sealed by another"))
    notice(desk, desk.bo)
    desk.do_jobs()
    assert ["WAYLINE_SECRET_KEY" in row.message for row in desk.rows(incidents)] == [True]
    after = public_key(desk)
    assert after != before
    subscribe(desk, desk.bo, Browser.at(service))
    notice(desk, desk.bo)
    desk.do_jobs()
    signed_claims(service.received[0], after)


def test_two_servers_at_once_make_one_key_and_keep_one_subscription(postgresql_url: str, tmp_path: Path) -> None:
    browser = Browser("https://push.example/send/one")
    with driven_desk(postgresql_url, tmp_path) as desk:
        second = Wayline(desk.settings, workers=False)
        second.start()
        doors = [desk.wayline.door, second.door] * 5
        with ThreadPoolExecutor(len(doors)) as threads:
            keys = {made.public_key for made in threads.map(lambda door: door.submit_and_wait(making_a_key()), doors)}
            kept = set(threads.map(lambda door: door.submit_and_wait(subscribing_at(desk.bo, browser)).id, doors))
        second.stop()
        assert len(keys) == 1
        assert [row.id for row in desk.rows(push_subscriptions)] == list(kept)
