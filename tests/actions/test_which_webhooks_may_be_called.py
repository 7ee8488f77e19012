"""A webhook's address is public and encrypted, unless an operator says otherwise; its secret is long enough."""

from __future__ import annotations

import base64

import pytest

from wayline.actions.addresses import allowed_from
from wayline.actions.webhook import key_of, new_secret, shown_key, why_not_called

NOTHING = allowed_from("")
OPENED = allowed_from("hooks.inside, *.lab.example, 10.1.0.0/16")


@pytest.mark.parametrize(
    "url", ["https://hooks.example/wayline", "https://hooks.example:8443/?a=1", "https://8.8.8.8/"]
)
def test_public_addresses_over_https_may_be_called(url: str) -> None:
    assert why_not_called(NOTHING, url) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example/", "https://"),
        ("ftp://hooks.example/", "https://"),
        ("hooks.example", "https://"),
        ("https://", "host"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:10.0.0.1]/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://localhost:8443/", "private"),
        ("https://db.internal/", "private"),
        ("https://hooks/", "private"),
        ("https://ana:secret@hooks.example/", "Credentials"),
        ("https://hooks.example/#here", "#"),
        ("https://hooks.example/" + "a" * 2000, "characters"),
    ],
)
def test_others_may_not(url: str, said: str) -> None:
    assert said in str(why_not_called(NOTHING, url))


@pytest.mark.parametrize("url", ["http://hooks.inside/", "http://a.lab.example/", "https://10.1.2.3/"])
def test_an_operator_opens_hosts_and_networks(url: str) -> None:
    assert why_not_called(OPENED, url) is None
    assert why_not_called(NOTHING, url) is not None


def test_a_name_is_not_opened_by_the_network_it_might_be_in() -> None:
    """Where a name leads is not known yet, and may be another place the next time."""
    assert why_not_called(OPENED, "http://hooks.example/") is not None


def test_a_secret_is_told_as_the_standard_writes_it() -> None:
    key = new_secret()
    assert key_of(shown_key(key)) == key
    assert key_of("any long enough text") == b"any long enough text"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("short", "characters"),
        ("x" * 300, "characters"),
        ("whsec_not base64!", "base64"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "bytes"),
    ],
)
def test_a_secret_that_protects_nothing_is_refused(secret: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        key_of(secret)
