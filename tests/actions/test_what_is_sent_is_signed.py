"""Receivers can check who called them, by Standard Webhooks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from wayline.actions.signature import shown_secret, signature_headers, signing_key


def test_the_published_example_is_reproduced() -> None:
    """The example every library of the standard is tested with."""
    headers = signature_headers(
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_tenant_signs_with_a_key_of_its_own() -> None:
    acme, zed = signing_key(b"server key", "acme"), signing_key(b"server key", "zed")
    assert acme != zed
    assert acme != signing_key(b"another server's key", "acme")
    assert base64.b64decode(shown_secret(acme).removeprefix("whsec_")) == acme
