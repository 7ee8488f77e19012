"""Which addresses other systems may be called at. Pure: names are resolved elsewhere, addresses are judged here.

Whoever writes a template chooses the URLs this server calls. Without this check they could reach what only this server
can: its own ports, its neighbours, and the metadata service that hands out a cloud machine's credentials. An operator
opens what is needed by name, address or network (WAYLINE_OUTBOUND_ALLOW).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Public by the registries, yet answered by the host of the machine itself: Azure's platform address.
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
METADATA = frozenset({ip_address("168.63.129.16")})
# IPv4 inside IPv6 by translation (RFC 6052, RFC 8215): judged by what it translates to.
TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))


class Allowed(msgspec.Struct, frozen=True):
    """What an operator opened: host names, endings of host names (with their dot), networks."""

    hosts: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()


def allowed_from(text: str) -> Allowed:
    """The list as an operator writes it: names, `*.example.org`, addresses and CIDRs, parted by commas or blanks.

    Raises ValueError naming the first entry that is none of these.
    """
    hosts: set[str] = set()
    endings: list[str] = []
    networks: list[Network] = []
    for entry in text.replace(",", " ").lower().split():
        network = _network(entry)
        if network is not None:
            networks.append(network)
        elif entry.startswith("*.") and _is_name(entry[2:]):
            endings.append(entry[1:])
        elif _is_name(entry):
            hosts.add(entry)
        else:
            raise ValueError(f"{entry!r} is neither a host name, *.domain, an address nor a CIDR")
    return Allowed(hosts=frozenset(hosts), endings=tuple(endings), networks=tuple(networks))


def may_connect(allowed: Allowed, host: str, address: Address) -> bool:
    """Whether a connection to `address`, which `host` resolved to, is fine."""
    name = host.lower().rstrip(".")
    if name in allowed.hosts or name.endswith(allowed.endings):
        return True
    return any(address in network for network in allowed.networks) or _is_public(address)


def _is_public(address: Address) -> bool:
    inner = _inside(address)
    if inner is not None:
        return _is_public(inner)
    if isinstance(address, IPv6Address) and (address.is_site_local or any(address in net for net in TRANSLATED)):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address in METADATA)


def _inside(address: Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one leads to, when it does."""
    if isinstance(address, IPv4Address):
        return None
    if address in TRANSLATED[0]:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None


def _is_name(entry: str) -> bool:
    labels = entry.rstrip(".").split(".")
    # Digits and dots alone are an address that was mistyped, not a name.
    is_address = all(label.isdigit() for label in labels)
    return not is_address and all(
        0 < len(label) <= 63 and label.replace("-", "").replace("_", "").isalnum() for label in labels
    )
