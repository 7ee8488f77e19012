"""Public addresses may be called; what only this machine can reach may not, unless an operator says so."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from wayline.actions.addresses import Allowed, allowed_from, may_connect

NOTHING = Allowed()


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_may(address: str) -> None:
    assert may_connect(NOTHING, "example.org", ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
    ],
)
def test_what_is_not_public_may_not(address: str) -> None:
    assert not may_connect(NOTHING, "example.org", ip_address(address))


def test_an_operator_opens_hosts_domains_addresses_and_networks() -> None:
    allowed = allowed_from("intranet, *.corp.example 10.1.0.0/16,192.168.7.7 [fd00::]/8")
    inside = ip_address("10.9.9.9")
    assert may_connect(allowed, "intranet", inside)
    assert may_connect(allowed, "INTRANET.", inside)
    assert may_connect(allowed, "erp.corp.example", inside)
    assert not may_connect(allowed, "corp.example.evil.example", inside)
    assert not may_connect(allowed, "notcorp.example", inside)
    assert may_connect(allowed, "anything.example", ip_address("10.1.2.3"))
    assert may_connect(allowed, "anything.example", ip_address("192.168.7.7"))
    assert not may_connect(allowed, "anything.example", ip_address("192.168.7.8"))


def test_an_empty_list_opens_nothing() -> None:
    assert allowed_from(" , ") == NOTHING
    assert not may_connect(allowed_from(""), "", ip_address("127.0.0.1"))


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "300.1.1.1", "a..b", "http://intranet", "*", "in tranet/24"])
def test_an_entry_that_is_none_of_these_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is neither a host name"):
        allowed_from(f"good.example {entry}")
