"""Which addresses are public: SSRF-02 and the tables around it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from every import every
from gatewaymw.core.addresses import DENIED_4, DENIED_6, public

PRIVATE = [
    *("0.0.0.0", "10.1.2.3", "100.64.1.1", "100.100.100.200", "127.0.0.1", "168.63.129.16"),
    *("169.254.169.254", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.19.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:169.254.169.254", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::", "2002:7f00:1::"),
    *("2001:0:4136:e378:8000:63bf:5601:5601", "fec0::1", "fe80::1", "fd00:ec2::254", "ff02::1"),
    *("100::1", "2001:db8::1", "3fff::1", "5f00::1"),
]
PUBLIC = [
    *("1.1.1.1", "100.128.0.1", "172.32.0.1", "168.63.129.17", "223.255.255.255"),
    *("2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"),
]


@every(PRIVATE)
def test_an_address_of_ours_or_our_neighbours_is_not_public(text: str) -> None:
    assert not public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_internet_is(text: str) -> None:
    assert public(ip_address(text))


@given(st.sampled_from(DENIED_4), st.data())
def test_no_block_of_version_4_has_a_way_round_it(block: object, data: st.DataObject) -> None:
    inner = data.draw(st.ip_addresses(network=str(block)))
    number = int(inner)
    forms = [
        inner,
        IPv6Address(number),
        IPv6Address((0xFFFF << 32) + number),
        IPv6Address((0x64FF9B << 96) + number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
    ]
    assert not any(public(form) for form in forms)


@given(st.sampled_from(DENIED_6), st.data())
def test_no_block_of_version_6_has_a_hole(block: object, data: st.DataObject) -> None:
    assert not public(data.draw(st.ip_addresses(network=str(block))))


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_what_python_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    assert not (public(address) and address.is_private and not is_anycast(address))


def is_anycast(address: IPv4Address | IPv6Address) -> bool:
    """Where Python's table and ours may differ: forms that hold another address."""
    return isinstance(address, IPv6Address) and bool(address.ipv4_mapped or address.sixtofour)
