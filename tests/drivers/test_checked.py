"""The guard on what a name resolved to, form by form; and the environment's proxies, which would evade it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from gatewaymw.drivers.dial import checked
from gatewaymw.drivers.transport import REFUSED, UNREACHABLE, Unreachable
from upstream import Upstream

PUBLIC = ("93.184.216.34", "2606:2800:220:1::1")


def found(*addresses: str) -> list[Any]:
    """As `socket.getaddrinfo` gives them."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 443, 0, 0))
        if ":" in address
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in addresses
    ]


FORMS = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("169.254.169.254", "168.63.129.16", "100.64.1.1", "100.100.100.200", "192.0.0.192", "192.88.99.1"),
    *("198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::", "2002:7f00:1::", "2001:0:53aa:64c::1", "fec0::1"),
    *("fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "100::1", "2001:db8::1"),
    *("3fff::1", "5f00::1"),
]


@pytest.mark.parametrize("address", FORMS)
def test_ssrf_02_an_address_inside_is_refused_in_any_form(address: str) -> None:
    with pytest.raises(Unreachable) as caught:
        checked(found(address))
    assert caught.value.failure is REFUSED


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_ssrf_04_any_bad_address_refuses_the_name(address: str, place: int) -> None:
    several = list(PUBLIC)
    several.insert(place, address)
    with pytest.raises(Unreachable) as caught:
        checked(found(*several))
    assert caught.value.failure is REFUSED


def test_public_addresses_are_dialled_in_their_order_each_once() -> None:
    assert checked(found(*PUBLIC, *PUBLIC)) == PUBLIC


def test_a_name_without_an_address_is_unreachable() -> None:
    with pytest.raises(Unreachable) as caught:
        checked([])
    assert caught.value.failure is UNREACHABLE


PROGRAM = """
import sys, anyio
from gatewaymw.core.values import Request
from gatewaymw.drivers.pool import AsyncPool, Pool
from gatewaymw.drivers.transport import Unreachable

async def later(request):
    pool = AsyncPool()
    try:
        await pool.send(request)
    except Unreachable as error:
        print(error.failure.code)
    await pool.aclose()

for url in sys.argv[1:]:
    request = Request("GET", url, {}, timeout=5.0)
    try:
        Pool().send(request)
    except Unreachable as error:
        print(error.failure.code)
    anyio.run(later, request)
"""


def test_ssrf_10_no_proxy_of_the_environment_is_asked(upstream: Upstream) -> None:
    names = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
    proxies = {spelling: upstream.url for name in names for spelling in (name, name.lower())}
    with socket.socket() as bound:  # and not listening: whoever dials it is refused
        bound.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{bound.getsockname()[1]}"
        command = [sys.executable, "-c", PROGRAM, f"https://{place}/x", f"http://{place}/x"]
        ran = subprocess.run(
            command, env={**os.environ, **proxies}, capture_output=True, text=True, timeout=30
        )
    assert (ran.stdout.split(), ran.stderr) == (["upstream_unreachable"] * 4, "")
    assert upstream.connections == 0
