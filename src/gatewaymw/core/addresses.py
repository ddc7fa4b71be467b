"""Which addresses the public internet has: all but those that lead back to us or to our neighbours.

`ipaddress.is_global` is not enough: Python 3.11 calls multicast, site-local, 6to4 and NAT64 forms of
private addresses global. The tables are IANA's special-purpose registries, written out:
https://www.iana.org/assignments/iana-ipv4-special-registry/
https://www.iana.org/assignments/iana-ipv6-special-registry/
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

DENIED_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service is in it
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local: the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
DENIED_6 = tuple(
    IPv6Network(block)
    for block in (
        "64:ff9b:1::/48",  # NAT64 of a private network (RFC 8215), whatever it leads to
        "100::/64",
        "2001::/23",  # Teredo is in it
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",  # Amazon's metadata service is in it
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
LOW_32 = tuple(IPv6Network(block) for block in ("::/96", "::ffff:0:0/96", "64:ff9b::/96"))
"""Where the last 32 bits are an IPv4 address: compatible, mapped, NAT64 (RFC 4291, RFC 6052)."""


def public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is on the public internet, in whatever form it is written."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in DENIED_4)
    if (inner := embedded(address)) is not None:
        return public(inner)
    return not any(address in block for block in DENIED_6)


def embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end up at; None where it is IPv6 all the way."""
    if any(address in block for block in LOW_32):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
